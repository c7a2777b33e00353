"""Hosts behind testinfra's other URIs: containers, pods, chroots, and what ansible or salt manage.

Where testinfra's backend is a process (`docker exec` …), its command line is built from the
backend's attributes and run by our own bounded runner, with the script on standard input. An
ansible host that is reached by SSH goes through our SSH. What is left (salt, ansible's own
connections) takes no standard input: there the script travels as an argument.
"""

from __future__ import annotations

import contextlib
import re
import shlex
import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from dockeraudit.targets import Target, TargetError, parse

from . import Answer, Limits, Transport, TransportError, TransportOptions, open_ssh, process
from .become import as_root, as_user
from .failures import JUMP_RULES, Rule, of_become, of_shell, one_line
from .local import LocalTransport

if TYPE_CHECKING:
    from testinfra.backend.base import BaseBackend  # type: ignore[import-untyped]

T = TypeVar("T")

LONGEST_ARGUMENT = 120 * 1024
"""Linux takes 128 KiB in one argument; ansible and salt add words of their own."""

INVENTORY_SECONDS = 60.0

TOOL_RULES = (
    Rule(
        "refused",
        r"[Cc]annot connect to (the Docker daemon|Podman)|connection refused"
        r"|^The connection to the server .* was refused",
        "is the engine or API server running here, and is this its address?",
    ),
    Rule(
        "auth",
        r"permission denied|Permission denied|Forbidden|Unauthorized|must be logged in"
        r"|unable to find user",
        "the tool itself may not do this: use another account or configuration",
    ),
    Rule("dns", r"lookup .*: no such host", "check the API server's name"),
    Rule("timeout", r"i/o timeout|TLS handshake timeout", "check the network"),
    Rule(
        "no-shell",
        r"(executable file not found|no such file or directory).*"
        r"|failed to run command .*: No such file or directory",
        "it has no sh: an image without a shell can't be looked into this way",
    ),
    Rule(
        "unreachable",
        r"[Nn]o such container|[Nn]o container with name|is not running|[Nn]ot ?[Ff]ound"
        r"|no such object|cannot change root directory|no configuration has been provided",
        "check the name, and that it runs",
    ),
)


class ProcessTransport:
    """Runs commands through a program of this machine that passes standard input on."""

    def __init__(
        self, prefix: Sequence[str], name: str, become: Become, cancel: process.Cancel | None
    ) -> None:
        self._prefix = list(prefix)
        self._name = name
        self._become = become
        self._cancel = cancel

    def run(self, argv: Sequence[str], stdin: bytes, limits: Limits) -> Answer:
        command = [*self._prefix, *self._become.command(argv)]
        answer = process.run(command, stdin, limits, name=self._name, cancel=self._cancel)
        return _checked(answer, argv, self._name, self._become)


class CallTransport:
    """Runs a shell through a backend's `run`, with the script as its argument `-c`.

    The backend can't be ended from outside: at the deadline its thread is left behind, and what
    it still brings is dropped.
    """

    def __init__(self, backend: BaseBackend, name: str, become: Become) -> None:
        self._backend = backend
        self._name = name
        self._become = become
        # sudo is ours to add: testinfra's would wait for a password.
        backend.sudo = False

    def run(self, argv: Sequence[str], stdin: bytes, limits: Limits) -> Answer:
        try:
            script = stdin.decode()
        except UnicodeDecodeError:
            raise TransportError(
                "protocol",
                f"{self._name}: the script is not text",
                "ansible and salt take it as an argument; reach the host over ssh instead",
            ) from None
        command = shlex.join(self._become.command([*argv, "-c", script] if script else argv))
        if len(command.encode()) > LONGEST_ARGUMENT:
            raise TransportError(
                "protocol",
                f"{self._name}: the script is too long for an argument ({len(command)} bytes)",
                "ansible and salt take it as an argument; reach the host over ssh instead",
            )
        start = monotonic()
        result = _call(lambda: self._backend.run(command), self._name, limits.timeout)
        answer = Answer(
            _bytes(result, "stdout"),
            _bytes(result, "stderr")[: limits.errors],
            result.rc,
            monotonic() - start,
        )
        if len(answer.stdout) > limits.output:
            raise TransportError(
                "output-limit",
                f"{self._name} said more than {limits.output} bytes",
                "an answer of this size is not a Docker host's own",
            )
        return _checked(answer, argv, self._name, self._become)


class Become:
    """Whose rights a command gets on the other side."""

    def __init__(self, wanted: bool, user: str | None) -> None:
        self.wanted = wanted
        self._user = user if user != "root" else None

    def command(self, argv: Sequence[str]) -> list[str]:
        if not self.wanted:
            return list(argv)
        return as_user(argv, self._user) if self._user else as_root(argv)


def open_foreign(
    target: Target, options: TransportOptions, cancel: process.Cancel | None = None
) -> Transport:
    """The way to a target of testinfra's."""
    backend = _backend(target)
    become = Become(options.become or backend.sudo, backend.sudo_user)
    if backend.NAME == "winrm":
        raise TransportError(
            "no-shell",
            f"{one_line(target.spec)} is a Windows host, which has no POSIX sh",
            "scan the Linux machine that runs the engine, for example in WSL or a virtual machine",
        )
    if backend.NAME == "ansible" and not getattr(backend, "force_ansible", False):
        reached = _call(lambda: _ansible_backend(backend), one_line(target.spec), INVENTORY_SECONDS)
        if reached is not None:
            return _reached(reached, target, options, become, cancel)
    return _transport(backend, target.spec, become, cancel)


def expand(target: Target) -> tuple[Target, ...]:
    """One target for each host that a pattern names (`ansible://group`, `salt://web*`)."""
    if target.uri is None:
        return (target,)
    scheme, _, rest = target.uri.partition("://")
    if scheme not in ("ansible", "salt"):
        return (target,)
    from testinfra.backend import (  # type: ignore[import-untyped]
        get_backend_class,
        parse_hostspec,
    )

    def hosts() -> list[str]:
        host, kwargs = parse_hostspec(target.uri or "")
        return list(get_backend_class(scheme).get_hosts(host, **kwargs))

    names = _call(hosts, one_line(target.spec), INVENTORY_SECONDS)
    _, mark, query = rest.partition("?")
    uris = [f"{scheme}://{name}{mark}{query}" for name in names]
    return tuple(Target(uri, "testinfra", uri=uri) for uri in uris)


def _backend(target: Target) -> BaseBackend:
    uri = target.uri or ""
    try:
        from testinfra.backend import get_backend

        if uri.startswith("chroot://"):
            # testinfra takes the path for a path of the URL, and drops it.
            path, _, query = uri.removeprefix("chroot://").partition("?")
            return get_backend(path, connection="chroot", sudo="sudo=true" in query.lower())
        return get_backend(uri.removesuffix("/"))
    except Exception as error:
        # testinfra raises RuntimeError for a package that is missing, and anything for the rest.
        raise TransportError(
            "command-missing",
            one_line(f"{target.spec}: testinfra can't serve it here: {error}"),
            "install what this kind of target needs beside dockeraudit",
        ) from None


def _ansible_backend(backend: Any) -> BaseBackend | None:
    """What testinfra makes of ansible's inventory for this host; None: only ansible itself."""
    names = type(backend).get_hosts(backend.host, ansible_inventory=backend.ansible_inventory)
    if names != [backend.host]:
        name = f"ansible://{backend.host}"
        raise TransportError(
            "protocol",
            one_line(f"{name} is not one host, but {', '.join(names[:5])}")
            if names
            else one_line(f"{name} is no host of it"),
            "name one host of the inventory for each target",
        )
    host = backend.ansible_runner.get_host(
        backend.host,
        ssh_config=backend.ssh_config,
        ssh_identity_file=backend.ssh_identity_file,
    )
    return None if host is None else host.backend


def _reached(
    backend: Any,
    target: Target,
    options: TransportOptions,
    outer: Become,
    cancel: process.Cancel | None,
) -> Transport:
    """The way to a host of ansible's inventory, as far as it needs no ansible."""
    become = Become(outer.wanted or backend.sudo, backend.sudo_user)
    if backend.NAME == "local":
        return LocalTransport(become.wanted, cancel)
    if backend.NAME not in ("ssh", "safe-ssh", "paramiko"):
        return _transport(backend, target.spec, become, cancel)
    if backend.host.password:
        raise TransportError(
            "auth",
            one_line(f"{target.spec}: the inventory gives a password"),
            "passwords are not used: let a key or an agent do, or add ?force_ansible=true",
        )
    more = list(options.ssh_options)
    if backend.ssh_identity_file:
        more.append(f"IdentityFile={backend.ssh_identity_file}")
    more += _ssh_options(getattr(backend, "ssh_extra_args", None) or "")
    port = str(backend.host.port) if backend.host.port else None
    try:
        place = f"[{backend.host.name}]" if ":" in backend.host.name else backend.host.name
        user = f"{backend.host.user}@" if backend.host.user else ""
        reached = parse(f"ssh://{user}{place}{f':{port}' if port else ''}")
    except TargetError as error:
        raise TransportError(
            "protocol", one_line(f"{target.spec}: {error}"), "mend the inventory"
        ) from None
    return open_ssh(
        reached.host,
        reached.user,
        reached.port,
        TransportOptions(
            ssh_config=options.ssh_config or backend.ssh_config,
            ssh_options=tuple(more),
            become=become.wanted,
            client=options.client,
        ),
        cancel,
    )


def _ssh_options(extra: str) -> list[str]:
    """The `-o` options of ansible's ssh_args; `-C` and its like make no difference to an answer."""
    words = iter(shlex.split(extra))
    options = []
    for word in words:
        if word == "-o":
            options.append(next(words, ""))
        elif word.startswith("-o"):
            options.append(word[2:])
        elif word == "-J":
            options.append(f"ProxyJump={next(words, '')}")
        elif word == "-i":
            options.append(f"IdentityFile={next(words, '')}")
    return [option for option in options if option]


def _transport(backend: Any, spec: str, become: Become, cancel: process.Cancel | None) -> Transport:
    name = one_line(spec)
    prefix = _prefix(backend)
    if prefix is None:
        return CallTransport(backend, name, become)
    return ProcessTransport(prefix, name, become, cancel)


def _prefix(backend: Any) -> list[str] | None:
    """What goes before a command to run it there with standard input; None: no such process."""
    match backend.NAME:
        case "docker" | "podman":
            user = ["-u", backend.user] if backend.user else []
            return [backend.NAME, "exec", "-i", *user, backend.name]
        case "kubectl" | "openshift":
            command = ["kubectl" if backend.NAME == "kubectl" else "oc"]
            for option in ("kubeconfig", "context"):
                value = getattr(backend, option, None)
                command += [f"--{option}={value}"] if value else []
            command += [f"--namespace={backend.namespace}"] if backend.namespace else []
            command += ["exec", "-i", backend.name]
            command += [f"--container={backend.container}"] if backend.container else []
            return [*command, "--"]
        case "lxc":
            return ["lxc", "exec", backend.name, "--mode=non-interactive", "--"]
        case "chroot":
            return ["chroot", backend.name]
    return None


def _checked(answer: Answer, argv: Sequence[str], name: str, become: Become) -> Answer:
    error = of_become(answer, name) if become.wanted else None
    if error is None and argv[0] in ("sh", "/bin/sh"):
        error = of_shell(answer, name) or _of_tool(answer, name)
    if error is not None:
        raise error
    return answer


def _of_tool(answer: Answer, name: str) -> TransportError | None:
    """Why docker, kubectl and their like ran nothing; only where nothing else came back.

    What the engine says of a shell that it can't start, docker prints on standard output.
    """
    unstarted = answer.exit_status in (126, 127) and len(answer.stdout) < 4096
    if answer.exit_status == 0 or (answer.stdout and not unstarted):
        return None
    text = (answer.stdout + answer.stderr[-8192:]).decode("utf-8", "replace")
    for rule in (*TOOL_RULES, *JUMP_RULES):
        for line in reversed(text.splitlines()):
            if re.search(rule.line, line):
                return TransportError(rule.kind, one_line(f"{name}: {line}"), rule.hint)
    return None


def _call(function: Callable[[], T], name: str, seconds: float) -> T:
    """The result of a call that may hang: after the deadline its thread is left behind."""
    done = threading.Event()
    result: list[T] = []
    failure: list[BaseException] = []

    def work() -> None:
        try:
            result.append(function())
        except BaseException as error:
            failure.append(error)
        finally:
            done.set()

    threading.Thread(target=work, daemon=True).start()
    if not done.wait(seconds):
        raise TransportError(
            "timeout", f"no answer from {name} within {seconds:g} s", "raise --timeout"
        )
    if failure:
        if isinstance(failure[0], TransportError):
            raise failure[0]
        raise TransportError(
            "protocol",
            one_line(f"{name}: {failure[0]}"),
            "try the tool behind this target by hand",
        )
    return result[0]


def _bytes(result: Any, stream: str) -> bytes:
    value = getattr(result, f"_{stream}", None)
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, bytes):
        return value
    with contextlib.suppress(UnicodeError):
        return bytes(getattr(result, f"{stream}_bytes"))
    return b""
