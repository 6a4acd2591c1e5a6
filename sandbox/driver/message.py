"""A snapshot of a message as one member sees it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import aiohttp

from sandbox.discord.components import ComponentType, walk
from sandbox.discord.messages import message_text
from sandbox.discord.model import Attachment, Json, MessageFlag, StoredMessage
from sandbox.discord.render_message import message_json
from sandbox.discord.world import World


class Button(NamedTuple):
    """A button or a select's option; `custom_id` is empty for a link."""

    label: str
    custom_id: str
    disabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A file that the message shows; `url` is signed and expires."""

    url: str
    description: str | None
    content_type: str | None
    size: int
    filename: str
    attachment_id: str
    width: int | None = None
    height: int | None = None
    spoiler: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A snapshot; later edits give new snapshots. `raw` is the JSON that clients receive; `author` is a name.

    `edits` counts changes after the message was first complete: completing a deferral is not an edit.
    """

    id: str
    channel_id: str
    author: str
    flags: int
    ephemeral_to: str | None
    content: str
    embeds: list[Json]
    components: list[Json]
    attachments: list[Json]
    edits: int
    created_at: float
    edited_at: float | None
    nonce: str | int | None
    interaction_id: str | None
    raw: Json
    _text: str
    _media: tuple[Media, ...]

    @property
    def loading(self) -> bool:
        """True while it shows "thinking"."""
        return bool(self.flags & MessageFlag.LOADING)

    def text(self) -> str:
        """All visible text, including components and alternative texts, one part a line."""
        return self._text

    def buttons(self) -> list[Button]:
        """All buttons, in order."""
        return [
            Button(_label(component), component.get("custom_id", ""), bool(component.get("disabled")))
            for _, component in walk(self.components)
            if component.get("type") == ComponentType.BUTTON
        ]

    def button(self, label: str) -> Button:
        """The button whose label contains this text. Raises KeyError."""
        for button in self.buttons():
            if label.casefold() in button.label.casefold():
                return button
        raise KeyError(f"no button {label!r}; there are {[button.label for button in self.buttons()]}")

    def media(self) -> list[Media]:
        """The files that it shows, in order."""
        return list(self._media)

    async def read(self, number: int = 0) -> bytes:
        """The bytes of the n-th file, downloaded from the CDN as a client does."""
        async with aiohttp.ClientSession() as session, session.get(self._media[number].url) as response:
            response.raise_for_status()
            return await response.read()


def snapshot(message: StoredMessage, world: World) -> Message:
    """The message's current state."""
    raw = message_json(message, world)
    viewer = world.users[message.ephemeral_to].username if message.ephemeral_to else None
    return Message(
        id=message.id,
        channel_id=message.channel_id,
        author=message.author.username,
        flags=message.flags,
        ephemeral_to=viewer,
        content=message.content,
        embeds=raw["embeds"],
        components=raw["components"],
        attachments=raw["attachments"],
        edits=message.edits,
        created_at=message.created_at,
        edited_at=message.edited_at,
        nonce=message.nonce,
        interaction_id=(message.interaction or {}).get("interaction_metadata", {}).get("id"),
        raw=raw,
        _text=message_text(message),
        _media=tuple(_media(message, world)),
    )


def _media(message: StoredMessage, world: World) -> Iterator[Media]:
    """Files shown: those of components in their order; without components v2 also plain attachments."""
    shown: set[str] = set()
    for _, component in walk(message.components):
        holders = component.get("items") or (component,)
        for holder in holders:
            media = holder.get("media") or holder.get("file")
            attachment = world.files.get(media.get("attachment", "")) if isinstance(media, dict) else None
            if attachment is not None:
                shown.add(attachment.id)
                yield _of(attachment, world, holder.get("description"), spoiler=bool(holder.get("spoiler")))
    if message.components_v2:
        return
    for attachment in message.attachments:
        if attachment.id not in shown:
            yield _of(attachment, world, attachment.description, spoiler=attachment.spoiler)


def _of(attachment: Attachment, world: World, description: str | None, *, spoiler: bool) -> Media:
    return Media(
        url=world.files.url(attachment),
        description=description or attachment.description,
        content_type=attachment.content_type,
        size=attachment.size,
        filename=attachment.filename,
        attachment_id=attachment.id,
        width=attachment.width,
        height=attachment.height,
        spoiler=spoiler,
    )


def _label(button: Json) -> str:
    emoji = (button.get("emoji") or {}).get("name") or ""
    return " ".join(part for part in (emoji, button.get("label") or "") if part)
