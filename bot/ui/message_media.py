"""The pictures of a posted message, wherever Discord keeps them: files, embeds, components, stickers, forwards."""

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
"""A picture whose kind its bytes will tell: addresses of pictures from the web often end in no file name."""
_STICKERS: Final = {
    discord.StickerFormatType.png: "image/png",
    discord.StickerFormatType.apng: "image/png",
    discord.StickerFormatType.gif: "image/gif",
}
"""A lottie sticker is a drawing program, not a picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedPicture:
    """A picture on Discord's own CDN. Its address expires; `content_type` is None where Discord did not tell it."""

    url: str
    name: str
    content_type: str | None


def pictures_of(message: discord.Message, cdn_hosts: Collection[str]) -> tuple[PostedPicture, ...]:
    """The pictures of a message in reading order, each once; those that lie on other hosts are left out.

    Files that components or embeds show are not among a message's attachments, so every place is looked at.
    """
    found: dict[str, PostedPicture] = {}
    parts: list[discord.Message | discord.MessageSnapshot] = [message, *message.message_snapshots]
    for part in parts:
        for picture in _of_part(part, cdn_hosts):
            if not is_sheet(picture.name):
                found.setdefault(_address(picture.url), picture)
    return tuple(found.values())


def avatar_of(user: discord.User | discord.Member, words: Words) -> PostedPicture:
    """The picture by which a user goes here."""
    name = words.verbatim("form.avatar", name=user.display_name)
    return PostedPicture(url=user.display_avatar.url, name=name, content_type=None)


def _of_part(part: discord.Message | discord.MessageSnapshot, hosts: Collection[str]) -> Iterator[PostedPicture]:
    for attachment in part.attachments:
        yield from _picture((attachment.url,), hosts, attachment.content_type, attachment.filename)
    for embed in part.embeds:
        for media in (embed.image, embed.thumbnail):
            # Whatever the address looks like, an embed shows it as a picture.
            told = getattr(media, "content_type", None) or _SOME_PICTURE
            yield from _picture((media.url, media.proxy_url), hosts, told)
    for item in _media(part.components):
        yield from _picture((item.url, item.proxy_url), hosts, item.content_type)
    for sticker in part.stickers:
        if sticker.format in _STICKERS:
            yield from _picture((sticker.url,), hosts, _STICKERS[sticker.format], sticker.name)


def _media(components: Iterable[object]) -> Iterator[discord.UnfurledMediaItem]:
    """Everything that components show, in order; a section's thumbnail stands beside its texts."""
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
    """The picture at the first of these addresses that is Discord's own, if it is one that can be used."""
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
    """What stays the same of an address when it is signed anew."""
    return url.partition("?")[0]
