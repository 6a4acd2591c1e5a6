"""Copies reference pictures from Discord's CDN to disk, and checks their bytes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import aiohttp
from yarl import URL

from bot.domain.errors import BadReferenceError, OutcomeUnknownError, PictureError, StartupError, StoreError
from bot.domain.job import FIRST_FRAME, Reference
from bot.domain.picture import MAX_REFERENCE_BYTES
from bot.media.decode_pool import in_studio, room_for
from bot.media.metadata import CleanPicture, cleaned
from bot.media.sniff import GIF, JPEG, PNG, SNIFF_BYTES, WEBP, sniff
from bot.media.verify import verify_now
from bot.net.web_address import AddressError, web_address
from bot.ops.durable_files import open_private

_ACCEPTED: Final = (PNG, JPEG, WEBP, GIF)
_ALTERED: Final = ".altered"
_REASONS: Final = {
    "unknown_format": "reference_not_a_picture",
    "not_a_picture": "reference_damaged",
    "too_many_pixels": "reference_too_many_pixels",
}
_CHUNK_BYTES: Final = 256 * 1024
_TIMEOUT: Final = aiohttp.ClientTimeout(total=60, sock_connect=10, sock_read=20)


class ReferenceCopies:
    """The folder of reference pictures, `{request}-{position}.{extension}`, and their download.

    Metadata are removed. A copy that is not byte for byte identical to the posted file is named
    `{request}-{position}.altered.{extension}`, so that its name shows it. Only the given hosts (with their port, if
    they have one) are contacted. An async context manager; on entering it, incomplete copies of an earlier process are
    deleted. Only one process at a time may use a folder. Raises StartupError if it can't be created or written to.
    """

    def __init__(self, root: Path, hosts: Collection[str], *, at_once: int = 8) -> None:
        self._root = root
        self._hosts = frozenset(hosts)
        self._slots = asyncio.Semaphore(at_once)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        try:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._root.chmod(0o700)
            for part in self._root.glob("*.part"):
                part.unlink()
        except OSError as error:
            raise StartupError(
                f"The directory {self._root} cannot be written ({error.strerror}). Set DATA_DIR to one that can."
            ) from error
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    def path_of(self, file_name: str) -> Path:
        """The path of a copied reference with this file name."""
        return self._root / Path(file_name).name

    async def copy(self, request_id: int, reference: Reference) -> Reference:
        """Copy and check one reference.

        Raises BadReferenceError, or ProviderError or StoreError for temporary failures.
        """
        address = _address_on(self._hosts, reference.url)
        if address is None:
            raise _refused(reference, "reference_foreign")
        part = self._root / f"{request_id}-{reference.position}.part"
        async with self._slots:
            try:
                await self._fetch(reference, address, part)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
            return await in_studio(self._admit, request_id, reference, part)

    def is_as_posted(self, file_name: str) -> bool:
        """Whether a copy with this name is byte for byte identical to what its URL serves."""
        return not Path(file_name).stem.endswith(_ALTERED)

    async def remove(self, request_id: int) -> None:
        """Delete a request's copies; there may be none."""
        await asyncio.to_thread(self._remove, request_id)

    async def requests_on_disk(self) -> list[int]:
        """The ids of requests that have files."""
        return await asyncio.to_thread(self._requests_on_disk)

    def _requests_on_disk(self) -> list[int]:
        with os.scandir(self._root) as entries:
            numbers = {entry.name.partition("-")[0] for entry in entries}
        return sorted(int(number) for number in numbers if number.isdecimal())

    def _remove(self, request_id: int) -> None:
        for path in self._root.glob(f"{request_id}-*"):
            path.unlink(missing_ok=True)

    async def _fetch(self, reference: Reference, address: URL, to: Path) -> None:
        if self._session is None:
            raise RuntimeError("use ReferenceCopies as a context manager")
        try:
            async with self._session.get(address, allow_redirects=False) as response:
                if response.status in {403, 404, 410}:
                    raise _refused(reference, "reference_gone")
                if response.status != 200:
                    raise OutcomeUnknownError(f"HTTP {response.status} from Discord's CDN", http_status=response.status)
                size = 0
                with open_private(to) as file:
                    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                        size += len(chunk)
                        if size > MAX_REFERENCE_BYTES:
                            raise _refused(reference, "reference_too_large")
                        await asyncio.to_thread(file.write, chunk)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise OutcomeUnknownError(f"Discord's CDN: {type(error).__name__}") from error
        except OSError as error:
            raise StoreError(f"A reference cannot be written to disk: {error.strerror or error}") from error

    def _admit(self, request_id: int, reference: Reference, part: Path) -> Reference:
        """Check the bytes, and store what may leave this machine: of an animation only the first frame."""
        try:
            clean, altered = _cleaned(part)
            path = self._root / f"{request_id}-{reference.position}{_ALTERED * altered}.{clean.kind.extension}"
            part.replace(path)
        except (PictureError, StoreError, OSError) as error:
            part.unlink(missing_ok=True)
            if isinstance(error, PictureError):
                raise _refused(reference, _REASONS[error.code]) from None
            raise StoreError(f"A reference cannot be kept on disk: {error}") from error
        return replace(
            reference,
            file_name=path.name,
            content_type=clean.kind.mime,
            size_bytes=len(clean.data),
            note=FIRST_FRAME if clean.still else "",
        )


def _address_on(hosts: Collection[str], text: str) -> URL | None:
    """The URL to request if its host is one of these: HTTPS, unless the host is listed with a port."""
    try:
        address = web_address(text)
    except AddressError:
        return None
    place = address.raw_authority
    plain = address.scheme == "http" and address.explicit_port is not None
    return address if place in hosts and (plain or address.scheme == "https") else None


def _cleaned(path: Path) -> tuple[CleanPicture, bool]:
    """Verify a file and remove its metadata; returns whether there was any."""
    posted = path.read_bytes()
    kind = sniff(posted[:SNIFF_BYTES])
    if kind is None or kind not in _ACCEPTED:
        raise PictureError("unknown_format", "The file is not a PNG, JPEG, WebP or GIF picture.")
    with room_for(path):  # the largest take 400 MB for a moment, if members construct such files
        verify_now(path)
        clean = cleaned(posted, kind)
    altered = clean.data != posted
    if altered:
        path.write_bytes(clean.data)
    return clean, altered


def _refused(reference: Reference, code: str) -> BadReferenceError:
    return BadReferenceError(code, reference.position + 1, reference.name)
