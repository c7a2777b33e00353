"""The service family: a table for each check, of what it finds and what it does not."""

from typing import Any

import msgspec
import pytest

from dockeraudit.effective.model import Endpoint, Origin, Outcome, Setting, TlsSettings
from dockeraudit.facts import ApiFacts, Boot, Document, Package, Pem, Wire
from dockeraudit.host import Engine, Host
from dockeraudit.report import Result
from tests.build import (
    NOW,
    SETTINGS,
    Absent,
    Unread,
    directory,
    engine,
    facts,
    file,
    host,
    listener,
    process,
    unit,
)
from tests.checks.run import verdict

NO_ENGINE = Host(facts(), ())
UNSEEN = Host(facts(processes=Unread("permission denied")), ())
JSON = "/etc/docker/daemon.json"
UNIT = "/lib/systemd/system/docker.service"
STARTED = NOW - 3600
Case = tuple[str, str, Engine | Host, str, list[str]]


def state(name: str = "docker.service", *sources: str, **properties: str) -> Any:
    """A unit with systemd's words on it."""
    wants = tuple(filter(None, properties.pop("wants", "").split()))
    user = properties.pop("user", "")
    return unit(name, *sources, properties=properties, wants=wants, user=user)


def seen(of: Engine, **changes: Any) -> Host:
    return Host(facts(**changes), (of,))


def starting(*values: tuple[str, Any], origin: str = "flag", **changes: Any) -> Outcome:
    settings = tuple(Setting(name, value, Origin(origin)) for name, value in values)
    return msgspec.structs.replace(Outcome(True, settings=settings), **changes)


def api(version: dict[str, Any] | None = None, **info: Any) -> ApiFacts:
    return ApiFacts("/run/docker.sock", Document(version or {}), Document(info))


OFF = {"UnitFileState": "disabled"}
SOCKET_OFF = state("docker.socket", **OFF)
STOPPED = {"process": None, "configured": starting()}
LINKS = {
    "sysvinit": "/etc/rc2.d/S01docker",
    "openrc": "/etc/runlevels/default/docker",
    "runit": "/etc/service/docker",
    "busybox": "/etc/runlevels/default/docker",
}


def by(init: str, *links: str, **changes: Any) -> Host:
    boot = Boot(init, links=links, scripts=("/etc/init.d/docker",))
    boot = msgspec.structs.replace(boot, **changes)
    return seen(
        engine(unit=None, socket_unit=None, managed_by=init, configured=starting()), boot=boot
    )


def having(word: str, socket: str = "disabled", **more: str) -> Engine:
    service = state(UnitFileState=word, **more)
    return engine(unit=service, socket_unit=state("docker.socket", UnitFileState=socket))


def rootless(*linger: str) -> Host:
    own = state(user="ann")
    return seen(engine(unit=own, rootless=True, user="ann"), boot=Boot("systemd", linger=linger))


SERVICE = ["docker.service"]
SILENT = unit(properties={}, wants=())
SILENT = msgspec.structs.replace(SILENT, properties=Unread("systemctl is missing"))
LINKED = msgspec.structs.replace(
    SILENT, wants=("/etc/systemd/system/multi-user.target.wants/docker.service",)
)
WANTS = "/etc/systemd/system/multi-user.target.wants/docker.service"
ENABLED: list[Case] = [
    ("enabled", "enabled", having("enabled"), "pass", []),
    ("enabled", "until the reboot", having("enabled-runtime"), "fail", SERVICE),
    ("enabled", "disabled", having("disabled"), "fail", SERVICE),
    ("enabled", "disabled, with a link made by hand", having("disabled", wants=WANTS), "pass", []),
    ("enabled", "linked by hand below /run", having("disabled", wants="/run/x"), "fail", SERVICE),
    ("enabled", "on demand", having("disabled", "enabled"), "fail", SERVICE),
    ("enabled", "masked", having("masked"), "fail", SERVICE),
    ("enabled", "masked, socket on", having("masked-runtime", "enabled"), "fail", SERVICE),
    ("enabled", "static is not enabled", having("static"), "fail", SERVICE),
    ("enabled", "indirect is not enabled", having("indirect"), "fail", SERVICE),
    ("enabled", "linked is not enabled", having("linked"), "fail", SERVICE),
    ("enabled", "an alias without links", having("alias"), "unknown", []),
    ("enabled", "systemd says nothing", engine(unit=SILENT), "unknown", []),
    ("enabled", "a link speaks for itself", engine(unit=LINKED), "pass", []),
    ("enabled", "no unit", engine(unit=None, managed_by="hand"), "fail", ["docker"]),
    (
        "enabled",
        "made from an init script with links",
        seen(having("generated"), boot=Boot("systemd", links=(LINKS["sysvinit"],))),
        "pass",
        [],
    ),
    (
        "enabled",
        "disabled, but cron starts it",
        seen(having("disabled"), boot=Boot("systemd", lines={"/etc/crontab": ("3:@reboot",)})),
        "pass",
        [],
    ),
    (
        "enabled",
        "disabled, and systemd reads no inittab",
        seen(having("disabled"), boot=Boot("systemd", lines={"/etc/inittab": ("3:dockerd",)})),
        "fail",
        SERVICE,
    ),
    ("enabled", "rootless, no lingering", rootless(), "fail", ["docker.service of ann"]),
    ("enabled", "rootless, lingering", rootless("ann"), "pass", []),
    *(
        ("enabled", f"{init} with a link", by(init, link), "pass", [])
        for init, link in LINKS.items()
    ),
    *(("enabled", f"{init} without", by(init), "fail", ["docker"]) for init in LINKS),
    ("enabled", "a link that stops it", by("sysvinit", "/etc/rc0.d/K01docker"), "fail", ["docker"]),
    ("enabled", "inittab", by("busybox", lines={"/etc/inittab": ("9:dockerd",)}), "pass", []),
    ("enabled", "links unread", by("openrc", links=Unread("denied")), "unknown", []),
    ("enabled", "an init nobody knows", by("s6-svscan"), "unknown", []),
    (
        "enabled",
        "a second daemon of an OpenRC host",
        seen(engine(unit=None, managed_by="hand"), boot=Boot("openrc", links=(LINKS["openrc"],))),
        "fail",
        ["docker"],
    ),
]

DEAD = {"ActiveState": "inactive", "SubState": "dead"}
FAILED = state(ActiveState="failed", SubState="failed", Result="exit-code")
LOOPING = state(ActiveState="activating", SubState="auto-restart", NRestarts="7")
ACTIVE: list[Case] = [
    ("active", "runs", engine(), "pass", []),
    ("active", "failed", engine(unit=FAILED, **STOPPED), "fail", SERVICE),
    ("active", "stopped", engine(unit=state(**DEAD), **STOPPED), "fail", SERVICE),
    ("active", "between two restarts", engine(unit=LOOPING, **STOPPED), "fail", SERVICE),
    ("active", "up for a moment", engine(unit=LOOPING), "fail", SERVICE),
    ("active", "starting", engine(unit=state(ActiveState="activating")), "pass", []),
    ("active", "by hand", engine(unit=FAILED, managed_by="hand"), "pass", []),
    ("active", "sysvinit", seen(engine(**STOPPED), boot=Boot("sysvinit")), "fail", SERVICE),
    (
        "active",
        "processes unseen: no other daemon's unit may be known",
        seen(engine(**STOPPED), processes=Unread("denied")),
        "unknown",
        [],
    ),
    (
        "active",
        "processes unseen, systemd speaks",
        seen(engine(unit=FAILED, **STOPPED), processes=Unread("denied")),
        "fail",
        SERVICE,
    ),
    ("active", "runs, perhaps over and over", engine(unit=SILENT), "unknown", []),
    (
        "active",
        "nothing seen",
        seen(engine(unit=SILENT, **STOPPED), processes=Unread("denied")),
        "unknown",
        [],
    ),
    ("active", "no engine", NO_ENGINE, "not-applicable", []),
]

STRAY = {"cgroup": "/user.slice/user-0.slice/session-3.scope"}
BLIND = process(cgroup=Unread("permission denied"))
MANAGED: list[Case] = [
    ("managed", "by systemd", engine(), "pass", []),
    ("managed", "by OpenRC", engine(managed_by="openrc"), "pass", []),
    (
        "managed",
        "by hand",
        engine(managed_by="hand", process=process(**STRAY)),
        "fail",
        ["dockerd of docker"],
    ),
    ("managed", "by hand, no unit", engine(managed_by="hand", unit=None), "fail",
     ["dockerd of docker"]),
    ("managed", "cgroup and systemd unseen", engine(managed_by="hand", unit=SILENT, process=BLIND),
     "unknown", []),
    ("managed", "stopped", engine(**STOPPED), "not-applicable", []),
    ("managed", "no engine", NO_ENGINE, "not-applicable", []),
]  # fmt: skip

BROKEN = Outcome(False, error="hosts is set both as a flag and in daemon.json:1")
NEXT: list[Case] = [
    ("next-start", "fails", engine(configured=BROKEN), "fail", SERVICE),
    ("next-start", "works", engine(configured=starting()), "pass", []),
    (
        "next-start",
        "undecided",
        engine(configured=Outcome(None, undecided="no DNS")),
        "unknown",
        [],
    ),
    ("next-start", "unread", engine(configured=Unread("denied")), "unknown", []),
    ("next-start", "nothing starts it", engine(), "not-applicable", []),
    ("next-start", "no engine", NO_ENGINE, "not-applicable", []),
]

POLICY: list[Case] = [
    ("restart-policy", "always", engine(), "pass", []),
    ("restart-policy", "on-abnormal", engine(unit=state(Restart="on-abnormal")), "pass", []),
    ("restart-policy", "no", engine(unit=state(Restart="no")), "fail", SERVICE),
    ("restart-policy", "on-abort", engine(unit=state(Restart="on-abort")), "fail", SERVICE),
    (
        "restart-policy",
        "by the file",
        seen(engine(unit=SILENT), texts={UNIT: b"[Service]\nRestart=always\n"}),
        "pass",
        [],
    ),
    (
        "restart-policy",
        "by default",
        seen(engine(unit=SILENT), texts={UNIT: b"[Service]\n"}),
        "fail",
        SERVICE,
    ),
    ("restart-policy", "nothing read", engine(unit=SILENT), "unknown", []),
    ("restart-policy", "sysvinit", by("sysvinit"), "not-applicable", []),
]

LIVE: list[Case] = [
    ("live-restore", "on", engine(api=api(LiveRestoreEnabled=True)), "pass", []),
    (
        "live-restore",
        "off",
        engine(api=api(LiveRestoreEnabled=False)),
        "fail",
        ["live-restore of docker"],
    ),
    (
        "live-restore",
        "swarm",
        engine(api=api(LiveRestoreEnabled=False, Swarm={"LocalNodeState": "active"})),
        "not-applicable",
        [],
    ),
    (
        "live-restore",
        "no swarm",
        engine(api=api(LiveRestoreEnabled=False, Swarm={"LocalNodeState": "inactive"})),
        "fail",
        ["live-restore of docker"],
    ),
    ("live-restore", "told so", engine(running=starting(("live-restore", True))), "pass", []),
    ("live-restore", "API silent", engine(running=starting()), "unknown", []),
    (
        "live-restore",
        "API silent, never in a swarm",
        seen(engine(running=starting()), files={"/var/lib/docker/swarm/certificates": Absent()}),
        "fail",
        ["live-restore of docker"],
    ),
    (
        "live-restore",
        "stopped, off",
        seen(
            engine(process=None, configured=starting(("live-restore", False))),
            files={"/var/lib/docker": Absent()},
        ),
        "fail",
        ["live-restore of docker"],
    ),
    ("live-restore", "nothing read", engine(running=Unread("denied")), "unknown", []),
    ("live-restore", "no engine", NO_ENGINE, "not-applicable", []),
]

SECOND = engine(name="docker (/srv)", process=process("--data-root=/srv", pid=900))
MULTIPLE: list[Case] = [
    ("multiple-daemons", "one", host(), "pass", []),
    ("multiple-daemons", "two", host(engine(), SECOND), "fail", ["docker, docker (/srv)"]),
    ("multiple-daemons", "one of two runs", host(engine(**STOPPED), SECOND), "pass", []),
    ("multiple-daemons", "no engine", NO_ENGINE, "not-applicable", []),
    ("multiple-daemons", "processes unseen", UNSEEN, "unknown", []),
    (
        "multiple-daemons",
        "processes unseen, one is set up",
        seen(engine(**STOPPED), processes=Unread("denied")),
        "unknown",
        [],
    ),
]

TOLD = starting(("containerd", "/run/containerd/containerd.sock"))
CONTAINERD = process(pid=700, role="containerd")
CHILD = process(pid=801, role="containerd", parent=800)


def beside(word: str = "enabled", *processes: Any, text: bytes = b"", **changes: Any) -> Host:
    base = {
        "processes": processes or (CONTAINERD,),
        "units": (state("containerd.service", UnitFileState=word),),
        "texts": {UNIT: text},
    }
    return seen(engine(running=TOLD), **base | changes)


BESIDE: list[Case] = [
    ("containerd", "runs, enabled", beside(), "pass", []),
    ("containerd", "does not run", beside("enabled", CHILD), "fail", ["containerd"]),
    ("containerd", "masked", beside("masked"), "fail", ["containerd.service"]),
    ("containerd", "disabled", beside("disabled"), "fail", ["containerd.service"]),
    (
        "containerd",
        "disabled, but pulled in",
        beside("disabled", text=b"[Unit]\nWants=network.target containerd.service\n"),
        "pass",
        [],
    ),
    ("containerd", "disabled, unit unread", beside("disabled", texts={}), "unknown", []),
    (
        "containerd",
        "whether it is enabled is not known",
        beside(units=(msgspec.structs.replace(SILENT, name="containerd.service"),)),
        "unknown",
        [],
    ),
    ("containerd", "a child", engine(running=starting()), "not-applicable", []),
    ("containerd", "options unread", engine(running=Unread("denied")), "unknown", []),
    (
        "containerd",
        "processes unread",
        beside(processes=Unread("denied"), units=()),
        "unknown",
        [],
    ),
    ("containerd", "no engine", NO_ENGINE, "not-applicable", []),
]


def lines(text: str) -> Host:
    return seen(engine(), texts={UNIT: f"[Service]\n{text}\n".encode()})


SECRETS: list[Case] = [
    ("environment-secrets", "none", lines("Environment=A=b"), "pass", []),
    (
        "environment-secrets",
        "a password in a proxy's URL",
        lines("Environment=HTTP_PROXY=http://***@proxy:3128"),
        "fail",
        ["HTTP_PROXY of docker.service"],
    ),
    (
        "environment-secrets",
        "a secret by its name",
        lines("Environment=REGISTRY_TOKEN=***"),
        "fail",
        ["REGISTRY_TOKEN of docker.service"],
    ),
    (
        "environment-secrets",
        "a proxy whose value was masked",
        lines('Environment="HTTPS_PROXY=***"'),
        "manual",
        ["HTTPS_PROXY of docker.service"],
    ),
    (
        "environment-secrets",
        "on the command line",
        lines("ExecStart=/usr/bin/dockerd --https-proxy http://***@p"),
        "fail",
        ["ExecStart of docker.service"],
    ),
    ("environment-secrets", "emptied by a later line", lines(
        "Environment=REGISTRY_TOKEN=***\nEnvironment="), "pass", []),
    ("environment-secrets", "unit unread", engine(), "unknown", []),
    ("environment-secrets", "no unit", engine(unit=None), "not-applicable", []),
    ("environment-secrets", "no engine", NO_ENGINE, "not-applicable", []),
]  # fmt: skip

CASES = [
    *ENABLED, *ACTIVE, *MANAGED, *NEXT, *POLICY, *LIVE, *MULTIPLE, *BESIDE, *SECRETS,
]  # fmt: skip


def shown(result: Result) -> tuple[str, list[str]]:
    return result.status, [each.resource for each in result.findings]


@pytest.mark.parametrize(
    ("name", "subject", "status", "resources"),
    [pytest.param(name, *case, id=f"{name}: {what}") for name, what, *case in CASES],
)
def test_verdict(name: str, subject: Engine | Host, status: str, resources: list[str]) -> None:
    assert shown(verdict(f"service-{name}", subject)) == (status, resources)


@pytest.mark.parametrize("what", ["enabled", "active", "restart-policy", "environment-secrets"])
def test_no_engine(what: str) -> None:
    assert verdict(f"service-{what}", NO_ENGINE).status == "not-applicable"
    assert verdict(f"service-{what}", UNSEEN).status == "unknown"


@pytest.mark.parametrize(
    ("name", "subject", "message"),
    [
        (
            "enabled",
            having("disabled", "enabled"),
            "docker.service is disabled: only the first client of docker.socket starts it after a"
            " boot",
        ),
        (
            "enabled",
            rootless(),
            "docker.service of ann starts only when ann logs in: lingering is off",
        ),
        ("enabled", having("masked"), "docker.service is masked and can't be started at all"),
        (
            "active",
            engine(unit=FAILED, process=None, configured=BROKEN),
            "docker.service is failed (exit-code): hosts is set both as a flag and in"
            " daemon.json:1",
        ),
        (
            "active",
            engine(unit=LOOPING),
            "docker.service was restarted 7 times and is still not up",
        ),
        (
            "next-start",
            engine(configured=BROKEN),
            "it runs now, but the next start fails: hosts is set both as a flag and in"
            " daemon.json:1",
        ),
        (
            "managed",
            engine(managed_by="hand", process=process(**STRAY)),
            "dockerd, process 800, is not that of docker.service: it was started by hand",
        ),
    ],
)
def test_message(name: str, subject: Engine | Host, message: str) -> None:
    assert verdict(f"service-{name}", subject).message == message


def test_waiting_for_a_client_is_less_than_down() -> None:
    waiting = engine(unit=state(**DEAD), **STOPPED)
    assert verdict("service-active", waiting).severity == "medium"
    alone = engine(unit=state(**DEAD), socket_unit=None, **STOPPED)
    assert verdict("service-active", alone).severity == "high"


# --- releases ----------------------------------------------------------------------------------

COMMUNITY = {"Platform": {"Name": "Docker Engine - Community"}}
TRIXIE = {"ID": "debian", "VERSION_ID": "13", "PRETTY_NAME": "Debian GNU/Linux 13 (trixie)"}
BULLSEYE = {"ID": "debian", "VERSION_ID": "11", "PRETTY_NAME": "Debian GNU/Linux 11 (bullseye)"}
SID = {"ID": "debian", "PRETTY_NAME": "Debian GNU/Linux forky/sid"}
NOBLE = {"ID": "ubuntu", "VERSION_ID": "24.04", "PRETTY_NAME": "Ubuntu 24.04"}
OTHER = {"ID": "label", "VERSION_ID": "9.9", "PRETTY_NAME": "Lab Enterprise Linux 9.9"}


def release(
    version: Any, system: dict[str, str], platform: dict[str, Any] | None = COMMUNITY,
    components: tuple[tuple[str, str], ...] = (), **changes: Any,
) -> Host:  # fmt: skip
    """An engine of some version on some distribution; platform None: the API is silent."""
    packages = changes.pop("packages", Unread("not asked"))
    parts = {"Components": [{"Name": name, "Version": each} for name, each in components]}
    info = changes.pop("info", {"Swarm": {"LocalNodeState": "inactive"}})
    said = None if platform is None else api({**platform, **parts}, **info)
    machine = msgspec.structs.replace(facts().machine, os=system)
    return seen(
        engine(version=version, api=said, **{"running": starting()} | changes),
        machine=machine,
        packages=packages,
    )


EMPTY = {"Platform": {"Name": ""}}
ENGINE = ["engine of docker"]
SUPPORTED = [
    ("docker-ce, maintained", release("29.7.2", TRIXIE), "pass", []),
    ("docker-ce, ended", release("28.5.2", TRIXIE), "fail", ENGINE),
    ("docker-ce, a line that ends soon", release("25.0.17", TRIXIE), "pass", []),
    ("docker-ce, 26.0 and 26.1 are two lines", release("26.0.2", TRIXIE), "fail", ENGINE),
    ("docker-ce, newer than the data", release("31.0.0", TRIXIE), "manual", ENGINE),
    ("Debian 13's own", release("26.1.5+dfsg1", TRIXIE, EMPTY), "pass", []),
    ("Debian 11's own, after its end", release("20.10.5+dfsg1", BULLSEYE, EMPTY), "fail", ENGINE),
    ("Debian sid's own", release("28.5.2+dfsg4", SID, EMPTY), "pass", []),
    ("Debian's, API silent", release("26.1.5+dfsg1", TRIXIE, None), "pass", []),
    ("no mark on Debian, API silent", release("26.1.5", TRIXIE, None), "fail", ENGINE),
    ("Ubuntu's own", release("27.5.1", NOBLE, EMPTY), "pass", []),
    ("Ubuntu, API silent", release("27.5.1", NOBLE, None), "manual", ENGINE),
    ("a distribution without data", release("20.10.24+dfsg1", OTHER, EMPTY), "manual", ENGINE),
    ("another maker", release("25.0.3+azure", TRIXIE), "manual", ENGINE),
    ("no version", release(Unread("no dockerd"), TRIXIE, None), "unknown", []),
    ("not a version", release("dev", TRIXIE), "unknown", []),
    ("no engine", NO_ENGINE, "not-applicable", []),
]
OLD = (("containerd", "v1.7.27"), ("runc", "1.2.5"))
GOOD = (("containerd", "2.2.1"), ("runc", "1.3.4"))
RUNC = [f"runc {each}" for each in ("CVE-2025-31133", "CVE-2025-52565", "CVE-2025-52881")]
PLUGGED = starting(("authorization-plugins", ["opa"]))
VULNERABLE = [
    ("docker-ce, all new", release("29.7.2", TRIXIE, COMMUNITY, GOOD), "pass", []),
    (
        "docker-ce, old parts",
        release("29.7.2", TRIXIE, COMMUNITY, OLD),
        "fail",
        ["containerd CVE-2024-25621", *RUNC],
    ),
    (
        "docker-ce, old engine, no plugin",
        release("29.0.1", TRIXIE, COMMUNITY, GOOD),
        "fail",
        ["engine CVE-2026-41567"],
    ),
    (
        "docker-ce, old engine with a plugin",
        release("29.0.1", TRIXIE, COMMUNITY, GOOD, running=PLUGGED),
        "fail",
        ["engine CVE-2026-34040", "engine CVE-2026-41567"],
    ),
    (
        "in a swarm",
        release("23.0.2", TRIXIE, COMMUNITY, GOOD, info={"Swarm": {"LocalNodeState": "active"}}),
        "fail",
        ["engine CVE-2023-28840", "engine CVE-2024-29018", "engine CVE-2026-41567"],
    ),
    (
        "Debian's own are looked up by a person",
        release("26.1.5+dfsg1", TRIXIE, EMPTY, (("containerd", "1.7.24~ds1"),)),
        "manual",
        ["engine of docker", "containerd of docker"],
    ),
    (
        "Debian's own, whose changelog names every repair",
        release(
            "26.1.5+dfsg1",
            TRIXIE,
            EMPTY,
            (("runc", "1.1.15+ds1"),),
            packages=(
                Package("docker.io", "26.1.5+dfsg1-9", ("CVE-2026-41567", "CVE-2026-34040")),
                Package("runc", "1.1.15+ds1-2", tuple(each.partition(" ")[2] for each in RUNC)),
            ),
        ),
        "pass",
        [],
    ),
    (
        "Debian's own, one repair less in the changelog",
        release(
            "26.1.5+dfsg1",
            TRIXIE,
            EMPTY,
            (("runc", "1.1.15+ds1"),),
            packages=(
                Package("docker.io", "26.1.5+dfsg1-9", Unread("no changelog")),
                Package("runc", "1.1.15+ds1-2", ("CVE-2025-31133",)),
            ),
        ),
        "manual",
        ["engine of docker", "runc of docker"],
    ),
    ("a line that may be repaired", release("25.0.17", TRIXIE, COMMUNITY, GOOD), "manual", ENGINE),
    ("API silent", release("29.7.2", TRIXIE, None), "unknown", []),
    ("no engine", NO_ENGINE, "not-applicable", []),
]


@pytest.mark.parametrize(
    ("subject", "status", "resources"),
    [pytest.param(*case, id=what) for what, *case in SUPPORTED],
)
def test_engine_supported(subject: Host, status: str, resources: list[str]) -> None:
    assert shown(verdict("service-engine-supported", subject)) == (status, resources)


@pytest.mark.parametrize(
    ("subject", "status", "resources"),
    [pytest.param(*case, id=what) for what, *case in VULNERABLE],
)
def test_engine_known_vulnerable(subject: Host, status: str, resources: list[str]) -> None:
    assert shown(verdict("service-engine-known-vulnerable", subject)) == (status, resources)


def test_old_data_makes_no_line_maintained() -> None:
    later = msgspec.structs.replace(SETTINGS, now=NOW + 200 * 86400)
    result = verdict("service-engine-supported", release("29.7.2", TRIXIE), later)
    assert shown(result) == ("manual", ENGINE)


def test_the_message_on_a_distribution_s_engine_names_its_end() -> None:
    result = verdict("service-engine-supported", release("20.10.5+dfsg1", BULLSEYE, EMPTY))
    assert result.message == (
        "engine 20.10.5+dfsg1 is that of Debian GNU/Linux 11 (bullseye), whose security support"
        " ended on 2026-08-31"
    )


# --- restart pending ---------------------------------------------------------------------------

SOCK = listener("/run/docker.sock")
OPEN, LOCAL = listener("[::]:2375"), listener("127.0.0.1:2375", reach="LOOPBACK")
MUTUAL = listener("[::]:2376", "MTLS")
FRESH = {JSON: file(mtime=STARTED + 40)}
EP = Endpoint("/var/run/docker.sock", "unix", "PLAIN", "LOCAL", Origin("default"))
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
RENEWED = PEM.replace("MIIB", "MIIC")
CERT = "/etc/docker/tls/cert.pem"


def both(now: Outcome | Unread, later: Outcome | Unread, **changes: Any) -> Engine:
    return engine(SOCK, **{"upcoming": (SOCK,), "running": now, "configured": later} | changes)


def of_file(*values: tuple[str, Any]) -> Outcome:
    """A start with settings from daemon.json, answering on the usual socket."""
    told = starting(*values, origin=f"{JSON}:2", endpoints=(EP,))
    config = Setting("config-file", JSON, Origin("default"))
    return msgspec.structs.replace(told, settings=(config, *told.settings))


REFUSED = Outcome(starts=False, error="hosts: a flag, too")
SAME = starting(("icc", True))
EQUAL = both(SAME, SAME)
DEBUG = of_file(("debug", True))
ICC = of_file(("icc", False))


def secured(**files: Any) -> Outcome:
    """A start with TLS whose files are these."""
    tls = [Setting("tls", True, Origin(JSON)), Setting("tlsverify", True, Origin(JSON))]
    tls += [Setting(name, files.get(name, ""), Origin(JSON)) for name in
            ("tlscacert", "tlscert", "tlskey")]  # fmt: skip
    return starting(tls=TlsSettings(*tls))


def renewed(served: str, name: str = "tlscert", stat: Any = None) -> Host:
    """A file of TLS that is newer than the process; `served` is what a connection gets."""
    now = secured(**{name: CERT})
    of = msgspec.structs.replace(both(now, now), listeners=(MUTUAL,), upcoming=(MUTUAL,))
    wire = Wire("host", "127.0.0.1", 2376, "tls-server", "client-certificate-required", served)
    return seen(
        of,
        files={CERT: stat or file(0o444, mtime=STARTED + 40)},
        pems={CERT: Pem(("CERTIFICATE",), RENEWED)},
        wires=(wire,) if served else (),
    )


def opening(now: tuple[Any, ...], later: tuple[Any, ...], **changes: Any) -> Engine:
    return msgspec.structs.replace(both(SAME, SAME, **changes), listeners=now, upcoming=later)


PENDING = [
    ("nothing was changed", seen(EQUAL), "pass", []),
    ("the same from newer files", seen(EQUAL, files={UNIT: file(mtime=NOW)}), "pass", []),
    (
        "another option at the next start",
        seen(both(starting(("icc", True)), starting(("icc", False)))),
        "fail",
        [("settings of docker", "medium")],
    ),
    ("an older file", seen(both(ICC, ICC), files={JSON: file()}), "pass", []),
    (
        "two spellings of one path",
        seen(both(starting(("pidfile", "/run/d.pid")), starting(("pidfile", "/var/run/d.pid")))),
        "pass",
        [],
    ),
    ("the clock's last second", seen(both(ICC, ICC), files={JSON: file(mtime=STARTED + 1)}),
     "pass", []),
    (
        "a newer daemon.json, nothing confirms it",
        seen(both(ICC, ICC), files=FRESH),
        "fail",
        [(JSON, "medium")],
    ),
    (
        "a newer daemon.json with what a reload takes",
        seen(both(DEBUG, DEBUG), files=FRESH),
        "fail",
        [(JSON, "low")],
    ),
    (
        "a newer daemon.json that the API confirms",
        seen(both(DEBUG, DEBUG, api=api(Debug=True)), files=FRESH),
        "pass",
        [],
    ),
    (
        "a newer daemon.json whose hosts are what is open",
        seen(both(of_file(("hosts", ["x"])), of_file(("hosts", ["x"]))), files=FRESH),
        "pass",
        [],
    ),
    (
        "a newer daemon.json with which it won't start",
        seen(both(SAME, BROKEN), files=FRESH),
        "fail",
        [(JSON, "medium")],
    ),
    (
        "a newer daemon.json, the process unread",
        seen(both(Unread("denied"), SAME), files=FRESH),
        "fail",
        [(JSON, "medium")],
    ),
    (
        "a newer unit, the process unread",
        seen(both(Unread("denied"), SAME), files={UNIT: file(mtime=NOW)}, texts={UNIT: b""}),
        "fail",
        [(UNIT, "medium")],
    ),
    (
        "systemd was not reloaded",
        seen(both(SAME, SAME, unit=state(NeedDaemonReload="yes"))),
        "fail",
        [("docker.service", "medium")],
    ),
    (
        "the program was replaced",
        seen(both(SAME, SAME, process=process(exe_deleted=True))),
        "fail",
        [("program of docker", "medium")],
    ),
    ("opens to all", seen(opening((SOCK,), (SOCK, OPEN))), "fail", [("[::]:2375", "critical")]),
    ("opens locally", seen(opening((SOCK,), (SOCK, LOCAL))), "fail", [("127.0.0.1:2375", "high")]),
    ("opens with mutual TLS", seen(opening((SOCK,), (SOCK, MUTUAL))), "fail",
     [("[::]:2376", "low")]),
    ("closes", seen(opening((SOCK, OPEN), (SOCK,))), "fail", [("[::]:2375", "medium")]),
    (
        "another mode",
        seen(opening((listener("[::]:2376", "TLS-NOAUTH"),), (MUTUAL,))),
        "fail",
        [("[::]:2376", "low")],
    ),
    (
        "the wire can't tell these two apart",
        seen(opening((MUTUAL,), (listener("[::]:2376", "MTLS-SYSROOTS"),))),
        "pass",
        [],
    ),
    (
        "just started",
        seen(opening((SOCK,), (SOCK, OPEN), process=process(started=NOW - 5))),
        "pass",
        [],
    ),
    (
        "works, and could not with the files of now",
        seen(both(SAME, REFUSED)),
        "fail",
        [(JSON, "medium")],
    ),
    ("listeners unseen", seen(opening((), (SOCK,))), "unknown", []),
    ("systemd is silent", seen(both(SAME, SAME, unit=SILENT)), "unknown", []),
    ("the socket's unit unread", seen(both(SAME, SAME, socket_unit=SILENT)), "unknown", []),
    ("times unread", seen(both(ICC, ICC), files={JSON: Unread("denied")}), "unknown", []),
    (
        "times unread, but the API confirms all",
        seen(both(DEBUG, DEBUG, api=api(Debug=True)), files={JSON: Unread("denied")}),
        "pass",
        [],
    ),
    (
        "times of a certificate unread",
        renewed("", stat=Unread("denied")),
        "unknown",
        [],
    ),
    ("the renewed certificate is served", renewed(RENEWED), "pass", []),
    ("the certificate of before is served", renewed(PEM), "fail", [(CERT, "medium")]),
    ("renewed, and no connection tells", renewed(""), "fail", [(CERT, "low")]),
    ("a newer CA", renewed(PEM, "tlscacert"), "fail", [(CERT, "low")]),
    ("start time unread", seen(both(SAME, SAME, process=process(started=None))), "unknown", []),
    ("does not run", seen(engine(**STOPPED)), "not-applicable", []),
    ("no engine", NO_ENGINE, "not-applicable", []),
    ("processes unseen", UNSEEN, "unknown", []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("subject", "status", "found"),
    [pytest.param(*case, id=what) for what, *case in PENDING],
)
def test_restart_pending(subject: Host, status: str, found: list[tuple[str, str]]) -> None:
    result = verdict("service-restart-pending", subject)
    assert (result.status, [(each.resource, each.severity) for each in result.findings]) == (
        status,
        found,
    )


@pytest.mark.parametrize(
    ("subject", "message"),
    [
        (
            seen(both(starting(("icc", True)), starting(("icc", False)))),
            "the next start changes icc from true to false",
        ),
        (
            seen(both(ICC, ICC), files=FRESH),
            f"{JSON} was written 40 s after dockerd started: icc may not be in force",
        ),
        (
            seen(opening((SOCK,), (SOCK, OPEN))),
            "the next start opens [::]:2375, PLAIN, reach ANY",
        ),
        (
            seen(opening((SOCK, OPEN), (SOCK,))),
            "[::]:2375, PLAIN, reach ANY, is open until the next start",
        ),
    ],
)
def test_restart_pending_says(subject: Host, message: str) -> None:
    assert verdict("service-restart-pending", subject).message == message


def test_a_link_s_target_counts_as_its_change() -> None:
    link = {JSON: file(kind="symlink", target="/srv/d.json"), "/srv/d.json": file(mtime=NOW)}
    result = verdict(
        "service-restart-pending", seen(both(ICC, ICC), files=link | {"/": directory()})
    )
    assert shown(result) == ("fail", [JSON])
