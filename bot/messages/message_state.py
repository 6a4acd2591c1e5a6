"""Reads what a message shows from Discord's response."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import discord


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageState:
    """Where a card was posted, and the attachment ids by file name, as far as Discord returned them.

    `by` is "" if the card could not be posted; `token_died` says that the token is not valid any more.
    """

    by: str
    message_id: int | None
    channel_id: int | None
    attachments: Mapping[str, int]
    edited: bool
    token_died: bool = False


def posted_in(message: discord.Message, *, by: str, edited: bool) -> MessageState:
    """The state of the message that Discord returned."""
    found = {attachment.filename: attachment.id for attachment in message.attachments}
    for media in _media(message.components):
        name = media.url.partition("?")[0].rpartition("/")[2]
        if media.attachment_id is not None:
            found[name] = media.attachment_id
    return MessageState(by=by, message_id=message.id, channel_id=message.channel.id, attachments=found, edited=edited)


def _media(components: Any) -> Iterator[discord.UnfurledMediaItem]:
    """Every media item of a message's components: files that they show are not listed among its attachments."""
    for component in components:
        if isinstance(component, discord.MediaGalleryComponent):
            yield from (item.media for item in component.items)
        elif isinstance(component, discord.Container):
            yield from _media(component.children)


def shows(message: discord.Message, view: discord.ui.LayoutView, file_names: Collection[str]) -> bool:
    """Whether a message has the texts of a view and all of these files."""
    attached = posted_in(message, by="", edited=False).attachments
    same_words = _texts(message.components) == _texts(view.walk_children())
    return same_words and all(name in attached for name in file_names)


def _texts(parts: Iterable[object]) -> list[str]:
    """The texts of a view, or of a message's components, in order."""
    found = []
    for part in parts:
        if isinstance(part, discord.ui.TextDisplay | discord.TextDisplay):
            found.append(part.content.strip())
        elif isinstance(part, discord.Container | discord.SectionComponent):
            found += _texts(part.children)
    return found
