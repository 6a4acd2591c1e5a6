"""Interactions: three seconds for the initial response, fifteen minutes for follow-ups, and Discord's errors."""

from typing import Any

import pytest

from sandbox.discord import DiscordServer, World
from sandbox.discord.interactions import InteractionRecord, InteractionType, State
from sandbox.driver import Interaction
from tests.sandbox.conftest import Api
from tests.sandbox.payloads import button, card, row, text, v2
from tests.sandbox.test_discord_cdn import picture

DEFERRED = {"type": 5}
EPHEMERAL = 64


def command(world: World, member: str = "alice") -> InteractionRecord:
    """A slash command that a member has sent."""
    data = {"id": "1", "name": "imagine", "type": 1}
    return world.interactions.create(InteractionType.COMMAND, world.user(member), world.channel("general"), data)


def callback(record: InteractionRecord) -> str:
    """The callback's path."""
    return f"/interactions/{record.id}/{record.token}/callback"


def webhook(world: World, record: InteractionRecord, message: str | None = None) -> str:
    """The webhook's path, or that of one of its messages."""
    base = f"/webhooks/{world.application_id}/{record.token}"
    return base if message is None else f"{base}/messages/{message}"


async def test_a_deferral_shows_thinking_until_it_is_edited(
    api: Api, world: World, discord_server: DiscordServer
) -> None:
    """The loading message has its flag, and editing it completes it without counting as an edit."""
    record = command(world)
    assert (await api.call("POST", callback(record), DEFERRED)).status == 204
    loading = await api.call("GET", webhook(world, record, "@original"))
    done = await api.call("PATCH", webhook(world, record, "@original"), {"content": "done"})
    assert (loading.body["flags"], loading.body["type"], loading.body["content"]) == (128, 20, "")
    assert (done.body["flags"], done.body["content"], done.body["edited_timestamp"]) == (0, "done", None)
    assert (record.state, discord_server.violations) == (State.ANSWERED, [])


async def test_a_second_callback_is_refused(api: Api, world: World) -> None:
    """40060 if already acknowledged."""
    record = command(world)
    await api.call("POST", callback(record), DEFERRED)
    again = await api.call("POST", callback(record), DEFERRED)
    assert (again.status, again.code) == (400, 40060)


async def test_a_late_callback_is_unknown(api: Api, world: World) -> None:
    """After the three seconds (shortened here) the member sees the failure, and the token is invalid."""
    world.interactions.acknowledge_within_s = 0.01
    record = command(world)
    await Interaction(record, world).wait_failed(1)
    late = await api.call("POST", callback(record), DEFERRED)
    edit = await api.call("PATCH", webhook(world, record, "@original"), {"content": "x"})
    assert [(late.status, late.code), (edit.status, edit.code)] == [(404, 10062), (404, 10015)]
    assert record.state == "failed: did not respond in 3 s"


async def test_a_wrong_token_is_an_unknown_interaction(api: Api, world: World) -> None:
    """10062 for a token that belongs to another interaction."""
    first, second = command(world), command(world)
    answer = await api.call("POST", f"/interactions/{first.id}/{second.token}/callback", DEFERRED)
    assert (answer.status, answer.code) == (404, 10062)


async def test_the_webhook_is_unknown_before_the_callback(api: Api, world: World) -> None:
    """10015 for a follow-up to an interaction that was not acknowledged."""
    answer = await api.call("POST", webhook(world, command(world)), {"content": "early"})
    assert (answer.status, answer.code) == (404, 10015)


async def test_token_expires_after_fifteen_minutes(api: Api, world: World) -> None:
    """50027 from then on, while the bot's own token still edits the message by its id."""
    record = command(world)
    await api.call("POST", callback(record), DEFERRED)
    world.clock.advance(15 * 60 + 1)
    late = await api.call("PATCH", webhook(world, record, "@original"), {"content": "late"})
    path = f"/channels/{record.channel.id}/messages/{record.response_id}"
    by_bot = await api.call("PATCH", path, {"content": "by the bot"})
    assert (late.status, late.code) == (401, 50027)
    assert (by_bot.status, by_bot.body["content"], by_bot.body["flags"]) == (200, "by the bot", 0)


async def test_a_token_can_be_expired_on_demand(api: Api, world: World, discord_server: DiscordServer) -> None:
    """`expire_token` has the same effect, for one interaction only."""
    one, other = command(world), command(world)
    for record in (one, other):
        await api.call("POST", callback(record), DEFERRED)
    discord_server.faults.expire_token(one.id)
    codes = [(await api.call("PATCH", webhook(world, r, "@original"), {"content": "x"})).status for r in (one, other)]
    assert codes == [401, 200]


async def test_follow_up_right_after_a_deferral_fills_the_original(api: Api, world: World) -> None:
    """The first follow-up is the original, the second is a separate message."""
    record = command(world)
    await api.call("POST", callback(record), DEFERRED)
    first = await api.call("POST", webhook(world, record), {"content": "one"})
    second = await api.call("POST", webhook(world, record), {"content": "two"})
    assert first.body["id"] == record.response_id
    assert record.followup_ids == [second.body["id"]]
    assert second.body["interaction_metadata"]["original_response_message_id"] == record.response_id


async def test_ephemeral_messages_exist_for_their_token_only(api: Api, world: World) -> None:
    """By channel and id they are 10008; with the token they are read, edited and deleted."""
    record = command(world)
    answer = await api.call(
        "POST", callback(record) + "?with_response=true", {"type": 4, "data": {"content": "psst", "flags": EPHEMERAL}}
    )
    message_id = answer.body["interaction"]["response_message_id"]
    channel_path = f"/channels/{record.channel.id}/messages"
    for method, body in (("GET", None), ("PATCH", {"content": "x"}), ("DELETE", None)):
        assert (await api.call(method, f"{channel_path}/{message_id}", body)).code == 10008
    assert (await api.call("GET", channel_path)).body == []
    edited = await api.call("PATCH", webhook(world, record, message_id), {"content": "still"})
    assert (edited.body["flags"], edited.body["content"]) == (EPHEMERAL, "still")
    assert (await api.call("DELETE", webhook(world, record, "@original"))).status == 204
    assert (await api.call("GET", webhook(world, record, "@original"))).code == 10008


async def test_one_interaction_cannot_access_anothers_messages(api: Api, world: World) -> None:
    """10008 for a message created with another token."""
    mine, other = command(world), command(world)
    for record in (mine, other):
        await api.call("POST", callback(record), DEFERRED)
    answer = await api.call("PATCH", webhook(world, mine, other.response_id), {"content": "x"})
    assert (answer.status, answer.code) == (404, 10008)


@pytest.mark.parametrize(("kind", "callback_type"), [(2, 8), (2, 6), (2, 7), (4, 4), (4, 5), (5, 9)])
async def test_callback_must_match_its_interaction(api: Api, world: World, kind: int, callback_type: int) -> None:
    """No choices for a command, only choices for autocomplete, no modal in response to a modal."""
    data: dict[str, Any] = {"id": "1", "name": "x", "type": 1}
    record = world.interactions.create(InteractionType(kind), world.user("bob"), world.channel("art"), data)
    field = {"type": 18, "label": "l", "component": {"type": 4, "custom_id": "t", "style": 1}}
    bodies: dict[int, Any] = {8: {"choices": []}, 4: {"content": "x"}, 7: {"content": "x"}}
    bodies[9] = {"custom_id": "m", "title": "t", "components": [field]}
    body = {"type": callback_type, **({"data": bodies[callback_type]} if callback_type in bodies else {})}
    answer = await api.call("POST", callback(record), body)
    assert (answer.status, answer.code, record.state) == (400, 50035, State.PENDING)


async def test_a_button_updates_its_message(api: Api, world: World) -> None:
    """Type 7 edits the clicked message, and `@original` means that message."""
    source = world.messages.create(
        world.bot, world.channel("art"), {"content": "old", "components": [row(button("b"))]}, []
    )
    data = {"custom_id": "b", "component_type": 2}
    click = world.interactions.create(
        InteractionType.COMPONENT, world.user("bob"), world.channel("art"), data, source=source
    )
    answer = await api.call("POST", callback(click) + "?with_response=1", {"type": 7, "data": {"content": "new"}})
    assert answer.body["resource"]["message"]["content"] == "new"
    assert (await api.call("GET", webhook(world, click, "@original"))).body["id"] == source.id
    assert source.edits == 1


async def test_invalid_response_leaves_the_interaction_pending(api: Api, world: World) -> None:
    """After a 50035 the bot may still respond within its three seconds."""
    record = command(world)
    bad = await api.call("POST", callback(record), {"type": 4, "data": {"content": "x" * 2001}})
    good = await api.call("POST", callback(record), {"type": 4, "data": {"content": "fine"}})
    assert (bad.code, good.status) == (50035, 204)


async def test_a_card_is_delivered_by_webhook_edit(api: Api, world: World) -> None:
    """A multipart edit with a gallery: the file is in the component, not in the attachments."""
    record = command(world)
    await api.call("POST", callback(record), DEFERRED)
    body = {**card(), "attachments": [{"id": 0, "filename": "a.png"}]}
    done = await api.call("PATCH", webhook(world, record, "@original"), body, files={"a.png": picture()})
    (item,) = done.body["components"][0]["components"][1]["items"]
    assert done.body["attachments"] == []
    assert (item["media"]["width"], item["media"]["attachment_id"]) == (40, item["media"]["id"])
    assert (await api.fetch(item["media"]["url"])).body == picture()


async def test_pending_interactions_time_out_without_a_bot(world: World, discord_server: DiscordServer) -> None:
    """An interaction that no bot receives fails automatically."""
    assert not discord_server.gateway.online
    world.interactions.acknowledge_within_s = 0.01
    record = command(world)
    await Interaction(record, world).wait_failed(1)
    assert record.acknowledged_after_s is None


async def test_modal_of_six_components_is_refused(api: Api, world: World) -> None:
    """The OpenAPI description allows forty; Discord accepts five."""
    parts = [text(str(number)) for number in range(6)]
    answer = await api.call(
        "POST", callback(command(world)), {"type": 9, "data": {"custom_id": "m", "title": "t", "components": parts}}
    )
    assert (answer.status, answer.code) == (400, 50035)
    assert "components" in answer.body["errors"]["data"]


async def test_v2_messages_need_no_content(api: Api, world: World) -> None:
    """A type 4 response may consist of components only."""
    answer = await api.call("POST", callback(command(world)), {"type": 4, "data": v2(text("hi"))})
    assert answer.status == 204
