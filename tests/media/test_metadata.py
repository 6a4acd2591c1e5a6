"""Metadata removal: a member's picture leaves this machine without location, hidden pictures or trailing data."""

from __future__ import annotations

import io
import struct
from contextlib import nullcontext
from typing import Any

import pytest
from PIL import Image, ImageChops, PngImagePlugin

from bot.domain.errors import PictureError
from bot.media.metadata import cleaned
from bot.media.sniff import GIF, JPEG, PNG, WEBP, Kind

SECRET = b"48.8584N 2.2945E"
EXIF_ORIENTATION, EXIF_GPS, EXIF_ARTIST = 0x0112, 0x8825, 0x013B
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><exif:GPSLatitude>" + SECRET + b"</exif:GPSLatitude></x:xmpmeta>"


def half(mode: str = "RGB") -> Image.Image:
    """A picture that is wider than high and darker at the top, so that its orientation is visible."""
    image = Image.effect_noise((48, 32), 60).convert(mode)
    image.paste(0 if mode == "L" else "black", (0, 0, 48, 12))
    return image


def exif(orientation: int = 1) -> bytes:
    """EXIF data with a GPS position and an orientation."""
    tags = Image.Exif()
    tags[EXIF_ARTIST] = SECRET.decode()
    tags[EXIF_ORIENTATION] = orientation
    tags.get_ifd(EXIF_GPS)[29] = SECRET.decode()
    return tags.tobytes()


def saved(kind: Kind, *, image: Image.Image | None = None, **how: Any) -> bytes:
    """A picture in a format."""
    buffer = io.BytesIO()
    (image or half()).save(buffer, kind.format, **how)
    return buffer.getvalue()


def pixels(data: bytes) -> Image.Image:
    """The pixels without applying metadata."""
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB")


def png_text() -> PngImagePlugin.PngInfo:
    """PNG text chunks, plain and compressed."""
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", SECRET.decode())
    words.add_itxt("XML:com.adobe.xmp", XMP.decode(), zip=False)
    return words


def mpf_jpeg() -> bytes:
    """A camera's JPEG with a second picture (MPF), which has its own metadata, and an appended video."""
    buffer = io.BytesIO()
    half().save(buffer, "MPO", save_all=True, append_images=[half()], exif=exif())
    return buffer.getvalue() + b"ftypmp42" + SECRET


def with_webp_chunk(data: bytes) -> bytes:
    """A WebP with an unknown chunk."""
    body = data[8:] + struct.pack("<4sI", b"SECR", len(SECRET)) + SECRET
    return b"RIFF" + struct.pack("<I", len(body)) + body


def animation_of_one_frame() -> bytes:
    """A WebP whose only picture is an animation frame."""
    data = saved(WEBP, save_all=True, append_images=[Image.new("RGB", (48, 32), "red")])
    body = data[8 : data.rindex(b"ANMF")]
    return b"RIFF" + struct.pack("<I", len(body)) + body


LADEN = {
    "jpeg": (JPEG, saved(JPEG, exif=exif(), xmp=XMP, comment=SECRET) + SECRET),
    "jpeg, grey": (JPEG, saved(JPEG, image=half("L"), exif=exif(), progressive=True)),
    "jpeg, four colours": (JPEG, saved(JPEG, image=half().convert("CMYK"), exif=exif())),
    "jpeg, two pictures": (JPEG, mpf_jpeg()),
    "png": (PNG, saved(PNG, exif=exif(), pnginfo=png_text()) + SECRET),
    "png, palette": (PNG, saved(PNG, image=half().convert("P"), exif=exif(), transparency=0)),
    "webp": (WEBP, with_webp_chunk(saved(WEBP, exif=exif(), xmp=XMP, lossless=True))),
    "webp, lossy": (WEBP, saved(WEBP, image=half("RGBA"), exif=exif(), quality=60) + SECRET),
}


@pytest.mark.parametrize(("kind", "data"), LADEN.values(), ids=LADEN)
def test_metadata_are_removed_and_no_pixel_changes(kind: Kind, data: bytes) -> None:
    """GPS, comments, XMP, second pictures and trailing data; the file is rewritten without re-encoding."""
    clean = cleaned(data, kind)
    assert (clean.kind, clean.still) == (kind, False)
    assert SECRET in data
    assert SECRET not in clean.data
    with Image.open(io.BytesIO(clean.data)) as image:
        assert dict(image.getexif()) == {}
        assert image.info.get("xmp") is None
    assert ImageChops.difference(pixels(data), pixels(clean.data)).getbbox() is None
    assert cleaned(clean.data, kind).data == clean.data


@pytest.mark.parametrize("kind", [JPEG, PNG, WEBP], ids=lambda kind: kind.format)
def test_picture_without_metadata_is_unchanged(kind: Kind) -> None:
    """Byte for byte, colour profile included: such a picture may be sent by its original URL."""
    data = saved(kind, icc_profile=b"a profile of colours" * 10)
    assert cleaned(data, kind).data == data


@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize("kind", [JPEG, PNG, WEBP], ids=lambda kind: kind.format)
def test_rotated_picture_is_turned(kind: Kind, orientation: int) -> None:
    """The orientation tag is removed with the other metadata, so the pixels are turned."""
    clean = cleaned(saved(kind, exif=exif(orientation), lossless=True, quality=95), kind)
    shown = pixels(clean.data)
    assert shown.size == ((48, 32) if orientation < 5 else (32, 48))
    assert _dark_side(shown) == {2: 0, 3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}[orientation]
    assert SECRET not in clean.data


def _dark_side(image: Image.Image) -> int:
    """The side of the black stripe: 0 top, 1 left, 2 bottom, 3 right."""
    width, height = image.size
    sides = [(0, 0, width, 8), (0, 0, 8, height), (0, height - 8, width, height), (width - 8, 0, width, height)]
    sums = [sum(image.crop(side).convert("L").resize((1, 1)).tobytes()) for side in sides]
    return sums.index(min(sums))


@pytest.mark.parametrize("frames", [1, 3])
@pytest.mark.parametrize("kind", [GIF, PNG, WEBP], ids=lambda kind: kind.format)
def test_animation_is_reduced_to_its_first_frame(kind: Kind, frames: int) -> None:
    """As a PNG; a GIF always becomes one, since its blocks are not worth a parser."""
    others = [Image.new("RGB", (48, 32), colour) for colour in ("red", "blue")][: frames - 1]
    comment: dict[str, Any] = {"comment": SECRET} if kind == GIF else {}
    data = saved(kind, save_all=True, append_images=others, **comment)
    clean = cleaned(data, kind)
    assert clean.still is (frames > 1)
    assert clean.kind == (PNG if frames > 1 or kind == GIF else kind)
    assert SECRET not in clean.data
    assert pixels(clean.data).size == (48, 32)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (PNG, saved(PNG, exif=exif())[:-6]),
        (WEBP, saved(WEBP)[:-3] + b"ALPH\xff\xff\xff"),
        (JPEG, saved(JPEG).replace(b"\xff\xd9", b"") + SECRET),
        (WEBP, animation_of_one_frame()),
        (JPEG, saved(JPEG).replace(b"\xff\xdb", b"\xff\xff\xff\xdb", 1)),
    ],
    ids=[
        "png without its end",
        "webp that breaks off",
        "jpeg whose end is nowhere",
        "webp of one frame",
        "jpeg with filling",
    ],
)
def test_malformed_file_that_decoders_accept_is_cleaned_too(kind: Kind, data: bytes) -> None:
    """It is re-encoded if it cannot be parsed reliably."""
    clean = cleaned(data, kind)
    assert SECRET not in clean.data
    assert pixels(clean.data).size == (48, 32)


def test_large_rotated_jpeg_is_turned_at_half_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both buffers of a rotation are in memory at once; no model uses that many pixels."""
    monkeypatch.setattr("bot.media.metadata._LARGE_JPEG_PIXELS", 1_000)
    assert pixels(cleaned(saved(JPEG, exif=exif(6)), JPEG).data).size == (16, 24)


@pytest.mark.parametrize(("kind", "fits"), [(PNG, True), (WEBP, False)], ids=["PNG", "WEBP"])
def test_picture_is_turned_only_within_the_memory_limit(
    monkeypatch: pytest.MonkeyPatch, kind: Kind, fits: bool
) -> None:
    """Both buffers count, and the decoder's memory; an upright picture is not re-encoded at all."""
    monkeypatch.setattr("bot.media.metadata.MAX_DECODER_BYTES", 48 * 32 * 13)
    assert cleaned(saved(kind, exif=exif()), kind).kind is kind
    with nullcontext() if fits else pytest.raises(PictureError) as raised:
        cleaned(saved(kind, exif=exif(6)), kind)
    assert raised is None or raised.value.code == "too_many_pixels"


@pytest.mark.parametrize("kind", [JPEG, PNG, WEBP, GIF], ids=lambda kind: kind.format)
def test_invalid_picture_is_refused(kind: Kind) -> None:
    """Only PictureError is raised, for any input."""
    for data in (b"", b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a"):
        with pytest.raises(PictureError):
            cleaned(data, kind)
