"""The buttons of decisions about a job: they work after any restart, and every press is checked anew."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import discord

from bot.domain.credits import credits_text
from bot.domain.job import AT_WORK, WAITING, Job
from bot.jobs.intake import Intake
from bot.ports import TokenLease
from bot.ui.pressing import JobButton, desk_of, lease_of, said


class DecisionButton(JobButton, template=r"never"):
    """A decision that the job's own message will show."""

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Acknowledge the press and let the service decide."""
        await interaction.response.defer()
        await self.decide(desk_of(interaction).intake, interaction.user.id, lease_of(interaction))

    @abstractmethod
    async def decide(self, intake: Intake, user_id: int, lease: TokenLease) -> None:
        """Do what the button says; raises BotError."""


class CancelButton(JobButton, template=r"cancel:(?P<job>[0-9]{1,18})"):
    """Takes a waiting job back; of one that is being made it says first what that means."""

    action = "cancel"
    label = "Cancel"

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Cancel where that is free, else ask."""
        await interaction.response.defer()
        await cancel_or_ask(interaction, self.job_id, lease_of(interaction))


class ReallyCancelButton(JobButton, template=r"really_cancel:(?P<job>[0-9]{1,18})"):
    """Cancels a job that is being made; who may is checked once more."""

    action = "really_cancel"
    label = "Cancel all the same"
    style = discord.ButtonStyle.danger

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Cancel, and turn the question into its answer."""
        await interaction.response.defer()
        await desk_of(interaction).intake.withdraw(self.job_id, interaction.user.id)
        answer = f"No. {self.job_id} is cancelled. If it comes all the same, `/collect` hands it over."
        await interaction.edit_original_response(view=said(answer))


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


def may_cancel(job: Job) -> bool:
    """Whether a job can still be taken back by its member."""
    return job.state in WAITING | AT_WORK and job.withdrawn_at is None


async def cancel_or_ask(interaction: discord.Interaction[Any], job_id: int, lease: TokenLease | None) -> None:
    """Cancel a waiting job; ask privately about one that is being made, since it may still be charged."""
    being_made = await desk_of(interaction).intake.cancel(job_id, interaction.user.id, lease)
    if being_made is None:
        return
    price = credits_text(being_made.price_microcredits)
    question = (
        f"No. {job_id} is being made already, so it may still be charged ({price}). Cancelled, it will not be posted; "
        "if it comes all the same, it is kept for `/collect`."
    )
    await interaction.followup.send(view=said(question, ReallyCancelButton(job_id)), ephemeral=True)


ALL_BUTTONS = (CancelButton, ReallyCancelButton, RetryButton, DropButton)
