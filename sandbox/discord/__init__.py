"""A Discord stand-in: REST, gateway and CDN on one loopback port, faithful enough for any Discord library."""

from sandbox.discord.faults import DiscordFaults
from sandbox.discord.server import DiscordServer
from sandbox.discord.world import World

__all__ = ["DiscordFaults", "DiscordServer", "World"]
