"""Configuration, waivers and baseline through the real program: what it prints, and how it ends."""

import datetime
import json
import os
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.cli.program import ROOT, facts, run

PLAIN = facts("plain-any")
SCHEMA = json.loads((ROOT / "dockeraudit" / "report.schema.json").read_text(encoding="utf-8"))
TODAY = datetime.datetime.now(datetime.UTC).date()
LATER = (TODAY + datetime.timedelta(90)).isoformat()
WAIVE = ("--reason", 'a "lab" \U0001f433', "--owner", "ops", "--expires", LATER)


def scanned(*arguments: str, cwd: Path) -> tuple[int, Any, str]:
    """A scan's exit code, its JSON report, which the schema takes, and what it said."""
    done = run("scan", *arguments, "--format", "json", cwd=cwd)
    report = json.loads(done.out)
    jsonschema.validate(report, SCHEMA)
    return done.status, report, done.err


class TestConfiguration:
    """The command line goes before the file, and the file before the default."""

    def test_the_file_is_found_and_obeyed(self, tmp_path: Path) -> None:
        (tmp_path / "dockeraudit.toml").write_text(
            'check = ["listener-tcp-plain"]\nfail-on = "none"\ntargets = ["facts/"]\n'
            '[reports]\njson = "out.json"\n'
        )
        (tmp_path / "facts").mkdir()
        (tmp_path / "facts" / "a.facts.json").write_bytes(Path(PLAIN).read_bytes())
        below = tmp_path / "below"
        below.mkdir()
        status, report, _ = scanned(cwd=below)
        assert (status, report["fail_on"]) == (0, "none")
        hosts = report["hosts"]
        assert [each["check"] for each in hosts[0]["results"]] == ["listener-tcp-plain"]
        assert (tmp_path / "out.json").exists(), "paths are meant from the file's folder"
        assert scanned("--fail-on", "low", cwd=below)[0] == 1, "an option goes before it"
        assert scanned("--config", "none", PLAIN, cwd=below)[1]["profile"] == "daemon"

    def test_mistakes_are_wrong_use(self, tmp_path: Path) -> None:
        (tmp_path / "dockeraudit.toml").write_text('profil = "x"\nfail-on = 3\n')
        done = run("scan", PLAIN, cwd=tmp_path)
        assert done.status == 2
        assert done.err == (
            "dockeraudit: dockeraudit.toml:1: unknown key profil. Did you mean 'profile'?\n"
            "dockeraudit scan: dockeraudit.toml:2: fail-on: expected str, got int\n"
        )

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            ('\nprofile = "streng"', "dockeraudit.toml:2: profile: no profile 'streng'."),
            ('skip = ["a-b",\n"c-d"]', "dockeraudit.toml:1: skip[1]: no check 'a-b'."),
            ("reports.jsno = 'x'", "dockeraudit.toml:1: reports.jsno: no report format 'jsno'."),
            ("targets = ['a',\n'b:c:d']", "dockeraudit.toml:2: 'b:c:d' has more than one colon"),
        ],
    )
    def test_values_that_name_nothing(self, tmp_path: Path, content: str, expected: str) -> None:
        (tmp_path / "dockeraudit.toml").write_text(content)
        done = run("scan", cwd=tmp_path)
        assert (done.status, done.err.count("\n")) == (2, 1)
        assert done.err.startswith(f"dockeraudit scan: {expected}")

    def test_groups(self, tmp_path: Path) -> None:
        (tmp_path / "dockeraudit.toml").write_text(
            '[groups.lab]\ntargets = ["plain-*"]\nfail-on = "none"\nprofile = "strict"\n'
        )
        status, report, _ = scanned(PLAIN, cwd=tmp_path)
        hosts = report["hosts"]
        assert (status, hosts[0]["fail_on"], hosts[0]["profile"]) == (0, "none", "strict")
        assert scanned(PLAIN, facts("socket-tcp"), cwd=tmp_path)[0] == 1
        assert scanned(PLAIN, "--fail-on", "low", cwd=tmp_path)[0] == 1

    def test_show(self, tmp_path: Path) -> None:
        (tmp_path / "dockeraudit.toml").write_text(
            'profile = "strict"\nnotify = ["mailto://me:geheim@example.com", "@told"]\n'
        )
        done = run("config", "show", "--format", "json", "--become", cwd=tmp_path)
        assert done.status == 0
        assert "geheim" not in done.out
        rows = {row["key"]: (row["value"], row["origin"]) for row in json.loads(done.out)["values"]}
        assert rows["profile"] == ("strict", "dockeraudit.toml:1")
        assert rows["become"] == (True, "option --become")
        assert rows["fail-on"] == ("low", "default")
        assert rows["notify"] == (["mailto://…", "@told"], "dockeraudit.toml:2")
        assert "geheim" not in run("config", "show", cwd=tmp_path).out

    def test_init(self, tmp_path: Path) -> None:
        assert run("init", cwd=tmp_path).status == 0
        before = (tmp_path / "dockeraudit.toml").read_bytes()
        shown = json.loads(run("config", "show", "--format", "json", cwd=tmp_path).out)
        assert {row["origin"] for row in shown["values"]} - {"default"} <= {
            f"dockeraudit.toml:{number}" for number in range(200)
        }
        assert run("init", cwd=tmp_path).status == 2, "it never overwrites"
        assert (tmp_path / "dockeraudit.toml").read_bytes() == before
        assert os.listdir(tmp_path) == ["dockeraudit.toml"]

    def test_init_over_a_dangling_link(self, tmp_path: Path) -> None:
        (tmp_path / "dockeraudit.toml").symlink_to("elsewhere")
        assert run("init", cwd=tmp_path).status == 2
        assert not (tmp_path / "elsewhere").exists()

    def test_targets_of_the_command_line_replace_those_of_the_file(self, tmp_path: Path) -> None:
        (tmp_path / "dockeraudit.toml").write_text(
            'targets = ["no.such.host.invalid"]\ninventories = ["none.txt"]\nbecome = true\n'
        )
        (tmp_path / "hosts").write_text(f"{PLAIN}\n")
        for arguments in ((PLAIN,), ("-i", "hosts")):
            report = scanned(*arguments, "--no-become", cwd=tmp_path)[1]
            assert [host["target"] for host in report["hosts"]] == ["plain-any"]

    def test_history_and_notify(self, tmp_path: Path) -> None:
        (tmp_path / "dockeraudit.toml").write_text('history = "h.db"\n')
        first, second = (run("scan", PLAIN, cwd=tmp_path) for _ in range(2))
        assert "run 1 in h.db: " in first.err
        assert ": 0 new, " in second.err
        wrong = run("scan", PLAIN, "--history", "dockeraudit.toml", cwd=tmp_path)
        assert (wrong.status, "not a history" in wrong.err) == (2, True)
        (tmp_path / "told").write_text("json://localhost\n")
        (tmp_path / "told").chmod(0o644)
        assert run("scan", PLAIN, "--notify", "@told", cwd=tmp_path).status == 2


class TestWaivers:
    """From a report to a waiver, to a scan that it excuses, to its end."""

    def test_the_way_of_a_finding(self, tmp_path: Path) -> None:
        only = ("--check", "listener-tcp-plain")
        assert run("scan", PLAIN, *only, "--report", "json=r.json", cwd=tmp_path).status == 1
        report = json.loads((tmp_path / "r.json").read_text())
        mark = report["hosts"][0]["results"][0]["findings"][0]["fingerprint"]
        done = run("waive", "--from", "r.json", mark[:12], *WAIVE, cwd=tmp_path)
        assert done.status == 0, done.err
        status, after, _ = scanned(PLAIN, *only, "--waivers", "waivers.toml", cwd=tmp_path)
        assert status == 0
        (result,) = after["hosts"][0]["results"]
        assert (result["status"], result["waiver"]["owner"]) == ("fail", "ops")
        assert after["waivers"][0]["state"] == "active"
        again = run("waive", "--from", "r.json", mark, *WAIVE, cwd=tmp_path)
        assert again.status == 2
        assert "is there twice: waivers.toml:1" in again.err

    def test_an_expired_one_counts_again_and_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "waivers.toml").write_text(
            '[[waiver]]\ncheck = "listener-tcp-plain"\ntarget = "*"\nreason = "r"\n'
            'owner = "o"\nexpires = 2020-02-29\n'
        )
        (tmp_path / "dockeraudit.toml").write_text('waivers = "waivers.toml"\n')
        status, report, said = scanned(PLAIN, "--check", "listener-tcp-plain", cwd=tmp_path)
        assert status == 1
        assert (
            "waivers.toml:1: the waiver of listener-tcp-plain for * expired on 2020-02-29" in said
        )
        assert report["waivers"][0]["state"] == "expired"

    def test_the_rest_of_the_file_stays(self, tmp_path: Path) -> None:
        file = tmp_path / "waivers.toml"
        before = (
            b"# ours\r\n\r\n[[waiver]]  # one\r\ncheck = 'tls-protocol'\r\ntarget='*'\r\n"
            b"reason = 'r'\r\nowner = 'o'\r\nexpires = '2099-01-01'"
        )
        file.write_bytes(before)
        file.chmod(0o640)
        done = run("waive", "listener-tcp-plain", "--target", "web*", *WAIVE, cwd=tmp_path)
        assert done.status == 0, done.err
        after = file.read_bytes()
        assert after.startswith(before + b"\r\n\r\n[[waiver]]\r\n")
        assert after.count(b"\n") == after.count(b"\r\n")
        assert stat.S_IMODE(file.stat().st_mode) == 0o640
        assert run("waivers", "lint", cwd=tmp_path).status == 0

    def test_many_at_once_lose_none(self, tmp_path: Path) -> None:
        def waive(number: int) -> int:
            target = ("--target", f"web{number}")
            return run("waive", "listener-tcp-plain", *target, *WAIVE, cwd=tmp_path).status

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(waive, range(8))) == {0}
        assert (tmp_path / "waivers.toml").read_text().count("[[waiver]]") == 8

    @pytest.mark.parametrize(
        ("arguments", "expected"),
        [
            (("listener-tcp-plian", "--target", "a", *WAIVE), "Did you mean 'listener-tcp-plain'?"),
            (("listener-tcp-plain", *WAIVE), "--target PATTERN"),
            (("listener-tcp-plain", "--target", "a", *WAIVE[:4]), "Missing option '--expires'"),
            (
                ("listener-tcp-plain", "--target", "a", *WAIVE, "--expires", "2020-01-01"),
                "that day is over",
            ),
            (("listener-tcp-plain", "--target", "a", *WAIVE, "--expires", "1.1.2030"), "no day"),
            (("listener-tcp-plain", "--target", "a", *WAIVE, "--owner", " "), "--owner is empty"),
            (("--from", "none.json", "0123456789", *WAIVE), "No such file"),
        ],
    )
    def test_wrong_use(self, tmp_path: Path, arguments: tuple[str, ...], expected: str) -> None:
        done = run("waive", *arguments, cwd=tmp_path)
        assert (done.status, done.out) == (2, "")
        assert expected in done.err
        assert os.listdir(tmp_path) == []

    def test_a_name_that_is_a_pattern_is_not_taken_from_a_report(self, tmp_path: Path) -> None:
        run("scan", PLAIN, "--check", "listener-tcp-plain", "--report", "json=r", cwd=tmp_path)
        report = json.loads((tmp_path / "r").read_text())
        finding = report["hosts"][0]["results"][0]["findings"][0]
        finding["resource"] = "/run/*.sock"
        (tmp_path / "r").write_text(json.dumps(report))
        arguments = ("waive", "--from", "r", finding["fingerprint"], *WAIVE)
        assert run(*arguments, cwd=tmp_path).status == 2
        assert run(*arguments, "--resource", "/run/*.sock", cwd=tmp_path).status == 0

    def test_a_bad_file_is_not_written_to(self, tmp_path: Path) -> None:
        file = tmp_path / "waivers.toml"
        file.write_text("[[waiver]]\n")
        done = run("waive", "listener-tcp-plain", "--target", "a", *WAIVE, cwd=tmp_path)
        assert done.status == 2
        assert "waivers.toml:1: waiver[1] has no check" in done.err
        assert file.read_text() == "[[waiver]]\n"

    @pytest.mark.parametrize(
        ("expires", "arguments", "status"),
        [
            ("2020-01-01", (), 1),
            (TODAY.isoformat(), (), 0),
            (LATER, (), 0),
            (LATER, ("--max-days", "90"), 0),
            (LATER, ("--max-days", "89"), 1),
            ("soon", (), 2),
        ],
    )
    def test_lint(
        self, tmp_path: Path, expires: str, arguments: tuple[str, ...], status: int
    ) -> None:
        (tmp_path / "w.toml").write_text(
            '[[waiver]]\ncheck = "listener-tcp-plain"\ntarget = "*"\nreason = "r"\n'
            f'owner = "o"\nexpires = "{expires}"\n'
        )
        assert run("waivers", "lint", "w.toml", *arguments, cwd=tmp_path).status == status

    def test_lint_without_a_file(self, tmp_path: Path) -> None:
        done = run("waivers", "lint", cwd=tmp_path)
        assert (done.status, "waivers.toml: No such file" in done.err) == (2, True)


class TestBaseline:
    """Adopt on a Monday: what was there is no failure, what is new is one."""

    def test_from_a_scan(self, tmp_path: Path) -> None:
        done = run("baseline", PLAIN, "-o", "b.json", cwd=tmp_path)
        assert done.status == 0, done.err
        status, report, said = scanned(PLAIN, "--baseline", "b.json", cwd=tmp_path)
        assert status == 0
        assert report["baseline"]["new"] == 0
        assert " 0 new, 0 worse, " in said
        status, _, said = scanned(facts("socket-tcp"), "--baseline", "b.json", cwd=tmp_path)
        assert status == 1, "another host's findings are new"
        assert "could not be looked at" in said

    def test_from_a_report_with_less_in_it(self, tmp_path: Path) -> None:
        run("scan", PLAIN, "--check", "listener-*", "--report", "json=r.json", cwd=tmp_path)
        assert run("baseline", "r.json", "-o", "b.json", cwd=tmp_path).status == 0
        assert scanned(PLAIN, "--baseline", "b.json", "--check", "listener-*", cwd=tmp_path)[0] == 0
        status, report, _ = scanned(PLAIN, "--baseline", "b.json", cwd=tmp_path)
        assert status == 1
        assert report["baseline"]["fixed"] == []
        table = run("scan", PLAIN, "--baseline", "r.json", cwd=tmp_path).out
        assert "in the baseline of " in table
        assert "until  by" not in table

    def test_a_host_that_is_not_reached(self, tmp_path: Path) -> None:
        gone = str(tmp_path / "gone.facts.json")
        assert run("baseline", gone, "-o", "b.json", cwd=tmp_path).status == 3
        assert not (tmp_path / "b.json").exists()
        assert run("baseline", gone, PLAIN, "-o", "b.json", cwd=tmp_path).status == 3
        assert (tmp_path / "b.json").exists()

    def test_what_is_no_baseline(self, tmp_path: Path) -> None:
        (tmp_path / "b.json").write_text("{}")
        done = run("scan", PLAIN, "--baseline", "b.json", cwd=tmp_path)
        assert (done.status, done.err.count("\n")) == (2, 1)
        assert "b.json: neither a baseline nor a JSON report" in done.err


class TestFilesBeforeTheyAreDeployed:
    """`scan --daemon-json FILE --unit FILE`: the right verdict, or none."""

    @pytest.mark.parametrize(
        ("daemon_json", "unit", "failed"),
        [
            pytest.param("{}", None, [], id="the packaged unit"),
            pytest.param(
                '{"hosts": ["tcp://0.0.0.0:2375"]}', None, ["service-next-start"], id="hosts twice"
            ),
            pytest.param(
                '{"hosts": ["unix:///run/docker.sock", "tcp://0.0.0.0:2375"]}',
                "/usr/bin/dockerd",
                [
                    "listener-bridge-reachable",
                    "listener-tcp-plain",
                    "listener-wildcard",
                    "tls-verify-enabled",
                ],
                id="open",
            ),
            pytest.param(
                '{"hosts": ["unix:///run/docker.sock", "tcp://10.1.2.3:2376"], "tlsverify": true,'
                '"tlscacert": "/x/ca.pem", "tlscert": "/x/cert.pem", "tlskey": "/x/key.pem"}',
                "/usr/bin/dockerd",
                [],
                id="mutual TLS, its files only named",
            ),
            pytest.param('{"hosts": [', None, ["service-next-start"], id="no JSON"),
            pytest.param('{"bipp": "x"}', None, ["service-next-start"], id="unknown key"),
        ],
    )
    def test_verdicts(
        self, tmp_path: Path, daemon_json: str, unit: str | None, failed: list[str]
    ) -> None:
        (tmp_path / "daemon.json").write_text(daemon_json)
        arguments = ["--daemon-json", "daemon.json", "--engine", "28.5.2"]
        if unit:
            (tmp_path / "10-x.conf").write_text(f"[Service]\nExecStart=\nExecStart={unit}\n")
            arguments += ["--unit", "10-x.conf"]
        status, report, said = scanned(*arguments, cwd=tmp_path)
        results = report["hosts"][0]["results"]
        assert [each["check"] for each in results if each["status"] == "fail"] == failed
        assert [each["check"] for each in results if each["status"] == "unknown"] == []
        assert status == bool(failed)
        assert "judged from files only: " in said
        assert "assumed: docker.socket is the packaged one" in said

    def test_certificates_are_judged_where_they_are_given(self, tmp_path: Path) -> None:
        subprocess.run(
            "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 10"
            " -subj /CN=web1 -addext subjectAltName=IP:10.1.2.3",
            shell=True,
            check=True,
            capture_output=True,
            cwd=tmp_path,
        )
        (tmp_path / "daemon.json").write_text(
            '{"tlsverify": true, "tlscacert": "/x/cert.pem", "tlscert": "/x/cert.pem",'
            '"tlskey": "/x/key.pem", "hosts": ["tcp://10.1.2.3:2376"]}'
        )
        (tmp_path / "docker.service").write_text("[Service]\nExecStart=/usr/bin/dockerd\n")
        given = ("--daemon-json", "daemon.json", "--unit", "docker.service", "--engine", "28.5.2")
        pems = ("--file", "/x/cert.pem=cert.pem", "--file", "/x/key.pem=key.pem")
        _, report, said = scanned(*given, *pems, cwd=tmp_path)
        results = {each["check"]: each["status"] for each in report["hosts"][0]["results"]}
        assert results["certificate-expires-soon"] == "fail"
        assert results["certificate-key-match"] == "pass"
        assert "sound TLS files" not in said
        secret = (tmp_path / "key.pem").read_text().splitlines()[5]
        assert secret not in json.dumps(report)
        _, report, said = scanned(*given, *pems[:2], cwd=tmp_path)
        checks = [each["check"] for each in report["hosts"][0]["results"]]
        assert "certificate-expires-soon" not in checks
        assert "assumed: sound TLS files lie at /x/key.pem" in said

    def test_an_environment_file(self, tmp_path: Path) -> None:
        (tmp_path / "docker.service").write_text(
            "[Service]\nRestart=always\nEnvironmentFile=-/etc/default/docker\n"
            "ExecStart=/usr/sbin/dockerd $DOCKER_OPTS\n"
        )
        (tmp_path / "env").write_text("DOCKER_OPTS=-H tcp://127.0.0.1:2375\n")
        status, _, said = scanned("--unit", "docker.service", cwd=tmp_path)
        assert status == 0
        assert "assumed: /etc/default/docker sets nothing" in said
        arguments = ("--unit", "docker.service", "--env-file", "env")
        assert scanned(*arguments, cwd=tmp_path)[0] == 1

    @pytest.mark.parametrize(
        ("arguments", "expected"),
        [
            (("--daemon-json", "none.json"), "--daemon-json none.json: No such file"),
            (("--daemon-json", "f", "web1"), "targets, or files to judge, but not both"),
            (("--daemon-json", "f", "--engine", "x"), "--engine x: write a version"),
            (("--daemon-json", ""), "--daemon-json : No such file"),
            (("--waivers", ""), "No such file"),
            (("--baseline", ""), "No such file"),
            (("--unit", "f"), "a unit's name ends in .service"),
            (("--daemon-json", "f", "--check", "permissions-*"), "none of the checks"),
            (("--daemon-json", "f", "--env-file", "f"), "which EnvironmentFile="),
            (("--daemon-json", "f", "--file", "f"), "--file f: write it as PATH=FILE"),
        ],
    )
    def test_wrong_use(self, tmp_path: Path, arguments: tuple[str, ...], expected: str) -> None:
        (tmp_path / "f").write_text("{}")
        done = run("scan", *arguments, cwd=tmp_path)
        assert (done.status, done.out) == (2, "")
        assert expected in done.err
