"""What a line of a login file sets, in the language of its file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockeraudit.host.client_lines import assignments, commands, endpoint

HOST = "DOCKER_HOST"
A, B = "tcp://a:1", "tcp://b:2"
CASES = [
    ("~/.profile", "export DOCKER_HOST=tcp://a:1", [(HOST, A, False)]),
    ("~/.profile", "DOCKER_HOST=tcp://a:1", [(HOST, A, False)]),
    ("~/.profile", 'DOCKER_HOST="tcp://a:1"; export DOCKER_HOST', [(HOST, A, False)]),
    ("~/.profile", "export A=1 DOCKER_HOST='tcp://a:1' # why", [(HOST, A, False)]),
    ("~/.profile", "# export DOCKER_HOST=tcp://a:1", []),
    ("~/.profile", "export DOCKER_HOST=tcp://a:1#b", [(HOST, "tcp://a:1#b", False)]),
    ("~/.profile", "declare -x DOCKER_HOST=tcp://a:1", [(HOST, A, False)]),
    ("~/.profile", "if true; then export DOCKER_HOST=tcp://a:1; fi", [(HOST, A, False)]),
    ("~/.profile", "[ -z $X ] && export DOCKER_HOST=tcp://a:1", [(HOST, A, False)]),
    ("~/.profile", "DOCKER_HOST=tcp://a:1 docker ps", [(HOST, A, True)]),
    ("~/.profile", "sudo DOCKER_HOST=tcp://a:1 docker ps", [(HOST, A, True)]),
    ("~/.profile", "unset A DOCKER_HOST", [(HOST, None, False)]),
    ("~/.profile", "export -n DOCKER_HOST", [(HOST, None, False)]),
    ("~/.profile", "export DOCKER_HOST=", [(HOST, "", False)]),
    ("~/.profile", "export DOCKER_HOST=${DOCKER_HOST:-tcp://a:1}", [(HOST, A, False)]),
    ("~/.profile", "export DOCKER_HOST=$(cat f; echo x)", [(HOST, "$(cat f; echo x)", False)]),
    ("~/.profile", "export DOCKER_HOST=tcp://a:1; export DOCKER_HOST=tcp://b:2",
     [(HOST, A, False), (HOST, B, False)]),
    ("~/.profile", "export MY_DOCKER_HOST=tcp://a:1", []),
    ("~/.profile", "echo 'export DOCKER_HOST=tcp://a:1'", []),
    ("/etc/environment", 'DOCKER_HOST="tcp://a:1"', [(HOST, A, False)]),
    ("~/.config/fish/config.fish", "set -gx DOCKER_HOST tcp://a:1", [(HOST, A, False)]),
    ("~/.config/fish/config.fish", "set --export --universal DOCKER_HOST tcp://a:1",
     [(HOST, A, False)]),
    ("~/.config/fish/config.fish", "set -e DOCKER_HOST", [(HOST, None, False)]),
    ("/etc/csh.login", "setenv DOCKER_HOST tcp://a:1", [(HOST, A, False)]),
    ("~/.pam_environment", "DOCKER_HOST DEFAULT=tcp://a:1", [(HOST, A, False)]),
    ("~/.pam_environment", "DOCKER_HOST DEFAULT=tcp://a:1 OVERRIDE=tcp://b:2", [(HOST, B, False)]),
    ("~/.pam_environment", "DOCKER_HOST=tcp://a:1", [(HOST, A, False)]),
    ("/var/spool/cron/crontabs/ann", "DOCKER_HOST=tcp://a:1", [(HOST, A, False)]),
    ("/etc/cron.d/x", "0 3 * * * root DOCKER_HOST=tcp://a:1 docker system prune -f",
     [(HOST, A, True)]),
    ("/proc/12/environ", "DOCKER_HOST=tcp://a:1 # b", [(HOST, f"{A} # b", False)]),
    ("/srv/app/compose.yml", "      DOCKER_HOST: tcp://a:1  # socket", [(HOST, A, False)]),
    ("/srv/app/compose.yml", "      - DOCKER_HOST=tcp://a:1", [(HOST, A, False)]),
]  # fmt: skip


@pytest.mark.parametrize(("path", "text", "expected"), CASES)
def test_assignments(path: str, text: str, expected: list[tuple[str, str | None, bool]]) -> None:
    found = assignments(path, f"7:{text}")
    assert [(each.name, each.value, each.inline) for each in found] == expected
    assert all(each.number == "7" for each in found)


@given(st.text(max_size=80), st.sampled_from([case[0] for case in CASES]))
def test_nothing_raises(text: str, path: str) -> None:
    assignments(path, text)
    assignments(path, f"1:DOCKER_HOST={text}")
    endpoint(text)


@given(st.lists(st.text("abc/:.=", min_size=1), min_size=1))
def test_plain_words_are_kept(words: list[str]) -> None:
    assert list(commands(" ".join(words))) == [tuple(words)]
