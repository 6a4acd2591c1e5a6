"""Renders users, members, roles, channels and the guild as the JSON that Discord's clients receive."""

from typing import TYPE_CHECKING

from sandbox.discord.clock import iso
from sandbox.discord.ids import snowflake_time
from sandbox.discord.model import (
    Channel,
    ChannelType,
    Guild,
    Json,
    Member,
    Role,
    User,
)

if TYPE_CHECKING:
    from sandbox.discord.world import World


def user_json(user: User) -> Json:
    """A user as other users see them."""
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
    """The bot's own user, with the fields that only the user itself gets."""
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
    """Any channel."""
    body: Json = {"id": channel.id, "type": int(channel.type), "flags": 0, "last_message_id": channel.last_message_id}
    if channel.type is ChannelType.DM:
        return {**body, "recipients": [user_json(channel.recipient)] if channel.recipient else []}
    if channel.type is ChannelType.GROUP_DM:
        people = [user_json(user) for user in channel.people]
        return {**body, "recipients": people, "name": channel.name, "icon": None, "owner_id": channel.owner_id}
    if channel.type is ChannelType.PUBLIC_THREAD:
        return {**body, **_thread_json(channel)}
    overwrites = [
        {"id": key, "type": int(value.is_member), "allow": str(value.allow), "deny": str(value.deny)}
        for key, value in channel.overwrites.items()
    ]
    return {
        **body,
        "guild_id": channel.guild_id,
        "name": channel.name,
        **_KIND_OF_ITS_OWN.get(channel.type, {"topic": channel.topic}),
        "position": channel.position,
        "parent_id": None,
        "nsfw": channel.nsfw,
        "rate_limit_per_user": 0,
        "permission_overwrites": overwrites,
    }


_KIND_OF_ITS_OWN: dict[ChannelType, Json] = {
    ChannelType.GUILD_VOICE: {"bitrate": 64_000, "user_limit": 0, "rtc_region": None},
    ChannelType.GUILD_FORUM: {
        "topic": None,
        "available_tags": [],
        "default_reaction_emoji": None,
        "default_sort_order": None,
        "default_forum_layout": 0,
    },
}


def _thread_json(channel: Channel) -> Json:
    """The fields that only threads have; threads here are never archived."""
    since = iso(snowflake_time(channel.id))
    metadata = {"archived": False, "archive_timestamp": since, "auto_archive_duration": 10080, "locked": False}
    return {
        "guild_id": channel.guild_id,
        "name": channel.name,
        "parent_id": channel.parent_id,
        "owner_id": channel.owner_id,
        "rate_limit_per_user": 0,
        "thread_metadata": metadata,
        "message_count": 0,
        "member_count": 1,
        "total_message_sent": 0,
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
        # Null for guilds that no application created; hikari requires the key, discord.py does not.
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
        "threads": [channel_json(thread) for thread in world.threads()],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }
