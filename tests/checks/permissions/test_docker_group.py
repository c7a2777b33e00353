"""Who is root through the group of an engine's socket."""

from typing import Any

import msgspec
import pytest

from dockeraudit.effective.model import Origin, Outcome, Setting
from dockeraudit.facts import Account, Group
from dockeraudit.host import Engine, Host
from tests.build import SETTINGS, Unread, directory, engine, facts, file, listener
from tests.checks.run import verdict

SOCKET = "/run/docker.sock"
ROOT = Account("root", 0, 0, "/root")
ANN = Account("ann", 1000, 100, "/home/ann")
BOB = Account("bob", 1001, 999, "/home/bob")


def told(group: str) -> Outcome:
    return Outcome(True, settings=(Setting("group", group, Origin("flag -G")),))


def seen(*members: str, accounts: tuple[Account, ...] = (ROOT, ANN), **changes: Any) -> Host:
    of = changes.pop("engine", engine(listener(SOCKET), running=told("docker")))
    socket = changes.pop("socket", file(0o660, 0, 999, "socket"))
    base: dict[str, Any] = {
        "files": {"/": directory(), "/run": directory(), SOCKET: socket},
        "groups": (Group("root", 0), Group("docker", 999, members), Group("audio", 29, ("ann",))),
        "accounts": accounts,
    }
    return Host(facts(**base | changes), (of,))


def allowed(*names: str) -> Any:
    return msgspec.structs.replace(SETTINGS, docker_group=names)


def alone(**changes: Any) -> Engine:
    return engine(listener(SOCKET), running=told("docker"), **changes)


CASES: list[tuple[str, Host, Any, str, list[str]]] = [
    ("nobody is in it", seen(), SETTINGS, "pass", []),
    ("nobody may be named either", seen(), allowed(), "pass", []),
    ("members, no list", seen("ann"), SETTINGS, "manual", ["group docker"]),
    ("members, listed", seen("ann"), allowed("ann", "zoe"), "pass", []),
    ("one not listed", seen("ann", "anna"), allowed("ann"), "fail", ["anna in group docker"]),
    ("names are compared whole", seen("joann"), allowed("ann"), "fail", ["joann in group docker"]),
    ("nobody is allowed", seen("ann"), allowed(), "fail", ["ann in group docker"]),
    (
        "primary group",
        seen(accounts=(ROOT, ANN, BOB)),
        allowed("ann"),
        "fail",
        ["bob in group docker"],
    ),
    ("root needs no group", seen("root"), allowed(), "pass", []),
    (
        "the socket has another group",
        seen(socket=file(0o660, 0, 29, "socket")),
        allowed(),
        "fail",
        ["ann in group audio"],
    ),
    (
        "the option names another group",
        seen(engine=engine(running=told("audio")), files={}),
        allowed(),
        "fail",
        ["ann in group audio"],
    ),
    (
        "a group that may not write",
        seen(socket=file(0o640, 0, 29, "socket")),
        allowed(),
        "pass",
        [],
    ),
    (
        "a group that is not known",
        seen(socket=file(0o660, 0, 4, "socket")),
        allowed(),
        "unknown",
        [],
    ),
    (
        "where the socket is can't be told",
        seen(engine=engine(running=Unread("denied"))),
        SETTINGS,
        "unknown",
        [],
    ),
    ("no engine", Host(facts(), ()), SETTINGS, "not-applicable", []),
    ("nothing may be seen", Host(facts(processes=Unread("denied")), ()), SETTINGS, "unknown", []),
]


@pytest.mark.parametrize(
    ("host", "settings", "status", "resources"),
    [pytest.param(*case, id=what) for what, *case in CASES],
)
def test_docker_group(host: Host, settings: Any, status: str, resources: list[str]) -> None:
    result = verdict("permissions-docker-group", host, settings)
    assert (result.status, [each.resource for each in result.findings]) == (status, resources)


def test_the_message_lists_everybody() -> None:
    result = verdict("permissions-docker-group", seen("ann", accounts=(ROOT, ANN, BOB)))
    assert result.message == "in group docker (999), and so root on this host: ann, bob"
    assert [(each.source, each.detail) for each in result.findings[0].evidence] == [
        ("getent group", "docker:999:ann"),
        ("getent passwd", "bob: primary group 999"),
        (f"stat {SOCKET}", "srw-rw---- 0660 0:999"),
    ]


def test_a_rootless_engine_s_private_group_is_its_own() -> None:
    socket = "/run/user/1000/docker.sock"
    ann = Account("ann", 1000, 1000, "/home/ann")
    own = engine(listener(socket), rootless=True, user="ann", running=told("docker"))
    files = {
        **dict.fromkeys(("/", "/run", "/run/user", "/run/user/1000"), directory()),
        socket: file(0o660, 1000, 1000, "socket"),
    }
    groups = (Group("root", 0), Group("ann", 1000))
    host = seen(engine=own, files=files, accounts=(ROOT, ann), groups=groups)
    assert verdict("permissions-docker-group", host, allowed()).status == "pass"
    groups = (Group("root", 0), Group("ann", 1000, ("eve",)))
    host = seen(engine=own, files=files, accounts=(ROOT, ann), groups=groups)
    result = verdict("permissions-docker-group", host, allowed("ann"))
    assert [each.resource for each in result.findings] == ["eve in group ann"]
