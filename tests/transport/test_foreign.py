"""testinfra's own connections, and ours behind testinfra."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import testinfra  # type: ignore[import-untyped]
from testinfra.backend import get_backend  # type: ignore[import-untyped]

from dockeraudit.targets import TargetError, parse
from dockeraudit.transport import (
    Answer,
    Kind,
    Limits,
    TransportError,
    TransportOptions,
    foreign,
    open_transport,
)
from dockeraudit.transport.backend import host
from dockeraudit.transport.ssh import SshTransport
from tests.transport.server import Server

LIMITS = Limits(timeout=30)
PLAIN = TransportOptions()


@pytest.mark.parametrize(
    ("uri", "prefix"),
    [
        ("docker://web", "docker exec -i web"),
        ("docker://ann@web", "docker exec -i -u ann web"),
        ("podman://web", "podman exec -i web"),
        ("kubectl://pod", "kubectl exec -i pod --"),
        (
            "kubectl://pod?namespace=a&container=b&context=c&kubeconfig=/d",
            "kubectl --kubeconfig=/d --context=c --namespace=a exec -i pod --container=b --",
        ),
        ("openshift://pod?namespace=a", "oc --namespace=a exec -i pod --"),
        ("lxc://web", "lxc exec web --mode=non-interactive --"),
    ],
)
def test_command_lines(uri: str, prefix: str) -> None:
    assert foreign._prefix(get_backend(uri)) == prefix.split()


@pytest.fixture
def chroot(tmp_path: Path) -> str:
    """A root with busybox and nothing else."""
    busybox = shutil.which("busybox")
    if os.getuid() != 0 or not busybox:
        pytest.skip("a chroot needs root and busybox")
    root = tmp_path / "root"
    (root / "bin").mkdir(parents=True)
    shutil.copy(busybox, root / "bin/busybox")
    for name in ("sh", "id", "cat"):
        (root / "bin" / name).symlink_to("busybox")
    return str(root)


def test_chroot(chroot: str) -> None:
    """testinfra itself drops the path of such a URI."""
    transport = open_transport(parse(f"chroot://{chroot}"), PLAIN)
    answer = transport.run(["sh"], b"echo /*; exit 3", LIMITS)
    assert (answer.stdout, answer.exit_status) == (b"/bin\n", 3)


def test_chroot_become(chroot: str) -> None:
    for spec, options in (
        (f"chroot://{chroot}?sudo=true", PLAIN),
        (f"chroot://{chroot}", TransportOptions(become=True)),
    ):
        assert open_transport(parse(spec), options).run(["sh"], b"id -u", LIMITS).stdout == b"0\n"


def test_chroot_without_shell(tmp_path: Path) -> None:
    for path, kind in ((str(tmp_path), "no-shell"), ("/nowhere", "unreachable")):
        with pytest.raises(TransportError) as caught:
            open_transport(parse(f"chroot://{path}"), PLAIN).run(["sh"], b"echo in", LIMITS)
        assert caught.value.kind == kind


def test_program_that_is_not_here() -> None:
    with pytest.raises(TransportError) as caught:
        open_transport(parse("openshift://pod"), PLAIN).run(["sh"], b"echo in", LIMITS)
    assert caught.value.kind == "command-missing"


# Recorded: docker 28.2.2 with an engine 20.10.24, kubectl 1.32.4 without a server, chroot 9.1.
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (
            Answer(
                b"",
                b"Cannot connect to the Docker daemon at unix:///nowhere.sock. "
                b"Is the docker daemon running?\n",
                1,
                0.1,
            ),
            "refused",
        ),
        (
            Answer(b"", b"Error response from daemon: No such container: none\n", 1, 0.1),
            "unreachable",
        ),
        (
            Answer(b"", b"Error response from daemon: Container 44b2 is not running\n", 1, 0.1),
            "unreachable",
        ),
        (
            Answer(
                b"OCI runtime exec failed: exec failed: unable to start container process: exec: "
                b'"sh": executable file not found in $PATH: unknown\n',
                b"",
                126,
                0.1,
            ),
            "no-shell",
        ),
        (
            Answer(
                b"unable to find user nobody: no matching entries in passwd file\n", b"", 126, 0.1
            ),
            "auth",
        ),
        (
            Answer(
                b"",
                b"The connection to the server localhost:8080 was refused - "
                b"did you specify the right host or port?\n",
                1,
                0.1,
            ),
            "refused",
        ),
        # From kubectl's sources, not recorded.
        (
            Answer(b"", b'Error from server (NotFound): pods "web" not found\n', 1, 0.1),
            "unreachable",
        ),
    ],
)
def test_tools_errors(answer: Answer, kind: Kind) -> None:
    error = foreign._of_tool(answer, "docker://web")
    assert error is not None
    assert error.kind == kind


def test_docker_without_a_daemon(monkeypatch: pytest.MonkeyPatch) -> None:
    if not shutil.which("docker"):
        pytest.skip("no docker command here")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    with pytest.raises(TransportError) as caught:
        open_transport(parse("docker://web"), PLAIN).run(["sh"], b"echo in", LIMITS)
    assert caught.value.kind == "refused"


def test_salt_without_salt() -> None:
    with pytest.raises(TransportError) as caught:
        open_transport(parse("salt://web1"), PLAIN)
    assert caught.value.kind == "command-missing"
    assert "salt" in caught.value.message


class Called:
    """A backend that can only be called, as salt's: it runs the command on this machine."""

    NAME = "called"
    sudo = False

    def run(self, command: str) -> Any:
        done = subprocess.run(command, shell=True, capture_output=True, check=False)
        return SimpleNamespace(rc=done.returncode, _stdout=done.stdout, _stderr="ü\n")


def test_script_as_an_argument() -> None:
    transport = foreign.CallTransport(Called(), "salt://web1", foreign.Become(False, None))
    answer = transport.run(["sh"], b"echo \"a\" 'b' %s; exit 3", LIMITS)
    assert (answer.stdout, answer.exit_status) == (b"a b %s\n", 3)
    assert answer.stderr == "ü\n".encode()
    for script, limits, kind in (
        (b"sleep 1", Limits(timeout=0.2), "timeout"),
        (b"#" * 200_000, LIMITS, "protocol"),
        (b"echo \xff", LIMITS, "protocol"),
        (b"head -c 2000 /dev/zero", Limits(output=1000), "output-limit"),
    ):
        with pytest.raises(TransportError) as caught:
            transport.run(["sh"], script, limits)
        assert caught.value.kind == kind


INVENTORY = """\
#!/bin/sh
# Answers as `ansible-inventory --list` does.
cat <<'END'
{"all": {"children": ["web"]}, "web": {"hosts": ["one", "two", "sly", "word"]},
 "_meta": {"hostvars": {
  "one": {"ansible_host": "127.0.0.1", "ansible_port": "PORT", "ansible_user": "USER",
          "ansible_ssh_common_args": "-F none -o BatchMode=no -oServerAliveInterval=9",
          "ansible_ssh_private_key_file": "FOLDER/key"},
  "sly": {"ansible_host": "-oProxyCommand=touch /tmp/x"},
  "word": {"ansible_host": "127.0.0.1", "ansible_user": "a", "ansible_ssh_pass": "s3cret"},
  "two": {"ansible_connection": "local"}}}}
END
"""


@pytest.fixture
def inventory(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "ansible-inventory"
    text = INVENTORY.replace("PORT", str(server.port)).replace("USER", server.user)
    program.write_text(text.replace("FOLDER", str(server.folder)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr("testinfra.utils.ansible_runner.AnsibleRunner._runners", {})


@pytest.mark.usefixtures("inventory")
def test_ansible_over_our_ssh(server: Server) -> None:
    options = TransportOptions(ssh_config=server.config)
    transport = open_transport(parse("ansible://one"), options)
    assert isinstance(transport, SshTransport)
    assert transport.run(["sh"], b"echo in", LIMITS).stdout == b"in\n"
    command = transport.command(["sh"], LIMITS)
    assert "ServerAliveInterval=9" in command
    assert command.index("BatchMode=yes") < command.index("BatchMode=no")


@pytest.mark.usefixtures("inventory")
def test_ansible_local() -> None:
    transport = open_transport(parse("ansible://two"), PLAIN)
    assert transport.run(["sh"], b"echo in", LIMITS).stdout == b"in\n"


@pytest.mark.usefixtures("inventory")
@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ("ansible://web", "protocol"),
        ("ansible://three", "protocol"),
        ("ansible://sly", "protocol"),
        ("ansible://word", "auth"),
    ],
)
def test_ansible_refused(spec: str, kind: str) -> None:
    with pytest.raises(TransportError) as caught:
        open_transport(parse(spec), PLAIN)
    assert caught.value.kind == kind
    assert "s3cret" not in caught.value.message


@pytest.mark.usefixtures("inventory")
def test_expand() -> None:
    names = [target.spec for target in foreign.expand(parse("ansible://web"))]
    assert names == ["ansible://one", "ansible://sly", "ansible://two", "ansible://word"]
    assert foreign.expand(parse("web1")) == (parse("web1"),)


def test_users_testinfra_code(server: Server) -> None:
    machine = host("good", ssh_config=server.config, limits=LIMITS)
    result = machine.run("printf %s; echo err >&2; exit 3", "a b")
    assert (result.rc, result.stdout, result.stderr) == (3, "a b", "err\n")
    assert machine.file("/etc/passwd").exists
    assert machine.file("/etc/passwd").contains("^root:")
    assert machine.user("root").uid == 0
    assert repr(machine) == "<testinfra.host.Host dockeraudit://good>"


def test_users_testinfra_code_by_uri(server: Server) -> None:
    spec = f"dockeraudit://good?ssh_config={server.config}&timeout=30"
    assert testinfra.get_host(spec).check_output("echo in") == "in"
    assert testinfra.get_host("dockeraudit://local").check_output("echo in") == "in"
    with pytest.raises(TargetError):
        testinfra.get_host("dockeraudit://-oProxyCommand=x")


def test_users_testinfra_code_sudo(server: Server) -> None:
    machine = host("good", ssh_config=server.config, sudo=True)
    assert machine.backend.get_command("id") == "sudo -n /bin/sh -c id"


def test_import_is_late() -> None:
    script = (
        "import sys; before = set(sys.modules)\n"
        "import dockeraudit.targets, dockeraudit.transport.ssh, dockeraudit.transport.local\n"
        "print([name for name in ('testinfra', 'asyncio', 'dataclasses', 'importlib.metadata',"
        " 'urllib.parse', 'logging', 'dockeraudit.transport.foreign')"
        " if name in set(sys.modules) - before])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout == b"[]\n"


def test_call_that_hangs() -> None:
    with pytest.raises(TransportError) as caught:
        foreign._call(threading.Event().wait, "salt://web1", 0.1)
    assert caught.value.kind == "timeout"
