"""At the start DATA_DIR is made private, or what stays open is named with its mode and the fix."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

import pytest

from bot.ops.private_files import make_private, name_open_settings


def data_of(folder: Path) -> Path:
    """A world-readable data directory."""
    for name in ("spool", "references"):
        (folder / name).mkdir(parents=True)
        (folder / name).chmod(0o755)
    for name in ("bot.db", "bot.db-wal", "bot.lock", "bot.db.before-restore-1"):
        (folder / name).touch()
        (folder / name).chmod(0o644)
    folder.chmod(0o755)
    return folder


def modes(folder: Path) -> set[int]:
    """The modes of all files in it."""
    return {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def test_open_data_directory_is_made_private(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The directory, the database files and the picture directories; each change is logged, nothing is skipped."""
    caplog.set_level(logging.INFO)
    folder = data_of(tmp_path / "data")
    make_private(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert modes(folder) == {0o600, 0o700}
    assert {record.msg for record in caplog.records} == {"file_made_private"}


def test_directory_with_other_files_keeps_its_mode(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It may be a home directory: the bot's own files are made private, other files are not changed."""
    folder = data_of(tmp_path / "home")
    (folder / "public_html").mkdir(mode=0o755)
    make_private(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert stat.S_IMODE((folder / "bot.db").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "public_html").stat().st_mode) == 0o755
    assert caplog.records == []


def test_unchangeable_mode_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A directory of another user: its path, its mode and the command."""
    folder = data_of(tmp_path / "data")
    folder.chmod(0o777)
    monkeypatch.setattr("bot.ops.private_files.os.geteuid", lambda: 12_345)
    make_private(folder)
    named = [(record.msg, vars(record)["mode"], vars(record)["fix"]) for record in caplog.records]
    assert ("file_open_to_others", "0644", f"chmod -R go= {folder}") in named
    assert ("file_open_to_others", "0777", f"chmod go-w {folder}") in named


def test_settings_readable_by_others_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """They have the token and the key; a missing file is fine too."""
    name_open_settings(tmp_path / ".env")
    (tmp_path / ".env").touch(mode=0o600)
    name_open_settings(tmp_path / ".env")
    assert caplog.records == []
    (tmp_path / ".env").chmod(0o640)
    name_open_settings(tmp_path / ".env")
    assert vars(caplog.records[0])["fix"] == f"chmod 600 {tmp_path / '.env'}"
