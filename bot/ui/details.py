"""Renders all that is stored about how a picture was made, as a private answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import discord

from bot.domain.credits import MICRO, Credits
from bot.domain.errors import Cost
from bot.domain.job import FIRST_FRAME, SMALLER_ITSELF, Job, Reference, RequestView
from bot.domain.picture import PictureInfo
from bot.domain.word_matching import cut
from bot.localization.catalogue import Words
from bot.localization.escape import escaped, fitting, mention, timestamp
from bot.ui.text import extras, form_shown

_MOST_DESCRIPTION: Final = 4_096
_MOST_TOGETHER: Final = 6_000
_MOST_FIELD: Final = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """An embed, and the prompt as a file if the embed cannot show it, else an empty file."""

    embed: discord.Embed
    prompt_file: bytes = b""


def details(view: RequestView, job: Job, words: Words, *, age_restricted: bool = False) -> Details:
    """The full prompt, settings, references, cost, times, file and ids of one picture.

    `age_restricted`: whether the channel of this answer is age-restricted.
    """
    prompt = view.request.spec.prompt
    embed = discord.Embed(title=words("details.title", number=job.id))
    embed.add_field(name=words("details.member"), value=mention(view.request.origin.user_id))
    embed.add_field(name=words("details.settings"), value=_settings(view, job, words, age_restricted=age_restricted))
    embed.add_field(name=words("details.cost"), value=_cost(job, words))
    if style := view.request.spec.style:
        said = f"{style}: {view.request.spec.style_text}"
        shown = fitting(escaped(said), _MOST_FIELD)
        embed.add_field(name=words("details.style"), value=shown, inline=False)
    if view.request.references:
        embed.add_field(name=words("details.references"), value=_references(view, words), inline=False)
    embed.add_field(name=words("details.times"), value=_times(view, job, words), inline=False)
    if job.picture is not None:
        embed.add_field(name=words("details.picture"), value=_picture(job, job.picture, words), inline=False)
    embed.set_footer(text=_numbers(view, job, words))
    # A code block shows markup as typed and can be copied with one tap, but cannot contain its own end mark.
    block = f"```\n{prompt}\n```"
    fits = len(block) <= min(_MOST_DESCRIPTION, _MOST_TOGETHER - len(embed)) and "```" not in prompt
    embed.description = block if fits else words("details.prompt_in_file")
    return Details(embed=embed, prompt_file=b"" if fits else prompt.encode())


def _settings(view: RequestView, job: Job, words: Words, *, age_restricted: bool) -> str:
    spec = view.request.spec
    made = job.effective_resolution
    resolution = spec.resolution.value
    if made not in {"", spec.resolution}:
        resolution = words("details.made_at", resolution=resolution, made=made)
    restricted = [words("details.age_restricted")] if age_restricted else []
    return " · ".join([spec.size, resolution, *extras(view, words), *restricted])


def _cost(job: Job, words: Words) -> str:
    price = words.credits(job.price_microcredits)
    match job.cost:
        case Cost.NOTHING:
            told = words("details.charged_nothing", price=price)
        case Cost.POSSIBLY:
            told = words("details.charged_possibly", price=price)
        case Cost.CHARGED:
            told = words("details.charged", price=price)
    return told if job.reported_cost is None else f"{told}\n{_reported(job, job.reported_cost, words)}"


def _reported(job: Job, cost: float, words: Words) -> str:
    """The amount that the provider reported, and its difference from the price."""
    reported = round(cost * MICRO)
    told, difference = Credits(reported), Credits(abs(reported - job.price_microcredits))
    if words.credits(reported) == words.credits(job.price_microcredits):  # the provider rounds: it reports 4/3 as 1.33
        return words("details.reported", cost=told)
    if reported > job.price_microcredits:
        return words("details.reported_more", cost=told, difference=difference)
    return words("details.reported_less", cost=told, difference=difference)


def _references(view: RequestView, words: Words) -> str:
    text = "\n".join(f"{r.position + 1}. {_reference(r, words)}" for r in view.request.references)
    return cut(text, _MOST_FIELD)


def _reference(reference: Reference, words: Words) -> str:
    """A reference as its member named it, and how it was converted. That note is stored in English."""
    name: str = fitting(escaped(" ".join(reference.name.split())), 80)
    if reference.name == SMALLER_ITSELF:
        name = words("details.smaller_itself")
    note = words("details.first_frame") if reference.note == FIRST_FRAME else reference.note
    return f"{name} ({note})" if note else name


def _times(view: RequestView, job: Job, words: Words) -> str:
    times: dict[str, datetime | None] = {
        "details.asked": view.request.created_at,
        "details.sent": job.submitted_at,
        "details.made": job.fetched_at,
        "details.shown": job.finished_at,
    }
    told = [words(key, when=timestamp(at, "f")) for key, at in times.items() if at is not None]
    if job.submitted_at is not None and job.fetched_at is not None:
        took_s = max(1, round((job.fetched_at - job.submitted_at).total_seconds()))
        told.append(words("details.took", seconds=took_s))
    return "\n".join(told)


def _picture(job: Job, picture: PictureInfo, words: Words) -> str:
    told = words(
        "details.file",
        width=picture.width,
        height=picture.height,
        format=picture.format,
        megabytes=picture.size_bytes / 1e6,
    )
    return f"{told} · {words('card.shown_as', form=form_shown(job.shown_as, words))}" if job.shown_as else told


def _numbers(view: RequestView, job: Job, words: Words) -> str:
    parent = view.request.parent_job_id
    told = words("details.numbers", number=job.id, request=view.request.id)
    return told if parent is None else f"{told} · {words('details.parent', number=parent)}"
