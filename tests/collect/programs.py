"""The awk programs of the collector, taken from the script as it is, to try them by themselves."""

import re
import shutil
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "dockeraudit" / "collect" / "collector.sh"
AWKS = [
    argv
    for argv in (["mawk"], ["gawk"], ["gawk", "--posix"], ["busybox", "awk"], ["original-awk"])
    if shutil.which(argv[0])
]


def program(name: str) -> str:
    """The text of the variable `name`, which the script holds in single quotes."""
    match = re.search(rf"^{name}='\n(.*?)\n?'$", SCRIPT.read_text(), re.M | re.S)
    assert match, f"no program {name} in the script"
    return match[1]


def awk(argv: list[str], source: str, data: bytes, *arguments: str) -> bytes:
    """What an awk makes of the data, under the script's locale."""
    return subprocess.run(
        [*argv, source, "N=n", *arguments],
        input=data,
        capture_output=True,
        check=True,
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
    ).stdout


def record(kind: str, path: str, content: bytes) -> bytes:
    """A record as the script's shell part writes it."""
    plain = content.translate(bytes.maketrans(b"\0\1", b"\2\2"))
    return b"\1" + kind.encode() + b" " + path.encode() + b"\n" + plain
