"""The cogs: each command parses its input, calls one service and shows the result."""
