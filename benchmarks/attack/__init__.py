"""Measurements of the bot under attack."""
