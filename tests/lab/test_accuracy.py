"""No answer to a CIS item is wrong on any lab host, by a truth that was written by hand."""

import pytest

from benchmarks.accuracy import tools
from benchmarks.accuracy.compare import Answer, score
from benchmarks.accuracy.truth import read
from tests.lab.hosts import HOSTS
from tests.lab.use import Lab

TRUTH = read()


def test_every_host_has_its_truth() -> None:
    assert set(TRUTH) == {host.name for host in HOSTS}


@pytest.fixture(scope="module")
def said(lab: Lab) -> dict[str, tools.Words]:
    """What one scan of all hosts says."""
    return tools.dockeraudit(lab, TRUTH)


@pytest.mark.parametrize("host", TRUTH)
def test_no_answer_is_wrong(said: dict[str, tools.Words], host: str) -> None:
    answers = [
        Answer(host, item, state, *said[host].get(item, ("open", "no check of that number")))
        for item, state in TRUTH[host].items()
        if state != "outside"
    ]
    wrong = [
        f"{each.item}: {each.outcome}: {each.truth}, and it says {each.words}"
        for each in answers
        if each.outcome in ("false positive", "false negative", "empty pass")
    ]
    assert not wrong, "\n" + "\n".join(wrong)
    assert score(answers).counts["left open"] <= len(answers) // 10
