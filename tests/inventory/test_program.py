"""Inventories through the program: what is asked, what is reported, and what stops it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dockeraudit.facts import HostFacts, Interface, Machine, encode
from dockeraudit.report import HostReport
from dockeraudit.runner import Pace
from dockeraudit.scan import Plan, scan
from dockeraudit.targets import parse
from dockeraudit.transport.process import Cancel
from tests.build import NOW, facts
from tests.cli import program
from tests.cli.program import Done


def run(folder: Path, *arguments: str, stdin: bytes = b"", docker: str = "") -> Done:
    return program.run(*arguments, cwd=folder, stdin=stdin, DOCKER_CONFIG=docker)


def machine(target: str, name: str, number: int = 10, **changes: Any) -> HostFacts:
    """A host that has an id, a name and an address."""
    given: dict[str, Any] = {
        "target": target,
        "machine": Machine(name, "6.1.0", "x86_64", {"ID": "debian"}, NOW, machine_id="1f2e"),
        "interfaces": (Interface("eth0", f"192.0.2.{number}/24"),),
    }
    return facts(**given | changes)


def save(folder: Path, name: str, given: HostFacts) -> str:
    path = folder / f"{name}.facts.json"
    path.write_bytes(encode(given))
    return str(path)


def hosts(answer: Done) -> dict[str, dict[str, Any]]:
    return {host["target"]: host for host in json.loads(answer.out)["hosts"]}


def test_groups_and_labels_are_in_the_report_and_choose(tmp_path: Path) -> None:
    save(tmp_path, "a", machine("web1", "web1", 1))
    save(tmp_path, "b", machine("db1", "db1", 2))
    (tmp_path / "hosts.csv").write_text(
        "target,groups,labels.owner\na.facts.json,web;prod,alice\nb.facts.json,db,\n"
    )
    (tmp_path / "dockeraudit.toml").write_text(
        '[groups.web]\nprofile = "cis-level1"\nfail-on = "critical"\n'
        '[groups.other]\ntargets = ["x"]\nfail-on = "none"\n'
    )
    found = hosts(run(tmp_path, "scan", "-i", "hosts.csv", "--format", "json"))
    web, db = found["web1"], found["db1"]
    assert (web["groups"], web["labels"]) == (["web", "prod"], {"owner": "alice"})
    assert (web["profile"], web["fail_on"]) == ("cis-level1", "critical")
    assert (db["groups"], db["labels"], db["profile"]) == (["db"], {}, "")
    limited = run(tmp_path, "scan", "-i", "hosts.csv", "--limit", "prod", "--format", "json")
    assert list(hosts(limited)) == ["web1"]


def test_a_host_that_is_not_reached_has_its_groups_too(tmp_path: Path) -> None:
    (tmp_path / "h.json").write_text('[{"target": "no.invalid", "groups": "lab", "become": true}]')
    answer = run(tmp_path, "scan", "-i", "h.json", "--format", "json", "--timeout", "5")
    assert hosts(answer)["no.invalid"]["groups"] == ["lab"]
    assert answer.status == 3


@pytest.mark.parametrize(
    ("files", "arguments", "said"),
    [
        ({"h": "ok\nweb[3:1]\n"}, ["-i", "h"], "h:2: [3:1] goes backwards"),
        ({"h": "ok\nops:x@web1\n"}, ["-i", "h"], "h:2: 'ops:…@web1' holds a password"),
        ({"h.csv": "target\nok\nweb 1\n"}, ["-i", "h.csv"], "h.csv:3: the host in 'web 1'"),
        ({"h": "[web]\nweb1\n"}, ["-i", "-"], "an inventory of Ansible's can't come from stdin"),
        ({"h": "web1\n"}, ["-i", "h", "--limit", "db"], "--limit db: no target is left"),
        ({"c": "Host a*\n"}, ["--from-ssh-config", "a", "--ssh-config", "c"], "no target"),
        ({"c": "Host a;b\n"}, ["--from-ssh-config", "*", "--ssh-config", "c"], "c:1: "),
        (
            {"h.json": '{"_meta": {"hostvars": {"a": {"ansible_host": "b"}}},'
             '"g": {"hosts": ["a"]}}'},
            ["-i", "h.json", "a"],
            "h.json: a: two hosts are called a",
        ),
    ],
)  # fmt: skip
def test_a_bad_line_stops_the_scan_before_it_starts(
    tmp_path: Path, files: dict[str, str], arguments: list[str], said: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    report = tmp_path / "r.json"
    given = "".join(files.values()).encode() if "-" in arguments else b""
    answer = run(tmp_path, "scan", *arguments, "--report", f"json={report}", stdin=given)
    assert (answer.status, answer.out) == (2, "")
    assert said in answer.err
    assert not report.exists()


def test_two_names_of_one_address_are_asked_once(tmp_path: Path) -> None:
    (tmp_path / "h.csv").write_text("target,groups\nops@No.Invalid:22,a\n")
    answer = run(tmp_path, "scan", "ssh://ops@no.invalid:22", "-i", "h.csv", "--format", "json")
    assert "named twice, asked once: ops@No.Invalid:22 is ssh://ops@no.invalid:22" in answer.err
    assert hosts(answer)["ssh://ops@no.invalid:22"]["groups"] == ["a"]


def test_ssh_config_and_contexts_bring_targets(tmp_path: Path) -> None:
    (tmp_path / "c").write_text("Host one.invalid two.invalid\n  ConnectTimeout 1\n")
    meta = tmp_path / "contexts" / "meta" / "1f2e"
    meta.mkdir(parents=True)
    endpoints = {"docker": {"Host": "ssh://ops@three.invalid"}}
    (meta / "meta.json").write_text(json.dumps({"Name": "prod", "Endpoints": endpoints}))
    answer = run(
        tmp_path, "scan", "--from-ssh-config", "t*", "--ssh-config", "c",
        "--from-docker-contexts", "--format", "json", docker=str(tmp_path),
    )  # fmt: skip
    found = hosts(answer)
    assert set(found) == {"two.invalid", "ssh://ops@three.invalid"}
    assert found["ssh://ops@three.invalid"]["labels"] == {"docker-context": "prod"}


def looked(*paths: str) -> Sequence[HostReport]:
    targets = [parse(path) for path in paths]
    return scan(targets, Plan(checks=()), Pace(2), lambda report: None, Cancel())


def test_one_machine_under_two_names_counts_once(tmp_path: Path) -> None:
    paths = [
        save(tmp_path, "a", machine("ops@web1", "web1")),
        save(tmp_path, "b", machine("web1.example", "web1")),
        save(tmp_path, "c", machine("clone", "web1", number=11)),
        save(tmp_path, "d", machine("other", "web2")),
    ]
    answer = run(tmp_path, "scan", *paths, "--format", "json")
    found = hosts(answer)
    again = found["web1.example"]
    assert (again["same_as"], again["results"], again["error"]["kind"]) == (
        "ops@web1",
        [],
        "repeated",
    )
    assert [found[name]["same_as"] for name in ("ops@web1", "clone", "other")] == ["", "", ""]
    counted = json.loads(answer.out)["summary"]
    assert counted["hosts"] == {"scanned": 3, "partial": 0, "unreachable": 0, "repeated": 1}
    assert "1 target named a host once more" in counted["rule"]


def test_the_whole_look_is_kept_and_two_days_are_two_looks(tmp_path: Path) -> None:
    one = machine("ops@web1", "web1")
    later = msgspec.structs.replace(one, collected_at=NOW + 86_400)
    paths = [save(tmp_path, "a", one), save(tmp_path, "b", later)]
    assert [each.same_as for each in looked(*paths)] == ["", ""]
    nameless = Machine("web1", "6.1.0", "x86_64", {"ID": "debian"}, NOW)
    unsure = save(tmp_path, "c", machine("x", "web1", machine=nameless))
    assert [each.same_as for each in looked(paths[0], unsure)] == ["", ""]


def test_many_lines_are_read_in_seconds(tmp_path: Path) -> None:
    (tmp_path / "h").write_text("web[1:100000].invalid\n")
    answer = run(tmp_path, "scan", "-i", "h", "--limit", "nobody")
    assert answer.status == 2
    assert "no target is left" in answer.err
