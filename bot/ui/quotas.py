"""The screens of quotas: what a member has left, and all quotas of a server for its moderators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from discord import ui

from bot.domain.errors import Markup
from bot.domain.limits import Limits
from bot.domain.picture import MAX_COUNT, Resolution
from bot.domain.quota import EVERYONE, OF_PICTURES, Limit, Quota, Standing, rank_of, resolution_at
from bot.localization.catalogue import ENGLISH, Words
from bot.localization.escape import role_mention, timestamp
from bot.ui.dynamic_items import message_of

_SHOWN: Final = (
    Limit.PICTURES_DAY,
    Limit.CREDITS_DAY,
    Limit.PICTURES_MONTH,
    Limit.CREDITS_MONTH,
    Limit.SERVER_CREDITS_MONTH,
)
_MOST_CHARACTERS: Final = 3_500
_MOST_LABEL: Final = 100
_NOBODY: Final = 2**63 - 1
"""An id that no role has: larger than all of Discord's, but still within the database's range."""
_HIGHEST: Final = max(map(rank_of, Resolution))


def quota_view(standing: Standing | None, installation: Limits, words: Words) -> ui.LayoutView:
    """What is left of each limit, when it resets, and what can be ordered; outside servers only the last."""
    limits = standing.limits if standing else {}
    lines = [words("quota.title" if standing else "quota.title_elsewhere")]
    if standing:
        lines += [_left(standing, limit, words) for limit in _SHOWN if limit in limits] or [words("quota.unlimited")]
    lines.append(words("quota.resolution", resolution=resolution_at(limits.get(Limit.RESOLUTION, _HIGHEST)).value))
    lines.append(words("quota.search" if limits.get(Limit.GROUNDING, 1) else "quota.no_search"))
    lines.append(words("quota.count", count=min(MAX_COUNT, limits.get(Limit.COUNT, MAX_COUNT))))
    lines.append(words("quota.installation", running=installation.running, pending=installation.pending))
    return _screen(lines)


def _left(standing: Standing, limit: Limit, words: Words) -> str:
    left, most = standing.left(limit) or 0, standing.limits[limit]
    resets = timestamp(standing.resets_at(limit), "R")
    told = [words.format_field(n, ",") if limit in OF_PICTURES else words.credits(n) for n in (left, most)]
    return words(f"quota.{limit.value}", left=told[0], limit=told[1], resets=resets)


def quotas_view(
    quotas: Sequence[Quota], standing: Standing, known_roles: Mapping[int, str], done: str = ""
) -> ui.LayoutView:
    """Every quota of a server, for its moderators; `done` is a line about what was just changed.

    `known_roles` are the existing roles: a quota may be for one that was deleted.
    """
    lines = [ENGLISH("quotas.title")]
    listed = [quota for quota in quotas if quota.limits.keys() - {Limit.SERVER_CREDITS_MONTH}]
    entries = [_entry(quota, known_roles) for quota in listed]
    while sum(map(len, entries)) > _MOST_CHARACTERS:
        entries.pop()
    lines += entries
    if len(listed) > len(entries):
        lines.append(ENGLISH("quotas.more", count=len(listed) - len(entries)))
    if Limit.SERVER_CREDITS_MONTH in standing.limits:
        lines.append(_left(standing, Limit.SERVER_CREDITS_MONTH, ENGLISH))
    told = lines if len(lines) > 1 else [ENGLISH("quotas.none")]
    return _screen([done, *told] if done else told)


def role_label(role_id: int, known_roles: Mapping[int, str]) -> str:
    """The label of a quota's role in a list of proposals."""
    name = known_roles.get(role_id)
    return _plain_role(role_id) if name is None else f"@{name}"[:_MOST_LABEL]


def role_meant(typed: str, known_roles: Mapping[int, str]) -> int:
    """The role that was chosen or typed, by id, mention or name; _NOBODY if there is none."""
    word = typed.strip().removeprefix("<@&").removesuffix(">")
    if word.isdecimal():
        return min(int(word), _NOBODY)
    wanted = word.removeprefix("@").casefold()
    named = {name.removeprefix("@").casefold(): role_id for role_id, name in known_roles.items()}
    return EVERYONE if wanted == "everyone" else named.get(wanted, _NOBODY)


def _plain_role(role_id: int) -> str:
    return ENGLISH("quotas.everyone") if role_id == EVERYONE else ENGLISH("quotas.gone", role=role_id)


def _entry(quota: Quota, known_roles: Mapping[int, str]) -> str:
    order = [limit for limit in Limit if limit in quota.limits and limit is not Limit.SERVER_CREDITS_MONTH]
    told = ", ".join(_limit(limit, quota.limits[limit]) for limit in order)
    who = role_mention(quota.role_id) if quota.role_id in known_roles else _plain_role(quota.role_id)
    return ENGLISH("quotas.entry", who=who, limits=Markup(told))


def _limit(limit: Limit, amount: int | None) -> str:
    if amount is None:
        return ENGLISH(f"quotas.unlimited_{limit.value}")
    if limit is Limit.RESOLUTION:
        return ENGLISH("quotas.resolution", resolution=resolution_at(amount).value)
    if limit is Limit.GROUNDING:
        return ENGLISH("quotas.search" if amount else "quotas.no_search")
    if limit in OF_PICTURES or limit is Limit.COUNT:
        return ENGLISH(f"quotas.{limit.value}", count=amount)
    return ENGLISH(f"quotas.{limit.value}", amount=ENGLISH.credits(amount))


def _screen(lines: Sequence[str]) -> ui.LayoutView:
    return message_of(ui.Container(ui.TextDisplay("\n".join(lines))))
