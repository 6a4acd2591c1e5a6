"""Loops over servers, members and jobs: an error in one of them is logged, counted and skipped."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.domain.errors import StoreError

log = logging.getLogger(__name__)

Count = Callable[[str], None]
"""Counts an error of a background step."""


def uncounted(step: str) -> None:
    """Count nothing."""


@contextmanager
def skipping(step: str, count: Count, **about: object) -> Iterator[None]:
    """Log, count and suppress an error of one item. Database errors affect all items and are raised."""
    try:
        yield
    except StoreError:
        raise
    except Exception:
        log.exception("entry_skipped", extra={"step": step, **about})
        count(step)
