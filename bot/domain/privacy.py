"""What is kept of members, and what was forgotten of it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.errors import Refusal
from bot.domain.job import Request, Wiped


@dataclass(frozen=True, slots=True, kw_only=True)
class DataCounts:
    """How much is kept of a member that can be deleted: requests (those under way among them), own styles."""

    requests: int
    under_way: int
    styles: int

    @property
    def empty(self) -> bool:
        """Whether there is nothing to delete."""
        return not (self.requests or self.styles)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftoverFiles:
    """A request that was wiped while files of it may still be on our disk, and its jobs."""

    request_id: int
    job_ids: tuple[int, ...]


def check_remembered(request: Request, number: int) -> None:
    """Refuse what can no longer be done with a picture whose prompt was deleted; `number` is the picture's."""
    if request.wiped is Wiped.AT_WISH:
        raise Refusal("deleted_at_wish", number=number)
    if request.wiped is Wiped.IN_TIME:
        raise Refusal("deleted_in_time", number=number)
