"""Benchmarks: query times, load, soak and attacks."""
