"""Small parts of Go's standard library whose exact rules decide whether a daemon starts."""

from __future__ import annotations

import re
from functools import lru_cache

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
_SPACE += "\u200a\u2028\u2029\u202f\u205f\u3000"
_INT = re.compile(r"[+-]?\d+\Z", re.ASCII)
_INT_BASE_0 = re.compile(
    r"[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO]?(?:_?[0-7])+|0|[1-9](?:_?[0-9])*)\Z"
)
_INT64 = 2**63


def trim_space(text: str) -> str:
    """strings.TrimSpace."""
    return text.strip(_SPACE)


def parse_bool(text: str) -> bool | None:
    """strconv.ParseBool; None is its error."""
    if text in _TRUE:
        return True
    return False if text in _FALSE else None


def atoi(text: str) -> int | None:
    """strconv.Atoi, base 10; None is its error."""
    if len(text) > 40 or not _INT.match(text):
        return None
    value = int(text)
    return value if -_INT64 <= value < _INT64 else None


def parse_int(text: str) -> int | None:
    """strconv.ParseInt with base 0, as pflag's integer flags use it; None is its error."""
    if len(text) > 100 or not _INT_BASE_0.match(text):
        return None
    digits = text.lstrip("+-").replace("_", "").lower()
    if len(digits) > 1 and digits[0] == "0" and digits[1].isdigit():
        digits = "0o" + digits[1:]
    value = int(digits, 0) * (-1 if text[0] == "-" else 1)
    return value if -_INT64 <= value < _INT64 else None


_QUAD = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\Z", re.ASCII)


@lru_cache(maxsize=1024)
def parse_ip(text: str, leading_zeros: bool = False) -> str | None:
    """net.ParseIP, then its String: IPv4-mapped addresses come out as IPv4; None is its error.

    Go before 1.17 took leading zeros in IPv4 as decimal digits, later ones refuse them.
    """
    if ":" not in text:
        match = _QUAD.match(text)
        if match is None:
            return None
        if not leading_zeros and any(len(part) > 1 and part[0] == "0" for part in match.groups()):
            return None
        numbers = [int(part) for part in match.groups()]
        return None if max(numbers) > 255 else ".".join(map(str, numbers))
    from ipaddress import IPv6Address  # 10 ms, and rarely needed

    if "%" in text:
        return None
    try:
        address = IPv6Address(text)
    except ValueError:
        return None
    return str(address.ipv4_mapped or address)


def split_host_port(text: str) -> tuple[str, str] | None:
    """net.SplitHostPort; None is its error."""
    colon = text.rfind(":")
    if colon < 0:
        return None
    if text[0] == "[":
        end = text.find("]")
        if end < 0 or end + 1 != colon:
            return None
        host, opened, closed = text[1:end], 1, end + 1
    else:
        host, opened, closed = text[:colon], 0, 0
        if ":" in host:
            return None
    if "[" in text[opened:] or "]" in text[closed:]:
        return None
    return host, text[colon + 1 :]


def join_host_port(host: str, port: str) -> str:
    """net.JoinHostPort."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


_HEX = frozenset("0123456789abcdefABCDEF")
_USERINFO = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*\Z")
_HOST_CHARS = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~!$&'()*+,;=:[]<>\""
)
_PORT = re.compile(r"(?::[0-9]*)?\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")


class UrlError(Exception):
    """url.Parse refuses the text."""


def _unescape(text: str, where: str) -> str:
    """net/url's unescape, for `host`, `zone` and `path`."""
    if "%" not in text:
        _check_host_chars(text, where)
        return text
    out = bytearray()
    index = 0
    while index < len(text):
        char = text[index]
        if char != "%":
            _check_host_chars(char, where)
            out += char.encode("utf-8", "surrogatepass")
            index += 1
            continue
        code = text[index + 1 : index + 3]
        if len(code) < 2 or not set(code) <= _HEX:
            raise UrlError(f"invalid URL escape {text[index : index + 3]!r}")
        byte = int(code, 16)
        if where == "host" and byte < 0x80 and code != "25":
            raise UrlError(f"invalid URL escape %{code}")
        if where == "zone" and code != "25" and byte != 0x20 and chr(byte) not in _HOST_CHARS:
            raise UrlError(f"invalid URL escape %{code}")
        out.append(byte)
        index += 3
    return out.decode("utf-8", "replace")


def _check_host_chars(text: str, where: str) -> None:
    if where == "path":
        return
    for char in text:
        if char < "\x80" and char not in _HOST_CHARS:
            raise UrlError(f"invalid character {char!r} in host name")


def parse_url(text: str, *, strict_brackets: bool = False) -> tuple[str, str, str]:
    """url.Parse: scheme, host (with its port) and path.

    Go 1.24.8 and newer want an IPv6 address between brackets (`strict_brackets`).
    """
    if _CONTROL.search(text):
        raise UrlError("invalid control character in URL")
    rest, _, fragment = text.partition("#")
    _unescape(fragment, "path")
    match = _SCHEME.match(rest)
    if match is None:
        if rest.startswith(":"):
            raise UrlError("missing protocol scheme")
        return "", "", rest
    scheme, rest = match[1].lower(), rest[match.end() :]
    rest = rest.partition("?")[0]
    if not rest.startswith("//"):
        return scheme, "", rest
    authority, slash, path = rest[2:].partition("/")
    userinfo, at, host = authority.rpartition("@")
    if at and not _USERINFO.match(userinfo):
        raise UrlError("invalid userinfo")
    if at:
        _unescape(userinfo, "path")
    return scheme, _parse_host(host, strict_brackets), _unescape(slash + path, "path")


def _parse_host(host: str, strict_brackets: bool) -> str:
    if not host.startswith("["):
        colon = host.rfind(":")
        if colon >= 0 and not _PORT.match(host[colon:]):
            raise UrlError(f"invalid port {host[colon:]!r} after host")
        return _unescape(host, "host")
    end = host.rfind("]")
    if end < 0:
        raise UrlError("missing ']' in host")
    if not _PORT.match(host[end + 1 :]):
        raise UrlError(f"invalid port {host[end + 1 :]!r} after host")
    zone = host.find("%25", 0, end)
    if zone < 0:
        name, inside = _unescape(host, "host"), _unescape(host[1:end], "host")
    else:
        inside = _unescape(host[1:zone], "host") + _unescape(host[zone:end], "zone")
        name = f"[{inside}{host[end:]}"
    if strict_brackets:
        bare, percent, suffix = inside.partition("%")
        if ":" not in bare or parse_ip(bare) is None or (percent and not suffix):
            raise UrlError("invalid host between brackets")
    return name


def url_host_port(host: str) -> tuple[str, str]:
    """URL.Hostname and URL.Port of a parsed host."""
    colon = host.rfind(":")
    port = ""
    if colon >= 0 and _PORT.match(host[colon:]):
        host, port = host[:colon], host[colon + 1 :]
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    return host, port
