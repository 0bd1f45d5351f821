"""Addresses that users give: resolved once, refused if private, connected to as resolved.

Resolving again for the connection would let a name answer with a public address first and a
private one later (DNS rebinding), therefore the connection goes to the address that was checked.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import httpx

from hansa.runtime.outbound.failures import AddressRefused

URL_LENGTH_MAX = 2000
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

# Embed IPv4 in IPv6, by which a private address could pass as a global one.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Checked:
    """An address that may be used: the URL to connect to and the name it stands for."""

    url: httpx.URL
    host: str
    host_header: str


async def resolve(host: str, port: int) -> Sequence[str]:
    """Give the numeric addresses of a host."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


async def check(url: str, *, resolver: Resolve = resolve) -> Checked:
    """Find out where an address leads.

    Raises:
        AddressRefused: to a private network, to this machine, nowhere, or it is no http address.
    """
    shown = url[:200]
    if len(url) > URL_LENGTH_MAX:
        raise AddressRefused(shown, "it is too long")
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError, UnicodeError) as error:
        raise AddressRefused(shown, "it is not an address") from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise AddressRefused(shown, "it must begin with http:// or https://")
    if parsed.userinfo:
        raise AddressRefused(shown, "it must not hold a user name")
    port = parsed.port or (443 if parsed.scheme == "https" else 80)
    try:
        addresses = await resolver(parsed.raw_host.decode("ascii"), port)
    except (OSError, UnicodeError) as error:
        raise AddressRefused(shown, "its host is unknown") from error
    if not addresses or not all(is_public(address) for address in addresses):
        raise AddressRefused(shown, "it leads to a private network")
    return Checked(
        url=parsed.copy_with(host=addresses[0]),
        host=parsed.raw_host.decode("ascii"),
        host_header=parsed.netloc.decode("ascii"),
    )


def is_public(address: str) -> bool:
    """Tell whether an address belongs to a host of the open internet."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        embedded = parsed.ipv4_mapped or parsed.sixtofour
        if embedded is None and parsed in _NAT64:
            embedded = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if embedded is not None:
            return is_public(str(embedded))
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved
