"""Message bodies: components v2, attachments, and what Discord refuses."""

from typing import Any

import pytest

from sandbox.discord import DiscordServer, World
from tests.sandbox.conftest import Api
from tests.sandbox.payloads import V2, button, card, gallery, row, text, v2
from tests.sandbox.test_discord_cdn import picture


@pytest.fixture
def path(world: World) -> str:
    """The path of a channel's messages."""
    return f"/channels/{world.channel('art').id}/messages"


def many_buttons(count: int) -> list[dict[str, Any]]:
    """Rows of five buttons each."""
    return [row(*(button(f"{line}-{n}") for n in range(5))) for line in range(count // 5)]


_REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "content over 2000": ({"content": "x" * 2001}, "content"),
    "six rows": ({"content": "x", "components": [row(button(str(n))) for n in range(6)]}, "components"),
    "six buttons in a row": ({"content": "x", "components": [row(*(button(str(n)) for n in range(6)))]}, "components"),
    "button beside a select": (
        {"content": "x", "components": [row(button("a"), {"type": 5, "custom_id": "s"})]},
        "components",
    ),
    "duplicate custom_id": ({"content": "x", "components": [row(button("a"), button("a"))]}, "components"),
    "v2 components without the flag": ({"components": [text("x")]}, "components"),
    "v2 with content": (v2(text("x"), content="y"), "content"),
    "v2 with embeds": (v2(text("x"), embeds=[{"title": "y"}]), "embeds"),
    "over 40 components": (v2(*(text("x") for _ in range(41))), "components"),
    "over 4000 characters": (v2(text("x" * 2001), text("x" * 2000)), "components"),
    "a button on the top level": (v2(button("b")), "components"),
    "nested containers": (v2({"type": 17, "components": [{"type": 17, "components": [text("x")]}]}), "components"),
    "eleven pictures": (v2(gallery(*(f"{n}.png" for n in range(11)))), "components"),
    "a link without an address": (
        {"content": "x", "components": [row({"type": 2, "style": 5, "label": "l"})]},
        "components",
    ),
    "a missing upload": (v2(gallery("nowhere.png")), "components"),
    "an unknown attachment": ({"content": "x", "attachments": [{"id": "77"}]}, "attachments"),
    "embeds over 6000": ({"embeds": [{"description": "x" * 4000}, {"description": "x" * 2001}]}, "embeds"),
}


@pytest.mark.parametrize(("body", "field"), _REFUSED.values(), ids=_REFUSED.keys())
async def test_invalid_body_is_refused_at_the_right_field(
    api: Api, path: str, world: World, discord_server: DiscordServer, body: dict[str, Any], field: str
) -> None:
    """50035 with the field in its errors; nothing is posted; the violation is recorded."""
    answer = await api.call("POST", path, body)
    assert (answer.status, answer.code) == (400, 50035)
    assert field in answer.body["errors"]
    assert list(world.messages.of_channel(world.channel("art").id)) == []
    assert len(discord_server.violations) == 1


async def test_forty_components_and_4000_characters_pass(api: Api, path: str) -> None:
    """The limits are inclusive."""
    full = v2(*many_buttons(25), *(text("x" * 400) for _ in range(10)))
    assert (await api.call("POST", path, full)).status == 200


async def test_components_v2_flag_cannot_be_removed(api: Api, path: str) -> None:
    """An edit keeps the flag without naming it, and content stays forbidden."""
    posted = await api.call("POST", path, v2(text("x")))
    one = f"{path}/{posted.body['id']}"
    edited = await api.call("PATCH", one, {"components": [text("y")], "flags": 0})
    refused = await api.call("PATCH", one, {"content": "plain"})
    assert (edited.body["flags"], edited.body["components"][0]["content"]) == (V2, "y")
    assert (refused.status, refused.code) == (400, 50035)


async def test_plain_message_becomes_v2_when_its_content_is_removed(api: Api, path: str) -> None:
    """The flag on an edit is refused while content stays, and accepted when it is null."""
    posted = await api.call("POST", path, {"content": "plain"})
    one = f"{path}/{posted.body['id']}"
    assert (await api.call("PATCH", one, v2(text("x")))).code == 50035
    assert (await api.call("PATCH", one, v2(text("x"), content=None))).body["flags"] == V2


async def test_components_get_ids(api: Api, path: str) -> None:
    """Given ids are kept, the others are assigned around them."""
    posted = await api.call("POST", path, v2({**text("a"), "id": 1}, text("b"), {**text("c"), "id": 0}))
    assert [component["id"] for component in posted.body["components"]] == [1, 2, 3]


async def test_an_edit_keeps_only_the_listed_files(api: Api, path: str, world: World) -> None:
    """A file that `attachments` does not list is removed; an upload is added; without the list all stay."""
    posted = await api.call("POST", path, {"content": "x"}, files={"a.png": picture(), "b.txt": b"b"})
    one = f"{path}/{posted.body['id']}"
    a, _ = posted.body["attachments"]
    untouched = await api.call("PATCH", one, {"content": "y"})
    listed = {"attachments": [{"id": a["id"], "description": "alt"}, {"id": 0, "filename": "c.txt"}]}
    replaced = await api.call("PATCH", one, listed, files={"c.txt": b"c"})
    emptied = await api.call("PATCH", one, {"attachments": []})
    names = [[a["filename"] for a in answer.body["attachments"]] for answer in (untouched, replaced, emptied)]
    assert names == [["a.png", "b.txt"], ["a.png", "c.txt"], []]
    assert replaced.body["attachments"][0]["description"] == "alt"
    assert list(world.files.new_path().parent.iterdir()) == []


async def test_displayed_file_cannot_be_removed(api: Api, path: str) -> None:
    """An edit that removes a file of a remaining gallery is refused."""
    posted = await api.call("POST", path, card(), files={"a.png": picture()})
    answer = await api.call("PATCH", f"{path}/{posted.body['id']}", {"attachments": []})
    assert (answer.status, answer.code) == (400, 50035)


async def test_edit_may_send_the_file_url_back(api: Api, path: str) -> None:
    """Libraries rebuild a message from what they read; its own CDN URL then refers to the same file."""
    posted = await api.call("POST", path, v2(gallery("a.png")), files={"a.png": picture()})
    media = posted.body["components"][0]["items"][0]["media"]
    again = v2({"type": 12, "items": [{"media": {"url": media["url"]}}]}, text("more"))
    edited = await api.call("PATCH", f"{path}/{posted.body['id']}", again)
    assert edited.body["components"][0]["items"][0]["media"]["attachment_id"] == media["attachment_id"]


async def test_a_refused_edit_changes_nothing(api: Api, path: str, world: World) -> None:
    """Content, files and components stay unchanged, and the refused upload is not stored."""
    posted = await api.call("POST", path, {"content": "x"}, files={"a.png": picture()})
    one = f"{path}/{posted.body['id']}"
    refused = await api.call("PATCH", one, {"content": "y" * 2001, "attachments": []}, files={"b.png": picture()})
    assert refused.code == 50035
    now = await api.call("GET", one)
    assert (now.body["content"], [a["filename"] for a in now.body["attachments"]]) == ("x", ["a.png"])
    assert len(list(world.files.new_path().parent.iterdir())) == 1


async def test_mentions_follow_allowed_mentions(api: Api, path: str, world: World) -> None:
    """A mention in a text display pings, unless allowed_mentions says otherwise."""
    alice = world.user("alice").id
    loud = await api.call("POST", path, v2(text(f"<@{alice}> ready")))
    quiet = await api.call("POST", path, v2(text(f"<@{alice}> ready"), allowed_mentions={"parse": []}))
    named = await api.call("POST", path, {"content": f"<@{alice}>", "allowed_mentions": {"users": [alice]}})
    pinged = [[user["username"] for user in answer.body["mentions"]] for answer in (loud, quiet, named)]
    assert pinged == [["alice"], [], ["alice"]]


async def test_oldest_messages_are_removed_beyond_the_limit(world: World) -> None:
    """The store is bounded: the oldest message is removed, also from the index."""
    channel = world.channel("general")
    world.messages._max = 3
    ids = [world.messages.create(world.bot, channel, {"content": str(n)}, []).id for n in range(5)]
    assert [message.content for message in world.messages.of_channel(channel.id)] == ["2", "3", "4"]
    assert world.messages.find(ids[0]) is None
