"""Backup, restore, and what a restored database must not take for granted."""
