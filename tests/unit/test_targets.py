"""Which URLs of operators are called at all: https, to nothing but the public internet."""

import socket
from ipaddress import ip_address

import pytest

from missions_core.errors import MisconfiguredError
from missions_core.targets import is_public, read_target, resolve

PUBLIC = "93.184.216.34"


def naming(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "file:///etc/passwd",
        "ftp://example.com/",
        "//example.com/",
        "example.com",
        "",
        "https://",
        "https:///path",
        "https://user@example.com/",
        "https://user:password@example.com/",
        "https://@example.com/",
        "https://example.com\\@evil.example/",
        "https://example.com:99999/",
        "https://example.com:0/",
        "https://example.com:000/",
        "https://example.com:port/",
        "https://[::1/",
        "https://exa mple.com/",
        "https://example.com/\r\nHost: evil.example",
        "https://ⓔxample.com/",
    ],
)
def test_what_is_not_a_plain_https_url_is_refused(url: str) -> None:
    with pytest.raises(MisconfiguredError) as refused:
        read_target(url, allow_http=False)
    assert refused.value.code == "endpoint_refused"


def test_a_url_is_read_into_what_is_called() -> None:
    target = read_target("https://Example.com/hooks?key=1#part", allow_http=False)
    assert (target.scheme, target.host, target.port, target.authority) == ("https", "example.com", 443, "example.com")
    assert target.path_with({"player": "a b&c"}) == "/hooks?key=1&player=a+b%26c"
    assert read_target("https://example.com", allow_http=False).path_with({}) == "/"
    assert read_target("https://[2606:4700::1111]:8443/", allow_http=False).authority == "[2606:4700::1111]:8443"


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",  # carrier-grade NAT, and much of what clouds keep for themselves
        "127.0.0.1",
        "127.8.9.10",
        "169.254.169.254",  # the instance's credentials
        "169.254.170.2",  # the container's
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.8",
        "192.0.0.170",
        "192.0.2.1",
        "192.88.99.1",  # relays to 6to4
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.1.2.3",
        "240.0.0.1",
        "255.255.255.255",
        "3fff::1",
        "3fff:fff::1",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "100::1",
        "2001:db8::1",
        "2001::1",  # Teredo
        "2002:7f00:1::",  # 6to4
        "2002:808:808::",
        "fc00::1",
        "fd00:ec2::254",  # the instance's credentials, over IPv6
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_an_address_inside_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("inside", ["10.0.0.1", "::1", "169.254.169.254"])
def test_a_name_with_one_address_inside_is_refused_wherever_else_it_leads(monkeypatch: pytest.MonkeyPatch, inside: str) -> None:
    naming(monkeypatch, PUBLIC, inside)
    with pytest.raises(MisconfiguredError, match=r"partner\.example"):
        resolve(read_target("https://partner.example/", allow_http=False), allow_loopback=False)


def test_loopback_is_allowed_where_asked_for_and_nothing_else_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    target = read_target("http://partner.example/", allow_http=True)
    naming(monkeypatch, "127.0.0.1", "::1")
    assert resolve(target, allow_loopback=True) == ["127.0.0.1", "::1"]
    naming(monkeypatch, "10.0.0.1")
    with pytest.raises(MisconfiguredError):
        resolve(target, allow_loopback=True)
