"""`backup`: one consistent, private, verified file, made while the bot writes; on failure one sentence and no file."""

import asyncio
import os
import resource
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.store.backup.backup import back_up
from bot.store.sqlite.reading import read_faults
from bot.store.store import SqliteStore
from tests.commands.support import command
from tests.support.clock import FakeClock
from tests.support.database import fresh_database
from tests.support.steps import Steps


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """DATA_DIR of this installation; backups go beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def here() -> list[str]:
    """The files in the working directory."""
    return sorted(file.name for file in Path.cwd().iterdir())


def mode_of(name: str) -> int:
    """A file's permission bits."""
    return stat.S_IMODE(Path(name).stat().st_mode)


async def test_backup_is_one_private_file_and_its_content_is_printed(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Readable by this user only for any umask, and by SQLite without a second file."""
    before = os.umask(0)
    try:
        async with SqliteStore(fresh_database(data_dir / "bot.db"), FakeClock(), per_user_running=9) as store:
            await Steps(store).delivered()
            await Steps(store).fetched()
            assert command(monkeypatch, "backup", "kept.db") == 0
    finally:
        os.umask(before)
    said = capsys.readouterr().out
    assert "2 pictures asked for" in said
    assert "2 credits spent" in said
    assert "1 picture not posted yet, only in" in said
    assert mode_of("kept.db") == 0o600
    assert here() == ["data", "kept.db"]
    assert list(read_faults(Path("kept.db"))) == []


async def test_backup_is_a_snapshot_while_the_bot_goes_on_writing(data_dir: Path, tmp_path: Path) -> None:
    """Each copy's ledger is consistent, and no write waits for the copying."""
    limits: dict[str, Any] = dict.fromkeys(("per_user_running", "per_user_pending", "max_running"), 1_000_000)
    async with SqliteStore(fresh_database(data_dir / "bot.db"), FakeClock(), **limits) as store:
        steps, copies = Steps(store), []
        await steps.delivered()
        for number in range(3):
            copying = asyncio.create_task(
                asyncio.to_thread(back_up, data_dir / "bot.db", tmp_path / f"{number}.db", force=False)
            )
            while not copying.done():
                await steps.running()
            copies.append(await copying)
            await steps.running()  # on a busy machine there may have been none meanwhile
    assert [list(read_faults(tmp_path / f"{number}.db")) for number in range(3)] == [[]] * 3
    assert copies[0].jobs < copies[1].jobs < copies[2].jobs


def test_existing_file_is_replaced_only_with_force(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may be a backup, too; the database itself is never overwritten."""
    fresh_database(data_dir / "bot.db")
    (tmp_path / "kept.db").write_text("last night's")
    assert command(monkeypatch, "backup", "kept.db") == 2
    assert "--force" in capsys.readouterr().err
    assert (tmp_path / "kept.db").read_text() == "last night's"
    assert command(monkeypatch, "backup", "--force", "kept.db") == 0
    assert command(monkeypatch, "backup", "--force", "data/bot.db") == 2
    assert "the database itself" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("target", "said"),
    [("data", "is a folder"), ("nowhere/kept.db", "does not exist"), ("k" * 250, "cannot be written")],
)
def test_unwritable_target_is_named(
    target: str,
    said: str,
    data_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One sentence and exit code 2."""
    fresh_database(data_dir / "bot.db")
    assert command(monkeypatch, "backup", target) == 2
    assert said in capsys.readouterr().err


def test_full_disk_leaves_no_partial_backup(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """SQLite cannot write any further: one sentence, and the directory is unchanged."""
    fresh_database(data_dir / "bot.db")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, hard))
    try:
        assert command(monkeypatch, "backup", "kept.db") == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "cannot be made" in capsys.readouterr().err
    assert here() == ["data"]


async def test_corrupt_database_makes_no_backup(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise the corrupt pages would only be found when the backup is needed."""
    async with SqliteStore(fresh_database(data_dir / "bot.db"), FakeClock(), per_user_running=99) as store:
        for _ in range(5):
            await Steps(store).delivered()
    with closing(sqlite3.connect(data_dir / "bot.db")) as connection:
        [(page,)] = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'job_events'").fetchall()
    with (data_dir / "bot.db").open("r+b") as file:
        file.seek(4096 * (page - 1))
        file.write(b"\xff" * 4096)
    assert command(monkeypatch, "backup", "kept.db") == 2
    assert "is damaged" in capsys.readouterr().err
    assert here() == ["data"]


def test_without_a_database_there_is_nothing_to_back_up(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No file is created by trying."""
    assert command(monkeypatch, "backup", "kept.db") == 2
    assert "There is no database" in capsys.readouterr().err
    assert not list(data_dir.iterdir())
    assert not Path("kept.db").exists()
