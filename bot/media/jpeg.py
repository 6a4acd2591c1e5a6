"""The segments of a JPEG file, found without decoding it."""

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
"""Segments of applications, comments, and markers that say nothing."""
_MOST_SEGMENTS: Final = 10_000
"""Ten times what the most talkative programs write."""
_ALONE: Final = frozenset((0x01, *range(0xD0, 0xD8)))
"""Markers without a length."""
# Decoders pass over whatever stands before a marker, and a marker may be filled up with any number of 0xFF: these are
# left to be passed over, since a pattern for them would be tried anew at each of millions.
_MARKER: Final = re.compile(rb"\xff([^\x00\xff])", re.DOTALL)
# Inside a scan 0xFF is followed by 0x00, by a restart marker, or by the marker that ends the scan.
_SCAN_END: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)


class MalformedJpegError(ValueError):
    """A segment without an end, or a file without a scan."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: its marker's second byte, and the bytes from its marker to the next one (a scan's data included)."""

    marker: int
    whole: bytes

    @property
    def payload(self) -> bytes:
        """What stands behind marker and length."""
        return self.whole[4:]


def segments(data: bytes | mmap.mmap) -> Iterator[Segment]:
    """The segments behind SOI, up to EOI or, in a file that is cut off, to the last scan's end.

    What follows EOI is no part of the picture. Raises MalformedJpegError.
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
    """How many scans a file has, counted up to `most`: each takes a pass over all of the picture's pixels.

    A file of too many segments to be looked at counts as having that many.
    """
    count = 0
    try:
        for number, segment in enumerate(segments(data)):
            count += segment.marker == SOS
            if count >= most or number >= _MOST_SEGMENTS:
                return most
    except MalformedJpegError:
        return count  # the decoder stops here as well
    return count
