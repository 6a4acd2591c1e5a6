"""What moderators see: the form that removes a picture, and the answers to their commands. In English only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import discord
from discord import app_commands, ui

from bot.domain.duration import parse_duration
from bot.domain.errors import Refusal
from bot.domain.job import RequestView
from bot.domain.rules import Block
from bot.interactions.authorization import CommandAuthorizations
from bot.interactions.permissions import manages_messages, own_channel
from bot.interactions.received_data import form_parts
from bot.localization.catalogue import ENGLISH
from bot.localization.escape import escaped, mention
from bot.services.moderation import MAX_REASON_CHARACTERS, Moderator
from bot.ui.notes import until_text
from bot.ui.text import numbers

REMOVE_FORM: Final = re.compile(r"takedown:(?P<request>[0-9]{1,18}):(?P<opened_by>[0-9]{1,20})")
"""The custom ids of the form: the request, and the interaction that opened it."""
DURATIONS: Final = ("1 hour", "1 day", "7 days", "30 days")
"""Proposed durations; others may be typed."""
_NO_BLOCK, _FOR_GOOD = "none", "for_good"
_MOST_LISTED: Final = 25
_MOST_CHARACTERS: Final = 3_500


def moderator_of(interaction: discord.Interaction[Any]) -> Moderator:
    """The member who uses a moderators' command, and the server.

    Discord itself checks Manage Messages, or the server's own settings for the command.
    """
    if interaction.guild_id is None:
        raise Refusal("servers_only_here")
    return Moderator(user_id=interaction.user.id, guild_id=interaction.guild_id)


def check_moderates(
    interaction: discord.Interaction[Any], view: RequestView, authorizations: CommandAuthorizations, *, opened_by: int
) -> None:
    """Raise Refusal for a member who may not moderate in the picture's own channel, wherever the interaction happened.

    They may if they can manage messages there, or if Discord let them use the command (`opened_by`) there recently.
    """
    channel_id = own_channel(view.request)
    vouched = channel_id == interaction.channel_id and authorizations.vouch(interaction, began_with=opened_by)
    if not (vouched or manages_messages(interaction, channel_id)):
        raise Refusal("not_moderating", number=min(job.id for job in view.jobs))


def check_blockable(member: discord.User | discord.Member, moderator: Moderator) -> None:
    """Refuse to block oneself, a bot or a manager of the server."""
    if member.id == moderator.user_id:
        raise Refusal("block_self")
    if member.bot:
        raise Refusal("block_bot")
    if isinstance(member, discord.Member) and member.resolved_permissions and member.resolved_permissions.manage_guild:
        raise Refusal("block_manager")


def lasting(typed: str | None) -> timedelta | None:
    """The duration of a block; None for an unlimited one."""
    return None if typed is None or not typed.strip() else parse_duration(typed)


async def duration_proposals(
    interaction: discord.Interaction[Any],  # noqa: ARG001 - discord.py passes both
    current: str,
) -> list[app_commands.Choice[str]]:
    """The proposed durations that start with what is typed."""
    return [app_commands.Choice(name=d, value=d) for d in DURATIONS if d.startswith(current.strip().lower())]


def blocked_answer(block: Block, taken_back: int) -> str:
    """The answer to a block: until when, and how many waiting pictures were cancelled."""
    lines = [ENGLISH("moderation.blocked", member=mention(block.member_id), until=until_text(block))]
    lines.append(
        ENGLISH("moderation.taken_back", count=taken_back) if taken_back else ENGLISH("moderation.none_waited")
    )
    if block.reason:
        lines.append(ENGLISH("moderation.reason_told" if block.told else "moderation.reason_kept"))
    return "\n".join(lines)


def block_list(blocks: Sequence[Block]) -> str:
    """The active blocks, as many as fit."""
    if not blocks:
        return ENGLISH("moderation.nobody_blocked")
    lines = [ENGLISH("moderation.blocks", count=len(blocks))]
    room = _MOST_CHARACTERS
    for block in blocks[:_MOST_LISTED]:
        line = _block_line(block)
        room -= len(line)
        if room < 0:
            break
        lines.append(line)
    if len(lines) - 1 < len(blocks):
        lines.append(ENGLISH("moderation.more_blocks", count=len(blocks) - len(lines) + 1))
    return "\n".join(lines)


def _block_line(block: Block) -> str:
    line = ENGLISH(
        "moderation.block",
        member=mention(block.member_id),
        until=until_text(block),
        since=block.since,
        by=mention(block.by_id),
    )
    return f"- {line}" + (f": {escaped(block.reason)}" if block.reason else "")


def remove_form(view: RequestView, opened_by: int) -> ui.Modal:
    """The form that asks why a picture is removed, and whether to block its member."""
    jobs = [job for job in view.jobs if job.retried_by is None]
    title = ENGLISH("moderation.remove_title", numbers=numbers(jobs, ENGLISH))
    return _remove_form(title, f"takedown:{view.request.id}:{opened_by}")


def _remove_form(title: str, custom_id: str) -> ui.Modal:
    form = ui.Modal(title=title, custom_id=custom_id)
    reason: ui.TextInput[ui.Modal] = ui.TextInput(
        custom_id="reason", required=False, max_length=MAX_REASON_CHARACTERS, placeholder=ENGLISH("moderation.why")
    )
    choices = {
        _NO_BLOCK: ENGLISH("moderation.no_block"),
        **dict(zip(DURATIONS, DURATIONS, strict=True)),
        _FOR_GOOD: ENGLISH("moderation.for_good"),
    }
    options = [
        discord.SelectOption(label=label, value=value, default=value == _NO_BLOCK) for value, label in choices.items()
    ]
    block: ui.Select[ui.Modal] = ui.Select(custom_id="block", options=options)
    form.add_item(ui.Label(text=ENGLISH("moderation.reason"), component=reason))
    form.add_item(ui.Label(text=ENGLISH("moderation.block_too"), component=block))
    # Its answer is found by its custom id, so discord.py need not keep the form in memory.
    form.stop()
    return form


REMOVE_PARTS: Final = form_parts(_remove_form("-", "takedown:0:0"))
"""The fields of the form, whatever the picture."""


def block_chosen(value: str | None) -> tuple[bool, timedelta | None]:
    """Whether the form asks for a block, and its duration."""
    if value is None or value == _NO_BLOCK:
        return False, None
    return True, None if value == _FOR_GOOD else parse_duration(value)
