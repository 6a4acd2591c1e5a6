"""The buttons of decisions about a job: they work after any restart, and every press is checked anew."""

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
    """A decision that the job's own message will show."""

    audience = Audience.REQUESTER

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Acknowledge the press and let the service decide."""
        await note_press(interaction)
        await self.decide(services_of(interaction).order_actions, origin_of(interaction), lease_of(interaction))

    @abstractmethod
    async def decide(self, order_actions: OrderActions, pressed: Origin, lease: TokenLease) -> None:
        """Do what the button says; raises BotError."""


class CancelButton(JobButton, template=r"cancel:(?P<job>[0-9]{1,18})"):
    """Takes a waiting job back; of one that is being made it says first what that means."""

    audience = Audience.REQUESTER
    action = "cancel"

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Cancel where that is free, else ask."""
        await note_press(interaction)
        await cancel_or_ask(interaction, self.job_id, lease_of(interaction))


class ReallyCancelButton(JobButton, template=r"really_cancel:(?P<job>[0-9]{1,18})"):
    """Cancels a job that is being made; who may is checked once more."""

    audience = Audience.REQUESTER
    action = "really_cancel"
    style = discord.ButtonStyle.danger

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Cancel, and turn the question into its answer."""
        await note_press(interaction)
        await services_of(interaction).order_actions.withdraw(self.job_id, interaction.user.id)
        answer = words_of(interaction)("answer.withdrawn", number=self.job_id)
        await edit_answer(interaction, view=said(answer))


class MoveButton(JobButton, template=r"hide:(?P<job>[0-9]{1,18})"):
    """Lets a waiting request go on where its member alone sees it."""

    audience = Audience.REQUESTER
    action = "hide"

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Begin a private answer, which the card then becomes; the message with this button goes away."""
        await begin_answer(interaction)
        await services_of(interaction).order_actions.move_to_private(
            self.job_id, interaction.user.id, lease_of(interaction)
        )


class RetryButton(DecisionButton, template=r"retry:(?P<job>[0-9]{1,18})"):
    """Orders an uncertain job once more."""

    action = "retry"
    style = discord.ButtonStyle.primary

    async def decide(self, order_actions: OrderActions, pressed: Origin, lease: TokenLease) -> None:
        """Order again."""
        await order_actions.retry(self.job_id, pressed.user_id, lease, pressed=pressed)


class DropButton(DecisionButton, template=r"drop:(?P<job>[0-9]{1,18})"):
    """Gives an uncertain job up."""

    action = "drop"

    async def decide(self, order_actions: OrderActions, pressed: Origin, lease: TokenLease) -> None:
        """Give up."""
        await order_actions.drop(self.job_id, pressed.user_id, lease)


def may_cancel(job: Job) -> bool:
    """Whether a job can still be taken back by its member."""
    return job.state in WAITING | AT_WORK and job.withdrawn_at is None


def may_move(request: Request) -> bool:
    """Whether others than its member see a request, so that it can be made private."""
    alone = request.origin.guild_id is None and request.origin.bot_present  # direct messages with the bot
    return not request.private and not alone and request.message_by != "dm"


async def cancel_or_ask(interaction: discord.Interaction[Any], job_id: int, lease: TokenLease | None) -> None:
    """Cancel a waiting job; ask privately about one that is being made, since it may still be charged."""
    being_made = await services_of(interaction).order_actions.cancel(job_id, interaction.user.id, lease)
    if being_made is None:
        return
    words = words_of(interaction)
    question = words("question.withdraw", number=job_id, price=words.credits(being_made.price_microcredits))
    await tell(interaction, view=said(question, ReallyCancelButton(job_id, words)))


ALL_BUTTONS = (CancelButton, ReallyCancelButton, MoveButton, RetryButton, DropButton)
