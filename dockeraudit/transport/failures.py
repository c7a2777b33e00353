"""What ssh, sudo and a missing shell say on standard error, told apart.

The texts are OpenSSH's and sudo's own in the C locale. They come mixed with what the host itself
writes, so a host can give a false reason for *its own* failure; nothing else follows from it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from . import Answer, Kind, Limits, TransportError

LONGEST = 300
SCANNED_LINES = 400


class Rule(NamedTuple):
    """A kind of failure, the line that shows it, and what to do then."""

    kind: Kind
    line: str
    """A regular expression, compiled when a failure is looked at, so that start-up is spared."""
    hint: str


KNOWN_HOSTS = "compare the host's fingerprint with its owner, then connect once with ssh by hand"
CHANGED = (
    "somebody may be in between; only if the host is known to be reinstalled: "
    "ssh-keygen -R HOST, then connect once by hand"
)
KEYS = "try `ssh -o BatchMode=yes` by hand: a key, an agent or a certificate must do without asking"
CLOSED = (
    "the port may belong to something else, or sshd turns clients away "
    "(MaxStartups, a ban, hosts.deny): try fewer at once, or later"
)
DIED = "the host, its sshd or the network went away; run it again"
CONFIGURATION = "mend ssh's configuration, --ssh-config or --ssh-option"

RULES = (
    Rule("dns", r"^ssh: Could not resolve hostname ", "check the spelling, DNS, or ~/.ssh/config"),
    Rule(
        "refused",
        r"^ssh: connect to host .*: Connection refused$",
        "is sshd running there, and on this port?",
    ),
    Rule(
        "timeout",
        r"^ssh: connect to host .*: (Connection|Operation) timed out$",
        "a firewall may drop the packets, or the host is down; --ssh-option ConnectTimeout=N waits "
        "longer",
    ),
    Rule(
        "timeout",
        r"^Connection timed out during banner exchange$|^Connection to \S+ port \d+ timed out$",
        "the port is open, but no sshd answers on it in time",
    ),
    Rule(
        "unreachable",
        r"^ssh: connect to host ",
        "check the route, the network and the firewall between here and the host",
    ),
    Rule("host-key-changed", r"^Host key .* was revoked|REVOKED HOST KEY DETECTED", CHANGED),
    Rule("host-key-unknown", r"^Host key verification failed\.$", KNOWN_HOSTS),
    Rule(
        "auth",
        r"Too many authentication failures",
        "the agent offers too many keys: IdentitiesOnly=yes with an IdentityFile",
    ),
    Rule("auth", r"^(\S+: )?Permission denied \([a-z0-9,-]*\)\.$", KEYS),
    Rule(
        "auth",
        r"^Password change required but no TTY available\.",
        "the account's password has expired: log in by hand once",
    ),
    Rule(
        "auth",
        r"[Uu]nprivileged users are not permitted to log in yet|^System is going down",
        "the host takes no logins right now (pam_nologin)",
    ),
    Rule(
        "protocol",
        r"^Unable to negotiate with ",
        "the host offers only algorithms that this ssh leaves out; --ssh-option can add one, "
        "knowing its risk",
    ),
    Rule(
        "protocol",
        r"Bad configuration option|bad configuration options$|^Can't open user config file"
        r"|^Bad owner or permissions on |unsupported option |missing argument\.?$"
        r"|extra arguments at end of line|^Cannot execute command-line and remote command"
        r"|^usage: ssh |: unknown option -- |^command-line: line 0: |^command-line line 0: ",
        CONFIGURATION,
    ),
    Rule(
        "protocol",
        r"^ssh_dispatch_run_fatal: |^Bad server host key: |^Bad packet length"
        r"|[Cc]orrupted MAC on input|^Protocol major versions differ"
        r"|banner line contains invalid characters|banner line too long|No SSH protocol banner"
        r"|invalid format of identification"
        r"|^Bad remote protocol version identification|server version \".*\" not supported",
        "what answers there does not speak SSH as this ssh does",
    ),
    Rule(
        "no-shell",
        r"^(exec|shell|subsystem) request failed on channel ",
        "sshd lets this account run no command (ForceCommand, a restricted key, or no shell)",
    ),
)

KEY_CHANGED = (
    r"REMOTE HOST IDENTIFICATION HAS CHANGED!|REVOKED HOST KEY DETECTED"
    r"|^Host key for .* has changed and you have requested strict checking"
)

JUMP_RULES = (
    Rule(
        "dns",
        r"open failed: .*(Name or service not known|name resolution|not known$|No address assoc)",
        "the jump host can't resolve the name",
    ),
    Rule(
        "refused", r"open failed: .*Connection refused", "the jump host was refused by the target"
    ),
    Rule(
        "timeout",
        r"open failed: .*timed out",
        "the jump host got no answer from the target in time",
    ),
    Rule(
        "unreachable",
        r"open failed: ",
        "the jump host could not, or may not (AllowTcpForwarding), connect to the target",
    ),
)

CLOSINGS = (
    Rule(
        "unreachable",
        r"^stdio forwarding failed",
        "the jump host did not connect to the target",
    ),
    Rule(
        "refused",
        r"^kex_exchange_identification: |^ssh_exchange_identification: ",
        CLOSED,
    ),
    Rule(
        "died",
        r"^Connection to .* closed by remote host\.$|^client_loop: |^packet_write_wait: "
        r"|^Timeout, server .* not responding|^Read from remote host |^mux_client_\w+: "
        r"|^Connection (closed|reset) by |^Disconnected from |^Received disconnect from "
        r"|^ssh_packet_\w+: |^Connection to .* closed\.$",
        DIED,
    ),
)


def one_line(text: str | bytes) -> str:
    """A hostile text as one printable line of bounded length."""
    if isinstance(text, bytes):
        text = text[: 8 * LONGEST].decode("utf-8", "replace")
    text = " ".join(text[: 8 * LONGEST].split())
    text = "".join(char if char.isprintable() else "\ufffd" for char in text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def of_ssh(answer: Answer, name: str) -> TransportError | None:
    """Why ssh itself failed; None if the exit status is the remote command's own.

    ssh ends with 255 for an error of its own, and so may a command: then a line of ssh's makes
    the difference. A session that gave output can only have died, whatever is said meanwhile.
    """
    if answer.exit_status < 0:
        return TransportError(
            "died",
            f"{name}: ssh was ended by signal {-answer.exit_status}",
            "something on this machine killed it",
        )
    if answer.exit_status != 255:
        return None
    lines = _lines(answer.stderr)
    if answer.stdout:
        return _first(CLOSINGS[-1:], lines, name)
    for rules in (RULES, JUMP_RULES, *((rule,) for rule in CLOSINGS)):
        found = _first(rules, lines, name)
        if found is not None:
            found = _host_key(found, lines, name)
            found.jump = rules is RULES and _jump_failed(lines)
            return found
    if lines:
        return None
    return TransportError(
        "died",
        f"{name}: ssh ended without a word (status 255)",
        "the remote process was killed, or LogLevel QUIET hides the reason: try `ssh -v` by hand",
    )


SUDO_RULES = (
    Rule(
        "sudo",
        r"^sudo: (sorry, )?you must have a tty",
        "take requiretty out of the host's sudoers for this user",
    ),
    Rule(
        "sudo",
        r"^\S.* is not in the sudoers file|^\S.* is not allowed to run sudo"
        r"|^(sudo: )?I'm sorry \S+\. I'm afraid I can't do that",
        "the user may not use sudo there: add it to sudoers, or scan without --become",
    ),
    Rule(
        "sudo",
        r"^Sorry, user .* (is not allowed to execute|may not run sudo)",
        "sudoers allows this user other commands only: it must allow sh",
    ),
    Rule(
        "sudo",
        r"\bsudo: (not found|command not found|No such file or directory|Permission denied)$"
        r"|command not found: sudo",
        "the host has no sudo: name root as the user, or scan without --become",
    ),
    Rule(
        "sudo",
        r"^sudo: .*(must be owned by uid 0|no new privileges|effective uid is not 0)",
        "sudo can't work there: it lacks its setuid bit, or runs in a restricted container",
    ),
    Rule(
        "sudo",
        r"^sudo: .*(account validation failure|account management|PAM|expired)",
        "the host's PAM refuses the account",
    ),
    Rule(
        "become-password",
        r"^sudo: (a password is required|a terminal is required to read the password"
        r"|no tty present and no askpass program specified|interactive authentication is required)",
        "allow it without a password: `USER ALL=(root) NOPASSWD: ALL` in a file of /etc/sudoers.d, "
        "or name root as the user",
    ),
    Rule(
        "sudo",
        r"^sudo: |^/etc/sudoers|>>> .*sudoers",
        "sudo failed on the host: try `sudo -n true` there",
    ),
)

NO_SHELL = "the account has no shell that runs commands: use another user"

SHELL_RULES = (
    Rule(
        "no-shell",
        r"This account is currently not available|This service allows sftp connections only",
        NO_SHELL,
    ),
    Rule(
        "no-shell",
        r"\b(sh|/bin/sh): (not found|command not found|No such file or directory|inaccessible)"
        r"|command not found: (/bin/)?sh$|Unknown command:? '?(/bin/)?sh\b",
        "the host has no sh on its PATH",
    ),
)


def of_command(
    answer: Answer, name: str, argv: Sequence[str], *, become: bool
) -> TransportError | None:
    """Why sudo or the shell ran nothing; None if the answer is the command's."""
    return (of_become(answer, name) if become else None) or (
        of_shell(answer, name) if argv[0] in ("sh", "/bin/sh") else None
    )


def too_late(name: str, limits: Limits, came: int) -> TransportError:
    """Its deadline passed before the answer was whole; `came`: bytes of it."""
    return TransportError(
        "timeout",
        f"no whole answer from {name} within {limits.timeout:g} s ({came} bytes came)",
        "raise --timeout, or find out what the host is busy with",
    )


def too_much(name: str, limits: Limits) -> TransportError:
    """The answer passed its limit."""
    return TransportError(
        "output-limit",
        f"{name} said more than {limits.output} bytes; the answer was cut and thrown away",
        "an answer of this size is not a Docker host's own: look at what its shell prints at login",
    )


def of_become(answer: Answer, name: str) -> TransportError | None:
    """Why sudo ran nothing. Once the command has said something, sudo did its part."""
    if answer.exit_status == 0 or answer.stdout:
        return None
    lines = _lines(answer.stderr)
    for rule in SUDO_RULES:
        # sudo explains itself in several lines, the reason first: here the rules have an order.
        found = _first((rule,), lines, name)
        if found is not None:
            return found
    return None


def of_shell(answer: Answer, name: str) -> TransportError | None:
    """Why no shell ran; nologin says so on standard output."""
    if answer.exit_status == 1 and len(answer.stdout) < 4096:
        found = _first(SHELL_RULES[:1], _lines(answer.stdout), name)
        if found is not None:
            return found
    if answer.exit_status in (126, 127) and not answer.stdout:
        return _first(SHELL_RULES[1:], _lines(answer.stderr), name)
    return None


def unanswered(answer: Answer, name: str) -> TransportError:
    """The error for an answer without the frame that the script always prints.

    The shell of a locked account (`/bin/false`) ends without a word, and a forced command
    answers something else: a transport alone can't tell either from a command's own result.
    """
    found = of_shell(answer, name)
    if found is not None:
        return found
    said = _last(_lines(answer.stderr)) or _last(_lines(answer.stdout))
    if not answer.stdout and answer.exit_status in (1, 126, 127):
        what = f": {said}" if said else " and said nothing"
        return TransportError(
            "no-shell",
            one_line(f"{name}: no shell ran (status {answer.exit_status}){what}"),
            NO_SHELL,
        )
    what = f": {said}" if said else ""
    return TransportError(
        "protocol",
        one_line(f"{name} gave something else than was asked (status {answer.exit_status}){what}"),
        "a forced command, a restricted shell or a broken profile may answer in the script's place",
    )


def _host_key(found: TransportError, lines: list[str], name: str) -> TransportError:
    """The same error, or the one that the big warning before ssh's last line speaks of."""
    if found.kind not in ("host-key-unknown", "host-key-changed"):
        return found
    whose = "the jump host's key" if _jump_failed(lines) else "the host key"
    if found.kind == "host-key-changed" or any(re.search(KEY_CHANGED, line) for line in lines):
        return TransportError(
            "host-key-changed", f"{name}: {whose} is not the one in known_hosts", CHANGED
        )
    return TransportError("host-key-unknown", f"{name}: {whose} is not known here", KNOWN_HOSTS)


def _jump_failed(lines: list[str]) -> bool:
    """Whether the reason is one of the ssh to the jump host.

    Behind that, the outer ssh has no peer that it could name. Where the jump host itself is well,
    it says why it did not open the way ("open failed").
    """
    return any(line.startswith("Connection closed by UNKNOWN port ") for line in lines) and not any(
        "open failed: " in line for line in lines
    )


def _first(rules: tuple[Rule, ...], lines: list[str], name: str) -> TransportError | None:
    """The latest line that fits a rule: ssh's reason follows banners and warnings."""
    for line in reversed(lines):
        for rule in rules:
            if re.search(rule.line, line):
                return TransportError(rule.kind, one_line(f"{name}: {line}"), rule.hint)
    return None


def _lines(stderr: bytes) -> list[str]:
    """The lines of a stream, the last ones of many, each cut to what a message may hold."""
    lines = stderr.splitlines()[-SCANNED_LINES:]
    decoded = (line[: 2 * LONGEST].decode("utf-8", "replace").strip() for line in lines)
    return [line for line in decoded if line]


def _last(lines: list[str]) -> str:
    return lines[-1] if lines else ""
