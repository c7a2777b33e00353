"""Facts, engines and hosts for tables of cases: a sound host, and what each case changes."""

from typing import Any

import msgspec

from dockeraudit.facts import (
    Absent,
    Account,
    ApiFacts,
    Boot,
    ContainerFacts,
    Document,
    Evidence,
    FileFacts,
    Group,
    HostFacts,
    ImageFacts,
    Interface,
    Inventory,
    Machine,
    Names,
    NetworkFacts,
    Pem,
    Privilege,
    Process,
    Unit,
    Unread,
)
from dockeraudit.host import Engine, Host, Listener
from dockeraudit.settings import Settings

NOW = 1_795_000_000
SETTINGS = Settings(now=NOW)


def file(
    mode: int = 0o644,
    uid: int = 0,
    gid: int = 0,
    kind: str = "file",
    **changes: Any,
) -> FileFacts:
    """A file of root's; `kind`, `mtime`, `target`, `acl` … as given."""
    base = FileFacts("file", mode, uid, gid, 100, NOW - 9000, NOW - 9000, 1, 1)
    return msgspec.structs.replace(base, kind=kind, **changes)


def directory(mode: int = 0o755, uid: int = 0, gid: int = 0, **changes: Any) -> FileFacts:
    """A folder of root's."""
    return file(mode, uid, gid, "directory", **changes)


def process(*argv: str, **changes: Any) -> Process:
    """A running dockerd of root's, started an hour before NOW by docker.service."""
    base = Process(
        pid=800,
        role="dockerd",
        argv=("/usr/sbin/dockerd", *argv),
        exe="/usr/sbin/dockerd",
        environment=Names({"PATH": None}),
        cwd="/",
        uid=0,
        parent=1,
        started=NOW - 3600,
        cgroup="/system.slice/docker.service",
        in_host_pid_namespace=True,
    )
    return msgspec.structs.replace(base, **changes)


def unit(name: str = "docker.service", *sources: str, **changes: Any) -> Unit:
    """A loaded, enabled, active unit; `properties` are added to the usual ones."""
    properties: dict[str, str | None] = {
        "Id": name,
        "LoadState": "loaded",
        "ActiveState": "active",
        "SubState": "running",
        "UnitFileState": "enabled",
        "MainPID": "800",
        "NeedDaemonReload": "no",
        "Result": "success",
        "NRestarts": "0",
        "Restart": "always",
        **changes.pop("properties", {}),
    }
    base = Unit(name, sources or (f"/lib/systemd/system/{name}",), Names(properties))
    return msgspec.structs.replace(base, **changes)


def facts(**changes: Any) -> HostFacts:
    """A Debian-like systemd host seen by root; every field may be replaced."""
    base = HostFacts(
        facts_version="1",
        target="host1",
        collected_at=NOW,
        duration=0.3,
        machine=Machine(
            "host1", "6.1.0", "x86_64", {"ID": "debian", "PRETTY_NAME": "Debian 12"}, NOW
        ),
        privilege=Privilege(0, "root", "root"),
        tools={"openssl": True, "curl": True, "getfacl": True, "systemctl": True},
        boot=Boot("systemd"),
        interfaces=(
            Interface("lo", "127.0.0.1/8"),
            Interface("eth0", "192.0.2.10/24"),
            Interface("docker0", "172.17.0.1/16"),
        ),
        accounts=(Account("root", 0, 0, "/root", "/bin/bash"),),
        groups=(Group("root", 0), Group("docker", 999)),
    )
    return msgspec.structs.replace(base, **changes)


def blind(uid: int = 1000) -> Privilege:
    """An account that may not look into other processes."""
    return Privilege(uid, "audit" if uid else "root", "none" if uid else "root", sees=False)


def listener(address: str, mode: Any = "PLAIN", reach: Any = "ANY", **changes: Any) -> Listener:
    """A listener that was observed; a path makes it a unix socket."""
    base = Listener(
        engine="docker",
        transport="unix" if "/" in address else "tcp",
        address=address,
        mode=Unread(mode.reason) if isinstance(mode, Unread) else mode,
        reach="LOCAL" if "/" in address else reach,
        witness="observed",
        evidence=(Evidence("/proc/800/net/tcp6", f"LISTEN {address}"),),
    )
    return msgspec.structs.replace(base, **changes)


def engine(*listeners: Listener, **changes: Any) -> Engine:
    """A running engine under docker.service with the given listeners."""
    base = Engine(
        name="docker",
        version="26.1.5",
        api_version="1.45",
        rootless=False,
        managed_by="systemd",
        user="root",
        home="/root",
        unit=unit(),
        socket_unit=unit("docker.socket"),
        start=None,
        process=process(),
        api=None,
        configured=None,
        running=None,
        listeners=listeners,
        told=(),
        upcoming=(),
    )
    return msgspec.structs.replace(base, **changes)


def host(*engines: Engine, **changes: Any) -> Host:
    """A host with given engines (one sound engine if none is given); `changes` go to its facts."""
    return Host(facts(**changes), engines or (engine(),))


def container(name: str = "web", **changes: Any) -> ContainerFacts:
    """A running container that nothing is wrong with.

    Parts are given as the API writes them and merged: `HostConfig={"Privileged": True}`. None
    takes a field away.
    """
    return msgspec.convert(_merged(_CONTAINER | {"Name": f"/{name}"}, changes), ContainerFacts)


def stopped(name: str = "web", **changes: Any) -> ContainerFacts:
    """The same container, not running."""
    state = {"Status": "exited", "Running": False, "Pid": 0, "Health": None}
    task = {"is": "unread", "reason": "it does not run"}
    return container(name, **{"State": state, "Task": task} | changes)


def image(tag: str = "registry.example/web:1", **changes: Any) -> ImageFacts:
    """An image that nothing is wrong with, made by a Dockerfile."""
    return msgspec.convert(_merged(_IMAGE | {"RepoTags": [tag]}, changes), ImageFacts)


def network(name: str = "front", **changes: Any) -> NetworkFacts:
    """A bridge network."""
    base = {"Id": "b" * 64, "Name": name, "Driver": "bridge", "Scope": "local"}
    return msgspec.convert(_merged(base, changes), NetworkFacts)


def inventory(*containers: ContainerFacts, **changes: Any) -> Inventory:
    """What an engine keeps: the given containers, the image they are made of, its networks."""
    base = Inventory(
        containers=containers,
        images=(image(),),
        networks=(network("bridge"), network("front")),
        volumes=(),
        plugins=(),
    )
    return msgspec.structs.replace(base, **changes)


INFO: dict[str, Any] = {
    "SecurityOptions": ["name=apparmor", "name=seccomp,profile=builtin", "name=cgroupns"],
    "DockerRootDir": "/var/lib/docker",
    "Driver": "overlay2",
    "CgroupVersion": "2",
    "LoggingDriver": "json-file",
    "Swarm": {"LocalNodeState": "inactive"},
}


def keeping(kept: Inventory | Unread, info: dict[str, Any] | None = None, **changes: Any) -> Engine:
    """A running engine whose API answered, with what it keeps; `info` is added to INFO."""
    api = ApiFacts(
        socket="/run/docker.sock",
        version=Document({"Version": "26.1.5", "ApiVersion": "1.45"}),
        info=Document(INFO | (info or {})),
        inventory=kept,
    )
    return engine(listener("/run/docker.sock"), **{"api": api} | changes)


def _merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Nested dictionaries merged; None takes a key away."""
    merged = dict(base)
    for name, value in changes.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict) and isinstance(merged.get(name), dict):
            merged[name] = _merged(merged[name], value)
        else:
            merged[name] = value
    return merged


_CONTAINER: dict[str, Any] = {
    "Id": "c" * 64,
    "Name": "/web",
    "Created": "2026-11-01T10:00:00.000000000Z",
    "Image": "sha256:" + "1" * 64,
    "State": {
        "Status": "running",
        "Running": True,
        "Pid": 4000,
        "StartedAt": "2026-11-01T10:00:01Z",
        "Health": {"Status": "healthy"},
    },
    "AppArmorProfile": "docker-default",
    "HostConfig": {
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "NetworkMode": "front",
        "IpcMode": "private",
        "CgroupnsMode": "private",
        "Memory": 268435456,
        "NanoCpus": 500000000,
        "PidsLimit": 100,
        "ReadonlyRootfs": True,
        "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 5},
        "PortBindings": {},
        "MaskedPaths": ["/proc/kcore", "/proc/keys"],
        "ReadonlyPaths": ["/proc/sys"],
        "LogConfig": {"Type": "json-file"},
        "Runtime": "runc",
    },
    "Config": {
        "Image": "registry.example/web:1",
        "User": "1000",
        "Env": ["PATH=set"],
        "Healthcheck": {"Test": ["CMD"]},
    },
    "NetworkSettings": {"Ports": {}, "Networks": {"front": {"NetworkID": "b" * 64}}},
    "Task": {
        "is": "task",
        "uid": 1000,
        "capabilities": 0,
        "no_new_privileges": True,
        "seccomp": 2,
    },
}

_IMAGE: dict[str, Any] = {
    "Id": "sha256:" + "1" * 64,
    "RepoTags": ["registry.example/web:1"],
    "RepoDigests": ["registry.example/web@sha256:" + "2" * 64],
    "Created": "2026-11-01T09:00:00Z",
    "Size": 80_000_000,
    "Config": {"User": "1000", "Env": ["PATH=set"], "Healthcheck": {"Test": ["CMD"]}},
    "History": [
        {"CreatedBy": "COPY app /app # buildkit", "Size": 10},
        {"CreatedBy": "/bin/sh -c #(nop) ADD file:1 in / ", "Size": 80_000_000},
    ],
}

__all__ = [
    "INFO",
    "NOW",
    "SETTINGS",
    "Absent",
    "Pem",
    "Unread",
    "blind",
    "container",
    "directory",
    "engine",
    "facts",
    "file",
    "host",
    "image",
    "inventory",
    "keeping",
    "listener",
    "network",
    "process",
    "stopped",
    "unit",
]
