"""The HTML report: one file that a security team hands on.

Read in any browser, offline, by a manager (the first screen), an engineer (a host's findings) and
an auditor (the numbers of a benchmark, what was not assessed). It holds everything it needs, and
its content security policy lets nothing else in. The summary and the tables of hosts, checks and
frameworks are markup (`page.html`); the results are data (`_data.py`), of which the script makes
the pages that a reader opens, so that a large fleet's file is small and opens at once.
"""

from collections.abc import Iterator

from dockeraudit.report import Report

EXTENSION = "html"
FOR_PEOPLE = True

_MARK = b'<meta name="generator" content="dockeraudit">'


def recognises(head: bytes) -> bool:
    """Whether a file that begins so is one of ours."""
    return head.startswith(b"<!doctype html>") and _MARK in head


def render(report: Report) -> Iterator[str]:
    """The page in pieces, so that memory holds a part of one host at a time."""
    # jinja2 takes 60 ms to import, and a scan that writes no HTML must not pay for it.
    from ._page import pieces

    return pieces(report)
