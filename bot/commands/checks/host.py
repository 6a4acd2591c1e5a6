"""Checks of the machine: versions, the data directory, its disk, and file permissions."""

from __future__ import annotations

import fcntl
import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import discord

from bot import __version__
from bot.commands.checks.findings import Finding, fail, ok, warn
from bot.domain.disk import MEGABYTE, DiskRule, DiskState
from bot.ops.instance_lock import LOCK_NAME
from bot.ops.private_files import OTHERS, own_files
from bot.store.sqlite.integrity import SQLITE_VERSION

_MOST_NAMED: Final = 3


def versions() -> Iterator[Finding]:
    """The versions in use."""
    yield ok(
        "versions",
        f"imagine-bot {__version__}, Python {platform.python_version()}, discord.py {discord.__version__}, "
        f"SQLite {SQLITE_VERSION}",
    )


def data_directory(data_dir: Path, *, min_free_mb: int) -> Iterator[Finding]:
    """Whether it exists and is writable, its free space, its permissions, and whether a bot is running on it."""
    if not data_dir.is_dir():
        kind = "is not a folder" if data_dir.exists() else "does not exist yet"
        level = fail if data_dir.exists() else warn
        yield level("directory", f"DATA_DIR {str(data_dir)!r} {kind}", "Start the bot once, or correct DATA_DIR.")
        return
    if os.access(data_dir, os.R_OK | os.W_OK | os.X_OK):
        yield ok("directory", f"DATA_DIR {str(data_dir)!r} can be written")
    else:
        yield fail("directory", f"DATA_DIR {str(data_dir)!r} cannot be written", "Give this user write access.")
    yield from _disk(data_dir, min_free_mb)
    yield from _modes(data_dir)
    yield from _settings_file(Path(".env"))
    yield from _leftovers(data_dir)
    yield _lock(data_dir)


def _disk(data_dir: Path, min_free_mb: int) -> Iterator[Finding]:
    try:
        seen = os.statvfs(data_dir)
    except OSError as error:
        yield fail("disk", f"the disk of DATA_DIR does not answer: {error.strerror}", "Look after the disk.")
        return
    free_bytes = seen.f_bavail * seen.f_frsize
    rule = DiskRule(least_bytes=min_free_mb * MEGABYTE)
    if shortage := rule.shortage(DiskState(free_bytes=free_bytes), already=False):
        yield fail("disk", f"{shortage}: nothing is ordered", "Free some space, or take a larger disk.")
    elif seen.f_files and not seen.f_favail:
        yield fail("disk", "no more files can be made on the disk of DATA_DIR", "Delete files there.")
    else:
        yield ok("disk", f"{free_bytes / MEGABYTE:,.0f} MB are free")


def _modes(data_dir: Path) -> Iterator[Finding]:
    """Prompts, tokens and pictures must not be readable by other users of this machine."""
    if data_dir.stat().st_mode & OTHERS == 0:  # the folder's own mode keeps others out of everything in it
        yield ok("modes", "nobody else on this machine can read DATA_DIR")
        return
    if open_to_all := [path for path in own_files(data_dir) if path.stat().st_mode & OTHERS]:
        named = ", ".join(path.name for path in open_to_all[:_MOST_NAMED])
        more = f" and {len(open_to_all) - _MOST_NAMED} more" if len(open_to_all) > _MOST_NAMED else ""
        yield warn("modes", f"others can get at {named}{more}", f"chmod -R go= {data_dir}")
    else:
        yield ok("modes", "nobody else on this machine can read the database, pictures or references")


def _settings_file(path: Path) -> Iterator[Finding]:
    """The token gives control of the bot, the key spends its balance."""
    try:
        others = path.stat().st_mode & OTHERS
    except OSError:
        return  # all settings are in the environment
    if others:
        yield warn("modes", f"others can get at {path}, which has the token and the key", f"chmod 600 {path}")


def _leftovers(data_dir: Path) -> Iterator[Finding]:
    """What restores left behind: an unfinished one, and replaced databases."""
    if any(data_dir.glob("bot.db.restored-*")):
        yield warn("restore", "a restore was interrupted", "Start the bot: it finishes it first.")
    kept = [path for path in data_dir.glob("*.before-restore-*") if path.is_file()]
    if kept:
        size = sum(path.stat().st_size for path in kept) / MEGABYTE
        what = f"{size:,.0f} MB of databases from before restores are kept ({kept[0].name}, ...)"
        yield warn("restore", what, "Delete them when you need them no more.")


def _lock(data_dir: Path) -> Finding:
    """Test the lock without creating its file, and release it at once."""
    try:
        descriptor = os.open(data_dir / LOCK_NAME, os.O_RDONLY)
    except OSError:
        return ok("process", "no bot has run on DATA_DIR yet")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return ok("process", "a bot is running on DATA_DIR")
    finally:
        os.close(descriptor)
    return ok("process", "no bot is running on DATA_DIR")
