"""The tls family: a table for each check, of what it finds and what it does not."""

from typing import Any

import msgspec
import pytest

from dockeraudit.facts import Account, Names, Unread
from dockeraudit.host import Engine, Host
from tests.build import engine, facts, host, listener, process
from tests.build_certificates import (
    CA,
    CERT_PATH,
    CLIENT,
    ONE,
    OTHER_CA,
    SERVER,
    endpoint,
    issue,
    outcome,
    server,
    tls,
    tls_engine,
    tls_host,
    wire,
)
from tests.checks.run import verdict

ROOTS = listener("192.0.2.10:2376", "MTLS-SYSROOTS", "ADDR")
NOAUTH = listener("192.0.2.10:2376", "TLS-NOAUTH", "ADDR")
PLAIN = listener("[::]:2375")
LOOPBACK = listener("127.0.0.1:2375", reach="LOOPBACK")
UNSEEN = listener("[::]:2375", Unread("no connection was tried"))
LOST = listener("127.0.0.1:2376", "MTLS", "LOOPBACK")
UNIX = listener("/run/docker.sock")
BLIND = engine(running=Unread("cmdline: permission denied"))
NO_ENGINE = Host(facts(), ())
SOUND = tls_host(wires=(wire(SERVER),))
OLD = server(days=(-99, 9))
BUNDLE = [issue(f"CA {number}", ca=True) for number in range(9)]


def trapped(*listeners: Any, value: str | None = "1", **changes: Any) -> Engine:
    """A daemon with DOCKER_TLS_VERIFY in its environment."""
    variables = Names({"DOCKER_TLS_VERIFY": value})
    return engine(*listeners, process=process(environment=variables), **changes)


Case = tuple[str, str, Engine | Host, str, list[str]]

CASES: list[Case] = [
    ("verify-enabled", "plain", engine(PLAIN), "fail", ["[::]:2375"]),
    ("verify-enabled", "no client certificates", engine(NOAUTH), "fail", ["192.0.2.10:2376"]),
    ("verify-enabled", "one of two", engine(ONE, LOOPBACK), "fail", ["127.0.0.1:2375"]),
    ("verify-enabled", "mutual", engine(ONE, UNIX), "pass", []),
    ("verify-enabled", "of any public CA", engine(ROOTS), "pass", []),
    ("verify-enabled", "unix only", engine(UNIX), "not-applicable", []),
    ("verify-enabled", "mode not known", engine(UNSEEN), "unknown", []),
    ("verify-enabled", "nothing could be read", BLIND, "unknown", []),
    ("verify-enabled", "no engine", NO_ENGINE, "not-applicable", []),
    (
        "verify-enabled",
        "next start",
        engine(process=None, configured=outcome(), upcoming=(PLAIN,)),
        "fail",
        ["[::]:2375"],
    ),
    (
        "verify-enabled",
        "next start fails",
        engine(process=None, configured=outcome(starts=False, error="conflict")),
        "not-applicable",
        [],
    ),
    ("ca-configured", "none", tls_engine(ROOTS), "fail", ["192.0.2.10:2376"]),
    ("ca-configured", "own CA", tls_engine(), "pass", []),
    ("ca-configured", "plain", engine(PLAIN), "not-applicable", []),
    ("ca-configured", "clients are not asked", engine(NOAUTH), "not-applicable", []),
    ("ca-configured", "unix only", engine(UNIX), "not-applicable", []),
    ("ca-configured", "mode not known", engine(UNSEEN), "unknown", []),
    ("ca-configured", "nothing could be read", BLIND, "unknown", []),
    ("ca-private", "one of its own", SOUND, "pass", []),
    ("ca-private", "public bundle", tls_host(ca=BUNDLE), "fail", ["/etc/docker/tls/ca.pem"]),
    ("ca-private", "two", tls_host(ca=(CA, OTHER_CA)), "manual", ["/etc/docker/tls/ca.pem"]),
    (
        "ca-private",
        "one of the system's",
        tls_host(
            tls_engine(settings=tls(ca="/usr/share/ca-certificates/mozilla/X.crt")),
            more={"/usr/share/ca-certificates/mozilla/X.crt": OTHER_CA},
        ),
        "fail",
        ["/usr/share/ca-certificates/mozilla/X.crt"],
    ),
    (
        "ca-private",
        "a registry's too",
        tls_host(more={"/etc/docker/certs.d/r/ca.crt": CA}),
        "manual",
        ["/etc/docker/tls/ca.pem"],
    ),
    ("ca-private", "unread", tls_host(ca=Unread("permission denied")), "unknown", []),
    ("ca-private", "no TLS", host(), "not-applicable", []),
    ("environment-trap", "open", trapped(PLAIN), "fail", ["DOCKER_TLS_VERIFY"]),
    ("environment-trap", "mutual all the same", trapped(ONE), "fail", ["DOCKER_TLS_VERIFY"]),
    (
        "environment-trap",
        "value withheld",
        trapped(PLAIN, value=None),
        "fail",
        ["DOCKER_TLS_VERIFY"],
    ),
    ("environment-trap", "empty", trapped(PLAIN, value=""), "pass", []),
    ("environment-trap", "not set", engine(PLAIN), "pass", []),
    ("environment-trap", "19.03 heeds it", trapped(PLAIN, version="19.03.15"), "pass", []),
    ("environment-trap", "version", trapped(PLAIN, version=Unread("no API")), "unknown", []),
    (
        "environment-trap",
        "unread",
        engine(PLAIN, process=process(environment=Unread("permission denied"))),
        "unknown",
        [],
    ),
    ("environment-trap", "stopped", engine(process=None), "not-applicable", []),
    ("protocol", "1.3", SOUND, "pass", []),
    ("protocol", "no connection, 26.1", tls_host(), "pass", []),
    (
        "protocol",
        "1.0",
        tls_host(wires=(wire(SERVER, protocol="TLSv1"),)),
        "fail",
        ["192.0.2.10:2376"],
    ),
    ("protocol", "old engine", tls_host(tls_engine(version="18.9.1")), "unknown", []),
    ("protocol", "version", tls_host(tls_engine(version=Unread("no API"))), "unknown", []),
    ("protocol", "plain", host(engine(PLAIN)), "not-applicable", []),
    ("protocol", "no engine", NO_ENGINE, "not-applicable", []),
    ("served-certificate", "the same", SOUND, "pass", []),
    (
        "served-certificate",
        "renewed",
        tls_host(wires=(wire(server(days=(-99, 9))),)),
        "fail",
        ["192.0.2.10:2376"],
    ),
    (
        "served-certificate",
        "renewed, seen from two sides",
        tls_host(
            wires=(
                wire(OLD),
                wire(OLD, vantage="scanner", address="203.0.113.9"),
            )
        ),
        "fail",
        ["192.0.2.10:2376"],
    ),
    (
        "served-certificate",
        "everywhere, seen on loopback",
        tls_host(
            tls_engine(listener("[::]:2376", "MTLS")),
            wires=(wire(CLIENT, address="127.0.0.1"),),
        ),
        "fail",
        ["[::]:2376"],
    ),
    ("served-certificate", "another port", tls_host(wires=(wire(CLIENT, port=1),)), "unknown", []),
    ("served-certificate", "no connection", tls_host(), "unknown", []),
    ("served-certificate", "garbage", tls_host(wires=(wire("x"),)), "unknown", []),
    (
        "served-certificate",
        "file unread",
        tls_host(cert=Unread("permission denied"), wires=(wire(SERVER),)),
        "unknown",
        [],
    ),
    ("served-certificate", "plain", host(engine(PLAIN)), "not-applicable", []),
    ("served-certificate", "nothing could be read", host(BLIND), "unknown", []),
    (
        "hosts-lost",
        "TLS without hosts",
        tls_engine(LOST, running=outcome(endpoints=(endpoint("127.0.0.1:2376"),))),
        "fail",
        ["127.0.0.1:2376"],
    ),
    (
        "hosts-lost",
        "named",
        tls_engine(running=outcome(endpoints=(endpoint("192.0.2.10:2376", "flag -H"),))),
        "pass",
        [],
    ),
    ("hosts-lost", "TLS off", engine(running=outcome(tls(enabled=False))), "not-applicable", []),
    ("hosts-lost", "it has its socket", engine(UNIX, running=Unread("x")), "pass", []),
    ("hosts-lost", "nothing starts it", engine(process=None), "not-applicable", []),
    ("hosts-lost", "unread", BLIND, "unknown", []),
]


@pytest.mark.parametrize(
    ("id", "subject", "status", "resources"),
    [pytest.param(case[0], *case[2:], id=f"{case[0]}: {case[1]}") for case in CASES],
)
def test_tls(id: str, subject: Engine | Host, status: str, resources: list[str]) -> None:
    result = verdict(f"tls-{id}", subject)
    assert result.status == status, result.message
    assert "ended in an error" not in result.message
    assert [finding.resource for finding in result.findings] == resources


def test_severity() -> None:
    assert verdict("tls-verify-enabled", engine(PLAIN)).severity == "critical"
    assert verdict("tls-verify-enabled", engine(LOOPBACK)).severity == "high"
    assert verdict("tls-environment-trap", trapped(PLAIN)).severity == "critical"
    assert verdict("tls-environment-trap", trapped(ONE)).severity == "low"


def test_messages_name_what_was_seen() -> None:
    plain = verdict("tls-verify-enabled", engine(PLAIN))
    assert plain.message == "docker serves its API on [::]:2375 without TLS"
    noauth = verdict("tls-verify-enabled", engine(NOAUTH))
    assert noauth.message.endswith("over TLS, but without asking for a client certificate")
    changed = verdict("tls-served-certificate", tls_host(wires=(wire(CLIENT),)))
    assert [proof.source for proof in changed.findings[0].evidence] == [
        "192.0.2.10:2376 from the host",
        f"{CERT_PATH}#1",
    ]


def test_the_missing_ca_is_cited_with_its_origin() -> None:
    found = verdict("tls-ca-configured", tls_engine(ROOTS, settings=tls(ca="")))
    proofs = [(each.source, each.detail) for each in found.findings[0].evidence]
    assert ("/etc/docker/daemon.json:3 tlscacert", "tlscacert (empty)") in proofs


def test_a_registry_in_a_home_of_nobody_is_no_client() -> None:
    stray = msgspec.structs.replace(tls_host().facts, accounts=(Account("x", 9, 9, "/x"),))
    assert not [each for each in Host(stray, ()).material.certificates if each.role == "client"]
