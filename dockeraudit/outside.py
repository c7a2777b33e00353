"""Addresses looked at from outside, without a login: what answers there, judged as far as it shows.

A port gets `/_ping` in clear, and then `/version`: in clear where the API answered, else over TLS.
So no port is asked more than twice. A certificate that is demanded ends the talk before a request
is heard; what is behind it is then taken for the API, and can't be told from another service.
Only checks are run that a connection can decide; what they need of a host, facts hold as a scan's.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from dockeraudit.effective.listeners import reach_of
from dockeraudit.facts import (
    FACTS_VERSION,
    ApiFacts,
    Boot,
    Document,
    HostFacts,
    Interface,
    Machine,
    Privilege,
    Process,
    Unread,
    Wire,
)
from dockeraudit.host import Engine, Host, Listener
from dockeraudit.host.certificates import certificates_in
from dockeraudit.host.listeners import address_text, wire_evidence
from dockeraudit.host.model import Mode
from dockeraudit.probe import VERSION, Dial, Seen, look, version, weak_cipher
from dockeraudit.report import IN_PART, HostError, HostReport, Result, Status
from dockeraudit.scan import Plan, report_host
from dockeraudit.targets import TargetError, parse
from dockeraudit.transport.process import Cancel, Cancelled
from dockeraudit.words import one_line

PORTS = (2375, 2376)
CEILING = 65536
"""Addresses that one run may ask, whatever is allowed."""
MOST_OF_A_NAME = 64
"""Addresses that one name may have."""
LONGEST = 100
"""Characters of a name or version that a stranger says."""

OPEN = ("listener-tcp-plain", "listener-tls-without-client-auth", "tls-verify-enabled")
"""Checks that an address answers only when all its ports were understood."""

CHECKS = (
    *OPEN,
    "certificate-ca-constraints",
    "certificate-expired",
    "certificate-expires-soon",
    "certificate-key-size",
    "certificate-key-usage",
    "certificate-not-yet-valid",
    "certificate-san-missing",
    "certificate-self-signed-server",
    "certificate-server-eku",
    "certificate-signature-algorithm",
    "certificate-validity-period",
    "listener-public-address",
    "tls-cipher",
)
"""What a connection decides."""

_DECIDED: tuple[Status, ...] = ("pass", "fail", "not-applicable")
SOMETIMES: dict[str, tuple[Status, ...]] = {
    "certificate-leaf-outlives-ca": _DECIDED,
    "certificate-san-mismatch": _DECIDED,
    "service-engine-known-vulnerable": _DECIDED,
    "service-engine-supported": _DECIDED,
    "tls-protocol": ("fail",),
}
"""What it decides for some servers, by the results that are kept. That an old version of TLS was
agreed on is seen, that none would be is not. No engine's version is told without a client
certificate, and what its distribution has repaired is not told at all."""

Kind = Literal[
    "api",
    "tls-api",
    "client-certificate",
    "tls-other",
    "tls-silent",
    "tls-broken",
    "other",
    "endless",
    "silent",
    "refused",
    "filtered",
]

WORDS: dict[Kind, str] = {
    "api": "the Docker API, in clear, open to anyone",
    "tls-api": "the Docker API over TLS, open to anyone: no client certificate is demanded",
    "client-certificate": "TLS that demands a client certificate; what is behind it is not shown",
    "tls-other": "TLS, and something else than the Docker API behind it",
    "tls-silent": "TLS, and no answer through it",
    "tls-broken": "TLS that fails, though no client certificate is demanded",
    "other": "something else than the Docker API",
    "endless": "something else than the Docker API, which sends without end",
    "silent": "takes connections and says nothing",
    "refused": "closed",
    "filtered": "no answer",
}
_MODES: dict[Kind, Mode] = {"api": "PLAIN", "tls-api": "TLS-NOAUTH", "client-certificate": "MTLS"}
_UNDECIDED: tuple[Kind, ...] = ("silent", "tls-silent", "tls-broken")
_NOBODY: tuple[Kind, ...] = ("refused", "filtered")
_OVER_TLS: dict[str, Kind] = {
    "api": "tls-api",
    "client-certificate-required": "client-certificate",
    "other": "tls-other",
    "silent": "tls-silent",
}


class AddressError(ValueError):
    """A word that names no address, or too many; the text is one line."""


class Place(Struct, frozen=True):
    """A name or an address, and the ports to ask there."""

    name: str
    ports: tuple[int, ...]
    swept: bool = False
    """Whether it was named only as part of a network: then it need not exist."""

    @property
    def target(self) -> str:
        """As reports call it: no target of a scan is called so, and what is seen differs."""
        return f"tcp://[{self.name}]" if ":" in self.name else f"tcp://{self.name}"


class Endpoint(Struct, frozen=True):
    """A port of an address, and what it was found to be."""

    wire: Wire
    kind: Kind
    version: dict[str, Any] | None = None
    """What `/version` said, as far as it is understood."""

    @property
    def address(self) -> str:
        """With the port: `192.0.2.1:2376`."""
        return address_text(self.wire.address, self.wire.port)

    @property
    def sentence(self) -> str:
        """What it was found to be, in words."""
        return f"{self.address}: {WORDS[self.kind]}"


class Found(Struct, frozen=True):
    """What was seen of a place."""

    place: Place
    endpoints: tuple[Endpoint, ...] = ()
    report: HostReport | None = None
    """None: it was swept, and nobody is there or it was not asked."""
    asked: bool = True


def places(words: Sequence[str], ports: Sequence[int], most: int) -> tuple[Place, ...]:
    """The places that words name, each once; a network is all its addresses.

    Raises:
        AddressError: a word names none, or all of them are more than `most`.
    """
    named: dict[str, dict[int, None]] = {}
    networks: list[IPv4Network | IPv6Network] = []
    for word in words:
        if "/" in word.removeprefix("tcp://"):
            networks.append(_network(word))
            continue
        name, port = _name(word)
        named.setdefault(name, {}).update(dict.fromkeys([port] if port else ports))
    count = len(named) + sum(_size(network) for network in networks)
    if count > most:
        more = f"--max {count} allows it" if count <= CEILING else "name smaller networks"
        raise AddressError(f"that is {count} addresses, more than {most}: {more}")
    found = {name: Place(name, tuple(wanted)) for name, wanted in named.items()}
    for network in networks:
        for address in network.hosts():
            found.setdefault(str(address), Place(str(address), tuple(ports), swept=True))
    return tuple(found.values())


def _network(word: str) -> IPv4Network | IPv6Network:
    try:
        network = ip_network(word, strict=False)
    except ValueError:
        text = one_line(word, LONGEST)
        raise AddressError(f"{text!r} is no network: write ADDRESS/BITS, as 192.0.2.0/24") from None
    if ip_address(word.partition("/")[0]) != network.network_address:
        raise AddressError(f"{word} begins inside a network: write {network}")
    _usable(network.network_address, word)
    return network


def _size(network: IPv4Network | IPv6Network) -> int:
    """How many addresses `hosts` gives."""
    if network.prefixlen >= network.max_prefixlen - 1:
        return network.num_addresses
    return network.num_addresses - (2 if network.version == 4 else 1)


def _name(word: str) -> tuple[str, int | None]:
    bare = word.removeprefix("tcp://")
    try:
        target = parse(bare)
    except TargetError as error:
        raise AddressError(str(error)) from error
    if target.kind != "ssh" or target.user or "://" in bare:
        text = one_line(word, LONGEST)
        raise AddressError(f"{text!r} is no address: write HOST, HOST:PORT, [IPv6]:PORT or a CIDR")
    try:
        address = ip_address(target.host)
    except ValueError:
        return target.host, target.port
    _usable(address, word)
    return str(address), target.port


def _usable(address: IPv4Address | IPv6Address, word: str) -> None:
    if address.is_multicast or address.is_unspecified:
        raise AddressError(f"{word} is no address of one machine")


class Pace:
    """Lets connections begin no faster than a number a second, whoever makes them."""

    def __init__(self, rate: float, cancel: Cancel) -> None:
        self._gap = 1 / rate
        self._cancel = cancel
        self._lock = threading.Lock()
        self._next = 0.0

    def __call__(self) -> None:
        """Wait for one's turn.

        Raises:
            Cancelled: the run was ended meanwhile.
        """
        with self._lock:
            turn = max(self._next, time.monotonic())
            self._next = turn + self._gap
        while True:
            if self._cancel.is_set():
                raise Cancelled
            left = turn - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, 0.2))


def survey(
    wanted: Sequence[Place],
    plan: Plan,
    dial: Dial,
    concurrency: int,
    finished: Callable[[Found], object],
    cancel: Cancel,
) -> tuple[Found, ...]:
    """Look at all places, a bounded number at a time; `finished` hears of each as it is known."""
    with ThreadPoolExecutor(min(concurrency, len(wanted)), thread_name_prefix="probe") as pool:
        futures = [pool.submit(_found, place, plan, dial, cancel) for place in wanted]
        try:
            for future in as_completed(futures):
                finished(future.result())
        except BaseException:
            cancel.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        return tuple(future.result() for future in futures)


def _found(place: Place, plan: Plan, dial: Dial, cancel: Cancel) -> Found:
    """One place; whatever the network did is in its report, never raised."""
    started = time.monotonic()
    endpoints: tuple[Endpoint, ...] = ()
    try:
        if cancel.is_set():
            raise Cancelled
        weak = any(check.id == "tls-cipher" for check in plan.checks)
        endpoints = tuple(_endpoints(place, dial, weak=weak))
        seconds = time.monotonic() - started
        return Found(place, endpoints, reported(place, endpoints, plan, seconds))
    except Cancelled:
        problem = HostError("interrupted", "interrupted before it answered", "probe it again")
        report = None if place.swept else _unreachable(place, problem, time.monotonic() - started)
        return Found(place, endpoints, report, asked=False)
    except AddressError as error:
        problem = HostError("name", str(error), "name the addresses that are meant")
    except (socket.gaierror, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        said = f"{place.name} has no address here: {why}"
        problem = HostError("name", said, "name its address, or look at the resolver")
    except Exception as error:  # a mistake of ours over one place costs that place and nothing else
        if os.environ.get("DOCKERAUDIT_DEBUG"):
            raise
        problem = HostError(
            "internal",
            f"dockeraudit itself failed: {type(error).__name__}: {error}",
            "report it, with what DOCKERAUDIT_DEBUG=1 shows",
        )
    return Found(place, endpoints, _unreachable(place, problem, time.monotonic() - started))


def _endpoints(place: Place, dial: Dial, *, weak: bool) -> Iterator[Endpoint]:
    for address in _addresses(place.name):
        for port in place.ports:
            yield endpoint(address, port, dial, weak=weak)


def _addresses(name: str) -> tuple[str, ...]:
    """What a name resolves to, IPv4 first, in an order that stays.

    Raises:
        AddressError: it has too many.
        socket.gaierror, UnicodeError: it has none.
    """
    entries = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    found = {str(where[0]) for *_, where in entries}
    if len(found) > MOST_OF_A_NAME:
        raise AddressError(f"{name} has {len(found)} addresses, more than {MOST_OF_A_NAME}")
    return tuple(sorted(found, key=lambda each: (":" in each, each)))


def endpoint(address: str, port: int, dial: Dial, *, weak: bool) -> Endpoint:
    """Ask one port; where it speaks TLS, `weak`: also whether it takes weak ciphers."""
    seen = look(address, port, dial, VERSION, listen=True)
    kind = kind_of(seen)
    answer = version(address, port, dial) if kind == "api" else seen.answer
    wire = seen.wire
    if weak and kind in ("tls-api", "client-certificate"):
        wire = replace(wire, weak_cipher=weak_cipher(address, port, dial))
    return Endpoint(wire, kind, _understood(answer) if kind in ("api", "tls-api") else None)


def kind_of(seen: Seen) -> Kind:
    """What a port is, by what it said."""
    plain, secured = seen.wire.plain, seen.wire.tls
    if isinstance(plain, Unread):
        return "filtered"
    if plain == "tls-server":
        return _OVER_TLS.get(secured, "tls-broken") if isinstance(secured, str) else "tls-broken"
    return "endless" if plain == "other" and seen.endless else plain


def _understood(answer: bytes) -> dict[str, Any] | None:
    """What checks ask of `/version`, and nothing else that a stranger says."""
    try:
        said = msgspec.json.decode(answer.partition(b"\r\n\r\n")[2])
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or not isinstance(said.get("Version"), str):
        return None
    platform, parts = said.get("Platform"), said.get("Components")
    return {
        "Version": _word(said["Version"]),
        "ApiVersion": _word(said.get("ApiVersion")),
        "Platform": {"Name": _word(platform.get("Name") if isinstance(platform, dict) else "")},
        "Components": [
            {"Name": _word(each.get("Name")), "Version": _word(each.get("Version"))}
            for each in (parts[:20] if isinstance(parts, list) else ())
            if isinstance(each, dict)
        ],
    }


def _word(value: object) -> str:
    return one_line(value, LONGEST) if isinstance(value, str) else ""


def reported(
    place: Place, endpoints: tuple[Endpoint, ...], plan: Plan, seconds: float
) -> HostReport | None:
    """The report of a place; None: it was swept, and nobody is there.

    Where a port was not understood, nothing that it could be is taken for passed.
    """
    if place.swept and all(each.kind in _NOBODY for each in endpoints):
        return None
    if all(each.kind == "filtered" for each in endpoints):
        where = ", ".join(each.address for each in endpoints)
        problem = HostError("no-answer", f"no answer from {where}", "probe it from where it is met")
        return _unreachable(place, problem, seconds)
    host = seen_host(place, endpoints, seconds)
    report = replace(report_host(host, plan, place.target), hostname="")
    doubtful = "; ".join(each.sentence for each in endpoints if each.kind in _UNDECIDED)
    everything = "; ".join(each.sentence for each in endpoints)
    unread = "; ".join(filter(None, map(_unread, endpoints)))
    if host.engines:
        results = tuple(_decided(report.results, doubtful, unread))
    else:
        status: Status = "unknown" if doubtful else "not-applicable"
        said = doubtful or f"no Docker API answers: {everything}"
        results = tuple(replace(each, status=status, message=said) for each in report.results)
    missing = doubtful or unread
    if not missing:
        return replace(report, results=results)
    problem = HostError("undecided", missing, "scan the host itself: a login shows what it is")
    known = report.certificates if host.engines and not unread else None
    return replace(report, results=results, state="partial", error=problem, certificates=known)


def _unread(seen: Endpoint) -> str:
    """Why the certificate of a port is not known; empty: it is, or there is none."""
    if seen.kind not in ("tls-api", "client-certificate"):
        return ""
    first = next(certificates_in(seen.wire.certificates), "it was not seen")
    return f"the certificate of {seen.address}: {first}" if isinstance(first, str) else ""


def _decided(results: Iterable[Result], doubtful: str, unread: str) -> Iterator[Result]:
    """The results that were decided, and what is not known said where it matters."""
    for each in results:
        missing = unread if each.check.startswith("certificate-") else ""
        if each.check in OPEN:
            missing = doubtful
        if missing and each.status == "fail":
            yield replace(each, message=f"{each.message}{IN_PART}{missing}")
        elif missing:
            yield replace(each, status="unknown", message=missing)
        elif each.status in SOMETIMES.get(each.check, (each.status,)):
            yield each


def seen_host(place: Place, endpoints: Sequence[Endpoint], seconds: float) -> Host:
    """The host as far as connections show it: an engine for each port that the API is behind."""
    now = int(time.time())
    addresses = tuple(dict.fromkeys(each.wire.address for each in endpoints))
    facts = HostFacts(
        facts_version=FACTS_VERSION,
        target=place.target,
        collected_at=now,
        duration=seconds,
        machine=Machine(hostname="", kernel="", architecture="", os={}, clock=now),
        privilege=Privilege(uid=0, user="", become="none", sees=False),
        tools={},
        boot=Boot(""),
        wires=tuple(each.wire for each in endpoints),
        interfaces=tuple(
            Interface("probed", f"{each}/{128 if ':' in each else 32}") for each in addresses
        ),
        names={} if place.name in addresses else {place.name: addresses},
    )
    engines = tuple(_engine(each) for each in endpoints if each.kind in _MODES)
    return Host(facts, engines)


def _engine(seen: Endpoint) -> Engine:
    """The engine behind a port; of its process no more is known than that there is one."""
    name = f"docker ({seen.address})"
    unseen = Unread("it was looked at from outside")
    said = seen.version or {}
    return Engine(
        name=name,
        version=said.get("Version") or unseen,
        api_version=said.get("ApiVersion", ""),
        rootless=False,
        managed_by="none",
        user="",
        home="",
        unit=None,
        socket_unit=None,
        start=None,
        process=Process(pid=0, role="dockerd", argv=unseen, exe=unseen),
        api=ApiFacts("", Document(said), unseen) if said else None,
        configured=None,
        running=None,
        listeners=(_listener(seen, name),),
        told=(),
        upcoming=(),
    )


def _listener(seen: Endpoint, engine: str) -> Listener:
    mode = _MODES[seen.kind]
    if mode == "MTLS" and seen.wire.client_ca_names == ():
        mode = "MTLS-SYSROOTS"
    return Listener(
        engine=engine,
        transport="tcp",
        address=seen.address,
        mode=mode,
        reach=reach_of(seen.address),
        witness="observed",
        evidence=wire_evidence(seen.wire),
    )


def _unreachable(place: Place, problem: HostError, seconds: float) -> HostReport:
    return HostReport(
        target=place.target,
        hostname="",
        address="",
        state="unreachable",
        error=problem,
        duration_s=round(seconds, 3),
    )
