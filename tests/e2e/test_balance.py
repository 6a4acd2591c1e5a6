"""An empty balance pauses the queue, notifies the owner once, and is lifted automatically."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from sandbox.apimaster import Fault
from tests.e2e.harness import Harness


@pytest.mark.parametrize("status", [402, 403])
async def test_empty_balance_pauses_and_resumes_automatically(harness: Harness, status: int) -> None:
    """The card says in plain words that nothing is lost; after topping up, every picture arrives."""
    harness.knobs.latency_s = 0.2
    harness.apimaster.script(*[Fault.balance(status)] * 3)
    for number in range(3):
        await harness.imagine(f"waiting {number}")
    for number in range(3):
        text = (await harness.shows(f"waiting {number}", "balance is empty")).text()
        assert "nothing is lost" in text
        assert "keeps its place" in text
    for number in range(3):
        message = await harness.picture(f"waiting {number}")
        assert message.edits <= 3
    errors = harness.rows(
        "SELECT job_id, user_id, guild_id, http_status, code, message, request_id FROM balance_errors"
    )
    assert errors
    job_id, user_id, guild_id, http_status, code, text, request_id = errors[0]
    assert (str(user_id), str(guild_id)) == (harness.world.user("alice").id, harness.world.guild.id)
    assert (job_id in {1, 2, 3}, http_status) == (True, status)
    assert code
    assert text
    assert request_id
    assert harness.rows("SELECT kind, COUNT(*) FROM ledger GROUP BY kind ORDER BY kind") == [
        ("charge", 3),
        ("reserve", 3),
    ]


async def test_owner_is_notified_once_when_the_gate_closes_and_once_when_it_opens(harness: Harness) -> None:
    """However many pictures are refused, the owner gets two messages."""
    harness.apimaster.set_balance(0)
    for number in range(4):
        await harness.imagine(f"broke {number}")
    await harness.driver.wait_message(lambda m: "empty balance" in m.text(), viewer="mod", channel="dm")
    await harness.until(lambda: len(harness.rows("SELECT 1 FROM balance_errors")) >= 3)
    harness.apimaster.set_balance(100)
    for number in range(4):
        await harness.picture(f"broke {number}")
    await harness.driver.wait_message(lambda m: "sufficient again" in m.text(), viewer="mod", channel="dm")
    assert len(harness.driver.messages("mod", "dm")) == 2


async def test_probes_back_off_and_use_the_first_waiting_picture(harness: Harness) -> None:
    """While the balance is empty, one picture is tried at a time, at growing intervals."""
    harness.apimaster.set_balance(0)
    await harness.imagine("first in line")
    await harness.shows("first in line", "balance is empty")
    await harness.imagine("second in line")
    await harness.shows("second in line", "balance is empty")
    await harness.until(lambda: len(harness.apimaster.posts) >= 4)
    posts = harness.apimaster.posts
    assert {post.body["prompt"] for post in posts if isinstance(post.body, dict)} == {"first in line"}
    pauses = [later.time - earlier.time for earlier, later in pairwise(posts)]
    assert pauses[2] > pauses[1] > pauses[0]


async def test_a_restart_probes_at_once(tmp_path: Path) -> None:
    """An empty balance survives a restart, and the first waiting picture probes it before the next scheduled probe."""
    async with Harness(tmp_path / "data", BALANCE_PROBE_SECONDS="600") as harness:
        await harness.start()
        harness.apimaster.set_balance(0)
        await harness.imagine("patient")
        await harness.until(lambda: harness.rows("SELECT closed, state FROM gate, jobs") == [(1, "queued")])
        await harness.bot.kill()
        harness.apimaster.set_balance(10)
        await harness.start()
        await harness.picture("patient")
    assert harness.rows("SELECT closed FROM gate") == [(0,)]


async def test_refused_key_pauses_and_notifies_the_owner(harness: Harness) -> None:
    """401 is handled like 402 with its own text; nothing is charged, and work resumes when the key works again."""
    harness.apimaster.script(Fault.http(401), Fault.http(401))
    await harness.imagine("a locked door")
    await harness.shows("a locked door", "refuses this bot's key")
    await harness.driver.wait_message(lambda m: "refuses the API key" in m.text(), viewer="mod", channel="dm")
    await harness.picture("a locked door")
    assert harness.rows("SELECT * FROM balance_errors") == []
