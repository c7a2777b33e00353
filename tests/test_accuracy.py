"""The benchmark's arithmetic, and how it reads its truth."""

from pathlib import Path

import pytest

from benchmarks.accuracy.compare import Answer, Outcome, Said, score
from benchmarks.accuracy.page import page
from benchmarks.accuracy.truth import ITEMS_1_6, State, TruthError, read


@pytest.mark.parametrize(
    ("truth", "said", "outcome"),
    [
        ("wrong", "wrong", "true positive"),
        ("wrong", "right", "false negative"),
        ("wrong", "absent", "false negative"),
        ("wrong", "open", "left open"),
        ("right", "wrong", "false positive"),
        ("right", "right", "true negative"),
        ("right", "absent", "left open"),
        ("right", "open", "left open"),
        ("absent", "wrong", "false positive"),
        ("absent", "right", "empty pass"),
        ("absent", "absent", "agreed"),
        ("absent", "open", "agreed"),
        ("person", "wrong", "guess"),
        ("person", "right", "guess"),
        ("person", "open", "agreed"),
    ],
)
def test_outcome(truth: State, said: Said, outcome: Outcome) -> None:
    assert Answer("h", "2.1", truth, said, "").outcome == outcome


def test_score() -> None:
    answers = [
        Answer("h", "1", "wrong", "wrong", ""),
        Answer("h", "2", "wrong", "right", ""),
        Answer("h", "3", "wrong", "open", ""),
        Answer("h", "4", "right", "wrong", ""),
        Answer("h", "5", "right", "right", ""),
    ]
    found = score(answers)
    assert (found.precision, found.recall) == (1 / 2, 1 / 3)
    assert score([]).precision is None


def test_the_page_lists_what_was_wrong_on_both_sides() -> None:
    ours = [Answer("h", "2.1", "wrong", "wrong", "fail x: |a")]
    theirs = [Answer("h", "2.1", "wrong", "right", "PASS")]
    text = page(ours, theirs, {"other": "no docker"}, {"h": "a host"})
    assert "| h | 2.1 | wrong | PASS |" in text
    assert "None." in text
    assert "other: `no docker`" in text


def test_every_item_of_every_host_has_one_state() -> None:
    for states in read().values():
        assert list(states) == list(ITEMS_1_6)


@pytest.mark.parametrize(
    "text",
    [
        "[default]\nright = ['2.*']\n",
        "[default]\nright = ['*']\n[host.a]\nright = ['2.1']\nwrong = ['2.1']\n",
        "[default]\nright = ['*']\n[host.a]\nright = ['9.9']\n",
        "[default]\nright = ['*']\n[host.a]\ngood = ['2.1']\n",
    ],
)
def test_a_truth_with_two_words_is_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "truth.toml"
    file.write_text(text)
    with pytest.raises(TruthError):
        read(file)
