"""What a check finds in a test has to be of a form that is known, to be said in each language."""

from collections.abc import Iterator

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
