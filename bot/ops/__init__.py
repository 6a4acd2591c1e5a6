"""Process operations: limits, data directory, signals, supervision, monitoring port, and malformed gateway traffic."""
