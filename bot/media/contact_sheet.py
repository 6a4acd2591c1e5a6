"""The contact sheet: one small picture of all references of a request, shown on its card."""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cachetools import LRUCache
from PIL import Image, ImageDraw, ImageFont, ImageOps

from bot.domain.job import Reference, Request
from bot.media.decode_pool import in_studio, room_for
from bot.media.decoders import DAMAGE
from bot.media.thumbnail import small
from bot.ports import PictureFiles, ReferenceFiles

log = logging.getLogger(__name__)

_COLUMNS: Final = 7
"""Fourteen references make two rows. The sheet always has this width, so that few tiles aren't shown enlarged."""
_TILE: Final = 96
_GAP: Final = 8
_BADGE: Final = 26
_QUALITY: Final = 80
_REMEMBERED: Final = 64


class ReferenceSheets:
    """Implements SheetMaker. A card is edited a few times within minutes, so the latest sheets are cached in memory."""

    def __init__(self, *, copies: ReferenceFiles, spool: PictureFiles) -> None:
        self._copies = copies
        self._spool = spool
        self._made: LRUCache[int, bytes] = LRUCache(_REMEMBERED)

    async def of(self, request: Request) -> bytes | None:
        """The sheet as WebP; None if the references are not, or no longer, on disk."""
        if (made := self._made.get(request.id)) is not None:
            return made
        if not request.references or any(reference.file_name is None for reference in request.references):
            return None
        paths = [self._path_of(reference) for reference in request.references]
        try:
            sheet = await in_studio(_drawn, paths)
        except (*DAMAGE, Image.DecompressionBombError) as error:
            log.warning("no_sheet", extra={"request_id": request.id, "error": str(error)})
            return None
        self._made[request.id] = sheet
        return sheet

    def _path_of(self, reference: Reference) -> Path:
        """The reference's file; one without a URL is a picture that this bot made."""
        name = reference.file_name or ""
        return self._copies.path_of(name) if reference.url else self._spool.path_of(name)


def _drawn(paths: Sequence[Path]) -> bytes:
    rows = -(-len(paths) // _COLUMNS)
    sheet = Image.new("RGBA", (_extent(_COLUMNS), _extent(rows)))
    for number, path in enumerate(paths, start=1):
        with room_for(path):
            tile = ImageOps.fit(small(path, 2 * _TILE).convert("RGBA"), (_TILE, _TILE))
        if len(paths) > 1:  # prompts name them "image 1", "image 2" …
            _draw_number(tile, number)
        row, column = divmod(number - 1, _COLUMNS)
        sheet.paste(tile, (column * (_TILE + _GAP), row * (_TILE + _GAP)))
    data = io.BytesIO()
    sheet.save(data, "WEBP", quality=_QUALITY)
    return data.getvalue()


def _extent(tiles: int) -> int:
    return tiles * _TILE + (tiles - 1) * _GAP


def _draw_number(tile: Image.Image, number: int) -> None:
    draw = ImageDraw.Draw(tile)
    draw.rectangle((0, 0, _BADGE, _BADGE), fill=(0, 0, 0, 255))
    middle = (_BADGE / 2, _BADGE / 2)
    draw.text(middle, str(number), fill=(255, 255, 255, 255), anchor="mm", font=ImageFont.load_default(size=18))
