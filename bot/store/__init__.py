"""Where jobs, credits and usage are kept. Only this package sees SQL."""
