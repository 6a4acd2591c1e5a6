"""The CDN: files behind signed addresses, stickers, and generated avatars."""

import asyncio
import contextlib
import hashlib
import io
import mimetypes
from pathlib import Path

from aiohttp import web
from PIL import Image, ImageDraw

from sandbox.discord.faults import CUT, DiscordFaults
from sandbox.discord.world import World

GONE = "This content is no longer available."


class Cdn:
    """Serves the files that the world's file store signed.

    Faults can delay `GET /attachments/*`, make it fail, or (`after`) cut it off in the middle of the file.
    """

    def __init__(self, world: World, faults: DiscordFaults) -> None:
        self._world = world
        self._faults = faults

    async def attachment(self, request: web.Request) -> web.StreamResponse:
        """A file, if its signature is valid and hasn't expired; otherwise 404 with plain text, as Discord responds."""
        name = f"GET {request.path}"
        await asyncio.sleep(self._faults.take_delay(name))
        if failure := self._faults.take_failure(name, after=False):
            return _failed(request, failure.status)
        match, query = request.match_info, request.query
        found = self._world.files.get(match["attachment_id"])
        signed = self._world.files.verify(
            match["attachment_id"],
            expires=query.get("ex", ""),
            issued=query.get("is", ""),
            signature=query.get("hm", ""),
        )
        if not signed or found is None or (found.owner_id, found.filename) != (match["owner_id"], match["filename"]):
            return web.Response(status=404, text=GONE)
        if self._faults.take_failure(name, after=True):
            return await _half(request, found.path, found.content_type)
        return web.FileResponse(found.path, headers={"Content-Type": found.content_type})

    async def avatar(self, request: web.Request) -> web.Response:
        """A plain coloured disc: users of the sandbox have no pictures of their own."""
        colour = "#" + hashlib.sha256(request.path.encode()).hexdigest()[:6]
        picture = Image.new("RGB", (128, 128), "#313338")
        ImageDraw.Draw(picture).ellipse((8, 8, 120, 120), fill=colour)
        data = io.BytesIO()
        picture.save(data, "PNG")
        return web.Response(body=data.getvalue(), content_type="image/png")

    async def sticker(self, request: web.Request) -> web.Response:
        """A sticker's file, if the extension matches its format."""
        sticker_id, _, extension = request.match_info["name"].partition(".")
        found = self._world.stickers.get(sticker_id)
        if found is None or found.format.extension != extension:
            return web.Response(status=404, text=GONE)
        content_type = mimetypes.guess_type(request.path)[0] or "application/octet-stream"
        return web.Response(body=found.data, content_type=content_type)

    def routes(self) -> list[web.RouteDef]:
        """The CDN's routes."""
        return [
            web.get(
                "/{folder:attachments|ephemeral-attachments}/{owner_id}/{attachment_id}/{filename}", self.attachment
            ),
            web.get("/{folder:avatars|icons|app-icons}/{owner_id}/{name}", self.avatar),
            web.get("/embed/avatars/{name}", self.avatar),
            web.get("/stickers/{name}", self.sticker),
        ]


def _failed(request: web.Request, status: int) -> web.Response:
    if status == CUT and request.transport is not None:
        request.transport.abort()
    return web.Response(status=status or 500, text=GONE)


async def _half(request: web.Request, path: Path, content_type: str) -> web.StreamResponse:
    """The first half of a file, with the Content-Length of the whole."""
    data = await asyncio.to_thread(path.read_bytes)
    response = web.StreamResponse(headers={"Content-Type": content_type, "Content-Length": str(len(data))})
    with contextlib.suppress(ConnectionError):  # the caller has disconnected already
        await response.prepare(request)
        await response.write(data[: len(data) // 2])
    if request.transport is not None:
        request.transport.close()
    return response
