"""Open a picture file and make sure that all of it can be decoded."""

from __future__ import annotations

import asyncio
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, Final

from PIL import Image

from bot.domain.errors import PictureError, StoreError
from bot.domain.picture import PictureInfo
from bot.media.sniff import KINDS, SNIFF_BYTES, sniff

# The largest picture of the model has 19 megapixels; decoding 160 takes some 500 MB for a moment.
MAX_PIXELS: Final = 160_000_000
# What a WebP can hold, so that every accepted picture can be fitted into an upload limit later.
MAX_SIDE: Final = 16_383
# Pillow's own guard against decompression bombs warns from half of its error limit on. Ours comes first and refuses.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS

# What Pillow's decoders raise on damaged files. DecompressionBombError is none of them and handled before.
_DAMAGE: Final = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, struct.error, zlib.error)


async def verify(path: Path) -> PictureInfo:
    """Decode a picture file completely, off the event loop; see `verify_now`."""
    return await asyncio.to_thread(verify_now, path)


def verify_now(path: Path, *, max_pixels: int = MAX_PIXELS) -> PictureInfo:
    """What a picture file really is. The pixel size is checked before any pixel is decoded.

    Raises PictureError `not_a_picture` or `too_many_pixels`, or StoreError where the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            size_bytes = path.stat().st_size
            kind = sniff(file.read(SNIFF_BYTES))
            if kind is None:
                raise PictureError("not_a_picture", "The file is not a picture of a known format.")
            width, height = _decode(file, max_pixels)
    except OSError as error:
        raise StoreError(f"The picture cannot be read from disk: {error.strerror or error}") from error
    return PictureInfo(format=kind.format, extension=kind.extension, width=width, height=height, size_bytes=size_bytes)


def _decode(file: BinaryIO, max_pixels: int) -> tuple[int, int]:
    file.seek(0)
    try:
        with Image.open(file, formats=[kind.format for kind in KINDS]) as image:
            width, height = image.size
            if width * height > max_pixels or max(width, height) > MAX_SIDE:
                raise PictureError("too_many_pixels", f"The picture has {width}x{height} pixels, which is too many.")
            image.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError("too_many_pixels", "The picture has far too many pixels.") from error
    except _DAMAGE as error:
        raise PictureError("not_a_picture", "The picture is damaged or cut off.") from error
    return width, height
