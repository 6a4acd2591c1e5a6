"""Discord interactions: acknowledge, dedupe, debounce, authorization, permissions, responses."""
