"""Applies a server's rules to an order. All checks are in memory, so that a refusal is immediate."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.domain.errors import Markup, Refusal
from bot.domain.job import Origin
from bot.domain.picture import (
    DEFAULT_RESOLUTION,
    DEFAULT_SIZE,
    OPEN_RESOLUTION,
    OPEN_SIZE,
    PictureSpec,
    Resolution,
)
from bot.domain.rules import Block, ServerRules, SpoilerRule, Where, WordRule

_MOST_TOLD: Final = 5
_RANKS: Final = tuple(Resolution)


def check_place(rules: ServerRules, origin: Origin) -> None:
    """Refuse an order in a channel, or from a member, that the server doesn't allow."""
    here, roles = (
        set(origin.channel_ids) or {origin.channel_id},
        {*origin.role_ids, origin.guild_id},
    )  # Discord's @everyone
    if here & rules.denied_channels:
        raise Refusal("channel_denied")
    if rules.allowed_channels and not here & rules.allowed_channels:
        raise Refusal("channel_not_allowed", channels=_named("#", rules.allowed_channels))
    if roles & rules.denied_roles:
        raise Refusal("role_denied")
    if rules.allowed_roles and not roles & rules.allowed_roles:
        raise Refusal("role_needed", roles=_named("@&", rules.allowed_roles))


def _named(kind: str, ids: frozenset[int]) -> tuple[Markup, ...]:
    """The first few channels or roles as Discord mentions, which clients show by name."""
    return tuple(Markup(f"<{kind}{number}>") for number in sorted(ids)[:_MOST_TOLD])


def within_rules(rules: ServerRules, spec: PictureSpec, origin: Origin) -> PictureSpec:
    """The order with the server's defaults and spoiler rule applied; raises Refusal if the rules forbid it."""
    usual_size, usual_resolution = defaults_of(rules)
    size = usual_size if OPEN_SIZE in spec.left_open else spec.size
    resolution = usual_resolution if OPEN_RESOLUTION in spec.left_open else spec.resolution
    highest = rules.highest_resolution
    if highest is not None and _no_higher(resolution, highest) is not resolution:
        raise Refusal("resolution_too_high", highest=highest.value)
    if spec.google_search and not rules.grounding:
        raise Refusal("grounding_off")
    covered = rules.spoiler is SpoilerRule.ALWAYS or (
        rules.spoiler is SpoilerRule.AGE_RESTRICTED and origin.age_restricted
    )
    return replace(spec, size=size, resolution=resolution, spoiler=spec.spoiler or covered, left_open=frozenset())


def defaults_of(rules: ServerRules) -> tuple[str, Resolution]:
    """The size and resolution that apply if a member names none."""
    resolution = _no_higher(rules.default_resolution or DEFAULT_RESOLUTION, rules.highest_resolution)
    return rules.default_size or DEFAULT_SIZE, resolution


def words_in_force(rules: ServerRules, origin: Origin) -> tuple[WordRule, ...]:
    """The word rules that apply in the order's channel."""
    return tuple(rule for rule in rules.words if rule.where is Where.EVERYWHERE or not origin.age_restricted)


def check_not_blocked(block: Block | None, now: datetime) -> None:
    """Refuse an order of a blocked member; the reason is shown only if the moderators made it visible."""
    if block is None or not block.holds(now):
        return
    told = {"reason": block.reason} if block.told and block.reason else {}
    until = {} if block.until is None else {"until": block.until}
    codes = ("blocked", "blocked_because", "blocked_until", "blocked_until_because")
    raise Refusal(codes[2 * bool(until) + bool(told)], **until, **told)


def _no_higher(resolution: Resolution, highest: Resolution | None) -> Resolution:
    return resolution if highest is None else min(resolution, highest, key=_RANKS.index)
