"""Builders of test values, with defaults for everything a test does not set."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

from bot.domain.credits import MICRO
from bot.domain.errors import Cost
from bot.domain.job import Gate, Job, JobState, NewRequest, Origin, Request, RequestView
from bot.domain.picture import PictureInfo, PictureSpec, Resolution
from tests.support.clock import START

_numbers = itertools.count(1_000)
ALICE, BOB, CAROL = 11, 22, 33
GUILD, CHANNEL, APPLICATION = 5, 6, 7
PICTURE = PictureInfo(format="PNG", extension="png", width=1024, height=1024, size_bytes=4_321)


def new_request(
    *,
    user_id: int = ALICE,
    guild_id: int | None = GUILD,
    prompt: str = "a corgi on the moon",
    resolution: Resolution = Resolution.ONE_K,
    count: int = 1,
    private: bool = False,
    interaction_id: int | None = None,
    price_microcredits: int = MICRO,
    token_lives_s: float = 900,
    role_ids: tuple[int, ...] = (),
) -> NewRequest:
    """A validated command of a member; each has its own interaction unless one is passed."""
    return NewRequest(
        kind="imagine",
        origin=Origin(
            interaction_id=next(_numbers) if interaction_id is None else interaction_id,
            application_id=APPLICATION,
            user_id=user_id,
            guild_id=guild_id,
            channel_id=CHANNEL,
            locale="en-GB",
            role_ids=role_ids,
        ),
        spec=PictureSpec(prompt=prompt, resolution=resolution),
        private=private,
        count=count,
        price_microcredits=price_microcredits,
        token="interaction-token",
        token_expires_at=START + timedelta(seconds=token_lives_s),
        upload_limit_bytes=10 * 1024 * 1024,
    )


def a_request(*, spec: PictureSpec | None = None, private: bool = False, edits: int = 0, shown: str = "") -> Request:
    """A stored request of Alice whose message is the interaction's response."""
    new = new_request(private=private)
    return Request(
        id=1,
        kind=new.kind,
        origin=new.origin,
        spec=spec or new.spec,
        private=private,
        token=new.token,
        token_expires_at=new.token_expires_at,
        channel_id=CHANNEL,
        message_id=99,
        message_by="interaction",
        shown=shown,
        edits=edits,
        version=1,
        upload_limit_bytes=new.upload_limit_bytes,
        created_at=START,
    )


def a_job(
    state: JobState = JobState.QUEUED, *, job_id: int = 7, cost: Cost = Cost.NOTHING, error_code: str = ""
) -> Job:
    """A job of Alice's request in the given state, with the columns that the state requires."""
    job = Job(
        id=job_id,
        request_id=1,
        position=0,
        state=state,
        user_id=ALICE,
        guild_id=GUILD,
        price_microcredits=MICRO,
        owner=None,
        not_before=None,
        tries=0,
        task_id=None,
        result_url=None,
        created_at=START,
        submitted_at=None,
        eta_at=None,
        fetched_at=None,
        finished_at=None,
        picture_file=None,
        picture=None,
        shown_as="",
        attachment_id=None,
        attachment_name="",
        error_code=error_code,
        error_text="",
        cost=cost,
        retried_by=None,
        reported_cost=None,
    )
    if state in {JobState.FETCHED, JobState.DELIVERED, JobState.READY}:
        fetched_at = START + timedelta(seconds=41)
        job = replace(job, fetched_at=fetched_at, picture_file=f"{job_id}.png", picture=PICTURE)
    return job


def a_view(
    *jobs: Job, request: Request | None = None, places: dict[int, int] | None = None, gate: Gate | None = None
) -> RequestView:
    """The data a card is rendered from."""
    return RequestView(request=request or a_request(), jobs=jobs, places=places or {}, gate=gate or Gate(closed=False))
