"""Pseudonyms of network addresses: the same for the same, and of the same kind.

Prefixes are kept (as Crypto-PAn does it): two addresses share as many leading bits afterwards as
before, so a network still holds its own addresses and no other's. Bits that tell special ranges
from each other are never turned: loopback stays loopback, private stays private, public public.
"""

import hmac
import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_FIXED4 = ("0.0.0.0/8", "127.0.0.0/8", "192.0.0.0/24", "224.0.0.0/4", "240.0.0.0/4")
_KINDS4 = (
    "10.0.0.0/8",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
)
_FIXED6 = ("::/8", "100::/64", "2001::/23", "ff00::/8")
_KINDS6 = (
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "2000::/3",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "5f00::/16",
    "fc00::/8",
    "fd00::/8",
    "fe80::/10",
    "fe80::/64",
    "fec0::/10",
)
_Range = tuple[int, int, bool]
"""Its first address as a number, its length, and whether all in it stays as it is."""

_MAPPED = IPv6Network("::ffff:0:0/96")
_TRANSLATED = IPv6Network("64:ff9b::/96")

_PART = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|0{0,2}[0-9]|0?[1-9][0-9])"
_DOTTED = rf"{_PART}(?:\.{_PART}){{3}}(?![0-9]|\.[0-9])"
_HEX = r"[0-9A-Fa-f]"
PATTERN = re.compile(
    rf"""
    (?P<hardware>(?<![0-9A-Za-z:-])(?:{_HEX}{{2}}[:-]){{5}}{_HEX}{{2}}(?![0-9A-Za-z:]))
  | (?P<six>(?:(?<=[^0-9A-Fa-f:]:)|(?<![0-9A-Za-z:]))
      {_HEX}{{0,4}}(?::{_HEX}{{0,4}}){{2,11}}(?:(?<=:){_DOTTED})?
      (?![0-9A-Za-z:]|\.[0-9]))
    (?:/(?P<length6>12[0-8]|1[01][0-9]|[0-9]{{1,2}})(?![0-9]))?
  | (?P<four>(?<![0-9])(?<![0-9]\.){_DOTTED})
    (?:/(?P<length4>3[0-2]|[12]?[0-9])(?![0-9.]))?
  | (?P<dashed>\bip(?:-{_PART}){{4}}\b)
    """,
    re.VERBOSE,
)
"""What looks like an address in a text; `replacement` says whether it is one."""


class Addresses:
    """The pseudonyms that a key gives."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._number = lru_cache(maxsize=65536)(self._turned)

    def replacement(self, match: re.Match[str]) -> str:
        """What stands in the place of a match of `PATTERN`."""
        if match["hardware"]:
            return self._hardware(match["hardware"])
        if match["dashed"]:
            plain = match["dashed"][3:].replace("-", ".")
            return "ip-" + str(self.pseudonym(_four(plain))).replace(".", "-")
        if match["four"]:
            return self._cidr(match["four"], _four(match["four"]), match["length4"])
        return self._six(match["six"], match["length6"])

    def pseudonym(self, address: Address, length: int | None = None) -> Address:
        """The address that stands for this one; of a network's own address its first bits only."""
        bits = address.max_prefixlen
        number = int(address)
        if length is not None and not number & ((1 << (bits - length)) - 1):
            keep = bits - length
            return type(address)(self._number(number, bits) >> keep << keep)
        return type(address)(self._number(number, bits))

    def _cidr(self, original: str, address: Address, length: str | None) -> str:
        pseudonym = self.pseudonym(address, int(length) if length is not None else None)
        text = original if pseudonym == address else str(pseudonym)
        if "." in original and (pseudonym in _MAPPED or pseudonym in _TRANSLATED):
            head = original.rpartition(":")[0]
            text = f"{head}:{IPv4Address(int(pseudonym) & 0xFFFFFFFF)}"
        return text if length is None else f"{text}/{length}"

    def _six(self, candidate: str, length: str | None) -> str:
        """The longest end of the candidate that is an address: `IP:`, `add:` may stand before."""
        tail = ""
        if candidate.endswith(":") and not candidate.endswith("::"):
            candidate, tail = candidate[:-1], ":"
        head = ""
        while candidate.count(":") >= 2:
            try:
                address = IPv6Address(candidate)
            except ValueError:
                first, colon, candidate = candidate.partition(":")
                head += first + colon
            else:
                return head + self._cidr(candidate, address, length) + tail
        return head + candidate + tail + (f"/{length}" if length is not None else "")

    def _hardware(self, text: str) -> str:
        """Of six bytes; all zero or all one is no interface's."""
        plain = text.lower().replace("-", ":")
        if plain in ("00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"):
            return text
        digest = hmac.digest(self._key, b"hardware\0" + plain.encode(), "sha256")
        return ":".join(f"{each:02x}" for each in (0x02, *digest[:5]))

    def _turned(self, number: int, bits: int) -> int:
        if bits == 128:
            address = IPv6Address(number)
            if address in _MAPPED or address in _TRANSLATED:
                return number >> 32 << 32 | self._number(number & 0xFFFFFFFF, 32)
        result = number
        for at in range(_kept(number, bits), bits):
            prefix = number >> (bits - at)
            told = b"%d\0%d\0%x" % (bits, at, prefix)
            if hmac.digest(self._key, told, "sha256")[0] & 1:
                result ^= 1 << (bits - at - 1)
        return result


def _kept(number: int, bits: int) -> int:
    """How many leading bits tell of which kind the address is; all in a range that is fixed."""
    kept = 0
    for first, length, fixed in _RANGES[bits]:
        differing = (number ^ first) >> (bits - length)
        if not differing:
            if fixed:
                return bits
            kept = max(kept, length)
        else:
            kept = max(kept, length - differing.bit_length() + 1)
    return kept


def _ranges(networks: Iterable[Network], *, fixed: bool) -> list[_Range]:
    return [(int(each.network_address), each.prefixlen, fixed) for each in networks]


_RANGES = {
    32: _ranges(map(IPv4Network, _FIXED4), fixed=True)
    + _ranges(map(IPv4Network, _KINDS4), fixed=False),
    128: _ranges(map(IPv6Network, _FIXED6), fixed=True)
    + _ranges(map(IPv6Network, _KINDS6), fixed=False),
}


def _four(text: str) -> IPv4Address:
    """Leading zeros are taken as decimal."""
    return IPv4Address(".".join(str(int(part)) for part in text.split(".")))
