"""An initial response is sent exactly once, with retries."""

from __future__ import annotations

import aiohttp
import discord
import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from bot.interactions.dedupe import SeenInteractions
from bot.interactions.responses import sent_surely, was_refused
from tests.support.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    """A clock on which sleeps return immediately."""
    return FakeClock()


class Answer:
    """The fields of an HTTP response that discord.py reads when it raises an error."""

    reason = "Trouble"

    def __init__(self, status: int, headers: dict[str, str]) -> None:
        self.status = status
        self.headers = CIMultiDictProxy(CIMultiDict(headers))


def refusal(status: int, code: int = 0, **headers: str) -> discord.HTTPException:
    """An HTTP error of Discord, or of Cloudflare in front of it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return discord.HTTPException(Answer(status, named), {"code": code, "message": "no"})


class Line:
    """A call that fails with these errors, one after the other, then succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    async def call(self) -> str:
        """One attempt."""
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "sent"


@pytest.mark.parametrize("error", [refusal(429, Retry_After="1"), refusal(429), aiohttp.ClientOSError(), TypeError()])
async def test_transient_errors_are_retried_once(clock: FakeClock, error: Exception) -> None:
    """A broken connection and a proxy's error page at once, a 429 of Cloudflare after its Retry-After."""
    line = Line(error)
    before = clock.monotonic()
    assert await sent_surely(line.call, clock=clock) == "sent"
    assert line.calls == 2
    assert (clock.monotonic() > before) is isinstance(error, discord.HTTPException)


@pytest.mark.parametrize("error", [refusal(429, Retry_After="60"), refusal(404, 10062), refusal(503)])
async def test_errors_that_outlast_the_deadline_are_raised(clock: FakeClock, error: Exception) -> None:
    """Discord waits 3 s; an IP ban gets longer with every request made during it."""
    line = Line(error)
    with pytest.raises(discord.HTTPException):
        await sent_surely(line.call, clock=clock)
    assert line.calls == 1


@pytest.mark.parametrize(
    ("error", "refused"),
    [
        (refusal(404, 10062), True),
        (refusal(429), True),
        (refusal(400, 50035), True),
        (refusal(401, 50027), True),
        (refusal(400, 40060), False),
        (refusal(503), False),
        (aiohttp.ClientOSError(), False),
    ],
)
def test_only_a_certain_rejection_withdraws_an_order(error: Exception, refused: bool) -> None:
    """If Discord may have taken the response, the order continues and its card is delivered another way."""
    assert was_refused(error) is refused


def test_interaction_is_answered_once() -> None:
    """The most recent ones are remembered; the memory is bounded."""
    seen = SeenInteractions(remembered=2)
    assert [seen.first_time(number) for number in (1, 1, 2, 2, 3, 1)] == [True, False, True, False, True, True]
