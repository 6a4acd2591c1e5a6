"""The one door to Pillow's decoders: only the formats that are needed, whatever else it has been built with."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO, Final

from PIL import Image

from bot.media.sniff import KINDS, Kind

MAX_PIXELS: Final = 50_000_000
"""More than twice the model's largest picture, and more than most cameras make.

Decoded, it takes 200 MB for a moment, and 400 MB as a progressive JPEG.
"""
# Pillow's own guard against decompression bombs, behind ours; it warns from here on and raises from twice as much.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


DAMAGE: Final = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, RuntimeError, struct.error, zlib.error
)  # fmt: skip
"""What Pillow's decoders raise on damaged files. Image.DecompressionBombError is none of them."""


def open_image(source: Path | BinaryIO, kinds: Collection[Kind] = KINDS) -> Image.Image:
    """A picture of one of these kinds, of which nothing but the header is read yet; raises what Pillow raises."""
    return Image.open(source, formats=[kind.format for kind in kinds])
