"""The pictures of messages in every form in which Discord delivers them."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from bot.localization.catalogue import ENGLISH
from bot.ui.message_media import PostedPicture, avatar_of, pictures_of

HOSTS = ("cdn.discordapp.com", "media.discordapp.net")
CDN = "https://cdn.discordapp.com/attachments/1/2"
SIGNED = "?ex=6&is=5&hm=4&"
Json = dict[str, Any]


def received(**fields: Any) -> discord.Message:
    """A message as discord.py builds it from Discord's JSON."""
    client = discord.Client(intents=discord.Intents.none())
    channel = client.get_partial_messageable(3)
    about: Json = {
        "id": "9",
        "channel_id": "3",
        "author": {"id": "4", "username": "alice", "discriminator": "0", "avatar": None},
        "type": 0,
        "mentions": [],
        "mention_roles": [],
        "mention_everyone": False,
        "tts": False,
        "pinned": False,
        **posted(),
    }
    data: Any = {**about, **fields}
    return discord.Message(state=client._connection, channel=channel, data=data)


def posted(**fields: Any) -> Json:
    """The part of a message that is repeated in a forward."""
    empty: Json = {"content": "", "embeds": [], "attachments": [], "components": [], "type": 0, "flags": 0}
    return {**empty, "timestamp": "2026-03-14T15:09:26+00:00", "edited_timestamp": None, **fields}


def attachment(name: str = "cat.png", content_type: str | None = "image/png", *, number: int = 1) -> Json:
    """An attachment of a message."""
    url = f"https://cdn.discordapp.com/attachments/3/{number}/{name}{SIGNED}"
    about: Json = {"id": str(number), "filename": name, "size": 5, "url": url, "proxy_url": url}
    return about if content_type is None else {**about, "content_type": content_type}


def media(name: str, content_type: str | None = "image/png") -> Json:
    """A media item of a component."""
    url = f"{CDN}/{name}{SIGNED}"
    return {"url": url, "proxy_url": url, "width": 1, "height": 1, "content_type": content_type, "id": "5"}


def names(message: discord.Message) -> list[str]:
    """The names of the pictures found, in order."""
    return [picture.name for picture in pictures_of(message, HOSTS)]


def test_file_is_found_with_url_name_and_type() -> None:
    """The signed URL is kept in full: it does not work without its signature."""
    message = received(attachments=[attachment()])
    assert pictures_of(message, HOSTS) == (
        PostedPicture(
            url=f"https://cdn.discordapp.com/attachments/3/1/cat.png{SIGNED}", name="cat.png", content_type="image/png"
        ),
    )


@pytest.mark.parametrize(
    ("name", "content_type", "found"),
    [
        ("a.jpg", "image/jpeg", True),
        ("a.webp", "image/webp", True),
        ("a.gif", "image/gif", True),
        ("a.PNG", None, True),
        ("a.svg", "image/svg+xml", False),
        ("a.mp4", "video/mp4", False),
        ("a.png", "application/pdf", False),
        ("notes.txt", "text/plain; charset=utf-8", False),
        ("nothing", None, False),
    ],
)
def test_only_usable_pictures_count(name: str, content_type: str | None, found: bool) -> None:
    """By Discord's content type, else by the file name."""
    assert names(received(attachments=[attachment(name, content_type)])) == ([name] if found else [])


def test_embeds_show_image_then_thumbnail() -> None:
    """Both fields are read, and an embed without either is skipped."""
    embeds = [
        {"type": "rich", "title": "words alone"},
        {"type": "rich", "image": media("one.png"), "thumbnail": media("two.jpg", None)},
    ]
    assert names(received(embeds=embeds)) == ["one.png", "two.jpg"]


@pytest.mark.parametrize("path", ["media/F00", "photo.php", "%3Fformat%3Djpg/https/pbs.example/media/F00"])
def test_external_picture_counts_if_discord_proxies_it(path: str) -> None:
    """Its URL need not have an image extension: an embed shows it. Only Discord's proxy is read."""
    proxy = f"https://images-ext-1.discordapp.net/external/x/https/example.com/{path}"
    image = {"url": f"https://example.com/{path}", "proxy_url": proxy, "width": 1, "height": 1}
    message = received(embeds=[{"type": "rich", "image": image}])
    [picture] = pictures_of(message, (*HOSTS, "images-ext-1.discordapp.net"))
    assert (picture.url, picture.content_type) == (proxy, None)
    assert names(message) == []


def test_embed_of_an_unusable_type_is_skipped() -> None:
    """If Discord gives the content type, it decides."""
    assert names(received(embeds=[{"type": "rich", "image": media("one.svg", "image/svg+xml")}])) == []


def test_galleries_thumbnails_and_containers_are_read_in_order() -> None:
    """A bot's own card is such a message: its files are not in the list of attachments."""
    gallery = {
        "type": 12,
        "items": [{"media": media("one.png")}, {"media": media("film.mp4", "video/mp4")}, {"media": media("two.png")}],
    }
    section = {
        "type": 9,
        "components": [{"type": 10, "content": "x"}],
        "accessory": {"type": 11, "media": media("three.png")},
    }
    button = {"type": 2, "style": 2, "label": "x", "custom_id": "x"}
    pressed = {"type": 9, "components": [{"type": 10, "content": "x"}], "accessory": button}
    file = {"type": 13, "file": media("four.png"), "name": "four.png", "size": 1}
    components = [
        {"type": 17, "components": [gallery, section, pressed, {"type": 14}]},
        file,
        {"type": 10, "content": "bye"},
    ]
    assert names(received(components=components, flags=1 << 15)) == ["one.png", "two.png", "three.png", "four.png"]


def test_stickers_are_pictures_unless_lottie() -> None:
    """PNG, APNG and GIF; not lottie."""
    stickers = [{"id": str(10 + kind), "name": f"sticker {kind}", "format_type": kind} for kind in (1, 2, 3, 4)]
    found = pictures_of(received(sticker_items=stickers), HOSTS)
    assert [(picture.name, picture.url) for picture in found] == [
        ("sticker 1", "https://cdn.discordapp.com/stickers/11.png"),
        ("sticker 2", "https://cdn.discordapp.com/stickers/12.png"),
        ("sticker 4", "https://media.discordapp.net/stickers/14.gif"),
    ]


def test_forward_has_the_pictures_of_the_forwarded_message() -> None:
    """In all the same fields as a message's own."""
    snapshot = posted(
        attachments=[attachment("a.png")],
        embeds=[{"type": "image", "thumbnail": media("b.png")}],
        components=[{"type": 12, "items": [{"media": media("c.png")}]}],
        sticker_items=[{"id": "8", "name": "d", "format_type": 1}],
    )
    assert names(received(message_snapshots=[{"message": snapshot}])) == ["a.png", "b.png", "c.png", "d"]


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/cat.png",
        "https://cdn.discordapp.com@example.com/cat.png",
        "https://cdn.discordapp.com.example.com/cat.png",
        "ftp://cdn.discordapp.com/cat.png",
        "https://images-ext-1.discordapp.net/external/x/https/example.com/cat.png",
        "https://[/cat.png",
        "attachment://cat.png",
    ],
)
def test_pictures_on_other_hosts_are_skipped(url: str) -> None:
    """No member can make the bot read an arbitrary URL."""
    elsewhere = {"url": url, "proxy_url": url, "width": 1, "height": 1}
    assert names(received(embeds=[{"type": "rich", "image": elsewhere}])) == []
    assert names(received(components=[{"type": 12, "items": [{"media": {**elsewhere, "id": "1"}}]}])) == []


def test_a_picture_shown_twice_counts_once() -> None:
    """Also if its URL was signed twice."""
    embed = {
        "type": "image",
        "url": "x",
        "thumbnail": {"url": "https://cdn.discordapp.com/attachments/3/1/cat.png?ex=9", "width": 1, "height": 1},
    }
    assert names(received(attachments=[attachment()], embeds=[embed])) == ["cat.png"]


def test_message_without_pictures_has_none() -> None:
    """The list is empty."""
    assert pictures_of(received(content="https://cdn.discordapp.com/attachments/3/1/cat.png"), HOSTS) == ()


def test_every_member_has_an_avatar() -> None:
    """Without their own, Discord's default."""
    picture = avatar_of(received().author, ENGLISH)
    assert picture.url.startswith("https://cdn.discordapp.com/embed/avatars/")
    assert picture.name == "avatar of alice"


def test_contact_sheet_of_references_is_not_a_picture() -> None:
    """A card shows its references as thumbnails; a remix of the card uses its picture."""
    shown = [{"media": media("imagine-7.png")}, {"media": media("imagine-references-3.webp", "image/webp")}]
    message = received(components=[{"type": 12, "id": 1, "items": shown}], flags=1 << 15)
    assert names(message) == ["imagine-7.png"]
