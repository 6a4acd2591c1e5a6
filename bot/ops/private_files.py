"""Restricts access of other users to DATA_DIR and `.env` where that is safe, and logs a warning otherwise."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_FOLDERS: Final = ("spool", "references", "archives", "exports", "matplotlib")
_OWN_NAMES: Final = ("bot.*", "*.before-restore-*", ".*")


def own_files(data_dir: Path) -> Iterator[Path]:
    """The bot's own files: the database's, and the data folders, whose own modes protect their contents."""
    yield from data_dir.glob("bot.db*")
    yield from data_dir.glob("bot.lock")
    for folder in _FOLDERS:
        if (data_dir / folder).is_dir():
            yield data_dir / folder


def make_private(data_dir: Path) -> None:
    """Remove group and other access to DATA_DIR at start-up; where that fails, log it with a fix.

    The folder's own mode is only changed if it contains nothing but the bot's files: it may be a home directory.
    """
    if not data_dir.is_dir():
        return  # it will be created private
    for path in [*own_files(data_dir), *([data_dir] if _is_the_bots(data_dir) else [])]:
        _close(path)
    open_files = [path for path in own_files(data_dir) if _mode(path) & OTHERS]
    if _mode(data_dir) & OTHERS and open_files:
        _name(open_files[0], f"chmod -R go= {data_dir}")
    if _mode(data_dir) & (stat.S_IWGRP | stat.S_IWOTH):
        _name(data_dir, f"chmod go-w {data_dir}")  # anyone who can write here can replace the database


def name_open_settings(path: Path) -> None:
    """Log a warning if others can read `.env`: it contains the token and the key."""
    if _mode(path) & OTHERS:
        _name(path, f"chmod 600 {path}")


def _is_the_bots(data_dir: Path) -> bool:
    return all(
        path.name in _FOLDERS or any(path.match(pattern) for pattern in _OWN_NAMES) for path in data_dir.iterdir()
    )


def _close(path: Path) -> None:
    try:
        found = path.stat()
        if not found.st_mode & OTHERS or found.st_uid != os.geteuid():
            return
        path.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS)
    except OSError as error:
        log.warning("file_not_made_private", extra={"path": str(path), "error": error.strerror})
        return
    log.info("file_made_private", extra={"path": str(path), "mode_before": f"{stat.S_IMODE(found.st_mode):04o}"})


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0


def _name(path: Path, fix: str) -> None:
    log.warning("file_open_to_others", extra={"path": str(path), "mode": f"{_mode(path):04o}", "fix": fix})
