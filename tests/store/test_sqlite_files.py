"""The database file: its permissions, migrations, start-up errors, and queries without full scans."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.domain.errors import BotError, StartupError
from bot.store import fair_queue, jobs, lists, metrics, quotas
from bot.store.migrations import migrate, migrations, unusable
from bot.store.sqlite.connection import connect, ensure_data_dir
from bot.store.store import SqliteStore
from tests.support.build import new_request
from tests.support.clock import FakeClock


async def start(path: Path) -> None:
    """Open and close a store."""
    async with SqliteStore(path, FakeClock()):
        pass


def open_files(path: Path) -> list[str]:
    """The file descriptors of this process on a database: the file, its WAL, its shared-memory index."""
    links = (str(fd.resolve()) for fd in Path("/proc/self/fd").iterdir())
    return [link for link in links if link.startswith(str(path))]


def schema(database: Database) -> list[tuple[str, str]]:
    """The full schema of a database."""
    rows = database.conn.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
    return [(row[0], row[1]) for row in rows]


def modes_in(folder: Path) -> dict[str, int]:
    """The permission bits of each file."""
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


async def test_file_is_readable_only_by_its_owner(tmp_path: Path) -> None:
    """It has interaction tokens and prompts; true for any umask, WAL files included."""
    path = tmp_path / "bot.db"
    before = os.umask(0)
    try:
        async with SqliteStore(path, FakeClock()) as store:
            await store.accept(new_request())
            modes = modes_in(tmp_path)
    finally:
        os.umask(before)
    assert set(modes) >= {"bot.db", "bot.db-wal"}
    assert set(modes.values()) == {0o600}


async def test_step_by_step_migration_gives_the_fresh_schema(tmp_path: Path) -> None:
    """A migrated old database has the schema of a new one; a second start changes nothing."""
    await start(tmp_path / "fresh.db")
    with closing(connect(tmp_path / "fresh.db")) as fresh, closing(connect(tmp_path / "old.db")) as old:
        names = [migration.name for migration in migrations.applied(fresh)]
        for name in names:
            migrations.apply(old, stop_before=name)
        migrations.apply(old)
        assert schema(old) == schema(fresh)
        assert migrate(fresh, "fresh.db", size_bytes=0) == []
    await start(tmp_path / "fresh.db")


async def test_newer_database_is_refused_and_not_modified(tmp_path: Path) -> None:
    """A database of a later version is named, with what to do; nothing in it is changed."""
    path = tmp_path / "bot.db"
    await start(path)
    with closing(connect(path)) as database:
        database.conn.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('imagine_bot', '9999_future', '')"
        )
        before = schema(database)
    with pytest.raises(StartupError, match=r"newer version of this bot \(9999_future\)"):
        await start(path)
    with closing(connect(path)) as database:
        assert schema(database) == before


GARBAGE = [b"this is no database at all, but quite long" * 200, b"SQLite format 3\x00" + b"\xff" * 5_000]


@pytest.mark.parametrize("content", GARBAGE, ids=["text", "damaged header"])
async def test_garbage_is_refused_in_one_sentence(content: bytes, tmp_path: Path) -> None:
    """A file that is not a database ends the start with its name and what to do; it is not overwritten."""
    path = tmp_path / "bot.db"
    path.write_bytes(content)
    with pytest.raises(StartupError) as caught:
        await start(path)
    assert str(path) in str(caught.value)
    assert "Restore it from a backup" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == content


async def test_corrupt_database_is_refused_at_the_start(tmp_path: Path) -> None:
    """Corrupt pages are found before the first member is affected."""
    path = tmp_path / "bot.db"
    async with SqliteStore(path, FakeClock(), per_user_pending=9_999) as store:
        for _ in range(30):
            await store.accept(new_request(prompt="x" * 3_000))
    with path.open("r+b") as file:
        file.seek(4_096 * 8)
        file.write(b"\xa5" * 4_096 * 12)
    with pytest.raises(StartupError, match="cannot be used"):
        await start(path)


@pytest.mark.parametrize("content", [*GARBAGE, b""], ids=["text", "damaged header", "other tables"])
async def test_refused_database_is_closed(content: bytes, tmp_path: Path) -> None:
    """Whether its settings or its migrations fail, no connection is left open (a ResourceWarning since Python 3.13)."""
    path = tmp_path / "bot.db"
    path.write_bytes(content)
    if not content:
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE jobs (id INTEGER)").close()
    with pytest.raises(StartupError) as caught:
        await start(path)
    assert open_files(path) == [], caught.value


async def test_directory_instead_of_the_file_is_refused(tmp_path: Path) -> None:
    """A file that can't be opened is reported in one sentence, too."""
    (tmp_path / "bot.db").mkdir()
    with pytest.raises(StartupError, match="cannot be used"):
        await start(tmp_path / "bot.db")


def test_data_directory_is_made_private(tmp_path: Path) -> None:
    """It is created with its parents; creating it again is no error."""
    for _ in range(2):
        ensure_data_dir(tmp_path / "a" / "data")
    assert stat.S_IMODE((tmp_path / "a" / "data").stat().st_mode) == 0o700
    assert list((tmp_path / "a" / "data").iterdir()) == []


def test_file_instead_of_the_data_directory_is_refused(tmp_path: Path) -> None:
    """The sentence names DATA_DIR."""
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(StartupError, match=r"DATA_DIR .* cannot be written"):
        ensure_data_dir(tmp_path / "data")


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database with 10,000 jobs, nearly all of them delivered; ANALYZE is not run, as in the bot."""
    with closing(connect(tmp_path_factory.mktemp("crowded") / "bot.db")) as database:
        migrate(database, "bot.db", size_bytes=0)
        fill(database)
        yield database


def fill(database: Database) -> None:
    """One request a job; every hundredth is waiting."""
    database.conn.execute("BEGIN")
    for number in range(1, 10_001):
        database.conn.execute(
            "INSERT INTO requests (id, kind, interaction_id, application_id, user_id, channel_id, locale, prompt, "
            "size, resolution, google_search, google_image_search, private, upload_limit_bytes, shown_version, "
            "created_at) "
            "VALUES (?, 'imagine', ?, 1, ?, 1, 'en', 'p', '1:1', '1K', 0, 0, 0, 1, 1, 0)",
            (number, number, number % 500),
        )
        database.conn.execute(
            "INSERT INTO jobs (request_id, position, user_id, resolution, state, price_microcredits, created_at) "
            "VALUES (?, 0, ?, '1K', ?, 1, 0)",
            (number, number % 500, "delivered" if number % 100 else "queued"),
        )
    database.conn.execute("COMMIT")


def members_quota(database: Database) -> object:
    """Give a server a quota, and query a member's remaining quota."""
    database.conn.execute("INSERT INTO quotas (guild_id, role_id, what, amount) VALUES (1, 0, 'pictures_day', 5)")
    return quotas.standing(database, 1, 1, (2, 3), 10**12)


def place_of_one(database: Database) -> object:
    """Build the queue, and look up the position of one waiting job."""
    fair_queue.draw_up(database)
    return fair_queue.place(database, jobs.get(database, 100))


READS: dict[str, Callable[[Database], object]] = {
    "admit": lambda db: fair_queue.admit(db, owner="o", per_user=2, at_once=100, most=20, now_ms=0),
    "a place": place_of_one,
    "next moment": lambda db: fair_queue.next_not_before(db, after_ms=0),
    "a member's queue": lambda db: lists.unfinished(db, 1),
    "a member's quota": members_quota,
    "the installation's figures": metrics.figures,
    "a member's gallery": lambda db: lists.gallery(db, 1, words="bird", first=0, most=10),
}


def plan(database: Database, sql: str) -> list[str]:
    """SQLite's query plan for a statement, with every parameter empty."""
    names = {word.strip("(),") for word in sql.replace(":", " :").split() if word.startswith(":")}
    parameters = {name.lstrip(":"): 0 for name in names}
    return [str(row["detail"]) for row in database.conn.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)]


@pytest.mark.parametrize("name", READS)
def test_frequent_queries_never_scan_all_jobs(name: str, crowded: Database) -> None:
    """However long the history, only indexes that select the few relevant rows are read."""
    statements: list[str] = []
    crowded.conn.execute("BEGIN")
    crowded.conn.set_trace_callback(statements.append)
    try:
        READS[name](crowded)
        crowded.conn.set_trace_callback(None)
        reads = [sql for sql in statements if sql.lstrip().startswith(("SELECT", "WITH", "UPDATE", "INSERT INTO temp"))]
        scans = [step for sql in reads for step in plan(crowded, sql) if full_scan(step)]
    finally:
        crowded.conn.set_trace_callback(None)
        crowded.conn.execute("ROLLBACK")
    assert statements
    assert scans == []


def test_outdated_messages_are_found_by_their_own_index(crowded: Database) -> None:
    """Queried at every start: the partial index has only those rows."""
    steps = plan(crowded, "SELECT id FROM requests WHERE shown_version < version ORDER BY id")
    assert not any(full_scan(step) for step in steps)


def full_scan(step: str) -> bool:
    """Whether a step of a plan reads a whole table of jobs or requests."""
    return step.startswith(("SCAN jobs", "SCAN requests", "SCAN waiting")) and "INDEX" not in step


def test_locked_database_is_reported_as_locked(tmp_path: Path) -> None:
    """The start says that another program holds the file, which needs another fix than corruption."""
    path = tmp_path / "bot.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        late = Database(sqlite3.connect(path, timeout=0))
        with closing(late), pytest.raises(StartupError, match="is locked by another program"):
            migrate(late, str(path), size_bytes=0)


@pytest.mark.parametrize("reason", ["attempt to write a readonly database", "[Errno 13] Permission denied: 'bot.db'"])
def test_read_only_database_needs_no_backup(reason: str) -> None:
    """It is intact: the sentence asks for write access, not for another file."""
    told = unusable("bot.db", reason)
    assert "Give this user write access" in told
    assert "backup" not in told


async def test_full_disk_is_not_reported_as_corruption(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite uses one error for both; free space helps, not a backup, and a supervisor may retry."""
    path = tmp_path / "bot.db"
    path.write_bytes(b"SQLite format 3\x00 and then nothing that could be read")
    with pytest.raises(StartupError, match="Restore it from a backup"):
        await start(path)
    monkeypatch.setattr("bot.store.store.has_room", lambda _: False)
    with pytest.raises(BotError, match="Free some space") as caught:
        await start(path)
    assert not isinstance(caught.value, StartupError)
