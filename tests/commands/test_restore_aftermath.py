"""What a restored database takes over from the time after its backup, and what it must not assume."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.domain.job import JobState
from bot.ports import Submission
from bot.store.sqlite.reading import read_faults
from tests.commands.support import Command, content, damage, everywhere, listed, moved, opened, put, rows
from tests.support.build import PICTURE, new_request
from tests.support.steps import OWNER, Steps


async def test_waiting_job_of_a_backup_is_uncertain_and_in_a_new_message(
    database: Path, run: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may have been ordered since: its member decides, the ledger says so, and the old message is not edited."""
    async with opened(database) as store:
        steps = Steps(store)
        delivered, running, waiting = await steps.delivered(), await steps.running(), await steps.queued()
        await store.note_shown(running.request_id, await steps.shown_with(running))
        assert run("backup", "kept.db") == 0
        await steps.delivered()
    assert run("restore", "--yes", "kept.db") == 0
    assert "1 of its pictures were still waiting" in capsys.readouterr().out
    assert list(read_faults(database)) == []
    async with opened(database) as store:
        assert (await store.job(waiting.id)).state is JobState.UNCERTAIN
        assert (await store.job(waiting.id)).error_code == "restored"
        assert (await store.job(running.id)).state is JobState.RUNNING
        assert await store.requests_behind() == [running.request_id, waiting.request_id]
        [left] = await store.copies(running.request_id)
        new_message = (await store.view(running.request_id)).request
        untouched = (await store.view(delivered.request_id)).request
    assert (new_message.unseen, new_message.token, left.message_id) == (True, None, 700 + running.request_id)
    assert untouched.message_id == 700 + delivered.request_id
    kinds = rows(database, "SELECT kind FROM ledger WHERE job_id = ?", waiting.id)
    assert kinds == [("reserve",), ("uncertain",)]


async def test_attachments_of_the_old_message_are_not_reused(database: Path, run: Command) -> None:
    """Of two pictures one was delivered: its attachment belongs to the old message, so it is sent again."""
    async with opened(database) as store:
        steps = Steps(store)
        view = await store.view(await store.accept(new_request(count=2)))
        first = view.jobs[0]
        await store.admit(OWNER, most=1)
        await store.begin_submit(first.id, OWNER)
        await store.submitted(first.id, OWNER, Submission(task_id="t"), None)
        await store.fetched(first.id, f"{first.id}.png", PICTURE)
        await store.note_shown(view.request.id, await steps.shown_with(first))
        assert run("backup", "kept.db") == 0
    assert run("restore", "--yes", "kept.db") == 0
    async with opened(database) as store:
        shown = await store.job(first.id)
    assert (shown.state, shown.attachment_id, shown.picture_file) == (JobState.DELIVERED, None, "1.png")


async def test_no_number_is_reused(database: Path, run: Command) -> None:
    """Numbers are in messages, buttons and file names: those of the lost orders are skipped."""
    async with opened(database) as store:
        await Steps(store).queued()
        assert run("backup", "kept.db") == 0
        lost = [await Steps(store).queued() for _ in range(3)]
    assert run("restore", "--yes", "kept.db") == 0
    async with opened(database) as store:
        assert (await Steps(store).queued()).id == lost[-1].id + 1


async def test_numbers_leave_a_gap_if_the_last_one_is_unknown(database: Path, run: Command) -> None:
    """The current database is corrupt: far more numbers are skipped than can have been used."""
    async with opened(database) as store:
        await Steps(store).queued()
    assert run("backup", "kept.db") == 0
    put(database, b"no database any more" * 1_000)
    put(database.parent / "spool" / "77.png", b"a picture")
    assert run("restore", "--yes", "kept.db") == 0
    async with opened(database) as store:
        assert (await Steps(store).queued()).id > 100_000 + 77


async def test_deletions_since_the_backup_stay_deleted(database: Path, run: Command) -> None:
    """As far as the current database can be read; their unfinished jobs ask no member anything."""
    async with opened(database) as store:
        steps = Steps(store)
        removed, forgotten, waiting = await steps.delivered(), await steps.delivered(), await steps.queued()
        assert run("backup", "kept.db") == 0
        assert await store.delete(removed.request_id, removed.user_id)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE requests SET wiped = 'wish', prompt = '' WHERE id = ?", (forgotten.request_id,))
        connection.execute("UPDATE requests SET deleted_at = 1 WHERE id = ?", (waiting.request_id,))
    assert run("restore", "--yes", "kept.db") == 0
    assert list(read_faults(database)) == []
    async with opened(database) as store:
        assert (await store.view(removed.request_id)).request.deleted_at is not None
        assert (await store.view(forgotten.request_id)).request.spec.prompt == ""
        assert (await store.job(waiting.id)).state is JobState.CANCELLED
    kinds = rows(database, "SELECT kind FROM ledger WHERE job_id = ?", waiting.id)
    assert kinds == [("reserve",), ("uncertain",)]


async def test_corrupt_database_is_replaced_too(database: Path, run: Command) -> None:
    """A page of its requests is corrupt: nothing is taken over, and the file is kept."""
    async with opened(database) as store:
        await Steps(store).delivered()
        assert run("backup", "kept.db") == 0
    damage(database, "requests")
    broken = content(database)
    assert run("restore", "--yes", "kept.db") == 0
    assert list(read_faults(database)) == []
    [kept] = database.parent.glob("bot.db.before-restore-*")
    assert content(kept) == broken
    async with opened(database) as store:
        assert (await Steps(store).queued()).id > 100_000


async def test_pictures_in_the_backup_are_restored(database: Path, run: Command) -> None:
    """Not posted yet, and the disk is lost: the file is there again, private; an existing one is unchanged."""
    spool = database.parent / "spool"
    async with opened(database) as store:
        for _ in range(2):
            await store.ready((await Steps(store).fetched()).id, "nowhere to post it")
        await Steps(store).delivered()
        for number in (1, 2, 3):
            put(spool / f"{number}.png", b"as it was")
        assert run("backup", "--with-pictures", "kept.db") == 0
    shutil.rmtree(spool)
    put(spool / "2.png", b"as it is")
    assert run("restore", "--yes", "kept.db") == 0
    assert listed(spool) == {"1.png", "2.png"}
    assert (content(spool / "1.png"), content(spool / "2.png")) == (b"as it was", b"as it is")
    assert (spool / "1.png").stat().st_mode & 0o777 == 0o600
    assert rows(database, "SELECT name FROM sqlite_schema WHERE name = 'backup_files'") == []
    assert b"as it was" not in content(database)


async def test_file_names_in_a_backup_cannot_escape(database: Path, run: Command, tmp_path: Path) -> None:
    """For any backup, files go only to their two directories."""
    async with opened(database) as store:
        await Steps(store).queued()
        assert run("backup", "--with-pictures", "kept.db") == 0
    with closing(sqlite3.connect(tmp_path / "kept.db")) as backup, backup:
        names = [("spool", "../../evil"), ("spool", "/tmp/evil"), ("..", "evil"), ("spool", "1.png")]  # noqa: S108
        backup.executemany("INSERT INTO backup_files VALUES (?, ?, x'00')", names)
    assert run("restore", "--yes", "kept.db") == 0
    assert "evil" not in everywhere(tmp_path)
    assert listed(database.parent / "spool") == {"1.png"}


async def test_moved_bot_continues_normally(database: Path, run: Command, tmp_path: Path) -> None:
    """With --not-run-since waiting jobs are ordered; it is refused if the current database contradicts it."""
    async with opened(database) as store:
        waiting = await Steps(store).queued()
    assert run("backup", "kept.db") == 0
    moved(database, tmp_path / "old.db")
    assert run("restore", "--yes", "--not-run-since", "kept.db") == 0
    async with opened(database) as store:
        assert (await store.job(waiting.id)).state is JobState.QUEUED
        assert (await Steps(store).queued()).id == waiting.id + 1
    assert run("restore", "--yes", "--not-run-since", "kept.db") == 2
    assert len(rows(database, "SELECT id FROM jobs")) == 2


async def test_pictures_of_another_installation_are_moved_aside(database: Path, run: Command) -> None:
    """A new bot has used the directory: its picture no. 1 must not be taken for the backup's."""
    async with opened(database) as store:
        await Steps(store).running()
    assert run("backup", "kept.db") == 0
    moved(database, database.with_name("old.db"))
    async with opened(database) as store:
        await Steps(store).fetched()
    put(database.parent / "spool" / "1.png", b"somebody else's")
    assert run("restore", "--yes", "kept.db") == 0
    [kept] = database.parent.glob("spool.before-restore-*")
    assert not (database.parent / "spool").exists()
    assert listed(kept) == {"1.png"}


async def test_older_backup_is_migrated(database: Path, run: Command, tmp_path: Path) -> None:
    """It is restored with the current schema, so that its waiting jobs can be made uncertain."""
    async with opened(database) as store:
        waiting = await store.accept(new_request())
    with closing(sqlite3.connect(database)) as old, old:
        old.execute("DROP TABLE usage_last_days")
        old.execute("DELETE FROM usage_members WHERE span = 'all'")
        old.execute("DELETE FROM _sqlite_migrations WHERE name = '0016_members'")
    moved(database, tmp_path / "kept.db")
    assert run("restore", "--yes", "kept.db") == 0
    async with opened(database) as store:
        assert [job.state for job in (await store.view(waiting)).jobs] == [JobState.UNCERTAIN]
    assert list(read_faults(database)) == []
