"""The gateway frame by frame: compression, resuming, intents, shards, close codes."""

import aiohttp
import discord
import pytest

from sandbox.discord import DiscordServer, World
from sandbox.discord.gateway_session import Session
from sandbox.discord.gateway_streams import STREAMS
from sandbox.discord.interactions import InteractionType
from tests.sandbox.conftest import RawGateway

GUILDS, GUILD_MESSAGES, DIRECT_MESSAGES, CONTENT = 1, 1 << 9, 1 << 12, 1 << 15


def say(world: World, content: str, member: str = "alice", channel: str = "general") -> None:
    """A member writes something."""
    world.messages.create(world.user(member), world.channel(channel, member), {"content": content}, [])


@pytest.mark.parametrize("compress", ["", *STREAMS, "unknown"])
@pytest.mark.parametrize("binary", [False, True])
async def test_login_works_in_every_framing(
    discord_server: DiscordServer, web_session: aiohttp.ClientSession, compress: str, binary: bool
) -> None:
    """Text and binary frames in, plain or one shared stream out; READY is followed by the guild."""
    async with RawGateway(discord_server, web_session, f"v=10&encoding=json&compress={compress}") as gateway:
        ready = await gateway.identify(intents=GUILDS, binary=binary)
        guild = await gateway.event("GUILD_CREATE")
        assert (gateway.binary_frames > 0) is (compress in STREAMS)
    assert ready["resume_gateway_url"] == discord_server.gateway.url
    assert ready["guilds"] == [{"id": guild["id"], "unavailable": True}]
    assert ready["user"]["mfa_enabled"] is True
    assert [channel["name"] for channel in guild["channels"]] == ["general", "art", "after-dark", "lounge", "showcase"]
    assert guild["application_id"] is None
    assert [role["name"] for role in guild["roles"]] == ["@everyone", "Imagine", "Moderators"]


async def test_large_payloads_are_compressed_on_request(
    discord_server: DiscordServer, web_session: aiohttp.ClientSession
) -> None:
    """IDENTIFY with `compress` and no transport compression: READY is a separate zlib message."""
    async with RawGateway(discord_server, web_session) as gateway:
        await gateway.identify(compress=True)
        await gateway.event("GUILD_CREATE")
        assert gateway.binary_frames >= 1


async def test_payloads_are_not_compressed_if_a_stream_was_requested(
    discord_server: DiscordServer, web_session: aiohttp.ClientSession
) -> None:
    """discord.py requests both; on Python 3.14 it reads every binary frame as a part of a zstd stream."""
    async with RawGateway(discord_server, web_session, "v=10&encoding=json&compress=unknown") as gateway:
        await gateway.identify(compress=True)
        await gateway.event("GUILD_CREATE")
        assert gateway.binary_frames == 0


def test_stream_that_discord_py_requests_is_used() -> None:
    """Which one depends on the version of Python."""
    assert discord.utils._ActiveDecompressionContext.COMPRESSION_TYPE in STREAMS


async def test_heartbeats_are_acknowledged(discord_server: DiscordServer, web_session: aiohttp.ClientSession) -> None:
    """HELLO has the interval; a heartbeat is answered even before IDENTIFY."""
    async with RawGateway(discord_server, web_session) as gateway:
        hello = await gateway.receive()
        assert (hello["op"], hello["d"]["heartbeat_interval"]) == (10, 41_250)
        await gateway.send(1, None)
        assert (await gateway.receive())["op"] == 11


async def test_dropped_connection_resumes_without_loss(
    discord_server: DiscordServer, web_session: aiohttp.ClientSession, world: World
) -> None:
    """Events sent meanwhile are replayed in order, then RESUMED, then new events follow."""
    async with RawGateway(discord_server, web_session) as gateway:
        ready = await gateway.identify(intents=GUILDS | GUILD_MESSAGES)
        await gateway.event("GUILD_CREATE")
        await discord_server.faults.drop_gateway(4000)
        assert await gateway.closed_with() == 4000
        seen = gateway.sequence
    say(world, "one")
    say(world, "two")
    async with RawGateway(discord_server, web_session) as gateway:
        await gateway.receive()
        await gateway.send(6, {"token": world.token, "session_id": ready["session_id"], "seq": seen})
        frames = [await gateway.receive() for _ in range(3)]
        say(world, "three")
        frames.append(await gateway.receive())
    assert [frame["t"] for frame in frames] == ["MESSAGE_CREATE", "MESSAGE_CREATE", "RESUMED", "MESSAGE_CREATE"]
    assert [frame["s"] for frame in frames] == [seen + 1, seen + 2, seen + 3, seen + 4]


async def test_refused_resume_requires_a_new_login(
    discord_server: DiscordServer, web_session: aiohttp.ClientSession, world: World
) -> None:
    """INVALID_SESSION (false) for a refused and for an unknown session; IDENTIFY works on the same connection."""
    async with RawGateway(discord_server, web_session) as gateway:
        ready = await gateway.identify()
        await discord_server.faults.drop_gateway(4000)
    discord_server.faults.refuse_resume = True
    for session_id in (ready["session_id"], "unknown"):
        async with RawGateway(discord_server, web_session) as gateway:
            await gateway.receive()
            await gateway.send(6, {"token": world.token, "session_id": session_id, "seq": 1})
            frame = await gateway.receive()
            assert (frame["op"], frame["d"]) == (9, False)
            await gateway.send(2, {"token": world.token, "intents": 0, "properties": {}})
            assert (await gateway.event("READY"))["v"] == 10


async def test_cleanly_closed_session_cannot_resume(
    discord_server: DiscordServer, web_session: aiohttp.ClientSession, world: World
) -> None:
    """A close with 1000 ends the session."""
    async with RawGateway(discord_server, web_session) as gateway:
        ready = await gateway.identify()
    async with RawGateway(discord_server, web_session) as gateway:
        await gateway.receive()
        await gateway.send(6, {"token": world.token, "session_id": ready["session_id"], "seq": 1})
        assert (await gateway.receive())["op"] == 9
    assert not discord_server.gateway.online


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"token": "wrong", "intents": 0}, 4004),
        ({"intents": CONTENT}, 4014),
        ({"intents": 1 << 1}, 4014),
        ({"shard": [2, 2]}, 4010),
    ],
)
async def test_invalid_login_is_closed_with_its_code(
    discord_server: DiscordServer, web_session: aiohttp.ClientSession, world: World, body: dict[str, object], code: int
) -> None:
    """Wrong token, privileged intents that are not granted, an impossible shard."""
    async with RawGateway(discord_server, web_session) as gateway:
        await gateway.send(2, {"token": world.token, "properties": {}, **body})
        assert await gateway.closed_with() == code


@pytest.mark.parametrize(("frame", "code"), [("no json", 4002), ('{"op": 3, "d": {}}', 4003), ("[]", 4002)])
async def test_invalid_frame_closes_the_connection(
    discord_server: DiscordServer, web_session: aiohttp.ClientSession, frame: str, code: int
) -> None:
    """Undecodable frames, and frames before the login."""
    async with RawGateway(discord_server, web_session) as gateway:
        await gateway.ws.send_str(frame)
        assert await gateway.closed_with() == code


async def test_intents_decide_which_messages_arrive(
    discord_server: DiscordServer, web_session: aiohttp.ClientSession, world: World
) -> None:
    """Without the DM intent no DMs; without the content intent no content, unless the bot is mentioned."""
    async with RawGateway(discord_server, web_session) as gateway:
        await gateway.identify(intents=GUILDS | GUILD_MESSAGES)
        say(world, "in private", channel="dm")
        say(world, "hello")
        say(world, f"hello <@{world.bot.id}>")
        messages = [await gateway.event("MESSAGE_CREATE") for _ in range(2)]
    assert [message["content"] for message in messages] == ["", f"hello <@{world.bot.id}>"]
    assert messages[0]["member"]["joined_at"]


async def test_the_content_intent_can_be_granted(
    discord_server: DiscordServer, web_session: aiohttp.ClientSession, world: World
) -> None:
    """A world that grants the privileged intent delivers content."""
    world.privileged_intents = CONTENT
    async with RawGateway(discord_server, web_session) as gateway:
        await gateway.identify(intents=GUILD_MESSAGES | CONTENT)
        say(world, "hello")
        assert (await gateway.event("MESSAGE_CREATE"))["content"] == "hello"


async def test_every_shard_gets_its_own_events(
    discord_server: DiscordServer, web_session: aiohttp.ClientSession, world: World
) -> None:
    """The guild's events go to the shard computed from its id, DMs to shard 0."""
    discord_server.gateway.identify_every_s = 0
    home = (int(world.guild.id) >> 22) % 2
    async with RawGateway(discord_server, web_session) as first, RawGateway(discord_server, web_session) as second:
        shards = (first, second)
        ready = [
            await shard.identify(intents=GUILDS | GUILD_MESSAGES | DIRECT_MESSAGES, shard=[number, 2])
            for number, shard in enumerate(shards)
        ]
        say(world, "in the guild")
        world.interactions.create(InteractionType.COMMAND, world.user("bob"), world.channel("dm", "bob"), {"name": "x"})
        assert [shard["shard"] for shard in ready] == [[0, 2], [1, 2]]
        assert [len(shard["guilds"]) for shard in ready] == [int(home == 0), int(home == 1)]
        assert (await shards[home].event("MESSAGE_CREATE"))["channel_id"] == world.channel("general").id
        interaction = await first.event("INTERACTION_CREATE")
    assert (interaction["user"]["username"], interaction["context"], "member" in interaction) == ("bob", 1, False)


async def test_shards_identify_one_after_another(
    discord_server: DiscordServer, web_session: aiohttp.ClientSession
) -> None:
    """A second shard that identifies at once is refused; the first may identify again, as a restarted bot does."""
    for number, refused in ((0, False), (1, True), (0, False)):
        async with RawGateway(discord_server, web_session) as gateway:
            assert (await gateway.receive())["op"] == 10
            await gateway.send(2, {"token": discord_server.world.token, "intents": 0, "shard": [number, 2]})
            assert (await gateway.receive())["op"] == (9 if refused else 0)


async def test_client_that_sends_too_much_is_disconnected(
    discord_server: DiscordServer, web_session: aiohttp.ClientSession
) -> None:
    """120 frames in a minute is the limit."""
    async with RawGateway(discord_server, web_session) as gateway:
        await gateway.identify()
        for _ in range(119):
            await gateway.send(1, None)
        assert not gateway.ws.closed
        await gateway.send(1, None)
        assert await gateway.closed_with() == 4008


async def test_members_can_be_requested(
    discord_server: DiscordServer, web_session: aiohttp.ClientSession, world: World
) -> None:
    """Request Guild Members by id and by name prefix; unknown ids are listed."""
    async with RawGateway(discord_server, web_session) as gateway:
        await gateway.identify(intents=GUILDS)
        await gateway.send(8, {"guild_id": world.guild.id, "user_ids": [world.user("bob").id, "5"], "nonce": "n"})
        chunk = await gateway.event("GUILD_MEMBERS_CHUNK")
        await gateway.send(8, {"guild_id": world.guild.id, "query": "al", "limit": 10})
        queried = await gateway.event("GUILD_MEMBERS_CHUNK")
    assert ([m["user"]["username"] for m in chunk["members"]], chunk["not_found"], chunk["nonce"]) == (
        ["bob"],
        ["5"],
        "n",
    )
    assert [member["user"]["username"] for member in queried["members"]] == ["alice"]


async def test_the_interaction_event_is_complete(
    discord_server: DiscordServer, web_session: aiohttp.ClientSession, world: World
) -> None:
    """All fields that libraries read are present."""
    async with RawGateway(discord_server, web_session) as gateway:
        await gateway.identify()
        data = {"id": "1", "name": "x", "type": 1}
        world.interactions.create(InteractionType.COMMAND, world.user("mod"), world.channel("art"), data)
        event = await gateway.event("INTERACTION_CREATE")
    expected = (
        "id application_id type token version data attachment_size_limit guild_id guild guild_locale channel_id "
        "channel member app_permissions locale entitlements entitlement_sku_ids authorizing_integration_owners context"
    )
    assert set(event) == set(expected.split())
    assert int(event["member"]["permissions"]) & 32
    assert event["attachment_size_limit"] == 10 * 1024 * 1024


def test_session_keeps_a_bounded_replay() -> None:
    """Beyond the buffer a resume is refused, instead of losing events silently."""
    session = Session(id="s", intents=0, shard=(0, 1), compress_payloads=False, connection=None)
    for _ in range(1500):
        session.dispatch("X", {})
    assert session.missed(499) is None
    assert len(session.missed(500) or ()) == 1000
    assert session.missed(1500) == []
    assert session.missed(1501) is None
