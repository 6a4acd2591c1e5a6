"""The lean Discord's payloads: two servers of one channel each, a bot with all permissions, and numbered members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Json = dict[str, Any]

GUILD: Final = "613425648685547541"
CHANNEL: Final = "613425648685547545"
OTHER_GUILD: Final = "613425648685547561"
CHANNELS: Final = {GUILD: CHANNEL, OTHER_GUILD: "613425648685547565"}
BOT: Final = "613425648685547550"
EVERYTHING: Final = str((1 << 50) - 1)
_SINCE: Final = "2019-08-20T15:20:15.000000+00:00"
_FIRST_MEMBER: Final = 700_000_000_000_000_000


def member_id(number: int) -> str:
    """The user id of a numbered member."""
    return str(_FIRST_MEMBER + number)


def user(user_id: str, name: str, *, bot: bool = False) -> Json:
    """A user."""
    return {"id": user_id, "username": name, "global_name": None, "discriminator": "0", "avatar": None, "bot": bot}


def member(user_id: str, name: str, *, bot: bool = False) -> Json:
    """A member of the server."""
    return {
        "user": user(user_id, name, bot=bot), "nick": None, "avatar": None, "roles": [], "joined_at": _SINCE,
        "deaf": False, "mute": False, "flags": 0, "pending": False,
    }  # fmt: skip


def channel(guild_id: str = GUILD) -> Json:
    """A server's one channel."""
    return {
        "id": CHANNELS[guild_id], "type": 0, "flags": 0, "last_message_id": None, "guild_id": guild_id,
        "name": "general", "topic": None, "position": 0, "parent_id": None, "nsfw": False, "rate_limit_per_user": 0,
        "permission_overwrites": [],
    }  # fmt: skip


def guild(guild_id: str = GUILD) -> Json:
    """GUILD_CREATE's body."""
    everyone = {
        "id": guild_id, "name": "@everyone", "permissions": EVERYTHING, "position": 0, "color": 0, "hoist": False,
        "managed": False, "mentionable": False, "icon": None, "unicode_emoji": None, "flags": 0,
    }  # fmt: skip
    return {
        "id": guild_id, "name": "crowd", "icon": None, "splash": None, "discovery_splash": None,
        "owner_id": member_id(0), "afk_channel_id": None, "afk_timeout": 300, "verification_level": 0,
        "default_message_notifications": 1, "explicit_content_filter": 0, "roles": [everyone], "emojis": [],
        "features": [], "mfa_level": 0, "application_id": None, "system_channel_id": None, "system_channel_flags": 0,
        "rules_channel_id": None, "max_members": 500_000, "vanity_url_code": None, "description": None,
        "banner": None, "premium_tier": 0, "preferred_locale": "en-US", "public_updates_channel_id": None,
        "nsfw_level": 0, "premium_progress_bar_enabled": False, "safety_alerts_channel_id": None, "joined_at": _SINCE,
        "large": True, "unavailable": False, "member_count": 1_000, "voice_states": [],
        "members": [member(BOT, "bot", bot=True)], "channels": [channel(guild_id)], "threads": [], "presences": [],
        "stage_instances": [], "guild_scheduled_events": [], "soundboard_sounds": [], "stickers": [],
    }  # fmt: skip


def application() -> Json:
    """The bot's application."""
    return {
        "id": BOT, "name": "bot", "icon": None, "description": "", "bot_public": True, "bot_require_code_grant": False,
        "verify_key": "0" * 64, "team": None, "flags": 0, "owner": user(member_id(0), "owner"), "summary": "",
        "integration_types_config": {"0": {}, "1": {}},
    }  # fmt: skip


def ready(session: str, gateway_url: str) -> Json:
    """READY's body."""
    return {
        "v": 10, "user": user(BOT, "bot", bot=True),
        "guilds": [{"id": guild_id, "unavailable": True} for guild_id in CHANNELS],
        "session_id": session, "resume_gateway_url": gateway_url, "application": {"id": BOT, "flags": 0},
        "shard": [0, 1],
    }  # fmt: skip


def command(
    interaction_id: str,
    token: str,
    command_id: str,
    number: int,
    name: str,
    options: Mapping[str, str],
    guild_id: str = GUILD,
) -> Json:
    """The payload of a slash command that a member sent."""
    return {
        "id": interaction_id, "application_id": BOT, "type": 2, "token": token, "version": 1,
        "attachment_size_limit": 10 * 1024 * 1024, "guild_id": guild_id, "channel_id": CHANNELS[guild_id],
        "guild": {"id": guild_id, "locale": "en-US", "features": []},
        "channel": {**channel(guild_id), "permissions": EVERYTHING},
        "member": {**member(member_id(number), f"m{number}"), "permissions": "2147483648"},
        "app_permissions": EVERYTHING, "locale": "en-US", "guild_locale": "en-US", "entitlements": [], "context": 0,
        "authorizing_integration_owners": {"0": guild_id},
        "data": {
            "id": command_id, "name": name, "type": 1,
            "options": [{"name": option, "type": 3, "value": value} for option, value in options.items()],
        },
    }  # fmt: skip


def message(message_id: str, attachments: list[Json]) -> Json:
    """A message of the bot."""
    return {
        "id": message_id, "type": 20, "channel_id": CHANNEL, "author": user(BOT, "bot", bot=True), "content": "",
        "timestamp": _SINCE, "edited_timestamp": None, "tts": False, "mention_everyone": False, "mentions": [],
        "mention_roles": [], "attachments": attachments, "embeds": [], "pinned": False, "webhook_id": BOT,
        "application_id": BOT, "flags": 32_768, "components": [],
    }  # fmt: skip
