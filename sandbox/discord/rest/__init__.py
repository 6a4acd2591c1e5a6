"""The REST API, one module a family of routes; `ENDPOINTS` is all of it."""

from sandbox.discord.rest import application, channels, commands, guilds, interactions
from sandbox.discord.rest.call import Call, Endpoint, Reply

ENDPOINTS: tuple[Endpoint, ...] = (
    *application.ENDPOINTS,
    *commands.ENDPOINTS,
    *interactions.ENDPOINTS,
    *channels.ENDPOINTS,
    *guilds.ENDPOINTS,
)

__all__ = ["ENDPOINTS", "Call", "Endpoint", "Reply"]
