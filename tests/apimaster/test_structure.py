"""The streaming JSON parser: the same value as `json`, within limits, with long strings on disk."""

from __future__ import annotations

import base64
import gc
import json
import os
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.apimaster import structure
from bot.apimaster.spooled import AnswerFile, SpooledText
from bot.apimaster.structure import MAX_DEPTH, MAX_MARKS, MAX_PLAIN_BYTES, JsonReader
from bot.domain.errors import StoreError
from tests.properties.promises import read_json

LONG = base64.b64encode(bytes(range(256)) * 400).decode()
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=20) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=30,
)


@given(_JSON, st.integers(1, 50), st.booleans())
@example({"a": 'q"\\'}, 1, True)
def test_value_equals_that_of_json(value: object, piece_bytes: int, ascii_only: bool) -> None:
    """Wherever the chunks are cut: in an escape, in a character, in a number."""
    body = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert read_json(body, piece_bytes) == value


@given(st.binary(max_size=80), st.integers(1, 9))
@settings(max_examples=200)
def test_any_bytes_are_what_json_says_or_a_value_error(body: bytes, piece_bytes: int) -> None:
    """Nothing that `json` rejects becomes a value."""
    try:
        value = read_json(body, piece_bytes)
    except ValueError:
        return
    assert json.dumps(value) == json.dumps(json.loads(body.decode("utf-8-sig")))


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html></html>", b'{"data": [', b"\xff\xfe", b"[" * 200_000, b'{"a": ' + b"9" * 500 + b"}",
        b'{"a": "' + LONG.encode(), b'["\\', b'"' + LONG.encode() + b'"x', b'{"a": 1}{', b'"\xff"',
        b"[" + b"{}," * 20_000_0 + b"{}]", b"[" + b'"",' * (MAX_MARKS + 1) + b'""]', b"[" + b"1," * 30_000 + b"1]",
        b'{"a": "' + b"x" * (MAX_PLAIN_BYTES + 1) + b'"' + b" " * MAX_PLAIN_BYTES + b"}", b"1" * 10**6,
        (b"[" * (MAX_DEPTH + 1)) + (b"]" * (MAX_DEPTH + 1)), b" " * 2_000_000,
        b"[" + b",".join(b'"%s"' % (b"y" * 60_000) for _ in range(10)) + b"]",
    ],
    ids=range(19),
)  # fmt: skip
def test_invalid_or_too_large_json_is_a_value_error(body: bytes) -> None:
    """HTML, truncated, another encoding, endless nesting, an endless number, millions of values."""
    with pytest.raises(ValueError):  # noqa: PT011 - the type is the contract; json's own message varies
        read_json(body, 100_000)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'{"a": 1e999999}', {"a": float("inf")}),
        (b'{"a": "\\ud83d"}', {"a": "?"}),
    ],
)
def test_unusual_json_is_read(body: bytes, value: object) -> None:
    """A byte order mark, duplicate names, numbers out of range, half of a surrogate pair."""
    assert read_json(body) == value


@pytest.mark.parametrize("piece_bytes", [1_000, 65_537, 10**7])
@pytest.mark.parametrize("spelling", [LONG, LONG.replace("/", "\\/"), LONG.replace("=", "\\u003d")])
def test_long_text_is_stored_on_disk(spelling: str, piece_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However JSON escapes it, and wherever its chunks are cut; the rest of the answer is unchanged."""
    monkeypatch.setattr("bot.apimaster.spooled._PIECE_BYTES", 4_099)
    body = f'{{"data": [{{"b64_json": "{spelling}", "n": 1}}], "again": "{spelling}"}}'.encode()
    value = read_json(body, piece_bytes)
    assert isinstance(value, dict)
    texts = value["data"][0].pop("b64_json"), value.pop("again")
    assert value == {"data": [{"n": 1}]}
    for text in texts:
        assert isinstance(text, SpooledText)
        assert "".join(text.pieces()) == LONG
        assert text.head[:100] == spelling[:100]


def test_long_text_that_is_no_picture_is_dropped() -> None:
    """Not on disk either: only its presence is known."""
    made: list[AnswerFile] = []

    def make() -> AnswerFile:
        made.append(AnswerFile(None, at_any_cost=False))
        return made[-1]

    reader = JsonReader(make)
    reader.feed(json.dumps({"message": "no, that is not possible! " * 10_000, "status": "failed"}).encode())
    value = reader.value()
    assert isinstance(value, dict)
    assert isinstance(value["message"], SpooledText)
    assert made[0].size == 0


def test_sixty_megabytes_of_a_picture_use_little_memory() -> None:
    """And no step blocks for long."""
    piece = b"A" * 1_000_000
    tracemalloc.start()
    try:
        reader = JsonReader(lambda: AnswerFile(None, at_any_cost=False))
        reader.feed(b'{"data": [{"b64_json": "')
        for _ in range(60):
            reader.feed(piece)
        reader.feed(b'"}]}')
        assert isinstance(reader.value(), dict)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("body", [b'"' + b"\\n" * 2_000_000, b'"",' * 2_000_000, b"[{}," * 1_000_000, b'"\\"'])
def test_no_answer_is_slow_to_parse(body: bytes) -> None:
    """Any number of escapes, quotes and brackets: refused after the first, or read at disk speed."""
    began = time.process_time()
    with pytest.raises(ValueError):  # noqa: PT011 - cut off, or too much of it
        read_json(body, 256 * 1024)
    assert time.process_time() - began < 2


def test_text_file_is_removed(tmp_path: Path) -> None:
    """Its file has no name, and is closed with its last reference."""
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the same count twice
    reader = JsonReader(lambda: AnswerFile(tmp_path, at_any_cost=False))
    reader.feed(f'"{LONG}"'.encode())
    text = reader.value()
    assert isinstance(text, SpooledText)
    assert list(tmp_path.iterdir()) == []
    assert len(os.listdir("/proc/self/fd")) == before + 1  # noqa: PTH208
    del text, reader
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_full_disk_is_a_local_error(tmp_path: Path) -> None:
    """A poll may be repeated when there is room; the answer to an order is kept in memory."""
    spool = tmp_path / "missing"
    with pytest.raises(StoreError):
        _kept(spool, at_any_cost=False)
    assert "".join(_kept(spool, at_any_cost=True).pieces()) == LONG


def test_disk_that_fills_up_meanwhile_loses_nothing_of_an_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The part on disk is read from there, the rest from memory."""
    room = 100_000
    write = os.pwrite

    def little(descriptor: int, data: bytes, at: int) -> int:
        if at >= room:
            raise OSError(28, "No space left on device")
        return write(descriptor, data[: room - at], at)

    monkeypatch.setattr(os, "pwrite", little)
    assert "".join(_kept(tmp_path, at_any_cost=True).pieces()) == LONG
    with pytest.raises(StoreError, match="space"):
        _kept(tmp_path, at_any_cost=False)


def _kept(folder: Path, *, at_any_cost: bool) -> SpooledText:
    reader = JsonReader(lambda: AnswerFile(folder, at_any_cost=at_any_cost))
    reader.feed(f'"{LONG}"'.encode())
    value = reader.value()
    assert isinstance(value, SpooledText)
    return value


def test_answer_cannot_reference_a_stored_text() -> None:
    """The placeholder for a stored text is random for each answer."""
    first, second = (
        JsonReader(lambda: AnswerFile(None, at_any_cost=False)),
        JsonReader(lambda: AnswerFile(None, at_any_cost=False)),
    )
    assert first._mark != second._mark
    assert len(LONG) > structure.MAX_STRING_BYTES
