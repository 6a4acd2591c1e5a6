"""Faults of the provider and of Discord at random, seeded, for as long as a campaign lasts."""

import asyncio
import random
from collections.abc import Sequence

from sandbox.apimaster import Fault
from sandbox.stack import Sandbox

_PAUSE_S = (0.05, 0.8)
_DROUGHT_S = 0.3
_GATEWAY_CLOSES = (1001, 1011, 4000, 4007, 4008, 4009)
_DISCORD_CALLS = (
    "PATCH /webhooks/*",
    "PATCH /webhooks/*",
    "POST /interactions/*",
    "POST /channels/*/messages",
    "PATCH /channels/*",
    "DELETE /*",
)
_DISCORD_TROUBLE = (500, 502, 503, 429)
_DISCORD_REFUSALS = (
    ("POST /interactions/*", 404, 10062),  # too late, says Discord
    ("PATCH /webhooks/*", 413, 40005),
    ("POST /channels/*/messages", 413, 40005),
)
_BEFORE_THE_WORK = (
    Fault.http(503),
    Fault.http(429, retry_after="0.2"),
    Fault.http(500, "upstream error"),
    Fault.http(400, "the request was not understood"),
    Fault.refused(),
    Fault.balance(),
    Fault.reset(),
    Fault.html(502),
    Fault.redirect("/elsewhere"),
)
_AFTER_THE_WORK = (
    Fault.charged_then_reset(),
    Fault.charged_then_html(),
    Fault.truncated(),
    Fault.cut_off(),
    Fault.reply(b"[]"),
)
_THE_WORK = (Fault.finished(), Fault.task_fails(), Fault.task_fails("no luck", "upstream_error"))
_POLLS = (
    Fault.http(503),
    Fault.http(429, retry_after="0.1"),
    Fault.http(404, "task not found", code="task_not_exist"),
    Fault.html(),
    Fault.reset(),
    Fault.truncated(),
    Fault.cut_off(),
    Fault.reply(b'{"code": 200, "data": 7}'),
    Fault.word("queued"),
    Fault.task_fails(),
)
_RESULTS = (
    Fault.html(),
    Fault.http(404),
    Fault.reset(),
    Fault.cut_off(),
    Fault.truncated(),
    Fault.bytes(b"<svg/>"),
    Fault.bytes(b""),
)


class Weather:
    """Lets something go wrong every few tenths of a second; `clear` ends what is still to come of it."""

    def __init__(self, sandbox: Sandbox, seed: int) -> None:
        self._sandbox = sandbox
        self._rng = random.Random(f"{seed} weather")
        self._drops: set[asyncio.Task[None]] = set()
        self.happened = 0

    async def blow(self) -> None:
        """Go on until cancelled."""
        while True:
            await asyncio.sleep(self._rng.uniform(*_PAUSE_S))
            self._happen()
            self.happened += 1

    async def drought(self) -> None:
        """No token lives longer than a moment, until cancelled."""
        while True:
            await asyncio.sleep(_DROUGHT_S)
            self._sandbox.faults.expire_all_tokens()

    def clear(self) -> None:
        """From now on nothing goes wrong."""
        self._sandbox.faults.clear()
        self._sandbox.apimaster.clear_scripts()

    def _happen(self) -> None:
        apimaster = self._sandbox.apimaster
        match self._rng.choices(
            ("submit", "poll", "result", "discord", "refusal", "slow", "gateway", "tokens"),
            weights=(6, 8, 4, 9, 2, 4, 1, 1),
        )[0]:
            case "submit":
                apimaster.script(self._one(_BEFORE_THE_WORK, _AFTER_THE_WORK, _THE_WORK))
            case "poll":
                apimaster.script_poll(self._one(_POLLS))
            case "result":
                apimaster.script_result(self._one(_RESULTS))
            case "discord":
                status = self._rng.choice((500, 502, 503))
                self._sandbox.faults.fail_next(self._rng.choice(_DISCORD_CALLS), status, after=self._rng.random() < 0.5)
            case "slow":
                self._sandbox.faults.delay(self._rng.choice(_DISCORD_CALLS), self._rng.uniform(0.05, 0.5), times=1)
            case "gateway":
                self._sandbox.faults.refuse_resume = self._rng.random() < 0.5
                self._drop(self._rng.choice(_GATEWAY_CLOSES))
            case _:
                self._sandbox.faults.expire_all_tokens()

    def _one(self, *kinds: Sequence[Fault]) -> Fault:
        return self._rng.choice(self._rng.choice(kinds))

    def _drop(self, code: int) -> None:
        dropping = asyncio.create_task(self._sandbox.faults.drop_gateway(code), name=f"gateway drop {code}")
        self._drops.add(dropping)
        dropping.add_done_callback(self._drops.discard)
