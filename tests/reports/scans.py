"""Whole reports that every writer is tried on, and the arithmetic that the engine does."""

from collections.abc import Callable, Iterable
from typing import Any, Literal

import msgspec

from dockeraudit.report import (
    SEVERITIES,
    STATUSES,
    FixedFinding,
    FrameworkRule,
    HostCounts,
    HostError,
    HostReport,
    Proof,
    Repair,
    Report,
    ReportedBaseline,
    ReportedCertificate,
    ReportedEngine,
    ReportedFinding,
    ReportedListener,
    ReportedWaiver,
    Result,
    SeverityName,
    Status,
    Summary,
    Tool,
    Trend,
    TrendPoint,
    Waiver,
)

HOSTILE = (
    "]]> <script>alert(1)</script> <img src=x onerror=alert(2)> \x1b[2J\x1b]0;owned\x07 \x00 "
    "\udc80\ud83d \u202eevil\u2066 \ufffe\uffff \x85\u2028 \r\n::error::forged\n"
    '=HYPERLINK("http://x") \'"&amp; {{ 7*7 }} %s \x9b31m'
)
HUGE = "A" * 1_000_000
TODAY = 1_795_478_400
"""2026-11-24, the day of all these scans."""

_RATIONALE = "Whoever can call the API can mount the host's disk, and so is root on it."
_FIXES = {
    "listener": "Remove the tcp:// listener from where it is set, then restart:\n"
    "  systemctl edit docker.service\n  systemctl restart docker.service\n"
    "Or demand client certificates: set tlsverify, tlscacert, tlscert and tlskey.",
    "permissions": "Take the rights away:\n  chmod 0400 /etc/docker/tls/server-key.pem",
    "certificate": "Issue a new certificate with your CA, put it in place, and restart the engine.",
    "tls": "Set tlsverify, tlscacert, tlscert and tlskey in /etc/docker/daemon.json.",
    "service": "systemctl enable --now docker.service",
}
_TITLES: dict[str, tuple[SeverityName, str]] = {
    "listener-tcp-plain": ("critical", "Docker API reachable without TLS"),
    "listener-tls-without-client-auth": ("critical", "Docker API asks for no client certificate"),
    "listener-wildcard": ("medium", "Docker API listens on every address"),
    "listener-socket-unit-tcp": ("critical", "systemd socket unit opens a TCP listener"),
    "listener-relay-process": ("critical", "Another process relays the Docker socket to TCP"),
    "listener-unix-socket": ("low", "No unix socket, so the docker command can't be used"),
    "tls-verify-enabled": ("high", "TCP listener does not demand client certificates"),
    "tls-ca-configured": ("medium", "No CA of one's own for client certificates"),
    "certificate-key-size": ("medium", "Key too short"),
    "certificate-expired": ("high", "Certificate has expired"),
    "certificate-expires-soon": ("medium", "Certificate expires soon"),
    "certificate-san-mismatch": ("low", "Certificate does not name the host"),
    "permissions-tls-key-mode": ("high", "Private key readable by others"),
    "permissions-docker-socket-mode": ("high", "Docker socket open to others"),
    "permissions-docker-group": ("medium", "Accounts that are root through the docker group"),
    "permissions-daemon-json-mode": ("medium", "daemon.json writable by others"),
    "service-enabled": ("low", "Engine does not start with the host"),
    "service-active": ("info", "Engine is not running"),
    "service-next-start": ("high", "Engine would not start again"),
    "service-restart-pending": ("low", "Configuration changed since the engine started"),
}


def result(check: str, status: Status = "pass", message: str = "", **changes: Any) -> Result:
    """A result of a known check, with a finding for each `Proof` tuple given as `proofs`."""
    severity, title = _TITLES[check]
    family = check.partition("-")[0]
    proofs: tuple[tuple[Proof, ...], ...] = changes.pop("proofs", ())
    resource = changes.pop("resource", check)
    salt = changes.pop("salt", "")
    findings = tuple(
        ReportedFinding(
            engine="docker",
            resource=resource,
            message=message,
            severity=changes.get("severity", severity),
            fingerprint=fingerprint(f"{check} {resource} {salt} {number}"),
            evidence=evidence,
        )
        for number, evidence in enumerate(proofs)
    )
    base = Result(
        check=check,
        title=title,
        status=status,
        severity=severity,
        message=message or "nothing found",
        findings=findings,
        remediation=_FIXES[family],
        references=(FrameworkRule("cis-1.6", "2.7"), FrameworkRule("cis-1.8", "2.8")),
        rationale=_RATIONALE,
    )
    return msgspec.structs.replace(base, **changes)


def fingerprint(text: str) -> str:
    """32 hex digits that depend on the text alone."""
    from hashlib import sha256

    return sha256(text.encode(errors="replace")).hexdigest()[:32]


def passing(*besides: str) -> tuple[Result, ...]:
    """A pass of every known check but those."""
    return tuple(result(check) for check in _TITLES if check not in besides)


def listener(
    address: str,
    mode: Literal["PLAIN", "TLS-NOAUTH", "MTLS", "MTLS-SYSROOTS", "BROKEN", "UNKNOWN"] = "PLAIN",
    reach: Literal["LOCAL", "LOOPBACK", "BRIDGE", "ADDR", "ANY"] = "ANY",
    witnesses: Iterable[Literal["configured", "running", "observed"]] = (
        "configured",
        "running",
        "observed",
    ),
) -> tuple[ReportedListener, ...]:
    """An address as each of the witnesses gives it."""
    return tuple(ReportedListener("docker", address, mode, reach, witness) for witness in witnesses)


SOCKET = listener("/run/docker.sock", "PLAIN", "LOCAL")


def certificate(
    days: int,
    path: str = "/etc/docker/tls/server-cert.pem",
    role: Literal["daemon", "daemon-ca", "client", "swarm-node", "served"] = "daemon",
    **changes: Any,
) -> ReportedCertificate:
    """A certificate that ends at the beginning of a day, so many days from the scan's."""
    end = TODAY + days * 86400
    base = ReportedCertificate(path, 1, role, "docker", "CN=web01.example.com", end)
    return msgspec.structs.replace(base, **changes)


def host(target: str = "web01.example.com", *results: Result, **changes: Any) -> HostReport:
    """A scanned Debian host with one engine: the given results, and a pass of every other check."""
    base = HostReport(
        target=target,
        hostname=target.partition(".")[0],
        address="192.0.2.10",
        state="scanned",
        error=None,
        engines=(ReportedEngine("docker", "28.5.2", "1.51", False, "systemd"),),
        os={"id": "debian", "version": "12", "name": "Debian GNU/Linux 12", "kernel": "6.1.0-31"},
        collected_at="2026-11-24T06:15:30Z",
        duration_s=0.412,
        listeners=SOCKET,
        results=tuple(
            sorted((*results, *passing(*(one.check for one in results))), key=lambda one: one.check)
        ),
        certificates=(),
    )
    return msgspec.structs.replace(base, **changes)


def unreachable(target: str, kind: str, message: str, hint: str) -> HostReport:
    """A host that gave no evidence."""
    return HostReport(
        target=target,
        hostname="",
        address="",
        state="unreachable",
        error=HostError(kind, message, hint),
        duration_s=10.004,
    )


def report(*hosts: HostReport, **changes: Any) -> Report:
    """A report of these hosts, its summary counted."""
    base = Report(
        schema_version="1",
        tool=Tool("dockeraudit", "0.1.0"),
        started="2026-11-24T06:15:29Z",
        finished="2026-11-24T06:15:41Z",
        profile="daemon",
        fail_on="low",
        summary=summary(hosts),
        hosts=hosts,
    )
    return msgspec.structs.replace(base, **changes)


def summary(hosts: tuple[HostReport, ...]) -> Summary:
    """The counts as DESIGN.md defines them, and a plausible rule."""
    results = [one for each in hosts for one in each.results]
    statuses: dict[str, int] = {
        status: sum(one.status == status for one in results) for status in STATUSES
    }
    statuses["waived"] = sum(one.status == "fail" and one.waiver is not None for one in results)
    severities: dict[str, int] = {
        name: sum(each.count(name) for each in hosts) for name in SEVERITIES
    }
    states = [each.state for each in hosts if not each.same_as]
    failed = sum(severities.values())
    missing = "unreachable" in states or statuses["unknown"] > 0 or not hosts
    worst = next((name for name in SEVERITIES if severities[name]), "")
    if failed:
        code, rule = 1, f"{failed} failed at or above --fail-on low, the worst is {worst}"
    elif missing:
        code, rule = 3, "not everything could be assessed"
    else:
        code, rule = 0, "nothing at or above --fail-on low was found"
    return Summary(
        hosts=HostCounts(
            states.count("scanned"),
            states.count("partial"),
            states.count("unreachable"),
            len(hosts) - len(states),
        ),
        results=statuses,
        by_severity=severities,
        exit_code=code,
        rule=rule,
    )


def _plain(target: str = "web01.example.com", **changes: Any) -> HostReport:
    argv = Proof("/proc/812/cmdline", "/usr/sbin/dockerd -H fd:// -H tcp://0.0.0.0:2375")
    wire = Proof("/proc/812/net/tcp6", "LISTEN 0.0.0.0:2375 inode 18233 pid 812 (dockerd)")
    origin = Proof("/etc/default/docker:9", 'DOCKER_OPTS="-H tcp://0.0.0.0:2375"')
    return host(
        target,
        result(
            "listener-tcp-plain",
            "fail",
            "dockerd answers anyone on 0.0.0.0:2375, without TLS",
            proofs=((wire, argv, origin),),
            resource="0.0.0.0:2375",
            salt=target,
        ),
        result(
            "tls-verify-enabled",
            "fail",
            "0.0.0.0:2375 does not demand client certificates",
            proofs=((argv,),),
            resource="0.0.0.0:2375",
            salt=target,
        ),
        result(
            "listener-wildcard",
            "fail",
            "0.0.0.0:2375 listens on every address of the host",
            proofs=((wire,),),
            severity="high",
            resource="0.0.0.0:2375",
            salt=target,
        ),
        result(
            "permissions-docker-group",
            "manual",
            "2 accounts are root through the group docker: alice, deploy",
            proofs=((Proof("/etc/group", "docker:x:999:alice,deploy"),),),
            salt=target,
        ),
        result("certificate-expired", "not-applicable", "no TLS certificate is used on this host"),
        **{"listeners": (*SOCKET, *listener("0.0.0.0:2375")), **changes},
    )


def _partial(target: str = "db01.example.com") -> HostReport:
    denied = "/etc/docker/daemon.json: Permission denied (read as uid 1000)"
    return host(
        target,
        result("tls-verify-enabled", "unknown", denied),
        result("tls-ca-configured", "unknown", denied),
        result("permissions-daemon-json-mode", "unknown", denied),
        result("certificate-expired", "unknown", "/etc/docker/tls: Permission denied"),
        result("certificate-key-size", "unknown", "/etc/docker/tls: Permission denied"),
        state="partial",
        error=HostError(
            "privilege",
            "the evidence was gathered without root: 2 places could not be read",
            "run again with --become, or as root",
        ),
        listeners=(
            *SOCKET,
            *listener("10.0.0.5:2376", "MTLS", "ADDR", ("configured", "observed")),
            *listener("127.0.0.1:2375", "UNKNOWN", "LOOPBACK", ("observed",)),
        ),
        certificates=None,
    )


def _waived() -> HostReport:
    return host(
        "ci01.example.com",
        result(
            "listener-wildcard",
            "fail",
            "0.0.0.0:2376 listens on every address of the host",
            proofs=((Proof("/etc/docker/daemon.json:3", '"hosts": ["tcp://0.0.0.0:2376"]'),),),
            waiver=Waiver(
                "Runners in two networks; the firewall allows only them",
                "alice@example.com",
                "2027-01-31",
                "SEC-412",
            ),
        ),
        listeners=(*SOCKET, *listener("0.0.0.0:2376", "MTLS")),
        certificates=(
            certificate(340, subject="CN=ci01.example.com"),
            certificate(
                1100, "/etc/docker/tls/ca.pem", "daemon-ca", subject="CN=Example Docker CA"
            ),
        ),
    )


def waivers() -> tuple[ReportedWaiver, ...]:
    """A waiver of each state."""

    def one(state: Any, check: str, target: str, expires: str, findings: int) -> ReportedWaiver:
        reason = "Runners in two networks; the firewall allows only them"
        line = len(check) + len(target)
        ticket = "SEC-412" if findings else ""
        source = f"waivers.toml:{line}"
        return ReportedWaiver(
            check, target, "", reason, "alice@example.com", expires, ticket, source, state, findings
        )

    return (
        one("active", "listener-wildcard", "ci*.example.com", "2027-01-31", 1),
        one("expiring", "tls-*", "build-*", "2026-12-04", 2),
        one("expired", "permissions-docker-group", "*", "2026-11-01", 3),
        one("unused", "service-enabled", "web01.example.com", "2027-03-31", 0),
        one("untested", "certificate-*", "db02.example.com", "2027-03-31", 0),
    )


def baseline(fixed: int = 2) -> ReportedBaseline:
    """What became of a baseline, of which so much was fixed."""
    gone = tuple(
        FixedFinding(
            "ci01.example.com",
            "listener-tcp-plain",
            "docker",
            f"0.0.0.0:{2375 + number}",
            f"dockerd answers anyone on 0.0.0.0:{2375 + number}, without TLS",
            "critical",
            fingerprint(f"gone {number}"),
        )
        for number in range(fixed)
    )
    return ReportedBaseline("2026-10-01T04:17:00Z", fixed + 4, 2, 1, 1, 1, gone)


def trend(runs: int = 12) -> Trend:
    """A run a week, with what one of them missed."""
    points = tuple(
        TrendPoint(
            f"2026-{9 + number // 4:02}-{1 + number % 4 * 7:02}T04:17:00Z",
            {"critical": max(0, 3 - number // 3), "high": 9 - number // 2, "low": number // 4},
            number % 3,
            number % 2,
            int(number == 5),
        )
        for number in range(runs)
    )
    return Trend(points, (Repair("critical", 3, 12.5, 9.0), Repair("high", 5, 30.0, 28.0)), 90)


def _hostile() -> HostReport:
    return host(
        HOSTILE,
        result(
            "listener-tcp-plain",
            "fail",
            HOSTILE,
            proofs=((Proof(HOSTILE, HOSTILE), Proof("/huge", HUGE)),),
            resource=HOSTILE,
        ),
        result("tls-verify-enabled", "unknown", HOSTILE),
        result("listener-wildcard", "manual", HOSTILE, proofs=((Proof(HOSTILE, HOSTILE),),)),
        result("service-enabled", "not-applicable", HOSTILE),
        result(
            "permissions-tls-key-mode",
            "fail",
            HUGE,
            proofs=((Proof(HUGE, HUGE),),) * 3,
            waiver=Waiver(HOSTILE, HOSTILE, HOSTILE, HOSTILE),
        ),
        hostname=HOSTILE,
        address=HOSTILE,
        engines=(ReportedEngine(HOSTILE, HOSTILE, HOSTILE, True, HOSTILE),),
        os={"id": HOSTILE, HOSTILE: HUGE},
        listeners=(ReportedListener(HOSTILE, HOSTILE, "PLAIN", "ANY", "observed"),),
        error=HostError(HOSTILE, HOSTILE, HOSTILE),
        state="partial",
        groups=(HOSTILE, HUGE),
        labels={HOSTILE: HOSTILE, "x": HUGE},
        certificates=(
            certificate(3, HOSTILE, subject=HOSTILE, engine=HOSTILE),
            certificate(4, HUGE, index=10**9),
            certificate(0, "/year-1", not_after=-62_135_596_800),
        ),
    )


def _no_engine(target: str = "mail01.example.com") -> HostReport:
    none = "no Docker engine on this host"
    return host(
        target,
        *(result(check, "not-applicable", none) for check in _TITLES),
        engines=(),
        listeners=(),
    )


_TIMEOUT = unreachable(
    "db02.example.com",
    "timeout",
    "ssh: connect to host db02.example.com port 22: no answer within 10 s",
    "is the host up, and does a firewall let port 22 through? --timeout waits longer",
)
_CHANGED_KEY = unreachable(
    "root@[2001:db8::7]:2222",
    "host-key",
    "the host key is not the one in known_hosts: SHA256:bm90IGEgcmVhbCBrZXkgYXQgYWxs",
    "if the change is known, remove the old key: ssh-keygen -R [2001:db8::7]:2222",
)


def fleet(hosts: int = 200, checks: int = 90) -> Report:
    """A fleet of which every fifth host is open, every seventh partial, every fiftieth away."""
    return report(*(_member(number, checks) for number in range(hosts)))


def _member(number: int, checks: int) -> HostReport:
    target = f"node{number:03}.example.com"
    if number % 50 == 49:
        return msgspec.structs.replace(_TIMEOUT, target=target)
    base = _partial(target) if number % 7 == 3 else host(target)
    base = _plain(target) if number % 5 == 2 else base
    more = list(base.results)
    while len(more) < checks:
        one = base.results[len(more) % len(base.results)]
        check = f"{one.check}-{len(more)}"
        findings = tuple(
            msgspec.structs.replace(
                finding, fingerprint=fingerprint(f"{finding.fingerprint}{len(more)}")
            )
            for finding in one.findings
        )
        more.append(msgspec.structs.replace(one, check=check, findings=findings))
    return msgspec.structs.replace(base, results=tuple(more))


def _fleet_of_all() -> Report:
    """One of everything, for looking at."""
    weak = host(
        "build-7.example.com",
        result(
            "certificate-expires-soon",
            "fail",
            "the server certificate expires in 12 days, on 2026-12-06",
            proofs=(
                (
                    Proof(
                        "/etc/docker/tls/server-cert.pem#1",
                        "subject CN=build-7.example.com; notAfter 2026-12-06 00:00:00 UTC",
                    ),
                ),
            ),
            resource="/etc/docker/tls/server-cert.pem",
        ),
        result(
            "service-next-start",
            "fail",
            "the next start of dockerd will fail: hosts is set by flag and by file",
            proofs=(
                (
                    Proof("/lib/systemd/system/docker.service:13", "ExecStart=dockerd -H fd://"),
                    Proof("/etc/docker/daemon.json:2", '"hosts": ["tcp://10.0.0.9:2376"]'),
                ),
            ),
            resource="docker",
        ),
        result(
            "permissions-tls-key-mode",
            "fail",
            "/etc/docker/tls/server-key.pem is readable by everyone (0644, rw-r--r--)",
            proofs=((Proof("lstat", "0644 root:root /etc/docker/tls/server-key.pem"),),),
            resource="/etc/docker/tls/server-key.pem",
        ),
        result(
            "service-enabled",
            "fail",
            "docker.service is disabled: after a restart of the host no engine runs",
            proofs=((Proof("systemctl show docker.service", "UnitFileState=disabled"),),),
        ),
        engines=(
            ReportedEngine("docker", "20.10.24", "1.41", False, "systemd"),
            ReportedEngine("docker (rootless alice)", "28.5.2", "1.51", True, "systemd"),
        ),
        listeners=(
            *SOCKET,
            *listener("10.0.0.9:2376", "BROKEN", "ADDR", ("configured",)),
            *listener("10.0.0.9:2376", "TLS-NOAUTH", "ADDR", ("running", "observed")),
        ),
        certificates=(
            certificate(12, subject="CN=build-7.example.com"),
            certificate(1100, index=2, subject="CN=Example Docker CA"),
            certificate(-20, "10.0.0.9:2376 (served)", "served", subject="CN=old.example.com"),
            certificate(
                44, "/home/alice/.docker/cert.pem", "client", engine="", subject="CN=alice"
            ),
            certificate(70, "/var/lib/docker/swarm/certificates/swarm-node.crt", "swarm-node"),
        ),
    )
    return report(
        host("안전한-서버.example.com"),
        _plain(),
        _partial(),
        weak,
        _waived(),
        _no_engine(),
        _TIMEOUT,
        _CHANGED_KEY,
        waivers=waivers(),
        baseline=baseline(14),
        trend=trend(),
    )


def _followed_up() -> Report:
    """One host, waived in part, with all that runs before it say."""
    given = {"waivers": waivers()[:3], "baseline": baseline(1), "trend": trend(3)}
    late = msgspec.structs.replace(_waived(), certificates=(certificate(30), certificate(340)))
    return report(late, **given)


def _from_inventory() -> Report:
    """Hosts with groups and labels; one of them is named twice."""
    once = "the same host as web01.example.com, by its machine id, hostname and address: its "
    again = host(
        "192.0.2.10",
        error=HostError("repeated", f"{once}results stand there", "name it once"),
        listeners=(),
        certificates=None,
        groups=("legacy",),
        same_as="web01.example.com",
    )
    labels = {"owner": "platform team", "site": "icn1"}
    return report(
        _plain(groups=("web", "production"), labels=labels),
        msgspec.structs.replace(again, results=()),
        msgspec.structs.replace(_TIMEOUT, groups=("db",), labels={"owner": "data"}),
    )


_HUGE_WAIVER = ReportedWaiver("*", "*", "", HUGE, "me", "2027-01-01", "", "w:1", "unused", 0)


def _hostile_report() -> Report:
    waiver: Any = (*(HOSTILE,) * 8, "expired", 5)
    fixed: Any = (*(HOSTILE,) * 5, "high", fingerprint(""))
    return report(
        _hostile(),
        waivers=(ReportedWaiver(*waiver), _HUGE_WAIVER),
        baseline=ReportedBaseline("9999-99-99T99:99:99Z", 1, 2, 3, 4, 5, (FixedFinding(*fixed),)),
        trend=Trend((TrendPoint("9999-99-99T99:99:99Z", {"high": 10**9}, 1, 2, 3),)),
    )


SCANS: dict[str, Callable[[], Report]] = {
    "clean": lambda: report(host(listeners=(*SOCKET, *listener("10.0.0.5:2376", "MTLS", "ADDR")))),
    "open daemon": lambda: report(_plain()),
    "partial": lambda: report(_partial()),
    "one unreachable": lambda: report(_plain(), _TIMEOUT),
    "no engine": lambda: report(_no_engine()),
    "waived": lambda: report(_waived()),
    "followed up": _followed_up,
    "hostile": _hostile_report,
    "nothing scanned": report,
    "same name twice": lambda: report(host("a.b"), host("a_b"), host("a.b")),
    "one of everything": _fleet_of_all,
    "inventory": _from_inventory,
    "fleet": fleet,
}
"""Name → a report."""
