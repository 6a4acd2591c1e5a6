"""Database storage of requests, jobs, credits and settings. Only this package contains SQL."""
