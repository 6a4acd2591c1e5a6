"""Files that the documents name exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NAMED = re.compile(r"`((?:bot|cogs|tests|sandbox|benchmarks|docs|\.ci)/[\w./-]+|requirements[\w-]*\.txt)`")


@pytest.mark.parametrize("document", sorted(path.name for path in (ROOT / "docs").glob("*.md")))
def test_every_file_that_a_document_names_exists(document: str) -> None:
    """Detects a renamed file or a removed test."""
    named = set(NAMED.findall((ROOT / "docs" / document).read_text(encoding="utf-8")))
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_each_security_property_names_its_check() -> None:
    """A row of three cells: the property, the file, the test or rule."""
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    done = text.partition("## What is done")[2].partition("## What is not covered")[0]
    rows = [line.strip("| ").split(" | ") for line in done.splitlines() if line.startswith("|")]
    promises = [row for row in rows if not set(row[0]) <= {"-", "|"} and row[0] != "promise"]
    assert len(promises) > 20
    assert [row[0][:40] for row in promises if len(row) != 3 or ("tests/" not in row[2] and "rule" not in row[2])] == []
