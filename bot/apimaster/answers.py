"""Reads the provider's answers within limits on size, structure, and how many large ones are read at once."""

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
"""Answers to uploads and billing calls."""
MAX_COMPLAINT_BYTES: Final = 1024 * 1024
_LARGE_BYTES: Final = 64 * 1024
_PIECE_BYTES: Final = 64 * 1024
"""Parsed per call in a worker thread: holds the GIL for two milliseconds, then the event loop can run."""
_LARGE_AT_ONCE: Final = 4
_AT_ONCE_BYTES: Final = 8 * 1024
"""Smaller answers are parsed on the event loop, which takes less than a millisecond for any content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The maximum size of an answer, and whether it comes only once and must be kept even if the disk is full."""

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

    An answer takes about a megabyte of memory, whatever its size: long strings go to an unnamed file in `folder` (None:
    the system's). Four large answers are read at once; the others wait in their connections.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._slots = asyncio.Semaphore(_LARGE_AT_ONCE)
        self._turn = asyncio.Lock()

    async def json(self, response: aiohttp.ClientResponse, limits: Limits) -> object:
        """The JSON value of an answer.

        Raises ValueError if it is not JSON or has too many elements, OutcomeUnknownError if it is too large or
        truncated, StoreError if a picture in it can't be stored on disk.
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
                    async with self._turn:  # parsing in more threads at once would starve the event loop of the GIL
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
