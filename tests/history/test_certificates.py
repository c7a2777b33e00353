"""Where the calendar's dates come from."""

from pathlib import Path

import pytest

from dockeraudit.facts import decode
from dockeraudit.history.certificates import CertificateEnd, ends
from dockeraudit.host import Host
from dockeraudit.plugins import checks
from dockeraudit.report import HostReport, Proof
from dockeraudit.scan import Plan, report_host
from dockeraudit.settings import Settings
from tests.history.reports import found, lost, other, scanned

RECORDED = Path(__file__).resolve().parents[1] / "collect" / "recorded"
END = 1_830_297_600


def expiring(*details: str) -> HostReport:
    proofs = tuple(Proof("/tls/cert.pem#1", detail) for detail in details)
    return scanned("a", found("a", "certificate-expires-soon", "/tls/cert.pem#1", evidence=proofs))


@pytest.mark.parametrize(
    ("details", "subjects"),
    [
        (["subject CN=web; notAfter 2028-01-01 00:00:00 UTC"], ["CN=web"]),
        (["notAfter 2028-01-01 00:00:00 UTC", "+500 seconds from the scanner's"], [""]),
        (
            ["subject CN=x; notAfter 2099-01-01 00:00:00 UTC; notAfter 2028-01-01 00:00:00 UTC"],
            ["CN=x; notAfter 2099-01-01 00:00:00 UTC"],
        ),
        (["subject CN=web; notAfter 2028-13-41 00:00:00 UTC"], []),
        (["subject CN=web; notAfter 2028-01-01 00:00:00 UTC […]"], []),
    ],
    ids=["usual", "beside other evidence", "a subject that lies", "no date", "cut off"],
)
def test_cited(details: list[str], subjects: list[str]) -> None:
    assert ends(expiring(*details)) == tuple(
        CertificateEnd("/tls/cert.pem#1", "", "docker", subject, END) for subject in subjects
    )


@pytest.mark.parametrize(
    ("host", "told"),
    [
        (lost("a"), None),
        (scanned("a"), None),
        (scanned("a", other("certificate-expired", "unknown")), None),
        (scanned("a", other("certificate-expired")), ()),
    ],
)
def test_nobody_looked_is_not_none_found(host: HostReport, told: object) -> None:
    assert ends(host) == told


def test_what_the_check_really_writes_is_understood() -> None:
    """A host with mutual TLS, whose certificates all end within a hundred years."""
    plan = Plan(
        checks=(checks()["certificate-expires-soon"],),
        settings=Settings(now=0, certificate_days=(7, 30, 36500)),
    )
    report = report_host(Host(decode((RECORDED / "mtls.facts.json").read_bytes())), plan)
    found = ends(report)
    assert found
    assert len(found) == len(report.results[0].findings)
    assert all(each.subject for each in found)
