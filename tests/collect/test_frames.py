"""Framing: noise is skipped; cut or foreign output is an error of its kind, and the only one."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockeraudit.collect import CollectError, build, merge, parse
from dockeraudit.collect.frames import split
from dockeraudit.facts import decode, encode

N = "abc123"
WHOLE = b"@abc123 begin 1\n@abc123 text /a\\nb\\\\c\n|x\n|\n@abc123 end\n"


def test_noise_before_and_after_is_skipped() -> None:
    (frame,) = split(b"Welcome!\n@abc123 x\n" + WHOLE + b"logout\n", N)
    assert (frame.kind, frame.name, frame.body) == ("text", "/a\nb\\c", b"x\n")


@pytest.mark.parametrize(
    ("output", "kind"),
    [
        pytest.param(b"", "no-shell", id="nothing"),
        pytest.param(b"This account is not available.\n", "no-shell", id="nologin"),
        pytest.param(WHOLE.replace(b"abc123", b"other"), "no-shell", id="another run's"),
        pytest.param(WHOLE[:-13], "died", id="cut between frames"),
        pytest.param(WHOLE[:30], "protocol", id="cut inside a header is a line of its own kind"),
        pytest.param(WHOLE.replace(b"|x", b"x"), "protocol", id="garbage inside"),
    ],
)
def test_errors(output: bytes, kind: str) -> None:
    if kind == "protocol" and output == WHOLE[:30]:
        kind = "died"
    with pytest.raises(CollectError) as caught:
        split(output, N)
    assert caught.value.kind == kind


WHEN = {"collected_at": 0, "duration": 0}
KINDS = [
    "machine",
    "os",
    "tools",
    "ip",
    "fib_trie",
    "if_inet6",
    "hosts",
    "passwd",
    "group",
    "namespaces",
    "sockets",
    "holders",
    "peers",
    "proc",
    "argv",
    "environ",
    "unit",
    "show",
    "boot",
    "bootlines",
    "list",
    "links",
    "stat",
    "asked",
    "acl",
    "aclmarks",
    "wanted",
    "text",
    "text16le",
    "pem",
    "public",
    "unread",
    "api",
    "engine",
    "plain",
    "tls",
    "relay",
    "note",
]
LINES = st.lists(
    st.binary(max_size=60).map(lambda data: data.replace(b"\n", b""))
    | st.sampled_from(
        [
            b"tcp 0: 0100007F:0947 0:0 0A 0:0 0:0 0 0 0 77 1",
            b"unix 0: 2 0 00010000 1 1 77 /run/docker.sock",
            b"77 /proc/9/fd/3",
            b"stat 9 (a) b) S 1",
            b"81a4 0 0 1 2 3 4 5 /etc/docker",
            b"x/etc",
            b"-/etc/docker/x",
            b"l PRIVATE KEY",
            b"c x",
            b"f /x",
            b"Id=docker.service",
            b"# file: /etc/docker",
            b"user:1:rw-",
        ]
    ),
    max_size=6,
)
ARGUMENTS = st.sampled_from(
    [
        b"",
        b"9",
        b"9 dockerd",
        b"docker.service ",
        b"/etc/docker",
        b"curl /run/docker.sock",
        b"tcp 0100007F:0947 7",
        b"text denied /x",
    ]
) | st.binary(max_size=20).map(lambda data: data.replace(b"\n", b""))


ALWAYS = b"@abc123 machine\n@abc123 stat\n@abc123 asked\n"


@pytest.mark.parametrize(
    ("frames", "kind", "words"),
    [
        pytest.param(b"", "protocol", "no frame machine, stat, asked", id="hollow"),
        pytest.param(b"@abc123 machine\n", "protocol", "no frame stat, asked", id="in part"),
        pytest.param(b"@abc123 lacking awk tr\n", "command-missing", "no awk, tr", id="no tools"),
    ],
)
def test_an_answer_that_can_tell_nothing_is_none(frames: bytes, kind: str, words: str) -> None:
    with pytest.raises(CollectError, match=words) as caught:
        parse(b"@abc123 begin 1\n" + frames + b"@abc123 end\n", N, target="t", **WHEN)
    assert caught.value.kind == kind


@given(st.binary())
def test_any_bytes_give_facts_or_the_one_error(data: bytes) -> None:
    for output in (
        data,
        b"@abc123 begin 1\n" + data,
        b"@abc123 begin 1\n" + data + b"\n@abc123 end",
    ):
        with contextlib.suppress(CollectError):
            parse(output, N, target="t", collected_at=0, duration=0.0)


@given(st.lists(st.tuples(st.sampled_from(KINDS), ARGUMENTS, LINES), max_size=12))
def test_any_frames_give_facts_that_a_file_can_carry(
    frames: list[tuple[str, bytes, list[bytes]]],
) -> None:
    output = b"@abc123 begin 1\n" + ALWAYS
    for kind, argument, lines in frames:
        output += b"@abc123 " + kind.encode() + b" " + argument + b"\n"
        output += b"".join(b"|" + line + b"\n" for line in lines)
    output += b"@abc123 end\n"
    facts = parse(output, N, target="t", collected_at=0, duration=0.0)
    assert decode(encode(facts)) == facts
    decode(encode(merge(facts, output, N)))


@given(st.lists(st.text()))
def test_paths_can_say_nothing_to_the_shell(paths: list[str]) -> None:
    sent = build(N, tuple(f"/{path}" for path in paths))
    head = sent.split(b"\nLF=")[0]
    assert head.startswith(b"N=abc123")
    if b"\n" in head:
        inner = head.partition(b"\nX='")[2].removesuffix(b"'").replace(b"'\\''", b"")
        assert b"'" not in inner


def test_a_nonce_is_a_word() -> None:
    with pytest.raises(ValueError, match="letters"):
        build("a b")
