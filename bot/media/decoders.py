"""The only place that calls Pillow's decoders, limited to the needed formats whatever else Pillow supports."""

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
"""More than twice the model's largest picture, and more than most cameras produce."""
MAX_DECODER_BYTES: Final = 320_000_000
"""The peak memory of decoding one picture: enough for the model's largest in any format."""
PROGRESSIVE: Final = 10
"""Bytes per pixel of a JPEG with several scans: its decoder keeps all coefficients in memory."""
_BYTES_PER_PIXEL: Final[Mapping[Kind, int]] = MappingProxyType({WEBP: 16, AVIF: 10})
_USUAL: Final = 4
# Pillow's own decompression bomb check, after ours; it warns from this size on and raises from twice as much.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


def decoder_bytes(kind: Kind) -> int:
    """Bytes per pixel while decoding this format, as measured with Pillow 12."""
    return _BYTES_PER_PIXEL.get(kind, _USUAL)


DAMAGE: Final = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, RuntimeError, struct.error, zlib.error
)  # fmt: skip
"""What Pillow's decoders raise on damaged files; doesn't include Image.DecompressionBombError."""


def open_image(source: Path | BinaryIO, kinds: Collection[Kind] = KINDS) -> Image.Image:
    """A picture of one of these kinds, with only its header read; raises what Pillow raises."""
    return Image.open(source, formats=[kind.format for kind in kinds])
