"""`python -m benchmarks.accuracy CHECKOUT`: every lab host, both tools, into docs/accuracy.md.

As root, with a checkout of docker-bench-security. The lab is brought up when it is not.
"""

import sys
from pathlib import Path

from benchmarks.accuracy import page, tools
from benchmarks.accuracy.compare import Answer
from benchmarks.accuracy.truth import read
from tests.lab.lab import up
from tests.lab.use import Lab

PAGE = Path(__file__).parents[2] / "docs" / "accuracy.md"


def main() -> None:
    """Run, compare, write the page."""
    checkout = sys.argv[1]
    truth = read()
    lab = Lab(up(tuple(truth)))
    ours = tools.dockeraudit(lab, truth)
    theirs = {host: tools.docker_bench(lab, host, checkout) for host in truth}
    silent = {host: words for host, words in theirs.items() if isinstance(words, str)}

    def answers(said: dict[str, tools.Words]) -> list[Answer]:
        return [
            Answer(host, item, state, *said[host].get(item, ("open", "no check of that number")))
            for host, states in truth.items()
            if host in said
            for item, state in states.items()
            if state != "outside"
        ]

    spoken = {host: words for host, words in theirs.items() if not isinstance(words, str)}
    summaries = {host: one.host.summary for host, one in lab.hosts.items()}
    text = page.page(answers(ours), answers(spoken), silent, summaries)
    PAGE.write_text(text, encoding="utf-8")
    print(page.table(answers(ours), answers(spoken)))
    print(f"written: {PAGE.name}")


if __name__ == "__main__":
    main()
