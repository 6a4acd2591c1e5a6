"""The buttons of decisions about a job: they work after any restart, and every press is checked anew."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import discord

from bot.jobs.intake import Intake
from bot.ports import TokenLease
from bot.ui.pressing import JobButton, desk_of, lease_of


class DecisionButton(JobButton, template=r"never"):
    """A decision that the job's own message will show."""

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Acknowledge the press and let the service decide."""
        await interaction.response.defer()
        await self.decide(desk_of(interaction).intake, interaction.user.id, lease_of(interaction))

    @abstractmethod
    async def decide(self, intake: Intake, user_id: int, lease: TokenLease) -> None:
        """Do what the button says; raises BotError."""


class CancelButton(DecisionButton, template=r"cancel:(?P<job>[0-9]{1,18})"):
    """Takes a waiting job back."""

    action = "cancel"
    label = "Cancel"

    async def decide(self, intake: Intake, user_id: int, lease: TokenLease) -> None:
        """Cancel."""
        await intake.cancel(self.job_id, user_id, lease)


class RetryButton(DecisionButton, template=r"retry:(?P<job>[0-9]{1,18})"):
    """Orders an uncertain job once more."""

    action = "retry"
    label = "Try again (may be charged twice)"
    style = discord.ButtonStyle.primary

    async def decide(self, intake: Intake, user_id: int, lease: TokenLease) -> None:
        """Order again."""
        await intake.retry(self.job_id, user_id, lease)


class DropButton(DecisionButton, template=r"drop:(?P<job>[0-9]{1,18})"):
    """Gives an uncertain job up."""

    action = "drop"
    label = "Drop"

    async def decide(self, intake: Intake, user_id: int, lease: TokenLease) -> None:
        """Give up."""
        await intake.drop(self.job_id, user_id, lease)


ALL_BUTTONS = (CancelButton, RetryButton, DropButton)
