"""Discord's faults: each has the effect on the wire that its name says."""

import asyncio

import aiohttp
import pytest

from sandbox.discord import DiscordServer, World
from sandbox.discord.faults import CUT
from sandbox.discord.gateway_faults import Ready
from sandbox.discord.malformed import MALFORMED
from tests.sandbox.conftest import Api, RawGateway
from tests.sandbox.test_discord_gateway import GUILD_MESSAGES, GUILDS, say

ME = "GET /users/@me"


async def test_a_429_is_discords_own_or_cloudflares(api: Api, discord_server: DiscordServer) -> None:
    """Discord's has `Via` and a retry_after in its body; Cloudflare's is a page without any of its headers."""
    discord_server.faults.limit_next(ME, 0.25, scope="shared", everywhere=True)
    discord_server.faults.block_next(ME, retry_after_s=3)
    own = await api.call("GET", "/users/@me")
    assert (own.status, own.body["retry_after"], own.body["global"]) == (429, 0.25, True)
    assert own.headers["X-RateLimit-Scope"] == "shared"
    assert own.headers["Retry-After"] == "1"
    assert "Via" in own.headers
    page = await api.call("GET", "/users/@me")
    assert (page.status, page.headers["Retry-After"]) == (429, "3")
    assert "error code: 1015" in page.body
    assert not any(name == "Via" or name.lower().startswith("x-ratelimit") for name in page.headers)
    assert (await api.call("GET", "/users/@me")).status == 200


async def test_token_may_be_reset_at_run_time(
    api: Api, discord_server: DiscordServer, web_session: aiohttp.ClientSession, world: World
) -> None:
    """The gateway closes with 4004 and the old token is refused, until the fault is cleared."""
    old = world.token
    async with RawGateway(discord_server, web_session) as gateway:
        await gateway.identify()
        await discord_server.faults.revoke_token()
        assert await gateway.closed_with() == 4004
    assert (await api.call("GET", "/users/@me", token=old)).status == 401
    async with RawGateway(discord_server, web_session) as gateway:
        await gateway.send(2, {"token": old, "intents": 0, "properties": {}})
        assert await gateway.closed_with() == 4004
    discord_server.faults.clear()
    assert (await api.call("GET", "/users/@me", token=old)).status == 200


async def test_silent_gateway_does_not_even_acknowledge(
    discord_server: DiscordServer, web_session: aiohttp.ClientSession, world: World
) -> None:
    """Events that were held back are sent in order when it recovers."""
    async with RawGateway(discord_server, web_session) as gateway:
        await gateway.identify(intents=GUILDS | GUILD_MESSAGES)
        await gateway.event("GUILD_CREATE")
        discord_server.faults.gateway.fall_silent()
        await gateway.send(1, None)
        say(world, "unheard")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await gateway.receive()
        discord_server.faults.gateway.speak()
        assert {(await gateway.receive())["op"] for _ in range(2)} == {11, 0}


async def test_events_may_be_sent_twice(
    discord_server: DiscordServer, web_session: aiohttp.ClientSession, world: World
) -> None:
    """With the same sequence number; the next one is sent once."""
    async with RawGateway(discord_server, web_session) as gateway:
        await gateway.identify(intents=GUILDS | GUILD_MESSAGES)
        await gateway.event("GUILD_CREATE")
        discord_server.faults.gateway.repeat_next = 1
        say(world, "one")
        say(world, "two")
        numbers = [(await gateway.receive())["s"] for _ in range(3)]
    assert numbers == [numbers[0], numbers[0], numbers[0] + 1]


@pytest.mark.parametrize(("ready", "guilds"), [(Ready.NO_GUILDS, []), (Ready.UNREADABLE, None)])
async def test_ready_may_list_no_servers(
    discord_server: DiscordServer, web_session: aiohttp.ClientSession, ready: Ready, guilds: list[str] | None
) -> None:
    """An empty list, or none at all; no GUILD_CREATE follows."""
    discord_server.faults.gateway.ready = ready
    async with RawGateway(discord_server, web_session) as gateway:
        body = await gateway.identify(intents=GUILDS)
        assert body.get("guilds") == guilds
        await gateway.send(1, None)
        assert (await gateway.receive())["op"] == 11


async def test_sessions_are_invalidated_and_reconnects_requested(
    discord_server: DiscordServer, web_session: aiohttp.ClientSession, world: World
) -> None:
    """Op 7; op 9 that allows a resume; op 9 that does not."""
    async with RawGateway(discord_server, web_session) as gateway:
        ready = await gateway.identify()
        await gateway.event("GUILD_CREATE")
        discord_server.faults.ask_reconnect()
        discord_server.faults.invalidate_session(resumable=True)
        discord_server.faults.invalidate_session(resumable=False)
        frames = [await gateway.receive() for _ in range(3)]
    assert [(frame["op"], frame["d"]) for frame in frames] == [(7, None), (9, True), (9, False)]
    async with RawGateway(discord_server, web_session) as gateway:
        await gateway.receive()
        await gateway.send(6, {"token": world.token, "session_id": ready["session_id"], "seq": 1})
        assert (await gateway.receive())["op"] == 9


@pytest.mark.parametrize("name", MALFORMED)
async def test_malformed_frames_are_sent_unchanged(
    discord_server: DiscordServer, web_session: aiohttp.ClientSession, world: World, name: str
) -> None:
    """The client gets exactly the scripted frame."""
    frame = MALFORMED[name](world)
    async with RawGateway(discord_server, web_session) as gateway:
        await gateway.identify()
        await gateway.event("GUILD_CREATE")
        discord_server.faults.inject(frame)
        message = await gateway.ws.receive(timeout=5)
    assert message.data == frame


async def test_a_file_may_be_refused_or_cut_off(api: Api, discord_server: DiscordServer, world: World) -> None:
    """The file server has its own faults; afterwards the file is available as before."""
    sent = await api.call("POST", f"/channels/{world.channel('general').id}/messages", {}, files={"a": b"0123456789"})
    url = sent.body["attachments"][0]["url"]
    faults = discord_server.faults
    faults.fail_next("GET /*attachments/*", 500)
    assert (await api.fetch(url)).status == 500
    faults.fail_next("GET /*attachments/*", CUT, after=True)
    with pytest.raises(aiohttp.ClientPayloadError):
        await api.fetch(url)
    faults.fail_next("GET /*attachments/*", CUT, times=2)  # the client itself retries once
    with pytest.raises(aiohttp.ClientError):
        await api.fetch(url)
    assert (await api.fetch(url)).body == b"0123456789"
