"""What real hosts of the lab sent (`recorded/HOST.out`), and the facts it was read as."""

from pathlib import Path

import msgspec
import pytest

from dockeraudit.facts import HostFacts, decode, encode
from tests.collect import record

HERE = Path(__file__).parent / "recorded"
HOSTS = sorted(path.stem for path in HERE.glob("*.out"))


def read(host: str) -> HostFacts:
    return record.read((HERE / f"{host}.out").read_bytes(), host)


@pytest.mark.parametrize("host", HOSTS)
def test_facts_are_as_recorded(host: str) -> None:
    found = msgspec.json.decode(encode(read(host)))
    assert found == msgspec.json.decode((HERE / f"{host}.facts.json").read_bytes())


@pytest.mark.parametrize("host", HOSTS)
def test_nothing_was_unreadable(host: str) -> None:
    facts = read(host)
    assert facts.notes == ()
    assert decode(encode(facts)) == facts


WIRES = {
    "plain-any": [("::", 2375, "api", None)],
    "plain-loopback": [("127.0.0.1", 2375, "api", None)],
    "tls-noauth": [("::", 2376, "tls-server", "api")],
    "mtls": [("::", 2376, "tls-server", "client-certificate-required")],
    "socket-tcp": [("::", 2375, "api", None)],
    "busybox": [("127.0.0.1", 2375, "api", None)],
    "sid": [("::", 2376, "tls-server", "client-certificate-required")],
    "relay": [],
    "no-engine": [],
}


@pytest.mark.parametrize("host", WIRES)
def test_wires(host: str) -> None:
    seen = [(w.address, w.port, w.plain, w.tls) for w in read(host).wires]
    assert seen == WIRES[host]


@pytest.mark.parametrize(
    ("host", "init"), [("hardened", "systemd"), ("sid", "sysvinit"), ("busybox", "openrc")]
)
def test_init(host: str, init: str) -> None:
    assert read(host).boot.init == init


@pytest.mark.parametrize(
    ("host", "daemons"), [("plain-any", 1), ("two-daemons", 2), ("no-engine", 0), ("malformed", 0)]
)
def test_daemons(host: str, daemons: int) -> None:
    processes = read(host).processes
    assert isinstance(processes, tuple)
    assert sum(process.role == "dockerd" for process in processes) == daemons
