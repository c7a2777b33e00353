"""Mounts, kernel parameters, packet filters, audit and packages, from their frames."""

import re
from collections.abc import Iterable, Mapping

from dockeraudit.facts import Unread
from dockeraudit.facts.kernel import NO_AUDITD, Audit, Filters, MountPoint, Package

from .frames import text

_OCTAL = re.compile(rb"\\([0-3][0-7]{2})")
_ENABLED = re.compile(r"(?:^|\s)enabled[ =](\d+)")
_REFUSED = re.compile(r"permission denied|not permitted|must be root", re.IGNORECASE)
_SWITCHES = {"apparmor": {"Y": "1", "N": "0"}}


def mount(line: bytes) -> MountPoint:
    """`path root options type source`, blanks in them as octal escapes."""
    path, root, options, kind, source = (_plain(word) for word in line.split(b" ", 4))
    return MountPoint(path, kind, source, root, tuple(filter(None, options.split(","))))


def _plain(word: bytes) -> str:
    return text(_OCTAL.sub(lambda match: bytes((int(match[1], 8),)), word))


def parameters(lines: Iterable[bytes]) -> dict[str, str]:
    """`net/ipv4/ip_forward 1`; a name without a value was unreadable after all."""
    found: dict[str, str] = {}
    for line in lines:
        name, _, value = text(line).partition(" ")
        name, value = name.replace("/", "."), value.strip()
        if name and value:
            found.setdefault(name, _SWITCHES.get(name, {}).get(value, value))
    return found


def refusal(code: str, argument: str) -> Unread:
    """Why a tool gave nothing: it is not there, or what it said itself."""
    if code == "missing":
        return Unread(f"{argument} not installed")
    if code == "denied" or _REFUSED.search(argument):
        return Unread("permission denied (needs root)")
    reasons = {"time": "it took too long", "lines": "more than 20000 lines"}
    return Unread(reasons.get(code) or argument.strip() or code)


def filters(
    lines: Mapping[str, Iterable[bytes]],
    unread: Mapping[str, Unread],
    firewalls: Iterable[bytes],
) -> Filters | Unread:
    """The rules of each tool that answered; what has neither rules nor a reason was not asked."""
    found: dict[str, tuple[str, ...] | Unread] = {}
    for tool in ("iptables", "ip6tables", "nftables"):
        if tool in unread:
            found[tool] = unread[tool]
        elif tool in lines:
            found[tool] = tuple(map(text, lines[tool]))
    if not found:
        return Unread("not looked at")
    nothing = Unread("not looked at")
    return Filters(
        iptables=found.get("iptables", nothing),
        ip6tables=found.get("ip6tables", nothing),
        nftables=found.get("nftables", nothing),
        firewalls=tuple(sorted(set(map(text, firewalls)))),
    )


def audit(
    status: Iterable[bytes],
    rules: Iterable[bytes],
    files: tuple[str, ...] | Unread,
    unread: Unread | None,
) -> Audit:
    """`auditctl -s`, `auditctl -l` and the rule files."""
    if unread is not None:
        return Audit(unread, unread, files)
    said = [text(line) for line in rules]
    loaded = [line.strip() for line in said if line.startswith("-")]
    silent = not loaded and not any(line.startswith("No rules") for line in said)
    return Audit(
        enabled=_enabled([text(line) for line in status]),
        loaded=_words(said, "auditctl -l") if silent else tuple(loaded),
        rule_files=files,
    )


def no_audit(code: str, argument: str) -> Unread:
    """Why auditctl was not asked."""
    return Unread(NO_AUDITD) if code == "missing" else refusal(code, argument)


def _enabled(said: list[str]) -> bool | Unread:
    """`enabled 1`, before 2.3 `AUDIT_STATUS: enabled=1 flag=…`; 2 is on and locked."""
    for line in said:
        if match := _ENABLED.search(line):
            return int(match[1]) != 0
    return _words(said, "auditctl -s")


def _words(said: list[str], command: str) -> Unread:
    first = next((line.strip() for line in said if line.strip()), "")
    return Unread(f"{command}: {first[:200]}" if first else f"{command} said nothing")


def package(line: bytes, fixed: Mapping[str, tuple[str, ...]]) -> Package:
    """`name version`."""
    name, version = text(line).split(" ", 1)
    return Package(name, version, fixed.get(name, Unread("its changelog is not on the host")))


def programs(lines: Iterable[bytes]) -> dict[str, str]:
    """`name first-line`, in the names' order."""
    rows = (text(line).partition(" ") for line in lines)
    return {name: said for name, _, said in sorted(rows) if name and said}
