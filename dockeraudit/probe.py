"""What a connection from here to a listener gets: two small requests, and no credentials.

First `GET /_ping` in clear, then over TLS without a client certificate. With TLS 1.3 the
handshake succeeds and the refusal comes on the first read, so it is read before it is judged.
"""

import socket
import ssl
import warnings
from collections.abc import Iterable
from typing import Literal

from dockeraudit.facts import Wire
from dockeraudit.host import Engine

Plain = Literal["api", "tls-server", "other", "silent", "refused", "filtered"]
Secured = Literal["api", "client-certificate-required", "other", "failed", "silent"]

TIMEOUT = 4.0
"""Seconds for each of connect, handshake and answer."""
ANSWER = 4096
"""Bytes read of an answer; what an endless stream says after them doesn't matter."""

_PING = b"GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n"


def probe_listeners(target: str, engines: Iterable[Engine]) -> tuple[Wire, ...]:
    """Connect to each TCP listener of the engines that can be reached from here.

    A wildcard listener is called on the name that the user gave for the host; one on the host's
    own loopback is called only where that host is this machine.
    """
    addresses = {
        (address, listener.port): None
        for engine in engines
        for listener in engine.listeners
        if (address := _address(target, listener.ip, listener.reach))
    }
    return tuple(probe(address, port) for address, port in addresses)


def _address(target: str, ip: str, reach: str) -> str:
    here = target in ("localhost", "127.0.0.1", "::1")
    if reach in ("ADDR", "BRIDGE"):
        return ip
    if reach == "ANY":
        return target
    return ip if reach == "LOOPBACK" and here else ""


def probe(address: str, port: int) -> Wire:
    """One address: what plain HTTP gets, then TLS where plain is not the API."""
    plain = _plain(address, port)
    if plain != "tls-server":
        return Wire("scanner", address, port, plain, None)
    return _tls(address, port)


def _plain(address: str, port: int) -> Plain:
    try:
        with socket.create_connection((address, port), TIMEOUT) as connection:
            answer = _ping(connection)
    except TimeoutError:
        return "filtered"
    except OSError as error:
        return "refused" if isinstance(error, ConnectionRefusedError) else "filtered"
    return _judged(answer)


def _judged(answer: bytes) -> Plain:
    if not answer:
        return "silent"
    head, _, body = answer.partition(b"\r\n\r\n")
    if is_api(answer):
        return "api"
    if head.startswith(b"HTTP/1.0 400") and b"HTTPS server" in body:
        return "tls-server"
    return "tls-server" if answer[:1] == b"\x15" else "other"


def is_api(answer: bytes) -> bool:
    """Whether an HTTP answer to `/_ping` is the Docker API's."""
    head = answer.partition(b"\r\n\r\n")[0]
    status = head.partition(b"\r\n")[0].split(b" ", 2)
    return len(status) > 1 and status[1] == b"200" and b"\r\napi-version:" in head.lower()


def _ping(connection: socket.socket) -> bytes:
    """The first bytes of the answer; empty where none came in time."""
    connection.settimeout(TIMEOUT)
    received = b""
    try:
        connection.sendall(_PING)
        while len(received) < ANSWER and (piece := connection.recv(ANSWER - len(received))):
            received += piece
    except TimeoutError:
        pass
    return received


def _tls(address: str, port: int) -> Wire:
    context = _context()
    try:
        with (
            socket.create_connection((address, port), TIMEOUT) as connection,
            context.wrap_socket(connection) as secured,
        ):
            protocol = secured.version() or ""
            leaf = secured.getpeercert(binary_form=True)
            pem = ssl.DER_cert_to_PEM_cert(leaf) if leaf else ""
            return Wire("scanner", address, port, "tls-server", _read(secured), pem, protocol)
    except ssl.SSLError as error:
        return Wire("scanner", address, port, "tls-server", _refusal(error))
    except TimeoutError:
        return Wire("scanner", address, port, "tls-server", "silent")
    except OSError:
        return Wire("scanner", address, port, "tls-server", "failed")


def _read(secured: ssl.SSLSocket) -> Secured:
    try:
        answer = _ping(secured)
    except ssl.SSLError as error:
        return _refusal(error)
    except OSError:
        return "failed"
    if is_api(answer):
        return "api"
    return "other" if answer else "silent"


_ALERTS = ("CERTIFICATE_REQUIRED", "BAD_CERTIFICATE", "HANDSHAKE_FAILURE")


def _refusal(error: ssl.SSLError) -> Secured:
    """`bad certificate` from 20.10, `certificate required` from newer engines."""
    reason = (error.reason or "").upper()
    return "client-certificate-required" if any(a in reason for a in _ALERTS) else "failed"


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
