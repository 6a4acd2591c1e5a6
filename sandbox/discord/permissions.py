"""Discord's permission bits, and what a member may do in a channel."""

from enum import IntFlag
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.discord.model import Channel, Guild, Member


class Permission(IntFlag):
    """The bits that the stand-in supports; values as Discord documents them."""

    CREATE_INSTANT_INVITE = 1 << 0
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    CHANGE_NICKNAME = 1 << 26
    USE_APPLICATION_COMMANDS = 1 << 31
    SEND_MESSAGES_IN_THREADS = 1 << 38
    USE_EXTERNAL_APPS = 1 << 50


ALL = (1 << 51) - 1

EVERYONE = (
    Permission.CREATE_INSTANT_INVITE
    | Permission.ADD_REACTIONS
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_EXTERNAL_EMOJIS
    | Permission.CHANGE_NICKNAME
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.USE_EXTERNAL_APPS
)

IN_DM = (
    Permission.ADD_REACTIONS
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_EXTERNAL_EMOJIS
    | Permission.USE_APPLICATION_COMMANDS
)


# The `app_permissions` of interactions in direct messages, whatever the users may do there.
APP_IN_GROUP_DM = Permission.EMBED_LINKS | Permission.ATTACH_FILES | Permission.MENTION_EVERYONE
APP_IN_DM = APP_IN_GROUP_DM | Permission.USE_EXTERNAL_EMOJIS


def permissions_of(guild: "Guild", member: "Member", channel: "Channel | None" = None) -> int:
    """The member's permission bits in a channel (without one: in the guild), by Discord's published algorithm."""
    everyone = guild.roles[guild.id]
    bits = everyone.permissions
    for role_id in member.role_ids:
        bits |= guild.roles[role_id].permissions
    if member.user.id == guild.owner_id or bits & Permission.ADMINISTRATOR:
        return ALL
    if channel is None:
        return bits
    bits = channel.overwrites.get(guild.id, _NONE).apply(bits)
    allow = deny = 0
    for role_id in member.role_ids:
        overwrite = channel.overwrites.get(role_id, _NONE)
        allow, deny = allow | overwrite.allow, deny | overwrite.deny
    bits = (bits & ~deny) | allow
    return channel.overwrites.get(member.user.id, _NONE).apply(bits)


class Overwrite:
    """A channel's overwrite for one role or member: bits allowed and bits denied."""

    __slots__ = ("allow", "deny", "is_member")

    def __init__(self, allow: int = 0, deny: int = 0, *, is_member: bool = False) -> None:
        self.allow = allow
        self.deny = deny
        self.is_member = is_member

    def apply(self, bits: int) -> int:
        """The bits after this overwrite: denied first, then allowed."""
        return (bits & ~self.deny) | self.allow


_NONE = Overwrite()
