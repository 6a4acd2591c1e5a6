"""Statistics of a server with fifty thousand pictures: the answers are correct, and no table is fully scanned."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlite_utils import Database

from benchmarks.queries import QUESTIONS, full_scans, overview_of_everything
from benchmarks.seed_data import GUILD, fill
from bot.store import rollups
from bot.store.sqlite.connection import connect

JOBS = 50_000


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database filled as by the benchmark."""
    with closing(connect(tmp_path_factory.mktemp("bench") / "bench.db")) as db:
        fill(db, jobs=JOBS)
        yield db


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_query_scans_a_table(name: str, crowded: Database) -> None:
    """Each finds its rows through an index, so that an answer takes no longer after millions of pictures."""
    assert list(full_scans(crowded, QUESTIONS[name])) == []


def test_full_scan_would_be_detected(crowded: Database) -> None:
    """The check itself fails for a table without a suitable index."""
    scans = list(full_scans(crowded, lambda db: db.conn.execute("SELECT id FROM jobs WHERE size_bytes > 5").fetchall()))
    assert len(scans) == 1
    assert scans[0].startswith("SCAN jobs")


def test_totals_equal_those_of_the_jobs(crowded: Database) -> None:
    """The overview equals the counted jobs; and the consistency check of the totals finds nothing."""
    told = overview_of_everything(crowded)
    counted = crowded.conn.execute(
        "SELECT COUNT(*), COUNT(*) FILTER (WHERE state = 'delivered'), COUNT(DISTINCT user_id) FROM jobs "
        "WHERE guild_id = ?",
        (GUILD,),
    ).fetchone()
    assert (told.totals.requested, told.totals.delivered, told.members) == tuple(counted)
    assert sum(told.failures.values()) == told.totals.failed
    assert list(rollups.faults(crowded)) == []
