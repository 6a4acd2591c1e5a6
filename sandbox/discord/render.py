"""The world's objects as the JSON that Discord's clients read."""

import copy
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sandbox.discord.clock import iso
from sandbox.discord.components import rendered, used_attachments, walk
from sandbox.discord.model import Attachment, Channel, ChannelType, Guild, Json, Member, Role, StoredMessage, User
from sandbox.discord.permissions import ALL, IN_DM, permissions_of

if TYPE_CHECKING:
    from sandbox.discord.files import FileStore
    from sandbox.discord.world import World

_MENTION = re.compile(r"<@!?(\d+)>")


def user_json(user: User) -> Json:
    """A user as others see them."""
    return {
        "id": user.id,
        "username": user.username,
        "global_name": user.global_name,
        "discriminator": "0000" if user.bot else "0",
        "avatar": None,
        "avatar_decoration_data": None,
        "banner": None,
        "accent_color": None,
        "bot": user.bot,
        "system": False,
        "public_flags": 0,
        "flags": 0,
        "primary_guild": None,
        "collectibles": None,
    }


def own_user_json(user: User) -> Json:
    """The bot's own user, with the fields that only oneself gets."""
    return {**user_json(user), "mfa_enabled": True, "locale": user.locale, "verified": True, "email": None}


def member_json(member: Member, *, with_user: bool = True) -> Json:
    """A guild member."""
    body: Json = {
        "nick": None,
        "avatar": None,
        "banner": None,
        "roles": list(member.role_ids),
        "joined_at": iso(member.joined_at),
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "flags": 0,
        "pending": False,
        "communication_disabled_until": None,
        "avatar_decoration_data": None,
        "collectibles": None,
    }
    return {**body, "user": user_json(member.user)} if with_user else body


def role_json(role: Role) -> Json:
    """A guild's role."""
    body: Json = {
        "id": role.id,
        "name": role.name,
        "description": None,
        "permissions": str(role.permissions),
        "position": role.position,
        "color": role.color,
        "colors": {"primary_color": role.color, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": role.managed_by is not None,
        "mentionable": False,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }
    if role.managed_by:
        body["tags"] = {"bot_id": role.managed_by}
    return body


def channel_json(channel: Channel) -> Json:
    """A text channel or DM."""
    body: Json = {"id": channel.id, "type": int(channel.type), "flags": 0, "last_message_id": channel.last_message_id}
    if channel.type is ChannelType.DM:
        return {**body, "recipients": [user_json(channel.recipient)] if channel.recipient else []}
    overwrites = [
        {"id": key, "type": int(value.is_member), "allow": str(value.allow), "deny": str(value.deny)}
        for key, value in channel.overwrites.items()
    ]
    return {
        **body,
        "guild_id": channel.guild_id,
        "name": channel.name,
        "topic": channel.topic,
        "position": channel.position,
        "parent_id": None,
        "nsfw": channel.nsfw,
        "rate_limit_per_user": 0,
        "permission_overwrites": overwrites,
    }


def guild_json(guild: Guild, *, application_id: str | None = None) -> Json:
    """The guild without its channels and members."""
    nothing = (
        "icon description home_header splash discovery_splash banner afk_channel_id system_channel_id "
        "widget_channel_id max_presences vanity_url_code rules_channel_id safety_alerts_channel_id "
        "public_updates_channel_id incidents_data"
    )
    return {
        **dict.fromkeys(nothing.split()),
        "id": guild.id,
        "name": guild.name,
        "owner_id": guild.owner_id,
        # Null for guilds that no application created; hikari reads the key, discord.py does not.
        "application_id": application_id,
        "features": [],
        "region": "deprecated",
        "afk_timeout": 300,
        "system_channel_flags": 0,
        "widget_enabled": False,
        "verification_level": 0,
        "roles": [role_json(role) for role in guild.roles.values()],
        "default_message_notifications": 1,
        "mfa_level": 0,
        "explicit_content_filter": 0,
        "max_members": 500_000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "premium_tier": guild.premium_tier,
        "premium_subscription_count": 0,
        "preferred_locale": "en-US",
        "premium_progress_bar_enabled": False,
        "nsfw": False,
        "nsfw_level": 0,
        "emojis": [],
        "stickers": [],
    }


def guild_create_json(world: "World", *, all_members: bool) -> Json:
    """GUILD_CREATE's body; without the members intent Discord lists only the bot itself."""
    guild = world.guild
    members = [m for m in guild.members.values() if all_members or m.user.id == world.bot.id]
    return {
        **guild_json(guild),
        "joined_at": iso(guild.created_at),
        "large": False,
        "unavailable": False,
        "member_count": len(guild.members),
        "members": [member_json(member) for member in members],
        "channels": [channel_json(channel) for channel in world.guild_channels()],
        "threads": [],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


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
    """What a component's media looks like to clients: with addresses, size in pixels, and the attachment's id."""
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
    """A message as REST and the gateway give it to the bot and to interactions' `message` fields."""
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
    if message.reference:
        body |= _reply_json(message.reference, world)
    return body


def _reply_json(reference: Json, world: "World") -> Json:
    target = world.messages.find(reference["message_id"])
    return {"message_reference": reference, "referenced_message": message_json(target, world) if target else None}


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
    """Ids of the files that stored embeds show."""
    return {h[k]["attachment"] for embed in embeds for h, k in _embed_media(embed) if "attachment" in h[k]}


def mentioned_users(message: StoredMessage, world: "World") -> list[User]:
    """Users whom the message pings: named in its text and allowed by its allowed_mentions."""
    texts = [message.content, *(str(c.get("content", "")) for c in _texts(message.components))]
    ids = dict.fromkeys(match for text in texts for match in _MENTION.findall(text))
    allowed = message.allowed_mentions
    if allowed is not None and "users" not in (allowed.get("parse") or ()):
        permitted = {str(user_id) for user_id in allowed.get("users") or ()}
        ids = {user_id: None for user_id in ids if user_id in permitted}
    return [world.users[user_id] for user_id in ids if user_id in world.users]


def _texts(components: Iterable[Any]) -> Iterable[Json]:

    return (component for _, component in walk(components))


def interaction_place(channel: Channel, user: User, world: "World") -> Json:
    """The part of an interaction that says where and by whom: guild, channel, member or user, permissions."""
    place: Json = {"channel_id": channel.id, "locale": user.locale, "entitlements": [], "entitlement_sku_ids": []}
    if channel.type is ChannelType.DM:
        return {
            **place,
            "channel": channel_json(channel),
            "user": user_json(user),
            "app_permissions": str(int(IN_DM)),
            "authorizing_integration_owners": {"0": "0"},
            "context": 1,
        }
    guild = world.guild
    member = guild.members[user.id]
    granted = permissions_of(guild, member, channel)
    return {
        **place,
        "guild_id": guild.id,
        "guild": {"id": guild.id, "locale": "en-US", "features": []},
        "guild_locale": "en-US",
        "channel": {**channel_json(channel), "permissions": str(granted)},
        "member": {**member_json(member), "permissions": str(granted & ALL)},
        "app_permissions": str(world.bot_permissions(channel)),
        "authorizing_integration_owners": {"1": user.id} if channel.members_app else {"0": guild.id},
        "context": 0,
    }
