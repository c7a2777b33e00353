"""The gettext catalogues: what belongs into them, the .po file that people edit, its compiled form.

    python -m tests.catalogue     adds what is new, drops what is idle, compiles each catalogue

Only the standard library: the tools of gettext are not needed to build or to test.
"""

import ast
import struct
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment
from jinja2.ext import extract_from_ast

from dockeraudit.plugins import checks
from dockeraudit.words import blocks

ROOT = Path(__file__).resolve().parents[1]
LOCALE = ROOT / "dockeraudit" / "locale"
ONE = {"gettext": 0, "marked": 0, "_": 0}
"""Functions that take a text, and where."""
TWO = {"ngettext": 0, "forms": 0, "counted": 1}
"""Functions that take the two forms of a text, and where the first of them is."""


@dataclass(frozen=True)
class Message:
    """A text of the program, and where it is used."""

    one: str
    many: str = ""
    place: str = ""


@dataclass
class Entry:
    """A text and its translation, as a catalogue has them."""

    one: str
    many: str = ""
    text: str = ""
    place: str = ""
    flags: str = ""


def messages() -> dict[str, Message]:
    """Every text that may be looked up, by its first form, in a stable order.

    Raises:
        ValueError: a text is used with two plural forms, which a catalogue can't hold.
    """
    found: dict[str, Message] = {}
    for each in _all():
        known = found.setdefault(each.one, each)
        if known.many != each.many:
            raise ValueError(f"{each.one!r} has two plurals, in {known.place} and {each.place}")
    return found


def _all() -> Iterator[Message]:
    for folder in ("dockeraudit", "reports"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield from _of_code(path)
    for path in sorted((ROOT / "reports").rglob("*.html")):
        yield from _of_template(path)
    from dockeraudit.language import MONTHS

    yield from (Message(month, place="months") for month in MONTHS)
    for check in checks().values():
        yield Message(check.title, place=f"{check.id}: title")
        for part, text in (
            ("why", check.rationale),
            ("fix", check.remediation),
            ("quiet", check.quiet),
        ):
            for kind, block in blocks(text):
                if kind == "prose":
                    yield Message(block, place=f"{check.id}: {part}")


def _of_code(path: Path) -> Iterator[Message]:
    place = str(path.relative_to(ROOT))
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            texts = [each.value if isinstance(each, ast.Constant) else None for each in node.args]
            yield from _of_call(node.func.id, texts, place)


def _of_template(path: Path) -> Iterator[Message]:
    tree = Environment().parse(path.read_text(encoding="utf-8"))
    names = (*ONE, *TWO)
    for _, name, texts in extract_from_ast(tree, names, babel_style=False):
        given = [texts] if isinstance(texts, str) else list(texts or ())
        if name in TWO:  # what is no text of the program, such as the number, is left out
            given = [None] * TWO[name] + given
        yield from _of_call(name, given, str(path.relative_to(ROOT)))


def _of_call(name: str, texts: Sequence[object], place: str) -> Iterator[Message]:
    if name in ONE:
        text = texts[0] if texts else None
        if isinstance(text, str):
            yield Message(text, place=place)
    elif name in TWO:
        both = texts[TWO[name] : TWO[name] + 2]
        if len(both) == 2 and isinstance(both[0], str) and isinstance(both[1], str):
            yield Message(both[0], both[1], place)


def read(path: Path) -> tuple[str, list[Entry]]:
    """A .po file: its head, and its entries; what is obsolete (`#~`) is no entry."""
    head = ""
    entries = []
    for paragraph in path.read_text(encoding="utf-8").split("\n\n"):
        lines = [line for line in paragraph.split("\n") if line and not line.startswith("#~")]
        if not any(line.startswith("msgid ") for line in lines):
            continue
        if 'msgid ""' in lines and 'msgstr ""' in lines and "Content-Type" in paragraph:
            head = paragraph
            continue
        entries.append(_entry(lines))
    return head, entries


def _entry(lines: list[str]) -> Entry:
    found = Entry("")
    fields = {"msgid": "one", "msgid_plural": "many", "msgstr": "text", "msgstr[0]": "text"}
    field = ""
    for line in lines:
        if line.startswith("#:"):
            found.place = line[2:].strip()
        elif line.startswith("#,"):
            found.flags = line[2:].strip()
        elif not line.startswith("#"):
            name, _, text = line.partition(" ") if not line.startswith('"') else (field, "", line)
            field = fields.get(name, name)
            setattr(found, field, getattr(found, field) + ast.literal_eval(text))
    return found


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def written(head: str, entries: Iterable[Entry]) -> str:
    """The .po file's text."""
    parts = [head.rstrip("\n")]
    for each in entries:
        lines = [f"#: {each.place}"] if each.place else []
        lines += [f"#, {each.flags}"] if each.flags else []
        lines.append(f"msgid {_quoted(each.one)}")
        if each.many:
            lines += [f"msgid_plural {_quoted(each.many)}", f"msgstr[0] {_quoted(each.text)}"]
        else:
            lines.append(f"msgstr {_quoted(each.text)}")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def compiled(head: str, entries: Iterable[Entry]) -> bytes:
    """The .mo file: the same bytes for the same entries; what is not translated is not in it."""
    lines = [line for line in head.split("\n") if line and not line.startswith("#")]
    texts = {b"": _entry(lines).text.encode()}
    for each in entries:
        if each.text and "fuzzy" not in each.flags:
            name = f"{each.one}\0{each.many}" if each.many else each.one
            texts[name.encode()] = each.text.encode()
    names = sorted(texts)
    at = 28 + 16 * len(names)
    tables: list[bytes] = []
    blob = b""
    for group in (names, [texts[name] for name in names]):
        for each_bytes in group:
            tables.append(struct.pack("<II", len(each_bytes), at + len(blob)))
            blob += each_bytes + b"\0"
    magic = struct.pack("<IIIIIII", 0x950412DE, 0, len(names), 28, 28 + 8 * len(names), 0, 0)
    return magic + b"".join(tables) + blob


def updated(path: Path) -> tuple[str, list[Entry]]:
    """A catalogue with every text of the program, translated as far as it was, and no other."""
    head, entries = read(path)
    known = {each.one: each for each in entries}
    return head, [
        Entry(
            each.one,
            each.many,
            known[each.one].text if each.one in known else "",
            each.place,
            known[each.one].flags if each.one in known else "",
        )
        for each in messages().values()
    ]


def main() -> int:
    """Bring every catalogue up to date; 1 where something has no translation yet."""
    missing = 0
    for path in sorted(LOCALE.glob("*/LC_MESSAGES/*.po")):
        head, entries = updated(path)
        path.write_text(written(head, entries), encoding="utf-8")
        path.with_suffix(".mo").write_bytes(compiled(head, entries))
        blank = [each for each in entries if not each.text]
        missing += len(blank)
        for each in blank:
            print(f"{path.parts[-3]}: {each.place}: {each.one}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
