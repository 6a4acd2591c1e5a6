"""Shrinks a picture to fit an upload limit with as little loss as possible."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image

from bot.domain.errors import StoreError
from bot.media.decode_pool import LARGE_PIXELS, in_studio, room_for
from bot.media.decoders import DAMAGE, open_image
from bot.ports import Fitted


@dataclass(frozen=True, slots=True, kw_only=True)
class FitStep:
    """One rung of the ladder: WebP or JPEG of this quality, each side times `scale`."""

    quality: int
    jpeg_quality: int
    scale: float


# Rung 0 is the original. Quality is reduced first because it is hardly visible, then the size.
LADDER: Final = (
    FitStep(quality=90, jpeg_quality=93, scale=1.0),
    FitStep(quality=80, jpeg_quality=88, scale=1.0),
    FitStep(quality=65, jpeg_quality=80, scale=1.0),
    FitStep(quality=75, jpeg_quality=86, scale=0.7),
    FitStep(quality=70, jpeg_quality=83, scale=0.5),
    FitStep(quality=70, jpeg_quality=83, scale=0.35),
    FitStep(quality=60, jpeg_quality=75, scale=0.2),
)
ENDINGS: Final = tuple(f"fit{rung}.{extension}" for rung in range(1, len(LADDER) + 1) for extension in ("webp", "jpg"))
"""The suffixes of smaller versions' file names."""
# WebP's effort, 0 to 6: 2 takes half the time of the default for a few percent more bytes.
_EFFORT: Final = 2


class SizeFitter:
    """A PictureFitter that writes smaller versions beside the original, as `{stem}.fit{rung}.webp` or `.jpg`.

    A large opaque picture becomes a JPEG: for a 4K one WebP needs 100 MB in addition to the pixels, and ten times as
    long.
    """

    async def fit(self, path: Path, limit_bytes: int, *, rung: int = 0) -> Fitted | None:
        """The picture at the first rung, from `rung` on, at which it has at most `limit_bytes`; off the event loop.

        None if even the last rung is too large, or the file is gone; raises StoreError if the disk fails.
        """
        return await in_studio(_fit, path, limit_bytes, rung)


def _fit(path: Path, limit_bytes: int, start: int) -> Fitted | None:
    if not path.is_file():
        return None
    try:
        original_bytes = path.stat().st_size
        if start <= 0 and original_bytes <= limit_bytes:
            return Fitted(path=path, extension=path.suffix[1:], size_bytes=original_bytes)
        # A lower rung is requested after the original was refused, so a version that is no smaller is useless.
        with room_for(path):
            return _smaller(path, min(limit_bytes, original_bytes - 1), max(1, start))
    except DAMAGE as error:
        raise StoreError(f"The picture {path.name} cannot be made smaller: {error}") from error


def _smaller(path: Path, limit_bytes: int, start: int) -> Fitted | None:
    with open_image(path) as opened:
        opened.load()
        still = " of the first frame" if getattr(opened, "is_animated", False) else ""
        mode = "RGBA" if _has_alpha(opened) else "RGB"
        image = opened if opened.mode == mode else opened.convert(mode)  # converting always copies
        tries = (_try(image, path, number, limit_bytes, still) for number in range(start, len(LADDER) + 1))
        return next((fitted for fitted in tries if fitted is not None), None)


def _try(image: Image.Image, path: Path, number: int, limit_bytes: int, still: str) -> Fitted | None:
    rung = LADDER[number - 1]
    width, height = (max(1, round(side * rung.scale)) for side in image.size)
    smaller = image if rung.scale == 1 else image.resize((width, height), Image.Resampling.LANCZOS)
    as_jpeg = image.mode == "RGB" and width * height >= LARGE_PIXELS
    kind, extension, quality = ("JPEG", "jpg", rung.jpeg_quality) if as_jpeg else ("WebP", "webp", rung.quality)
    target = path.with_name(f"{path.stem}.fit{number}.{extension}")
    try:
        if as_jpeg:
            colours = image.info.get("icc_profile")
            smaller.save(target, "JPEG", quality=quality, subsampling="4:4:4", icc_profile=colours)
        else:
            smaller.save(target, "WEBP", quality=quality, method=_EFFORT)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    size_bytes = target.stat().st_size
    if size_bytes > limit_bytes:
        target.unlink()
        return None
    shrunk = f"{kind}{still}, quality {quality}, {width}x{height}"
    return Fitted(path=target, extension=extension, size_bytes=size_bytes, rung=number, shrunk=shrunk)


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info
