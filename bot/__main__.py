"""The command line: `python -m bot --help`."""

from __future__ import annotations

import asyncio
import sys

import click

from bot.commands.backup import backup
from bot.commands.doctor import doctor
from bot.commands.generate import generate
from bot.commands.restore import restore
from bot.commands.usage import usage
from bot.domain.errors import BotError, StartupError
from bot.logs import Redactor, configure_logs
from bot.settings import Settings, load_settings


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """A Discord bot that makes pictures. Settings come from the environment and .env; see .env.example."""


@main.command("run")
def run_command() -> None:
    """Run the bot until it is told to stop."""
    from bot.app import run  # noqa: PLC0415 - the other commands need neither Discord nor the queue

    settings = load_settings()
    prepare_logs(settings)
    asyncio.run(run(settings))


main.add_command(backup)
main.add_command(restore)
main.add_command(generate)
main.add_command(doctor)
main.add_command(usage)


def prepare_logs(settings: Settings) -> None:
    """Send logs to standard error, without this installation's secrets."""
    configure_logs(level=settings.log_level, as_json=settings.log_format == "json", secrets=settings.secrets())


def entry() -> None:
    """Run the command line; what cannot start ends with one line and exit code 2, never with a traceback."""
    try:
        main(standalone_mode=False)
    except StartupError as error:
        _tell(error)
        sys.exit(2)
    except BotError as error:
        _tell(error)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)


def _tell(error: BotError) -> None:
    """Say in one line what went wrong; others' words in it may quote what they were given."""
    try:
        secrets = load_settings().secrets()
    except StartupError:
        secrets = ()  # what cannot be read was sent nowhere
    click.echo(f"imagine-bot: {Redactor(secrets)(str(error))}", err=True)


if __name__ == "__main__":
    entry()
