"""Renders messages, their files and media as the JSON that Discord's clients receive."""

import copy
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sandbox.discord.clock import iso
from sandbox.discord.components import rendered, used_attachments, walk
from sandbox.discord.model import Attachment, Json, Sticker, StoredMessage, User
from sandbox.discord.render import user_json

if TYPE_CHECKING:
    from sandbox.discord.files import FileStore
    from sandbox.discord.world import World

_MENTION = re.compile(r"<@!?(\d+)>")


def attachment_json(attachment: Attachment, files: "FileStore") -> Json:
    """A file with a freshly signed address."""
    url = files.url(attachment)
    body: Json = {
        "id": attachment.id,
        "filename": attachment.filename,
        "size": attachment.size,
        "url": url,
        "proxy_url": url,
        "content_type": attachment.content_type,
    }
    if attachment.width is not None:
        body |= {"width": attachment.width, "height": attachment.height}
    if attachment.description is not None:
        body["description"] = attachment.description
    if attachment.folder.startswith("ephemeral"):
        body["ephemeral"] = True
    return body


def media_json(media: Json, world: "World") -> Json:
    """A component's media as clients receive it: with addresses, size in pixels, and the attachment's id."""
    attachment = world.files.get(media.get("attachment", ""))
    if attachment is None:
        url = media.get("url") or "about:blank"
        return {"id": "0", "url": url, "proxy_url": url, "width": None, "height": None, "content_type": None}
    url = world.files.url(attachment)
    return {
        "id": attachment.id,
        "url": url,
        "proxy_url": url,
        "width": attachment.width,
        "height": attachment.height,
        "content_type": attachment.content_type,
        "attachment_id": attachment.id,
        "loading_state": 2,
        "flags": 0,
    }


def message_json(message: StoredMessage, world: "World") -> Json:
    """A message as the bot receives it over REST and the gateway, and in interactions' `message` field."""
    shown = used_attachments(message.components) | embed_attachments(message.embeds)
    mentioned = mentioned_users(message, world)
    body: Json = {
        "id": message.id,
        "channel_id": message.channel_id,
        "type": int(message.type),
        "author": user_json(message.author),
        "content": message.content,
        "timestamp": iso(message.created_at),
        "edited_timestamp": iso(message.edited_at) if message.edited_at is not None else None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [user_json(user) for user in mentioned],
        "mention_roles": [],
        "attachments": [attachment_json(a, world.files) for a in message.attachments if a.id not in shown],
        "embeds": [_embed_json(embed, world) for embed in message.embeds],
        "components": rendered(message.components, lambda media: media_json(media, world), world.files.get),
        "pinned": False,
        "flags": message.flags,
    }
    if message.webhook_id:
        body |= {"webhook_id": message.webhook_id, "application_id": message.webhook_id}
    if message.interaction:
        body |= copy.deepcopy(message.interaction)
    if message.nonce is not None:
        body["nonce"] = message.nonce
    if message.stickers:
        body["sticker_items"] = [_sticker_json(sticker) for sticker in message.stickers]
    if message.snapshots:
        snapshots = [{"message": _snapshot_json(snapshot, world)} for snapshot in message.snapshots]
        body |= {"message_reference": message.reference, "message_snapshots": snapshots}
    elif message.reference:
        body |= _reply_json(message.reference, world)
    return body


def _reply_json(reference: Json, world: "World") -> Json:
    target = world.messages.find(reference["message_id"])
    return {"message_reference": reference, "referenced_message": message_json(target, world) if target else None}


_SNAPSHOT_KEYS = frozenset(
    {"type", "content", "mentions", "mention_roles", "attachments", "embeds"}
    | {"timestamp", "edited_timestamp", "flags", "components", "sticker_items"}
)


def _snapshot_json(snapshot: StoredMessage, world: "World") -> Json:
    """A forwarded message as others see it: its content, but not its author."""
    body = message_json(snapshot, world)
    return {key: value for key, value in body.items() if key in _SNAPSHOT_KEYS}


def _sticker_json(sticker: Sticker) -> Json:
    return {"id": sticker.id, "name": sticker.name, "format_type": int(sticker.format)}


def _embed_json(embed: Json, world: "World") -> Json:
    """An embed with its pictures' addresses signed."""
    body = copy.deepcopy(embed)
    body.setdefault("type", "rich")
    for holder, key in _embed_media(body):
        if "attachment" in holder[key]:
            media = media_json(holder[key], world)
            holder[key] = {name: media[name] for name in ("url", "proxy_url", "width", "height", "content_type")}
    return body


def _embed_media(embed: Json) -> Iterable[tuple[Json, str]]:
    return [(embed, key) for key in ("image", "thumbnail") if isinstance(embed.get(key), dict)]


def embed_attachments(embeds: Iterable[Json]) -> set[str]:
    """Ids of the files that stored embeds reference."""
    return {h[k]["attachment"] for embed in embeds for h, k in _embed_media(embed) if "attachment" in h[k]}


def mentioned_users(message: StoredMessage, world: "World") -> list[User]:
    """Users whom the message pings: mentioned in its text and allowed by its allowed_mentions."""
    texts = [message.content, *(str(c.get("content", "")) for c in _texts(message.components))]
    ids = dict.fromkeys(match for text in texts for match in _MENTION.findall(text))
    allowed = message.allowed_mentions
    if allowed is not None and "users" not in (allowed.get("parse") or ()):
        permitted = {str(user_id) for user_id in allowed.get("users") or ()}
        ids = {user_id: None for user_id in ids if user_id in permitted}
    return [world.users[user_id] for user_id in ids if user_id in world.users]


def _texts(components: Iterable[Any]) -> Iterable[Json]:
    return (component for _, component in walk(components))
