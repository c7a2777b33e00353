"""Which files of the engine the kernel's audit does not watch: a table of checks."""

from msgspec import Struct

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, LEVEL_2, Check, Outcomes, Severity, check
from dockeraudit.host import Host
from dockeraudit.settings import Settings

from . import _audit_targets, _audited

_SPARED = ("overlay2", "volumes", "rootfs", "fuse-overlayfs", "vfs", "btrfs", "zfs", "aufs")
"""Folders of a data-root with the files of containers: too much to record, and not the engine's."""


class Row(Struct, frozen=True):
    """One thing to be audited."""

    name: str
    item: str
    """The CIS number."""
    what: str
    """The thing, as it reads before «is not audited»."""
    targets: _audit_targets.Targets
    example: str
    level: int = 2
    accesses: str = "wa"
    spared: tuple[str, ...] = ()
    """Folders in it that need not be recorded."""


_fixed, _program = _audit_targets.fixed, _audit_targets.program

ROWS = (
    Row(
        name="dockerd",
        item="1.1.3",
        what="The engine's program",
        targets=_program("dockerd", "dockerd"),
        example="/usr/bin/dockerd",
        level=1,
        accesses="wax",
    ),
    Row(
        name="run-containerd",
        item="1.1.4",
        what="The folder of containerd's sockets and tasks",
        targets=_fixed("/run/containerd"),
        example="/run/containerd",
        level=1,
    ),
    Row(
        name="data-root",
        item="1.1.5",
        what="The folder of the engine's state",
        targets=_audit_targets.data_roots,
        example="/var/lib/docker",
        level=1,
        spared=_SPARED,
    ),
    Row(
        name="etc-docker",
        item="1.1.6",
        what="The folder of the engine's configuration",
        targets=_fixed("/etc/docker"),
        example="/etc/docker",
        level=1,
    ),
    Row(
        name="service-unit",
        item="1.1.7",
        what="The unit that starts the engine",
        targets=_audit_targets.service_units,
        example="/usr/lib/systemd/system/docker.service",
    ),
    Row(
        name="containerd-sock",
        item="1.1.8",
        what="containerd's socket",
        targets=_audit_targets.containerd_sockets,
        example="/run/containerd/containerd.sock",
    ),
    Row(
        name="docker-socket",
        item="1.1.9",
        what="The unit of the engine's socket",
        targets=_audit_targets.socket_units,
        example="/usr/lib/systemd/system/docker.socket",
    ),
    Row(
        name="default-docker",
        item="1.1.10",
        what="/etc/default/docker",
        targets=_fixed("/etc/default/docker"),
        example="/etc/default/docker",
    ),
    Row(
        name="daemon-json",
        item="1.1.11",
        what="The engine's configuration file",
        targets=_audit_targets.daemon_json,
        example="/etc/docker/daemon.json",
    ),
    Row(
        name="containerd-config",
        item="1.1.12",
        what="containerd's configuration file",
        targets=_fixed("/etc/containerd/config.toml"),
        example="/etc/containerd/config.toml",
    ),
    Row(
        name="sysconfig",
        item="1.1.13",
        what="/etc/sysconfig/docker",
        targets=_fixed("/etc/sysconfig/docker"),
        example="/etc/sysconfig/docker",
    ),
    Row(
        name="containerd",
        item="1.1.14",
        what="containerd's program",
        targets=_program("containerd", "containerd"),
        example="/usr/bin/containerd",
        accesses="wax",
    ),
    Row(
        name="shim",
        item="1.1.15",
        what="The program containerd-shim",
        targets=_program("containerd-shim"),
        example="/usr/bin/containerd-shim",
        accesses="wax",
    ),
    Row(
        name="shim-runc-v1",
        item="1.1.16",
        what="The program containerd-shim-runc-v1",
        targets=_program("containerd-shim-runc-v1"),
        example="/usr/bin/containerd-shim-runc-v1",
        accesses="wax",
    ),
    Row(
        name="shim-runc-v2",
        item="1.1.17",
        what="The program containerd-shim-runc-v2",
        targets=_program("containerd-shim-runc-v2"),
        example="/usr/bin/containerd-shim-runc-v2",
        accesses="wax",
    ),
    Row(
        name="runc",
        item="1.1.18",
        what="The program runc",
        targets=_program("runc"),
        example="/usr/bin/runc",
        accesses="wax",
    ),
)


def _check(row: Row) -> Check[Host]:
    def function(host: Host, settings: Settings) -> Outcomes:
        return _audited.judge(host, row.targets, row.accesses, row.spared)

    accesses = "rwxa" if "x" in row.accesses else row.accesses
    return check(
        id=f"host-audit-{row.name}",
        title=f"{row.what} is not audited",
        severity=Severity.LOW,
        over=Host,
        rationale="What is done with root's rights through the engine is seen afterwards only if "
        "the kernel records who changed its programs, its configuration and its state.",
        remediation="Install auditd (Debian-like: apt-get install auditd; RHEL-like: dnf install "
        f"audit). On both: echo '-w {row.example} -p {accesses} -k docker' "
        ">>/etc/audit/rules.d/docker.rules; augenrules --load; with the path of this host.",
        quiet="The rules in force (auditctl -l) and those in /etc/audit/rules.d both record every "
        f"{'change and start' if 'x' in row.accesses else 'change'} of it, by 32-bit programs too, "
        "whoever makes it. A file that isn't there is not judged. Where only one of the two does, "
        "the finding is of severity info. Whether anybody reads the records, and rules that "
        "exclude kinds of messages or file systems, are not looked at; rules that another program "
        "than auditctl loads are not seen. In a container it does not apply: the rules are the "
        "machine's.",
        references=frameworks.cis(row.item) + frameworks.AUDIT,
        profiles=LEVEL_1 if row.level == 1 else LEVEL_2,
    )(function)


CHECKS = tuple(_check(row) for row in ROWS)
