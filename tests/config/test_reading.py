"""The configuration file: what it may say, where it is found, and what is said of its mistakes."""

import json
import os
import re
import tomllib
from contextlib import suppress
from pathlib import Path

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockeraudit.config import NONE, ConfigError, Configuration, Loaded, load
from dockeraudit.config import schema as schema_file
from dockeraudit.config.document import parse
from dockeraudit.config.model import CheckSettings, schema, settings_of
from dockeraudit.config.patterns import matches, names_of
from dockeraudit.config.reading import find
from dockeraudit.config.start import text
from dockeraudit.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def read(folder: Path, content: str, name: str = "dockeraudit.toml") -> Loaded:
    (folder / name).write_text(content, encoding="utf-8")
    return load(str(folder / name))


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    assert read(tmp_path, "").values == Configuration()
    assert load(NONE) == Loaded()
    assert settings_of(CheckSettings()) == Settings(now=0)


def test_every_value_knows_its_line(tmp_path: Path) -> None:
    loaded = read(tmp_path, 'profile = "strict"\n\n[settings]\nleaf-validity-days = 90\n')
    file = tmp_path / "dockeraudit.toml"
    assert loaded.values.profile == "strict"
    assert loaded.origin("profile") == f"{file}:1"
    assert loaded.origin("settings", "leaf-validity-days") == f"{file}:4"
    assert loaded.origin("fail-on") == ""
    assert loaded.settings().leaf_validity_days == 90


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param("a = = 1", ["1: no TOML: "], id="no TOML"),
        pytest.param('x = """\n', ["2: no TOML: "], id="no end"),
        pytest.param(
            '\nprofil = "x"', ["2: unknown key profil. Did you mean 'profile'?"], id="unknown key"
        ),
        pytest.param(
            'fail_on = "low"', ["1: unknown key fail_on. Did you mean 'fail-on'?"], id="underscore"
        ),
        pytest.param("zzz = 1", ["1: unknown key zzz. There are: targets, "], id="nothing near"),
        pytest.param("profile = 3", ["1: profile: expected str, got int"], id="type"),
        pytest.param("targets = 'a'", ["1: targets: expected array, got str"], id="no list"),
        pytest.param(
            "targets = [\n'a',\n3]", ["3: targets[2]: expected str, got int"], id="element"
        ),
        pytest.param("become = 1", ["1: become: expected bool, got int"], id="bool"),
        pytest.param("concurrency = 0", ["1: concurrency: expected int >= 1"], id="range"),
        pytest.param("concurrency = true", ["1: concurrency: expected int, got bool"], id="int"),
        pytest.param("timeout = inf", ["1: timeout: expected float <= 86400"], id="no end of time"),
        pytest.param("timeout = nan", ["1: timeout: "], id="no number"),
        pytest.param(
            'fail-on = "hihg"',
            ["1: fail-on: no such value 'hihg'. Did you mean 'high'? There are: critical, "],
            id="word",
        ),
        pytest.param("settings = 1", ["1: settings: expected a table, got int"], id="no table"),
        pytest.param("reports = 1", ["1: reports: expected table, got int"], id="no reports"),
        pytest.param(
            "[reports]\njson = 1", ["2: reports.json: expected str, got int"], id="report"
        ),
        pytest.param(
            "[settings]\ncertificate-day = [1, 2, 3]",
            ["2: unknown key settings.certificate-day. Did you mean 'certificate-days'?"],
            id="unknown key inside",
        ),
        pytest.param(
            "[settings]\ncertificate-days = [60, 30, 7]",
            ["2: settings.certificate-days: the days for high, medium and low must not fall"],
            id="order",
        ),
        pytest.param(
            "[settings]\ncertificate-days = [1, 2, -3]",
            ["2: settings.certificate-days[3]: expected int >= 0"],
            id="negative",
        ),
        pytest.param(
            "[[settings.exceptions]]\ncheck = 'a'",
            ["1: settings.exceptions[1]: object missing required field reason"],
            id="missing key",
        ),
        pytest.param(
            "[groups.a]\ntargets = []", ["2: groups.a.targets: no target is named"], id="empty"
        ),
        pytest.param(
            "[groups.'a b']\ntargets = ['x']\nprofile = 1",
            ["3: groups.'a b'.profile: expected str | null, got int"],
            id="group's type",
        ),
        pytest.param("groups.x = 3", ["1: groups.x: expected a table, got int"], id="group"),
        pytest.param("a = 1\nb = 2", ["1: unknown key a", "2: unknown key b"], id="all of them"),
    ],
)
def test_mistakes(tmp_path: Path, content: str, expected: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, content)
    assert len(caught.value.problems) == len(expected)
    for problem, start in zip(caught.value.problems, expected, strict=True):
        assert problem.startswith(f"{tmp_path / 'dockeraudit.toml'}:{start}"), problem


def test_not_utf8(tmp_path: Path) -> None:
    file = tmp_path / "dockeraudit.toml"
    file.write_bytes(b"a = 1\nb = '\xff'")
    with pytest.raises(ConfigError, match=":2: no text in UTF-8"):
        load(str(file))


def test_a_mark_at_the_beginning_is_no_mistake(tmp_path: Path) -> None:
    assert read(tmp_path, '\ufeffprofile = "strict"').values.profile == "strict"


def test_too_large(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="larger than 1 MiB"):
        read(tmp_path, "#" * (1 << 20) + "#")


def test_a_named_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load(str(tmp_path / "x.toml"))


class TestFinding:
    """Upward from a folder: the nearest file, ours before the project's."""

    def test_nothing(self, tmp_path: Path) -> None:
        assert find(str(tmp_path)) is None

    def test_upward(self, tmp_path: Path) -> None:
        below = tmp_path / "a" / "b"
        below.mkdir(parents=True)
        (tmp_path / "dockeraudit.toml").touch()
        assert find(str(below)) == str(tmp_path / "dockeraudit.toml")

    def test_here(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "dockeraudit.toml").touch()
        monkeypatch.chdir(tmp_path)
        assert find(".") == "dockeraudit.toml"

    def test_the_projects_file(self, tmp_path: Path) -> None:
        file = tmp_path / "pyproject.toml"
        file.write_text('[tool.dockeraudit]\nprofile = "strict"\n')
        found = load(None, str(tmp_path))
        assert found.values.profile == "strict"
        assert found.origin("profile") == f"{file}:2"

    def test_a_project_without_our_table(self, tmp_path: Path) -> None:
        (tmp_path / "pyproject.toml").write_text('[project]\nname = "dockeraudit-x"\n')
        assert find(str(tmp_path)) is None
        with pytest.raises(ConfigError, match="there is no"):
            load(str(tmp_path / "pyproject.toml"))

    def test_ours_goes_before_the_projects(self, tmp_path: Path) -> None:
        (tmp_path / "pyproject.toml").write_text("[tool.dockeraudit]\n")
        (tmp_path / "dockeraudit.toml").touch()
        assert find(str(tmp_path)) == str(tmp_path / "dockeraudit.toml")

    def test_a_broken_project_is_passed_over_unless_it_is_ours(self, tmp_path: Path) -> None:
        file = tmp_path / "pyproject.toml"
        file.write_text("# dockeraudit\n[tool.x\n")
        assert find(str(tmp_path)) is None
        file.write_text("[tool.dockeraudit]\nprofile = \n")
        with pytest.raises(ConfigError, match=":2: no TOML"):
            load(None, str(tmp_path))

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
    def test_somebody_elses_file_is_refused_when_found_and_taken_when_named(
        self, tmp_path: Path
    ) -> None:
        file = tmp_path / "dockeraudit.toml"
        file.touch()
        os.chown(file, 12345, 12345)
        with pytest.raises(ConfigError, match="belongs to another user"):
            find(str(tmp_path))
        assert load(str(file)).path == str(file)

    def test_everybodys_file_is_refused(self, tmp_path: Path) -> None:
        file = tmp_path / "dockeraudit.toml"
        file.touch()
        file.chmod(0o666)
        with pytest.raises(ConfigError, match="everybody may write it"):
            find(str(tmp_path))


def test_groups(tmp_path: Path) -> None:
    loaded = read(
        tmp_path,
        """
        [settings]
        leaf-validity-days = 100
        ca-validity-days = 200
        [groups.all]
        targets = ["*"]
        settings.leaf-validity-days = 300
        [groups.web]
        targets = ["web?", "db1"]
        fail-on = "high"
        settings.allowed-listeners = ["0.0.0.0:2376"]
        """,
    )
    assert [name for name, _ in loaded.groups(("web1",))] == ["all", "web"]
    assert [name for name, _ in loaded.groups(("web10",))] == ["all"]
    web = loaded.settings(names_of("root@db1:2222"))
    assert (web.leaf_validity_days, web.ca_validity_days) == (300, 200)
    assert web.allowed_listeners == ("0.0.0.0:2376",)
    assert loaded.settings().leaf_validity_days == 100


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("[::]:2375", "[::]:2375", True),
        ("[::]:*", "[::]:2375", True),
        ("[abc]", "a", False),
        ("web?", "web1", True),
        ("web*", "WEB1", False),
        ("", "a", False),
    ],
)
def test_patterns(pattern: str, name: str, expected: bool) -> None:
    assert matches(pattern, (name,)) is expected


def test_the_start_is_the_defaults_and_all_its_lines_are_right(tmp_path: Path) -> None:
    loaded = read(tmp_path, text())
    assert loaded.values == Configuration()
    live = re.sub(r"(?m)^# (?=[a-z-]+ = |\[(?:groups|profiles)\b)", "", text())
    everything = read(tmp_path, live)
    keys = {name.replace("_", "-") for name in Configuration.__struct_fields__}
    assert keys == set(tomllib.loads(live)), "every key is in it"
    assert everything.values.fail_on == "low"


def test_the_schema_is_fresh_and_says_what_reading_says() -> None:
    file = ROOT / "dockeraudit" / "config.schema.json"
    assert file.read_text(encoding="utf-8") == schema_file.text(), (
        "stale: python -m dockeraudit.config.schema > dockeraudit/config.schema.json"
    )
    checker = jsonschema.Draft202012Validator(schema())
    jsonschema.Draft202012Validator.check_schema(schema())
    live = re.sub(r"(?m)^# (?=[a-z-]+ = |\[(?:groups|profiles)\b)", "", text())
    checker.validate(json.loads(json.dumps(tomllib.loads(live))))
    wrongs: tuple[dict[str, object], ...] = (
        {"profil": "x"},
        {"fail-on": "x"},
        {"groups": {"a": {"targets": 1}}},
        {"timeout": 0},
    )
    for wrong in wrongs:
        assert list(checker.iter_errors(wrong)), wrong


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = [name.replace("_", "-") for name in Configuration.__struct_fields__]


@given(st.dictionaries(st.sampled_from([*KEYS, "x", "certificate-days"]), VALUES, max_size=4))
def test_reading_takes_what_msgspec_takes_and_names_what_it_does_not(
    table: dict[str, object],
) -> None:
    """The walk that finds every mistake agrees with the decoder that finds the first."""
    from dockeraudit.config.document import Document, problems

    wrong = list(problems(Document("f", "", table, {}), Configuration))
    try:
        msgspec.convert(table, Configuration)
    except msgspec.ValidationError:
        assert wrong
    else:
        assert not wrong
    assert all(line.startswith("f:1: ") and "\n" not in line for line in wrong)


@given(st.binary(max_size=60))
def test_no_bytes_end_in_another_exception(data: bytes) -> None:
    with suppress(ConfigError):
        parse("f", data)
