"""Rows read off moby's source, beside the table of runs: what starts, where, and in which mode."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from dockeraudit.effective import DaemonInput, FileInput, Machine, decide
from dockeraudit.effective.batch import batch, read_row

MACHINE = {
    "names": {
        "localhost": ["127.0.0.1", "::1"],
        "node1.example": ["192.0.2.10"],
        "six.example": ["2001:db8::10"],
    },
    "addresses": ["127.0.0.1/8", "::1/128", "192.0.2.10/32", "2001:db8::10/128"],
    "groups": ["root", "docker"],
}
PATHS = ("--tlscacert=/t/ca.pem", "--tlscert=/t/cert.pem", "--tlskey=/t/key.pem")
ROLES = {"/t/ca.pem": "ca", "/t/cert.pem": "server-cert", "/t/key.pem": "server-key"}
FILE_PATHS = '"tlscacert": "/t/ca.pem", "tlscert": "/t/cert.pem", "tlskey": "/t/key.pem"'
OLD, MID, NEW, LAST = "20.10.24", "26.1.5", "28.5.2", "29.7.2"
UNIX = "unix /var/run/docker.sock PLAIN"
NO = "no"


def row(engine: str, argv: str, config: str | None = None, **more: Any) -> DaemonInput:
    question = {
        "engine": engine,
        "argv": argv.split(),
        "daemon_json": config,
        "files": ROLES,
        "machine": MACHINE,
        **more,
    }
    return read_row(json.dumps(question).encode())


def verdict(given: DaemonInput) -> str:
    """`no`, or each endpoint with its transport and mode."""
    outcome = decide(given)
    if not outcome.starts:
        return NO if outcome.starts is False else "unknown"
    return ", ".join(f"{e.transport} {e.address} {e.mode}" for e in outcome.endpoints)


def tcp(port: int = 2375, mode: str = "PLAIN", host: str = "127.0.0.1") -> str:
    return f"tcp {host}:{port} {mode}"


ARGV = [
    (OLD, "-DHtcp://127.0.0.1:2375", tcp(), "host after a grouped flag"),
    (OLD, "-DH tcp://127.0.0.1:2375", tcp(), "host after a grouped flag and a blank"),
    (OLD, "-DH=tcp://127.0.0.1:2375", tcp(), "host after a grouped flag and an equals sign"),
    (OLD, "-D=true -H tcp://", tcp(), "boolean shorthand with a value"),
    (OLD, "-D=maybe", NO, "boolean shorthand with a bad value"),
    (OLD, "-host=tcp://127.0.0.1:2375", NO, "one dash is shorthand"),
    (OLD, "--hosts=tcp://127.0.0.1:2375", NO, "the file's name is no flag"),
    (OLD, "--hos=tcp://127.0.0.1:2375", NO, "no abbreviation"),
    (OLD, "-H", NO, "a value is missing"),
    (OLD, "--host", NO, "a value is missing, long"),
    (OLD, "--=x", NO, "bad flag syntax"),
    (OLD, "---host=x", NO, "three dashes"),
    (OLD, "-", NO, "a dash is an argument"),
    (OLD, "--", UNIX, "nothing behind the dashes"),
    (OLD, "daemon", NO, "the command of 2016"),
    (OLD, "--help", NO, "help"),
    (OLD, "-h", NO, "help, short"),
    (OLD, "--help=false", UNIX, "no help"),
    (OLD, "-v", NO, "version, short"),
    (OLD, "--version=false", UNIX, "no version"),
    (NEW, "--validate=false", UNIX, "no validation"),
    (OLD, "--mtu=0x5dc", UNIX, "pflag reads other bases"),
    (OLD, "--mtu=1500.5", NO, "no whole number"),
    (OLD, "--mtu 1_500", UNIX, "underscores"),
    (OLD, "--log-level=verbose", NO, "no level"),
    (OLD, "-l warning", UNIX, "an old level"),
    (NEW, "-l warning", NO, "a level no more"),
    (OLD, "--graph=/srv/docker", UNIX, "graph, still there"),
    (OLD, "-g /srv/a --data-root=/srv/b", NO, "graph and data-root"),
    (NEW, "--graph=/srv/docker", NO, "graph, gone"),
    (OLD, "--label=nothing", NO, "no key=value"),
    (OLD, "--label=io.docker.x=1", NO, "a reserved label"),
    (OLD, "--label=a=1 --label=a=2", NO, "two values for a label"),
    (OLD, "--dns=example.com", NO, "no address"),
    (NEW, "--dns=1.1.1.1,9.9.9.9", UNIX, "a list between commas"),
    (OLD, "--dns=1.1.1.1,9.9.9.9", NO, "no list between commas"),
    (OLD, "--default-ulimit=nofile=5:2", NO, "soft above hard"),
    (OLD, "--default-ulimit=nofile=1024:2048", UNIX, "a ulimit"),
    (OLD, "--registry-mirror=ftp://x", NO, "no web address"),
    (NEW, "--registry-mirror=host:5000", NO, "no scheme"),
    (OLD, "--max-concurrent-downloads=-1", NO, "negative"),
    (OLD, "--max-download-attempts=0", NO, "zero attempts"),
    (NEW, "--max-download-attempts=0", UNIX, "zero attempts, later"),
    (OLD, "--default-shm-size=many", NO, "no size"),
    (OLD, "--default-shm-size=64m", UNIX, "a size"),
    (OLD, "--group=nobody-here", NO, "no such group"),
    (OLD, "--group=4711", UNIX, "a group's number"),
    (OLD, "-G root", UNIX, "a group that is there"),
    (OLD, "--group=nobody-here -H tcp://127.0.0.1:2375", tcp(), "a group for no unix socket"),
    (OLD, "--config-file=/nowhere.json", NO, "a named file that is missing"),
    (OLD, "--config-file=/t", NO, "a directory"),
    (OLD, "--add-runtime=runc=/usr/bin/runc", NO, "a reserved runtime"),
    (OLD, "--default-runtime=kata", NO, "no such runtime"),
    (OLD, "--add-runtime=kata=/k --default-runtime=kata", UNIX, "a runtime"),
    (OLD, "--iptables=false --icc=false", NO, "icc needs iptables"),
    (OLD, "--bridge=br0 --bip=10.0.0.1/24", NO, "bridge and bip"),
    (NEW, "--api-cors-header=*", NO, "a removed option"),
    (MID, "--api-cors-header=*", UNIX, "an option still there"),
    (NEW, "--oom-score-adjust=-500", NO, "a removed flag"),
    (OLD, "--oom-score-adjust=-500", UNIX, "a flag still there"),
    (NEW, "--feature=containerd-snapshotter", UNIX, "a feature"),
    (MID, "--feature=containerd-snapshotter", NO, "a feature too early"),
    (OLD, "--tlscacert=", NO, "the old daemon crashes on an empty path"),
    (OLD, "--storage-driver=magic", NO, "no such storage driver"),
    (OLD, "--metrics-addr=:9323", NO, "an empty host does not resolve"),
    (OLD, "--metrics-addr=9323", NO, "no port"),
    (OLD, "-H tcp://127.0.0.1:2375 --metrics-addr=0.0.0.0:2375", NO, "two on one port"),
    (OLD, "--authorization-plugin=opa", NO, "no plugin"),
    (OLD, "--seccomp-profile=unconfined", NO, "a file of that name, old"),
    (NEW, "--seccomp-profile=unconfined", UNIX, "a word since 23"),
    (NEW, "--seccomp-profile=/nowhere.json", NO, "no such profile"),
    (OLD, "--userns-remap=nobody-here", NO, "no such user"),
    (NEW, "--userns-remap=root", UNIX, "remapping root is switched off"),
    (OLD, "--insecure-registry=host:99999", NO, "no port"),
    (OLD, "--insecure-registry=x://y", NO, "no registry"),
    (OLD, "--insecure-registry=10.0.0.0/8", UNIX, "a network"),
    (OLD, "--exec-opt=foo", UNIX, "an exec option of no form, old"),
    (OLD, "--exec-opt=native.cgroupdriver=foo", NO, "no such cgroup driver"),
    (NEW, "--exec-opt=foo=bar", NO, "no such exec option"),
    (OLD, "--node-generic-resource=gpu=a --node-generic-resource=gpu=1", NO, "mixed resources"),
    (MID, "--userland-proxy-path=/nowhere", NO, "no such proxy"),
    (OLD, "--userland-proxy-path=/nowhere", UNIX, "no such proxy, not looked at"),
    (NEW, "--data-root=/t/ca.pem", NO, "a file for a folder"),
    (OLD, "--default-address-pool=base=nonsense,size=24", NO, "no network"),
    (OLD, "--default-address-pool=base=10.0.0.0/16,size=8", NO, "subnets above the network"),
    (OLD, "--default-shm-size=.5g", NO, "a size without a first digit, old"),
    (NEW, "--default-shm-size=.5g", UNIX, "a size without a first digit"),
    (OLD, "--default-shm-size=1Ki", UNIX, "half a unit, old"),
    (NEW, "--default-shm-size=1Ki", NO, "half a unit"),
    (NEW, "--default-shm-size=-1", NO, "a negative size"),
    (NEW, "completion bash", NO, "a command of cobra's own"),
    (OLD, "-test.x -H tcp://", tcp(), "pflag passes over Go's test flags"),
]

HOSTS = [
    (OLD, "TCP://127.0.0.1:2375", NO, "capital scheme"),
    (OLD, "tcp://tcp://127.0.0.1:2375", tcp(), "scheme twice, old"),
    (NEW, "tcp://tcp://127.0.0.1:2375", NO, "scheme twice, new"),
    (OLD, "unix://unix:///run/x.sock", "unix /run/x.sock PLAIN", "unix twice, old"),
    (NEW, "unix://unix:///run/x.sock", NO, "unix twice, new"),
    (OLD, "user@127.0.0.1:2375", tcp(), "user before the host"),
    (NEW, "user@127.0.0.1:2375", tcp(), "user before the host, new"),
    (OLD, "127.0.0.1:2375#x", tcp(), "fragment"),
    (OLD, "tcp://127.0.0.5:2375", tcp(host="127.0.0.5"), "all of 127/8 is the machine's"),
    (OLD, "tcp://127.1:2375", NO, "short address"),
    ("20.10.5", "tcp://127.0.0.01:2375", tcp(), "leading zeros, Go 1.13"),
    (OLD, "tcp://localhost:2375", tcp(), "a name prefers IPv4"),
    (OLD, "tcp://LOCALHOST:2375", tcp(), "names have no case"),
    (OLD, "tcp://localhost.:2375", NO, "a final dot leads to the DNS"),
    (OLD, "tcp://six.example:2375", tcp(host="[2001:db8::10]"), "a name with IPv6 only"),
    (OLD, "tcp://[::1]", NO, "brackets without port, old"),
    (NEW, "tcp://[::1]", tcp(host="[::1]"), "brackets without port, new"),
    (OLD, "tcp://[::1]:", tcp(host="[::1]"), "brackets and colon, old"),
    (NEW, "tcp://[::1]:", tcp(host="[::1]"), "brackets and colon, new"),
    (NEW, "tcp://[localhost]:2375", NO, "a name in brackets, Go 1.24.9"),
    (OLD, "tcp://[localhost]:2375", tcp(), "a name in brackets, old"),
    (NEW, "tcp://[::1%25lo]:2375", NO, "a zone is parsed twice and fails"),
    (OLD, "::1:2375", NO, "IPv6 without brackets, old"),
    (NEW, "::1:2375", tcp(host="[::1]"), "IPv6 without brackets, new"),
    (LAST, ":::2375", NO, "IPv6 without brackets, Go 1.26"),
    (LAST, "[::]:2375", tcp(host="[::]"), "all addresses, newest"),
    (OLD, "tcp://127.0.0.1:+2375", NO, "a sign"),
    (OLD, "tcp://127.0.0.1:65536", NO, "port too big"),
    (OLD, "tcp://127.0.0.1:99999999999999999999999", NO, "port far too big"),
    (NEW, "tcp://127.0.0.1:000", NO, "port zero in three digits"),
    (OLD, "tcp://127.0.0.1:%32375", NO, "escaped port"),
    (OLD, "tcp://%31", NO, "escaped host"),
    (OLD, "npipe://x", NO, "a named pipe"),
    (OLD, "vsock://2:2375", NO, "unknown scheme"),
    (OLD, "://127.0.0.1", NO, "no scheme"),
    (OLD, "tcp", NO, "a word is a name"),
    (OLD, "unix:///run", NO, "a directory"),
    (OLD, "unix:///run/", NO, "a directory, with a slash"),
    (OLD, "unix:///run/" + "x" * 99, f"unix /run/{'x' * 99} PLAIN", "104 bytes fit"),
    (OLD, "unix:///run/" + "x" * 103, NO, "108 bytes do not"),
    (OLD, "unix:///var/run/docker/api.sock", "unix /var/run/docker/api.sock PLAIN", "exec-root"),
    (OLD, "unix:///t/api.sock", "unix /t/api.sock PLAIN", "a directory known by its files"),
    (OLD, "unix:///t/ca.pem/api.sock", NO, "a file is no directory"),
    (OLD, "fd://", NO, "no sockets passed"),
]

CONFIG = [
    (OLD, '{"hosts": [null]}', UNIX, "null in a list"),
    (OLD, '{"hosts": [1]}', NO, "number in a list"),
    (OLD, '{"tls": {}}', NO, "an empty table for a boolean"),
    (OLD, '{"x": {}}', UNIX, "an unknown empty table"),
    (OLD, '{"x": {"y": 1}}', NO, "an unknown key in an unknown table"),
    (OLD, '{"Hosts": {"debug": true}}', NO, "Go finds the field without case"),
    (OLD, '{"x": {"tlsverify": false}, ' + FILE_PATHS + "}", tcp(2376, "MTLS"), "hidden tlsverify"),
    (NEW, '{"x": {"tlsverify": false}, ' + FILE_PATHS + "}", UNIX, "hidden tlsverify, new default"),
    (OLD, '{"proxies": {"http-proxy": "http://p"}}', NO, "proxies, too early"),
    (NEW, '{"proxies": {"http-proxy": "http://p"}}', UNIX, "proxies"),
    (OLD, '{"default-shm-size": null}', NO, "null where a type decodes itself"),
    (OLD, '{"default-shm-size": 64}', NO, "a number where a size is a string"),
    (OLD, '{"mtu": 1500.0}', NO, "a fraction"),
    (OLD, '{"mtu": 1e3}', NO, "an exponent"),
    (OLD, '{"mtu": -0}', UNIX, "minus zero"),
    (OLD, '{"mtu": 01}', NO, "leading zero"),
    (OLD, '{"mtu": 1e999}', NO, "out of range"),
    (OLD, '{"max-download-attempts": 0}', NO, "zero attempts"),
    (OLD, '{"_comment": "x"}', NO, "a comment as a key"),
    (OLD, '{"containerd-plugin-namespace": "x"}', NO, "a field without a flag"),
    (OLD, '{"containerd-plugins-namespace": "x"}', UNIX, "a flag without a field"),
    (OLD, '{"resolv-conf": "/x"}', NO, "a field without a flag, again"),
    (OLD, '{"help": true}', UNIX, "help in the file"),
    (NEW, '{"validate": true}', NO, "validate in the file ends the daemon"),
    (NEW, '{"validate": 0}', UNIX, "validate in the file, off"),
    (OLD, '{"features": {"buildkit": true}}', UNIX, "features"),
    (OLD, '{"features": {"buildkit": "true"}}', NO, "features of a wrong type"),
    (OLD, '{"builder": {"gc": {"enabled": true}}}', UNIX, "builder"),
    (OLD, '{"runtimes": {"runc": {"path": "/x"}}}', NO, "a reserved runtime"),
    (OLD, '{"default-runtime": "x"}', NO, "no such runtime"),
    (OLD, '{"dns": ["x"]}', NO, "no address"),
    (NEW, '{"dns": ["x"]}', NO, "no address, new"),
    (OLD, '{"log-level": "verbose"}', NO, "no level"),
    (OLD, '{"log-level": ""}', UNIX, "an empty level is the default"),
    (OLD, '{"log-opts": {"max-size": 10}}', NO, "a number where options are strings"),
    (OLD, '{"log-opts": {"max-sizes": "1m"}}', NO, "no such option of json-file"),
    (OLD, '{"group": "nobody-here"}', NO, "no such group"),
    (OLD, '{"group": ""}', UNIX, "an empty group is the default"),
    (OLD, '{"graph": "/a", "data-root": "/b"}', NO, "graph and data-root"),
    (NEW, '{"graph": "/a"}', NO, "graph, gone"),
    (NEW, '{"oom-score-adjust": 1}', NO, "a removed key"),
    (NEW, '{"deprecated-key-path": "/x"}', UNIX, "a key that is passed over"),
    (OLD, '{"cluster-store": "x"}', NO, "cluster-store of a wrong form"),
    (OLD, '{"hosts": ["tcp://127.0.0.1:2375"], "hosts": [null]}', tcp(), "null keeps a leftover"),
    (OLD, '{"log-driver": "nope", "log-opts": {"a": "b"}}', NO, "no such logging driver"),
    (OLD, '{"log-driver": "nope"}', UNIX, "a logging driver nobody asks for"),
    (OLD, '{"log-driver": "syslog", "log-opts": {"a": "b"}}', NO, "no such option of syslog"),
    (NEW, '{"host-gateway-ip": "1.2.3.4", "host-gateway-ips": ["1.2.3.4"]}', NO, "old and new key"),
    (OLD, '{"builder": {"GC": {"policy": [{"keepStorage": 1}]}}}', NO, "a number for a string"),
    (MID, '{"registry-mirrors": ["https://x/path"]}', UNIX, "a mirror with a path"),
    (OLD, '{"registry-mirrors": ["https://x/path"]}', NO, "a mirror with a path, old"),
    (OLD, '{"cluster-advertise": "x"}', NO, "cluster-advertise alone"),
    ("23.0.6", '{"cluster-store": "x"}', NO, "cluster-store, refused"),
    (NEW, '{"log-format": "xml"}', NO, "no format"),
    (NEW, '{"min-api-version": "1.24"}', NO, "a key too early"),
    (LAST, '{"min-api-version": "1.44"}', UNIX, "a key of 29"),
    (OLD, '{"a\\ud800": 1}', NO, "a lone surrogate"),
    (OLD, '{"hosts": ["tcp://127.0.0.1:2375"]', NO, "no end"),
    (OLD, '{"hosts": ["tcp://127.0.0.1:2375"],}', NO, "a comma before the end"),
    (OLD, "{'hosts': []}", NO, "single quotes"),
    (OLD, "[]", NO, "a list"),
    (OLD, '{"debug": NaN}', NO, "no number"),
    (OLD, '{"debug": True}', NO, "a Python boolean"),
    (OLD, '{"storage-driver": "a\tb"}', NO, "a control character"),
    (OLD, "null x", UNIX, "text after null, old"),
    (NEW, "null x", NO, "text after null, new"),
    (OLD, "\ufeff{}", NO, "byte order mark, old"),
    (NEW, "\ufeff{}", UNIX, "byte order mark, new"),
    (NEW, "\u00a0{}\u2003", UNIX, "blanks of Unicode, new"),
    (OLD, "\u00a0{}", NO, "blanks of Unicode, old"),
    (OLD, "[" * 100_000, NO, "depth"),
    (NEW, '{"userland-proxy-path": "docker-proxy"}', NO, "a relative path"),
    (NEW, '{"userland-proxy-path": "docker-proxy", "userland-proxy": false}', UNIX, "unused path"),
    (NEW, '{"exec-opts": ["native.cgroupdriver=systemd"]}', UNIX, "an exec option"),
    (NEW, '{"exec-opts": ["isolation=x"]}', NO, "an exec option of Windows"),
]

TLS = [
    (OLD, "--tls=false", {"DOCKER_TLS_VERIFY": "1"}, None, tcp(2376, "MTLS"), "environment wins"),
    (OLD, "--tls=false --tlsverify", {}, None, tcp(2376, "MTLS"), "tlsverify beats tls=false"),
    (OLD, "--tlsverify", {}, '{"tls": false}', tcp(2376, "MTLS"), "tlsverify beats the file"),
    (OLD, "--tlsverify=false", {}, '{"tls": false}', tcp(2376, "TLS-NOAUTH"), "given is on"),
    (OLD, "--tls=false", {}, '{"tlsverify": true, ' + FILE_PATHS + "}", None, "conflicting paths"),
    (NEW, "--tls", {}, None, tcp(2376, "MTLS"), "tls alone demands certificates"),
    ("19.03.15", "--tls", {}, None, tcp(2376, "TLS-NOAUTH"), "tls alone, before 20.10"),
    ("19.03.15", "--tlsverify", {}, None, tcp(2376, "MTLS"), "tlsverify, before 20.10"),
    ("19.03.15", "--tlsverify=false", {}, None, tcp(2376, "TLS-NOAUTH"), "off, before 20.10"),
]


def cases(table: list[Any]) -> list[Any]:
    return [pytest.param(*case[:-1], id=f"{case[-1]}, {case[0]}") for case in table]


@pytest.mark.parametrize(("engine", "argv", "expected"), cases(ARGV))
def test_argv(engine: str, argv: str, expected: str) -> None:
    assert verdict(row(engine, argv)) == expected


@pytest.mark.parametrize(("engine", "host", "expected"), cases(HOSTS))
def test_host(engine: str, host: str, expected: str) -> None:
    assert verdict(row(engine, f"--tls=false -H {host}")) == expected
    in_file = row(engine, "--tls=false", json.dumps({"hosts": [host]}))
    assert verdict(in_file) == expected


@pytest.mark.parametrize(("engine", "config", "expected"), cases(CONFIG))
def test_config(engine: str, config: str, expected: str) -> None:
    assert verdict(row(engine, "", config)) == expected


@pytest.mark.parametrize(("engine", "argv", "env", "config", "expected"), cases(TLS))
def test_tls(
    engine: str, argv: str, env: dict[str, str], config: str | None, expected: str | None
) -> None:
    given = row(engine, f"{argv} {' '.join(PATHS)}", config, env=env)
    assert verdict(given) == (expected or NO)


@pytest.mark.parametrize(
    ("argv", "units", "expected"),
    [
        ("-H fd://3 -H fd://4", ["/run/a", "/run/b"], NO),
        ("-H fd://5", ["/run/a", "/run/b"], NO),
        ("-H fd://2", ["/run/a"], NO),
        ("-H fd://x", ["/run/a"], NO),
        ("-H fd://*", ["/run/a", "/run/b"], "unix /run/a PLAIN, unix /run/b PLAIN"),
        ("-H fd:// -H tcp://127.0.0.1:2375", ["0.0.0.0:2375"], NO),
        ("-H tcp://127.0.0.1:2375", ["2375"], NO),
        ("-H fd://", ["[::1]:2375"], tcp(host="[::1]")),
    ],
)
def test_sockets_of_systemd(argv: str, units: list[str], expected: str) -> None:
    assert verdict(row(OLD, argv, socket_units=units)) == expected


def test_a_name_takes_the_port_on_all_its_addresses() -> None:
    both = row(OLD, "--tls=false -H tcp://localhost:2375 -H tcp://[::1]:2375")
    assert verdict(both) == NO


def test_an_empty_ca_path_lets_in_every_ca_since_23() -> None:
    argv = "--tlsverify --tlscacert= --tlscert=/t/cert.pem --tlskey=/t/key.pem"
    assert verdict(row(NEW, argv)) == tcp(2376, "MTLS-SYSROOTS")


def test_rootless() -> None:
    env = {"ROOTLESSKIT_STATE_DIR": "/run/user/1000/rk", "XDG_RUNTIME_DIR": "/run/user/1000"}
    config = {"/root/.config/docker/daemon.json": '{"debug": true}'}
    more: dict[str, Any] = {"env": env, "other_files": {**config, "/run/user/1000/x": ""}}
    given = row(NEW, "", '{"hosts": ["tcp://127.0.0.1:2375"]}', **more)
    assert verdict(given) == "unix /run/user/1000/docker.sock PLAIN"
    assert verdict(row(NEW, "--rootless=false", **more)) == NO


def test_links_are_followed() -> None:
    links = {"/etc/docker/daemon.json": "../real/daemon.json", "/etc/real": "/srv/real"}
    files = {"/srv/real/daemon.json": '{"hosts": ["tcp://127.0.0.1:2375"]}'}
    assert verdict(row(OLD, "", links=links, other_files=files)) == tcp()
    loop = {"/etc/docker/daemon.json": "/etc/docker/daemon.json"}
    assert verdict(row(OLD, "", links=loop)) == NO


def test_an_unread_file_is_unknown() -> None:
    given = DaemonInput(engine=NEW, files={"/etc/docker/daemon.json": FileInput()})
    assert decide(given).starts is None
    assert "/etc/docker/daemon.json" in str(decide(given).undecided)


def test_an_unknown_engine_is_told_where_all_agree() -> None:
    assert decide(DaemonInput()).starts is True
    assert decide(DaemonInput(argv=("-H", "tcp://[::]"))).starts is None


def test_an_unknown_name_is_unknown() -> None:
    given = DaemonInput(engine=NEW, argv=("-H", "tcp://api.example:2375"))
    assert decide(given).starts is None
    local = DaemonInput(engine=NEW, argv=("-H", "tcp://localhost:2375"), machine=Machine())
    assert decide(local).starts is True


PAIRS = [
    ("server-cert-expired", "server-key-expired", True),
    ("server-cert-not-yet-valid", "server-key-not-yet-valid", True),
    ("server-cert-no-san", "server-key-no-san", True),
    ("server-cert-other-ca", "server-key-other-ca", True),
    ("server-cert-rsa1024", "server-key-rsa1024", True),
    ("server-cert-rsa512", "server-key-rsa512", True),
    ("server-cert-ec-p384", "server-key-ec-p384", True),
    ("server-cert-ed25519", "server-key-ed25519", True),
    ("server-cert-ec-k256", "server-key-ec-k256", False),
    ("server-cert-ed448", "server-key-ed448", False),
    ("server-cert-dsa", "server-key-dsa", False),
    ("server-cert", "server-key-rsa1024", False),
    ("server-key", "server-cert", False),
    ("ca", "server-key", False),
    ("server-cert", "ca", False),
    ("server-cert", "server-key-passphrase-pkcs8", False),
    ("server-cert", "server-key-passphrase-traditional", False),
]


@pytest.mark.parametrize(("cert", "key", "starts"), PAIRS)
def test_real_pairs(cert: str, key: str, starts: bool, content: Callable[[str], bytes]) -> None:
    files = {
        "/t/ca.pem": {"text": content("ca").decode()},
        "/t/cert.pem": {"base64": b64encode(content(cert)).decode()},
        "/t/key.pem": {"text": content(key).decode(), "mode": "0400"},
    }
    expected = tcp(2376, "MTLS") if starts else NO
    assert verdict(row(NEW, f"--tlsverify {' '.join(PATHS)}", files=files)) == expected


def test_a_broken_line_does_not_stop_the_others() -> None:
    lines = [
        b'{"id": "a", "engine": "28.5.2"}',
        b'{"id": "b", "argv": "no list"}',
        b"{",
        b"\xff\n",
        b'{"id": "c", "files": {"/x": {"mode": "0400"}}}',
        b'{"id": "d", "files": {"/x": {"base64": "!"}}}',
        b"\n",
        b'{"id": 5, "engine": "20.10.24"}',
    ]
    answers = batch(lines)
    results = [json.loads(each.line()) for each in answers]
    assert [each["id"] for each in results] == ["a", "b", None, None, "c", "d", 5]
    assert [each["starts"] for each in results] == [True, None, None, None, None, None, True]
    assert answers.bad == 5
    assert "line 2" in results[1]["error"]
