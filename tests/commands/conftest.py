"""An installation in a folder of its own, and its commands."""

import sys
from pathlib import Path

import pytest

from bot.__main__ import entry
from tests.commands.support import Command


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The database of this installation; backups go beside its folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    return tmp_path / "data" / "bot.db"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs a command and returns its exit code."""

    def command(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["bot", *words])
        try:
            entry()
        except SystemExit as end:
            return int(end.code or 0)
        return 0

    return command
