"""What ssh, sudo and shells said, recorded word for word, and which failure it shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockeraudit.transport import Answer, Kind
from dockeraudit.transport.failures import (
    of_become,
    of_shell,
    of_ssh,
    one_line,
    unanswered,
)


def said(stderr: str | bytes, status: int = 255, stdout: bytes = b"") -> Answer:
    return Answer(stdout, stderr.encode() if isinstance(stderr, str) else stderr, status, 0.1)


UNKNOWN = "Connection closed by UNKNOWN port 65535\r\n"
KEX = "kex_exchange_identification: Connection closed by remote host\r\n"
CHANGED = """\
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!\r
Host key for [127.0.0.1]:39307 has changed and you have requested strict checking.\r
Host key verification failed.\r
"""

# Recorded from OpenSSH_9.2p1 Debian-2+deb12u10 on bookworm, against its own sshd.
RECORDED_SSH = [
    ("ssh: Could not resolve hostname name.invalid: Name or service not known\r\n", "dns"),
    ("ssh: connect to host 127.0.0.1 port 41265: Connection refused\r\n", "refused"),
    (
        "Connection timed out during banner exchange\r\n"
        "Connection to 127.0.0.1 port 33853 timed out\r\n",
        "timeout",
    ),
    ("Host key verification failed.\r\n", "host-key-unknown"),
    (CHANGED, "host-key-changed"),
    ("root@127.0.0.1: Permission denied (publickey).\r\n", "auth"),
    (
        "kex_exchange_identification: banner line contains invalid characters\r\n"
        "banner exchange: Connection to 127.0.0.1 port 46009: invalid format\r\n",
        "protocol",
    ),
    (
        "Unable to negotiate with 127.0.0.1 port 39307: no matching key exchange method found. "
        "Their offer: curve25519-sha256\r\n",
        "protocol",
    ),
    ("Bad server host key: Invalid key length\r\n", "protocol"),
    ("command-line: line 0: Bad configuration option: foo\r\n", "protocol"),
    ('command-line line 0: no argument after keyword "controlpath"\r\n', "protocol"),
    ("Can't open user config file /nonexistent: No such file or directory\r\n", "protocol"),
    (
        "channel 0: open failed: connect failed: Connection refused\r\n"
        "stdio forwarding failed\r\n" + KEX + UNKNOWN,
        "refused",
    ),
    (
        "channel 0: open failed: connect failed: Name or service not known\r\n"
        "stdio forwarding failed\r\n" + KEX + UNKNOWN,
        "dns",
    ),
    (
        "channel 0: open failed: administratively prohibited: open failed\r\n"
        "stdio forwarding failed\r\n" + KEX + UNKNOWN,
        "unreachable",
    ),
    ("Host key verification failed.\r\n" + KEX + UNKNOWN, "host-key-unknown"),
    (CHANGED + KEX + UNKNOWN, "host-key-changed"),
    ("Connection to 127.0.0.1 closed by remote host.\r\n", "died"),
    ("", "died"),
]

# From OpenSSH's sources (sshconnect.c, packet.c, clientloop.c, channels.c), not recorded.
DOCUMENTED_SSH = [
    (
        "ssh: Could not resolve hostname a: Temporary failure in name resolution\r\n",
        "dns",
    ),
    ("ssh: connect to host 10.0.0.5 port 22: Connection timed out\r\n", "timeout"),
    ("ssh: connect to host 10.0.0.5 port 22: No route to host\r\n", "unreachable"),
    ("ssh: connect to host 10.0.0.5 port 22: Network is unreachable\r\n", "unreachable"),
    (
        "No ED25519 host key is known for web1 and you have requested strict checking.\r\n"
        "Host key verification failed.\r\n",
        "host-key-unknown",
    ),
    (
        "Received disconnect from 10.0.0.5 port 22:2: Too many authentication failures\r\n"
        "Disconnected from 10.0.0.5 port 22\r\n",
        "auth",
    ),
    ("kex_exchange_identification: read: Connection reset by peer\r\n", "refused"),
    (KEX + "Connection closed by 10.0.0.5 port 22\r\n", "refused"),
    ("client_loop: send disconnect: Broken pipe\r\n", "died"),
    ("Connection reset by 10.0.0.5 port 22\r\n", "died"),
    ("Timeout, server 10.0.0.5 not responding.\r\n", "died"),
    ("exec request failed on channel 0\r\n", "no-shell"),
    ("Bad owner or permissions on /root/.ssh/config\r\n", "protocol"),
    ("ssh_dispatch_run_fatal: Connection to 10.0.0.5 port 22: incorrect signature\r\n", "protocol"),
    (
        "A banner: Host key verification failed.\r\n"
        "Host key verification failed.\r\n"
        "ann@web1: Permission denied (publickey,password).\r\n",
        "auth",
    ),
]


@pytest.mark.parametrize(("stderr", "kind"), [*RECORDED_SSH, *DOCUMENTED_SSH])
def test_of_ssh(stderr: str, kind: Kind) -> None:
    error = of_ssh(said(stderr), "web1")
    assert error is not None
    assert error.kind == kind
    assert error.message.startswith("web1: ")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(said("Host key verification failed.\r\n", 0), id="a warning on the way"),
        pytest.param(said("ssh: connect to host a port 22: Connection refused", 1), id="inside"),
        pytest.param(said("", 255, b"out"), id="the command's own 255"),
        pytest.param(said("it went wrong", 255), id="the command's own 255 with its reason"),
        pytest.param(
            said("Permission denied (publickey).", 255, b"out"),
            id="inside, after it said something",
        ),
    ],
)
def test_of_ssh_leaves_the_commands_own_result(answer: Answer) -> None:
    assert of_ssh(answer, "web1") is None


NNP = """\
sudo: The "no new privileges" flag is set, which prevents sudo from running as root.
sudo: If sudo is running in a container, you may need to adjust the container configuration to \
disable the flag.
"""
MODE = """\
sudo: /etc/sudoers is world writable
sudo: no valid sudoers sources found, quitting
sudo: error initializing audit plugin sudoers_audit
"""

# Recorded from sudo 1.9.13p3-1+deb12u4 on bookworm, in a mount namespace with a sudoers of its own,
# with dash, bash and busybox ash as sh.
RECORDED_SUDO = [
    ("sudo: a password is required\n", 1, "become-password", "NOPASSWD"),
    ("sudo: sorry, you must have a tty to run sudo\n", 1, "sudo", "requiretty"),
    ("tester is not in the sudoers file.\n", 1, "sudo", "may not use sudo"),
    (
        "Sorry, user tester is not allowed to execute '/usr/bin/sh' as root on vm.\n",
        1,
        "sudo",
        "must allow sh",
    ),
    (NNP, 1, "sudo", "container"),
    ("sudo: /usr/bin/sudo must be owned by uid 0 and have the setuid bit set\n", 1, "sudo", "bit"),
    (
        "sudo: account validation failure, is your account locked?\nsudo: a password is required\n",
        1,
        "sudo",
        "PAM",
    ),
    (MODE, 1, "sudo", "sudo -n true"),
    (
        "/etc/sudoers.d/t:1:14: syntax error\nnonsense here\n             ^\n"
        "sudo: a password is required\n",
        1,
        "become-password",
        "NOPASSWD",
    ),
    ("sh: 1: exec: sudo: Permission denied\n", 126, "sudo", "has no sudo"),
    ("sh: line 1: exec: sudo: not found\n", 127, "sudo", "has no sudo"),
    ("sh: exec: line 0: sudo: Permission denied\n", 126, "sudo", "has no sudo"),
    ("sh: 1: exec: sudo: not found\n", 127, "sudo", "has no sudo"),
]

# From the sources of sudo (and sudo-rs, the last but one), not recorded.
DOCUMENTED_SUDO = [
    ("ann is not in the sudoers file.  This incident will be reported.\n", 1, "sudo", "may not"),
    ("sudo: no tty present and no askpass program specified\n", 1, "become-password", "NOPASSWD"),
    ("sudo: interactive authentication is required\n", 1, "become-password", "NOPASSWD"),
    ("sudo: unable to open /run/sudo: Read-only file system\n", 1, "sudo", "sudo -n true"),
]


@pytest.mark.parametrize(("stderr", "status", "kind", "hint"), [*RECORDED_SUDO, *DOCUMENTED_SUDO])
def test_of_become(stderr: str, status: int, kind: Kind, hint: str) -> None:
    error = of_become(said(stderr, status), "web1")
    assert error is not None
    assert error.kind == kind
    assert hint in error.hint


@pytest.mark.parametrize(
    "answer",
    [
        # Recorded: sudo 1.9.13p3 says this, and goes on.
        said("sudo: unable to resolve host vm: Name or service not known\n", 0, b"0\n"),
        said("sudo: a password is required\n", 1, b"the script's own sudo failed"),
        said("id: not found\n", 127),
        said("", 1),
    ],
)
def test_of_become_leaves_the_commands_own_result(answer: Answer) -> None:
    assert of_become(answer, "web1") is None


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        # Recorded: nologin of bookworm says it on standard output.
        (said("", 1, b"This account is currently not available.\n"), "no-shell"),
        (said("", 1, b"This service allows sftp connections only.\n"), "no-shell"),
        # Recorded from bash, dash and busybox ash of bookworm; zsh and fish from their sources.
        (said("bash: line 1: sh: command not found\n", 127), "no-shell"),
        (said("sh: 1: sh: not found\n", 127), "no-shell"),
        (said("ash: sh: not found\n", 127), "no-shell"),
        (said("zsh:1: command not found: sh\n", 127), "no-shell"),
        (said("fish: Unknown command: sh\n", 127), "no-shell"),
        (said("sh: 1: docker: not found\n", 127), None),
        (said("sh: 1: docker: not found\n", 127, b"out"), None),
        (said("", 1), None),
    ],
)
def test_of_shell(answer: Answer, kind: Kind | None) -> None:
    error = of_shell(answer, "web1")
    assert (error.kind if error else None) == kind


@given(st.binary(max_size=400), st.integers(-64, 255), st.binary(max_size=20))
def test_every_answer_is_told(stderr: bytes, status: int, stdout: bytes) -> None:
    answer = Answer(stdout, stderr, status, 0.0)
    for error in (
        of_ssh(answer, "web1"),
        of_become(answer, "web1"),
        of_shell(answer, "web1"),
        unanswered(answer, "web1"),
    ):
        if error is not None:
            assert error.message.isprintable()
            assert 0 < len(error.message) <= 300
            assert error.hint.isprintable()


PIECES = st.sampled_from(
    [
        *(text for text, _ in RECORDED_SSH),
        *(row[0] for row in RECORDED_SUDO),
        "\x1b[2J",
        "\udcff",
        "x" * 5000,
    ]
)


@given(st.lists(PIECES, max_size=8).map("".join), st.sampled_from([1, 126, 127, 255]))
def test_every_mixture_is_told(stderr: str, status: int) -> None:
    test = Answer(b"", stderr.encode("utf-8", "surrogateescape"), status, 0.0)
    for error in (of_ssh(test, "web1"), of_become(test, "web1"), unanswered(test, "web1")):
        assert error is None or (error.message.isprintable() and len(error.message) <= 300)


@given(st.one_of(st.text(), st.binary()))
def test_one_line(text: str | bytes) -> None:
    line = one_line(text)
    assert line.isprintable()
    assert len(line) <= 300
