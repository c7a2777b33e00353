"""Whether packet filters keep a host from forwarding what nobody allowed: the last word of each."""

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from dockeraudit.facts import Filters

_HOOK = re.compile(r"type filter hook forward\b.*?(?:policy (\w+);)?$")
_NFT_END = re.compile(r"(?:counter )?(drop|reject)\b.*")
_STOPS = ("DROP", "REJECT")


class Word(Struct, frozen=True):
    """What becomes of a forwarded packet that no rule is for."""

    closed: bool
    source: str
    line: str


def iptables(lines: Iterable[str], command: str) -> Word:
    """The last word of the FORWARD chains: a packet has to pass each of several filter tables."""
    word = Word(False, command, "no filter table")
    for table in _filter_tables(lines):
        policy = next((line for line in table if line.startswith(":FORWARD ")), "")
        end = _end(table, "FORWARD", 8)
        target, line = end if end is not None else ("", "")
        if target in _STOPS or (target != "ACCEPT" and policy.split()[1:2] == ["DROP"]):
            return Word(True, command, line or policy)
        word = Word(False, command, line or policy or "no FORWARD chain")
    return word


def _filter_tables(lines: Iterable[str]) -> Iterator[list[str]]:
    table: list[str] | None = None
    for line in lines:
        if line.startswith("*"):
            table = [] if line == "*filter" else None
        elif line == "COMMIT" and table is not None:
            yield table
            table = None
        elif table is not None:
            table.append(line)


def _end(table: list[str], chain: str, depth: int) -> tuple[str, str] | None:
    """The first verdict without a condition on a chain's way, with its rule; None: its end."""
    for line in table if depth else ():
        words = line.split()
        if words[:2] != ["-A", chain] or words[2:3] not in (["-j"], ["-g"]):
            continue
        target = words[3] if len(words) > 3 else ""
        if target in (*_STOPS, "ACCEPT"):
            return target, line
        if target == "RETURN":
            return None
        found = _end(table, target, depth - 1)
        if found is not None or words[2] == "-g":
            return found
    return None


def nftables(lines: Iterable[str], family: str) -> Word | None:
    """What closes forwarding in nftables' own tables; None: nothing does."""
    table = ""
    hooked = False
    for line in lines:
        words = line.split()
        if words[:1] == ["table"]:
            table = words[1] if len(words) > 1 else ""
        elif words[:1] == ["chain"]:
            hooked = False
        if table not in (family, "inet"):
            continue
        stripped = line.strip()
        match = _HOOK.match(stripped)
        if match:
            hooked = True
        closes = match[1] == "drop" if match else hooked and _NFT_END.fullmatch(stripped)
        if closes:
            return Word(True, "nft list ruleset", stripped)
    return None


def closed_elsewhere(filters: Filters, family: str) -> Word | None:
    """The rule of nftables' own tables that closes forwarding, as far as they were read."""
    rules = filters.nftables
    return nftables(rules, family) if isinstance(rules, tuple) else None
