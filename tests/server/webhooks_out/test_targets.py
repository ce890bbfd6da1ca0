"""Nobody gets the server to knock at doors inside its network."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz_server.webhooks.guarded_http import CheckedBackend, GuardedHttp
from blazz_server.webhooks.targets import (
    TargetRefused,
    checked_addresses,
    is_public,
    parse_target,
)

INSIDE = [
    "127.0.0.1",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fec0::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
]


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_addresses_outside_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@given(st.integers(min_value=0, max_value=2**32 - 1))
def test_an_ipv4_address_is_judged_alike_in_all_its_forms(number: int) -> None:
    plain = is_public(ipaddress.IPv4Address(number))

    assert is_public(ipaddress.IPv6Address((0xFFFF << 32) + number)) == plain
    assert is_public(ipaddress.IPv6Address((0x64FF9B << 96) + number)) == plain


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com/hook",
        "http://example.com/hook",
        "ftp://example.com/hook",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://user:password@example.com/",
        "https://user@example.com/",
        "https://example.com\\@10.0.0.1/",
        "https://example.com/#fragment",
        "https://example.com:22/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com:port/",
        "https://exa mple.com/",
        "https://example.com/\r\nX-Injected: 1",
        "https://münchen.example/",
        "https://[fe80::1%25eth0]/",
        "https://[::1]/",
        "https://127.0.0.1/",
        "https://[::ffff:169.254.169.254]/latest/meta-data",
        "https://[1::2::3]/",
        "https://" + "a" * 300 + ".example/",
        "https://example.com/" + "a" * 3000,
    ],
)
def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(TargetRefused):
        parse_target(url)


@given(st.text(max_size=60))
def test_no_text_is_more_than_refused(text: str) -> None:
    for url in (text, f"https://{text}"):
        try:
            target = parse_target(url)
        except TargetRefused:
            continue
        assert target.scheme == "https"
        assert target.host


def test_private_targets_are_allowed_where_the_settings_say_so() -> None:
    target = parse_target("http://127.0.0.1:25/hook", allow_private=True)

    assert (target.scheme, target.host, target.port) == ("http", "127.0.0.1", 25)


def answers(*addresses: str):
    async def resolver(_host: str, _port: int) -> Sequence[str]:
        return addresses

    return resolver


@pytest.mark.parametrize("bad", INSIDE)
async def test_one_bad_address_among_good_ones_is_enough(bad: str) -> None:
    with pytest.raises(TargetRefused, match="not on the public Internet"):
        await checked_addresses("trap.example", 443, resolver=answers("8.8.8.8", bad))


async def test_numbers_that_stand_for_an_address_are_resolved_and_refused() -> None:
    for host in ("2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost"):
        with pytest.raises(TargetRefused):
            await checked_addresses(host, 443)


async def test_the_answer_does_not_tell_the_address() -> None:
    with pytest.raises(TargetRefused) as caught:
        await checked_addresses("intranet.example", 443, resolver=answers("10.11.12.13"))

    assert "10.11" not in str(caught.value)


async def test_a_name_that_points_elsewhere_at_the_second_look_is_not_connected_to() -> None:
    looks = iter([["8.8.8.8"], ["127.0.0.1"]])

    async def rebinding(_host: str, _port: int) -> Sequence[str]:
        return next(looks)

    await checked_addresses("rebinding.example", 443, resolver=rebinding)
    async with GuardedHttp(resolver=rebinding) as http:
        outcome = await http.post("https://rebinding.example/hook", {}, b"{}")

    assert outcome.status is None
    assert "not on the public Internet" in (outcome.error or "")


async def test_it_connects_to_the_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connected: list[str] = []
    backend = CheckedBackend(allow_private=False, resolver=answers("8.8.8.8"))

    async def connect(host: str, *_rest: object) -> object:
        connected.append(host)
        return object()

    monkeypatch.setattr(backend._inner, "connect_tcp", connect)

    await backend.connect_tcp("example.com", 443)

    assert connected == ["8.8.8.8"]


async def test_a_socket_of_this_machine_is_never_connected_to() -> None:
    with pytest.raises(TargetRefused):
        await CheckedBackend(allow_private=True).connect_unix_socket("/run/docker.sock")
