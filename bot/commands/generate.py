"""`python -m bot generate`: makes one picture from a terminal; checks a key without Discord."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from bot.apimaster.client import ApimasterClient
from bot.clock import SystemClock
from bot.commands.generate_options import MistypedError, Order, output_kind, picture_spec, references
from bot.commands.generate_picture import GeneratedPicture, OnePicture, Recorder
from bot.commands.progress import TerminalProgress
from bot.domain.credits import price
from bot.domain.errors import BotError, StartupError
from bot.domain.picture import DEFAULT_RESOLUTION, DEFAULT_SIZE, SIZES, PictureSpec, Resolution
from bot.domain.schedule import Polling
from bot.localization.catalogue import ENGLISH
from bot.settings import Settings, load_settings

_ADVICE: Final = {
    "bad_request": "Change the request: the same again fails again.",
    "invalid_key": "Check APIMASTER_API_KEY and APIMASTER_BASE_URL.",
    "balance": "Top up the balance of the APIMaster account.",
    "forbidden": "Check with APIMaster what this key may do: model, address and account.",
    "content_refused": "The content rules forbid it: change the prompt or the references.",
    "sync_timeout": "Without --sync the picture is made in async mode.",
    "outcome_unknown": "It may have been charged.",
    "rate_limited": "Wait a minute and try again.",
    "unavailable": "Try again in a few minutes.",
    "platform_error": "Try again; if it stays, the platform has a problem.",
    "unreachable": "Check APIMASTER_BASE_URL and the network.",
    "task_failed": "Try again, or change the prompt.",
    "task_timeout": "It was charged, and may still end.",
    "task_unknown": "Check the task id and the key that made it.",
    "result_gone": "It was charged.",
    "result_forbidden": "It was charged.",
    "not_a_picture": "It was charged.",
    "store": "Check the disk.",
}
# After these there is nothing to fetch. A picture that is gone or broken is not among them: a later poll may return
# another URL.
_LOST: Final = frozenset({"task_failed", "content_refused", "task_unknown"})


class _BadInput(click.ClickException):
    """Invalid input: nothing was sent; the sentence says what to change."""

    exit_code = 2


class _Failed(click.ClickException):
    """The provider, the picture or the disk failed."""

    exit_code = 1


class _Interrupted(click.ClickException):
    """Ctrl-C, with the conventional exit code."""

    exit_code = 130


@click.command("generate")
@click.argument("prompt", required=False)
@click.option("--size", default=DEFAULT_SIZE, show_default=True, help=f"Aspect ratio: {', '.join(SIZES)}.")
@click.option("--resolution", default=str(DEFAULT_RESOLUTION), show_default=True, help=f"{', '.join(Resolution)}.")
@click.option("--image", "images", multiple=True, metavar="FILE|URL", help="A reference picture; up to 14.")
@click.option("--google-search", is_flag=True, help="Let the model look up facts.")
@click.option("--google-image-search", is_flag=True, help="Let it look up pictures too; needs --google-search.")
@click.option("--sync", is_flag=True, help="One long request instead of submit and poll.")
@click.option("--task", "task_id", metavar="ID", help="Fetch the picture of an earlier task instead of making one.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Where the picture goes.")
def generate(
    *,
    prompt: str | None,
    size: str,
    resolution: str,
    images: Sequence[str],
    google_search: bool,
    google_image_search: bool,
    sync: bool,
    task_id: str | None,
    output: Path,
) -> None:
    """Make one picture and write it to a file."""
    try:
        settings = load_settings()
        _check_choice(prompt, task_id)
        order = None
        if prompt is not None:
            spec = picture_spec(
                prompt, size, resolution, google_search=google_search, google_image_search=google_image_search
            )
            order = Order(spec=spec, references=references(images), output=output, kind=output_kind(output))
        _run(settings, order, sync=sync, task_id=task_id or "", output=output)
    except (MistypedError, StartupError) as error:
        raise _BadInput(str(error)) from None


def _check_choice(prompt: str | None, task_id: str | None) -> None:
    if (prompt is None) == (task_id is None):
        raise MistypedError("Give either a PROMPT or --task ID.")


def _run(settings: Settings, order: Order | None, *, sync: bool, task_id: str, output: Path) -> None:
    key = settings.require("APIMASTER_API_KEY")["APIMASTER_API_KEY"]
    kind = output_kind(output)
    clock = SystemClock()
    progress = TerminalProgress(sys.stderr, clock)
    polling = Polling(
        first_s=settings.first_poll_seconds, every_s=settings.poll_seconds, timeout_s=settings.job_timeout_seconds
    )
    trail = Recorder()

    async def work() -> GeneratedPicture:
        async with (
            ApimasterClient(
                settings.apimaster_base_url, key, settings.apimaster_model, result_hosts=settings.result_hosts
            ) as client,
            progress.running(),
        ):
            one = OnePicture(client, polling, clock, progress, trail=trail, rng=random.Random())  # noqa: S311 - jitter
            return await one.make(order, sync=sync) if order is not None else await one.fetch(task_id, output, kind)

    try:
        made = asyncio.run(work())
    except KeyboardInterrupt:
        raise _Interrupted(_interrupted(trail, output)) from None
    except BotError as error:
        kept = trail.task_id is not None and error.code not in _LOST
        raise _Failed(f"{_sentence(error)} {_later(trail, output)}" if kept else _sentence(error)) from None
    _print_summary(made, progress.elapsed_s, _cost_text(order.spec, settings) if order is not None else None)


def _cost_text(spec: PictureSpec, settings: Settings) -> str:
    return ENGLISH.credits(price(spec.resolution, settings.credit_price_1k, settings.group_ratio))


def _print_summary(made: GeneratedPicture, elapsed_s: float, cost: str | None) -> None:
    info = made.info
    converted = f" (converted from {made.converted_from})" if made.converted_from else ""
    click.echo(f"{made.path}: {info.width}x{info.height} {info.format}{converted}, {_size_text(info.size_bytes)}")
    click.echo(f"time: {elapsed_s:.1f} s")
    if cost is not None:
        click.echo(f"price: {cost}")
    if made.reported_cost is not None:
        click.echo(f"cost reported by the provider: {made.reported_cost:g}")
    if made.task_id is not None:
        click.echo(f"task: {made.task_id}")


def _size_text(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 1e6 else f"{size_bytes / 1e3:.0f} kB"


def _sentence(error: BotError) -> str:
    """The error's stable code, then what happened and what to do."""
    what = str(error).removesuffix(".")
    return f"[{error.code}] {what}. {_ADVICE.get(error.code, '')}".rstrip()


def _later(trail: Recorder, output: Path) -> str:
    return f"Fetch it later with: python -m bot generate --task {trail.task_id} -o {output}"


def _interrupted(trail: Recorder, output: Path) -> str:
    if trail.task_id is not None:
        later = _later(trail, output)
        return f"Interrupted. The task {trail.task_id} goes on at the provider and is charged. {later}"
    done = "The request may have been sent, and charged." if trail.sent else "Nothing was sent."
    return f"Interrupted. {done}"
