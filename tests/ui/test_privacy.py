"""The confirmation before all data of a member is deleted."""

from __future__ import annotations

import pytest
from discord import ui

from bot.domain.privacy import DataCounts
from bot.localization.catalogue import words_for
from bot.ui.privacy import erase_question
from tests.support.build import ALICE


def text(view: ui.LayoutView) -> str:
    """All text of the confirmation."""
    return "\n".join(part.content for part in view.walk_children() if isinstance(part, ui.TextDisplay))


def test_only_existing_data_is_named() -> None:
    """Without styles or running orders, neither is mentioned."""
    told = text(erase_question(ALICE, DataCounts(requests=1, under_way=0, styles=0), words_for("en-US")))
    assert "one order with its prompt" in told
    assert "style of your own" not in told
    assert "under way" not in told
    only_styles = text(erase_question(ALICE, DataCounts(requests=0, under_way=0, styles=2), words_for("en-US")))
    assert "2 styles of your own" in only_styles
    assert "order with" not in only_styles


@pytest.mark.parametrize("locale", ["en-US", "de", "es-ES", "ja"])
def test_confirmation_says_what_stays_and_fits_into_one_message(locale: str) -> None:
    """In every language; Discord accepts 4,000 characters."""
    words = words_for(locale)
    told = text(erase_question(ALICE, DataCounts(requests=12_345, under_way=7, styles=25), words))
    assert words("privacy.stays") in told
    assert words("privacy.messages") in told
    assert words.format_field(12_345, ",") in told
    assert len(told) < 4_000
