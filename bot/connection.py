"""The connection to Discord: kept until the bot stops, and one sentence for each way in which it cannot be.

A single event that discord.py cannot parse is skipped, and a broken frame has the connection resumed
(`bot/ops/gateway_events.py`). Without a READY that can be parsed, or after many broken frames in a row, there is no
session to go on with: the process ends and is started again, by `run --supervise` or by its host.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Final

import aiohttp
import discord

from bot.client import ImagineBot
from bot.domain.errors import BotError, NotNowError, StartupError

log = logging.getLogger(__name__)

_NOT_ACCEPTED: Final = (
    "DISCORD_TOKEN is not accepted by Discord. Reset it on the Bot page of your application and copy it again."
)
_FINAL_CODES: Final = {
    4004: _NOT_ACCEPTED,
    4010: "Discord does not know such a shard (close code 4010). Correct SHARD_COUNT and SHARD_IDS.",
    4012: "Discord does not speak this version of its gateway any more (close code 4012). Update the bot.",
    4013: "Discord does not know the intents that are asked for (close code 4013). Update the bot.",
    4014: "Discord does not allow the intents that are asked for (close code 4014). Update the bot.",
}
"""Close codes that come again after each start. 4011, too few shards, is not among them: a start asks how many."""
_SERVER_FAILS: Final = 500
_SLOW_DOWN: Final = 429


async def connect(client: ImagineBot, token: str, api_url: str, *, on_login: Callable[[], Awaitable[None]]) -> None:
    """Stay connected until the client is closed; raises StartupError or BotError with one sentence where it cannot.

    `on_login` is awaited once Discord has accepted the token, before the gateway is opened.
    """
    await _log_in(client, token, api_url)
    await on_login()
    try:
        await client.connect()
    except discord.PrivilegedIntentsRequired:
        raise StartupError(_FINAL_CODES[4014]) from None
    except discord.ConnectionClosed as error:
        if sentence := _FINAL_CODES.get(error.code):
            raise StartupError(sentence) from None
        raise BotError(f"Discord closed the gateway for good (code {error.code}): {error.reason or error}.") from None
    except discord.GatewayNotFound:
        raise NotNowError(_no_gateway(api_url)) from None
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        raise NotNowError(_no_answer(api_url, error)) from None
    except Exception as error:
        log.exception("gateway_session_unreadable")
        cause = error.__cause__ if isinstance(error.__cause__, Exception) else error
        raise BotError(
            f"The gateway sent what discord.py cannot read ({_in_one_line(cause)}). "
            "Start the bot again: nothing is lost."
        ) from None


async def _log_in(client: ImagineBot, token: str, api_url: str) -> None:
    """Have the token checked, and the client set up; what Discord does not answer as itself is told."""
    try:
        await client.login(token)
    except discord.LoginFailure:
        raise StartupError(_NOT_ACCEPTED) from None
    except discord.GatewayNotFound:
        raise NotNowError(_no_gateway(api_url)) from None
    except aiohttp.ClientConnectorError as error:
        raise NotNowError(
            f"DISCORD_API_URL {api_url!r} cannot be reached: {error.os_error.strerror or error.os_error}. "
            "Check the address and the network."
        ) from None
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        raise (NotNowError if _passes(error) else StartupError)(_no_answer(api_url, error)) from None
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        if client.accepted:
            raise  # a bug of ours
        raise StartupError(_no_answer(api_url, error)) from None


def _passes(error: Exception) -> bool:
    """Whether a failed start may go better later: a broken connection, or a Discord that is out of order or busy."""
    if isinstance(error, discord.HTTPException):
        return error.status >= _SERVER_FAILS or error.status == _SLOW_DOWN
    return not isinstance(error, aiohttp.ContentTypeError | aiohttp.InvalidURL)


def _no_gateway(api_url: str) -> str:
    return f"DISCORD_API_URL {api_url!r} names no gateway. Correct it, or try again later."


def _no_answer(api_url: str, error: Exception) -> str:
    return (
        f"DISCORD_API_URL {api_url!r} does not answer as Discord does: {_in_one_line(error)}. "
        "Check the address, or try again later."
    )


def _in_one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
