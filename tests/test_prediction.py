"""Files judged before they are deployed: where they are put, what is assumed, and no guess."""

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockeraudit.facts import decode, encode
from dockeraudit.host import Host
from dockeraudit.plugins import checks
from dockeraudit.prediction import (
    CHECKS,
    WITH_ENGINE,
    WITH_TLS_FILES,
    Files,
    PredictionError,
    pem,
    predict,
)
from dockeraudit.scan import Plan, report_host

NOW = 1_795_000_000
KNOWN = checks()
SERVICE = b"[Service]\nExecStart=/usr/bin/dockerd\n"


def statuses(files: Files) -> dict[str, str]:
    """What the checks that can be asked say."""
    prediction = predict(files, NOW)
    asked = tuple(
        check
        for id, check in KNOWN.items()
        if any(fnmatchcase(id, pattern) for pattern in prediction.checks)
    )
    report = report_host(Host(prediction.facts), Plan(checks=asked))
    assert report.state == "scanned"
    return {result.check: result.status for result in report.results}


def test_the_checks_exist() -> None:
    for pattern in (*CHECKS, *WITH_ENGINE, *WITH_TLS_FILES):
        assert any(fnmatchcase(id, pattern) for id in KNOWN), pattern


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(Files(), id="nothing but the packaged units"),
        pytest.param(Files(daemon_json=b"{}"), id="an empty daemon.json"),
        pytest.param(Files(daemon_json=b"{}", engine="20.10.24"), id="an old engine"),
        pytest.param(Files(units=(("docker.service", SERVICE),)), id="a unit without sockets"),
        pytest.param(
            Files(
                daemon_json=b'{"hosts": ["tcp://10.9.8.7:2375"]}', units=(("x.service", SERVICE),)
            ),
            id="an address that must be the host's",
        ),
        pytest.param(
            Files(
                daemon_json=b'{"tlsverify": true, "hosts": ["tcp://[fd00::1]:2376"]}',
                units=(("docker.service", SERVICE),),
                engine="28.5.2",
            ),
            id="TLS files at their usual places",
        ),
    ],
)
def test_nothing_that_can_be_asked_is_unknown(files: Files) -> None:
    assert "unknown" not in statuses(files).values()


def test_a_name_to_bind_to_can_not_be_told() -> None:
    files = Files(
        daemon_json=b'{"hosts": ["tcp://web1:2375"]}', units=(("docker.service", SERVICE),)
    )
    assert statuses(files)["listener-tcp-plain"] == "unknown"


def test_daemon_json_lies_where_the_unit_says() -> None:
    unit = (
        b"[Service]\nExecStart=/usr/bin/dockerd --config-file=/srv/d.json -H tcp://0.0.0.0:2375\n"
    )
    files = Files(daemon_json=b'{"no-such-key": 1}', units=(("docker.service", unit),))
    assert "/srv/d.json" in predict(files, NOW).facts.texts
    assert statuses(files)["service-next-start"] == "fail"


def test_drop_ins_count_in_the_order_of_their_names() -> None:
    drop_in = "[Service]\nExecStart=\nExecStart=/usr/bin/dockerd -H {}\n"
    open_, closed = (drop_in.format(f"tcp://{each}:2375").encode() for each in ("0.0.0.0", "[::1]"))
    last_closed = Files(units=(("9.conf", closed), ("1.conf", open_)))
    assert statuses(last_closed)["listener-wildcard"] == "pass"
    assert statuses(Files(units=(("1.conf", closed), ("9.conf", open_))))["listener-wildcard"] == (
        "fail"
    )


def test_sockets_of_the_socket_unit() -> None:
    socket = b"[Socket]\nListenStream=2375\n"
    assert (
        statuses(Files(socket_units=(("docker.socket", socket),)))["listener-tcp-plain"] == "fail"
    )


@pytest.mark.parametrize(
    ("name", "placed"), [("/etc/default/docker", True), ("docker", True), ("env", False)]
)
def test_which_environment_file_it_is(name: str, placed: bool) -> None:
    unit = (
        b"[Service]\nEnvironmentFile=-/etc/default/docker\nEnvironmentFile=-/etc/default/docker\n"
        b"EnvironmentFile=-/etc/x\nExecStart=/usr/bin/dockerd $OPTS\n"
    )
    files = Files(units=(("docker.service", unit),), environment=((name, b"OPTS=-H fd://\n"),))
    if placed:
        assert predict(files, NOW).facts.texts["/etc/default/docker"] == b"OPTS=-H fd://\n"
    else:
        with pytest.raises(PredictionError, match="/etc/default/docker, /etc/x"):
            predict(files, NOW)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (Files(units=(("unit", SERVICE),)), "ends in .service"),
        (Files(units=(("a.service", SERVICE), ("b.service", SERVICE))), "more than one"),
        (Files(units=(("a.conf", SERVICE), ("a.conf", SERVICE))), "is there once"),
        (Files(socket_units=(("a.service", SERVICE),)), "ends in .socket"),
    ],
)
def test_files_that_are_none_of_a_daemon(files: Files, expected: str) -> None:
    with pytest.raises(PredictionError, match=expected):
        predict(files, NOW)


def test_facts_of_a_prediction_are_facts() -> None:
    facts = predict(Files(daemon_json=b"{}"), NOW).facts
    assert decode(encode(facts)) == facts


CONTENT = st.one_of(
    st.binary(max_size=40),
    st.text('{}[]":,hosts tcp/0123456789.\n=-#[Service]ExecStart$', max_size=60).map(str.encode),
)


@given(CONTENT, CONTENT, CONTENT, st.sampled_from(["", "28.5.2", "20.10.24", "x"]))
def test_no_files_end_in_another_exception(
    daemon_json: bytes, unit: bytes, other: bytes, engine: str
) -> None:
    files = Files(
        daemon_json=daemon_json,
        units=(("docker.service", SERVICE + unit), ("x.conf", unit)),
        socket_units=(("x.conf", other),),
        others=(("/etc/docker/ca.pem", other),),
        engine=engine,
    )
    found = statuses(files)
    assert found
    prediction = predict(files, NOW)
    for check in KNOWN.values():
        for result in report_host(Host(prediction.facts), Plan(checks=(check,))).results:
            assert "the check ended in an error" not in result.message, result


@given(st.binary(max_size=200).map(lambda data: b"-----BEGIN PRIVATE KEY-----\n" + data))
def test_no_key_ends_in_an_exception(data: bytes) -> None:
    pem(data)
    pem(data + b"\n-----END PRIVATE KEY-----\n")
