"""Shrink a picture to an upload limit with the least loss."""

from pathlib import Path

import pytest
from PIL import Image

from bot.media.fit import LADDER, SizeFitter
from tests.media.test_sniff_and_verify import picture


def saved(tmp_path: Path, picture_format: str = "PNG", mode: str = "RGB") -> Path:
    """A noisy picture, which compresses badly."""
    path = tmp_path / f"7.{picture_format.lower()}"
    path.write_bytes(picture(picture_format, (256, 192), mode))
    return path


def files_in(folder: Path) -> set[Path]:
    """The names of the files in the directory."""
    return set(folder.glob("*"))


async def test_picture_that_fits_is_unchanged(tmp_path: Path) -> None:
    """It is not even read."""
    path = saved(tmp_path)
    fitted = await SizeFitter().fit(path, path.stat().st_size)
    assert fitted is not None
    assert (fitted.path, fitted.extension, fitted.shrunk) == (path, "png", "")
    assert fitted.size_bytes == path.stat().st_size


async def test_quality_is_reduced_before_pixels(tmp_path: Path) -> None:
    """The first step that fits is used and reported."""
    path = saved(tmp_path)
    fitted = await SizeFitter().fit(path, path.stat().st_size - 1)
    assert fitted is not None
    assert (fitted.extension, fitted.shrunk) == ("webp", "WebP, quality 90, 256x192")
    with Image.open(fitted.path) as image:
        assert (image.format, image.size) == ("WEBP", (256, 192))
    assert fitted.size_bytes == fitted.path.stat().st_size


async def test_pixels_are_reduced_if_quality_is_not_enough(tmp_path: Path) -> None:
    """The aspect ratio is kept, and only the result is left on disk."""
    path = saved(tmp_path)
    fitted = await SizeFitter().fit(path, 4_000)
    assert fitted is not None
    assert fitted.size_bytes <= 4_000
    with Image.open(fitted.path) as image:
        assert image.width < 256
        assert abs(image.width / image.height - 256 / 192) < 0.05
        assert f"{image.width}x{image.height}" in fitted.shrunk
    assert files_in(tmp_path) == {path, fitted.path}


async def test_413_moves_one_step_down(tmp_path: Path) -> None:
    """After a rejected original the next step is used, even if the original is within the nominal limit."""
    path = saved(tmp_path)
    sizes = []
    for rung in range(1, len(LADDER) + 1):
        fitted = await SizeFitter().fit(path, 10_000_000, rung=rung)
        assert fitted is not None
        assert f"quality {LADDER[rung - 1].quality}," in fitted.shrunk
        sizes.append(fitted.size_bytes)
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] < path.stat().st_size


async def test_below_the_last_step_nothing_is_returned(tmp_path: Path) -> None:
    """The limit is too small, or no step is left."""
    path = saved(tmp_path)
    assert await SizeFitter().fit(path, 10) is None
    assert await SizeFitter().fit(path, 10_000_000, rung=len(LADDER) + 1) is None
    assert files_in(tmp_path) == {path}


@pytest.mark.parametrize(("picture_format", "mode"), [("PNG", "P"), ("JPEG", "CMYK"), ("PNG", "L"), ("PNG", "I;16")])
async def test_every_colour_mode_can_be_shrunk(tmp_path: Path, picture_format: str, mode: str) -> None:
    """WebP supports only RGB; the rest is converted."""
    path = saved(tmp_path, picture_format, mode)
    assert await SizeFitter().fit(path, 10_000_000, rung=4) is not None


async def test_transparency_is_kept(tmp_path: Path) -> None:
    """The alpha channel is preserved."""
    path = tmp_path / "7.png"
    noise = Image.effect_noise((256, 192), 80)
    Image.merge("RGBA", (noise, noise, noise, noise)).save(path)
    fitted = await SizeFitter().fit(path, 10_000_000, rung=4)
    assert fitted is not None
    with Image.open(fitted.path) as image:
        assert image.mode == "RGBA"


async def test_animation_becomes_its_first_frame_and_says_so(tmp_path: Path) -> None:
    """The other frames are dropped."""
    frames = [Image.effect_noise((64, 64), 80) for _ in range(3)]
    path = tmp_path / "7.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    fitted = await SizeFitter().fit(path, path.stat().st_size - 1)
    assert fitted is not None
    assert "first frame" in fitted.shrunk


async def test_missing_file_is_not_retried(tmp_path: Path) -> None:
    """There is nothing to fit, now or later."""
    assert await SizeFitter().fit(tmp_path / "7.png", 4_000) is None


async def test_large_opaque_picture_becomes_a_jpeg(tmp_path: Path) -> None:
    """It takes a fraction of WebP's memory and time; with transparency it has to be WebP."""
    for mode, expected in (("RGB", ("jpg", "JPEG, quality 93, 3000x2700")), ("RGBA", ("webp", "WebP, quality 90, "))):
        path = tmp_path / f"{mode}.png"
        Image.linear_gradient("L").resize((3_000, 2_700)).convert(mode).save(path, compress_level=0)
        fitted = await SizeFitter().fit(path, path.stat().st_size, rung=1)
        assert fitted is not None
        assert fitted.extension == expected[0]
        assert fitted.shrunk.startswith(expected[1])
        with Image.open(fitted.path) as image:
            assert image.size == (3_000, 2_700)
