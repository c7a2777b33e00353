"""Sets what was said against what is true: pure."""

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from benchmarks.accuracy.truth import State

Said = Literal["wrong", "right", "absent", "open"]
"""`open`: it left the matter to a person, or said that it can't tell."""

Outcome = Literal[
    "true positive", "false positive", "true negative", "false negative", "empty pass", "left open",
    "guess", "agreed",
]  # fmt: skip


class Answer(Struct, frozen=True):
    """One tool's word on one item of one host."""

    host: str
    item: str
    truth: State
    said: Said
    words: str
    """The tool's own."""

    @property
    def outcome(self) -> Outcome:
        """`empty pass`: said right of what isn't there. `guess`: decided what it can't know."""
        if self.truth == "person":
            return "guess" if self.said in ("wrong", "right") else "agreed"
        if self.truth == "wrong":
            if self.said == "open":
                return "left open"
            return "true positive" if self.said == "wrong" else "false negative"
        if self.said == "wrong":
            return "false positive"
        if self.truth == "absent":
            return "empty pass" if self.said == "right" else "agreed"
        return "true negative" if self.said == "right" else "left open"


class Score(Struct, frozen=True):
    """Counts of outcomes over many answers."""

    counts: Counter[str]
    wrong: int
    """How many things are wrong in truth."""

    @property
    def precision(self) -> float | None:
        """Of what was called wrong, the share that is."""
        hits = self.counts["true positive"]
        called = hits + self.counts["false positive"]
        return hits / called if called else None

    @property
    def recall(self) -> float | None:
        """Of what is wrong, the share that was called so."""
        return self.counts["true positive"] / self.wrong if self.wrong else None


def score(answers: Iterable[Answer]) -> Score:
    """The counts."""
    kept = list(answers)
    return Score(
        Counter(each.outcome for each in kept), sum(each.truth == "wrong" for each in kept)
    )
