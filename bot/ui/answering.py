"""The first answer to an interaction, over a network that breaks off and goes silent: sent twice, taken once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

import aiohttp
import discord

from bot.clock import Clock, SystemClock

T = TypeVar("T")

_CLOCK: Final = SystemClock()
_LONGEST_WAIT_S: Final = 1.5
"""Asked to slow down for longer, there would be no time left for a second try."""
_SLOW_DOWN: Final = 429
_PATIENCE_S: Final = 8.0
"""What is silent for so long is asked once more, which tells what became of it: Discord takes a first answer for 3 s.

The wait for a free connection is part of it. Were it shorter, a crowd's answers would be given up right before it is
their turn.
"""
UNREADABLE: Final = (KeyError, TypeError)
"""What discord.py trips over in a 429 that is not Discord's own but came by a proxy that names itself (`Via`)."""
TAKEN_ALREADY: Final = 40060
"""Discord's code for an interaction that has its first answer."""


async def sent_surely(call: Callable[[], Coroutine[Any, Any, T]], *, clock: Clock = _CLOCK) -> T | None:
    """Send a first answer, and once more where the connection breaks or stays silent: Discord takes it once.

    A 429 that discord.py does not wait out (of Cloudflare, in front of Discord) is waited out if it is short.
    Returns None where the second try learns that the first one was taken; raises what the second one raises.
    """
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await call()
    except (aiohttp.ClientError, OSError, *UNREADABLE):  # also the time-out
        pass
    except discord.HTTPException as error:
        if error.status != _SLOW_DOWN or (wait_s := _asked_to_wait_s(error)) > _LONGEST_WAIT_S:
            raise
        await clock.sleep(wait_s)
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await call()
    except discord.HTTPException as error:
        if error.code != TAKEN_ALREADY:
            raise
        return None


def was_refused(error: Exception) -> bool:
    """Whether Discord certainly did not take a first answer: its member was told that the bot did not respond."""
    if not isinstance(error, discord.HTTPException) or error.code == TAKEN_ALREADY:
        return False
    return 400 <= error.status < 500


def _asked_to_wait_s(error: discord.HTTPException) -> float:
    try:
        return float(error.response.headers["retry-after"])
    except (KeyError, ValueError):
        return _LONGEST_WAIT_S


async def begin_answer(interaction: discord.Interaction[Any]) -> None:
    """Show "thinking" to the member alone; the answer follows."""
    await sent_surely(lambda: interaction.response.defer(ephemeral=True, thinking=True))


async def note_press(interaction: discord.Interaction[Any]) -> None:
    """Acknowledge a press or a form; nothing is to be seen of it yet."""
    await sent_surely(interaction.response.defer)
