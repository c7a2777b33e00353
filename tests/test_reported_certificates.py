"""The report's list of certificates: what checks see, and null where nobody could look."""

from pathlib import Path

import pytest
from cryptography.x509 import load_pem_x509_certificate

from dockeraudit.facts import Pem, decode
from dockeraudit.host import Host
from dockeraudit.report import ReportedCertificate
from dockeraudit.scan import Plan, report_host

RECORDED = Path(__file__).resolve().parent / "collect" / "recorded"


def listed(name: str) -> tuple[ReportedCertificate, ...] | None:
    facts = decode((RECORDED / f"{name}.facts.json").read_bytes())
    return report_host(Host(facts), Plan(checks=())).certificates


def test_each_with_its_place_and_end() -> None:
    facts = decode((RECORDED / "mtls.facts.json").read_bytes())
    found = listed("mtls") or ()
    assert [(each.path, each.index, each.role, each.engine, each.subject) for each in found] == [
        ("/etc/docker/tls/server-cert.pem", 1, "daemon", "docker", "CN=mtls"),
        ("/etc/docker/tls/ca.pem", 1, "daemon-ca", "docker", "CN=lab CA of mtls"),
    ]
    for each in found:
        pem = facts.pems[each.path]
        assert isinstance(pem, Pem)
        certificate = load_pem_x509_certificate(pem.certificates.encode())
        assert each.not_after == int(certificate.not_valid_after_utc.timestamp())


@pytest.mark.parametrize("name", ["plain-any", "no-engine", "busybox"])
def test_none_is_an_empty_list(name: str) -> None:
    assert listed(name) == ()


def test_none_that_could_be_read_is_not_none() -> None:
    assert listed("busybox-user") is None
    assert len(listed("hardened-user") or ()) == 2, "what could be read is told"


def test_a_mistake_of_ours_does_not_cost_the_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(host: Host) -> None:
        raise ValueError

    monkeypatch.setattr("dockeraudit.host.certificates.gather", broken)
    assert listed("mtls") is None
