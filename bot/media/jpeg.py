"""Parses the segments of a JPEG file without decoding it."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

SOI: Final = b"\xff\xd8"
EOI: Final = b"\xff\xd9"
SOS: Final = 0xDA
APP0: Final = 0xE0
APP2: Final = 0xE2
APP14: Final = 0xEE
OTHER_APPS: Final = frozenset((*range(0xE0, 0xFF), 0x01))
"""Application segments, comments, and markers without content."""
_MOST_SEGMENTS: Final = 10_000
"""Ten times the maximum that known programs write."""
_ALONE: Final = frozenset((0x01, *range(0xD0, 0xD8)))
"""Markers without a length."""
# Decoders skip any bytes before a marker, and a marker may be padded with any number of 0xFF. The pattern doesn't
# match the padding, because it would be retried at each of possibly millions of bytes.
_MARKER: Final = re.compile(rb"\xff([^\x00\xff])", re.DOTALL)
# Inside a scan 0xFF is followed by 0x00, by a restart marker, or by the marker that ends the scan.
_SCAN_END: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)


class MalformedJpegError(ValueError):
    """A segment without an end, or a file without a scan."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: its marker's second byte, and the bytes up to the next marker (including a scan's data)."""

    marker: int
    whole: bytes

    @property
    def payload(self) -> bytes:
        """The content after marker and length."""
        return self.whole[4:]


def segments(data: bytes | mmap.mmap) -> Iterator[Segment]:
    """The segments after SOI, up to EOI or, in a truncated file, to the end of the last scan.

    Data after EOI is not part of the picture. Raises MalformedJpegError.
    """
    at, size, scanned = 2, len(data), False
    while found := _MARKER.search(data, at):
        at, marker = found.end(), found[1][0]
        head = bytes((0xFF, marker))
        if head == EOI:
            yield Segment(marker, EOI)
            break
        end = at if marker in _ALONE else at + int.from_bytes(data[at : at + 2], "big")
        if end > size or (marker not in _ALONE and end < at + 2):
            raise MalformedJpegError
        if marker == SOS:
            following = _SCAN_END.search(data, end)
            end, scanned = size if following is None else following.start(), True
        yield Segment(marker, head + data[at:end])
        at = end
    if not scanned:
        raise MalformedJpegError


def scans(data: bytes | mmap.mmap, *, most: int) -> int:
    """The number of scans, counted up to `most`: each takes a pass over all pixels of the picture.

    A file with too many segments to examine counts as having `most`.
    """
    count = 0
    try:
        for number, segment in enumerate(segments(data)):
            count += segment.marker == SOS
            if count >= most or number >= _MOST_SEGMENTS:
                return most
    except MalformedJpegError:
        return count  # the decoder stops here too
    return count
