"""Redacted facts are judged as before, and no name or address is left where none may be."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dockeraudit.bundle import vocabulary
from dockeraudit.bundle.names import Names
from dockeraudit.bundle.redaction import KINDS, WITHHELD, Redactor
from dockeraudit.facts import (
    Account,
    ApiFacts,
    Document,
    Group,
    HostFacts,
    Interface,
    Privilege,
    Unread,
    decode,
)
from dockeraudit.facts import (
    Names as Variables,
)
from dockeraudit.host import Host
from dockeraudit.judge import judge
from dockeraudit.plugins import checks
from dockeraudit.report import Report
from dockeraudit.report import decode as decode_report
from dockeraudit.scan import Plan, report_host
from dockeraudit.settings import Settings
from tests import build
from tests.reports.scans import HOSTILE, HUGE, SCANS

RECORDED = Path(__file__).parents[1] / "collect" / "recorded"
HOSTS = sorted(path.name.partition(".")[0] for path in RECORDED.glob("*.facts.json"))
CHECKS = tuple(checks().values())
HEADS = frozenset(text for c in CHECKS for text in (c.title, c.rationale, c.remediation))
KEY = b"a key of the tests"


def plain(value: Any) -> Any:
    return msgspec.to_builtins(value, builtin_types=(bytes,))


def redactor(*seen: HostFacts | Report, **options: Any) -> Redactor:
    names = Names(HEADS)
    for each in seen:
        names.facts(each) if isinstance(each, HostFacts) else names.report(each)
        names.walk(plain(each))
    kinds = options.pop("kinds", KINDS)
    return Redactor(KEY, kinds, names, verbatim=HEADS, **options)


def recorded(name: str) -> HostFacts:
    return decode((RECORDED / f"{name}.facts.json").read_bytes())


def statuses(facts: HostFacts) -> dict[str, str]:
    results = judge(Host(facts), CHECKS, Settings(now=facts.collected_at))
    return {each.check: each.status for each in results}


def report_of(facts: HostFacts) -> Report:
    base = SCANS["clean"]()
    return msgspec.structs.replace(base, hosts=(report_host(Host(facts), Plan(CHECKS)),))


def leaves(value: Any) -> Iterator[str]:
    """Every text of plain data, with the names of dictionaries."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from leaves(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from leaves(item)


@pytest.mark.parametrize("name", HOSTS)
def test_verdicts_with_certificates_kept(name: str) -> None:
    facts = recorded(name)
    before, after = statuses(facts), statuses(redactor(facts, keep_certificates=True).facts(facts))
    differing = {check for check in before if before[check] != after[check]}
    assert differing <= {"certificate-san-mismatch"}
    assert all(after[check] == "unknown" for check in differing), "never a pass, never a failure"


@pytest.mark.parametrize("name", HOSTS)
def test_verdicts_with_certificates_withheld(name: str) -> None:
    facts = recorded(name)
    before, after = statuses(facts), statuses(redactor(facts).facts(facts))
    differing = {check for check in before if before[check] != after[check]}
    told = {check for check in differing if after[check] != "unknown"}
    # It takes an unread registry CA for one that is not there, so it knows of no CA's key.
    assert told <= {"permissions-ca-key"}, "never a pass, never a failure"
    assert all(after[check] == "not-applicable" for check in told)
    assert not differing or "-----BEGIN CERTIFICATE-----" in "".join(leaves(plain(facts)))


@pytest.mark.parametrize("kind", KINDS)
def test_verdicts_with_one_kind(kind: str) -> None:
    facts = recorded("plain-any")
    assert statuses(redactor(facts, kinds=(kind,)).facts(facts)) == statuses(facts)


@pytest.mark.parametrize("name", HOSTS)
def test_fingerprints_are_those_of_the_redacted_facts(name: str) -> None:
    """So a scan of the bundle's facts can be compared with the bundle's results."""
    facts = recorded(name)
    replacer = redactor(facts, keep_certificates=True)
    again = judge(Host(replacer.facts(facts)), CHECKS, Settings(now=facts.collected_at))
    (host,) = replacer.report(report_of(facts)).hosts
    for one, other in zip(host.results, again, strict=True):
        if one.status == other.status:
            found = [(each.resource, each.fingerprint) for each in one.findings]
            assert found == [(each.resource, each.fingerprint) for each in other.findings]


def test_fingerprints_are_not_the_old_ones() -> None:
    """They are hashes of the target: all addresses could be tried."""
    report = report_of(recorded("plain-any"))
    old = {f.fingerprint for h in report.hosts for r in h.results for f in r.findings}
    done = redactor(report).report(report)
    new = {f.fingerprint for h in done.hosts for r in h.results for f in r.findings}
    assert old
    assert not old & new


LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = st.text(LETTERS + "0123456789", min_size=4, max_size=10).filter(
    lambda word: word[0] in LETTERS and word not in vocabulary.words() and word != "root"
)
TENS = st.ip_addresses(network="10.0.0.0/8").map(str)
PUBLIC = st.ip_addresses(network="93.0.0.0/8").map(str)
SIXES = st.ip_addresses(network="fd00::/8").map(str)


@st.composite
def originals(draw: st.DrawFn) -> dict[str, str]:
    words = draw(st.lists(WORDS, min_size=6, max_size=6, unique=True))
    return dict(zip(("host", "site", "proxy", "registry", "user", "other"), words, strict=True)) | {
        "four": draw(TENS),
        "public": draw(PUBLIC),
        "six": draw(SIXES),
    }


def named(o: dict[str, str]) -> HostFacts:
    """A host that names itself, others and people wherever a host can."""
    full = f"{o['host']}.{o['site']}.example"
    daemon = (
        f'{{"hosts": ["tcp://{o["four"]}:2375", "tcp://[{o["six"]}]:2376"],\n'
        f' "insecure-registries": ["{o["registry"]}.{o["site"]}.example:5000", "{o["four"]}/24"],\n'
        f' "dns": ["{o["public"]}"], "dns-search": ["{o["site"]}.example"]}}'
    )
    command = (
        *("/usr/bin/dockerd", "-H", f"tcp://{o['four']}:2375", "--log-opt", f"tag={o['host']}"),
        *("--insecure-registry", f"{o['registry']}.{o['site']}.example"),
    )
    registry = f"{o['registry']}.{o['site']}.example"
    proxy = Variables({"HTTP_PROXY": f"http://{o['proxy']}:1"})
    home = f"/home/{o['user']}"
    return build.facts(
        target=f"{o['user']}@{full}:2222",
        machine=msgspec.structs.replace(
            build.facts().machine, hostname=o["host"], machine_id="ddd82277e8ab46a4b9299fbcb42b82a8"
        ),
        privilege=Privilege(1000, o["user"], "sudo"),
        interfaces=(
            Interface("eth0", f"{o['four']}/24"),
            Interface("eth0", f"{o['six']}/64"),
            Interface("eth1", f"{o['public']}/22"),
        ),
        names={full: (o["four"],), o["host"]: (o["six"],), "localhost": ("127.0.0.1",)},
        accounts=(
            Account("root", 0, 0, "/root"),
            Account(o["user"], 1000, 1000, home),
            Account("git", 1001, 1001, f"/data/homes/{o['other']}"),
        ),
        groups=(Group("docker", 999, (o["user"], o["other"])), Group(o["user"], 1000)),
        texts={"/etc/docker/daemon.json": daemon.encode()},
        files={f"{home}/.docker": build.directory(), "/etc/docker/daemon.json": build.file()},
        client_lines={
            f"{home}/.profile": (f"3:export DOCKER_HOST=ssh://{o['user']}@{full}",),
            "/etc/environment": (f"1:HTTPS_PROXY=http://{o['proxy']}:3128",),
            "/etc/crontab": (f"2:NO_PROXY=localhost,.{o['site']}.example,{o['public']}",),
        },
        listings={
            "/etc/docker/certs.d": (f"/etc/docker/certs.d/{o['registry']}.{o['site']}.example",)
        },
        processes=(build.process(*command, environment=proxy),),
        notes=(f"{o['host']}-data not read by {o['user']} (at {o['four']}, [{o['six']}]:1)",),
        apis=(
            ApiFacts(
                "/run/docker.sock",
                Unread(f"no answer to {o['user']}"),
                Document(
                    {
                        "Name": full,
                        "Swarm": {
                            "NodeAddr": o["four"],
                            "RemoteManagers": [{"Addr": f"{o['public']}:2377"}],
                        },
                        "RegistryConfig": {"IndexConfigs": {registry: {}}},
                        "Labels": [f"owner={o['user']}", f"peer=db.{o['site']}.example"],
                    }
                ),
            ),
        ),
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(originals())
def test_no_original_survives(o: dict[str, str]) -> None:
    facts = named(o)
    report = report_of(facts)
    replacer = redactor(facts, report)
    done = [plain(replacer.facts(facts)), plain(replacer.report(report))]
    # Ours, whatever a host is called: `debug` is a word of an id.
    heads = {*HEADS, *(f"not found: {head}" for head in HEADS), *(each.id for each in CHECKS)}
    for text in leaves(done):
        if text in heads:
            continue
        for original in o.values():
            found = re.search(rf"(?<![A-Za-z0-9]){re.escape(original)}(?![A-Za-z0-9])", text, re.I)
            assert found is None, f"{original} in {text!r}"


@settings(max_examples=15, deadline=None)
@given(originals())
def test_such_hosts_are_judged_the_same(o: dict[str, str]) -> None:
    facts = named(o)
    assert statuses(redactor(facts).facts(facts)) == statuses(facts)


def test_the_same_name_is_the_same_everywhere() -> None:
    facts = build.facts(
        target="alice@web1.corp.example",
        accounts=(Account("alice", 1000, 1000, "/home/alice"),),
        notes=("web1: /home/alice, WEB1.corp.example, db.corp.example, web1_data, web10",),
    )
    other = build.facts(target="db.corp.example", notes=("called by alice of web1",))
    replacer = redactor(facts, other)
    web, corp, alice = (
        replacer.host("web1"),
        replacer.host("corp.example"),
        replacer.person("alice"),
    )
    done = replacer.facts(facts)
    assert done.target == f"{alice}@{web}.{corp}"
    assert done.accounts == (Account(alice, 1000, 1000, f"/home/{alice}"),)
    assert done.notes == (
        f"{web}: /home/{alice}, {web}.{corp}, {replacer.host('db')}.{corp}, {web}_data, web10",
    )
    assert replacer.facts(other).notes == (f"called by {alice} of {web}",)


def test_a_host_that_is_called_as_a_program() -> None:
    """`docker` stays in paths and units, or nothing would mean the same; it is told."""
    facts = build.facts(
        target="docker",
        machine=msgspec.structs.replace(build.facts().machine, hostname="docker"),
        units=(build.unit("docker.service"),),
        names={"docker": ("10.0.0.5",)},
    )
    replacer = redactor(facts)
    done = replacer.facts(facts)
    pseudonym = replacer.host("docker")
    assert (done.target, done.machine.hostname, [*done.names]) == (
        pseudonym,
        pseudonym,
        [pseudonym],
    )
    assert done.units[0].name == "docker.service"
    assert replacer.ordinary == {"docker"}


def test_a_person_who_is_called_as_a_program() -> None:
    facts = build.facts(
        accounts=(Account("audit", 1000, 1000, "/home/audit"),),
        texts={"/etc/subuid": b"audit:100000:65536\nroot:1:1\n"},
        notes=("docker (rootless audit): docker.service of audit, audit.rules, /home/audit/x",),
    )
    replacer = redactor(facts)
    done, user = replacer.facts(facts), replacer.person("audit")
    assert done.texts["/etc/subuid"] == f"{user}:100000:65536\nroot:1:1\n".encode()
    assert done.notes == (
        f"docker (rootless {user}): docker.service of {user}, audit.rules, /home/{user}/x",
    )


def test_certificates_are_withheld() -> None:
    facts = recorded("mtls")
    done = redactor(facts).facts(facts)
    assert done.pems["/etc/docker/tls/ca.pem"] == Unread(WITHHELD)
    assert (
        done.pems["/etc/docker/tls/server-key.pem"] == facts.pems["/etc/docker/tls/server-key.pem"]
    )
    assert all(not wire.certificates for wire in done.wires)
    kept = redactor(facts, keep_certificates=True).facts(facts)
    assert kept.pems == facts.pems


@pytest.mark.parametrize("scan", SCANS)
def test_every_report_can_be_redacted(scan: str) -> None:
    report = SCANS[scan]()
    started = time.monotonic()
    done = redactor(report).report(report)
    assert time.monotonic() - started < 20, "no text of a host takes for ever"
    assert [len(host.results) for host in done.hosts] == [len(h.results) for h in report.hosts]
    assert [r.status for h in done.hosts for r in h.results] == [
        r.status for h in report.hosts for r in h.results
    ]


@pytest.mark.parametrize(
    "text",
    [
        HUGE,
        HUGE + " […]",
        "a." * 100_000,
        "web1." * 40_000,
        "x.corp.example." * 12_000,
        "10." * 60_000,
        ":" * 100_000,
        "-----BEGIN CERTIFICATE-----" * 6_000,
        "://" * 60_000,
        "CN=" * 60_000,
        "a@" * 100_000,
        HOSTILE,
    ],
    ids=range(12),
)
def test_hostile_texts_take_no_time(text: str) -> None:
    facts = build.facts(target="web1.corp.example", notes=(text,))
    started = time.monotonic()
    redactor(facts).text(text)
    assert time.monotonic() - started < 10


def test_cut_evidence_loses_its_last_word() -> None:
    facts = build.facts(target="web1.corp.example")
    assert redactor(facts).text("seen at 10.0.0 […]") == "seen at  […]"


def test_schema_survives() -> None:
    report = SCANS["followed up"]()
    done = redactor(report).report(report)
    assert decode_report(msgspec.json.encode(done)) == done
