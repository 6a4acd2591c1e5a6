"""The command line: `python -m bot --help`."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import random
import sys
from pathlib import Path

import click

from bot.clock import SystemClock
from bot.commands.lazy import LazyGroup
from bot.domain.errors import BotError, StartupError
from bot.ops.logs import Redactor, configure_logs
from bot.ops.private_files import make_private, name_open_settings
from bot.ops.process_limits import limit_process
from bot.ops.supervisor import FAILURES, FOLLOWED, Supervisor, bot_command
from bot.ops.watchdog import Watchdog
from bot.settings import Settings, load_settings

log = logging.getLogger(__name__)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """A Discord bot that makes pictures. Settings come from the environment and .env; see .env.example."""


@main.command("run")
@click.option("--supervise", is_flag=True, help="Start the bot again whenever it fails.")
@click.option(FOLLOWED, "follows", is_flag=True, hidden=True, help="Stop when standard input ends.")
@click.option(FAILURES, default=0, hidden=True, help="How often in a row the bot failed before.")
def run_command(*, supervise: bool, follows: bool, failures: int) -> None:
    """Run the bot until it is told to stop."""
    limit_process()
    settings = load_settings()
    prepare_logs(settings)
    if supervise:
        sys.exit(asyncio.run(_supervised()))
    name_open_settings(Path(".env"))
    make_private(settings.data_dir)
    from bot.app import run  # noqa: PLC0415 - the other commands need neither Discord nor the queue

    faulthandler.enable()
    with Watchdog(SystemClock()) as watchdog:
        pipe = sys.stdin.fileno() if follows else None
        asyncio.run(run(settings, watchdog, follows=pipe, failures=failures))


async def _supervised() -> int:
    supervisor = Supervisor(
        bot_command(),
        clock=SystemClock(),
        rng=random.Random(),  # noqa: S311 - jitter
        say=lambda sentence: click.echo(f"imagine-bot: {sentence}", err=True),
    )
    return await supervisor.run()


def prepare_logs(settings: Settings) -> None:
    """Send logs to standard error, without this installation's secrets."""
    configure_logs(level=settings.log_level, as_json=settings.log_format == "json", secrets=settings.secrets())


def entry() -> None:
    """Run the command line; what cannot start ends with one line and its exit code, never with a traceback."""
    try:
        main(standalone_mode=False)
    except BotError as error:
        _tell(error)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except Exception:
        log.exception("ended_by_a_bug")  # Python's own way of telling would not leave out secrets
        sys.exit(1)


def _tell(error: BotError) -> None:
    """Say in one line what went wrong; others' words in it may quote what they were given."""
    try:
        secrets = load_settings().secrets()
    except StartupError:
        secrets = ()  # what cannot be read was sent nowhere
    click.echo(f"imagine-bot: {Redactor(secrets)(str(error))}", err=True)


if __name__ == "__main__":
    entry()
