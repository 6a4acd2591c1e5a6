"""Finds the pictures of a posted message in all places: files, embeds, components, stickers, forwards."""

from __future__ import annotations

import mimetypes
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

import discord

from bot.localization.catalogue import Words
from bot.net.web_address import AddressError, web_address
from bot.ui.text import is_sheet

_PICTURES: Final = frozenset({"image/png", "image/apng", "image/jpeg", "image/webp", "image/gif"})
_SOME_PICTURE: Final = "image/*"
"""A picture whose type is found from its bytes: web addresses of pictures often have no file extension."""
_STICKERS: Final = {
    discord.StickerFormatType.png: "image/png",
    discord.StickerFormatType.apng: "image/png",
    discord.StickerFormatType.gif: "image/gif",
}
"""Lottie stickers are vector animations, not pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedPicture:
    """A picture on Discord's CDN. Its address expires; `content_type` is None if Discord did not send it."""

    url: str
    name: str
    content_type: str | None


def pictures_of(message: discord.Message, cdn_hosts: Collection[str]) -> tuple[PostedPicture, ...]:
    """The pictures of a message in reading order, each once; pictures on other hosts are left out.

    Files that components or embeds show are not listed among a message's attachments, so every place is searched.
    """
    found: dict[str, PostedPicture] = {}
    parts: list[discord.Message | discord.MessageSnapshot] = [message, *message.message_snapshots]
    for part in parts:
        for picture in _of_part(part, cdn_hosts):
            if not is_sheet(picture.name):
                found.setdefault(_address(picture.url), picture)
    return tuple(found.values())


def avatar_of(user: discord.User | discord.Member, words: Words) -> PostedPicture:
    """A user's avatar in this server, else their global one."""
    name = words.verbatim("form.avatar", name=user.display_name)
    return PostedPicture(url=user.display_avatar.url, name=name, content_type=None)


def _of_part(part: discord.Message | discord.MessageSnapshot, hosts: Collection[str]) -> Iterator[PostedPicture]:
    for attachment in part.attachments:
        yield from _picture((attachment.url,), hosts, attachment.content_type, attachment.filename)
    for embed in part.embeds:
        for media in (embed.image, embed.thumbnail):
            # An embed shows it as a picture whatever its address looks like.
            told = getattr(media, "content_type", None) or _SOME_PICTURE
            yield from _picture((media.url, media.proxy_url), hosts, told)
    for item in _media(part.components):
        yield from _picture((item.url, item.proxy_url), hosts, item.content_type)
    for sticker in part.stickers:
        if sticker.format in _STICKERS:
            yield from _picture((sticker.url,), hosts, _STICKERS[sticker.format], sticker.name)


def _media(components: Iterable[object]) -> Iterator[discord.UnfurledMediaItem]:
    """All media of components, in order; a section's thumbnail comes with its texts."""
    for component in components:
        match component:
            case discord.Container():
                yield from _media(component.children)
            case discord.SectionComponent():
                yield from _media([component.accessory])
            case discord.MediaGalleryComponent():
                yield from (item.media for item in component.items)
            case discord.ThumbnailComponent() | discord.FileComponent():
                yield component.media
            case _:
                pass


def _picture(
    urls: Iterable[str | None], hosts: Collection[str], content_type: str | None, name: str = ""
) -> Iterator[PostedPicture]:
    """The picture at the first of these addresses that is on Discord's CDN, if its type is supported."""
    url = next((url for url in urls if url and _on_discord(url, hosts)), None)
    if url is None:
        return
    name = name or unquote(web_address(url).raw_path.rpartition("/")[2])
    kind = content_type or mimetypes.guess_type(web_address(url).raw_path)[0] or mimetypes.guess_type(name)[0]
    if kind in _PICTURES or kind == _SOME_PICTURE:
        told = None if content_type == _SOME_PICTURE else content_type
        yield PostedPicture(url=url, name=name, content_type=told)


def _on_discord(url: str, hosts: Collection[str]) -> bool:
    try:
        return web_address(url).raw_authority.lower() in hosts
    except AddressError:
        return False


def _address(url: str) -> str:
    """The part of an address that does not change when it is signed again."""
    return url.partition("?")[0]
