"""The connection to Discord: kept until the bot stops, and one sentence for each way in which it cannot be made."""

from __future__ import annotations

import aiohttp
import discord

from bot.client import ImagineBot
from bot.domain.errors import BotError, StartupError


async def connect(client: ImagineBot, token: str, api_url: str) -> None:
    """Stay connected until the client is closed; raises StartupError or BotError with one sentence where it cannot."""
    try:
        await client.start(token)
    except discord.LoginFailure:
        raise StartupError(
            "DISCORD_TOKEN is not accepted by Discord. Reset it on the Bot page of your application and copy it again."
        ) from None
    except discord.GatewayNotFound:
        raise StartupError(f"DISCORD_API_URL {api_url!r} names no gateway. Correct it, or try again later.") from None
    except discord.ConnectionClosed as error:
        raise BotError(f"Discord closed the gateway for good (code {error.code}): {error.reason or error}.") from None
    except aiohttp.ClientConnectorError as error:
        raise StartupError(
            f"DISCORD_API_URL {api_url!r} cannot be reached: {error.os_error.strerror or error.os_error}. "
            "Check the address and the network."
        ) from None
    except (discord.HTTPException, aiohttp.ClientError, TypeError, KeyError, ValueError, AttributeError) as error:
        if client.accepted and not isinstance(error, discord.HTTPException | aiohttp.ClientError):
            raise  # a bug of ours
        raise StartupError(
            f"DISCORD_API_URL {api_url!r} does not answer as Discord does: {_in_one_line(error)}. "
            "Check the address, or try again later."
        ) from None


def _in_one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
