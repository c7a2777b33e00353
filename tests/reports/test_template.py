"""A user's Jinja template is a writer: what it is given, what it can't do, how it fails."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from msgspec.structs import replace

from dockeraudit.cli.schedule import _checked
from dockeraudit.language import speaking
from dockeraudit.plugins import PluginError, WriterError, writer
from dockeraudit.report import HostReport
from dockeraudit.schedule import ScheduleError
from tests.cli.program import ROOT, facts, run
from tests.reports.scans import SCANS, host, report
from tests.reports.test_every_format import STEERING

SUMMARY = """\
<!-- dockeraudit summary -->
{% for host in report.hosts %}
{% set why = ": " ~ host.error.message if host.error else "" %}
* {{ host.target | code }} {{ host.state | state }}{{ why }}
{% for result in host.results | worst if result.counts %}
  * {{ result.severity | severity }}: {{ spoken(result.title) }}; {{ result.message }}
{% endfor %}
{% endfor %}
{{ counted(report.hosts | length, "{n} host", "{n} hosts") }}, {{ report.finished | day }}
"""
EVERYTHING = """
{% macro told(value) %}{% if value is string or value is number or value is none %}{{ value }}
{% elif value is mapping %}{% for key in value %}{{ key }}: {{ told(value[key]) }}{% endfor %}
{% else %}{% for each in value %}{{ told(each) }}{% endfor %}{% endif %}{% endmacro %}
{% for host in report.hosts %}
{{ host | tojson }}
{{ host.os }} {{ host.target ~ host.hostname }} {{ host.error }} {{ host | string | safe }}
{% for result in host.results %}
{{ result.message | upper }} {{ result.findings | map(attribute="evidence") | list }}
{% if result.waiver %}{{ told([result.waiver.reason, result.waiver.sentence]) }}{% endif %}
{% endfor %}
{% endfor %}
{{ report.waivers }} {{ report.baseline }} {{ report.trend }}
"""


def template(folder: Path, text: str, name: str = "summary.md.j2") -> str:
    """The path of a template."""
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def written(path: str, scan: Any) -> str:
    return "".join(writer(path).render(scan))


def test_the_example_of_the_handbook(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "how-to" / "hand-off.md").read_text()
    name, text = re.findall(r"```jinja (\S+)\n(.*?)```", page, re.DOTALL)[0]
    lines = written(template(tmp_path, text, name), SCANS["inventory"]()).splitlines()
    assert lines[:6] == [
        "<!-- dockeraudit summary -->",
        "# 3 checks fail on 1 of 2 hosts; 1 of critical severity.",
        "",
        "* `web01.example.com`: scanned, web production",
        "  * critical: Docker API reachable without TLS (`dockerd answers anyone on 0.0.0.0:2375,"
        " without TLS`)",
        "  * high: Docker API listens on every address (`0.0.0.0:2375 listens on every address of"
        " the host`)",
    ]
    assert lines[-1] == "* `db02.example.com`: unreachable, db"


def test_a_summary(tmp_path: Path) -> None:
    page = written(template(tmp_path, SUMMARY), SCANS["one unreachable"]())
    assert page.splitlines() == [
        "<!-- dockeraudit summary -->",
        "* `web01.example.com` scanned",
        "  * critical: Docker API reachable without TLS; dockerd answers anyone on 0.0.0.0:2375,"
        " without TLS",
        "  * high: Docker API listens on every address; 0.0.0.0:2375 listens on every address of"
        " the host",
        "  * high: TCP listener does not demand client certificates; 0.0.0.0:2375 does not demand"
        " client certificates",
        "* `db02.example.com` unreachable: ssh: connect to host db02.example.com port 22: no answer"
        " within 10 s",
        "2 hosts, 24 Nov 2026, 06:15 UTC",
    ]
    assert page.endswith("UTC\n")


def test_it_speaks(tmp_path: Path) -> None:
    with speaking("ko"):
        page = written(template(tmp_path, SUMMARY), SCANS["one unreachable"]())
    assert "호스트 2대, 2026년 11월 24일 06:15 UTC" in page
    assert "`web01.example.com` 점검됨" in page
    assert "  * 치명: " in page
    assert "dockerd answers anyone" in page


@pytest.mark.parametrize("scan", SCANS)
def test_no_text_of_a_host_steers_a_terminal_or_begins_a_line(scan: str, tmp_path: Path) -> None:
    page = written(template(tmp_path, EVERYTHING, "all.txt.j2"), SCANS[scan]())
    page.encode()
    assert STEERING.findall(page) == []
    assert not re.search(r"^\s*::error", page, re.MULTILINE)
    assert page == written(str(tmp_path / "all.txt.j2"), SCANS[scan]())


def test_a_megabyte_of_text_is_cut(tmp_path: Path) -> None:
    assert len(written(template(tmp_path, EVERYTHING), SCANS["hostile"]())) < 1_000_000


@pytest.mark.parametrize("ending", ["html", "xml", "svg"])
def test_markup_is_escaped(ending: str, tmp_path: Path) -> None:
    each = '<h n="{{ host.target }}">{{ host.os }}</h>'
    text = f"<r>{{% for host in report.hosts %}}{each}{{% endfor %}}</r>"
    page = written(template(tmp_path, text, f"page.{ending}.j2"), SCANS["hostile"]())
    tree = etree.fromstring(page.encode())
    assert [one.tag for one in tree.iter()] == ["r", "h"]
    assert "<script>alert(1)</script>" in tree[0].get("n", "")


def test_a_check_keeps_its_lines(tmp_path: Path) -> None:
    text = "{{ report.hosts[0].results[4].remediation }}\n{{ report.hosts[0:1] | length }}"
    page = written(template(tmp_path, text), SCANS["open daemon"]())
    assert page.splitlines()[-1] == "1"
    fixes = [each.remediation for each in SCANS["open daemon"]().hosts[0].results]
    assert page.rpartition("\n")[0] in fixes


def test_json(tmp_path: Path) -> None:
    each = '{{ host | tojson }}{{ "," if not loop.last }}'
    text = f'{{"hosts": [{{% for host in report.hosts %}}{each}{{% endfor %}}]}}'
    found = json.loads(written(template(tmp_path, text, "own.json.j2"), SCANS["open daemon"]()))
    assert found["hosts"][0]["results"][0]["status"] in ("pass", "fail", "not-applicable")


def test_json_of_all(tmp_path: Path) -> None:
    text = written(
        template(tmp_path, "{{ report | tojson }}", "all.json.j2"), SCANS["open daemon"]()
    )
    assert json.loads(text)["hosts"][0]["target"] == SCANS["open daemon"]().hosts[0].target


def test_templates_beside_it_may_be_used(tmp_path: Path) -> None:
    template(tmp_path, "[{{ host.target }}]", "_row.j2")
    text = '{% for host in report.hosts %}{% include "_row.j2" %}{% endfor %}'
    assert written(template(tmp_path, text), SCANS["clean"]()) == "[web01.example.com]"


class Read(Sequence[HostReport]):
    """Hosts that are made when they are asked for."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.given = 0

    def __len__(self) -> int:
        return self.number

    def __getitem__(self, at: Any) -> Any:
        return host(f"node{at}")

    def __iter__(self) -> Iterator[HostReport]:
        for number in range(self.number):
            self.given += 1
            yield self[number]


def test_hosts_are_read_one_at_a_time(tmp_path: Path) -> None:
    hosts = Read(50)
    path = template(tmp_path, "{% for host in report.hosts %}{{ host.target }}\n{% endfor %}")
    pieces = iter(writer(path).render(replace(report(), hosts=hosts)))
    assert next(pieces) == "node0"
    assert hosts.given < 4
    assert len("".join(pieces).splitlines()) == 50


BROKEN = [
    pytest.param("a\n{% for x in %}", "summary.md.j2:2: Expected an expression", id="syntax"),
    pytest.param("a\nb\n{{ nothing }}", "summary.md.j2:3: 'nothing' is undefined", id="name"),
    pytest.param("{{ report.hots }}", "summary.md.j2:1: ", id="attribute"),
    pytest.param("a\n{{ 1 / 0 }}", "summary.md.j2:2: ZeroDivisionError: ", id="exception"),
    pytest.param("a\n{{ 1 | nofilter }}", "summary.md.j2:2: No filter named", id="filter"),
    pytest.param(
        "\n{% include 'x.j2' %}", "summary.md.j2:2: there is no template 'x.j2'", id="include"
    ),
    pytest.param("{% include '../x.j2' %}", "summary.md.j2:1: there is no", id="outside"),
    pytest.param("{{ report.__class__.__init__ }}", "summary.md.j2:1: ", id="sandbox"),
    pytest.param(
        "{{ report.hosts.__iter__.__globals__ }}", "summary.md.j2:1: access to", id="globals"
    ),
    pytest.param("{% include '_bad.j2' %}", "_bad.j2:2: 'gone' is undefined", id="included"),
]


@pytest.mark.parametrize(("text", "said"), BROKEN)
def test_a_broken_template_says_where(text: str, said: str, tmp_path: Path) -> None:
    template(tmp_path, "\n{{ gone }}", "_bad.j2")
    path = template(tmp_path, text)
    with pytest.raises(WriterError) as caught:
        written(path, SCANS["clean"]())
    assert str(caught.value).startswith(f"{tmp_path}/{said}")
    assert "\n" not in str(caught.value)


def test_one_that_can_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="No such file"):
        writer(str(tmp_path / "gone.md.j2"))
    (tmp_path / "latin.md.j2").write_bytes(b"\xff")
    with pytest.raises(PluginError, match=r"no text in UTF-8"):
        writer(str(tmp_path / "latin.md.j2"))


@pytest.mark.parametrize(
    ("name", "ending"),
    [("a.md.j2", "md"), ("a.b.csv.j2", "csv"), ("a.j2", "txt"), ("x/a.html.j2", "html")],
)
def test_the_ending(name: str, ending: str, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    found = writer(template(tmp_path, "", name))
    assert ending == found.EXTENSION


def saved(folder: Path) -> str:
    """A JSON report on disk."""
    (folder / "saved.json").write_text("".join(writer("json").render(SCANS["open daemon"]())))
    return str(folder / "saved.json")


def test_from_the_command_line(tmp_path: Path) -> None:
    template(tmp_path, SUMMARY, "team=a.md.j2")
    options = ("report", saved(tmp_path), "--format", "team=a.md.j2")
    shown = run(*options, "--report", "team=a.md.j2=out.md", cwd=tmp_path)
    assert shown.status == 1, shown.err
    assert shown.out.startswith("<!-- dockeraudit summary -->\n* `web01.example.com` scanned\n")
    assert (tmp_path / "out.md").read_text() == shown.out
    again = run(*options, "--report", "team=a.md.j2=out.md", cwd=tmp_path)
    assert again.status == 1, "yesterday's report is replaced"
    (tmp_path / "out.md").write_text("# mine\n")
    refused = run(*options, "--report", "team=a.md.j2=out.md", cwd=tmp_path)
    assert refused.status == 2
    assert "no report of dockeraudit" in refused.err


def test_an_unknown_file_is_wrong_use(tmp_path: Path) -> None:
    for words in (("--format", "gone.md.j2"), ("--report", "gone.md.j2=out.md")):
        answer = run("scan", facts("hardened"), *words, cwd=tmp_path)
        assert answer.status == 2
        assert answer.err == "dockeraudit scan: template gone.md.j2: No such file or directory\n"


def test_a_job_has_no_folder_it_runs_in(tmp_path: Path) -> None:
    words = ("local", "--report", f"summary.md.j2={tmp_path}/out.md")
    with pytest.raises(ScheduleError, match=r"--report summary\.md\.j2: give an absolute path"):
        _checked(words, str(tmp_path), "root")
    words = ("local", "--report", f"{template(tmp_path, SUMMARY)}={tmp_path}/out.md")
    assert _checked(words, str(tmp_path), "root")[:2] == (words, (str(tmp_path),))


def test_from_the_configuration(tmp_path: Path) -> None:
    """A path there is meant from the file's folder."""
    template(tmp_path, SUMMARY)
    (tmp_path / "below").mkdir()
    text = 'format = "summary.md.j2"\nreports = { "summary.md.j2" = "out.md" }\n'
    (tmp_path / "dockeraudit.toml").write_text(text)
    answer = run("scan", facts("hardened"), cwd=tmp_path / "below")
    assert answer.out.startswith("<!-- dockeraudit summary -->\n"), answer.err
    assert (tmp_path / "out.md").read_text() == answer.out


def test_a_broken_one_costs_its_report(tmp_path: Path) -> None:
    template(tmp_path, "dockeraudit\n{{ report.hots }}")
    words = ("--report", "summary.md.j2=out.md", "--report", "json=out.json")
    answer = run("report", saved(tmp_path), *words, cwd=tmp_path)
    assert answer.status == 4
    lines = [line for line in answer.err.splitlines() if "summary" in line]
    assert lines == [
        "dockeraudit: summary.md.j2:2: 'dockeraudit.report.Report object' has no attribute 'hots'"
    ]
    assert not (tmp_path / "out.md").exists()
    assert (tmp_path / "out.json").exists()
    assert "RESULT" in answer.out
