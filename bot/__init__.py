"""A Discord bot that makes pictures: crash-safe jobs, an honest ledger, delivery that outlives tokens."""

__version__ = "0.2.0"
