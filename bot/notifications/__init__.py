"""Notifications: alerts for the bot's owners, and lines in servers' log channels."""
