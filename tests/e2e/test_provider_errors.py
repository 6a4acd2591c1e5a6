"""For every provider error, the card says what happened, what it cost and the picture's number."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from sandbox.apimaster import Fault
from tests.e2e.harness import Harness

NOTHING = "It cost nothing."
POSSIBLY = "may have been charged"
CHARGED = "It was charged (1 credit)."
RELEASED = [("reserve", 1_000_000), ("release", 1_000_000)]
REFUNDED = [("reserve", 1_000_000), ("charge", 1_000_000), ("refund", 1_000_000)]
KEPT = [("reserve", 1_000_000), ("charge", 1_000_000)]
UNCERTAIN = [("reserve", 1_000_000), ("uncertain", 1_000_000)]


@dataclass(frozen=True)
class Case:
    """One fault of the submit call, the poll or the result, with the expected text and ledger rows."""

    submit: Fault | None = None
    result: Fault | None = None
    says: str = ""
    cost: str = NOTHING
    state: str = "failed"
    ledger: tuple[tuple[str, int], ...] = ()


CASES = {
    "400": Case(submit=Fault.http(400), says="did not accept this request", ledger=tuple(RELEASED)),
    "403": Case(submit=Fault.http(403), says="does not allow this bot", ledger=tuple(RELEASED)),
    "content": Case(submit=Fault.refused(), says="declined this prompt for safety", ledger=tuple(RELEASED)),
    "500": Case(submit=Fault.http(500), says="internal error", ledger=tuple(RELEASED)),
    "408": Case(submit=Fault.http(408), says="cannot tell", cost=POSSIBLY, state="uncertain", ledger=tuple(UNCERTAIN)),
    "html": Case(submit=Fault.html(502), says="cannot tell", cost=POSSIBLY, state="uncertain", ledger=tuple(UNCERTAIN)),
    "reset": Case(submit=Fault.reset(), says="cannot tell", cost=POSSIBLY, state="uncertain", ledger=tuple(UNCERTAIN)),
    "truncated": Case(
        submit=Fault.truncated(), says="cannot tell", cost=POSSIBLY, state="uncertain", ledger=tuple(UNCERTAIN)
    ),
    "task fails": Case(submit=Fault.task_fails("boom"), says="could not make this picture", ledger=tuple(REFUNDED)),
    "task fails without a reason": Case(
        submit=Fault.task_fails(), says="could not make this picture", ledger=tuple(REFUNDED)
    ),
    "result gone": Case(result=Fault.http(404), says="had deleted it", cost=CHARGED, ledger=tuple(KEPT)),
    "no picture": Case(
        result=Fault.bytes(b"<html>sorry</html>"), says="not a picture", cost=CHARGED, ledger=tuple(KEPT)
    ),
    "private address": Case(
        result=Fault.redirect("http://localhost:9/"), says="must not read from", cost=CHARGED, ledger=tuple(KEPT)
    ),
    "unresolvable redirect": Case(
        result=Fault.redirect("http://a..b/x.png"), says="had deleted it", cost=CHARGED, ledger=tuple(KEPT)
    ),
    "unresolvable address": Case(
        submit=Fault.reply(b'{"data": [{"url": "http://a..b/x.png"}]}'),
        says="had deleted it",
        cost=CHARGED,
        ledger=tuple(KEPT),
    ),
    "a million objects": Case(
        submit=Fault.reply(b'{"data": [' + b"{}," * 1_000_000 + b"{}]}"),
        says="cannot tell",
        cost=POSSIBLY,
        state="uncertain",
        ledger=tuple(UNCERTAIN),
    ),
    "too large": Case(result=Fault.oversized(), says="too large", cost=CHARGED, ledger=tuple(KEPT)),
}


async def test_every_error_is_shown_with_its_cost_and_number(harness: Harness, subtests: pytest.Subtests) -> None:
    """One running bot handles all of them, one after another."""
    for number, (name, case) in enumerate(CASES.items(), start=1):
        with subtests.test(name):
            if case.submit:
                harness.apimaster.script(case.submit)
            if case.result:
                harness.apimaster.script_result(*[case.result] * 3)
            await harness.imagine(f"case {number:02}")
            message = await harness.shows(f"case {number:02}", case.says)
            assert case.cost in message.text()
            assert f"no. {number}" in message.text()
            assert harness.states()[-1] == case.state
            assert harness.ledger(number) == list(case.ledger)
            assert message.edits <= 3
    assert not any("Traceback" in line for line in harness.bot.output)


async def test_rate_limits_and_missing_capacity_are_waited_out(harness: Harness) -> None:
    """429 and 503 start nothing: the job keeps its position and is retried automatically."""
    harness.apimaster.script(Fault.http(429, retry_after="0.2"), Fault.http(503))
    await harness.imagine("patience")
    await harness.picture("patience")
    assert [post.status for post in harness.apimaster.posts] == [429, 503, 200]
    assert harness.ledger() == KEPT


async def test_poll_errors_lose_nothing(harness: Harness) -> None:
    """Polls that fail with errors, HTML or broken connections are retried; the picture arrives."""
    harness.apimaster.script_poll(Fault.http(500), Fault.html(), Fault.reset(), Fault.truncated())
    await harness.imagine("a stormy sea")
    await harness.picture("a stormy sea")
    assert harness.ledger() == KEPT


async def test_unreachable_provider_is_waited_out(harness: Harness) -> None:
    """No connection means that nothing was sent: the job waits and is not charged."""
    await harness.bot.kill()
    bot = await harness.add_bot("elsewhere", {"APIMASTER_BASE_URL": "http://127.0.0.1:9"})
    await bot.start()
    await harness.driver.wait_for_bot()
    await harness.imagine("a far island")
    await harness.until(lambda: bool(harness.rows("SELECT 1 FROM job_events WHERE event = 'returned:unreachable'")))
    assert harness.states() == ["queued"]
    await bot.kill()
    await harness.start()
    await harness.picture("a far island")


@pytest.mark.parametrize("style", ["data_uri", "b64_json", "url_list"])
async def test_inline_results_are_accepted(harness: Harness, style: str) -> None:
    """A picture inside the answer works like an address."""
    harness.knobs.result_style = style  # type: ignore[assignment]  # parametrised by its words
    await harness.imagine("a paper boat")
    await harness.picture("a paper boat")


async def test_submit_response_with_the_finished_picture_is_shown(harness: Harness) -> None:
    """The submit call may return the finished picture instead of a task."""
    harness.apimaster.script(Fault.finished())
    await harness.imagine("an instant photo")
    await harness.picture("an instant photo")
    assert harness.ledger() == KEPT


async def test_log_has_no_secrets_and_no_prompts(harness: Harness) -> None:
    """After errors of every kind the log names jobs and codes, never keys, tokens, prompts or signed URLs."""
    harness.apimaster.script(Fault.http(400), Fault.task_fails("boom"))
    harness.apimaster.script_result(Fault.http(404))
    interaction = None
    for number in range(3):
        interaction = await harness.imagine(f"unmentionable {number}")
    await harness.until(lambda: sorted(harness.states()) == ["delivered", "failed", "failed"])
    await asyncio.sleep(0.1)
    log = "\n".join(harness.bot.output)
    assert interaction is not None
    for secret in ("unmentionable", harness.apimaster.api_key, harness.world.token, interaction.token, "sig=", "hm="):
        assert secret not in log
