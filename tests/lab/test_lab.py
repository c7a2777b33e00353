"""The lab is what it says: every host in the state that its entry names, seen from outside."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.lab import lab as lab_module
from tests.lab import paths, provision
from tests.lab.api import Api
from tests.lab.hosts import HOSTS, Host
from tests.lab.use import Lab

ENGINES = {
    "bullseye": "20.10.5",
    "bookworm": "20.10.24",
    "bookworm-audit": "20.10.24",
    "bookworm-extra": "20.10.24",
    "busybox": "20.10.24",
    "trixie": "26.1.5",
    "sid": "28.5.2",
}
# What a connection from another machine gets: (port, answers plain, answers TLS without and with
# a client certificate). Hosts that are not here answer nothing on 2375, 2376 and 2385.
FROM_OUTSIDE = {
    "plain-any": (2375, True, False, False),
    "rhel-like": (2375, True, False, False),
    "socket-tcp": (2375, True, False, False),
    "relay": (2375, True, False, False),
    "tls-noauth": (2376, False, True, True),
    "mtls": (2376, False, False, True),
    "weak-certs": (2376, False, False, True),
    "hardened": (2376, False, False, True),
    "loose": (2376, False, False, True),
    "sid": (2376, False, False, True),
}
every_host = pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)


def _pings(lab: Lab, url: str, *options: str) -> bool:
    done = lab.run(["curl", "--silent", "--max-time", "5", "--insecure", *options, f"{url}/_ping"])
    return done.stdout == b"OK"


@every_host
def test_ssh_answers_root_and_the_plain_user(lab: Lab, host: Host) -> None:
    assert lab.ssh(host.name, "id -u; hostname").split() == ["0", host.name]
    assert lab.ssh(f"{host.name}-user", "id -un").split() == ["audit"]


@every_host
def test_engine_and_listeners(lab: Lab, host: Host) -> None:
    one = lab.host(host.name)
    wanted = [listener.replace("@ADDRESS@", one.address) for listener in host.truth.tcp]
    assert list(provision.listeners(one.pid)) == sorted(wanted)
    if host.truth.answers:
        assert lab.api(host.name).version() == one.engine
        assert one.engine.partition("+")[0] == ENGINES[host.image]
    else:
        assert one.engine == ""


@every_host
def test_from_outside(lab: Lab, host: Host) -> None:
    address = lab.host(host.name).address
    certificates = lab.host(host.name).certificates()
    client = ["--cert", str(certificates / "cert.pem"), "--key", str(certificates / "key.pem")]
    client += ["--ciphers", "DEFAULT@SECLEVEL=0"]
    seen = {}
    for port in (2375, 2376, 2385):
        plain = _pings(lab, f"http://{address}:{port}")
        without = _pings(lab, f"https://{address}:{port}", "--ciphers", "DEFAULT@SECLEVEL=0")
        with_one = host.tls is not None and _pings(lab, f"https://{address}:{port}", *client)
        if plain or without or with_one:
            seen[port] = (plain, without, with_one)
    port, *answers = FROM_OUTSIDE.get(host.name, (0,))
    assert seen == ({port: tuple(answers)} if answers else {})


def test_sudo(lab: Lab) -> None:
    argv = ["ssh", "-F", str(lab.ssh_config)]
    for host in HOSTS:
        done = lab.run([*argv, f"{host.name}-user", "sudo -n id -u"])
        assert (done.stdout == b"0\n") == (host.sudo == "nopasswd"), host.name


def test_broken_next_refuses_to_start_again(lab: Lab) -> None:
    # On a copy of the command line, with places of its own: the running daemon is left alone.
    script = (
        "timeout 20 dockerd -H fd:// -p /tmp/p --exec-root /tmp/e --data-root /tmp/d 2>&1; true"
    )
    assert "specified both as a flag and in the configuration file" in lab.ssh(
        "broken-next", script
    )


def test_busybox_has_busybox_only(lab: Lab) -> None:
    # Not in this list: dpkg and rpm. Debian's busybox ash knows its applets without any file.
    tools = "bash openssl curl ss getfacl getent sudo systemctl docker"
    found = lab.ssh("busybox", f"for tool in {tools}; do command -v $tool; done; readlink /bin/sh")
    assert found == "/bin/busybox\n"
    assert "docker | " in lab.ssh("busybox", "rc-update show default")


@pytest.mark.parametrize("name", ["plain-loopback", "mtls", "hardened", "sid", "busybox"])
def test_containers_run_inside(lab: Lab, name: str) -> None:
    api = lab.api(name)
    with api.as_it_was():
        made = api.run_container("lab-probe")
        try:
            assert made in {container["Id"] for container in api.call("GET", "/containers/json")}
        finally:
            api.remove_container("lab-probe")


@pytest.mark.parametrize("host", [host for host in HOSTS if host.truth.shows], ids=lambda h: h.name)
def test_what_its_entry_says_is_still_seen(lab: Lab, host: Host) -> None:
    for script, wanted in host.truth.shows:
        assert lab.ssh(host.name, f"{script} || true").strip() == wanted.strip()


# What HostConfig has in a sound container of the host `containers`, and in the others instead.
SOUND: dict[str, Any] = {
    "Binds": None,
    "CapAdd": None,
    "CapDrop": ["ALL"],
    "CgroupParent": "",
    "CpuShares": 512,
    "Devices": [],
    "IpcMode": "private",
    "Memory": 64 << 20,
    "NanoCpus": 500_000_000,
    "NetworkMode": "apps",
    "PidMode": "",
    "PidsLimit": 50,
    "Privileged": False,
    "ReadonlyRootfs": True,
    "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 5},
    "SecurityOpt": ["no-new-privileges"],
    "UTSMode": "",
    "UsernsMode": "",
}
PRIVILEGED = {
    "CapDrop": None,
    "Privileged": True,
    "ReadonlyRootfs": False,
    "SecurityOpt": ["label=disable"],
}
FAULTS: dict[str, dict[str, Any]] = {
    "follower": dict.fromkeys(("IpcMode", "NetworkMode", "PidMode"), "container:"),
    "host-namespaces": {
        **dict.fromkeys(("IpcMode", "NetworkMode", "PidMode", "UTSMode", "UsernsMode"), "host"),
        "SecurityOpt": ["label=disable", "no-new-privileges"],
    },
    "privileged": PRIVILEGED,
    "published": {},
    "right": {},
    "root-mounted": {"Binds": ["/:/host", "/etc:/host-etc", "/srv/shared:/shared:rshared"]},
    "run-mounted": {"Binds": ["/run:/host/run:ro", "/var/run:/host/var/run:ro"]},
    "secrets": {
        "CapDrop": None,
        "CpuShares": 0,
        "Memory": 0,
        "NanoCpus": 0,
        "NetworkMode": "bridge",
        "PidsLimit": None,
        "ReadonlyRootfs": False,
        "RestartPolicy": {"Name": "always", "MaximumRetryCount": 0},
        "SecurityOpt": None,
    },
    "socket": {"Binds": ["/var/run/docker.sock:/var/run/docker.sock"]},
    "sshd": {"CapDrop": None, "ReadonlyRootfs": False},
    "stopped-privileged": PRIVILEGED,
    "unconfined": {
        "CapAdd": ["NET_ADMIN", "SYS_ADMIN"],
        "CapDrop": None,
        "CgroupParent": "/dockeraudit-lab",
        "Devices": [
            {
                "PathOnHost": "/dev/null",
                "PathInContainer": "/dev/disk0",
                "CgroupPermissions": "rwm",
            }
        ],
        "SecurityOpt": ["apparmor=unconfined", "no-new-privileges", "seccomp=unconfined"],
    },
    "unhealthy": {},
}


def _plain(value: Any) -> Any:
    """Less the other container's id; lists of words in order."""
    if isinstance(value, str) and value.startswith("container:"):
        return "container:"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return sorted(value)
    return value


def test_containers_have_their_own_faults_and_no_others(lab: Lab) -> None:
    api = lab.api("containers")
    listed = api.call("GET", "/containers/json?all=1")
    seen = {}
    for each in listed:
        said = api.call("GET", f"/containers/{each['Id']}/json")["HostConfig"]
        seen[each["Names"][0].lstrip("/")] = {key: _plain(said[key]) for key in SOUND}
    assert seen == {name: {**SOUND, **faults} for name, faults in FAULTS.items()}


def test_two_engines_of_one_host(lab: Lab) -> None:
    pid = lab.host("rootless").pid
    rootless = Api.of(pid, "/run/user/1000/docker.sock")
    assert "name=rootless" in rootless.call("GET", "/info")["SecurityOptions"]
    assert [each["Names"] for each in rootless.call("GET", "/containers/json")] == [
        ["/in-rootless"]
    ]


def test_nothing_leads_out_of_the_namespace(lab: Lab) -> None:
    assert b"default" not in lab.run(["ip", "route"]).stdout


def test_up_again_changes_nothing(lab: Lab) -> None:
    again = lab_module.up()
    assert {name: one.container for name, one in again.items()} == {
        name: one.container for name, one in lab.hosts.items()
    }
    entries = json.loads((paths.state() / "hosts.json").read_text())
    assert set(entries) == {alias for host in HOSTS for alias in (host.name, f"{host.name}-user")}
