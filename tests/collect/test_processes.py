"""Which processes are daemons, of those that the collector met."""

import pytest

from dockeraudit.collect.assemble import facts
from dockeraudit.collect.frames import Frame
from dockeraudit.facts import Unread


def seen(*frames: Frame) -> list[int]:
    """The daemons among the processes."""
    always = [Frame(kind, b"", ()) for kind in ("machine", "stat", "asked")]
    found = facts([*always, *frames], target="web1", collected_at=0, duration=0).processes
    assert not isinstance(found, Unread)
    return [process.pid for process in found if process.role == "dockerd"]


def dockerd(pid: int, parent: int = 1) -> Frame:
    stat = f"{pid} (dockerd) S {parent} " + " ".join(["0"] * 17) + " 100 0"
    return Frame("proc", b"%d dockerd" % pid, (b"stat " + stat.encode(), b"exe /usr/bin/dockerd"))


def argv(pid: int, *words: bytes) -> Frame:
    return Frame("argv", b"%d" % pid, words)


DAEMON = (dockerd(5), argv(5, b"/usr/bin/dockerd", b"-H", b"fd://"))


@pytest.mark.parametrize(
    "option", [b"--version", b"-v", b"--help", b"-h", b"--validate"], ids=bytes.decode
)
def test_who_only_says_something_is_no_daemon(option: bytes) -> None:
    """Another scan asks for the version where there is no other way to know it."""
    assert seen(*DAEMON, dockerd(9), argv(9, b"dockerd", option)) == [5]


def test_an_option_that_only_looks_like_it() -> None:
    assert seen(dockerd(9), argv(9, b"dockerd", b"--label", b"--version")) == [9]


def test_who_ended_before_its_arguments_were_read() -> None:
    assert seen(*DAEMON, dockerd(9), Frame("gone", b"9", ())) == [5]
    assert seen(*DAEMON, Frame("gone", b"5", ())) == [5]


def test_whose_arguments_are_denied_is_a_daemon() -> None:
    assert seen(*DAEMON, dockerd(9)) == [5, 9]
