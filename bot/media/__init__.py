"""Picture files: detects formats, verifies, stores, and fits them into upload limits."""
