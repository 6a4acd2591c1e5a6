"""Threads, another server and group DMs: the bot's access there, and Discord's errors."""

from typing import Any

import pytest

from sandbox.discord import DiscordServer, World
from sandbox.discord.interactions import InteractionRecord, InteractionType
from sandbox.discord.model import StickerFormat
from sandbox.discord.openapi import OpenApi, find_description
from sandbox.discord.permissions import Permission
from sandbox.driver import Driver
from tests.sandbox.conftest import Api
from tests.sandbox.payloads import COMMANDS, gallery, text, v2
from tests.sandbox.test_discord_cdn import picture

_DESCRIPTION = find_description()


def command(world: World, channel: str) -> InteractionRecord:
    """Alice uses a command in this channel."""
    (made, *_) = world.commands.replace(None, COMMANDS)
    data: dict[str, Any] = {"id": made["id"], "name": made["name"], "type": 1}
    return world.interactions.create(InteractionType.COMMAND, world.user("alice"), world.channel(channel), data)


@pytest.mark.parametrize("channel", ["elsewhere", "friends"])
async def test_bot_that_is_no_member_has_no_channel_access(api: Api, world: World, channel: str) -> None:
    """Reading, posting, and deleting: Missing Access."""
    path = f"/channels/{world.channel(channel).id}"
    for method, where in (("GET", ""), ("GET", "/messages"), ("POST", "/messages"), ("DELETE", "/messages/1")):
        answer = await api.call(method, path + where, {"content": "hello"} if method == "POST" else None)
        assert (answer.status, answer.code) == (403, 50001)


@pytest.mark.usefixtures("discord_server")
@pytest.mark.parametrize(
    ("channel", "context", "keys"),
    [
        ("elsewhere", 0, {"member"}),
        ("friends", 2, {"user"}),
        ("dm", 1, {"user"}),
        ("sketchbook", 0, {"member"}),
    ],
)
async def test_interaction_has_its_context(world: World, channel: str, context: int, keys: set[str]) -> None:
    """The context, the installation owner, and the other server's own id."""
    alice = world.user("alice")
    place = world.channel(channel, "alice")
    payload = world.interactions.payload(
        world.interactions.create(InteractionType.COMMAND, alice, place, {"name": "x", "type": 1})
    )
    owner = {"1": alice.id} if place.members_app else {"0": place.guild_id or "0"}
    assert (payload["context"], payload["authorizing_integration_owners"]) == (context, owner)
    assert keys <= payload.keys()
    assert payload.get("guild_id") == place.guild_id
    assert (payload.get("guild_id") == world.guild.id) == (channel == "sketchbook")


@pytest.mark.parametrize(("channel", "most"), [("friends", 5), ("elsewhere", 5), ("general", 6)])
async def test_user_install_sends_five_follow_ups(
    api: Api, world: World, discord_server: DiscordServer, channel: str, most: int
) -> None:
    """The sixth is refused where only a member installed the bot; edits still work."""
    discord_server.rate_limits.enabled = False
    record = command(world, channel)
    await api.call("POST", f"/interactions/{record.id}/{record.token}/callback", {"type": 4, "data": {"content": "a"}})
    webhook = f"/webhooks/{world.application_id}/{record.token}"
    answers = [await api.call("POST", webhook, {"content": str(number)}) for number in range(6)]
    assert [answer.status for answer in answers] == [200] * most + [400] * (6 - most)
    assert {answer.code for answer in answers[most:]} <= {40094}
    assert (await api.call("PATCH", f"{webhook}/messages/@original", {"content": "b"})).status == 200


async def test_thread_has_its_own_send_permission(api: Api, world: World, discord_server: DiscordServer) -> None:
    """Its other permissions are its parent's, so that it is locked with it."""
    path = f"/channels/{world.channel('sketchbook').id}/messages"
    assert (await api.call("POST", path, {"content": "hello"})).status == 200
    discord_server.faults.revoke_permission("art", Permission.SEND_MESSAGES)
    assert (await api.call("POST", path, {"content": "hello"})).status == 200
    discord_server.faults.revoke_permission("art", Permission.SEND_MESSAGES_IN_THREADS)
    assert (await api.call("POST", path, {"content": "hello"})).code == 50013
    assert discord_server.faults.locked_out == {world.channel(name).id for name in ("art", "sketchbook")}


@pytest.mark.skipif(_DESCRIPTION is None, reason="Discord's OpenAPI description is not at hand (DISCORD_OPENAPI)")
async def test_threads_stickers_and_forwards_match_the_description(api: Api, world: World, driver: Driver) -> None:
    """For a forwarded gallery and a sticker, and the thread that has them."""
    assert _DESCRIPTION is not None
    description = OpenApi(_DESCRIPTION)
    world.add_bot("Pixel")
    shown = driver.post("Pixel", v2(text("a"), gallery("a.png")), files=[("a.png", picture())])
    forward = driver.forward("bob", shown.id, channel="sketchbook")
    sticker = world.add_sticker("wave", picture(), StickerFormat.APNG)
    driver.post("bob", {"sticker_ids": [sticker.id]}, channel="sketchbook")
    path = f"/channels/{world.channel('sketchbook').id}"
    for template, where in (("/channels/{channel_id}", path), ("/channels/{channel_id}/messages", path + "/messages")):
        answer = await api.call("GET", where)
        assert description.response_errors("GET", template, 200, answer.body) == {}
    seen = (await api.call("GET", f"{path}/messages/{forward.id}")).body
    assert seen["message_reference"]["message_id"] == shown.id
    assert "author" not in seen["message_snapshots"][0]["message"]
    media = seen["message_snapshots"][0]["message"]["components"][1]["items"][0]["media"]
    driver.delete("mod", shown.id)
    assert (await api.fetch(media["url"])).body == picture()
    cdn = f"{world.files.base_url}/stickers/{sticker.id}"
    assert [(await api.fetch(cdn + end)).status for end in (".png", ".gif")] == [200, 404]


async def test_referenced_objects_must_exist(api: Api, world: World) -> None:
    """Unknown messages and stickers have their codes; a sticker counts as content."""
    path = f"/channels/{world.channel('art').id}/messages"
    sticker = world.add_sticker("wave", picture())
    for body, code in (
        ({"sticker_ids": ["1"]}, 10060),
        ({"sticker_ids": [sticker.id] * 4}, 50035),
        ({"message_reference": {"type": 1, "message_id": "1", "channel_id": "1"}}, 10008),
        (v2(text("a"), sticker_ids=[sticker.id]), 50035),
    ):
        assert (await api.call("POST", path, body)).code == code
    assert (await api.call("POST", path, {"sticker_ids": [sticker.id]})).status == 200
