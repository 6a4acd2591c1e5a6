"""Keeps long texts of an answer in an unnamed file on disk instead of in memory."""

from __future__ import annotations

import json
import os
import re
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bot.domain.errors import StoreError

_PIECE_BYTES: Final = 256 * 1024
_CUT_ESCAPE: Final = re.compile(rb"\\(?:u[0-9A-Fa-f]{0,3})?\Z")
"""A JSON escape sequence that continues in the next piece."""


class AnswerFile:
    """An append-only unnamed file, freed by the kernel when its last reader or the process is gone.

    Created on the first write. With `at_any_cost`, data that doesn't fit on the disk is kept in memory: the answer to a
    paid call comes only once. Otherwise `append` raises StoreError.
    """

    def __init__(self, folder: Path | None, *, at_any_cost: bool) -> None:
        self._folder = folder
        self._at_any_cost = at_any_cost
        self._descriptor: int | None = None
        self._on_disk = 0
        self._in_memory = bytearray()

    @property
    def size(self) -> int:
        """The size in bytes."""
        return self._on_disk + len(self._in_memory)

    def append(self, data: bytes) -> None:
        """Append data."""
        before = self._on_disk
        if not self._in_memory:
            try:
                self._write(data)
            except OSError as error:
                if not self._at_any_cost:
                    raise StoreError(f"An answer cannot be kept on disk: {error.strerror or error}") from error
        self._in_memory += data[self._on_disk - before :]

    def _write(self, data: bytes) -> None:
        """Write to disk; raises OSError if it is full, and `_on_disk` says how much was written."""
        if self._descriptor is None:
            with tempfile.TemporaryFile(dir=self._folder, buffering=0) as file:
                self._descriptor = os.dup(file.fileno())
            weakref.finalize(self, os.close, self._descriptor)
        while data:
            count = os.pwrite(self._descriptor, data, self._on_disk)
            self._on_disk += count
            data = data[count:]

    def read(self, at: int, size: int) -> bytes:
        """Bytes from an offset on; fewer than `size` only at the end of the file or on a short read."""
        data = b""
        if self._descriptor is not None and at < self._on_disk:
            data = os.pread(self._descriptor, min(size, self._on_disk - at), at)
            at, size = at + len(data), size - len(data)
        if size and at >= self._on_disk:
            start = at - self._on_disk
            data += bytes(self._in_memory[start : start + size])
        return data


class SpooledText:
    """Implements PictureText: one string of an answer in its JSON encoding. `head` is its beginning."""

    def __init__(self, file: AnswerFile, head: str) -> None:
        self._file = file
        self._start = file.size
        self._size = 0
        self.head = head

    def append(self, data: bytes) -> None:
        """Append to the text; only valid while it is the last one of its file."""
        self._file.append(data)
        self._size += len(data)

    def pieces(self) -> Iterator[str]:
        """See PictureText. Pieces are ASCII, as every URL and all base64 is."""
        at, end, carry = self._start, self._start + self._size, b""
        while at < end:
            try:
                data = self._file.read(at, min(_PIECE_BYTES, end - at))
            except OSError as error:
                raise StoreError(f"An answer cannot be read from disk: {error.strerror or error}") from error
            if not data:
                raise StoreError("An answer cannot be read from disk: it is cut off")
            at += len(data)
            data = carry + data
            cut = _CUT_ESCAPE.search(data, max(0, len(data) - 6)) if at < end else None
            carry = data[cut.start() :] if cut else b""
            yield _unescaped(data[: len(data) - len(carry)])


def _unescaped(data: bytes) -> str:
    text = data.decode("ascii")
    return str(json.loads(f'"{text}"', strict=False)) if "\\" in text else text
