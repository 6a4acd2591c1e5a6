"""Which `Host` headers an HTTP port accepts, so that a web page cannot reach it by DNS rebinding."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

_HOST: Final = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[^:\[\]/@\s]+)(?::(?P<port>[0-9]{1,5}))?")
_EVERYWHERE: Final = frozenset({"", "0.0.0.0", "::"})


class KnownHosts:
    """The accepted names of a port: loopback names and HTTP_HOST. A port on a wildcard address accepts any name."""

    def __init__(self, host: str, port: int) -> None:
        self._host = _plain(host)
        self._port = port

    @property
    def any_host(self) -> bool:
        """Whether HTTP_HOST is a wildcard address, whose names are not known here."""
        return self._host in _EVERYWHERE

    def __contains__(self, header: str) -> bool:
        """Whether a `Host` header names this port."""
        if self.any_host:
            return True
        match = _HOST.fullmatch(header.strip())
        if match is None or int(match["port"] or self._port) != self._port:
            return False
        name = _plain(match["name"])
        return name in (self._host, "localhost") or _is_loopback(name)


def _plain(name: str) -> str:
    return name.strip().strip("[]").rstrip(".").lower()


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
