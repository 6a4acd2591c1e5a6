"""Picture files from outside: identified or refused, and cleaned of metadata."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.media.sniff import sniff
from tests.properties.pictures import SECRET, originals
from tests.properties.promises import picture_is_known

_EDITS: Final[dict[str, Callable[[bytes, int, bytes], bytes]]] = {
    "change": lambda data, at, with_: data[:at] + with_ + data[at + len(with_) :],
    "insert": lambda data, at, with_: data[:at] + with_ + data[at:],
    "remove": lambda data, at, with_: data[:at] + data[at + len(with_) :],
    "cut off": lambda data, at, _: data[:at],
    "repeat": lambda data, at, with_: data[:at] + data[at : at + 40 * len(with_)] + data[at:],
}
_PIECES = st.one_of(
    st.binary(min_size=1, max_size=4),
    st.sampled_from([b"\xff\xda", b"\xff\xd9", b"\xff\xe1\x00\x02", b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"IEND"]),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A picture that was corrupted in a few places, or in none."""
    data = draw(st.sampled_from(originals()))
    for _ in range(draw(st.integers(0, 4))):
        edit = _EDITS[draw(st.sampled_from(sorted(_EDITS)))]
        data = edit(data, draw(st.integers(0, len(data))), draw(_PIECES))
    return data


@given(damaged())
def test_corrupt_picture_is_identified_or_refused(data: bytes) -> None:
    """Only PictureError is raised, and an accepted picture can be cleaned and opened again."""
    picture_is_known(data)


@given(st.binary(max_size=64))
def test_any_bytes_are_identified_or_refused(data: bytes) -> None:
    """Also empty input."""
    picture_is_known(data)


@pytest.mark.parametrize("data", originals(), ids=lambda data: getattr(sniff(data), "format", "?"))
def test_valid_picture_loses_its_metadata(data: bytes) -> None:
    """For any format and orientation: no location data is left."""
    for clean in picture_is_known(data):
        assert SECRET not in clean
