"""Whether a host's packet filters let a new TCP connection from anywhere in: a small model, pure.

A rule either matches such a connection, does not, or may: where it may, both ways are followed,
and where they end differently the answer is that it can't be told. Rules for certain sources are
passed over, as a connection from anywhere comes from none of them.
"""

import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_network
from typing import Literal

from msgspec import Struct

from dockeraudit.facts import Filters, Interface, Unread

Family = Literal["ip", "ip6"]
Match = bool | None
"""Whether a rule matches; None: it may."""

_DEEPEST = 32
_BRIDGES = ("lo", "docker", "br-", "veth", "virbr", "cni", "podman")


class Rule(Struct, frozen=True):
    """A rule of a chain: whether it matches, and what it does then."""

    text: str
    matches: Match
    verdict: str
    """`accept`, `drop`, `return`, `continue`, a chain, or `?` for what is not understood."""
    goto: bool = False


class Chain(Struct, frozen=True):
    """Rules in order, and what happens at their end in a base chain."""

    rules: tuple[Rule, ...]
    policy: str = ""


Chains = Mapping[str, Chain]


class NotUnderstood(Exception):
    """A rule decides that this model has no words for."""


def admits(
    filters: Filters | Unread, family: Family, port: int, outer: tuple[str, ...]
) -> bool | Unread:
    """Whether a new TCP connection from anywhere reaches a port of the host itself.

    `outer`: the interfaces by which others come. It has to pass every filter.
    """
    if isinstance(filters, Unread):
        return filters
    unknown: Unread | None = None
    saved = filters.iptables if family == "ip" else filters.ip6tables
    answers = [
        saved if isinstance(saved, Unread) else _by_iptables(saved, port, outer),
        _by_nftables(filters.nftables, family, port, outer),
    ]
    for answer in answers:
        if answer is False:
            return False
        if isinstance(answer, Unread):
            unknown = unknown or answer
    return True if unknown is None else unknown


def outer_interfaces(interfaces: tuple[Interface, ...] | Unread) -> tuple[str, ...]:
    """The interfaces that lead out of the host, as far as their names tell."""
    known = () if isinstance(interfaces, Unread) else interfaces
    names = (each.name.partition("@")[0] for each in known)
    return tuple(dict.fromkeys(name for name in names if not name.startswith(_BRIDGES)))


def policy_of(lines: Iterable[str], name: str) -> str:
    """What a chain of the filter table does with what no rule decides: `ACCEPT`, `DROP`, ``."""
    found = (line.split() for line in _table(lines, "filter"))
    for words in found:
        if len(words) > 1 and words[0] == f":{name}":
            return words[1]
        if len(words) > 2 and words[:2] == ["-P", name]:
            return words[2]
    return ""


def rules_of(lines: Iterable[str], name: str) -> tuple[str, ...]:
    """The rules of a chain of the filter table, word for word."""
    return tuple(each for each in _table(lines, "filter") if each.startswith(f"-A {name} "))


def _table(lines: Iterable[str], wanted: str) -> list[str]:
    """The lines of one table of iptables-save; all, where no table is named (`iptables -S`)."""
    table, found = wanted, []
    for line in lines:
        if line.startswith("*"):
            table = line[1:].strip()
        elif table == wanted:
            found.append(line)
    return found


def _decided(chains: Chains, start: str) -> bool | Unread:
    """What becomes of the connection in a base chain."""
    maybe: dict[str, str] = {}
    try:
        verdict = _walk(chains, start, maybe, 0) or chains[start].policy or "accept"
    except NotUnderstood as error:
        return Unread(f"the packet filter's rule is not understood: {error}")
    other = next((text for each, text in maybe.items() if each != verdict), None)
    if other is not None:
        return Unread(f"what the packet filter does depends on more than is known here: {other}")
    return verdict == "accept"


def _walk(chains: Chains, name: str, maybe: dict[str, str], depth: int) -> str:
    """The verdict that rules surely give; empty: the end of the chain is reached."""
    if depth > _DEEPEST:
        raise NotUnderstood(f"chain {name} leads into itself")
    for rule in chains[name].rules:
        if rule.matches is False or rule.verdict == "continue":
            continue
        verdict = rule.verdict
        if verdict == "return":
            if rule.matches:
                return ""
            continue
        if verdict not in ("accept", "drop"):
            if verdict not in chains:
                raise NotUnderstood(rule.text)
            verdict = _walk(chains, verdict, maybe, depth + 1)
        if verdict and rule.matches:
            return verdict
        if verdict:
            maybe.setdefault(verdict, rule.text)
        if rule.goto and rule.matches:
            return ""
    return ""


# ---- iptables -----------------------------------------------------------------------------------

_VERDICTS = {"ACCEPT": "accept", "DROP": "drop", "REJECT": "drop", "RETURN": "return"}
_ONWARD = re.compile(
    "LOG|NFLOG|ULOG|MARK|CONNMARK|TRACE|AUDIT|TCPMSS|CT|CHECKSUM|CLASSIFY|DSCP|TOS|SECMARK"
    "|CONNSECMARK|SET|NOTRACK|LED"
)
"""Targets after which the chain goes on."""
_SYN = {("FIN,SYN,RST,ACK", "SYN"), ("SYN,RST,ACK,FIN", "SYN"), ("SYN,RST,ACK", "SYN")}


def _by_iptables(lines: tuple[str, ...], port: int, outer: tuple[str, ...]) -> bool | Unread:
    rules: dict[str, list[Rule]] = {}
    policies: dict[str, str] = {}
    for line in _table(lines, "filter"):
        words = _words(line)
        if line.startswith(":") and len(words) > 1:
            policies[words[0][1:]] = _VERDICTS.get(words[1], "")
            rules.setdefault(words[0][1:], [])
        elif words[:1] == ["-P"] and len(words) > 2:
            policies[words[1]] = _VERDICTS.get(words[2], "")
        elif words[:1] == ["-N"] and len(words) > 1:
            rules.setdefault(words[1], [])
        elif words[:1] == ["-A"] and len(words) > 1:
            rules.setdefault(words[1], []).append(_iptables_rule(line, words[2:], port, outer))
    rules.setdefault("INPUT", [])
    chains = {name: Chain(tuple(found), policies.get(name, "")) for name, found in rules.items()}
    return _decided(chains, "INPUT")


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line) if '"' in line else line.split()
    except ValueError:
        return line.split()


def _iptables_rule(text: str, words: list[str], port: int, outer: tuple[str, ...]) -> Rule:
    matches: list[Match] = []
    target, goto, negated = "", False, False
    while words:
        word = words.pop(0)
        if word == "!":
            negated = True
            continue
        if word in ("-j", "-g", "--jump", "--goto"):
            target, goto = (words or [""])[0], word in ("-g", "--goto")
            break
        end = next((n for n, each in enumerate(words) if each[:1] in ("-", "!")), len(words))
        given, words = words[:end], words[end:]
        found = _iptables_match(word, given, port, outer)
        matches.append(not found if negated and found is not None else found)
        negated = False
    onward = not target or _ONWARD.fullmatch(target)
    verdict = _VERDICTS.get(target, "continue" if onward else target)
    return Rule(text, _all(matches), verdict, goto)


def _iptables_match(option: str, given: list[str], port: int, outer: tuple[str, ...]) -> Match:
    value = given[0] if given else ""
    if option in ("-m", "--match", "--comment"):
        return True
    if option in ("-p", "--protocol"):
        return value in ("tcp", "all", "6", "0")
    if option in ("--dport", "--dports", "--destination-port", "--destination-ports"):
        return _has_port(value, port)
    if option in ("-i", "--in-interface"):
        return _enters(value.removesuffix("+"), value.endswith("+"), outer)
    if option in ("-s", "--source"):
        return _everywhere(value)
    if option in ("-d", "--destination"):
        return _to_host(value)
    if option in ("--ctstate", "--state"):
        return "NEW" in value.split(",")
    if option == "--dst-type":
        return value == "LOCAL"
    if option == "--syn":
        return True
    if option == "--tcp-flags":
        return True if tuple(given) in _SYN else None
    if option in ("--icmp-type", "--icmpv6-type", "--rt-type", "-o", "--out-interface"):
        return False
    return None


def _all(matches: Iterable[Match]) -> Match:
    found = set(matches)
    return False if False in found else None if None in found else True


def _has_port(text: str, port: int) -> Match:
    for each in text.split(","):
        first, _, last = each.replace("-", ":").strip().partition(":")
        if not first.isdigit() or (last and not last.isdigit()):
            return None  # a service by its name
        if int(first) <= port <= int(last or first):
            return True
    return False


def _enters(name: str, prefix: bool, outer: tuple[str, ...]) -> Match:
    """Whether a connection from outside comes in by an interface; None: by one of several."""
    entered = [each for each in outer if each == name or (prefix and each.startswith(name))]
    if outer and len(entered) == len(outer):
        return True
    if entered or not outer:
        return False if name == "lo" and not prefix else None
    return False


def _everywhere(network: str) -> Match:
    """Whether a rule's sources are all there are."""
    try:
        return ip_network(network, strict=False).prefixlen == 0
    except ValueError:
        return None


def _to_host(network: str) -> Match:
    """Whether a rule's destinations hold the host's; None: only some of its addresses, or none."""
    try:
        wanted = ip_network(network, strict=False)
    except ValueError:
        return None
    if wanted.prefixlen == 0:
        return True
    elsewhere = wanted.is_multicast or wanted.is_loopback or wanted.is_link_local
    return False if elsewhere or network.startswith("255.") else None


# ---- nftables -----------------------------------------------------------------------------------

_TABLE = re.compile(r"table (\w+) (\S+) \{")
_CHAIN = re.compile(r"chain (\S+) \{")
_HOOK = re.compile(r"type filter hook (\w+) priority [^;]+;(?:\s*policy (\w+);)?")
_STATES = re.compile(r"ct state vmap \{([^}]*)\}")
_SET = re.compile(r"\{([^}]*)\}")


def _by_nftables(
    lines: tuple[str, ...] | Unread, family: Family, port: int, outer: tuple[str, ...]
) -> bool | Unread:
    if isinstance(lines, Unread):
        return lines
    unknown: Unread | None = None
    for chains, bases in _nft_tables(lines, family, port, outer):
        for base in bases:
            answer = _decided(chains, base)
            if answer is False:
                return False
            unknown = unknown or (answer if isinstance(answer, Unread) else None)
    return True if unknown is None else unknown


def _nft_tables(
    lines: tuple[str, ...], family: Family, port: int, outer: tuple[str, ...]
) -> list[tuple[dict[str, Chain], list[str]]]:
    """The chains of every table that sees a family, and which of them are asked for input."""
    tables: list[tuple[dict[str, Chain], list[str]]] = []
    judged, name = False, ""
    for raw in lines:
        line = raw.strip()
        if table := _TABLE.fullmatch(line):
            judged = table[1] in ("inet", family)
            tables.append(({}, []))
        elif chain := _CHAIN.fullmatch(line):
            name = chain[1]
            tables[-1:] = tables[-1:] or [({}, [])]
            tables[-1][0][name] = Chain(())
        elif line == "}":
            name = ""
        elif name and judged and line and not line.startswith('comment "'):
            chains, bases = tables[-1]
            _nft_line(chains, bases, name, line, lambda text: _nft_rule(text, family, port, outer))
    return tables


def _nft_line(
    chains: dict[str, Chain],
    bases: list[str],
    name: str,
    line: str,
    made: Callable[[str], Rule],
) -> None:
    hook = _HOOK.match(line)
    if hook:
        chains[name] = Chain(chains[name].rules, "drop" if hook[2] == "drop" else "accept")
        if hook[1] == "input":
            bases.append(name)
    else:
        chains[name] = Chain((*chains[name].rules, made(line)), chains[name].policy)


def _nft_rule(text: str, family: Family, port: int, outer: tuple[str, ...]) -> Rule:
    """One rule: matches, then statements. What is not known may match."""
    rest = re.sub(r'\s+comment "[^"]*"', "", text)
    if states := _STATES.fullmatch(rest):
        given = dict(re.findall(r"(\w+) : ([^,]+)", states[1]))
        verdict, goto = _nft_verdict(given.get("new", "").strip())
        return Rule(text, "new" in given, verdict, goto)
    matches: list[Match] = []
    while rest:
        found = _nft_first(rest, family, port, outer)
        if found is None:
            break
        match, rest = found
        matches.append(match)
    verdict, goto = _nft_verdict(rest)
    if verdict == "?":
        matches.append(None)
        verdict, goto = _nft_verdict(_nft_tail(rest))
    return Rule(text, _all(matches), verdict, goto)


def _nft_tail(rest: str) -> str:
    """The verdict at the end of a rule of which something was not understood."""
    match = re.search(r"\b(accept|drop|reject\b.*|return|(?:jump|goto) \S+)$", rest)
    return match[1] if match else rest


def _nft_verdict(rest: str) -> tuple[str, bool]:
    """What a rule does, once its matches are taken off: `?` if that is not understood."""
    rest = re.sub(r'^(counter|log( (prefix "[^"]*"|flags \w+|level \w+|group \d+))*)\s*', "", rest)
    if rest.startswith(("counter", "log ")):
        return _nft_verdict(rest)
    word, _, more = rest.partition(" ")
    if word in ("accept", "return") and not more:
        return word, False
    if word in ("drop", "reject"):
        return "drop", False
    if word in ("jump", "goto") and more and " " not in more:
        return more, word == "goto"
    return ("continue", False) if not rest else ("?", False)


_NFT = re.compile(
    r"(?P<key>ct state|iifname|iif|oifname|oif|tcp dport|udp dport|tcp sport|th dport|tcp flags"
    r"|meta l4proto|ip6? nexthdr|ip protocol|meta nfproto|ip6? saddr|ip6? daddr|icmp(?:v6)? \w+"
    r"|fib daddr type|pkttype|meta pkttype)"
    r"\s+(?P<not>!=\s*)?(?!vmap)(?P<value>\{[^}]*\}|\"[^\"]*\"|\S+)\s*"
)


def _nft_first(
    rest: str, family: Family, port: int, outer: tuple[str, ...]
) -> tuple[Match, str] | None:
    """The match that a rule begins with, and the rest; None where it begins with none."""
    found = _NFT.match(rest)
    if not found:
        return None
    text = found["value"]
    inner = _SET.fullmatch(text)
    values = [each.strip().strip('"') for each in (inner[1] if inner else text).split(",")]
    match = _nft_match(found["key"], values, family, port, outer)
    if found["not"] and match is not None:
        match = not match
    return match, rest[found.end() :]


def _nft_match(
    key: str, values: list[str], family: Family, port: int, outer: tuple[str, ...]
) -> Match:
    if key == "ct state":
        return "new" in values
    if key in ("iifname", "iif"):
        return _any(_enters(each.rstrip("*"), each.endswith("*"), outer) for each in values)
    if key in ("tcp dport", "th dport"):
        return _has_port(",".join(values), port)
    if key in ("meta l4proto", "ip nexthdr", "ip6 nexthdr", "ip protocol"):
        if key.startswith("ip ") != (family == "ip") and not key.startswith("meta"):
            return False
        return "tcp" in values or "6" in values
    if key == "meta nfproto":
        return ("ipv4" if family == "ip" else "ipv6") in values
    if key.endswith(("saddr", "daddr")):
        if key.partition(" ")[0] != family:
            return False
        return _any((_everywhere if key.endswith("saddr") else _to_host)(each) for each in values)
    if key == "fib daddr type":
        return "local" in values
    if key.endswith("pkttype"):
        return bool({"host", "unicast"} & set(values))
    return False if key.startswith(("icmp", "udp", "oif")) else None


def _any(matches: Iterable[Match]) -> Match:
    found = set(matches)
    return True if True in found else None if None in found else False
