"""Audit entries: what a moderator or administrator of a server did, to whom, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AuditAction(StrEnum):
    """An audited action; the value is what is stored."""

    SETTING = "setting"
    """Changed one of the server's settings."""
    WORDS = "words"
    """Added or removed a word rule."""
    BLOCK = "block"
    """Blocked a member, or changed the end of a block."""
    UNBLOCK = "unblock"
    """Ended a member's block."""
    REMOVE = "remove"
    """Removed a member's picture."""
    QUOTA = "quota"
    """Set or removed a quota."""
    QUOTA_RESET = "quota_reset"
    """Reset a member's quota usage."""
    EXPORT = "export"
    """Exported the server's statistics as a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAuditEntry:
    """One action of `actor_id` in a server, possibly on a member or a picture; `detail` is a short sentence."""

    guild_id: int
    actor_id: int
    action: AuditAction
    member_id: int | None = None
    job_id: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """A stored entry; greater ids are later."""

    id: int
    at: datetime
    guild_id: int
    actor_id: int
    action: AuditAction
    member_id: int | None
    job_id: int | None
    detail: str
