"""Writes dockeraudit/examples.json: for each check a finding that a lab host really gave.

`python docs/examples.py` scans the lab, all of whose hosts have to be up (`make lab`);
`python docs/examples.py REPORT.json` takes a report of such a scan.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from dockeraudit.examples import Example  # noqa: E402
from dockeraudit.report import Report, ReportedFinding  # noqa: E402

FILE = ROOT / "dockeraudit" / "examples.json"
_MOST = 4
"""Pieces of evidence in an example."""
_REGISTRY = re.compile("docker" + r"\.io/|ghcr\.io|quay\.io")


def scanned() -> bytes:
    """The JSON report of all hosts of the lab."""
    from tests.lab import paths
    from tests.lab.engine import inside
    from tests.lab.hosts import HOSTS

    program = [sys.executable, "-m", "dockeraudit", "scan", "--config", "none"]
    options = ["--ssh-config", str(paths.state() / "ssh_config"), "--profile", "strict"]
    names = [host.name for host in HOSTS]
    done = subprocess.run(
        inside([*program, *options, "--format", "json", *names]),
        stdout=subprocess.PIPE,
        check=False,
        cwd=ROOT,
    )
    return done.stdout


def chosen(report: Report) -> dict[str, Example]:
    """For each check the shortest finding of the first host that failed it, else was manual."""
    found: dict[str, Example] = {}
    for status in ("fail", "manual"):
        for host in report.hosts:
            for result in host.results:
                if result.status != status or result.check in found:
                    continue
                findings = [each for each in result.findings if _plain(each)]
                if findings:
                    shortest = min(findings, key=lambda each: len(each.message))
                    found[result.check] = Example(
                        host=host.target,
                        status=status,
                        resource=shortest.resource,
                        message=shortest.message,
                        evidence=shortest.evidence[:_MOST],
                    )
    return dict(sorted(found.items()))


def _plain(finding: ReportedFinding) -> bool:
    """Whether it names no registry, which pages don't."""
    return not any(_REGISTRY.search(text) for text in _texts(finding))


def _texts(finding: ReportedFinding) -> Iterator[str]:
    yield finding.message
    for proof in finding.evidence:
        yield from (proof.source, proof.detail)


def main() -> None:
    """Write the file."""
    data = Path(sys.argv[1]).read_bytes() if sys.argv[1:] else scanned()
    report = msgspec.json.decode(data, type=Report)
    lost = [host.target for host in report.hosts if host.state == "unreachable"]
    if lost:
        sys.exit(f"not reached: {', '.join(lost)}")
    text = msgspec.json.format(msgspec.json.encode(chosen(report)), indent=1)
    FILE.write_bytes(text + b"\n")


if __name__ == "__main__":
    main()
