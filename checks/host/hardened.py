"""How far the host itself is hardened, for a person to judge."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Manual, Outcomes, Severity, check, no_engine
from dockeraudit.facts import Evidence, HostFacts
from dockeraudit.host import Host
from dockeraudit.settings import Settings

_SOUND = {
    "kernel.randomize_va_space": ("2",),
    "kernel.kptr_restrict": ("1", "2"),
    "kernel.dmesg_restrict": ("1",),
    "kernel.unprivileged_bpf_disabled": ("1", "2"),
    "kernel.yama.ptrace_scope": ("1", "2", "3"),
    "fs.protected_hardlinks": ("1",),
    "fs.protected_symlinks": ("1",),
}
"""Values that guides to hardening ask for."""
_SHOWN = (*_SOUND, "kernel.unprivileged_userns_clone", "user.max_user_namespaces")


@check(
    id="host-hardened",
    title="Whether the host is hardened is not known",
    severity=Severity.LOW,
    over=Host,
    rationale="Containers share the host's kernel: what is weak there is weak for all of them, "
    "and whoever gets out of one stands on this system.",
    remediation="Follow a guide for the system itself, such as the CIS benchmark of the "
    "distribution. Debian-like: apt-get install apparmor unattended-upgrades; RHEL-like: SELinux "
    "enforcing, dnf install dnf-automatic; kernel parameters go to /etc/sysctl.d/ on both.",
    quiet="Never: a person has to decide. The system, its security modules and kernel parameters "
    "are listed, with those that differ from what guides ask for.",
    references=frameworks.cis("1.2.1") + frameworks.CONFIGURATION,
    profiles=LEVEL_1,
)
def hardened(host: Host, settings: Settings) -> Outcomes:
    if not host.engines:
        yield no_engine(host)
        return
    facts = host.facts
    weak = [
        f"{name} is {facts.parameters[name]}"
        for name, sound in _SOUND.items()
        if name in facts.parameters and facts.parameters[name] not in sound
    ]
    if _confines(facts).startswith("none"):
        weak.insert(0, "neither AppArmor nor SELinux is on")
    system = facts.machine.os.get("PRETTY_NAME") or facts.machine.os.get("ID") or "its system"
    said = f"a person has to judge how far {system} is hardened"
    yield Manual(
        resource="operating system",
        message=f"{said}: {', '.join(weak)}" if weak else said,
        evidence=(
            Evidence("/etc/os-release", system),
            Evidence("uname -r", facts.machine.kernel),
            Evidence("security modules", _confines(facts)),
            *(Evidence("sysctl", _shown(facts, name)) for name in _SHOWN),
        ),
    )


def _confines(facts: HostFacts) -> str:
    """The security modules in force; `none` only where the kernel says so."""
    found = facts.parameters
    modules = found.get("lsm", "").split(",")
    on = []
    if found.get("apparmor") == "1":
        on.append("AppArmor")
    if "selinux" in found:
        on.append(f"SELinux ({'enforcing' if found['selinux'] == '1' else 'permissive'})")
    if not on and "lsm" not in found and found.get("apparmor") != "0":
        return "not read"
    if not on and {"apparmor", "selinux"}.intersection(modules):
        return f"not read; modules: {found['lsm']}"
    return (", ".join(on) or "none") + (f"; modules: {found['lsm']}" if "lsm" in found else "")


def _shown(facts: HostFacts, name: str) -> str:
    return f"{name} = {facts.parameters[name]}" if name in facts.parameters else f"{name}: not read"
