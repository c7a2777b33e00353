"""The container family: a table for each check, of what it finds and what it does not."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from dockeraudit.config import ConfigError, load
from dockeraudit.effective.model import Origin, Outcome, Setting
from dockeraudit.exemptions import exemption
from dockeraudit.facts import Audit, ContainerFacts, ServiceFacts, SwarmFacts, VolumeFacts
from dockeraudit.host import Engine, Host
from dockeraudit.host.binds import to_look_at
from dockeraudit.host.variables import Secret, looks_secret, secrets_in
from dockeraudit.plugins import checks
from dockeraudit.report import Result
from dockeraudit.settings import Exemption, Settings
from tests.build import (
    SETTINGS,
    Absent,
    Unread,
    container,
    directory,
    engine,
    facts,
    file,
    host,
    image,
    inventory,
    keeping,
    listener,
    network,
    stopped,
)
from tests.checks.run import verdict

IDS = sorted(id for id in checks() if id.startswith("container-"))
MANUAL = {"container-exec-privileged", "container-exec-root", "container-image-current"}
Case = tuple[str, str, Engine | Host, str, list[str]]
WEB = ["container web"]
SWARM = {"com.docker.swarm.task.id": "t1"}
SELINUX = {"SecurityOptions": ["name=selinux", "name=seccomp,profile=builtin"]}
USERNS = {"SecurityOptions": ["name=seccomp,profile=builtin", "name=userns"]}
LABEL = "system_u:system_r:container_t:s0:c1,c2"


def keeps(*containers: ContainerFacts, info: dict[str, Any] | None = None, **kept: Any) -> Engine:
    """A running engine with these containers."""
    return keeping(inventory(*containers, **kept), info)


def one(info: dict[str, Any] | None = None, **changes: Any) -> Engine:
    """An engine with one running container, and what differs in its host configuration."""
    return keeps(container(HostConfig=changes), info=info)


def idle(**changes: Any) -> Engine:
    """The same container, stopped."""
    return keeps(stopped(HostConfig=changes))


def running(info: dict[str, Any] | None = None, **changes: Any) -> Engine:
    """An engine with one running container, and what differs in it."""
    return keeps(container(**changes), info=info)


def created(info: dict[str, Any] | None = None, **changes: Any) -> Engine:
    """An engine with a container that was never started."""
    state = {"Status": "created", "Running": False, "Pid": 0, "Health": None}
    task = {"is": "unread", "reason": "it does not run"}
    return keeps(container(State=state, Task=task, **changes), info=info)


def task(**changes: Any) -> dict[str, Any]:
    return {"Task": changes}


UNSEEN = {"is": "unread", "reason": "/proc/4000: permission denied", "uid": None}
UNSEEN |= {"capabilities": None, "no_new_privileges": None, "seccomp": None}


def told(subject: Engine, **options: Any) -> Engine:
    """The engine with options that it was started with."""
    named = {name.replace("_", "-"): value for name, value in options.items()}
    settings = tuple(Setting(n, v, Origin("flag --x")) for n, v in named.items())
    return msgspec.structs.replace(subject, running=Outcome(True, settings=settings))


def silent(*containers: ContainerFacts) -> Engine:
    """An engine that listed its containers, but did not describe itself."""
    subject = keeps(*containers)
    assert subject.api is not None
    api = msgspec.structs.replace(subject.api, info=Unread("GET /info: 500"))
    return msgspec.structs.replace(subject, api=api)


def mounts(source: str, at: str = "/x", rw: bool = True, **changes: Any) -> dict[str, Any]:
    base = {"Type": "bind", "Source": source, "Destination": at, "RW": rw}
    return {"Mounts": [base | changes]}


def folders(*paths: str) -> dict[str, Any]:
    """Every folder above the paths, and the paths as folders."""
    named = {place for path in paths for place in (path, *map(str, Path(path).parents))}
    return {place: directory() for place in named}


def mount(source: str, rw: bool = True, **changes: Any) -> Host:
    """A host with a mount of a folder that was looked at."""
    seen = folders(source) if source else {}
    return host(running(**mounts(source, rw=rw, **changes)), files=seen)


def linked(source: str, **files: Any) -> Host:
    """A host on which files were seen, `__` for `/`."""
    seen = {name.replace("__", "/"): each for name, each in files.items()}
    return host(running(**mounts(source)), files=folders("/srv/conf") | seen)


def volume(options: dict[str, str] | Unread | None) -> Engine:
    place = "/var/lib/docker/volumes/data/_data"
    web = container(**mounts(place, Type="volume", Name="data", Driver="local"))
    if isinstance(options, Unread):
        return keeps(web, volumes=options)
    return keeps(web, volumes=(VolumeFacts("data", "local", place, options or {}),))


def ports(*places: str, state: str = "running", port: str = "80/tcp", **changes: Any) -> Engine:
    """A container that publishes a port on places such as `0.0.0.0:8080`."""
    bound = []
    for place in places:
        ip, _, number = place.rpartition(":")
        bound.append({"HostIp": ip.strip("[]"), "HostPort": number})
    if state == "running":
        return running(NetworkSettings={"Ports": {port: bound}}, **changes)
    mode = {"NetworkMode": changes.pop("NetworkMode", "front")}
    return keeps(stopped(HostConfig={"PortBindings": {port: bound}} | mode, **changes))


def joined(kind: str, mode: str, *others: ContainerFacts) -> Engine:
    return keeps(container(HostConfig={kind: mode}), *others)


def test_the_strict_profile_wants_raw_packets_forbidden() -> None:
    strict = msgspec.structs.replace(SETTINGS, strict=True)
    keeps_raw = {"is": "task", "uid": 1000, "capabilities": 1 << 13}
    for subject, status in (
        (running(HostConfig={"CapDrop": ["ALL"]}), "pass"),
        (running(Task=keeps_raw), "fail"),
        (idle(CapDrop=["CAP_NET_RAW"]), "pass"),
        (idle(CapDrop=[]), "fail"),
    ):
        assert verdict("container-capabilities", subject, strict).status == status
        assert verdict("container-capabilities", subject).status == "pass"


SWARM_FACTS = SwarmFacts("s1")


def swarm_task(swarm: SwarmFacts | None) -> Engine:
    """A task of a service that publishes 8080 through the swarm's ingress network."""
    names = {"com.docker.swarm.service.name": "shop", "com.docker.swarm.task.id": "t1"}
    port = {"Protocol": "tcp", "TargetPort": 80, "PublishedPort": 8080, "PublishMode": "ingress"}
    shop = {"ID": "1", "Spec": {"Name": "shop", "EndpointSpec": {"Ports": [port]}}}
    services = (msgspec.convert(shop, ServiceFacts),) if swarm else ()
    return keeps(container(Config={"Labels": names}), swarm=swarm, services=services)


def other(kind: str, mode: str) -> ContainerFacts:
    return container("db", Id="d" * 64, HostConfig={kind: mode})


def nnp(*options: str, info: dict[str, Any] | None = None, **changes: Any) -> Engine:
    return running(info, HostConfig={"SecurityOpt": list(options)}, **changes)


FORBIDS = {"SecurityOptions": ["name=seccomp,profile=builtin", "name=no-new-privileges"]}
BUILTIN = {"SecurityOptions": ["name=seccomp,profile=builtin"]}
OPEN = {"SecurityOptions": ["name=seccomp,profile=unconfined"]}
NO_SECCOMP: dict[str, Any] = {"SecurityOptions": ["name=apparmor"]}
LATER = "2026-12-01T00:00:00Z"
"""After the builders' daemon was started."""

CONFINED: list[Case] = [
    ("apparmor", "the engine's profile", running(), "pass", []),
    ("apparmor", "a profile of its own", running(AppArmorProfile="mine"), "pass", []),
    ("apparmor", "unconfined", running(AppArmorProfile="unconfined"), "fail", WEB),
    ("apparmor", "none", running(AppArmorProfile=""), "fail", WEB),
    (
        "apparmor",
        "no AppArmor, as with SELinux",
        running(SELINUX, AppArmorProfile=""),
        "not-applicable",
        [],
    ),
    ("apparmor", "the engine is silent", silent(container()), "unknown", []),
    ("apparmor", "never started", created(AppArmorProfile=""), "pass", []),
    (
        "apparmor",
        "never started, unconfined",
        created(AppArmorProfile="", HostConfig={"SecurityOpt": ["apparmor:unconfined"]}),
        "fail",
        WEB,
    ),
    (
        "apparmor",
        "never started, privileged",
        created(AppArmorProfile="", HostConfig={"Privileged": True}),
        "fail",
        WEB,
    ),
    ("selinux", "confined", running(SELINUX, ProcessLabel=LABEL), "pass", []),
    ("selinux", "no label", running(SELINUX), "fail", WEB),
    (
        "selinux",
        "dbs: any option passes",
        running(SELINUX, HostConfig={"SecurityOpt": ["seccomp=unconfined"]}),
        "fail",
        WEB,
    ),
    (
        "selinux",
        "disabled by a colon",
        running(SELINUX, ProcessLabel=LABEL, HostConfig={"SecurityOpt": ["label:disable"]}),
        "fail",
        WEB,
    ),
    (
        "selinux",
        "a type that may do anything",
        running(SELINUX, ProcessLabel="system_u:system_r:spc_t:s0"),
        "fail",
        WEB,
    ),
    ("selinux", "no SELinux", running(), "not-applicable", []),
    ("selinux", "the engine is silent", silent(container()), "unknown", []),
    ("capabilities", "none", running(), "pass", []),
    ("capabilities", "usual ones, added", one(CapAdd=["CAP_CHOWN", "net_raw"]), "pass", []),
    ("capabilities", "with CAP_", one(CapAdd=["CAP_SYS_ADMIN"]), "fail", WEB),
    ("capabilities", "without", one(CapAdd=["SYS_TIME"]), "fail", WEB),
    ("capabilities", "all", one(CapAdd=["ALL"]), "fail", WEB),
    ("capabilities", "dbs: privileged is unseen", one(Privileged=True), "fail", WEB),
    ("capabilities", "by the kernel's word", running(**task(capabilities=1 << 21)), "fail", WEB),
    ("capabilities", "the usual fourteen", running(**task(capabilities=0xA80425FB)), "pass", []),
    ("capabilities", "stopped", idle(CapAdd=["SYS_TIME"]), "fail", WEB),
    ("privileged", "not", running(), "pass", []),
    ("privileged", "running", one(Privileged=True), "fail", WEB),
    ("privileged", "dbs: stopped is unseen", idle(Privileged=True), "fail", WEB),
    ("seccomp", "the engine's", running(), "pass", []),
    ("seccomp", "unconfined", one(SecurityOpt=["seccomp=unconfined"]), "fail", WEB),
    ("seccomp", "by a colon", one(SecurityOpt=["seccomp:unconfined"]), "fail", WEB),
    ("seccomp", "a profile", one(SecurityOpt=["seccomp=/etc/p.json"]), "pass", []),
    ("seccomp", "dbs: privileged is unseen", one(Privileged=True), "fail", WEB),
    ("seccomp", "dbs: the daemon's is unconfined", running(OPEN), "fail", WEB),
    (
        "seccomp",
        "its own under an unconfined daemon",
        one(OPEN, SecurityOpt=["seccomp=builtin"]),
        "pass",
        [],
    ),
    ("seccomp", "a kernel without", running(NO_SECCOMP), "fail", WEB),
    ("seccomp", "the kernel's word", running(**task(seccomp=0)), "fail", WEB),
    ("seccomp", "stopped, unconfined", idle(SecurityOpt=["seccomp=unconfined"]), "fail", WEB),
    ("seccomp", "the engine is silent", silent(container()), "unknown", []),
    ("no-new-privileges", "bare", nnp("no-new-privileges"), "pass", []),
    ("no-new-privileges", "by =", nnp("no-new-privileges=true"), "pass", []),
    ("no-new-privileges", "by :", nnp("no-new-privileges:true"), "pass", []),
    ("no-new-privileges", "dbs: false passes", nnp("no-new-privileges=false"), "fail", WEB),
    ("no-new-privileges", "false by :", nnp("no-new-privileges:false", info=FORBIDS), "fail", WEB),
    (
        "no-new-privileges",
        "none; the first process's own doing does not count",
        nnp(info=BUILTIN),
        "fail",
        WEB,
    ),
    ("no-new-privileges", "the daemon's", nnp(info=FORBIDS), "pass", []),
    (
        "no-new-privileges",
        "made before the daemon's default",
        nnp(info=FORBIDS, **task(no_new_privileges=False)),
        "fail",
        WEB,
    ),
    (
        "no-new-privileges",
        "the kernel denies it",
        nnp("no-new-privileges", **task(no_new_privileges=False)),
        "fail",
        WEB,
    ),
    (
        "no-new-privileges",
        "the daemon's, made before the start, unseen",
        nnp(info=FORBIDS, Task=UNSEEN),
        "unknown",
        [],
    ),
    (
        "no-new-privileges",
        "the daemon's, made after the start, unseen",
        nnp(info=FORBIDS, Task=UNSEEN, Created=LATER),
        "pass",
        [],
    ),
    (
        "no-new-privileges",
        "the daemon's, stopped",
        keeps(stopped(HostConfig={"SecurityOpt": []}), info=FORBIDS),
        "unknown",
        [],
    ),
    (
        "no-new-privileges",
        "silent",
        silent(container(HostConfig={"SecurityOpt": []})),
        "unknown",
        [],
    ),
    (
        "no-new-privileges",
        "silent, told",
        told(silent(container(HostConfig={"SecurityOpt": []})), no_new_privileges=True),
        "pass",
        [],
    ),
    ("host-userns", "off", one(UsernsMode="host"), "not-applicable", []),
    ("host-userns", "remapped", one(USERNS), "pass", []),
    ("host-userns", "exempt", one(USERNS, UsernsMode="host"), "fail", WEB),
    ("host-userns", "the engine is silent", silent(container()), "unknown", []),
    ("user", "another", running(), "pass", []),
    (
        "user",
        "dbs: only the settings count; it starts as root and drops it",
        running(Config={"User": ""}),
        "pass",
        [],
    ),
    ("user", "root in the host's numbers", running(**task(uid=0)), "fail", WEB),
    ("user", "remapped", running(USERNS, Config={"User": "0"}, **task(uid=100000)), "pass", []),
    ("user", "stopped, root:root", keeps(stopped(Config={"User": "root:root"})), "fail", WEB),
    ("user", "stopped, 0:5", keeps(stopped(Config={"User": "0:5"})), "fail", WEB),
    ("user", "stopped, none", keeps(stopped(Config={"User": ""})), "fail", WEB),
    ("user", "stopped, app:root", keeps(stopped(Config={"User": "app:root"})), "pass", []),
    ("user", "stopped, remapped", keeps(stopped(Config={"User": ""}), info=USERNS), "pass", []),
    ("user", "unseen, root", running(Task=UNSEEN, Config={"User": ""}), "unknown", []),
    ("user", "unseen, another", running(Task=UNSEEN), "pass", []),
    ("masked-paths", "masked", running(), "pass", []),
    ("masked-paths", "none", one(MaskedPaths=[], ReadonlyPaths=[]), "fail", WEB),
    ("masked-paths", "none is read-only", one(ReadonlyPaths=[]), "fail", WEB),
    ("masked-paths", "not said: the usual ones", one(MaskedPaths=None), "pass", []),
    ("masked-paths", "privileged", one(Privileged=True, MaskedPaths=[]), "not-applicable", []),
    ("host-cgroupns", "private", running(), "pass", []),
    ("host-cgroupns", "host", one(CgroupnsMode="host"), "fail", WEB),
    (
        "host-cgroupns",
        "version 1",
        one({"CgroupVersion": "1"}, CgroupnsMode="host"),
        "not-applicable",
        [],
    ),
    ("host-cgroupns", "the engine is silent", silent(container()), "unknown", []),
    ("read-only", "read-only", running(), "pass", []),
    ("read-only", "writable", one(ReadonlyRootfs=False), "fail", WEB),
]
SHARED: list[Case] = [
    ("host-network", "its own", running(), "pass", []),
    ("host-network", "host", one(NetworkMode="host"), "fail", WEB),
    (
        "host-network",
        "dbs: does not follow",
        joined("NetworkMode", f"container:{'d' * 64}", other("NetworkMode", "host")),
        "fail",
        ["container web", "container db"],
    ),
    (
        "host-network",
        "follows to a sound one",
        joined("NetworkMode", "container:db", other("NetworkMode", "front")),
        "pass",
        [],
    ),
    ("host-network", "its owner is gone", one(NetworkMode="container:e0"), "unknown", []),
    ("host-network", "stopped, its owner is gone", idle(NetworkMode="container:e0"), "pass", []),
    (
        "host-network",
        "by a service of a swarm",
        running(NetworkSettings={"Networks": {"host": {}}}),
        "fail",
        WEB,
    ),
    ("host-pid", "its own", running(), "pass", []),
    ("host-pid", "host", one(PidMode="host"), "fail", WEB),
    (
        "host-pid",
        "dbs: does not follow",
        joined("PidMode", f"container:{'d' * 64}", other("PidMode", "host")),
        "fail",
        ["container web", "container db"],
    ),
    ("host-pid", "its owner is gone", one(PidMode="container:e0"), "unknown", []),
    ("host-ipc", "private", running(), "pass", []),
    ("host-ipc", "host", one(IpcMode="host"), "fail", WEB),
    ("host-ipc", "shareable", one(IpcMode="shareable"), "pass", []),
    ("ipc-shareable", "private", running(), "pass", []),
    ("ipc-shareable", "shareable", one(IpcMode="shareable"), "fail", WEB),
    ("ipc-shareable", "the host's", one(IpcMode="host"), "pass", []),
    (
        "host-ipc",
        "joined, which is not the host's",
        joined("IpcMode", f"container:{'d' * 64}", other("IpcMode", "shareable")),
        "pass",
        [],
    ),
    (
        "host-ipc",
        "follows",
        joined("IpcMode", "container:db", other("IpcMode", "host")),
        "fail",
        ["container web", "container db"],
    ),
    ("host-ipc", "its owner is gone", one(IpcMode="container:e0"), "unknown", []),
    ("host-uts", "its own", running(), "pass", []),
    ("host-uts", "host", one(UTSMode="host"), "fail", WEB),
    ("devices", "none", running(), "pass", []),
    ("devices", "a device", one(Devices=[{"PathOnHost": "/dev/ttyUSB0"}]), "fail", WEB),
    ("devices", "dbs: rules are unseen", one(DeviceCgroupRules=["c 188:* rmw"]), "fail", WEB),
    (
        "devices",
        "dbs: requests are unseen",
        one(DeviceRequests=[{"Driver": "nvidia"}]),
        "fail",
        WEB,
    ),
    ("devices", "privileged", one(Privileged=True), "fail", WEB),
    ("mount-propagation", "private", running(**mounts("/srv", Propagation="rprivate")), "pass", []),
    ("mount-propagation", "slave", running(**mounts("/srv", Propagation="rslave")), "pass", []),
    (
        "mount-propagation",
        "shared",
        running(**mounts("/srv", Propagation="rshared")),
        "fail",
        ["container web /x"],
    ),
    ("sensitive-mounts", "none", running(), "pass", []),
    ("sensitive-mounts", "elsewhere", mount("/srv/data"), "pass", []),
    ("sensitive-mounts", "a name that begins alike", mount("/etcetera"), "pass", []),
    ("sensitive-mounts", "exact", mount("/etc"), "fail", ["container web /x"]),
    ("sensitive-mounts", "dbs: a child", mount("/etc/ssl/private"), "fail", ["container web /x"]),
    ("sensitive-mounts", "dbs: a parent", mount("/var/lib"), "fail", ["container web /x"]),
    ("sensitive-mounts", "dbs: read-only", mount("/etc", rw=False), "fail", ["container web /x"]),
    ("sensitive-mounts", "dbs: a destination", mount("/srv/a", Destination="/etc"), "pass", []),
    ("sensitive-mounts", "everything", mount("/"), "fail", ["container web /x"]),
    ("sensitive-mounts", "/var/run is /run", mount("/var/run/"), "fail", ["container web /x"]),
    (
        "sensitive-mounts",
        "another data root",
        keeps(container(**mounts("/data/docker")), info={"DockerRootDir": "/data/docker"}),
        "fail",
        ["container web /x"],
    ),
    (
        "sensitive-mounts",
        "a link",
        linked("/srv/conf", __srv__conf=file(0o777, kind="symlink", target="/etc/app")),
        "fail",
        ["container web /x"],
    ),
    (
        "sensitive-mounts",
        "a link on the way",
        linked("/srv/conf/app", __srv__conf=file(0o777, kind="symlink", target="/etc")),
        "fail",
        ["container web /x"],
    ),
    (
        "sensitive-mounts",
        "it was not looked at, and may be a link",
        running(**mounts("/srv/conf")),
        "unknown",
        [],
    ),
    (
        "sensitive-mounts",
        "a link, of which it is not known where it leads",
        linked("/srv/conf", __srv__conf=file(0o777, kind="symlink")),
        "unknown",
        [],
    ),
    (
        "sensitive-mounts",
        "a link to a sound place, through which it goes on",
        linked(
            "/srv/conf/app",
            __srv__conf=file(0o777, kind="symlink", target="/opt"),
            __opt=directory(),
            __opt__app=directory(),
        ),
        "pass",
        [],
    ),
    (
        "sensitive-mounts",
        "links that lead to each other",
        linked("/srv/conf/a", __srv__conf=file(0o777, kind="symlink", target="/srv/conf")),
        "unknown",
        [],
    ),
    (
        "sensitive-mounts",
        "it is not there",
        linked("/srv/none/app", __srv__none=Absent()),
        "pass",
        [],
    ),
    (
        "sensitive-mounts",
        "where it leads was not to be read",
        linked("/srv/conf", __srv__conf=Unread("permission denied")),
        "unknown",
        [],
    ),
    ("sensitive-mounts", "a volume", volume({}), "pass", []),
    ("sensitive-mounts", "a tmpfs", mount("", Type="tmpfs"), "pass", []),
    (
        "sensitive-mounts",
        "a volume that binds",
        volume({"type": "none", "o": "bind,ro", "device": "/etc"}),
        "fail",
        ["container web /x"],
    ),
    ("sensitive-mounts", "volumes were not listed", volume(Unread("500")), "unknown", []),
    ("sensitive-mounts", "the socket alone is another's", mount("/run/docker.sock"), "pass", []),
    ("engine-socket", "none", running(), "pass", []),
    ("engine-socket", "elsewhere", mount("/srv"), "pass", []),
    ("engine-socket", "another socket", mount("/run/mysqld.sock"), "pass", []),
    ("engine-socket", "as usual", mount("/var/run/docker.sock"), "fail", ["container web /x"]),
    (
        "engine-socket",
        "read-only is no help",
        mount("/run/docker.sock", rw=False),
        "fail",
        ["container web /x"],
    ),
    ("engine-socket", "a parent", mount("/var/run"), "fail", ["container web /x"]),
    ("engine-socket", "everything", mount("/"), "fail", ["container web /x"]),
    (
        "engine-socket",
        "containerd's",
        mount("/run/containerd/containerd.sock"),
        "fail",
        ["container web /x"],
    ),
    (
        "engine-socket",
        "a name that only looks alike",
        mount("/srv/docker.sock.d/notes"),
        "pass",
        [],
    ),
    (
        "engine-socket",
        "where this engine listens",
        msgspec.structs.replace(
            running(**mounts("/srv/api")), listeners=(listener("/srv/api/engine.sock"),)
        ),
        "fail",
        ["container web /x"],
    ),
    (
        "engine-socket",
        "of another engine of the host",
        host(
            running(**mounts("/srv/api")),
            engine(listener("/srv/api/engine.sock"), name="docker (/srv/two)"),
        ),
        "fail",
        ["container web /x"],
    ),
    (
        "engine-socket",
        "renamed: the same inode",
        linked(
            "/srv/s",
            __srv__s=file(0o660, kind="socket", inode=77),
            __run__docker=directory(),
            **{"__run__docker.sock": file(0o660, kind="socket", inode=77)},
        ),
        "fail",
        ["container web /x"],
    ),
    ("engine-socket", "not looked at", running(**mounts("/srv/s")), "unknown", []),
    (
        "engine-socket",
        "another inode",
        linked(
            "/srv/s",
            __srv__s=file(0o660, kind="socket", inode=78),
            **{"__run__docker.sock": file(0o660, kind="socket", inode=77)},
        ),
        "pass",
        [],
    ),
    (
        "engine-socket",
        "a link",
        linked("/srv/s", __srv__s=file(0o777, kind="symlink", target="/run/docker.sock")),
        "fail",
        ["container web /x"],
    ),
    (
        "engine-socket",
        "a volume that binds",
        volume({"o": "bind", "device": "/var/run/docker.sock"}),
        "fail",
        ["container web /x"],
    ),
    ("engine-socket", "volumes were not listed", volume(Unread("500")), "unknown", []),
    ("sshd", "none", running(), "pass", []),
    ("sshd", "dropbear", running(SshServers=["/usr/sbin/dropbear"]), "fail", WEB),
    (
        "sshd",
        "unseen",
        running(SshServers={"is": "unread", "reason": "/proc can't be read"}),
        "unknown",
        [],
    ),
    ("sshd", "stopped", idle(), "unknown", []),
]
PORTS: list[Case] = [
    ("privileged-ports", "none", running(), "pass", []),
    ("privileged-ports", "1024, which dbs takes", ports("127.0.0.1:1024"), "pass", []),
    ("privileged-ports", "443", ports("127.0.0.1:443"), "fail", ["container web 80/tcp"]),
    (
        "privileged-ports",
        "dbs: IPv6 is skipped",
        ports("[::]:80"),
        "fail",
        ["container web 80/tcp"],
    ),
    ("privileged-ports", "stopped", ports(":80", state="no"), "fail", ["container web 80/tcp"]),
    ("privileged-ports", "any free one", ports("127.0.0.1:", state="no"), "pass", []),
    ("published-ports", "none", running(), "pass", []),
    ("published-ports", "one", ports("127.0.0.1:8080"), "manual", ["container web 80/tcp"]),
    ("published-ports", "stopped", ports(":1", state="no"), "manual", ["container web 80/tcp"]),
    (
        "published-ports",
        "exposed only",
        running(NetworkSettings={"Ports": {"80/tcp": []}}),
        "pass",
        [],
    ),
    ("published-ports", "all, stopped", idle(PublishAllPorts=True), "manual", WEB),
    ("bind-address", "none", running(), "pass", []),
    ("bind-address", "one address", ports("192.0.2.10:80"), "pass", []),
    ("bind-address", "loopback", ports("127.0.0.1:80", "[::1]:80"), "pass", []),
    ("bind-address", "every IPv4 address", ports("0.0.0.0:80"), "fail", ["container web 80/tcp"]),
    ("bind-address", "dbs: [::] is unseen", ports("[::]:80"), "fail", ["container web 80/tcp"]),
    (
        "bind-address",
        "both are one finding",
        ports("0.0.0.0:80", "[::]:80"),
        "fail",
        ["container web 80/tcp"],
    ),
    ("bind-address", "stopped", ports("0.0.0.0:8", state="no"), "fail", ["container web 80/tcp"]),
    (
        "bind-address",
        "stopped, the daemon's default",
        told(ports(":8080", state="no")),
        "fail",
        ["container web 80/tcp"],
    ),
    (
        "bind-address",
        "stopped, the daemon has another",
        told(ports(":8080", state="no"), ip="127.0.0.1"),
        "pass",
        [],
    ),
    (
        "bind-address",
        "dbs: host network, so nothing is published",
        told(ports("0.0.0.0:22", state="no", NetworkMode="host")),
        "not-applicable",
        [],
    ),
    ("bind-address", "a service's port", swarm_task(SWARM_FACTS), "fail", ["container web 80/tcp"]),
    ("bind-address", "a service's port, seen on a worker", swarm_task(None), "unknown", []),
    ("privileged-ports", "a service's port", swarm_task(SWARM_FACTS), "pass", []),
    (
        "published-ports",
        "a service's port",
        swarm_task(SWARM_FACTS),
        "manual",
        ["container web 80/tcp"],
    ),
    (
        "privileged-ports",
        "host network, so nothing is published",
        told(ports("0.0.0.0:22", state="no", NetworkMode="host")),
        "pass",
        [],
    ),
    ("bind-address", "stopped, default not known", ports(":8080", state="no"), "unknown", []),
    (
        "bind-address",
        "stopped, the network has one",
        keeps(
            stopped(HostConfig={"PortBindings": {"80/tcp": [{"HostPort": "8080"}]}}),
            networks=(
                network(
                    "front",
                    Options={"com.docker.network.bridge.host_binding_ipv4": "127.0.0.1"},
                ),
            ),
        ),
        "pass",
        [],
    ),
    ("bind-address", "the host's network", one(NetworkMode="host"), "not-applicable", []),
    ("default-bridge", "a network of its own", running(), "pass", []),
    (
        "default-bridge",
        "the default",
        running(NetworkSettings={"Networks": {"front": None, "bridge": {}}}),
        "fail",
        WEB,
    ),
    (
        "default-bridge",
        "both",
        running(NetworkSettings={"Networks": {"bridge": {}}}),
        "fail",
        WEB,
    ),
    (
        "default-bridge",
        "a name that begins alike",
        running(NetworkSettings={"Networks": {"front": None, "bridge-2": {}}}),
        "pass",
        [],
    ),
    (
        "default-bridge",
        "never started",
        created(HostConfig={"NetworkMode": "default"}, NetworkSettings=None),
        "fail",
        WEB,
    ),
]
LIMITS: list[Case] = [
    ("memory-limit", "set", running(), "pass", []),
    ("memory-limit", "none", one(Memory=0), "fail", WEB),
    ("memory-limit", "stopped", idle(Memory=0), "fail", WEB),
    ("cpu-limit", "set", running(), "pass", []),
    ("cpu-limit", "none", one(NanoCpus=0), "fail", WEB),
    ("cpu-limit", "the usual weight", one(NanoCpus=0, CpuShares=1024), "fail", WEB),
    ("cpu-limit", "a weight", one(NanoCpus=0, CpuShares=512), "pass", []),
    ("cpu-limit", "dbs: a quota is unseen", one(NanoCpus=0, CpuQuota=50000), "pass", []),
    ("cpu-limit", "no quota", one(NanoCpus=0, CpuQuota=-1), "fail", WEB),
    ("cpu-limit", "a set", one(NanoCpus=0, CpusetCpus="0-1"), "pass", []),
    ("pids-limit", "set", running(), "pass", []),
    ("pids-limit", "null", one(PidsLimit=None), "fail", WEB),
    ("pids-limit", "0", one(PidsLimit=0), "fail", WEB),
    ("pids-limit", "-1", one(PidsLimit=-1), "fail", WEB),
    ("restart-policy", "on-failure:5", running(), "pass", []),
    ("restart-policy", "no", one(RestartPolicy={"Name": "no", "MaximumRetryCount": 0}), "pass", []),
    ("restart-policy", "always", one(RestartPolicy={"Name": "always"}), "fail", WEB),
    (
        "restart-policy",
        "unless-stopped",
        one(RestartPolicy={"Name": "unless-stopped"}),
        "fail",
        WEB,
    ),
    ("restart-policy", "on-failure:0", one(RestartPolicy={"MaximumRetryCount": 0}), "fail", WEB),
    ("restart-policy", "on-failure:6", one(RestartPolicy={"MaximumRetryCount": 6}), "fail", WEB),
    (
        "restart-policy",
        "a task of a swarm",
        running(Config={"Labels": SWARM}, HostConfig={"RestartPolicy": {"Name": "always"}}),
        "not-applicable",
        [],
    ),
    ("ulimits", "the daemon's", running(), "pass", []),
    ("ulimits", "its own", one(Ulimits=[{"Name": "nofile", "Soft": 1, "Hard": 2}]), "manual", WEB),
    (
        "ulimits",
        "the API shows the daemon's among a container's",
        told(
            one(Ulimits=[{"Name": "nofile", "Soft": 1, "Hard": 2}]),
            default_ulimits={"nofile": {"Name": "nofile", "Soft": 1, "Hard": 2}},
        ),
        "pass",
        [],
    ),
    (
        "ulimits",
        "the daemon's by a flag",
        told(
            one(Ulimits=[{"Name": "nproc", "Soft": 9, "Hard": 9}]), default_ulimits={"nproc": "9"}
        ),
        "pass",
        [],
    ),
    (
        "ulimits",
        "other than the daemon's",
        told(
            one(Ulimits=[{"Name": "nproc", "Soft": 9, "Hard": 10}]), default_ulimits={"nproc": "9"}
        ),
        "manual",
        WEB,
    ),
    ("cgroup-parent", "the daemon's", running(), "pass", []),
    ("cgroup-parent", "its own", one(CgroupParent="/mine"), "fail", WEB),
    (
        "cgroup-parent",
        "a task of a swarm",
        running(Config={"Labels": SWARM}, HostConfig={"CgroupParent": "/docker"}),
        "not-applicable",
        [],
    ),
    (
        "cgroup-parent",
        "rootless",
        msgspec.structs.replace(one(CgroupParent="user.slice"), rootless=True),
        "not-applicable",
        [],
    ),
    ("health", "healthy", running(), "pass", []),
    ("health", "starting", running(State={"Health": {"Status": "starting"}}), "pass", []),
    ("health", "none", running(State={"Health": None}), "fail", WEB),
    ("health", "switched off", running(State={"Health": {"Status": "none"}}), "fail", WEB),
    ("health", "unhealthy", running(State={"Health": {"Status": "unhealthy"}}), "fail", WEB),
    ("health", "stopped, with a check", idle(), "pass", []),
    (
        "health",
        "stopped, NONE",
        keeps(stopped(Config={"Healthcheck": {"Test": ["NONE"]}})),
        "fail",
        WEB,
    ),
    ("sprawl", "25 stopped", keeps(*[stopped(f"c{n}") for n in range(25)]), "pass", []),
    (
        "sprawl",
        "26 stopped",
        keeps(*[stopped(f"c{n}") for n in range(26)]),
        "fail",
        ["stopped containers"],
    ),
    ("sprawl", "26 running", keeps(*[container(f"c{n}") for n in range(26)]), "pass", []),
    (
        "sprawl",
        "one of 26 can't be read",
        keeps(*[stopped(f"c{n}") for n in range(25)], missing=(Unread("container x: 500"),)),
        "unknown",
        [],
    ),
]
MATTERS: list[Case] = [
    ("exec-privileged", "always", running(), "manual", ["docker exec --privileged"]),
    ("exec-privileged", "no containers", keeps(), "not-applicable", []),
    ("exec-root", "always", running(), "manual", ["docker exec --user=root"]),
    ("exec-root", "no containers", keeps(), "not-applicable", []),
    ("image-current", "always", running(), "manual", WEB),
    ("env-secrets", "none", running(), "pass", []),
    (
        "env-secrets",
        "by its name",
        running(Config={"Env": ["PATH=set", "DB_PASSWORD=set"]}),
        "fail",
        ["container web DB_PASSWORD"],
    ),
    (
        "env-secrets",
        "by its form",
        running(Config={"Env": ["DATABASE=url-credentials"]}),
        "fail",
        ["container web DATABASE"],
    ),
    (
        "env-secrets",
        "paths, references and none",
        running(Config={"Env": ["A_PASSWORD=path", "B_TOKEN=reference", "C_SECRET=empty"]}),
        "pass",
        [],
    ),
    (
        "env-secrets",
        "an option",
        running(Config={"Cmd": ["***", "--password=***"]}),
        "fail",
        ["container web --password"],
    ),
    (
        "env-secrets",
        "a label",
        running(Config={"Labels": {"db.password": "***", "db.password-policy": "***"}}),
        "manual",
        ["container web label db.password"],
    ),
]
CASES = [*CONFINED, *SHARED, *PORTS, *LIMITS, *MATTERS]


@pytest.mark.parametrize(
    ("name", "subject", "status", "resources"),
    [pytest.param(*case[:1], *case[2:], id=f"{case[0]}: {case[1]}") for case in CASES],
)
def test_container(name: str, subject: Engine | Host, status: str, resources: list[str]) -> None:
    result = verdict(f"container-{name}", subject)
    assert result.status == status, result.message
    assert sorted(finding.resource for finding in result.findings) == sorted(resources)


def test_every_check_has_cases() -> None:
    assert {f"container-{case[0]}" for case in CASES} == set(IDS)


@pytest.mark.parametrize("id", IDS)
def test_what_cannot_be_read_is_unknown(id: str) -> None:
    assert verdict(id, engine()).status == "unknown", "no API"
    assert verdict(id, keeping(Unread("permission denied"))).status == "unknown"
    assert verdict(id, keeps(containers=Unread("500"))).status == "unknown"
    assert verdict(id, keeps(missing=(Unread("container x: 500"),))).status == "unknown"


@pytest.mark.parametrize("id", IDS)
def test_it_does_not_apply_without_containers(id: str) -> None:
    assert verdict(id, Host(facts(), ())).status == "not-applicable"
    assert verdict(id, engine(process=None)).status == "not-applicable"
    assert verdict(id, keeps()).status == "not-applicable"


def severity(name: str, subject: Engine | Host) -> str:
    result = verdict(f"container-{name}", subject)
    assert result.status == "fail", result.message
    return result.severity


@pytest.mark.parametrize(
    ("name", "subject", "expected"),
    [
        pytest.param("capabilities", one(CapAdd=["SYS_TIME"]), "medium", id="a capability"),
        pytest.param("capabilities", one(CapAdd=["NET_ADMIN"]), "high", id="a grave one"),
        pytest.param("capabilities", one(Privileged=True), "high", id="all"),
        pytest.param("privileged", one(Privileged=True), "critical", id="privileged"),
        pytest.param("privileged", idle(Privileged=True), "high", id="privileged, stopped"),
        pytest.param(
            "privileged",
            msgspec.structs.replace(one(Privileged=True), rootless=True),
            "high",
            id="privileged, rootless",
        ),
        pytest.param("sensitive-mounts", mount("/usr"), "high", id="/usr"),
        pytest.param("sensitive-mounts", mount("/etc/ssl"), "high", id="below /etc"),
        pytest.param("sensitive-mounts", mount("/etc"), "critical", id="/etc"),
        pytest.param("sensitive-mounts", mount("/var"), "critical", id="above the data root"),
        pytest.param("sensitive-mounts", mount("/", rw=False), "medium", id="/, read-only"),
        pytest.param("engine-socket", mount("/", rw=False), "critical", id="the socket"),
        pytest.param("devices", one(Devices=[{"PathOnHost": "/dev/sda1"}]), "high", id="a disk"),
        pytest.param("devices", one(Devices=[{"PathOnHost": "/dev/kvm"}]), "high", id="kvm"),
        pytest.param("devices", one(Devices=[{"PathOnHost": "/dev/fuse"}]), "medium", id="fuse"),
        pytest.param("devices", one(DeviceCgroupRules=["b 8:* rmw"]), "high", id="disks"),
        pytest.param("devices", one(DeviceCgroupRules=["a *:* rmw"]), "high", id="any device"),
        pytest.param(
            "health", running(State={"Health": {"Status": "unhealthy"}}), "medium", id="unhealthy"
        ),
        pytest.param(
            "env-secrets", running(Config={"Env": ["A=private-key"]}), "high", id="a key's form"
        ),
        pytest.param("env-secrets", running(Config={"Env": ["TOKEN=set"]}), "medium", id="a name"),
    ],
)
def test_severity(name: str, subject: Engine | Host, expected: str) -> None:
    assert severity(name, subject) == expected


def settings(**changes: Any) -> Settings:
    return msgspec.structs.replace(SETTINGS, **changes)


@pytest.mark.parametrize(
    ("name", "subject", "changes", "status"),
    [
        ("published-ports", ports("127.0.0.1:443"), {"allowed_published_ports": ("443",)}, "pass"),
        ("published-ports", ports("127.0.0.1:444"), {"allowed_published_ports": ("443",)}, "fail"),
        ("published-ports", ports("127.0.0.1:443"), {"allowed_published_ports": ()}, "fail"),
        (
            "published-ports",
            ports("127.0.0.1:53", port="53/udp"),
            {"allowed_published_ports": ("53/tcp",)},
            "fail",
        ),
        ("privileged-ports", ports("127.0.0.1:443"), {"allowed_published_ports": ("443",)}, "pass"),
        ("bind-address", ports("0.0.0.0:443"), {"allowed_published_ports": ("443",)}, "fail"),
        (
            "bind-address",
            ports("0.0.0.0:443"),
            {"allowed_published_ports": ("0.0.0.0:443",)},
            "pass",
        ),
        ("bind-address", ports("[::]:443"), {"allowed_published_ports": ("[::]:443",)}, "pass"),
        (
            "cgroup-parent",
            one(CgroupParent="/mine"),
            {"allowed_cgroup_parents": ("/mine",)},
            "pass",
        ),
        ("sprawl", keeps(stopped()), {"stopped_containers": 0}, "fail"),
    ],
)
def test_settings(name: str, subject: Engine, changes: dict[str, Any], status: str) -> None:
    assert verdict(f"container-{name}", subject, settings(**changes)).status == status


def test_who_is_privileged_is_told_once_where_no_cis_item_asks() -> None:
    subject = one(Privileged=True, MaskedPaths=[], ReadonlyPaths=[])
    said = {id.removeprefix("container-"): verdict(id, subject) for id in IDS}
    failed = {name for name, result in said.items() if result.status == "fail"}
    assert failed == {"privileged", "capabilities", "seccomp", "devices"}
    assert all("--privileged" in said[name].message for name in failed - {"privileged"})
    assert "see container-privileged" in said["masked-paths"].message


def test_whose_namespace_is_joined_is_told_by_name() -> None:
    subject = joined("PidMode", f"container:{'d' * 64}", other("PidMode", "host"))
    first = verdict("container-host-pid", subject).findings[0]
    assert first.message == ("container web shares the host's processes, by way of container db")


def test_what_a_person_needs_of_commands_in_containers() -> None:
    watched = Audit(True, ("-w /usr/bin/docker -p rwxa -k docker", "-w /etc/shadow -p wa"))
    subject = host(running(ExecIDs=["e" * 64]), audit=watched)
    result = verdict("container-exec-root", subject)
    proof = [(each.source, each.detail) for each in result.findings[0].evidence]
    assert proof == [
        ("auditctl -l", "-w /usr/bin/docker -p rwxa -k docker"),
        ("docker inspect web", f"ExecIDs {'e' * 12}"),
    ]
    assert "no rule is known" in verdict("container-exec-root", running()).message
    unread = host(running(), audit=Unread("auditctl: permission denied"))
    assert "permission denied" in str(verdict("container-exec-root", unread).findings)


def test_an_image_that_its_tag_no_longer_names() -> None:
    newer = image(Id="sha256:" + "9" * 64)
    older = image(RepoTags=[])
    result = verdict("container-image-current", keeps(container(), images=(newer, older)))
    assert "which names another image by now" in result.message
    latest = container(Config={"Image": "registry.example:5000/web"})
    newer = image("registry.example:5000/web:latest", Id="sha256:" + "9" * 64)
    result = verdict("container-image-current", keeps(latest, images=(newer, older)))
    assert "which names another image by now" in result.message


def test_secrets_stay_home() -> None:
    subject = running(Config={"Env": ["DB_PASSWORD=set"], "Labels": {"api.token": "s3cret"}})
    assert "s3cret" not in str(verdict("container-env-secrets", subject))


@pytest.mark.parametrize("id", IDS)
def test_profiles_are_those_of_the_levels(id: str) -> None:
    check = checks()[id]
    on_list = any(each.framework.startswith("cis-") for each in check.references)
    assert check.profiles[-1] == "strict"
    assert "daemon" not in check.profiles
    assert on_list == ("cis-level2" in check.profiles)


SECRETS = """
PASSWORD DB_PASSWORD PGPASSWORD MYSQL_PWD SMTP_PASS dbPassword --requirepass API_KEY apiKey
APIKEY AWS_SECRET_ACCESS_KEY SECRET_KEY_BASE GITHUB_TOKEN TOKEN --auth-token CLIENT_SECRET
PASSWORD_1 PASSWORD2 TOKEN_BASE64 DB_PASSWORD_PROD JWT_SECRET RABBITMQ_ERLANG_COOKIE
STORAGE_ACCOUNT_KEY com.example.db.password CREDENTIALS
"""
HARMLESS = """
PATH PWD OLDPWD OLD_PWD KEY TOKEN_TTL PASSWORD_POLICY AUTH_URL PASSWORD_FILE AUTH
MYSQL_ALLOW_EMPTY_PASSWORD MYSQL_RANDOM_ROOT_PASSWORD TOKENIZERS_PARALLELISM MAX_TOKENS
PUBLIC_KEY HOST_KEY AWS_ACCESS_KEY_ID BYPASS COMPASS KEYBOARD MONKEY SECRET_NAME
CORS_ALLOW_CREDENTIALS PASSWORDLESS BASE 1 _
"""


class TestNames:
    """Which names are those of secrets: dockeraudit/host/variables.py."""

    @pytest.mark.parametrize("name", SECRETS.split())
    def test_secret(self, name: str) -> None:
        assert looks_secret(name)

    @pytest.mark.parametrize("name", HARMLESS.split())
    def test_none(self, name: str) -> None:
        assert not looks_secret(name)

    @pytest.mark.parametrize(
        ("variables", "words", "expected"),
        [
            (("A_TOKEN=set",), (), [Secret("A_TOKEN", "set", False)]),
            (("A_TOKEN=path", "B=set"), (), []),
            (("B=token",), (), [Secret("B", "token", True)]),
            ((), ("--password", "***"), [Secret("--password", "set", False)]),
            ((), ("--password", "--verbose"), []),
            ((), ("--password=***", "--password=***"), [Secret("--password", "set", False)]),
            ((), ("API_KEY=***", "API_KEY="), [Secret("API_KEY", "set", False)]),
            ((), ("--db=postgres://***@db/x",), [Secret("--db", "url-credentials", True)]),
            ((), ("https://***@db/x", "***"), [Secret("a URL", "url-credentials", True)]),
        ],
    )
    def test_secrets_in(
        self, variables: tuple[str, ...], words: tuple[str, ...], expected: list[Secret]
    ) -> None:
        assert list(secrets_in(variables, words)) == expected


class TestExceptions:
    """What the auditor excepts stays in the report."""

    OLD = stopped("old", HostConfig={"Privileged": True})
    WEB = container(HostConfig={"Privileged": True}, Config={"Labels": {"audit.except": "***"}})

    def asked(self, *containers: ContainerFacts, **exempt: str) -> Result:
        given = Exemption(**{"check": "container-privileged", "reason": "builds images", **exempt})
        return verdict("container-privileged", keeps(*containers), settings(exceptions=(given,)))

    @pytest.mark.parametrize(
        ("exempt", "status"),
        [
            ({"container": "web"}, "not-applicable"),
            ({"container": "w*"}, "not-applicable"),
            ({"container": "w*", "check": "container-*"}, "not-applicable"),
            ({"image": "registry.example/*"}, "not-applicable"),
            ({"label": "audit.*"}, "not-applicable"),
            ({"label": "audit.*", "container": "db"}, "fail"),
            ({"label": "other"}, "fail"),
            ({"container": "web", "check": "container-seccomp"}, "fail"),
        ],
    )
    def test_which(self, exempt: dict[str, str], status: str) -> None:
        result = self.asked(self.WEB, **exempt)
        assert result.status == status
        said = "container web is excepted from container-privileged: builds images"
        assert (result.message == said) == (status == "not-applicable")

    def test_a_label_alone_excepts_nothing(self) -> None:
        assert verdict("container-privileged", keeps(self.WEB)).status == "fail"

    def test_it_is_told_beside_a_pass_and_a_failure(self) -> None:
        said = "; container web is excepted from container-privileged: builds images"
        result = self.asked(self.WEB, container("db"), container="web")
        assert (result.status, result.message) == ("pass", f"not found: Privileged container{said}")
        result = self.asked(self.WEB, self.OLD, container="web")
        assert (result.status, [each.resource for each in result.findings]) == (
            "fail",
            ["container old"],
        )
        assert result.message.endswith(said)

    def test_what_needs_no_exception_is_a_pass(self) -> None:
        result = self.asked(container(), container="web")
        assert (result.status, result.message) == ("pass", "not found: Privileged container")

    def test_images(self) -> None:
        given = Exemption(check="image-*", image="registry.example/web:*", reason="vendor's")
        (seen,) = inventory().images  # type: ignore[misc]
        from dockeraudit.host import Image

        subject = Image(host(), engine(), seen, ())
        assert exemption(settings(exceptions=(given,)), "image-user", subject)
        assert not exemption(settings(exceptions=(given,)), "image-user", engine())

    def test_the_configuration_file(self, tmp_path: Path) -> None:
        file = tmp_path / "dockeraudit.toml"
        file.write_text(
            "[settings]\nstopped-containers = 3\nallowed-published-ports = []\n"
            '[[settings.exceptions]]\ncheck = "container-*"\ncontainer = "w*"\nreason = "r"\n'
            '[groups.a]\ntargets = ["a"]\nsettings.exceptions = []\n'
        )
        loaded = load(str(file))
        given = loaded.settings()
        assert given.exceptions == (Exemption(check="container-*", container="w*", reason="r"),)
        assert (given.stopped_containers, given.allowed_published_ports) == (3, ())
        assert loaded.settings(("a",)).exceptions == ()

    @pytest.mark.parametrize("wrong", ['check = "a"\nreason = "r"', 'label = "a"\nreason = "r"'])
    def test_mistakes_in_it(self, tmp_path: Path, wrong: str) -> None:
        file = tmp_path / "dockeraudit.toml"
        file.write_text(f"[[settings.exceptions]]\n{wrong}\n")
        with pytest.raises(ConfigError):
            load(str(file))

    def test_one_that_names_nothing_is_refused(self) -> None:
        with pytest.raises(ValueError, match="name a container, an image or a label"):
            Exemption(check="container-privileged", reason="r")


DB = container("db", Id="d" * 64)
"""Keeps checks that don't apply to a changed container from going silent as a whole."""


def sound(info: dict[str, Any] | None = None, **changes: Any) -> Host:
    """A host that nothing of this family is wrong with but what is changed in one container."""
    kept = keeping(inventory(container(**changes), DB), info)
    return host(kept, files=folders("/srv/data", "/usr", "/run"))


def changed(**changes: Any) -> Host:
    """The same, with a change in the container's host configuration."""
    return sound(HostConfig=changes)


def bound(place: str) -> Host:
    ip, _, number = place.rpartition(":")
    return sound(NetworkSettings={"Ports": {"80/tcp": [{"HostIp": ip, "HostPort": number}]}})


def labelled(label: str) -> Host:
    """Both with SELinux labels, one with the given."""
    web, other = container(ProcessLabel=label), container("db", Id="d" * 64, ProcessLabel=LABEL)
    return host(keeping(inventory(web, other), SELINUX))


def many(number: int) -> Host:
    return host(keeping(inventory(DB, *[stopped(f"c{each}") for each in range(number)])))


ALONE: dict[str, Any] = {
    "HostConfig": {"NetworkMode": "none"},
    "NetworkSettings": {"Networks": {"front": None, "none": {}}},
}
MUTATIONS: dict[str, tuple[Host, Host]] = {
    "container-apparmor": (sound(), sound(AppArmorProfile="unconfined")),
    "container-bind-address": (bound("127.0.0.1:8080"), bound("0.0.0.0:8080")),
    "container-capabilities": (sound(), changed(CapAdd=["SYS_ADMIN"])),
    "container-cgroup-parent": (sound(), changed(CgroupParent="/mine")),
    "container-cpu-limit": (sound(), changed(NanoCpus=0)),
    "container-default-bridge": (
        sound(),
        sound(NetworkSettings={"Networks": {"front": None, "bridge": {}}}),
    ),
    "container-devices": (sound(), changed(Devices=[{"PathOnHost": "/dev/sda"}])),
    # Nobody reaches it: listener-relay-container is about the rest.
    "container-engine-socket": (
        sound(**mounts("/srv/data"), **ALONE),
        sound(**mounts("/run/docker.sock"), **ALONE),
    ),
    "container-env-secrets": (sound(), sound(Config={"Env": ["PATH=set", "DB_PASSWORD=set"]})),
    # Manual wherever there are containers: what a person is shown changes.
    "container-exec-privileged": (sound(), sound(ExecIDs=["e" * 64])),
    "container-exec-root": (sound(), sound(ExecIDs=["e" * 64])),
    "container-health": (sound(), sound(State={"Health": None})),
    "container-host-cgroupns": (sound(), changed(CgroupnsMode="host")),
    "container-host-ipc": (sound(), changed(IpcMode="host")),
    "container-ipc-shareable": (sound(), changed(IpcMode="shareable")),
    "container-host-network": (sound(), changed(NetworkMode="host")),
    "container-host-pid": (sound(), changed(PidMode="host")),
    "container-host-userns": (sound(USERNS), sound(USERNS, HostConfig={"UsernsMode": "host"})),
    "container-host-uts": (sound(), changed(UTSMode="host")),
    "container-image-current": (sound(), sound(Config={"Image": "registry.example/web:2"})),
    "container-masked-paths": (sound(), changed(MaskedPaths=[])),
    "container-memory-limit": (sound(), changed(Memory=0)),
    "container-mount-propagation": (
        sound(**mounts("/srv/data", Propagation="rprivate")),
        sound(**mounts("/srv/data", Propagation="rshared")),
    ),
    "container-no-new-privileges": (sound(), changed(SecurityOpt=["no-new-privileges=false"])),
    "container-pids-limit": (sound(), changed(PidsLimit=-1)),
    "container-privileged-ports": (bound("127.0.0.1:8080"), bound("127.0.0.1:443")),
    # container-capabilities, -seccomp and -devices fail with it: their CIS items ask about it.
    "container-privileged": (sound(), changed(Privileged=True)),
    # Becomes manual: it fails only where the settings name the ports that are allowed.
    "container-published-ports": (sound(), bound("127.0.0.1:8080")),
    "container-read-only": (sound(), changed(ReadonlyRootfs=False)),
    "container-restart-policy": (sound(), changed(RestartPolicy={"Name": "always"})),
    "container-seccomp": (
        sound(),
        changed(SecurityOpt=["no-new-privileges", "seccomp=unconfined"]),
    ),
    "container-selinux": (labelled(LABEL), labelled("")),
    "container-sensitive-mounts": (sound(**mounts("/srv/data")), sound(**mounts("/usr"))),
    "container-sprawl": (many(25), many(26)),
    "container-sshd": (sound(), sound(SshServers=["/usr/sbin/sshd"])),
    # Becomes manual.
    "container-ulimits": (sound(), changed(Ulimits=[{"Name": "nofile", "Soft": 1, "Hard": 2}])),
    "container-user": (sound(), sound(**task(uid=0))),
}


class TestSources:
    """What a scan has to look at: dockeraudit/host/bind_sources.py."""

    def test_the_folders_above_belong_to_it(self) -> None:
        subject = host(running(**mounts("/srv//a/../b")), files={"/": directory()})
        assert to_look_at(subject) == ("/srv", "/srv/b")

    def test_volumes(self) -> None:
        assert to_look_at(host(volume({"o": "bind", "device": "/etc"}))) == ("/", "/etc")
        assert to_look_at(host(volume({}))) == ()
        assert to_look_at(host(volume(Unread("500")))) == ()

    def test_nothing_is_listed(self) -> None:
        assert to_look_at(host(engine())) == ()
        assert to_look_at(host(keeps(containers=Unread("500")))) == ()
