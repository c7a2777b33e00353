"""`dockeraudit probe` in the lab's network: what the hosts are, without a login."""

import json
import sys

from tests.lab.use import Lab

MODES = {
    "plain-any": "PLAIN",
    "rhel-like": "PLAIN",
    "socket-tcp": "PLAIN",
    "relay": "PLAIN",
    "tls-noauth": "TLS-NOAUTH",
    "mtls": "MTLS",
    "weak-certs": "MTLS",
    "hardened": "MTLS",
    "sid": "MTLS",
    "loose": "MTLS",
    "no-engine": None,
    "plain-loopback": None,
    "broken-next": None,
}
FAILED = {
    "PLAIN": {"listener-tcp-plain", "tls-verify-enabled"},
    "TLS-NOAUTH": {"listener-tls-without-client-auth", "tls-verify-enabled"},
}
WEAK = {"certificate-expires-soon", "certificate-key-size", "certificate-signature-algorithm"}


def test_each_host_is_what_it_shows(lab: Lab) -> None:
    addresses = {lab.host(name).address: name for name in MODES}
    command = [sys.executable, "-m", "dockeraudit", "probe", *addresses, "--config", "none"]
    done = lab.run([*command, "--format", "json"])
    assert done.returncode == 1, done.stderr
    hosts = json.loads(done.stdout)["hosts"]
    seen = {addresses[host["target"].removeprefix("tcp://")]: host for host in hosts}
    assert set(seen) == set(MODES)
    for name, mode in MODES.items():
        host = seen[name]
        assert [each["mode"] for each in host["listeners"]] == ([mode] if mode else []), name
        assert host["state"] == "scanned"
        failed = {each["check"] for each in host["results"] if each["status"] == "fail"}
        expected = WEAK if name == "weak-certs" else FAILED.get(mode or "", set())
        assert failed == expected, name
        assert not any(each["status"] == "unknown" for each in host["results"])
        told = [each["version"] != "" for each in host["engines"]]
        assert told == ([mode in ("PLAIN", "TLS-NOAUTH")] if mode else [])
