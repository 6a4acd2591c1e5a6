"""What goes wrong when a member acts."""


class DriverError(Exception):
    """A member cannot do that (Discord's client would not let them), or what they waited for did not happen."""
