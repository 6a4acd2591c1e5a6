"""`python -m bot doctor`: whether the books are in order; the bot may be running."""

from __future__ import annotations

import click

from bot.domain.errors import BotError
from bot.settings import load_settings
from bot.store.sqlite.reading import read_faults


@click.command("doctor")
@click.option("--ledger", is_flag=True, required=True, help="Check every job's ledger and every total.")
def doctor(*, ledger: bool) -> None:  # noqa: ARG001 - the one check that there is; named, so that others can follow
    """Look the database over and print each fault; the exit code is 0 if there is none, 1 otherwise.

    Nothing is changed. For each job the ledger must close, and every total must be what its rows add up to.
    """
    found = 0
    for fault in read_faults(load_settings().data_dir / "bot.db"):
        click.echo(fault)
        found += 1
    if found:
        raise BotError(f"{found} {'fault' if found == 1 else 'faults'} found in the ledger.")
    click.echo("The ledger closes: every job and every total is in order.")
