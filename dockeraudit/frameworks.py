"""Rules of published frameworks that checks answer: bundles to refer to, and what CIS numbers.

Bundles are named after what is at stake; a check adds its own item with `cis`. The numbers are
those of the CIS Docker Benchmark: 1.6 and 1.7 have the same 117, 1.8 inserts 2.7.
"""

from dockeraudit.check import Reference

_CIS_1_6 = {"1.1": 18, "1.2": 2, "2": 18, "3": 24, "4": 12, "5": 32, "6": 2, "7": 9}
_CIS_1_8 = _CIS_1_6 | {"2": 19}


def _numbers(sections: dict[str, int]) -> tuple[str, ...]:
    return tuple(f"{name}.{item}" for name, most in sections.items() for item in range(1, most + 1))


ITEMS: dict[str, tuple[str, ...]] = {
    "cis-1.6": _numbers(_CIS_1_6),
    "cis-1.7": _numbers(_CIS_1_6),
    "cis-1.8": _numbers(_CIS_1_8),
}
"""Every item, in order, of the frameworks that are covered whole."""


def cis(item: str, in_1_8: str | None = None) -> tuple[Reference, ...]:
    """An item of 1.6 and 1.7, and of 1.8 where it moved."""
    return (
        Reference("cis-1.6", item),
        Reference("cis-1.7", item),
        Reference("cis-1.8", in_1_8 or item),
    )


def _bundle(*names: str) -> tuple[Reference, ...]:
    return tuple(Reference(*name.split(" ", 1)) for name in names)


REMOTE = _bundle(
    "nist-800-53 AC-3",
    "nist-800-53 AC-17(2)",
    "nist-800-53 IA-3",
    "nist-800-53 SC-8(1)",
    "nist-800-190 3.4.3",
    "mitre-attack T1133",
    "mitre-attack T1190",
    "mitre-attack T1609",
    "mitre-attack T1610",
)
KEYS = _bundle(
    "nist-800-53 SC-12",
    "nist-800-53 SC-13",
    "nist-800-53 SC-17",
    "nist-800-53 IA-5(2)",
    "nist-800-190 3.4.3",
    "mitre-attack T1552.004",
)
FILES = _bundle("nist-800-53 AC-3", "nist-800-53 AC-6", "nist-800-53 CM-5")
AVAILABILITY = _bundle("nist-800-53 CM-6", "nist-800-53 CP-10")
PATCHING = _bundle("nist-800-53 SI-2", "nist-800-53 RA-5")
CONFIGURATION = _bundle("nist-800-53 CM-6", "nist-800-53 CM-7", "nist-800-190 3.4.3")
NETWORK = _bundle(
    "nist-800-53 SC-7", "nist-800-53 AC-4", "nist-800-190 3.4.2", "mitre-attack T1046"
)
SUPPLY = _bundle(
    "nist-800-53 SI-7",
    "nist-800-53 CM-14",
    "nist-800-53 SC-8",
    "nist-800-190 3.1.5",
    "nist-800-190 3.2.1",
    "mitre-attack T1525",
    "mitre-attack T1204.003",
)
ISOLATION = _bundle(
    "nist-800-53 AC-6",
    "nist-800-53 SC-39",
    "nist-800-190 3.4.3",
    "nist-800-190 3.5.2",
    "mitre-attack T1611",
    "mitre-attack T1610",
)
RESOURCES = _bundle(
    "nist-800-53 SC-5",
    "nist-800-53 SC-6",
    "nist-800-190 3.4.3",
    "mitre-attack T1496",
    "mitre-attack T1499",
)
SECRETS = _bundle("nist-800-53 IA-5(7)", "nist-800-190 3.1.4", "mitre-attack T1552.001")
AUDIT = _bundle("nist-800-53 AU-2", "nist-800-53 AU-12", "mitre-attack T1562.001")
ACCOUNTS = _bundle("nist-800-53 AC-2", "nist-800-53 AC-6(5)", "mitre-attack T1078")
IMAGES = _bundle("nist-800-53 RA-5", "nist-800-53 SI-2", "nist-800-190 3.1.1", "nist-800-190 3.1.2")
SWARM = _bundle("nist-800-53 SC-8", "nist-800-53 SC-12", "nist-800-190 3.3.3")
