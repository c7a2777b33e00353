"""The parsers are total: any input gives a value or the package's own error, never another."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockeraudit.effective import DaemonInput, FileInput, decide, explain, reach_of
from dockeraudit.effective.batch import batch
from dockeraudit.effective.daemon_json import JsonError, check_types, decode, values_set
from dockeraudit.effective.flags import FlagError, flag_set, parse
from dockeraudit.effective.gotext import UrlError, parse_url
from dockeraudit.effective.hosts import HostError, parse_host
from dockeraudit.effective.material import pem_blocks
from dockeraudit.effective.model import Value
from dockeraudit.effective.version import Version, parse_version

VERSIONS: list[Version] = [(18, 9, 0), (19, 3, 15), (20, 10, 24), (23, 0, 6), (26, 1, 5)]
VERSIONS += [(28, 5, 2), (29, 7, 2), (40, 0, 0)]
version = st.sampled_from(VERSIONS)
FLAGS = sorted(flag_set((28, 5, 2)).names) + sorted(flag_set((20, 10, 24)).names)
KEYS = [*FLAGS, "hosts", "labels", "features", "runtimes", "x", "log-opts", "default-ulimits"]
argument = st.one_of(
    st.text(),
    st.builds("--{}={}".format, st.sampled_from(FLAGS), st.text()),
    st.builds("--{}".format, st.sampled_from(FLAGS)),
    st.builds("-{}".format, st.text("DHGlpsbgvhr=x")),
)
host = st.one_of(
    st.text(),
    st.text(":/[]%.0123456789abcdef@?#tcpunixfd "),
    st.builds("tcp://{}".format, st.text("[]:%25.0123456789abf@?#/")),
)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text())
values = st.recursive(
    scalars, lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.sampled_from(KEYS), inner))
)
tables = st.dictionaries(st.sampled_from(KEYS), values)
engines = st.sampled_from(["", "20.10.5+dfsg1", "19.03.15", "28.5.2", "99.1"])


@given(version, st.lists(argument))
def test_argv(release: Version, argv: list[str]) -> None:
    try:
        parsed = parse(flag_set(release), tuple(argv))
    except FlagError:
        return
    assert all(parsed.given.values())


@given(version, st.sampled_from(FLAGS), st.text())
def test_both_spellings_of_a_value_are_one(release: Version, name: str, value: str) -> None:
    flags = flag_set(release)
    if name not in flags.names or flags.names[name].kind == "bool":
        return
    try:
        joined = parse(flags, (f"--{name}={value}",)).given
    except FlagError:
        with pytest.raises(FlagError):
            parse(flags, (f"--{name}", value))
    else:
        assert parse(flags, (f"--{name}", value)).given == joined


@given(version, host)
def test_host(release: Version, text: str) -> None:
    try:
        parsed = parse_host(text, release)
    except HostError:
        return
    assert "://" in parsed


@given(st.text())
def test_url(text: str) -> None:
    with suppress(UrlError):
        assert len(parse_url(text)) == 3


@given(version, st.binary())
def test_json_of_any_bytes(release: Version, content: bytes) -> None:
    with suppress(JsonError):
        decode(content, release)


@given(version, st.text('{}[]":,\\tu0 \nnulrefas1e-.'))
def test_json_of_its_own_characters(release: Version, text: str) -> None:
    """What Python's strict reader takes is taken here, and the other way round."""
    try:
        expected = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        expected = ValueError
    try:
        decoded = decode(text.encode(), max(release, (23, 0, 0)))
    except JsonError:
        assert not isinstance(expected, dict)
    else:
        assert expected in (None, ValueError) or isinstance(expected, dict)
        if isinstance(expected, dict):
            assert {entry.key for entry in decoded.entries} == set(expected)
        elif expected is ValueError:
            assert not text.strip()


def _no_constant(name: str) -> None:
    raise ValueError(name)


@given(version, st.dictionaries(st.one_of(st.sampled_from(KEYS), st.text()), values))
def test_json_of_any_table(release: Version, table: dict[str, Value]) -> None:
    try:
        text = json.dumps(table, allow_nan=False)
    except ValueError:
        return
    with suppress(JsonError):
        decoded = decode(text.encode(), release)
        values_set(decoded, release)
        check_types(decoded, release)


@given(st.binary(), st.binary())
def test_pem(before: bytes, inside: bytes) -> None:
    block = b"-----BEGIN X-----\n" + inside + b"\n-----END X-----\n"
    assert pem_blocks(before + b"\n" + block) is not None


@settings(max_examples=200)
@given(engines, st.lists(argument), st.lists(host), tables, st.lists(st.text()))
def test_decide(
    engine: str, argv: list[str], hosts: list[str], table: dict[str, Value], units: list[str]
) -> None:
    content = json.dumps({**table, "hosts": hosts}).encode()
    start = DaemonInput(
        engine=engine,
        argv=tuple(argv),
        files={"/etc/docker/daemon.json": FileInput(content)},
        socket_units=tuple(units),
    )
    outcome = decide(start)
    assert (outcome.error is None) == (outcome.starts is not False)
    assert (outcome.undecided is None) == (outcome.starts is not None)
    assert explain(outcome, defaults=True)


@given(st.lists(st.binary()))
def test_batch(lines: list[bytes]) -> None:
    answers = batch(lines)
    for each in answers:
        assert json.loads(each.line())["reach"] == "LOCAL"


@given(st.text())
def test_version(text: str) -> None:
    parse_version(text)
    reach_of(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20.10.5+dfsg1", (20, 10, 5)),
        ("28.5.2", (28, 5, 2)),
        ("v27.0", (27, 0, 0)),
        ("17.03.2-ce", (17, 3, 2)),
        ("29.0.0-rc.1", (29, 0, 0)),
        ("library-import", None),
        ("", None),
    ],
)
def test_versions(text: str, expected: Version | None) -> None:
    assert parse_version(text) == expected


@pytest.mark.parametrize(
    ("address", "reach"),
    [
        ("/var/run/docker.sock", "LOCAL"),
        ("docker.sock", "LOCAL"),
        ("127.0.0.9:2375", "LOOPBACK"),
        ("[::1]:2375", "LOOPBACK"),
        ("172.17.0.1:2375", "BRIDGE"),
        ("192.0.2.10:2375", "ADDR"),
        ("[2001:db8::1]:2375", "ADDR"),
        ("0.0.0.0:2375", "ANY"),
        ("[::]:2375", "ANY"),
    ],
)
def test_reach(address: str, reach: str) -> None:
    assert reach_of(address, ("172.17.0.1/16",)) == reach
