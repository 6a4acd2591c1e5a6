"""Looking at the disk that the data directory is on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from bot.domain.disk import DiskState

_PROBE: Final = b"\0" * 4_096
_FEWEST_FILES: Final = 100
"""A disk may have room for bytes and none for files."""


class DataDisk:
    """The disk of one directory. What the file system tells is not all: a quota or a remount shows in writing alone."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._probe = data_dir / ".room"

    def look(self) -> DiskState:
        """What the disk is like now; never raises. Blocks, for as long as a disk in trouble likes."""
        try:
            told = os.statvfs(self._data_dir)
        except OSError as error:
            return DiskState(free_bytes=0, trouble=error.strerror or str(error))
        free_bytes = told.f_bavail * told.f_frsize
        if told.f_files > 0 and told.f_favail < _FEWEST_FILES:
            return DiskState(free_bytes=free_bytes, trouble="it has room for hardly any more files")
        return DiskState(free_bytes=free_bytes, trouble=self._written())

    def _written(self) -> str:
        """Write a block, as a picture or the database would; "" where that is possible."""
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
