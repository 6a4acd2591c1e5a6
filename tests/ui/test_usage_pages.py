"""Usage lists for managers: their content, the custom ids of their buttons, and who may press them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any, cast

import discord

from bot.domain.audit import AuditAction, AuditEntry
from bot.domain.job import JobState
from bot.domain.period import Period, PeriodName, named
from bot.domain.picture import PictureSpec
from bot.ports.statistics import JobFilter, JobsFound, ListedJob, MemberTotals, Overview, Totals, Trouble, TroubleKind
from bot.services.reports import AuditPage, OneMember, TroublePage
from bot.ui.usage import member_screen, overview_screen, top_screen
from bot.ui.usage_pages import AuditButton, ErrorsButton, JobsButton, audit_view, errors_view, jobs_view
from tests.support.build import ALICE, a_job, a_request
from tests.support.clock import START

LARGEST = 2**63 - 1
ALWAYS = named(PeriodName.ALL, START.date())
WANTED = JobFilter(
    period=Period(first=date(2015, 1, 1), last=date(9999, 12, 30)),
    user_id=LARGEST,
    channel_id=LARGEST,
    state=JobState.CANCELLED,
    words="ß:|" * 13 + "x",
)


def texts(view: discord.ui.LayoutView) -> str:
    """All text of a view."""
    return "\n".join(item.content for item in view.walk_children() if isinstance(item, discord.ui.TextDisplay))


def custom_ids(view: discord.ui.LayoutView) -> list[str]:
    """The custom ids of its buttons and selects, in order."""
    return re.findall(r"'custom_id': '([^']+)'", str(cast(Any, view).to_components()))


def listed(number: int, **changes: Any) -> ListedJob:
    """A delivered picture of Alice."""
    job = replace(a_job(JobState.DELIVERED, job_id=number), **changes)
    return ListedJob(job=job, request=a_request(spec=PictureSpec(prompt="*" * 4_000)))


async def test_largest_filter_round_trips_through_a_custom_id() -> None:
    """Discord allows 100 characters; colons and any letters in the words included."""
    button = JobsButton(WANTED, LARGEST)
    custom_id = button.item.custom_id or ""
    assert len(custom_id) <= 100
    match = JobsButton.__discord_ui_compiled_template__.fullmatch(custom_id)
    assert match is not None
    again = JobsButton.rebuilt(match)
    assert (again.wanted, again.after) == (WANTED, LARGEST)
    nothing = JobsButton(JobFilter(), None)
    match = JobsButton.__discord_ui_compiled_template__.fullmatch(nothing.item.custom_id or "")
    assert match is not None
    again = JobsButton.rebuilt(match)
    assert (again.wanted, again.after) == (JobFilter(), None)


async def test_buttons_of_errors_and_audit_round_trip_through_custom_ids() -> None:
    """The same period and page; the same position in the audit."""
    errors = ErrorsButton(ALWAYS, 12)
    match = ErrorsButton.__discord_ui_compiled_template__.fullmatch(errors.item.custom_id or "")
    assert match is not None
    again = ErrorsButton.rebuilt(match)
    assert (again.period, again.number) == (ALWAYS, 12)
    match = AuditButton.__discord_ui_compiled_template__.fullmatch(AuditButton(77).item.custom_id or "")
    assert match is not None
    assert AuditButton.rebuilt(match).before == 77


def test_page_of_the_longest_pictures_fits_into_a_message() -> None:
    """Discord accepts 4,000 characters and 40 components; the select has a label for each."""
    found = JobsFound(entries=[listed(10**15 + n) for n in range(10)], next_job_id=10**15, looked_at=40_000)
    view = jobs_view(found, WANTED, 10**15)
    assert len(texts(view)) <= 4_000
    assert view.total_children_count <= 40
    assert [custom_id.partition(":")[0] for custom_id in custom_ids(view)] == ["uj", "uj", "usage_delete"]


def test_private_prompts_are_not_shared() -> None:
    """Managers read the prompt of a private picture; in a shared list it is hidden."""
    private = ListedJob(
        job=a_job(JobState.DELIVERED), request=a_request(spec=PictureSpec(prompt="diary"), private=True)
    )
    found = JobsFound(entries=[private], next_job_id=None, looked_at=1)
    assert "diary" in texts(jobs_view(found, JobFilter(), None))
    shared = jobs_view(found, JobFilter(), None, shared=True)
    assert "diary" not in texts(shared) + str(cast(Any, shared).to_components())
    assert "(asked for privately)" in texts(shared)
    member = OneMember(user_id=ALICE, totals=Totals(requested=1), latest=[private])
    assert "diary" not in texts(member_screen(member, ALWAYS, shared=True).view)


def test_search_without_matches_so_far_says_so_and_continues() -> None:
    """It neither says that there is nothing, nor offers to delete anything."""
    view = jobs_view(JobsFound(entries=[], next_job_id=5, looked_at=40_000), JobFilter(words="x"), None)
    assert "None among the 40,000 that I looked at so far" in texts(view)
    assert len(custom_ids(view)) == 1
    nothing = jobs_view(JobsFound(entries=[], next_job_id=None, looked_at=3), JobFilter(words="x"), None)
    assert "No picture is like that" in texts(nothing)
    assert custom_ids(nothing) == []


def test_page_of_the_longest_errors_fits_and_is_escaped() -> None:
    """A provider's message may be anything: long, with backticks, with mentions."""
    trouble = Trouble(
        at=START, kind=TroubleKind.BALANCE, job_id=10**15, user_id=LARGEST, http_status=402, code="`x`" * 90,
        request_id="r`" * 90, message="@everyone **no** " * 400,
    )  # fmt: skip
    told = texts(errors_view(TroublePage(troubles=[trouble] * 10, more=True), ALWAYS, 3))
    assert len(told) <= 4_000
    assert "@everyone" not in told
    assert "**no**" not in told


def test_audit_page_names_actor_action_and_target() -> None:
    """Without a details line if there are none."""
    entry = AuditEntry(
        id=3, at=START, guild_id=5, actor_id=1, action=AuditAction.QUOTA_RESET, member_id=ALICE, job_id=None, detail=""
    )
    view = audit_view(AuditPage(entries=[entry], next_id=3), before=9)
    assert f"<@1> · **quota reset** · <@{ALICE}>" in texts(view)
    assert custom_ids(view) == ["ua:0", "ua:3"]


def test_difference_within_rounding_is_not_shown() -> None:
    """A provider reports 1.33 for a computed 4/3 of a credit."""
    totals = Totals(requested=1, delivered=1, reported_microcredits=6_330_001, reported_for_microcredits=6_330_000)
    found = Overview(totals=totals, members=1, failures={}, median_wait_s=None, days=[])
    assert "The provider reported 6.33 credits, as computed." in texts(overview_screen(found, None, ALWAYS).view)


def test_overview_shows_the_difference_between_reported_and_computed_costs() -> None:
    """With its sign; a chart is shown below, if there is one."""
    totals = Totals(
        requested=1_234, delivered=1_200, failed=30, uncertain=4, spent_microcredits=5_000_000,
        possible_microcredits=1_000_000, reported_microcredits=4_500_000, reported_for_microcredits=5_000_000,
        balance_errors=2,
    )  # fmt: skip
    found = Overview(
        totals=totals, members=7, failures={f"code_{n}": 9 - n for n in range(9)}, median_wait_s=41, days=[]
    )
    screen = overview_screen(found, b"png", ALWAYS)
    told = texts(screen.view)
    assert "Pictures: **1,200** delivered of 1,234 asked for · 30 failed · 4 of unknown outcome" in told
    assert "Credits: **5 credits** spent, perhaps 1 credit more" in told
    assert "The provider reported 4.5 credits where 5 credits were computed: -0.5 credits" in told
    assert "Answers that the balance is empty: **2**" in told
    assert "Failures: code 0 9 · code 1 8" in told
    assert "others 6" in told
    assert "attachment://usage.png" in str(cast(Any, screen.view).to_components())
    assert [file.filename for file in screen.files()] == ["usage.png"]


def test_former_members_are_named_by_mention_and_id() -> None:
    """Discord shows a stranger's mention unresolved; the id can be looked up."""
    told = texts(member_screen(OneMember(user_id=ALICE, totals=Totals(requested=1), latest=[listed(7)]), ALWAYS).view)
    assert f"<@{ALICE}> (`{ALICE}`)" in told
    assert "**7** delivered" in told
    top = texts(top_screen([MemberTotals(user_id=ALICE, totals=Totals(requested=2, delivered=1))], ALWAYS).view)
    assert f"1. <@{ALICE}>: **0 credits** · 1 of 2 pictures" in top
