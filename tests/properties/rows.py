"""Random rows of requests and jobs, with any values that their columns may have.

Each is derived from one drawn number: drawing every column separately takes a hundred times as long.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

from hypothesis import strategies as st

from bot.domain.errors import Cost
from bot.domain.job import SMALLER_ITSELF, Gate, Job, JobState, Reference, Request, RequestView, Wiped
from bot.domain.picture import (
    MAX_COUNT,
    MAX_JOBS,
    MAX_PROMPT_CHARACTERS,
    MAX_REFERENCES,
    SIZES,
    PictureSpec,
    Resolution,
)
from bot.domain.preset import MAX_NAME_CHARACTERS, MAX_TEXT_CHARACTERS, Preset
from tests.support.build import PICTURE, a_job, a_request
from tests.support.clock import START

T = TypeVar("T")
LARGEST: Final = 2**63 - 1
LARGEST_JOB: Final = 10**18 - 100
MOST_PRICE: Final = 10**15
_WORDS: Final = (
    "a", "corgi ", " ", "*", "_", "~~", "||", "`", "```", "<@123456789012345678>", "@everyone", "\n", "😀", "👨‍👩‍👧",
    "e\u0301", "[a](b)", "{x}", "猫", "\u202e", "\\",
)  # fmt: skip
_CODES: Final = (
    "", "bad_request", "balance", "content_refused", "platform_error", "sync_timeout", "result_gone", "too_large",
    "reference_too_large", "reference_not_a_picture", "reference_gone", "task_timeout", "internal", "of_another_age",
)  # fmt: skip
_SHOWN_AS: Final = ("", "WebP, quality 80, 4096x4096", "WebP of the first frame, quality 5, 16x16", "smaller")
_LOST: Final = (JobState.UNCERTAIN, JobState.UNCERTAIN, JobState.RUNNING, JobState.FETCHED, JobState.DELIVERED)


class Rows:
    """Creates rows, deterministically from one number."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._rng = random.Random(seed)
        self._job_ids = itertools.count(self._rng.choice([1, 1_234, LARGEST_JOB - 10_000]), 100)

    def __repr__(self) -> str:
        return f"Rows({self._seed})"

    def words(self, most: int, *, least: int = 0) -> str:
        """Members' text, of short and of full length, often only markup."""
        rng = self._rng
        if rng.random() < 0.5:
            return "".join(rng.choices(_WORDS, k=rng.randint(max(1, least), 8)))[:most]
        return (
            "".join(rng.choices(rng.choices(_WORDS, k=rng.choice([1, 3])), k=most))[:most]
            if rng.random() < 0.8
            else "x" * least
        )

    def spec(self) -> PictureSpec:
        """The options of an order: prompt and style together are never longer than the prompt limit.

        Wiped, it has no prompt.
        """
        rng, styled = self._rng, self._rng.random() < 0.5
        style_text = self.words(MAX_TEXT_CHARACTERS, least=1) if styled else ""
        return PictureSpec(
            prompt=self.words(MAX_PROMPT_CHARACTERS)[: MAX_PROMPT_CHARACTERS - len(style_text) - 2],
            style=self.words(MAX_NAME_CHARACTERS, least=1) if styled else "",
            style_text=style_text,
            size=rng.choice(SIZES),
            resolution=rng.choice(list(Resolution)),
            google_search=rng.random() < 0.5,
            google_image_search=rng.random() < 0.5,
            spoiler=rng.random() < 0.5,
        )

    def preset(self) -> Preset:
        """A saved style."""
        return Preset(name=self.words(MAX_NAME_CHARACTERS, least=1), text=self.words(MAX_TEXT_CHARACTERS, least=1))

    def request(self) -> Request:
        """A request's row."""
        rng, shown_by = self._rng, self._rng.choice(["", "interaction", "bot", "dm"])
        request = a_request(spec=self.spec(), private=rng.random() < 0.5, edits=rng.randint(0, 20))
        origin = replace(
            request.origin,
            user_id=self.id(),
            guild_id=self._perhaps(self.id),
            locale=rng.choice(["en-GB", "es-ES", "de", "ja", "xx"]),
            bot_present=rng.random() < 0.5,
        )
        return replace(
            request,
            id=self.job_id(),
            origin=origin,
            references=tuple(self._reference(number) for number in range(rng.choice([0, 1, MAX_REFERENCES]))),
            message_by=shown_by,
            message_id=self.id() if shown_by else None,
            channel_id=self.id(),
            parent_job_id=self._perhaps(self.job_id),
            apart=rng.random() < 0.5,
            wiped=rng.choice(list(Wiped)),
        )

    def job(self, job_id: int, states: list[JobState] | None = None) -> Job:
        """A job's row, in any state with any values that the state allows."""
        rng = self._rng
        state = rng.choice(states or list(JobState))
        here = rng.random() < 0.5
        return replace(
            a_job(state, job_id=job_id, cost=rng.choice(list(Cost)), error_code=rng.choice(_CODES)),
            price_microcredits=rng.choice([0, 1, 1_333_333, MOST_PRICE]),
            error_text=self.words(300),
            eta_at=self._perhaps(self._moment),
            submitted_at=self._perhaps(self._moment),
            fetched_at=self._perhaps(self._moment),
            finished_at=self._perhaps(self._moment),
            withdrawn_at=self._perhaps(self._moment),
            shown_as=rng.choice(_SHOWN_AS),
            picture=PICTURE if here else None,
            picture_file=f"{job_id}.png" if here else None,
            attachment_id=self._perhaps(self.id),
            reported_cost=rng.choice([None, 0.0, 1 / 3, 1e9]),
            effective_resolution=rng.choice(["", "1K", "0.5K", "9.9K"]),
        )

    def view(self) -> RequestView:
        """A request with its jobs: one to four, each of which may have been retried repeatedly."""
        rng = self._rng
        first, count = self.job_id(), rng.randint(1, MAX_COUNT)
        before = rng.choice([0, 0, 1, MAX_JOBS - count])
        earlier = [
            replace(self.job(first + number, list(_LOST)), retried_by=first + number + 1, position=number % count)
            for number in range(before)
        ]
        current = [replace(self.job(first + before + number), position=number) for number in range(count)]
        places = {job.id: rng.randint(1, 100_000) for job in current if job.state is JobState.QUEUED}
        jobs = (*earlier, *current)
        return RequestView(request=self.request(), jobs=jobs, places=rng.choice([{}, places]), gate=self._gate())

    def id(self) -> int:
        """A Discord id."""
        return self._rng.choice([1, 10**18, LARGEST])

    def job_id(self) -> int:
        """The first of a range of unused job numbers."""
        return next(self._job_ids)

    def _gate(self) -> Gate:
        """The gate, open or closed for any reason."""
        reason = self._rng.choice(["", "balance", "invalid_key", "forbidden", "of_another_age"])
        since, paused_at = self._perhaps(self._moment), self._perhaps(self._moment)
        return Gate(closed=self._rng.random() < 0.5, reason=reason, since=since, paused_at=paused_at)

    def _reference(self, number: int) -> Reference:
        name = self._rng.choice([SMALLER_ITSELF, self.words(300, least=1)])
        note = self._rng.choice(["", "first frame of the animation", "turned"])
        return Reference(position=number, url="https://cdn.test/1.png", name=name, note=note)

    def _moment(self) -> datetime:
        return START + timedelta(seconds=self._rng.randint(0, 90_000))

    def _perhaps(self, make: Callable[[], T]) -> T | None:
        return make() if self._rng.random() < 0.5 else None


any_rows: Final = st.integers(0, 2**32 - 1).map(Rows)
