"""The bot's REST requests: the latest ones in full, and counts of all."""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_KEPT = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRequest:
    """One request; `body` is its JSON (for multipart its payload_json), `files` are names and sizes in bytes."""

    time: float
    method: str
    path: str
    route: str
    status: int
    took_s: float
    body: Any = None
    files: tuple[tuple[str, int], ...] = ()
    code: int | None = None


@dataclass(slots=True)
class RequestLog:
    """A bounded log; `total` and `counts` also include dropped entries."""

    total: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    _latest: deque[LoggedRequest] = field(default_factory=lambda: deque(maxlen=_KEPT))

    def add(self, request: LoggedRequest) -> None:
        """Log a request."""
        self.total += 1
        self.counts[f"{request.method} {request.route}"] += 1
        self._latest.append(request)

    def __iter__(self) -> Iterator[LoggedRequest]:
        return iter(tuple(self._latest))

    def __len__(self) -> int:
        return len(self._latest)

    def of(self, method: str, route: str) -> list[LoggedRequest]:
        """The latest requests to a route, by its template (`/channels/{channel_id}/messages`)."""
        return [request for request in self._latest if request.method == method and request.route == route]

    def clear(self) -> None:
        """Remove all entries and reset the counts."""
        self.total = 0
        self.counts.clear()
        self._latest.clear()
