"""Reads a file of simple checks, and says everything that is wrong with it."""

import re
from collections.abc import Iterator
from typing import Any, Literal

import msgspec
from msgspec import Struct

from dockeraudit.check import Check, Reference, Severity
from dockeraudit.config.document import ConfigError, Document, Path, parse, problems, shown
from dockeraudit.host import Daemon, Host
from dockeraudit.simple import facts, files, options
from dockeraudit.simple.facts import FactForm
from dockeraudit.simple.files import FileForm
from dockeraudit.simple.options import OptionForm

KINDS = ("file", "option", "fact")


class CheckForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `[[check]]`: the head, and exactly one of file, option and fact."""

    id: str
    title: str
    """The defect, as it is read after «found:»."""
    severity: Literal["critical", "high", "medium", "low", "info"]
    rationale: str
    remediation: str
    quiet: str = ""
    profiles: tuple[str, ...] = ("daemon",)
    references: tuple[str, ...] = ()
    """`cis-1.8 2.1`: a framework and its item."""
    file: FileForm | None = None
    option: OptionForm | None = None
    fact: FactForm | None = None


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    check: tuple[CheckForm, ...]


def read(path: str, data: bytes) -> tuple[Check[Any], ...]:
    """The checks of a file.

    Raises:
        ConfigError: every mistake in it, as `file:line: …`.
    """
    document = _document(path, data)
    wrong = [*_shape(document)]
    if not wrong:
        forms = msgspec.convert(document.table, _File).check
        wrong = [*_meaning(document, forms)]
        if not wrong:
            return tuple(_made(form) for form in forms)
    raise ConfigError(wrong)


def _document(path: str, data: bytes) -> Document:
    if path.endswith(".toml"):
        return parse(path, data)
    from dockeraudit.simple.yaml_document import parse as parse_yaml

    return parse_yaml(path, data)


def _shape(document: Document) -> Iterator[str]:
    """Unknown and missing keys, and wrong types."""
    checks = document.table.get("check")
    if not isinstance(checks, list):
        yield from problems(document, _File)
        return
    for key in document.table:
        if key != "check":
            yield f"{document.at((key,))}: unknown key {key}. A file has only [[check]]"
    for number in range(len(checks)):
        for problem in problems(document, CheckForm, ("check", number)):
            octal = re.search(r"\.file\.mode: expected str.*, got int$", problem)
            yield f'{problem}; write it in quotes: "0640"' if octal else problem


def _meaning(document: Document, forms: tuple[CheckForm, ...]) -> Iterator[str]:
    """What types can't say."""
    ids: dict[str, int] = {}
    for number, form in enumerate(forms):
        place: Path = ("check", number)
        wrong = [*_of_head(form)]
        if form.id in ids:
            wrong.append((("id",), f"{form.id} is there twice"))
        ids[form.id] = number
        kinds = [kind for kind in KINDS if getattr(form, kind) is not None]
        if len(kinds) != 1:
            wrong.append(((), f"it has to have one of {', '.join(KINDS)}"))
        if form.file is not None:
            wrong += [(("file", key), text) for key, text in files.mistakes(form.file)]
        if form.option is not None:
            wrong += [(("option", key), text) for key, text in options.mistakes(form.option)]
        if form.fact is not None:
            wrong += [(("fact", key), text) for key, text in facts.mistakes(form.fact)]
        for key, text in wrong:
            yield f"{document.at((*place, *key))}: {shown((*place, *key))}: {text}"


def _of_head(form: CheckForm) -> Iterator[tuple[tuple[str, ...], str]]:
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)+", form.id):
        yield (
            ("id",),
            f"{form.id!r} is no id: write two words or more of small letters and digits with "
            "dashes between them, such as 'acme-journald'",
        )
    for key in ("title", "rationale", "remediation"):
        if not getattr(form, key).strip():
            yield (key,), "it is empty"
    if not form.profiles or not all(form.profiles):
        yield ("profiles",), "name a profile"
    for each in form.references:
        if len(each.split()) < 2:
            yield ("references",), f"{each!r}: write a framework and its item: 'cis-1.8 2.1'"


def _made(form: CheckForm) -> Check[Any]:
    over: type[Any] = Host
    paths: tuple[str, ...] = ()
    if form.file is not None:
        function: Any = files.rule(form.file)
        paths = (form.file.path,)
    elif form.option is not None:
        function, over = options.rule(form.option), Daemon
    else:
        assert form.fact is not None
        function, over = facts.rule(form.fact), facts.SUBJECTS[form.fact.over]
    return Check(
        id=form.id,
        title=form.title,
        severity=Severity(form.severity),
        over=over,
        rationale=form.rationale.strip(),
        remediation=form.remediation.strip(),
        quiet=form.quiet.strip() or _quiet(form),
        references=tuple(Reference(*each.split(maxsplit=1)) for each in form.references),
        profiles=form.profiles,
        function=function,
        paths=paths,
    )


def _quiet(form: CheckForm) -> str:
    if form.file is not None:
        may_lack = "" if form.file.exists is not None else " It does not apply where it is not."
        return f"{form.file.path} is as the check wants it.{may_lack}"
    if form.option is not None:
        return (
            f"{form.option.name}, as the daemon was started with it or would be, is as the check "
            "wants it. It does not apply where the release has no such option."
        )
    assert form.fact is not None
    path = form.fact.path
    name = path if isinstance(path, str) else ".".join(path)
    return f"{name} is as the check wants it. It is unknown where the fact was not read."
