"""What is seen from outside of real servers on this machine, and what is made of it."""

import json
import re
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dockeraudit import outside, plugins
from dockeraudit.facts import Unread, Wire
from dockeraudit.outside import (
    CHECKS,
    SOMETIMES,
    AddressError,
    Endpoint,
    Found,
    Kind,
    Pace,
    Place,
    endpoint,
    kind_of,
    places,
    reported,
    survey,
)
from dockeraudit.probe import Dial, Seen
from dockeraudit.report import HostReport, Result
from dockeraudit.scan import Plan
from dockeraudit.selection import select
from dockeraudit.settings import Settings
from dockeraudit.transport.process import Cancel, Cancelled
from tests.test_probe import API, Handler, banner, for_ever, reset, say, serving, stay, tls

DIAL = Dial(1.0)
VERSION = {
    "Platform": {"Name": "Docker Engine - Community"},
    "Components": [{"Name": "containerd", "Version": "1.7.27"}],
    "Version": "28.5.2",
    "ApiVersion": "1.51",
}
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CA, and for the server a certificate of one day for localhost."""
    folder = tmp_path_factory.mktemp("certificates")
    for name, subject, more in (
        ("ca", "/O=Acme/CN=probe ca", []),
        ("server", "/CN=server", ["-days", "1", "-addext", "subjectAltName=DNS:db1.example"]),
    ):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", subject, *more,
             "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"],
            check=True,
            capture_output=True,
        )  # fmt: skip
    return folder


class Daemon:
    """Answers as dockerd does, and remembers what it was asked."""

    def __init__(self, body: bytes | None = None) -> None:
        self.body = json.dumps(VERSION).encode() if body is None else body
        self.asked: list[str] = []

    def __call__(self, connection: socket.socket) -> None:
        line = connection.recv(4096).split(b"\r\n")[0].decode()
        if not line:
            return
        self.asked.append(line)
        if "/version" in line:
            head = b"HTTP/1.0 200 OK\r\nApi-Version: 1.51\r\nContent-Type: application/json\r\n\r\n"
            connection.sendall(head + self.body)
        else:
            connection.sendall(API)


def plan(*only: str, profile: str = "daemon", **changes: Any) -> Plan:
    known = plugins.checks(pytest.fail)
    chosen = {id: known[id] for id in (*CHECKS, *SOMETIMES)}
    return Plan(checks=select(chosen, profile, only, ()), settings=Settings(now=0, **changes))


def seen(port: int, *, weak: bool = False) -> Endpoint:
    return endpoint("127.0.0.1", port, DIAL, weak=weak)


def result(report: HostReport | None, check: str) -> Result:
    assert report is not None
    return next(each for each in report.results if each.check == check)


def looked(place: Place, given: Plan | None = None) -> HostReport:
    found = survey([place], given or plan(), DIAL, 4, lambda found: None, Cancel())
    report = found[0].report
    assert report is not None
    return report


def test_every_check_that_is_run_from_outside_exists() -> None:
    known = plugins.checks(pytest.fail)
    assert {*CHECKS, *SOMETIMES} <= set(known)
    assert not set(CHECKS) & set(SOMETIMES)


@pytest.mark.parametrize(
    ("handle", "expected"),
    [
        pytest.param(Daemon(), "api", id="the API"),
        pytest.param(say(b"HTTP/1.1 404 Not Found\r\n\r\n"), "other", id="404"),
        pytest.param(say(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 99999), "other", id="a long page"),
        pytest.param(banner, "other", id="ssh"),
        pytest.param(lambda connection: connection.sendall(b"hello\n"), "other", id="says hello"),
        pytest.param(stay, "silent", id="says nothing"),
        pytest.param(reset, "silent", id="resets at once"),
        pytest.param(for_ever(b"x" * 65536), "endless", id="streams for ever"),
        pytest.param(for_ever(b"x", 0.1), "endless", id="drips for ever"),
        pytest.param(
            say(b"HTTP/1.1 200 OK\r\n", for_ever(b"X-A: b\r\n" * 999)), "endless",
            id="headers for ever",
        ),
        pytest.param(
            say(b"HTTP/1.1 200 OK\r\n", for_ever(b"A", 0.1)), "endless", id="drips a header"
        ),
        pytest.param(say(b"HTTP/1.1 200 OK\r\n", stay), "other", id="half a header"),
    ],
)  # fmt: skip
def test_in_clear(handle: Handler, expected: Kind) -> None:
    with serving(handle) as port:
        started = time.monotonic()
        assert seen(port).kind == expected
        assert time.monotonic() - started < 4


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: str(version.name))
@pytest.mark.parametrize(
    ("clients", "handle", "expected"),
    [
        pytest.param(False, Daemon(), "tls-api", id="no client certificate"),
        pytest.param(True, Daemon(), "client-certificate", id="mutual"),
        pytest.param(False, say(b"HTTP/1.1 404 No\r\n\r\n"), "tls-other", id="another server"),
        pytest.param(False, for_ever(b"x" * 9999), "tls-other", id="streams for ever"),
        pytest.param(False, stay, "tls-silent", id="says nothing"),
    ],
)
def test_over_tls(
    version: ssl.TLSVersion, clients: bool, handle: Handler, expected: Kind, certificates: Path
) -> None:
    with serving(tls(certificates, clients=clients, version=version)(handle)) as port:
        found = seen(port)
    assert found.kind == expected
    assert found.wire.certificates == (certificates / "server.pem").read_text()
    assert (found.version or {}).get("Version") == ("28.5.2" if expected == "tls-api" else None)


def test_nobody_and_no_common_cipher() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert seen(port).kind == "refused"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)  # without a certificate

    def handle(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True):
            pass

    with serving(handle) as port:
        assert seen(port).kind == "tls-broken"
    assert kind_of(Seen(Wire("scanner", "::1", 1, Unread("no address"), None))) == "filtered"


@pytest.mark.parametrize("secured", [False, True])
def test_two_requests_a_port_at_most(secured: bool, certificates: Path) -> None:
    daemon = Daemon()
    handle: Handler = daemon
    if secured:
        handle = tls(certificates, clients=False, version=ssl.TLSVersion.TLSv1_3)(daemon)
    with serving(handle) as port:
        found = seen(port, weak=True)
    assert found.version is not None
    ping, version = "GET /_ping HTTP/1.1", "GET /version HTTP/1.0"
    # In TLS the first of both was the one in clear, which never came to the daemon.
    assert daemon.asked == ([version] if secured else [ping, version])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"Version": 1}',
        b"[" * 50000,
        b"\xff\xfe",
        b'{"Version": "' + b"1" * 99999,
    ],
)
def test_versions_of_strangers(body: bytes) -> None:
    with serving(Daemon(body)) as port:
        found = seen(port)
    assert (found.kind, found.version) == ("api", None)


def test_of_a_version_only_what_checks_ask_for_is_taken() -> None:
    said = {"Version": "1\x1b[2J" + "2" * 500, "Components": [{"Name": 3}, 4] * 30, "Evil": "x"}
    with serving(Daemon(json.dumps(said).encode())) as port:
        version = seen(port).version
    assert version is not None
    assert version["Version"].startswith("1\ufffd[2J222")
    assert len(version["Version"]) <= 101
    assert set(version) == {"Version", "ApiVersion", "Platform", "Components"}
    assert version["Components"] == [{"Name": "", "Version": ""}] * 10


def test_a_version_for_ever_has_an_end() -> None:
    def handle(connection: socket.socket) -> None:
        if b"/version" in connection.recv(4096):
            connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
            for_ever(b"{" * 9999)(connection)
        connection.sendall(API)

    with serving(handle) as port:
        assert (seen(port).kind, seen(port).version) == ("api", None)


NAMED = [
    (["web1"], [("web1", (2375, 2376))]),
    (["web1:8443", "web1:2376"], [("web1", (8443, 2376))]),
    (["web1", "web1:8443"], [("web1", (2375, 2376, 8443))]),
    (["tcp://192.0.2.1:2376"], [("192.0.2.1", (2376,))]),
    (["[2001:db8::1]:2375"], [("2001:db8::1", (2375,))]),
    (["2001:DB8:0::1"], [("2001:db8::1", (2375, 2376))]),
    (["fe80::1%eth0"], [("fe80::1%eth0", (2375, 2376))]),
]
SWEPT = [
    (["192.0.2.0/30"], ["192.0.2.1", "192.0.2.2"]),
    (["192.0.2.6/31"], ["192.0.2.6", "192.0.2.7"]),
    (["192.0.2.6/32"], ["192.0.2.6"]),
    (["2001:db8::/126"], ["2001:db8::1", "2001:db8::2", "2001:db8::3"]),
    (["192.0.2.0/30", "192.0.2.0/31"], ["192.0.2.1", "192.0.2.2", "192.0.2.0"]),
]


@pytest.mark.parametrize(("words", "expected"), NAMED)
def test_names(words: list[str], expected: list[tuple[str, tuple[int, ...]]]) -> None:
    found = places(words, (2375, 2376), 100)
    assert [(each.name, each.ports) for each in found] == expected
    assert not any(each.swept for each in found)


@pytest.mark.parametrize(("words", "expected"), SWEPT)
def test_networks(words: list[str], expected: list[str]) -> None:
    found = places(words, (2375,), 100)
    assert [each.name for each in found] == expected
    assert all(each.swept and each.ports == (2375,) for each in found)


def test_what_is_named_is_not_only_swept() -> None:
    found = places(["192.0.2.0/30", "192.0.2.2:99"], (2375,), 100)
    assert {each.name: (each.ports, each.swept) for each in found} == {
        "192.0.2.2": ((99,), False),
        "192.0.2.1": ((2375,), True),
    }


@pytest.mark.parametrize(
    ("words", "most", "said"),
    [
        (["192.0.2.0/24"], 253, "254 addresses, more than 253: --max 254 allows it"),
        (["192.0.2.0/30", "web1"], 2, "that is 3 addresses"),
        (["10.0.0.0/8"], 1024, "16777214 addresses, more than 1024: name smaller networks"),
        (["2001:db8::/32"], 1024, "name smaller networks"),
        (["192.0.2.1/24"], 999, "192.0.2.1/24 begins inside a network: write 192.0.2.0/24"),
        (["192.0.2.0/99"], 999, "is no network"),
        (["http://web1/"], 999, "is no network"),
        (["user@web1"], 999, "is no address"),
        (["ssh://web1"], 999, "is no network"),
        (["local"], 999, "is no address"),
        (["web1.facts.json"], 999, "is no address"),
        (["web1:0"], 999, "no port from 1 to 65535"),
        (["-x"], 999, "begins with -"),
        ([""], 999, "empty"),
        (["0.0.0.0"], 999, "no address of one machine"),
        (["[::]:2375"], 999, "no address of one machine"),
        (["224.0.0.0/30"], 999, "no address of one machine"),
        (["ff02::1"], 999, "no address of one machine"),
    ],
)
def test_words_that_name_nothing(words: list[str], most: int, said: str) -> None:
    with pytest.raises(AddressError, match=re.escape(said)) as caught:
        places(words, (2375, 2376), most)
    assert "\n" not in str(caught.value)


def test_an_open_api_is_reported_as_a_scan_would() -> None:
    with serving(Daemon()) as port:
        report = looked(Place("127.0.0.1", (port,)))
    assert (report.target, report.state, report.error) == ("tcp://127.0.0.1", "scanned", None)
    (engine,), (listener,) = report.engines, report.listeners
    assert (engine.name, engine.version) == (f"docker (127.0.0.1:{port})", "28.5.2")
    assert (listener.address, listener.mode) == (f"127.0.0.1:{port}", "PLAIN")
    failed = result(report, "listener-tcp-plain")
    assert (failed.status, failed.severity) == ("fail", "high")  # on loopback, as in a scan
    assert failed.findings[0].resource == f"127.0.0.1:{port}"
    assert "the Docker API answered" in failed.findings[0].evidence[0].detail
    assert result(report, "listener-tls-without-client-auth").status == "pass"
    assert result(report, "certificate-expired").status == "not-applicable"
    vulnerable = result(report, "service-engine-known-vulnerable")
    assert vulnerable.status in ("pass", "fail")


def test_what_can_not_be_told_from_outside_is_not_in_the_report(certificates: Path) -> None:
    speak = tls(certificates, clients=True, version=ssl.TLSVersion.TLSv1_3)
    with serving(speak(Daemon())) as port:
        report = looked(Place("127.0.0.1", (port,)), plan(profile="strict"))
    assert report.state == "scanned"
    told = {each.check for each in report.results}
    assert told <= {*CHECKS, *SOMETIMES}
    assert not told & {"tls-protocol", "service-engine-supported", "certificate-san-mismatch"}
    statuses = {each.check: each.status for each in report.results}
    assert "unknown" not in statuses.values()
    assert statuses["listener-tcp-plain"] == "pass"
    assert statuses["certificate-expires-soon"] == "fail"
    assert statuses["certificate-self-signed-server"] == "fail"
    assert result(report, "certificate-expires-soon").severity == "high"
    assert report.certificates is not None
    assert [(each.role, each.subject) for each in report.certificates] == [("served", "CN=server")]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Names that resolve to addresses of this machine."""
    names: dict[str, list[str]] = {}
    real = socket.getaddrinfo

    def resolve(name: str, port: Any, **more: Any) -> Any:
        if name in names:
            return [entry for each in names[name] for entry in real(each, port, **more)]
        return real(name, port, **more)

    monkeypatch.setattr(outside.socket, "getaddrinfo", resolve)  # type: ignore[attr-defined]
    return names


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("db1.example", ["pass"], id="its name"),
        pytest.param("db2.example", [], id="another: db1.example may be a name of it too"),
        pytest.param("192.0.2.1", [], id="its address: whose name db1.example is is not known"),
    ],
)
def test_what_was_called_is_held_against_the_certificate(
    name: str, expected: list[str], certificates: Path
) -> None:
    served = (certificates / "server.pem").read_text()
    wire = Wire("scanner", "192.0.2.1", 2376, "tls-server", "client-certificate-required", served)
    found = (Endpoint(wire, "client-certificate"),)
    report = reported(Place(name, (2376,)), found, plan("certificate-san-mismatch"), 1.0)
    assert report is not None
    assert [each.status for each in report.results] == expected


def test_each_address_of_a_name_is_asked(resolver: dict[str, list[str]]) -> None:
    resolver["both.example"] = ["127.0.0.2", "::1", "127.0.0.1", "127.0.0.1"]
    with serving(Daemon()) as port:
        report = looked(Place("both.example", (port,)))
    assert [each.address for each in report.listeners] == [f"127.0.0.1:{port}"]
    assert result(report, "listener-tcp-plain").status == "fail"
    resolver["many.example"] = [f"127.0.0.{number}" for number in range(1, 100)]
    many = looked(Place("many.example", (1,)))
    assert many.error is not None
    assert many.error.message == "many.example has 99 addresses, more than 64"


def test_ipv6() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        daemon = Daemon()

        def accept() -> None:
            for _ in range(2):
                with server.accept()[0] as connection:
                    daemon(connection)

        threading.Thread(target=accept, daemon=True).start()
        report = looked(Place("::1", (server.getsockname()[1],)))
        port = server.getsockname()[1]
    assert (report.target, report.address) == ("tcp://[::1]", "::1")
    assert [(each.address, each.mode) for each in report.listeners] == [(f"[::1]:{port}", "PLAIN")]


def test_a_port_that_says_nothing_is_never_a_pass() -> None:
    with serving(stay) as silent:
        report = looked(Place("127.0.0.1", (silent,)))
        assert report.state == "partial"
        assert report.error is not None
        assert report.error.kind == "undecided"
        assert {each.status for each in report.results} == {"unknown"}
        assert report.certificates is None
        with serving(Daemon()) as port:
            both = looked(Place("127.0.0.1", (port, silent)))
    assert both.state == "partial"
    failed = result(both, "listener-tcp-plain")
    assert failed.status == "fail"
    assert "; not all could be read: " in failed.message
    assert result(both, "listener-tls-without-client-auth").status == "unknown"
    assert result(both, "certificate-expired").status == "not-applicable"


def test_something_else_and_closed_ports_are_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = free.getsockname()[1]
    with serving(banner) as port:
        report = looked(Place("127.0.0.1", (port, closed)))
    assert (report.state, report.error, report.engines) == ("scanned", None, ())
    assert {each.status for each in report.results} == {"not-applicable"}
    assert report.results[0].message == (
        f"no Docker API answers: 127.0.0.1:{port}: something else than the Docker API; "
        f"127.0.0.1:{closed}: closed"
    )


def wired(plain: Any, kind: Kind) -> Endpoint:
    return Endpoint(Wire("scanner", "192.0.2.1", 2375, plain, None), kind)


@pytest.mark.parametrize(
    ("swept", "kinds", "state"),
    [
        (True, ["refused", "filtered"], None),
        (True, ["filtered"], None),
        (True, ["refused", "other"], "scanned"),
        (False, ["filtered", "filtered"], "unreachable"),
        (False, ["refused", "filtered"], "scanned"),
        (False, ["refused", "silent"], "partial"),
        (False, ["filtered", "tls-broken"], "partial"),
        (True, ["filtered", "tls-silent"], "partial"),
    ],
)
def test_states(swept: bool, kinds: Sequence[Kind], state: str | None) -> None:
    place = Place("192.0.2.1", (2375,), swept)
    report = reported(place, tuple(wired("other", kind) for kind in kinds), plan(), 1.0)
    assert (report.state if report else None) == state


def test_a_public_address() -> None:
    # No address for documentation is public; this one is not connected to.
    wire = Wire("scanner", "8.8.8.8", 2375, "api", None)
    report = reported(Place("8.8.8.8", (2375,)), (Endpoint(wire, "api"),), plan(), 1.0)
    assert result(report, "listener-public-address").status == "fail"
    assert result(report, "listener-tcp-plain").severity == "critical"


def test_an_old_version_of_tls_is_seen_and_a_new_one_proves_nothing(certificates: Path) -> None:
    for protocol, expected in (("TLSv1.1", ["fail"]), ("TLSv1.3", [])):
        wire = Wire(
            "scanner", "192.0.2.1", 2376, "tls-server", "api",
            (certificates / "server.pem").read_text(), protocol,
        )  # fmt: skip
        found = (Endpoint(wire, "tls-api", {"Version": "28.5.2", "ApiVersion": "1.51"}),)
        report = reported(Place("192.0.2.1", (2376,)), found, plan("tls-protocol"), 1.0)
        assert report is not None
        assert [each.status for each in report.results] == expected


BROKEN = "-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize("served", [BROKEN, ""])
def test_a_certificate_that_is_not_understood_is_unknown(served: str) -> None:
    wire = Wire("scanner", "192.0.2.1", 2376, "tls-server", "client-certificate-required", served)
    found = (Endpoint(wire, "client-certificate"),)
    report = reported(Place("192.0.2.1", (2376,)), found, plan(), 1.0)
    unknown = result(report, "certificate-expired")
    assert unknown.status == "unknown"
    assert unknown.message.startswith("the certificate of 192.0.2.1:2376: ")
    assert result(report, "listener-tcp-plain").status == "pass"
    assert report is not None
    assert (report.state, report.certificates) == ("partial", None)


def test_the_pace_holds_for_all_threads_together() -> None:
    pace = Pace(20, Cancel())
    started = time.monotonic()
    threads = [threading.Thread(target=pace) for _ in range(11)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert 0.45 < time.monotonic() - started < 2


def test_each_connection_waits_for_its_turn(certificates: Path) -> None:
    turns: list[float] = []
    dial = msgspec.structs.replace(DIAL, admit=lambda: turns.append(time.monotonic()))
    with serving(tls(certificates, clients=False, version=VERSIONS[0])(Daemon())) as port:
        endpoint("127.0.0.1", port, dial, weak=True)
    assert len(turns) == 3  # in clear, over TLS, with weak ciphers
    with serving(Daemon()) as port:
        endpoint("127.0.0.1", port, dial, weak=True)
    assert len(turns) == 5


def test_an_interruption_leaves_what_is_not_known_unknown() -> None:
    cancel = Cancel()
    wanted = [Place("127.0.0.1", (1, 2)), Place("127.0.0.2", (1,), swept=True)]
    dial = Dial(1.0, Pace(0.1, cancel))
    finished: list[Found] = []
    threading.Timer(0.5, cancel.set).start()
    started = time.monotonic()
    found = survey(wanted, plan(), dial, 2, finished.append, cancel)
    assert time.monotonic() - started < 3
    assert len(finished) == 2
    named = found[0].report
    assert named is not None
    assert named.error is not None
    assert (named.state, named.error.kind, found[0].asked) == ("unreachable", "interrupted", False)
    with pytest.raises(Cancelled):
        Pace(1, cancel)()


def test_a_mistake_of_ours_costs_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: Any, **more: Any) -> Iterator[Endpoint]:
        raise LookupError("no")

    monkeypatch.setattr(outside, "endpoint", fail)
    monkeypatch.delenv("DOCKERAUDIT_DEBUG", raising=False)
    report = looked(Place("127.0.0.1", (1,)))
    assert report.error is not None
    assert report.error.kind == "internal"


def test_a_full_backlog_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        where = server.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(where)
        found = endpoint("127.0.0.1", where[1], Dial(0.5), weak=False)
        for each in waiting:
            each.close()
    assert found.kind == "filtered"
