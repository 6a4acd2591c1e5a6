"""The smaller endpoints: uploads, billing, models, and an error for callers of the wrong endpoint."""

import time
from collections import deque
from collections.abc import Callable

from aiohttp import web

from sandbox.apimaster.account import Account
from sandbox.apimaster.api import with_fault
from sandbox.apimaster.catalogue import MAX_REFERENCE_BYTES, MODEL
from sandbox.apimaster.envelope import ApiError
from sandbox.apimaster.faults import Fault
from sandbox.apimaster.gallery import Gallery
from sandbox.apimaster.knobs import Knobs


class ExtraApi:
    """All endpoints that don't make pictures."""

    def __init__(self, knobs: Knobs, account: Account, gallery: Gallery, origin: Callable[[], str]) -> None:
        self._knobs = knobs
        self._account = account
        self._gallery = gallery
        self._origin = origin
        self.upload_faults: deque[Fault] = deque()

    def routes(self) -> list[web.RouteDef]:
        """The routes of this class."""
        return [
            web.post("/v1/uploads/images", self.upload),
            web.get("/uploads/{name}", self.uploaded),
            web.get("/v1/dashboard/billing/subscription", self.subscription),
            web.get("/v1/dashboard/billing/usage", self.usage),
            web.get("/v1/models", self.models),
            web.post("/v1/chat/completions", self.chat),
        ]

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """Store a reference picture and return its address."""
        return await with_fault(request, self.upload_faults, self._upload)

    async def _upload(self, request: web.Request, _: Fault | None) -> web.Response:
        if not self._knobs.uploads:
            raise ApiError(404, "Invalid URL (POST /v1/uploads/images)")
        if not request.content_type.startswith("multipart/"):
            raise ApiError(400, "send the picture as the multipart field file")
        field = (await request.post()).get("file")
        if not isinstance(field, web.FileField):
            raise ApiError(400, "the multipart field file is missing")
        data = field.file.read()
        if len(data) > MAX_REFERENCE_BYTES:
            raise ApiError(413, "the picture has more than 20 MB", code="file_too_large")
        extension = _extension(data)
        if extension is None:
            raise ApiError(400, "the picture must be png, jpeg, gif or webp", code="unsupported_file_type")
        path = await self._gallery.add_upload(data, extension)
        return web.json_response(
            {
                "url": self._origin() + path,
                "filename": field.filename,
                "content_type": _content_type(extension),
                "bytes": len(data),
                "created_at": int(time.time()),
            }
        )

    async def uploaded(self, request: web.Request) -> web.Response:
        """An uploaded picture; needs no authentication."""
        name = request.match_info["name"]
        data = await self._gallery.upload(name)
        return web.Response(body=data, content_type=_content_type(name.rpartition(".")[2]))

    async def subscription(self, _request: web.Request) -> web.Response:
        """The account's limit: remaining plus used credits; one credit counts as one dollar here."""
        self._require_billing()
        limit = round(self._knobs.balance + self._account.used, 6)
        return web.json_response(
            {"object": "billing_subscription", "has_payment_method": True, "hard_limit_usd": limit, "access_until": 0}
        )

    async def usage(self, _request: web.Request) -> web.Response:
        """The used credits, in cents."""
        self._require_billing()
        return web.json_response({"object": "list", "total_usage": round(self._account.used * 100, 4)})

    async def models(self, _request: web.Request) -> web.Response:
        """The one model."""
        return web.json_response({"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "google"}]})

    async def chat(self, _request: web.Request) -> web.Response:
        """Refuse a chat request and name the right endpoint."""
        raise ApiError(400, f"{MODEL} is an image model: call POST /v1/images/generations instead of chat completions")

    def _require_billing(self) -> None:
        if not self._knobs.billing:
            raise ApiError(404, "Invalid URL")


def _extension(data: bytes) -> str | None:
    """The type that the first bytes show; the declared name and type are not trusted."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    return "webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def _content_type(extension: str) -> str:
    return "image/jpeg" if extension == "jpg" else f"image/{extension}"
