"""Files that call themselves pictures: known for what they are or refused, and cleaned of what is not the picture."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.media.sniff import sniff
from tests.properties.pictures import SECRET, damaged, originals
from tests.properties.promises import picture_is_known


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
