"""The spool stores complete pictures, durably and privately."""

import os
from pathlib import Path

import pytest
from PIL import Image

from bot.domain.errors import PictureError, StartupError, StoreError
from bot.media.fit import LADDER
from bot.media.spool import Spool
from tests.media.test_sniff_and_verify import picture


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    """An empty spool in a directory that does not exist yet."""
    return Spool(tmp_path / "data" / "spool")


async def test_admitted_picture_has_its_real_extension(spool: Spool) -> None:
    """And the incoming file is gone."""
    part = spool.incoming(7)
    part.write_bytes(picture("JPEG"))
    path, info = await spool.admit(7)
    assert path.name == "7.jpg"
    assert info.format == "JPEG"
    assert not part.exists()
    assert spool.path_of("7.jpg") == path
    assert await spool.find(7) == (path, info)


async def test_invalid_picture_is_not_kept(spool: Spool) -> None:
    """The next download starts again."""
    part = spool.incoming(7)
    part.write_bytes(b"<html></html>")
    with pytest.raises(PictureError):
        await spool.admit(7)
    assert not part.exists()
    assert await spool.find(7) is None


async def test_partial_picture_is_never_found(spool: Spool) -> None:
    """A crash during a download leaves only the incoming file."""
    spool.incoming(7).write_bytes(picture("PNG"))
    assert await spool.find(7) is None


async def test_downloads_of_an_earlier_process_are_deleted(spool: Spool) -> None:
    """The next one requests them again; complete pictures stay."""
    spool.incoming(7).write_bytes(picture("PNG"))
    await spool.admit(7)
    spool.incoming(8).write_bytes(b"half a pict")
    folder = spool.incoming(8).parent
    again = Spool(folder)
    assert not again.incoming(8).exists()
    assert await again.find(7) is not None


async def test_job_has_one_picture_even_after_a_second_download(spool: Spool) -> None:
    """The second one may have another format; a smaller version of the first is deleted too."""
    spool.incoming(7).write_bytes(picture("JPEG"))
    first, _ = await spool.admit(7)
    first.with_name("7.fit1.webp").write_bytes(b"x")
    spool.incoming(7).write_bytes(picture("PNG"))
    second, _ = await spool.admit(7)
    assert sorted(path.name for path in second.parent.glob("*")) == ["7.png", "7.thumb.webp"]


async def test_thumbnail_is_made_with_its_picture_and_outlives_it(spool: Spool) -> None:
    """It is small, private, and deleted separately or with everything else of its job."""
    spool.incoming(7).write_bytes(picture("PNG", size=(1_600, 400)))
    path, _ = await spool.admit(7)
    await spool.retire(7)
    thumbnail = await spool.thumbnail(7)
    assert thumbnail is not None
    assert [left.name for left in path.parent.glob("*")] == [thumbnail.name]
    assert thumbnail.stat().st_mode & 0o777 == 0o600
    with Image.open(thumbnail) as small:
        assert (small.format, small.size) == ("WEBP", (256, 64))
    await spool.remove_thumbnail(7)
    assert await spool.thumbnail(7) is None


async def test_missing_thumbnail_is_made_on_demand(spool: Spool) -> None:
    """For a picture that an earlier version stored; an unreadable file has none."""
    spool.path_of("7.jpg").write_bytes(picture("JPEG"))
    spool.path_of("8.jpg").write_bytes(b"no picture")
    assert await spool.thumbnail(7) == spool.path_of("7.thumb.webp")
    assert await spool.thumbnail(8) is None
    assert await spool.find(8) is None


async def test_picture_corrupted_later_is_not_found(spool: Spool) -> None:
    """It is downloaded again."""
    spool.incoming(7).write_bytes(picture("PNG"))
    path, _ = await spool.admit(7)
    path.write_bytes(path.read_bytes()[:50])
    assert await spool.find(7) is None


async def test_removing_a_job_keeps_the_others(spool: Spool) -> None:
    """Job 7 is not job 71, and removing nothing is no error."""
    for job_id in (7, 71):
        spool.incoming(job_id).write_bytes(picture("PNG"))
        await spool.admit(job_id)
    await spool.remove(7)
    await spool.remove(7)
    assert await spool.find(7) is None
    assert await spool.find(71) is not None


async def test_removing_a_job_takes_every_file_of_it(spool: Spool) -> None:
    """The picture, its smaller versions, its thumbnail, and partial files left by a crash."""
    names = ["7.png", "7.jpg", "7.part", "7.thumb.webp", "7.thumb.part", "7.fit1.webp", f"7.fit{len(LADDER)}.webp"]
    for name in names:
        spool.path_of(name).write_bytes(b"")
    await spool.remove(7)
    assert [name for name in names if spool.path_of(name).exists()] == []


async def test_only_this_user_can_access_the_spool(spool: Spool) -> None:
    """Directory and files are private for any umask."""
    part = spool.incoming(7)
    part.write_bytes(picture("PNG"))
    part.chmod(0o644)
    path, _ = await spool.admit(7)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


async def test_missing_incoming_file_is_a_disk_error(spool: Spool) -> None:
    """Not a bad picture."""
    with pytest.raises(StoreError):
        await spool.admit(7)


def test_uncreatable_directory_ends_the_start(tmp_path: Path) -> None:
    """With a sentence that names it."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StartupError, match="DATA_DIR"):
        Spool(tmp_path / "file" / "spool")


def test_file_name_cannot_escape_the_spool(spool: Spool) -> None:
    """Only its last component is used."""
    assert spool.path_of(os.path.join("..", "..", "secret")).parent == spool.incoming(1).parent  # noqa: PTH118 - a raw name
