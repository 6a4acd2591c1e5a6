"""Invariants checked after every attack: same process, an honest member's picture, no ping, no traceback."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from sandbox.attack.scenario import Report
from sandbox.attack.target import Target
from sandbox.discord.requestlog import LoggedRequest
from sandbox.driver import DriverError

_HONEST: Final = "a plain lighthouse"
_MOST_QUOTED: Final = 200


async def check_aftermath(target: Target, report: Report) -> None:
    """Report effects of an attack on other members, and what it left behind."""
    target.apimaster.clear_scripts()
    target.faults.clear()
    if not target.bot.alive:
        report.hole(f"the bot {target.bot.state}")
        return
    try:
        await target.driver.wait_for_bot(10)
        await target.imagine(_HONEST, member="bob", channel="art")
        await target.picture(_HONEST, member="bob", channel="art")
    except DriverError as error:
        report.hole(f"another member gets no picture: {error}")
    for ping in may_ping(target.discord.requests):
        report.hole(f"may ping: {ping}")
    for violation in target.discord.violations:
        report.weak(f"Discord would refuse: {violation}"[:_MOST_QUOTED])
    log = target.log()
    for sign in ("Traceback", "command_crashed", "never retrieved", "task_failed", "sweep_failed"):
        if sign in log:
            report.weak(f"{sign} in the log, {log.count(sign)} times")


def may_ping(requests: Iterable[LoggedRequest]) -> Iterator[str]:
    """Routes by which the bot posted or edited text without setting allowed_mentions."""
    for request in requests:
        body = request.body if isinstance(request.body, dict) else {}
        if request.route.endswith("/callback"):
            body = body.get("data") or {}
        written = body.keys() & {"content", "embeds"} or (body.get("components") and "custom_id" not in body)
        allowed = body.get("allowed_mentions") or {}
        if written and (allowed.get("parse") != [] or allowed.get("users") or allowed.get("roles")):
            yield f"{request.method} {request.route}: {allowed or 'no allowed_mentions'}"
