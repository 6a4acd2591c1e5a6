"""Rate limits: headers on every answer, 429s that clients understand."""

from sandbox.discord import DiscordServer, World
from sandbox.discord.errors import DiscordError
from sandbox.discord.ratelimit import RateLimiter
from tests.sandbox.conftest import Api

_POST = "POST /channels/{channel_id}/messages"


async def test_every_response_has_its_bucket(api: Api) -> None:
    """The five X-RateLimit headers, exactly `application/json`, and the Via header that discord.py requires."""
    headers = (await api.call("GET", "/users/@me")).headers
    names = ("Limit", "Remaining", "Reset", "Reset-After", "Bucket")
    assert all(f"X-RateLimit-{name}" in headers for name in names)
    assert headers["Content-Type"] == "application/json"
    assert headers["Via"]


async def test_the_sixth_message_in_a_window_is_refused(api: Api, world: World, discord_server: DiscordServer) -> None:
    """Five messages pass; the sixth is a 429 with retry_after in body and header; another channel is not affected."""
    path = f"/channels/{world.channel('general').id}/messages"
    answers = [await api.call("POST", path, {"content": str(number)}) for number in range(6)]
    assert [answer.status for answer in answers] == [200] * 5 + [429]
    refused = answers[-1]
    assert (refused.body["global"], refused.headers["X-RateLimit-Scope"]) == (False, "user")
    assert 0 < refused.body["retry_after"] <= 5
    assert int(refused.headers["Retry-After"]) >= refused.body["retry_after"]
    other = f"/channels/{world.channel('art').id}/messages"
    assert (await api.call("POST", other, {"content": "x"})).status == 200
    assert discord_server.rate_limits.refused == 1


class _FakeTime:
    """A monotonic clock set by the test."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def _statuses(limiter: RateLimiter, route: str, count: int, **params: str) -> list[int]:
    statuses = []
    for _ in range(count):
        try:
            limiter.take(route, params)
            statuses.append(200)
        except DiscordError as error:
            statuses.append(error.status)
    return statuses


def test_waiting_for_retry_after_is_enough() -> None:
    """A client that sleeps for retry_after is accepted."""
    time = _FakeTime()
    limiter = RateLimiter(time)
    _statuses(limiter, _POST, 5, channel_id="1")
    try:
        limiter.take(_POST, {"channel_id": "1"})
    except DiscordError as error:
        time.now += error.extra["retry_after"]
    assert _statuses(limiter, _POST, 1, channel_id="1") == [200]


def test_a_webhook_token_has_one_bucket_for_all_its_routes() -> None:
    """Five calls in two seconds per token, edits and follow-ups together; another token has its own."""
    limiter = RateLimiter(_FakeTime())
    edit = "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original"
    post = "POST /webhooks/{webhook_id}/{webhook_token}"
    assert _statuses(limiter, edit, 3, webhook_id="1", webhook_token="a") == [200] * 3
    assert _statuses(limiter, post, 3, webhook_id="1", webhook_token="a") == [200, 200, 429]
    assert _statuses(limiter, edit, 1, webhook_id="1", webhook_token="b") == [200]


def test_global_limit_excludes_interaction_routes() -> None:
    """The 51st request of a second is a global 429, callbacks are unaffected."""
    limiter = RateLimiter(_FakeTime())
    statuses = [_statuses(limiter, "GET /channels/{channel_id}", 1, channel_id=str(number))[0] for number in range(51)]
    assert statuses == [200] * 50 + [429]
    callback = "POST /interactions/{interaction_id}/{interaction_token}/callback"
    assert _statuses(limiter, callback, 1, interaction_id="1", interaction_token="t") == [200]
