"""YAML as a `Document`, through PyYAML: an extra, for who writes YAML everywhere else."""

from typing import Any

from dockeraudit.config.document import ConfigError, Document, Path


def parse(path: str, data: bytes) -> Document:
    """YAML that was read from a path: the values that TOML has as well, each with its line.

    Raises:
        ConfigError: PyYAML is not installed, or it is no YAML, and where.
    """
    try:
        import yaml
    except ImportError as error:
        raise ConfigError(
            [f"{path}: YAML needs PyYAML: pip install 'dockeraudit[yaml]', or write it as TOML"]
        ) from error
    loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError([f"{path}:{line}: no text in UTF-8"]) from error
    try:
        root = yaml.compose(text, loader)
        table = yaml.load(text, loader) if root is not None else {}
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError([f"{path}:{line}: no YAML: {error.problem}"]) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ConfigError([f"{path}:1: no YAML: {first}"]) from error
    lines: dict[Path, int] = {}
    wrong = [*_walk(root, (), lines, set())] if root is not None else []
    if not isinstance(table, dict):
        wrong.append((1, "expected a table with `check:`"))
    if wrong:
        raise ConfigError(f"{path}:{line}: {text}" for line, text in wrong)
    return Document(path, text, table, lines)


def _walk(node: Any, place: Path, lines: dict[Path, int], seen: set[int]) -> list[tuple[int, str]]:
    """Note where everything stands; what is wrong that a loader takes without a word."""
    line = node.start_mark.line + 1
    lines.setdefault(place, line)
    if id(node) in seen:
        return [(line, "anchors and aliases are not used here")]
    seen.add(id(node))
    wrong: list[tuple[int, str]] = []
    if node.id == "mapping":
        for key, value in node.value:
            at = key.start_mark.line + 1
            inside = (*place, str(key.value))
            if key.tag != "tag:yaml.org,2002:str":
                wrong.append((at, f"the key {key.value!r} is no text: write it in quotes"))
            elif inside in lines:
                wrong.append((at, f"{key.value} is there twice"))
            lines[inside] = at
            wrong += _walk(value, inside, lines, seen)
    elif node.id == "sequence":
        for number, value in enumerate(node.value):
            wrong += _walk(value, (*place, number), lines, seen)
    return wrong
