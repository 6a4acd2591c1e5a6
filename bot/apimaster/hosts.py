"""Which hosts a result may be fetched from: any public one, and private ones that a setting names."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver
from yarl import URL

Address = IPv4Address | IPv6Address

# Not public, though `is_global` of some or all Python versions says so, or leading to other networks.
_NOT_THE_INTERNET: Final = tuple(
    ip_network(net)
    for net in (
        "100.64.0.0/10",  # carrier-grade NAT; some clouds have their metadata service there
        "192.0.0.0/24",  # protocol assignments, including a metadata address of some clouds
        "192.88.99.0/24",  # 6to4 relays
        "198.18.0.0/15",  # benchmarks
        "::/96",  # IPv4-compatible IPv6, deprecated
        "64:ff9b:1::/48",  # local-use NAT64
        "100::/64",  # discard-only
        "2001::/23",  # Teredo and other protocols
        "2002::/16",  # 6to4, which embeds any IPv4 address
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fec0::/10",  # site-local, deprecated
    )
)
_NAT64: Final = IPv6Network("64:ff9b::/96")


class PrivateAddressError(OSError):
    """A name resolves to private addresses only."""


def is_public(address: Address) -> bool:
    """Whether an address is public, including IPv4 addresses embedded in IPv6."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _NAT64:  # the NAT64 prefix, by which a network without IPv4 reaches every IPv4 host
            return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    special = address.is_multicast or address.is_unspecified or address.is_reserved
    return address.is_global and not special and not any(_within(address, net) for net in _NOT_THE_INTERNET)


def literal(host: str) -> Address | None:
    """The host as an IP address, or None if it is a name; an address is not resolved."""
    try:
        return ip_address(host)
    except ValueError:
        return None


class TrustedHosts:
    """Hosts that may be contacted at private addresses: `name`, or `name:port` for one port only.

    An IPv6 address is written in brackets. The origin of `base_url` is trusted too, since a setting names it.
    """

    def __init__(self, names: Iterable[str], base_url: URL) -> None:
        self._names = frozenset(name.lower() for name in names)
        self._origin = (base_url.host, base_url.port)

    def __contains__(self, place: tuple[str, int | None]) -> bool:
        """Whether this host and port are listed."""
        host, port = place
        name = f"[{host}]" if ":" in host else host
        return place == self._origin or not self._names.isdisjoint({name.lower(), f"{name.lower()}:{port}"})


class GuardedResolver(AbstractResolver):
    """Resolves names to public addresses only, except for trusted hosts.

    The connection uses exactly the returned addresses, which prevents DNS rebinding. Raises PrivateAddressError if none
    is left.
    """

    def __init__(self, trusted: TrustedHosts, inner: AbstractResolver | None = None) -> None:
        self._trusted = trusted
        self._inner = inner or DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """See AbstractResolver."""
        try:
            found = await self._inner.resolve(host, port, family)
        except ValueError as error:  # UnicodeError: IDNA can't encode it. aiohttp expects resolvers to raise OSError.
            raise OSError(None, "a name that cannot be resolved") from error
        if (host, port) in self._trusted:
            return found
        public = [result for result in found if _is_public_text(result["host"])]
        if found and not public:
            raise PrivateAddressError(None, "a private address")
        return public

    async def close(self) -> None:
        """Close the wrapped resolver."""
        await self._inner.close()


def _is_public_text(host: str) -> bool:
    address = literal(host)
    return address is not None and is_public(address)


def _within(address: Address, net: IPv4Network | IPv6Network) -> bool:
    return address.version == net.version and address in net
