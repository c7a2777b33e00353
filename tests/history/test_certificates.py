"""Where the calendar's dates come from."""

from pathlib import Path

import pytest

from dockeraudit.facts import decode
from dockeraudit.history.certificates import CertificateEnd, ends
from dockeraudit.host import Host
from dockeraudit.report import HostReport
from dockeraudit.scan import Plan, report_host
from tests.history.reports import certificate, lost, scanned

RECORDED = Path(__file__).resolve().parents[1] / "collect" / "recorded"
END = 1_830_297_600


def test_ends_are_what_the_report_lists() -> None:
    host = scanned("a", certificates=(certificate("/tls/cert.pem", END),))
    assert ends(host) == (CertificateEnd("/tls/cert.pem#1", "daemon", "docker", "CN=web", END),)


@pytest.mark.parametrize(
    ("host", "told"), [(lost("a"), None), (scanned("a"), None), (scanned("a", certificates=()), ())]
)
def test_nobody_looked_is_not_none_found(host: HostReport, told: object) -> None:
    assert ends(host) == told


def test_a_host_with_mutual_tls() -> None:
    """Whatever checks are run."""
    host = Host(decode((RECORDED / "mtls.facts.json").read_bytes()))
    found = ends(report_host(host, Plan(checks=())))
    assert found
    assert [(each.place, each.role) for each in found] == [
        (f"{held.path}#{held.index}", held.role) for held in host.material.certificates
    ]
