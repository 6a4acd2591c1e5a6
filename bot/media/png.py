"""Parses the chunks of a PNG file without decoding it."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

HEAD: Final = b"\x89PNG\r\n\x1a\n"
MOST_CHUNKS: Final = 50_000
"""Several times the maximum of the largest pictures, with the smallest chunks that programs write."""
_AROUND: Final = 12
"""A chunk's length and name before its data, and the checksum after it."""


class MalformedPngError(ValueError):
    """A chunk without an end, or a file without IEND."""


class Chunk(NamedTuple):
    """One chunk: its name, and its start and end in the file, including the checksum."""

    name: bytes
    start: int
    end: int


def chunks(data: bytes | mmap.mmap) -> Iterator[Chunk]:
    """The chunks up to IEND; later data is not part of the picture. Raises MalformedPngError."""
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
    """Whether a file has so many chunks that reading it would take disproportionately long."""
    try:
        return any(number >= MOST_CHUNKS for number, _ in enumerate(chunks(data)))
    except MalformedPngError:
        return False  # the decoder will report it
