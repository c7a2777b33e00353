"""`--ssh-client`: by which client hosts are asked."""

import subprocess
import sys
from pathlib import Path

import pytest

MISSING = """
import importlib.util, sys
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "asyncssh" else real(name, *more)
from dockeraudit.cli import main
main()
"""


def run(
    *words: str, program: str = "from dockeraudit.cli import main; main()"
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("command", ["scan", "collect"])
def test_without_the_package_nothing_begins(command: str, tmp_path: Path) -> None:
    more = ["-o", str(tmp_path / "facts")] if command == "collect" else []
    done = run(command, "--ssh-client=asyncssh", "name.invalid", *more, program=MISSING)
    assert done.returncode == 2
    assert "pip install 'dockeraudit[asyncssh]'" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "facts").exists()


def test_a_client_that_there_is_not() -> None:
    done = run("scan", "--ssh-client=asynssh", "web1")
    assert done.returncode == 2
    assert "asyncssh" in done.stderr


@pytest.mark.parametrize("client", ["openssh", "asyncssh"])
def test_the_configuration_may_name_it(client: str, tmp_path: Path) -> None:
    file = tmp_path / "dockeraudit.toml"
    file.write_text(f'ssh-client = "{client}"\nssh-config = "none"\n')
    done = run("scan", f"--config={file}", "name.invalid", "--format=json")
    assert done.returncode == 3
    assert '"kind": "dns"' in done.stdout or '"kind":"dns"' in done.stdout


def test_the_library_is_loaded_for_its_client_only() -> None:
    program = (
        "import sys; import dockeraudit.cli.scan; from dockeraudit.transport import *;"
        "open_ssh('web1', None, None, TransportOptions(), None);"
        "sys.exit('asyncssh' in sys.modules)"
    )
    assert run(program=program).returncode == 0
