"""The client family: what accounts' files make of the docker command, a table for each check."""

import json
from typing import Any

import pytest

from dockeraudit.facts import Account, Group
from dockeraudit.host import Host
from dockeraudit.plugins import checks
from tests.build import Absent, Unread, directory, file, host
from tests.checks.run import verdict

IDS = sorted(id for id in checks() if id.startswith("client-"))
ACCOUNTS = (
    Account("root", 0, 0, "/root", "/bin/bash"),
    Account("ann", 1000, 1000, "/home/ann", "/bin/bash"),
    Account("bob", 1001, 1001, "/home/bob", "/bin/zsh"),
    Account("nobody", 65534, 65534, "/", "/usr/sbin/nologin"),
)
GROUPS = (Group("root", 0), Group("docker", 999), Group("ann", 1000), Group("bob", 1001))
PLAIN, TLS = "tcp://192.0.2.1:2375", "tcp://192.0.2.1:2376"
ANN = "/home/ann/.profile"
CONFIG = "/home/ann/.docker/config.json"
PLUGINS = "/home/ann/.docker/cli-plugins"
CONTEXT = "/home/ann/.docker/contexts/meta/1f2e/meta.json"
MATERIAL = "/home/ann/.docker/contexts/tls/1f2e/docker/ca.pem"
BUILDER = "/home/ann/.docker/buildx/instances/far"
TOML = "/etc/buildkit/buildkitd.toml"
DENIED = Unread("permission denied")
Case = tuple[str, str, Host, str, list[str]]


def clients(**changes: Any) -> Host:
    """A host with accounts, and nothing of a client in their homes."""
    return host(**{"accounts": ACCOUNTS, "groups": GROUPS} | changes)


def lines(given: dict[str, list[str] | str], **changes: Any) -> Host:
    """Lines of login files, numbered."""
    numbered = {
        path: tuple(f"{n}:{t}" for n, t in enumerate([said] if isinstance(said, str) else said))
        for path, said in given.items()
    }
    return clients(client_lines=numbered, **changes)


def texts(given: dict[str, Any], **changes: Any) -> Host:
    """Files of clients; objects are written as JSON."""
    return clients(
        texts={
            path: content if isinstance(content, bytes | Unread) else json.dumps(content).encode()
            for path, content in given.items()
        },
        **changes,
    )


def context(address: str = PLAIN, *, skip: bool = False, tls: bool = False, **changes: Any) -> Host:
    endpoint = {"Host": address, "SkipTLSVerify": skip}
    meta = {"Name": "far", "Metadata": {}, "Endpoints": {"docker": endpoint}}
    return texts({CONTEXT: meta}, pems={MATERIAL: DENIED} if tls else {}, **changes)


def builder(endpoint: str, driver: str = "remote", **options: str) -> Host:
    node = {"Name": "far0", "Endpoint": endpoint, "DriverOpts": options}
    return texts({BUILDER: {"Name": "far", "Driver": driver, "Nodes": [node]}})


def command(version: str, given: dict[str, list[str] | str] | None = None, **changes: Any) -> Host:
    line = f"Docker version {version}, build a72d7cd"
    return lines(given or {}, programs={"docker": line}, tools={"docker": True}, **changes)


def folder(changed: dict[str, Any] | None = None, **changes: Any) -> Host:
    """Ann's own plug-ins, as they should be."""
    paths: dict[str, Any] = {
        **dict.fromkeys(("/", "/home", "/opt", "/opt/plugins"), directory()),
        **dict.fromkeys(("/home/ann", "/home/ann/.docker"), directory(0o700, 1000, 1000)),
        PLUGINS: directory(0o755, 1000, 1000),
        f"{PLUGINS}/docker-buildx": file(0o755, 1000, 1000),
    }
    return clients(files=paths | (changed or {}), **changes)


CLOSED = clients(files={"/home/bob/.docker": DENIED})
ON = ["export DOCKER_HOST=" + TLS, "export DOCKER_TLS_VERIFY=1"]

VARIABLES: list[Case] = [
    ("docker-host-plain", "nobody sets it", clients(), "not-applicable", []),
    ("docker-host-plain", "unix", lines({ANN: "export DOCKER_HOST=unix:///x"}), "pass", []),
    ("docker-host-plain", "ssh", lines({ANN: "export DOCKER_HOST=ssh://root@x"}), "pass", []),
    ("docker-host-plain", "verified", lines({ANN: ON}), "pass", []),
    ("docker-host-plain", "verified for all", lines({"/etc/environment": ON[1][7:], ANN: ON[0]}),
     "pass", []),
    ("docker-host-plain", "0 is on", lines({ANN: [ON[0], "export DOCKER_TLS_VERIFY=0"]}), "pass",
     []),
    ("docker-host-plain", "plain", lines({ANN: ON[0]}), "fail", [f"{ANN} DOCKER_HOST={TLS}"]),
    ("docker-host-plain", "without tcp://", lines({ANN: "export DOCKER_HOST=192.0.2.1:2375"}),
     "fail", [f"{ANN} DOCKER_HOST=192.0.2.1:2375"]),
    ("docker-host-plain", "unset again", lines({ANN: [*ON, "unset DOCKER_TLS_VERIFY"]}), "fail",
     [f"{ANN} DOCKER_HOST={TLS}"]),
    ("docker-host-plain", "empty is off", lines({ANN: [ON[0], "export DOCKER_TLS_VERIFY="]}),
     "fail", [f"{ANN} DOCKER_HOST={TLS}"]),
    ("docker-host-plain", "host unset again", lines({ANN: [ON[0], "unset DOCKER_HOST"]}),
     "not-applicable", []),
    ("docker-host-plain", "another's setting", lines({ANN: ON[0], "/home/bob/.zshrc": ON[1]}),
     "fail", [f"{ANN} DOCKER_HOST={TLS}"]),
    ("docker-host-plain", "DOCKER_TLS alone", lines({ANN: [ON[0], "export DOCKER_TLS=1"]}), "fail",
     [f"{ANN} DOCKER_HOST={TLS}"]),
    ("docker-host-plain", "for all, once", lines({"/etc/profile.d/d.sh": ON[0], ANN: "export A=1"}),
     "fail", [f"/etc/profile.d/d.sh DOCKER_HOST={TLS}"]),
    ("docker-host-plain", "in a command", lines({ANN: f"DOCKER_HOST={PLAIN} docker ps"}), "fail",
     [f"{ANN} DOCKER_HOST={PLAIN}"]),
    ("docker-host-plain", "in a command, verified",
     lines({ANN: [ON[1], f"DOCKER_HOST={PLAIN} docker ps"]}), "pass", []),
    ("docker-host-plain", "a crontab", lines({"/etc/cron.d/x": f"DOCKER_HOST={PLAIN}"}), "fail",
     [f"/etc/cron.d/x DOCKER_HOST={PLAIN}"]),
    ("docker-host-plain", "a crontab and /etc/environment",
     lines({"/etc/cron.d/x": f"DOCKER_HOST={PLAIN}", "/etc/environment": "DOCKER_TLS_VERIFY=1"}),
     "pass", []),
    ("docker-host-plain", "a process", lines({"/proc/77/environ": f"DOCKER_HOST={PLAIN}"}), "fail",
     [f"a process with DOCKER_HOST DOCKER_HOST={PLAIN}"]),
    ("docker-host-plain", "a process, verified",
     lines({"/proc/77/environ": [f"DOCKER_HOST={PLAIN}", "DOCKER_TLS_VERIFY=1"]}), "pass", []),
    ("docker-host-plain", "computed", lines({ANN: "export DOCKER_HOST=$OTHER"}), "pass", []),
    ("docker-host-plain", "a closed home", CLOSED, "unknown", []),
    ("tls-verify-misread", "nobody sets it", lines({ANN: ON[0]}), "not-applicable", []),
    ("tls-verify-misread", "1", lines({ANN: ON}), "pass", []),
    ("tls-verify-misread", "both", lines({ANN: [*ON, "export DOCKER_TLS=1"]}), "pass", []),
    ("tls-verify-misread", "no tcp", lines({ANN: "export DOCKER_TLS=1"}), "pass", []),
    ("tls-verify-misread", "empty", lines({ANN: "export DOCKER_TLS_VERIFY="}), "not-applicable",
     []),
    ("tls-verify-misread", "0", lines({ANN: "export DOCKER_TLS_VERIFY=0"}), "fail",
     [f"{ANN} DOCKER_TLS_VERIFY"]),
    ("tls-verify-misread", "False", lines({ANN: "export DOCKER_TLS_VERIFY=False"}), "fail",
     [f"{ANN} DOCKER_TLS_VERIFY"]),
    ("tls-verify-misread", "DOCKER_TLS alone", lines({ANN: [ON[0], "export DOCKER_TLS=1"]}), "fail",
     [f"{ANN} DOCKER_TLS"]),
    ("tls-verify-misread", "DOCKER_TLS=0", lines({ANN: "export DOCKER_TLS=0"}), "fail",
     [f"{ANN} DOCKER_TLS"]),
    ("tls-verify-misread", "a closed home", CLOSED, "unknown", []),
]  # fmt: skip

FILES: list[Case] = [
    ("context-plain", "none", clients(), "not-applicable", []),
    ("context-plain", "ssh", context("ssh://root@far"), "pass", []),
    ("context-plain", "unix", context("unix:///run/docker.sock"), "pass", []),
    ("context-plain", "with material", context(TLS, tls=True), "pass", []),
    ("context-plain", "unverified TLS", context(TLS, skip=True), "pass", []),
    ("context-plain", "plain", context(), "fail", [CONTEXT]),
    ("context-plain", "unreadable", texts({CONTEXT: DENIED}), "unknown", []),
    ("context-plain", "no JSON", texts({CONTEXT: b"{"}), "unknown", []),
    ("context-plain", "DOCKER_TLS_VERIFY is not for contexts",
     context(client_lines={ANN: ("1:export DOCKER_TLS_VERIFY=1",)}), "fail", [CONTEXT]),
    ("context-skip-verify", "none", clients(), "not-applicable", []),
    ("context-skip-verify", "verified", context(TLS, tls=True), "pass", []),
    ("context-skip-verify", "skips", context(TLS, skip=True, tls=True), "fail", [CONTEXT]),
    ("context-skip-verify", "no tcp", context("ssh://far", skip=True), "pass", []),
    ("context-skip-verify", "default, verified", lines({ANN: ON}), "pass", []),
    ("context-skip-verify", "default, DOCKER_TLS", lines({ANN: [ON[0], "export DOCKER_TLS=1"]}),
     "fail", [f"{ANN} DOCKER_TLS"]),
    ("context-skip-verify", "unreadable", texts({CONTEXT: DENIED}), "unknown", []),
    ("credentials-plain", "none", clients(), "not-applicable", []),
    ("credentials-plain", "no auths", texts({CONFIG: {"psFormat": "x"}}), "pass", []),
    ("credentials-plain", "an empty file", texts({CONFIG: b""}), "pass", []),
    ("credentials-plain", "in a store",
     texts({CONFIG: {"auths": {"registry.example": {}}, "credsStore": "pass"}}), "pass", []),
    ("credentials-plain", "empty auth", texts({CONFIG: {"auths": {"r.example": {"auth": ""}}}}),
     "pass", []),
    ("credentials-plain", "base64",
     texts({CONFIG: {"auths": {"registry.example": {"auth": "***"}}}}), "fail",
     [f"{CONFIG} registry.example"]),
    ("credentials-plain", "a token",
     texts({CONFIG: {"auths": {"registry.example": {"identitytoken": "***"}}}}), "fail",
     [f"{CONFIG} registry.example"]),
    ("credentials-plain", "left from before the store",
     texts({CONFIG: {"auths": {"a.example": {"auth": "***"}, "b.example": {}},
                     "credsStore": "pass"}}), "fail", [f"{CONFIG} a.example"]),
    ("credentials-plain", "the old file",
     texts({"/root/.dockercfg": {"registry.example": {"auth": "***", "email": "***"}}}), "fail",
     ["/root/.dockercfg registry.example"]),
    ("credentials-plain", "strange types", texts({CONFIG: {"auths": ["x"], "credsStore": 1}}),
     "pass", []),
    ("credentials-plain", "unreadable", texts({CONFIG: DENIED}), "unknown", []),
    ("credentials-plain", "a closed home", CLOSED, "unknown", []),
    ("proxy-credentials", "none", clients(), "not-applicable", []),
    ("proxy-credentials", "no password",
     texts({CONFIG: {"proxies": {"default": {"httpProxy": "http://proxy.example:3128"}}}}),
     "pass", []),
    ("proxy-credentials", "a password",
     texts({CONFIG: {"proxies": {"default": {"httpProxy": "http://***@proxy.example:3128"}}}}),
     "fail", [f"{CONFIG} proxies.default.httpProxy"]),
    ("proxy-credentials", "unreadable", texts({CONFIG: DENIED}), "unknown", []),
    ("plugins", "none", clients(), "not-applicable", []),
    ("plugins", "absent", folder({PLUGINS: Absent(), f"{PLUGINS}/docker-buildx": Absent()}),
     "not-applicable", []),
    ("plugins", "her own", folder(), "pass", []),
    ("plugins", "her own group", folder({PLUGINS: directory(0o775, 1000, 1000)}), "pass", []),
    ("plugins", "open to all", folder({PLUGINS: directory(0o777, 1000, 1000)}), "fail", [PLUGINS]),
    ("plugins", "a shared group",
     folder({PLUGINS: directory(0o775, 1000, 1000)},
            groups=(*GROUPS[:2], Group("ann", 1000, ("bob",)))), "fail", [PLUGINS]),
    ("plugins", "another's program", folder({f"{PLUGINS}/docker-buildx": file(0o755, 1001, 1001)}),
     "fail", [f"{PLUGINS}/docker-buildx"]),
    ("plugins", "an extra folder",
     folder(texts={CONFIG: b'{"cliPluginsExtraDirs": ["/opt/plugins"]}'}), "pass", []),
    ("plugins", "an open extra folder",
     folder({"/opt/plugins": directory(0o777)},
            texts={CONFIG: b'{"cliPluginsExtraDirs": ["/opt/plugins"]}'}), "fail",
     ["/opt/plugins"]),
    ("plugins", "an extra folder that was not looked at",
     folder(texts={CONFIG: b'{"cliPluginsExtraDirs": ["/srv/x"]}'}), "unknown", []),
    ("plugins", "unreadable", texts({CONFIG: DENIED}), "unknown", []),
    ("insecure-buildkit", "none", clients(), "not-applicable", []),
    ("insecure-buildkit", "TLS", texts({TOML: b'[registry."r.example"]\n  ca=["/ca.crt"]\n'}),
     "pass", []),
    ("insecure-buildkit", "false", texts({TOML: b'[registry."r.example"]\n  http=false\n'}),
     "pass", []),
    ("insecure-buildkit", "http", texts({TOML: b'[registry."r.example"]\n  http=true\n'}), "fail",
     [f"{TOML} r.example"]),
    ("insecure-buildkit", "insecure", texts({TOML: b'[registry."r.example"]\ninsecure=true\n'}),
     "fail", [f"{TOML} r.example"]),
    ("insecure-buildkit", "loopback",
     texts({TOML: b'[registry."localhost:5000"]\n  http=true\n'}), "pass", []),
    ("insecure-buildkit", "no TOML", texts({TOML: b"[registry"}), "unknown", []),
    ("insecure-buildkit", "remote, TLS", builder("tcp://far:1234", cacert="ca.pem"), "pass", []),
    ("insecure-buildkit", "remote, plain", builder("tcp://far:1234"), "fail",
     [f"{BUILDER} tcp://far:1234"]),
    ("insecure-buildkit", "a socket", builder("unix:///run/b.sock"), "pass", []),
    ("insecure-buildkit", "a context", builder("default", "docker-container"), "pass", []),
    ("insecure-buildkit", "an engine over TCP", builder(TLS, "docker-container"), "manual",
     [f"{BUILDER} {TLS}"]),
    ("insecure-buildkit", "unreadable", texts({BUILDER: DENIED}), "unknown", []),
]  # fmt: skip

_TRUST = "export DOCKER_CONTENT_TRUST=1"
TRUST: list[Case] = [
    ("content-trust", "no command", clients(), "not-applicable", []),
    ("content-trust", "29", command("29.1.0"), "not-applicable", []),
    ("content-trust", "29 with it", command("29.1.0", {"/etc/profile.d/t.sh": _TRUST}),
     "not-applicable", []),
    ("content-trust", "not asked", clients(tools={"docker": True}), "unknown", []),
    ("content-trust", "strange version", command("dev"), "unknown", []),
    ("content-trust", "off", command("26.1.5+dfsg1"), "fail", ["DOCKER_CONTENT_TRUST"]),
    ("content-trust", "for all", command("26.1.5", {"/etc/profile.d/t.sh": _TRUST}), "pass", []),
    ("content-trust", "for root", command("26.1.5", {"/root/.profile": _TRUST}), "pass", []),
    ("content-trust", "for ann only", command("26.1.5", {ANN: _TRUST}), "fail",
     ["DOCKER_CONTENT_TRUST"]),
    ("content-trust", "turned off by ann",
     command("26.1.5", {"/etc/profile.d/t.sh": _TRUST, ANN: "export DOCKER_CONTENT_TRUST=0"}),
     "fail", [f"{ANN} DOCKER_CONTENT_TRUST"]),
    ("content-trust", "off for all",
     command("26.1.5", {"/etc/environment": "DOCKER_CONTENT_TRUST=0"}), "fail",
     ["/etc/environment DOCKER_CONTENT_TRUST"]),
    # Go takes what is no boolean for yes.
    ("content-trust", "a word",
     command("26.1.5", {"/etc/environment": "DOCKER_CONTENT_TRUST=yes"}), "pass", []),
]  # fmt: skip
CASES = [*VARIABLES, *FILES, *TRUST]


@pytest.mark.parametrize(
    ("name", "subject", "status", "resources"),
    [pytest.param(*case[:1], *case[2:], id=f"{case[0]}: {case[1]}") for case in CASES],
)
def test_client(name: str, subject: Host, status: str, resources: list[str]) -> None:
    result = verdict(f"client-{name}", subject)
    assert result.status == status, result.message
    assert [finding.resource for finding in result.findings] == resources


def test_every_check_has_cases() -> None:
    assert {f"client-{case[0]}" for case in CASES} == set(IDS)


@pytest.mark.parametrize("id", IDS)
def test_profiles(id: str) -> None:
    trust = ("cis-level2", "strict")
    assert checks()[id].profiles == (
        trust if id == "client-content-trust" else ("daemon", "strict")
    )


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:2375", "tcp://localhost:1", "tcp://[::1]:1"])
def test_loopback_is_less(address: str) -> None:
    told = lines({ANN: f"export DOCKER_HOST={address}"})
    assert verdict("client-docker-host-plain", told).severity == "medium"
    assert verdict("client-context-plain", context(address)).severity == "medium"
    assert verdict("client-context-plain", context()).severity == "high"


def test_evidence_names_line_and_text() -> None:
    result = verdict("client-docker-host-plain", lines({ANN: ["", ON[0]]}))
    (proof,) = result.findings[0].evidence
    assert (proof.source, proof.detail) == (f"{ANN}:1", ON[0])


def test_processes_are_named_without_their_numbers() -> None:
    one, other = (
        verdict("client-docker-host-plain", lines({f"/proc/{pid}/environ": f"DOCKER_HOST={PLAIN}"}))
        for pid in (77, 88)
    )
    assert one.findings[0].fingerprint == other.findings[0].fingerprint


def test_no_secret_is_printed() -> None:
    leaking = texts({
        CONFIG: {
            "auths": {"registry.example": {"auth": "c2VjcmV0"}},
            "proxies": {"default": {"httpProxy": "http://ann:s3cret@proxy.example"}},
        }
    })  # fmt: skip
    for name in ("credentials-plain", "proxy-credentials"):
        result = verdict(f"client-{name}", leaking)
        assert result.status == "fail"
        assert "c2VjcmV0" not in str(result)
        assert "s3cret" not in str(result)


MUTATIONS: dict[str, tuple[Host, Host]] = {
    "client-docker-host-plain": (
        lines({ANN: "export DOCKER_HOST=ssh://root@far"}),
        lines({ANN: "export DOCKER_HOST=tcp://far:2375"}),
    ),
    "client-tls-verify-misread": (
        lines({ANN: ON}),
        lines({ANN: [ON[0], "export DOCKER_TLS_VERIFY=0"]}),
    ),
    "client-context-plain": (context("ssh://root@far"), context()),
    "client-context-skip-verify": (context(TLS, tls=True), context(TLS, tls=True, skip=True)),
    "client-credentials-plain": (
        texts({CONFIG: {"auths": {"registry.example": {}}, "credsStore": "pass"}}),
        texts({CONFIG: {"auths": {"registry.example": {"auth": "***"}}, "credsStore": "pass"}}),
    ),
    "client-proxy-credentials": (
        texts({CONFIG: {"proxies": {"default": {"httpProxy": "http://proxy.example"}}}}),
        texts({CONFIG: {"proxies": {"default": {"httpProxy": "http://***@proxy.example"}}}}),
    ),
    "client-plugins": (folder(), folder({PLUGINS: directory(0o777, 1000, 1000)})),
    "client-content-trust": (
        command("26.1.5", {"/etc/profile.d/t.sh": _TRUST}),
        command("26.1.5"),
    ),
    "client-insecure-buildkit": (
        texts({TOML: b'[registry."r.example"]\nhttp=false\n'}),
        texts({TOML: b'[registry."r.example"]\nhttp=true\n'}),
    ),
}


def test_every_check_has_a_mutation() -> None:
    assert set(MUTATIONS) == set(IDS)


@pytest.mark.parametrize("id", IDS)
def test_the_one_change_fails(id: str) -> None:
    sound, changed = MUTATIONS[id]
    assert verdict(id, sound).status == "pass"
    assert verdict(id, changed).status == "fail"
