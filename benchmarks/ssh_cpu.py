"""CPU of scanning over SSH against bare `ssh host true`, on lab hosts.

`python tests/lab/__main__.py exec -- python -m benchmarks.ssh_cpu SSH_CONFIG HOST...`
"""

import sys

from benchmarks import measure


def main() -> None:
    """Measure and print."""
    config, *hosts = sys.argv[1:]
    one, *_ = hosts
    scan = [sys.executable, "-m", "dockeraudit", "scan", "--ssh-config", config]
    bare = ["ssh", "-F", config, "-o", "BatchMode=yes", one, "true"]
    costs = measure.in_turn(
        9, bare, [*scan, one], [*scan, *hosts], [sys.executable, "-m", "dockeraudit", "list"]
    )
    ssh, single, many, start = (measure.cpu(each) for each in costs)
    measure.row("bare ssh host true", ssh)
    measure.row("dockeraudit scan, one host, interpreter and all", single)
    measure.row("  ratio", single / ssh, "x")
    if len(hosts) > 1:
        each = (many - single) / (len(hosts) - 1)
        measure.row(f"each further host ({len(hosts)} hosts in one scan)", each)
        measure.row("  ratio (at most 1.5)", each / ssh, "x")
    measure.row("(start-up with all checks loaded)", start)


if __name__ == "__main__":
    main()
