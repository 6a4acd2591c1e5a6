"""Faults that can be ordered for single responses of the stand-in.

Some faults replace the work (nothing is done, nothing is charged), some follow it (the task exists and is charged, only
the response is spoiled), and some change the work itself.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from sandbox.apimaster import payloads


class Kind(StrEnum):
    """The kinds of fault."""

    # instead of the work
    HTTP = "http"
    HTML = "html"
    RESET = "reset"
    RESET_UNREAD = "reset_unread"
    HANG = "hang"
    REDIRECT = "redirect"
    # after the work
    TRUNCATED = "truncated"
    CUT_OFF = "cut_off"
    RESET_AFTER = "reset_after"
    HANG_AFTER = "hang_after"
    HTML_AFTER = "html_after"
    HTTP_AFTER = "http_after"
    DRIP = "drip"
    REPLY = "reply"
    # the work itself
    FINISHED = "finished"
    TASK_FAILS = "task_fails"
    NEVER_ENDS = "never_ends"
    STATUS = "status"
    EXPIRED = "expired"
    # a result's bytes
    CONTENT = "content"
    OVERSIZED = "oversized"


BEFORE = frozenset({Kind.HTTP, Kind.HTML, Kind.RESET, Kind.RESET_UNREAD, Kind.HANG, Kind.REDIRECT})
AFTER = frozenset(
    {
        Kind.TRUNCATED,
        Kind.CUT_OFF,
        Kind.RESET_AFTER,
        Kind.HANG_AFTER,
        Kind.HTML_AFTER,
        Kind.HTTP_AFTER,
        Kind.DRIP,
        Kind.REPLY,
    }
)
SUBMIT = BEFORE | AFTER | {Kind.FINISHED, Kind.TASK_FAILS, Kind.NEVER_ENDS, Kind.EXPIRED}
POLL = BEFORE | AFTER | {Kind.TASK_FAILS, Kind.STATUS}
UPLOAD = BEFORE | AFTER
RESULT = BEFORE | AFTER | {Kind.CONTENT, Kind.OVERSIZED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault, made by the constructors below; scripting checks that the stage accepts its kind."""

    kind: Kind
    status: int = 200
    message: str = ""
    code: str | int = ""
    type: str = "api_error"
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""
    content_type: str = "application/octet-stream"
    size_bytes: int = 0
    seconds: float = 0.0

    @classmethod
    def http(
        cls,
        status: int,
        message: str = "the stand-in was told to fail",
        *,
        code: str | int = "",
        retry_after: str | None = None,
    ) -> Self:
        """Refuse with this status in the provider's error envelope."""
        headers = {} if retry_after is None else {"Retry-After": retry_after}
        return cls(kind=Kind.HTTP, status=status, message=message, code=code, headers=headers)

    @classmethod
    def balance(cls, status: int = 402) -> Self:
        """Refuse for lack of balance, with 402 or the equivalent 403."""
        code = "insufficient_balance" if status == 402 else "insufficient_user_quota"
        return cls.http(status, "insufficient balance, please top up", code=code)

    @classmethod
    def refused(cls, code: str = "content_policy_violation", status: int = 400) -> Self:
        """Refuse for content safety."""
        return cls.http(status, "the request was rejected by the safety system", code=code)

    @classmethod
    def html(cls, status: int = 502) -> Self:
        """Respond as a proxy does, with an HTML page; the request doesn't reach the provider."""
        return cls(kind=Kind.HTML, status=status)

    @classmethod
    def reset(cls) -> Self:
        """Reset the connection after the request was read, before anything is done."""
        return cls(kind=Kind.RESET)

    @classmethod
    def reset_unread(cls) -> Self:
        """Reset the connection before the request's body is read."""
        return cls(kind=Kind.RESET_UNREAD)

    @classmethod
    def hang(cls) -> Self:
        """Do nothing and send no response until all scripts are cleared; then respond with 504 as a proxy."""
        return cls(kind=Kind.HANG)

    @classmethod
    def redirect(cls, location: str = "", status: int = 302) -> Self:
        """Redirect the caller; without a location, to the same address."""
        return cls(kind=Kind.REDIRECT, status=status, headers={"Location": location})

    @classmethod
    def truncated(cls) -> Self:
        """Do the work, then send the first half of the body as if it were complete."""
        return cls(kind=Kind.TRUNCATED)

    @classmethod
    def cut_off(cls) -> Self:
        """Do the work, then close the connection in the middle of the body."""
        return cls(kind=Kind.CUT_OFF)

    @classmethod
    def charged_then_reset(cls) -> Self:
        """Do the work, charge it, then reset the connection."""
        return cls(kind=Kind.RESET_AFTER)

    @classmethod
    def charged_then_hang(cls) -> Self:
        """Do the work, charge it, and send no response until all scripts are cleared; then 504 as from a proxy."""
        return cls(kind=Kind.HANG_AFTER)

    @classmethod
    def charged_then_html(cls, status: int = 502) -> Self:
        """Do the work, charge it, and respond with a proxy's HTML page."""
        return cls(kind=Kind.HTML_AFTER, status=status)

    @classmethod
    def charged_then_http(cls, status: int = 408, message: str = "timed out waiting for the picture") -> Self:
        """Do the work, charge it, and respond with an error in the provider's envelope all the same."""
        return cls(kind=Kind.HTTP_AFTER, status=status, message=message)

    @classmethod
    def drip(cls, seconds: float) -> Self:
        """Do the work, then send the body in small pieces over this many seconds."""
        return cls(kind=Kind.DRIP, seconds=seconds)

    @classmethod
    def wrong_types(cls, number: int = 0) -> Self:
        """Do the work, then respond with JSON of other types than the guide's; `number` chooses a variant."""
        return cls.reply(payloads.WRONG_TYPES[number % len(payloads.WRONG_TYPES)])

    @classmethod
    def inflating(cls, size_bytes: int = 256 * 1024 * 1024) -> Self:
        """Do the work, then respond with a small compressed body that decompresses to this size."""
        return cls(
            kind=Kind.REPLY,
            content=payloads.inflating(size_bytes),
            content_type="application/json",
            headers={"Content-Encoding": "gzip"},
        )

    @classmethod
    def reply(cls, content: bytes, *, status: int = 200, content_type: str = "application/json") -> Self:
        """Do the work, then respond with exactly this."""
        return cls(kind=Kind.REPLY, status=status, content=content, content_type=content_type)

    @classmethod
    def finished(cls) -> Self:
        """Answer the submit with the finished picture instead of a task."""
        return cls(kind=Kind.FINISHED)

    @classmethod
    def task_fails(cls, message: str = "", code: str = "") -> Self:
        """Let the task fail, with this reason or none; scripted on a poll, it fails immediately."""
        return cls(kind=Kind.TASK_FAILS, message=message, code=code)

    @classmethod
    def never_ends(cls) -> Self:
        """Accept the task and never finish it."""
        return cls(kind=Kind.NEVER_ENDS)

    @classmethod
    def expired(cls) -> Self:
        """Accept the task; the first address of its picture has expired before it is returned."""
        return cls(kind=Kind.EXPIRED)

    @classmethod
    def word(cls, status_word: str) -> Self:
        """Answer one poll with this status word."""
        return cls(kind=Kind.STATUS, message=status_word)

    @classmethod
    def bytes(cls, content: bytes, content_type: str = "image/png") -> Self:
        """Serve these bytes as the picture."""
        return cls(kind=Kind.CONTENT, content=content, content_type=content_type)

    @classmethod
    def bomb(cls) -> Self:
        """Serve a decompression bomb: a PNG of few bytes with hundreds of megabytes of pixels."""
        return cls.bytes(payloads.bomb())

    @classmethod
    def oversized(cls, size_bytes: int = 65 * 1024 * 1024) -> Self:
        """Serve this many zero bytes, without a Content-Length."""
        return cls(kind=Kind.OVERSIZED, size_bytes=size_bytes)
