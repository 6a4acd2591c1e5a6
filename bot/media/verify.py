"""Verifies that a picture file can be decoded completely."""

from __future__ import annotations

import asyncio
import mmap
from pathlib import Path
from typing import BinaryIO, Final

from PIL import Image

from bot.domain.errors import PictureError, StoreError
from bot.domain.picture import PictureInfo
from bot.media.decoders import DAMAGE, MAX_DECODER_BYTES, MAX_PIXELS, PROGRESSIVE, decoder_bytes, open_image
from bot.media.jpeg import scans
from bot.media.png import has_too_many_chunks
from bot.media.sniff import JPEG, PNG, SNIFF_BYTES, Kind, sniff

# The maximum of WebP, so that every accepted picture can be fitted into an upload limit later.
MAX_SIDE: Final = 16_383
MAX_SCANS: Final = 100
"""A progressive JPEG has about ten; a small file with thousands keeps a decoder busy for an hour."""


async def verify(path: Path) -> PictureInfo:
    """Decode a picture file completely, off the event loop; see `verify_now`."""
    return await asyncio.to_thread(verify_now, path)


def verify_now(path: Path) -> PictureInfo:
    """Verify a picture file and return its real format and size. Its pixels are counted before any is decoded.

    Raises PictureError `not_a_picture` or `too_many_pixels`, or StoreError if the file can't be read.
    """
    try:
        with path.open("rb") as file:
            size_bytes = path.stat().st_size
            kind = sniff(file.read(SNIFF_BYTES))
            if kind is None:
                raise PictureError("not_a_picture", "The file is not a picture of a known format.")
            width, height = _decode(file, kind)
    except OSError as error:
        raise StoreError(f"The picture cannot be read from disk: {error.strerror or error}") from error
    return PictureInfo(format=kind.format, extension=kind.extension, width=width, height=height, size_bytes=size_bytes)


def pixels_of(path: Path) -> int:
    """The pixel count that a picture's header declares; 0 if there is none, or `verify_now` would refuse it unread."""
    try:
        with path.open("rb") as file:
            kind = sniff(file.read(SNIFF_BYTES))
            if kind is None:
                return 0
            _check_build(file, kind)
            file.seek(0)
            with open_image(file, [kind]) as image:
                return image.size[0] * image.size[1]
    except (*DAMAGE, PictureError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return 0


def _decode(file: BinaryIO, kind: Kind) -> tuple[int, int]:
    try:
        pixel_bytes = _check_build(file, kind)
        file.seek(0)
        with open_image(file, [kind]) as image:
            width, height = image.size
            most = min(MAX_PIXELS, MAX_DECODER_BYTES // pixel_bytes)
            if width * height > most or max(width, height) > MAX_SIDE:
                raise PictureError("too_many_pixels", f"The picture has {width}x{height} pixels, which is too many.")
            image.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError("too_many_pixels", "The picture has far too many pixels.") from error
    except DAMAGE as error:
        raise PictureError("not_a_picture", "The picture is damaged or cut off.") from error
    return width, height


def _check_build(file: BinaryIO, kind: Kind) -> int:
    """How many bytes a pixel will take in the decoder.

    Raises PictureError for a file that is small, also as a picture, but keeps a decoder or Pillow busy for minutes.
    """
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        passes = scans(data, most=MAX_SCANS + 1) if kind == JPEG else 1
        if passes > MAX_SCANS or (kind == PNG and has_too_many_chunks(data)):
            raise PictureError("not_a_picture", "The picture is built to keep a decoder busy.")
    return PROGRESSIVE if passes > 1 else decoder_bytes(kind)
