"""Turns an error into the private message that a member reads; the only module that does."""

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
"""Failures of the connection to Discord. The action itself may have been done before."""
_CHANGED: Final = (app_commands.CommandNotFound, app_commands.CommandSignatureMismatch)
"""Errors of clients whose copy of the commands is outdated."""


def sentence_for(error: Exception, reference: int, words: Words) -> str:
    """The message about an error; `reference` is the id by which it is found in the log."""
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
    """Log an error and show it to the member privately; never raises."""
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
        return  # the token has expired: no answer is possible
    else:
        log.error("command_crashed", extra=fields, exc_info=error)
    try:
        text = sentence_for(error, interaction.id, words_of(interaction))
        if interaction.response.is_done() or not await _answered(interaction, text):
            await tell(interaction, content=text)
    except (discord.DiscordException, aiohttp.ClientError, OSError) as failure:
        log.warning("answer_not_sent", extra={**fields, "error": str(failure)})


async def _answered(interaction: discord.Interaction[Any], text: str) -> bool:
    """Send as the first answer; False if there is one already, of which the confirmation was lost."""
    try:
        return await sent_surely(lambda: interaction.response.send_message(text, ephemeral=True)) is not None
    except discord.HTTPException as error:
        if error.code != TAKEN_ALREADY:
            raise
        return False
