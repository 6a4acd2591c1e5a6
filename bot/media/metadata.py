"""Takes out of a picture what is not the picture: where and when it was taken, by whom, and whatever hangs behind it.

JPEG, PNG and WebP are taken apart and put together again, so that not a pixel changes. What no reader of the result
would turn upright by itself is turned here, which costs a JPEG a little of its quality.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from PIL import Image, ImageOps

from bot.domain.errors import PictureError
from bot.media.decoders import DAMAGE, MAX_DECODER_BYTES, decoder_bytes, open_image
from bot.media.jpeg import APP0, APP2, APP14, EOI, OTHER_APPS, SOI, MalformedJpegError, segments
from bot.media.png import HEAD, MalformedPngError, chunks
from bot.media.sniff import GIF, JPEG, PNG, WEBP, Kind

_UPRIGHT: Final = 1
_ORIENTATION: Final = 0x0112
_LARGE_JPEG_PIXELS: Final = 24_000_000
"""Turned at half its size from here on: both sides of the turn are in memory at once."""
_PAINTING_BYTES: Final = 8
"""What a pixel takes in the copy that is turned, and in the encoder, beside what its decoder takes."""
_QUALITY: Final = 95

_JFIF: Final = b"JFIF\0"
_JFIF_BYTES: Final = 12
_COLOURS: Final[Mapping[int, tuple[bytes, ...]]] = MappingProxyType({APP2: (b"ICC_PROFILE\0",), APP14: (b"Adobe",)})
_NOTHING: Final[tuple[bytes, ...]] = ()

_PAINTED: Final = ("icc_profile", "transparency")

# The picture itself, and how its colours and its shape are meant.
_PNG_KEPT: Final = frozenset(b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP cICP sBIT bKGD pHYs".split())
_PNG_EXIF: Final = (b"eXIf", b"Raw profile type", b"XML:com.adobe.xmp")
_WEBP_KEPT: Final = frozenset((b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ICCP"))
_WEBP_FRAMES: Final = frozenset((b"ANIM", b"ANMF"))
_WEBP_HAS_METADATA: Final = 0x08 | 0x04
"""Flags of VP8X: EXIF and XMP follow."""


class _MalformedError(ValueError):
    """A file that decoders forgive, but that cannot be taken apart with certainty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanPicture:
    """A picture without anything beside it. `still` says that it was an animation, of which the first frame is left."""

    data: bytes
    kind: Kind
    still: bool = False


def cleaned(data: bytes, kind: Kind) -> CleanPicture:
    """A decodable PNG, JPEG, WebP or GIF without metadata, upright; the same bytes where there was nothing to do.

    A GIF becomes a PNG, and so does an animation. Blocks for up to some seconds. Raises PictureError.
    """
    try:
        with open_image(io.BytesIO(data), [kind]) as image:
            # What cameras put behind a JPEG (a second view, the depths) is no animation.
            still = kind != JPEG and bool(getattr(image, "is_animated", False))
            upright = _is_upright(image, data, kind)
        if still or kind == GIF:
            return CleanPicture(data=_painted_anew(data, kind, PNG), kind=PNG, still=still)
        bare = _bare(data, kind) if upright else None
        return CleanPicture(data=_painted_anew(data, kind, kind) if bare is None else bare, kind=kind)
    except (*DAMAGE, Image.DecompressionBombError) as error:
        raise PictureError("not_a_picture", "The picture cannot be opened.") from error


def _is_upright(image: Image.Image, data: bytes, kind: Kind) -> bool:
    # A PNG may say it behind its pixels, and would have to be decoded first: rarely one says it at all.
    if kind == PNG and not any(name in data for name in _PNG_EXIF):
        return True
    return bool(image.getexif().get(_ORIENTATION, _UPRIGHT) == _UPRIGHT)


def _bare(data: bytes, kind: Kind) -> bytes | None:
    """The same file without its metadata; None where it is not built as its format is."""
    try:
        return _TAKEN_APART[kind](data)
    except (_MalformedError, MalformedJpegError, MalformedPngError):
        return None


def _bare_jpeg(data: bytes) -> bytes:
    kept = [SOI]
    for segment in segments(data):
        payload = segment.payload
        if segment.marker == APP0 and payload.startswith(_JFIF):
            # Without the thumbnail, which may show what was cut away.
            kept.append(struct.pack(">BBH", 0xFF, APP0, _JFIF_BYTES + 4) + payload[:_JFIF_BYTES] + b"\0\0")
        elif segment.marker not in OTHER_APPS or payload.startswith(_COLOURS.get(segment.marker, _NOTHING)):
            kept.append(segment.whole)
    if kept[-1] != EOI:
        raise _MalformedError  # nobody knows where the last scan ends, and what follows it
    return b"".join(kept)


def _bare_png(data: bytes) -> bytes:
    kept = [data[chunk.start : chunk.end] for chunk in chunks(data) if chunk.name in _PNG_KEPT]
    return HEAD + b"".join(kept)


def _bare_webp(data: bytes) -> bytes:
    kept, at = [b"WEBP"], 12
    end = min(len(data), 8 + int.from_bytes(data[4:8], "little"))
    while at + 8 <= end:
        name, length = struct.unpack_from("<4sI", data, at)
        chunk = data[at + 8 : at + 8 + length]
        if len(chunk) < length or (name == b"VP8X" and length < 1):
            raise _MalformedError
        if name in _WEBP_FRAMES:
            raise _MalformedError  # an animation, if only of one frame
        if name == b"VP8X":
            chunk = bytes((chunk[0] & ~_WEBP_HAS_METADATA,)) + chunk[1:]
        if name in _WEBP_KEPT:
            kept.append(struct.pack("<4sI", name, length) + chunk + b"\0" * (length % 2))
        at += 8 + length + length % 2
    body = b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body


_TAKEN_APART: Final[Mapping[Kind, Callable[[bytes], bytes]]] = MappingProxyType(
    {JPEG: _bare_jpeg, PNG: _bare_png, WEBP: _bare_webp}
)


def _painted_anew(data: bytes, kind: Kind, target: Kind) -> bytes:
    """The first frame, upright, written by ourselves: pixels and their colour profile, and nothing else."""
    with open_image(io.BytesIO(data), [kind]) as image:
        width, height = image.size
        if kind == JPEG and width * height > _LARGE_JPEG_PIXELS:
            image.draft(None, (width // 2, height // 2))
        elif width * height * (decoder_bytes(kind) + _PAINTING_BYTES) > MAX_DECODER_BYTES:
            raise PictureError("too_many_pixels", "The picture is too large to be turned upright or made a still.")
        ImageOps.exif_transpose(image, in_place=True)
        painted = image.convert("RGBA") if target != kind else image
    # Pillow writes some of what it has read, a JPEG's comment for one.
    painted.info = {name: image.info[name] for name in _PAINTED if name in image.info}
    buffer = io.BytesIO()
    painted.save(buffer, target.format, quality=_QUALITY)
    return buffer.getvalue()
