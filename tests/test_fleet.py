"""What only several hosts together show, as a scan of them reports it."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dockeraudit.facts import Account, HostFacts, Interface, Machine, Unread, encode
from dockeraudit.fleet import COPIES, SERIAL, HostShown, Shown, compared, shown
from dockeraudit.host import Host
from dockeraudit.judge import fingerprint
from dockeraudit.plugins import checks
from dockeraudit.report import HostReport, Result
from dockeraudit.runner import Pace
from dockeraudit.scan import Plan, report_host, scan
from dockeraudit.targets import Target
from dockeraudit.transport.process import Cancel
from tests.build import NOW
from tests.build_certificates import (
    CA,
    CERT_PATH,
    CLIENT,
    Issued,
    client,
    issue,
    key,
    key_of,
    server,
    tls_engine,
    tls_facts,
)

BOTH = (checks()[SERIAL], checks()[COPIES])
ALICE = Account("alice", 1000, 1000, "/home/alice")
ALICES = "/home/alice/.docker"
OTHER_KEY = key("another")
RECORDED = Path(__file__).resolve().parent / "collect" / "recorded"
SERVER_KEY = f"{CERT_PATH} (key on several hosts)"
SERVER_SERIAL = f"{CERT_PATH} (serial on several hosts)"
CLIENT_KEY = f"{ALICES}/cert.pem (key on several hosts)"


def own(name: str, **changes: Any) -> Issued:
    """A server certificate with a key of its own."""
    return server(name=name, private=key(f"server of {name}"), **changes)


def machine(name: str, number: int = 10, **changes: Any) -> HostFacts:
    """A host with TLS; each has an id and an address of its own."""
    base = Machine(name, "6.1.0", "x86_64", {"ID": "debian"}, NOW, machine_id=f"id of {name}")
    given: dict[str, Any] = {
        "cert": own(name),
        "target": name,
        "machine": base,
        "interfaces": (Interface("lo", "127.0.0.1/8"), Interface("eth0", f"192.0.2.{number}/24")),
        "accounts": (Account("root", 0, 0, "/root"), ALICE),
    } | changes
    cert = given["cert"]
    given.setdefault("key", key_of(cert) if isinstance(cert, Issued) else key_of(CLIENT))
    return tls_facts(**given)


def person(issued: Issued, private: Issued | Unread | None = CLIENT) -> dict[str, Any]:
    """Alice's files."""
    files: dict[str, Any] = {f"{ALICES}/cert.pem": issued}
    if private is not None:
        files[f"{ALICES}/key.pem"] = key_of(private) if isinstance(private, Issued) else private
    return {"more": files}


def reported(*hosts: HostFacts, asked: Sequence[Any] = BOTH) -> tuple[HostReport, ...]:
    """The reports of hosts that were scanned together."""
    engines = (tls_engine(),)
    seen = [Host(each, engines) for each in hosts]
    reports = tuple(report_host(each, Plan(checks=tuple(asked))) for each in seen)
    return compared(
        reports, tuple(shown(*pair) for pair in zip(seen, addresses(reports), strict=True))
    )


def addresses(reports: tuple[HostReport, ...]) -> list[str]:
    return [report.address for report in reports]


def result(report: HostReport, check: str) -> Result:
    return next(each for each in report.results if each.check == check)


def found(reports: Sequence[HostReport], check: str) -> list[list[tuple[str, str]]]:
    """What the check found on each host, and how bad."""
    return [
        [(each.resource, each.severity) for each in result(report, check).findings]
        for report in reports
    ]


def test_sound_hosts_of_one_ca() -> None:
    reports = reported(machine("web1", 1), machine("web2", 2), machine("web3", 3))
    assert found(reports, SERIAL) == [[], [], []]
    assert {result(each, SERIAL).status for each in reports} == {"pass"}


def test_one_server_certificate_on_two_of_three_hosts() -> None:
    same = own("shared")
    reports = reported(
        machine("web1", 1, cert=same), machine("web2", 2), machine("web3", 3, cert=same)
    )
    assert found(reports, SERIAL) == [[(SERVER_KEY, "high")], [], [(SERVER_KEY, "high")]]
    first = result(reports[0], SERIAL)
    assert (first.status, first.severity) == ("fail", "high")
    assert first.message == f"the certificate in {CERT_PATH} and its key are also on web3"
    assert [proof.source for proof in first.findings[0].evidence] == [
        f"web1: {CERT_PATH}",
        f"web3: {CERT_PATH}",
    ]
    assert first.findings[0].fingerprint == fingerprint("web1", SERIAL, "", SERVER_KEY)
    assert result(reports[1], SERIAL).status == "pass"
    assert found(reports, COPIES) == [[], [], []]


def test_one_server_key_with_two_certificates() -> None:
    private = key("shared")
    reports = reported(
        machine("web1", 1, cert=server(name="web1", private=private)),
        machine("web2", 2, cert=server(name="web2", private=private)),
    )
    assert found(reports, SERIAL) == [[(SERVER_KEY, "high")]] * 2
    assert "is also that of others, on web2" in result(reports[0], SERIAL).message


def test_one_serial_of_one_ca() -> None:
    reports = reported(
        machine("web1", 1, cert=own("web1", serial=7)),
        machine("web2", 2, cert=own("web2", serial=7)),
        machine("web3", 3, cert=own("web3", serial=8)),
    )
    assert found(reports, SERIAL) == [[(SERVER_SERIAL, "medium")], [(SERVER_SERIAL, "medium")], []]
    assert result(reports[0], SERIAL).message == (
        f"{CERT_PATH} has the serial 7 of another certificate from the same issuer CN=own CA,"
        " on web2"
    )


def test_two_cas_of_one_name_count_by_themselves() -> None:
    def having(name: str, number: int) -> HostFacts:
        ca = issue("own CA", ca=True, signs=True, private=key(f"CA of {name}"))
        return machine(name, number, ca=ca, cert=own(name, by=ca, serial=1))

    assert found(reported(having("web1", 1), having("web2", 2)), SERIAL) == [[], []]


def test_an_issuer_that_is_not_there_can_not_be_compared() -> None:
    reports = reported(
        *(
            machine(name, number, cert=own(name, serial=7), ca=Unread("permission denied"))
            for number, name in enumerate(("web1", "web2"))
        )
    )
    assert found(reports, SERIAL) == [[], []]


def test_one_client_certificate_on_two_hosts() -> None:
    reports = reported(
        machine("web1", 1, **person(CLIENT)),
        machine("web2", 2, **person(CLIENT)),
        machine("web3", 3, **person(client(name="bob", private=OTHER_KEY), None)),
    )
    assert found(reports, COPIES) == [[(CLIENT_KEY, "medium")], [(CLIENT_KEY, "medium")], []]
    assert result(reports[0], COPIES).message == (
        f"the client certificate in {ALICES}/cert.pem and its key are also on web2"
    )
    assert found(reports, SERIAL) == [[], [], []]


@pytest.mark.parametrize(
    ("private", "copies"),
    [
        pytest.param(CLIENT, 1, id="its key"),
        pytest.param(Unread("permission denied"), 1, id="a key that can't be read"),
        pytest.param(None, 0, id="no key"),
        pytest.param(client(private=OTHER_KEY), 0, id="another key"),
    ],
)
def test_a_certificate_without_its_key_is_no_copy(private: Any, copies: int) -> None:
    reports = reported(
        machine("web1", 1, **person(CLIENT)), machine("web2", 2, **person(CLIENT, private))
    )
    assert [len(each) for each in found(reports, COPIES)] == [copies, copies]


def test_a_key_that_is_a_servers_and_a_clients() -> None:
    same = own("web1")
    reports = reported(
        machine("web1", 1, cert=same),
        machine("web2", 2, **person(client(private=same.key), same)),
    )
    assert found(reports, SERIAL) == [
        [(SERVER_KEY, "high")],
        [(CLIENT_KEY, "high")],
    ]
    assert found(reports, COPIES) == [[], []]


def test_a_ca_may_be_everywhere() -> None:
    files = {"more": {f"{ALICES}/ca.pem": CA}}
    reports = reported(machine("web1", 1, **files), machine("web2", 2, **files))
    assert found(reports, SERIAL) == [[], []]
    assert found(reports, COPIES) == [[], []]


def test_one_host_is_no_fleet_of_its_own() -> None:
    seen = machine("web1")
    later = msgspec.structs.replace(seen, collected_at=NOW + 86400)
    moved = machine("web1", 99, cert=own("web1"))
    renamed = msgspec.structs.replace(seen, target="192.0.2.10")
    reports = reported(seen, later, moved, renamed)
    assert found(reports, SERIAL) == [[]] * 4


def test_a_clone_is_another_host() -> None:
    seen = machine("web1")
    clone = msgspec.structs.replace(
        seen, target="web2", interfaces=(Interface("eth0", "192.0.2.77/24"),)
    )
    assert found(reported(seen, clone), SERIAL) == [[(SERVER_KEY, "high")]] * 2


def test_findings_join_what_the_host_alone_showed() -> None:
    same = own("shared", serial=9)
    more = {f"{ALICES}/cert.pem": client(serial=9), f"{ALICES}/key.pem": key_of(CLIENT)}
    first, second = reported(
        machine("web1", 1, cert=same, more=more), machine("web2", 2, cert=same)
    )
    alone = result(first, SERIAL)
    assert [each.severity for each in alone.findings] == ["high", "medium", "medium"]
    assert [each.resource for each in alone.findings] == [
        SERVER_KEY,
        f"{ALICES}/cert.pem",
        f"{ALICES}/cert.pem (serial on several hosts)",
    ]
    assert alone.message.endswith("are also on web2 (and 2 more)")
    assert len({each.fingerprint for each in alone.findings}) == 3
    assert [each.resource for each in result(second, SERIAL).findings] == [
        SERVER_KEY,
        SERVER_SERIAL,
    ]


def test_missing_evidence_stays_in_the_message() -> None:
    hidden = {"more": {f"{ALICES}/cert.pem": Unread(f"{ALICES}/cert.pem: permission denied")}}
    same = own("shared")
    first, _ = reported(machine("web1", 1, cert=same, **hidden), machine("web2", 2, cert=same))
    alone = result(first, SERIAL)
    assert alone.status == "fail"
    assert alone.message.endswith(
        "; not all could be read: /home/alice/.docker/cert.pem: permission denied"
    )


def test_only_checks_that_were_asked_for() -> None:
    same = own("shared")
    hosts = (machine("web1", 1, cert=same), machine("web2", 2, cert=same))
    for report in reported(*hosts, asked=BOTH[1:]):
        assert [(each.check, each.status) for each in report.results] == [
            (COPIES, "not-applicable")
        ]


def test_unreached_hosts_are_left_alone() -> None:
    same = own("shared")
    engines = (tls_engine(),)
    seen = Host(machine("web1", 1, cert=same), engines)
    report = report_host(seen, Plan(checks=BOTH))
    assert compared((report, report), (shown(seen, report.address), None)) == (report, report)


def written(folder: Path, *hosts: HostFacts) -> list[Target]:
    paths = [folder / f"{each.target}.facts.json" for each in hosts]
    for path, each in zip(paths, hosts, strict=True):
        path.write_bytes(encode(each))
    return [Target(str(path), "facts", path=str(path)) for path in paths]


def test_a_scan_of_facts_files(tmp_path: Path) -> None:
    hosts = (machine("web1", 1, **person(CLIENT)), machine("web2", 2, **person(CLIENT)))
    seen: list[HostReport] = []
    plan = Plan(checks=BOTH)
    reports = scan(written(tmp_path, *hosts), plan, Pace(2), seen.append, Cancel())
    assert found(reports, COPIES) == [[(CLIENT_KEY, "medium")]] * 2
    assert {each.target for each in seen} == {"web1", "web2"}
    alone = scan(written(tmp_path, hosts[0]), plan, Pace(2), seen.append, Cancel())
    assert found(alone, COPIES) == [[]]


def test_recorded_hosts_share_nothing() -> None:
    paths = sorted(RECORDED.glob("*.facts.json"))
    targets = [Target(str(path), "facts", path=str(path)) for path in paths]
    reports = scan(targets, Plan(checks=BOTH), Pace(2), lambda report: None, Cancel())
    texts = [each.resource for report in reports for one in report.results for each in one.findings]
    assert not [text for text in texts if text.endswith("on several hosts)")]


def test_a_thousand_hosts_are_compared_in_no_time() -> None:
    report = reported(machine("web1"))[0]
    reports = tuple(msgspec.structs.replace(report, target=f"web{n}") for n in range(1000))
    hosts = tuple(
        HostShown(
            f"web{n}",
            f"id{n}",
            f"192.0.2.{n}",
            (
                Shown("/a.pem", True, "f" if n else "g", "1", "CN=CA", "k", "same"),
                Shown("/b.pem", False, f"c{n}", f"{n}", "CN=CA", "k", f"own{n}"),
                Shown("/c.pem", False, f"d{n}", "2", "CN=CA", "k", ""),
            ),
        )
        for n in range(1000)
    )
    started = time.process_time()
    last = compared(reports, hosts)[-1]
    assert time.process_time() - started < 2
    one = result(last, SERIAL).findings[0]
    assert one.message.endswith(
        "on web0, web1, web2, web3, web4, web5, web6, web7, web8, web9 and more"
    )
    assert len(one.evidence) == 11
