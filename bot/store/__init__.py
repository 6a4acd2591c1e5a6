"""Where requests, jobs, credits and settings are stored. Only this package sees SQL."""
