"""Draw the stand-in's pictures: a scene seeded by the prompt, a caption, and thumbnails of the references.

Everything here blocks and is meant for a thread. The scene is drawn small and enlarged, which Pillow does without
holding the GIL, so that even 16 megapixels don't block the event loop.
"""

import io
import random
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont, UnidentifiedImageError

_SCENE_SIDE = 512
_MAX_CAPTION_CHARACTERS = 400
_SMALLEST_LETTERS = 10
_SAVE: dict[str, dict[str, Any]] = {
    "jpeg": {"format": "JPEG", "quality": 88},
    "png": {"format": "PNG", "compress_level": 1},
    "webp": {"format": "WEBP", "quality": 80, "method": 1},
}
_SKIES = (
    ((255, 183, 131), (255, 107, 129), (92, 68, 158)),
    ((176, 224, 255), (118, 178, 255), (60, 90, 200)),
    ((255, 240, 200), (255, 200, 120), (230, 110, 90)),
    ((200, 255, 224), (110, 205, 190), (40, 110, 140)),
    ((230, 210, 255), (160, 130, 230), (60, 40, 120)),
    ((255, 225, 235), (240, 140, 190), (120, 60, 140)),
)
Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Painting:
    """What to draw; `variation` numbers the pictures of one prompt, each of which looks different."""

    prompt: str
    width: int
    height: int
    note: str
    variation: int = 0
    references: tuple[bytes | None, ...] = ()


def paint(painting: Painting, path: Path, picture_format: str) -> None:
    """Draw into a file, at exactly the requested pixel size; the same painting gives the same picture."""
    chance = random.Random(f"{painting.prompt}\0{painting.variation}")
    picture = _scene(painting.width, painting.height, chance)
    _paste_references(picture, painting.references)
    _write_caption(picture, painting.prompt, painting.note)
    picture.save(path, **_SAVE[picture_format])


def paint_plain(width: int, height: int, path: Path, picture_format: str) -> None:
    """Write a plain picture of a pixel size, which is cheap to make and small to send."""
    Image.new("RGB", (width, height), (120, 150, 200)).save(path, **_SAVE[picture_format])


def _scene(width: int, height: int, chance: random.Random) -> Image.Image:
    """A sky with a sun and a few ranges of hills, blurred by enlarging."""
    scale = _SCENE_SIDE / max(width, height)
    small = (max(48, round(width * scale)), max(48, round(height * scale)))
    sky = chance.choice(_SKIES)
    column = Image.new("RGB", (2, 3))
    for row, colour in enumerate(reversed(sky)):
        for x in range(2):
            column.putpixel((x, row), _shaded(colour, chance.uniform(0.85, 1.1)))
    scene = column.resize(small, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(scene)
    _draw_sun(draw, small, chance)
    for depth in range(4):
        _draw_hills(draw, small, _shaded(sky[-1], 1.15 - 0.25 * depth), 0.45 + 0.13 * depth, chance)
    return scene.resize((width, height), Image.Resampling.BICUBIC)


def _draw_sun(draw: ImageDraw.ImageDraw, size: tuple[int, int], chance: random.Random) -> None:
    radius = min(size) * chance.uniform(0.1, 0.2)
    x, y = size[0] * chance.uniform(0.15, 0.85), size[1] * chance.uniform(0.15, 0.45)
    for factor, colour in ((1.25, (255, 235, 190)), (1.0, (255, 250, 225))):
        reach = radius * factor
        draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=colour)


def _draw_hills(
    draw: ImageDraw.ImageDraw, size: tuple[int, int], colour: Colour, level: float, chance: random.Random
) -> None:
    width, height = size
    swing = min(size) * 0.12
    steps = 12
    ridge = [(width * step / steps, height * level + chance.uniform(-swing, swing)) for step in range(steps + 1)]
    draw.polygon([(0, height), *ridge, (width, height)], fill=colour)


def _shaded(colour: Colour, factor: float) -> Colour:
    red, green, blue = (max(0, min(255, round(channel * factor))) for channel in colour)
    return red, green, blue


def _paste_references(picture: Image.Image, references: Sequence[bytes | None]) -> None:
    """Paste thumbnails in rows from the top left; a reference that can't be decoded becomes a grey rectangle."""
    if not references:
        return
    width, height = picture.size
    gap = max(4, min(width, height) // 64)
    side = min(min(width, height) // 4, (width - gap) // min(len(references), 7) - gap)
    per_row = max(1, (width - gap) // (side + gap))
    for index, data in enumerate(references):
        corner = (gap + (index % per_row) * (side + gap), gap + (index // per_row) * (side + gap))
        picture.paste(_thumbnail(data, side), corner)


def _thumbnail(data: bytes | None, side: int) -> Image.Image:
    frame = Image.new("RGB", (side, side), "white")
    border = max(1, side // 32)
    inner = max(1, side - 2 * border)
    try:
        with Image.open(io.BytesIO(data or b"")) as image:
            image.thumbnail((inner, inner))
            shown = image.convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        shown = Image.new("RGB", (inner, inner), (150, 150, 150))
    frame.paste(shown, ((side - shown.width) // 2, (side - shown.height) // 2))
    return frame


def _write_caption(picture: Image.Image, prompt: str, note: str) -> None:
    """Write the prompt and a note, white on a dark band along the bottom."""
    text = prompt if len(prompt) <= _MAX_CAPTION_CHARACTERS else f"{prompt[:_MAX_CAPTION_CHARACTERS]}…"
    width, height = picture.size
    margin = max(6, min(width, height) // 32)
    lines, font, step = _fitted(f"{text}\n{note}", width - 2 * margin, height * 0.4)
    band = step * len(lines) + 2 * margin
    strip = picture.crop((0, height - band, width, height))
    picture.paste(Image.blend(strip, Image.new("RGB", strip.size, (12, 14, 22)), 0.62), (0, height - band))
    draw = ImageDraw.Draw(picture)
    for index, line in enumerate(lines):
        draw.text((margin, height - band + margin + index * step), line, font=font, fill="white")


def _fitted(
    text: str, width: int, max_height: float
) -> tuple[list[str], ImageFont.FreeTypeFont | ImageFont.ImageFont, int]:
    """The largest font size at which the text fits: its lines, the font and the line height."""
    size = max(_SMALLEST_LETTERS, round(min(width, max_height * 3) / 18))
    while True:
        font = _font(size)
        characters = max(8, int(width / (font.getlength("n") * 0.92)))
        lines = [part for line in text.splitlines() for part in textwrap.wrap(line, characters)]
        step = round(size * 1.3)
        if step * len(lines) <= max_height or size == _SMALLEST_LETTERS:
            # Text that still doesn't fit is cut in the middle: the start names the picture, the last line its settings.
            room = max(2, int(max_height // step))
            return (lines if len(lines) <= room else [*lines[: room - 1], lines[-1]]), font, step
        size = max(_SMALLEST_LETTERS, round(size * 0.85))


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    try:
        return ImageFont.truetype("DejaVuSans.ttf", size)
    except OSError:
        return ImageFont.load_default(size)
