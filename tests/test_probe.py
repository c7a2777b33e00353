"""What a probe says of real servers on this machine, and that none of them can hold it up."""

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import pytest

from dockeraudit import probe as module
from dockeraudit.facts import Unread, Wire
from dockeraudit.facts_files import read_facts
from dockeraudit.host import Host
from dockeraudit.probe import probe, probe_host
from dockeraudit.targets import parse
from dockeraudit.transport import TransportOptions
from dockeraudit.transport.process import Cancel
from tests.cli.program import facts

API = b"HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\nContent-Length: 2\r\n\r\nOK"
HTTPS = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"
Handler = Callable[[socket.socket], None]


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT", 1.0)


@contextmanager
def serving(handle: Handler) -> Iterator[int]:
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


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CA, and a certificate of its own for the server."""
    folder = tmp_path_factory.mktemp("certificates")
    for name, subject in (("ca", "/O=Acme/CN=probe ca"), ("server", "/CN=server")):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", subject,
             "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"],
            check=True,
            capture_output=True,
        )  # fmt: skip
    return folder


def tls(folder: Path, *, clients: bool, version: ssl.TLSVersion) -> Callable[[Handler], Handler]:
    """Make a handler speak TLS; in clear it answers as Go does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    context.minimum_version = context.maximum_version = version
    if clients:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(folder / "ca.pem")

    def wrap(handle: Handler) -> Handler:
        def speak(connection: socket.socket) -> None:
            if connection.recv(1, socket.MSG_PEEK) == b"G":
                connection.recv(4096)
                connection.sendall(HTTPS)
                return
            with context.wrap_socket(connection, server_side=True) as secured:
                handle(secured)

        return speak

    return wrap


def api(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(API)


def say(text: bytes, then: Handler = lambda connection: None) -> Handler:
    def handle(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(text)
        then(connection)

    return handle


def stay(connection: socket.socket) -> None:
    time.sleep(20)


def for_ever(text: bytes, pause: float = 0) -> Handler:
    def handle(connection: socket.socket) -> None:
        while True:
            connection.sendall(text)
            time.sleep(pause)

    return handle


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def banner(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
    stay(connection)


PLAIN = [
    pytest.param(api, ("api", None), id="the API"),
    pytest.param(say(API, stay), ("api", None), id="the API, which stays"),
    pytest.param(say(b"HTTP/1.1 404 Not Found\r\n\r\n"), ("other", "failed"), id="404"),
    pytest.param(
        say(b"HTTP/1.1 200 OK\r\n\r\n# TYPE engine_daemon gauge\n"), ("other", "failed"),
        id="metrics",
    ),
    pytest.param(banner, ("other", "failed"), id="ssh"),
    pytest.param(lambda connection: None, ("silent", "failed"), id="closes at once"),
    pytest.param(reset, ("silent", "failed"), id="resets at once"),
    pytest.param(stay, ("silent", "silent"), id="says nothing"),
    pytest.param(for_ever(b"x" * 65536), ("other", "failed"), id="streams for ever"),
    pytest.param(
        say(b"HTTP/1.1 200 OK\r\n", for_ever(b"X-A: b\r\n" * 999)), ("other", "failed"),
        id="headers for ever",
    ),
    pytest.param(for_ever(b"H", 0.1), ("other", "failed"), id="drips"),
    pytest.param(
        say(b"HTTP/1.1 200 OK\r\n", for_ever(b"A", 0.1)), ("other", "failed"), id="drips a header"
    ),
    pytest.param(for_ever(b"\x16\x03\x03\x40\x00" + b"\x0b" * 16384), ("other", "failed"),
                 id="handshake for ever"),
    pytest.param(for_ever(b"\x16", 0.2), ("other", "silent"), id="drips a handshake"),
]  # fmt: skip


@pytest.mark.parametrize(("handle", "expected"), PLAIN)
def test_in_clear(handle: Handler, expected: tuple[str, str | None]) -> None:
    with serving(handle) as port:
        started = time.monotonic()
        wire = probe("127.0.0.1", port)
        assert time.monotonic() - started < 3
    if wire.plain == "tls-server" and expected[0] == "other":  # it began with a handshake's byte
        assert wire.tls == "failed"
    else:
        assert (wire.plain, wire.tls) == expected
    assert (wire.vantage, wire.address, wire.port) == ("scanner", "127.0.0.1", port)


VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: str(version.name))
@pytest.mark.parametrize(
    ("clients", "handle", "expected"),
    [
        pytest.param(False, api, "api", id="no client certificate"),
        pytest.param(True, api, "client-certificate-required", id="mutual"),
        pytest.param(False, say(b"HTTP/1.1 404 No\r\n\r\n"), "other", id="another server"),
        pytest.param(False, stay, "silent", id="says nothing"),
        pytest.param(False, for_ever(b"x" * 9999), "other", id="streams for ever"),
        pytest.param(False, for_ever(b"H", 0.1), "other", id="drips"),
        pytest.param(False, lambda connection: None, "silent", id="closes at once"),
    ],
)
def test_tls(
    version: ssl.TLSVersion, clients: bool, handle: Handler, expected: str, certificates: Path
) -> None:
    speak = tls(certificates, clients=clients, version=version)
    with serving(speak(handle)) as port:
        started = time.monotonic()
        wire = probe("127.0.0.1", port)
        assert time.monotonic() - started < 3
    assert (wire.plain, wire.tls) == ("tls-server", expected)
    served = (certificates / "server.pem").read_text()
    assert wire.certificates == served
    refused = clients and version is ssl.TLSVersion.TLSv1_2
    assert wire.protocol == ("" if refused else version.name.replace("_", "."))
    assert wire.client_ca_names == (() if refused else None)  # Python's servers name none


@pytest.mark.parametrize("options", [["-tls1_2"], ["-tls1_3"], ["-tls1_2", "-no_ticket"]])
def test_openssl_as_the_server(options: list[str], certificates: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen(
        ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", *options, "-Verify", "1",
         "-verify_return_error", "-CAfile", certificates / "ca.pem",
         "-cert", certificates / "server.pem", "-key", certificates / "server.key"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(50):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        wire = probe("127.0.0.1", port)
    finally:
        server.kill()
        server.communicate()
    assert (wire.plain, wire.tls) == ("tls-server", "client-certificate-required")
    names = None if "-tls1_3" in options else ("O=Acme, CN=probe ca",)
    assert wire.client_ca_names == names
    assert wire.certificates == (certificates / "server.pem").read_text()


def test_no_common_cipher_is_no_request_for_a_certificate(certificates: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("aECDSA")  # and there is no such key

    def handle(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True):
            pass

    with serving(handle) as port:
        wire = probe("127.0.0.1", port)
    assert (wire.plain, wire.tls, wire.client_ca_names) == ("tls-server", "failed", None)


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert probe("127.0.0.1", port) == Wire("scanner", "127.0.0.1", port, "refused", None)


def test_a_full_backlog_is_filtered() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        port = server.getsockname()[1]
        held = [socket.socket() for _ in range(4)]
        for each in held:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
        assert probe("127.0.0.1", port).plain == "filtered"
        for each in held:
            each.close()


def test_a_name_without_address() -> None:
    plain = probe("name.invalid", 2375).plain
    assert isinstance(plain, Unread)
    assert "name.invalid" in plain.reason


def recorded(name: str) -> Host:
    return Host(read_facts(facts(name)))


@pytest.mark.parametrize(
    ("name", "target", "called"),
    [
        pytest.param("plain-any", "192.0.2.7", [("192.0.2.7", 2375)], id="wildcard"),
        pytest.param("hardened", "192.0.2.7", [("172.17.0.13", 2376)], id="its own address"),
        pytest.param("plain-loopback", "192.0.2.7", [], id="loopback of another host"),
        pytest.param("plain-loopback", "local", [("127.0.0.1", 2375)], id="loopback here"),
        pytest.param("plain-any", "local", [("127.0.0.1", 2375)], id="wildcard here"),
        pytest.param("plain-any", "docker://web", [("172.17.0.3", 2375)], id="a container"),
        pytest.param("broken-next", "192.0.2.7", [], id="unix socket only"),
    ],
)
def test_what_is_called(
    name: str, target: str, called: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        module, "probe", lambda address, port: Wire("scanner", address, port, "filtered", None)
    )
    monkeypatch.setattr(module, "strangers", lambda host: ())
    wires = probe_host(parse(target), TransportOptions(), recorded(name), Cancel())
    assert [(wire.address, wire.port) for wire in wires] == called


def test_an_alias_of_ssh_is_called_where_ssh_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text("Host web\n  HostName 192.0.2.8\n")
    monkeypatch.setattr(
        module, "probe", lambda address, port: Wire("scanner", address, port, "filtered", None)
    )
    monkeypatch.setattr(module, "strangers", lambda host: ())
    options = TransportOptions(ssh_config=str(tmp_path / "config"))
    (wire,) = probe_host(parse("web"), options, recorded("plain-any"), Cancel())
    assert wire.address == "192.0.2.8"


def test_nothing_is_called_after_an_interruption() -> None:
    cancel = Cancel()
    cancel.set()
    assert probe_host(parse("local"), TransportOptions(), recorded("plain-any"), cancel) == ()


def test_what_answers_on_the_host_counts_and_both_are_named() -> None:
    known = read_facts(facts("plain-any"))
    filtered = Wire("scanner", "192.0.2.7", 2375, "filtered", None)
    for wires in ((*known.wires, filtered), (filtered, *known.wires)):
        host = Host(msgspec.structs.replace(known, wires=wires))
        listener = next(each for each in host.engines[0].listeners if each.transport == "tcp")
        assert listener.mode == "PLAIN"
        said = [each for each in listener.evidence if each.source.startswith("connection from")]
        assert [(each.source.split()[3], each.detail.split(": ")[1]) for each in said] == [
            ("host", "the Docker API answered"),
            ("scanner", "filtered"),
        ]
