"""Parses JSON of untrusted size: bounds it while it arrives, spools long strings, and only then builds objects.

Structure is counted before `json` sees it, in slices of bounded size, so that no call holds the GIL for more than some
milliseconds. Meant for a worker thread.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from typing import Final

from bot.apimaster.spooled import AnswerFile, SpooledText

MAX_PLAIN_BYTES: Final = 512 * 1024
"""The limit for everything except long strings; a prompt of 4,000 characters is at most 48 KB if all are escaped."""
MAX_STRING_BYTES: Final = 64 * 1024
"""A longer string is a picture, or irrelevant."""
MAX_MARKS: Final = 20_000
"""Brackets, braces, commas and colons: a bound on the number of objects, which determines memory and time."""
MAX_DEPTH: Final = 64
_MAX_DIGITS: Final = 400
"""Python converts digits to an integer in quadratic time."""
_SLICE_BYTES: Final = 64 * 1024
_HEAD_BYTES: Final = 4096
_REST_OF_STRING: Final = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_NOT_STRUCTURE: Final = bytes(set(range(256)) - set(b"[]{},:"))
_MAYBE_PICTURE: Final = re.compile(rb"\s*(?:data:|[A-Za-z0-9+/_=\s\\-]+\Z)", re.IGNORECASE)
_MAYBE_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


class StructureError(ValueError):
    """The answer is not JSON, or exceeds a limit."""


class JsonReader:
    """Consumes one JSON document incrementally and returns its value, in which long strings are SpooledText.

    Of a long string that can't be a picture, only the beginning is kept. Raises StructureError, and whatever the file
    raises.
    """

    def __init__(self, file: Callable[[], AnswerFile]) -> None:
        self._make_file = file
        self._file: AnswerFile | None = None
        self._plain = bytearray()
        self._marks = bytearray()
        self._string: bytearray | None = None
        self._long: SpooledText | None = None
        self._spooling = False
        self._carry = b""
        self._texts: dict[str, SpooledText] = {}
        self._mark = secrets.token_hex(16)  # unguessable, so that no answer can forge a reference to a text

    def feed(self, data: bytes) -> None:
        """Parse more bytes."""
        for start in range(0, len(data), _SLICE_BYTES):
            self._feed(self._carry + data[start : start + _SLICE_BYTES])

    def _feed(self, data: bytes) -> None:
        at, self._carry = 0, b""
        while at < len(data):
            if self._string is None:
                quote = data.find(b'"', at)
                end = len(data) if quote < 0 else quote
                between = data[at:end]
                self._plain += between
                self._marks += between.translate(None, _NOT_STRUCTURE)
                if quote >= 0:
                    self._string = bytearray()
                at = end + 1
            else:
                found = _REST_OF_STRING.match(data, at)
                end = found.end() if found else at
                self._continue(data[at:end])
                if data[end : end + 1] == b'"':
                    self._end_string()
                else:
                    self._carry = data[end:]  # a backslash whose next byte has not arrived yet, or nothing
                at = end + 1
            if len(self._marks) > MAX_MARKS:
                raise StructureError("too many values")
            if len(self._plain) > MAX_PLAIN_BYTES:
                raise StructureError("too much beside the picture")

    def _continue(self, data: bytes) -> None:
        """Append to the open string."""
        if self._long is not None:
            if self._spooling:
                self._long.append(data)
            return
        string = self._string if self._string is not None else bytearray()
        string += data
        if len(string) > MAX_STRING_BYTES:
            head = bytes(string[:_HEAD_BYTES])
            if self._file is None:
                self._file = self._make_file()
            self._long = SpooledText(self._file, head.decode("utf-8", errors="replace"))
            self._spooling = _MAYBE_PICTURE.match(head) is not None
            if self._spooling:
                self._long.append(bytes(string))
            string.clear()

    def _end_string(self) -> None:
        if self._long is not None:
            name = f"{self._mark}{len(self._texts)}"
            self._texts[name] = self._long
            content = name.encode()
        else:
            content = bytes(self._string or b"")
        self._plain += b'"' + content + b'"'
        self._string = self._long = None

    def value(self) -> object:
        """The value of the whole document."""
        if self._string is not None:
            raise StructureError("cut off")
        _check_depth(self._marks)
        value = _parsed(bytes(self._plain))
        return self._with_texts(value) if self._texts else value

    def _with_texts(self, value: object) -> object:
        """The value with placeholders replaced by the long strings."""
        if isinstance(value, str):
            return self._texts.get(value, value)
        if isinstance(value, list):
            return [self._with_texts(item) for item in value]
        if isinstance(value, dict):
            return {name: self._with_texts(item) for name, item in value.items()}
        return value


def _check_depth(marks: bytes | bytearray) -> None:
    depth = 0
    for mark in marks:
        depth += (mark in b"[{") - (mark in b"]}")
        if depth > MAX_DEPTH:
            raise StructureError("nested too deeply")


def _parsed(plain: bytes) -> object:
    text = plain.decode("utf-8-sig")
    try:
        value: object = json.loads(text, parse_int=_whole_number)
        # JSON can encode a lone surrogate, which can't be stored in a database.
        if _MAYBE_SURROGATE.search(text):
            value = json.loads(json.dumps(value, ensure_ascii=False).encode(errors="replace"))
    except RecursionError:
        raise StructureError("nested too deeply") from None
    return value


def _whole_number(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise StructureError("a number without end")
    return int(digits)
