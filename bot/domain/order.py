"""An order: everything that a command, button or form asks for, as one value, before it is accepted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.job import NewReference, Origin
from bot.domain.picture import PictureSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLease:
    """An interaction's token with its expiry; for a button press, also the message that was pressed."""

    token: str
    expires_at: datetime
    message_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One request to be: its pictures, who asked for it and where, and how it can be answered."""

    spec: PictureSpec
    origin: Origin
    private: bool
    lease: TokenLease
    upload_limit_bytes: int
    style: str | None = None
    """The name of a preset to add to the prompt."""
    references: tuple[NewReference, ...] = ()
    """At most 14; they are copied before the order is accepted."""
    count: int = 1
    kind: str = "imagine"
    parent_job_id: int | None = None
    verbatim: bool = False
    """Whether braces in the prompt are text; otherwise they are choices, and several prompts ask first."""
    not_before: datetime | None = None
    """Nothing is submitted until then, or until the member is known to be acknowledged."""
