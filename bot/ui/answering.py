"""The first answer to an interaction, over a network that breaks off and goes silent: sent twice, taken once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

import aiohttp
import discord

T = TypeVar("T")

_PATIENCE_S: Final = 3.0
"""Discord takes a first answer for so long; what is silent longer is asked once more, which tells what became of it."""
TAKEN_ALREADY: Final = 40060
"""Discord's code for an interaction that has its first answer."""


async def sent_surely(call: Callable[[], Coroutine[Any, Any, T]]) -> T | None:
    """Send a first answer, and once more where the connection breaks or stays silent: Discord takes it once.

    Returns None where the second try learns that the first one was taken; raises what the second one raises.
    """
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await call()
    except (aiohttp.ClientError, OSError):  # also the time-out
        pass
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await call()
    except discord.HTTPException as error:
        if error.code != TAKEN_ALREADY:
            raise
        return None


async def begin_answer(interaction: discord.Interaction[Any]) -> None:
    """Show "thinking" to the member alone; the answer follows."""
    await sent_surely(lambda: interaction.response.defer(ephemeral=True, thinking=True))


async def note_press(interaction: discord.Interaction[Any]) -> None:
    """Acknowledge a press or a form; nothing is to be seen of it yet."""
    await sent_surely(interaction.response.defer)
