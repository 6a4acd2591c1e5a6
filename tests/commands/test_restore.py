"""`restore`: replace the database by a backup atomically; orders since the backup are not repeated."""

import resource
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.commands.restore import check_user
from bot.domain.errors import StartupError
from bot.ops.instance_lock import exclusive
from bot.store.backup.backup import back_up
from bot.store.backup.restore import finish, prepared, put_in_place
from bot.store.sqlite.reading import read_faults
from tests.commands.support import Command, content, damage, listed, opened, put, rows
from tests.support.steps import Steps


class Killed(BaseException):
    """Raised to end the program between two file system calls."""


async def test_replaced_database_is_kept(database: Path, run: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """Complete and private, including its WAL; its name is printed."""
    async with opened(database) as store:
        await Steps(store).queued()
        assert run("backup", "kept.db") == 0
        await Steps(store).queued()
    assert run("restore", "--yes", "kept.db") == 0
    [kept] = database.parent.glob("bot.db.before-restore-*")
    assert f"kept as {kept}" in capsys.readouterr().out
    assert kept.stat().st_mode & 0o777 == 0o600
    assert (rows(kept, "SELECT COUNT(*) FROM jobs"), rows(database, "SELECT COUNT(*) FROM jobs")) == ([(2,)], [(1,)])


async def test_kill_at_any_step_leaves_the_old_database_or_the_new(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next start finds one of the two complete: with all of the old one's last writes, or none of them."""
    async with opened(database) as store:
        await Steps(store).fetched()
        put(database.parent / "spool" / "1.png", b"a picture")
        back_up(database, tmp_path / "kept.db", force=False, with_pictures=True)
        await Steps(store).running()
        for name in ("bot.db", "bot.db-wal"):  # as a killed bot leaves the WAL
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


async def test_file_system_without_hard_links_keeps_a_copy(
    database: Path, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As complete and private as the original."""
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
    """Raise right before the n-th change of the directory; the list has that step, if it was reached."""
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


def test_refused_while_the_bot_runs(database: Path, run: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """The bot holds the lock of the data directory."""
    with exclusive(database.parent):
        assert run("restore", "--yes", "kept.db") == 2
    assert "Another bot runs" in capsys.readouterr().err


def test_root_leaves_no_files_that_the_bot_cannot_read() -> None:
    """The directory has another owner: the sentence names the user to run as. Root's own directory is accepted."""
    with pytest.raises(StartupError, match="sudo -u #4000000"):
        check_user(owner=4_000_000, me=0)
    check_user(owner=0, me=0)
    check_user(owner=1_000, me=1_000)


async def test_confirmation_is_required(database: Path, run: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal, --yes confirms."""
    async with opened(database) as store:
        await Steps(store).queued()
        assert run("backup", "kept.db") == 0
        await Steps(store).queued()
    assert run("restore", "kept.db") == 2
    assert "--yes" in capsys.readouterr().err
    assert len(rows(database, "SELECT id FROM jobs")) == 2
    assert listed(database.parent) == {"bot.db", "bot.lock"}


async def test_full_disk_changes_nothing(database: Path, run: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """The copy beside the database does not fit: one sentence, and everything is unchanged."""
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


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_no_database, "file is not a database"),
        (_another_program, "not one of this bot"),
        (_of_a_newer_version, "newer version"),
        (damage, "cannot be restored"),
        (Path.unlink, "is no file"),
    ],
)
async def test_invalid_backup_changes_nothing(
    spoil: Callable[[Path], None],
    said: str,
    database: Path,
    run: Command,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One sentence, exit code 2, and the directory unchanged."""
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


def test_failure_of_the_last_step_is_reported(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The restore is decided: the sentence says that the next start continues it."""
    database.with_name("bot.db.restored-now").touch()

    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patches:
        patches.setattr(Path, "replace", refuse)
        with pytest.raises(StartupError, match=r"could not be finished.*Read-only file system.*goes on"):
            finish(database)
    finish(database)
    assert listed(database.parent) == {"bot.db"}
