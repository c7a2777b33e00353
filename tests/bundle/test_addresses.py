"""Pseudonyms of addresses: stable, of the same kind, and networks hold what they held."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_interface, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockeraudit.bundle.addresses import PATTERN, Address, Addresses

ADDRESSES = Addresses(b"a key of the tests")
ANY = st.ip_addresses()
KINDS = (
    *("is_loopback", "is_private", "is_global", "is_link_local", "is_multicast", "is_unspecified"),
    "is_reserved",
)


def replaced(text: str) -> str:
    return PATTERN.sub(ADDRESSES.replacement, text)


@given(ANY)
def test_the_kind_stays(address: Address) -> None:
    other = ADDRESSES.pseudonym(address)
    assert other.version == address.version
    for kind in KINDS:
        assert getattr(other, kind) == getattr(address, kind), kind


@pytest.mark.parametrize(
    "network",
    [
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"),
        *("198.51.100.0/24", "fd00::/8", "fe80::/64", "2001:db8::/32", "::ffff:10.0.0.0/104"),
    ],
)
@given(st.data())
def test_special_ranges_stay(network: str, data: st.DataObject) -> None:
    there = ip_network(network)
    assert ADDRESSES.pseudonym(data.draw(st.ip_addresses(network=network))) in there


@given(st.ip_addresses(v=4), st.ip_addresses(v=4))
def test_shared_prefixes_stay(one: IPv4Address, two: IPv4Address) -> None:
    before = int(one) ^ int(two)
    after = int(ADDRESSES.pseudonym(one)) ^ int(ADDRESSES.pseudonym(two))
    assert before.bit_length() == after.bit_length()


@given(st.ip_addresses(v=6), st.integers(0, 128))
def test_a_network_holds_its_addresses(address: IPv6Address, length: int) -> None:
    network = ip_interface(f"{address}/{length}").network
    done = ip_network(replaced(str(network)))
    assert ADDRESSES.pseudonym(address) in done


@pytest.mark.parametrize(
    "text",
    [
        *("0.0.0.0", "127.0.0.1", "127.0.0.53:53", "::", "[::]:2375", "::1", "255.255.255.0"),
        *("0.0.0.0/0", "224.0.0.251", "ff02::1", "06:46:12", "2026-11-24T06:46:12Z", "1.2.3"),
        *("20.10.24+dfsg1", "std::vector", "docker.service:12", "a:b", "999.1.1.1", "1.2.3.4.5"),
        "sha256:82c75af4b80b64cd90abe5bf2e0d261448ba0a692b15353a75fb78464f107835",
        "WMLD:LRQT:KEII:TB7D:AYAX:FXVA:JAJ2:6CXT:DZDG:ZO6Z:O5KR:B7YL",
    ],
)
def test_what_is_no_hosts_address_stays(text: str) -> None:
    assert replaced(text) == text


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("tcp://10.1.2.3:2375", "10.1.2.3"),
        ("-s 10.1.2.3/32 -j ACCEPT", "10.1.2.3"),
        ("seen on 10.1.2.3.", "10.1.2.3"),
        ("host-10.1.2.3-a", "10.1.2.3"),
        ("[2001:db8::5]:2376", "2001:db8::5"),
        ("IP:2001:db8::5, DNS:a", "2001:db8::5"),
        ("2001:DB8:0:0::5: refused", "2001:DB8:0:0::5"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("fe80::42:acff:fe11:7%eth0", "fe80::42:acff:fe11:7"),
        ("link 02:42:ac:11:00:07 up", "02:42:ac:11:00:07"),
        ("ip-10-1-2-3.internal", "10-1-2-3"),
    ],
)
def test_addresses_in_texts(text: str, address: str) -> None:
    assert address not in replaced(text)
    before, _, after = text.partition(address)
    assert replaced(text).startswith(before)
    assert replaced(text).endswith(after)


def test_a_mapped_address_is_that_of_ipv4() -> None:
    plain = ADDRESSES.pseudonym(ip_address("10.1.2.3"))
    assert ADDRESSES.pseudonym(ip_address("::ffff:10.1.2.3")) == ip_address(f"::ffff:{plain}")


def test_another_key_gives_others() -> None:
    other = Addresses(b"another").pseudonym(ip_address("10.1.2.3"))
    assert other != ADDRESSES.pseudonym(ip_address("10.1.2.3"))
