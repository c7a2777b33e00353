"""Limits of containers that the kernel does not enforce."""

from dockeraudit import frameworks
from dockeraudit.check import STRICT, Finding, NotApplicable, Outcomes, Severity, check, known
from dockeraudit.facts import Evidence
from dockeraudit.host import Engine
from dockeraudit.settings import Settings

from . import _shared

_LIMITS = {
    "MemoryLimit": "memory",
    "SwapLimit": "swap",
    "PidsLimit": "processes",
    "CpuCfsQuota": "CPU time",
    "CPUShares": "CPU shares",
    "CPUSet": "CPU sets",
}


@check(
    id="host-swap-cgroup-warnings",
    title="The kernel does not enforce a limit of containers",
    severity=Severity.LOW,
    over=Engine,
    rationale="The engine takes a limit that the kernel can't keep and drops it with a warning: "
    "the container may use all that the host has.",
    remediation="For memory and swap add cgroup_enable=memory swapaccount=1 to the kernel's "
    "command line: GRUB_CMDLINE_LINUX in /etc/default/grub, then update-grub (Debian-like) or "
    "grub2-mkconfig -o /boot/grub2/grub.cfg (RHEL-like), and restart. A rootless engine needs "
    "cgroup version 2 and controllers that systemd delegates to the user.",
    quiet="The engine says that the kernel enforces limits of memory, swap, processes and CPU; "
    "whether containers have any is for the container checks. Limits of input and output are not "
    "looked at. Only a running engine says it, over its API.",
    references=frameworks.RESOURCES,
    profiles=STRICT,
)
def swap_cgroup_warnings(engine: Engine, settings: Settings) -> Outcomes:
    if engine.process is None:
        yield NotApplicable(f"{engine.name} does not run")
        return
    info = known(_shared.information(engine), "limits that the kernel enforces")
    lacking = {name: what for name, what in _LIMITS.items() if info.get(name) is False}
    warnings = info.get("Warnings")
    said = [
        Evidence("GET /info", warning)
        for warning in (warnings if isinstance(warnings, list) else [])
        if isinstance(warning, str) and "support" in warning
    ]
    for name, what in lacking.items():
        yield Finding(
            resource=f"limits of {what}",
            message=f"{engine.name} can't limit the {what} of a container: the kernel does not "
            "enforce it",
            evidence=(Evidence("GET /info", f"{name} false"), *said),
        )
