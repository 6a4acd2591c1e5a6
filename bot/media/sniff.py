"""Detects a picture's format by its first bytes, since file names and content types are unreliable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SNIFF_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A picture format: Pillow's name for it, the file extension (without dot) and the content type."""

    format: str
    extension: str
    mime: str


PNG: Final = Kind(format="PNG", extension="png", mime="image/png")
JPEG: Final = Kind(format="JPEG", extension="jpg", mime="image/jpeg")
WEBP: Final = Kind(format="WEBP", extension="webp", mime="image/webp")
GIF: Final = Kind(format="GIF", extension="gif", mime="image/gif")
AVIF: Final = Kind(format="AVIF", extension="avif", mime="image/avif")
BMP: Final = Kind(format="BMP", extension="bmp", mime="image/bmp")
KINDS: Final = (PNG, JPEG, WEBP, GIF, AVIF, BMP)
"""What a provider might send; each additional decoder increases the attack surface."""


def sniff(head: bytes) -> Kind | None:
    """The format by the first SNIFF_BYTES of a file, or None if it is none of KINDS."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head.startswith((b"GIF87a", b"GIF89a")):
        return GIF
    if head[4:8] == b"ftyp" and (b"avif" in head[8:32] or b"avis" in head[8:32]):
        return AVIF
    return BMP if head.startswith(b"BM") else None
