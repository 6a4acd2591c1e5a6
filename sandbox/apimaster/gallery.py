"""The stand-in's files behind signed addresses: uploads, and finished pictures, drawn when first requested."""

import asyncio
import hashlib
import hmac
import secrets
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from sandbox.apimaster import painter
from sandbox.apimaster.envelope import ApiError
from sandbox.apimaster.knobs import Knobs, PictureFormat
from sandbox.apimaster.tasks import Task

_EXTENSION: Mapping[PictureFormat, str] = {"jpeg": "jpg", "png": "png", "webp": "webp"}
_PAINTERS = 2


class Gallery:
    """Stores everything in a temporary directory, which `close` removes."""

    def __init__(self, knobs: Knobs) -> None:
        self._knobs = knobs
        self._directory = tempfile.TemporaryDirectory(prefix="sandbox-apimaster-")
        self._root = Path(self._directory.name)
        self._key = secrets.token_bytes(32)
        self._painting: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._painters = asyncio.Semaphore(_PAINTERS)
        self._pictures: dict[str, Task] = {}

    def close(self) -> None:
        """Remove all files."""
        self._directory.cleanup()

    def publish(self, task: Task, *, expired: bool = False) -> str:
        """A path with an expiring signature for this finished task's picture; or one that has expired already."""
        extension = "png" if self._knobs.lying_types else _EXTENSION[self._knobs.picture_format]
        name = f"{task.id}.{extension}"
        self._pictures[name] = task
        return self._signed(f"/results/{name}", 0.0 if expired else task.ends + self._knobs.result_ttl_s)

    def expires(self, task: Task) -> int:
        """When the picture's address expires, in whole seconds since the Unix epoch."""
        return int(task.ends + self._knobs.result_ttl_s)

    async def picture(self, task: Task) -> Path:
        """The picture's file, drawn now if it wasn't yet; concurrent callers get the same one."""
        plain, picture_format = self._knobs.plain_pictures, self._knobs.picture_format
        width, height = task.request.pixels
        stem = f"plain-{width}x{height}" if plain else task.id
        path = self._root / f"{stem}.{_EXTENSION[picture_format]}"
        async with self._painting[path.name]:
            if not path.exists():
                async with self._painters:
                    if plain:
                        await asyncio.to_thread(painter.paint_plain, width, height, path, picture_format)
                    else:
                        await asyncio.to_thread(painter.paint, _painting(task), path, picture_format)
        return path

    async def result(self, name: str, query: Mapping[str, str]) -> bytes:
        """The bytes at a result's address; raises ApiError 404 if it expired or was never signed."""
        task = self._pictures.get(name)
        if task is None or not self._is_good(f"/results/{name}", query):
            raise ApiError(404, "the picture does not exist or its address has expired", code="not_found")
        path = await self.picture(task)
        return await asyncio.to_thread(path.read_bytes)

    async def add_upload(self, data: bytes, extension: str) -> str:
        """Store an uploaded picture; returns its path on the server, which doesn't expire."""
        name = f"{secrets.token_hex(12)}.{extension}"
        await asyncio.to_thread((self._root / name).write_bytes, data)
        return f"/uploads/{name}"

    async def upload(self, name: str) -> bytes:
        """The bytes of an upload; raises ApiError 404 if there is none."""
        path = self._root / Path(name).name
        try:
            return await asyncio.to_thread(path.read_bytes)
        except OSError:
            raise ApiError(404, "there is no such upload", code="not_found") from None

    def _signed(self, path: str, expires: float) -> str:
        moment = str(int(expires * 1000))
        return f"{path}?expires={moment}&signature={self._signature(path, moment)}"

    def _is_good(self, path: str, query: Mapping[str, str]) -> bool:
        moment, signature = query.get("expires", ""), query.get("signature", "")
        if not hmac.compare_digest(signature.encode(), self._signature(path, moment).encode()):
            return False
        return time.time() * 1000 < int(moment)

    def _signature(self, path: str, moment: str) -> str:
        return hmac.new(self._key, f"{path} {moment}".encode(), hashlib.sha256).hexdigest()


def _painting(task: Task) -> painter.Painting:
    width, height = task.request.pixels
    return painter.Painting(
        prompt=task.request.prompt,
        width=width,
        height=height,
        note=f"{task.request.ratio} · {task.request.resolution} · {width}x{height} · painted by the sandbox",
        variation=task.variation,
        references=task.references,
    )
