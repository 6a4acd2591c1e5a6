"""The chunks of a PNG file, found without decoding it."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

HEAD: Final = b"\x89PNG\r\n\x1a\n"
MOST_CHUNKS: Final = 50_000
"""Several times what the largest pictures have, in the smallest chunks that programs write."""
_AROUND: Final = 12
"""Length and name before a chunk's data, the checksum behind."""


class MalformedPngError(ValueError):
    """A chunk without an end, or a file without its last one."""


class Chunk(NamedTuple):
    """One chunk: its name, and where it begins and ends in the file, checksum included."""

    name: bytes
    start: int
    end: int


def chunks(data: bytes | mmap.mmap) -> Iterator[Chunk]:
    """The chunks up to IEND; what follows is no part of the picture. Raises MalformedPngError."""
    at, name = len(HEAD), b""
    while name != b"IEND":
        if at + _AROUND > len(data):
            raise MalformedPngError
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + _AROUND + length
        if end > len(data):
            raise MalformedPngError
        yield Chunk(name, at, end)
        at = end


def has_too_many_chunks(data: bytes | mmap.mmap) -> bool:
    """Whether reading a file chunk by chunk would take longer than its picture deserves."""
    try:
        return any(number >= MOST_CHUNKS for number, _ in enumerate(chunks(data)))
    except MalformedPngError:
        return False  # so will say the decoder
