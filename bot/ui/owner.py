"""The owners' screen and button. In English only: Discord does not tell a bot its owners' language."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from typing import Any, Final, Protocol, Self, cast

import discord
from discord import ui

from bot import __version__
from bot.domain.job import AT_WORK, Gate, JobState
from bot.interactions.responses import begin_answer, edit_answer
from bot.localization.catalogue import ENGLISH
from bot.services.admin import Admin, Standing
from bot.ui.access import Audience
from bot.ui.dynamic_items import DynamicPart
from bot.ui.job_button import said

_MEGABYTE: Final = 1_000_000
_MOST_SHARDS: Final = 20
"""Up to this number, shards are listed one by one."""


class OwnerCheck(Protocol):
    """Knows the bot's owners."""

    def check(self, user_id: int) -> None:
        """Raise Refusal for a user id that is not an owner's."""
        ...


class OwnersDesk(Protocol):
    """The services that the owners' button uses."""

    @property
    def controls(self) -> Admin:
        """Pauses and resumes."""
        ...

    @property
    def owners(self) -> OwnerCheck:
        """The bot's owners."""
        ...


class ResumeButton(DynamicPart[ui.Button[Any]], template=r"resume_now"):
    """Probes a closed gate at once; it is below the alert about the gate, and never expires."""

    audience = Audience.OWNERS

    def __init__(self) -> None:
        super().__init__(
            ui.Button(label=ENGLISH("button.resume"), style=discord.ButtonStyle.primary, custom_id="resume_now")
        )

    @classmethod
    def rebuilt(cls, match: re.Match[str]) -> Self:  # noqa: ARG003 - there is only one
        """Rebuild the button from a press."""
        return cls()

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Answer a press; the permission is checked again, and errors go to the common error handler."""
        desk = cast(OwnersDesk, interaction.client.services)
        desk.owners.check(interaction.user.id)
        await begin_answer(interaction)
        await edit_answer(interaction, view=said(await resumed(desk.controls)))


async def resumed(controls: Admin) -> str:
    """Resume, and return a sentence about the result; raises BotError."""
    before = await controls.resume()
    if before.full_since is not None:
        return ENGLISH("owner.still_full")
    if before.closed:
        return ENGLISH("owner.trying")
    return ENGLISH("owner.resumed") if before.shut else ENGLISH("owner.nothing_to_resume")


def standing_view(standing: Standing, shards: Mapping[int, float | None]) -> ui.LayoutView:
    """The state of the installation. `shards`: each one's latency in seconds, None if it is not connected."""
    waiting = standing.unsettled.get(JobState.QUEUED, 0)
    at_work = sum(standing.unsettled.get(state, 0) for state in AT_WORK)
    kept = standing.unsettled.get(JobState.READY, 0)
    unknown = standing.unsettled.get(JobState.UNCERTAIN, 0)
    balance = standing.balance
    lines = [
        ENGLISH("owner.title"),
        gate_line(standing.gate),
        ENGLISH("owner.jobs", waiting=waiting, at_work=at_work, kept=kept, unknown=unknown),
        ENGLISH("owner.no_balance") if balance is None else ENGLISH("owner.balance", balance=balance),
        _shards_line(shards),
        ENGLISH("owner.database", megabytes=standing.database_bytes / _MEGABYTE),
        ENGLISH(
            "owner.versions",
            bot=__version__,
            python=platform.python_version(),
            discord=discord.__version__,
        ),
    ]
    buttons = [ResumeButton()] if standing.gate.shut else []
    return said("\n".join(lines), *buttons)


def gate_line(gate: Gate) -> str:
    """Whether orders are submitted, and if not, why."""
    if not gate.shut:
        return ENGLISH("owner.open")
    told = [ENGLISH("owner.paused", since=gate.paused_at)] if gate.paused_at is not None else []
    if gate.full_since is not None:
        told.append(ENGLISH("owner.full", since=gate.full_since))
    if gate.closed:
        reason = f"owner.closed_{gate.reason}"
        why = ENGLISH(reason) if ENGLISH.has(reason) else ENGLISH("owner.closed_other", reason=gate.reason)
        told.append(ENGLISH("owner.closed", why=why, since=gate.since))
        if not gate.held_back and gate.probe_at is not None:
            told.append(ENGLISH("owner.next_try", when=gate.probe_at))
    return "\n".join(told)


def _shards_line(shards: Mapping[int, float | None]) -> str:
    latencies = [latency for latency in shards.values() if latency is not None]
    line = ENGLISH("owner.shards", count=len(shards), connected=len(latencies))
    if len(shards) > _MOST_SHARDS:
        return line
    each = [
        ENGLISH("owner.shard_gone", shard=shard)
        if latency is None
        else ENGLISH("owner.shard", shard=shard, milliseconds=latency * 1_000)
        for shard, latency in sorted(shards.items())
    ]
    return f"{line} ({', '.join(each)})" if each else line
