"""Mutations that test modules of checks bring: a sound host, and the same with the one change.

`RELATED` names the checks that judge the same change, for each pair: they change with it.
"""

from importlib import import_module
from pathlib import Path
from types import ModuleType

from dockeraudit.host import Host

ROOT = Path(__file__).parents[2]

RELATED: dict[str, str] = {
    # --privileged gives all capabilities and devices, and takes the system call filter away.
    "container-privileged": "container-capabilities container-devices container-seccomp",
    # A chain that lets through what no rule decides opens the host, and containers behind it.
    "host-ip-forward-open": "daemon-firewall-bypass",
    # There is no key to change where there is no lock.
    "swarm-autolock": "swarm-autolock-rotation",
    # Both judge the sockets that a swarm opens.
    "swarm-bind-address": "listener-swarm-ports",
    # What judges a swarm has one to look at.
    "swarm-disabled": "network-overlay-encrypted swarm-autolock swarm-autolock-rotation"
    " swarm-bind-address swarm-ca-rotation swarm-manager-count swarm-node-cert-expiry"
    " swarm-plane-separation swarm-secrets",
}
"""By check, the ids of the others that have to change, separated by blanks."""

ONLY_MANUAL = frozenset({"container-published-ports", "container-ulimits"})
"""Checks that never fail: what they look for makes them `manual`, since a person has to judge."""

ALWAYS_MANUAL = frozenset(
    {
        "container-exec-privileged",
        "container-exec-root",
        "container-image-current",
        "host-hardened",
        "image-packages",
        "image-scanned",
        "image-setuid",
        "image-signatures",
        "image-trusted-base",
        "image-verified-packages",
        "swarm-autolock-rotation",
        "swarm-ca-rotation",
        "swarm-plane-separation",
    }
)
"""Checks that can't pass either: where they have a subject, a person has to judge it."""


def modules() -> tuple[dict[str, ModuleType], dict[str, str]]:
    """Test modules of checks that bring mutations; and those that can't be imported, and why."""
    found, broken = {}, {}
    for path in sorted((ROOT / "tests" / "checks").rglob("test_*.py")):
        if "MUTATIONS" not in path.read_text(encoding="utf-8"):
            continue
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        try:
            module = import_module(name)
        except Exception as error:  # it costs its own checks, and the test names it
            broken[name] = repr(error)
        else:
            found[name] = module
    return found, broken


MODULES, BROKEN = modules()

PAIRS: dict[tuple[str, str], tuple[Host, Host]] = {
    (id, name): pair for name, module in MODULES.items() for id, pair in module.MUTATIONS.items()
}
"""By check and the module that brings the pair."""
