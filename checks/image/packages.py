"""Packages that an image does not need."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Manual, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Image
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="image-packages",
    title="Images may hold packages that they do not need",
    severity=Severity.LOW,
    over=Image,
    rationale="Each package brings flaws of its own, and tools for whoever gets in.",
    remediation="Start from a small base (FROM scratch, distroless, -slim), install with "
    "--no-install-recommends (Debian-like bases) or --setopt=install_weak_deps=False (RHEL-like), "
    "and leave compilers in an earlier stage. " + _shared.REBUILD,
    quiet="Never a failure: what an image needs, only its makers know.",
    references=frameworks.cis("4.3") + frameworks.IMAGES,
    profiles=LEVEL_1,
)
def packages(image: Image, settings: Settings) -> Outcomes:
    size = f"{image.seen.size / 1e6:.0f} MB"
    yield Manual(
        image.resource,
        f"{image.resource} has {size}: decide whether it needs each of its packages",
        (image.said("Size", f"{size}"), *_installing(image)),
    )


def _installing(image: Image) -> tuple[Evidence, ...]:
    """The steps that call a package manager, as far as they are known."""
    steps = _shared.steps_of(image)
    if isinstance(steps, Unread):
        return (Evidence(f"docker history {image.name}", f"not read: {steps.reason}"),)
    return tuple(_shared.cited(image, step) for step in steps if step.calls)
