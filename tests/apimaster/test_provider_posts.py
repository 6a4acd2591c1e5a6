"""A POST may cost money: it is sent at most once, and its error says whether it may have been charged."""

import socket

import pytest
from aiohttp import web

from bot.apimaster.client import ApimasterClient
from bot.domain import errors
from bot.domain.errors import ProviderError
from bot.domain.picture import PictureSpec
from sandbox.apimaster import ApimasterServer, Fault
from tests.apimaster.support import connected, serving


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.http(400), "bad_request"),
        (Fault.http(401), "invalid_key"),
        (Fault.http(403), "forbidden"),
        (Fault.http(408), "sync_timeout"),
        (Fault.http(413), "bad_request"),
        (Fault.http(429), "rate_limited"),
        (Fault.http(500), "platform_error"),
        (Fault.http(502), "platform_error"),
        (Fault.http(503), "unavailable"),
        (Fault.balance(402), "balance"),
        (Fault.balance(403), "balance"),
        (Fault.refused(), "content_refused"),
        (Fault.html(502), "outcome_unknown"),
        (Fault.html(200), "outcome_unknown"),
        (Fault.html(403), "forbidden"),
        (Fault.reset(), "outcome_unknown"),
        (Fault.hang(), "outcome_unknown"),
        (Fault.truncated(), "outcome_unknown"),
        (Fault.cut_off(), "outcome_unknown"),
        (Fault.charged_then_reset(), "outcome_unknown"),
        (Fault.charged_then_hang(), "outcome_unknown"),
        (Fault.charged_then_html(), "outcome_unknown"),
        (Fault.reply(b""), "outcome_unknown"),
        (Fault.redirect("https://elsewhere.example/"), "bad_request"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.kind}-{value.status}",
)
@pytest.mark.parametrize("mode", ["submit", "generate"])
async def test_failed_post_has_its_code_and_is_never_repeated(
    client: ApimasterClient, provider: ApimasterServer, spec: PictureSpec, mode: str, fault: Fault, code: str
) -> None:
    """Whatever the fault, one call is one POST."""
    provider.script(fault)
    with pytest.raises(ProviderError) as raised:
        await (client.submit(spec) if mode == "submit" else client.generate(spec))
    assert raised.value.code == code
    assert len(provider.posts) == 1


async def test_unsent_request_is_unreachable(spec: PictureSpec) -> None:
    """No connection, no name, no TLS: certainly no charge."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        for base_url in (f"http://127.0.0.1:{port}", "http://no-such-host.invalid"):
            async with connected(base_url) as client:
                with pytest.raises(errors.UnreachableError):
                    await client.submit(spec)


async def test_a_failed_tls_handshake_is_unreachable(provider: ApimasterServer, spec: PictureSpec) -> None:
    """An https URL of a server that speaks plain HTTP."""
    async with connected(provider.base_url.replace("http://", "https://")) as client:
        with pytest.raises(errors.UnreachableError):
            await client.submit(spec)
    assert provider.posts == []


async def test_post_never_reuses_a_connection(spec: PictureSpec) -> None:
    """A kept-alive connection may be dead, and then it is unknown whether the POST arrived."""
    connections: list[object] = []

    async def answer(request: web.Request) -> web.Response:
        connections.append(request.transport)
        return web.json_response({"data": [{"task_id": f"t{len(connections)}"}]})

    async with serving(answer) as base_url, connected(base_url) as client:
        await client.submit(spec)
        await client.submit(spec)
    assert connections[0] is not connections[1]


async def test_a_redirected_post_is_not_followed(provider: ApimasterServer, spec: PictureSpec) -> None:
    """Following it would be a second POST, and would send the key elsewhere."""
    reached: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        reached.append(request.path)
        return web.json_response({"data": [{"task_id": "t"}]})

    async with serving(elsewhere) as other, connected(provider.base_url) as client:
        provider.script(Fault.redirect(f"{other}/v1", status=307))
        with pytest.raises(errors.BadRequestError, match="base URL"):
            await client.submit(spec)
    assert reached == []


async def test_error_carries_the_providers_message(
    client: ApimasterClient, provider: ApimasterServer, spec: PictureSpec
) -> None:
    """Status, code, request id and retry time are kept for the record."""
    provider.script(Fault.http(429, "slow down", code="rate_limit_exceeded", retry_after="3"))
    with pytest.raises(errors.RateLimitedError, match="slow down") as raised:
        await client.submit(spec)
    error = raised.value
    assert (error.http_status, error.provider_code, error.retry_after_s) == (429, "rate_limit_exceeded", 3.0)
    assert error.request_id.startswith("2026")


async def test_empty_account_is_a_balance_error(
    client: ApimasterClient, provider: ApimasterServer, spec: PictureSpec
) -> None:
    """From the stand-in's own accounting, not from a script."""
    provider.set_balance(0.5)
    with pytest.raises(errors.BalanceError):
        await client.submit(spec)
    assert provider.charges == []
