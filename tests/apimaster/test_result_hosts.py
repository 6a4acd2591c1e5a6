"""SSRF protection: results come from the internet, and no URL from the provider reaches a private network."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bot.apimaster.hosts import GuardedResolver, PrivateAddressError, TrustedHosts, is_public
from bot.apimaster.transport import network_errors
from bot.domain.errors import OutcomeUnknownError, PictureError
from bot.ports import PictureSource
from tests.apimaster.support import PIXEL, connected, serving


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.0.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.2.1", "192.88.99.1", "198.18.0.1",
        "198.51.100.7", "203.0.113.7", "224.0.0.1", "239.1.2.3", "240.0.0.1", "255.255.255.255",
        "::", "::1", "fe80::1", "fe80::1%1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "100::1", "2001:db8::1",
        "3fff::1", "5f00::1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1", "::127.0.0.1", "::8.8.8.8",
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::a00:1", "64:ff9b:1::808:808",
        "2002:7f00:1::1", "2002:808:808::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)  # fmt: skip
def test_non_public_address_is_recognised(address: str) -> None:
    """Loopback, private, link-local, metadata, shared, multicast and unspecified ones, in each IPv6 form of them."""
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "104.16.1.1", "2606:4700::1111", "2a00:1450:4001::200e", "::ffff:8.8.8.8", "64:ff9b::808:808"],
)
def test_public_address_is_allowed(address: str) -> None:
    """Also in the form of a network without IPv4."""
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    ("place", "named"),
    [
        (("cache.internal", 80), True),
        (("cache.internal", 9000), True),
        (("10.0.0.8", 8080), True),
        (("10.0.0.8", 8081), False),
        (("fd00::8", 443), True),
        (("api.example", 443), True),
        (("api.example", 8443), False),
        (("internal", 80), False),
        (("127.0.0.1", 80), False),
    ],
)
def test_host_is_trusted_as_configured(place: tuple[str, int], named: bool) -> None:
    """With a port for that port only; the API's own origin is trusted implicitly, but not its other ports."""
    trusted = TrustedHosts(["cache.internal", "10.0.0.8:8080", "[fd00::8]"], URL("https://api.example"))
    assert (place in trusted) is named


class Names(AbstractResolver):
    """A resolver whose answers change from one query to the next."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the next answer."""
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self._answers.pop(0)
        ]

    async def close(self) -> None:
        """Nothing to close."""


async def test_private_addresses_of_a_name_are_dropped() -> None:
    """A connection only goes to checked addresses: a name that becomes private later is refused later."""
    names = Names(["10.0.0.1", "8.8.8.8", "::1"], ["127.0.0.1", "nonsense"], ["127.0.0.1"], [])
    resolver = GuardedResolver(TrustedHosts(["trusted.example"], URL("https://api.example")), names)
    assert [found["host"] for found in await resolver.resolve("rebinding.example", 443)] == ["8.8.8.8"]
    with pytest.raises(PrivateAddressError):
        await resolver.resolve("rebinding.example", 443)
    assert [found["host"] for found in await resolver.resolve("trusted.example", 443)] == ["127.0.0.1"]
    assert await resolver.resolve("nowhere.example", 443) == []


async def test_no_private_server_is_requested(tmp_path: Path) -> None:
    """Not by its address in any spelling, not by a name, and not by a redirect from a trusted host."""
    asked: list[str] = []

    async def private(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(body=PIXEL)

    async def own(_: web.Request) -> web.Response:
        raise web.HTTPFound(f"{private_url}/redirected")

    async with (
        serving(private) as private_url,
        serving(own) as own_url,
        connected(own_url, result_hosts=["elsewhere.example"]) as client,
    ):
        port = URL(private_url).port
        refused = [f"http://{host}:{port}/p.png" for host in ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]")]
        for url in (*refused, f"{own_url}/p.png", "http://169.254.169.254/latest/meta-data/"):
            with pytest.raises(PictureError, match="RESULT_HOSTS") as caught:
                await client.download(PictureSource(url=url), tmp_path / "picture")
            assert caught.value.code == "result_forbidden"
        for spelling in ("2130706433", "127.1", "0x7f.0.0.1", "0177.0.0.1"):
            with pytest.raises(PictureError):
                await client.download(PictureSource(url=f"http://{spelling}:{port}/p.png"), tmp_path / "picture")
    assert asked == []
    assert not (tmp_path / "picture").exists()


async def test_trusted_host_is_requested_without_credentials_in_the_url(tmp_path: Path) -> None:
    """A setting names the host; credentials in a URL are the provider's mistake and are sent nowhere."""
    headers: list[str | None] = []

    async def answer(request: web.Request) -> web.Response:
        headers.append(request.headers.get("Authorization"))
        return web.Response(body=PIXEL)

    async with serving(answer) as url, connected("http://127.0.0.1:1", result_hosts=[URL(url).authority]) as client:
        with_user = str(URL(url).with_user("user").with_password("word") / "p.png")
        assert await client.download(PictureSource(url=with_user), tmp_path / "picture") == len(PIXEL)
    assert headers == [None]


async def test_proxy_of_the_environment_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would resolve names without checking the addresses."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=PIXEL)

    async with serving(answer) as url, connected(url) as client:
        assert await client.download(PictureSource(url=f"{url}/p.png"), tmp_path / "picture") == len(PIXEL)


async def test_a_name_that_cannot_be_encoded_is_a_failed_resolution() -> None:
    """Python's resolver raises UnicodeError for an empty label; aiohttp expects OSError."""
    resolver = GuardedResolver(TrustedHosts([], URL("https://api.example")))
    with pytest.raises(OSError, match="cannot be resolved"):
        await resolver.resolve("a..b", 80)
    await resolver.close()


def test_encoding_errors_are_translated_like_other_network_errors() -> None:
    """In a name or a header: no caller expects a UnicodeError."""
    for error in (UnicodeError("label empty or too long"), ValueError("newline in a header")):
        with pytest.raises(OutcomeUnknownError), network_errors():
            raise error
