"""Blocked members, by server."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from sqlite_utils import Database

from bot.clock import Clock
from bot.domain.audit import NewAuditEntry
from bot.domain.order_rules import check_not_blocked
from bot.domain.rules import Block
from bot.store import audit, jobs
from bot.store.rows import all_rows, from_ms, moment, one_row, to_ms
from bot.store.sqlite.writer import DatabaseThread


class SqliteBlocks:
    """Implements BlockStore on the threads of the store that made it."""

    def __init__(self, *, reader: DatabaseThread, writer: DatabaseThread, clock: Clock) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = clock

    async def block(self, block: Block, entry: NewAuditEntry) -> Sequence[int]:
        """See BlockStore."""
        now_ms = to_ms(self._clock.now())
        return await self._writer.run(lambda db: put(db, block, entry, now_ms))

    async def unblock(self, guild_id: int, member_id: int, entry: NewAuditEntry) -> bool:
        """See BlockStore."""
        now_ms = to_ms(self._clock.now())
        return await self._writer.run(lambda db: lift(db, guild_id, member_id, entry, now_ms))

    async def block_of(self, guild_id: int, member_id: int) -> Block | None:
        """See BlockStore."""
        return await self._reader.run(lambda db: find(db, guild_id, member_id))

    async def blocks(self, guild_id: int) -> list[Block]:
        """See BlockStore."""
        return await self._reader.run(lambda db: of_guild(db, guild_id))


def put(db: Database, block: Block, entry: NewAuditEntry, now_ms: int) -> Sequence[int]:
    """Block a member and cancel their waiting jobs in this server for free; returns the changed requests."""
    db.conn.execute(
        "INSERT OR REPLACE INTO blocks (guild_id, member_id, by_id, since, until, reason, told) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            block.guild_id,
            block.member_id,
            block.by_id,
            to_ms(block.since),
            None if block.until is None else to_ms(block.until),
            block.reason,
            int(block.told),
        ),
    )
    audit.append(db, entry, now_ms)
    waiting = all_rows(
        db,
        "SELECT id FROM jobs WHERE state = 'queued' AND user_id = :member AND guild_id = :guild",
        {"member": block.member_id, "guild": block.guild_id},
    )
    taken = [job for row in waiting if (job := jobs.cancelled(db, row["id"], now_ms=now_ms)) is not None]
    return sorted({job.request_id for job in taken})


def check(db: Database, guild_id: int | None, member_id: int, now_ms: int) -> None:
    """Refuse an order of a blocked member, in the transaction that would store it."""
    if guild_id is not None:
        check_not_blocked(find(db, guild_id, member_id), from_ms(now_ms))


def lift(db: Database, guild_id: int, member_id: int, entry: NewAuditEntry, now_ms: int) -> bool:
    """End a block."""
    cursor = db.conn.execute("DELETE FROM blocks WHERE guild_id = ? AND member_id = ?", (guild_id, member_id))
    if cursor.rowcount:
        audit.append(db, entry, now_ms)
    return bool(cursor.rowcount)


def find(db: Database, guild_id: int, member_id: int) -> Block | None:
    """A member's block."""
    here = {"guild": guild_id, "member": member_id}
    row = one_row(db, "SELECT * FROM blocks WHERE guild_id = :guild AND member_id = :member", here)
    return _block_from(row) if row else None


def of_guild(db: Database, guild_id: int) -> list[Block]:
    """All blocks of a server, newest first."""
    rows = all_rows(
        db, "SELECT * FROM blocks WHERE guild_id = :guild ORDER BY since DESC, member_id", {"guild": guild_id}
    )
    return [_block_from(row) for row in rows]


def _block_from(row: sqlite3.Row) -> Block:
    return Block(
        guild_id=row["guild_id"],
        member_id=row["member_id"],
        by_id=row["by_id"],
        since=from_ms(row["since"]),
        until=moment(row["until"]),
        reason=row["reason"],
        told=bool(row["told"]),
    )
