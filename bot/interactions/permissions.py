"""Permissions at the place of an interaction: may a picture be posted, is the bot a member, who may moderate."""

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
    """Whether the bot itself has access here; if only the member installed it, it can do no more than answer.

    It has access to servers that invited it and to its own direct messages, not to those between others.
    """
    if interaction.context.private_channel:
        return False
    if interaction.guild_id is None:
        return True
    return interaction.is_guild_integration() or not interaction.is_user_integration()


def check_place(interaction: discord.Interaction[Any], *, private: bool) -> None:
    """Raise Refusal, before anything is spent, if the bot may not post a picture here.

    Private pictures, and answers where the bot is not a member, need no permission of the bot: Discord limits those.
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
    """The channel that a picture belongs to: the one of its message in a server, else the one of its order."""
    return request.origin.channel_id if request.message_by == "dm" else request.channel_id


def manages_messages(interaction: discord.Interaction[Any], channel_id: int) -> bool:
    """Whether the acting member may manage messages in a channel of this server, whichever channel they act in.

    Uses the permissions in that channel; those in the server if the channel is not known.
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
    """Whether this is an age-restricted channel, as far as Discord's data says."""
    channel = interaction.channel
    return isinstance(channel, discord.TextChannel | discord.VoiceChannel | discord.Thread) and channel.is_nsfw()


def roles_of(interaction: discord.Interaction[Any]) -> tuple[int, ...]:
    """The role ids of the acting member, without @everyone; empty outside of servers."""
    member = interaction.user
    if not isinstance(member, discord.Member):
        return ()
    # The public `roles` leaves out roles that are not cached yet, and with them the rules that deny them.
    return tuple(int(role_id) for role_id in member._roles)  # noqa: SLF001


def channels_of(interaction: discord.Interaction[Any]) -> tuple[int, ...]:
    """The ids of the channel, of a thread's parent channel, and of the category, as far as Discord's data has them."""
    channel = interaction.channel
    if channel is None:
        return ()
    around: list[int | None] = [channel.id]
    if isinstance(channel, discord.Thread):
        around += [channel.parent_id, channel.parent.category_id if channel.parent else None]
    elif isinstance(channel, discord.abc.GuildChannel):
        around.append(channel.category_id)
    return tuple(channel_id for channel_id in around if channel_id)
