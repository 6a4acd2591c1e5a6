"""Discord's rate limits: a bucket for each route and major parameter, and one global limit."""

import hashlib
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.discord.errors import DiscordError


@dataclass(frozen=True, slots=True)
class Limit:
    """A number of requests per number of seconds."""

    requests: int
    per_s: float


@dataclass(slots=True)
class _Window:
    ends: float
    left: int


MESSAGES = Limit(5, 5.0)
WEBHOOK = Limit(5, 2.0)
DEFAULT = Limit(50, 1.0)
GLOBAL = Limit(50, 1.0)

_LIMITS: Mapping[str, Limit] = {
    "POST /channels/{channel_id}/messages": MESSAGES,
    "PATCH /channels/{channel_id}/messages/{message_id}": MESSAGES,
    "DELETE /channels/{channel_id}/messages/{message_id}": Limit(5, 1.0),
}
_UNNAMED = "POST /interactions/{interaction_id}/{interaction_token}/callback"
_MAJOR = ("channel_id", "guild_id", "webhook_id", "webhook_token", "interaction_token")
_PRUNE_FROM = 4096


class RateLimiter:
    """Counts requests in fixed windows; with `enabled` off no request is refused, but the headers are still sent."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._windows: dict[str, _Window] = {}
        self._prune_at = _PRUNE_FROM
        self.enabled = True
        self.refused = 0

    def take(self, route: str, params: Mapping[str, str]) -> dict[str, str]:
        """Count a request; returns its headers. Raises 429 if a limit is exhausted."""
        limit = WEBHOOK if "{webhook_token}" in route else _LIMITS.get(route, DEFAULT)
        major = ":".join(params[name] for name in _MAJOR if name in params)
        # All of a webhook token's routes share one bucket; elsewhere each route has its own.
        bucket = "webhook" if limit is WEBHOOK else route
        window = self._count(f"{bucket}|{major}", limit)
        # As on Discord, callbacks name no bucket: hikari reports one as an error.
        headers = {} if route == _UNNAMED else self._headers(bucket, limit, window)
        exempt = "token}" in route
        if self.enabled and window.left < 0:
            raise self._refusal(window, headers, scope="user", everywhere=False)
        if self.enabled and not exempt:
            overall = self._count("global", GLOBAL)
            if overall.left < 0:
                raise self._refusal(overall, headers, scope="global", everywhere=True)
        return headers

    def _count(self, key: str, limit: Limit) -> _Window:
        now = self._monotonic()
        window = self._windows.get(key)
        if window is None or window.ends <= now:
            if len(self._windows) >= self._prune_at:
                self._windows = {name: kept for name, kept in self._windows.items() if kept.ends > now}
                self._prune_at = max(_PRUNE_FROM, 2 * len(self._windows))
            window = self._windows[key] = _Window(now + limit.per_s, limit.requests)
        window.left -= 1
        return window

    def _headers(self, bucket: str, limit: Limit, window: _Window) -> dict[str, str]:
        after = max(0.0, window.ends - self._monotonic())
        return {
            "X-RateLimit-Limit": str(limit.requests),
            "X-RateLimit-Remaining": str(max(0, window.left)),
            "X-RateLimit-Reset": f"{time.time() + after:.3f}",
            "X-RateLimit-Reset-After": f"{after:.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(bucket.encode()).hexdigest()[:32],
        }

    def _refusal(self, window: _Window, headers: dict[str, str], *, scope: str, everywhere: bool) -> DiscordError:
        self.refused += 1
        # Rounded up: a client that waits exactly this long must not be refused again.
        after = math.ceil(max(0.001, window.ends - self._monotonic()) * 1000) / 1000
        extra = {"Retry-After": str(math.ceil(after)), "X-RateLimit-Scope": scope}
        if everywhere:
            extra["X-RateLimit-Global"] = "true"
        error = DiscordError(429, 0, "You are being rate limited.", headers={**headers, **extra})
        error.extra = {"retry_after": after, "global": everywhere}
        return error
