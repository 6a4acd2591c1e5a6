"""The error of actions that a member can't take."""


class DriverError(Exception):
    """Discord's client would not allow the action, or the awaited event did not occur in time."""
