"""Sends answers to interactions over an unreliable network: every call is tried twice.

Discord accepts a first answer once, so that repeating it is safe. Edits are idempotent. A follow-up may appear twice,
which is better than a question that never appears.
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
"""If Discord asks for a longer wait than this, no time is left for a second attempt."""
_SLOW_DOWN: Final = 429
_PATIENCE_S: Final = 8.0
"""The timeout of an attempt; the second one finds out if the first succeeded (Discord takes a first answer for 3 s).

It includes the wait for a free connection. With a shorter one, answers under high load would time out while they wait
for a connection.
"""
_EDIT_PATIENCE_S: Final = 30.0
"""The timeout of an edit without files, which shares the connections with all other answers."""
UNREADABLE: Final = (KeyError, TypeError)
"""What discord.py raises for a 429 that is not Discord's own but from a proxy that adds a `Via` header."""
TAKEN_ALREADY: Final = 40060
"""Discord's error code for an interaction that has been acknowledged already."""


async def sent_surely(call: Callable[[], Coroutine[Any, Any, T]], *, clock: Clock = _CLOCK) -> T | None:
    """Send a first answer, and once more if the connection fails or times out: Discord accepts it only once.

    A 429 that discord.py does not wait out (from Cloudflare, in front of Discord) is waited out if it is short.
    Returns None if the second attempt finds that the first one was accepted; raises what the second one raises.
    """
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await call()
    except (aiohttp.ClientError, OSError, *UNREADABLE):  # includes TimeoutError
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
    """Whether Discord certainly rejected a first answer: the member saw that the bot did not respond."""
    if not isinstance(error, discord.HTTPException) or error.code == TAKEN_ALREADY:
        return False
    return 400 <= error.status < 500


def _asked_to_wait_s(error: discord.HTTPException) -> float:
    try:
        return float(error.response.headers["retry-after"])
    except (KeyError, ValueError):
        return _LONGEST_WAIT_S


async def begin_answer(interaction: discord.Interaction[Any]) -> None:
    """Show "thinking" to the member only; the answer follows."""
    await sent_surely(lambda: interaction.response.defer(ephemeral=True, thinking=True))


async def note_press(interaction: discord.Interaction[Any]) -> None:
    """Acknowledge a press or a form without a visible change."""
    await sent_surely(interaction.response.defer)


async def edit_answer(interaction: discord.Interaction[Any], **changes: Any) -> None:
    """Edit the first answer or the message of the pressed button; takes what `edit_original_response` takes.

    Files must come from a path or from memory. Raises what the second attempt raises.
    """
    files: list[discord.File] = changes.get("attachments", [])

    async def once_more() -> None:
        again = {"attachments": [_from_its_start(file) for file in files]} if files else {}
        await interaction.edit_original_response(**changes | again)

    await tried_twice(
        lambda: interaction.edit_original_response(**changes), once_more, None if files else _EDIT_PATIENCE_S
    )


async def tell(interaction: discord.Interaction[Any], **message: Any) -> None:
    """Send a private follow-up without files; takes what `followup.send` takes."""
    send = lambda: interaction.followup.send(ephemeral=True, **message)  # noqa: E731 - sent here twice
    await tried_twice(send, send, _EDIT_PATIENCE_S)


async def tried_twice(
    call: Callable[[], Coroutine[Any, Any, Any]],
    once_more: Callable[[], Coroutine[Any, Any, Any]],
    patience_s: float | None,
) -> None:
    """Call, and call once more if the connection fails or the timeout (seconds, None: no timeout) passes."""
    try:
        async with asyncio.timeout(patience_s):
            await call()
    except (aiohttp.ClientError, OSError):  # includes TimeoutError
        await once_more()


def _from_its_start(file: discord.File) -> discord.File:
    """A file for a second upload; reopened if discord.py has closed it."""
    if file.fp.closed:
        return discord.File(cast(io.BufferedReader, file.fp).name, file.filename)
    file.reset(seek=True)
    return file
