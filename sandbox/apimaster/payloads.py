"""Hostile response bodies: values of other types than the guide's, and small ones that decompress into huge ones."""

import struct
import zlib
from collections.abc import Callable
from functools import cache

WRONG_TYPES: tuple[bytes, ...] = (
    b'{"code": 200, "data": 7}',
    b'{"code": "200", "data": "submitted"}',
    b'{"code": 200, "data": [{"status": 1, "task_id": {"id": "task"}}]}',
    b'{"code": 200, "data": [{"status": ["submitted"], "task_id": ["task"]}]}',
    b'{"code": 200, "data": [{"status": true, "task_id": true}]}',
    b'{"code": 200, "data": {"status": null, "result": {"images": "none"}}}',
    b'{"code": 200, "data": {"status": {}, "result": [], "progress": "half"}}',
    b'{"code": [], "data": [[{"status": "succeeded"}]]}',
    b"[]",
    b"null",
    b'"ok"',
    b"1e999",
)
_SIDE = 20_000
_BLOCK_BYTES = 1024 * 1024
_GZIP_HEADER = b"\x1f\x8b\x08" + bytes(6) + b"\xff"
_ZLIB_HEADER = b"\x78\xda"


@cache
def bomb(side: int = _SIDE) -> bytes:
    """A PNG of black pixels, one bit each: 50 KB on the wire, 400 megapixels in memory."""
    size_bytes = side * (1 + (side + 7) // 8)
    pixels = _ZLIB_HEADER + _deflated(b"\0", size_bytes) + struct.pack(">I", _sum(zlib.adler32, b"\0", size_bytes))
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


@cache
def inflating(size_bytes: int) -> bytes:
    """A gzip body of about a thousandth of this size; decompressed, it is JSON text made of spaces."""
    trailer = struct.pack("<II", _sum(zlib.crc32, b" ", size_bytes), size_bytes)
    return _GZIP_HEADER + _deflated(b" ", size_bytes) + trailer


def _deflated(byte: bytes, size_bytes: int) -> bytes:
    """Deflate copies of a byte. A block that ends with a full flush can be repeated, which saves seconds."""
    whole, rest = divmod(size_bytes, _BLOCK_BYTES)
    attachment_builder = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    block = attachment_builder.compress(byte * _BLOCK_BYTES) + attachment_builder.flush(zlib.Z_FULL_FLUSH)
    return block * whole + attachment_builder.compress(byte * rest) + attachment_builder.flush()


def _sum(add: Callable[..., int], byte: bytes, size_bytes: int) -> int:
    """The checksum over this many copies of a byte."""
    whole, rest = divmod(size_bytes, _BLOCK_BYTES)
    block, total = byte * _BLOCK_BYTES, add(b"")
    for _ in range(whole):
        total = add(block, total)
    return add(byte * rest, total)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
