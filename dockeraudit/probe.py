"""What a connection from here to a listener gets: two small requests, and no credentials.

First `GET /_ping` in clear, then over TLS without a client certificate. With TLS 1.3 the
handshake succeeds and the refusal comes on the first read, so it is read before it is judged.
A listener with TLS is offered weak ciphers once more. Other ports of the host get the same two
requests, since the API may hide behind anything; no more of them than `STRANGERS`.
Whoever answers may be hostile: each connection has one deadline for all of it, however slowly
and however much the other side says.
"""

import errno
import re
import socket
import ssl
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from ipaddress import ip_address
from time import monotonic
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from dockeraudit.effective.listeners import reach_of
from dockeraudit.facts import Interface, Unread, Wire
from dockeraudit.host import Host, Listener
from dockeraudit.host.listeners import address_text, bridges
from dockeraudit.targets import Target
from dockeraudit.transport import Limits, TransportError, TransportOptions
from dockeraudit.transport.process import Cancel

Plain = Literal["api", "tls-server", "other", "silent", "refused", "filtered"]
Secured = Literal["api", "client-certificate-required", "other", "failed", "silent"]

TIMEOUT = 4.0
"""Seconds for a whole connection: to connect, to shake hands, to be answered."""
STRANGERS = 64
"""Ports of others that are asked at most, and for how many seconds each."""
STRANGER_TIMEOUT = 2.0
AT_ONCE = 16
ANSWER = 4096
"""Bytes read of an answer; what an endless stream says after them doesn't matter."""
RECORDS = 1 << 17
"""Bytes of a handshake; more than any honest chain of certificates has."""

DOCUMENT = 1 << 16
"""Bytes of an answer that is read to its end; without one, what still comes is endless."""
IDLE = 0.5
"""Seconds without a byte after which who had begun to speak is taken to wait."""

PING = b"GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n"
VERSION = b"GET /version HTTP/1.0\r\nHost: docker\r\nConnection: close\r\n\r\n"
"""By HTTP 1.0, so that the answer is neither in chunks nor kept open."""
_ALERT, _HANDSHAKE = 21, 22
_SERVER_HELLO, _CERTIFICATE, _CERTIFICATE_REQUEST = 2, 11, 13
_WEAK = "SHA1:SHA256:SHA384:kRSA:3DES:!PSK:!SRP:!aNULL:!eNULL:@SECLEVEL=0"
"""OpenSSL's words for CBC with any MAC, and for the exchange of keys by RSA."""
_ATTRIBUTE = re.compile(rb"\x06\x03\x55\x04(.)[\x0c\x13\x14\x16]([\x00-\x7f])", re.S)
_ATTRIBUTES = {3: "CN", 6: "C", 7: "L", 8: "ST", 10: "O", 11: "OU"}


class Dial(Struct, frozen=True):
    """How connections are made."""

    timeout: float | None = None
    """Seconds for each, where it is not TIMEOUT."""
    admit: Callable[[], object] | None = None
    """Called before each: it may wait."""


USUAL = Dial()


class Seen(Struct, frozen=True):
    """What an address was found to be, and what it said."""

    wire: Wire
    answer: bytes = b""
    """To the request over TLS: as much as was asked for."""
    endless: bool = False
    """Whether it sends on in clear, for as long or as much as anybody listens."""


def probe_host(
    target: Target, options: TransportOptions, host: Host, cancel: Cancel
) -> tuple[Wire, ...]:
    """Connect to each TCP listener of a host's engines that can be reached from here.

    A host's own loopback and bridges are called only where that host is this machine: elsewhere
    the same addresses are other machines, or this one.
    """
    found: dict[tuple[str, int], None] = {}
    place: str | None = None
    for engine in host.engines:
        for listener in engine.listeners:
            if listener.transport != "tcp":
                continue
            if place is None:
                place = _place(target, options, host, cancel)
            if address := _address(listener, place, here=target.kind == "local"):
                found[address, listener.port] = None
    wires = tuple(probe(*address) for address in found if not cancel.is_set())
    unknown = strangers(host)
    if not unknown or cancel.is_set():
        return wires
    if place is None:
        place = _place(target, options, host, cancel)
    return wires + _asked(unknown, place, cancel)


def strangers(host: Host) -> tuple[tuple[str, int], ...]:
    """The listening TCP sockets that other machines may reach and no engine holds.

    Each port once, and an address of `` for every address of the host.
    """
    daemons = {engine.process.pid for engine in host.engines if engine.process is not None}
    taken = {each.port for engine in host.engines for each in engine.listeners}
    known = () if isinstance(host.facts.sockets, Unread) else host.facts.sockets
    found: dict[int, str] = {}
    for each in known:
        if each.transport == "unix" or each.namespace or daemons & set(each.pids):
            continue
        reach = reach_of(address_text(each.address, each.port), bridges=bridges(host.facts))
        if each.port not in taken and reach in ("ANY", "ADDR"):
            wide = ip_address(each.address).is_unspecified
            found[each.port] = "" if wide else found.get(each.port, each.address)
    return tuple((found[port], port) for port in sorted(found))[:STRANGERS]


def _asked(unknown: tuple[tuple[str, int], ...], place: str, cancel: Cancel) -> tuple[Wire, ...]:
    """What each of them answers, several at a time."""
    from concurrent.futures import ThreadPoolExecutor

    def one(where: tuple[str, int]) -> Wire | None:
        address = where[0] or place
        if not address or cancel.is_set():
            return None
        return ask(address, where[1], Dial(STRANGER_TIMEOUT))

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="probe") as pool:
        return tuple(wire for wire in pool.map(one, unknown) if wire is not None)


def _address(listener: Listener, place: str, *, here: bool) -> str:
    if listener.reach == "ANY":
        return place
    if listener.reach == "ADDR" or here:
        return listener.ip.partition("%")[0]
    return ""


def _place(target: Target, options: TransportOptions, host: Host, cancel: Cancel) -> str:
    """Where a wildcard listener of the host is called: where ssh goes, or the host's address."""
    if target.kind == "local":
        return "127.0.0.1"
    if target.kind == "ssh":
        return _ssh_name(target, options, cancel)
    interfaces = host.facts.interfaces
    known: tuple[Interface, ...] = () if isinstance(interfaces, Unread) else interfaces
    for interface in known:
        if not interface.name.startswith(("lo", "docker", "br-", "veth")):
            return interface.address.partition("/")[0]
    return ""


def _ssh_name(target: Target, options: TransportOptions, cancel: Cancel) -> str:
    """The name or address behind what may be an alias of ssh's configuration."""
    from dockeraudit.transport import process

    command = ["ssh", "-G"]
    if options.ssh_config is not None:
        command += ["-F", options.ssh_config]
    for option in options.ssh_options:
        command += ["-o", option]
    try:
        answer = process.run(
            [*command, "--", target.host], b"", Limits(timeout=10), name="ssh -G", cancel=cancel
        )
    except TransportError:
        return target.host
    for line in answer.stdout.decode("utf-8", "replace").splitlines():
        if line.startswith("hostname "):
            return line.removeprefix("hostname ").strip()
    return target.host


def probe(address: str, port: int) -> Wire:
    """One address of an engine's; where it speaks TLS, whether it takes weak ciphers too."""
    wire = ask(address, port)
    if wire.plain != "tls-server":
        return wire
    return replace(wire, weak_cipher=weak_cipher(address, port))


def ask(address: str, port: int, dial: Dial = USUAL) -> Wire:
    """One address: what plain HTTP gets, then TLS where plain is not the API."""
    return look(address, port, dial).wire


def look(
    address: str, port: int, dial: Dial = USUAL, request: bytes = PING, *, listen: bool = False
) -> Seen:
    """One address: `/_ping` in clear, then where that is not the API the request over TLS.

    `listen`: also tell whether what is no HTTP goes on without end.
    """
    try:
        plain, endless = _plain(address, port, dial, listen=listen)
    except socket.gaierror as error:
        reason = f"{address} has no address here: {error.strerror or error}"
        return Seen(Wire("scanner", address, port, Unread(reason), None))
    if plain in ("api", "refused", "filtered"):
        return Seen(Wire("scanner", address, port, plain, None))
    return replace(_tls(address, port, plain, dial, request), endless=endless)


def version(address: str, port: int, dial: Dial = USUAL) -> bytes:
    """The whole answer to `/version` in clear; empty: there was none."""
    try:
        with _Connection(address, port, dial) as connection:
            connection.send(VERSION)
            return _to_the_end(connection.receive, b"")
    except OSError:
        return b""


class _Connection:
    """A TCP connection that is over at its deadline."""

    def __init__(self, address: str, port: int, dial: Dial = USUAL) -> None:
        if dial.admit is not None:
            dial.admit()
        self._deadline = monotonic() + (TIMEOUT if dial.timeout is None else dial.timeout)
        self._heard = 0.0
        self._socket = self._connected(address, port)

    def __enter__(self) -> "_Connection":
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.close()

    def _connected(self, address: str, port: int) -> socket.socket:
        """The first address of a name that takes the connection, as create_connection does."""
        failure: OSError = TimeoutError()
        for family, kind, protocol, _, where in socket.getaddrinfo(
            address, port, type=socket.SOCK_STREAM
        ):
            try:
                connection = socket.socket(family, kind, protocol)
            except OSError as error:
                failure = error
                continue
            try:
                connection.settimeout(self._left())
                connection.connect(where)
            except OSError as error:
                connection.close()
                failure = error
            else:
                return connection
        raise failure

    def _left(self) -> float:
        left = self._deadline - monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def send(self, data: bytes) -> None:
        self._socket.settimeout(self._left())
        self._socket.sendall(data)

    def receive(self, size: int) -> bytes:
        """Some bytes; none: the other side has closed."""
        self._socket.settimeout(self._left())
        piece = self._socket.recv(size)
        self._heard = monotonic()
        return piece

    def endless(self) -> bool:
        """Whether the other side goes on until the deadline, or past what anybody would read."""
        room = DOCUMENT
        try:
            while room > 0:
                self._socket.settimeout(min(IDLE, self._left()))
                piece = self._socket.recv(room)
                if not piece:
                    return False
                self._heard = monotonic()
                room -= len(piece)
        except TimeoutError:
            return monotonic() >= self._deadline and self._deadline - self._heard < IDLE
        except OSError:
            return False
        return True


_UNCONNECTED: dict[int, Plain] = {
    errno.ECONNREFUSED: "refused",
    errno.ECONNRESET: "silent",  # taken, and reset before connect() had returned
}


def _plain(address: str, port: int, dial: Dial, *, listen: bool) -> tuple[Plain, bool]:
    try:
        connection = _Connection(address, port, dial)
    except socket.gaierror:
        raise
    except OSError as error:
        return _UNCONNECTED.get(error.errno or 0, "filtered"), False
    with connection:
        try:
            connection.send(PING)
        except OSError:
            return "silent", False
        answer = _answer(connection.receive)
        plain = _judged(answer)
        unended = not (answer.startswith(b"HTTP/") and b"\r\n\r\n" in answer)
        return plain, listen and plain == "other" and unended and connection.endless()


def _answer(receive: Callable[[int], bytes]) -> bytes:
    """The first bytes of an answer, as many as it takes to know what it is."""
    received = b""
    try:
        while len(received) < ANSWER and not _enough(received):
            piece = receive(ANSWER - len(received))
            if not piece:
                break
            received += piece
    except (TimeoutError, ConnectionError):
        pass
    return received


def _to_the_end(receive: Callable[[int], bytes], received: bytes) -> bytes:
    """What was received and all that follows, up to DOCUMENT bytes."""
    with suppress(OSError):
        while len(received) < DOCUMENT and (piece := receive(DOCUMENT - len(received))):
            received += piece
    return received


def _enough(received: bytes) -> bool:
    if not b"HTTP/".startswith(received[:5]) and not received.startswith(b"HTTP/"):
        return True
    head, end, body = received.partition(b"\r\n\r\n")
    return bool(end) and (not head.startswith(b"HTTP/1.0 400") or b"HTTPS server" in body)


def _judged(answer: bytes) -> Plain:
    if not answer:
        return "silent"
    if is_api(answer):
        return "api"
    head, _, body = answer.partition(b"\r\n\r\n")
    if head.startswith(b"HTTP/1.0 400") and b"HTTPS server" in body:
        return "tls-server"
    return "tls-server" if answer[0] == _ALERT else "other"


def is_api(answer: bytes) -> bool:
    """Whether an HTTP answer to `/_ping` is the Docker API's."""
    head = answer.partition(b"\r\n\r\n")[0]
    status = head.partition(b"\r\n")[0].split(b" ", 2)
    return (
        status[0].startswith(b"HTTP/1.")
        and len(status) > 1
        and status[1] == b"200"
        and b"\r\napi-version:" in head.lower()
    )


class _Handshake:
    """TLS over a connection with its deadline; what comes in clear is looked at."""

    def __init__(self, connection: _Connection, context: ssl.SSLContext) -> None:
        self._connection = connection
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out)
        self._room = RECORDS
        self.seen = bytearray()

    def shake(self) -> None:
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._exchange()
            else:
                self._flush()
                return

    def send(self, data: bytes) -> None:
        self._tls.write(data)
        self._flush()

    def receive(self, size: int) -> bytes:
        while True:
            try:
                return self._tls.read(size)
            except ssl.SSLWantReadError:
                self._exchange()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    def protocol(self) -> str:
        return self._tls.version() or ""

    def chain(self) -> str:
        """The served certificates as PEM, leaf first; before Python 3.13 the leaf alone."""
        whole = getattr(self._tls, "get_unverified_chain", None)
        leaf = self._tls.getpeercert(binary_form=True)
        served = whole() if whole is not None else [leaf] if leaf else []
        return "".join(ssl.DER_cert_to_PEM_cert(each) for each in served)

    def _flush(self) -> None:
        if self._out.pending:
            self._connection.send(self._out.read())

    def _exchange(self) -> None:
        self._flush()
        piece = self._connection.receive(min(16384, self._room)) if self._room else b""
        self._room -= len(piece)
        self.seen += piece
        if piece:
            self._in.write(piece)
        else:
            self._in.write_eof()


def _tls(address: str, port: int, plain: Plain, dial: Dial, request: bytes) -> Seen:
    wire = Wire("scanner", address, port, plain, "failed")
    try:
        connection = _Connection(address, port, dial)
    except OSError:
        return Seen(wire)
    with connection:
        handshake = _Handshake(connection, _context())
        try:
            handshake.shake()
        except ssl.SSLError as error:
            refusal = _refusal(error, bytes(handshake.seen))
            spoke = refusal != "failed" or bytes(handshake.seen[:1]) in (b"\x15", b"\x16")
            certificates, names = _in_clear(bytes(handshake.seen))
            return Seen(
                replace(
                    wire,
                    plain="tls-server" if spoke else plain,
                    tls=refusal,
                    certificates=certificates,
                    client_ca_names=names if refusal == "client-certificate-required" else None,
                )
            )
        except TimeoutError:
            return Seen(replace(wire, tls="silent"))
        except OSError:
            return Seen(wire)
        # Before the first read: a refusal then ends the session, and nothing is known of it.
        certificates, protocol = handshake.chain(), handshake.protocol()
        secured, answer = _read(handshake, request)
        return Seen(
            replace(
                wire,
                plain="tls-server",
                tls=secured,
                certificates=certificates,
                protocol=protocol,
            ),
            answer,
        )


def _read(handshake: _Handshake, request: bytes) -> tuple[Secured, bytes]:
    try:
        # Who refused already may have closed; the reason for it lies there to be read.
        with suppress(OSError):
            handshake.send(request)
        answer = _answer(handshake.receive)
    except ssl.SSLError as error:
        return _refusal(error, b""), b""
    except OSError:
        return "silent", b""
    if is_api(answer):
        return "api", answer if request is PING else _to_the_end(handshake.receive, answer)
    return ("other" if answer else "silent"), answer


def _refusal(error: ssl.SSLError, seen: bytes) -> Secured:
    """Why TLS was refused: `bad certificate` from 20.10, `certificate required` from newer engines.

    A handshake failure may be anything else too, unless the server had asked for a certificate.
    """
    reason = (error.reason or "").upper()
    if "ALERT_CERTIFICATE_REQUIRED" in reason or "ALERT_BAD_CERTIFICATE" in reason:
        return "client-certificate-required"
    if "ALERT_HANDSHAKE_FAILURE" in reason and _request(seen) is not None:
        return "client-certificate-required"
    return "failed"


def weak_cipher(address: str, port: int, dial: Dial = USUAL) -> str | None:
    """The suite that a server takes of weak ones; empty: none. None: it could not be tried."""
    context = _context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.set_ciphers(_WEAK)
        connection = _Connection(address, port, dial)
    except OSError:  # an SSLError too: this machine's OpenSSL has no such suites
        return None
    with connection:
        handshake = _Handshake(connection, context)
        try:
            handshake.shake()
        except ssl.SSLError:
            if not handshake.seen:
                return None
        except OSError:
            return None
    names = {int(each["id"]) & 0xFFFF: str(each["name"]) for each in context.get_ciphers()}
    for kind, body in _messages(bytes(handshake.seen)):
        if kind == _SERVER_HELLO and len(body) > 34:
            at = 35 + body[34]
            suite = int.from_bytes(body[at : at + 2], "big")
            return names.get(suite, f"suite {suite:#06x}")
    return ""


def _in_clear(seen: bytes) -> tuple[str, tuple[str, ...] | None]:
    """What a TLS 1.2 server said before encryption: its chain, and whose certificates it takes."""
    certificates = ""
    for kind, body in _messages(seen):
        if kind == _CERTIFICATE:
            certificates = "".join(
                ssl.DER_cert_to_PEM_cert(each) for each in _vectors(body[3:], 3) if each
            )
    request = _request(seen)
    return certificates, None if request is None else _authorities(request)


def _request(seen: bytes) -> bytes | None:
    """The body of a certificate request."""
    return next((body for kind, body in _messages(seen) if kind == _CERTIFICATE_REQUEST), None)


def _authorities(request: bytes) -> tuple[str, ...] | None:
    """The names in a TLS 1.2 certificate request (RFC 5246, 7.4.4); None: it is no whole one."""
    at = 1 + request[0] if request else 0
    at += 2 + int.from_bytes(request[at : at + 2], "big")
    if at + 2 > len(request) or at + 2 + int.from_bytes(request[at : at + 2], "big") > len(request):
        return None
    return tuple(_name(encoded) for encoded in _vectors(request[at + 2 :], 2))


def _name(encoded: bytes) -> str:
    """A distinguished name as openssl prints it, as far as its parts are the usual strings."""
    parts = []
    for match in _ATTRIBUTE.finditer(encoded):
        value = encoded[match.end() : match.end() + match[2][0]].decode("utf-8", "replace")
        parts.append(f"{_ATTRIBUTES.get(match[1][0], '?')}={value}")
    return ", ".join(parts) or f"a name of {len(encoded)} bytes"


def _messages(seen: bytes) -> Iterator[tuple[int, bytes]]:
    """The handshake messages in the records before the first that is encrypted."""
    stream = b""
    while len(seen) >= 5 and seen[0] == _HANDSHAKE:
        length = int.from_bytes(seen[3:5], "big")
        stream += seen[5 : 5 + length]
        seen = seen[5 + length :]
    while len(stream) >= 4:
        length = int.from_bytes(stream[1:4], "big")
        if len(stream) < 4 + length:
            return
        yield stream[0], stream[4 : 4 + length]
        stream = stream[4 + length :]


def _vectors(data: bytes, width: int) -> Iterator[bytes]:
    """The entries of a list, each behind its length."""
    while len(data) >= width:
        length = int.from_bytes(data[:width], "big")
        yield data[width : width + length]
        data = data[width + length :]


def _context() -> ssl.SSLContext:
    """A client that trusts nobody and refuses nobody: weak servers must be seen, not hidden."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    return context
