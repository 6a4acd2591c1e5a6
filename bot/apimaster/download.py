"""Fetches a finished picture into a file, from a URL, a `data:` URI or base64."""

from __future__ import annotations

import asyncio
import binascii
import logging
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import unquote_to_bytes

import aiohttp
from yarl import URL

from bot.apimaster.hosts import PrivateAddressError, TrustedHosts, is_public, literal
from bot.apimaster.transport import network_errors
from bot.domain.errors import OutcomeUnknownError, PictureError, RateLimitedError, StoreError, UnavailableError
from bot.net.web_address import AddressError, web_address
from bot.ops.durable_files import open_private
from bot.ports import PictureSource, PictureText

log = logging.getLogger(__name__)

MAX_PICTURE_BYTES: Final = 64 * 1024 * 1024
_MAX_REDIRECTS: Final = 5
_MAX_SECONDS: Final = 600
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_WRITE_BYTES: Final = 1024 * 1024
# A multiple of four, since base64 is decoded in whole groups.
_DECODE_CHARACTERS: Final = 256 * 1024
_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")


class Downloader:
    """Downloads pictures from public hosts, and from private ones only if they are `trusted`.

    The session's connector must resolve names by a GuardedResolver with the same hosts; literal IP addresses, which
    need no resolver, are checked here. The API key is only sent to the scheme, host and port of `base_url`, never on a
    redirect.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        base_url: URL,
        trusted: TrustedHosts,
        api_key: str,
        connect_s: float,
        read_s: float,
    ) -> None:
        self._session = session
        self._base_url = base_url
        self._trusted = trusted
        self._key = api_key
        self._timeout = aiohttp.ClientTimeout(sock_connect=connect_s, sock_read=read_s)

    async def download(self, source: PictureSource, to: Path) -> int:
        """Write the picture to `to` and return its size; leaves no file after a failure."""
        with _no_remains(to):
            if source.text is not None:
                return await asyncio.to_thread(_decode_text, source.text, to)
            if source.base64 is not None:
                return await asyncio.to_thread(_decode_base64, _sliced(source.base64), to)
            url = source.url
            if not url:
                raise _bad_address()
            if url[:5].lower() == "data:":
                return await asyncio.to_thread(_decode_data_uri, url, to)
            with network_errors():
                # The session's read timeout limits silence; this limits a host that sends very slowly.
                async with asyncio.timeout(_MAX_SECONDS):
                    return await self._fetch(_parse(url, self._base_url), to)

    async def _fetch(self, url: URL, to: Path) -> int:
        with_key = url.origin() == self._base_url.origin()
        for _ in range(_MAX_REDIRECTS + 1):
            self._check(url)
            async with self._get(url, with_key=with_key) as response:
                if response.status not in _REDIRECTS:
                    return await _save(response, to)
                url = _parse(response.headers.get("Location", ""), url)
                with_key = False
        raise PictureError("result_gone", f"The picture's address redirects more than {_MAX_REDIRECTS} times.")

    def _check(self, url: URL) -> None:
        address = literal(url.host or "")
        if address is not None and not is_public(address) and (url.host or "", url.port) not in self._trusted:
            raise _forbidden(url)

    @asynccontextmanager
    async def _get(self, url: URL, *, with_key: bool) -> AsyncIterator[aiohttp.ClientResponse]:
        headers = {"Accept": "image/*,*/*;q=0.5", "Accept-Encoding": "identity"}
        if with_key:
            headers["Authorization"] = f"Bearer {self._key}"
        # A result needs no credentials, so those in a URL are dropped.
        bare = url.with_user(None)
        try:
            response = await self._session.get(bare, headers=headers, timeout=self._timeout, allow_redirects=False)
        except aiohttp.InvalidURL:
            raise _bad_address() from None
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, PrivateAddressError):
                raise _forbidden(url) from None
            raise
        async with response:
            yield response


def _parse(text: str, base: URL) -> URL:
    try:
        return web_address(text, base=base)
    except AddressError:
        raise _bad_address() from None


async def _save(response: aiohttp.ClientResponse, to: Path) -> int:
    _check_status(response.status)
    if (response.content_length or 0) > MAX_PICTURE_BYTES:
        raise _too_large()
    size, pending = 0, bytearray()
    with _opened(to) as file:
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > MAX_PICTURE_BYTES:
                raise _too_large()
            pending += chunk
            if len(pending) >= _WRITE_BYTES:
                await asyncio.to_thread(_write, file, bytes(pending))
                pending.clear()
        await asyncio.to_thread(_write, file, bytes(pending))
    return size


def _check_status(status: int) -> None:
    if status == 200:
        return
    if status == 429:
        raise RateLimitedError("HTTP 429 on the picture's address", http_status=status)
    if 400 <= status < 500 and status not in {408, 425}:
        # Storage services answer an expired signature with any of 400, 403, 404 and 410.
        raise PictureError("result_gone", f"The picture is no longer at its address (HTTP {status}).")
    if status >= 500 or status in {408, 425}:
        raise UnavailableError(f"HTTP {status} on the picture's address", http_status=status)
    raise OutcomeUnknownError(f"HTTP {status} on the picture's address", http_status=status)


def _decode_data_uri(uri: str, to: Path) -> int:
    header, comma, payload = uri.partition(",")
    if not comma:
        raise _not_a_picture()
    decode = _decode_base64 if header.lower().endswith(";base64") else _decode_percent
    return decode(_sliced(payload), to)


def _decode_text(text: PictureText, to: Path) -> int:
    """Decode a long `data:` URI or base64 from disk, piece by piece."""
    pieces = _legible(text)
    first = next(pieces, "").lstrip()
    if first[:5].lower() != "data:":
        return _decode_base64(chain([first], pieces), to)
    header, comma, payload = first.partition(",")
    if not comma:
        raise _not_a_picture()
    decode = _decode_base64 if header.lower().endswith(";base64") else _decode_percent
    return decode(chain([payload], pieces), to)


def _legible(text: PictureText) -> Iterator[str]:
    try:
        yield from text.pieces()
    except ValueError:
        raise _not_a_picture() from None


def _sliced(text: str) -> Iterator[str]:
    return (text[start : start + _DECODE_CHARACTERS] for start in range(0, len(text), _DECODE_CHARACTERS))


def _decode_percent(pieces: Iterable[str], to: Path) -> int:
    size, carry = 0, ""
    with _opened(to) as file:
        for piece in pieces:
            whole = carry + piece
            cut = whole.rfind("%", max(0, len(whole) - 2))  # an escape sequence that continues in the next piece
            whole, carry = (whole, "") if cut < 0 else (whole[:cut], whole[cut:])
            size += _write(file, unquote_to_bytes(whole))
            if size > MAX_PICTURE_BYTES:
                raise _too_large()
        return size + _write(file, unquote_to_bytes(carry))


def _decode_base64(pieces: Iterable[str], to: Path) -> int:
    """Decode group by group, so that a large picture is not in memory a second and third time.

    Line breaks, the URL-safe alphabet and missing padding are accepted.
    """
    size, carry = 0, b""
    with _opened(to) as file:
        for piece in pieces:
            symbols = carry + _symbols(piece)
            whole = len(symbols) - len(symbols) % 4
            size += _write(file, _a2b(symbols[:whole]))
            carry = symbols[whole:]
            if size > MAX_PICTURE_BYTES:
                raise _too_large()
        return size + _write(file, _a2b(carry + b"=" * (-len(carry) % 4)))


def _symbols(text: str) -> bytes:
    try:
        return text.encode("ascii").translate(_URL_SAFE, b" \t\r\n")
    except UnicodeEncodeError:
        raise _not_a_picture() from None


def _a2b(symbols: bytes) -> bytes:
    try:
        return binascii.a2b_base64(symbols, strict_mode=True)
    except binascii.Error:
        raise _not_a_picture() from None


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """A new file that only this user can read."""
    try:
        file = open_private(path)
    except OSError as error:
        raise _disk(error) from error
    try:
        yield file
    finally:
        # Every write was flushed and has reported its error; an error on closing would hide it.
        with suppress(OSError):
            file.close()


def _write(file: BinaryIO, data: bytes) -> int:
    try:
        written = file.write(data)
        file.flush()
    except OSError as error:
        raise _disk(error) from error
    return written


@contextmanager
def _no_remains(path: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _disk(error: OSError) -> StoreError:
    return StoreError(f"The picture cannot be written to disk: {error.strerror or error}")


def _bad_address() -> PictureError:
    return PictureError("result_gone", "The provider gave an address that is not an http address.")


def _forbidden(url: URL) -> PictureError:
    log.warning("result_host_refused", extra={"host": url.host, "port": url.port, "trusted_by": "RESULT_HOSTS"})
    place = f"{url.host}:{url.port}"
    return PictureError(
        "result_forbidden",
        f"The picture's address leads to {place}, which is private. If that is right, name it in RESULT_HOSTS.",
    )


def _too_large() -> PictureError:
    return PictureError("too_large", f"The picture has more than {MAX_PICTURE_BYTES // 1024**2} MB.")


def _not_a_picture() -> PictureError:
    return PictureError("not_a_picture", "The provider sent something that cannot be decoded.")
