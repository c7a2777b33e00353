"""Simple checks: what each comparison says of a host, and what is said of every mistake."""

import sys
from pathlib import Path
from typing import Any

import pytest

from dockeraudit.check import Check
from dockeraudit.config import ConfigError
from dockeraudit.effective.model import Origin, Outcome, Setting
from dockeraudit.facts import Absent, Account, Group, Inventory, Unread
from dockeraudit.host import Daemon, Host
from dockeraudit.judge import judge
from dockeraudit.report import Result
from dockeraudit.simple import read
from tests import build
from tests.build import SETTINGS, directory, file

HEAD = """
[[check]]
id = "acme-one"
title = "It is wrong"
severity = "medium"
rationale = "It is so."
remediation = "Change it."
"""


def made(rest: str, name: str = "acme.toml") -> Check[Any]:
    (check,) = read(name, (HEAD + rest).encode())
    return check


def result(rest: str, host: Host) -> Result:
    (found,) = judge(host, [made(rest)], SETTINGS)
    return found


class TestFile:
    """`[check.file]`."""

    PATH = "/etc/docker/daemon.json"
    ABOVE = {"/": directory(), "/etc": directory(), "/etc/docker": directory()}  # noqa: RUF012
    ACCOUNTS = (Account("root", 0, 0, "/root"), Account("alice", 1000, 1000, "/home/alice"))
    GROUPS = (Group("root", 0), Group("docker", 999))

    def host(self, seen: Any, **above: Any) -> Host:
        files = self.ABOVE | {self.PATH: seen} | above
        return build.host(files=files, accounts=self.ACCOUNTS, groups=self.GROUPS)

    def rule(self, **keys: str) -> str:
        lines = [f"{key} = {value}" for key, value in keys.items()]
        return "\n".join(("[check.file]", f'path = "{self.PATH}"', *lines))

    @pytest.mark.parametrize(
        ("keys", "seen", "status", "said"),
        [
            pytest.param({"mode": "'0640'"}, file(0o640), "pass", "", id="mode"),
            pytest.param({"mode": "'640'"}, file(0o400), "pass", "", id="less"),
            pytest.param({"mode": "'0640'"}, file(0o604), "fail", "others read", id="less, others"),
            pytest.param({"mode": "'0640'"}, file(0o644), "fail", "others read", id="more"),
            pytest.param({"mode": "'0644'"}, file(0o4644), "fail", "set-user-id", id="set-id"),
            pytest.param(
                {"mode": "'0640'"},
                file(0o660, acl=("user:1000:rw-",)),
                "fail",
                "ACL",
                id="ACL",
            ),
            pytest.param(
                {"mode": "'0640'"}, file(0o640, acl=Unread("getfacl")), "unknown", "ACL", id="acl?"
            ),
            pytest.param({"owner": "'root'"}, file(), "pass", "", id="owner"),
            pytest.param({"owner": "'0'"}, file(), "pass", "", id="owner by number"),
            pytest.param(
                {"owner": "'root'"},
                file(uid=1000),
                "fail",
                "belongs to alice, not to root",
                id="alice",
            ),
            pytest.param(
                {"owner": "'root'"},
                file(uid=77),
                "fail",
                "belongs to 77, not to root",
                id="nobody's",
            ),
            pytest.param(
                {"owner": "'ldap'"}, file(uid=77), "unknown", "no name", id="both unknown"
            ),
            pytest.param({"owner": "'ldap'"}, file(), "fail", "belongs to root", id="one known"),
            pytest.param({"group": "'docker'"}, file(gid=999), "pass", "", id="group"),
            pytest.param(
                {"group": "'root'"}, file(gid=999), "fail", "to docker, not", id="group of"
            ),
            pytest.param({"kind": "'socket'"}, file(), "fail", "not a socket", id="kind"),
            pytest.param({"exists": "true"}, file(), "pass", "", id="exists"),
            pytest.param({"exists": "true"}, Absent(), "fail", "does not exist", id="is not there"),
            pytest.param({"exists": "false"}, Absent(), "pass", "", id="must not be"),
            pytest.param({"exists": "false"}, file(), "fail", "exists", id="is there"),
            pytest.param(
                {"mode": "'0640'"}, Absent(), "not-applicable", "not exist", id="need not"
            ),
            pytest.param({"mode": "'0640'"}, Unread("denied"), "unknown", "denied", id="unread"),
            pytest.param({"exists": "false"}, Unread("denied"), "unknown", "denied", id="is it?"),
        ],
    )
    def test_verdict(self, keys: dict[str, str], seen: Any, status: str, said: str) -> None:
        found = result(self.rule(**keys), self.host(seen))
        assert (found.status, said in found.message) == (status, True), found.message

    def test_what_nobody_looked_at_is_unknown(self) -> None:
        found = result(self.rule(mode="'0640'"), build.host(files=self.ABOVE))
        assert found.status == "unknown"
        assert made(self.rule(mode="'0640'")).paths == (self.PATH,), "so the collector is asked"

    def test_a_folder_in_which_others_write(self) -> None:
        host = self.host(file(0o600), **{"/etc/docker": directory(0o777)})
        assert result(self.rule(mode="'0640'"), host).status == "fail"
        assert result(self.rule(exists="true"), host).status == "pass"

    def test_a_link_is_followed(self) -> None:
        link = file(0o777, kind="symlink", target="/srv/daemon.json")
        host = self.host(link, **{"/srv": directory(), "/srv/daemon.json": file(0o666)})
        (finding,) = result(self.rule(mode="'0640'"), host).findings
        assert finding.resource == "/srv/daemon.json"


class TestOption:
    """`[check.option]`."""

    SETTINGS = (
        Setting("log-driver", "json-file", Origin("default")),
        Setting("log-opts", {"max-size": "10m", "labels.a": "x"}, Origin("flag --log-opt")),
        Setting("max-concurrent-downloads", 3, Origin("default")),
        Setting("live-restore", False, Origin("default")),
        Setting("dns", ["192.0.2.1"], Origin("flag --dns")),
        Setting("bridge", "", Origin("default")),
    )

    def host(self, **changes: Any) -> Host:
        changes = {"running": Outcome(True, settings=self.SETTINGS)} | changes
        return build.host(build.engine(**changes))

    @pytest.mark.parametrize(
        ("rule", "status", "said"),
        [
            ('name = "log-driver"\nequals = "json-file"', "pass", ""),
            ('name = "log-driver"\nequals = "journald"', "fail", "json-file, not journald"),
            ('name = "log-driver"\none-of = ["a", "b"]', "fail", "json-file, none of a, b"),
            ('name = "log-driver"\none-of = ["a", "json-file"]', "pass", ""),
            ('name = "log-driver"\nnot = "json-file"', "fail", "log-driver is json-file"),
            ('name = "log-driver"\nnot = "x"', "pass", ""),
            ('name = "max-concurrent-downloads"\nat-least = 3\nat-most = 3', "pass", ""),
            ('name = "max-concurrent-downloads"\nat-least = 4', "fail", "is 3, less than 4"),
            ('name = "max-concurrent-downloads"\nat-most = 2.5', "fail", "is 3, more than 2.5"),
            ('name = "live-restore"\nequals = true', "fail", "is false, not true"),
            ('name = "live-restore"\nequals = 0', "fail", "is false, not 0"),
            ('name = "dns"\ncontains = "192.0.2.1"', "pass", ""),
            ('name = "dns"\ncontains = "192.0.2.2"', "fail", "dns has no 192.0.2.2: 192.0.2.1"),
            ('name = "bridge"\nset = true', "fail", "bridge is not set"),
            ('name = "dns"\nset = false', "fail", "should not be set"),
            ('name = "log-opts.max-size"\nset = true', "pass", ""),
            ('name = "log-opts.labels.a"\nequals = "x"', "pass", ""),
            ('name = "log-opts.max-file"\nset = true', "fail", "log-opts.max-file is not set"),
            ('name = "log-opts.max-size"\nat-least = 5', "unknown", "10m, which is no number"),
            ('name = "log-opts"\nset = false', "fail", "is max-size, labels.a, and"),
            ('name = "data-root"\nset = true', "not-applicable", "no option data-root"),
        ],
    )
    def test_verdict(self, rule: str, status: str, said: str) -> None:
        found = result(f"[check.option]\n{rule}", self.host())
        assert (found.status, said in found.message) == (status, True), found.message

    def test_what_can_not_be_told(self) -> None:
        rule = '[check.option]\nname = "log-driver"\nequals = "journald"'
        undecided = Outcome(None, undecided="the command line was not read")
        assert result(rule, self.host(running=undecided)).status == "unknown"
        assert result(rule, self.host(running=Unread("denied"))).status == "unknown"
        assert result(rule, self.host(process=None)).status == "not-applicable"
        broken = Outcome(False, settings=self.SETTINGS)
        assert result(rule, self.host(process=None, configured=broken)).status == "not-applicable"
        assert result(rule, build.host(processes=Unread("denied"))).status == "unknown"

    def test_the_next_start(self) -> None:
        rule = '[check.option]\nname = "log-driver"\nequals = "journald"'
        found = result(rule, self.host(process=None, configured=self.host().engines[0].running))
        assert found.message.startswith("at the next start log-driver is json-file")

    def test_a_file_newer_than_the_daemon_is_no_witness(self) -> None:
        started = build.process().started
        assert started is not None
        newer = {"/etc/docker/daemon.json": file(mtime=started + 60)}
        engine = self.host().engines[0]
        host = build.host(engine, files=newer)
        rule = '[check.option]\nname = "log-driver"\nequals = "json-file"'
        assert result(rule, host).status == "unknown"
        assert result('[check.option]\nname = "dns"\nset = true', host).status == "pass"

    def test_it_is_what_the_builtin_checks_are_told(self) -> None:
        from dockeraudit.host.options import Option, option

        (engine,) = self.host().engines
        told = option(Daemon(self.host(), engine), "log-driver")
        assert told == Option("json-file", "default")


class TestFact:
    """`[check.fact]`."""

    def host(self) -> Host:
        kept = build.inventory(
            build.container("web", HostConfig={"Memory": 0, "PidsLimit": None}),
            build.container("db", HostConfig={"Memory": 4096}),
            build.stopped("old", HostConfig={"Memory": 0}),
        )
        return build.host(
            build.keeping(kept, {"CgroupVersion": "2"}),
            parameters={"net.ipv4.ip_forward": "1", "lsm": "lockdown,apparmor"},
            packages=Unread("no package manager"),
            engine_version="26.1.5",
        )

    @pytest.mark.parametrize(
        ("rule", "status", "said"),
        [
            ('path = "machine.os.ID"\none-of = ["debian"]', "pass", ""),
            (
                'path = "machine.os.ID"\nequals = "rhel"',
                "fail",
                "machine.os.ID is debian, not rhel",
            ),
            ('path = "machine.os.VARIANT"\nequals = "x"', "unknown", "not among the facts"),
            ('path = "machine.kernel"\ncontains = "6.1"', "pass", ""),
            ('path = "parameters.net.ipv4.ip_forward"\nequals = 1', "pass", ""),
            ('path = "parameters.net.ipv4.ip_forward"\nequals = 0', "fail", "is 1, not 0"),
            ('path = ["parameters", "net.ipv4.ip_forward"]\nat-most = 0', "fail", "more than 0"),
            ('path = "parameters.kernel.kptr_restrict"\nequals = 2', "unknown", "not among"),
            ('path = "packages"\nset = true', "unknown", "no package manager"),
            ('path = "engine_version"\nequals = "26.1.5"', "pass", ""),
            ('over = "engine"\npath = "info.CgroupVersion"\nequals = 2', "pass", ""),
            ('over = "engine"\npath = "info.Runtimes.runc"\nset = true', "unknown", "not among"),
            (
                'over = "container"\npath = "HostConfig.Memory"\nat-least = 1',
                "fail",
                "container web: HostConfig.Memory is 0, less than 1 (and 1 more)",
            ),
            (
                'over = "container"\npath = "HostConfig.PidsLimit"\nat-least = 1',
                "fail",
                "container web: HostConfig.PidsLimit is not set",
            ),
            ('over = "container"\npath = "Config.Labels.x"\nset = false', "pass", ""),
            ('over = "image"\npath = "Config.User"\nnot = "root"', "pass", ""),
            ('over = "network"\npath = "EnableIPv6"\nequals = false', "pass", ""),
        ],
    )
    def test_verdict(self, rule: str, status: str, said: str) -> None:
        found = result(f"[check.fact]\n{rule}", self.host())
        assert (found.status, said in found.message) == (status, True), found.message

    def test_a_stopped_container_counts_less(self) -> None:
        rule = '[check.fact]\nover = "container"\npath = "HostConfig.Memory"\nat-least = 1'
        found = result(rule, self.host())
        assert [(each.resource, each.severity) for each in found.findings] == [
            ("container web", "medium"),
            ("container old", "low"),
        ]

    def test_what_there_is_not(self) -> None:
        rule = '[check.fact]\nover = "container"\npath = "HostConfig.Memory"\nat-least = 1'
        empty = build.host(build.keeping(build.inventory()))
        assert result(rule, empty).status == "not-applicable"
        assert result(rule, build.host()).status == "unknown", "no API"
        assert result(rule, build.host(build.keeping(Unread("denied")))).status == "unknown"
        info = '[check.fact]\nover = "engine"\npath = "info.Driver"\nequals = "overlay2"'
        assert result(info, build.host()).status == "unknown"
        assert result(info, build.host(build.engine(process=None))).status == "not-applicable"

    def test_what_stays_on_the_host_is_unknown(self) -> None:
        kept = build.inventory(build.container(Config={"Labels": {"a": "***"}, "Cmd": ["***"]}))
        host = build.host(build.keeping(kept))
        for rule in (
            'path = "Config.Labels.a"\nequals = "x"',
            'path = "Config.Cmd"\ncontains = "x"',
        ):
            assert result(f'[check.fact]\nover = "container"\n{rule}', host).status == "unknown"


def test_heads() -> None:
    check = made(
        'quiet = "Never."\nprofiles = ["acme", "daemon"]\nreferences = ["cis-1.8 2.1"]\n'
        '[check.option]\nname = "icc"\nequals = false'
    )
    assert (check.id, check.family, check.profiles) == ("acme-one", "acme", ("acme", "daemon"))
    assert (check.quiet, check.references[0].id) == ("Never.", "2.1")
    for rest in (
        '[check.option]\nname = "icc"\nequals = false',
        '[check.file]\npath = "/etc/x"\nexists = true',
        '[check.fact]\npath = "machine.kernel"\nset = true',
    ):
        assert made(rest).quiet.endswith("."), "a page has no empty part"
        assert made(rest).profiles == ("daemon",)


OPTION = '[check.option]\nname = "icc"\nequals = false\n'
MISTAKES = [
    pytest.param("[[check]\n", ["1: no TOML"], id="no TOML"),
    pytest.param("", ["1: the file has no check"], id="empty"),
    pytest.param("[check]\nid = 'a-b'", ["1: check: expected array"], id="one bracket"),
    pytest.param(HEAD, ["2: check[1]: it has to have one of file, option, fact"], id="no rule"),
    pytest.param(
        HEAD + OPTION + '[check.file]\npath = "/x"\nexists = true',
        ["2: check[1]: it has to have one"],
        id="two rules",
    ),
    pytest.param(
        HEAD.replace("severity", "severty") + OPTION,
        [
            "5: unknown key check[1].severty. Did you mean 'severity'?",
            "2: check[1] has no severity",
        ],
        id="unknown key",
    ),
    pytest.param(
        HEAD.replace('"medium"', '"hihg"') + OPTION,
        ["5: check[1].severity: no such value 'hihg'. Did you mean 'high'?"],
        id="severity",
    ),
    pytest.param(
        HEAD.replace("acme-one", "Acme one") + OPTION,
        ["3: check[1].id: 'Acme one' is no id"],
        id="id",
    ),
    pytest.param(
        HEAD.replace("It is so.", " ") + OPTION, ["6: check[1].rationale: it is e"], id="text"
    ),
    pytest.param(
        HEAD + OPTION + HEAD + OPTION, ["13: check[2].id: acme-one is there twice"], id="twice"
    ),
    pytest.param(
        HEAD + '[check.file]\npath = "/x"\nmode = 640',
        ['10: check[1].file.mode: expected str | null, got int; write it in quotes: "0640"'],
        id="mode without quotes",
    ),
    pytest.param(
        HEAD + '[check.file]\npath = "x"\nmode = "0888"',
        ["9: check[1].file.path: write an absolute", "10: check[1].file.mode: '0888' is no mode"],
        id="mode",
    ),
    pytest.param(
        HEAD + '[check.file]\npath = "/x"',
        ["9: check[1].file.path: nothing is asked"],
        id="no file rule",
    ),
    pytest.param(
        HEAD + '[check.file]\npath = "/x"\nexists = false\nmode = "0600"',
        ["10: check[1].file.exists: what must not exist has no mode"],
        id="mode of nothing",
    ),
    pytest.param(
        HEAD + OPTION.replace("icc", "ic"),
        ["9: check[1].option.name: dockerd has no option 'ic'. Did you mean 'icc'?"],
        id="option",
    ),
    pytest.param(
        HEAD + OPTION.replace("equals", "equal"),
        ["10: unknown key check[1].option.equal. Did you mean 'equals'?"],
        id="comparison",
    ),
    pytest.param(
        HEAD + OPTION.replace("equals = false", ""),
        ["9: check[1].option.name: nothing is"],
        id="none",
    ),
    pytest.param(
        HEAD + '[check.option]\nname = "icc"\nat-least = "3"',
        ["10: check[1].option.at-least: expected int | float | null, got str"],
        id="number",
    ),
    pytest.param(
        HEAD + '[check.fact]\npath = "machin.os.ID"\nset = true',
        ["9: check[1].fact.path: there is no fact 'machin'. Did you mean 'machine'?"],
        id="fact",
    ),
    pytest.param(
        HEAD + '[check.fact]\npath = "machine.os"\nover = "container"\nset = true',
        ["9: check[1].fact.path: there is no fact 'machine'"],
        id="fact of a host",
    ),
    pytest.param(
        HEAD + '[check.fact]\npath = "machine"\nset = true',
        ["9: check[1].fact.path: machine has parts: name one of hostname, kernel"],
        id="part",
    ),
    pytest.param(
        HEAD + '[check.fact]\npath = "machine.kernel.x"\nset = true',
        ["9: check[1].fact.path: machine.kernel is a list or a single value"],
        id="no part",
    ),
    pytest.param(
        HEAD + '[check.fact]\npath = ["texts", "/etc/x"]\ncontains = "x"',
        ["9: check[1].fact.path: texts./etc/x is a file's content"],
        id="content",
    ),
]


@pytest.mark.parametrize(("text", "expected"), MISTAKES)
def test_mistakes(text: str, expected: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        read("acme.toml", text.encode())
    assert len(caught.value.problems) == len(expected), caught.value.problems
    for problem, start in zip(caught.value.problems, expected, strict=True):
        assert problem.startswith(f"acme.toml:{start}"), problem


YAML = """\
check:
  - id: acme-one
    title: It is wrong
    severity: medium
    rationale: It is so.
    remediation: >
      Change
      it.
    file: {path: /etc/x, mode: "0640"}
  - id: acme-two
    title: It is wrong
    severity: medium
    rationale: It is so.
    remediation: Change it.
    option:
      name: icc
      equals: false
"""


class TestYaml:
    """The same form, through PyYAML."""

    def test_it_is_read(self) -> None:
        one, two = read("acme.yaml", YAML.encode())
        assert (one.id, one.paths, one.remediation) == ("acme-one", ("/etc/x",), "Change it.")
        assert two.over is Daemon

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("check: [", ["2: no YAML: "]),
            ("", ["1: the file has no check"]),
            ("- 1", ["1: expected a table"]),
            (
                YAML.replace('"0640"', "0640"),
                ["9: check[1].file.mode: expected str | null, got int"],
            ),
            (
                YAML.replace("severity: medium", "severty: low", 1),
                ["4: unknown key", "2: check[1] h"],
            ),
            (YAML + "      name: icc\n", ["18: name is there twice"]),
            (YAML.replace("name: icc", "name: ic"), ["16: check[2].option.name: dockerd has no"]),
            ("check: &a [*a]", ["1: anchors and aliases are not used here"]),
            ("1: 2", ["1: the key '1' is no text"]),
            ("check: !!python/object:os.system {}", ["1: no YAML: could not determine"]),
            ("a: 1\n\x07", ["1: no YAML: "]),
        ],
    )
    def test_mistakes(self, text: str, expected: list[str]) -> None:
        with pytest.raises(ConfigError) as caught:
            read("acme.yaml", text.encode())
        assert len(caught.value.problems) == len(expected), caught.value.problems
        for problem, start in zip(caught.value.problems, expected, strict=True):
            assert problem.startswith(f"acme.yaml:{start}"), problem

    def test_without_pyyaml(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "yaml", None)
        with pytest.raises(ConfigError, match=r"pip install 'dockeraudit\[yaml\]'"):
            read("acme.yaml", YAML.encode())


def test_every_key_that_is_promised_is_a_comparison() -> None:
    import msgspec

    from dockeraudit.simple.comparison import Comparison

    guide = Path(__file__).resolve().parents[1] / "docs" / "how-to" / "write-a-check.md"
    text = guide.read_text(encoding="utf-8")
    for field in msgspec.structs.fields(Comparison):
        assert f"`{field.encode_name}`" in text, field.encode_name


def test_containers_that_were_not_listed() -> None:
    kept = Inventory(Unread("too many"), (), (), (), ())
    rule = '[check.fact]\nover = "container"\npath = "HostConfig.Memory"\nat-least = 1'
    assert result(rule, build.host(build.keeping(kept))).status == "unknown"
