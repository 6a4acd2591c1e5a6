"""Reads the provider's answers within limits: how large, how much in them, and how many large ones at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp

from bot.apimaster.download import MAX_PICTURE_BYTES
from bot.apimaster.errors import Call
from bot.apimaster.spooled import AnswerFile
from bot.apimaster.structure import JsonReader
from bot.apimaster.transport import network_errors
from bot.domain.errors import OutcomeUnknownError

# An answer may carry the picture as base64, a third larger than the picture itself.
MAX_PICTURE_ANSWER_BYTES: Final = MAX_PICTURE_BYTES * 4 // 3 + 1024 * 1024
MAX_SMALL_ANSWER_BYTES: Final = 256 * 1024
"""Of uploads and billing."""
MAX_COMPLAINT_BYTES: Final = 1024 * 1024
_LARGE_BYTES: Final = 64 * 1024
_PIECE_BYTES: Final = 64 * 1024
"""Read by one call into a worker thread: two milliseconds of the interpreter's lock, then the loop has its turn."""
_LARGE_AT_ONCE: Final = 4
_AT_ONCE_BYTES: Final = 8 * 1024
"""A smaller answer is read on the event loop: that takes less than a millisecond, whatever is in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How large an answer may be, and whether it comes only once and has to be kept even if the disk is full."""

    max_bytes: int
    only_once: bool = False


LIMITS: Final = {
    Call.PAID: Limits(max_bytes=MAX_PICTURE_ANSWER_BYTES, only_once=True),
    Call.POLL: Limits(max_bytes=MAX_PICTURE_ANSWER_BYTES),
    Call.OTHER: Limits(max_bytes=MAX_SMALL_ANSWER_BYTES),
}
COMPLAINT: Final = Limits(max_bytes=MAX_COMPLAINT_BYTES)


class AnswerReader:
    """Turns answers into JSON values in which strings of more than 64 KB are SpooledText.

    An answer takes about a megabyte of memory, whatever its size: long strings go to a nameless file in `folder` (None:
    the system's). Four large answers are read at once; the others wait in their connections.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._slots = asyncio.Semaphore(_LARGE_AT_ONCE)
        self._turn = asyncio.Lock()

    async def json(self, response: aiohttp.ClientResponse, limits: Limits) -> object:
        """The value of an answer.

        Raises ValueError where it is not JSON or too much is in it, OutcomeUnknownError where it is too large or breaks
        off, StoreError where a picture in it cannot be kept on disk.
        """
        reader = JsonReader(lambda: AnswerFile(self._folder, at_any_cost=limits.only_once))
        pending, seen = bytearray(), 0
        async with AsyncExitStack() as stack:
            chunks = await stack.enter_async_context(aclosing(_chunks(response)))
            async for chunk in chunks:
                large_before = seen > _LARGE_BYTES
                seen += len(chunk)
                if seen > limits.max_bytes:
                    raise OutcomeUnknownError("The answer is too large", http_status=response.status)
                pending += chunk
                if seen > _LARGE_BYTES and not large_before:
                    await stack.enter_async_context(self._slots)
                while len(pending) >= _PIECE_BYTES:
                    async with self._turn:  # threads that want the interpreter's lock together keep the loop from it
                        await asyncio.to_thread(reader.feed, bytes(pending[:_PIECE_BYTES]))
                    del pending[:_PIECE_BYTES]
            if seen <= _AT_ONCE_BYTES:
                return _finished(reader, bytes(pending))
            async with self._turn:
                return await asyncio.to_thread(_finished, reader, bytes(pending))


def _finished(reader: JsonReader, rest: bytes) -> object:
    reader.feed(rest)
    return reader.value()


async def _chunks(response: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
    with network_errors():
        async for chunk in response.content.iter_any():
            yield chunk
