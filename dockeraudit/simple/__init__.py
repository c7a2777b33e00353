"""Checks for who knows no Python: a TOML or YAML file that names a file, an option or a fact.

    [[check]]
    id = "acme-journald"
    …
    [check.option]
    name = "log-driver"
    equals = "journald"

They become checks like all others, made of the same facts.
"""

from dockeraudit.simple.form import read

__all__ = ["read"]
