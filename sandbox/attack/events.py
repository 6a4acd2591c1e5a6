"""Point 12: gateway traffic that discord.py can't parse."""

from __future__ import annotations

import asyncio
import copy
import json
from typing import Any, Final

from sandbox.attack.scenario import Report, Scenario
from sandbox.attack.target import Target
from sandbox.discord.malformed import MALFORMED

_REMOVED: Final = object()
_RECONNECTED_WITHIN_S: Final = 40.0
_CHANGES: Final[tuple[tuple[tuple[str, ...], Any], ...]] = (
    (("member", "permissions"), ""),
    (("member", "permissions"), None),
    (("member", "permissions"), _REMOVED),
    (("member", "user"), None),
    (("member",), _REMOVED),
    (("id",), "9" * 30),
    (("token",), 7),
    (("type",), 99),
    (("channel",), None),
    (("data",), None),
    (("data", "options"), {"name": "prompt"}),
    (("data", "options"), [{"name": "prompt", "type": 3, "value": 7}]),
    (("data", "options"), [{"name": "count", "type": 4, "value": True}]),
    (("data", "options"), [{"name": "private", "type": 5, "value": "yes"}]),
    (("data", "resolved"), {"users": [1]}),
    (("data", "name"), []),
    (("app_permissions",), ""),
    (("entitlements",), 3),
    (("locale",), _REMOVED),
    (("guild_id",), "x"),
)


async def interactions(target: Target, report: Report) -> None:
    """Change or remove fields of a valid interaction."""
    sent = await target.driver.slash("alice", "imagine", {"prompt": "a valid one"})
    await sent.acknowledged()
    body = target.world.interactions.payload(sent.record)
    await target.picture("a valid one")
    pid = target.bot.pid
    for path, value in _CHANGES:
        report.attempt()
        target.faults.inject(_changed(body, path, value))
    await asyncio.sleep(0.5)
    if not target.bot.alive or target.bot.pid != pid:
        report.hole("the process has ended")
    if "a-secret-token" in target.log():
        report.hole("a token is in the log")


async def frames(target: Target, report: Report) -> None:
    """Send frames and events that are malformed."""
    for name, frame in MALFORMED.items():
        report.attempt()
        target.faults.inject(frame(target.world))
        await asyncio.sleep(0.3)
        if not target.bot.alive:
            report.hole(f"{name}: the process has ended")
            return
        await target.driver.wait_for_bot(_RECONNECTED_WITHIN_S)


def _changed(body: dict[str, Any], path: tuple[str, ...], value: Any) -> str:
    made = copy.deepcopy(body)
    made["id"], made["token"] = str(int(body["id"]) + 1), "a-secret-token"
    parent = made
    for name in path[:-1]:
        parent = parent[name]
    if value is _REMOVED:
        parent.pop(path[-1], None)
    else:
        parent[path[-1]] = value
    return json.dumps({"op": 0, "t": "INTERACTION_CREATE", "s": None, "d": made})


SCENARIOS: Final = (
    Scenario(name="unparsable interactions", point=12, about="fields changed or missing", run=interactions),
    Scenario(name="unparsable frames", point=12, about="no JSON, unknown events", run=frames, short=False),
)
