"""Which addresses may be sent to: nobody gets this server to knock at doors inside its network.

An address is checked twice: when it is given, for a clear answer, and at each connection, because a
name can point elsewhere a moment later. The connection goes to the very address that was checked.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final, TypeAlias
from urllib.parse import urlsplit

import anyio

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""Gives the IP addresses of a host."""

MAX_URL: Final = 2048
_RESOLVE_SECONDS: Final = 5.0
_PORTS: Final = frozenset({80, 443})
# Parts of IPv6 that carry an IPv4 address inside, by which it can be reached.
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_LOCAL_NAT64: Final = ipaddress.IPv6Network("64:ff9b:1::/48")
_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")


class TargetRefused(ValueError):
    """A URL that webhooks are not sent to."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be sent to, in its parts.

    Attributes:
        scheme: `https`, or `http` where private targets are allowed.
        host: The host, in ASCII.
        port: The port.
    """

    scheme: str
    host: str
    port: int


def parse_target(url: str, *, allow_private: bool = False) -> Target:
    """Read a URL and check its form.

    Args:
        url: The URL.
        allow_private: Allow `http`, any port, and literal private addresses.

    Raises:
        TargetRefused: It is not a URL that may be sent to.

    Example:
        >>> parse_target("https://example.com/hook")
        Target(scheme='https', host='example.com', port=443)
    """
    if len(url) > MAX_URL:
        raise TargetRefused(f"a URL has at most {MAX_URL} characters, not {len(url)}")
    if not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>^`{|}'):
        raise TargetRefused("a URL has no spaces, backslashes or characters outside of ASCII")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise TargetRefused(f"it is not a URL: {error}") from error
    schemes = ("https", "http") if allow_private else ("https",)
    if parts.scheme not in schemes:
        raise TargetRefused(f"the URL must begin with {' or '.join(schemes)}://")
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise TargetRefused("the URL must hold no user name and no password")
    if "#" in url:
        raise TargetRefused("the URL must have no fragment")
    host = parts.hostname or ""
    if not host or len(host) > 253 or "%" in host:
        raise TargetRefused("the URL has no host that can be used")
    port = port if port is not None else {"https": 443, "http": 80}[parts.scheme]
    if not allow_private and port not in _PORTS and port < 1024:
        raise TargetRefused(f"the port must be 443, 80, or 1024 and above, not {port}")
    literal = _literal(host)
    if literal is not None and not allow_private:
        _check(host, literal)
    return Target(parts.scheme, host, port)


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system for the addresses of a host."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


async def checked_addresses(
    host: str, port: int, *, allow_private: bool = False, resolver: Resolve = resolve
) -> Sequence[str]:
    """Resolve a host and check all its addresses.

    One bad address is enough to refuse it: a host that is inside and outside is not meant well.

    Raises:
        TargetRefused: It has no address, or one that is not public.
    """
    try:
        with anyio.fail_after(_RESOLVE_SECONDS):
            addresses = await resolver(host, port)
    except (OSError, UnicodeError) as error:  # TimeoutError is an OSError
        raise TargetRefused(f"the host {host!r} cannot be found") from error
    if not addresses:
        raise TargetRefused(f"the host {host!r} has no address")
    for address in addresses:
        literal = _literal(address)
        if literal is None:
            raise TargetRefused(f"the host {host!r} has an address that cannot be read")
        if not allow_private:
            _check(host, literal)
    return addresses


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the open Internet.

    Example:
        >>> [is_public(ipaddress.ip_address(it)) for it in ("8.8.8.8", "10.0.0.1", "::1")]
        [True, False, False]
        >>> is_public(ipaddress.ip_address("64:ff9b::a00:1"))  # 10.0.0.1 through NAT64
        False
    """
    if isinstance(address, IPv6Address):
        if address.scope_id is not None or address.is_site_local or address in _LOCAL_NAT64:
            return False
        if address.sixtofour is not None or address.teredo is not None:
            return False
        inner = address.ipv4_mapped
        if inner is None and (address in _NAT64 or address in _COMPATIBLE):
            inner = IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _check(host: str, address: IPv4Address | IPv6Address) -> None:
    if not is_public(address):
        # The address itself is not told: it would map the network for whoever asks.
        raise TargetRefused(f"the host {host!r} is not on the public Internet")
