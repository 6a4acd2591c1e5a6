"""`doctor --ledger`: a consistent ledger, a manipulated one, and a database that cannot be read."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.domain.errors import Cost, TaskFailedError
from bot.store.store import SqliteStore
from tests.commands.support import command
from tests.support.clock import FakeClock
from tests.support.steps import LOST, Steps


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of this installation's database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    return tmp_path / "bot.db"


def doctor(monkeypatch: pytest.MonkeyPatch) -> int:
    """Run the command; returns its exit code."""
    return command(monkeypatch, "doctor", "--ledger")


async def test_consistent_ledger_is_reported_while_the_bot_is_running(
    database: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Pictures delivered, refunded, uncertain and waiting: nothing is found, and the exit code is 0."""
    async with SqliteStore(database, FakeClock(), per_user_running=9) as store:
        steps = Steps(store)
        await steps.delivered()
        await store.failed((await steps.running()).id, TaskFailedError("no"), Cost.NOTHING)
        await store.uncertain((await steps.submitting()).id, LOST)
        await steps.queued()
        assert doctor(monkeypatch) == 0
    assert capsys.readouterr().out == "The ledger closes: every job and every total is in order.\n"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DELETE FROM ledger WHERE kind = 'charge'", ["Job 1 (delivered): it has no charge.", "spent_microcredits"]),
        ("DELETE FROM job_events WHERE event = 'submitting'", ["Job 1 (delivered): it is charged but was never"]),
        ("UPDATE ledger SET user_id = 999", ["Job 1: the ledger has it under another member or server."]),
        ("UPDATE usage_daily SET delivered = 2", ["member 11, server 5, 1K: delivered is off by +1."]),
        ("UPDATE quota_use SET pictures = 0 WHERE user_id = 0", ["all members, server 5: off by -1 pictures"]),
        ("UPDATE usage_servers SET delivered = 0", ["the totals of servers are off"]),
        ("DELETE FROM usage_daily", ["requested is off by -1.", "spent_microcredits is off by -1000000."]),
    ],
)
async def test_each_fault_is_printed_with_its_job(
    change: str,
    said: list[str],
    database: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Changes made outside the bot are found, and the exit code is 1."""
    async with SqliteStore(database, FakeClock()) as store:
        await Steps(store).delivered()
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(change)
    assert doctor(monkeypatch) == 1
    printed = capsys.readouterr()
    assert [words for words in said if words not in printed.out] == []
    assert "found in the ledger" in printed.err


def test_without_a_database_there_is_one_sentence(
    database: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is created, and the exit code is 2."""
    assert doctor(monkeypatch) == 2
    assert "There is no database" in capsys.readouterr().err
    assert not database.exists()
