"""The HTML report: one file that a security team hands on.

Read in any browser, offline, by a manager (the first screen), an engineer (a host's findings) and
an auditor (what passed, what was not assessed). It holds everything it needs, and its content
security policy lets nothing else in; without JavaScript only the filters are missing.
"""

from collections.abc import Iterator

from dockeraudit.report import Report

EXTENSION = "html"


def render(report: Report) -> Iterator[str]:
    """The page in pieces, so that memory holds a part of one host at a time."""
    # jinja2 takes 60 ms to import, and a scan that writes no HTML must not pay for it.
    from ._page import pieces

    return pieces(report)
