"""`FORMAT=PATH`, as `--report` has it; the format may be a template, a path that ends in `.j2`."""

from dockeraudit.plugins import TEMPLATE


def parted(given: str) -> tuple[str, str]:
    """The format and the path; a template's path may have a `=` in it."""
    template, end, path = given.partition(f"{TEMPLATE}=")
    if end:
        return template + TEMPLATE, path
    format, _, path = given.partition("=")
    return format, path
