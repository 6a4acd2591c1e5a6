"""`python -m bot backup`: writes the database to one verified file; the bot may be running."""

from __future__ import annotations

from pathlib import Path

import click

from bot.clock import SystemClock
from bot.localization.catalogue import ENGLISH
from bot.settings import load_settings
from bot.store.backup.backup import back_up
from bot.store.backup.copy import Contents


@click.command("backup", short_help="Write a backup of the database to a file.")
@click.argument("target", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@click.option("--with-pictures", is_flag=True, help="Enclose pictures not posted yet, and what open orders refer to.")
def backup(*, target: Path, force: bool, with_pictures: bool) -> None:
    """Write a backup of the database to FILE; the bot may be running, and goes on meanwhile.

    FILE is the database as it was at one moment, readable by you alone. It is verified before it gets its name, and no
    FILE is left where that fails. `restore` puts it back.
    """
    data_dir = load_settings().data_dir
    clock = SystemClock()
    started = clock.monotonic()
    contents = back_up(data_dir / "bot.db", target, force=force, with_pictures=with_pictures)
    click.echo(f"{target}: {described(contents)}, made and verified in {clock.monotonic() - started:.1f} s.")
    if contents.unposted and not with_pictures:
        unposted = counted(contents.unposted, "picture")
        click.echo(f"{unposted} not posted yet, only in {data_dir / 'spool'}: --with-pictures would enclose that.")


def described(contents: Contents) -> str:
    """A database's contents in a few words."""
    newest = f", the last one of {contents.newest_at:%Y-%m-%d %H:%M} UTC" if contents.newest_at else ""
    pictures = f"{counted(contents.jobs, 'picture')} asked for{newest}"
    spent = f"{ENGLISH.credits(contents.spent_microcredits)} spent"
    return f"{pictures}; {spent}; {contents.size_bytes / 1e6:.1f} MB"


def counted(number: int, what: str) -> str:
    """A number with its noun: `1 picture`, `2,000 pictures`."""
    return f"{number:,} {what if number == 1 else f'{what}s'}"
