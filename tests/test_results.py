"""Results on disk: whole lines only, whatever happens to the process, the disk or a second scan."""

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from dockeraudit.facts import HostFacts
from dockeraudit.fleet import compared, shown
from dockeraudit.host import Host
from dockeraudit.output import OutputError
from dockeraudit.plugins import checks
from dockeraudit.repeated import identity, once
from dockeraudit.report import HostError, HostReport, Tool
from dockeraudit.results import RESULTS, RUN, Looked, Results, ResultsError, Run
from dockeraudit.scan import Plan, report_host
from dockeraudit.targets import Target, parse

RECORDED = sorted((Path(__file__).parent / "collect" / "recorded").glob("*.facts.json"))[:4]
PLAN = Plan(checks=tuple(checks().values()))


def looks() -> Iterator[tuple[Target, Looked]]:
    for path in RECORDED:
        target = parse(str(path))
        host = Host(msgspec.json.decode(path.read_bytes(), type=HostFacts))
        report = report_host(host, PLAN)
        at = report.address
        yield target, Looked(report, shown(host, at), identity(target, host, at))


LOOKS = tuple(looks())
TARGETS = tuple(target for target, _ in LOOKS)
LOOKED = tuple(looked for _, looked in LOOKS)


def in_memory(looks: Sequence[Looked] = LOOKED) -> tuple[HostReport, ...]:
    """The reports of hosts that were scanned together, by what compares them in memory."""
    reports = compared(tuple(each.report for each in looks), tuple(each.shown for each in looks))
    return once(reports, [each.identity for each in looks])


def run_of(targets: tuple[Target, ...] = TARGETS) -> Run:
    return Run(
        tool=Tool("dockeraudit", "1"),
        started="2026-11-24T13:00:00Z",
        arguments=("-i", "hosts.txt"),
        targets=targets,
        profile="default",
        fail_on="low",
    )


def unreached(number: int) -> Looked:
    error = HostError("timeout", "no answer", "look")
    target = TARGETS[number].spec
    return Looked(HostReport(target, "", "", "unreachable", error))


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path / "run")


@pytest.fixture
def results(folder: str) -> Iterator[Results]:
    with Results.create(folder, run_of()) as made:
        yield made


def size(folder: str) -> int:
    return os.path.getsize(os.path.join(folder, RESULTS))


def test_reports_are_those_of_a_scan_in_memory(results: Results, folder: str) -> None:
    for number in (2, 0, 3, 1):
        results.add(number, LOOKED[number])
    expected = in_memory()
    hosts = results.hosts()
    assert tuple(hosts) == expected
    assert tuple(hosts) == expected, "as often as they are asked"
    assert (len(hosts), hosts[1], hosts[-1]) == (4, expected[1], expected[3])
    assert hosts[1:3] == expected[1:3]
    with pytest.raises(IndexError):
        hosts[4]
    assert results.done == {0, 1, 2, 3}


def test_a_host_that_was_named_twice_and_a_key_on_two_hosts() -> None:
    """The steps over all hosts, host by host, give what they gave in memory."""
    looks = [each for each in LOOKED for _ in range(2)]
    looks = [
        msgspec.structs.replace(
            each,
            identity=each.identity
            and msgspec.structs.replace(each.identity, name=f"name {number}", live=True),
            report=msgspec.structs.replace(each.report, target=f"name {number}"),
            shown=each.shown and msgspec.structs.replace(each.shown, machine=f"{number // 3}"),
        )
        for number, each in enumerate(looks)
    ]
    reports = in_memory(looks)
    assert any(each.same_as for each in reports)
    assert "on several hosts" in repr(reports)
    with Results.temporary(tuple(Target(f"name {n}", "ssh", f"name{n}") for n in range(8))) as made:
        for number, each in enumerate(looks):
            made.add(number, each)
        assert tuple(made.hosts()) == reports


def test_a_target_without_a_result_was_interrupted(results: Results) -> None:
    results.add(1, LOOKED[1])
    first, second, *_ = results.hosts()
    assert (first.target, first.state) == (TARGETS[0].spec, "unreachable")
    assert first.error is not None
    assert first.error.kind == "interrupted"
    assert second == LOOKED[1].report


def test_resumed_after_a_kill_in_the_middle_of_a_line(folder: str) -> None:
    with Results.create(folder, run_of()) as made:
        made.add(0, LOOKED[0])
        made.add(1, unreached(1))
        whole = size(folder)
        made.add(2, LOOKED[2])
    os.truncate(os.path.join(folder, RESULTS), whole + 100)
    with Results.resume(folder) as again:
        assert again.run == run_of()
        assert size(folder) == whole
        assert again.done == {0}
        for number in (1, 2, 3):
            again.add(number, LOOKED[number])
        assert again.done == {0, 1, 2, 3}
        assert [each.target for each in again.hosts()] == [each.report.target for each in LOOKED], (
            "the later line wins"
        )
    with Results.resume(folder) as last:
        assert tuple(last.hosts()) == in_memory()


@pytest.mark.parametrize("left", ["nothing", RESULTS, RUN])
def test_killed_before_the_first_result(folder: str, left: str) -> None:
    os.mkdir(folder)
    if left == RESULTS:
        Path(folder, RESULTS).touch()
    if left == RUN:
        Path(folder, RUN).write_bytes(msgspec.json.encode(run_of()))
        with Results.resume(folder) as made:
            assert made.done == set()
    else:
        with Results.create(folder, run_of()) as made:
            made.add(0, LOOKED[0])


def test_every_result_is_one_write_of_one_line(results: Results, folder: str) -> None:
    for number, each in enumerate(LOOKED):
        before = writes()
        results.add(number, each)
        assert writes() == before + 1
        assert len(Path(folder, RESULTS).read_bytes().splitlines()) == number + 1


def writes() -> int:
    """How many times this process has called the kernel to write."""
    counts = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(counts["syscw"])


def test_nobody_else_may_look(results: Results, folder: str) -> None:
    modes = [os.stat(each).st_mode & 0o777 for each in (folder, *map(str, Path(folder).iterdir()))]
    assert modes == [0o700, 0o600, 0o600]


def test_one_scan_at_a_time(results: Results, folder: str) -> None:
    with pytest.raises(ResultsError, match="another scan is writing there"):
        Results.resume(folder)
    with pytest.raises(OutputError, match="--resume"):
        Results.create(folder, run_of())
    results.add(0, LOOKED[0])
    with Results.read(folder) as seen:
        assert seen.hosts()[0] == LOOKED[0].report
    results.close()
    with Results.resume(folder) as again:
        assert again.done == {0}


def test_reading_changes_nothing(folder: str) -> None:
    with Results.create(folder, run_of()) as made:
        made.add(0, LOOKED[0])
    with open(os.path.join(folder, RESULTS), "ab") as file:
        file.write(b'{"number":1,')
    before = size(folder)
    with Results.read(folder) as seen:
        assert seen.done == {0}
        assert seen.hosts()[1].state == "unreachable"
    assert size(folder) == before


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("")
    with pytest.raises(OutputError, match="it holds something already"):
        Results.create(str(tmp_path), run_of())
    assert os.listdir(tmp_path) == ["thesis.txt"]
    with pytest.raises(OutputError, match="Not a directory"):
        Results.create(str(tmp_path / "thesis.txt"), run_of())
    with pytest.raises(OutputError, match="create the folder first"):
        Results.create(str(tmp_path / "no" / "run"), run_of())


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        pytest.param(RUN, None, "there is no run.json", id="nothing"),
        pytest.param(RUN, b"{}", "run.json is damaged", id="another JSON"),
        pytest.param(RUN, b"\xff", "run.json is damaged", id="no JSON"),
        pytest.param(RUN, b'{"schema_version":"9"}', "its version is 9", id="a newer version"),
        pytest.param(RESULTS, b"{}\n", "results.jsonl, line 1 is damaged", id="another line"),
        pytest.param(RESULTS, b"\0\0\n", "line 1 is damaged", id="zeros of a power cut"),
        pytest.param(
            RESULTS,
            b'{"number":4,"at":"2026-11-24T13:00:00Z","heads":[],'
            b'"report":{"target":"a","state":"scanned"}}\n',
            "no target has the number 4",
            id="a strange number",
        ),
    ],
)
def test_what_can_not_be_used_is_one_line(
    folder: str, name: str, text: bytes | None, said: str
) -> None:
    with Results.create(folder, run_of()):
        pass
    path = Path(folder, name)
    path.unlink() if text is None else path.write_bytes(text)
    for way in (Results.resume, Results.read):
        with pytest.raises(ResultsError, match=said) as raised:
            way(folder)
        assert "\n" not in str(raised.value)


def test_a_file_that_may_not_grow_is_cut_back_to_whole_lines(results: Results, folder: str) -> None:
    results.add(0, LOOKED[0])
    whole = size(folder)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (whole + 1000, limits[1]))
    try:
        with pytest.raises(OutputError, match="--resume"):
            results.add(1, LOOKED[1])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert size(folder) == whole
    results.add(1, LOOKED[1])
    results.close()
    with Results.resume(folder) as again:
        assert again.done == {0, 1}
        assert again.hosts()[1] == LOOKED[1].report


FULL = """
import os, subprocess, sys
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", sys.argv[1]], check=True)
from tests.test_results import *
folder = os.path.join(sys.argv[1], "run")
made = Results.create(folder, run_of())
said = written = None
for number in range(4):
    try:
        made.add(number, LOOKED[number])
    except OutputError as error:
        said, failed = str(error), number
        break
assert said and "No space left on device" in said and "--resume" in said, said
data = open(os.path.join(folder, RESULTS), "rb").read()
assert data.endswith(b"\\n") and len(data.splitlines()) == failed > 0, (failed, len(data))
assert made.done == set(range(failed))
assert [each.state for each in made.hosts()][failed:] == ["unreachable"] * (4 - failed)
made.close()
subprocess.run(["mount", "-o", "remount,size=4m", sys.argv[1]], check=True)
with Results.resume(folder) as again:
    for number in range(failed, 4):
        again.add(number, LOOKED[number])
    assert tuple(again.hosts()) == in_memory()
print("resumed after", failed)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="mounting a disk of its own needs root")
def test_a_disk_that_is_full_for_a_while(tmp_path: Path) -> None:
    done = subprocess.run(
        ["unshare", "--mount", sys.executable, "-c", FULL, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout[:13]) == (0, "resumed after"), done.stderr


def test_no_room_for_the_first_file(tmp_path: Path, folder: str) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
    try:
        with pytest.raises(OutputError) as raised:
            Results.create(folder, run_of())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert raised.value.reason == os.strerror(errno.EFBIG)
    with Results.create(folder, run_of()) as made:
        made.add(0, LOOKED[0])


def test_temporary_results_leave_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Results.temporary(TARGETS) as made:
        made.add(0, LOOKED[0])
        assert made.hosts()[0] == LOOKED[0].report
        assert os.listdir(tmp_path) == []
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "no"))
    with pytest.raises(OutputError, match="create the folder first"):
        Results.temporary(TARGETS)
