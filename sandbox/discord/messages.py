"""Messages: created, edited and deleted by Discord's rules, up to a maximum number per channel."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sandbox.discord.components import MISSING_FILE, stored, used_attachments, visible_text
from sandbox.discord.errors import invalid_form, unknown_message
from sandbox.discord.files import safe_name
from sandbox.discord.hub import Kind
from sandbox.discord.message_rules import check_result
from sandbox.discord.model import Attachment, Channel, Json, MessageFlag, MessageType, StoredMessage, User
from sandbox.discord.quoting import quote
from sandbox.discord.render_message import embed_attachments

if TYPE_CHECKING:
    from sandbox.discord.world import World

_SENDABLE_FLAGS = MessageFlag.SUPPRESS_EMBEDS | MessageFlag.SUPPRESS_NOTIFICATIONS | MessageFlag.IS_COMPONENTS_V2
_NONCE_LIFE_S = 300


@dataclass(slots=True, kw_only=True)
class Upload:
    """One `files[n]` part of a request, stored on disk; `adopted` once a message owns it."""

    index: int
    filename: str
    path: Path
    size: int
    adopted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The origin of a message that an interaction created."""

    type: MessageType = MessageType.DEFAULT
    ephemeral_to: str | None = None
    interaction: Json | None = None
    webhook_id: str | None = None


class MessageStore:
    """All messages by channel; beyond `max_per_channel` the oldest are deleted, with their files."""

    def __init__(self, world: "World", *, max_per_channel: int = 10_000) -> None:
        self._world = world
        self._channels: dict[str, dict[str, StoredMessage]] = {}
        self._place: dict[str, str] = {}
        self._nonces: dict[tuple[str, str], tuple[float, str]] = {}
        self._max = max_per_channel

    def find(self, message_id: str) -> StoredMessage | None:
        """The message with that id, in any channel."""
        return self._channels.get(self._place.get(message_id, ""), {}).get(message_id)

    def public(self, channel_id: str, message_id: str) -> StoredMessage:
        """The message as channel routes see it: raises 10008 for an ephemeral one."""
        message = self._channels.get(channel_id, {}).get(message_id)
        if message is None or message.ephemeral_to is not None:
            raise unknown_message()
        return message

    def of_channel(self, channel_id: str) -> Iterator[StoredMessage]:
        """Messages of a channel, oldest first, including ephemeral ones."""
        return iter(tuple(self._channels.get(channel_id, {}).values()))

    def create(
        self, author: User, channel: Channel, payload: Json, uploads: list[Upload], origin: Origin | None = None
    ) -> StoredMessage:
        """Post a message. Raises Discord's error for an invalid one; nothing is stored then."""
        origin = origin or Origin()
        nonce = payload.get("nonce")
        if payload.get("enforce_nonce") and (earlier := self._by_nonce(channel, nonce)):
            return earlier
        message = StoredMessage(
            id=self._world.ids.next(),
            channel_id=channel.id,
            author=author,
            type=origin.type,
            flags=int(payload.get("flags") or 0) & _SENDABLE_FLAGS,
            ephemeral_to=origin.ephemeral_to,
            interaction=origin.interaction,
            webhook_id=origin.webhook_id,
            nonce=nonce,
            created_at=self._world.clock.now(),
        )
        if origin.ephemeral_to is not None:
            message.flags |= MessageFlag.EPHEMERAL
        quote(message, channel, payload, self._world)
        try:
            self._fill(message, payload, uploads)
        except Exception:
            self._remove_snapshots(message)
            raise
        self._keep(message, channel)
        return message

    def create_loading(self, author: User, channel: Channel, origin: Origin) -> StoredMessage:
        """Post the "thinking" message of a deferral."""
        message = StoredMessage(
            id=self._world.ids.next(),
            channel_id=channel.id,
            author=author,
            type=origin.type,
            flags=MessageFlag.LOADING | (MessageFlag.EPHEMERAL if origin.ephemeral_to is not None else 0),
            ephemeral_to=origin.ephemeral_to,
            interaction=origin.interaction,
            webhook_id=origin.webhook_id,
            created_at=self._world.clock.now(),
        )
        self._keep(message, channel)
        return message

    def edit(self, message: StoredMessage, payload: Json, uploads: list[Upload]) -> StoredMessage:
        """Edit a message; omitted fields are unchanged. Completing a deferral does not count as an edit."""
        self._fill(message, payload, uploads)
        if message.loading:
            message.flags &= ~MessageFlag.LOADING
        else:
            message.edited_at = self._world.clock.now()
            message.edits += 1
        self._world.hub.tell(Kind.MESSAGE_UPDATED, message=message)
        return message

    def delete(self, message: StoredMessage) -> None:
        """Remove a message and its files."""
        self._forget(message)
        self._world.hub.tell(Kind.MESSAGE_DELETED, message=message)

    def _fill(self, message: StoredMessage, payload: Json, uploads: list[Upload]) -> None:
        """Apply a payload to a message, completely or not at all."""
        flags = message.flags | (int(payload.get("flags") or 0) & _SENDABLE_FLAGS)
        attachments = self._attachments(message, payload, uploads)
        fresh = [attachment for attachment in attachments if attachment not in message.attachments]
        try:
            content = _given(payload, "content", message.content, "")
            embeds = _given(payload, "embeds", None, [])
            components = _given(payload, "components", None, [])
            find = _finder(attachments)
            new_embeds = message.embeds if embeds is None else _stored_embeds(embeds, find)
            new_components = message.components if components is None else stored(components, find)
            _check_shown(new_components, new_embeds, attachments)
            check_result(
                content=content,
                embeds=new_embeds,
                components=new_components,
                flags=flags,
                attachments=len(attachments),
                quotes=bool(message.stickers or message.snapshots),
            )
        except Exception:
            for attachment in fresh:
                self._world.files.remove(attachment)
            raise
        self._drop_unlisted(message, attachments)
        message.content, message.embeds, message.components = content, new_embeds, new_components
        message.attachments, message.flags = attachments, flags
        if "allowed_mentions" in payload:
            message.allowed_mentions = payload["allowed_mentions"]

    def _attachments(self, message: StoredMessage, payload: Json, uploads: list[Upload]) -> list[Attachment]:
        """The files after this payload: those it lists, and its uploads. Without a list, all earlier ones are kept."""
        listed: list[Json] | None = payload.get("attachments")
        earlier = {attachment.id: attachment for attachment in message.attachments}
        numbered = {str(upload.index): upload for upload in uploads}
        about = {str(entry.get("id")): entry for entry in listed or ()}
        errors = {
            f"attachments.{number}.id": ("ATTACHMENT_NOT_FOUND", "Attachment data not found.")
            for number, entry_id in enumerate(about)
            if entry_id not in earlier and entry_id not in numbered
        }
        if errors:
            raise invalid_form(errors)
        kept = [attachment for key, attachment in earlier.items() if listed is None or key in about]
        for attachment in kept:
            if "description" in about.get(attachment.id, {}):
                attachment.description = about[attachment.id]["description"]
        return kept + [self._adopt(upload, about.get(number, {}), message) for number, upload in numbered.items()]

    def _adopt(self, upload: Upload, about: Json, message: StoredMessage) -> Attachment:
        ephemeral = message.ephemeral_to is not None
        name = about.get("filename") or upload.filename
        attachment = self._world.files.add(upload.path, name, owner_id=message.channel_id, ephemeral=ephemeral)
        attachment.description = about.get("description")
        attachment.spoiler = attachment.spoiler or bool(about.get("is_spoiler"))
        upload.adopted = True
        return attachment

    def _drop_unlisted(self, message: StoredMessage, attachments: list[Attachment]) -> None:
        for attachment in message.attachments:
            if attachment not in attachments:
                self._world.files.remove(attachment)

    def _by_nonce(self, channel: Channel, nonce: Any) -> StoredMessage | None:
        """The message that was posted with the same enforced nonce within the last minutes."""
        since, message_id = self._nonces.get((channel.id, str(nonce)), (0.0, ""))
        return self.find(message_id) if self._world.clock.now() - since < _NONCE_LIFE_S else None

    def _keep(self, message: StoredMessage, channel: Channel) -> None:
        messages = self._channels.setdefault(channel.id, {})
        messages[message.id] = message
        self._place[message.id] = channel.id
        if message.ephemeral_to is None:
            channel.last_message_id = message.id
        if message.nonce is not None:
            self._nonces[channel.id, str(message.nonce)] = (message.created_at, message.id)
        while len(messages) > self._max:
            self._forget(next(iter(messages.values())))
        self._world.hub.tell(Kind.MESSAGE_CREATED, message=message)

    def _forget(self, message: StoredMessage) -> None:
        self._channels[message.channel_id].pop(message.id, None)
        self._place.pop(message.id, None)
        if message.nonce is not None:
            self._nonces.pop((message.channel_id, str(message.nonce)), None)
        for attachment in message.attachments:
            self._world.files.remove(attachment)
        self._remove_snapshots(message)

    def _remove_snapshots(self, message: StoredMessage) -> None:
        for snapshot in message.snapshots:
            for attachment in snapshot.attachments:
                self._world.files.remove(attachment)


def _check_shown(components: list[Json], embeds: list[Json], attachments: list[Attachment]) -> None:
    """Raise 50035 if the message still shows a file that the edit removed."""
    missing = used_attachments(components) | embed_attachments(embeds)
    missing -= {attachment.id for attachment in attachments}
    if missing:
        raise invalid_form({f"attachments.{attachment_id}": MISSING_FILE for attachment_id in missing})


def _given(payload: Json, key: str, otherwise: Any, empty: Any) -> Any:
    """The payload's value; null means empty, absent means `otherwise`."""
    if key not in payload:
        return otherwise
    return empty if payload[key] is None else payload[key]


class _finder:  # noqa: N801  # a closure with a name: used like a function
    """Finds the file that an `attachment://name` or an address of this CDN refers to."""

    def __init__(self, attachments: list[Attachment]) -> None:
        self._by_name = {attachment.filename: attachment for attachment in attachments}
        self._by_id = {attachment.id: attachment for attachment in attachments}

    def __call__(self, url: str) -> Attachment | None:
        if url.startswith("attachment://"):
            return self._by_name.get(safe_name(url.removeprefix("attachment://")))
        steps = urlsplit(url).path.split("/")
        return self._by_id.get(steps[3]) if len(steps) > 3 else None


def _stored_embeds(embeds: list[Json], find: _finder) -> list[Json]:
    """Embeds prepared for storage, with their pictures linked to files."""
    result = copy.deepcopy(embeds)
    errors: dict[str, tuple[str, str]] = {}
    for index, embed in enumerate(result):
        for key in ("image", "thumbnail"):
            url = str((embed.get(key) or {}).get("url", ""))
            attachment = find(url)
            if attachment is not None:
                embed[key] = {"attachment": attachment.id}
            elif url.startswith("attachment://"):
                errors[f"embeds.{index}.{key}.url"] = MISSING_FILE
    if errors:
        raise invalid_form(errors)
    return result


def message_text(message: StoredMessage) -> str:
    """All visible text: content, embeds, components."""
    parts: list[str | None] = [message.content]
    for embed in message.embeds:
        parts += [embed.get("title"), embed.get("description")]
        for field in embed.get("fields") or ():
            parts += [field.get("name"), field.get("value")]
        parts.append((embed.get("footer") or {}).get("text"))
    parts += visible_text(message.components)
    return "\n".join(part for part in parts if part)
