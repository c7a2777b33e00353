"""The whole program over each way to a host: the same host gives the same verdicts."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab import throwaway
from tests.lab.engine import Engine, inside
from tests.lab.hosts import HOSTS, Host
from tests.lab.hosts import Truth as HostTruth
from tests.lab.program import Run, comparable, scan
from tests.lab.shell import run
from tests.lab.throwaway import Throwaway
from tests.lab.use import Lab

NAMES = [host.name for host in HOSTS]
HERE, THERE = "fd00:d0c:a0d1::1", "fd00:d0c:a0d1::2"
SIX = Host("six", "bookworm", "Reached over IPv6.", HostTruth(), sudo="no")


@pytest.fixture(scope="module")
def six(lab: Lab) -> Iterator[Throwaway]:
    """A host of our own with an IPv6 address, and one for this side."""
    del lab
    device = ["dev", "docker0"]
    with throwaway.booted(SIX) as (host,):
        # Static neighbours: a bridge that snoops on multicast may swallow the solicitations.
        link = run(inside(["ip", "-o", "link", "show", *device])).stdout
        said = host.sh(
            "echo 0 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6\n"
            f"ip -6 address add {THERE}/64 dev eth0 nodad\n"
            f"ip -6 neigh replace {HERE} lladdr {_mac(link)} dev eth0\nip -o link show dev eth0"
        )
        run(inside(["ip", "-6", "address", "add", f"{HERE}/64", *device, "nodad"]))
        try:
            run(inside(["ip", "-6", "neigh", "replace", THERE, "lladdr", _mac(said), *device]))
            yield host
        finally:
            run(inside(["ip", "-6", "neigh", "del", THERE, *device]), check=False)
            run(inside(["ip", "-6", "address", "del", f"{HERE}/64", *device]))


def _mac(link: str) -> str:
    return link.partition("link/ether ")[2].split()[0]


# ---- one host, by every name --------------------------------------------------------------------


def test_one_host_by_many_names(lab: Lab) -> None:
    name = "mtls"
    address = lab.host(name).address
    # An address has no block in the lab's ssh_config but that for every host: key and known_hosts.
    spellings = [
        f"root@{address}",
        f"root@{address}:22",
        f"ssh://root@{address}:22",
        f"ssh://root@{address}",
        f"ssh://{name}",
    ]
    names = [name, *spellings, f"docker://{name}"]
    engine = {"DOCKER_HOST": f"unix://{Engine.default().socket}"}

    def scanned(*targets: str) -> Run:
        return scan(f"--ssh-config={lab.ssh_config}", *targets, env=engine)

    wanted = comparable(scanned(name).host(name), places=False)
    assert wanted["state"] == "scanned"
    assert wanted["hostname"] == name
    for each in names[1:]:
        assert comparable(scanned(each).host(each), places=False) == wanted, each
    # In one scan it is one host, whatever it is called.
    done = scanned(name, spellings[0])
    assert done.host(spellings[0])["same_as"] == name
    assert done.report["summary"]["hosts"]["scanned"] == 1


def test_docker_uri_of_nothing(lab: Lab) -> None:
    del lab
    socket = Engine.default().socket
    done = scan("docker://nobody", env={"DOCKER_HOST": f"unix://{socket}"})
    assert (done.code, done.error("docker://nobody")) == (3, "unreachable")
    done = scan("docker://mtls", env={"DOCKER_HOST": "unix:///nonexistent"})
    assert (done.code, done.error("docker://mtls")) == (3, "refused")


def test_ipv6(six: Throwaway, tmp_path: Path) -> None:
    config = throwaway.config(tmp_path, [six])
    options = [f"UserKnownHostsFile={tmp_path}/known_hosts.{six.name}", f"HostKeyAlias={six.name}"]
    targets = [f"root@[{THERE}]:22", f"ssh://root@[{THERE}]:22", f"root@{THERE}", six.name]
    found = []
    for target in targets:
        done = scan(
            f"--ssh-config={config}", *(f"--ssh-option={option}" for option in options), target
        )
        assert done.host(target)["state"] == "scanned", done.err
        found.append(comparable(done.host(target), places=False))
    assert all(each == found[-1] for each in found)


# ---- this machine -------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [[], ["local"], ["local://"]], ids=["none", "local", "uri"])
def test_this_machine(lab: Lab, words: list[str]) -> None:
    """The outer engine, started by hand; the hosts' own daemons are inside its containers."""
    del lab
    done = scan(*words)
    host = done.host("".join(words) or "local")
    socket = str(Engine.default().socket)
    ours = {
        listener["engine"]
        for listener in host["listeners"]
        if listener["address"] == socket and listener["witness"] == "observed"
    }
    engines = [engine for engine in host["engines"] if engine["name"] in ours]
    assert [engine["managed_by"] for engine in engines] == ["hand"]
    assert engines[0]["version"].startswith("20.10.24")
    inner = {listener["address"] for listener in host["listeners"]} & {
        "[::]:2375",
        "[::]:2376",
        "127.0.0.1:2385",
    }
    assert inner == set()


def test_local_and_hosts_at_once(lab: Lab) -> None:
    done = scan(f"--ssh-config={lab.ssh_config}", "local", "hardened", "busybox", "--concurrency=2")
    assert [host["state"] for host in done.report["hosts"]] == ["scanned"] * 3
    assert [host["hostname"] for host in done.report["hosts"]][1:] == ["hardened", "busybox"]


# ---- testinfra ----------------------------------------------------------------------------------

TESTINFRA = """
import json, sys
import testinfra
from dockeraudit.transport import backend

address, config = sys.argv[1:]
host = backend.host(f"root@{address}", ssh_config=config)
got = testinfra.get_host(f"dockeraudit://root@{address}:22", ssh_config=config)
user = backend.host(f"audit@{address}", ssh_config=config)
done = host.run("echo out; echo err >&2; exit 3")
daemon = host.file("/etc/docker/daemon.json")
said = [
    {
        "mode": oct(host.file("/etc/docker").mode),
        "user": daemon.user,
        "content": "tlsverify" in daemon.content_string,
        "missing": host.file("/etc/nothing").exists,
        "listens": host.socket("tcp://0.0.0.0:2376").is_listening,
        "not": host.socket("tcp://0.0.0.0:2375").is_listening,
        "unix": host.socket("unix:///var/run/docker.sock").is_listening,
        "run": [done.rc, done.stdout, done.stderr],
        "quoted": host.check_output("printf %s %s", "%s|", "a'b $(id)"),
        "service": [host.service("docker").is_running, host.service("docker").is_enabled],
        "package": host.package("docker.io").is_installed,
        "root": host.user().name,
    },
    [oct(got.file("/etc/docker").mode), got.socket("tcp://0.0.0.0:2376").is_listening],
]
with user.sudo():
    said.append(user.user().name)
said.append(user.user().name)
try:
    backend.host(f"root@{address}:1", ssh_config=config).run("true")
except Exception as error:
    said.append(getattr(error, "kind", repr(error)))
print(json.dumps(said))
"""


def test_testinfra_goes_through_our_ssh(lab: Lab) -> None:
    address = lab.host("mtls").address
    done = lab.run([sys.executable, "-c", TESTINFRA, address, str(lab.ssh_config)])
    assert done.returncode == 0, done.stderr.decode()
    ours, got, sudo, plain, refused = json.loads(done.stdout)
    assert got == [ours["mode"], ours["listens"]]
    assert ours == {
        "mode": "0o755",
        "user": "root",
        "content": True,
        "missing": False,
        "listens": True,
        "not": False,
        "unix": True,
        "run": [3, "out\n", "err\n"],
        "quoted": "a'b $(id)|",
        "service": [True, True],
        "package": True,
        "root": "root",
    }
    assert (sudo, plain, refused) == ("root", "audit", "refused")


# ---- whose rights -------------------------------------------------------------------------------


def test_become_is_as_good_as_root(lab: Lab) -> None:
    root, user = (
        comparable(
            scan(f"--ssh-config={lab.ssh_config}", "--become", name).host(name), places=False
        )
        for name in ("mtls", "mtls-user")
    )
    assert user == root
    assert user["state"] == "scanned"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("plain-any-user", "become-password"),  # sudoers would let it, with its password
        ("hardened-user", "become-password"),  # not in sudoers: sudo asks for the password first
        ("busybox-user", "sudo"),  # there is no sudo
    ],
)
def test_become_without_the_right_to(lab: Lab, name: str, kind: str) -> None:
    started = time.monotonic()
    done = scan(f"--ssh-config={lab.ssh_config}", "--become", name, "--timeout=50")
    assert time.monotonic() - started < 25
    host = done.host(name)
    assert (done.code, host["state"], host["error"]["kind"]) == (3, "unreachable", kind)
    assert host["error"]["hint"]
    assert host["results"] == []


class Everyone:
    """All hosts, once as root and once as the ordinary user: in one scan they would be one."""

    def __init__(self, lab: Lab) -> None:
        config = f"--ssh-config={lab.ssh_config}"
        self.runs = [scan(config, *NAMES), scan(config, *(f"{name}-user" for name in NAMES))]

    def run(self, name: str) -> Run:
        """The scan that a host is in."""
        return self.runs[name.endswith("-user")]

    def host(self, name: str) -> dict[str, Any]:
        return self.run(name).host(name)

    def verdicts(self, name: str) -> dict[str, str]:
        return self.run(name).verdicts(name)


@pytest.fixture(scope="module")
def everyone(lab: Lab) -> Everyone:
    return Everyone(lab)


@pytest.mark.parametrize("name", NAMES)
def test_an_ordinary_user_is_told_so_once(everyone: Everyone, name: str) -> None:
    host = everyone.host(f"{name}-user")
    assert (host["state"], host["error"]["kind"]) == ("partial", "privilege")
    assert "--become" in host["error"]["hint"]
    unknown = sum(result["status"] == "unknown" for result in host["results"])
    assert f"{unknown} results are unknown" in host["error"]["message"]
    assert [r["check"] for r in host["results"] if "--become" in r["message"]] == []
    assert everyone.host(name)["state"] == "scanned"
    assert everyone.host(name)["error"] is None


@pytest.mark.parametrize("name", NAMES)
def test_an_ordinary_user_never_sees_a_pass_that_root_does_not(
    everyone: Everyone, name: str
) -> None:
    root, user = everyone.verdicts(name), everyone.verdicts(f"{name}-user")
    assert root.keys() == user.keys()
    # What root can't tell, an ordinary user can't either; a person's decision stays one.
    allowed = {
        "fail": ("fail", "unknown"),
        "unknown": ("unknown",),
        "manual": ("manual", "unknown"),
        "pass": ("pass", "unknown"),
        "not-applicable": ("not-applicable", "unknown"),
    }
    wrong = [
        f"{check}: {status} for root, {user[check]} for a user"
        for check, status in root.items()
        if user[check] not in allowed[status]
    ]
    assert not wrong, "\n".join(wrong)


def test_an_ordinary_user_makes_no_noise(everyone: Everyone) -> None:
    lines = everyone.run("-user").err.splitlines()
    progress = [line for line in lines if line.partition(" ")[0].endswith(f"/{len(NAMES)}")]
    assert len(progress) == len(NAMES)
    assert [line for line in lines if line not in progress and not line.startswith("wrote ")] == []
    assert everyone.run("-user").out.decode().count("--become") == 1


def test_one_host_alone_is_the_same_as_among_many(lab: Lab, everyone: Everyone) -> None:
    alone = scan(f"--ssh-config={lab.ssh_config}", "tls-noauth")
    assert comparable(alone.host("tls-noauth")) == comparable(everyone.host("tls-noauth"))
    assert alone.err.startswith("1/1 tls-noauth: scanned")
