"""CPU of start-up and of a local scan. `python -m benchmarks.startup [PYTHON]`.

Give the interpreter of an environment into which a wheel was installed: an editable install
costs each start 12 ms more. The local scan is counted twice: our own process, and with the shell
and tools that the collector runs.
"""

import re
import sys

from benchmarks import measure

OWN = """
import resource, sys
sys.argv = ["dockeraudit", "scan", "local"]
try:
    from dockeraudit.cli import main
    main()
finally:
    used = resource.getrusage(resource.RUSAGE_SELF)
    print("own", used.ru_utime + used.ru_stime, file=sys.stderr)
"""


def main() -> None:
    """Measure and print."""
    python = sys.argv[1] if len(sys.argv) > 1 else sys.executable
    bare, version, scan = measure.in_turn(
        15,
        [python, "-c", "pass"],
        [python, "-m", "dockeraudit", "--version"],
        [python, "-c", OWN],
    )
    own = sorted(float(re.findall(rb"own ([\d.]+)", cost.output)[-1]) for cost in scan)
    measure.row("python -c pass", measure.cpu(bare))
    measure.row("dockeraudit --version", measure.cpu(version))
    measure.row("  over bare python (at most 60)", measure.cpu(version) - measure.cpu(bare))
    measure.row("dockeraudit scan local, our process (at most 200)", own[len(own) // 2])
    measure.row("  with the collector's shell and tools", measure.cpu(scan))


if __name__ == "__main__":
    main()
