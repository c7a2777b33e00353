"""Which engines a host has, and what each of the three witnesses says of them."""

import msgspec
import pytest

from dockeraudit.effective.model import Outcome
from dockeraudit.facts import (
    Absent,
    ApiFacts,
    Boot,
    Document,
    HostFacts,
    Names,
    Pem,
    Process,
    Socket,
    Unit,
    Unread,
    Wire,
)
from dockeraudit.host import Engine, Host
from tests.build import NOW, facts, file, process, unit
from tests.build_certificates import CA, CLIENT, SERVER, key_of, pem

UNIT = "/lib/systemd/system/docker.service"
SOCKET = "/lib/systemd/system/docker.socket"
DEFAULTS = "/etc/default/docker"
CONFIG = "/etc/docker/daemon.json"

UNIT_TEXT = b"""[Service]
EnvironmentFile=-/etc/default/docker
ExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock $DOCKER_OPTS
"""
SOCKET_TEXT = b"[Socket]\nListenStream=/run/docker.sock\nSocketGroup=docker\n"
API = ApiFacts(
    "/run/docker.sock",
    Document({"Version": "20.10.24+dfsg1", "ApiVersion": "1.41"}),
    Document({}),
)
UNIX = Socket("unix", "/run/docker.sock", 0, 10, (1, 800))
ANY_2375 = Socket("tcp6", "::", 2375, 11, (800,))


def debian(*argv: str, options: bytes = b"", **changes: object) -> HostFacts:
    """A Debian host whose daemon runs under docker.service with these further arguments."""
    texts = {UNIT: UNIT_TEXT, SOCKET: SOCKET_TEXT, DEFAULTS: options}
    config = changes.pop("config", None)
    files = {path: file() for path in texts} | {CONFIG: file() if config else Absent()}
    running = process(
        "-H",
        "fd://",
        "--containerd=/run/containerd/containerd.sock",
        *argv,
        environment=Names({"LISTEN_FDS": "1", "PATH": None}),
    )
    base = facts(
        units=(unit("docker.service"), unit("docker.socket")),
        texts=texts | ({CONFIG: config} if isinstance(config, bytes) else {}),
        files=files,
        processes=(running,),
        sockets=(UNIX,),
        apis=(API,),
    )
    return msgspec.structs.replace(base, **changes)


def engine_of(seen: HostFacts) -> Engine:
    engines = Host(seen).engines
    assert len(engines) == 1
    return engines[0]


def outcome(value: Outcome | Unread | None) -> Outcome:
    assert isinstance(value, Outcome), value
    return value


def shown(engine: Engine) -> dict[str, object]:
    return {each.address: each.mode for each in engine.listeners}


def test_a_plain_debian_host() -> None:
    engine = engine_of(debian())
    assert (engine.name, engine.version, engine.managed_by) == (
        "docker",
        "20.10.24+dfsg1",
        "systemd",
    )
    assert shown(engine) == {"/run/docker.sock": "PLAIN"}
    assert outcome(engine.configured).starts
    assert outcome(engine.running).starts


def test_docker_opts_is_expanded_with_its_origin() -> None:
    seen = debian(
        "-H",
        "tcp://0.0.0.0:2375",
        options=b'# one\nDOCKER_OPTS="-H tcp://0.0.0.0:2375"\n',
        sockets=(UNIX, ANY_2375),
    )
    engine = engine_of(seen)
    assert shown(engine) == {"/run/docker.sock": "PLAIN", "[::]:2375": "PLAIN"}
    plain = next(each for each in outcome(engine.configured).endpoints if each.transport == "tcp")
    assert "/etc/default/docker:2 DOCKER_OPTS" in plain.origin.source


def test_docker_opts_without_effect_where_the_unit_does_not_expand_it() -> None:
    seen = debian(options=b"DOCKER_OPTS='-H tcp://0.0.0.0:2375'")
    texts = {**seen.texts, UNIT: b"[Service]\nExecStart=/usr/bin/dockerd -H fd://\n"}
    engine = engine_of(msgspec.structs.replace(seen, texts=texts))
    assert [each.address for each in engine.upcoming] == ["/run/docker.sock"]


def test_the_next_start_fails_while_this_one_goes_on() -> None:
    seen = debian(config=b'{"hosts": ["tcp://0.0.0.0:2375"]}')
    files = {**seen.files, CONFIG: file(mtime=NOW - 60)}
    engine = engine_of(msgspec.structs.replace(seen, files=files))
    assert outcome(engine.configured).starts is False
    assert outcome(engine.running).starts
    assert shown(engine) == {"/run/docker.sock": "PLAIN"}
    assert engine.upcoming == ()


def test_a_name_that_no_resolver_can_know_breaks_the_start() -> None:
    seen = debian(options=b"DOCKER_OPTS=-H tcp://0.0.0.0.2375", processes=(), sockets=(), apis=())
    engine = engine_of(seen)
    assert engine.process is None
    assert outcome(engine.configured).starts is False
    assert engine.exposures == ()


def test_a_name_that_dns_may_know_is_not_decided() -> None:
    engine = engine_of(debian(options=b"DOCKER_OPTS=-H tcp://docker.corp.example:2376"))
    assert outcome(engine.configured).starts is None


def test_a_port_in_the_socket_unit() -> None:
    seen = debian(sockets=(UNIX, Socket("tcp6", "::", 2375, 11, (1, 800))))
    texts = {**seen.texts, SOCKET: SOCKET_TEXT + b"ListenStream=2375\n"}
    running = msgspec.structs.replace(
        seen.processes[0],  # type: ignore[index]
        environment=Names({"LISTEN_FDS": "2"}),
    )
    engine = engine_of(msgspec.structs.replace(seen, texts=texts, processes=(running,)))
    assert shown(engine) == {"/run/docker.sock": "PLAIN", "[::]:2375": "PLAIN"}
    listed = next(each for each in engine.listeners if each.port == 2375)
    assert any("ListenStream" in each.source for each in listed.evidence)


def test_a_daemon_run_by_hand_is_paired_with_the_idle_unit() -> None:
    seen = debian()
    stray = process("-H", "tcp://127.0.0.1:2375", cgroup="/user.slice/session-3.scope", pid=950)
    idle = unit("docker.service", properties={"UnitFileState": "disabled", "MainPID": "0"})
    seen = msgspec.structs.replace(
        seen,
        units=(idle, unit("docker.socket")),
        processes=(stray,),
        sockets=(Socket("tcp", "127.0.0.1", 2375, 12, (950,)),),
    )
    engine = engine_of(seen)
    assert (engine.managed_by, engine.unit) == ("hand", idle)
    assert shown(engine) == {"127.0.0.1:2375": "PLAIN"}


def test_two_daemons_are_two_engines() -> None:
    second = process(
        "--data-root=/srv/two", "-H", "unix:///srv/two.sock", cgroup="/x.scope", pid=951
    )
    first = debian()
    seen = msgspec.structs.replace(
        first,
        processes=(*first.processes, second),  # type: ignore[misc]
        sockets=(UNIX, Socket("unix", "/srv/two.sock", 0, 13, (951,))),
    )
    names = [(each.name, each.managed_by) for each in Host(seen).engines]
    assert names == [("docker", "systemd"), ("docker (/srv/two)", "hand")]


def test_a_daemon_inside_a_container_is_none_of_the_host() -> None:
    inside = process(pid=990, in_host_pid_namespace=False, cgroup="/docker/abc")
    seen = debian()
    both = (*seen.processes, inside)  # type: ignore[misc]
    assert len(Host(msgspec.structs.replace(seen, processes=both)).engines) == 1


def test_no_engine() -> None:
    assert Host(facts()).engines == ()


def test_a_connection_outweighs_what_the_daemon_was_told() -> None:
    wire = Wire("host", "127.0.0.1", 2375, "tls-server", "client-certificate-required")
    engine = engine_of(debian("-H", "tcp://0.0.0.0:2375", sockets=(ANY_2375,), wires=(wire,)))
    assert shown(engine) == {"[::]:2375": "MTLS"}


def test_without_root_the_arguments_stand_in_for_the_sockets() -> None:
    seen = debian("-H", "tcp://0.0.0.0:2375", sockets=(Socket("tcp6", "::", 2375, 11),))
    hidden = msgspec.structs.replace(
        seen.processes[0],  # type: ignore[index]
        exe=Unread("permission denied"),
        environment=Unread("permission denied"),
    )
    engine = engine_of(msgspec.structs.replace(seen, processes=(hidden,), apis=()))
    assert shown(engine)["[::]:2375"] == "PLAIN"
    assert {each.witness for each in engine.listeners} == {"running"}


def by_script(init: str, script: str, settings: str, text: bytes, *argv: str) -> HostFacts:
    running: tuple[Process, ...] = (process(*argv, cgroup="/", parent=1),) if argv else ()
    return facts(
        boot=Boot(init, scripts=(script,)),
        units=(),
        texts={settings: text},
        files={settings: file(), CONFIG: Absent()},
        processes=running,
        sockets=(ANY_2375,) if running else (),
        engine_version="28.5.2",
    )


def test_openrc() -> None:
    seen = by_script(
        "openrc",
        "/etc/init.d/docker",
        "/etc/conf.d/docker",
        b'DOCKER_OPTS="-H tcp://0.0.0.0:2375"',
        "-H",
        "tcp://0.0.0.0:2375",
    )
    engine = engine_of(seen)
    assert engine.managed_by == "openrc"
    assert [each.address for each in engine.upcoming] == ["[::]:2375"]


def test_sysvinit_that_does_not_run() -> None:
    seen = by_script(
        "sysvinit", "/etc/init.d/docker", "/etc/default/docker", b"DOCKER_OPTS='-H :2375'"
    )
    engine = engine_of(seen)
    assert (engine.process, engine.managed_by) == (None, "sysvinit")
    assert [each.address for each in engine.exposures] == ["127.0.0.1:2375"]


def test_an_unread_unit_file_is_unknown_not_safe() -> None:
    seen = debian(processes=(), sockets=())
    texts = {**seen.texts, UNIT: Unread("permission denied")}
    engine = engine_of(msgspec.structs.replace(seen, texts=texts))
    assert isinstance(engine.configured, Unread)
    assert isinstance(engine.exposed, Unread)


def test_a_unit_without_files_is_no_engine() -> None:
    missing = Unit("docker.service", (), Names({"LoadState": "not-found"}))
    assert Host(facts(units=(missing,))).engines == ()


def test_units_start_nothing_where_systemd_does_not_run() -> None:
    seen = by_script(
        "sysvinit", "/etc/init.d/docker", "/etc/default/docker", b'DOCKER_OPTS="-H :2375"'
    )
    texts = {**seen.texts, UNIT: UNIT_TEXT}
    units = (unit("docker.service", UNIT, properties={"ActiveState": "unknown"}),)
    engines = Host(msgspec.structs.replace(seen, units=units, texts=texts)).engines
    assert [each.managed_by for each in engines] == ["sysvinit"]


def test_folders_behind_links_are_folders() -> None:
    seen = debian()
    files = {
        **seen.files,
        "/run": file(kind="directory"),
        "/var/run": file(0o777, kind="symlink", target="/run"),
    }
    assert outcome(engine_of(msgspec.structs.replace(seen, files=files)).configured).starts


TLS_JSON = b"""{"hosts": ["tcp://192.0.2.10:2376"], "tlsverify": true,
 "tlscacert": "/tls/ca.pem", "tlscert": "/tls/cert.pem", "tlskey": "/tls/key.pem"}"""
SECURED = UNIT_TEXT.replace(b" -H fd://", b"")
ONE_2376 = Socket("tcp", "192.0.2.10", 2376, 12, (800,))


def secured(key: Pem, *sockets: Socket) -> HostFacts:
    """A daemon with client certificates and this key in its file."""
    pems = {"/tls/ca.pem": pem(CA), "/tls/cert.pem": pem(SERVER), "/tls/key.pem": key}
    seen = debian(config=TLS_JSON, sockets=sockets, pems=pems, apis=())
    return msgspec.structs.replace(
        seen,
        texts={**seen.texts, UNIT: SECURED},
        files={**seen.files, **dict.fromkeys(pems, file(0o400))},
        processes=(process(),),
        engine_version="26.1.5",
    )


@pytest.mark.parametrize("key", [key_of(CLIENT), key_of(SERVER, encrypted=True), pem()])
def test_a_key_that_was_replaced_under_a_running_daemon(key: Pem) -> None:
    engine = engine_of(secured(key, ONE_2376))
    assert outcome(engine.configured).starts is False
    assert outcome(engine.running).starts
    assert shown(engine) == {"192.0.2.10:2376": "MTLS"}


def test_a_key_with_which_a_daemon_can_not_have_opened_its_sockets() -> None:
    engine = engine_of(secured(key_of(CLIENT)))
    assert isinstance(engine.running, Unread)
    assert "does not belong" in engine.running.reason


def test_a_key_and_a_configuration_that_were_replaced_under_a_running_daemon() -> None:
    seen = secured(key_of(CLIENT), ONE_2376)
    files = {**seen.files, CONFIG: file(mtime=NOW - 60)}
    assert outcome(engine_of(msgspec.structs.replace(seen, files=files)).running).starts
    moved = msgspec.structs.replace(ONE_2376, port=2377)
    seen = msgspec.structs.replace(seen, files=files, sockets=(moved,))
    assert isinstance(engine_of(seen).running, Unread)
