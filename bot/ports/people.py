"""Who is told: members by their messages, the people who run the bot by direct message."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class Presenter(Protocol):
    """Shows a request's rows on its message, some time soon; calling it often costs nothing."""

    def refresh(self, request_ids: Iterable[int]) -> None:
        """Ask that these requests' messages be brought up to date."""
        ...


class OwnerAlerts(Protocol):
    """Tells the people who run the bot."""

    async def tell(self, text: str) -> None:
        """Send a direct message to each owner; a failure is logged, never raised."""
        ...
