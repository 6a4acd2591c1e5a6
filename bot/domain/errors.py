"""The only error hierarchy. aiohttp, discord and sqlite errors are translated into it once, in their adapter.

Each error has a stable `code` (logs, tables, tests); errors about money also say what the failure cost.
"""

from __future__ import annotations

from enum import StrEnum


class Cost(StrEnum):
    """What a failure cost, as far as is known."""

    NOTHING = "nothing"
    POSSIBLY = "possibly"
    CHARGED = "charged"


class BotError(Exception):
    """An expected failure. `str(error)` is a sentence fit for the log."""

    code = "internal"
    exit_code = 1
    """The exit code of a process that ends with this error."""


class StartupError(BotError):
    """Start-up failed: the sentence names the setting or file and what to do. A restart would not help."""

    code = "startup"
    exit_code = 2


class NotNowError(StartupError):
    """Start-up failed for a temporary reason, such as a network that is down: a restart may help."""

    exit_code = 75  # EX_TEMPFAIL, "temporary failure", in sysexits.h


class StoreError(BotError):
    """The database operation failed (locked, full, corrupt)."""

    code = "store"


class NoSuchRequestError(StoreError):
    """There is no request with this id."""


class DamagedError(StoreError):
    """A page of the database is corrupt. Nothing more is written to it; a restart would not help."""

    code = "damaged"
    exit_code = 2


class RestoredError(BotError):
    """The database was restored from a backup and doesn't know whether this order was submitted since then."""

    code = "restored"


class Phrase(str):
    """A parameter of a sentence whose text is in the catalogue, given by its key."""

    __slots__ = ()


class Markup(str):
    """A parameter of a sentence that is trusted Discord markup: a mention, a timestamp, or text already escaped.

    Every other `str` parameter is untrusted and gets escaped.
    """

    __slots__ = ()


class Refusal(BotError):  # noqa: N818 - the project's term; it is an answer, not an error
    """An order that is not accepted: nothing was stored or spent.

    The member reads the sentence `refusal.{code}` of the catalogue with these parameters.
    """

    def __init__(self, code: str, **values: object) -> None:
        told = ", ".join(f"{name}={value}" for name, value in values.items())
        super().__init__(f"{code} ({told})" if told else code)
        self.code = code
        self.values = values


class PictureError(BotError):
    """Bytes that are not a usable picture; the code says why.

    `too_large`, `not_a_picture`, `too_many_pixels`, `result_gone` or `result_forbidden` (a URL that must not be
    fetched).
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class BadReferenceError(PictureError):
    """An unusable reference picture, by its number (from 1) and its name; the code `reference_...` says why."""

    def __init__(self, code: str, number: int, name: str) -> None:
        super().__init__(code, f"{number} {name}")
        self.number = number
        self.name = name


class ProviderError(BotError):
    """The image provider refused, or its answer could not be understood.

    `http_status` is None if no answer arrived; `provider_code` and `request_id` are the provider's own, or "".
    """

    code = "provider"
    cost = Cost.NOTHING

    def __init__(
        self,
        message: str,
        *,
        http_status: int | None = None,
        provider_code: str = "",
        request_id: str = "",
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.provider_code = provider_code
        self.request_id = request_id
        self.retry_after_s = retry_after_s


class BadRequestError(ProviderError):
    """HTTP 400, 404 on a call, 413, 422: the provider rejects this request; repeating it would fail again."""

    code = "bad_request"


class InvalidKeyError(ProviderError):
    """HTTP 401: the API key is not accepted. Closes the gate."""

    code = "invalid_key"


class BalanceError(ProviderError):
    """HTTP 402, or 403 with an insufficient-quota code. Closes the gate; the job keeps its place."""

    code = "balance"


class ForbiddenError(ProviderError):
    """HTTP 403 otherwise: banned, IP or model limits."""

    code = "forbidden"


class ContentRefusedError(ProviderError):
    """A content-safety refusal: final, never retried."""

    code = "content_refused"


class SyncTimeoutError(ProviderError):
    """HTTP 408: the synchronous call timed out; the server continues and charges if the picture is made."""

    code = "sync_timeout"
    cost = Cost.POSSIBLY


class RateLimitedError(ProviderError):
    """HTTP 429: too many requests; nothing was started."""

    code = "rate_limited"


class UnavailableError(ProviderError):
    """HTTP 503: no channel for the model right now; nothing was started."""

    code = "unavailable"


class PlatformError(ProviderError):
    """HTTP 5xx with the provider's own error body: the provider refused after accepting; it charges nothing."""

    code = "platform_error"


class UnreachableError(ProviderError):
    """No connection was established, so the request was certainly never sent."""

    code = "unreachable"


class OutcomeUnknownError(ProviderError):
    """The request may have been carried out: connection lost, timeout, or an unreadable answer."""

    code = "outcome_unknown"
    cost = Cost.POSSIBLY


class TaskFailedError(ProviderError):
    """The provider reports that the task failed; once observed, the charge is refunded."""

    code = "task_failed"


class TaskUnknownError(ProviderError):
    """The provider doesn't know the task id (HTTP 404 on a poll)."""

    code = "task_unknown"
    cost = Cost.POSSIBLY


class TaskTimeoutError(ProviderError):
    """The provider didn't finish the task within the time that it was polled."""

    code = "task_timeout"
    cost = Cost.POSSIBLY
