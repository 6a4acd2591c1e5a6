"""The one door to Pillow's decoders: only the formats that are needed, whatever else it has been built with."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Final

from PIL import Image

from bot.media.sniff import AVIF, KINDS, WEBP, Kind

MAX_PIXELS: Final = 50_000_000
"""More than twice the model's largest picture, and more than most cameras make."""
MAX_DECODER_BYTES: Final = 320_000_000
"""What decoding one picture may take, for a moment: enough for the model's largest in any format."""
PROGRESSIVE: Final = 10
"""Bytes that a pixel takes where a JPEG comes in several scans: its decoder holds all of their coefficients."""
_BYTES_PER_PIXEL: Final[Mapping[Kind, int]] = MappingProxyType({WEBP: 16, AVIF: 10})
_USUAL: Final = 4
# Pillow's own guard against decompression bombs, behind ours; it warns from here on and raises from twice as much.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


def decoder_bytes(kind: Kind) -> int:
    """How many bytes a pixel of this format takes while it is decoded, as measured with Pillow 12."""
    return _BYTES_PER_PIXEL.get(kind, _USUAL)


DAMAGE: Final = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, RuntimeError, struct.error, zlib.error
)  # fmt: skip
"""What Pillow's decoders raise on damaged files. Image.DecompressionBombError is none of them."""


def open_image(source: Path | BinaryIO, kinds: Collection[Kind] = KINDS) -> Image.Image:
    """A picture of one of these kinds, of which nothing but the header is read yet; raises what Pillow raises."""
    return Image.open(source, formats=[kind.format for kind in kinds])
