"""docs/how-to/write-a-check.md, followed word for word."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.cli.program import ROOT, environment, facts

GUIDE = ROOT / "docs" / "how-to" / "write-a-check.md"
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def steps() -> Iterator[tuple[str, str, str]]:
    """Each block of the guide: its language, the file that it is, its text."""
    for found in BLOCK.finditer(GUIDE.read_text(encoding="utf-8")):
        yield found[1], found[2] or "", found[3]


def commands(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a block, each with the output that is shown below it."""
    for part in text.split("$ ")[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def test_the_guide_is_right(tmp_path: Path) -> None:
    shutil.copy(facts("plain-any"), tmp_path / "web1.facts.json")
    site = tmp_path / "site"
    scripts = os.path.dirname(sys.executable)
    env = environment(
        PATH=f"{scripts}{os.pathsep}{os.environ['PATH']}",
        PIP_TARGET=str(site),
        PIP_NO_DEPS="1",
        PIP_NO_BUILD_ISOLATION="0",
        PIP_DISABLE_PIP_VERSION_CHECK="1",
        PIP_NO_INDEX="1",
        PYTHONPATH=str(site),
    )
    ran = 0
    for language, name, text in steps():
        if language == "console":
            for command, expected in commands(text):
                done = subprocess.run(
                    ["sh", "-c", command],
                    cwd=tmp_path,
                    env=env,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    check=False,
                )
                said = "\n".join(line.rstrip() for line in done.stdout.splitlines())
                if expected:
                    assert said == expected.rstrip("\n"), command
                else:
                    assert done.returncode == 0, f"{command}: {said}"
                ran += 1
        else:
            assert name, "every file of the guide has a name"
            path = tmp_path / name
            path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    assert ran >= 6
