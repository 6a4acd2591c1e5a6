"""The text a member reads for an error that is not a refusal."""

from __future__ import annotations

import aiohttp
import pytest
from discord import app_commands

from bot.domain.errors import StoreError
from bot.interactions.error_replies import sentence_for
from bot.localization.catalogue import ENGLISH


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (StoreError("the disk is gone"), "reference 7"),
        (app_commands.CheckFailure(), "may not use this"),
        (app_commands.CommandNotFound("paint", []), "Reload Discord"),
        (aiohttp.ServerDisconnectedError(), "may have been done"),
        (TimeoutError(), "may have been done"),
        (ZeroDivisionError("secret/path.py"), "Something went wrong inside this bot"),
    ],
)
def test_each_error_has_a_sentence_that_says_what_to_do(error: Exception, told: str) -> None:
    """It says only what is certain: a request whose response was interrupted may have been carried out."""
    sentence = sentence_for(error, 7, ENGLISH)
    assert told in sentence
    assert "secret" not in sentence
