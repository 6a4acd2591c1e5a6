"""Aspect ratios, resolutions and pixel sizes of pictures. Source: the vendor's guide."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

MAX_PROMPT_CHARACTERS: Final = 4_000
MAX_REFERENCES: Final = 14
MAX_COUNT: Final = 4
MAX_JOBS: Final = 9
"""Per request, including retries: a message has at most ten files, and one is the contact sheet."""
MAX_REFERENCE_BYTES: Final = 20 * 1024 * 1024
REFERENCE_TYPES: Final = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})


class Resolution(StrEnum):
    """A picture's resolution; the value is the word that the API uses."""

    HALF_K = "0.5K"
    ONE_K = "1K"
    TWO_K = "2K"
    FOUR_K = "4K"

    @classmethod
    def parse(cls, text: str) -> Resolution:
        """Parse a resolution in any case (`2k`); raises ValueError with a sentence that lists the valid ones."""
        for resolution in cls:
            if resolution.value.casefold() == text.strip().casefold():
                return resolution
        raise ValueError(f"There is no resolution {text!r}. Choose one of {', '.join(cls)}.")


def next_resolution(resolution: Resolution) -> Resolution | None:
    """The next higher resolution; None above the highest."""
    fallback_chain = tuple(Resolution)
    above = fallback_chain.index(resolution) + 1
    return fallback_chain[above] if above < len(fallback_chain) else None


OPEN_SIZE: Final = "size"
OPEN_RESOLUTION: Final = "resolution"
DEFAULT_SIZE: Final = "1:1"
DEFAULT_RESOLUTION: Final = Resolution.ONE_K

# Aspect ratio -> (width, height) in pixels at 1K.
_PIXELS_AT_1K: Final[dict[str, tuple[int, int]]] = {
    "1:1": (1024, 1024),
    "2:3": (848, 1264),
    "3:2": (1264, 848),
    "3:4": (896, 1200),
    "4:3": (1200, 896),
    "4:5": (928, 1152),
    "5:4": (1152, 928),
    "9:16": (768, 1376),
    "16:9": (1376, 768),
    "21:9": (1584, 672),
    "1:4": (512, 2048),
    "4:1": (2048, 512),
    "1:8": (384, 3072),
    "8:1": (3072, 384),
}
SIZES: Final = tuple(_PIXELS_AT_1K)
_SCALE: Final = {
    Resolution.HALF_K: (1, 2),
    Resolution.ONE_K: (1, 1),
    Resolution.TWO_K: (2, 1),
    Resolution.FOUR_K: (4, 1),
}


def parse_size(text: str) -> str:
    """Parse an aspect ratio (`16:9`, spaces allowed); raises ValueError with a sentence that lists the valid ones."""
    size = text.replace(" ", "")
    if size not in _PIXELS_AT_1K:
        raise ValueError(f"There is no size {text!r}. Choose one of {', '.join(SIZES)}.")
    return size


def pixel_size(size: str, resolution: Resolution) -> tuple[int, int]:
    """Width and height in pixels of a picture of this aspect ratio and resolution."""
    width, height = _PIXELS_AT_1K[size]
    times, divisor = _SCALE[resolution]
    return width * times // divisor, height * times // divisor


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSpec:
    """One picture as ordered. The prompt has 1 to 4,000 characters, including the style; size is one of SIZES.

    `style` is a preset's name and `style_text` its text at the time of the order, or both are "".
    """

    prompt: str
    size: str = DEFAULT_SIZE
    resolution: Resolution = DEFAULT_RESOLUTION
    google_search: bool = False
    google_image_search: bool = False
    spoiler: bool = False
    """Shown as a spoiler: hidden until clicked."""
    style: str = ""
    style_text: str = ""
    left_open: frozenset[str] = field(default=frozenset(), compare=False)
    """Fields that the member left open (OPEN_SIZE, OPEN_RESOLUTION): a server's defaults may fill them. Not stored."""

    @property
    def whole_prompt(self) -> str:
        """What the model receives: the member's prompt, then the style's text."""
        return f"{self.prompt}\n\n{self.style_text}" if self.style_text else self.prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureInfo:
    """A verified picture file. `extension` has no dot (`png`, `jpg`, `webp`, `gif`)."""

    format: str
    extension: str
    width: int
    height: int
    size_bytes: int
