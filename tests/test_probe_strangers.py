"""The ports of others that a probe asks, and weak ciphers that a listener takes."""

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from dockeraudit import probe as module
from dockeraudit.facts import Socket, Unread
from dockeraudit.host import Host
from dockeraudit.probe import STRANGERS, probe, probe_host, strangers
from dockeraudit.targets import parse
from dockeraudit.transport import TransportOptions
from dockeraudit.transport.process import Cancel
from tests.build import engine, host, listener
from tests.checks.run import verdict

API = b"HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\nContent-Length: 2\r\n\r\nOK"
PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"


@contextmanager
def serving(handle: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server on a port of its own that handles each connection in a thread."""
    with socket.create_server(("127.0.0.1", 0), backlog=20) as server:

        def one(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                handle(connection)

        def accept() -> None:
            while True:
                try:
                    connection = server.accept()[0]
                except OSError:
                    return
                threading.Thread(target=one, args=[connection], daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def say(text: bytes) -> Callable[[socket.socket], None]:
    def handle(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(text)

    return handle


def stay(connection: socket.socket) -> None:
    time.sleep(20)


def held(port: int, address: str = "0.0.0.0", pid: int = 950, **changes: int) -> Socket:
    return Socket("tcp6" if ":" in address else "tcp", address, port, port, (pid,), **changes)


def listening(*sockets: Socket) -> Host:
    return host(engine(listener("0.0.0.0:2376", "MTLS")), sockets=sockets)


def test_who_is_asked() -> None:
    known = (
        held(22, "::"),
        held(22),
        held(80, "192.0.2.10"),
        held(81, "192.0.2.10"),
        held(81),
        held(631, "127.0.0.1"),
        held(632, "::1"),
        held(53, "172.17.0.1"),
        held(2376),
        held(9323, pid=800),
        held(7000, namespace=77),
        Socket("unix", "/run/docker.sock", 0, 1, (950,)),
    )
    assert strangers(listening(*known)) == (("", 22), ("192.0.2.10", 80), ("", 81))
    assert strangers(host(sockets=Unread("denied"))) == ()


def test_no_more_than_a_number_of_them() -> None:
    assert len(strangers(listening(*(held(port) for port in range(1, 500))))) == STRANGERS


def test_the_api_behind_a_port_of_nobody_is_found() -> None:
    with serving(say(API)) as hidden, serving(say(PAGE)) as page:
        subject = listening(held(hidden), held(page, "::"))
        wires = probe_host(parse("local"), TransportOptions(), subject, Cancel())
    answers = {wire.port: wire.plain for wire in wires if wire.port != 2376}
    assert answers == {hidden: "api", page: "other"}
    found = verdict(
        "listener-responds-unowned",
        host(engine(listener("0.0.0.0:2376", "MTLS")), wires=wires, sockets=subject.facts.sockets),
    )
    assert [finding.resource for finding in found.findings] == [f"port {hidden}"]


def test_many_that_say_nothing_take_no_longer_than_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STRANGER_TIMEOUT", 0.4)
    monkeypatch.setattr(module, "probe", lambda address, port: pytest.fail("no engine is here"))
    with serving(stay) as one, serving(stay) as other, serving(stay) as third:
        subject = Host(listening(held(one), held(other), held(third)).facts, ())
        started = time.monotonic()
        wires = probe_host(parse("local"), TransportOptions(), subject, Cancel())
        assert time.monotonic() - started < 2
    assert [wire.plain for wire in wires] == ["silent"] * 3


def test_nothing_is_asked_after_an_interruption() -> None:
    cancel = Cancel()
    cancel.set()
    assert probe_host(parse("local"), TransportOptions(), listening(held(1)), cancel) == ()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A server's certificate and key in one file."""
    path = tmp_path_factory.mktemp("certificate") / "server.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=server",
         "-keyout", path, "-out", path.with_suffix(".crt")],
        check=True,
        capture_output=True,
    )  # fmt: skip
    path.write_text(path.read_text() + path.with_suffix(".crt").read_text())
    return path


def speaking(
    certificate: Path, ciphers: str, *, clients: bool = False, oldest: str = "TLSv1_2"
) -> Callable[[socket.socket], None]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.set_ciphers(ciphers)
    context.minimum_version = ssl.TLSVersion[oldest]
    if clients:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(certificate)

    def handle(connection: socket.socket) -> None:
        if connection.recv(1, socket.MSG_PEEK) == b"G":
            connection.sendall(b"\x15\x03\x01\x00\x02\x02\x16")
            return
        with context.wrap_socket(connection, server_side=True) as secured:
            say(API)(secured)

    return handle


@pytest.mark.parametrize(
    ("ciphers", "clients", "oldest", "taken"),
    [
        pytest.param("ECDHE+AESGCM", False, "TLSv1_2", "", id="AEAD only"),
        pytest.param("ECDHE+AESGCM", True, "TLSv1_2", "", id="AEAD only, mutual"),
        pytest.param("ECDHE+AESGCM", False, "TLSv1_3", "", id="TLS 1.3 only"),
        pytest.param(
            "ECDHE-RSA-AES128-SHA:ECDHE+AESGCM", False, "TLSv1_2", "ECDHE-RSA-AES128-SHA", id="CBC"
        ),
        pytest.param(
            "ECDHE-RSA-AES128-SHA:ECDHE+AESGCM", True, "TLSv1_2", "ECDHE-RSA-AES128-SHA",
            id="CBC, mutual",
        ),
        pytest.param(
            "AES128-GCM-SHA256:ECDHE+AESGCM", False, "TLSv1_2", "AES128-GCM-SHA256",
            id="RSA key exchange",
        ),
    ],
)  # fmt: skip
def test_weak_ciphers(
    ciphers: str, clients: bool, oldest: str, taken: str, certificate: Path
) -> None:
    with serving(speaking(certificate, ciphers, clients=clients, oldest=oldest)) as port:
        wire = probe("127.0.0.1", port)
    assert (wire.plain, wire.weak_cipher) == ("tls-server", taken)


def test_who_speaks_no_tls_is_offered_nothing() -> None:
    with serving(say(API)) as port:
        assert probe("127.0.0.1", port).weak_cipher is None


def test_who_hangs_up_was_not_tried(certificate: Path) -> None:
    seen: list[int] = []

    def handle(connection: socket.socket) -> None:
        seen.append(1)
        if len(seen) < 3:
            speaking(certificate, "ECDHE+AESGCM")(connection)

    with serving(handle) as port:
        assert probe("127.0.0.1", port).weak_cipher is None
