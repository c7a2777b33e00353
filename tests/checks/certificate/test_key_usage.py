"""certificate-key-usage: what it finds, and what it leaves to others."""

import pytest

from dockeraudit.facts import Account, Unread
from dockeraudit.host import Host
from dockeraudit.plugins import checks
from tests.build import facts, host
from tests.build_certificates import CA, CERT_PATH, CLIENT, client, issue, server, tls_host
from tests.checks.run import verdict

ID = "certificate-key-usage"
ALICES = "/home/alice/.docker/cert.pem"
PEOPLE = (Account("root", 0, 0, "/root"), Account("alice", 1000, 1000, "/home/alice"))


@pytest.mark.parametrize(
    ("subject", "status", "resources"),
    [
        pytest.param(host(), "not-applicable", [], id="no TLS"),
        pytest.param(Host(facts(), ()), "not-applicable", [], id="no engine"),
        pytest.param(tls_host(), "pass", [], id="digitalSignature"),
        pytest.param(tls_host(cert=server()), "pass", [], id="absent"),
        pytest.param(tls_host(cert=server(signs=True)), "fail", [CERT_PATH], id="keyCertSign"),
        pytest.param(
            tls_host(more={ALICES: client(signs=True)}, accounts=PEOPLE), "fail", [ALICES],
            id="a client's",
        ),
        pytest.param(tls_host(more={ALICES: CLIENT}, accounts=PEOPLE), "pass", [], id="a good one"),
        pytest.param(
            tls_host(ca=issue("ca", ca=True, signs=True), cert=server(by=CA)), "pass", [],
            id="a CA signs certificates",
        ),
        pytest.param(tls_host(cert=Unread("permission denied")), "unknown", [], id="unread"),
    ],
)  # fmt: skip
def test_key_usage(subject: Host, status: str, resources: list[str]) -> None:
    result = verdict(ID, subject)
    assert result.status == status, result.message
    assert [finding.resource for finding in result.findings] == resources


def test_a_leaf_that_is_a_ca_is_named_for_its_signature_only() -> None:
    result = verdict(ID, tls_host(cert=server(ca=True, signs=True)))
    assert result.message == f"{CERT_PATH} has a keyUsage without digitalSignature"


def test_profiles() -> None:
    assert checks()[ID].profiles == ("strict",)


MUTATIONS: dict[str, tuple[Host, Host]] = {
    ID: (tls_host(cert=server(signs=False)), tls_host(cert=server(signs=True))),
}
