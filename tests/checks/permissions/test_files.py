"""The table of permission rules: for each check what it finds, and what it leaves alone."""

from typing import Any

import msgspec
import pytest

from dockeraudit.effective.model import Origin, Outcome, Setting, TlsSettings
from dockeraudit.facts import Account, Boot, Group, Key, Pem
from dockeraudit.host import Engine, Host
from dockeraudit.host.startup import Start
from dockeraudit.host.unitfile import Assigned
from dockeraudit.report import Result
from tests.build import (
    Absent,
    Unread,
    blind,
    directory,
    engine,
    facts,
    file,
    listener,
    process,
    unit,
)
from tests.build_certificates import CA, key_of, pem
from tests.checks.run import verdict

KEY = "/etc/docker/tls/key.pem"
SOCKET = "/run/docker.sock"
DROP_IN = "/etc/systemd/system/docker.service.d/own.conf"
SERVICE, SOCKET_UNIT = "/lib/systemd/system/docker.service", "/lib/systemd/system/docker.socket"
ACL = Unread("getfacl is missing")
JSON = Origin("/etc/docker/daemon.json:4")
DEFAULT = Origin("default")
SETTINGS = {
    "config-file": "/etc/docker/daemon.json",
    "containerd": "/run/containerd/containerd.sock",
    "data-root": "/var/lib/docker",
    "exec-root": "/var/run/docker",
    "group": "docker",
    "init-path": "",
    "runtimes": {"kata": {"path": "/opt/kata/runtime"}},
    "userns-remap": "",
}


def tree() -> dict[str, Any]:
    """The paths of a sound Debian host."""
    folders = (
        "/ /etc /etc/docker /etc/docker/tls /etc/docker/certs.d /etc/docker/certs.d/hub"
        " /etc/default /etc/sysconfig /etc/containerd /etc/systemd /etc/systemd/system /lib"
        " /lib/systemd"
        " /etc/systemd/system/docker.service.d /lib/systemd/system /run /run/containerd /var"
        " /var/lib /usr /usr/sbin /usr/bin /opt /opt/kata /root /home"
    )
    found: dict[str, Any] = {path: directory() for path in folders.split()}
    files = (
        f"{DROP_IN} {SERVICE} {SOCKET_UNIT} /lib/systemd/system/containerd.service"
        " /etc/docker/daemon.json /etc/default/docker /etc/containerd/config.toml"
    )
    found |= {path: file() for path in files.split()}
    pems = ("/etc/docker/tls/ca.pem", "/etc/docker/tls/cert.pem", "/etc/docker/certs.d/hub/ca.crt")
    found |= {path: file(0o444) for path in pems}
    found |= {path: file(0o755) for path in ("/usr/sbin/dockerd", "/opt/kata/runtime")}
    return found | {
        KEY: file(0o400),
        SOCKET: file(0o660, 0, 999, "socket"),
        "/etc/sysconfig/docker": Absent(),
        "/run/containerd/containerd.sock": file(0o660, kind="socket"),
        "/var/run": file(0o777, kind="symlink", target="/run"),
        "/run/docker": directory(0o700),
        "/var/lib/docker": directory(0o710),
        "/var/lib/containerd": directory(0o711),
        "/var/lib/docker/swarm": directory(0o700),
        "/root/.docker": directory(0o700),
        "/root/.docker/config.json": file(0o600),
        "/root/.docker/key.pem": file(0o400),
    }


def outcome(**changes: Any) -> Outcome:
    """A start with mutual TLS; options by name, with `_` for `-`."""
    values = SETTINGS | {name.replace("_", "-"): value for name, value in changes.items()}
    settings = tuple(Setting(name, value, JSON) for name, value in values.items())
    folder = "/etc/docker/tls"
    tls = TlsSettings(
        Setting("tls", values.get("tls", True), JSON),
        Setting("tlsverify", values.get("tls", True), JSON),
        Setting("tlscacert", f"{folder}/ca.pem", JSON),
        Setting("tlscert", f"{folder}/cert.pem", JSON),
        Setting("tlskey", values.get("tlskey", KEY), JSON),
    )
    return Outcome(True, settings=settings, tls=tls)


def sound_engine(**changes: Any) -> Engine:
    start = Start(
        (), "/usr/sbin/dockerd", SERVICE, {}, (Assigned(SOCKET, f"{SOCKET_UNIT}:4"),), "docker"
    )
    given = {
        "unit": unit("docker.service", SERVICE, DROP_IN),
        "socket_unit": unit("docker.socket"),
        "running": outcome(),
        "configured": outcome(),
        "start": start,
        **changes,
    }
    return engine(listener(SOCKET), **given)


def seen(paths: dict[str, Any] | None = None, of: Engine | None = None, /, **changes: Any) -> Host:
    """A sound host with some paths otherwise; None takes a path out of what was looked at."""
    files = {path: each for path, each in (tree() | (paths or {})).items() if each is not None}
    texts = {SERVICE: b"[Service]\nEnvironmentFile=-/etc/default/docker\n", DROP_IN: b""}
    base = {
        "files": files,
        "texts": texts | changes.pop("texts", {}),
        "units": (unit("containerd.service"),),
        "listings": {"/etc/docker/certs.d": ("hub", "hub/ca.crt")},
        **changes,
    }
    return Host(facts(**base), (of or sound_engine(),))


ALL = (
    "tls-key tls-cert tls-ca docker-socket daemon-json etc-docker registry-certs service-unit"
    " socket-unit default-docker containerd-socket"
)
SINGLE = "binaries client-dir containerd-config data-root swarm-state"
IDS = [f"{name}-{end}" for name in ALL.split() for end in ("owner", "mode")] + SINGLE.split()


def judged(name: str, host: Host) -> Result:
    return verdict(f"permissions-{name}", host)


def found(result: Result) -> list[tuple[str, str]]:
    return [(each.resource, each.severity) for each in result.findings]


@pytest.mark.parametrize("name", IDS)
def test_a_sound_host_passes(name: str) -> None:
    result = judged(name, seen())
    assert (result.status, result.findings) == ("pass", ())


@pytest.mark.parametrize("name", [*IDS, "sysconfig-docker-mode", "sysconfig-docker-owner"])
def test_no_engine_is_not_applicable(name: str) -> None:
    if name == "client-dir":
        return
    nothing = Host(facts(files=tree()), ())
    assert judged(name, nothing).status == "not-applicable"


@pytest.mark.parametrize("name", [name for name in IDS if name != "client-dir"])
def test_what_could_not_be_read_is_unknown(name: str) -> None:
    denied = {path: Unread("permission denied") for path in tree()}
    assert judged(name, seen(denied)).status == "unknown"


def test_client_folders_that_can_not_be_read_are_unknown() -> None:
    result = judged("client-dir", seen({"/home/ann/.docker": Unread("permission denied")}))
    assert (result.status, result.message) == ("unknown", "/home/ann/.docker: permission denied")


def test_a_host_without_facts_on_the_daemon_is_unknown() -> None:
    blind = sound_engine(running=Unread("cmdline: permission denied"))
    for name in ("tls-key-mode", "daemon-json-mode", "data-root", "swarm-state"):
        assert judged(name, seen({}, blind)).status == "unknown", name


READ_ONLY = file(0o644)
FINDINGS: list[tuple[str, str, dict[str, Any], list[tuple[str, str]]]] = [
    ("tls-key-mode", "0600 misses CIS only", {KEY: file(0o600)}, [(KEY, "medium")]),
    ("tls-key-mode", "group", {KEY: file(0o440)}, [(KEY, "high")]),
    ("tls-key-mode", "everybody", {KEY: file(0o644)}, [(KEY, "critical")]),
    ("tls-key-mode", "0577 is less than 0644", {KEY: file(0o577)}, [(KEY, "critical")]),
    ("tls-key-mode", "an ACL", {KEY: file(0o440, acl=("user:7:r--",))}, [(KEY, "high")]),
    ("tls-key-mode", "a folder", {KEY: directory(0o400)}, [(KEY, "high")]),
    ("tls-key-mode", "ACL unread, but no mask", {KEY: file(0o400, acl=ACL)}, []),
    (
        "tls-key-mode",
        "a folder above that all may write in",
        {"/etc/docker/tls": directory(0o777)},
        [("/etc/docker/tls", "high")],
    ),
    ("tls-key-mode", "the same, sticky", {"/etc/docker/tls": directory(0o1777)}, []),
    (
        "tls-key-mode",
        "a folder above with an ACL",
        {"/etc/docker": directory(0o775, acl=("user:1000:rwx", "group::r-x"))},
        [("/etc/docker", "high")],
    ),
    ("tls-key-owner", "somebody's", {KEY: file(0o400, 1000)}, [(KEY, "high")]),
    ("tls-key-owner", "another group without rights", {KEY: file(0o400, 0, 9)}, [(KEY, "low")]),
    ("tls-key-owner", "another group that reads", {KEY: file(0o440, 0, 9)}, [(KEY, "high")]),
    (
        "tls-key-owner",
        "a folder above is somebody's",
        {"/etc/docker": directory(0o755, 1000)},
        [("/etc/docker", "high")],
    ),
    ("tls-ca-mode", "root may write", {"/etc/docker/tls/ca.pem": READ_ONLY},
     [("/etc/docker/tls/ca.pem", "low")]),
    ("tls-ca-mode", "a group may write", {"/etc/docker/tls/ca.pem": file(0o464)},
     [("/etc/docker/tls/ca.pem", "high")]),
    ("tls-ca-owner", "somebody's", {"/etc/docker/tls/ca.pem": file(0o444, 7)},
     [("/etc/docker/tls/ca.pem", "high")]),
    ("tls-cert-mode", "all may write", {"/etc/docker/tls/cert.pem": file(0o666)},
     [("/etc/docker/tls/cert.pem", "high")]),
    ("tls-cert-owner", "somebody's", {"/etc/docker/tls/cert.pem": file(0o444, 7)},
     [("/etc/docker/tls/cert.pem", "high")]),
    ("docker-socket-mode", "all may connect", {SOCKET: file(0o666, 0, 999, "socket")},
     [(SOCKET, "critical")]),
    ("docker-socket-mode", "0646 is less than 0660", {SOCKET: file(0o646, 0, 999, "socket")},
     [(SOCKET, "critical")]),
    ("docker-socket-mode", "all may read, which opens nothing",
     {SOCKET: file(0o664, 0, 999, "socket")}, [(SOCKET, "low")]),
    ("docker-socket-mode", "an ACL for one user",
     {SOCKET: file(0o660, 0, 999, "socket", acl=("user:1000:rw-", "group::rw-"))},
     [(SOCKET, "critical")]),
    ("docker-socket-mode", "an ACL that the mask cuts to reading",
     {SOCKET: file(0o640, 0, 999, "socket", acl=("user:1000:rw-\t#effective:r--",))},
     [(SOCKET, "low")]),
    ("docker-socket-mode", "an ACL for root and the docker group",
     {SOCKET: file(0o660, 0, 999, "socket", acl=("user:0:rw-", "group:999:rw-"))}, []),
    ("docker-socket-owner", "another group", {SOCKET: file(0o660, 0, 44, "socket")},
     [(SOCKET, "critical")]),
    ("docker-socket-owner", "another group without rights", {SOCKET: file(0o600, 0, 44, "socket")},
     [(SOCKET, "low")]),
    ("docker-socket-owner", "root's group", {SOCKET: file(0o660, kind="socket")}, []),
    ("docker-socket-owner", "somebody's", {SOCKET: file(0o660, 5, 999, "socket")},
     [(SOCKET, "critical")]),
    ("daemon-json-mode", "group may write", {"/etc/docker/daemon.json": file(0o664)},
     [("/etc/docker/daemon.json", "high")]),
    ("daemon-json-mode", "executable data", {"/etc/docker/daemon.json": file(0o755)},
     [("/etc/docker/daemon.json", "low")]),
    ("daemon-json-owner", "somebody's", {"/etc/docker/daemon.json": file(0o644, 1000)},
     [("/etc/docker/daemon.json", "high")]),
    (
        "daemon-json-mode",
        "a link: its target counts, not its own mode",
        {
            "/etc/docker/daemon.json": file(0o777, kind="symlink", target="/opt/d.json"),
            "/opt/d.json": file(),
        },
        [],
    ),
    (
        "daemon-json-mode",
        "a link to a file in a folder that all may write in",
        {
            "/etc/docker/daemon.json": file(0o777, kind="symlink", target="/srv/d.json"),
            "/srv": directory(0o777),
            "/srv/d.json": file(),
        },
        [("/srv", "high")],
    ),
    (
        "daemon-json-owner",
        "a link in a shared folder, of somebody's",
        {
            "/etc/docker": file(0o777, 1000, kind="symlink", target="/opt"),
            "/etc": directory(0o1777),
            "/opt/daemon.json": file(),
        },
        [("/etc/docker", "high")],
    ),
    ("etc-docker-mode", "group may write", {"/etc/docker": directory(0o775)},
     [("/etc/docker", "high")]),
    ("etc-docker-owner", "somebody's", {"/etc/docker": directory(0o755, 3)},
     [("/etc/docker", "high")]),
    ("registry-certs-mode", "a key that all may read",
     {"/etc/docker/certs.d/hub/client.key": file(0o644)},
     [("/etc/docker/certs.d/hub/client.key", "medium")]),
    ("registry-certs-mode", "a key of 0600", {"/etc/docker/certs.d/hub/client.key": file(0o600)},
     []),
    ("registry-certs-owner", "not only *.crt", {"/etc/docker/certs.d/hub/note": file(0o444, 8)},
     [("/etc/docker/certs.d/hub/note", "medium")]),
    ("service-unit-mode", "a drop-in", {DROP_IN: file(0o666)}, [(DROP_IN, "high")]),
    ("service-unit-mode", "its folder",
     {"/etc/systemd/system/docker.service.d": directory(0o757)},
     [("/etc/systemd/system/docker.service.d", "high")]),
    ("service-unit-owner", "a drop-in", {DROP_IN: file(0o644, 1000)}, [(DROP_IN, "high")]),
    ("service-unit-mode", "masked by a link to /dev/null",
     {SERVICE: file(0o777, kind="symlink", target="/dev/null"),
      "/dev/null": file(0o666, kind="device")}, []),
    ("socket-unit-mode", "containerd's", {"/lib/systemd/system/containerd.service": file(0o646)},
     [("/lib/systemd/system/containerd.service", "high")]),
    ("socket-unit-owner", "the socket's", {SOCKET_UNIT: file(0o644, 1)}, [(SOCKET_UNIT, "high")]),
    ("default-docker-mode", "used by the unit", {"/etc/default/docker": file(0o666)},
     [("/etc/default/docker", "high")]),
    ("default-docker-owner", "used by the unit", {"/etc/default/docker": file(0o644, 9)},
     [("/etc/default/docker", "high")]),
    ("sysconfig-docker-mode", "not used", {"/etc/sysconfig/docker": file(0o666)},
     [("/etc/sysconfig/docker", "medium")]),
    ("sysconfig-docker-owner", "not used", {"/etc/sysconfig/docker": file(0o644, 9)},
     [("/etc/sysconfig/docker", "medium")]),
    ("containerd-socket-mode", "open",
     {"/run/containerd/containerd.sock": file(0o666, kind="socket")},
     [("/run/containerd/containerd.sock", "critical")]),
    ("containerd-socket-owner", "for a group",
     {"/run/containerd/containerd.sock": file(0o660, 0, 9, "socket")},
     [("/run/containerd/containerd.sock", "critical")]),
    ("containerd-config", "the folder", {"/etc/containerd": directory(0o777)},
     [("/etc/containerd", "high")]),
    ("containerd-config", "the file", {"/etc/containerd/config.toml": file(0o644, 9)},
     [("/etc/containerd/config.toml", "high")]),
    ("data-root", "readable", {"/var/lib/docker": directory(0o755)}, [("/var/lib/docker", "high")]),
    ("data-root", "before 20.10.9", {"/var/lib/docker": directory(0o711)}, []),
    ("data-root", "another group with rights", {"/var/lib/docker": directory(0o710, 0, 5)},
     [("/var/lib/docker", "high")]),
    ("swarm-state", "the folder", {"/var/lib/docker/swarm": directory(0o755)},
     [("/var/lib/docker/swarm", "critical")]),
    ("swarm-state", "a key", {"/var/lib/docker/swarm/certificates/swarm-node.key": file(0o640),
                             "/var/lib/docker/swarm/certificates": directory()},
     [("/var/lib/docker/swarm/certificates/swarm-node.key", "critical")]),
    ("binaries", "a runtime of the configuration", {"/opt/kata/runtime": file(0o775)},
     [("/opt/kata/runtime", "critical")]),
    ("binaries", "set-user-id", {"/usr/bin/docker": file(0o4755)},
     [("/usr/bin/docker", "critical")]),
    ("binaries", "a plug-in of the client",
     {"/usr/libexec/docker/cli-plugins/docker-buildx": file(0o757),
      **dict.fromkeys(("/usr/libexec", "/usr/libexec/docker", "/usr/libexec/docker/cli-plugins"),
                      directory())},
     [("/usr/libexec/docker/cli-plugins/docker-buildx", "critical")]),
    ("client-dir", "readable", {"/root/.docker": directory(0o755)}, [("/root/.docker", "medium")]),
    ("client-dir", "a key", {"/root/.docker/key.pem": file(0o644)},
     [("/root/.docker/key.pem", "medium")]),
    ("client-dir", "somebody else's", {"/root/.docker/config.json": file(0o600, 1000)},
     [("/root/.docker/config.json", "medium")]),
    ("client-dir", "a certificate may be read", {"/root/.docker/ca.pem": file()}, []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "paths", "expected"),
    [
        pytest.param(name, paths, expected, id=f"{name}: {what}")
        for name, what, paths, expected in FINDINGS
    ],
)
def test_findings(name: str, paths: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    result = judged(name, seen(paths))
    assert (result.status, found(result)) == ("fail" if expected else "pass", expected)


def test_a_message_names_path_value_and_limit_and_quotes_stat() -> None:
    result = judged("tls-key-mode", seen({KEY: file(0o644)}))
    (finding,) = result.findings
    assert finding.message == (
        f"{KEY} has mode 0644, at most 0400: owner write, group read, others read"
    )
    assert [(each.source, each.detail) for each in finding.evidence] == [
        (f"stat {KEY}", "-rw-r--r-- 0644 0:0"),
        ("/etc/docker/daemon.json:4", f"tlskey is {KEY}"),
    ]


def test_several_faults_of_one_path_are_one_finding() -> None:
    result = judged("binaries", seen({"/usr/sbin/dockerd": file(0o777, 1000)}))
    assert [each.message for each in result.findings] == [
        "/usr/sbin/dockerd belongs to user 1000, not to 0; "
        "/usr/sbin/dockerd has mode 0777, at most 0755: group write, others write"
    ]


def test_tls_off_uses_no_files() -> None:
    off = sound_engine(running=outcome(tls=False))
    for name in ("tls-key-mode", "tls-ca-owner", "tls-cert-mode"):
        assert judged(name, seen({KEY: file(0o666)}, off)).status == "not-applicable", name


def test_a_relative_path_is_taken_from_the_working_directory() -> None:
    near = sound_engine(running=outcome(tlskey="tls/key.pem"), process=process(cwd="/etc/docker"))
    assert found(judged("tls-key-mode", seen({KEY: file(0o604)}, near))) == [(KEY, "critical")]


def test_an_unread_acl_matters_where_the_group_has_more_rights_than_others() -> None:
    result = judged("docker-socket-mode", seen({SOCKET: file(0o660, 0, 999, "socket", acl=ACL)}))
    assert (result.status, result.message) == (
        "unknown",
        f"ACL of {SOCKET}: getfacl is missing",
    )
    result = judged("docker-socket-mode", seen({SOCKET: file(0o600, 0, 999, "socket", acl=ACL)}))
    assert result.status == "pass"


def test_run_may_be_reached_by_its_old_name() -> None:
    old = sound_engine(start=None)
    old = msgspec.structs.replace(old, listeners=(listener("/var/run/docker.sock"),))
    assert judged("docker-socket-mode", seen({}, old)).status == "pass"
    host = seen({SOCKET: file(0o666, 0, 999, "socket")}, old)
    assert found(judged("docker-socket-mode", host)) == [(SOCKET, "critical")]


def test_the_group_of_an_unknown_daemon_is_unknown_unless_it_is_docker() -> None:
    blind = sound_engine(running=Unread("cmdline: permission denied"))
    assert judged("docker-socket-owner", seen({}, blind)).status == "pass"
    other = {SOCKET: file(0o660, 0, 44, "socket")}
    assert judged("docker-socket-owner", seen(other, blind)).status == "unknown"


def test_the_group_option_may_name_another_group() -> None:
    told = sound_engine(running=outcome(group="44"))
    other = {SOCKET: file(0o660, 0, 44, "socket")}
    assert judged("docker-socket-owner", seen(other, told)).status == "pass"


def test_a_config_with_a_password_may_not_be_read() -> None:
    path = "/etc/docker/daemon.json"
    text = {path: b'{"proxies": {"http-proxy": "http://***@proxy:3128"}}'}
    assert found(judged("daemon-json-mode", seen(texts=text))) == [(path, "medium")]
    assert judged("daemon-json-mode", seen({path: file(0o600)}, texts=text)).status == "pass"


def test_an_environment_file_of_the_unit_is_judged_wherever_it_lies() -> None:
    text = {SERVICE: b"[Service]\nEnvironmentFile=/opt/docker.env\n"}
    host = seen({"/opt/docker.env": file(0o666)}, texts=text)
    assert found(judged("sysconfig-docker-mode", host)) == [("/opt/docker.env", "high")]
    assert judged("sysconfig-docker-mode", seen(texts=text)).status == "unknown"


def test_containerd_s_imports_are_judged() -> None:
    path = "/etc/containerd/config.toml"
    text = {path: b'version = 2\nimports = ["conf.d/*.toml"]\n'}
    files = {
        "/etc/containerd/conf.d": directory(),
        "/etc/containerd/conf.d/own.toml": file(0o666),
    }
    result = judged("containerd-config", seen(files, texts=text))
    assert found(result) == [("/etc/containerd/conf.d/own.toml", "high")]


def test_a_group_in_which_nobody_is_may_write_in_a_folder() -> None:
    plugin = "/usr/local/lib/docker/cli-plugins/docker-compose"
    folders = ("/usr/local", "/usr/local/lib", "/usr/local/lib/docker")
    paths = {
        plugin: file(0o755),
        **dict.fromkeys((*folders, "/usr/local/lib/docker/cli-plugins"), directory(0o2775, 0, 50)),
    }
    staff = (Group("root", 0), Group("docker", 999), Group("staff", 50))
    assert judged("binaries", seen(paths, groups=staff)).status == "pass"
    member = (*staff[:2], Group("staff", 50, ("ann",)))
    assert [path for path, _ in found(judged("binaries", seen(paths, groups=member)))] == [
        *folders,
        "/usr/local/lib/docker/cli-plugins",
    ]
    assert judged("binaries", seen(paths)).status == "fail", "a group that is not known"


def test_an_account_s_private_group_may_write_in_its_home() -> None:
    home = "/home/ann"
    paths = {
        home: directory(0o775, 1000, 1000),
        f"{home}/.docker": directory(0o700, 1000, 1000),
        f"{home}/.docker/config.json": file(0o600, 1000, 1000),
    }
    ann = (Account("root", 0, 0, "/root"), Account("ann", 1000, 1000, home))
    groups = (Group("root", 0), Group("docker", 999), Group("ann", 1000))
    assert judged("client-dir", seen(paths, accounts=ann, groups=groups)).status == "pass"
    shared = (*groups[:2], Group("ann", 1000, ("eve",)))
    assert found(judged("client-dir", seen(paths, accounts=ann, groups=shared))) == [
        (home, "medium")
    ]


def test_a_remapped_root_may_have_the_data_root_s_group() -> None:
    remapped = sound_engine(running=outcome(userns_remap="default"))
    paths = {"/var/lib/docker": directory(0o710, 0, 100000)}
    assert judged("data-root", seen(paths, remapped)).status == "pass"


def test_a_rootless_engine_s_files_are_its_account_s() -> None:
    home = "/home/ann"
    config, socket = f"{home}/.config/docker/daemon.json", "/run/user/1000/docker.sock"
    rootless = sound_engine(
        rootless=True,
        user="ann",
        home=home,
        running=outcome(config_file=config, data_root=f"{home}/data"),
        start=None,
    )
    rootless = msgspec.structs.replace(rootless, listeners=(listener(socket),))
    paths = {
        home: directory(0o700, 1000, 1000),
        f"{home}/.config": directory(0o700, 1000, 1000),
        f"{home}/.config/docker": directory(0o755, 1000, 1000),
        config: file(0o644, 1000, 1000),
        "/run/user": directory(),
        "/run/user/1000": directory(0o700, 1000, 1000),
        socket: file(0o660, 1000, 1000, "socket"),
    }
    accounts = (Account("root", 0, 0, "/root"), Account("ann", 1000, 1000, home))
    host = seen(paths, rootless, accounts=accounts)
    for name in ("daemon-json", "docker-socket", "etc-docker"):
        for end in ("owner", "mode"):
            result = judged(f"{name}-{end}", host)
            assert (result.status, found(result)) == ("pass", []), name
    other = seen(paths | {config: file(0o644, 1001, 1000)}, rootless, accounts=accounts)
    assert found(judged("daemon-json-owner", other)) == [(config, "high")]
    # The group docker inside is one of the account's own outside; dockerd sets the sticky bit.
    real = paths | {socket: file(0o1660, 1000, 100102, "socket")}
    ranges = {"/etc/subgid": b"bob:300000:65536\nann:100000:65536\n"}
    for texts, status in ((ranges, "pass"), ({"/etc/subgid": b""}, "fail")):
        subject = seen(real, rootless, accounts=accounts, texts=texts)
        assert judged("docker-socket-owner", subject).status == status
    subject = seen(real, rootless, accounts=accounts, texts=ranges)
    assert judged("docker-socket-mode", subject).status == "pass"


def test_init_scripts_may_be_executable() -> None:
    script = "/etc/init.d/docker"
    boot = Boot("sysvinit", scripts=(script,))
    paths = {"/etc/init.d": directory(), script: file(0o755)}
    assert judged("service-unit-mode", seen(paths, boot=boot)).status == "pass"
    assert found(judged("service-unit-mode", seen(paths | {script: file(0o777)}, boot=boot))) == [
        (script, "high")
    ]


def test_swarm_state_that_is_not_there_is_not_applicable() -> None:
    assert judged("swarm-state", seen({"/var/lib/docker/swarm": Absent()})).status == (
        "not-applicable"
    )


def test_folders_above_that_were_not_looked_at_are_unknown() -> None:
    result = judged("tls-key-mode", seen({"/etc": None}))
    assert (result.status, result.message) == (
        "unknown",
        "who may write in /etc: it was not looked at",
    )


def test_ca_keys_without_any_pem_are_not_applicable() -> None:
    assert judged("ca-key", seen()).status == "not-applicable"


def test_ca_keys_that_can_not_be_parsed_cost_only_themselves() -> None:
    host = seen(pems={KEY: Pem(("PRIVATE KEY",), "")})
    assert judged("ca-key", host).status in ("not-applicable", "unknown")


CA_FILE, ANYTHING = "/etc/docker/tls/ca.pem", "/root/anything.pem"


def held(**changes: Any) -> Host:
    """A host on which a CA's key lies, with the metadata of a key."""
    pems = {CA_FILE: pem(CA), ANYTHING: key_of(CA), **changes.pop("pems", {})}
    modes = {ANYTHING: file(changes.pop("mode", 0o400))}
    return seen(modes, sound_engine(**changes.pop("of", {})), pems=pems, **changes)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        pytest.param(held(), "pass", id="closed"),
        pytest.param(held(mode=0o644), "fail", id="open to all"),
        pytest.param(
            held(pems={CA_FILE: Unread("denied")}), "unknown", id="whose it is can't be told"
        ),
        pytest.param(
            held(of={"running": Unread("denied")}, pems={CA_FILE: Unread("denied")}),
            "unknown",
            id="which CA the engine has can't be told",
        ),
        pytest.param(
            held(pems={ANYTHING: Pem((), "", (Key("PRIVATE KEY", False, Unread("no openssl")),))}),
            "unknown",
            id="its public half can't be told",
        ),
        pytest.param(held(pems={ANYTHING: Unread("denied")}), "unknown", id="the key is unread"),
        pytest.param(
            held(pems={CA_FILE: Unread("denied"), ANYTHING: pem()}),
            "not-applicable",
            id="no key lies here",
        ),
        pytest.param(
            held(pems={CA_FILE: Unread("denied"), ANYTHING: pem()}, privilege=blind()),
            "unknown",
            id="keys may lie where nobody could look",
        ),
    ],
)
def test_ca_keys(host: Host, status: str) -> None:
    assert judged("ca-key", host).status == status


def test_a_socket_that_may_be_anywhere_is_unknown() -> None:
    untold = Outcome(None, undecided="what daemon.json holds is not known")
    of = msgspec.structs.replace(
        sound_engine(running=untold, socket_unit=None, start=None), listeners=()
    )
    assert judged("docker-socket-mode", seen({}, of)).status == "unknown"


def test_a_group_that_daemon_json_may_name_is_unknown() -> None:
    untold = Outcome(None, undecided="what daemon.json holds is not known")
    paths = {SOCKET: file(0o660, 0, 1234, "socket")}
    assert judged("docker-socket-owner", seen(paths)).status == "fail"
    assert judged("docker-socket-owner", seen(paths, sound_engine(running=untold))).status == (
        "unknown"
    )


NAMED_BY_OPTIONS = (
    "tls-key-mode docker-socket-owner daemon-json-mode swarm-state binaries data-root"
)
NAMED_BY_FILES = "service-unit-owner socket-unit-mode etc-docker-mode client-dir"


@pytest.mark.parametrize("name", f"{NAMED_BY_OPTIONS} {NAMED_BY_FILES}".split())
def test_daemons_that_were_not_seen_may_name_further_paths(name: str) -> None:
    of = sound_engine(process=None)
    host = seen({}, of, processes=Unread("denied"))
    assert judged(name, host).status == ("pass" if name in NAMED_BY_FILES.split() else "unknown")
