"""Measures the disk that the data directory is on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from bot.domain.disk import DiskState

_PROBE: Final = b"\0" * 4_096
_FEWEST_FILES: Final = 100
"""The minimum of free inodes: a disk may have free bytes but no free inodes."""


class DataDisk:
    """The disk of one directory. A quota or a read-only remount only shows in a write, so it also writes."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._probe = data_dir / ".room"

    def look(self) -> DiskState:
        """The disk's current state; never raises. Blocks, possibly long if the disk has a problem."""
        try:
            told = os.statvfs(self._data_dir)
        except OSError as error:
            return DiskState(free_bytes=0, trouble=error.strerror or str(error))
        free_bytes = told.f_bavail * told.f_frsize
        if told.f_files > 0 and told.f_favail < _FEWEST_FILES:
            return DiskState(free_bytes=free_bytes, trouble="it has room for hardly any more files")
        return DiskState(free_bytes=free_bytes, trouble=self._written())

    def _written(self) -> str:
        """Write a block as a picture or the database would; "" on success, else the error."""
        try:
            descriptor = os.open(self._probe, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
            try:
                os.write(descriptor, _PROBE)
            finally:
                os.close(descriptor)
                self._probe.unlink(missing_ok=True)
        except OSError as error:
            return error.strerror or str(error)
        return ""
