"""Loops over servers, members and jobs: what goes wrong with one of them is logged, counted and skipped."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.domain.errors import StoreError

log = logging.getLogger(__name__)

Count = Callable[[str], None]
"""Counts an error of a step of the background work."""


def uncounted(step: str) -> None:
    """Count nothing."""


@contextmanager
def skipping(step: str, count: Count, **about: object) -> Iterator[None]:
    """Go on with the next one where this one fails. Trouble with the database concerns all, and is raised."""
    try:
        yield
    except StoreError:
        raise
    except Exception:
        log.exception("entry_skipped", extra={"step": step, **about})
        count(step)
