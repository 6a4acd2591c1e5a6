"""Where an interaction happened: whether a picture can be posted there, whether the bot is there, who may moderate."""

from __future__ import annotations

from typing import Any, Final

import discord

from bot.domain.errors import Phrase, Refusal
from bot.domain.job import Request

_VIEW: Final = "view_channel"
_SEND: Final = "send_messages"
_SEND_IN_THREADS: Final = "send_messages_in_threads"
_ATTACH: Final = "attach_files"


def bot_present(interaction: discord.Interaction[Any]) -> bool:
    """Whether the bot can act here by itself; where only a member brought it along, it can but answer.

    It is present in the servers that invited it and in its own direct messages, not in those between others.
    """
    if interaction.context.private_channel:
        return False
    if interaction.guild_id is None:
        return True
    return interaction.is_guild_integration() or not interaction.is_user_integration()


def check_place(interaction: discord.Interaction[Any], *, private: bool) -> None:
    """Refuse, before anything is spent, a picture that the bot may not post here; raises Refusal.

    A private one needs no permission, nor does an answer where the bot is no member: Discord itself limits those.
    """
    if private or interaction.guild_id is None or not bot_present(interaction):
        return
    granted = interaction.app_permissions
    send = _SEND_IN_THREADS if isinstance(interaction.channel, discord.Thread) else _SEND
    missing = [name for name in (_VIEW, send, _ATTACH) if not getattr(granted, name)]
    if granted.administrator or not missing:
        return
    raise Refusal(
        "missing_permissions" if len(missing) > 1 else "missing_permission",
        names=tuple(Phrase(f"permission.{name}") for name in missing),
    )


def own_channel(request: Request) -> int:
    """The channel that a picture belongs to: where it is shown in a server, else where it was ordered."""
    return request.origin.channel_id if request.message_by == "dm" else request.channel_id


def manages_messages(interaction: discord.Interaction[Any], channel_id: int) -> bool:
    """Whether a member may manage messages in a channel of this server, wherever they are now.

    What holds in that channel; where it is not known any more, what holds in the server.
    """
    guild, member = interaction.guild, interaction.user
    if interaction.guild_id is not None and channel_id == interaction.channel_id:
        return interaction.permissions.manage_messages
    if guild is None or not isinstance(member, discord.Member):
        return False
    channel = guild.get_channel_or_thread(channel_id)
    granted = member.guild_permissions if channel is None else channel.permissions_for(member)
    return granted.administrator or granted.manage_messages


def age_restricted(interaction: discord.Interaction[Any]) -> bool:
    """Whether this is in an age-restricted channel, as far as Discord told."""
    channel = interaction.channel
    return isinstance(channel, discord.TextChannel | discord.VoiceChannel | discord.Thread) and channel.is_nsfw()


def roles_of(interaction: discord.Interaction[Any]) -> tuple[int, ...]:
    """The roles of the member who acts, without @everyone; none outside of servers."""
    member = interaction.user
    if not isinstance(member, discord.Member):
        return ()
    # Its public twin leaves out the roles that a cache does not know yet, and with them what they forbid.
    return tuple(int(role_id) for role_id in member._roles)  # noqa: SLF001


def channels_of(interaction: discord.Interaction[Any]) -> tuple[int, ...]:
    """The channel, the channel that a thread belongs to, and the category, as far as Discord told them."""
    channel = interaction.channel
    if channel is None:
        return ()
    around: list[int | None] = [channel.id]
    if isinstance(channel, discord.Thread):
        around += [channel.parent_id, channel.parent.category_id if channel.parent else None]
    elif isinstance(channel, discord.abc.GuildChannel):
        around.append(channel.category_id)
    return tuple(channel_id for channel_id in around if channel_id)
