"""Notifies the member of an interaction whose order was interrupted before it was stored."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import discord

from bot.localization.catalogue import words_for
from bot.messages.fallback_chain import ORIGINAL, webhook_of
from bot.ports.pending_responses import PendingResponse

log = logging.getLogger(__name__)


async def notify_interrupted(client: discord.Client, answer: PendingResponse) -> None:
    """Replace "thinking" by a private message that nothing was ordered. If killed in between, it may be sent twice."""
    webhook = webhook_of(client, answer.application_id, answer.token)
    sentence = words_for(answer.locale)("error.interrupted")
    nobody = discord.AllowedMentions.none()
    with _unless_gone("removal"):
        await webhook.delete_message(ORIGINAL)
    with _unless_gone("telling"):
        await webhook.send(sentence, ephemeral=True, allowed_mentions=nobody, wait=True)
    log.info("open_answer_told", extra={"interaction_id": answer.interaction_id})


@contextmanager
def _unless_gone(step: str) -> Iterator[None]:
    """Ignore that Discord does not know the token any more, or never showed a message for it."""
    try:
        yield
    except discord.DiscordServerError:
        raise
    except discord.HTTPException as error:
        log.info("open_answer_step_failed", extra={"step": step, "code": error.code})
