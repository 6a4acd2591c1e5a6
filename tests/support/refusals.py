"""Assertions on the text of a refusal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bot.domain.errors import Refusal
from bot.localization.catalogue import ENGLISH


def told(refusal: Refusal) -> str:
    """The refusal in English."""
    return ENGLISH(f"refusal.{refusal.code}", **refusal.values)


@contextmanager
def refused(words: str) -> Iterator[pytest.ExceptionInfo[Refusal]]:
    """Expect a refusal whose English text matches the pattern."""
    with pytest.raises(Refusal) as caught:
        yield caught
    assert re.search(words, told(caught.value)), told(caught.value)
