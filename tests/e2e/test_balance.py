"""An empty balance is a state: everything waits in its place, the owner is told once, and it ends by itself."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from sandbox.apimaster import Fault
from tests.e2e.harness import House


@pytest.mark.parametrize("status", [402, 403])
async def test_an_empty_balance_pauses_and_resumes_by_itself(house: House, status: int) -> None:
    """The card says in plain words that nothing is lost; after topping up, every picture comes."""
    house.knobs.latency_s = 0.2
    house.apimaster.script(*[Fault.balance(status)] * 3)
    for number in range(3):
        await house.imagine(f"waiting {number}")
    for number in range(3):
        text = (await house.shows(f"waiting {number}", "balance is empty")).text()
        assert "nothing is lost" in text
        assert "keeps its place" in text
    for number in range(3):
        message = await house.picture(f"waiting {number}")
        assert message.edits <= 3
    errors = house.rows("SELECT job_id, user_id, guild_id, http_status, code, message, request_id FROM balance_errors")
    assert errors
    job_id, user_id, guild_id, http_status, code, text, request_id = errors[0]
    assert (str(user_id), str(guild_id)) == (house.world.user("alice").id, house.world.guild.id)
    assert (job_id in {1, 2, 3}, http_status) == (True, status)
    assert code
    assert text
    assert request_id
    assert house.rows("SELECT kind, COUNT(*) FROM ledger GROUP BY kind ORDER BY kind") == [
        ("charge", 3),
        ("reserve", 3),
    ]


async def test_the_owner_is_told_once_when_it_closes_and_once_when_it_opens(house: House) -> None:
    """However many pictures are refused, the owner gets two messages."""
    house.apimaster.set_balance(0)
    for number in range(4):
        await house.imagine(f"broke {number}")
    await house.driver.wait_message(lambda m: "empty balance" in m.text(), viewer="mod", channel="dm")
    await house.until(lambda: len(house.rows("SELECT 1 FROM balance_errors")) >= 3)
    house.apimaster.set_balance(100)
    for number in range(4):
        await house.picture(f"broke {number}")
    await house.driver.wait_message(lambda m: "sufficient again" in m.text(), viewer="mod", channel="dm")
    assert len(house.driver.messages("mod", "dm")) == 2


async def test_probes_back_off_and_use_the_first_waiting_picture(house: House) -> None:
    """While the balance stays empty, one picture is tried at a time, ever more seldom."""
    house.apimaster.set_balance(0)
    await house.imagine("first in line")
    await house.shows("first in line", "balance is empty")
    await house.imagine("second in line")
    await house.shows("second in line", "balance is empty")
    await house.until(lambda: len(house.apimaster.posts) >= 4)
    posts = house.apimaster.posts
    assert {post.body["prompt"] for post in posts if isinstance(post.body, dict)} == {"first in line"}
    pauses = [later.time - earlier.time for earlier, later in pairwise(posts)]
    assert pauses[2] > pauses[1] > pauses[0]


async def test_a_restart_probes_at_once(tmp_path: Path) -> None:
    """An empty balance survives a restart as a state, and the first waiting picture tries it long before its time."""
    async with House(tmp_path / "data", BALANCE_PROBE_SECONDS="600") as house:
        await house.start()
        house.apimaster.set_balance(0)
        await house.imagine("patient")
        await house.until(lambda: house.rows("SELECT closed, state FROM gate, jobs") == [(1, "queued")])
        await house.bot.kill()
        house.apimaster.set_balance(10)
        await house.start()
        await house.picture("patient")
    assert house.rows("SELECT closed FROM gate") == [(0,)]


async def test_a_refused_key_pauses_and_tells_the_owner(house: House) -> None:
    """401 behaves like 402 with its own words; nothing is charged, and it goes on when the key works again."""
    house.apimaster.script(Fault.http(401), Fault.http(401))
    await house.imagine("a locked door")
    await house.shows("a locked door", "refuses this bot's key")
    await house.driver.wait_message(lambda m: "refuses the API key" in m.text(), viewer="mod", channel="dm")
    await house.picture("a locked door")
    assert house.rows("SELECT * FROM balance_errors") == []
