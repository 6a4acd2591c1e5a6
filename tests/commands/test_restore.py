"""`restore`: a backup in the database's place, whole at any instant; what may have happened since is not repeated."""

import resource
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import entry
from bot.commands.restore import check_user
from bot.domain.errors import StartupError
from bot.domain.job import JobState
from bot.lock import exclusive
from bot.ports import Submission
from bot.store.sqlite import SqliteStore
from bot.store.sqlite.backup import back_up
from bot.store.sqlite.reading import read_faults
from bot.store.sqlite.restoring import finish, prepared, put_in_place
from tests.support.build import PICTURE, new_request
from tests.support.clock import FakeClock
from tests.support.database import fresh_database
from tests.support.steps import OWNER, Steps

Command = Callable[..., int]


class Killed(BaseException):
    """What ends the program between two steps of the file system."""


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The database of this installation; backups go beside its folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    return tmp_path / "data" / "bot.db"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs a command and returns its exit code."""

    def command(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["bot", *words])
        try:
            entry()
        except SystemExit as end:
            return int(end.code or 0)
        return 0

    return command


def opened(database: Path) -> SqliteStore:
    """The database as the bot opens it."""
    return SqliteStore(fresh_database(database), FakeClock(), per_user_running=50, per_user_pending=50)


def rows(database: Path, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Rows, read past the store."""
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(sql, parameters).fetchall()


def put(path: Path, content: bytes) -> None:
    """Have a file of this content, and its folder."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def content(path: Path) -> bytes:
    """What a file holds."""
    return path.read_bytes()


def moved(path: Path, to: Path) -> None:
    """Have a file elsewhere."""
    path.replace(to)


def listed(folder: Path) -> set[str]:
    """The names of the files in a folder."""
    return {path.name for path in folder.iterdir()}


def everywhere(folder: Path) -> set[str]:
    """The names of all files in a folder and those in it."""
    return {path.name for path in folder.rglob("*")}


async def test_what_waits_in_a_backup_is_uncertain_and_in_a_new_message(
    database: Path, run: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may have been ordered since: its member decides, the ledger says so, and the old message is left alone."""
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


async def test_pictures_of_the_old_message_are_not_taken_for_the_new_ones(database: Path, run: Command) -> None:
    """Of two pictures one was delivered: its attachment belongs to the old message, so it has to be sent anew."""
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


async def test_no_number_is_given_out_twice(database: Path, run: Command) -> None:
    """Numbers stand in messages, buttons and names of files: those that the lost orders had are not given out again."""
    async with opened(database) as store:
        await Steps(store).queued()
        assert run("backup", "kept.db") == 0
        lost = [await Steps(store).queued() for _ in range(3)]
    assert run("restore", "--yes", "kept.db") == 0
    async with opened(database) as store:
        assert (await Steps(store).queued()).id == lost[-1].id + 1


async def test_numbers_leave_a_gap_where_nobody_knows_the_last(database: Path, run: Command) -> None:
    """The present database is broken: far more numbers are left out than may have been given."""
    async with opened(database) as store:
        await Steps(store).queued()
    assert run("backup", "kept.db") == 0
    put(database, b"no database any more" * 1_000)
    put(database.parent / "spool" / "77.png", b"a picture")
    assert run("restore", "--yes", "kept.db") == 0
    async with opened(database) as store:
        assert (await Steps(store).queued()).id > 100_000 + 77


async def test_what_members_deleted_since_stays_deleted(database: Path, run: Command) -> None:
    """As far as the present database can be read; what was under way of it asks nobody anything."""
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


async def test_a_damaged_database_is_replaced_all_the_same(database: Path, run: Command) -> None:
    """A page of its requests is broken: it knows nothing, and is kept as it is."""
    async with opened(database) as store:
        await Steps(store).delivered()
        assert run("backup", "kept.db") == 0
    _damaged(database, "requests")
    broken = content(database)
    assert run("restore", "--yes", "kept.db") == 0
    assert list(read_faults(database)) == []
    [kept] = database.parent.glob("bot.db.before-restore-*")
    assert content(kept) == broken
    async with opened(database) as store:
        assert (await Steps(store).queued()).id > 100_000


async def test_enclosed_pictures_come_back(database: Path, run: Command) -> None:
    """Not posted yet, and the disk is lost: the file is there again, private; one that is there stays as it is."""
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


async def test_enclosed_names_lead_nowhere_else(database: Path, run: Command, tmp_path: Path) -> None:
    """Whoever made the backup, its files go to their two folders or nowhere."""
    async with opened(database) as store:
        await Steps(store).queued()
        assert run("backup", "--with-pictures", "kept.db") == 0
    with closing(sqlite3.connect(tmp_path / "kept.db")) as backup, backup:
        names = [("spool", "../../evil"), ("spool", "/tmp/evil"), ("..", "evil"), ("spool", "1.png")]  # noqa: S108
        backup.executemany("INSERT INTO backup_files VALUES (?, ?, x'00')", names)
    assert run("restore", "--yes", "kept.db") == 0
    assert "evil" not in everywhere(tmp_path)
    assert listed(database.parent / "spool") == {"1.png"}


async def test_a_bot_that_only_moved_goes_on_as_ever(database: Path, run: Command, tmp_path: Path) -> None:
    """With --not-run-since what waits is ordered; it is refused where the present database knows better."""
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
    """A new bot has used the folder: its picture no. 1 must not be taken for the backup's."""
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


async def test_the_database_before_is_kept(database: Path, run: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """Whole and private, with what its log held; its name is told."""
    async with opened(database) as store:
        await Steps(store).queued()
        assert run("backup", "kept.db") == 0
        await Steps(store).queued()
    assert run("restore", "--yes", "kept.db") == 0
    [kept] = database.parent.glob("bot.db.before-restore-*")
    assert f"kept as {kept}" in capsys.readouterr().out
    assert kept.stat().st_mode & 0o777 == 0o600
    assert (rows(kept, "SELECT COUNT(*) FROM jobs"), rows(database, "SELECT COUNT(*) FROM jobs")) == ([(2,)], [(1,)])


async def test_killed_at_any_step_it_leaves_the_old_database_or_the_new(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next start finds one of the two whole: with all of the old one's last writes, or none of them."""
    async with opened(database) as store:
        await Steps(store).fetched()
        put(database.parent / "spool" / "1.png", b"a picture")
        back_up(database, tmp_path / "kept.db", force=False, with_pictures=True)
        await Steps(store).running()
        for name in ("bot.db", "bot.db-wal"):  # as a killed bot leaves them
            (tmp_path / name).write_bytes((database.parent / name).read_bytes())
    outcomes = []
    for step in range(1, 100):
        shutil.rmtree(database.parent)
        database.parent.mkdir()
        for name in ("bot.db", "bot.db-wal"):
            (database.parent / name).write_bytes((tmp_path / name).read_bytes())
        with monkeypatch.context() as patches:
            killed = _kill_at(step, patches)
            try:
                with prepared(tmp_path / "kept.db", database) as restoration:
                    put_in_place(restoration, stamp="now", not_run_since=False, now_ms=0)
            except Killed:
                pass
        async with opened(database):
            outcomes.append(len(rows(database, "SELECT id FROM jobs")))
        assert (database.parent / "spool" / "1.png").exists() == (outcomes[-1] == 1)
        assert list(read_faults(database)) == []
        if not killed:
            break
    assert outcomes == sorted(outcomes, reverse=True)
    assert set(outcomes) == {1, 2}


async def test_a_disk_that_knows_no_second_names_keeps_a_copy(
    database: Path, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As whole and as private as what it is a copy of."""
    async with opened(database) as store:
        await Steps(store).queued()
        assert run("backup", "kept.db") == 0
        await Steps(store).queued()

    def refuse(*_: object) -> None:
        raise PermissionError("no second names on this disk")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    before = content(database)
    assert run("restore", "--yes", "kept.db") == 0
    [kept] = database.parent.glob("bot.db.before-restore-*")
    assert content(kept) == before
    assert kept.stat().st_mode & 0o777 == 0o600


def _kill_at(step: int, patches: pytest.MonkeyPatch) -> list[str]:
    """Let the program end right before its so-manieth change of the folder; the list has that step, if it came."""
    taken: list[str] = []
    killed: list[str] = []

    def counting(name: str) -> None:
        real = getattr(Path, name)

        def counted(path: Path, *words: Any, **more: Any) -> Any:
            taken.append(name)
            if len(taken) >= step:
                killed.append(name)
                raise Killed
            return real(path, *words, **more)

        patches.setattr(Path, name, counted)

    for name in ("replace", "unlink", "rename", "hardlink_to"):
        counting(name)
    return killed


def test_it_is_refused_while_the_bot_runs(database: Path, run: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """The lock of the data directory is the bot's."""
    with exclusive(database.parent):
        assert run("restore", "--yes", "kept.db") == 2
    assert "Another bot runs" in capsys.readouterr().err


def test_a_superuser_leaves_no_files_that_the_bot_cannot_read() -> None:
    """The folder is another user's: the sentence names whom to be. Their own folder is nobody else's business."""
    with pytest.raises(StartupError, match="sudo -u #4000000"):
        check_user(owner=4_000_000, me=0)
    check_user(owner=0, me=0)
    check_user(owner=1_000, me=1_000)


async def test_nothing_happens_unasked(database: Path, run: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nobody can answer the question, --yes is the answer."""
    async with opened(database) as store:
        await Steps(store).queued()
        assert run("backup", "kept.db") == 0
        await Steps(store).queued()
    assert run("restore", "kept.db") == 2
    assert "--yes" in capsys.readouterr().err
    assert len(rows(database, "SELECT id FROM jobs")) == 2
    assert listed(database.parent) == {"bot.db", "bot.lock"}


async def test_a_disk_without_room_changes_nothing(
    database: Path, run: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """The copy beside the database does not fit: one sentence, and everything stands as it did."""
    async with opened(database) as store:
        await Steps(store).delivered()
        assert run("backup", "kept.db") == 0
    before = content(database)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, hard))
    try:
        assert run("restore", "--yes", "kept.db") == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "Nothing has changed" in capsys.readouterr().err
    assert content(database) == before
    assert listed(database.parent) == {"bot.db", "bot.lock"}


def _no_database(path: Path) -> None:
    path.write_bytes(b"these are not the pages you are looking for" * 200)


def _another_program(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")


def _of_a_newer_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('imagine_bot', '9999_x', '')"
        )


def _damaged(path: Path, part: str = "jobs_state") -> None:
    [(page,)] = rows(path, "SELECT rootpage FROM sqlite_schema WHERE name = ?", part)
    with path.open("r+b") as file:
        file.seek(4096 * (page - 1))
        file.write(b"\xff" * 4096)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_no_database, "file is not a database"),
        (_another_program, "not one of this bot"),
        (_of_a_newer_version, "newer version"),
        (_damaged, "cannot be restored"),
        (Path.unlink, "is no file"),
    ],
)
async def test_a_file_that_is_no_good_backup_changes_nothing(
    spoil: Callable[[Path], None],
    said: str,
    database: Path,
    run: Command,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One sentence, exit code 2, and the folder as it was."""
    async with opened(database) as store:
        await Steps(store).delivered()
    if spoil in {_no_database, _another_program}:
        (tmp_path / "kept.db").touch()
    else:
        assert run("backup", "kept.db") == 0
    before = content(database)
    spoil(tmp_path / "kept.db")
    assert run("restore", "--yes", "kept.db") == 2
    assert said in capsys.readouterr().err
    assert content(database) == before
    assert listed(database.parent) == {"bot.db", "bot.lock"}


async def test_an_older_backup_is_brought_up_to_date(database: Path, run: Command, tmp_path: Path) -> None:
    """It is restored with the tables of this version, so that what waits in it can be made safe."""
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


def test_a_disk_that_refuses_the_last_step_is_named(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The decision stands: the sentence says that the next start goes on from it."""
    database.with_name("bot.db.restored-now").touch()

    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patches:
        patches.setattr(Path, "replace", refuse)
        with pytest.raises(StartupError, match=r"could not be finished.*Read-only file system.*goes on"):
            finish(database)
    finish(database)
    assert listed(database.parent) == {"bot.db"}
