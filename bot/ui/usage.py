"""The screens of `/usage` for a server's moderators: the overview with its chart, one member, the top list."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import discord
from discord import ui

from bot.domain.errors import Markup
from bot.domain.period import Period
from bot.localization.catalogue import ENGLISH
from bot.localization.escape import channel_mention, mention, timestamp
from bot.ports.statistics import ListedJob, MemberTotals, Overview, Totals
from bot.services.reports import OneMember
from bot.ui.dynamic_items import message_of
from bot.ui.lists import jump_link, short_prompt

CHART_FILE: Final = "usage.png"
_MOST_REASONS: Final = 6


@dataclass(frozen=True, slots=True)
class Screen:
    """A view and its chart, if there is one."""

    view: ui.LayoutView
    chart: bytes | None = None

    def files(self) -> list[discord.File]:
        """The files to send with the view; built again for each sending."""
        return [] if self.chart is None else [discord.File(io.BytesIO(self.chart), CHART_FILE)]


def overview_screen(found: Overview, chart: bytes | None, period: Period) -> Screen:
    """Everything about a period on one screen; text only if there is no chart."""
    lines = [ENGLISH("console.overview", period=period_text(period))]
    if not (found.totals.requested or found.totals.delivered or found.days):
        return Screen(screen([*lines, ENGLISH("console.nothing")]))
    lines += _totals(found.totals)
    lines.append(ENGLISH("console.members", count=found.members))
    if found.median_wait_s is not None:
        lines.append(ENGLISH("console.wait", seconds=found.median_wait_s))
    if found.failures:
        lines.append(ENGLISH("console.reasons", reasons=_reasons(found.failures)))
    view = screen(lines)
    if chart is not None:
        gallery: ui.MediaGallery[ui.LayoutView] = ui.MediaGallery()
        gallery.add_item(media=f"attachment://{CHART_FILE}", description=ENGLISH("console.chart"))
        _container(view).add_item(gallery)
    return Screen(view, chart)


def member_screen(found: OneMember, period: Period, *, shared: bool = False) -> Screen:
    """One member's numbers; members who have left are shown by id as well."""
    lines = [ENGLISH("console.member", member=mention(found.user_id), id=found.user_id, period=period_text(period))]
    if not found.totals.requested and not found.latest:
        return Screen(screen([*lines, ENGLISH("console.nothing")]))
    lines += _totals(found.totals)
    if found.latest:
        lines += [ENGLISH("console.latest"), *(job_line(listed, shared=shared) for listed in found.latest)]
    return Screen(screen(lines))


def top_screen(found: Sequence[MemberTotals], period: Period) -> Screen:
    """The members who spent most."""
    lines = [ENGLISH("console.top", period=period_text(period))]
    lines += [
        ENGLISH(
            "console.top_entry",
            place=place,
            member=mention(of.user_id),
            credits=ENGLISH.credits(of.totals.spent_microcredits),
            delivered=of.totals.delivered,
            requested=of.totals.requested,
        )
        for place, of in enumerate(found, start=1)
    ]
    return Screen(screen(lines if found else [*lines, ENGLISH("console.nothing")]))


def period_text(period: Period) -> str:
    """The days of a period."""
    if period.everything:
        return ENGLISH("console.until", last=period.last)
    if period.first == period.last:
        return ENGLISH("console.day", day=period.first)
    return ENGLISH("console.days", first=period.first, last=period.last)


def job_line(listed: ListedJob, *, shared: bool) -> str:
    """Number, state, member, prompt, date, settings, price, and a link.

    If `shared` with everyone, the prompts of private pictures are left out.
    """
    job, request = listed.job, listed.request
    link = jump_link(request)
    parts = [
        timestamp(job.created_at, "f"),
        channel_mention(request.origin.channel_id),
        f"{request.spec.size} {request.spec.resolution.value}",
        ENGLISH.credits(job.price_microcredits),
    ]
    if request.deleted_at is not None:
        parts.append(ENGLISH("console.deleted"))
    elif link:
        parts.append(ENGLISH("log.show", link=link))
    return ENGLISH(
        "console.job",
        number=job.id,
        state=reason_text(f"{job.state.value} {job.error_code}".strip()),
        member=mention(job.user_id),
        prompt=ENGLISH("console.private") if shared and request.private else short_prompt(request),
        more=Markup(" · ".join(parts)),
    )


def reason_text(code: str) -> str:
    """A code as text: `content_refused` becomes "content refused"."""
    return code.replace("_", " ")


def screen(lines: Sequence[str]) -> ui.LayoutView:
    """A view with a container of some lines; more items may be added to the container."""
    return message_of(ui.Container(ui.TextDisplay("\n".join(lines))))


def _container(view: ui.LayoutView) -> ui.Container[ui.LayoutView]:
    [container] = view.children
    assert isinstance(container, ui.Container)  # noqa: S101 - built by screen()
    return container


def _totals(totals: Totals) -> list[str]:
    lines = [ENGLISH("console.pictures", delivered=totals.delivered, requested=totals.requested)]
    others = {
        "console.failed": totals.failed,
        "console.cancelled": totals.cancelled,
        "console.uncertain": totals.uncertain,
    }
    if any(others.values()):
        lines[0] += " · " + " · ".join(ENGLISH(key, number=number) for key, number in others.items() if number)
    lines.append(ENGLISH("console.spent", credits=ENGLISH.credits(totals.spent_microcredits)))
    if totals.possible_microcredits:
        lines[-1] += ENGLISH("console.possibly", credits=ENGLISH.credits(totals.possible_microcredits))
    if totals.reported_for_microcredits:
        difference = totals.reported_microcredits - totals.reported_for_microcredits
        reported = ENGLISH.credits(totals.reported_microcredits)
        computed = ENGLISH.credits(totals.reported_for_microcredits)
        lines.append(
            ENGLISH(
                # A difference that rounding hides is not shown: the provider reports 4/3 as 1.33.
                "console.as_reported" if reported == computed else "console.reported",
                reported=reported,
                computed=computed,
                sign="+" if difference > 0 else "",
                difference=ENGLISH.credits(difference),
            )
        )
    if totals.balance_errors:
        lines.append(ENGLISH("console.balance_errors", number=totals.balance_errors))
    return lines


def _reasons(failures: Mapping[str, int]) -> str:
    named = [f"{reason_text(code)} {number:,}" for code, number in list(failures.items())[:_MOST_REASONS]]
    left = sum(list(failures.values())[_MOST_REASONS:])
    return " · ".join([*named, ENGLISH("console.other_reasons", number=left)] if left else named)
