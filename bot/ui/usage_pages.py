"""Paged lists for a server's moderators: pictures with Delete, failures, the audit.

A button has the whole query in its custom id, so that it works after any restart; permissions are checked again.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Sequence
from datetime import date
from typing import Any, Final, Protocol, Self, cast

import discord
from discord import ui

from bot.domain.errors import Markup, Refusal
from bot.domain.job import JobState
from bot.domain.period import Period
from bot.interactions.authorization import CommandAuthorizations
from bot.interactions.responses import edit_answer, note_press
from bot.localization.catalogue import ENGLISH
from bot.localization.escape import channel_mention, escaped, mention, timestamp
from bot.ports.statistics import JobFilter, JobsFound, Trouble
from bot.services.reports import AuditPage, Reports, TroublePage
from bot.ui.access import Audience, Scope
from bot.ui.dynamic_items import DynamicPart
from bot.ui.usage import job_line, period_text, reason_text, screen
from bot.ui.usage_delete import ChooseToDelete

MAX_WORDS: Final = 40
"""The filter is part of the buttons' custom ids, which have 100 characters."""
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_STATES: Final = tuple(JobState)
_ANY: Final = "-"
_NUMBER: Final = r"-|[0-9a-z]{1,13}"
_LARGEST: Final = 2**63 - 1
_MOST_MESSAGE: Final = 130
_MOST_CODE: Final = 40
_MOST_ERRORS: Final = 10_000


class Watch(Protocol):
    """The service that these lists come from."""

    @property
    def reports(self) -> Reports:
        """A server's statistics."""
        ...

    @property
    def authorizations(self) -> CommandAuthorizations:
        """The latest authorized uses of its commands."""
        ...


def check_watches(interaction: discord.Interaction[Any], authorizations: CommandAuthorizations) -> int:
    """The server id, if the presser may see its numbers; raises Refusal.

    Discord may allow the command to others than moderators: they may page through their own private answer for as long
    as an interaction token is valid.
    """
    message = interaction.message
    asked = message.interaction_metadata if message is not None and message.flags.ephemeral else None
    own = authorizations.vouch(interaction, began_with=asked.id if asked else None)
    if interaction.guild_id is None or not (own or interaction.permissions.manage_messages):
        raise Refusal("not_watching")
    return interaction.guild_id


class PageButton(DynamicPart[ui.Button[Any]], template=r"never"):
    """Shows another page in place of the one above it."""

    audience = Audience.MODERATORS
    scope = Scope.SERVER

    def __init__(self, custom_id: str, label: str = "") -> None:
        super().__init__(ui.Button(label=label or ENGLISH("button.older"), custom_id=custom_id))

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Answer a press; errors go to the same handler as a command's."""
        watch = cast(Watch, interaction.client.services)
        guild_id = check_watches(interaction, watch.authorizations)
        await note_press(interaction)
        shared = interaction.message is not None and not interaction.message.flags.ephemeral
        view = await self.page(watch.reports, guild_id, shared=shared)
        await edit_answer(interaction, view=view)

    @abstractmethod
    async def page(self, reports: Reports, guild_id: int, *, shared: bool) -> ui.LayoutView:
        """The page to show; `shared` if it is visible to everyone."""


class JobsButton(
    PageButton,
    template=rf"uj:(?P<after>{_NUMBER}):(?P<user>{_NUMBER}):(?P<channel>{_NUMBER}):(?P<state>[0-8-]):"
    rf"(?P<first>{_NUMBER}):(?P<last>{_NUMBER}):(?P<words>(?s:.{{0,40}}))",
):
    """Shows the pictures after a given one, with the same filter."""

    def __init__(self, wanted: JobFilter, after: int | None, label: str = "") -> None:
        period = wanted.period
        parts = [
            _packed(after),
            _packed(wanted.user_id),
            _packed(wanted.channel_id),
            _ANY if wanted.state is None else str(_STATES.index(wanted.state)),
            _packed(period.first.toordinal() if period else None),
            _packed(period.last.toordinal() if period else None),
            wanted.words,
        ]
        super().__init__(f"uj:{':'.join(parts)}", label)
        self.wanted = wanted
        self.after = after

    @classmethod
    def rebuilt(cls, match: re.Match[str]) -> Self:
        """Rebuild the button from a press."""
        first, last = _unpacked(match["first"]), _unpacked(match["last"])
        wanted = JobFilter(
            period=Period(first=_day(first), last=_day(last)) if first and last else None,
            user_id=_unpacked(match["user"]),
            channel_id=_unpacked(match["channel"]),
            state=None if match["state"] == _ANY else _STATES[int(match["state"])],
            words=match["words"],
        )
        return cls(wanted, _unpacked(match["after"]))

    async def page(self, reports: Reports, guild_id: int, *, shared: bool) -> ui.LayoutView:
        """The next pictures."""
        found = await reports.jobs(guild_id, self.wanted, self.after)
        return jobs_view(found, self.wanted, self.after, shared=shared)


class ErrorsButton(PageButton, template=r"ue:(?P<first>[0-9a-z]{1,5}):(?P<last>[0-9a-z]{1,5}):(?P<page>[0-9]{1,6})"):
    """Shows a page of failures."""

    def __init__(self, period: Period, page: int, label: str = "") -> None:
        super().__init__(f"ue:{_packed(period.first.toordinal())}:{_packed(period.last.toordinal())}:{page}", label)
        self.period = period
        self.number = page

    @classmethod
    def rebuilt(cls, match: re.Match[str]) -> Self:
        """Rebuild the button from a press."""
        first, last = _day(int(match["first"], 36)), _day(int(match["last"], 36))
        return cls(Period(first=first, last=last), int(match["page"]))

    async def page(self, reports: Reports, guild_id: int, *, shared: bool) -> ui.LayoutView:  # noqa: ARG002 - no prompts
        """The page of this button."""
        return errors_view(await reports.troubles(guild_id, self.period, self.number), self.period, self.number)


class AuditButton(PageButton, template=r"ua:(?P<before>[0-9]{1,18})"):
    """Shows older audit entries; before 0 means the newest ones."""

    def __init__(self, before: int, label: str = "") -> None:
        super().__init__(f"ua:{before}", label)
        self.before = before

    @classmethod
    def rebuilt(cls, match: re.Match[str]) -> Self:
        """Rebuild the button from a press."""
        return cls(int(match["before"]))

    async def page(self, reports: Reports, guild_id: int, *, shared: bool) -> ui.LayoutView:  # noqa: ARG002 - no prompts
        """The entries of this button."""
        return audit_view(await reports.audit(guild_id, self.before or None), self.before)


def jobs_view(found: JobsFound, wanted: JobFilter, after: int | None, *, shared: bool = False) -> ui.LayoutView:
    """Pictures, newest first, with a select to delete one of them."""
    lines = [ENGLISH("console.jobs")]
    if told := _filters(wanted):
        lines.append(ENGLISH("console.filters", filters=told))
    lines += [job_line(listed, shared=shared) for listed in found.entries]
    if not found.entries:
        nothing = "console.no_jobs" if found.next_job_id is None else "console.no_jobs_yet"
        lines.append(ENGLISH(nothing, number=found.looked_at))
    elif found.next_job_id is not None and wanted.words:
        lines.append(ENGLISH("console.looked_at", number=found.looked_at))
    buttons: list[PageButton] = []
    if after is not None:
        buttons.append(JobsButton(wanted, None, ENGLISH("button.newest")))
    if found.next_job_id is not None:
        buttons.append(JobsButton(wanted, found.next_job_id))
    there = [listed for listed in found.entries if listed.request.deleted_at is None]
    return _with_rows(lines, buttons, [ChooseToDelete(there, shared=shared)] if there else [])


def errors_view(found: TroublePage, period: Period, page: int) -> ui.LayoutView:
    """Failures and balance errors, newest first."""
    lines = [ENGLISH("console.errors", period=period_text(period)), *map(_trouble_line, found.troubles)]
    if not found.troubles:
        lines.append(ENGLISH("console.no_errors"))
    buttons: list[PageButton] = []
    if page > 0:
        buttons.append(ErrorsButton(period, page - 1, ENGLISH("button.newer")))
    if found.more and page < _MOST_ERRORS:
        buttons.append(ErrorsButton(period, page + 1))
    return _with_rows(lines, buttons)


def audit_view(found: AuditPage, before: int = 0) -> ui.LayoutView:
    """The audit, newest first."""
    lines = [ENGLISH("console.audit")]
    for entry in found.entries:
        whom = ENGLISH("console.audit_member", member=mention(entry.member_id)) if entry.member_id else ""
        whom += ENGLISH("console.audit_number", number=entry.job_id) if entry.job_id else ""
        told = ENGLISH(
            "console.audit_entry",
            when=timestamp(entry.at, "f"),
            actor=mention(entry.actor_id) if entry.actor_id else ENGLISH("console.audit_bot"),
            action=reason_text(entry.action.value),
            whom=Markup(whom),
            detail=Markup(_short(entry.detail)),
        )
        lines.append(told if entry.detail else told.partition("\n")[0])
    if not found.entries:
        lines.append(ENGLISH("console.no_audit"))
    buttons: list[PageButton] = []
    if before:
        buttons.append(AuditButton(0, ENGLISH("button.newest")))
    if found.next_id is not None:
        buttons.append(AuditButton(found.next_id))
    return _with_rows(lines, buttons)


def _filters(wanted: JobFilter) -> str:
    told = []
    if wanted.user_id is not None:
        told.append(ENGLISH("console.filter_member", member=mention(wanted.user_id)))
    if wanted.channel_id is not None:
        told.append(ENGLISH("console.filter_channel", channel=channel_mention(wanted.channel_id)))
    if wanted.state is not None:
        told.append(ENGLISH("console.filter_state", state=wanted.state.value))
    if wanted.words:
        told.append(ENGLISH("console.filter_words", words=escaped(wanted.words)))
    if wanted.period is not None:
        told.append(period_text(wanted.period))
    return Markup(" · ".join(told))


def _trouble_line(trouble: Trouble) -> str:
    what: list[str] = [_code(trouble.code)]
    if trouble.http_status is not None:
        what.append(ENGLISH("console.http", status=trouble.http_status))
    if trouble.request_id:
        what.append(ENGLISH("console.request_id", id=_code(trouble.request_id)))
    who: list[str] = [mention(trouble.user_id)] if trouble.user_id is not None else []
    who += [ENGLISH("console.number", number=trouble.job_id)] if trouble.job_id is not None else []
    return ENGLISH(
        "console.trouble",
        when=timestamp(trouble.at, "f"),
        kind=ENGLISH(f"console.trouble_{trouble.kind.value}"),
        what=Markup(" · ".join(what)),
        who=Markup(" · ".join(who)),
        message=Markup(_short(trouble.message)) or ENGLISH("console.no_message"),
    )


def _short(words: str) -> str:
    """A text on one line, short enough to leave room for the others of the page."""
    one_line = escaped(" ".join(words.split()))
    return one_line if len(one_line) <= _MOST_MESSAGE else one_line[: _MOST_MESSAGE - 1].rstrip("\\ ") + "…"


def _code(code: str) -> Markup:
    return Markup(f"`{' '.join(code.replace('`', '').split())[:_MOST_CODE]}`")


def _with_rows(
    lines: Sequence[str], buttons: Sequence[PageButton], below: Sequence[ChooseToDelete] = ()
) -> ui.LayoutView:
    view = screen(lines)
    rows: tuple[Sequence[ui.Item[Any]], ...] = (buttons, below)
    for items in rows:
        if items:
            row: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
            for item in items:
                row.add_item(item)
            view.add_item(row)
    return view


def _packed(number: int | None) -> str:
    """A number in base 36, to save characters of a custom id; `-` for None."""
    if number is None:
        return _ANY
    digits = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits or "0"


def _unpacked(text: str) -> int | None:
    """The number, limited to the largest that the database accepts: custom ids can be forged."""
    return None if text == _ANY else min(_LARGEST, int(text, len(_DIGITS)))


def _day(number: int) -> date:
    """The day of an ordinal number, limited to the range in which a next day exists: custom ids can be forged."""
    return date.fromordinal(max(1, min(number, date.max.toordinal() - 1)))
