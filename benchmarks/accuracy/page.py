"""docs/accuracy.md from the answers of both tools: pure."""

from collections.abc import Iterable, Iterator

from benchmarks.accuracy.compare import Answer, Score, score

OUTCOMES = (
    "true positive",
    "false positive",
    "true negative",
    "false negative",
    "left open",
    "empty pass",
    "guess",
)
HEAD = """\
# Accuracy

Made by `python -m benchmarks.accuracy CHECKOUT` (root, the lab, a checkout of
docker-bench-security); not edited by hand. Both tools ran on the same lab hosts. The truth is
`benchmarks/accuracy/truth.toml`, written by hand from how each host is made
(`tests/lab/hosts.py`), by CIS 1.6 number.

An item is *wrong* in truth (a positive), *right*, *absent* (nothing there that it speaks of), or
for a *person* (no fact of the host decides it). A tool says wrong (fail, WARN), right (pass,
PASS), that there is nothing, or leaves it open (manual, unknown, INFO, NOTE). An *empty pass* is a
PASS for what isn't there; a *guess* decides what only a person can. Precision is the share of what
was called wrong that is wrong; recall the share of what is wrong that was called so.
"""


def page(
    ours: list[Answer], theirs: list[Answer], silent: dict[str, str], summaries: dict[str, str]
) -> str:
    """The whole page."""
    parts = [HEAD, table(ours, theirs), ""]
    if silent:
        said = "; ".join(f"{host}: `{_cell(words)}`" for host, words in silent.items())
        parts += [
            f"docker-bench-security gave no result on {said}. These hosts count for ours only.",
            "",
        ]
    parts += ["## By host", "", *_by_host(ours, theirs, summaries), ""]
    parts += ["## By item", "", *_by_item(ours, theirs), ""]
    parts += ["## Wrong answers of dockeraudit", "", *_listed(ours), ""]
    parts += ["## Wrong answers of docker-bench-security", ""]
    parts += [
        "For the same items dockeraudit agrees with the truth, but for those that stand above.",
        "",
    ]
    parts += [*_listed(theirs), ""]
    return "\n".join(parts)


def table(ours: list[Answer], theirs: list[Answer]) -> str:
    """Both tools' counts over all hosts."""
    names = ("dockeraudit", "docker-bench-security")
    scores = [score(ours), score(theirs)]
    rows = [f"| | {' | '.join(names)} |", "|---|---|---|"]
    rows += [f"| {name} | {' | '.join(str(s.counts[name]) for s in scores)} |" for name in OUTCOMES]
    rows.append(f"| precision | {' | '.join(_share(s.precision) for s in scores)} |")
    rows.append(f"| recall | {' | '.join(_share(s.recall) for s in scores)} |")
    rows.append(f"| items judged | {len(ours)} | {len(theirs)} |")
    return "\n".join(rows)


def _by_host(ours: list[Answer], theirs: list[Answer], summaries: dict[str, str]) -> Iterator[str]:
    yield "| host | what it is | wrong in truth | dockeraudit | docker-bench-security |"
    yield "|---|---|---|---|---|"
    for host in dict.fromkeys(each.host for each in ours):
        own, other = (
            score(each for each in answers if each.host == host) for answers in (ours, theirs)
        )
        yield (
            f"| {host} | {_cell(summaries.get(host, ''))} | {own.wrong} | {_brief(own)} | "
            f"{_brief(other) if other.counts else 'no result'} |"
        )


def _by_item(ours: list[Answer], theirs: list[Answer]) -> Iterator[str]:
    """Only items on which somebody erred."""
    yield "| CIS 1.6 | dockeraudit | docker-bench-security |"
    yield "|---|---|---|"
    for item in dict.fromkeys(each.item for each in ours):
        own, other = (
            score(each for each in answers if each.item == item) for answers in (ours, theirs)
        )
        if _errors(own) or _errors(other):
            yield f"| {item} | {_brief(own)} | {_brief(other)} |"


def _errors(one: Score) -> int:
    return sum(one.counts[name] for name in ("false positive", "false negative", "empty pass"))


def _brief(one: Score) -> str:
    found = f"{one.counts['true positive']} of {one.wrong} found"
    wrong = [
        f"{one.counts[name]} {name}{'s' if one.counts[name] != 1 else ''}"
        for name in ("false negative", "false positive", "left open")
        if one.counts[name]
    ]
    if one.counts["empty pass"]:
        wrong.append(f"{one.counts['empty pass']} empty")
    return ", ".join([found, *wrong])


def _listed(answers: Iterable[Answer]) -> Iterator[str]:
    wrong = [each for each in answers if each.outcome in ("false positive", "false negative")]
    if not wrong:
        yield "None."
        return
    yield "| host | CIS 1.6 | truth | it said |"
    yield "|---|---|---|---|"
    for each in wrong:
        yield f"| {each.host} | {each.item} | {each.truth} | {_cell(each.words)} |"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _cell(text: str) -> str:
    flat = " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
    return flat if len(flat) <= 160 else flat[:157] + "…"
