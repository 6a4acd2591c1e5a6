"""The sentences on cards, from a job's rows: what happened, what it cost, what to do, the job's number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from bot.domain.errors import Cost
from bot.domain.job import DISK, PAUSED, Gate, Job, JobState, RequestView
from bot.domain.picture import PictureSpec
from bot.domain.word_matching import cut
from bot.localization.catalogue import Words
from bot.localization.escape import escaped, mention, timestamp

_SHEET: Final = re.compile(r"imagine-references-[0-9]{1,18}\.webp")
_SHOWN_PROMPT: Final = 300
_SHOWN_NAME: Final = 80
_ALT_TEXT: Final = 256
_SHRUNK: Final = re.compile(
    r"WebP(?P<still> of the first frame)?, quality (?P<quality>\d+), (?P<width>\d+)x(?P<height>\d+)"
)
_COUNTED: Final = (
    JobState.QUEUED,
    JobState.SUBMITTING,
    JobState.RUNNING,
    JobState.FETCHED,
    JobState.READY,
    JobState.DELIVERED,
)
"""Of several jobs, those in these states are summed up by their number: waiting, working, done."""


def quoted_prompt(spec: PictureSpec) -> str:
    """The prompt as shown on the card: escaped, and cut at 300 characters.

    For a deleted prompt it is "…": Discord accepts no empty text.
    """
    return escaped(cut(spec.prompt, _SHOWN_PROMPT) or "…")


def alt_text(spec: PictureSpec) -> str:
    """The prompt as a picture's alt text."""
    return cut(spec.prompt, _ALT_TEXT)


def sheet_name(request_id: int) -> str:
    """The file name of a request's contact sheet."""
    return f"imagine-references-{request_id}.webp"


def is_sheet(name: str) -> bool:
    """Whether a file is a contact sheet of this bot, which must not be used as a picture."""
    return _SHEET.fullmatch(name) is not None


def file_stem(job_id: int) -> str:
    """The file name of a job's picture, up to and including the dot."""
    return f"imagine-{job_id}."


def small_print(view: RequestView, words: Words) -> str:
    """Who asked, the settings, and the price."""
    spec = view.request.spec
    shown = [job for job in view.jobs if job.retried_by is None]
    parts = [mention(view.request.origin.user_id), spec.size, spec.resolution.value]
    if count := len(view.request.references):
        parts.append(words("card.references", count=count))
    if spec.style:
        name = escaped(spec.style)
        parts.append(words("card.style", name=name))
    parts += extras(view, words)
    parts.append(words.credits(sum(job.price_microcredits for job in shown)))
    return "-# " + " · ".join(parts)


def extras(view: RequestView, words: Words) -> list[str]:
    """The options that were switched on for a request."""
    spec = view.request.spec
    told = []
    if spec.google_search:
        told.append(words("card.google_image_search") if spec.google_image_search else words("card.google_search"))
    if view.request.private:
        told.append(words("card.private"))
    if spec.spoiler:
        told.append(words("card.spoiler"))
    return told


def status(job: Job, view: RequestView, words: Words) -> str:
    """The line about a job's state or outcome."""
    number = "\n-# " + words("card.number", number=job.id)
    match job.state:
        case JobState.QUEUED:
            return _waiting(job, view, words) + number
        case JobState.SUBMITTING | JobState.RUNNING | JobState.READY if job.withdrawn_at is not None:
            return _withdrawn(job, words) + number
        case JobState.SUBMITTING:
            return f"✏️ {words('card.sending')}{number}"
        case JobState.RUNNING:
            return f"🎨 {words('card.working')}{_forecast(job.eta_at, words)}{number}"
        case JobState.FETCHED | JobState.DELIVERED:
            return _finished(job, words)
        case JobState.READY:
            return f"📦 {words('card.kept')}{number}"
        case JobState.FAILED:
            return f"❌ {_failed(job, words)}{number}"
        case JobState.UNCERTAIN:
            return f"❓ {_uncertain(job, words)}{number}"
        case JobState.CANCELLED:
            given_up = job.cost is Cost.POSSIBLY
            cost = _cost(job, words)
            ended = words("card.given_up", cost=cost) if given_up else words("card.cancelled", cost=cost)
            return f"🚫 {ended}{number}"


def statuses(jobs: list[Job], view: RequestView, words: Words) -> list[str]:
    """A line for each job; several that are waiting, working or done share one."""
    if len(jobs) == 1:
        return [status(jobs[0], view, words)]
    lines = [status(job, view, words) for job in jobs if not _is_counted(job)]
    counted = [job for job in jobs if _is_counted(job)]
    waiting = [job for job in counted if job.state in _COUNTED[:2]]
    working = [job for job in counted if job.state is JobState.RUNNING]
    done = [job for job in counted if job.state in _COUNTED[3:]]
    if working:
        last = max((job.eta_at for job in working if job.eta_at is not None), default=None)
        at_work = words("card.several_working", count=len(working), all=len(jobs))
        lines.append(f"🎨 {at_work}{_forecast(last, words)}")
    if waiting:
        lines.append(_several_waiting(waiting, view, words))
    if done:
        lines.append("-# " + " · ".join(_several_finished(done, len(jobs), words)))
    lines.append(f"-# {numbers(jobs, words)}")
    return lines


def numbers(jobs: Sequence[Job], words: Words) -> str:
    """The numbers of a request's pictures."""
    if len(jobs) == 1:
        return words("card.number", number=jobs[0].id)
    return words("card.numbers", first=jobs[0].id, last=jobs[-1].id)


def _is_counted(job: Job) -> bool:
    """Whether a job can be summed up by the number of its kind; False if its member withdrew it."""
    return job.state in _COUNTED and (job.withdrawn_at is None or job.state is JobState.DELIVERED)


def _forecast(eta_at: datetime | None, words: Words) -> str:
    """When it will be ready, counted down by the reader's own client; empty if unknown."""
    return " · " + words("card.ready_about", when=timestamp(eta_at, "R")) if eta_at else ""


def _several_finished(done: list[Job], of: int, words: Words) -> list[str]:
    told = [words("card.several_ready_in", count=len(done), all=of, seconds=max(_seconds(job) for job in done))]
    return told + [
        words("card.numbered_shown_as", number=job.id, form=form_shown(job.shown_as, words))
        for job in done
        if job.shown_as
    ]


def _several_waiting(jobs: list[Job], view: RequestView, words: Words) -> str:
    place = min((view.places[job.id] for job in jobs if job.id in view.places), default=None)
    if view.gate.shut:
        return _paused(view.gate, place, words, several=True)
    if place is None:
        return "⏳ " + words("card.several_waiting", count=len(jobs))
    return "⏳ " + words("card.several_waiting_in_line", count=len(jobs), place=words.ordinal(place))


def _withdrawn(job: Job, words: Words) -> str:
    """The line about a job that its member cancelled while it was being made."""
    if job.state is JobState.READY:
        return "📦 " + words("card.withdrawn_kept")
    cost = words("card.cost.possibly", price=words.credits(job.price_microcredits))
    return "🚫 " + words("card.withdrawn", cost=cost)


def _waiting(job: Job, view: RequestView, words: Words) -> str:
    place = view.places.get(job.id)
    if view.gate.shut:
        return _paused(view.gate, place, words)
    if place is None or place == 1:
        return "⏳ " + words("card.next_in_line")
    return "⏳ " + words("card.in_line", place=words.ordinal(place))


def _paused(gate: Gate, place: int | None, words: Words, *, several: bool = False) -> str:
    reason = f"card.paused.{gate.why}"
    why = words(reason) if words.has(reason) else words("card.paused.other")
    told = "card.paused.several_keep" if several else "card.paused.keeps"
    kept = words(told, why=why) if place is None else words(f"{told}_place", why=why, place=words.ordinal(place))
    return f"⏸️ {kept}{_how_long(gate, words)}"


def _how_long(gate: Gate, words: Words) -> str:
    """What is known about the end of a pause; worded so that it stays true without an edit for each failed probe."""
    if gate.shut_since is None:
        return ""
    lasting = {PAUSED: "card.paused.until_resumed", DISK: "card.paused.until_roomy"}.get(
        gate.why, "card.paused.until_tried"
    )
    return "\n-# " + words(lasting, since=gate.shut_since)


def _finished(job: Job, words: Words) -> str:
    took = words("card.ready_in", seconds=_seconds(job)) if job.fetched_at is not None else words("card.ready")
    parts = [took]
    if job.shown_as:
        parts.append(words("card.shown_as", form=form_shown(job.shown_as, words)))
    parts.append(words("card.number", number=job.id))
    return "-# " + " · ".join(parts)


def form_shown(shown_as: str, words: Words) -> str:
    """How a picture was shrunk to fit the upload limit; the row has that in English."""
    match = _SHRUNK.fullmatch(shown_as)
    if match is None:
        return shown_as
    numbers = {name: match[name] for name in ("quality", "width", "height")}
    return words("card.webp_still", **numbers) if match["still"] else words("card.webp", **numbers)


def _seconds(job: Job) -> int:
    """From the command to the picture, in whole seconds."""
    return max(1, round(((job.fetched_at or job.created_at) - job.created_at).total_seconds()))


def _failed(job: Job, words: Words) -> str:
    cost = _cost(job, words)
    if "reference" in job.error_code:
        return words("card.bad_reference", what=_bad_reference(job, words), cost=cost)
    what = f"card.what.{job.error_code}"
    to_do = f"card.to_do.{job.error_code}"
    return words(
        "card.failed",
        what=words(what) if words.has(what) else words("card.what.other"),
        cost=cost,
        to_do=words(to_do) if words.has(to_do) else words("card.to_do.other"),
    )


def _bad_reference(job: Job, words: Words) -> str:
    """Which reference could not be used and why, under the name that its member gave it."""
    refusal = f"refusal.{job.error_code}"
    if not words.has(refusal):
        return escaped(cut(job.error_text, _SHOWN_PROMPT))  # from an earlier version, which stored the sentence itself
    number, _, name = job.error_text.partition(" ")
    return words(refusal, number=number, name=escaped(cut(name, _SHOWN_NAME)))


def _uncertain(job: Job, words: Words) -> str:
    match job.error_code:
        case "sync_timeout":
            why = words("card.uncertain_sync_timeout")
        case "restored":
            why = words("card.uncertain_restored")
        case _:
            why = words("card.uncertain_no_answer")
    return words("card.uncertain", why=why, price=words.credits(job.price_microcredits))


def earlier_attempt(job: Job, words: Words) -> str:
    """The line about an uncertain job that its member ordered again."""
    told = words("card.earlier_attempt", number=job.id, price=words.credits(job.price_microcredits))
    return f"-# {told}"


def _cost(job: Job, words: Words) -> str:
    price = words.credits(job.price_microcredits)
    match job.cost:
        case Cost.NOTHING:
            return words("card.cost.nothing")
        case Cost.POSSIBLY:
            return words("card.cost.possibly", price=price)
        case Cost.CHARGED:
            return words("card.cost.charged", price=price)
