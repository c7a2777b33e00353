"""Another process hands the engine's unix socket to the network."""

from collections.abc import Iterator
from ipaddress import ip_address

from dockeraudit.check import Finding, Manual, NotApplicable, Outcomes, Severity, check, known
from dockeraudit.facts import Evidence, Process, Socket, Unread
from dockeraudit.host import Host
from dockeraudit.host.listeners import display
from dockeraudit.settings import Settings

_RELAYS = ("socat", "ncat", "nc", "netcat", "ssh", "systemd-socket-proxyd")
_SOCKETS = ("docker.sock", "containerd.sock")


@check(
    id="listener-relay-process",
    title="Engine socket handed to the network by another process",
    severity=Severity.CRITICAL,
    over=Host,
    rationale="A relay (socat, a forwarding ssh, a web proxy) in front of docker.sock opens the "
    "API to all who reach its port, while the daemon itself is on its unix socket only.",
    remediation="Stop the relay and what starts it (`systemctl list-units`, crontabs, "
    "`ss -ltnp 'sport = :PORT'` names the process). Reach the engine over SSH instead: "
    "`docker -H ssh://root@HOST`.",
    quiet="No process with an engine socket in its arguments listens on TCP, and no proxy's "
    "configuration names one. A relay that takes the path from elsewhere is not recognised; "
    "containers with the socket mounted are another check's.",
)
def relay_process(host: Host, settings: Settings) -> Outcomes:
    processes = known(host.facts.processes, "processes")
    sockets = known(host.facts.sockets, "listening sockets")
    if not host.engines:
        yield NotApplicable("no Docker engine runs or is installed on this host")
        return
    hidden = [each for each in sockets if each.transport != "unix" and not each.pids]
    if hidden and not host.facts.privilege.sees:
        addresses = ", ".join(sorted({display(each) for each in hidden})[:5])
        yield Unread(f"which processes listen on {addresses} is not to be seen")
    for process in processes:
        held = [each for each in sockets if process.pid in each.pids]
        if process.role != "other":
            continue
        if isinstance(process.argv, Unread):
            yield from _unnamed(process, process.argv, held)
        elif any(name in word for word in process.argv for name in _SOCKETS):
            yield from _judged(process, process.argv, held)
    for file, lines in host.facts.relay_lines.items():
        yield Finding(
            resource=file,
            message=f"{file} passes requests to an engine socket",
            evidence=tuple(Evidence(file, line) for line in lines),
        )


def _unnamed(process: Process, argv: Unread, sockets: list[Socket]) -> Iterator[Unread]:
    """What a process does that listens on TCP, and whose arguments are not known."""
    open_to = ", ".join(display(each) for each in sockets if each.transport != "unix")
    if open_to:
        reason = f"/proc/{process.pid}/cmdline: {argv.reason}"
        yield Unread(f"whether what listens on {open_to} hands an engine's socket on: {reason}")


def _judged(
    process: Process, words: tuple[str, ...], sockets: list[Socket]
) -> Iterator[Finding | Manual]:
    program = words[0].rpartition("/")[2]
    argv = Evidence(f"/proc/{process.pid}/cmdline", " ".join(words))
    for socket in sockets:
        if socket.transport == "unix":
            continue
        address = display(socket)
        evidence = (argv, Evidence(f"/proc/net/{socket.transport}", f"LISTEN {address}"))
        if program in _RELAYS:
            yield Finding(
                resource=f"{address} {program}",
                message=f"{program} (pid {process.pid}) hands the engine's socket to {address}",
                evidence=evidence,
                severity=Severity.HIGH if ip_address(socket.address).is_loopback else None,
            )
        else:
            yield Manual(
                resource=f"{address} {program}",
                message=f"{program} (pid {process.pid}) uses the engine's socket and listens on "
                f"{address}: does it pass the API on?",
                evidence=evidence,
            )
