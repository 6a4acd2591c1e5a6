"""Answers to interactions, over a network that breaks off and goes silent.

A first answer is sent twice and taken once. What edits it, or asks a question, is sent once more too: the same edit
changes nothing, and a question that comes twice harms nobody, while one that never comes leaves its member in the dark.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar, cast

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
_EDIT_PATIENCE_S: Final = 30.0
"""For an edit without files, which shares the way with those of a crowd."""
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


async def edit_answer(interaction: discord.Interaction[Any], **changes: Any) -> None:
    """Change the first answer, or what the pressed button stands on; takes what `edit_original_response` takes.

    Files come from a path or from memory. Raises what a second try raises.
    """
    files: list[discord.File] = changes.get("attachments", [])

    async def once_more() -> None:
        again = {"attachments": [_from_its_start(file) for file in files]} if files else {}
        await interaction.edit_original_response(**changes | again)

    await tried_twice(
        lambda: interaction.edit_original_response(**changes), once_more, None if files else _EDIT_PATIENCE_S
    )


async def tell(interaction: discord.Interaction[Any], **message: Any) -> None:
    """Say something small to the member alone, beside the first answer; takes what `followup.send` takes, no files."""
    send = lambda: interaction.followup.send(ephemeral=True, **message)  # noqa: E731 - sent here twice
    await tried_twice(send, send, _EDIT_PATIENCE_S)


async def tried_twice(
    call: Callable[[], Coroutine[Any, Any, Any]],
    once_more: Callable[[], Coroutine[Any, Any, Any]],
    patience_s: float | None,
) -> None:
    """Call, and once more where the connection breaks, or stays silent for longer than it may."""
    try:
        async with asyncio.timeout(patience_s):
            await call()
    except (aiohttp.ClientError, OSError):  # also the time-out
        await once_more()


def _from_its_start(file: discord.File) -> discord.File:
    """A file that is sent for the second time; discord.py has closed it if it had opened it."""
    if file.fp.closed:
        return discord.File(cast(io.BufferedReader, file.fp).name, file.filename)
    file.reset(seek=True)
    return file
