"""Composition: functions that build the bot's parts from the bottom up. Each part gets what it needs by constructor."""
