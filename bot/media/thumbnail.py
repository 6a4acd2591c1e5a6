"""Makes thumbnails of pictures, for lists and cards."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from PIL import Image

from bot.media.decoders import DAMAGE, open_image

log = logging.getLogger(__name__)

SIDE: Final = 256
_QUALITY: Final = 75


def small(path: Path, side: int) -> Image.Image:
    """A picture's first frame scaled into a square; raises OSError or ValueError for a damaged file.

    A large JPEG is decoded at reduced size, which is much faster.
    """
    with open_image(path) as image:
        image.draft("RGB", (2 * side, 2 * side))
        image.thumbnail((side, side), Image.Resampling.BICUBIC, reducing_gap=2.0)
        has_alpha = image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info
        return image.convert("RGBA" if has_alpha else "RGB")


def save_small(path: Path, to: Path) -> bool:
    """Write a thumbnail atomically; False, with a log line, if that fails.

    Thumbnails are optional: callers must do without a missing one.
    """
    part = to.with_suffix(".part")
    try:
        small(path, SIDE).save(part, "WEBP", quality=_QUALITY)
        part.chmod(0o600)
        part.replace(to)
    except (*DAMAGE, Image.DecompressionBombError) as error:
        log.warning("no_thumbnail", extra={"file": path.name, "error": str(error)})
        part.unlink(missing_ok=True)
        return False
    return True
