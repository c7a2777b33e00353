"""containerd's own API is on TCP."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check, known
from dockeraudit.facts import Absent, Evidence, Unread
from dockeraudit.host import Host
from dockeraudit.settings import Settings

_CONFIG = "/etc/containerd/config.toml"


@check(
    id="listener-containerd-tcp",
    title="containerd open on a TCP address",
    severity=Severity.CRITICAL,
    over=Host,
    rationale="Whoever can call containerd starts containers as root, past every rule of the "
    "Docker daemon: an address in its configuration is another open API.",
    remediation="Remove `tcp_address` from [grpc] (and addresses that are not unix sockets or "
    "loopback from [debug] and [metrics]) in /etc/containerd/config.toml, then "
    "`systemctl restart containerd`.",
    quiet="No configuration file (containerd then listens on unix sockets only), or no address "
    "in it. Files that it imports are not read.",
)
def containerd_tcp(host: Host, settings: Settings) -> Outcomes:
    if not host.engines:
        nothing = NotApplicable("no Docker engine runs or is installed on this host")
        yield host.unseen or nothing
    elif not isinstance(host.file(_CONFIG), Absent):
        import tomllib

        content = known(host.text(_CONFIG))
        try:
            document = _document(content)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            yield Unread(f"{_CONFIG} is not TOML: {error}")
        else:
            yield from _addresses(document)


@lru_cache(maxsize=16)
def _document(content: bytes) -> dict[str, Any]:
    """The file, to be left as it is; most hosts of a fleet have the same one."""
    import tomllib

    return tomllib.loads(content.decode())


def _addresses(document: dict[str, Any]) -> Iterator[Finding]:
    grpc = _table(document, "grpc")
    if grpc.get("tcp_address"):
        encrypted = bool(grpc.get("tcp_tls_ca") or grpc.get("tcp_tls_common_name"))
        yield from _finding("grpc", "tcp_address", grpc, Severity.HIGH if encrypted else None)
    yield from _finding("debug", "address", _table(document, "debug"), Severity.HIGH)
    yield from _finding("metrics", "address", _table(document, "metrics"), Severity.MEDIUM)


def _table(document: dict[str, Any], name: str) -> dict[str, Any]:
    table = document.get(name)
    return table if isinstance(table, dict) else {}


def _finding(
    table: str, key: str, values: dict[str, Any], severity: Severity | None
) -> Iterator[Finding]:
    address = values.get(key)
    if not isinstance(address, str) or not address or address.startswith(("/", "@", "unix:")):
        return
    if address.startswith(("127.", "localhost:", "[::1]")) and table != "grpc":
        return
    yield Finding(
        resource=f"[{table}] {address}",
        message=f"containerd's {table} address is {address}",
        evidence=(Evidence(_CONFIG, f"[{table}] {key} = {address!r}"),),
        severity=severity,
    )
