"""The doors: another distribution's checks and writers are found, and a broken one costs itself."""

import json
from pathlib import Path

import pytest

from tests.cli.program import Done, facts, run

CHECK = """
from dockeraudit.check import Finding, Severity, check
from dockeraudit.host import Host

@check(id="acme-{name}", title="Acme", severity={severity}, over=Host, rationale="It is so.",
       remediation="Do it.", quiet="Never.")
def {name}(host, settings):
    {body}
"""
YIELDS = 'yield Finding(resource=host.facts.machine.hostname, message="seen", evidence=())'
WRITER = 'EXTENSION = "acme"\n\ndef render(report):\n    yield f"{len(report.hosts)} hosts\\n"\n'


def good(name: str, body: str = YIELDS, severity: str = "Severity.LOW") -> str:
    return CHECK.format(name=name, body=body, severity=severity)


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """A distribution with a door to each group, as pip would lay it on sys.path."""
    info = tmp_path / "acme-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[dockeraudit.checks]\nacme = acme_checks\n[dockeraudit.reports]\nacme = acme_reports\n"
    )
    for name in ("acme_checks", "acme_reports"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("")
    (tmp_path / "acme_checks" / "one.py").write_text(good("one"))
    (tmp_path / "acme_reports" / "lines.py").write_text(WRITER)
    return tmp_path


def with_plugins(acme: Path, *arguments: str) -> Done:
    return run(*arguments, PYTHONPATH=str(acme))


def ids(acme: Path) -> set[str]:
    return {
        head["id"]
        for head in json.loads(with_plugins(acme, "list", "--format", "json").out)
        if head["family"] == "acme"
    }


def test_checks_and_writers_are_found(acme: Path) -> None:
    assert ids(acme) == {"acme-one"}
    answer = with_plugins(acme, "scan", facts("hardened"), "--check", "acme-*", "--format", "lines")
    assert answer.out == "1 hosts\n"
    assert answer.status == 1
    assert "left out" not in answer.err


def test_without_the_distribution_they_are_not() -> None:
    assert run("scan", facts("hardened"), "--format", "lines").status == 2


def test_a_door_may_be_a_single_module(acme: Path) -> None:
    (acme / "acme_single.py").write_text(good("single"))
    info = acme / "acme-1.0.dist-info" / "entry_points.txt"
    info.write_text("[dockeraudit.checks]\nacme = acme_single\n")
    assert ids(acme) == {"acme-single"}


BROKEN = [
    pytest.param("syntax(", "SyntaxError", id="syntax"),
    pytest.param("import nowhere", "ModuleNotFoundError", id="import"),
    pytest.param("raise SystemExit(0)", "SystemExit", id="ends the program"),
    pytest.param("1 / 0", "ZeroDivisionError", id="exception"),
    pytest.param(
        good("other").replace("acme-other", "listener-tcp-plain"), "defined twice", id="taken id"
    ),
    pytest.param(good("other", severity="'high'"), "severity", id="severity is a text"),
    pytest.param(good("other").replace("acme-other", "acme other"), "its id", id="id with blanks"),
    pytest.param(good("other").replace('"It is so."', "None"), "a text", id="no rationale"),
]


@pytest.mark.parametrize(("text", "said"), BROKEN)
def test_a_broken_module_is_named_and_costs_only_itself(text: str, said: str, acme: Path) -> None:
    (acme / "acme_checks" / "broken.py").write_text(text)
    for arguments in (
        ("list", "--format", "json"),
        ("scan", facts("hardened"), "--check", "acme-one"),
        ("explain", "acme-one"),
    ):
        answer = with_plugins(acme, *arguments)
        assert answer.status == (arguments[0] == "scan")
        assert "acme-one" in answer.out
        (line,) = [line for line in answer.err.splitlines() if "left out" in line]
        assert "acme_checks.broken" in line
        assert said in line
    assert "listener-tcp-plain" in with_plugins(acme, "list").out


def test_a_door_that_leads_nowhere(acme: Path) -> None:
    (acme / "acme_checks" / "one.py").unlink()
    (acme / "acme_checks" / "__init__.py").unlink()
    (acme / "acme_checks").rmdir()
    answer = with_plugins(acme, "scan", facts("hardened"), "--check", "service-active")
    assert answer.status == 0
    assert "plug-in acme_checks can't be loaded" in answer.err


def test_a_check_that_fails_is_unknown_and_the_others_stay(acme: Path) -> None:
    (acme / "acme_checks" / "bad.py").write_text(good("bad", body="1 / 0\n    yield"))
    answer = with_plugins(acme, "scan", facts("hardened"), "--check", "acme-*", "--format", "json")
    results = json.loads(answer.out)["hosts"][0]["results"]
    assert [(each["check"], each["status"]) for each in results] == [
        ("acme-bad", "unknown"),
        ("acme-one", "fail"),
    ]
    assert "ZeroDivisionError" in results[0]["message"]


def test_a_template_is_a_writer(acme: Path) -> None:
    text = "{% for host in report.hosts %}{{ host.target }}\n{% endfor %}"
    (acme / "acme_reports" / "names.txt.j2").write_text(text)
    (acme / "acme_reports" / "_part.txt.j2").write_text("none of its own")
    for format in ("names", "lines"):
        answer = with_plugins(acme, "scan", facts("hardened"), "--format", format)
        assert answer.out == ("hardened\n" if format == "names" else "1 hosts\n")
    unknown = with_plugins(acme, "scan", facts("hardened"), "--format", "_part")
    assert unknown.status == 2
    assert "markdown, nagios, names, ocsf" in unknown.err


def test_a_writer_that_can_not_be_loaded(acme: Path) -> None:
    (acme / "acme_reports" / "lines.py").write_text("syntax(")
    answer = with_plugins(acme, "scan", facts("hardened"))
    assert (answer.status, "left out" in answer.err) == (1, False)
    answer = with_plugins(acme, "scan", facts("hardened"), "--format", "lines")
    assert answer.status == 2
    assert "plug-in acme_reports.lines can't be loaded" in answer.err
    assert answer.err.count("\n") == 1


def test_a_writer_that_fails_costs_its_report(acme: Path) -> None:
    (acme / "acme_reports" / "lines.py").write_text(WRITER + "    1 / 0\n")
    path = acme / "r.lines"
    answer = with_plugins(acme, "scan", facts("hardened"), "--report", f"lines={path}")
    assert answer.status == 4
    assert "the format lines failed: ZeroDivisionError" in answer.err
    assert answer.out.startswith("dockeraudit")
    assert not path.exists()
