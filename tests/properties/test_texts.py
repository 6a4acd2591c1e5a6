"""Texts that leave the bot: tables, logs, shortened text; and the gallery search."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import logging
import string
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.word_matching import cut
from bot.media.csv_export import CsvTables, safe_cell
from bot.ops.logs import Formatter, Redactor
from bot.store.store import SqliteStore
from tests.support.build import ALICE, BOB
from tests.support.clock import FakeClock
from tests.support.database import fresh_database
from tests.support.steps import Steps

_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
_CELLS = st.one_of(
    st.none(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False),
    st.text(max_size=20), st.text('=+-@\t\r\n ",;\0\'x', max_size=8),
)  # fmt: skip
_SECRETS = st.text(string.ascii_letters + string.digits + "._-+/=~$", min_size=12, max_size=40)
_AROUND = st.text(string.printable, max_size=12)
_CHARACTERS = st.sampled_from(["a", " ", "e\u0301", "👨‍👩‍👧", "🇩🇪", "👍🏽", "\u200d", "\u0301", "猫"])


@given(st.lists(st.lists(_CELLS, min_size=3, max_size=3), max_size=8))
def test_table_round_trips_and_executes_nothing(rows: list[Sequence[str | int | float | None]]) -> None:
    """A CSV reader gets every cell as it was; a possible spreadsheet formula gets a prefix."""
    with tempfile.TemporaryDirectory() as folder:
        tables = CsvTables(Path(folder) / "tables")
        with tables.written("t", ["a", "b", "c"], rows, limit_bytes=10**6, most_parts=1) as [path]:
            written = path.read_bytes().decode("utf-8-sig")
    read = list(csv.reader(io.StringIO(written, newline="")))
    assert read[0] == ["a", "b", "c"]
    assert read[1:] == [["" if cell is None else str(safe_cell(cell)) for cell in row] for row in rows]
    words = [safe_cell(cell) for row in rows for cell in row if isinstance(cell, str)]
    assert not any(str(cell).lstrip(" ").startswith(_FORMULAS) for cell in words)


@given(_SECRETS, _AROUND, _AROUND, st.booleans(), st.sampled_from(["message", "field", "nested", "error", "cause"]))
def test_no_secret_reaches_a_log(secret: str, before: str, after: str, as_json: bool, where: str) -> None:
    """In a message, a field, a nested value, an error or its cause: it is redacted, as text and as JSON."""
    told = f"{before}{secret}{after}"
    record = logging.makeLogRecord({"name": "x", "levelname": "INFO", "msg": "event"})
    match where:
        case "message":
            record.msg, record.args = "%s", (told,)
        case "field":
            record.url = told
        case "nested":
            record.body = {"deep": [told, {told: 1}]}
        case _:
            record.exc_info = (RuntimeError, _raised(told, caused=where == "cause"), None)
    line = Formatter(Redactor([secret]), as_json=as_json).format(record)
    assert secret not in line
    assert json.dumps(secret)[1:-1] not in line


def _raised(told: str, *, caused: bool) -> RuntimeError:
    if not caused:
        return RuntimeError(told)
    error = RuntimeError("outside")
    error.__cause__ = ValueError(told)
    return error


@given(st.lists(_CHARACTERS, max_size=20).map("".join), st.integers(1, 40))
def test_text_is_shortened_to_its_limit(text: str, most: int) -> None:
    """Never longer, unchanged if it fits, and otherwise its beginning with an ellipsis."""
    shown = cut(text, most)
    assert len(shown) <= most
    assert shown == text if len(text) <= most else shown.endswith("…")
    assert text.startswith(shown.removesuffix("…"))


_PROMPTS = st.text("aA%_'\"*?[\\ ßéÉ\u0130漢", min_size=1, max_size=8)


@settings(max_examples=max(5, settings().max_examples // 5))
@given(st.lists(_PROMPTS, min_size=1, max_size=4), st.lists(_PROMPTS, min_size=1, max_size=6))
def test_pictures_are_found_by_literal_words(prompts: list[str], wanted: list[str]) -> None:
    """SQL wildcards are literal; the search is case-insensitive; other members' pictures are not found."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_search(Path(folder) / "bot.db", prompts, [*wanted, prompts[0], ""]))


async def _search(path: Path, prompts: list[str], wanted: list[str]) -> None:
    async with SqliteStore(fresh_database(path), FakeClock(), per_user_running=50, max_running=50) as store:
        steps = Steps(store)
        for prompt in prompts:
            await steps.delivered(prompt=prompt)
            await steps.delivered(prompt=prompt, user_id=BOB)
        for words in wanted:
            found = await store.lists.gallery(ALICE, words=words, first=0, most=50)
            assert [entry.request.spec.prompt for entry in found.entries] == [
                prompt for prompt in reversed(prompts) if words.casefold() in prompt.casefold()
            ]
            assert {entry.job.user_id for entry in found.entries} <= {ALICE}
