"""What the model offers: aspect ratios, resolutions, pixels, prices. Source: the vendor's guide."""

from fractions import Fraction
from typing import Final

MODEL: Final = "gemini-3.1-flash-image-preview"
MAX_REFERENCES: Final = 14
MAX_REFERENCE_BYTES: Final = 20 * 1024 * 1024

PIXELS_AT_1K: Final[dict[str, tuple[int, int]]] = {
    "1:1": (1024, 1024),
    "1:4": (512, 2048),
    "1:8": (384, 3072),
    "2:3": (848, 1264),
    "3:2": (1264, 848),
    "3:4": (896, 1200),
    "4:1": (2048, 512),
    "4:3": (1200, 896),
    "4:5": (928, 1152),
    "5:4": (1152, 928),
    "8:1": (3072, 384),
    "9:16": (768, 1376),
    "16:9": (1376, 768),
    "21:9": (1584, 672),
}
SCALE: Final = {"0.5K": Fraction(1, 2), "1K": Fraction(1), "2K": Fraction(2), "4K": Fraction(4)}
PRICE: Final = {"0.5K": Fraction(1), "1K": Fraction(1), "2K": Fraction(4, 3), "4K": Fraction(2)}
# After this many seconds the sync call responds with 408 while the task continues.
SYNC_DEADLINE_S: Final = {"0.5K": 180.0, "1K": 180.0, "2K": 300.0, "4K": 900.0}


def pixel_size(ratio: str, resolution: str) -> tuple[int, int]:
    """Width and height of a picture in pixels."""
    width, height = PIXELS_AT_1K[ratio]
    return int(width * SCALE[resolution]), int(height * SCALE[resolution])


def ratio_of(size: str) -> str | None:
    """The aspect ratio that a request's `size` means, or None if the model doesn't have it.

    The guide knows ratios only. Pixel sizes of the model's own table (`1024x1024`) and `auto` are accepted too, because
    OpenAI's SDK has no other way to request them.
    """
    text = size.strip().lower()
    if text == "auto":
        return "1:1"
    if text in PIXELS_AT_1K:
        return text
    sizes = {"{}x{}".format(*pixel_size(ratio, scale)): ratio for scale in SCALE for ratio in PIXELS_AT_1K}
    return sizes.get(text)
