"""Small pictures with all metadata that cameras and programs write."""

from __future__ import annotations

import io
from functools import cache
from typing import Any, Final

from PIL import Image, PngImagePlugin

SECRET: Final = b"52.5163N 13.3777E"
"""What is planted in every place where a picture may say where it was taken."""
_ORIENTATION, _DESCRIPTION, _COMMENT = 0x0112, 0x010E, "Comment"
_MODES: Final = {"PNG": ("RGB", "RGBA", "P", "L", "1"), "GIF": ("P",)}


@cache
def originals() -> tuple[bytes, ...]:
    """One of each kind, rotated and upright, with metadata wherever the format has room for them."""
    return tuple(
        _written(kind, mode, turned)
        for kind in ("PNG", "JPEG", "WEBP", "GIF", "AVIF", "BMP")
        for mode in _MODES.get(kind, ("RGB",))
        for turned in (1, 6)
    )


def _written(kind: str, mode: str, turned: int) -> bytes:
    image = Image.linear_gradient("L").resize((24, 16)).convert(mode)
    exif = Image.Exif()
    exif[_ORIENTATION], exif[_DESCRIPTION] = turned, SECRET.decode()
    options: dict[str, Any] = {"exif": exif} if kind in {"PNG", "JPEG", "WEBP", "AVIF"} else {}
    if kind == "PNG":
        words = PngImagePlugin.PngInfo()
        words.add_text("Comment", SECRET)
        words.add_itxt("XML:com.adobe.xmp", SECRET.decode())
        options["pnginfo"] = words
    elif kind in {"JPEG", "WEBP"}:
        options |= {"xmp": SECRET, "comment": SECRET, "progressive": turned > 1}
    elif kind == "GIF":
        options["comment"] = SECRET
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
