"""Buttons for decisions about a job; they work after any restart, and every press is checked again."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import discord

from bot.domain.job import AT_WORK, WAITING, Job, Origin, Request
from bot.interactions.responses import begin_answer, edit_answer, note_press, tell
from bot.localization.discord_locale import words_of
from bot.ports import TokenLease
from bot.services.order_actions import OrderActions
from bot.ui.access import Audience
from bot.ui.job_button import JobButton, lease_of, origin_of, said, services_of


class DecisionButton(JobButton, template=r"never"):
    """A decision whose result is shown on the job's own message."""

    audience = Audience.REQUESTER

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Acknowledge the press and call the service."""
        await note_press(interaction)
        await self.decide(services_of(interaction).order_actions, origin_of(interaction), lease_of(interaction))

    @abstractmethod
    async def decide(self, order_actions: OrderActions, pressed: Origin, lease: TokenLease) -> None:
        """Do what the button says; raises BotError."""


class CancelButton(JobButton, template=r"cancel:(?P<job>[0-9]{1,18})"):
    """Cancels a waiting job; for one that is being made, asks first and says what cancelling means."""

    audience = Audience.REQUESTER
    action = "cancel"

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Cancel if that is free, else ask."""
        await note_press(interaction)
        await cancel_or_ask(interaction, self.job_id, lease_of(interaction))


class ReallyCancelButton(JobButton, template=r"really_cancel:(?P<job>[0-9]{1,18})"):
    """Cancels a job that is being made; the permission is checked again."""

    audience = Audience.REQUESTER
    action = "really_cancel"
    style = discord.ButtonStyle.danger

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Cancel, and replace the question by the result."""
        await note_press(interaction)
        await services_of(interaction).order_actions.withdraw(self.job_id, interaction.user.id)
        answer = words_of(interaction)("answer.withdrawn", number=self.job_id)
        await edit_answer(interaction, view=said(answer))


class MoveButton(JobButton, template=r"hide:(?P<job>[0-9]{1,18})"):
    """Makes a waiting request private."""

    audience = Audience.REQUESTER
    action = "hide"

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Send a private answer, which becomes the card; the message with this button is deleted."""
        await begin_answer(interaction)
        await services_of(interaction).order_actions.move_to_private(
            self.job_id, interaction.user.id, lease_of(interaction)
        )


class RetryButton(DecisionButton, template=r"retry:(?P<job>[0-9]{1,18})"):
    """Orders an uncertain job again."""

    action = "retry"
    style = discord.ButtonStyle.primary

    async def decide(self, order_actions: OrderActions, pressed: Origin, lease: TokenLease) -> None:
        """Order again."""
        await order_actions.retry(self.job_id, pressed.user_id, lease, pressed=pressed)


class DropButton(DecisionButton, template=r"drop:(?P<job>[0-9]{1,18})"):
    """Gives up an uncertain job."""

    action = "drop"

    async def decide(self, order_actions: OrderActions, pressed: Origin, lease: TokenLease) -> None:
        """Give up."""
        await order_actions.drop(self.job_id, pressed.user_id, lease)


def may_cancel(job: Job) -> bool:
    """Whether a member can still cancel their job."""
    return job.state in WAITING | AT_WORK and job.withdrawn_at is None


def may_move(request: Request) -> bool:
    """Whether a request is visible to others than its member, so that it can be made private."""
    alone = request.origin.guild_id is None and request.origin.bot_present  # a direct message with the bot
    return not request.private and not alone and request.message_by != "dm"


async def cancel_or_ask(interaction: discord.Interaction[Any], job_id: int, lease: TokenLease | None) -> None:
    """Cancel a waiting job; ask privately about one that is being made, since it may be charged anyway."""
    being_made = await services_of(interaction).order_actions.cancel(job_id, interaction.user.id, lease)
    if being_made is None:
        return
    words = words_of(interaction)
    question = words("question.withdraw", number=job_id, price=words.credits(being_made.price_microcredits))
    await tell(interaction, view=said(question, ReallyCancelButton(job_id, words)))


ALL_BUTTONS = (CancelButton, ReallyCancelButton, MoveButton, RetryButton, DropButton)
