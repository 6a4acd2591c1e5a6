"""`usage` in a terminal: what was made, its computed cost, and the provider's reported cost."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.commands.usage import usage
from bot.ports import Submission
from bot.store.store import SqliteStore
from tests.support.clock import FakeClock
from tests.support.steps import OWNER, Steps


async def test_reported_cost_is_shown_beside_the_computed_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the difference; only pictures with a reported cost are compared."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    async with SqliteStore(tmp_path / "bot.db", FakeClock(), per_user_running=9) as store:
        steps = Steps(store)
        await steps.delivered()
        silent = CliRunner().invoke(usage).output
        job = await steps.submitting(price_microcredits=1_333_333)
        await store.submitted(job.id, OWNER, Submission(task_id="t", reported_cost=1.5), None)
    told = CliRunner().invoke(usage).output
    assert "the provider reports" not in silent
    assert "1.50 credits reported, 1.33 computed, difference +0.17" in told
    assert [line.split()[:3] for line in told.splitlines() if line.startswith("total")] == [["total", "2", "1"]] * 3
    written = CliRunner().invoke(usage, ["--csv", "usage.csv"]).output
    assert "1 rows written" in written
    assert "2.333333" in content(tmp_path / "usage.csv")


def content(path: Path) -> str:
    """The content of a file."""
    return path.read_text(encoding="utf-8")
