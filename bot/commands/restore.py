"""`python -m bot restore`: replaces the database with a backup; the bot must be stopped."""

from __future__ import annotations

import os
import pwd
import sys
from pathlib import Path

import click

from bot.clock import SystemClock
from bot.commands.backup import described
from bot.domain.errors import StartupError
from bot.ops.instance_lock import exclusive
from bot.settings import load_settings
from bot.store.backup.restore import Restoration, prepared, put_in_place
from bot.store.rows import to_ms
from bot.store.sqlite.connection import ensure_data_dir


@click.command("restore", short_help="Put a backup in the place of the database.")
@click.argument("backup", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--not-run-since",
    is_flag=True,
    help="The bot has not run since FILE was made (it moved, say): what waits in it is ordered as ever.",
)
def restore(*, backup: Path, yes: bool, not_run_since: bool) -> None:
    """Put the backup FILE in the place of the database; the bot must be stopped.

    The present database is kept beside it. Pictures that wait in FILE may have been ordered and charged since it was
    made: none is ordered again by itself. Their members are told, and decide.
    """
    database = load_settings().data_dir / "bot.db"
    ensure_data_dir(database.parent)
    check_user(owner=database.parent.stat().st_uid, me=os.geteuid())
    now = SystemClock().now()
    with exclusive(database.parent), prepared(backup, database) as restoration:
        _tell(backup, restoration, not_run_since=not_run_since)
        if not yes:
            _ask()
        kept = put_in_place(
            restoration, stamp=f"{now:%Y%m%d-%H%M%S-%f}", not_run_since=not_run_since, now_ms=to_ms(now)
        )
    click.echo("Restored. Start the bot." if kept is None else f"Restored; the database before is kept as {kept}.")


def check_user(*, owner: int, me: int) -> None:
    """Raise StartupError for a superuser on another user's folder: the bot could not read the files created there."""
    if me == 0 and owner != 0:
        raise StartupError(
            f"DATA_DIR belongs to user {_name_of(owner)}, who could not use what you restore. "
            f"Run this as that user: sudo -u {_name_of(owner)} ..."
        )


def _name_of(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"#{user}"


def _tell(backup: Path, restoration: Restoration, *, not_run_since: bool) -> None:
    """Print what the backup contains, what it replaces, and what happens to its open orders."""
    contents, present = restoration.backup, restoration.present
    click.echo(f"{backup}: {described(contents)}.")
    if present is not None:
        click.echo(f"It takes the place of {restoration.database}: {described(present)}.")
    elif restoration.database.exists():
        click.echo(f"It takes the place of {restoration.database}, which cannot be read.")
    if not_run_since:
        return
    click.echo(
        "What happened after it was made is unknown to it: orders and what they cost, settings, quotas, blocks. "
        "What was deleted since stays deleted as far as the present database can be read."
    )
    if contents.waiting:
        click.echo(
            f"{contents.waiting:,} of its pictures were still waiting. They may have been ordered since, so none is "
            "ordered by itself: each gets a new message, with the picture if it is here, else its member decides."
        )
    if contents.running:
        click.echo(
            f"{contents.running:,} were being made: the provider is asked about them, and they get a new message."
        )


def _ask() -> None:
    if not sys.stdin.isatty():
        raise StartupError("Nothing was restored: nobody is there to be asked. Confirm with --yes.")
    click.confirm("Restore it?", abort=True)
