"""Faults of the provider or Discord: the picture arrives or the card states the error; it is charged once."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from sandbox.apimaster import Fault
from sandbox.chaos import verdict
from sandbox.chaos.verdict import Evidence, Verdict
from sandbox.discord.faults import CUT, DiscordFaults
from sandbox.discord.gateway_faults import Ready
from tests.e2e.harness import Harness

UNCERTAIN = (
    Fault.reset_unread(),
    Fault.charged_then_http(408),
    Fault.charged_then_html(),
    Fault.hang(),
    Fault.charged_then_hang(),
    *(Fault.wrong_types(number) for number in (2, 5, 9)),
)
REFUSED = (Fault.redirect(), Fault.http(502, "upstream error"), Fault.task_fails())
WAITED_FOR = (Fault.drip(0.3), Fault.expired(), Fault.never_ends(), Fault.finished())
POLLS = (
    *(Fault.wrong_types(number) for number in (3, 6, 11)),
    Fault.hang(),
    Fault.charged_then_hang(),
    Fault.drip(0.3),
    Fault.redirect(),
    Fault.http(408),
    Fault.http(401, "Invalid token"),
    Fault.word("pondering"),
)
RESULTS = (Fault.bomb(), Fault.hang(), Fault.drip(0.3))
TWICE_BAD = (
    (Fault.redirect(), Fault.redirect("http://169.254.169.254/latest/meta-data/")),
    (Fault.http(403, "expired"), Fault.bytes(b"<svg/>")),
)
"""What one picture meets when it is fetched; the third bad one would be its last."""


async def test_provider_faults_are_reported_or_waited_out(tmp_path: Path) -> None:
    """Each order meets another submit fault; accepted orders, and two later ones, meet the other faults."""
    submits = (*UNCERTAIN, *REFUSED, *WAITED_FOR)
    async with Harness(tmp_path / "data", PER_USER_RUNNING="10") as harness:
        await harness.start()
        harness.discord.rate_limits.enabled = False
        harness.apimaster.script(*submits)
        harness.apimaster.script_poll(*POLLS)
        harness.apimaster.script_result(*RESULTS)
        await _ordered(harness, "spoiled", len(submits) + 9)
        await harness.until(lambda: not harness.apimaster.scripted, timeout_s=40)
        harness.apimaster.clear_scripts()  # hanging calls are released
        harness.apimaster.finish_all()
        await _settled(harness)
        for number, bad in enumerate(TWICE_BAD):
            harness.apimaster.script_result(*bad)
            await harness.imagine(f"twice bad {number}")
            await harness.picture(f"twice bad {number}")
        found = await _settled(harness)
        assert found.states == {
            "uncertain": len(UNCERTAIN),
            "failed": len(REFUSED),
            "delivered": len(WAITED_FOR) + 9 + len(TWICE_BAD),
        }
        assert harness.bot.alive


CALLBACK, TOKEN = "POST /interactions/*", "PATCH /webhooks/*"
EDIT, POST = "PATCH /channels/*", "POST /channels/*/messages"


async def test_discord_faults_keep_no_picture_from_its_member(harness: Harness, subtests: pytest.Subtests) -> None:
    """Every call that shows a card meets every fault, with valid and expired tokens: one card, one picture."""
    harness.discord.rate_limits.enabled = False
    faults = harness.faults
    for number, call in enumerate((CALLBACK, TOKEN, EDIT, POST)):
        with subtests.test(call):
            prompt = f"against {number}"
            _spoil(faults, call)
            await harness.imagine(prompt)
            if call in (EDIT, POST):
                faults.expire_all_tokens()
            if call is POST:
                await _take_away(harness, prompt)
            await harness.picture(prompt, timeout_s=60)
            await harness.until(lambda: harness.states()[-1] == "delivered", timeout_s=60)
            faults.clear()
    found = await _settled(harness)
    assert found.states == {"delivered": 4}


REFUSALS = {
    "10008": (TOKEN, 404, 10008),
    "50001": (EDIT, 403, 50001),
    "50013": (POST, 403, 50013),
}


async def test_refused_delivery_falls_back_to_the_next_method(harness: Harness) -> None:
    """A refusal is final only for its delivery method: the next one shows the picture."""
    harness.knobs.latency_s = 0.8
    for number, (name, (call, status, code)) in enumerate(REFUSALS.items(), start=1):
        await harness.imagine(f"refused with {name}")
        await harness.shows(f"refused with {name}", "at work")
        if call is not TOKEN:
            harness.faults.fail_next(TOKEN, 401, 50027)
        if call is POST:
            harness.faults.fail_next(EDIT, 403, 50001)
        harness.faults.fail_next(call, status, code)
        await harness.until(lambda: harness.states()[-1] == "delivered")
        shown = [
            message
            for channel in ("general", "dm")
            for message in harness.driver.messages("alice", channel)
            if any(media.filename.startswith(f"imagine-{number}.") for media in message.media())
        ]
        assert len(shown) == 1, name
        harness.faults.clear()


async def test_card_whose_thumbnails_are_too_large_is_sent_without_them(harness: Harness) -> None:
    """Discord accepts no file at all: the outcome is still reported."""
    harness.apimaster.script(*[Fault.http(400)] * 9)
    harness.faults.fail_next("P* *", 413, 40005, with_files=True, times=99)
    square = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(square, "PNG")
    await harness.driver.slash(
        "alice", "remix", {"prompt": "without files"}, files={"image1": ("a.png", square.getvalue())}
    )
    message = await harness.shows("without files", "did not accept this request")
    assert message.media() == []
    await harness.until(lambda: not harness.rows("SELECT 1 FROM requests WHERE shown_version < version"))
    assert len(harness.driver.messages("alice")) == 1


CLOSES = {4004: 2, 4011: 1, 4014: 2}


async def test_permanently_closed_connection_ends_the_bot_and_loses_nothing(harness: Harness) -> None:
    """One sentence, and the exit code that tells a supervisor whether to restart; the next start continues."""
    harness.knobs.latency_s = 1
    for number, (code, exit_code) in enumerate(CLOSES.items(), start=1):
        await harness.imagine(f"closed with {code}")
        await harness.until(lambda: harness.states()[-1] == "running")
        said = len(_sentences(harness))
        await harness.faults.drop_gateway(code)
        assert await harness.bot.wait() == exit_code
        assert len(_sentences(harness)) == said + 1
        assert "DISCORD_TOKEN" in _sentences(harness)[-1] if code == 4004 else str(code) in _sentences(harness)[-1]
        await harness.start()
        await harness.picture(f"closed with {code}")
        assert len(harness.apimaster.posts) == number
    assert not any("Traceback" in line for line in harness.bot.output)


async def test_token_reset_at_run_time_ends_the_bot(harness: Harness) -> None:
    """401 on every call: running pictures wait on disk and at the provider for the next start."""
    harness.knobs.latency_s = 1
    await harness.imagine("a change of locks")
    await harness.until(lambda: harness.states() == ["running"])
    await harness.faults.revoke_token()
    assert await harness.bot.wait() == 2
    assert "DISCORD_TOKEN" in _sentences(harness)[-1]
    harness.faults.restore_token()
    await harness.start()
    await harness.picture("a change of locks")
    assert len(harness.apimaster.posts) == 1


async def test_bot_without_a_server_list_still_serves_members(harness: Harness) -> None:
    """READY lists no servers, events arrive twice: a command is answered, and ordered once."""
    harness.faults.gateway.ready = Ready.NO_GUILDS
    await harness.bot.kill()
    await harness.start()
    harness.faults.gateway.repeat_next = 20
    await harness.imagine("a stranger", resolution="0.5K")
    message = await harness.picture("a stranger")
    await harness.driver.click("alice", message.id, message.button("Again").custom_id)
    await harness.until(lambda: harness.states() == ["delivered", "delivered"])
    opened = await harness.driver.click("alice", message.id, message.button("Edit prompt").custom_id)
    await opened.acknowledged()
    await harness.driver.submit_modal(opened, {"prompt": "a stranger no more"})
    await harness.picture("a stranger no more")
    assert len(harness.apimaster.posts) == 3
    assert len(harness.driver.messages("alice")) == 3


def _spoil(faults: DiscordFaults, call: str) -> None:
    """Two or three faults for the next calls of an endpoint, some of which discord.py itself retries."""
    if call in (CALLBACK, TOKEN):
        faults.block_next(call, 429, retry_after_s=1)
    if call in (TOKEN, POST):
        faults.limit_next(call, 0.1, scope="global", everywhere=call is TOKEN)
    if call in (CALLBACK, EDIT, POST):
        faults.fail_next(call, CUT, after=True)
    if call is EDIT:
        faults.fail_next(call, 413, 40005, with_files=True)


def _sentences(harness: Harness) -> list[str]:
    return [line for line in harness.bot.output if line.startswith("imagine-bot:")]


async def _ordered(harness: Harness, prompt: str, pictures: int) -> None:
    """Order this many pictures, four to an order; members don't wait for each other."""
    for number, first in enumerate(range(0, pictures, 4)):
        member = ("alice", "bob", "mod")[number % 3]
        await harness.imagine(f"{prompt} {number:02}", member=member, count=min(4, pictures - first))


def _open(harness: Harness) -> int:
    return sum(state in ("queued", "submitting", "running", "fetched") for state in harness.states())


async def _settled(harness: Harness) -> Verdict:
    """The final state of everything once nothing is running; no consistency error is allowed."""
    await harness.until(lambda: not _open(harness), timeout_s=60)
    behind = "SELECT 1 FROM requests WHERE shown_version < version"
    await harness.until(lambda: not harness.rows(behind), timeout_s=60)
    evidence = Evidence(harness)
    found = Verdict(states=Counter(job["state"] for job in evidence.jobs))
    verdict.settled(evidence, found)
    verdict.told(evidence, found)
    verdict.ordered(evidence, found)
    await verdict.shown(evidence, found)
    assert found.faults == []
    return found


async def _take_away(harness: Harness, prompt: str) -> None:
    """Delete the card as a moderator does, so that the picture needs a new message."""
    card = await harness.shows(prompt)
    harness.driver.delete("mod", card.id)
