"""Quotas as text: a member's own in their language, and a server's for its managers."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from discord import ui

from bot.domain.limits import Limits
from bot.domain.quota import EVERYONE, Limit, Quota, Standing, Use
from bot.localization.catalogue import ENGLISH, words_for
from bot.ui.quotas import quota_view, quotas_view, role_label, role_meant
from tests.support.clock import START

LIMITS = Limits(running=2, pending=10, keep_days=7)
PAINTERS, GONE = 71, 72
ROLES = {5: "@everyone", PAINTERS: "Painters"}
RESETS = "<t:1773532800:R>"
EMPTY = Standing(at=START)


def text_of(view: ui.LayoutView) -> str:
    """All text of a view."""
    to_components: Callable[[], object] = view.to_components  # discord.py leaves its return type open
    return str(json.loads(json.dumps(to_components()))[0]["components"][0]["content"])


def test_member_reads_remaining_quota_and_reset_time() -> None:
    """In their language; if a limit was lowered below the usage, nothing is left."""
    standing = Standing(
        limits={Limit.PICTURES_DAY: 1_500, Limit.CREDITS_MONTH: 2_500_000, Limit.RESOLUTION: 2, Limit.COUNT: 1},
        use=Use(pictures_day=2, credits_month=9_000_000),
        at=START,
    )
    english = text_of(quota_view(standing, LIMITS, ENGLISH))
    assert f"Pictures today: **1,498** of 1,500 left · anew {RESETS}" in english
    assert "Credits this month: **0 credits** of 2.5 credits left" in english
    assert "Highest resolution: **2K**" in english
    assert "At once: **one picture**" in english
    german = text_of(quota_view(standing, LIMITS, words_for("de")))
    assert f"Bilder heute: noch **1.498** von 1.500 · neu {RESETS}" in german
    assert "noch **0 Credits** von 2,5 Credits" in german


def test_missing_limits_are_stated() -> None:
    """Outside servers no server limit is mentioned."""
    assert "does not limit how much" in text_of(quota_view(EMPTY, LIMITS, ENGLISH))
    outside = text_of(quota_view(None, LIMITS, ENGLISH))
    assert "server" not in outside
    assert "Highest resolution: **4K**" in outside


def test_deleted_role_is_shown_as_such() -> None:
    """Its quota limits no one and can still be removed; the server's cap is shown separately."""
    quotas = [
        Quota(role_id=EVERYONE, limits={Limit.PICTURES_DAY: 1, Limit.GROUNDING: 0, Limit.SERVER_CREDITS_MONTH: 9}),
        Quota(role_id=PAINTERS, limits={Limit.PICTURES_DAY: None, Limit.CREDITS_DAY: 1_000_000}),
        Quota(role_id=GONE, limits={Limit.COUNT: 4}),
    ]
    cap = Standing(limits={Limit.SERVER_CREDITS_MONTH: 9_000_000}, at=START)
    told = text_of(quotas_view(quotas, cap, ROLES, "Done."))
    assert told.splitlines() == [
        "Done.",
        "### Quotas of this server",
        "- **@everyone**: 1 picture a day, no Google Search",
        f"- **<@&{PAINTERS}>**: any number of pictures a day, 1 credit a day",
        f"- **deleted role {GONE} (ignored)**: up to 4 at once",
        "The whole server this month: **9 credits** of 9 credits left · anew <t:1775001600:R>",
    ]
    assert [role_label(role, ROLES) for role in (EVERYONE, PAINTERS, GONE)] == [
        "@everyone", "@Painters", f"deleted role {GONE} (ignored)",
    ]  # fmt: skip


def test_any_number_of_quotas_fits_into_a_message() -> None:
    """Discord accepts 4,000 characters; the rest is counted."""
    every = dict.fromkeys(Limit)
    quotas = [Quota(role_id=10**18 + number, limits=every) for number in range(250)]
    told = text_of(quotas_view(quotas, EMPTY, {}))
    assert len(told) <= 4_000
    shown = told.count("deleted role")
    assert f"and {250 - shown} more" in told


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("0", EVERYONE), ("@everyone", EVERYONE), ("everyone", EVERYONE), (f"<@&{PAINTERS}>", PAINTERS),
        (" painters", PAINTERS), ("@Painters", PAINTERS), (str(GONE), GONE), ("sculptors", 2**63 - 1),
        ("9" * 60, 2**63 - 1),
    ],
)  # fmt: skip
def test_role_is_found_by_number_mention_or_name(typed: str, meant: int) -> None:
    """Other text finds none."""
    assert role_meant(typed, ROLES) == meant
