"""Which mounts of a container hold an engine's socket."""

from typing import Any

import pytest

from dockeraudit.facts import VolumeFacts
from dockeraudit.host import Container, Host
from dockeraudit.host.binds import Mounted
from dockeraudit.host.engine_sockets import holding
from tests.build import Unread, container, directory, facts, file, inventory, keeping


def subject(mounts: list[dict[str, Any]], volumes: Any = (), **changes: Any) -> Container:
    seen = container(Mounts=mounts)
    engine = keeping(inventory(seen, volumes=volumes))
    return Container(Host(facts(**changes), (engine,)), engine, seen)


def held(container: Container) -> list[str]:
    """The real paths of the mounts that hold a socket."""
    return [each.real for each in holding(container) if isinstance(each, Mounted)]


def bind(source: str, *, rw: bool = True) -> dict[str, Any]:
    return {"Type": "bind", "Source": source, "Destination": "/x", "RW": rw}


@pytest.mark.parametrize(
    ("source", "holds"),
    [
        ("/run/docker.sock", True),
        ("/var/run/docker.sock", True),
        ("/run", True),
        ("/var/run/", True),
        ("/run/./docker.sock", True),
        ("//run", True),
        ("/", True),
        ("/run/containerd/containerd.sock", True),
        ("/run/docker", True),
        ("/var", False),  # in the container /var/run leads to a /run of its own
        ("/var/lib/docker", False),
        ("/run/docker.sock.d", False),
        ("/srv/docker.sock", False),
    ],
)
def test_paths(source: str, holds: bool) -> None:
    for rw in (True, False):
        assert bool(held(subject([bind(source, rw=rw)]))) is holds


def test_links_are_followed() -> None:
    files = {
        "/srv": directory(),
        "/srv/sockets": file(0o777, kind="symlink", target="/run"),
    }
    assert held(subject([bind("/srv/sockets")], files=files)) == ["/run"]


def test_another_name_of_the_same_socket() -> None:
    files = {
        "/run/docker.sock": file(0o660, kind="socket", inode=7),
        "/srv/s": file(0o660, kind="socket", inode=7),
        "/srv/other": file(0o660, kind="socket", inode=8),
    }
    assert held(subject([bind("/srv/s")], files=files))
    assert not held(subject([bind("/srv/other")], files=files))


def test_a_volume_that_binds_a_folder() -> None:
    mount = {"Type": "volume", "Name": "v", "Source": "/data/v", "Driver": "local"}
    bound = VolumeFacts("v", "local", "/data/v", {"type": "none", "o": "bind", "device": "/run"})
    assert held(subject([mount], (bound,)))
    assert not held(subject([mount], (VolumeFacts("v", "local", "/data/v"),)))
    hidden = subject([mount], Unread("denied"))
    assert not held(hidden)
    assert len(list(holding(hidden))) == 1
