"""Quotas of a server, for everyone and for roles: limits per day, per month and per order.

Of the quotas that apply to a member, the most generous value of each limit counts; a limit that a quota omits is
decided by the others. A limit that no quota sets does not exist. Days and months are UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

from bot.domain.credits import MICRO, Credits
from bot.domain.errors import Refusal
from bot.domain.picture import PictureSpec, Resolution
from bot.domain.rules import ServerRules

EVERYONE: Final = 0
"""Used instead of a role's id: the quota of all members."""
UNLIMITED: Final = "unlimited"
_NO_LIMIT: Final = frozenset({UNLIMITED, "nolimit", "no limit", "∞"})
_LADDER: Final = tuple(Resolution)
_MOST_PICTURES: Final = 1_000_000
_MOST_CREDITS: Final = 1_000_000_000


class Limit(StrEnum):
    """What a quota can limit; each amount is an integer."""

    PICTURES_DAY = "pictures_day"
    PICTURES_MONTH = "pictures_month"
    CREDITS_DAY = "credits_day"
    """In micro-credits, as all money."""
    CREDITS_MONTH = "credits_month"
    RESOLUTION = "resolution"
    """The highest allowed resolution, as its rank from 0."""
    GROUNDING = "grounding"
    """1 if Google Search is allowed, else 0."""
    COUNT = "count"
    """Pictures per command."""
    SERVER_CREDITS_MONTH = "server_credits_month"
    """What all members together may spend; a limit of the server, stored with the quota for everyone."""


_IN_WORDS: Final = {
    Limit.PICTURES_DAY: "{} pictures a day",
    Limit.PICTURES_MONTH: "{} pictures a month",
    Limit.CREDITS_DAY: "{} credits a day",
    Limit.CREDITS_MONTH: "{} credits a month",
    Limit.RESOLUTION: "highest resolution {}",
    Limit.GROUNDING: "Google Search {}",
    Limit.COUNT: "{} pictures at once",
    Limit.SERVER_CREDITS_MONTH: "{} credits a month for the whole server",
}

Limits = Mapping[Limit, int | None]
"""None means unlimited; a missing key defers to other quotas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """The limits of members with a role, or of EVERYONE."""

    role_id: int
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A member's usage so far: everything ordered, minus what ended without a charge."""

    pictures_day: int = 0
    pictures_month: int = 0
    credits_day: int = 0
    credits_month: int = 0
    server_credits_month: int = 0

    def of(self, limit: Limit) -> int:
        """The part that a limit applies to."""
        amount: int = getattr(self, limit.value)
        return amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A member's limits in a server at a moment, and their usage. A missing limit means unlimited."""

    limits: Mapping[Limit, int] = field(default_factory=dict)
    use: Use = field(default_factory=Use)
    at: datetime

    def left(self, limit: Limit) -> int | None:
        """What may still be ordered; None if unlimited. Zero if the limit was lowered below the usage."""
        most = self.limits.get(limit)
        return None if most is None else max(0, most - self.use.of(limit))

    def resets_at(self, limit: Limit) -> datetime:
        """When a limit resets."""
        return next_day(self.at) if limit in _OF_A_DAY else next_month(self.at)


_OF_A_DAY: Final = frozenset({Limit.PICTURES_DAY, Limit.CREDITS_DAY})
AMOUNTS: Final = (
    Limit.SERVER_CREDITS_MONTH,
    Limit.CREDITS_MONTH,
    Limit.PICTURES_MONTH,
    Limit.CREDITS_DAY,
    Limit.PICTURES_DAY,
)
"""The exhausted limits; those that reset last come first, so that a refusal's countdown is correct."""
OF_PICTURES: Final = frozenset({Limit.PICTURES_DAY, Limit.PICTURES_MONTH})


def next_day(at: datetime) -> datetime:
    """The next midnight, UTC."""
    return datetime(at.year, at.month, at.day, tzinfo=UTC) + timedelta(days=1)


def next_month(at: datetime) -> datetime:
    """The start of the next month, UTC."""
    return datetime(at.year + at.month // 12, at.month % 12 + 1, 1, tzinfo=UTC)


def limits_for(quotas: Iterable[Quota], role_ids: Iterable[int]) -> dict[Limit, int]:
    """The limits of a member with these roles: for each limit, the most generous value among the quotas that set it."""
    theirs = {EVERYONE, *role_ids}
    named: dict[Limit, list[int | None]] = {}
    for quota in quotas:
        if quota.role_id in theirs:
            for limit, most in quota.limits.items():
                named.setdefault(limit, []).append(most)
    return {limit: max(m for m in amounts if m is not None) for limit, amounts in named.items() if None not in amounts}


def with_rules(standing: Standing, rules: ServerRules) -> Standing:
    """A standing to show to a member: without quotas on what the server's rules forbid for everyone."""
    limits = dict(standing.limits)
    if rules.highest_resolution is not None:
        highest = rank_of(rules.highest_resolution)
        limits[Limit.RESOLUTION] = min(highest, limits.get(Limit.RESOLUTION, highest))
    if not rules.grounding:
        limits[Limit.GROUNDING] = 0
    return replace(standing, limits=limits)


def rank_of(resolution: Resolution) -> int:
    """A resolution as an amount of Limit.RESOLUTION."""
    return _LADDER.index(resolution)


def resolution_at(rank: int) -> Resolution:
    """The resolution of an amount of Limit.RESOLUTION."""
    return _LADDER[rank]


def parse_amount(limit: Limit, typed: str) -> int | None:
    """Parse an amount: a number, or a word for "unlimited"; raises Refusal for anything else."""
    word = typed.strip().casefold().replace("_", "")
    if word in _NO_LIMIT:
        return None
    match limit:
        case Limit.RESOLUTION:
            return _rank_typed(word, typed)
        case Limit.GROUNDING:
            return int(word == "true")
        case Limit.PICTURES_DAY | Limit.PICTURES_MONTH | Limit.COUNT:
            unit, most = Decimal(1), _MOST_PICTURES
        case _:
            unit, most = Decimal(MICRO), _MOST_CREDITS
    try:
        amount = Decimal(word)
    except InvalidOperation:
        amount = Decimal(-1)
    if not (amount.is_finite() and 0 <= amount <= most and amount * unit == int(amount * unit)):
        raise Refusal("quota_amount", typed=typed)
    return int(amount * unit)


def _rank_typed(word: str, typed: str) -> int:
    try:
        return rank_of(Resolution.parse(word))
    except ValueError:
        raise Refusal("quota_amount", typed=typed) from None


def is_amount(limit: Limit, amount: int | None) -> bool:
    """Whether a stored amount is valid for this limit."""
    if amount is None:
        return True
    if limit is Limit.RESOLUTION:
        most = len(_LADDER) - 1
    elif limit is Limit.GROUNDING:
        most = 1
    else:
        most = _MOST_PICTURES if limit in OF_PICTURES or limit is Limit.COUNT else _MOST_CREDITS * MICRO
    return 0 <= amount <= most


def limit_text(limit: Limit, amount: int | None) -> str:
    """A limit and its amount in a few words, for the audit log."""
    return _IN_WORDS[limit].format(amount_text(limit, amount))


def amount_text(limit: Limit, amount: int | None) -> str:
    """An amount in short form, as it could be typed."""
    if amount is None:
        return UNLIMITED
    if limit is Limit.RESOLUTION:
        return resolution_at(amount).value
    if limit is Limit.GROUNDING:
        return "on" if amount else "off"
    if limit in OF_PICTURES or limit is Limit.COUNT:
        return str(amount)
    return f"{(Decimal(amount) / MICRO).normalize():f}"


def check_order(standing: Standing, spec: PictureSpec, *, count: int, price_microcredits: int) -> None:
    """Refuse an order of `count` pictures at this price each if it exceeds the member's limits."""
    limits = standing.limits
    highest = limits.get(Limit.RESOLUTION)
    if highest is not None and rank_of(spec.resolution) > highest:
        raise Refusal("quota_resolution", highest=resolution_at(highest).value, asked=spec.resolution.value)
    if limits.get(Limit.GROUNDING) == 0 and (spec.google_search or spec.google_image_search):
        raise Refusal("quota_grounding")
    most = limits.get(Limit.COUNT)
    if most is not None and count > most:
        raise Refusal("quota_count", most=most, asked=count)
    for limit in AMOUNTS:
        check_amount(standing, limit, count if limit in OF_PICTURES else count * price_microcredits)


def check_amount(standing: Standing, limit: Limit, asked: int) -> None:
    """Refuse an amount above what is left of a limit; the refusal says what is left and when it resets."""
    left = standing.left(limit)
    if left is None or asked <= left:
        return
    most = standing.limits[limit]
    if most == 0:
        raise Refusal("quota_nothing")
    code, resets = f"quota_{limit.value}", standing.resets_at(limit)
    if limit in OF_PICTURES:
        raise Refusal(code, count=most, left=left, asked=asked, resets=resets)
    raise Refusal(code, most=Credits(most), left=Credits(left), asked=Credits(asked), resets=resets)
