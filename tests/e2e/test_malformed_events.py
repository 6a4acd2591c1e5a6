"""Gateway events that cannot be parsed are skipped: the same process continues to answer members."""

from __future__ import annotations

import asyncio
import copy
import json
import random
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from benchmarks.process import free_port
from sandbox.discord.malformed import MALFORMED
from tests.e2e.harness import Harness
from tests.support.mutation import REMOVED, VALUES, mutated, paths_of

CHANGED = 500

CHANGES: tuple[tuple[tuple[str, ...], Any], ...] = (
    (("member", "permissions"), ""),
    (("member", "permissions"), None),
    (("member", "permissions"), REMOVED),
    (("member", "user"), None),
    (("member",), REMOVED),
    (("id",), "9" * 30),
    (("token",), 7),
    (("type",), 99),
    (("channel",), None),
    (("data",), None),
    (("data", "options"), {"name": "prompt"}),
    (("data", "resolved"), {"users": [1]}),
    (("data", "name"), []),
    (("app_permissions",), ""),
    (("entitlements",), 3),
    (("attachment_size_limit",), REMOVED),
)
"""A path into a valid interaction, and what stands there instead."""


def changed(body: dict[str, Any], path: tuple[str, ...], value: Any) -> str:
    """The frame of an interaction with one field changed, and with its own id and token."""
    made = copy.deepcopy(body)
    made["id"], made["token"] = str(int(body["id"]) + 1), "a-secret-token"
    parent = made
    for name in path[:-1]:
        parent = parent[name]
    if value is REMOVED:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return json.dumps({"op": 0, "t": "INTERACTION_CREATE", "s": None, "d": made})


async def counted(port: int, event: str) -> float:
    """How many events of this name were skipped, from the Prometheus counter."""
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/metrics") as answer:
        page = await answer.text()
    start = f'imagine_gateway_events_malformed_total{{event="{event}"}} '
    return sum(float(line.removeprefix(start)) for line in page.splitlines() if line.startswith(start))


async def test_malformed_interactions_are_logged_counted_and_skipped(tmp_path: Path) -> None:
    """Whichever field is malformed, the next command works in the same process; contents and tokens are not logged."""
    port = free_port()
    async with Harness(tmp_path / "data", HTTP_PORT=str(port)) as harness:
        await harness.start()
        pid = harness.bot.pid
        typed = await harness.imagine("before")
        record = harness.world.interactions.get(typed.id)
        assert record is not None
        body = harness.world.interactions.payload(record)
        for path, value in CHANGES:
            harness.faults.inject(changed(body, path, value))
        await harness.imagine("after")
        await harness.picture("after")
        assert (harness.bot.pid, harness.bot.alive) == (pid, True)
        assert await counted(port, "INTERACTION_CREATE") == len(CHANGES)
        answered = [request for request in harness.discord.requests if "/a-secret-token/callback" in request.path]
        assert len(answered) == len({json.dumps(request.path) for request in answered}) == 1  # all have one id: once
        said = harness.bot.log_path.read_text()
        assert said.count("gateway_event_malformed") == len(CHANGES)
        assert "a-secret-token" not in said
        assert "Traceback" not in said


async def test_random_changes_of_interactions_do_not_affect_the_bot(harness: Harness) -> None:
    """Commands, menus, buttons and autocompletes with one or two fields changed; no handler error is lost."""
    pid, rng = harness.bot.pid, random.Random(10)
    harness.discord.rate_limits.enabled = False  # Discord rate-limits responses to unknown interactions
    await harness.imagine("a model")
    card = await harness.picture("a model")
    done = [
        await harness.driver.slash("alice", "imagine", {"prompt": "another {red, blue} model"}),
        await harness.driver.click("alice", card.id, card.button("Again").custom_id),
        await harness.driver.click("alice", card.id, card.button("Details").custom_id),
        await harness.driver.slash("alice", "queue", {}),
    ]
    bodies = [harness.world.interactions.payload(each.record) for each in done]
    for number in range(CHANGED):
        body = rng.choice(bodies)
        made = body | {"id": str(int(body["id"]) + number + 1), "token": "a-secret-token"}
        for _ in range(rng.randint(1, 2)):
            made = mutated(made, rng.choice(list(paths_of(made))), rng.choice(VALUES))
        harness.faults.inject(json.dumps({"op": 0, "t": "INTERACTION_CREATE", "s": None, "d": made}))
        if number % 50 == 0:
            await harness.driver.wait_for_bot()
            await asyncio.sleep(0.2)
    await harness.imagine("after all", member="bob")
    await harness.picture("after all")
    assert (harness.bot.pid, harness.bot.alive) == (pid, True)
    said = harness.bot.log_path.read_text()
    assert "gateway_event_malformed" in said
    assert "never retrieved" not in said
    assert "command_crashed" not in said
    assert "a-secret-token" not in said


@pytest.mark.timeout(150)
async def test_no_malformed_frame_ends_the_process(harness: Harness) -> None:
    """Events are skipped, malformed frames make the session resume; running work is not lost."""
    pid = harness.bot.pid
    for number, (name, frame) in enumerate(MALFORMED.items()):
        harness.faults.inject(frame(harness.world))
        await asyncio.sleep(0.3)
        await harness.driver.wait_for_bot(timeout_s=40)
        await harness.imagine(f"despite {number}")
        await harness.picture(f"despite {number}")
        assert (harness.bot.pid, harness.bot.alive) == (pid, True), name
    assert len(harness.apimaster.posts) == len(MALFORMED)
