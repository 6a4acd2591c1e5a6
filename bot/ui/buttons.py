"""Buttons that carry only their job's number and work after any restart; every press is checked anew."""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import Any, ClassVar, Self, cast

import discord
from discord import ui

from bot.jobs.intake import Intake
from bot.ports import TokenLease
from bot.ui.errors import answer_error


class JobButton(ui.DynamicItem[ui.Button[Any]], template=r"never"):
    """A button about one job. Acknowledges the press, lets the service decide, and tells refusals privately."""

    action: ClassVar[str]
    label: ClassVar[str]
    style: ClassVar[discord.ButtonStyle] = discord.ButtonStyle.secondary

    def __init__(self, job_id: int) -> None:
        super().__init__(ui.Button(label=self.label, style=self.style, custom_id=f"{self.action}:{job_id}"))
        self.job_id = job_id

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],  # noqa: ARG003 - discord.py passes all three
        item: ui.Item[Any],  # noqa: ARG003
        match: re.Match[str],
        /,
    ) -> Self:
        """Rebuild the button from a press on any message, however old."""
        return cls(int(match["job"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Answer a press; a failure reaches the same handler as a command's."""
        try:
            await interaction.response.defer()
            lease = TokenLease(token=interaction.token, expires_at=interaction.expires_at)
            await self.press(cast(Intake, interaction.client.services.intake), interaction.user.id, lease)
        except Exception as error:  # noqa: BLE001 - discord.py would only log what a dynamic item raises
            await answer_error(interaction, error)

    @abstractmethod
    async def press(self, intake: Intake, user_id: int, lease: TokenLease) -> None:
        """Do what the button says; raises BotError."""


class CancelButton(JobButton, template=r"cancel:(?P<job>[0-9]{1,18})"):
    """Takes a waiting job back."""

    action = "cancel"
    label = "Cancel"

    async def press(self, intake: Intake, user_id: int, lease: TokenLease) -> None:
        """Cancel."""
        await intake.cancel(self.job_id, user_id, lease)


class RetryButton(JobButton, template=r"retry:(?P<job>[0-9]{1,18})"):
    """Orders an uncertain job once more."""

    action = "retry"
    label = "Try again (may be charged twice)"
    style = discord.ButtonStyle.primary

    async def press(self, intake: Intake, user_id: int, lease: TokenLease) -> None:
        """Order again."""
        await intake.retry(self.job_id, user_id, lease)


class DropButton(JobButton, template=r"drop:(?P<job>[0-9]{1,18})"):
    """Gives an uncertain job up."""

    action = "drop"
    label = "Drop"

    async def press(self, intake: Intake, user_id: int, lease: TokenLease) -> None:
        """Give up."""
        await intake.drop(self.job_id, user_id, lease)


ALL_BUTTONS = (CancelButton, RetryButton, DropButton)
