"""The one place that turns an error into what a member reads, privately."""

from __future__ import annotations

import logging
from typing import Any, Final

import aiohttp
import discord
from discord import app_commands

from bot.domain.errors import BotError, Refusal, StoreError
from bot.interactions.responses import TAKEN_ALREADY, sent_surely, tell
from bot.localization.catalogue import Words
from bot.localization.discord_locale import words_of

log = logging.getLogger(__name__)

_UNKNOWN_INTERACTION: Final = 10062
_CUT_OFF: Final = (aiohttp.ClientError, ConnectionError, TimeoutError)
"""What goes wrong on the way to Discord. What was asked for may have been done before."""
_CHANGED: Final = (app_commands.CommandNotFound, app_commands.CommandSignatureMismatch)
"""A client goes on offering commands as they were when it loaded them."""


def sentence_for(error: Exception, reference: int, words: Words) -> str:
    """What a member reads about an error; `reference` finds it in the log."""
    if isinstance(error, Refusal) and words.has(f"refusal.{error.code}"):
        return words(f"refusal.{error.code}", **error.values)
    if isinstance(error, StoreError):
        return words("error.store", reference=reference)
    if isinstance(error, app_commands.CheckFailure):
        return words("error.check")
    if isinstance(error, _CHANGED):
        return words("error.changed")
    if isinstance(error, (*_CUT_OFF, discord.HTTPException)):
        return words("error.untold", reference=reference)
    return words("error.internal", reference=reference)


async def answer_error(interaction: discord.Interaction[Any], error: Exception) -> None:
    """Log an error and tell the member privately; never raises."""
    if isinstance(error, app_commands.CommandInvokeError) and isinstance(error.original, Exception):
        error = error.original
    fields = {"interaction_id": interaction.id, "user_id": interaction.user.id, "guild_id": interaction.guild_id}
    if isinstance(error, Refusal):
        log.info("refused", extra={**fields, "code": error.code})
    elif isinstance(error, (BotError, app_commands.CheckFailure, *_CHANGED)):
        log.warning("command_failed", extra={**fields, "error": type(error).__name__, "text": str(error)})
    elif isinstance(error, _CUT_OFF):
        log.warning("answer_cut_off", extra={**fields, "error": str(error)})
    elif isinstance(error, discord.NotFound) and error.code == _UNKNOWN_INTERACTION:
        log.warning("interaction_gone", extra=fields)
        return  # it was read too late: nobody is left to be told
    else:
        log.error("command_crashed", extra=fields, exc_info=error)
    try:
        text = sentence_for(error, interaction.id, words_of(interaction))
        if interaction.response.is_done() or not await _answered(interaction, text):
            await tell(interaction, content=text)
    except (discord.DiscordException, aiohttp.ClientError, OSError) as failure:
        log.warning("answer_not_sent", extra={**fields, "error": str(failure)})


async def _answered(interaction: discord.Interaction[Any], text: str) -> bool:
    """Tell as the first answer; False where that was given already, though its connection broke off."""
    try:
        return await sent_surely(lambda: interaction.response.send_message(text, ephemeral=True)) is not None
    except discord.HTTPException as error:
        if error.code != TAKEN_ALREADY:
            raise
        return False
