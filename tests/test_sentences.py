"""What is found is said in Korean, whole, and every form is one that the code still writes."""

import ast
import re
from functools import cache

import pytest

from dockeraudit.facts import HostFacts
from dockeraudit.host import Host
from dockeraudit.judge import judge
from dockeraudit.plugins import checks
from dockeraudit.settings import Settings
from tests.build import SETTINGS
from tests.catalogue import ROOT, messages
from tests.mutations.bases import RECORDED, recorded
from tests.mutations.pairs import PAIRS
from tests.sentences import english

HOSTS = sorted(path.name.partition(".")[0] for path in RECORDED.glob("*.facts.json"))
WRITTEN = ("checks", "dockeraudit")


@pytest.mark.parametrize("name", HOSTS)
def test_what_a_recorded_host_has_is_said(name: str) -> None:
    facts: HostFacts = recorded(name)()
    results = judge(Host(facts), checks().values(), Settings(now=facts.collected_at))
    assert [text for result in results for text in english(result)] == []


@pytest.mark.parametrize(("id", "module"), PAIRS, ids=[id for id, _ in PAIRS])
def test_what_a_mutation_makes_is_said(id: str, module: str) -> None:
    host = PAIRS[id, module][1]
    assert list(english(judge(host, (checks()[id],), SETTINGS)[0])) == []


def _forms() -> list[tuple[str, str]]:
    """Each form, with the module that has it."""
    return sorted(
        (each.place, each.one)
        for each in messages().values()
        if each.place.startswith("dockeraudit/sentences/")
    )


@cache
def _source() -> str:
    """Every text that the code holds, but for the forms."""
    texts = [(ROOT / "checks" / "service" / "releases.json").read_text(encoding="utf-8")]
    for folder in WRITTEN:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.parent.name != "sentences":
                tree = ast.parse(path.read_text(encoding="utf-8"))
                texts += [
                    node.value
                    for node in ast.walk(tree)
                    if isinstance(node, ast.Constant) and isinstance(node.value, str)
                ]
    return "\0".join(texts)


@pytest.mark.parametrize(("place", "form"), _forms())
def test_every_form_is_still_written(place: str, form: str) -> None:
    words = [word for piece in re.split(r"\{\w+\}", form) for word in piece.split()]
    missing = [word for word in words if word.strip("(),;:") not in _source()]
    assert missing == []
