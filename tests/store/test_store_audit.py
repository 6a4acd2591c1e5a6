"""The audit: entries are read by server, newest first, page by page."""

from __future__ import annotations

from dataclasses import asdict, replace

from bot.domain.audit import AuditAction, NewAuditEntry
from bot.domain.job import JobState
from bot.store.store import SqliteStore
from tests.store.conftest import StoreHarness
from tests.support.build import ALICE, BOB, GUILD, new_request
from tests.support.clock import START
from tests.support.steps import Steps

OTHER_GUILD = 50


def an_entry(detail: str, *, guild_id: int = GUILD) -> NewAuditEntry:
    """Bob blocked Alice."""
    return NewAuditEntry(
        guild_id=guild_id, actor_id=BOB, action=AuditAction.BLOCK, member_id=ALICE, job_id=None, detail=detail
    )


async def test_entry_is_read_as_it_was_recorded(store: SqliteStore) -> None:
    """With its time and its own number."""
    await store.audit.note(an_entry("for a day"))
    (entry,) = await store.audit.entries(GUILD, limit=10)
    assert asdict(entry) == {**asdict(an_entry("for a day")), "id": 1, "at": START}


async def test_deletion_of_another_members_picture_is_recorded(store: SqliteStore) -> None:
    """With its owner, in the same transaction; deleting one's own is not audited."""
    steps = Steps(store)
    own, other = [(await steps.delivered()).request_id for _ in range(2)]
    assert await store.delete(own, ALICE)
    assert await store.delete(other, BOB)
    (entry,) = await store.audit.entries(GUILD, limit=9)
    assert (entry.actor_id, entry.action, entry.member_id) == (BOB, AuditAction.REMOVE, ALICE)


async def test_moderator_removes_a_request_in_any_state(store: SqliteStore, books: StoreHarness) -> None:
    """Waiting jobs are cancelled for free, running ones continue; a second time there is nothing to remove."""
    request_id = await store.accept(new_request(count=2))
    (first, second) = (await store.view(request_id)).jobs
    await store.admit("owner", most=1)
    await store.begin_submit(first.id, "owner")
    removal = replace(an_entry("unkind"), action=AuditAction.REMOVE, job_id=first.id)
    assert await store.remove(request_id, removal)
    assert not await store.remove(request_id, removal)
    states = [job.state for job in (await store.view(request_id)).jobs]
    assert states == [JobState.SUBMITTING, JobState.CANCELLED]
    assert books.ledger(second.id) == [("reserve", 1_000_000), ("release", 1_000_000)]
    assert len(await store.audit.entries(GUILD, limit=9)) == 1
    assert request_id in await store.requests_behind()


async def test_entries_are_newest_first_in_pages_and_by_server(store: SqliteStore) -> None:
    """Another server's are not included; a page continues where the previous one ended."""
    for number in range(5):
        await store.audit.note(an_entry(str(number)))
        await store.audit.note(an_entry("elsewhere", guild_id=OTHER_GUILD))
    first = await store.audit.entries(GUILD, limit=3)
    rest = await store.audit.entries(GUILD, before_id=first[-1].id, limit=3)
    assert [entry.detail for entry in first + rest] == ["4", "3", "2", "1", "0"]
