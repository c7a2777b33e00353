"""`dockeraudit report`, and which files a report may replace."""

import json
import os
from pathlib import Path

import pytest

from dockeraudit.plugins import writer
from dockeraudit.report import Report
from tests.cli.program import facts, run
from tests.reports.scans import SCANS, host, report, unreachable
from tests.test_merging import OPEN, scanned


def saved(folder: Path, name: str, given: Report) -> str:
    path = folder / name
    path.write_text("".join(writer("json").render(given)), encoding="utf-8")
    return str(path)


def test_a_saved_report_is_rendered_as_the_scan_would_have(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    scan = run("scan", facts("plain-any"), "--report", f"json={path}", "--format", "junit")
    again = run("report", str(path), "--format", "junit")
    assert (again.status, again.out) == (scan.status, scan.out)
    assert again.status == 1
    piped = run("report", "-", "--format", "json", stdin=path.read_bytes())
    assert piped.out.encode() == path.read_bytes()


def test_the_table_is_shown_and_files_are_written(tmp_path: Path) -> None:
    path = saved(tmp_path, "r.json", SCANS["one of everything"]())
    done = run("report", path, *(f"--report={name}={tmp_path / name}" for name in ("html", "csv")))
    assert done.out.startswith("dockeraudit ")
    assert "RESULT exit 1" in done.out
    assert (tmp_path / "html").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "csv").read_bytes().startswith(b"\xef\xbb\xbfhost,")


def test_reports_are_merged_and_what_is_older_is_named(tmp_path: Path) -> None:
    old = saved(tmp_path, "old.json", scanned(host("a", OPEN, collected_at="2026-11-23T06:00:00Z")))
    new = saved(tmp_path, "new.json", scanned(host("a"), host("b")))
    done = run("report", old, new, "--format", "json")
    assert done.status == 0
    assert [each["target"] for each in json.loads(done.out)["hosts"]] == ["a", "b"]
    assert done.err == f"a: {old} has it too, as of 2026-11-23T06:00:00Z; taken from {new}\n"


def test_another_level(tmp_path: Path) -> None:
    path = saved(tmp_path, "r.json", scanned(host("a", OPEN)))
    assert run("report", path).status == 1
    assert run("report", path, "--fail-on", "critical").status == 0


def test_not_all_was_reached(tmp_path: Path) -> None:
    away = unreachable("b", "timeout", "no answer", "wait")
    assert run("report", saved(tmp_path, "r.json", scanned(host("a"), away))).status == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "is no JSON report of dockeraudit"),
        (b"[]", "is no JSON report of dockeraudit"),
        (b"\xff\xfe", "is no JSON report of dockeraudit"),
        (None, "No such file"),
    ],
)
def test_wrong_files(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "x.json"
    if content is not None:
        path.write_bytes(content)
    done = run("report", str(path))
    assert (done.status, done.out) == (2, "")
    assert said in done.err
    assert done.err.count("\n") == 1


def test_wrong_use(tmp_path: Path) -> None:
    path = saved(tmp_path, "r.json", report(host("a"), schema_version="99"))
    assert "schema version '99'" in run("report", path).err
    assert run("report").status == 2
    assert "name `-` once" in run("report", "-", "-").err
    assert "Did you mean 'html'" in run("report", path, "--format", "htm").err


def test_what_is_read_is_not_replaced_by_accident(tmp_path: Path) -> None:
    path = saved(tmp_path, "r.json", scanned(host("a")))
    link = tmp_path / "link.json"
    link.symlink_to(path)
    done = run("report", str(link), "--report", f"csv={path}")
    assert done.status == 2
    assert "one of those that are read" in done.err
    assert run("report", path, "--report", f"csv={path}", "--force").status == 0
    assert Path(path).read_bytes().startswith(b"\xef\xbb\xbfhost,")


FORMATS = ("json", "html", "csv", "sarif", "table", "prometheus", "ocsf", "gitlab")


def test_yesterdays_reports_are_replaced(tmp_path: Path) -> None:
    path = saved(tmp_path, "in.json", SCANS["open daemon"]())
    options = [f"--report={name}={tmp_path / name}" for name in FORMATS]
    assert run("report", path, *options).status == 1
    before = {name: os.stat(tmp_path / name).st_ino for name in FORMATS}
    assert run("report", path, *options).status == 1
    assert all(os.stat(tmp_path / name).st_ino != before[name] for name in FORMATS)
    turned = [f"--report=html={tmp_path / 'csv'}", f"--report=csv={tmp_path / 'html'}"]
    assert run("report", path, *turned).status == 1, "a report of ours, if of another format"


def test_an_empty_file_is_nobodys_loss(tmp_path: Path) -> None:
    path = saved(tmp_path, "in.json", SCANS["clean"]())
    (tmp_path / "made").touch()
    assert run("report", path, "--report", f"html={tmp_path / 'made'}").status == 0


@pytest.mark.parametrize("command", ["scan", "report"])
def test_what_is_no_report_is_not_replaced(tmp_path: Path, command: str) -> None:
    given = (
        facts("no-engine") if command == "scan" else saved(tmp_path, "in.json", scanned(host("a")))
    )
    mine = tmp_path / "dockeraudit.toml"
    mine.write_text('profile = "daemon"\n', encoding="utf-8")
    done = run(command, given, "--report", f"json={mine}")
    assert (done.status, done.out) == (2, "")
    assert "it is there, and is no report of dockeraudit; --force replaces it" in done.err
    assert mine.read_text(encoding="utf-8") == 'profile = "daemon"\n'
    assert run(command, given, "--report", f"json={mine}", "--force").status == 0
    assert json.loads(mine.read_bytes())["schema_version"] == "1"


def test_a_folder_of_results_is_rendered_as_the_scan_would_have(tmp_path: Path) -> None:
    out = tmp_path / "run"
    hosts = (facts("plain-any"), facts("no-engine"))
    scan = run("scan", *hosts, "--out", str(out), "--format", "junit")
    again = run("report", str(out), "--format", "junit")
    assert (again.status, again.out) == (scan.status, scan.out)
    lines = (out / "results.jsonl").read_bytes().splitlines(keepends=True)
    (out / "results.jsonl").write_bytes(lines[0] + lines[1][:1000])
    torn = run("report", str(out), "--format", "json")
    errors = [each["error"] and each["error"]["kind"] for each in json.loads(torn.out)["hosts"]]
    assert sorted(errors, key=str) == [None, "interrupted"]
    assert (out / "results.jsonl").stat().st_size == len(lines[0]) + 1000, "it may be a scan's"


def test_a_folder_is_merged_with_a_report(tmp_path: Path) -> None:
    out = tmp_path / "run"
    run("scan", facts("plain-any"), "--out", str(out))
    path = saved(tmp_path, "other.json", scanned(host("a")))
    done = run("report", str(out), path, "--format", "json", "--fail-on", "none")
    assert done.status == 0
    found = json.loads(done.out)
    assert [each["target"] for each in found["hosts"]][1:] == ["a"]
    assert found["summary"]["hosts"]["scanned"] == 2


def test_wrong_folders(tmp_path: Path) -> None:
    done = run("report", str(tmp_path))
    assert (done.status, done.out) == (2, "")
    assert "holds no results of a scan" in done.err
    out = tmp_path / "run"
    run("scan", facts("no-engine"), "--out", str(out))
    before = (out / "results.jsonl").read_bytes()
    for format in ("csv", "jsonl"):
        done = run("report", str(out), "--report", f"{format}={out / 'results.jsonl'}")
        assert done.status == 2
        assert "is no report of dockeraudit" in done.err
    assert (out / "results.jsonl").read_bytes() == before
