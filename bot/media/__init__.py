"""Picture files: recognised by their bytes, verified, kept, and fitted into upload limits."""
