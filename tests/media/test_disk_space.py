"""Looking at a real disk."""

from __future__ import annotations

import shutil
from pathlib import Path

from bot.media.disk_space import DataDisk


def test_a_disk_is_seen_as_it_is_and_left_as_it_was(tmp_path: Path) -> None:
    """The free bytes that the system tells, no trouble, and no file that stays behind."""
    seen = DataDisk(tmp_path).look()
    assert seen.trouble == ""
    assert abs(seen.free_bytes - shutil.disk_usage(tmp_path).free) < 1_000_000_000
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_is_gone_is_trouble_and_no_crash(tmp_path: Path) -> None:
    """A volume that was taken away."""
    assert DataDisk(tmp_path / "gone").look().trouble == "No such file or directory"


def test_a_directory_that_takes_no_files_is_trouble(tmp_path: Path) -> None:
    """What the file system says of its room is not all: here it has plenty."""
    (tmp_path / ".room").mkdir()
    assert DataDisk(tmp_path).look().trouble == "Is a directory"
