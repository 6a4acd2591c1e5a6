"""The choices that the picture commands have in common."""

from discord import app_commands

from bot.domain.picture import DEFAULT_SIZE, SIZES, Resolution, pixel_size

_SHAPES = {"1:1": "square", "9:16": "phone", "16:9": "widescreen", "21:9": "cinema", "8:1": "banner", "1:8": "column"}
SIZE_CHOICES = [
    app_commands.Choice(name=f"{size} {_SHAPES[size]}" if size in _SHAPES else size, value=size) for size in SIZES
]
RESOLUTION_CHOICES = [
    app_commands.Choice(name=f"{r.value} ({pixel_size(DEFAULT_SIZE, r)[0]} px square)", value=r.value)
    for r in Resolution
]
