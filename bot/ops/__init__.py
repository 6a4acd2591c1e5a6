"""Running the process: its limits, its data directory, its HTTP port, and gateway traffic that cannot be parsed."""
