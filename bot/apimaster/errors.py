"""Maps HTTP answers to domain errors. Sources of the status meanings: the vendor's guide and its public clients."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from functools import partial
from typing import Final

from bot.domain.errors import (
    BadRequestError,
    BalanceError,
    ContentRefusedError,
    ForbiddenError,
    InvalidKeyError,
    OutcomeUnknownError,
    PlatformError,
    ProviderError,
    RateLimitedError,
    SyncTimeoutError,
    TaskUnknownError,
    UnavailableError,
)

SYNC_TIMEOUT_SENTENCE: Final = (
    "The provider stopped waiting for the picture. It goes on working and charges if the picture arrives. "
    "Retry in async mode or with a lower resolution."
)
_BALANCE_CODES: Final = frozenset({"insufficient_user_quota", "pre_consume_token_quota_failed"})
_UNKNOWN_TASK_CODES: Final = frozenset({"task_not_exist", "task_not_found"})
_FINE_CODES: Final = frozenset({"0", "200", "201", "202", "ok", "success"})
MESSAGE_KEYS: Final = ("message", "msg", "detail", "fail_reason", "failure_reason", "error_message", "reason")
# Whole codes, and prefixes of code families.
_REFUSAL_CODES: Final = re.compile(
    r"\b(?:content_policy_violation|content_filter\w*|safety_violation|safety_rejection|moderation_blocked"
    r"|moderation_rejected|image_safety_error|content_moderation|sensitive_words_detected|risk_control\w*"
    r"|prompt_blocked)\b",
    re.IGNORECASE,
)
_REQUEST_ID: Final = re.compile(r"\(request id: ([^)\s]{1,128})\)", re.IGNORECASE)
_REQUEST_ID_HEADERS: Final = ("x-request-id", "x-oneapi-request-id", "request-id", "cf-ray")
_URL_QUERY: Final = re.compile(r"(https?://[^\s?#\"'<>]*)[?#][^\s\"'<>]*")
_DATA_URI: Final = re.compile(r"data:[\w.+-]+/[\w.+-]+;base64,[\w+/=-]*")
_MAX_MESSAGE_CHARACTERS: Final = 300
_MAX_WORD_CHARACTERS: Final = 20_000
_MAX_LOOKED_AT_CHARACTERS: Final = 4_000
_MAX_CODE_CHARACTERS: Final = 128
# Shorter prompts may occur in a sentence by chance; blanking them would make it unreadable.
_MIN_SECRET_CHARACTERS: Final = 8

_BY_STATUS: Final[dict[int, type[ProviderError]]] = {
    401: InvalidKeyError,
    402: BalanceError,
    403: ForbiddenError,
    408: SyncTimeoutError,
    429: RateLimitedError,
    503: UnavailableError,
}


class Call(StrEnum):
    """The kind of call: the same status means something else for a paid call than for a poll."""

    PAID = "paid"
    """Submit and generate: a failure may have been charged."""
    POLL = "poll"
    """Reading a task: safe to repeat."""
    OTHER = "other"
    """Upload and billing: free and without side effects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """The error that an answer reports; each field may be ""."""

    message: str = ""
    code: str = ""
    kind: str = ""
    enveloped: bool = False
    """Whether it came as `{"error": …}`, the provider's format; a bare `{"message": …}` may be a proxy's."""

    @property
    def words(self) -> frozenset[str]:
        """The code and the type in lower case; channels use either."""
        return frozenset({self.code.lower(), self.kind.lower()})

    def without(self, secrets: Iterable[str]) -> Complaint:
        """The same texts with these secrets removed."""
        hidden = partial(_hidden, secrets=tuple(secrets))
        return replace(self, message=hidden(self.message), code=hidden(self.code), kind=hidden(self.kind))

    @property
    def refuses_content(self) -> bool:
        """Whether this is a content-safety refusal; some channels put the code in the message."""
        return any(_REFUSAL_CODES.search(text) for text in (self.code, self.kind, self.message))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A failed call's answer without its body."""

    status: int
    headers: Mapping[str, str]
    call: Call


def read_complaint(payload: object) -> Complaint | None:
    """The error in a parsed reply, or None: `{"error": {...}}`, `{"error": "..."}` or a bare message."""
    if not isinstance(payload, Mapping):
        return None
    error = payload.get("error")
    if isinstance(error, Mapping):
        return _complaint(error, enveloped=True)
    if isinstance(error, str) and error:
        return Complaint(message=error, code=_code(payload, "code", "error_code"), enveloped=True)
    complaint = _complaint(payload, enveloped=False)
    return complaint if complaint.message or complaint.code else None


def _complaint(fields: Mapping[str, object], *, enveloped: bool) -> Complaint:
    return Complaint(
        message=_word(fields, *MESSAGE_KEYS),
        code=_code(fields, "code", "error_code"),
        kind=_code(fields, "type"),
        enveloped=enveloped,
    )


def _code(fields: Mapping[str, object], *names: str) -> str:
    return _word(fields, *names)[:_MAX_CODE_CHARACTERS]


def _word(fields: Mapping[str, object], *names: str) -> str:
    """The first of these fields that is a string or a number, as text; codes that mean success are skipped."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool):
            word = str(value)[:_MAX_WORD_CHARACTERS].strip()
            if word and not (name == "code" and word.lower() in _FINE_CODES):
                return word
    return ""


def error_from(answer: Answer, complaint: Complaint | None, *, secrets: Iterable[str] = ()) -> ProviderError:
    """The domain error for an unsuccessful answer; `secrets` never appear in its message."""
    said = (complaint or Complaint()).without(secrets)
    kind = _kind(answer, complaint)
    sentence = SYNC_TIMEOUT_SENTENCE if kind is SyncTimeoutError else clean(said.message)
    if 300 <= answer.status < 400:
        target = clean(answer.headers.get("Location", "")) or "elsewhere"
        sentence = f"The provider's base URL redirects to {target}; set it to the final address"
    return kind(
        f"HTTP {answer.status}: {sentence or 'no reason given'}",
        http_status=answer.status,
        provider_code=said.code or said.kind,
        request_id=request_id(answer.headers, said.message),
        retry_after_s=retry_after_s(answer.headers),
    )


def _kind(answer: Answer, complaint: Complaint | None) -> type[ProviderError]:
    status = answer.status
    if complaint is not None:
        if complaint.refuses_content:
            return ContentRefusedError
        if status == 403 and complaint.words & _BALANCE_CODES:
            return BalanceError
    if answer.call is Call.POLL:
        if status == 404 or (complaint is not None and complaint.words & _UNKNOWN_TASK_CODES):
            return TaskUnknownError
        # A poll is free and can be repeated, whatever the error.
        if status == 408 or status >= 500 or 300 <= status < 400:
            return UnavailableError
    if status >= 500 and (complaint is None or not complaint.enveloped):
        # A proxy's message, not the provider's: the request may have been carried out.
        return OutcomeUnknownError if answer.call is Call.PAID else UnavailableError
    return _BY_STATUS.get(status, PlatformError if status >= 500 else BadRequestError)


def request_id(headers: Mapping[str, str], message: str = "") -> str:
    """The provider's request id, from its message or its headers; "" if there is none."""
    if found := _REQUEST_ID.search(message):
        return found.group(1)
    told = next((headers[name] for name in _REQUEST_ID_HEADERS if headers.get(name)), "")
    return _storable(told[:_MAX_CODE_CHARACTERS])


def _storable(text: str) -> str:
    """A header's text without lone surrogates, which aiohttp makes of undecodable bytes and no database stores."""
    return text.encode(errors="replace").decode()


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait according to `Retry-After`, given in seconds or as a date; None if absent or invalid.

    A date is compared with the answer's own `Date`, so that a wrong clock on either side has no effect.
    """
    value = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", value):
        return float(value)
    until, sent = _http_date(value), _http_date(headers.get("Date", ""))
    return max(0.0, (until - sent).total_seconds()) if until and sent else None


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _hidden(text: str, *, secrets: Iterable[str]) -> str:
    for secret in secrets:
        if len(secret) >= _MIN_SECRET_CHARACTERS:
            text = text.replace(secret, "…")
    return text


def clean(text: str) -> str:
    """A provider's message, fit for a log: bounded, without URL signatures or pictures."""
    # Truncated first: the patterns are retried at each possible start of a URL.
    text = _DATA_URI.sub("data:…", _URL_QUERY.sub(r"\1", text[:_MAX_LOOKED_AT_CHARACTERS]))
    text = _storable(" ".join(text.split()))
    return text if len(text) <= _MAX_MESSAGE_CHARACTERS else f"{text[:_MAX_MESSAGE_CHARACTERS]}…"
