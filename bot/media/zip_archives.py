"""ZIP archives within an upload limit: one file, or several that are each readable by themselves."""

from __future__ import annotations

import shutil
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile

from bot.domain.errors import StoreError

_LEVEL: Final = 6
_ENTRY_BYTES: Final = 512
"""More than a ZIP file needs for one entry's local header and directory record."""


class ZipArchives:
    """ArchiveFiles in its own folder, emptied at start-up: files left by a killed process are orphans."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def opened(self, name: str, *, limit_bytes: int) -> Iterator[ZipArchive]:
        """See ArchiveFiles; the files are deleted afterwards."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                yield ZipArchive(Path(folder), name, limit_bytes)
        except OSError as error:
            raise StoreError(f"The archive cannot be written: {error}") from error


class ZipArchive:
    """Implements Archive. An entry that exceeds the limit by itself gets its own file, which exceeds it too."""

    def __init__(self, folder: Path, name: str, limit_bytes: int) -> None:
        self._folder = folder
        self._name = name
        self._limit_bytes = limit_bytes
        self._paths: list[Path] = []
        self._room = 0

    def add(self, name: str, data: bytes) -> int:
        """See Archive."""
        # Compressed once to learn the size, and again on writing: ZipFile accepts no compressed data.
        needed = len(zlib.compress(data, _LEVEL)) + _ENTRY_BYTES
        if needed > self._room or not self._paths:
            self._paths.append(self._folder / f"{len(self._paths)}.zip")
            self._room = self._limit_bytes - _ENTRY_BYTES
        with ZipFile(self._paths[-1], "a", ZIP_DEFLATED, compresslevel=_LEVEL) as file:
            file.writestr(name, data)
        self._room -= needed
        return len(self._paths)

    def finished(self) -> Sequence[Path]:
        """See Archive: named by number if there are several."""
        of = len(self._paths)
        names = [f"{self._name}.zip"] if of == 1 else [f"{self._name}-{n}-of-{of}.zip" for n in range(1, of + 1)]
        return [path.rename(path.with_name(name)) for path, name in zip(self._paths, names, strict=True)]
