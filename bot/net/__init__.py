"""Checks of values that come from the network."""
