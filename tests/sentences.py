"""What a check finds in a test has to be of a form that is known, to be said in each language."""

import re
from collections.abc import Callable, Iterator

from dockeraudit.language import LANGUAGES, SOURCE, speaking
from dockeraudit.report import Result
from dockeraudit.sentences import message


def english(result: Result) -> Iterator[str]:
    """The messages of findings that stay English for those who read another language."""
    for language in LANGUAGES:
        if language != SOURCE:
            with speaking(language):
                for finding in result.findings:
                    if message(result.check, finding.message) == finding.message:
                        yield f"{language}: {result.check}: {finding.message}"


_ENGLISH = re.compile(r"\b(the|of|is|are|was|were|has|be|not|no|to|and|or|it|its|by|for|needs)\b")


def whole(say: Callable[[str], str], text: str) -> bool:
    """Whether a text is said in Korean, and no English word is left outside of its values."""
    with speaking("ko"):
        said = say(text)
    return said != text and not _ENGLISH.search(said)
