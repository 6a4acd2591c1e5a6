"""Picture files are identified by their bytes, fully decodable, and within size limits."""

import io
import struct
import zlib
from contextlib import nullcontext
from pathlib import Path
from time import process_time

import pytest
from PIL import Image

from bot.domain.errors import PictureError, StoreError
from bot.media.jpeg import scans
from bot.media.sniff import SNIFF_BYTES, sniff
from bot.media.verify import MAX_SCANS, MAX_SIDE, pixels_of, verify


def picture(picture_format: str, size: tuple[int, int] = (40, 30), mode: str = "RGB") -> bytes:
    """A small noisy picture in a format."""
    buffer = io.BytesIO()
    image = Image.effect_noise(size, 80).convert(mode)
    image.save(buffer, picture_format)
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG with a large size in its header and almost no data: the beginning of a decompression bomb."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


FORMATS = [("PNG", "png"), ("JPEG", "jpg"), ("WEBP", "webp"), ("GIF", "gif"), ("AVIF", "avif"), ("BMP", "bmp")]


@pytest.mark.parametrize(("picture_format", "extension"), FORMATS)
def test_format_is_detected_by_its_first_bytes(picture_format: str, extension: str) -> None:
    """Files written by Pillow are the reference."""
    kind = sniff(picture(picture_format)[:SNIFF_BYTES])
    assert kind is not None
    assert (kind.format, kind.extension) == (picture_format, extension)


@pytest.mark.parametrize(
    "head",
    [b"", b"<html>", b"RIFF1234WAVE", b"%PDF-1.7", b"\x89PNG", b'{"error": {}}', b"<svg>", b"II*\x00", b"%!PS-Adobe"],
)
def test_other_bytes_are_no_picture(head: bytes) -> None:
    """Also bytes that resemble a signature."""
    assert sniff(head) is None


@pytest.mark.parametrize(("picture_format", "extension"), FORMATS)
async def test_valid_picture_is_described(tmp_path: Path, picture_format: str, extension: str) -> None:
    """With its real format and extension, whatever its name says."""
    data = picture(picture_format)
    path = tmp_path / "lying-name.gif"
    path.write_bytes(data)
    info = await verify(path)
    assert (info.format, info.extension) == (picture_format, extension)
    assert (info.width, info.height, info.size_bytes) == (40, 30, len(data))


@pytest.mark.parametrize("picture_format", ["PNG", "JPEG", "WEBP", "GIF"])
@pytest.mark.parametrize("kept", [0.2, 0.5, 0.8])
async def test_truncated_picture_is_refused(tmp_path: Path, picture_format: str, kept: float) -> None:
    """A valid header alone is not enough."""
    data = picture(picture_format, (200, 200))
    path = tmp_path / "p"
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(PictureError) as raised:
        await verify(path)
    assert raised.value.code == "not_a_picture"


@pytest.mark.parametrize("data", [b"", b"<html>502</html>", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a"])
async def test_bytes_that_are_no_picture_are_refused(tmp_path: Path, data: bytes) -> None:
    """Empty files, a proxy's error page, bare signatures."""
    path = tmp_path / "p.png"
    path.write_bytes(data)
    with pytest.raises(PictureError) as raised:
        await verify(path)
    assert raised.value.code == "not_a_picture"


@pytest.mark.parametrize(
    "size", [(16_000, 16_000), (60_000, 60_000), (MAX_SIDE + 1, 10)], ids=["160MP", "bomb", "side"]
)
async def test_too_many_pixels_are_refused_before_decoding(tmp_path: Path, size: tuple[int, int]) -> None:
    """The file has a few hundred bytes; decoding it would take gigabytes."""
    path = tmp_path / "p.png"
    path.write_bytes(png_header(*size))
    with pytest.raises(PictureError) as raised:
        await verify(path)
    assert raised.value.code == "too_many_pixels"


@pytest.mark.parametrize(
    ("picture_format", "how", "fits"),
    [
        ("PNG", {}, True),
        ("JPEG", {}, True),
        ("JPEG", {"progressive": True}, False),
        ("WEBP", {}, False),
        ("AVIF", {}, False),
    ],
    ids=["PNG", "JPEG", "progressive", "WEBP", "AVIF"],
)
async def test_decoding_memory_of_the_format_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, picture_format: str, how: dict[str, bool], fits: bool
) -> None:
    """A WebP takes four times as much as a PNG of the same size: the limit is on memory."""
    monkeypatch.setattr("bot.media.verify.MAX_DECODER_BYTES", 40 * 30 * 9)
    path = tmp_path / "p"
    Image.effect_noise((40, 30), 80).convert("RGB").save(path, picture_format, **how)
    with nullcontext() if fits else pytest.raises(PictureError, match="40x30 pixels, which is too many"):
        await verify(path)


async def test_jpeg_of_thousands_of_scans_is_refused_before_decoding(tmp_path: Path) -> None:
    """Each scan is a pass over all pixels: a few megabytes of them would keep a decoder busy for an hour."""
    buffer = io.BytesIO()
    Image.effect_noise((64, 64), 80).save(buffer, "JPEG", progressive=True)
    usual = buffer.getvalue()
    first = usual.index(b"\xff\xda")
    scan = usual[first : usual.index(b"\xff\xda", first + 2)]
    path = tmp_path / "p.jpg"
    for times, code in ((20, None), (MAX_SCANS, "not_a_picture")):
        # Decoders skip padding between segments: it must not hide the scans behind it.
        path.write_bytes(usual[:first] + b"passed over" + scan * times + usual[first:])
        if code is None:
            await verify(path)
        else:
            with pytest.raises(PictureError, match="busy"):
                await verify(path)


@pytest.mark.parametrize(
    "filling", [b"\xff", b"\xff\x00", b"\xff\xd0", b"\xff\x01", b"\xff\xe0\x00\x02", b"\xff\xda\x00\x02"]
)
def test_padding_does_not_slow_down_the_scan_count(filling: bytes) -> None:
    """Megabytes of padding between segments, or inside a scan, are read once."""
    began = process_time()
    for beginning in (b"\xff\xd8", b"\xff\xd8\xff\xda\x00\x02"):
        assert scans(beginning + filling * (2_000_000 // len(filling)) + b"\x00", most=MAX_SCANS) <= MAX_SCANS
    assert process_time() - began < 5


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
async def test_file_of_countless_empty_parts_is_refused_before_decoding(tmp_path: Path, kind: str) -> None:
    """Parsing them one by one takes seconds for some megabytes; they are not parsed for the picture's size either."""
    part, at = {"PNG": (struct.pack(">I4sI", 0, b"prIv", zlib.crc32(b"prIv")), 33), "JPEG": (b"\xff\xfe\0\2", 2)}[kind]
    whole = picture(kind)
    path = tmp_path / "p"
    path.write_bytes(whole[:at] + part * 9_000 + whole[at:])
    await verify(path)
    assert pixels_of(path) == 40 * 30
    path.write_bytes(whole[:at] + part * 60_000 + whole[at:])
    with pytest.raises(PictureError, match="busy"):
        await verify(path)
    assert pixels_of(path) == 0


async def test_missing_file_is_a_disk_error(tmp_path: Path) -> None:
    """Not a bad picture: it may be downloaded again."""
    with pytest.raises(StoreError):
        await verify(tmp_path / "missing")


async def test_corrupt_avif_is_no_picture(tmp_path: Path) -> None:
    """Its decoder raises RuntimeError where others raise OSError."""
    data = picture("AVIF")
    path = tmp_path / "1.avif"
    path.write_bytes(data.replace(b"pitm", b"xxxx"))
    with pytest.raises(PictureError) as refused:
        await verify(path)
    assert refused.value.code == "not_a_picture"
