"""What an engine keeps: only what KEEPS names leaves the host, and any answer gives facts."""

import json
import os
import re
import shutil
import socketserver
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import inspect

from dockeraudit.collect import build
from dockeraudit.collect.inventory import NO_ANSWER, inventory
from dockeraudit.facts import (
    ContainerFacts,
    ImageFacts,
    Inventory,
    NetworkFacts,
    PluginFacts,
    ServiceFacts,
    SwarmFacts,
    Task,
    Unread,
    VolumeFacts,
)
from dockeraudit.facts.inventory import Step
from tests.collect.programs import AWKS, program
from tests.collect.test_script import SHELLS

SOURCE = program("MASK") + "\n" + program("INVENTORY")
ENGINES = sorted((Path(__file__).parent / "engines").glob("*.json"))
CANARY = "Canary7Rz"
ID = "ab" * 32
IMAGE = "sha256:" + "cd" * 32
LISTS = ("networks", "volumes", "plugins", "swarm", "services", "secrets")


def run(argv: list[str], source: str, data: bytes, *arguments: str) -> bytes:
    return subprocess.run(
        [*argv, source, *arguments],
        input=data,
        capture_output=True,
        check=True,
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
    ).stdout


def answer(path: str, document: bytes | object, code: int = 200) -> bytes:
    """An answer as curl's -w ends it."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return body + f"\n\1{code} http://d{path}\n".encode()


def lines(output: bytes) -> list[bytes]:
    found = output.splitlines()
    assert all(line.startswith((b"|", b"+http://d/", b"=/")) for line in found), output
    return [line[1:] for line in found if line.startswith(b"|")]


def projected(argv: list[str], kind: str, document: bytes | object) -> Any:
    """What is left of one answer; None where it was refused."""
    path = {
        "container": f"/containers/{ID}/json",
        "image": f"/images/{IMAGE}/json",
        "history": f"/images/{IMAGE}/history",
    }.get(kind, f"/{kind}")
    (line,) = [
        line
        for line in lines(run(argv, SOURCE, answer(path, document)))
        if not line.startswith((b"task", b"ssh", b"unseen"))
    ]
    _, _, code, body = line.split(b" ", 3)
    return json.loads(body) if code == b"200" else None


@pytest.fixture(params=AWKS, ids=" ".join)
def tool(request: pytest.FixtureRequest) -> list[str]:
    argv: list[str] = request.param
    return argv


def test_places_of_the_host_are_looked_at(tool: list[str]) -> None:
    container = {"Id": ID, "Mounts": [
        {"Type": "bind", "Source": "/srv/a b"},
        {"Type": "bind", "Source": "/srv/\n=/etc"},
        {"Type": "volume", "Source": "relative"},
    ]}  # fmt: skip
    volumes = {"Volumes": [{"Name": "v", "Options": {"o": "bind", "device": "/data"}}]}
    data = answer(f"/containers/{ID}/json", container) + answer("/volumes", volumes)
    found = run(tool, SOURCE, data).splitlines()
    assert sorted(line for line in found if line.startswith(b"=")) == [b"=/data", b"=/srv/a b"]


# ---- what is kept is what the facts have room for ----

Tree = dict[str, Any] | None


def keeps() -> dict[str, Tree]:
    """KEEPS, read as the script reads it."""
    source = SOURCE + '\nBEGIN { for (k in KEEPS) print k "=" KEEPS[k]; exit }'
    found = {}
    for line in run(AWKS[0], source, b"").decode().splitlines():
        kind, _, words = line.partition("=")
        (found[kind],) = _tree(iter(words.split())).values()
    return found


def _tree(words: Iterator[str]) -> dict[str, Tree]:
    found: dict[str, Tree] = {}
    for word in words:
        if word in ("}", "]"):
            break
        name = re.split(r"[\[{:]", word)[0]
        found[name] = _tree(words) if "{" in word or "[" in word else None
    return found


KEEPS = keeps()


def shape(type_: inspect.Type) -> Tree:
    """A facts type as such a tree."""
    if isinstance(type_, inspect.StructType):
        return {
            field.encode_name: shape(field.type)
            for field in type_.fields
            if field.name not in ("task", "ssh_servers", "history")
        }
    if isinstance(type_, inspect.VarTupleType):
        return {".": shape(type_.item_type)}
    if isinstance(type_, inspect.DictType):
        return {"*": shape(type_.value_type)}
    if isinstance(type_, inspect.UnionType):
        (other,) = [t for t in type_.types if not isinstance(t, inspect.NoneType)]
        return shape(other)
    return None


@pytest.mark.parametrize(
    ("kind", "of", "around"),
    [
        ("container", ContainerFacts, ()),
        ("image", ImageFacts, ()),
        ("history", Step, (".",)),
        ("networks", NetworkFacts, (".",)),
        ("volumes", VolumeFacts, ("Volumes", ".")),
        ("plugins", PluginFacts, (".",)),
        ("swarm", SwarmFacts, ()),
        ("services", ServiceFacts, (".",)),
    ],
)
def test_what_is_kept_is_what_the_facts_hold(kind: str, of: type, around: tuple[str, ...]) -> None:
    tree = KEEPS[kind]
    for name in around:
        assert tree is not None
        tree = tree[name]
    assert tree is not None
    if kind == "history":
        # The docker command's name for it.
        tree = {name: below for name, below in tree.items() if name != "CreatedAt"}
    expected = shape(inspect.type_info(of))
    if of is ContainerFacts or of is ImageFacts:
        # An empty object each: a port.
        assert expected is not None
        expected["Config"]["ExposedPorts"] = {"*": {}}
    assert tree == expected


# ---- the projector ----


def reference(tree: Tree, value: Any) -> Any:
    """What of a document is kept, written down anew."""
    nothing = reference
    if tree is None:
        return nothing if isinstance(value, dict | list) else value
    if isinstance(value, list) and "." in tree:
        kept = [reference(tree["."], each) for each in value]
        return [each for each in kept if each is not nothing]
    if isinstance(value, dict) and "." not in tree:
        known = {k: v for k, v in value.items() if k in tree or "*" in tree}
        found = {k: reference(tree[k] if k in tree else tree["*"], v) for k, v in known.items()}
        return {k: v for k, v in found.items() if v is not nothing}
    return nothing


def keys(tree: Tree) -> set[str]:
    found: set[str] = set()
    for key, below in (tree or {}).items():
        found |= {key} | keys(below)
    return found


PLAIN = SOURCE
for _mode in ("env", "word", "health", "label", "secopt", "option", "volume", "step", "comment"):
    PLAIN = PLAIN.replace(f":{_mode} ", " ").replace(f":{_mode}\n", "\n")
NAMES = sorted(set().union(*map(keys, KEEPS.values())) - {"*", "."})
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text().filter(lambda text: "@" not in text and "PRIVATE KEY" not in text)
    | st.sampled_from(
        ['"', "\\", '\\"', '{"a": [', "]}", ",", ":", "\n\t\b", "\\\\", "\u00e9\U0001f600"]
    )
)


def fitting(tree: Tree, depth: int = 0) -> st.SearchStrategy[Any]:
    """Documents that go some way along the tree, with other things at every step."""
    if tree is None:
        return SCALARS | st.lists(SCALARS, max_size=2) | st.just({})
    if "." in tree:
        return st.lists(fitting(tree["."], depth + 1) | SCALARS, max_size=3)
    names = [name for name in tree if name != "*"]
    known = {name: fitting(tree[name], depth + 1) for name in names}
    other = st.dictionaries(
        st.text(max_size=5).filter(lambda text: "@" not in text) | st.sampled_from(NAMES),
        fitting(tree["*"], depth + 1) if "*" in tree else RANDOM,
        max_size=2,
    )
    return st.tuples(st.fixed_dictionaries({}, optional=known), other).map(
        lambda pair: {**pair[1], **pair[0]}
    )


RANDOM = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
KINDS = sorted(set(KEEPS) - {"containers", "images", "secrets"})
DOCUMENTS = st.sampled_from(KINDS).flatmap(
    lambda kind: st.tuples(st.just(kind), fitting(KEEPS[kind]))
)
PATHS = {
    "container": f"/containers/{ID}/json",
    "image": f"/images/{IMAGE}/json",
    "history": f"/images/{IMAGE}/history",
}


@pytest.mark.parametrize("argv", AWKS, ids=" ".join)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(DOCUMENTS, min_size=1, max_size=6), st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_a_document_is_kept_as_the_reference_keeps_it(
    argv: list[str], documents: list[tuple[str, Any]], ascii_: bool, indent: Any
) -> None:
    data = b""
    for kind, document in documents:
        text = json.dumps(document, ensure_ascii=ascii_, indent=indent)
        data += answer(PATHS.get(kind, f"/{kind}"), text.encode("utf-8", "replace"))
    found = [
        line
        for line in lines(run(argv, PLAIN, data))
        if not line.startswith((b"task", b"ssh", b"unseen"))
    ]
    assert len(found) == len(documents)
    for line, (kind, document) in zip(found, documents, strict=True):
        name, _, code, body = line.split(b" ", 3)
        assert (name, code) == (kind.encode(), b"200")
        plain = json.dumps(document, ensure_ascii=ascii_).encode("utf-8", "replace")
        expected = reference(KEEPS[kind], json.loads(plain))
        if isinstance(document, list if "." in (KEEPS[kind] or {}) else dict):
            assert json.loads(body) == expected


@pytest.mark.parametrize("argv", AWKS, ids=" ".join)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.sampled_from(
            ["{", "}", "[", "]", ",", ":", '"', "\\", "1", "null", "\n", '"Id"', '"a"', "é"]
        )
        | st.text(max_size=3).filter(lambda text: "\1" not in text and "\0" not in text),
        max_size=12,
    ).map("".join)
)
def test_what_is_no_json_is_refused_or_gives_json(argv: list[str], text: str) -> None:
    for kind in ("container", "networks"):
        data = text.encode("utf-8", "replace")
        for line in lines(run(argv, SOURCE, answer(PATHS.get(kind, f"/{kind}"), data))):
            _, _, code, body = line.split(b" ", 3)
            if code == b"bad":
                assert body == b""
            elif body and b"\\" not in body:
                # What follows a backslash is not looked at: the parser refuses it.
                json.loads(body)


MALFORMED = [
    b"",
    b"nonsense",
    b"{",
    b'{"Id": "x"',
    b'{"Id": "x"}}',
    b'{"Id": "x"} {"Id": "y"}',
    b'{"Id": "x", }',
    b'{"Id" "x"}',
    b'{"Id": x}',
    b'{"Id": "x"]',
    b'{"Id": "a\nb"}',
    b'{"Id": 01}',
    b"[" * 100,
    b"[" * 50000,
    b'{"Id": "x\\',
]


@pytest.mark.parametrize("document", MALFORMED, ids=lambda data: data[:20].decode())
def test_malformed(tool: list[str], document: bytes) -> None:
    assert projected(tool, "container", document) is None


# ---- what is masked among what is kept ----

VARIABLES = {
    "A=": "A=empty",
    "A=value": "A=set",
    "PATH=/usr/bin:/bin": "PATH=path",
    "A=/run/secrets/x": "A=path",
    "A=${OTHER}": "A=reference",
    "A=$OTHER": "A=reference",
    "A=${OTHER:-secret}": "A=set",
    "A=AKIA" + "A1" * 8: "A=aws-key",
    "A=xAKIA" + "A1" * 8: "A=set",
    "A=-----BEGIN RSA PRIVATE KEY-----\nabc": "A=private-key",
    "A=-----BEGIN CERTIFICATE-----\nabc": "A=set",
    "A=ghp_abcdef": "A=token",
    "A=glpat-abc": "A=token",
    "A=xoxb-1-2": "A=token",
    "A=eyJhbGci.eyJzdWIi.sig": "A=token",
    "A=sk-0123456789abcdefghij": "A=token",
    "A=sk-short": "A=set",
    "A=postgres://u:p@h/db": "A=url-credentials",
    "A=redis://:p@h": "A=url-credentials",
    "A=ssh://git@h": "A=set",
    "A=http://h:80/x@y": "A=set",
    "A=http://u:${PASSWORD}@h": "A=set",
    "A=a=b": "A=set",
    "no sign": "***",
    "weird name(x86)=v": "***=set",
    'A=\u00e9\u2028"\\': "A=set",
}


def test_variables(tool: list[str]) -> None:
    for text in (json.dumps, lambda value: json.dumps(value, ensure_ascii=False)):
        document = text({"Config": {"Env": list(VARIABLES)}}).encode()
        found = projected(tool, "container", document)
        assert found == {"Config": {"Env": list(VARIABLES.values())}}


WORDS = {
    "tool": "***",
    "--name": "--name",
    "--name=secret": "--name=***",
    "-x": "-x",
    "-psecret": "-p***",
    "-config=secret": "-c***=***",
    "NAME=secret": "NAME=***",
    "name=secret": "name=***",
    "c2VjcmV0QmFzZTY0=": "***",
    "c2VjcmV0QmFzZQ==": "***",
    "abc=": "***",
    "secret": "***",
    "unix:///run/docker.sock": "unix:///run/docker.sock",
    "--host=tcp://0.0.0.0:2375": "--host=tcp://0.0.0.0:2375",
    "tcp://[::]:2376": "tcp://[::]:2376",
    "tcp://u:secret@h:1": "tcp://***@h:1",
    "http://u:secret@h/": "***",
    "fd://": "fd://",
    "/run/docker.sock": "/run/docker.sock",
    "/etc/passwd": "***",
    "0.0.0.0:2375": "0.0.0.0:2375",
    "TCP-LISTEN:2375,fork,reuseaddr,bind=0.0.0.0,su=x,secret": (
        "TCP-LISTEN:2375,fork,reuseaddr,bind=0.0.0.0,su=***,***"
    ),
    "UNIX-CONNECT:/var/run/docker.sock": "UNIX-CONNECT:/var/run/docker.sock",
    'quo"ted': "***",
    "": "",
    "exec socat TCP-LISTEN:1,fork UNIX-CONNECT:/run/docker.sock; mysql -psecret --pass secret": (
        "*** TCP-LISTEN:1,fork UNIX-CONNECT:/run/docker.sock *** -p*** --pass ***"
    ),
}


def test_words(tool: list[str]) -> None:
    found = projected(tool, "container", {"Config": {"Cmd": ["/bin/x", *WORDS]}})
    assert found == {"Config": {"Cmd": ["/bin/x", *WORDS.values()]}}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        pytest.param({"Cmd": ["redis", "x"]}, {"Cmd": ["redis", "***"]}, id="program"),
        pytest.param(
            {"Cmd": ["hunter2"], "Entrypoint": None},
            {"Cmd": ["hunter2"]},
            id="without an entrypoint it is the program",
        ),
        pytest.param(
            {"Cmd": ["hunter2", "x"], "Entrypoint": ["/e"]},
            {"Cmd": ["***", "***"], "Entrypoint": ["/e"]},
            id="with one, an argument",
        ),
        pytest.param(
            {"Entrypoint": ["a b"], "Cmd": ["hunter2"]},
            {"Entrypoint": ["***"], "Cmd": ["***"]},
            id="the other way round",
        ),
        pytest.param(
            {"Cmd": ["socat"], "Entrypoint": ["/e"]},
            {"Cmd": ["socat"], "Entrypoint": ["/e"]},
            id="a known program",
        ),
        pytest.param({"Cmd": ["ghp_abcdefgh"]}, {"Cmd": ["***"]}, id="a program like a token"),
        pytest.param(
            {"Labels": {"a": "b", "com.docker.compose.service": "web"}},
            {"Labels": {"a": "***", "com.docker.compose.service": "web"}},
            id="labels",
        ),
        pytest.param(
            {"Healthcheck": {"Test": ["CMD", "x"], "Interval": 1}},
            {"Healthcheck": {"Test": ["CMD"]}},
            id="health",
        ),
        pytest.param(
            {"Healthcheck": {"Test": ["secret"]}}, {"Healthcheck": {"Test": []}}, id="other health"
        ),
        pytest.param(
            {"ExposedPorts": {"80/tcp": {"x": "y"}}}, {"ExposedPorts": {"80/tcp": {}}}, id="ports"
        ),
        pytest.param({"Env": {"A": "secret"}, "User": ["x"]}, {}, id="another type"),
        pytest.param({"Env": [5, "A=1"], "Cmd": [5]}, {"Env": ["A=set"], "Cmd": []}, id="numbers"),
    ],
)
def test_config(tool: list[str], config: object, expected: dict[str, Any]) -> None:
    found = projected(tool, "container", {"Config": config})["Config"]
    assert {key: value for key, value in found.items() if value is not None} == expected


def test_security_options(tool: list[str]) -> None:
    given_ = ['seccomp={"defaultAction": "x"}', "seccomp=unconfined", "label=disable"]
    found = projected(tool, "container", {"HostConfig": {"SecurityOpt": given_, "MaskedPaths": []}})
    expected = ["seccomp={***}", "seccomp=unconfined", "label=disable"]
    assert found["HostConfig"] == {"SecurityOpt": expected, "MaskedPaths": []}


STORAGE = {
    ("o", "addr=1.2.3.4,username=me%secret,password=a,b,x=1,rw"): (
        "addr=1.2.3.4,username=me%***,password=***,***,***,rw"
    ),
    ("o", "bind"): "bind",
    ("o", "secret"): "***",
    ("o", "size=10m,uid=0,nosuid"): "size=10m,uid=0,nosuid",
    ("device", "//u:secret@server/share"): "//***@server/share",
    ("device", ":/export"): ":/export",
    ("device", "/etc"): "/etc",
    ("type", "nfs"): "nfs",
    ("endpoint", "secret"): "***",
}


def test_volumes(tool: list[str]) -> None:
    for (key, value), expected in STORAGE.items():
        found = projected(tool, "volumes", {"Volumes": [{"Name": "v", "Options": {key: value}}]})
        assert found == {"Volumes": [{"Name": "v", "Options": {key: expected}}]}
    assert projected(tool, "volumes", {"Volumes": None}) == {}


def test_networks(tool: list[str]) -> None:
    options = {"a.b": "1", "x.password": "secret", "url": "http://u:secret@h", "c": "token=secret"}
    found = projected(tool, "networks", [{"Name": "n", "Options": options}])
    expected = {"a.b": "1", "x.password": "***", "url": "http://***@h", "c": "token=***"}
    assert found == [{"Name": "n", "Options": expected}]


STEPS = {
    '/bin/sh -c #(nop)  CMD ["x" "secret"]': "/bin/sh -c #(nop) CMD ***",
    "/bin/sh -c #(nop) ADD file:ab12 in / ": "/bin/sh -c #(nop) ADD file:ab12 in /",
    "ADD https://u:secret@h/x.tar?token=secret /tmp/ # buildkit": (
        "ADD https://***@h/x.tar?*** /tmp/ # buildkit"
    ),
    "COPY --chown=1:1 . /app # buildkit": "COPY --chown=*** . /app # buildkit",
    "ENV API_TOKEN=secret PLAIN=secret": "ENV API_TOKEN=*** ***",
    "ENV X=a --secret b": "ENV ***",
    "ARG secret": "ARG ***",
    "LABEL token=secret": "LABEL ***",
    "USER secret": "USER ***",
    "RUN /bin/sh -c apt-get update && apt-get install -y --no-upgrade secret # buildkit": (
        "RUN /bin/sh -c apt-get update && apt-get install -y --no-upgrade *** # buildkit"
    ),
    "RUN |2 NPM_TOKEN=secret OTHER=secret /bin/sh -c (apk add x;true) # buildkit": (
        "RUN |2 NPM_TOKEN=*** *** /bin/sh -c ( apk add *** ; *** ) # buildkit"
    ),
    "|1 A=--secret /bin/sh -c yum -y update": "|1 *** /bin/sh -c yum -y update",
    "/bin/sh -c /usr/bin/apt-get update;DB_PASSWORD=secret x --password=secret -psecret": (
        "/bin/sh -c /usr/bin/apt-get update ; DB_PASSWORD=*** *** --password=*** -p***"
    ),
    "RUN /bin/sh -c echo ADD secret": "RUN /bin/sh -c ***",
    "RUN /bin/sh -c echo #(nop) ADD secret": "RUN /bin/sh -c *** # ( *** ) ***",
    'HEALTHCHECK &{["CMD" "secret"]}': "HEALTHCHECK ***",
    "": "",
}


def test_history(tool: list[str]) -> None:
    steps = [
        {"CreatedBy": step, "Comment": "buildkit.dockerfile.v0", "Tags": ["x"]} for step in STEPS
    ]
    found = projected(tool, "history", [*steps, {"Comment": "secret"}])
    assert [step["CreatedBy"] for step in found[:-1]] == list(STEPS.values())
    assert found[0]["Comment"] == "buildkit.dockerfile.v0"
    assert found[-1] == {"Comment": "***"}
    # Go writes `&` like this.
    text = json.dumps([{"CreatedBy": "RUN /bin/sh -c apt update && x"}]).replace("&", "\\u0026")
    assert projected(tool, "history", text.encode()) == [
        {"CreatedBy": "RUN /bin/sh -c apt update && ***"}
    ]


def test_a_swarm_keeps_its_tokens(tool: list[str]) -> None:
    swarm = {
        "ID": "x",
        "JoinTokens": {"Worker": "SWMTKN-secret", "Manager": "SWMTKN-secret"},
        "Spec": {"CAConfig": {"SigningCAKey": "secret", "NodeCertExpiry": 5}, "Labels": {"a": "b"}},
        "TLSInfo": {"TrustRoot": "-----BEGIN EC PRIVATE KEY-----\nsecret"},
    }
    expected = {
        "ID": "x",
        "Spec": {"CAConfig": {"NodeCertExpiry": 5}},
        "TLSInfo": {"TrustRoot": "***"},
    }
    assert projected(tool, "swarm", swarm) == expected


# ---- whole engines, as recorded ----


def replay(argv: list[str], recorded: dict[str, tuple[int, Any]]) -> tuple[bytes, Any]:
    """Both rounds of a recording: all that crosses, and the facts."""
    lists = {path: said for path, said in recorded.items() if path.count("/") < 3}
    data = b"".join(answer(path, body, code) for path, (code, body) in lists.items())
    first = run(argv, SOURCE, data, "PLAN=1")
    asked = [line[9:].decode() for line in first.splitlines() if line.startswith(b"+")]
    assert set(asked) == set(recorded) - set(lists)
    data = b"".join(answer(path, recorded[path][1], recorded[path][0]) for path in asked)
    output = first + run(argv, SOURCE, data)
    return output, inventory(lines(output))


@pytest.mark.parametrize("engine", ENGINES, ids=lambda path: path.stem)
def test_recorded_engines(tool: list[str], engine: Path) -> None:
    output, facts = replay(tool, json.loads(engine.read_text()))
    assert CANARY.encode() not in output
    assert isinstance(facts, Inventory)
    assert facts.missing == ()
    assert msgspec.json.decode(msgspec.json.encode(facts), type=Inventory) == facts
    assert isinstance(facts.containers, tuple)
    (one,) = [container for container in facts.containers if container.name == "/inv-one"]
    assert "DATABASE_URL=url-credentials" in one.config.env
    assert one.config.cmd == ("***",)
    assert one.config.healthcheck is not None
    assert one.config.healthcheck.test == ("CMD-SHELL",)
    assert one.host_config.masked_paths == ()
    assert one.host_config.port_bindings["80/tcp"][0].host_port == "8089"
    assert one.host_config.pids_limit == 100
    assert {mount.source for mount in one.mounts} == (
        set() if one.state.status == "created" and not one.mounts else {"/etc", "/run/docker.sock"}
    )
    assert isinstance(facts.images, tuple)
    (image,) = [image for image in facts.images if image.repo_tags == ("canary:1",)]
    assert isinstance(image.history, tuple)
    said = [step.created_by for step in image.history]
    assert any("NPM_TOKEN=***" in step and "apt-get update &&" in step for step in said)
    assert image.history[0].created.startswith("2026-")
    assert isinstance(facts.volumes, tuple)
    assert facts.volumes[0].options["o"].startswith("addr=10.0.0.1,username=me%***,password=***")
    assert isinstance(facts.networks, tuple)
    assert [network.name for network in facts.networks] == [
        *("bridge", *(["docker_gwbridge"] if engine.stem == "26.1" else [])),
        *("host", "inv-net", "none"),
    ]
    if engine.stem == "26.1":
        assert isinstance(facts.swarm, SwarmFacts)
        assert facts.swarm.tls_info.trust_root.startswith("-----BEGIN CERTIFICATE-----")
        assert isinstance(facts.services, tuple)
        assert facts.services[0].spec.task_template.container_spec.secrets[0].secret_name == "s1"
        assert facts.secrets == 1
    else:
        assert (facts.swarm, facts.services, facts.secrets) == (None, (), 0)


def test_the_recordings_hold_canaries() -> None:
    assert ENGINES
    for engine in ENGINES:
        assert engine.read_text().count(CANARY) > 20


# ---- the parser ----


def listing(kind: str, *elements: object, total: int | None = None) -> bytes:
    count = len(elements) if total is None else total
    return f"{kind} {count} 200 {json.dumps(elements)}".encode()


def test_a_document_that_does_not_fit_costs_only_itself() -> None:
    other = "ef" * 32
    facts = inventory(
        [
            listing("containers", {"Id": ID, "Names": ["/good"]}, {"Id": other, "Names": ["/odd"]}),
            f"container {ID} 200 {json.dumps({'Id': ID, 'State': {'Pid': None}})}".encode(),
            f"container {other} 200 {json.dumps({'Id': other, 'Config': {'Env': 5}})}".encode(),
            listing("images", {"Id": IMAGE}),
            listing("networks", {"Id": "n", "Name": "n"}, {"Name": "m"}, 5),
        ]
    )
    assert isinstance(facts, Inventory)
    assert isinstance(facts.containers, tuple)
    assert [container.id for container in facts.containers] == [ID]
    reasons = [each.reason for each in facts.missing]
    assert reasons[0].startswith("container odd: ")
    assert reasons[1] == f"image {'cd' * 6}: {NO_ANSWER.reason}"
    assert reasons[2].startswith("network m: ")
    assert reasons[3].startswith("network without a name: ")
    assert facts.volumes == NO_ANSWER
    assert facts.secrets == NO_ANSWER


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"bad ", "no JSON"),
        (b"500 ", "HTTP status 500"),
        (b"200 {}", "another"),
        (b'200 {"Id": "x"}', "another"),
        (b"200 [" + b"[" * 5000, "no JSON"),
        (b'200 {"Id": 1' + b"0" * 30 + b"}", "no JSON"),
        (b'200 {"Id": "\xff"}', "no JSON"),
    ],
)
def test_why_a_container_is_missing(said: bytes, reason: str) -> None:
    facts = inventory(
        [listing("containers", {"Id": ID, "Names": ["/web"]}), f"container {ID} ".encode() + said]
    )
    assert isinstance(facts, Inventory)
    (missing,) = facts.missing
    assert missing.reason.startswith("container web: ")
    if reason != "another":
        assert reason in missing.reason


def test_a_container_that_is_gone_is_not_missing() -> None:
    lines_ = [listing("containers", {"Id": ID, "Names": ["/web"]}), f"container {ID} 404 ".encode()]
    facts = inventory(lines_)
    assert isinstance(facts, Inventory)
    assert (facts.containers, facts.missing) == ((), ())


def test_a_cut_is_seen(tool: list[str]) -> None:
    listed = [{"Id": f"{number:064x}", "Names": [f"/c{number}"]} for number in range(1200)]
    networks = [{"Id": f"{number}", "Name": f"n{number}"} for number in range(600)]
    data = answer("/containers/json?all=1", listed) + answer("/networks", networks)
    output = run(tool, SOURCE, data, "PLAN=1")
    assert output.count(b"\n+") == 1000
    facts = inventory(lines(output))
    assert isinstance(facts, Inventory)
    reasons = {each.reason for each in facts.missing}
    assert "container list: 1200 of them, 1000 were read" in reasons
    assert "network list: 600 of them, 500 were read" in reasons


def test_tasks() -> None:
    container = {"Id": ID, "State": {"Running": True, "Pid": 77}}
    start = [
        listing("containers", {"Id": ID}),
        f"container {ID} 200 {json.dumps(container)}".encode(),
    ]

    def seen(*more: str) -> ContainerFacts:
        facts = inventory([*start, *(line.encode() for line in more)])
        assert isinstance(facts, Inventory)
        assert isinstance(facts.containers, tuple)
        return facts.containers[0]

    assert seen(f"task {ID} 0 00000000a80425fb 1 2").task == Task(0, 0xA80425FB, True, 2)
    assert seen(f"task {ID} 5 0 - -").task == Task(5, 0, None, None)
    for line in (
        "",
        f"task {ID} - - - -",
        f"task {ID}",
        f"task {ID} 0 zz 0 0",
        f"task {ID} ٣ 0 0 0",
    ):
        assert seen(line).task == Unread("/proc/77/status can't be read")
    assert seen(f"task {ID} 0 0 0 0", f"ssh {ID} /usr/sbin/sshd").ssh_servers == ("/usr/sbin/sshd",)
    assert seen(f"task {ID} 0 0 0 0").ssh_servers == ()
    assert isinstance(seen(f"task {ID} 0 0 0 0", f"unseen {ID}").ssh_servers, Unread)
    assert isinstance(seen().ssh_servers, Unread)


@given(st.lists(st.binary(max_size=80)))
def test_any_lines_give_an_inventory(data: list[bytes]) -> None:
    facts = inventory(data)
    assert facts == NO_ANSWER or isinstance(facts, Inventory)


BODIES = RANDOM.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=30)
WHICH = st.sampled_from([ID, IMAGE, "0", "1", "99999999999999999999", "٣", "-"])


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*KEEPS, "task", "ssh", "unseen"]),
            WHICH,
            st.sampled_from(["200", "none", "bad", "000", "404", "x"]),
            BODIES | DOCUMENTS.map(lambda pair: json.dumps(pair[1]).encode()),
        ),
        max_size=8,
    )
)
@settings(suppress_health_check=list(HealthCheck), deadline=None)
def test_any_answers_give_facts_that_a_file_can_carry(
    said: list[tuple[str, str, str, bytes]],
) -> None:
    data = [f"{kind} {which} {code} ".encode() + body for kind, which, code, body in said]
    start = [listing("containers", {"Id": ID}), listing("images", {"Id": IMAGE})]
    for given_ in (data, [*data, *start], [*start, *data]):
        facts = inventory(given_)
        if isinstance(facts, Inventory):
            encoded = msgspec.json.encode(facts)
            assert msgspec.json.decode(encoded, type=Inventory) == facts


@pytest.mark.skipif(os.getuid() != 0, reason="needs root for a pid namespace")
@pytest.mark.skipif(not shutil.which("unshare"), reason="needs unshare")
def test_an_ssh_server_without_a_cgroup_of_its_own(tool: list[str], tmp_path: Path) -> None:
    program_ = tmp_path / "sshd"
    shutil.copy(shutil.which("sleep") or "", program_)
    with subprocess.Popen(["unshare", "--pid", "--fork", program_, "60"]) as parent:
        try:
            children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
            for _ in range(100):
                if children.read_text() and program_.samefile(
                    os.readlink(f"/proc/{children.read_text().split()[0]}/exe")
                ):
                    break
                time.sleep(0.02)
            pid = int(children.read_text())
            container = {"Id": ID, "State": {"Running": True, "Pid": pid}}
            said = lines(run(tool, SOURCE, answer(f"/containers/{ID}/json", container)))
        finally:
            subprocess.run(["kill", "-9", *children.read_text().split()], check=False)
            parent.kill()
    assert f"ssh {ID} {program_}".encode() in said
    (task,) = [line for line in said if line.startswith(b"task")]
    assert task.split()[2] == b"0"


# ---- the script against a socket ----


class _Handler(BaseHTTPRequestHandler):
    recorded: dict[str, tuple[int, Any]]
    hanging: str
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.hanging and self.hanging in self.path:
            time.sleep(30)
        code, document = self.recorded.get(self.path, (404, {"message": "no such thing"}))
        body = json.dumps(document).encode() + b"\n"
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "unix"

    def log_message(self, format: str, *args: Any) -> None:
        del format, args


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = False


@contextmanager
def engine(
    path: Path, recorded: dict[str, tuple[int, Any]], hanging: str = ""
) -> Iterator[list[str]]:
    """A daemon that says what was recorded."""
    asked: list[str] = []
    handler = type(
        "Handler",
        (_Handler,),
        {"recorded": recorded, "hanging": hanging, "asked": asked, "protocol_version": "HTTP/1.1"},
    )
    with _Server(str(path), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield asked
        finally:
            server.shutdown()


def collected(shell: list[str], socket: Path, timeout: int = 1) -> bytes:
    """What `inventories` of the real script prints of a socket."""
    text = build("n").decode()
    start, last, _ = text.rpartition("{ main ")
    assert last
    script = f"{start}\nset -f\nAPI='{socket}\n'\nTIMEOUT={timeout}\ninventories </dev/null\n"
    done = subprocess.run(
        shell,
        input=script.encode(),
        capture_output=True,
        timeout=60,
        check=True,
        env={"LC_ALL": "C", "PATH": os.environ["PATH"]},
    )
    head, _, rest = done.stdout.partition(b"\n")
    assert head == f"@n inventory {socket}".encode()
    return rest


@pytest.fixture(params=SHELLS, ids=" ".join)
def shell(request: pytest.FixtureRequest) -> list[str]:
    argv: list[str] = request.param
    return argv


@pytest.fixture
def socket(tmp_path: Path) -> Path:
    assert shutil.which("curl"), "apt-get install curl"
    return tmp_path / "d.sock"


@pytest.mark.parametrize("timeout", [0, 1])
def test_a_socket(shell: list[str], socket: Path, timeout: int) -> None:
    recorded = json.loads(ENGINES[0].read_text())
    with engine(socket, recorded) as asked:
        output = collected(shell, socket, timeout)
    assert sorted(asked) == sorted(recorded)
    facts = inventory(lines(output))
    _, expected = replay(AWKS[0], recorded)
    assert isinstance(facts, Inventory)
    assert isinstance(facts.containers, tuple)
    assert msgspec.structs.replace(facts, containers=()) == msgspec.structs.replace(
        expected, containers=()
    )


def test_a_container_that_hangs_costs_itself(shell: list[str], socket: Path) -> None:
    recorded = json.loads(ENGINES[0].read_text())
    first = recorded["/containers/json?all=1"][1][0]
    with engine(socket, recorded, hanging=f"/containers/{first['Id']}"):
        facts = inventory(lines(collected(shell, socket)))
    assert isinstance(facts, Inventory)
    assert isinstance(facts.containers, tuple)
    assert len(facts.containers) == 3
    name = first["Names"][0].removeprefix("/")
    assert facts.missing == (Unread(f"container {name}: {NO_ANSWER.reason}"),)


def test_a_daemon_that_hangs_does_not_hang_the_scan(socket: Path) -> None:
    started = time.monotonic()
    with engine(socket, {}, hanging="/"):
        facts = inventory(lines(collected(["dash"], socket)))
    assert time.monotonic() - started < 12
    assert facts == NO_ANSWER or (isinstance(facts, Inventory) and facts.containers == NO_ANSWER)


def test_nobody_listens(shell: list[str], socket: Path) -> None:
    facts = inventory(lines(collected(shell, socket)))
    assert isinstance(facts, Inventory)
    assert facts.containers == facts.swarm == facts.secrets == NO_ANSWER
