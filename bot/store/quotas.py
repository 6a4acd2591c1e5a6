"""Quotas and their usage: updated in the ledger's transactions, checked in those that accept orders."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from sqlite_utils import Database

from bot.clock import Clock
from bot.domain.audit import NewAuditEntry
from bot.domain.credits import LedgerKind
from bot.domain.job import Job, NewRequest, Origin
from bot.domain.picture import PictureSpec
from bot.domain.quota import (
    Limit,
    Limits,
    Quota,
    Standing,
    Use,
    check_order,
    is_amount,
    limits_for,
)
from bot.store import audit
from bot.store.rows import all_rows, from_ms, to_ms
from bot.store.sqlite.writer import DatabaseThread

_ALL_MEMBERS: Final = 0
"""Used instead of a member's id: the usage of all members of a server together."""
_SIGN: Final = {LedgerKind.RESERVE: 1, LedgerKind.RELEASE: -1, LedgerKind.REFUND: -1}
"""Everything ordered counts as used, unless it is known to have cost nothing."""


class SqliteQuotas:
    """Implements QuotaStore on the threads of the store that made it."""

    def __init__(self, *, reader: DatabaseThread, writer: DatabaseThread, clock: Clock) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = clock

    async def quotas(self, guild_id: int) -> list[Quota]:
        """See QuotaStore."""
        return await self._reader.run(lambda db: quotas_of(db, guild_id))

    async def standing(self, guild_id: int, user_id: int, role_ids: Collection[int]) -> Standing:
        """See QuotaStore."""
        now_ms = to_ms(self._clock.now())
        return await self._reader.run(lambda db: standing(db, guild_id, user_id, role_ids, now_ms))

    async def set(self, role_id: int, limits: Limits, entry: NewAuditEntry) -> None:
        """See QuotaStore."""
        now_ms = to_ms(self._clock.now())
        await self._writer.run(lambda db: set_(db, role_id, limits, entry, now_ms))

    async def remove(self, role_id: int, entry: NewAuditEntry) -> bool:
        """See QuotaStore."""
        now_ms = to_ms(self._clock.now())
        return await self._writer.run(lambda db: remove(db, role_id, entry, now_ms))

    async def reset(self, user_id: int, entry: NewAuditEntry) -> None:
        """See QuotaStore."""
        now_ms = to_ms(self._clock.now())
        await self._writer.run(lambda db: reset(db, user_id, entry, now_ms))


def quotas_of(db: Database, guild_id: int) -> list[Quota]:
    """A server's quotas, the one for everyone first; invalid stored values count as not set."""
    found: dict[int, dict[Limit, int | None]] = {}
    known = {limit.value for limit in Limit}
    rows = all_rows(db, "SELECT * FROM quotas WHERE guild_id = :guild ORDER BY role_id", {"guild": guild_id})
    for row in rows:
        if row["what"] in known and is_amount(Limit(row["what"]), row["amount"]):
            found.setdefault(row["role_id"], {})[Limit(row["what"])] = row["amount"]
    return [Quota(role_id=role_id, limits=limits) for role_id, limits in found.items()]


def standing(db: Database, guild_id: int, user_id: int, role_ids: Collection[int], now_ms: int) -> Standing:
    """The limits of a member with these roles at a moment, and the member's usage."""
    limits = limits_for(quotas_of(db, guild_id), role_ids)
    return Standing(limits=limits, use=_use(db, guild_id, user_id, now_ms) if limits else Use(), at=from_ms(now_ms))


def check(db: Database, together: Sequence[NewRequest], now_ms: int) -> None:
    """Refuse an order that exceeds its member's limits or the server's; all of its pictures must fit."""
    first = together[0]
    pictures = sum(new.count for new in together)
    check_plan(db, first.origin, first.spec, pictures, first.price_microcredits, now_ms)


def check_plan(
    db: Database, origin: Origin, spec: PictureSpec, pictures: int, price_microcredits: int, now_ms: int
) -> None:
    """The same check for a draft, which is not ordered yet."""
    if origin.guild_id is not None:
        now = standing(db, origin.guild_id, origin.user_id, origin.role_ids, now_ms)
        check_order(now, spec, count=pictures, price_microcredits=price_microcredits)


def count(db: Database, job: Job, kind: LedgerKind) -> None:
    """Apply a ledger row to the usage of the day of the order, for its member and for all members.

    The usage forgiven by a reset never exceeds the usage.
    """
    sign = _SIGN.get(kind, 0)
    if job.guild_id is None or not sign:
        return
    day = job.created_at.date().isoformat()
    db.conn.executemany(
        "INSERT INTO quota_use (guild_id, user_id, day, pictures, microcredits) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET pictures = pictures + excluded.pictures, "
        "microcredits = microcredits + excluded.microcredits, "
        "forgiven_pictures = MIN(forgiven_pictures, pictures + excluded.pictures), "
        "forgiven_microcredits = MIN(forgiven_microcredits, microcredits + excluded.microcredits)",
        [(job.guild_id, who, day, sign, sign * job.price_microcredits) for who in (job.user_id, _ALL_MEMBERS)],
    )


def _use(db: Database, guild_id: int, user_id: int, now_ms: int) -> Use:
    today = from_ms(now_ms).date()
    rows = all_rows(
        db,
        "SELECT user_id, day, pictures - forgiven_pictures AS pictures, "
        "microcredits - forgiven_microcredits AS microcredits FROM quota_use "
        "WHERE guild_id = :guild AND user_id IN (:user, 0) AND day BETWEEN :first AND :today",
        {"guild": guild_id, "user": user_id, "first": today.replace(day=1).isoformat(), "today": today.isoformat()},
    )
    own = [row for row in rows if row["user_id"] != _ALL_MEMBERS]
    of_today = [row for row in own if row["day"] == today.isoformat()]
    return Use(
        pictures_day=sum(row["pictures"] for row in of_today),
        pictures_month=sum(row["pictures"] for row in own),
        credits_day=sum(row["microcredits"] for row in of_today),
        credits_month=sum(row["microcredits"] for row in own),
        server_credits_month=sum(row["microcredits"] for row in rows if row["user_id"] == _ALL_MEMBERS),
    )


def set_(db: Database, role_id: int, limits: Limits, entry: NewAuditEntry, now_ms: int) -> None:
    """Set some limits of a role or of everyone, audited."""
    db.conn.executemany(
        "INSERT OR REPLACE INTO quotas (guild_id, role_id, what, amount) VALUES (?, ?, ?, ?)",
        [(entry.guild_id, role_id, limit.value, amount) for limit, amount in limits.items()],
    )
    audit.append(db, entry, now_ms)


def remove(db: Database, role_id: int, entry: NewAuditEntry, now_ms: int) -> bool:
    """Delete a role's quota, audited; False if there is none. The server's own limit is kept with everyone's."""
    cursor = db.conn.execute(
        "DELETE FROM quotas WHERE guild_id = ? AND role_id = ? AND what <> ?",
        (entry.guild_id, role_id, Limit.SERVER_CREDITS_MONTH.value),
    )
    if cursor.rowcount == 0:
        return False
    audit.append(db, entry, now_ms)
    return True


def reset(db: Database, user_id: int, entry: NewAuditEntry, now_ms: int) -> None:
    """Forgive what a member used this month, audited."""
    today = from_ms(now_ms).date()
    db.conn.execute(
        "UPDATE quota_use SET forgiven_pictures = pictures, forgiven_microcredits = microcredits "
        "WHERE guild_id = ? AND user_id = ? AND day BETWEEN ? AND ?",
        (entry.guild_id, user_id, today.replace(day=1).isoformat(), today.isoformat()),
    )
    audit.append(db, entry, now_ms)
