"""Counts sockets by where they come from, so that one place cannot take all the room."""

from __future__ import annotations

import ipaddress
import logging
from collections import Counter

_log = logging.getLogger(__name__)


class Networks:
    """How many sockets there are from each place.

    Args:
        most: How many there may be from one; None: any number.

    Example:
        >>> networks = Networks(1)
        >>> networks.enter("192.0.2.1"), networks.enter("192.0.2.1"), networks.enter("192.0.2.2")
        (True, False, True)
    """

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._sockets: Counter[str] = Counter()
        self._told: set[str] = set()

    def enter(self, address: str) -> bool:
        """Count one more from an address; False: there are too many already."""
        network = network_of(address)
        if self._most is not None and address and self._sockets[network] >= self._most:
            if network not in self._told:
                self._told.add(network)
                _log.warning("there are %d sockets from %s, more are refused", self._most, network)
            return False
        self._sockets[network] += 1
        return True

    def leave(self, address: str) -> None:
        """Count one less from an address."""
        network = network_of(address)
        self._told.discard(network)
        self._sockets[network] -= 1
        if not self._sockets[network]:
            del self._sockets[network]


def network_of(address: str) -> str:
    """The place that an address is counted as: whoever has IPv6 has 2 ** 64 addresses.

    Example:
        >>> network_of("192.0.2.1"), network_of("2001:db8::1"), network_of("::ffff:192.0.2.1")
        ('192.0.2.1', '2001:db8::/64', '192.0.2.1')
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address  # a socket of this machine's file system, or a test
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return f"{ipaddress.IPv6Address(int(found) >> 64 << 64)}/64"
