"""A container serves a registry to the network without TLS or without passwords."""

from ipaddress import ip_address

from dockeraudit import frameworks
from dockeraudit.check import STRICT, Finding, Manual, NotApplicable, Outcomes, Severity, check
from dockeraudit.facts import Unread
from dockeraudit.host import Container
from dockeraudit.host.contents import inventory
from dockeraudit.settings import Settings

_SECURE = ("REGISTRY_HTTP_TLS_CERTIFICATE", "REGISTRY_HTTP_TLS_LETSENCRYPT")
_CONFIGURATIONS = ("/etc/docker/registry", "/etc/distribution", "/etc/docker", "/etc")


@check(
    id="listener-registry-container",
    title="A registry is open to the network without TLS or without authentication",
    severity=Severity.MEDIUM,
    over=Container,
    rationale="Whoever reaches such a registry pulls every image in it, and pushes others under "
    "the same tags, which hosts then run. Without TLS anybody on the way does the same.",
    remediation="Publish it on loopback behind a proxy that does both (-p 127.0.0.1:5000:5000), or "
    "give it certificates and passwords: -e REGISTRY_HTTP_TLS_CERTIFICATE=/certs/registry.crt "
    "-e REGISTRY_HTTP_TLS_KEY=/certs/registry.key -e REGISTRY_AUTH=htpasswd "
    "-e REGISTRY_AUTH_HTPASSWD_PATH=/auth/htpasswd (Debian- and RHEL-like hosts alike).",
    quiet="No container of an image named registry is published beyond loopback, or its variables "
    "set a certificate and a kind of authentication. A registry with a configuration file of its "
    "own is for a person to judge. Registries of other images are not known.",
    references=frameworks.SUPPLY,
    profiles=STRICT,
)
def registry_container(container: Container, settings: Settings) -> Outcomes:
    if not any(_is_registry(name) for name in _names(container)):
        yield NotApplicable("no container is a registry")
        return
    published = _published(container)
    if not published:
        return
    config = container.seen.config
    given = {each.partition("=")[0] for each in config.env if not each.endswith("=empty")}
    lacking = []
    if not any(name.startswith(_SECURE) for name in given):
        lacking.append("TLS")
    if not any(name.startswith("REGISTRY_AUTH") for name in given):
        lacking.append("authentication")
    if not lacking:
        return
    without = " and without ".join(lacking)
    where = ", ".join(published)
    names = ", ".join(sorted(each for each in given if each.startswith("REGISTRY_")))
    evidence = (
        container.said("NetworkSettings.Ports", where),
        container.said("Config.Env", f"names {names or 'without REGISTRY_…'}"),
    )
    if own := _configuration(container):
        message = f"{container.label} serves a registry on {where}: does {own} set TLS and users?"
        yield Manual(container.resource, message, evidence)
        return
    message = f"{container.label} serves a registry on {where} without {without}"
    yield Finding(container.resource, message, evidence)


def _names(container: Container) -> list[str]:
    """The image by the name that was given, and by its tags."""
    kept = inventory(container.engine)
    images = () if isinstance(kept, Unread) or isinstance(kept.images, Unread) else kept.images
    names = [container.seen.config.image]
    for image in images:
        if image.id == container.seen.image:
            names += image.repo_tags
    return names


def _is_registry(name: str) -> bool:
    """Whether an image is the registry of the distribution project, from wherever it was pulled.

    >>> [_is_registry(each) for each in ("registry:2", "mirror.example:5000/library/registry")]
    [True, True]
    """
    repository = name.partition("@")[0]
    folder, _, last = repository.rpartition("/")
    owner = folder.rpartition("/")[2]
    known = owner in ("", "library", "distribution") or "." in owner or ":" in owner
    return last.partition(":")[0] == "registry" and known


def _published(container: Container) -> list[str]:
    """Where it is reached from other machines."""
    if container.mode("network") == "host":
        return ["the host's network"]
    seen = container.seen
    ports = seen.network_settings.ports if container.running else seen.host_config.port_bindings
    return sorted(
        f"{each.host_ip or '0.0.0.0'}:{each.host_port or port.partition('/')[0]}"
        for port, bindings in ports.items()
        for each in bindings
        if not _loopback(each.host_ip)
    )


def _loopback(address: str) -> bool:
    try:
        return bool(address) and ip_address(address).is_loopback
    except ValueError:
        return False


def _configuration(container: Container) -> str:
    """The mount that brings a configuration file."""
    for mount in container.seen.mounts:
        place = mount.destination.rstrip("/")
        if place in _CONFIGURATIONS or place.endswith("/config.yml"):
            return mount.source or mount.name
    return ""
