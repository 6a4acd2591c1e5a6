"""Checks of a real disk."""

from __future__ import annotations

import shutil
from pathlib import Path

from bot.media.disk_space import DataDisk


def test_check_reports_free_bytes_and_leaves_no_file(tmp_path: Path) -> None:
    """The free bytes of the system, no error, and no remaining file."""
    seen = DataDisk(tmp_path).look()
    assert seen.trouble == ""
    assert abs(seen.free_bytes - shutil.disk_usage(tmp_path).free) < 1_000_000_000
    assert list(tmp_path.iterdir()) == []


def test_missing_directory_is_an_error_and_no_crash(tmp_path: Path) -> None:
    """A volume that was unmounted."""
    assert DataDisk(tmp_path / "gone").look().trouble == "No such file or directory"


def test_unwritable_directory_is_an_error(tmp_path: Path) -> None:
    """Though the file system reports plenty of free space."""
    (tmp_path / ".room").mkdir()
    assert DataDisk(tmp_path).look().trouble == "Is a directory"
