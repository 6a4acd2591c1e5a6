"""The web page on which a person is a member, another member or a moderator, and turns the sandbox's switches."""

from sandbox.page.server import PageServer

__all__ = ["PageServer"]
