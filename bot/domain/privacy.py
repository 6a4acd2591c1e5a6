"""Values about a member's stored and deleted data."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.errors import Refusal
from bot.domain.job import Request, Wiped


@dataclass(frozen=True, slots=True, kw_only=True)
class DataCounts:
    """How much of a member's data can be deleted: requests (including running ones) and their own styles."""

    requests: int
    under_way: int
    styles: int

    @property
    def empty(self) -> bool:
        """Whether there is nothing to delete."""
        return not (self.requests or self.styles)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftoverFiles:
    """A wiped request whose files may still be on disk, and its jobs."""

    request_id: int
    job_ids: tuple[int, ...]


def check_remembered(request: Request, number: int) -> None:
    """Refuse an action that needs a deleted prompt; `number` is the picture's."""
    if request.wiped is Wiped.AT_WISH:
        raise Refusal("deleted_at_wish", number=number)
    if request.wiped is Wiped.IN_TIME:
        raise Refusal("deleted_in_time", number=number)
