"""The sentences that members read, from a job's rows: what happened, what it cost, what to do, the job's number."""

from __future__ import annotations

from typing import Final

import discord

from bot.domain.credits import credits_text
from bot.domain.errors import Cost
from bot.domain.job import Gate, Job, JobState, RequestView
from bot.domain.picture import PictureSpec

_SHOWN_PROMPT: Final = 300
_ALT_TEXT: Final = 256

_WHAT_HAPPENED: Final = {
    "bad_request": "The image model did not accept this request.",
    "too_large": "The image model sent a picture that is too large.",
    "forbidden": "The image provider does not allow this bot to make the picture.",
    "content_refused": "The image model declined this prompt for safety reasons.",
    "platform_error": "The image provider had an internal error.",
    "unavailable": "The image model had no free capacity, though I tried for a while.",
    "task_failed": "The image model could not make this picture.",
    "task_unknown": "The image provider lost track of this picture.",
    "task_timeout": "The image provider never finished this picture, though I waited for a long time.",
    "not_a_picture": "The image provider sent something that is not a picture.",
    "too_many_pixels": "The image provider sent a picture that is too large to open.",
    "result_gone": "The picture was made, but the image provider had deleted it before I could fetch it.",
    "invalid_key": "The image provider refused this bot's key.",
}
_WHAT_TO_DO: Final = {
    "bad_request": "Change the prompt or the options and try again.",
    "content_refused": "Change the prompt and try again.",
    "forbidden": "Tell the people who run this bot.",
    "platform_error": "Try again in a few minutes.",
    "unavailable": "Try again in a few minutes.",
    "task_failed": "Try again, or change the prompt.",
    "result_gone": "Tell the people who run this bot; they can claim it from the provider.",
}
_COST: Final = {
    Cost.NOTHING: "It cost nothing.",
    Cost.POSSIBLY: "It may have been charged ({price}).",
    Cost.CHARGED: "It was charged ({price}).",
}


_COUNTED: Final = (
    JobState.QUEUED,
    JobState.SUBMITTING,
    JobState.RUNNING,
    JobState.FETCHED,
    JobState.READY,
    JobState.DELIVERED,
)
"""Of several jobs, these are told by their number alone: waiting, at work, done."""


def quoted_prompt(spec: PictureSpec) -> str:
    """The prompt as it stands on the card: its markup shown rather than obeyed, cut at 300 characters."""
    words = spec.prompt if len(spec.prompt) <= _SHOWN_PROMPT else spec.prompt[: _SHOWN_PROMPT - 1].rstrip() + "…"
    return discord.utils.escape_mentions(discord.utils.escape_markdown(words))


def alt_text(spec: PictureSpec) -> str:
    """The prompt as a picture's description."""
    return spec.prompt if len(spec.prompt) <= _ALT_TEXT else spec.prompt[: _ALT_TEXT - 1].rstrip() + "…"


def file_stem(job_id: int) -> str:
    """How the name of a job's file begins; its extension follows."""
    return f"imagine-{job_id}."


def small_print(view: RequestView) -> str:
    """Who asked, with what settings, for how much."""
    spec = view.request.spec
    shown = [job for job in view.jobs if job.retried_by is None]
    parts = [f"<@{view.request.origin.user_id}>", spec.size, spec.resolution.value]
    if count := len(view.request.references):
        parts.append("1 reference" if count == 1 else f"{count} references")
    if spec.style:
        parts.append(f"style {discord.utils.escape_mentions(discord.utils.escape_markdown(spec.style))}")
    if spec.google_search:
        parts.append("Google image search" if spec.google_image_search else "Google search")
    if view.request.private:
        parts.append("private")
    if spec.spoiler:
        parts.append("spoiler")
    parts.append(credits_text(sum(job.price_microcredits for job in shown)))
    return "-# " + " · ".join(parts)


def status(job: Job, view: RequestView) -> str:
    """The line that says where a job is, or how it ended."""
    match job.state:
        case JobState.QUEUED:
            return _waiting(job, view)
        case JobState.SUBMITTING | JobState.RUNNING | JobState.READY if job.withdrawn_at is not None:
            return _withdrawn(job)
        case JobState.SUBMITTING:
            return f"✏️ Sending it to the image model …{_number(job)}"
        case JobState.RUNNING:
            when = f" · ready about {discord.utils.format_dt(job.eta_at, 'R')}" if job.eta_at else ""
            return f"🎨 The image model is at work{when}{_number(job)}"
        case JobState.FETCHED | JobState.DELIVERED:
            return _finished(job)
        case JobState.READY:
            return f"📦 Finished, but I could not post it. `/collect` hands it over.{_number(job)}"
        case JobState.FAILED:
            return _failed(job)
        case JobState.UNCERTAIN:
            return _uncertain(job)
        case JobState.CANCELLED:
            given_up = job.cost is Cost.POSSIBLY
            return f"🚫 {'Given up' if given_up else 'Cancelled'}. {_cost(job)}{_number(job)}"


def statuses(jobs: list[Job], view: RequestView) -> list[str]:
    """A line for each job; of several, those that wait, are at work or are done share one."""
    if len(jobs) == 1:
        return [status(jobs[0], view)]
    lines = [status(job, view) for job in jobs if not _is_counted(job)]
    counted = [job for job in jobs if _is_counted(job)]
    waiting = [job for job in counted if job.state in _COUNTED[:2]]
    working = [job for job in counted if job.state is JobState.RUNNING]
    done = [job for job in counted if job.state in _COUNTED[3:]]
    if working:
        last = max((job.eta_at for job in working if job.eta_at is not None), default=None)
        when = f" · ready about {discord.utils.format_dt(last, 'R')}" if last else ""
        lines.append(f"🎨 {len(working)} of {len(jobs)} at work{when}")
    if waiting:
        lines.append(_several_waiting(waiting, view))
    if done:
        seconds = max(_seconds(job) for job in done)
        shrunk = " · ".join(f"no. {job.id} shown as {job.shown_as}" for job in done if job.shown_as)
        lines.append(f"-# {len(done)} of {len(jobs)} ready in {seconds} s" + (f" · {shrunk}" if shrunk else ""))
    lines.append(f"-# no. {jobs[0].id} to {jobs[-1].id}")
    return lines


def _is_counted(job: Job) -> bool:
    """Whether the number of its kind tells enough of a job; not of one that its member took back."""
    return job.state in _COUNTED and (job.withdrawn_at is None or job.state is JobState.DELIVERED)


def _several_waiting(jobs: list[Job], view: RequestView) -> str:
    places = [view.places[job.id] for job in jobs if job.id in view.places]
    if view.gate.closed:
        return _paused(view.gate, min(places, default=None), several=True)
    where = f" ({_ordinal(min(places))} in line)" if places else ""
    return f"⏳ {len(jobs)} waiting{where}"


def _withdrawn(job: Job) -> str:
    """Of a job that its member cancelled while it was being made."""
    if job.state is JobState.READY:
        return f"📦 Cancelled, but it was made and charged all the same. `/collect` hands it over.{_number(job)}"
    possible = _COST[Cost.POSSIBLY].format(price=credits_text(job.price_microcredits))
    kept = "If it comes all the same, `/collect` hands it over."
    return f"🚫 Cancelled while it was being made. {possible} {kept}{_number(job)}"


def _waiting(job: Job, view: RequestView) -> str:
    place = view.places.get(job.id)
    if view.gate.closed:
        return _paused(view.gate, place) + _number(job)
    if place is None or place == 1:
        return f"⏳ Next in line{_number(job)}"
    return f"⏳ {_ordinal(place)} in line{_number(job)}"


def _paused(gate: Gate, place: int | None, *, several: bool = False) -> str:
    reason = {
        "balance": "The image provider's balance is empty, so nothing is being made right now.",
        "invalid_key": "The image provider refuses this bot's key, so nothing is being made right now.",
    }.get(gate.reason, "The image provider takes no work right now.")
    whose = "Your pictures keep their places" if several else "Your picture keeps its place"
    kept = f"{whose} ({_ordinal(place)} in line)" if place else whose
    goes_on = "they go on by themselves" if several else "it goes on by itself"
    return f"⏸️ {reason} {kept}, nothing is lost and nothing was charged; {goes_on}."


def _finished(job: Job) -> str:
    took = f" in {_seconds(job)} s" if job.fetched_at is not None else ""
    shrunk = f" · shown as {job.shown_as}" if job.shown_as else ""
    return f"-# ready{took}{shrunk} · no. {job.id}"


def _seconds(job: Job) -> int:
    """From the command to the picture, in whole seconds."""
    return max(1, round(((job.fetched_at or job.created_at) - job.created_at).total_seconds()))


def _failed(job: Job) -> str:
    if job.error_code == "bad_reference":
        # It names the picture, as its owner named it.
        return f"❌ {discord.utils.escape_markdown(job.error_text)} {_cost(job)}{_number(job)}"
    what = _WHAT_HAPPENED.get(job.error_code, "Something went wrong inside this bot.")
    to_do = _WHAT_TO_DO.get(job.error_code, "Try again; if it happens again, tell the people who run this bot.")
    return f"❌ {what} {_cost(job)} {to_do}{_number(job)}"


def _uncertain(job: Job) -> str:
    price = credits_text(job.price_microcredits)
    return (
        f"❓ I cannot tell whether the image provider carries out this order: {_why_unknown(job)}. "
        f"**It may have been charged ({price}).** Try again orders it once more, which may be charged twice; "
        f"Drop gives it up.{_number(job)}"
    )


def _why_unknown(job: Job) -> str:
    if job.error_code == "sync_timeout":
        return "it gave up waiting for the picture (HTTP 408), but may go on with it"
    return "its answer never came, or could not be read"


def earlier_attempt(job: Job) -> str:
    """What is left to say of an uncertain job that its member ordered again."""
    return f"-# no. {job.id} before it may have been charged as well ({credits_text(job.price_microcredits)})"


def _cost(job: Job) -> str:
    return _COST[job.cost].format(price=credits_text(job.price_microcredits))


def _number(job: Job) -> str:
    return f"\n-# no. {job.id}"


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"
