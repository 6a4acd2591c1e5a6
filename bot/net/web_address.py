"""Validates every URL that comes from outside: results, redirects, upload replies, references."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final

from yarl import URL

MAX_ADDRESS_CHARACTERS: Final = 8_192
"""Signed URLs have some hundred characters; servers refuse more than about this."""
_MAX_NAME_CHARACTERS: Final = 253
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)
_NEVER_IN_AN_ADDRESS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\\\ud800-\udfff]")
_PORTS: Final = range(1, 65_536)


class AddressError(ValueError):
    """The text is not an http(s) URL that can be requested."""


def web_address(text: str, *, base: URL | None = None) -> URL:
    """Parse an http(s) URL whose host is an IP address or a valid DNS name; raises AddressError.

    A relative URL is resolved against `base`, if given. A well-formed URL is kept unchanged, since re-quoting it could
    break its signature. Whether its host may be contacted is checked elsewhere.
    """
    if not text or len(text) > MAX_ADDRESS_CHARACTERS or _NEVER_IN_AN_ADDRESS.search(text):
        raise AddressError("empty, too long, or with control characters")
    try:
        url = URL(text, encoded=text.isascii() and text.isprintable() and " " not in text)
        if base is not None and not url.absolute:
            url = base.join(url)
        # yarl parses an encoded URL lazily, so its parts are read here.
        scheme, host, port, _ = url.scheme, url.raw_host, url.port, url.origin()
        usable = scheme in {"http", "https"} and bool(host) and port in _PORTS
    except ValueError as error:  # includes IDNA's UnicodeError
        raise AddressError(type(error).__name__) from None
    if not usable or not _is_host(host or ""):
        raise AddressError("no http address, or no host that can be resolved")
    return url


def _is_host(host: str) -> bool:
    """Whether a host is an IP address, or a name that a resolver accepts."""
    if ":" in host:
        try:
            ip_address(host)
        except ValueError:
            return False
        return "%" not in host
    name = host.removesuffix(".")
    return len(name) <= _MAX_NAME_CHARACTERS and all(_LABEL.fullmatch(label) for label in name.split("."))
