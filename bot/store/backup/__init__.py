"""Backup and restore, and making a restored database safe to run."""
