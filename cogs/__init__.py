"""The commands: each parses, calls one service and lets it be shown."""
