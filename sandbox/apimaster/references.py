"""Fetch the reference pictures of a request, from this machine only."""

import ipaddress
from collections.abc import Sequence

import aiohttp
from yarl import URL

from sandbox.apimaster.catalogue import MAX_REFERENCE_BYTES

_TIMEOUT = aiohttp.ClientTimeout(total=20)


class UnusableReferenceError(Exception):
    """A reference could not be fetched; the message becomes the task's failure reason."""


async def fetch_references(
    session: aiohttp.ClientSession, references: Sequence[str | bytes]
) -> tuple[bytes | None, ...]:
    """The bytes of each reference; None for one on another machine, which the stand-in never contacts."""
    return tuple([await _fetch(session, reference) for reference in references])


async def _fetch(session: aiohttp.ClientSession, reference: str | bytes) -> bytes | None:
    if isinstance(reference, bytes):
        return reference
    try:
        url = URL(reference, encoded=True)
        if not _is_loopback(url.host or ""):
            return None
        async with session.get(url, timeout=_TIMEOUT, allow_redirects=False) as response:
            if response.status != 200:
                raise UnusableReferenceError(f"failed to download a reference picture: HTTP {response.status}")
            return await _limited(response)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise UnusableReferenceError("failed to download a reference picture") from error


async def _limited(response: aiohttp.ClientResponse) -> bytes:
    data = bytearray()
    async for chunk in response.content.iter_any():
        data += chunk
        if len(data) > MAX_REFERENCE_BYTES:
            raise UnusableReferenceError("a reference picture has more than 20 MB")
    return bytes(data)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
