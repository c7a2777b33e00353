"""Sentences of known forms: English texts with gaps, each said in the language that is spoken.

The last word of a gap's name says what fills it: `{path}` and `{other_path}` a path, `{number}` a
number, `{values}`, `{certificate}` and `{address}` anything without a `;`, as is `{subject}`, which
may be empty; a name that the table has for it a phrase, which is said in turn; `{rest}` is a
sentence of the same table. Every other gap is filled with the text as it is.
"""

import re
from collections.abc import Callable, Iterable
from functools import cached_property

from dockeraudit.language import gettext

Say = Callable[[str], str]
"""A text in the language that is spoken; empty where it is of no known form."""

_GAP = re.compile(r"\\{(\w+)\\}")
_SHAPES = {
    "path": "(?:ACL of |GET )?/[^:;]*",
    "file": "/[^;]*",
    "name": r"[^\s;]+",
    "engine": r"[^;:]*?(?: \([^;()]*\))?",
    "number": r"-?[\d,.]+",
    "values": "[^;]+?",
    "certificate": "[^;]+?",
    "address": "[^;]+?",
    "subject": "[^;]*?",
}


class Forms:
    """A table of forms; the first one of which every gap can be said counts."""

    def __init__(self, forms: Iterable[str], **phrases: Say) -> None:
        self._forms = tuple(forms)
        self._phrases: dict[str, Say] = {**phrases, "rest": self}

    def __call__(self, text: str) -> str:
        """The sentence, or nothing where it is of no form of the table."""
        for form, pattern in self._patterns:
            match = pattern.fullmatch(text)
            if match and (said := self._filled(form, match.groupdict())):
                return said
        return ""

    def _filled(self, form: str, values: dict[str, str]) -> str:
        for name, value in values.items():
            say = self._phrases.get(_kind(name))
            if say is not None:
                values[name] = say(value)
                if not values[name]:
                    return ""
        return gettext(form).format(**values)

    @cached_property
    def _patterns(self) -> list[tuple[str, re.Pattern[str]]]:
        return [
            (form, re.compile(_GAP.sub(_gap, re.escape(form)), re.DOTALL)) for form in self._forms
        ]


def listed(say: Say, separator: str) -> Say:
    """Says each of several texts."""

    def said(text: str) -> str:
        parts = [say(part) for part in text.split(separator)]
        return separator.join(parts) if all(parts) else ""

    return said


def or_itself(say: Say) -> Say:
    """Says a text that is of a known form, and leaves a value as it is."""
    return lambda text: say(text) or text


def _kind(name: str) -> str:
    return name.rpartition("_")[2]


def _gap(match: re.Match[str]) -> str:
    return f"(?P<{match[1]}>{_SHAPES.get(_kind(match[1]), '.+?')})"
