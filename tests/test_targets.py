"""What a word of the command line names."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dockeraudit.targets import FOREIGN, Target, TargetError, facts_folder, parse


def ssh(spec: str, host: str, user: str | None = None, port: int | None = None) -> Target:
    return Target(spec, "ssh", host=host, user=user, port=port)


def foreign(uri: str) -> Target:
    return Target(uri, "testinfra", uri=uri)


def facts(path: str) -> Target:
    return Target(path, "facts", path=path)


@pytest.mark.parametrize(
    "target",
    [
        pytest.param(Target("local", "local"), id="this machine"),
        pytest.param(Target("local://", "local"), id="this machine as a URI"),
        pytest.param(ssh("web1", "web1"), id="a name"),
        pytest.param(ssh("localhost", "localhost"), id="localhost is a name for ssh"),
        pytest.param(ssh("web_1.prod+a", "web_1.prod+a"), id="an alias of ssh_config"),
        pytest.param(ssh("bücher", "bücher"), id="an alias beyond ASCII"),
        pytest.param(ssh("web1:22", "web1", port=22), id="a port"),
        pytest.param(ssh("web1:65535", "web1", port=65535), id="the last port"),
        pytest.param(ssh("ann@web1", "web1", "ann"), id="a user"),
        pytest.param(ssh("CORP\\ann@web1", "web1", "CORP\\ann"), id="a user of a domain"),
        pytest.param(ssh("ann@corp@web1", "web1", "ann@corp"), id="a user with an @"),
        pytest.param(ssh("ann@10.0.0.5:2222", "10.0.0.5", "ann", 2222), id="all three"),
        pytest.param(ssh("[::1]:22", "::1", port=22), id="IPv6 with a port"),
        pytest.param(ssh("[::1]", "::1"), id="IPv6 in brackets"),
        pytest.param(ssh("::1", "::1"), id="bare IPv6"),
        pytest.param(ssh("2001:db8::1:22", "2001:db8::1:22"), id="bare IPv6 takes no port"),
        pytest.param(ssh("ann@[fe80::1%eth0]:22", "fe80::1%eth0", "ann", 22), id="IPv6 zone"),
        pytest.param(ssh("ssh://ann@web1:22", "web1", "ann", 22), id="ssh URI"),
        pytest.param(ssh("ssh://web1/", "web1"), id="ssh URI with a slash"),
        pytest.param(ssh("ssh://[::1]:22", "::1", port=22), id="ssh URI with IPv6"),
        pytest.param(ssh("paramiko://web1", "web1"), id="paramiko is ours"),
        pytest.param(ssh("safe-ssh://web1", "web1"), id="safe-ssh is ours"),
        pytest.param(foreign("docker://web"), id="docker"),
        pytest.param(foreign("docker://ann@web?sudo=true"), id="docker with a user"),
        pytest.param(foreign("kubectl://pod?namespace=a&container=b"), id="kubectl"),
        pytest.param(foreign("ansible://web1?ansible_inventory=/etc/hosts"), id="ansible"),
        pytest.param(foreign("salt://web*"), id="salt"),
        pytest.param(foreign("chroot:///srv/root"), id="chroot"),
        pytest.param(facts("web1.facts.json"), id="a facts file"),
        pytest.param(facts("a b/web1.facts.json.gz"), id="a packed one, with a blank"),
        pytest.param(facts("./there"), id="a folder of facts"),
        pytest.param(facts("there"), id="a folder wins over a host"),
    ],
)
def test_parse(target: Target) -> None:
    assert parse(target.spec, lambda path: path in ("./there", "there")) == target


@pytest.mark.parametrize("scheme", FOREIGN)
def test_parse_foreign_schemes(scheme: str) -> None:
    uri = f"{scheme}:///srv" if scheme == "chroot" else f"{scheme}://name"
    assert parse(uri) == foreign(uri)


@pytest.mark.parametrize(
    ("spec", "right"),
    [
        pytest.param("", "HOST", id="empty"),
        pytest.param(" ", "HOST", id="blank"),
        pytest.param("-oProxyCommand=touch x", "HOST", id="an option of ssh"),
        pytest.param("ann@-oProxyCommand=x", "HOST", id="an option behind a user"),
        pytest.param("ssh://-oProxyCommand=x", "HOST", id="an option in a URI"),
        pytest.param("-l@web1", "USER@HOST", id="an option as a user"),
        pytest.param("docker://-v", "docker://NAME", id="an option of docker"),
        pytest.param("docker://-v@web", "docker://NAME", id="an option as a docker user"),
        pytest.param("web1 web2", "HOST", id="two in one"),
        pytest.param("web1;id", "HOST", id="a shell's sign"),
        pytest.param("$(id)", "HOST", id="a substitution"),
        pytest.param("web1\n", "HOST", id="a line's end"),
        pytest.param("web1\x1b[2J", "HOST", id="a terminal's escape"),
        pytest.param("a%20b", "HOST", id="a token of ssh_config"),
        pytest.param("@web1", "USER@HOST", id="no user"),
        pytest.param("ann@", "HOST", id="no host"),
        pytest.param("web1:", "HOST:PORT", id="no port"),
        pytest.param("web1:0", "HOST:PORT", id="port 0"),
        pytest.param("web1:65536", "HOST:PORT", id="port 65536"),
        pytest.param("web1:²", "HOST:PORT", id="a digit that is no digit"),
        pytest.param("web1:" + "9" * 5000, "HOST:PORT", id="an endless port"),
        pytest.param("web1:ssh", "HOST:PORT", id="a service's name"),
        pytest.param("1::2::3", "[ADDRESS]:PORT", id="no IPv6"),
        pytest.param("[::1", "[ADDRESS]:PORT", id="half a bracket"),
        pytest.param("[::1]22", "[ADDRESS]:PORT", id="no colon"),
        pytest.param("[web1]:22", "HOST:PORT", id="a name in brackets"),
        pytest.param("[::1%a;b]:22", "HOST:PORT", id="a zone with a shell's sign"),
        pytest.param("ssh://web1/etc", "ssh://USER@HOST:PORT", id="a path"),
        pytest.param("ssh://web1?sudo=true", "--become", id="testinfra's options"),
        pytest.param("local://web1", "ssh://HOST", id="another local"),
        pytest.param("SSH://web1", "ssh://", id="upper case"),
        pytest.param("tcp://web1:2375", "`HOST`", id="an address of the API"),
        pytest.param("unix:///var/run/docker.sock", "`local`", id="a socket of the API"),
        pytest.param("gopher://web1", "ssh://USER@HOST:PORT", id="an unknown scheme"),
        pytest.param("docker://", "docker://NAME", id="no container"),
        pytest.param("docker://a/b", "docker://NAME", id="a path testinfra would drop"),
        pytest.param("docker://a;b", "docker://NAME", id="a shell's sign in a URI"),
        pytest.param("chroot://srv", "chroot:///PATH", id="no folder"),
        pytest.param("./nothing", ".facts.json", id="a path without facts"),
    ],
)
def test_parse_refuses(spec: str, right: str) -> None:
    with pytest.raises(TargetError) as caught:
        parse(spec)
    assert right in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "spec",
    [
        "ann:s3cret@web1",
        "ssh://ann:s3cret@web1:22",
        "ssh://ann:s3@cret@web1",
        "winrm://ann:s3cret@web1",
        "docker://ann:s3cret@web",
        "tcp://ann:s3cret@web1",
        "SSH://ann:s3cret@web1",
        "ssh://ann:s3cret@web1/etc",
        "local://ann:s3cret@web1",
    ],
)
def test_parse_refuses_passwords_and_keeps_them_to_itself(spec: str) -> None:
    with pytest.raises(TargetError) as caught:
        parse(spec)
    assert "cret" not in str(caught.value)


WORDS = st.lists(
    st.one_of(
        st.sampled_from([*"@:[]%/?#-\\. ", "://", "ssh", "local", "docker", "::1", "22"]),
        st.text(max_size=3),
    ),
    max_size=8,
).map("".join)


@given(WORDS)
@example("ssh://")
@example("\udcff")
@example("a\0.facts.json")
def test_parse_is_total(spec: str) -> None:
    try:
        target = parse(spec)
    except TargetError as error:
        target, text = None, str(error)
    if target is None:
        assert text.isprintable()
        return
    assert target.spec == spec
    if target.kind == "ssh":
        assert not target.host.startswith("-")
        assert target.host.isprintable()
        assert not set(target.host) & set(" '\"`$\\;&<>|(){}*?!~#,=@/[]")
        assert target.port is None or 0 < target.port < 65536


def test_facts_folder(tmp_path: Path) -> None:
    assert not facts_folder(str(tmp_path))
    assert not facts_folder(str(tmp_path / "missing"))
    (tmp_path / "web1.facts.json.gz").write_bytes(b"")
    assert facts_folder(str(tmp_path))
    assert parse(str(tmp_path), facts_folder) == facts(str(tmp_path))
