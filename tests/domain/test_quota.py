"""Which limits apply to a member, what is left of them, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.domain.credits import MICRO
from bot.domain.errors import Refusal
from bot.domain.picture import PictureSpec, Resolution
from bot.domain.quota import (
    AMOUNTS,
    EVERYONE,
    Limit,
    Quota,
    Standing,
    Use,
    amount_text,
    check_order,
    limit_text,
    limits_for,
    next_day,
    next_month,
    parse_amount,
    rank_of,
    resolution_at,
    with_rules,
)
from bot.domain.rules import ServerRules
from tests.support.clock import START
from tests.support.refusals import refused, told

SUPPORTER, PAINTER, STRANGER = 71, 72, 73
SPEC = PictureSpec(prompt="a heron")
QUOTAS = [
    Quota(role_id=EVERYONE, limits={Limit.PICTURES_DAY: 5, Limit.RESOLUTION: 1, Limit.GROUNDING: 0}),
    Quota(role_id=SUPPORTER, limits={Limit.PICTURES_DAY: 20, Limit.GROUNDING: 1}),
    Quota(role_id=PAINTER, limits={Limit.PICTURES_DAY: None, Limit.RESOLUTION: 3}),
    Quota(role_id=STRANGER, limits={Limit.PICTURES_DAY: 1}),
]


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ((), {Limit.PICTURES_DAY: 5, Limit.RESOLUTION: 1, Limit.GROUNDING: 0}),
        ((SUPPORTER,), {Limit.PICTURES_DAY: 20, Limit.RESOLUTION: 1, Limit.GROUNDING: 1}),
        ((PAINTER,), {Limit.RESOLUTION: 3, Limit.GROUNDING: 0}),
        ((SUPPORTER, PAINTER), {Limit.RESOLUTION: 3, Limit.GROUNDING: 1}),
        ((STRANGER, 404), {Limit.PICTURES_DAY: 5, Limit.RESOLUTION: 1, Limit.GROUNDING: 0}),
    ],
)
def test_the_most_generous_wins_limit_by_limit(roles: tuple[int, ...], expected: dict[Limit, int]) -> None:
    """A limit that a role does not set comes from everyone's; no limit beats every number.

    Other members' roles are ignored.
    """
    assert limits_for(QUOTAS, roles) == expected


def test_limit_set_only_for_a_role_applies_to_that_role_only() -> None:
    """Without quotas there are no limits."""
    assert limits_for([], (SUPPORTER,)) == {}
    assert limits_for(QUOTAS[1:2], ()) == {}
    assert limits_for(QUOTAS[1:2], (SUPPORTER,)) == {Limit.PICTURES_DAY: 20, Limit.GROUNDING: 1}


def standing(use: Use | None = None, **limits: int) -> Standing:
    """A member with these limits, at the tests' start time."""
    return Standing(limits={Limit(name): most for name, most in limits.items()}, use=use or Use(), at=START)


@pytest.mark.parametrize(
    ("of", "order", "code", "said"),
    [
        (standing(resolution=1), {"resolution": "2K"}, "quota_resolution", "is 1K; you asked for 2K"),
        (standing(grounding=0), {"google_search": True}, "quota_grounding", "Google Search"),
        (standing(count=2), {"count": 3}, "quota_count", "make 2 at once here; you asked for 3"),
        (standing(Use(pictures_day=9), pictures_day=10), {"count": 2}, "quota_pictures_day", "1 left, 2 asked for"),
        (standing(Use(pictures_day=9), pictures_day=4), {}, "quota_pictures_day", "0 left, 1 asked for"),
        (standing(Use(pictures_month=3), pictures_month=3), {}, "quota_pictures_month", "3 pictures a month: 0 left"),
        (
            standing(Use(credits_day=MICRO), credits_day=2_500_000),
            {"count": 2},
            "quota_credits_day",
            "1.5 credits left",
        ),
        (standing(credits_month=MICRO - 1), {}, "quota_credits_month", "this costs 1 credit"),
        (
            standing(Use(server_credits_month=99 * MICRO), server_credits_month=100 * MICRO),
            {"count": 2},
            "quota_server_credits_month",
            "This server's limit is 100 credits a month: 1 credit left, this costs 2 credits",
        ),
        (standing(pictures_month=0), {}, "quota_nothing", "includes no pictures"),
    ],
)
def test_order_over_a_limit_is_refused_with_what_is_left(
    of: Standing, order: dict[str, object], code: str, said: str
) -> None:
    """Each limit has its own code and text."""
    spec = PictureSpec(
        prompt="a heron",
        resolution=Resolution(str(order.get("resolution", "1K"))),
        google_search=bool(order.get("google_search")),
    )
    with pytest.raises(Refusal) as caught:
        check_order(of, spec, count=int(str(order.get("count", 1))), price_microcredits=MICRO)
    assert caught.value.code == code
    assert said in told(caught.value)


def test_order_that_just_fits_is_accepted() -> None:
    """A limit may be used up to its last picture and its last micro-credit."""
    just = standing(
        Use(pictures_day=8, credits_month=MICRO, server_credits_month=5),
        pictures_day=10, credits_month=3 * MICRO, server_credits_month=2 * MICRO + 5, count=2, resolution=1,
    )  # fmt: skip
    check_order(just, SPEC, count=2, price_microcredits=MICRO)


def test_countdown_is_of_the_limit_that_resets_last() -> None:
    """If day and month are both used up, tomorrow would be wrong."""
    both = standing(Use(pictures_day=5, pictures_month=50), pictures_day=5, pictures_month=50)
    with refused(f"<t:{int(next_month(START).timestamp())}:R>"):
        check_order(both, SPEC, count=1, price_microcredits=MICRO)


def test_servers_rules_cap_the_quota() -> None:
    """The lower of the two resolutions, and no search if the server disables it; amounts are unchanged."""
    generous = standing(resolution=3, grounding=1, pictures_day=5)
    strict = ServerRules(highest_resolution=Resolution.TWO_K, grounding=False)
    assert with_rules(generous, strict).limits == {
        Limit.RESOLUTION: 2, Limit.GROUNDING: 0, Limit.PICTURES_DAY: 5,
    }  # fmt: skip
    assert with_rules(standing(resolution=1), strict).limits[Limit.RESOLUTION] == 1
    assert with_rules(standing(), ServerRules()).limits == {}


def test_days_and_months_end_at_midnight_utc() -> None:
    """Over the end of a year too."""
    late = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert next_day(late) == next_month(late) == datetime(2027, 1, 1, tzinfo=UTC)
    assert next_day(START).isoformat() == "2026-03-15T00:00:00+00:00"
    assert next_month(START).isoformat() == "2026-04-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("limit", "typed", "amount"),
    [
        ("pictures_day", "10", 10), ("pictures_month", " 0 ", 0), ("credits_day", "12.5", 12_500_000),
        ("credits_month", "0.000001", 1), ("server_credits_month", "1e3", 1_000 * MICRO), ("count", "3", 3),
        ("resolution", "2k", 2), ("grounding", "True", 1), ("grounding", "False", 0),
        ("pictures_day", "Unlimited", None), ("credits_day", "no limit", None), ("pictures_day", "∞", None),
    ],
)  # fmt: skip
def test_typed_amounts_are_parsed(limit: str, typed: str, amount: int | None) -> None:
    """Pictures by number, credits with up to six decimals, and a word for no limit."""
    assert parse_amount(Limit(limit), typed) == amount


@pytest.mark.parametrize("limit", [Limit.PICTURES_DAY, Limit.CREDITS_MONTH])
@pytest.mark.parametrize("typed", ["many", "-1", "nan", "inf", "1e99", "", "1,5", "0.0000001", "1e-999999", "1/2"])
def test_invalid_amount_is_refused(limit: Limit, typed: str) -> None:
    """One sentence that says what to write; nothing is guessed."""
    with pytest.raises(Refusal) as refused:
        parse_amount(limit, typed)
    assert refused.value.code == "quota_amount"


def test_amount_has_a_short_form() -> None:
    """For the audit."""
    told = {
        Limit.PICTURES_DAY: 5, Limit.CREDITS_DAY: 2_500_000, Limit.CREDITS_MONTH: 100 * MICRO, Limit.RESOLUTION: 3,
        Limit.GROUNDING: 0, Limit.COUNT: None,
    }  # fmt: skip
    words = [amount_text(limit, amount) for limit, amount in told.items()]
    assert words == ["5", "2.5", "100", "4K", "off", "unlimited"]
    assert limit_text(Limit.PICTURES_DAY, 5) == "5 pictures a day"
    assert limit_text(Limit.SERVER_CREDITS_MONTH, None) == "unlimited credits a month for the whole server"
    assert not [limit for limit in Limit if "_" in limit_text(limit, 1)]


def test_resolutions_convert_to_ranks_and_back() -> None:
    """From the lowest to the highest."""
    assert [resolution_at(rank_of(resolution)) for resolution in Resolution] == list(Resolution)


@pytest.mark.parametrize("month", range(1, 13))
def test_every_month_is_followed_by_the_next(month: int) -> None:
    """The year changes after December, and not before it."""
    following = datetime(2027, 1, 1, tzinfo=UTC) if month == 12 else datetime(2026, month + 1, 1, tzinfo=UTC)
    assert next_month(datetime(2026, month, 28, 12, tzinfo=UTC)) == following


@pytest.mark.parametrize(
    ("limit", "most", "more"),
    [(Limit.PICTURES_DAY, "1000000", "1000001"), (Limit.CREDITS_MONTH, "1000000000", "1000000000.000001")],
)
def test_the_largest_amount_can_be_set(limit: Limit, most: str, more: str) -> None:
    """A million pictures, or a thousand million credits; nothing above."""
    assert amount_text(limit, parse_amount(limit, most)) == most
    with pytest.raises(Refusal, match="quota_amount"):
        parse_amount(limit, more)


def test_everyone_is_stored_under_an_id_that_no_role_has() -> None:
    """The id is persisted in databases."""
    assert EVERYONE == 0


def test_nothing_is_used_before_the_first_order() -> None:
    """Of any limit that is used up."""
    assert [Use().of(limit) for limit in AMOUNTS] == [0] * len(AMOUNTS)


def test_search_is_allowed_without_a_limit() -> None:
    """A picture with Google Search passes if no quota limits it, or one allows it."""
    searching = PictureSpec(prompt="a heron", google_search=True, google_image_search=True)
    for free in (standing(), standing(grounding=1)):
        check_order(free, searching, count=1, price_microcredits=MICRO)
