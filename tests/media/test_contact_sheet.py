"""The contact sheet: one small picture of all references of a request."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bot.domain.job import Reference, Request
from bot.media.contact_sheet import ReferenceSheets
from bot.media.reference_cache import ReferenceCopies
from bot.media.spool import Spool
from tests.support.build import a_request

RED, BLUE = (200, 20, 20), (20, 20, 200)


@pytest.fixture
def sheets(tmp_path: Path) -> ReferenceSheets:
    """Over an empty directory of copies and an empty spool."""
    (tmp_path / "references").mkdir()
    copies = ReferenceCopies(tmp_path / "references", ["cdn.test"])
    return ReferenceSheets(copies=copies, spool=Spool(tmp_path / "spool"))


def remix(tmp_path: Path, count: int, *, own: int | None = None) -> Request:
    """A request with copied references, all red; the one at `own` is a blue picture of this bot."""
    references = []
    for position in range(count):
        mine = position == own
        name = f"1-{position}.png"
        folder = tmp_path / ("spool" if mine else "references")
        Image.new("RGB", (300, 200), BLUE if mine else RED).save(folder / name)
        url = "" if mine else "https://cdn.test/a.png"
        references.append(Reference(position=position, url=url, name="a", file_name=name))
    return replace(a_request(), references=tuple(references))


def opened(sheet: bytes | None) -> Image.Image:
    """The sheet's pixels."""
    assert sheet is not None
    image = Image.open(io.BytesIO(sheet))
    assert image.format == "WEBP"
    return image.convert("RGBA")


@pytest.mark.parametrize(("count", "height"), [(1, 96), (7, 96), (8, 200), (14, 200)])
async def test_every_sheet_is_seven_tiles_wide(
    sheets: ReferenceSheets, tmp_path: Path, count: int, height: int
) -> None:
    """So that tiles have the same size for any count; fourteen are two rows, and a small file."""
    sheet = await sheets.of(remix(tmp_path, count))
    assert opened(sheet).size == (720, height)
    assert len(sheet or b"") < 30_000


async def test_tiles_are_in_the_order_of_the_references(sheets: ReferenceSheets, tmp_path: Path) -> None:
    """Copied files and pictures of this bot; the rest of the row is transparent."""
    image = opened(await sheets.of(remix(tmp_path, 2, own=1)))
    first, second = image.getpixel((60, 60)), image.getpixel((164, 60))
    assert isinstance(first, tuple)
    assert isinstance(second, tuple)
    assert first[0] > 150 > first[2]
    assert second[2] > 150 > second[0]
    assert image.getchannel("A").getpixel((700, 60)) == 0


async def test_no_sheet_while_references_are_missing(sheets: ReferenceSheets, tmp_path: Path) -> None:
    """Nor for a request without any, nor for a missing or invalid file: the card is shown without it."""
    request = remix(tmp_path, 2)
    arriving = (request.references[0], replace(request.references[1], file_name=None))
    assert await sheets.of(replace(request, references=arriving)) is None
    assert await sheets.of(a_request()) is None
    (tmp_path / "references" / "1-1.png").write_bytes(b"no picture")
    assert await sheets.of(request) is None
    (tmp_path / "references" / "1-1.png").unlink()
    assert await sheets.of(request) is None


async def test_sheet_is_drawn_once_for_the_edits_of_a_message(sheets: ReferenceSheets, tmp_path: Path) -> None:
    """It is kept after the files have been deleted."""
    request = remix(tmp_path, 2)
    first = await sheets.of(request)
    (tmp_path / "references" / "1-0.png").unlink()
    assert await sheets.of(request) is first
