"""The REST API, one module per family of routes; `ENDPOINTS` lists all of them."""

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
