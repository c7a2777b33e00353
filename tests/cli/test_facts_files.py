"""Facts files: judged as the live host was, wherever and whenever, and never a traceback."""

import gzip
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import PROGRAM, RECORDED, environment, facts, run

HOST = Path(facts("mtls"))
TIMES = ("started", "finished")


def judged(*arguments: str, cwd: Path | None = None) -> dict[str, Any]:
    """The JSON report of a scan."""
    answer = run("scan", *arguments, "--format", "json", cwd=cwd)
    report: dict[str, Any] = json.loads(answer.out)
    assert report["summary"]["exit_code"] == answer.status
    return report


def less_times(report: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in report.items() if name not in TIMES}


def test_same_again_and_again() -> None:
    first, second = judged(str(RECORDED)), judged(str(RECORDED), "--concurrency", "1")
    assert less_times(first) == less_times(second)
    names = [host["target"] for host in first["hosts"]]
    paths = sorted(path.name for path in RECORDED.glob("*.facts.json"))
    assert names == [path.partition(".")[0] for path in paths]


def test_order_is_that_of_the_targets() -> None:
    names = ["weak-certs", "broken-next", "sid", "mtls"]
    report = judged(*map(facts, names))
    assert [host["target"] for host in report["hosts"]] == names


def test_folder_and_compressed_file(tmp_path: Path) -> None:
    (tmp_path / "a.facts.json.gz").write_bytes(gzip.compress(HOST.read_bytes()))
    (tmp_path / "notes.txt").write_text("no facts")
    assert less_times(judged(".", cwd=tmp_path)) == less_times(judged(str(HOST)))


def test_each_target_once(tmp_path: Path) -> None:
    assert len(judged(str(HOST), str(HOST))["hosts"]) == 1
    (tmp_path / "hosts").write_text(f"{HOST}\n{HOST}  # again\n")
    assert len(judged(str(HOST), "-i", str(tmp_path / "hosts"))["hosts"]) == 1


def test_two_collections_of_one_host(tmp_path: Path) -> None:
    later = json.loads(HOST.read_bytes())
    later["collected_at"] += 86400
    (tmp_path / "later.facts.json").write_text(json.dumps(later))
    hosts = judged(str(HOST), str(tmp_path / "later.facts.json"))["hosts"]
    assert [host["target"] for host in hosts] == ["mtls", "mtls"]
    assert hosts[0]["collected_at"] < hosts[1]["collected_at"]


def test_certificates_are_judged_by_the_clock_of_the_collection(tmp_path: Path) -> None:
    statuses = {}
    for years in (0, 30):
        later = json.loads(HOST.read_bytes())
        later["collected_at"] += years * 366 * 86400
        later["machine"]["clock"] += years * 366 * 86400
        (tmp_path / "h.facts.json").write_text(json.dumps(later))
        results = judged("h.facts.json", cwd=tmp_path)["hosts"][0]["results"]
        by_check = {result["check"]: result["status"] for result in results}
        statuses[years] = by_check["certificate-expired"]
    assert statuses == {0: "pass", 30: "fail"}


def altered(**changes: Any) -> bytes:
    return json.dumps(json.loads(HOST.read_bytes()) | changes).encode()


DEEP = (
    b'{"socket": "/run/docker.sock", "info": {"is": "unread", "reason": ""}, "version": {"is": '
    b'"document", "value": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}}"
)
BAD = [
    pytest.param("h.facts.json", b"", "not a facts file", id="empty"),
    pytest.param("h.facts.json", b"{}", "not a facts file", id="an empty object"),
    pytest.param("h.facts.json", b"[1, 2]", "not a facts file", id="a list"),
    pytest.param("h.facts.json", b"\x00\xff\xfe", "not a facts file", id="bytes"),
    pytest.param("h.facts.json", HOST.read_bytes()[:5000], "truncated", id="half a file"),
    pytest.param("h.facts.json", altered(facts_version="2"), "version '2'", id="newer"),
    pytest.param("h.facts.json", altered(collected_at=-1), "no time", id="before 1970"),
    pytest.param("h.facts.json", altered(collected_at=10**15), "no time", id="the far future"),
    pytest.param("h.facts.json", altered(collected_at=10**30), "not a facts file", id="huge"),
    pytest.param("h.facts.json", altered(duration=-1.0), "no time", id="negative duration"),
    pytest.param("h.facts.json", altered(processes=7), "$.processes", id="wrong type"),
    pytest.param(
        "h.facts.json",
        HOST.read_bytes().replace(b'"apis": [', b'"apis": [' + DEEP + b",", 1),
        "not a facts file",
        id="nested deeply",
    ),
    pytest.param("h.facts.json.gz", HOST.read_bytes(), "ot a gzipped file", id="not compressed"),
    pytest.param("h.facts.json.gz", gzip.compress(b"{}" * 5000)[:20], "ended", id="cut short"),
    pytest.param("h.facts.json.gz", b"", "not a facts file", id="empty, compressed"),
    pytest.param(
        "h.facts.json.gz", gzip.compress(bytes(70 << 20)), "larger than 64 MiB", id="a bomb"
    ),
]


@pytest.mark.parametrize(("name", "content", "said"), BAD)
def test_bad_file_costs_only_itself(name: str, content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    report = judged(name, str(HOST), cwd=tmp_path)
    bad, good = report["hosts"]
    assert (bad["target"], bad["state"], bad["results"]) == (name, "unreachable", [])
    assert bad["error"]["kind"] == "facts"
    assert said in bad["error"]["message"]
    assert bad["error"]["hint"]
    assert good["state"] == "scanned"
    assert judged(name, cwd=tmp_path)["summary"]["exit_code"] == 3


def test_a_folder_in_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "folder.facts.json").mkdir()
    (tmp_path / "folder.facts.json" / "x.facts.json").mkdir()
    inner = judged("folder.facts.json", cwd=tmp_path)
    assert inner["hosts"][0]["error"]["message"] == "Is a directory"


def test_this_machine_and_its_facts_file_give_the_same(tmp_path: Path) -> None:
    live = judged("local")["hosts"][0]
    answer = run("collect", "-o", "facts", cwd=tmp_path)
    assert answer.status == 0
    assert answer.out == ""
    (path,) = (tmp_path / "facts").iterdir()
    assert answer.err == f"wrote facts/{path.name}\n"
    assert path.stat().st_mode & 0o777 == 0o600
    saved = judged("facts", cwd=tmp_path)["hosts"][0]
    assert (live["target"], saved["target"]) == ("local", live["hostname"])
    assert path.name.startswith(live["hostname"])
    for host in (live, saved):
        for name in ("target", "duration_s", "collected_at"):
            del host[name]
    assert saved == live


def test_machines_that_call_themselves_local_stay_apart(tmp_path: Path) -> None:
    for name in ("plain-any", "rhel-like"):
        content = json.loads(Path(facts(name)).read_bytes()) | {"target": "local"}
        (tmp_path / f"{name}.facts.json").write_text(json.dumps(content))
    hosts = judged(".", cwd=tmp_path)["hosts"]
    assert [host["target"] for host in hosts] == ["plain-any", "rhel-like"]
    prints = [
        finding["fingerprint"]
        for host in hosts
        for result in host["results"]
        for finding in result["findings"]
    ]
    assert len(prints) == len(set(prints))


def test_collect_says_what_failed_and_saves_the_rest(tmp_path: Path) -> None:
    answer = run("collect", "ssh://127.0.0.1:1", "local", cwd=tmp_path)
    assert answer.status == 3
    lines = sorted(answer.err.splitlines())
    assert len(lines) == 2
    assert lines[0].startswith("ssh://127.0.0.1:1: refused: ")
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("folder", ["/proc/x", "taken", "taken/below"])
def test_collect_into_nowhere(folder: str, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    answer = run("collect", "-o", folder, cwd=tmp_path)
    assert answer.status == 4
    assert answer.err.count("\n") == 1


def test_memory_stays_flat(tmp_path: Path) -> None:
    """Facts are dropped as soon as they are judged: 400 hosts take little more than 40."""
    content = json.loads(HOST.read_bytes())
    content["texts"]["/etc/padding"] = "QUFB" * 100_000
    peaks = []
    for number in (40, 400):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "0.facts.json").write_text(json.dumps(content))
        for each in range(1, number):
            (folder / f"{each}.facts.json").symlink_to("0.facts.json")
        program = (
            "import resource, sys; from dockeraudit.cli import main\n"
            f"sys.argv = ['dockeraudit', 'scan', {str(folder)!r}, '--check', 'listener-*']\n"
            "try: main()\n"
            "finally: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
        )
        done = subprocess.run(
            [PROGRAM[0], "-c", program],
            capture_output=True,
            text=True,
            check=False,
            env=environment(),
        )
        peaks.append(int(done.stderr.splitlines()[-1]) / 1024)
    assert peaks[1] - peaks[0] < 40, peaks
