"""Files that call themselves pictures: known for what they are or refused, and cleaned of what is not the picture."""

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
    """A picture that was damaged in a few places, or in none."""
    data = draw(st.sampled_from(originals()))
    for _ in range(draw(st.integers(0, 4))):
        edit = _EDITS[draw(st.sampled_from(sorted(_EDITS)))]
        data = edit(data, draw(st.integers(0, len(data))), draw(_PIECES))
    return data


@given(damaged())
def test_a_damaged_picture_is_known_or_refused(data: bytes) -> None:
    """Nothing but PictureError, and what is let through can be cleaned and opened again."""
    picture_is_known(data)


@given(st.binary(max_size=64))
def test_any_bytes_are_known_or_refused(data: bytes) -> None:
    """Also those that are none at all."""
    picture_is_known(data)


@pytest.mark.parametrize("data", originals(), ids=lambda data: getattr(sniff(data), "format", "?"))
def test_a_whole_picture_leaves_without_its_secret(data: bytes) -> None:
    """Whatever the format and whichever way it was held: no place is left that tells where it was taken."""
    for clean in picture_is_known(data):
        assert SECRET not in clean
