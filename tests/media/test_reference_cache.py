"""References are downloaded only from Discord's own hosts, and are verified."""

from __future__ import annotations

import io
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image

from bot.domain.errors import BadReferenceError, OutcomeUnknownError, StartupError
from bot.domain.job import Reference
from bot.media.reference_cache import ReferenceCopies


def a_file(form: str = "PNG", size: tuple[int, int] = (8, 8), mode: str = "RGB", **how: Any) -> bytes:
    """A picture in some format."""
    buffer = io.BytesIO()
    Image.new(mode, size, "white").save(buffer, form, **how)
    return buffer.getvalue()


class Cdn:
    """A file server with a scripted answer and a request count."""

    def __init__(self) -> None:
        self.status, self.body, self.headers, self.asked = 200, a_file(), dict[str, str](), 0

    async def answer(self, _: web.Request) -> web.Response:
        """Answer any request."""
        self.asked += 1
        return web.Response(status=self.status, body=self.body, headers=self.headers)


@pytest.fixture
async def cdn() -> AsyncIterator[tuple[Cdn, str]]:
    """A file server and its `host:port`."""
    cdn, application = Cdn(), web.Application()
    application.router.add_get("/{path:.*}", cdn.answer)
    async with TestServer(application, host="127.0.0.1") as server:
        yield cdn, f"127.0.0.1:{server.port}"


def named(host: str, name: str = "cat.png") -> Reference:
    """A reference with this host."""
    return Reference(position=2, url=f"http://{host}/attachments/1/2/{name}?ex=1&hm=2", name=name)


async def test_picture_is_stored_with_the_extension_of_its_bytes(tmp_path: Path, cdn: tuple[Cdn, str]) -> None:
    """A JPEG named .png is stored as .jpg, readable only by this user."""
    server, host = cdn
    server.body = a_file("JPEG")
    async with ReferenceCopies(tmp_path / "references", [host]) as copies:
        copied = await copies.copy(7, named(host))
        assert (copied.file_name, copied.content_type) == ("7-2.jpg", "image/jpeg")
        path = copies.path_of("7-2.jpg")
        assert path.read_bytes() == server.body
        assert path.stat().st_mode & 0o777 == 0o600
        await copies.remove(7)
        assert not path.exists()


async def test_location_of_a_picture_is_not_copied(tmp_path: Path, cdn: tuple[Cdn, str]) -> None:
    """The copy is marked so that the original URL is not sent instead; only this user can read it."""
    server, host = cdn
    tags = Image.Exif()
    tags.get_ifd(0x8825)[29] = "48.8584N 2.2945E"
    server.body = a_file("JPEG", exif=tags)
    before = os.umask(0)
    try:
        async with ReferenceCopies(tmp_path / "references", [host]) as copies:
            copied = await copies.copy(7, named(host))
            path = copies.path_of(copied.file_name or "")
            assert (path.name, copied.size_bytes) == ("7-2.altered.jpg", path.stat().st_size)
            assert b"48.8584N" in server.body
            assert b"48.8584N" not in path.read_bytes()
            assert (copies.is_as_posted(path.name), copies.is_as_posted("7-2.jpg")) == (False, True)
            assert [entry.stat().st_mode & 0o777 for entry in (path, path.parent)] == [0o600, 0o700]
            await copies.remove(7)
            assert _names(path.parent) == []
    finally:
        os.umask(before)


async def test_partial_copies_of_an_earlier_process_are_deleted(tmp_path: Path) -> None:
    """Complete copies stay."""
    for name in ("7-0.part", "7-1.png"):
        (tmp_path / name).write_bytes(b"picture")
    async with ReferenceCopies(tmp_path, ["cdn.test"]):
        assert _names(tmp_path) == ["7-1.png"]


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://cdn.test.evil.example/a.png",
        "file:///etc/passwd",
        "not a url",
        "",
        "http://cdn.test/a.png",
        "https://cdn.test:22/a.png",
        "https://cdn.test@evil.example/a.png",
        "https://me:word@cdn.test/a.png",
        "https://cdn.test\\@evil.example/a.png",
        "https://cdn.test\n.evil.example/",
        "https://evil.example/#@cdn.test/a.png",
        "https://[::1]/a.png",
        "ftp://cdn.test/a.png",
        "//cdn.test/a.png",
        "https://cdn.test/a\r\nX: 1.png",
        "https://cdn.test/\x00.png",
        "https://cdn..test/a.png",
        "https://%63dn.test/a.png",
        "https://[::1",
        "https://cdn.test:99999/a.png",
        "https://cdn.test/" + "x" * 9_000,
    ],
)
async def test_other_hosts_are_never_requested(tmp_path: Path, cdn: tuple[Cdn, str], url: str) -> None:
    """Only Discord's own CDN, over TLS and on its own port, for any form of URL."""
    server, _ = cdn
    async with ReferenceCopies(tmp_path, ["cdn.test"]) as copies:
        with pytest.raises(BadReferenceError, match="1 x") as caught:
            await copies.copy(1, Reference(position=0, url=url, name="x"))
        assert caught.value.code == "reference_foreign"
    assert server.asked == 0


async def test_redirect_to_another_host_is_not_followed(tmp_path: Path, cdn: tuple[Cdn, str]) -> None:
    """An allowed host cannot redirect the bot to a forbidden one."""
    server, host = cdn
    server.status, server.headers = 302, {"Location": "http://169.254.169.254/"}
    async with ReferenceCopies(tmp_path, [host]) as copies:
        with pytest.raises(OutcomeUnknownError):
            await copies.copy(1, named(host))


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (404, b"", "reference_gone"),
        (403, b"", "reference_gone"),
        (200, b"%PDF-1.7", "reference_not_a_picture"),
        (200, a_file()[:40], "reference_damaged"),
        (200, a_file("BMP"), "reference_not_a_picture"),
        (200, b"\x89PNG\r\n\x1a\n" + bytes(20 * 1024 * 1024), "reference_too_large"),
        (200, a_file("PNG", (10_001, 5_000), mode="1"), "reference_too_many_pixels"),
    ],
)
async def test_unusable_reference_is_named_with_the_reason(
    tmp_path: Path, cdn: tuple[Cdn, str], status: int, body: bytes, code: str
) -> None:
    """Its member is shown which one it is; no file is left on disk."""
    server, host = cdn
    server.status, server.body = status, body
    async with ReferenceCopies(tmp_path, [host]) as copies:
        with pytest.raises(BadReferenceError, match=r"3 cat\.png") as caught:
            await copies.copy(1, named(host))
        assert caught.value.code == code
        assert not copies.path_of("1-2.png").exists()


async def test_server_error_is_transient(tmp_path: Path, cdn: tuple[Cdn, str]) -> None:
    """A 503 says nothing about the picture."""
    server, host = cdn
    server.status = 503
    async with ReferenceCopies(tmp_path, [host]) as copies:
        with pytest.raises(OutcomeUnknownError):
            await copies.copy(1, named(host))


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_uncreatable_directory_is_named(tmp_path: Path) -> None:
    """The start ends with a sentence instead of a traceback."""
    (tmp_path / "references").touch()
    with pytest.raises(StartupError, match="references cannot be written"):
        async with ReferenceCopies(tmp_path / "references", ["cdn.test"]):
            pass
