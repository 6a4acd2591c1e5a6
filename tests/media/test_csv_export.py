"""CSV exports within the upload limit: whole, compressed, in parts, or refused; without spreadsheet formulas."""

from __future__ import annotations

import csv
import gzip
import io
import random
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.media.csv_export import CsvTables, safe_cell

HEADER = ("number", "prompt")


def noise(rows: int, width: int = 60) -> Iterator[tuple[str, str]]:
    """Rows that compress badly, with commas, quotes and line breaks."""
    rng = random.Random(rows)
    for number in range(rows):
        yield str(number), "".join(rng.choices('abcdefghijklmnopqrstuvwxyz0123456789,"\n', k=width))


def read(path: Path) -> list[list[str]]:
    """The rows of a file, below its header."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert tuple(header) == HEADER
    return rows


def meant(rows: Iterator[tuple[str, str]]) -> list[list[object]]:
    """The expected rows: escaped cells."""
    return [[number, safe_cell(prompt)] for number, prompt in rows]


def test_small_table_is_one_plain_temporary_file(tmp_path: Path) -> None:
    """With the byte order mark by which spreadsheets detect UTF-8."""
    tables = CsvTables(tmp_path / "exports")
    with tables.written("usage", HEADER, [("1", "Straße, “weit”")], limit_bytes=1_000, most_parts=3) as files:
        assert [file.name for file in files] == ["usage.csv"]
        assert files[0].read_bytes().startswith(b"\xef\xbb\xbf")
        assert read(files[0]) == [["1", "Straße, “weit”"]]
    assert list((tmp_path / "exports").iterdir()) == []


@pytest.mark.parametrize("limit_bytes", [100_000, 30_000, 20_000])
def test_larger_table_is_compressed_or_split_between_rows(limit_bytes: int, tmp_path: Path) -> None:
    """Each part is within the limit and readable by itself; together they are the whole table."""
    with CsvTables(tmp_path).written("usage", HEADER, noise(2_000), limit_bytes=limit_bytes, most_parts=9) as files:
        of = len(files)
        assert (of == 1) == (limit_bytes == 100_000)
        names = [f"usage-{number}-of-{of}.csv.gz" for number in range(1, of + 1)]
        assert [file.name for file in files] == (["usage.csv.gz"] if of == 1 else names)
        assert all(file.stat().st_size <= limit_bytes for file in files)
        assert [row for file in files for row in read(file)] == meant(noise(2_000))


def test_too_many_parts_are_refused(tmp_path: Path) -> None:
    """A partial export could be taken for a complete one."""
    with CsvTables(tmp_path).written("usage", HEADER, noise(2_000), limit_bytes=15_000, most_parts=3) as files:
        assert files == []


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "  =1", "\r=1", "\uff1d1", "-"])
def test_formulas_are_escaped(text: str) -> None:
    """The apostrophe makes a spreadsheet show the cell as text."""
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["a=1", "", "1.5", "corgi - moon", "'quoted'"])
def test_other_cells_are_unchanged(text: str) -> None:
    """Nothing is changed unnecessarily."""
    assert safe_cell(text) == text


def test_memory_use_is_independent_of_the_number_of_rows(tmp_path: Path) -> None:
    """The peak of an 8 MB table stays far below that, and does not grow with it."""
    peaks = []
    for rows in (2_000, 20_000):
        tracemalloc.start()
        cells = (("1", f"{number:0400}") for number in range(rows))
        with CsvTables(tmp_path).written("usage", HEADER, cells, limit_bytes=2_000_000, most_parts=9):
            peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert max(peaks) < 1_500_000
    assert peaks[1] < peaks[0] * 1.2


def test_files_of_a_killed_process_are_removed_at_the_start(tmp_path: Path) -> None:
    """Exports have prompts: none stays behind."""
    left = tmp_path / "exports" / "tmp123" / "usage.csv"
    left.parent.mkdir(parents=True)
    left.write_text("old")
    CsvTables(tmp_path / "exports")
    assert not left.exists()
