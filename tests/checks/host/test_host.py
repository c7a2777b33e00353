"""The host family: a table for each check, of what it finds and what it does not."""

import re
from importlib import import_module
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockeraudit.effective.model import Origin, Outcome, Setting
from dockeraudit.facts import (
    Audit,
    FileFacts,
    Filters,
    Machine,
    MountPoint,
)
from dockeraudit.facts.kernel import NO_AUDITD
from dockeraudit.host import Engine, Host
from dockeraudit.plugins import checks
from tests.build import (
    NOW,
    Absent,
    Unread,
    directory,
    engine,
    facts,
    file,
    inventory,
    keeping,
    process,
    unit,
)
from tests.checks.run import verdict

rules = import_module("dockeraudit.checks.host._audit_rules")

NO_ENGINE = Host(facts(), ())
BLIND = Host(facts(processes=Unread("no /proc")), ())
IDS = sorted(id for id in checks() if id.startswith("host-"))
AUDITS = [id for id in IDS if id.startswith("host-audit-")]

ROOT_FS = MountPoint("/", "ext4", "/dev/vda1", "/", ("rw",))
DATA = MountPoint("/var/lib/docker", "xfs", "/dev/vdb", "/", ("rw",))
CONTAINERD = MountPoint("/var/lib/containerd", "xfs", "/dev/vdc", "/", ("rw",))
SNAPSHOTTER = {"DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}

PARAMETERS = {
    "net.ipv4.ip_forward": "1",
    "net.ipv6.conf.all.forwarding": "0",
    "net.bridge.bridge-nf-call-iptables": "1",
    "kernel.randomize_va_space": "2",
    "apparmor": "1",
}
CLOSED = ("*filter", ":INPUT ACCEPT", ":FORWARD DROP", ":DOCKER -", "COMMIT")
OPEN = ("*filter", ":INPUT ACCEPT", ":FORWARD ACCEPT", ":DOCKER -", "COMMIT")
NO_NFT = Unread("nft not installed")
FILTERS = Filters(CLOSED, (), NO_NFT)

PATHS = {
    "dockerd": "/usr/sbin/dockerd",
    "run-containerd": "/run/containerd",
    "data-root": "/var/lib/docker",
    "etc-docker": "/etc/docker",
    "service-unit": "/usr/lib/systemd/system/docker.service",
    "containerd-sock": "/run/containerd/containerd.sock",
    "docker-socket": "/usr/lib/systemd/system/docker.socket",
    "default-docker": "/etc/default/docker",
    "daemon-json": "/etc/docker/daemon.json",
    "containerd-config": "/etc/containerd/config.toml",
    "sysconfig": "/etc/sysconfig/docker",
    "containerd": "/usr/bin/containerd",
    "shim": "/usr/bin/containerd-shim",
    "shim-runc-v1": "/usr/bin/containerd-shim-runc-v1",
    "shim-runc-v2": "/usr/bin/containerd-shim-runc-v2",
    "runc": "/usr/bin/runc",
}
FOLDERS = ("/run/containerd", "/var/lib/docker", "/etc/docker")


def link(target: str) -> FileFacts:
    return file(0o777, kind="symlink", target=target)


FILES: dict[str, Any] = {
    **{path: directory() if path in FOLDERS else file() for path in PATHS.values()},
    "/lib": link("/usr/lib"),
    "/sbin": link("/usr/sbin"),
    "/usr/bin/dockerd": Absent(),
}
WATCHES = {name: f"-w {path} -p rwxa -k docker" for name, path in PATHS.items()}


def audited(
    now: dict[str, str] | None = None,
    then: dict[str, str] | None = None,
    files: dict[str, Any] | None = None,
    enabled: bool | Unread = True,
    **changes: Any,
) -> Host:
    """A host whose rules watch everything, with some of them replaced (empty: taken out)."""
    lines = [line for line in (WATCHES | (now or {})).values() if line]
    kept = [line for line in (WATCHES | ((now if then is None else then) or {})).values() if line]
    return ruled(tuple(lines), "\n".join(kept), files, enabled, **changes)


def ruled(
    loaded: tuple[str, ...] | Unread,
    text: str | Unread | None,
    files: dict[str, Any] | None = None,
    enabled: bool | Unread = True,
    **changes: Any,
) -> Host:
    """A sound host with these rules in force and in a file."""
    path = "/etc/audit/rules.d/docker.rules"
    told = isinstance(text, str)
    paths: tuple[str, ...] | Unread = text if isinstance(text, Unread) else (path,) if told else ()
    given = {path: text.encode()} if isinstance(text, str) else {}
    found = changes.pop("engine", None) or sound()
    return Host(
        facts(
            audit=Audit(enabled, loaded, paths),
            files=FILES | (files or {}),
            texts=given | changes.pop("texts", {}),
            processes=(found.process,) if found.process else (),
            **BASE | changes,
        ),
        (found,),
    )


BASE: dict[str, Any] = {
    "mounts": (ROOT_FS, DATA, CONTAINERD),
    "parameters": PARAMETERS,
    "filters": FILTERS,
}


def sound(**changes: Any) -> Engine:
    """A running engine on the unix socket, in its usual places."""
    base: dict[str, Any] = {
        "unit": unit("docker.service", "/lib/systemd/system/docker.service"),
        "socket_unit": unit("docker.socket", "/lib/systemd/system/docker.socket"),
        "running": Outcome(True),
    }
    info = {"MemoryLimit": True, "SwapLimit": True, "PidsLimit": True, "Warnings": None}
    return keeping(inventory(), info | changes.pop("info", {}), **base | changes)


def host(*engines: Engine, **changes: Any) -> Host:
    return Host(facts(**BASE | {"files": FILES} | changes), engines or (sound(),))


def silent(**changes: Any) -> Engine:
    """A running engine whose API was not reached."""
    return engine(**{"running": Outcome(True)} | changes)


def set_to(name: str, value: Any) -> Outcome:
    return Outcome(True, settings=(Setting(name, value, Origin("/etc/docker/daemon.json:2")),))


def result(id: str, subject: Host) -> tuple[str, list[str]]:
    found = verdict(id, subject)
    resources = [each.resource for each in found.findings]
    return found.status, resources if found.status == "fail" else []


@pytest.mark.parametrize("id", IDS)
def test_without_an_engine(id: str) -> None:
    assert verdict(id, NO_ENGINE).status == "not-applicable"
    assert verdict(id, BLIND).status == "unknown"


DB = "/srv/docker"
PARTITION: list[tuple[str, Host, str, list[str]]] = [
    ("a partition of its own", host(), "pass", []),
    ("none", host(mounts=(ROOT_FS,)), "fail", ["/var/lib/docker"]),
    (
        "a folder of /var",
        host(mounts=(ROOT_FS, MountPoint("/var", "ext4", "/dev/vdb"))),
        "fail",
        ["/var/lib/docker"],
    ),
    (
        "a mount whose name begins alike",
        host(mounts=(ROOT_FS, MountPoint("/var/lib/docker2", "ext4", "/dev/vdb"))),
        "fail",
        ["/var/lib/docker"],
    ),
    (
        "a folder of the root file system, bound",
        host(mounts=(ROOT_FS, MountPoint("/var/lib/docker", "ext4", "/dev/vda1", "/srv/d"))),
        "fail",
        ["/var/lib/docker"],
    ),
    (
        "hidden again by a later mount",
        host(mounts=(ROOT_FS, DATA, MountPoint("/var/lib/docker", "ext4", "/dev/vda1", "/srv"))),
        "fail",
        ["/var/lib/docker"],
    ),
    (
        "through a link",
        host(
            mounts=(ROOT_FS, MountPoint("/mnt/big", "xfs", "/dev/vdb")),
            files={"/var/lib/docker": link("/mnt/big"), "/mnt/big": directory()},
        ),
        "pass",
        [],
    ),
    (
        "remapped: the folder above counts",
        host(
            sound(
                info={
                    "DockerRootDir": "/var/lib/docker/100000.100000",
                    "SecurityOptions": ["name=userns"],
                }
            )
        ),
        "pass",
        [],
    ),
    (
        "another data-root, by a silent engine",
        host(silent(running=set_to("data-root", DB)), files={DB: directory()}),
        "fail",
        [DB],
    ),
    ("images of containerd's, both mounted", host(sound(info=SNAPSHOTTER)), "pass", []),
    (
        "images of containerd's, on the root",
        host(sound(info=SNAPSHOTTER), mounts=(ROOT_FS, DATA)),
        "fail",
        ["/var/lib/containerd"],
    ),
    (
        "dockerd's own containerd",
        host(
            sound(
                info=SNAPSHOTTER
                | {"Containerd": {"Address": "/run/docker/containerd/containerd.sock"}}
            ),
            mounts=(ROOT_FS, DATA),
        ),
        "pass",
        [],
    ),
    (
        "rootless on /home",
        host(
            sound(rootless=True, info={"DockerRootDir": "/home/a/d"}),
            mounts=(ROOT_FS, MountPoint("/home", "ext4", "/dev/vdb")),
        ),
        "pass",
        [],
    ),
    (
        "rootless on the root file system",
        host(sound(rootless=True, info={"DockerRootDir": "/home/a/d"})),
        "fail",
        ["/home/a/d"],
    ),
    ("mounts unread", host(mounts=Unread("denied")), "unknown", []),
    ("no root mount", host(mounts=()), "unknown", []),
    ("data-root unknown", host(silent(running=Unread("argv"))), "unknown", []),
    ("no state yet", host(files={"/var/lib/docker": Absent()}), "not-applicable", []),
    ("nothing starts it", host(engine(process=None)), "not-applicable", []),
    ("starts later", host(engine(process=None, configured=Outcome(True))), "pass", []),
]


@pytest.mark.parametrize(("name", "subject", "status", "resources"), PARTITION)
def test_partition(name: str, subject: Host, status: str, resources: list[str]) -> None:
    assert result("host-partition", subject) == (status, resources)


def test_hardened_lists_what_a_person_needs() -> None:
    weak = PARAMETERS | {"kernel.randomize_va_space": "0", "apparmor": "0", "lsm": "yama"}
    found = verdict("host-hardened", host(parameters=weak))
    assert found.status == "manual"
    assert "neither AppArmor nor SELinux is on, kernel.randomize_va_space is 0" in found.message
    proofs = {(each.source, each.detail) for each in found.findings[0].evidence}
    assert ("security modules", "none; modules: yama") in proofs
    assert ("/etc/os-release", "Debian 12") in proofs
    assert ("sysctl", "kernel.kptr_restrict: not read") in proofs
    sure = verdict("host-hardened", host(parameters={}))
    assert sure.status == "manual"
    assert ("security modules", "not read") in {
        (each.source, each.detail) for each in sure.findings[0].evidence
    }


LIMITS = [
    ("all", host(), "pass", []),
    ("no swap", host(sound(info={"SwapLimit": False})), "fail", ["limits of swap"]),
    (
        "no memory, no processes",
        host(sound(info={"MemoryLimit": False, "PidsLimit": False})),
        "fail",
        ["limits of memory", "limits of processes"],
    ),
    ("no answer", host(silent()), "unknown", []),
    ("not running", host(engine(process=None)), "not-applicable", []),
    (
        "another warning",
        host(sound(info={"Warnings": ["WARNING: bridge-nf-call-iptables is disabled"]})),
        "pass",
        [],
    ),
]


@pytest.mark.parametrize(("name", "subject", "status", "resources"), LIMITS)
def test_limits(name: str, subject: Host, status: str, resources: list[str]) -> None:
    assert result("host-swap-cgroup-warnings", subject) == (status, resources)


def forwarding(
    four: tuple[str, ...] | Unread = CLOSED,
    six: tuple[str, ...] | Unread = (),
    nft: tuple[str, ...] | Unread = NO_NFT,
    *engines: Engine,
    firewalls: tuple[str, ...] = (),
) -> Host:
    return host(*engines, filters=Filters(four, six, nft, firewalls))


def switched(name: str, value: str | None, *engines: Engine, **changes: Any) -> Host:
    given = {key: each for key, each in PARAMETERS.items() if key != name}
    return host(*engines, parameters=given | ({name: value} if value else {}), **changes)


def chain(*rules: str, policy: str = "ACCEPT") -> tuple[str, ...]:
    return ("*filter", f":FORWARD {policy}", ":X -", *rules, "COMMIT")


NFT = (
    "table inet firewall {",
    "\tchain forward {",
    "\t\ttype filter hook forward priority filter; policy drop;",
    "\t}",
    "}",
)
NFT_REJECT = (*NFT[:2], NFT[2].replace("drop", "accept"), "\t\treject with icmpx admin", *NFT[3:])
NFT_INPUT = tuple(line.replace("hook forward", "hook input") for line in NFT)
NFT_BRIDGE = ("table bridge firewall {", *NFT[1:])
ICC_OFF = silent(running=set_to("icc", False))

FORWARD: list[tuple[str, Host, str, list[str]]] = [
    ("policy drop", forwarding(), "pass", []),
    ("policy accept", forwarding(OPEN), "fail", ["IPv4 forwarding"]),
    ("no table", forwarding(()), "fail", ["IPv4 forwarding"]),
    (
        "a nat table only",
        forwarding(("*nat", ":OUTPUT ACCEPT", "COMMIT")),
        "fail",
        ["IPv4 forwarding"],
    ),
    (
        "off",
        switched("net.ipv4.ip_forward", "0", filters=Filters(OPEN, (), NO_NFT)),
        "pass",
        [],
    ),
    ("rejects last", forwarding(chain("-A FORWARD -j REJECT --reject-with x")), "pass", []),
    ("drops in a chain", forwarding(chain("-A FORWARD -j X", "-A X -j DROP")), "pass", []),
    (
        "a chain that returns first",
        forwarding(chain("-A FORWARD -j X", "-A X -j RETURN", "-A X -j DROP")),
        "fail",
        ["IPv4 forwarding"],
    ),
    (
        "drops only from one network",
        forwarding(chain("-A FORWARD -i eth0 -j DROP")),
        "fail",
        ["IPv4 forwarding"],
    ),
    (
        "accepts all before a policy of drop",
        forwarding(chain("-A FORWARD -j ACCEPT", policy="DROP")),
        "fail",
        ["IPv4 forwarding"],
    ),
    (
        "a loop of chains",
        forwarding(chain("-A FORWARD -j X", "-A X -j X")),
        "fail",
        ["IPv4 forwarding"],
    ),
    ("a second table drops", forwarding((*OPEN, *CLOSED)), "pass", []),
    ("nftables drops", forwarding(OPEN, (), NFT), "pass", []),
    ("nftables rejects", forwarding(OPEN, (), NFT_REJECT), "pass", []),
    ("nftables guards input", forwarding(OPEN, (), NFT_INPUT), "fail", ["IPv4 forwarding"]),
    ("nftables on a bridge", forwarding(OPEN, (), NFT_BRIDGE), "fail", ["IPv4 forwarding"]),
    ("IPv6 off", forwarding(six=OPEN), "pass", []),
    ("filters unread", host(filters=Unread("not looked at")), "unknown", []),
    ("iptables refused", forwarding(Unread("denied"), nft=Unread("denied")), "unknown", []),
    ("iptables missing, nftables drops", forwarding(Unread("missing"), (), NFT), "pass", []),
    (
        "firewalld, its rules unread",
        forwarding(OPEN, (), NO_NFT, firewalls=("firewalld",)),
        "unknown",
        [],
    ),
    ("rootless only", host(sound(rootless=True)), "not-applicable", []),
    ("icc off, bridged frames pass", forwarding(CLOSED, (), NO_NFT, ICC_OFF), "pass", []),
]


@pytest.mark.parametrize(("name", "subject", "status", "resources"), FORWARD)
def test_forwarding(name: str, subject: Host, status: str, resources: list[str]) -> None:
    assert result("host-ip-forward-open", subject) == (status, resources)


def test_forwarding_of_ipv6() -> None:
    id, switch = "host-ip-forward-open", "net.ipv6.conf.all.forwarding"
    assert result(id, switched(switch, "1")) == ("fail", ["IPv6 forwarding"])
    closed = Filters(CLOSED, CLOSED, NO_NFT)
    assert result(id, switched(switch, "1", filters=closed)) == ("pass", [])
    assert result(id, switched(switch, None)) == ("pass", [])
    with_ipv6 = Machine("h", "6.1", "x86_64", {}, NOW, bind_v6_only=False)
    assert result(id, switched(switch, None, machine=with_ipv6)) == ("unknown", [])
    assert result(id, switched("net.ipv4.ip_forward", None)) == ("unknown", [])


def test_icc_without_effect() -> None:
    id, switch = "host-ip-forward-open", "net.bridge.bridge-nf-call-iptables"
    assert result(id, switched(switch, "0", ICC_OFF)) == ("fail", ["frames on bridges"])
    assert result(id, switched(switch, "0")) == ("pass", [])
    assert result(id, switched(switch, None, ICC_OFF)) == ("unknown", [])


def name_of(id: str) -> str:
    return id.removeprefix("host-audit-")


@pytest.mark.parametrize("id", AUDITS)
def test_audit_of_each(id: str) -> None:
    name = name_of(id)
    path = PATHS[name]
    assert result(id, audited()) == ("pass", [])
    # A watch of the folder around a file would do as well.
    around = {each: "" for each, other in PATHS.items() if path.startswith(f"{other}/")}
    assert result(id, audited({name: ""} | around)) == ("fail", [path])
    if around:
        assert result(id, audited({name: ""})) == ("pass", [])
    gone = {path: Absent()}
    assert result(id, audited(files=gone)) == ("not-applicable", [])
    assert result(id, ruled(Unread(NO_AUDITD), None)) == ("fail", [path])
    assert result(id, ruled(Unread("denied"), Unread("denied"))) == ("unknown", [])
    old = facts(audit=Unread("not looked at"))
    assert result(id, Host(old, (sound(),))) == ("unknown", [])
    inside = Machine("h", "6.1", "x86_64", {}, NOW, container="docker")
    assert result(id, ruled(Unread(NO_AUDITD), None, machine=inside)) == ("not-applicable", [])
    assert result(id, ruled(Unread("refused"), "", machine=inside)) == ("not-applicable", [])
    assert result(id, audited({name: ""} | around, machine=inside)) == ("fail", [path])


E_D = "/etc/docker"
COVER: list[tuple[str, str, str, str]] = [
    ("etc-docker", "a watch", "-w /etc/docker -p wa", "pass"),
    ("etc-docker", "a slash at the end", "-w /etc/docker/ -p wa -k docker", "pass"),
    ("etc-docker", "all accesses", "-w /etc/docker", "pass"),
    ("etc-docker", "of the folder above", "-w /etc -p wa", "pass"),
    ("etc-docker", "a rule for a folder", "-a always,exit -F dir=/etc/docker -F perm=wa", "pass"),
    ("etc-docker", "in the other order", "-a exit,always -F dir=/etc/docker -F perm=aw", "pass"),
    ("etc-docker", "all calls", "-a always,exit -S all -F dir=/etc/docker -F perm=wa", "pass"),
    (
        "etc-docker",
        "path= is not recursive",
        "-a always,exit -F path=/etc/docker -F perm=wa",
        "fail",
    ),
    ("etc-docker", "a file in it only", "-w /etc/docker/daemon.json -p wa", "fail"),
    ("etc-docker", "a name that begins alike", "-w /etc/docker-old -p wa", "fail"),
    ("etc-docker", "attributes missing", "-w /etc/docker -p w", "fail"),
    ("etc-docker", "reads only", "-w /etc/docker -p r", "fail"),
    ("etc-docker", "two rules", "-w /etc/docker -p w\n-w /etc/docker -p a", "pass"),
    ("etc-docker", "a comment", "#-w /etc/docker -p wa", "fail"),
    ("etc-docker", "a comment behind it", "-w /etc/docker -p wa # docker", "fail"),
    ("etc-docker", "quotes", '-w "/etc/docker" -p wa', "fail"),
    ("etc-docker", "never", "-a never,exit -F dir=/etc/docker -F perm=wa", "fail"),
    ("etc-docker", "never before", "-a never,exit -F dir=/etc\n-w /etc/docker -p wa", "fail"),
    ("etc-docker", "never after", "-w /etc/docker -p wa\n-a never,exit -F dir=/etc", "pass"),
    ("etc-docker", "never put before", "-w /etc/docker -p wa\n-A never,exit -F dir=/etc", "fail"),
    (
        "etc-docker",
        "never for reads",
        "-a never,exit -F dir=/etc -F perm=r\n-w /etc/docker",
        "pass",
    ),
    (
        "etc-docker",
        "never for a part",
        "-a never,exit -F dir=/etc/docker/certs.d\n-w /etc/docker -p wa",
        "fail",
    ),
    ("etc-docker", "never for root", "-a never,exit -F uid=0\n-w /etc/docker -p wa", "fail"),
    (
        "etc-docker",
        "never for calls without files",
        "-a never,exit -F arch=b64 -S adjtimex -F auid=-1\n-w /etc/docker -p wa",
        "pass",
    ),
    ("etc-docker", "no tasks at all", "-w /etc/docker -p wa\n-a never,task", "fail"),
    ("etc-docker", "messages of users", "-a never,user -F uid=0\n-w /etc/docker -p wa", "pass"),
    (
        "etc-docker",
        "people only",
        "-a always,exit -F dir=/etc/docker -F perm=wa -F auid>=1000",
        "fail",
    ),
    (
        "etc-docker",
        "64-bit programs only",
        "-a always,exit -F arch=b64 -F dir=/etc/docker -F perm=wa",
        "fail",
    ),
    (
        "etc-docker",
        "both kinds of programs",
        "-a always,exit -F arch=b64 -F dir=/etc/docker -F perm=wa\n"
        "-a always,exit -F arch=b32 -F dir=/etc/docker -F perm=wa",
        "pass",
    ),
    (
        "etc-docker",
        "some calls",
        "-a always,exit -F arch=b64 -S openat -F dir=/etc/docker -F perm=wa",
        "fail",
    ),
    ("etc-docker", "everything", "-a always,exit -S all", "pass"),
    ("containerd", "a shim's rule is no rule", "-w /usr/bin/containerd-shim -p rwxa", "fail"),
    ("containerd", "no execution", "-w /usr/bin/containerd -p wa", "fail"),
    ("containerd", "path=", "-a always,exit -F path=/usr/bin/containerd", "pass"),
    ("dockerd", "by the merged folder's old name", "-w /sbin/dockerd -p wxa", "pass"),
    ("dockerd", "where it is not", "-w /usr/bin/dockerd -p wxa", "fail"),
    ("service-unit", "by the link", "-w /lib/systemd/system/docker.service -p wa", "pass"),
    ("daemon-json", "the folder's watch", "-w /etc/docker -p wa", "pass"),
    (
        "data-root",
        "without containers' files",
        "-a never,exit -F dir=/var/lib/docker/overlay2\n"
        "-a never,exit -F dir=/var/lib/docker/volumes\n-w /var/lib/docker -p wa",
        "pass",
    ),
    (
        "data-root",
        "without the containers' settings",
        "-a never,exit -F dir=/var/lib/docker/containers\n-w /var/lib/docker -p wa",
        "fail",
    ),
]


@pytest.mark.parametrize(("name", "case", "text", "status"), COVER)
def test_cover(name: str, case: str, text: str, status: str) -> None:
    lines = tuple(line for line in text.split("\n") if line.startswith("-"))
    ordered = sorted(lines, key=lambda line: not line.startswith("-A"))
    loaded = tuple(line.replace("-A ", "-a ") for line in ordered if "#" not in line)
    subject = ruled(tuple(line for line in loaded if '"' not in line), text)
    found = verdict(f"host-audit-{name}", subject)
    assert found.status == status
    assert {each.severity for each in found.findings} <= {"low"}


HALVES: list[tuple[str, Host, str, str]] = [
    ("loaded only", audited(then={"etc-docker": ""}), "info", "until the next start only"),
    ("file only", audited({"etc-docker": ""}, then={}), "info", "is in the rule files, but now no"),
    ("no rule files", ruled(tuple(WATCHES.values()), None), "info", "until the next start only"),
    ("neither", audited({"etc-docker": ""}), "low", "is not audited: no rule records it"),
    ("switched off", audited(enabled=False), "info", "the kernel's audit is switched off"),
    ("off next time", ruled((*WATCHES.values(),), "-w /etc -p wa\n-e 0\n"), "info", "until"),
    ("refused, no file", ruled(Unread("denied"), ""), "info", "in the rule files, of /etc/docker"),
    (
        "only audit.rules, which augenrules writes anew",
        ruled(
            tuple(WATCHES.values()),
            "-b 8192\n",
            texts={"/etc/audit/audit.rules": b"-w /etc/docker -p wa\n"},
        ),
        "info",
        "until the next start only",
    ),
]


@pytest.mark.parametrize(("case", "subject", "severity", "words"), HALVES)
def test_both_kinds_of_rules_have_to_cover(
    case: str, subject: Host, severity: str, words: str
) -> None:
    found = verdict("host-audit-etc-docker", subject)
    assert (found.status, found.severity) == ("fail", severity)
    assert words in found.message


def test_audit_that_can_not_be_told() -> None:
    id = "host-audit-etc-docker"
    assert verdict(id, audited(enabled=Unread("odd"))).status == "unknown"
    assert verdict(id, ruled(Unread("denied"), WATCHES["etc-docker"])).status == "unknown"
    assert verdict(id, ruled((WATCHES["etc-docker"],), Unread("denied"))).status == "unknown"
    unseen = {E_D: Unread("not seen")}
    assert verdict(id, audited(files=unseen)).status == "unknown"
    unread = {"/etc/audit/rules.d/docker.rules": Unread("denied")}
    broken = audited()
    broken = Host(msgspec.structs.replace(broken.facts, texts=unread), broken.engines)
    assert verdict(id, broken).status == "unknown"


def test_audit_says_which_rule_is_at_fault() -> None:
    def said(text: str) -> str:
        lines = tuple(text.split("\n"))
        return verdict("host-audit-etc-docker", ruled(lines, text)).message

    assert said("-w /etc/docker -p w").endswith("changing attributes is not recorded")
    assert "takes it out" in said("-a never,exit -F dir=/etc\n-w /etc/docker -p wa")
    assert "is for auid>=1000 only" in said(
        "-a always,exit -F dir=/etc/docker -F perm=wa -F auid>=1000"
    )
    assert "by 32-bit programs" in said("-a always,exit -F arch=b64 -F dir=/etc/docker -F perm=wa")
    assert "takes a part of it out" in said(
        "-a never,exit -F dir=/etc/docker/x\n-w /etc/docker -p wa"
    )


def test_a_machine_of_one_kind_of_programs() -> None:
    text = "-a always,exit -F arch=b64 -F dir=/etc/docker -F perm=wa"
    for machine, status in (("riscv64", "pass"), ("x86_64", "fail"), ("armv7l", "fail")):
        seen = Machine("h", "6.1", machine, {}, NOW)
        assert verdict("host-audit-etc-docker", ruled((text,), text, machine=seen)).status == status


def test_programs_that_run_elsewhere() -> None:
    snap = "/snap/docker/2893/bin/dockerd"
    running = sound(process=process(exe=snap))
    subject = audited(files={snap: file()}, engine=running)
    assert result("host-audit-dockerd", subject) == ("fail", [snap])
    inside = sound(process=process(exe=snap, in_host_pid_namespace=False))
    assert result("host-audit-dockerd", audited(engine=inside)) == ("pass", [])


def test_daemons_that_were_not_seen_may_have_further_paths() -> None:
    seen = audited()
    processes = Unread("no /proc")
    blind = Host(msgspec.structs.replace(seen.facts, processes=processes), seen.engines)
    named = ("daemon-json", "data-root", "containerd-sock", "dockerd", "containerd")
    for id in AUDITS:
        if result(id, seen)[0] == "pass":
            unknown = id.removeprefix("host-audit-") in named
            assert result(id, blind)[0] == ("unknown" if unknown else "pass"), id
    assert result("host-ip-forward-open", blind)[0] == "unknown"


def test_paths_of_the_engine() -> None:
    moved = sound(running=set_to("config-file", "/srv/d.json"))
    subject = audited(files={"/srv/d.json": file()}, engine=moved)
    assert result("host-audit-daemon-json", subject) == ("fail", ["/srv/d.json"])
    moved = sound(info={"DockerRootDir": DB})
    subject = audited(files={DB: directory()}, engine=moved)
    assert result("host-audit-data-root", subject) == ("fail", [DB])
    moved = sound(running=set_to("containerd", "/run/c.sock"))
    subject = audited(files={"/run/c.sock": file(kind="socket")}, engine=moved)
    assert result("host-audit-containerd-sock", subject) == ("fail", ["/run/c.sock"])
    undecided = audited(engine=sound(running=Unread("argv")))
    assert result("host-audit-daemon-json", undecided) == ("unknown", [])
    assert result("host-audit-containerd-sock", undecided) == ("unknown", [])
    dropped = "/etc/systemd/system/docker.service.d/x.conf"
    more = sound(unit=unit("docker.service", "/lib/systemd/system/docker.service", dropped))
    subject = audited(files={dropped: file()}, engine=more)
    assert result("host-audit-service-unit", subject) == ("fail", [dropped])
    masked = sound(unit=unit("docker.service", dropped))
    subject = audited(files={dropped: link("/dev/null")}, engine=masked)
    assert result("host-audit-service-unit", subject) == ("not-applicable", [])


def paths_in(found: Any) -> list[str]:
    return [rule.path for rule in found.rules]


def test_rule_files_are_read_as_augenrules_does() -> None:
    found = rules.persisted(
        {
            "/etc/audit/rules.d/10-z.rules": "-w /c\n-D\n",
            "/etc/audit/rules.d/9-a.rules": "-w /a\n-w /b\n-W /b\n",
            "/etc/audit/audit.rules": "-w /z\n",
        }
    )
    assert paths_in(found) == ["/a", "/c"]
    assert paths_in(rules.persisted({"/etc/audit/audit.rules": "-w /a\n-D\n-w /z\n"})) == ["/z"]
    keyed = "-w /a -k x\n-w /b -k y\n-D -k x\n"
    assert paths_in(rules.in_force(keyed.split("\n"))) == ["/b"]
    assert not rules.in_force(["-e 1", "-e 0"]).enabled
    assert rules.in_force(["-e 0", "-e 2"]).enabled


@pytest.mark.parametrize(
    "line",
    [
        "",
        "# -w /a",
        "\t-w /a -p wa",
        "-w a",
        "-w /",
        "-w /a -p q",
        "-w /a b",
        "-w",
        "-a always,exit -F dir=/a -F path=/b",
        "-a always,exit -F dir=/a/../b",
        "-a always",
        "-a always,never",
        "-a always,exit -F",
        "-a always,exit -F path",
        "-F path=/a",
        "--loginuid-immutable",
        "-b 8192",
        "-f 1",
    ],
)
def test_lines_that_are_no_rule(line: str) -> None:
    assert rules.in_force([line]).rules == ()


def test_blanks_in_paths() -> None:
    assert paths_in(rules.in_force([r"-w /a\ b -p wa -k x"])) == ["/a b"]
    assert paths_in(rules.loaded(["-w /a b -p wa -k my key", "No rules", "-w"])) == ["/a b"]
    assert paths_in(rules.loaded(["-a always,exit -S all -F dir=/a b/ -F perm=wa"])) == ["/a b"]


def test_what_auditctl_lists_of_what_it_was_given() -> None:
    """As a real auditctl 3.0.9 listed them."""
    given = (
        "-w /usr/bin/dockerd -p rwxa -k docker",
        "-w /etc/docker/ -p wa",
        "-w /etc/hosts",
        "-a always,exit -S all -F dir=/etc/ssl -F perm=w -F auid>=1000 -F auid!=-1 -F key=c",
    )
    listed = (
        "-w /usr/bin/dockerd -p rwxa -k docker",
        "-w /etc/docker -p wa",
        "-w /etc/hosts -p rwxa",
        "-a always,exit -S all -F dir=/etc/ssl -F perm=w -F auid>=1000 -F auid!=-1 -F key=c",
    )

    def plain(found: Any) -> list[Any]:
        return [msgspec.structs.replace(rule, text="") for rule in found.rules]

    assert plain(rules.in_force(given)) == plain(rules.loaded(listed))


WORDS = st.sampled_from(
    [
        "-a",
        "-A",
        "-d",
        "-D",
        "-w",
        "-W",
        "-p",
        "-k",
        "-F",
        "-S",
        "-C",
        "-e",
        "always,exit",
        "never,exit",
        "never,task",
        "path=/a",
        "dir=/a/b",
        "perm=wa",
        "arch=b32",
        "arch!=b64",
        "auid>=1",
        "/a",
        "/a/b/c",
        "wa",
        "x",
        "0",
        "open",
        "\\",
        "#",
        "-F=",
        "",
        "\\ ",
    ]
)
LINES = st.lists(st.lists(WORDS, max_size=7).map(" ".join) | st.text(max_size=30), max_size=6)
WANTED = rules.Wanted("/a/b", True, frozenset({("b32", "w"), ("b64", "a")}))


@given(LINES)
def test_no_text_stops_the_parser(lines: list[str]) -> None:
    text = "\n".join(lines)
    for found in (rules.in_force(lines), rules.loaded(lines), rules.persisted({"/x": text})):
        cover = rules.coverage(found, WANTED, str)
        assert cover.missing <= WANTED.atoms
        assert cover.complete == (not cover.missing and not cover.holes)
        for rule in found.rules:
            assert rule.path == "" or rule.path.startswith("/")


@given(LINES)
def test_nothing_is_recorded_after_a_rule_that_takes_all(lines: list[str]) -> None:
    kept = [line for line in lines if not re.match(r" *-[DdA]", line)]
    found = rules.in_force(["-a never,exit", *kept])
    if found.rules and found.rules[0].text == "-a never,exit":
        assert rules.coverage(found, WANTED, str).missing == WANTED.atoms


@given(LINES)
def test_a_watch_before_all_others_records(lines: list[str]) -> None:
    kept = [line for line in lines if not re.match(r" *-([DdWeA]|a *never,task)", line)]
    found = rules.in_force(["-w /a -p wa", *kept])
    if not any(rule.filter == "task" for rule in found.rules):
        assert rules.coverage(found, WANTED, str).complete


def watched(taken: str = "", **changes: Any) -> Host:
    """A host on which every path has a rule of its own, but for the one that was taken out."""
    given = dict(PATHS)
    files: dict[str, Any] = {}
    options: tuple[Setting, ...] = ()
    # The watch of the folder around them would do for these, so they lie elsewhere.
    for name, option, path in MOVED:
        given[name] = path
        files |= {PATHS[name]: Absent(), path: file()}
        options += (Setting(option, path, Origin("/lib/systemd/system/docker.service:9")),)
    lines = [
        f"-a always,exit -F {'dir' if path in FOLDERS else 'path'}={path}"
        for name, path in given.items()
        if name != taken
    ]
    running = sound(running=Outcome(True, settings=options), info=changes.pop("info", {}))
    return ruled(tuple(lines), "\n".join(lines), files, engine=running, **changes)


MOVED = (
    ("daemon-json", "config-file", "/srv/daemon.json"),
    ("containerd-sock", "containerd", "/srv/containerd.sock"),
)
MUTATIONS: dict[str, tuple[Host, Host]] = {
    "host-partition": (watched(), watched(mounts=(ROOT_FS, CONTAINERD))),
    # Only ever manual.
    "host-hardened": (watched(), watched(parameters=PARAMETERS | {"apparmor": "0"})),
    "host-swap-cgroup-warnings": (watched(), watched(info={"SwapLimit": False})),
    "host-ip-forward-open": (watched(), watched(filters=Filters(OPEN, (), NO_NFT))),
    **{id: (watched(), watched(name_of(id))) for id in AUDITS},
}


@pytest.mark.parametrize("id", MUTATIONS)
def test_one_change_fails_one_check(id: str) -> None:
    before, after = MUTATIONS[id]
    changed = {each for each in IDS if result(each, before) != result(each, after)}
    assert changed == ({id} if id != "host-hardened" else set())
    assert result(id, before)[0] == ("manual" if id == "host-hardened" else "pass")
