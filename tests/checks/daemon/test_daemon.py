"""The daemon family: a table for each check, of what it finds and what it does not."""

from typing import Any

import pytest

from dockeraudit.effective.model import Origin, Outcome, Setting
from dockeraudit.facts import ApiFacts, Document, Names
from dockeraudit.host import Engine, Host
from dockeraudit.host.startup import Start
from dockeraudit.host.unitfile import Assigned
from dockeraudit.plugins import checks
from tests.build import NOW, Unread, blind, engine, facts, file, host, process
from tests.checks.daemon.test_daemon_more import IDS as MORE
from tests.checks.run import verdict

JSON = "/etc/docker/daemon.json"
NO_ENGINE = Host(facts(), ())
IDS = sorted(id for id in checks() if id.startswith("daemon-") and id not in MORE)
Case = tuple[str, str, Engine | Host, str, list[str]]


def outcome(origin: str, options: dict[str, Any]) -> Outcome:
    """A start with options under their names in daemon.json, `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in options.items()}
    return Outcome(True, settings=tuple(Setting(n, v, Origin(origin)) for n, v in named.items()))


def told(version: str = "26.1.5", **options: Any) -> Engine:
    """A running engine whose API is silent, with the options it was started with."""
    return engine(version=version, running=outcome(f"{JSON}:2", options))


def says(version: str = "26.1.5", options: dict[str, Any] | None = None, **info: Any) -> Engine:
    """A running engine and its `GET /info`."""
    api = ApiFacts("/run/docker.sock", Document({}), Document(info))
    return engine(version=version, api=api, running=outcome(f"{JSON}:2", options or {}))


def secure(*names: str, version: str = "26.1.5", **changes: Any) -> Engine:
    """A running engine with these SecurityOptions."""
    return says(version, SecurityOptions=[f"name={name}" for name in names], **changes)


def planned(**options: Any) -> Engine:
    """An engine that does not run, and what its next start does."""
    return engine(process=None, configured=outcome("flag", options))


def rootless(version: str = "26.1.5", **info: Any) -> Engine:
    api = ApiFacts("/run/user/1000/docker.sock", Document({}), Document(info)) if info else None
    return engine(version=version, rootless=True, api=api, running=outcome(JSON, {}))


def rewritten(origin: str, **options: Any) -> Host:
    """A configuration file that is newer than the process."""
    return host(engine(running=outcome(origin, options)), files={JSON: file(mtime=NOW)})


def registries(*cidrs: str, **secure: bool) -> Engine:
    named = {name.replace("_", "."): {"Secure": is_so} for name, is_so in secure.items()}
    config = {"InsecureRegistryCIDRs": ["127.0.0.0/8", *cidrs], "IndexConfigs": named}
    return says(RegistryConfig=config)


def logs(driver: str, **options: str) -> Engine:
    named = {name.replace("_", "-"): value for name, value in options.items()}
    return says(LoggingDriver=driver, options={"log-opts": named})


def shipping(*programs: str, **changes: Any) -> Host:
    """A host with json-file, and these programs, by path or by their arguments."""
    others = tuple(
        process(
            *name.split()[1:],
            pid=960 + at,
            exe=name.split()[0],
            role="other" if " " in name else "log-shipper",
        )
        for at, name in enumerate(programs)
    )
    return host(logs("json-file"), processes=(process(), *others), **changes)


def proxied(parent: int) -> Host:
    proxy = process(pid=950, role="docker-proxy", parent=parent, exe="/usr/bin/docker-proxy")
    return host(told(userland_proxy=False), processes=(process(), proxy))


def lowest(
    api: str = "",
    version: str = "28.5.2",
    names: Names | Unread | None = None,
    origin: str = JSON,
    **options: Any,
) -> Engine:
    answer = ApiFacts("/run/docker.sock", Document({"MinAPIVersion": api}), Unread("none"))
    return engine(
        version=version,
        api=answer if api else None,
        process=process(environment=names or Names({})),
        running=outcome(origin, options),
    )


def start(**environment: str) -> Engine:
    """A daemon that does not run, with an environment for its next start."""
    given = {name: Assigned(value, "docker.service:9") for name, value in environment.items()}
    how = Start((), "/usr/sbin/dockerd", "docker.service:8", given)
    return engine(version="28.5.2", process=None, start=how, configured=Outcome(True))


VARIABLE = "DOCKER_MIN_API_VERSION"
BUILTIN = "seccomp,profile=builtin"
NO_D_TYPE = [["Backing Filesystem", "xfs"], ["Supports d_type", "false"]]

ISOLATION: list[Case] = [
    ("rootless", "by its API", secure("rootless"), "pass", []),
    ("rootless", "by its account", rootless(), "pass", []),
    ("rootless", "as root", secure(BUILTIN), "manual", ["rootless"]),
    ("rootless", "silent API", told(), "manual", ["rootless"]),
    ("userns", "remapped", secure("userns"), "pass", []),
    ("userns", "rootless", rootless(), "pass", []),
    ("userns", "off", secure(BUILTIN), "fail", ["userns-remap"]),
    (
        "userns",
        "the API outweighs the file",
        secure(options={"userns-remap": "default"}),
        "fail",
        ["userns-remap"],
    ),
    ("userns", "silent, told to", told(userns_remap="default"), "pass", []),
    ("userns", "next start", planned(), "fail", ["userns-remap"]),
    ("no-new-privileges", "listed", secure("no-new-privileges"), "pass", []),
    ("no-new-privileges", "not listed", secure(BUILTIN), "fail", ["no-new-privileges"]),
    (
        "no-new-privileges",
        "20.10 lists nothing",
        secure(version="20.10.24", options={"no-new-privileges": True}),
        "pass",
        [],
    ),
    ("no-new-privileges", "20.10, off", secure(version="20.10.24"), "fail", ["no-new-privileges"]),
    ("no-new-privileges", "false", told(no_new_privileges=False), "fail", ["no-new-privileges"]),
    ("seccomp", "builtin", secure(BUILTIN), "pass", []),
    (
        "seccomp",
        "default of 20.10",
        secure("seccomp,profile=default", version="20.10.24"),
        "pass",
        [],
    ),
    ("seccomp", "a file named default", secure("seccomp,profile=default"), "manual", ["seccomp"]),
    ("seccomp", "a file", secure("seccomp,profile=/etc/docker/s.json"), "manual", ["seccomp"]),
    ("seccomp", "unconfined", secure("seccomp,profile=unconfined"), "fail", ["seccomp"]),
    ("seccomp", "a kernel without", secure("apparmor"), "fail", ["seccomp"]),
    ("seccomp", "silent API", told(), "unknown", []),
    ("seccomp", "silent, told unconfined", told(seccomp_profile="unconfined"), "fail", ["seccomp"]),
    ("mac-enabled", "AppArmor", secure("apparmor"), "pass", []),
    ("mac-enabled", "SELinux", secure("selinux"), "pass", []),
    ("mac-enabled", "neither", secure(BUILTIN), "fail", ["security options"]),
    ("mac-enabled", "silent API", told(selinux_enabled=True), "unknown", []),
    ("mac-enabled", "rootless", rootless(SecurityOptions=["name=rootless"]), "not-applicable", []),
    ("default-runtime", "runc", says(DefaultRuntime="runc"), "pass", []),
    ("default-runtime", "a sandbox", says(DefaultRuntime="io.containerd.runsc.v1"), "pass", []),
    (
        "default-runtime",
        "another",
        says(DefaultRuntime="mine", Runtimes={"mine": {"path": "/opt/mine"}}),
        "manual",
        ["default-runtime"],
    ),
    (
        "default-runtime",
        "silent, told",
        told(default_runtime="mine"),
        "manual",
        ["default-runtime"],
    ),
    ("default-namespaces", "cgroup v2", secure("cgroupns"), "pass", []),
    (
        "default-namespaces",
        "the host's cgroups",
        secure(BUILTIN),
        "fail",
        ["default-cgroupns-mode"],
    ),
    (
        "default-namespaces",
        "shareable",
        secure("cgroupns", options={"default-ipc-mode": "shareable"}),
        "fail",
        ["default-ipc-mode"],
    ),
    ("default-namespaces", "silent, unset", told(default_cgroupns_mode=""), "unknown", []),
    ("default-namespaces", "silent, private", told(default_cgroupns_mode="private"), "pass", []),
    (
        "default-namespaces",
        "silent, host",
        told(default_cgroupns_mode="host"),
        "fail",
        ["default-cgroupns-mode"],
    ),
    ("default-namespaces", "no such thing in 19.03", told("19.03.15"), "pass", []),
]
NETWORKS: list[Case] = [
    ("icc", "on", told(icc=True), "fail", ["icc"]),
    ("icc", "off", told(icc=False), "pass", []),
    ("icc", "no bridge", told(icc=True, bridge="none"), "not-applicable", []),
    ("icc", "next start", planned(icc=True), "fail", ["icc"]),
    ("icc", "written after the start", rewritten(f"{JSON}:2 icc", icc=False), "unknown", []),
    ("icc", "file newer, but a flag", rewritten("flag --icc", icc=False), "pass", []),
    ("iptables", "on", told("28.5.2", iptables=True, ip6tables=True), "pass", []),
    ("iptables", "off", told(iptables=False), "fail", ["iptables"]),
    ("iptables", "IPv6 off in 28", told("28.5.2", ip6tables=False), "fail", ["ip6tables"]),
    ("iptables", "IPv6 off by default in 26", told(ip6tables=False), "pass", []),
    ("iptables", "IPv6 in use in 26", told(ip6tables=False, ipv6=True), "fail", ["ip6tables"]),
    (
        "iptables",
        "version not known",
        engine(version=Unread("x"), running=outcome("default", {})),
        "unknown",
        [],
    ),
    ("userland-proxy", "on", told(userland_proxy=True), "fail", ["userland-proxy"]),
    ("userland-proxy", "off", told(userland_proxy=False), "pass", []),
    ("userland-proxy", "told off, and there it is", proxied(800), "fail", ["docker-proxy"]),
    ("userland-proxy", "another daemon's", proxied(801), "pass", []),
    ("userland-proxy", "rootless before 28", rootless(), "not-applicable", []),
    ("userland-proxy", "rootless", rootless("28.5.2"), "fail", ["userland-proxy"]),
    ("insecure-registries", "loopback only", registries(docker_io=True), "pass", []),
    (
        "insecure-registries",
        "a name",
        registries(registry_example=False),
        "fail",
        ["registry.example"],
    ),
    ("insecure-registries", "localhost", registries(localhost=False), "pass", []),
    ("insecure-registries", "everything", registries("0.0.0.0/0"), "fail", ["0.0.0.0/0"]),
    ("insecure-registries", "IPv6 loopback", registries("::1/128"), "pass", []),
    (
        "insecure-registries",
        "silent, told",
        told(insecure_registries=["http://r.example:5000", "[::1]:5000", "10.0.0.0/8"]),
        "fail",
        ["10.0.0.0/8", "r.example:5000"],
    ),
    ("insecure-registries", "silent, none", told(insecure_registries=[]), "pass", []),
    ("authorization-plugin", "one", says(Plugins={"Authorization": ["opa"]}), "pass", []),
    (
        "authorization-plugin",
        "none",
        says(Plugins={"Authorization": None}),
        "fail",
        ["authorization-plugins"],
    ),
    ("authorization-plugin", "silent, told", told(authorization_plugins=["opa"]), "pass", []),
    ("authorization-plugin", "silent, none", told(), "fail", ["authorization-plugins"]),
    ("min-api", "default of 28", lowest("1.24"), "pass", []),
    ("min-api", "lowered in 29.0", lowest("1.24", "29.0.1"), "fail", ["min-api-version"]),
    ("min-api", "default of 29.3", lowest("1.40", "29.3.0"), "pass", []),
    ("min-api", "fixed in 24", lowest("1.12", "24.0.9"), "not-applicable", []),
    (
        "min-api",
        "by variable",
        lowest(names=Names({VARIABLE: "1.12"})),
        "fail",
        ["min-api-version"],
    ),
    (
        "min-api",
        "option over variable",
        lowest(version="29.7.2", names=Names({VARIABLE: "1.24"}), min_api_version="1.44"),
        "pass",
        [],
    ),
    ("min-api", "withheld", lowest(names=Names({VARIABLE: None})), "unknown", []),
    ("min-api", "unreadable", lowest(names=Unread("denied")), "unknown", []),
    ("min-api", "next start", start(DOCKER_MIN_API_VERSION="1.12"), "fail", ["min-api-version"]),
    ("min-api", "next start, unset", start(), "pass", []),
]
STORAGE: list[Case] = [
    ("storage-aufs", "aufs", says("20.10.24", Driver="aufs"), "fail", ["aufs"]),
    ("storage-aufs", "overlay2", says("20.10.24", Driver="overlay2"), "pass", []),
    ("storage-aufs", "silent", told("20.10.24"), "unknown", []),
    ("storage-aufs", "gone", says("24.0.9", Driver="overlay2"), "not-applicable", []),
    (
        "storage-devicemapper",
        "in use",
        says("24.0.9", Driver="devicemapper"),
        "fail",
        ["devicemapper"],
    ),
    ("storage-devicemapper", "overlay2", says("24.0.9", Driver="overlay2"), "pass", []),
    (
        "storage-devicemapper",
        "silent, told",
        told("20.10.24", storage_driver="devicemapper"),
        "fail",
        ["devicemapper"],
    ),
    ("storage-devicemapper", "silent", told("20.10.24"), "unknown", []),
    ("storage-devicemapper", "gone", says("25.0.0"), "not-applicable", []),
    ("storage-deprecated", "overlay2", says(Driver="overlay2"), "pass", []),
    ("storage-deprecated", "containerd's", says("29.7.2", Driver="overlayfs"), "pass", []),
    ("storage-deprecated", "vfs", says(Driver="vfs"), "fail", ["storage-driver"]),
    ("storage-deprecated", "btrfs", says(Driver="btrfs"), "manual", ["storage-driver"]),
    (
        "storage-deprecated",
        "no d_type",
        says(Driver="overlay2", DriverStatus=NO_D_TYPE),
        "fail",
        ["d_type"],
    ),
    ("storage-deprecated", "silent", told(), "unknown", []),
    (
        "base-device-size",
        "changed",
        says("20.10.24", Driver="devicemapper", options={"storage-opts": ["dm.basesize=50G"]}),
        "fail",
        ["dm.basesize"],
    ),
    ("base-device-size", "as it was", says("20.10.24", Driver="devicemapper"), "pass", []),
    ("base-device-size", "overlay2", says("20.10.24", Driver="overlay2"), "not-applicable", []),
    ("base-device-size", "gone", told("25.0.6"), "not-applicable", []),
    ("base-device-size", "silent", told("20.10.24"), "unknown", []),
    ("experimental", "on", says(ExperimentalBuild=True), "fail", ["experimental"]),
    ("experimental", "off", says(ExperimentalBuild=False), "pass", []),
    ("experimental", "silent, told", told(experimental=True), "fail", ["experimental"]),
    ("cgroup-parent", "unset", told(cgroup_parent=""), "pass", []),
    ("cgroup-parent", "own", told(cgroup_parent="/mine"), "manual", ["cgroup-parent"]),
    ("default-ulimit", "set", told(default_ulimits={"nofile": {"Soft": 1}}), "pass", []),
    ("default-ulimit", "none", told(default_ulimits={}), "manual", ["default-ulimits"]),
]
LOGS: list[Case] = [
    ("log-level", "info", says(Debug=False, options={"log-level": "info"}), "pass", []),
    ("log-level", "unset", told(log_level=""), "pass", []),
    ("log-level", "warn", told(log_level="warn"), "fail", ["log-level"]),
    ("log-level", "debug by reload", says(Debug=True), "fail", ["debug"]),
    ("log-level", "debug by file", told(debug=True), "fail", ["debug"]),
    ("remote-logging", "json-file, nothing ships", logs("json-file"), "fail", ["log-driver"]),
    ("remote-logging", "an agent runs", shipping("/usr/bin/filebeat"), "manual", ["log-driver"]),
    (
        "remote-logging",
        "an agent in Ruby",
        shipping("/usr/bin/ruby /usr/sbin/fluentd -c /etc/fluent.conf"),
        "manual",
        ["log-driver"],
    ),
    (
        "remote-logging",
        "who runs can't be seen",
        shipping(privilege=blind()),
        "manual",
        ["log-driver"],
    ),
    ("remote-logging", "a plugin", logs("mine"), "manual", ["log-driver"]),
    ("remote-logging", "none", logs("none"), "fail", ["log-driver"]),
    ("remote-logging", "splunk", logs("splunk"), "pass", []),
    ("remote-logging", "local syslog", logs("syslog"), "manual", ["log-driver"]),
    (
        "remote-logging",
        "unix",
        logs("syslog", syslog_address="unix:///dev/log"),
        "manual",
        ["log-driver"],
    ),
    (
        "remote-logging",
        "loopback",
        logs("syslog", syslog_address="udp://127.0.0.1:514"),
        "manual",
        ["log-driver"],
    ),
    (
        "remote-logging",
        "a name like loopback",
        logs("syslog", syslog_address="udp://127.0.0.1.example:514"),
        "fail",
        ["syslog-address"],
    ),
    (
        "remote-logging",
        "clear",
        logs("syslog", syslog_address="tcp://log.example:514"),
        "fail",
        ["syslog-address"],
    ),
    ("remote-logging", "TLS", logs("syslog", syslog_address="tcp+tls://log.example"), "pass", []),
    ("remote-logging", "an agent here", logs("fluentd"), "pass", []),
    (
        "remote-logging",
        "fluentd far",
        logs("fluentd", fluentd_address="log.example:24224"),
        "fail",
        ["fluentd-address"],
    ),
    (
        "remote-logging",
        "gelf far",
        logs("gelf", gelf_address="udp://log.example:12201"),
        "fail",
        ["gelf-address"],
    ),
    ("log-rotation", "no limit", logs("json-file", max_file="3"), "fail", ["max-size"]),
    ("log-rotation", "limit", logs("json-file", max_size="10m"), "pass", []),
    ("log-rotation", "silent, default", told(log_driver="json-file"), "fail", ["max-size"]),
    ("log-rotation", "another driver", logs("journald"), "not-applicable", []),
]
CASES = [*ISOLATION, *NETWORKS, *STORAGE, *LOGS]


@pytest.mark.parametrize(
    ("name", "subject", "status", "resources"),
    [pytest.param(*case[:1], *case[2:], id=f"{case[0]}: {case[1]}") for case in CASES],
)
def test_daemon(name: str, subject: Engine | Host, status: str, resources: list[str]) -> None:
    result = verdict(f"daemon-{name}", subject)
    assert result.status == status, result.message
    assert [finding.resource for finding in result.findings] == resources


def test_every_check_has_cases() -> None:
    assert {f"daemon-{case[0]}" for case in CASES} == set(IDS)


@pytest.mark.parametrize("id", IDS)
def test_what_cannot_be_read_is_unknown(id: str) -> None:
    hidden = engine(version=Unread("no API"), running=Unread("cmdline: permission denied"))
    # Whose the daemon is can always be told.
    assert verdict(id, hidden).status == ("manual" if id == "daemon-rootless" else "unknown")


@pytest.mark.parametrize("id", IDS)
def test_it_does_not_apply_where_nothing_starts(id: str) -> None:
    assert verdict(id, NO_ENGINE).status == "not-applicable"
    assert verdict(id, engine(process=None)).status == "not-applicable"
    broken = engine(process=None, configured=Outcome(False, "host: it does not resolve"))
    assert verdict(id, broken).status == "not-applicable"


def test_an_undecided_start_is_no_default() -> None:
    undecided = Outcome(None, undecided=f"what {JSON} holds is not known")
    result = verdict("daemon-icc", engine(running=undecided))
    assert (result.status, result.message) == ("unknown", f"icc: what {JSON} holds is not known")


def test_severity_by_reach() -> None:
    assert verdict("daemon-insecure-registries", registries("10.0.0.0/8")).severity == "critical"
    assert verdict("daemon-insecure-registries", registries("10.0.0.1/32")).severity == "high"
    assert verdict("daemon-iptables", told("28.5.2", ip6tables=False)).severity == "medium"


def test_the_next_start_is_named() -> None:
    assert verdict("daemon-icc", planned(icc=True)).message.startswith("at the next start ")


def test_log_options_stay_home() -> None:
    result = verdict("daemon-log-rotation", logs("json-file", splunk_token="s3cret"))
    assert "s3cret" not in str(result)


@pytest.mark.parametrize("id", IDS)
def test_profiles_are_those_of_the_levels(id: str) -> None:
    check = checks()[id]
    on_list = any(each.framework.startswith("cis-") for each in check.references)
    assert check.profiles[-1] == "strict"
    assert "daemon" not in check.profiles
    assert on_list == ("cis-level2" in check.profiles)
