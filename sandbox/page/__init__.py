"""The web page on which a person acts as a member or moderator, and controls the sandbox."""

from sandbox.page.server import PageServer

__all__ = ["PageServer"]
