"""Bytes that do harm: answers of other types than the guide's, and small ones that unpack into huge ones."""

import gzip
import io
import struct
import zlib
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
_CHUNK = bytes(1024 * 1024)


@cache
def bomb(side: int = _SIDE) -> bytes:
    """A PNG of black pixels, one bit each: 50 KB on the wire, 400 megapixels in memory."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    pixels = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


@cache
def inflating(size_bytes: int) -> bytes:
    """A thousandth of this size, gzipped; a client that unpacks it has a JSON text of spaces."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=9, mtime=0) as file:
        for start in range(0, size_bytes, len(_CHUNK)):
            file.write(b" " * min(len(_CHUNK), size_bytes - start))
    return packed.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
