"""Where a URL that an operator configured may lead: to the public internet, checked on the addresses its name has right now."""

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlencode, urlsplit

from missions_core.errors import MisconfiguredError

HTTPS = {"https": 443}
HTTPS_OR_HTTP = HTTPS | {"http": 80}

GLOBAL_UNICAST = ip_network("2000::/3")
NAT64 = ip_network("64:ff9b::/96")
# Protocol assignments, 6to4 relays and documentation, which Python 3.11 takes for public.
SPECIAL_V4 = (ip_network("192.0.0.0/24"), ip_network("192.88.99.0/24"))
SPECIAL_V6 = ip_network("3fff::/20")

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Target:
    """A URL, read once: what is checked is what is called."""

    scheme: str
    host: str
    port: int
    path: str
    query: str

    @property
    def authority(self) -> str:
        """The Host header: without a port that goes without saying."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == HTTPS_OR_HTTP[self.scheme] else f"{host}:{self.port}"

    def path_with(self, query: Mapping[str, str]) -> str:
        """The path and the URL's own query, followed by more."""
        parameters = "&".join(part for part in (self.query, urlencode(query)) if part)
        return f"{self.path or '/'}?{parameters}" if parameters else self.path or "/"


def read_target(url: str, *, allow_http: bool) -> Target:
    """What a URL names. Raises MisconfiguredError for one that must not be called, whatever its host."""
    schemes = HTTPS_OR_HTTP if allow_http else HTTPS
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refused("the URL of an endpoint is malformed: write https://name/path") from None
    if not (url.isascii() and url.isprintable()) or set(url) & {" ", "\\"}:
        raise _refused("the URL of an endpoint has characters no URL has: escape them, and write its name as xn--…")
    if parts.scheme not in schemes:
        raise _refused("the URL of an endpoint must start with https://")
    if port == 0:
        raise _refused("the URL of an endpoint names a port that nobody can listen at: write another, or none for the usual one")
    if not parts.hostname or "@" in parts.netloc:
        raise _refused(
            "the URL of an endpoint names a host and neither user nor password: leave them out, its secret is a setting of its own"
        )
    return Target(parts.scheme, parts.hostname, port or schemes[parts.scheme], parts.path, parts.query)


def resolve(target: Target, *, allow_loopback: bool) -> Sequence[str]:
    """The addresses of the host right now. Raises MisconfiguredError if even one is not public, OSError if there is none."""
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
    for address in map(ip_address, addresses):
        if not (is_public(address) or (allow_loopback and address.is_loopback)):
            raise _refused(f"{target.host} is not a host of the public internet: name one that is")
    return addresses


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet; one that carries an IPv4 address is as public as that."""
    if isinstance(address, IPv4Address):
        is_special = address.is_multicast or address.is_reserved or any(address in network for network in SPECIAL_V4)
        return address.is_global and not is_special
    if address in NAT64:
        return is_public(IPv4Address(address.packed[-4:]))
    if address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    is_tunnel = address.sixtofour is not None or address.teredo is not None
    return address in GLOBAL_UNICAST and address.is_global and not is_tunnel and address not in SPECIAL_V6


def _refused(message: str) -> MisconfiguredError:
    return MisconfiguredError("endpoint_refused", message)
