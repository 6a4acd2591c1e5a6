"""An installation in its own directory, and its commands."""

from functools import partial
from pathlib import Path

import pytest

from tests.commands.support import Command, command


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The database of this installation; backups go beside its directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    return tmp_path / "data" / "bot.db"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs a command and returns its exit code."""
    return partial(command, monkeypatch)
