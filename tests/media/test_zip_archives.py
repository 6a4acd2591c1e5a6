"""ZIP archives within an upload limit."""

from __future__ import annotations

import random
from pathlib import Path
from zipfile import ZipFile

from bot.media.zip_archives import ZipArchives

LIMIT_BYTES = 20_000


def test_archive_is_split_into_files_within_the_limit(tmp_path: Path) -> None:
    """Each is readable by itself; incompressible files are split.

    The names have the count, and the files are temporary.
    """
    rng = random.Random(1)
    contents = {f"orders-{number}.json": rng.randbytes(3_000) for number in range(20)}
    with ZipArchives(tmp_path / "archives").opened("data", limit_bytes=LIMIT_BYTES) as archive:
        counted = [archive.add(name, data) for name, data in contents.items()]
        files = archive.finished()
        assert counted[-1] == len(files)
        assert [file.name for file in files] == [f"data-{n}-of-{len(files)}.zip" for n in range(1, len(files) + 1)]
        assert all(file.stat().st_size <= LIMIT_BYTES for file in files)
        assert min(file.stat().st_size for file in files[:-1]) > LIMIT_BYTES // 2
        found: dict[str, bytes] = {}
        for file in files:
            with ZipFile(file) as opened:
                found |= {name: opened.read(name) for name in opened.namelist()}
        assert found == contents
    assert list((tmp_path / "archives").iterdir()) == []


def test_small_archive_is_a_single_private_file(tmp_path: Path) -> None:
    """Files left by a killed process are deleted at the next start."""
    (tmp_path / "archives" / "left").mkdir(parents=True)
    with ZipArchives(tmp_path / "archives").opened("data", limit_bytes=LIMIT_BYTES) as archive:
        archive.add("a.json", b"x" * 50_000)
        assert [file.name for file in archive.finished()] == ["data.zip"]
        assert not (tmp_path / "archives" / "left").exists()
        assert (tmp_path / "archives").stat().st_mode & 0o077 == 0
