"""The audit: what was noted is read back by server, the newest first, page by page."""

from __future__ import annotations

from dataclasses import asdict

from bot.domain.audit import AuditAction, NewAuditEntry
from bot.store.sqlite import SqliteStore
from tests.support.build import ALICE, BOB, GUILD
from tests.support.clock import START

OTHER_GUILD = 50


def an_entry(detail: str, *, guild_id: int = GUILD) -> NewAuditEntry:
    """Bob blocked Alice."""
    return NewAuditEntry(
        guild_id=guild_id, actor_id=BOB, action=AuditAction.BLOCK, member_id=ALICE, job_id=None, detail=detail
    )


async def test_an_entry_is_read_as_it_was_noted(store: SqliteStore) -> None:
    """With its time and a number of its own."""
    await store.audit.note(an_entry("for a day"))
    (entry,) = await store.audit.entries(GUILD, limit=10)
    assert asdict(entry) == {**asdict(an_entry("for a day")), "id": 1, "at": START}


async def test_entries_come_newest_first_in_pages_and_by_server(store: SqliteStore) -> None:
    """Another server's are not among them; a page goes on where the one before ended."""
    for number in range(5):
        await store.audit.note(an_entry(str(number)))
        await store.audit.note(an_entry("elsewhere", guild_id=OTHER_GUILD))
    first = await store.audit.entries(GUILD, limit=3)
    rest = await store.audit.entries(GUILD, before_id=first[-1].id, limit=3)
    assert [entry.detail for entry in first + rest] == ["4", "3", "2", "1", "0"]
