"""What is remembered of the people who look after a server: who did what, to whom, when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AuditAction(StrEnum):
    """What somebody who looks after a server did; the value is what is stored."""

    SETTING = "setting"
    """Changed one of the server's settings."""
    WORDS = "words"
    """Added or removed a rule about words."""
    BLOCK = "block"
    """Blocked a member, or changed until when."""
    UNBLOCK = "unblock"
    """Let a blocked member order again."""
    REMOVE = "remove"
    """Took somebody's picture away."""
    QUOTA = "quota"
    """Set or removed a limit on what may be spent."""
    QUOTA_RESET = "quota_reset"
    """Let a member begin anew with what they may spend."""
    EXPORT = "export"
    """Took the server's numbers out as a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAuditEntry:
    """One thing that `actor_id` did in a server, perhaps to a member or a picture; `detail` is a short sentence."""

    guild_id: int
    actor_id: int
    action: AuditAction
    member_id: int | None = None
    job_id: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """The same as it stands in the database; a greater id is later."""

    id: int
    at: datetime
    guild_id: int
    actor_id: int
    action: AuditAction
    member_id: int | None
    job_id: int | None
    detail: str
