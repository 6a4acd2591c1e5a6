"""Custom ids carry a component's whole state, and any client can send any: each is parsed correctly, or not at all."""

from __future__ import annotations

from datetime import UTC, date
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.job import JobState
from bot.domain.period import Period
from bot.localization.catalogue import ENGLISH
from bot.ports.statistics import JobFilter
from bot.ui.job_button import JobButton
from bot.ui.lists import MAX_FILTER_CHARACTERS, GalleryButton
from bot.ui.usage_pages import MAX_WORDS, ErrorsButton, JobsButton
from tests.properties.parts import Part, all_parts, pattern_of
from tests.properties.promises import custom_id_is_safe

_JOB_BUTTONS = [part for part in all_parts() if issubclass(part, JobButton)]
_IDS = st.integers(1, 2**63 - 1)
_JOB_IDS = st.integers(1, 10**18 - 1)
"""As many as 18 digits: a million pictures a second for thirty thousand years."""
_DAYS = st.dates(date(2015, 1, 1), date(9999, 12, 30))


def made_again(part: Part, custom_id: str | None) -> Any:
    """The component that handles a press with this custom id."""
    match = pattern_of(part).fullmatch(custom_id or "")
    assert match is not None, f"no press of {custom_id!r} would be answered"
    return part.rebuilt(match)


def periods() -> st.SearchStrategy[Period]:
    """Periods of a list."""
    return st.tuples(_DAYS, _DAYS).map(lambda days: Period(first=min(days), last=max(days)))


@given(st.one_of([st.from_regex(pattern_of(part), fullmatch=True) for part in all_parts()]))
@example("uj:-:-:-:9:-:-:x")
@example("uj:--:-:-:-:-:-:x")
@example("uj:-:zzzzzzzzzzzzz:-:-:-:-:x")
@example("uj:-:-:-:-:zzzzz:zzzzz:x")
@example("ue:0:0:1")
@example("ue:zzzzz:1:1")
def test_forged_custom_id_makes_a_valid_component(custom_id: str) -> None:
    """Each match belongs to exactly one component; an error there would be left unanswered by discord.py."""
    custom_id_is_safe(custom_id)


@given(st.text(max_size=100) | st.from_regex(r"[a-z_]{1,15}(:[0-9a-z-]{0,20}){0,8}", fullmatch=True))
def test_foreign_custom_id_matches_at_most_one_component(custom_id: str) -> None:
    """It raises no error."""
    custom_id_is_safe(custom_id)


@pytest.mark.parametrize("part", _JOB_BUTTONS, ids=lambda part: part.__name__)
@given(_JOB_IDS)
def test_button_round_trips_its_job(part: type[JobButton], job_id: int) -> None:
    """The number on a button is the number that a press is about."""
    button = part(job_id, ENGLISH)
    assert len(button.item.custom_id or "") <= 100
    assert made_again(part, button.item.custom_id).job_id == job_id


@given(st.integers(0, 999_999), st.text(max_size=MAX_FILTER_CHARACTERS))
def test_gallery_page_round_trips(page: int, words: str) -> None:
    """The custom id has page and filter, whatever characters the filter has."""
    button = GalleryButton(page, words, "Older")
    assert len(button.item.custom_id or "") <= 100
    again = made_again(GalleryButton, button.item.custom_id)
    assert (again.page, again.words) == (page, words)


@given(
    st.builds(
        JobFilter,
        period=st.none() | periods(),
        user_id=st.none() | _IDS,
        channel_id=st.none() | _IDS,
        state=st.none() | st.sampled_from(JobState),
        words=st.text(max_size=MAX_WORDS),
    ),
    st.none() | _JOB_IDS,
)
def test_filtered_list_round_trips(wanted: JobFilter, after: int | None) -> None:
    """The custom id has the whole filter, within Discord's hundred characters."""
    button = JobsButton(wanted, after)
    assert len(button.item.custom_id or "") <= 100
    again = made_again(JobsButton, button.item.custom_id)
    assert (again.wanted, again.after) == (wanted, after)


@given(periods(), st.integers(0, 999_999))
def test_page_of_failures_round_trips(period: Period, page: int) -> None:
    """The custom id has its period and its number."""
    again = made_again(ErrorsButton, ErrorsButton(period, page).item.custom_id)
    assert (again.period, again.number) == (period, page)


@given(st.from_regex(pattern_of(ErrorsButton), fullmatch=True))
@example("ue:0:26a4r:1")
def test_forged_period_has_valid_bounds(custom_id: str) -> None:
    """Whatever days it names, its start and end can be computed."""
    period: Period = made_again(ErrorsButton, custom_id).period
    assert period.begins_at.tzinfo is period.ends_at.tzinfo is UTC
