"""What a member reads of an error that is no refusal."""

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
    """What is sure is said and nothing else: an answer that broke off may have done what was asked for."""
    sentence = sentence_for(error, 7, ENGLISH)
    assert told in sentence
    assert "secret" not in sentence
