"""The stand-in checked against Discord's OpenAPI description: requests and responses."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.discord import DiscordServer, World
from sandbox.discord.interactions import InteractionType
from sandbox.discord.openapi import OpenApi, find_description
from sandbox.discord.render_message import message_json
from sandbox.driver import Driver
from tests.sandbox.conftest import Api
from tests.sandbox.payloads import COMMANDS, card, every_component
from tests.sandbox.test_discord_cdn import picture

DESCRIPTION = find_description()
pytestmark = pytest.mark.skipif(
    DESCRIPTION is None,
    reason="Discord's OpenAPI description is not at hand (DISCORD_OPENAPI)",
)

_READS: list[tuple[str, Callable[[World], dict[str, str]]]] = [
    ("/gateway", lambda _: {}),
    ("/gateway/bot", lambda _: {}),
    ("/users/@me", lambda _: {}),
    ("/users/@me/guilds", lambda _: {}),
    ("/applications/@me", lambda _: {}),
    ("/oauth2/applications/@me", lambda _: {}),
    ("/users/{user_id}", lambda w: {"user_id": w.user("alice").id}),
    ("/guilds/{guild_id}", lambda w: {"guild_id": w.guild.id}),
    ("/guilds/{guild_id}/roles", lambda w: {"guild_id": w.guild.id}),
    ("/guilds/{guild_id}/channels", lambda w: {"guild_id": w.guild.id}),
    ("/guilds/{guild_id}/members/{user_id}", lambda w: {"guild_id": w.guild.id, "user_id": w.user("mod").id}),
    ("/channels/{channel_id}", lambda w: {"channel_id": w.channel("art").id}),
    ("/channels/{channel_id}", lambda w: {"channel_id": w.channel("lounge").id}),
    ("/channels/{channel_id}", lambda w: {"channel_id": w.channel("showcase").id}),
    ("/channels/{channel_id}", lambda w: {"channel_id": w.channel("best-of").id}),
    ("/channels/{channel_id}", lambda w: {"channel_id": w.channel("dm", "bob").id}),
]


@pytest.fixture
def description() -> OpenApi:
    """Discord's OpenAPI description."""
    assert DESCRIPTION is not None
    return OpenApi(DESCRIPTION)


@pytest.mark.parametrize(("template", "params"), _READS)
async def test_read_routes_match_the_description(
    api: Api, world: World, description: OpenApi, template: str, params: Callable[[World], dict[str, str]]
) -> None:
    """Every reading route returns what Discord's description specifies."""
    answer = await api.call("GET", template.format(**params(world)))
    assert answer.status == 200
    assert description.response_errors("GET", template, 200, answer.body) == {}


@pytest.mark.parametrize("make", [card, every_component], ids=["card", "every component"])
async def test_messages_with_components_match_the_description(
    api: Api, world: World, description: OpenApi, make: Callable[[], dict[str, Any]]
) -> None:
    """For a posted and an edited components-v2 message."""
    template = "/channels/{channel_id}/messages"
    path = template.format(channel_id=world.channel("art").id)
    posted = await api.call("POST", path, make(), files={"a.png": picture()})
    assert posted.status == 200, posted.body
    assert description.response_errors("POST", template, 200, posted.body) == {}
    assert description.response_errors("GET", template, 200, (await api.call("GET", path)).body) == {}


async def test_classic_messages_match_the_description(api: Api, world: World, description: OpenApi) -> None:
    """Content, an embed with an uploaded picture, an attached file, and a reply."""
    template = "/channels/{channel_id}/messages"
    path = template.format(channel_id=world.channel("art").id)
    embed = {"title": "t", "description": "d", "color": 1, "image": {"url": "attachment://a.png"}}
    posted = await api.call(
        "POST",
        path,
        {"content": f"<@{world.user('bob').id}>", "embeds": [embed]},
        files={"a.png": picture(), "b.txt": b"b"},
    )
    reply = await api.call("POST", path, {"content": "re", "message_reference": {"message_id": posted.body["id"]}})
    for answer in (posted, reply):
        assert answer.status == 200, answer.body
        assert description.response_errors("POST", template, 200, answer.body) == {}
    assert [attachment["filename"] for attachment in posted.body["attachments"]] == ["b.txt"]
    assert [user["username"] for user in posted.body["mentions"]] == ["bob"]


async def test_commands_match_the_description(api: Api, world: World, description: OpenApi) -> None:
    """Registered commands, global and of the guild."""
    for template in (
        "/applications/{application_id}/commands",
        "/applications/{application_id}/guilds/{guild_id}/commands",
    ):
        path = template.format(application_id=world.application_id, guild_id=world.guild.id)
        answer = await api.call("PUT", path, COMMANDS)
        assert answer.status == 200, answer.body
        assert description.response_errors("PUT", template, 200, answer.body) == {}


@pytest.mark.parametrize(
    "body",
    [
        {"type": 4, "data": {"content": "hi", "flags": 64}},
        {"type": 5, "data": {"flags": 64}},
        {"type": 5},
        {"type": 9, "data": {"custom_id": "m", "title": "t", "components": []}},
    ],
    ids=["message", "ephemeral deferral", "deferral", "modal"],
)
async def test_callbacks_match_the_description(
    api: Api, world: World, description: OpenApi, body: dict[str, Any]
) -> None:
    """The callback's response with `with_response`."""
    if body["type"] == 9:
        field = {"type": 18, "label": "l", "component": {"type": 4, "custom_id": "t", "style": 1}}
        body = {"type": 9, "data": {**body["data"], "components": [field]}}
    data = {"id": "1", "name": "x", "type": 1}
    record = world.interactions.create(InteractionType.COMMAND, world.user("alice"), world.channel("general"), data)
    template = "/interactions/{interaction_id}/{interaction_token}/callback"
    path = template.format(interaction_id=record.id, interaction_token=record.token)
    answer = await api.call("POST", path + "?with_response=1", body)
    assert answer.status == 200, answer.body
    assert description.response_errors("POST", template, 200, answer.body) == {}


async def test_every_kind_of_interaction_metadata_matches(
    world: World, discord_server: DiscordServer, description: OpenApi
) -> None:
    """Of messages made by a command, a button and a modal."""
    driver = Driver(discord_server)
    make, bot = world.interactions, world.bot
    alice, place = world.user("alice"), world.channel("general")
    data = {"id": "1", "name": "x", "type": 1}
    command = make.create(InteractionType.COMMAND, alice, place, data)
    make.acknowledge(command.id, command.token, {"type": 4, "data": {"content": "c"}}, [])
    source = world.messages.find(command.response_id or "")
    click = make.create(InteractionType.COMPONENT, alice, place, {"custom_id": "b", "component_type": 2}, source=source)
    make.acknowledge(click.id, click.token, {"type": 4, "data": {"content": "b"}}, [])
    modal = make.create(InteractionType.MODAL_SUBMIT, alice, place, {"custom_id": "m"}, source=source, opened_by=click)
    make.acknowledge(modal.id, modal.token, {"type": 4, "data": {"content": "m"}}, [])
    make.follow_up(modal, {"content": "f"}, [])
    messages = list(world.messages.of_channel(place.id))
    assert [message.content for message in messages] == ["c", "b", "m", "f"]
    for message in messages:
        assert message.author is bot
        assert description.schema_errors("MessageResponse", message_json(message, world)) == {}
    assert driver.messages("alice")[-1].raw["interaction_metadata"]["original_response_message_id"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"content": 5}, "content"),
        (
            {"components": [{"type": 1, "components": [{"type": 2, "style": 99, "label": "x", "custom_id": "x"}]}]},
            "components",
        ),
        ({"embeds": [{"title": "x" * 300}]}, "embeds"),
    ],
)
async def test_body_that_violates_the_description_is_refused(
    api: Api, world: World, discord_server: DiscordServer, body: dict[str, Any], path: str
) -> None:
    """50035 names the field, and the violation is recorded for tests."""
    answer = await api.call("POST", f"/channels/{world.channel('art').id}/messages", body)
    assert (answer.status, answer.code) == (400, 50035)
    assert path in answer.body["errors"]
    assert "POST /channels/{channel_id}/messages" in discord_server.violations[0]


async def test_an_integer_attachment_id_is_no_violation(api: Api, world: World, discord_server: DiscordServer) -> None:
    """The description requires a string; Discord accepts the number that every library sends."""
    body = {"attachments": [{"id": 0, "filename": "a.png", "description": "alt"}]}
    answer = await api.call("POST", f"/channels/{world.channel('art').id}/messages", body, files={"a.png": picture()})
    assert (answer.status, answer.body["attachments"][0]["description"]) == (200, "alt")
    assert discord_server.violations == []
