"""Removes metadata from pictures: location, time, author, and data appended after the picture.

JPEG, PNG and WebP are taken apart and reassembled, so that no pixel changes. Pictures whose orientation would be lost
are rotated and re-encoded here, which costs a JPEG a little quality.
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
"""From this size on pictures are halved before rotating: source and result are in memory at once."""
_PAINTING_BYTES: Final = 8
"""Bytes per pixel in the rotated copy and the encoder, in addition to the decoder's."""
_QUALITY: Final = 95

_JFIF: Final = b"JFIF\0"
_JFIF_BYTES: Final = 12
_COLOURS: Final[Mapping[int, tuple[bytes, ...]]] = MappingProxyType({APP2: (b"ICC_PROFILE\0",), APP14: (b"Adobe",)})
_NOTHING: Final[tuple[bytes, ...]] = ()

_PAINTED: Final = ("icc_profile", "transparency")

# The picture's data, and what defines its colours and transparency.
_PNG_KEPT: Final = frozenset(b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP cICP sBIT bKGD pHYs".split())
_PNG_EXIF: Final = (b"eXIf", b"Raw profile type", b"XML:com.adobe.xmp")
_WEBP_KEPT: Final = frozenset((b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ICCP"))
_WEBP_FRAMES: Final = frozenset((b"ANIM", b"ANMF"))
_WEBP_HAS_METADATA: Final = 0x08 | 0x04
"""VP8X flags: the file contains EXIF and XMP."""


class _MalformedError(ValueError):
    """A file that decoders tolerate, but that can't be parsed unambiguously."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanPicture:
    """A picture without metadata. `still` says that it was an animation, of which the first frame is kept."""

    data: bytes
    kind: Kind
    still: bool = False


def cleaned(data: bytes, kind: Kind) -> CleanPicture:
    """A decodable PNG, JPEG, WebP or GIF without metadata, upright; the same bytes if nothing had to be done.

    GIFs and animations become PNGs. Blocks for up to some seconds. Raises PictureError.
    """
    try:
        with open_image(io.BytesIO(data), [kind]) as image:
            # What cameras append to a JPEG (a second view, a depth map) is not an animation.
            still = kind != JPEG and bool(getattr(image, "is_animated", False))
            upright = _is_upright(image, data, kind)
        if still or kind == GIF:
            return CleanPicture(data=_painted_anew(data, kind, PNG), kind=PNG, still=still)
        bare = _bare(data, kind) if upright else None
        return CleanPicture(data=_painted_anew(data, kind, kind) if bare is None else bare, kind=kind)
    except (*DAMAGE, Image.DecompressionBombError) as error:
        raise PictureError("not_a_picture", "The picture cannot be opened.") from error


def _is_upright(image: Image.Image, data: bytes, kind: Kind) -> bool:
    # A PNG may have EXIF after its pixels, which would have to be decoded first; few PNGs have EXIF at all.
    if kind == PNG and not any(name in data for name in _PNG_EXIF):
        return True
    return bool(image.getexif().get(_ORIENTATION, _UPRIGHT) == _UPRIGHT)


def _bare(data: bytes, kind: Kind) -> bytes | None:
    """The same file without its metadata; None if it violates its format."""
    try:
        return _TAKEN_APART[kind](data)
    except (_MalformedError, MalformedJpegError, MalformedPngError):
        return None


def _bare_jpeg(data: bytes) -> bytes:
    kept = [SOI]
    for segment in segments(data):
        payload = segment.payload
        if segment.marker == APP0 and payload.startswith(_JFIF):
            # Without the thumbnail, which may show cropped parts.
            kept.append(struct.pack(">BBH", 0xFF, APP0, _JFIF_BYTES + 4) + payload[:_JFIF_BYTES] + b"\0\0")
        elif segment.marker not in OTHER_APPS or payload.startswith(_COLOURS.get(segment.marker, _NOTHING)):
            kept.append(segment.whole)
    if kept[-1] != EOI:
        raise _MalformedError  # without EOI it is unknown where the last scan ends and what follows it
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
            raise _MalformedError  # an animation, even if it has only one frame
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
    """The first frame, upright and re-encoded: only pixels and their colour profile."""
    with open_image(io.BytesIO(data), [kind]) as image:
        width, height = image.size
        if kind == JPEG and width * height > _LARGE_JPEG_PIXELS:
            image.draft(None, (width // 2, height // 2))
        elif width * height * (decoder_bytes(kind) + _PAINTING_BYTES) > MAX_DECODER_BYTES:
            raise PictureError("too_many_pixels", "The picture is too large to be turned upright or made a still.")
        ImageOps.exif_transpose(image, in_place=True)
        painted = image.convert("RGBA") if target != kind else image
    # Pillow would write some of what it has read, such as a JPEG's comment.
    painted.info = {name: image.info[name] for name in _PAINTED if name in image.info}
    buffer = io.BytesIO()
    painted.save(buffer, target.format, quality=_QUALITY)
    return buffer.getvalue()
