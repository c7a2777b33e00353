"""Which certificates a host is said to hold, and that no certificate's content can do harm."""

import base64
import subprocess
import sys
import textwrap
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from dockeraudit.facts import Absent, Account, Pem, Unread
from dockeraudit.host import Host, certificates
from dockeraudit.host.certificates import (
    BrokenCertificate,
    Certificate,
    UnreadFile,
    certificates_in,
    issued_by,
    parse,
    tls_of,
)
from dockeraudit.judge import judge
from dockeraudit.plugins import checks
from tests.build import SETTINGS, engine, facts, host, listener, process
from tests.build_certificates import (
    CA,
    CA_PATH,
    CERT_PATH,
    CLIENT,
    KEY_PATH,
    SERVER,
    issue,
    key_of,
    outcome,
    pem,
    rsa_key,
    server,
    signed_over,
    tls,
    tls_engine,
    tls_host,
    wire,
)

PEOPLE = (Account("root", 0, 0, "/root"), Account("alice", 1000, 1000, "/home/alice"))
CHECKS = [check for check in checks().values() if check.family in ("certificate", "tls")]


def held(host: Host) -> list[tuple[str, str, str, str]]:
    return [
        (each.resource, each.role, each.engine, each.owner) for each in host.material.certificates
    ]


def parsed(der: bytes) -> Certificate:
    found = parse(der)
    assert isinstance(found, Certificate), found
    return found


def test_roles() -> None:
    host = tls_host(
        cert=(SERVER, CA),
        accounts=PEOPLE,
        more={
            "/root/.docker/ca.pem": CA,
            "/home/alice/.docker/cert.pem": CLIENT,
            "/home/alice/.docker/contexts/tls/0f/docker/key.pem": key_of(CLIENT),
            "/home/nobody/.docker/cert.pem": CLIENT,
            "/etc/docker/certs.d/r:5000/ca.crt": CA,
            "/etc/docker/certs.d/r:5000/client.cert": CLIENT,
            "/srv/docker/swarm/certificates/swarm-node.crt": CLIENT,
            "/srv/docker/swarm/certificates/swarm-root-ca.crt": CA,
            "/etc/ssl/own.pem": CA,
            "/root/ca-key.pem": key_of(CA),
        },
    )
    assert held(host) == [
        (CERT_PATH, "daemon", "docker", ""),
        (f"{CERT_PATH}#2", "daemon", "docker", ""),
        (CA_PATH, "daemon-ca", "docker", ""),
        ("/root/.docker/ca.pem", "client-ca", "", "root"),
        ("/home/alice/.docker/cert.pem", "client", "", "alice"),
        ("/etc/docker/certs.d/r:5000/ca.crt", "registry-ca", "", ""),
        ("/etc/docker/certs.d/r:5000/client.cert", "registry-client", "", ""),
        ("/srv/docker/swarm/certificates/swarm-node.crt", "swarm-node", "", ""),
        ("/srv/docker/swarm/certificates/swarm-root-ca.crt", "swarm-ca", "", ""),
    ]
    assert [(key.path, key.role, key.owner) for key in host.material.keys] == [
        (KEY_PATH, "daemon", ""),
        ("/home/alice/.docker/contexts/tls/0f/docker/key.pem", "client", "alice"),
        ("/root/ca-key.pem", "other", ""),
    ]


def test_the_daemons_own_default_folder_is_no_clients() -> None:
    paths = tls(*(f"/root/.docker/{name}.pem" for name in ("ca", "cert", "key")))
    files = {
        "/root/.docker/ca.pem": pem(CA),
        "/root/.docker/cert.pem": pem(SERVER),
        "/root/.docker/key.pem": key_of(SERVER),
    }
    host = Host(facts(pems=files), (tls_engine(settings=paths),))
    assert [each.role for each in host.material.certificates] == ["daemon", "daemon-ca"]
    assert [each.role for each in host.material.keys] == ["daemon"]


def test_views() -> None:
    found = parsed(SERVER.der)
    assert (found.key.kind, found.key.bits, found.key.curve) == ("EC", 256, "secp256r1")
    assert (found.names, found.addresses) == (("host1",), ("192.0.2.10",))
    assert found.usages == frozenset({"1.3.6.1.5.5.7.3.1"})
    assert (found.ca, found.signs_certificates, found.self_signed) == (False, False, False)
    assert found.fingerprint == SERVER.certificate.fingerprint(_sha256()).hex()
    root = parsed(CA.der)
    assert (root.ca, root.constraints_critical, root.self_signed) == (True, True, True)
    assert str(parsed(issue("x", private=rsa_key(2048)).der).key) == "2048-bit RSA key"


def _sha256() -> Any:
    from cryptography.hazmat.primitives import hashes

    return hashes.SHA256()


def test_signatures() -> None:
    assert issued_by(parsed(SERVER.der), parsed(CA.der)) is True
    assert issued_by(parsed(CA.der), parsed(SERVER.der)) is False
    namesake = issue("own CA", ca=True, private=rsa_key(2048))
    assert issued_by(parsed(SERVER.der), parsed(namesake.der)) is False
    assert issued_by(parsed(signed_over("sha1").der), parsed(CA.der)) is True
    again = parsed(signed_over("md5", self_signed=True).der)
    assert again.self_signed


def test_parsed_once() -> None:
    text = SERVER.pem
    assert next(certificates_in(text)) is next(certificates_in(text + CA.pem))


@pytest.mark.parametrize(
    ("running", "expected"),
    [
        (None, None),
        (Unread("no /proc"), Unread("no /proc")),
        (outcome(tls(enabled=False)), None),
    ],
)
def test_without_tls(running: Any, expected: Any) -> None:
    assert tls_of(engine(running=running)) == expected


def test_relative_paths_start_at_the_daemons_folder() -> None:
    given = engine(running=outcome(tls("a/ca.pem", "c.pem", "/k.pem")), process=process(cwd="/srv"))
    found = tls_of(given)
    assert found is not None
    assert not isinstance(found, Unread)
    assert (found.ca, found.cert, found.key) == ("/srv/a/ca.pem", "/srv/c.pem", "/k.pem")


def test_a_stopped_engine_is_judged_by_its_next_start() -> None:
    stopped = engine(process=None, running=None, configured=outcome())
    assert [each.role for each in tls_host(stopped).material.certificates] == [
        "daemon",
        "daemon-ca",
    ]


def test_a_running_engine_whose_files_would_no_longer_load() -> None:
    replaced = engine(
        listener("192.0.2.10:2376", "MTLS", "ADDR"),
        running=Unread("it runs, though it would not start"),
        configured=outcome(starts=False, error="the key does not belong to the certificate"),
    )
    found = tls_host(replaced, key=key_of(CLIENT)).material
    assert [each.path for each in found.certificates] == [CERT_PATH, CA_PATH]
    assert {each.reason for each in found.unread} == {
        "the TLS files of docker: it runs, though it would not start"
    }


def test_what_could_not_be_read() -> None:
    found = tls_host(cert=Unread("no right"), ca=Absent(), key=pem("x")).material
    assert found.unread == (
        UnreadFile(CERT_PATH, "daemon", "certificate", "no right", "docker"),
        UnreadFile(
            KEY_PATH, "daemon", "key", f"{KEY_PATH} holds no private key in PEM form", "docker"
        ),
        UnreadFile(CA_PATH, "daemon-ca", "certificate", f"{CA_PATH} does not exist", "docker"),
    )
    unset = tls_host(tls_engine(settings=tls(verify=False)), ca=Absent())
    assert not [each for each in unset.material.unread if each.role == "daemon-ca"]


def test_served_only_where_it_differs() -> None:
    assert "served" not in {
        each.role for each in tls_host(wires=(wire(SERVER.pem + CA.pem),)).material.certificates
    }
    other = tls_host(wires=(wire(server(days=(-1, 3)).pem + CA.pem),))
    assert [each.resource for each in other.material.certificates if each.role == "served"] == [
        "192.0.2.10:2376 (served)",
        "192.0.2.10:2376 (served)#2",
    ]


def armoured(der: bytes) -> str:
    body = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nMIIB",
        "-----END CERTIFICATE----------BEGIN CERTIFICATE-----",
        armoured(b"\x30\x84\xff\xff\xff\xff"),
        armoured(b"\x30\x80" * 50_000),
        armoured(SERVER.der + b"trailing"),
        SERVER.pem.replace("\n", "\r\n"),
        "text before\n" + SERVER.pem + "text after\x00\x1b[2J\udcff",
    ],
)
def test_odd_texts(text: str) -> None:
    for each in certificates_in(text):
        assert isinstance(each, Certificate | str)


def test_a_flood_ends() -> None:
    found = list(certificates_in(SERVER.pem * 2000))
    assert len(found) == 501
    assert found[-1] == "more than 500 certificates in one file"


def test_a_huge_one_is_not_kept() -> None:
    assert parse(SERVER.der + bytes(70_000)) == f"{len(SERVER.der) + 70_000} bytes, more than 65536"


def test_a_broken_one_costs_only_itself() -> None:
    found = tls_host(cert=(armoured(b"\x30\x03abc"), SERVER), key=key_of(SERVER)).material
    assert [each.index for each in found.certificates if each.role == "daemon"] == [2]
    assert isinstance(found.broken[0], BrokenCertificate)
    assert (found.broken[0].path, found.broken[0].index) == (CERT_PATH, 1)


def replaced(der: bytes, old: bytes, new: bytes) -> bytes:
    """The DER with a value of the same length in another's place."""
    assert len(old) == len(new)
    assert old in der
    return der.replace(old, new, 1)


POINT = SERVER.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
HOSTILE = {
    "negative serial": replaced(
        server(serial=0x7F0102030405060708090A).der, b"\x7f\x01\x02", b"\xff\x01\x02"
    ),
    "month 13": replaced(
        server(days=(0, 300)).der, SERVER.certificate.not_valid_after_utc.strftime("%y%m").encode(),
        b"2713",
    ),
    "no digits": replaced(
        server(days=(0, 300)).der, SERVER.certificate.not_valid_after_utc.strftime("%y%m").encode(),
        b"abcd",
    ),
    "name of the wrong type": replaced(SERVER.der, b"\x82\x05host1", b"\x86\x05host1"),
    "name that is no ASCII": replaced(SERVER.der, b"\x82\x05host1", b"\x82\x05h\xff\xfet1"),
    "address of three bytes": replaced(
        SERVER.der, b"\x87\x04\xc0\x00\x02\x0a", b"\x87\x03\xc0\x00\x02\x0a"
    ),
    "unknown curve": replaced(
        SERVER.der, bytes.fromhex("06082a8648ce3d030107"), bytes.fromhex("06082a8648ce3d03017f")
    ),
    "point off the curve": replaced(SERVER.der, POINT, POINT[:-1] + bytes([POINT[-1] ^ 1])),
    "unknown usage": replaced(
        SERVER.der, bytes.fromhex("2b06010505070301"), bytes.fromhex("2b0601050507037f")
    ),
}  # fmt: skip


@pytest.mark.parametrize("der", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.filterwarnings("error")
def test_hostile_certificates_end_no_check(der: bytes) -> None:
    whole_judge(tls_host(cert=(armoured(der),), ca=(armoured(der), CA), key=key_of(SERVER)))


BASES = [SERVER.der, CA.der, server(private=rsa_key(1024)).der]


EDIT = st.tuples(
    st.integers(0, 2000), st.integers(0, 255), st.sampled_from(("replace", "insert", "cut"))
)


@settings(max_examples=400, deadline=None)
@given(base=st.sampled_from(BASES), edits=st.lists(EDIT, min_size=1, max_size=6))
def test_mutated_certificates_end_no_check(base: bytes, edits: list[tuple[int, int, str]]) -> None:
    der = bytearray(base)
    for number, value, how in edits:
        at = number % len(der)
        if how == "replace":
            der[at] = value
        elif how == "insert":
            der.insert(at, value)
        else:
            del der[at]
    text = armoured(bytes(der))
    whole_judge(tls_host(cert=(text, CA), ca=(text, CA), more={"/root/k.pem": key_of(CA)}))


@settings(max_examples=100, deadline=None)
@given(text=st.text(st.characters(codec=None), max_size=300))
def test_any_text_is_only_a_text(text: str) -> None:
    block = f"-----BEGIN CERTIFICATE-----{text}-----END CERTIFICATE-----"
    whole_judge(tls_host(cert=Pem(("CERTIFICATE",), block)))


class PanicException(BaseException):
    """As pyo3 raises it: no subclass of Exception, and of no module that can be imported."""


@pytest.mark.parametrize("raised", [PanicException("at src/x.rs"), MemoryError("x"), KeyError()])
def test_a_parser_that_panics(raised: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def panic(_: bytes) -> Certificate:
        raise raised

    monkeypatch.setattr(certificates, "_parse", panic)
    assert isinstance(parse(f"panic {raised!r}".encode()), str)


def test_an_interrupt_is_no_broken_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: bytes) -> Certificate:
        raise KeyboardInterrupt

    monkeypatch.setattr(certificates, "_parse", interrupt)
    with pytest.raises(KeyboardInterrupt):
        parse(b"interrupted")


def whole_judge(host: Host) -> None:
    for result in judge(host, CHECKS, SETTINGS):
        assert "ended in an error" not in result.message, result.message


def test_a_host_without_certificates_does_not_load_cryptography() -> None:
    code = """
        import sys
        from tests import conftest
        from dockeraudit.judge import judge
        from dockeraudit.plugins import checks
        from tests.build import SETTINGS, engine, host, listener
        found = [each for each in checks().values() if each.family in ("certificate", "tls")]
        judge(host(engine(listener("[::]:2375"))), found, SETTINGS)
        assert len(found) > 30, found
        print("cryptography" in sys.modules)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_material_is_gathered_once() -> None:
    given = tls_host()
    assert given.material is given.material
    assert host().material.certificates == ()
