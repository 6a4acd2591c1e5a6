"""Which hosts a result may be read from: anyone's on the internet, and of private ones those that a setting names."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver
from yarl import URL

Address = IPv4Address | IPv6Address

# What `is_global` takes for the internet, in some version of Python or in all, and what leads elsewhere all the same.
_NOT_THE_INTERNET: Final = tuple(
    ip_network(net)
    for net in (
        "100.64.0.0/10",  # shared by the customers of a provider; some clouds have their metadata there
        "192.0.0.0/24",  # protocol assignments, among them one that some clouds answer on
        "192.88.99.0/24",  # relays of 6to4
        "198.18.0.0/15",  # benchmarks
        "::/96",  # IPv4 in the last 32 bits, a form that was given up
        "64:ff9b:1::/48",  # NAT64 of one network alone
        "100::/64",  # nowhere
        "2001::/23",  # Teredo and other protocols
        "2002::/16",  # 6to4, which has any IPv4 address inside
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fec0::/10",  # site-local, of old
    )
)
_NAT64: Final = IPv6Network("64:ff9b::/96")


class PrivateAddressError(OSError):
    """A name has no address but those that are nobody's business outside of this machine or network."""


def is_public(address: Address) -> bool:
    """Whether an address is one of the internet's, seen through the forms in which IPv6 carries IPv4."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _NAT64:  # what a network without IPv4 reaches every IPv4 host by
            return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    special = address.is_multicast or address.is_unspecified or address.is_reserved
    return address.is_global and not special and not any(_within(address, net) for net in _NOT_THE_INTERNET)


def literal(host: str) -> Address | None:
    """The address that a host is, if it is one and no name; such a host asks no resolver."""
    try:
        return ip_address(host)
    except ValueError:
        return None


class TrustedHosts:
    """Hosts that may be asked although their addresses are private: `name`, or `name:port` for one port alone.

    An IPv6 address stands in brackets. The origin of `base_url` is trusted as well: its setting names it.
    """

    def __init__(self, names: Iterable[str], base_url: URL) -> None:
        self._names = frozenset(name.lower() for name in names)
        self._origin = (base_url.host, base_url.port)

    def __contains__(self, place: tuple[str, int | None]) -> bool:
        """Whether this host and port are named."""
        host, port = place
        name = f"[{host}]" if ":" in host else host
        return place == self._origin or not self._names.isdisjoint({name.lower(), f"{name.lower()}:{port}"})


class GuardedResolver(AbstractResolver):
    """Resolves names to public addresses alone, but for trusted hosts.

    The connection goes to the very addresses that are given back here, so that a name which means something else a
    moment later gains nothing. Raises PrivateAddressError where nothing is left.
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
        except ValueError as error:  # UnicodeError: IDNA cannot encode it. aiohttp expects resolvers to raise OSError.
            raise OSError(None, "a name that cannot be resolved") from error
        if (host, port) in self._trusted:
            return found
        public = [result for result in found if _is_public_text(result["host"])]
        if found and not public:
            raise PrivateAddressError(None, "a private address")
        return public

    async def close(self) -> None:
        """Close the resolver behind this one."""
        await self._inner.close()


def _is_public_text(host: str) -> bool:
    address = literal(host)
    return address is not None and is_public(address)


def _within(address: Address, net: IPv4Network | IPv6Network) -> bool:
    return address.version == net.version and address in net
