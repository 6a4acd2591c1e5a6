"""Everything that the rows say about how a picture was made, for one member's eyes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import discord

from bot.domain.credits import MICRO, credits_text
from bot.domain.errors import Cost
from bot.domain.job import Job, RequestView

_MOST_DESCRIPTION: Final = 4_096
_MOST_FIELD: Final = 1_024
_COST: Final = {Cost.NOTHING: "nothing was charged", Cost.POSSIBLY: "possibly charged", Cost.CHARGED: "charged"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """An embed, and the prompt as a file where the embed cannot show it; else that is empty."""

    embed: discord.Embed
    prompt_file: bytes = b""


def details(view: RequestView, job: Job, *, age_restricted: bool = False) -> Details:
    """The full prompt, settings, references, cost, times, file and numbers of one picture.

    `age_restricted` says so of the channel in which it is looked at.
    """
    prompt = view.request.spec.prompt
    # A code block shows markup as it was typed, and can be copied with one tap; only its own end it cannot show.
    block = f"```\n{prompt}\n```"
    fits = len(block) <= _MOST_DESCRIPTION and "```" not in prompt
    embed = discord.Embed(title=f"No. {job.id}", description=block if fits else "The prompt is in the file.")
    embed.add_field(name="Member", value=f"<@{view.request.origin.user_id}>")
    embed.add_field(name="Settings", value=_settings(view, job, age_restricted=age_restricted))
    embed.add_field(name="Cost", value=_cost(job))
    if style := view.request.spec.style:
        said = f"{style}: {view.request.spec.style_text}"
        embed.add_field(name="Style", value=discord.utils.escape_markdown(said)[:_MOST_FIELD], inline=False)
    if view.request.references:
        embed.add_field(name="References", value=_references(view), inline=False)
    embed.add_field(name="Times", value=_times(view, job), inline=False)
    if job.picture is not None:
        embed.add_field(name="Picture", value=_picture(job), inline=False)
    embed.set_footer(text=_numbers(view, job))
    return Details(embed=embed, prompt_file=b"" if fits else prompt.encode())


def _settings(view: RequestView, job: Job, *, age_restricted: bool) -> str:
    spec = view.request.spec
    searches = {"Google search": spec.google_search, "Google image search": spec.google_image_search}
    extras = [name for name, on in searches.items() if on] + ["private"] * view.request.private
    extras += ["spoiler"] * spec.spoiler + ["age-restricted channel"] * age_restricted
    made = job.effective_resolution
    resolution = spec.resolution.value if made in {"", spec.resolution} else f"{spec.resolution} (made at {made})"
    return " · ".join([spec.size, resolution, *extras])


def _cost(job: Job) -> str:
    told = f"{credits_text(job.price_microcredits)}, {_COST[job.cost]}"
    return told if job.reported_cost is None else f"{told}\n{_reported(job, job.reported_cost)}"


def _reported(job: Job, cost: float) -> str:
    """What the provider says that it charged, and how far that is from the price."""
    reported = round(cost * MICRO)
    told = f"The provider reported {credits_text(reported)}"
    if reported == job.price_microcredits:
        return told
    difference = credits_text(abs(reported - job.price_microcredits))
    return f"{told}: {difference} {'more' if reported > job.price_microcredits else 'less'}"


def _references(view: RequestView) -> str:
    lines = [
        f"{r.position + 1}. {discord.utils.escape_markdown(r.name)[:80]}" + (f" ({r.note})" if r.note else "")
        for r in view.request.references
    ]
    text = "\n".join(lines)
    return text if len(text) <= _MOST_FIELD else text[: _MOST_FIELD - 1] + "…"


def _times(view: RequestView, job: Job) -> str:
    times: dict[str, datetime | None] = {
        "asked": view.request.created_at,
        "sent to the model": job.submitted_at,
        "made": job.fetched_at,
        "shown": job.finished_at,
    }
    told = [f"{what} {discord.utils.format_dt(at, 'f')}" for what, at in times.items() if at is not None]
    if job.submitted_at is not None and job.fetched_at is not None:
        took_s = max(1, round((job.fetched_at - job.submitted_at).total_seconds()))
        told.append(f"the model took {took_s} s")
    return "\n".join(told)


def _picture(job: Job) -> str:
    picture = job.picture
    if picture is None:
        return ""
    shown = f" · shown as {job.shown_as}" if job.shown_as else ""
    return f"{picture.width} by {picture.height} px · {picture.format} · {picture.size_bytes / 1e6:.2f} MB{shown}"


def _numbers(view: RequestView, job: Job) -> str:
    parent = view.request.parent_job_id
    told = f"picture no. {job.id} · request no. {view.request.id}"
    return told if parent is None else f"{told} · made from no. {parent}"
