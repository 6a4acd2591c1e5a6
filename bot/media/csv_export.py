"""Writes rows as CSV within an upload limit: plain, else compressed, else in compressed parts.

Rows and files are streamed, so neither is ever entirely in memory.
"""

from __future__ import annotations

import csv
import gzip
import io
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from bot.domain.errors import StoreError

Cell = str | int | float | None

_LEVEL: Final = 5
_BLOCK: Final = 100
"""Rows per block; a part is closed between two blocks."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Spreadsheets may execute a cell that begins with one of these; includes the full-width = + - @."""
_MARK: Final = b"\xef\xbb\xbf"
"""The BOM, which tells spreadsheets that the text is UTF-8."""


class CsvTables:
    """TableFiles in its own folder, emptied at start-up: files left by a killed process are orphans."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def written(
        self, name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]], *, limit_bytes: int, most_parts: int
    ) -> Iterator[list[Path]]:
        """The files of a table, deleted afterwards; none if even `most_parts` parts are too few. Blocks.

        Each has at most `limit_bytes`, begins with the header, and is readable by itself. Raises StoreError.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                yield _write(Path(folder), name, header, rows, limit_bytes, most_parts)
        except OSError as error:
            raise StoreError(f"The table cannot be written: {error}") from error


def safe_cell(cell: Cell) -> Cell:
    """A cell that spreadsheets don't take for a formula: text that looks like one gets a leading apostrophe."""
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA) else cell


def _write(
    folder: Path, name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]], limit_bytes: int, most_parts: int
) -> list[Path]:
    head = _MARK + _lines([header])
    plain = _Plain(folder / f"{name}.csv", head, limit_bytes)
    parts = _Parts(folder, name, head, limit_bytes, most_parts)
    try:
        for block in _blocks(rows):
            plain.add(block)
            if not parts.add(block):
                return []
    finally:
        plain.close()
        parts.close()
    return [plain.path] if plain.fits else parts.named()


def _blocks(rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    waiting: list[Sequence[Cell]] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == _BLOCK:
            yield _lines(waiting)
            waiting = []
    if waiting:
        yield _lines(waiting)


def _lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([safe_cell(cell) for cell in row] for row in rows)
    # A prompt may contain a lone surrogate, which can't be encoded.
    return text.getvalue().encode("utf-8", errors="replace")


class _Plain:
    """The uncompressed file, abandoned as soon as it is too large."""

    def __init__(self, path: Path, head: bytes, limit_bytes: int) -> None:
        self.path = path
        self._limit_bytes = limit_bytes
        self._size_bytes = len(head)
        self._file: BinaryIO | None = path.open("wb")
        self._file.write(head)

    @property
    def fits(self) -> bool:
        """Whether it is within the limit."""
        return self._size_bytes <= self._limit_bytes

    def add(self, block: bytes) -> None:
        """Append some rows."""
        self._size_bytes += len(block)
        if self._file is None:
            return
        if self.fits:
            self._file.write(block)
        else:
            self.close()
            self.path.unlink()

    def close(self) -> None:
        """Close the file, if it is open."""
        if self._file is not None:
            self._file.close()
            self._file = None


class _Parts:
    """Compressed files, each within the limit."""

    def __init__(self, folder: Path, name: str, head: bytes, limit_bytes: int, most: int) -> None:
        self._folder = folder
        self._name = name
        self._head = head
        self._limit_bytes = limit_bytes
        self._most = most
        self._paths: list[Path] = []
        self._raw: BinaryIO | None = None
        self._packed: gzip.GzipFile | None = None
        self._pending_bytes = 0

    def add(self, block: bytes) -> bool:
        """Append some rows, in a new part if they might not fit; False if no further part is allowed."""
        if self._packed is not None and not self._has_room(len(block)):
            self.close()
        if self._packed is None:
            if len(self._paths) == self._most:
                return False
            self._begin()
        assert self._packed is not None  # noqa: S101 - opened above
        self._packed.write(block)
        self._pending_bytes += len(block)
        return True

    def _has_room(self, more_bytes: int) -> bool:
        """Whether the part stays within the limit with this, even if it can't be compressed at all."""
        assert self._raw is not None  # noqa: S101 - open whenever the other one is
        assert self._packed is not None  # noqa: S101
        # A compressor slightly enlarges data that it can't compress.
        room = self._limit_bytes - more_bytes - more_bytes // 1_000 - 1_024
        if self._raw.tell() + self._pending_bytes < room:
            return True
        self._packed.flush()  # flush, because data buffered in the compressor has no known size
        self._pending_bytes = 0
        return self._raw.tell() < room

    def _begin(self) -> None:
        path = self._folder / f"part{len(self._paths) + 1}"
        self._paths.append(path)
        self._raw = path.open("wb")
        self._packed = gzip.GzipFile(filename="", fileobj=self._raw, mode="wb", compresslevel=_LEVEL, mtime=0)
        self._packed.write(self._head)
        self._pending_bytes = len(self._head)

    def close(self) -> None:
        """Finish the open part, if any."""
        if self._packed is not None and self._raw is not None:
            self._packed.close()
            self._raw.close()
        self._packed = self._raw = None

    def named(self) -> list[Path]:
        """The parts with their file names for sending: `usage.csv.gz`, or `usage-1-of-3.csv.gz` and so on."""
        all_of = len(self._paths)
        endings = [".csv.gz"] if all_of == 1 else [f"-{number}-of-{all_of}.csv.gz" for number in range(1, all_of + 1)]
        return [
            path.rename(self._folder / (self._name + ending)) for path, ending in zip(self._paths, endings, strict=True)
        ]
