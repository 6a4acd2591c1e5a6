"""Content that a message takes from elsewhere: the message it replies to, the one it forwards, stickers."""

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sandbox.discord.errors import invalid_form, unknown_message, unknown_sticker
from sandbox.discord.model import Channel, Json, MessageFlag, MessageType, StoredMessage

if TYPE_CHECKING:
    from sandbox.discord.world import World

_REPLY, _FORWARD = 0, 1
_MAX_STICKERS = 3


def quote(message: StoredMessage, channel: Channel, payload: Json, world: "World") -> None:
    """Resolve what a new message's payload refers to. Raises 50035, 10008 or 10060 for what does not exist."""
    message.stickers = [_sticker(world, sticker_id) for sticker_id in _sticker_ids(payload)]
    reference = payload.get("message_reference")
    if not reference:
        return
    target = world.messages.find(str(reference.get("message_id")))
    if reference.get("type", _REPLY) == _FORWARD:
        _forward(message, target, world)
        return
    if target is None and reference.get("fail_if_not_exists", True):
        raise invalid_form({"message_reference": ("REPLIES_UNKNOWN_MESSAGE", "Unknown message")})
    message.type = MessageType.REPLY
    message.reference = _reference(_REPLY, str(reference["message_id"]), channel)


def _sticker_ids(payload: Json) -> list[str]:
    ids = [str(sticker_id) for sticker_id in payload.get("sticker_ids") or ()]
    if len(ids) > _MAX_STICKERS:
        raise invalid_form({"sticker_ids": ("BASE_TYPE_BAD_LENGTH", f"Must be {_MAX_STICKERS} or fewer in length.")})
    return ids


def _sticker(world: "World", sticker_id: str) -> Any:
    if sticker_id not in world.stickers:
        raise unknown_sticker()
    return world.stickers[sticker_id]


def _forward(message: StoredMessage, target: StoredMessage | None, world: "World") -> None:
    """Make a message forward another, as a copy that is independent of later edits or deletion of the original."""
    if target is None or target.ephemeral_to is not None:
        raise unknown_message()
    message.reference = _reference(_FORWARD, target.id, world.channels[target.channel_id])
    message.flags |= MessageFlag.HAS_SNAPSHOT
    message.snapshots = [_snapshot(original, message, world) for original in target.snapshots or [target]]


def _snapshot(original: StoredMessage, message: StoredMessage, world: "World") -> StoredMessage:
    files = {}
    for attachment in original.attachments:
        data = attachment.path.read_bytes()
        files[attachment.id] = world.files.add_bytes(data, attachment.filename, owner_id=message.channel_id)
    ids = {old: new.id for old, new in files.items()}
    return replace(
        original,
        embeds=_repointed(original.embeds, ids),
        components=_repointed(original.components, ids),
        attachments=list(files.values()),
        stickers=list(original.stickers),
        interaction=None,
        reference=None,
        nonce=None,
    )


def _repointed(value: Any, ids: dict[str, str]) -> Any:
    """A copy of stored embeds or components that refers to the files that `ids` names."""
    if isinstance(value, dict):
        return {
            key: ids.get(item, item) if key == "attachment" else _repointed(item, ids) for key, item in value.items()
        }
    if isinstance(value, list):
        return [_repointed(item, ids) for item in value]
    return copy.copy(value)


def _reference(kind: int, message_id: str, channel: Channel) -> Json:
    reference: Json = {"type": kind, "message_id": message_id, "channel_id": channel.id}
    return {**reference, "guild_id": channel.guild_id} if channel.guild_id else reference
