"""Capabilities beyond those that the engine gives to every container."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.host import Container
from dockeraudit.settings import Settings

from . import _shared


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_USUAL = {
    *_words("AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW"),
    *_words("SETFCAP SETGID SETPCAP SETUID SYS_CHROOT"),
}
_GRAVE = {
    *_words("ALL BPF DAC_READ_SEARCH NET_ADMIN SYS_ADMIN SYS_MODULE SYS_PTRACE SYS_RAWIO"),
}
_NAMES = _words(
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE "
    "NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO "
    "SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME "
    "SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG "
    "WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
)
"""By number, from capability.h."""


@check(
    id="container-capabilities",
    title="Container with capabilities beyond the usual ones",
    severity=Severity.MEDIUM,
    over=Container,
    rationale="A capability is a part of root's power over the whole kernel; SYS_ADMIN, "
    "SYS_MODULE, SYS_PTRACE, SYS_RAWIO, DAC_READ_SEARCH, BPF and NET_ADMIN are enough to leave a "
    "container or to take over its host's network.",
    remediation="Start it with --cap-drop ALL and add only what it can't do without: "
    "--cap-drop ALL --cap-add NET_BIND_SERVICE. " + _shared.AGAIN,
    quiet="Nothing is added to the engine's fourteen usual capabilities, and the first process has "
    "no others. That those fourteen are more than most need is not reported; the strict profile "
    "wants NET_RAW dropped of them." + _shared.PRIVILEGED,
    references=frameworks.cis("5.4") + frameworks.ISOLATION,
    profiles=LEVEL_1,
)
def capabilities(container: Container, settings: Settings) -> Outcomes:
    asked = container.seen.host_config
    if asked.privileged:
        message = f"{container.label} has all capabilities, by --privileged"
        yield Finding(container.resource, message, (_shared.privileged(container),), Severity.HIGH)
        return
    added = {name.upper().removeprefix("CAP_") for name in asked.cap_add} - _USUAL
    said = [container.said("HostConfig.CapAdd", asked.cap_add)] if added else []
    process = _shared.task(container)
    if process is not None and "ALL" not in added:
        had = _named(process.capabilities) - _USUAL
        if had - added:
            said.append(_shared.task_evidence(container, "CapEff", f"{process.capabilities:016x}"))
        added |= had
    if added:
        severity = Severity.HIGH if added & _GRAVE else Severity.MEDIUM
        message = f"{container.label} has more than the usual capabilities: "
        yield Finding(container.resource, message + ", ".join(sorted(added)), tuple(said), severity)
    elif settings.strict and not _drops_raw(container):
        message = f"{container.label} keeps NET_RAW: it can forge packets of its neighbours"
        said = [container.said("HostConfig.CapDrop", asked.cap_drop)]
        yield Finding(container.resource, message, tuple(said), Severity.LOW)


def _drops_raw(container: Container) -> bool:
    process = _shared.task(container)
    if process is not None:
        return "NET_RAW" not in _named(process.capabilities)
    dropped = {name.upper().removeprefix("CAP_") for name in container.seen.host_config.cap_drop}
    return bool(dropped & {"ALL", "NET_RAW"})


def _named(bits: int) -> set[str]:
    return {name for number, name in enumerate(_NAMES) if bits >> number & 1}
