"""A server's rules applied to an order: it is refused before anything is charged, or adjusted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import Refusal
from bot.domain.job import Origin
from bot.domain.order_rules import check_not_blocked, check_place, within_rules, words_in_force
from bot.domain.picture import PictureSpec, Resolution
from bot.domain.policy import checked_spec
from bot.domain.rules import Block, ServerRules, SpoilerRule, Where, WordRule
from tests.support.build import ALICE, BOB, CHANNEL, GUILD, new_request
from tests.support.clock import START

CATEGORY, ROLE, OTHER = 60, 70, 71


def an_origin(*, age_restricted: bool = False) -> Origin:
    """Alice, with a role, in a channel of a category."""
    return replace(
        new_request().origin, channel_ids=(CHANNEL, CATEGORY), role_ids=(ROLE,), age_restricted=age_restricted
    )


def refusal(rules: ServerRules, origin: Origin | None = None) -> str | None:
    """The error code with which an order is refused for its channel or member."""
    try:
        check_place(rules, origin or an_origin())
    except Refusal as error:
        return error.code
    return None


def some(number: int) -> frozenset[int]:
    """One channel or role."""
    return frozenset({number})


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        (ServerRules(), None),
        (ServerRules(allowed_channels=some(CHANNEL)), None),
        (ServerRules(allowed_channels=some(CATEGORY)), None),
        (ServerRules(allowed_channels=some(OTHER)), "channel_not_allowed"),
        (ServerRules(denied_channels=some(CATEGORY)), "channel_denied"),
        (ServerRules(denied_channels=some(OTHER)), None),
        (ServerRules(allowed_channels=some(CATEGORY), denied_channels=some(CHANNEL)), "channel_denied"),
        (ServerRules(allowed_roles=some(ROLE)), None),
        (ServerRules(allowed_roles=some(OTHER)), "role_needed"),
        (ServerRules(denied_roles=some(ROLE)), "role_denied"),
        (ServerRules(allowed_roles=some(ROLE), denied_roles=some(ROLE)), "role_denied"),
    ],
)
def test_channels_and_roles(rules: ServerRules, code: str | None) -> None:
    """Allow lists, and deny lists, which win; a category or parent channel includes all its channels."""
    assert refusal(rules) == code


def test_member_without_roles_is_refused_if_one_is_required() -> None:
    """And a channel that Discord did not describe is known by its id."""
    bare = replace(an_origin(), role_ids=(), channel_ids=())
    assert refusal(ServerRules(allowed_roles=some(ROLE)), bare) == "role_needed"
    assert refusal(ServerRules(denied_channels=some(CHANNEL)), bare) == "channel_denied"


def test_defaults_fill_only_missing_options() -> None:
    """What a member typed stays, and so do the values of a form."""
    rules = ServerRules(default_size="16:9", default_resolution=Resolution.TWO_K)
    left = within_rules(rules, checked_spec(prompt="x"), an_origin())
    assert (left.size, left.resolution, left.left_open) == ("16:9", Resolution.TWO_K, frozenset())
    typed = within_rules(rules, checked_spec(prompt="x", size="1:1", resolution="1K"), an_origin())
    assert (typed.size, typed.resolution) == ("1:1", Resolution.ONE_K)


def test_highest_resolution_lowers_defaults_and_refuses_explicit_choices() -> None:
    """No member is refused for what they did not choose."""
    rules = ServerRules(default_resolution=Resolution.FOUR_K, highest_resolution=Resolution.HALF_K)
    assert within_rules(rules, checked_spec(prompt="x"), an_origin()).resolution is Resolution.HALF_K
    with pytest.raises(Refusal, match=r"highest=0\.5K"):
        within_rules(rules, checked_spec(prompt="x", resolution="1K"), an_origin())
    assert within_rules(rules, checked_spec(prompt="x", resolution="0.5K"), an_origin())


def test_grounding_can_be_disabled() -> None:
    """Then a picture with Google Search is refused, and others are not."""
    rules = ServerRules(grounding=False)
    with pytest.raises(Refusal) as refused:
        within_rules(rules, PictureSpec(prompt="x", google_search=True), an_origin())
    assert refused.value.code == "grounding_off"
    assert within_rules(rules, PictureSpec(prompt="x"), an_origin())


@pytest.mark.parametrize(
    ("rule", "age_restricted", "asked", "covered"),
    [
        (SpoilerRule.AS_ASKED, True, False, False),
        (SpoilerRule.AS_ASKED, False, True, True),
        (SpoilerRule.AGE_RESTRICTED, True, False, True),
        (SpoilerRule.AGE_RESTRICTED, False, False, False),
        (SpoilerRule.ALWAYS, False, False, True),
    ],
)
def test_spoilers_are_added_and_never_removed(
    rule: SpoilerRule, age_restricted: bool, asked: bool, covered: bool
) -> None:
    """A server may cover more than its members choose."""
    spec = within_rules(
        ServerRules(spoiler=rule), PictureSpec(prompt="x", spoiler=asked), an_origin(age_restricted=age_restricted)
    )
    assert spec.spoiler is covered


def test_age_restricted_words_are_allowed_only_in_age_restricted_channels() -> None:
    """They are refused in all other channels."""
    always, mild = WordRule(pattern="a"), WordRule(pattern="b", where=Where.NOT_AGE_RESTRICTED)
    rules = ServerRules(words=(always, mild))
    assert words_in_force(rules, an_origin()) == (always, mild)
    assert words_in_force(rules, an_origin(age_restricted=True)) == (always,)


def test_blocked_member_sees_the_end_and_the_reason_only_if_allowed() -> None:
    """A block that has expired refuses nothing."""
    until = START + timedelta(hours=2)
    block = Block(guild_id=GUILD, member_id=ALICE, by_id=BOB, since=START, until=until, reason="spam")
    with pytest.raises(Refusal) as silent:
        check_not_blocked(block, START)
    assert silent.value.values == {"until": until}
    with pytest.raises(Refusal, match="spam"):
        check_not_blocked(replace(block, told=True, until=None), START + timedelta(days=999))
    check_not_blocked(block, until)
    check_not_blocked(None, START)


@pytest.mark.parametrize(
    ("told", "ends", "code"),
    [
        (False, False, "blocked"),
        (True, False, "blocked_because"),
        (False, True, "blocked_until"),
        (True, True, "blocked_until_because"),
    ],
)
def test_block_message_matches_its_values(told: bool, ends: bool, code: str) -> None:
    """Each of the four texts has exactly the values of its block."""
    until = START + timedelta(hours=2) if ends else None
    block = Block(guild_id=GUILD, member_id=ALICE, by_id=BOB, since=START, until=until, reason="spam", told=told)
    with pytest.raises(Refusal) as refused:
        check_not_blocked(block, START)
    assert refused.value.code == code
    assert refused.value.values.keys() == {name for name, said in (("until", ends), ("reason", told)) if said}


def test_only_the_first_of_many_channels_are_named() -> None:
    """A refusal stays one sentence."""
    rules = ServerRules(allowed_channels=frozenset(range(900, 920)))
    with pytest.raises(Refusal) as refused:
        check_place(rules, an_origin())
    assert refused.value.values == {"channels": ("<#900>", "<#901>", "<#902>", "<#903>", "<#904>")}
