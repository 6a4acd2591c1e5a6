"""The one tree of errors. aiohttp, discord and sqlite errors are translated into it once, in their adapter.

Each error has a stable `code` (logs, tables, tests) and, where money is concerned, says what the failure cost.
"""

from __future__ import annotations

from enum import StrEnum


class Cost(StrEnum):
    """What a failure cost, as far as anybody can know."""

    NOTHING = "nothing"
    POSSIBLY = "possibly"
    CHARGED = "charged"


class BotError(Exception):
    """Any failure that the bot expects. `str(error)` is a sentence fit for the log."""

    code = "internal"
    exit_code = 1
    """How a process ends that ends by this."""


class StartupError(BotError):
    """The start ends here: the sentence names the setting or file and what to do. Starting again would not help."""

    code = "startup"
    exit_code = 2


class NotNowError(StartupError):
    """The start ends here for a reason that passes, such as a network that is down: starting again may help."""

    exit_code = 75  # "temporary failure" in sysexits.h


class StoreError(BotError):
    """The database could not do it (locked, full, corrupt)."""

    code = "store"


class NoSuchRequestError(StoreError):
    """There is no request of this number."""


class DamagedError(StoreError):
    """A page of the database is broken. Nothing more is written to it; starting again would not help."""

    code = "damaged"
    exit_code = 2


class RestoredError(BotError):
    """The database was restored from a backup: whether this order was sent since then, it does not know."""

    code = "restored"


class Phrase(str):
    """A value of a sentence that has words of its own in the catalogue: their key."""

    __slots__ = ()


class Markup(str):
    """A value of a sentence that is Discord markup of our own: a mention, a timestamp, a text that is escaped already.

    Every other `str` in a sentence is somebody else's, and is escaped.
    """

    __slots__ = ()


class Refusal(BotError):  # noqa: N818 - a refusal is the field's word; it is an answer, not a fault
    """A request that is not accepted: nothing was stored, nothing was spent.

    The member reads the sentence `refusal.{code}` of the catalogue with these values in it.
    """

    def __init__(self, code: str, **values: object) -> None:
        told = ", ".join(f"{name}={value}" for name, value in values.items())
        super().__init__(f"{code} ({told})" if told else code)
        self.code = code
        self.values = values


class PictureError(BotError):
    """Bytes that are not a usable picture, by its code.

    `too_large`, `not_a_picture`, `too_many_pixels`, `result_gone` or `result_forbidden` (an address not to be read).
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class BadReferenceError(PictureError):
    """A reference picture, by its number from 1 and its name, that cannot be used; `reference_...` says why."""

    def __init__(self, code: str, number: int, name: str) -> None:
        super().__init__(code, f"{number} {name}")
        self.number = number
        self.name = name


class ProviderError(BotError):
    """The image provider said no, or could not be understood.

    `http_status` is None where no answer arrived; `provider_code` and `request_id` are the provider's own, or "".
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
    """HTTP 400, 404 on a call, 413, 422: the provider does not accept this request; the same again fails again."""

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
    """HTTP 408: the sync call gave up waiting; the server goes on and charges if the picture arrives."""

    code = "sync_timeout"
    cost = Cost.POSSIBLY


class RateLimitedError(ProviderError):
    """HTTP 429: slow down; nothing was started."""

    code = "rate_limited"


class UnavailableError(ProviderError):
    """HTTP 503: no channel for the model right now; nothing was started."""

    code = "unavailable"


class PlatformError(ProviderError):
    """HTTP 5xx with the provider's own error body: the provider refused after accepting; it charges nothing."""

    code = "platform_error"


class UnreachableError(ProviderError):
    """No connection came about, so the request was certainly never sent."""

    code = "unreachable"


class OutcomeUnknownError(ProviderError):
    """The request may have been carried out: connection lost, timeout, or an answer that cannot be read."""

    code = "outcome_unknown"
    cost = Cost.POSSIBLY


class TaskFailedError(ProviderError):
    """The provider reports that the task failed; observing it refunds the charge."""

    code = "task_failed"


class TaskUnknownError(ProviderError):
    """The provider does not know the task id (HTTP 404 on a poll)."""

    code = "task_unknown"
    cost = Cost.POSSIBLY


class TaskTimeoutError(ProviderError):
    """The provider never finished the task in the time that anybody waited for it."""

    code = "task_timeout"
    cost = Cost.POSSIBLY
