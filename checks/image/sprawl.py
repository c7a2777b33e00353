"""Images that nobody uses."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Manual, NotApplicable, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Daemon, Image
from dockeraudit.host.contents import NotThere, contents, inventory
from dockeraudit.settings import Settings

_FEW = 10
"""So many unused images are no sprawl, whatever their share."""


@check(
    id="image-sprawl",
    title="Most images are not used",
    severity=Severity.LOW,
    over=Daemon,
    rationale="Old images lie around with old flaws, are started by mistake, and fill the disk.",
    remediation="docker image prune removes untagged ones, docker image prune --all "
    "--filter until=720h those that no container is made of and that are older than 30 days; on "
    "Debian- and RHEL-like hosts alike.",
    quiet=f"No image is unused. Up to {_FEW} unused ones, or up to half of all, are for a person "
    "to judge. Containers that are not running count as users; images that a swarm or a script "
    "will start later do not show as used.",
    references=frameworks.cis("6.1") + frameworks.IMAGES,
    profiles=LEVEL_1,
)
def sprawl(daemon: Daemon, settings: Settings) -> Outcomes:
    images: list[Image] = []
    for each in contents(daemon.host, daemon.engine, Image):
        if isinstance(each, NotThere):
            yield NotApplicable(each.reason)
            return
        if isinstance(each, Unread):
            yield each
        elif isinstance(each, Image):
            images.append(each)
    yield from _users_unread(daemon)
    unused = [each for each in images if not each.used_by]
    if not unused:
        return
    dangling = sum(_dangling(each) for each in unused)
    size = sum(each.seen.size for each in unused) / 1e6
    message = f"{len(unused)} of {len(images)} images are used by no container"
    evidence = (Evidence("docker image ls", f"{message}, {dangling} untagged, {size:.0f} MB"),)
    if len(unused) > _FEW and len(unused) * 2 > len(images):
        yield Finding("images", message, evidence)
    else:
        yield Manual("images", f"{message}: decide whether they are needed", evidence)


def _users_unread(daemon: Daemon) -> tuple[Unread, ...]:
    """Containers that are not known may be what an image is for."""
    kept = inventory(daemon.engine)
    if isinstance(kept, Unread):
        return ()
    if isinstance(kept.containers, Unread):
        return (Unread(f"containers of {daemon.engine.name}: {kept.containers.reason}"),)
    return tuple(each for each in kept.missing if each.reason.startswith("container "))


def _dangling(image: Image) -> bool:
    """Whether no name leads to it."""
    names = (*image.seen.repo_tags, *image.seen.repo_digests)
    return not any(not name.startswith("<none>") for name in names)
