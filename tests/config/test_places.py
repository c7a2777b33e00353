"""Lines of keys: right for every way of writing TOML, and never an exception."""

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockeraudit.config.document import Path
from dockeraudit.config.places import places

CASES = {
    "bare keys": ("a = 1\n\nb = 2\n", {("a",): 1, ("b",): 3}),
    "dotted and quoted keys": (
        '# x\na . "b.c" . \'d\' = 1\n"\\u00e9" = 2',
        {("a",): 2, ("a", "b.c"): 2, ("a", "b.c", "d"): 2, ("é",): 3},
    ),
    "tables": (
        "x = 1\n[a.b]\nc = 2\n[a]\nd = 3\r\n",
        {("x",): 1, ("a",): 4, ("a", "b"): 2, ("a", "b", "c"): 3, ("a", "d"): 5},
    ),
    "arrays of tables": (
        "[[w]]\na = 1\n[[w]]\na = 2\n[w.x]\nb = 3\n",
        {
            ("w",): 1,
            ("w", 0): 1,
            ("w", 0, "a"): 2,
            ("w", 1): 3,
            ("w", 1, "a"): 4,
            ("w", 1, "x"): 5,
            ("w", 1, "x", "b"): 6,
        },
    ),
    "arrays over lines": (
        "a = [ # c ]\n  'x',\n  [1, 2],\n]\nb = 1",
        {
            ("a",): 1,
            ("a", 0): 2,
            ("a", 1): 3,
            ("a", 1, 0): 3,
            ("a", 1, 1): 3,
            ("b",): 5,
        },
    ),
    "strings that look like TOML": (
        'a = """\n[no]\nx = 1 \\"""\n""""\nb = \'\'\'\nc = 1\n\'\'\'\'\'\nd = "# [x]" # [y]\n',
        {("a",): 1, ("b",): 5, ("d",): 8},
    ),
    "inline tables": (
        "a = { b = { c = 1 }, d.e = [ { f = 2 } ] }\ng = 1979-05-27 07:32:00 # [x]\n",
        {
            ("a",): 1,
            ("a", "b"): 1,
            ("a", "b", "c"): 1,
            ("a", "d"): 1,
            ("a", "d", "e"): 1,
            ("a", "d", "e", 0): 1,
            ("a", "d", "e", 0, "f"): 1,
            ("g",): 2,
        },
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_lines(name: str) -> None:
    text, expected = CASES[name]
    assert places(text) == expected
    assert set(expected) == set(paths(tomllib.loads(text)))


def paths(value: Any, place: Path = ()) -> list[Path]:
    """Every table, key and element of a document that tomllib read."""
    inside = (
        list(value.items())
        if isinstance(value, dict)
        else list(enumerate(value))
        if isinstance(value, list)
        else []
    )
    found = [place] if place else []
    for key, each in inside:
        found += paths(each, (*place, key))
    return found


TEXT = st.text("ab\"'\\#[]{}=.,\n \t\u00e9\U0001f433", max_size=6)
KEYS = st.one_of(st.text("abc-_1", min_size=1, max_size=3), TEXT)
TREES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(TEXT, st.integers(0, 9), st.booleans()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(KEYS, inner, max_size=3),
        st.lists(st.dictionaries(KEYS, inner, max_size=3), min_size=1, max_size=3),
    ),
    max_leaves=12,
)


class Writer:
    """Writes a tree as TOML in ways that hypothesis chooses, and notes each key's line."""

    def __init__(self, draw: Any) -> None:
        self._draw = draw
        self.text = ""
        self.lines: dict[Path, int] = {}

    def choose(self, *ways: Any) -> Any:
        return self._draw(st.sampled_from(ways))

    @property
    def line(self) -> int:
        return self.text.count("\n") + 1

    def key(self, key: str) -> str:
        quoted = json.dumps(key, ensure_ascii=False).replace("\x7f", "\\u007f")
        plain = key.replace("-", "").replace("_", "")
        bare = key and plain.isascii() and (plain.isalnum() or not plain)
        literal = "'" not in key and "\n" not in key
        ways = [quoted] + [key] * bool(bare) + [f"'{key}'"] * literal
        return str(self.choose(*ways))

    def table(self, tree: dict[str, Any], place: Path, header: tuple[str, ...]) -> None:
        later = {}
        for key, value in tree.items():
            here = (*place, key)
            tables = isinstance(value, list) and value and all(isinstance(e, dict) for e in value)
            if (isinstance(value, dict) or tables) and self.choose(True, False):
                later[key] = value
                continue
            self.text += self.choose("", "\n", '# [x] = "\n', "  ")
            self.lines[here] = self.line
            self.text += self.key(key) + self.choose("=", " = ", "\t= ")
            self.value(value, here)
            self.text += self.choose("\n", ' # c \' """\n', "\r\n")
        for key, value in later.items():
            here = (*place, key)
            names = (*header, self.key(key))
            dotted = self.choose(".", " . ").join(names)
            if isinstance(value, dict):
                self.lines[here] = self.line
                self.text += f"[{dotted}]\n"
                self.table(value, here, names)
                continue
            self.lines[here] = self.line
            for number, each in enumerate(value):
                self.text += self.choose("", "\n")
                if not number:
                    self.lines[here] = self.line
                self.lines[(*here, number)] = self.line
                self.text += f"[[{dotted}]]\n"
                self.table(each, (*here, number), names)

    def value(self, value: Any, place: Path) -> None:
        if isinstance(value, dict):
            self.text += "{ "
            for number, (key, each) in enumerate(value.items()):
                self.text += ", " if number else ""
                self.lines[(*place, key)] = self.line
                self.text += f"{self.key(key)} = "
                self.value(each, (*place, key))
            self.text += " }"
        elif isinstance(value, list):
            self.text += "["
            for number, each in enumerate(value):
                self.text += self.choose("", "\n", " # ]\n", " ")
                self.lines[(*place, number)] = self.line
                self.value(each, (*place, number))
                self.text += self.choose(",", ",\n", " , ")
            self.text += self.choose("", "\n", " ") + "]"
        elif isinstance(value, str):
            escaped = json.dumps(value, ensure_ascii=False)
            folded = '"""\n' + escaped[1:-1].replace("\\n", "\n") + '"""'
            self.text += self.choose(escaped, folded)
        else:
            self.text += json.dumps(value)


@st.composite
def documents(draw: Any) -> tuple[str, dict[str, Any], dict[Path, int]]:
    """A text, what it says, and where."""
    tree = draw(st.dictionaries(KEYS, TREES, max_size=4))
    writer = Writer(draw)
    writer.table(tree, (), ())
    return writer.text, tree, writer.lines


@given(documents())
def test_every_key_is_found_on_its_line(made: tuple[str, dict[str, Any], dict[Path, int]]) -> None:
    text, tree, lines = made
    assert tomllib.loads(text) == tree, text
    assert places(text) == lines, text


@given(st.text("ab\"'\\#[]{}=.,\n \t", max_size=60))
def test_no_text_ends_in_an_exception(text: str) -> None:
    found = places(text)
    assert all(1 <= line <= text.count("\n") + 1 for line in found.values())
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(found) == set(paths(read))


def test_depth_is_no_crash() -> None:
    places("a = " + "[" * 100_000)
    places("a" * 1_000_000)
