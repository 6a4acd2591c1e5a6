"""Whatever goes wrong at the provider or at Discord: the picture comes, or the card says the truth; it is paid once."""

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
from tests.e2e.harness import House

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


async def test_what_the_provider_does_wrong_is_told_or_waited_out(tmp_path: Path) -> None:
    """Each order meets another fault of the submit call; those that are taken, and two later ones, meet the others."""
    submits = (*UNCERTAIN, *REFUSED, *WAITED_FOR)
    async with House(tmp_path / "data", PER_USER_RUNNING="10") as house:
        await house.start()
        house.discord.rate_limits.enabled = False
        house.apimaster.script(*submits)
        house.apimaster.script_poll(*POLLS)
        house.apimaster.script_result(*RESULTS)
        await _ordered(house, "spoiled", len(submits) + 9)
        await house.until(lambda: not house.apimaster.scripted, timeout_s=40)
        house.apimaster.clear_scripts()  # what hangs is let go
        house.apimaster.finish_all()
        await _settled(house)
        for number, bad in enumerate(TWICE_BAD):
            house.apimaster.script_result(*bad)
            await house.imagine(f"twice bad {number}")
            await house.picture(f"twice bad {number}")
        found = await _settled(house)
        assert found.states == {
            "uncertain": len(UNCERTAIN),
            "failed": len(REFUSED),
            "delivered": len(WAITED_FOR) + 9 + len(TWICE_BAD),
        }
        assert house.bot.alive


CALLBACK, TOKEN = "POST /interactions/*", "PATCH /webhooks/*"
EDIT, POST = "PATCH /channels/*", "POST /channels/*/messages"


async def test_what_discord_does_wrong_keeps_no_picture_from_its_member(
    house: House, subtests: pytest.Subtests
) -> None:
    """Every call that shows a card meets every trouble, with living tokens and dead ones: one card, one picture."""
    house.discord.rate_limits.enabled = False
    faults = house.faults
    for number, call in enumerate((CALLBACK, TOKEN, EDIT, POST)):
        with subtests.test(call):
            prompt = f"against {number}"
            _spoil(faults, call)
            await house.imagine(prompt)
            if call in (EDIT, POST):
                faults.expire_all_tokens()
            if call is POST:
                await _take_away(house, prompt)
            await house.picture(prompt, timeout_s=60)
            await house.until(lambda: house.states()[-1] == "delivered", timeout_s=60)
            faults.clear()
    found = await _settled(house)
    assert found.states == {"delivered": 4}


REFUSALS = {
    "10008": (TOKEN, 404, 10008),
    "50001": (EDIT, 403, 50001),
    "50013": (POST, 403, 50013),
}


async def test_what_discord_refuses_is_done_in_another_way(house: House) -> None:
    """A refusal is final on its rung of the ladder alone: the next one shows the picture."""
    house.knobs.latency_s = 0.8
    for number, (name, (call, status, code)) in enumerate(REFUSALS.items(), start=1):
        await house.imagine(f"refused with {name}")
        await house.shows(f"refused with {name}", "at work")
        if call is not TOKEN:
            house.faults.fail_next(TOKEN, 401, 50027)
        if call is POST:
            house.faults.fail_next(EDIT, 403, 50001)
        house.faults.fail_next(call, status, code)
        await house.until(lambda: house.states()[-1] == "delivered")
        shown = [
            message
            for channel in ("general", "dm")
            for message in house.driver.messages("alice", channel)
            if any(media.filename.startswith(f"imagine-{number}.") for media in message.media())
        ]
        assert len(shown) == 1, name
        house.faults.clear()


async def test_a_card_whose_small_pictures_are_too_large_goes_without_them(house: House) -> None:
    """Discord takes no file at all: how it ended is told all the same."""
    house.apimaster.script(*[Fault.http(400)] * 9)
    house.faults.fail_next("P* *", 413, 40005, with_files=True, times=99)
    square = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(square, "PNG")
    await house.driver.slash(
        "alice", "remix", {"prompt": "without files"}, files={"image1": ("a.png", square.getvalue())}
    )
    message = await house.shows("without files", "did not accept this request")
    assert message.media() == []
    await house.until(lambda: not house.rows("SELECT 1 FROM requests WHERE shown_version < version"))
    assert len(house.driver.messages("alice")) == 1


CLOSES = {4004: 2, 4011: 1, 4014: 2}


async def test_a_connection_that_is_closed_for_good_ends_the_bot_and_loses_nothing(house: House) -> None:
    """One sentence, and the exit code that tells a supervisor whether to try again; the next start goes on."""
    house.knobs.latency_s = 1
    for number, (code, exit_code) in enumerate(CLOSES.items(), start=1):
        await house.imagine(f"closed with {code}")
        await house.until(lambda: house.states()[-1] == "running")
        said = len(_sentences(house))
        await house.faults.drop_gateway(code)
        assert await house.bot.wait() == exit_code
        assert len(_sentences(house)) == said + 1
        assert "DISCORD_TOKEN" in _sentences(house)[-1] if code == 4004 else str(code) in _sentences(house)[-1]
        await house.start()
        await house.picture(f"closed with {code}")
        assert len(house.apimaster.posts) == number
    assert not any("Traceback" in line for line in house.bot.output)


async def test_a_token_that_is_reset_in_mid_life_ends_the_bot(house: House) -> None:
    """401 from one moment to the next: pictures under way wait on disk and at the provider for the next start."""
    house.knobs.latency_s = 1
    await house.imagine("a change of locks")
    await house.until(lambda: house.states() == ["running"])
    await house.faults.revoke_token()
    assert await house.bot.wait() == 2
    assert "DISCORD_TOKEN" in _sentences(house)[-1]
    house.faults.restore_token()
    await house.start()
    await house.picture("a change of locks")
    assert len(house.apimaster.posts) == 1


async def test_a_bot_that_knows_no_servers_serves_its_members(house: House) -> None:
    """READY names none, events come twice: a command is answered, and ordered once."""
    house.faults.gateway.ready = Ready.NO_GUILDS
    await house.bot.kill()
    await house.start()
    house.faults.gateway.repeat_next = 20
    await house.imagine("a stranger", resolution="0.5K")
    message = await house.picture("a stranger")
    await house.driver.click("alice", message.id, message.button("Again").custom_id)
    await house.until(lambda: house.states() == ["delivered", "delivered"])
    opened = await house.driver.click("alice", message.id, message.button("Edit prompt").custom_id)
    await opened.acknowledged()
    await house.driver.submit_modal(opened, {"prompt": "a stranger no more"})
    await house.picture("a stranger no more")
    assert len(house.apimaster.posts) == 3
    assert len(house.driver.messages("alice")) == 3


def _spoil(faults: DiscordFaults, call: str) -> None:
    """Two or three troubles for the next times that a call is made, of which discord.py waits out some."""
    if call in (CALLBACK, TOKEN):
        faults.block_next(call, 429, retry_after_s=1)
    if call in (TOKEN, POST):
        faults.limit_next(call, 0.1, scope="global", everywhere=call is TOKEN)
    if call in (CALLBACK, EDIT, POST):
        faults.fail_next(call, CUT, after=True)
    if call is EDIT:
        faults.fail_next(call, 413, 40005, with_files=True)


def _sentences(house: House) -> list[str]:
    return [line for line in house.bot.output if line.startswith("imagine-bot:")]


async def _ordered(house: House, prompt: str, pictures: int) -> None:
    """So many pictures, four to an order; nobody but their members waits for each other."""
    for number, first in enumerate(range(0, pictures, 4)):
        member = ("alice", "bob", "mod")[number % 3]
        await house.imagine(f"{prompt} {number:02}", member=member, count=min(4, pictures - first))


def _open(house: House) -> int:
    return sum(state in ("queued", "submitting", "running", "fetched") for state in house.states())


async def _settled(house: House) -> Verdict:
    """What came of everything, when nothing is under way any more; nothing may be wrong with it."""
    await house.until(lambda: not _open(house), timeout_s=60)
    behind = "SELECT 1 FROM requests WHERE shown_version < version"
    await house.until(lambda: not house.rows(behind), timeout_s=60)
    evidence = Evidence(house)
    found = Verdict(states=Counter(job["state"] for job in evidence.jobs))
    verdict.settled(evidence, found)
    verdict.told(evidence, found)
    verdict.ordered(evidence, found)
    await verdict.shown(evidence, found)
    assert found.faults == []
    return found


async def _take_away(house: House, prompt: str) -> None:
    """A moderator deletes the card, so that the picture needs a new message."""
    card = await house.shows(prompt)
    house.driver.delete("mod", card.id)
