"""The real program as a process, and recorded hosts to give it."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RECORDED = ROOT / "tests" / "collect" / "recorded"
PROGRAM = [sys.executable, "-m", "dockeraudit"]
_LEFT_OUT = {"NO_COLOR", "COLUMNS", "DOCKERAUDIT_DEBUG", "PYTHONUNBUFFERED", "TERM"}
_LEFT_OUT |= {"PYTHONDONTWRITEBYTECODE", "LC_ALL", "LC_MESSAGES", "LANG"}

# Hundreds of processes: half of the time of each would go to compiling the same files.
_BYTECODE = tempfile.mkdtemp(prefix="dockeraudit-bytecode-")
atexit.register(shutil.rmtree, _BYTECODE, ignore_errors=True)


def facts(name: str) -> str:
    """The path of a recorded host's facts file."""
    return str(RECORDED / f"{name}.facts.json")


def environment(**more: str) -> dict[str, str]:
    """This process's environment, without what changes the program's output."""
    own = {name: text for name, text in os.environ.items() if name not in _LEFT_OUT}
    return own | {"PYTHONPYCACHEPREFIX": _BYTECODE} | more


@dataclass(frozen=True)
class Done:
    """How a run ended, and what it said."""

    status: int
    out: str
    err: str


def run(
    *arguments: str, stdin: bytes = b"", cwd: Path | None = None, timeout: float = 60, **env: str
) -> Done:
    """Run `dockeraudit` with these arguments."""
    done = subprocess.run(
        [*PROGRAM, *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        timeout=timeout,
        cwd=cwd,
        env=environment(**env),
    )
    answer = Done(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in answer.err, answer.err
    return answer
