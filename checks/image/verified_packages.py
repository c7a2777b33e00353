"""Packages in an image that nobody vouched for."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_2, Manual, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Image
from dockeraudit.settings import Settings

from . import _shared

_UNVERIFIED = (
    "--allow-untrusted",
    "--allow-unauthenticated",
    "--force-yes",
    "--nogpgcheck",
    "--no-gpg-checks",
    "--no-gpgcheck",
    "--no-check-signature",
)


@check(
    id="image-verified-packages",
    title="Images may hold packages without a verified signature",
    severity=Severity.LOW,
    over=Image,
    rationale="A package whose signature nobody checked is whatever the one on the way made of it.",
    remediation="Install from signed repositories, without --allow-unauthenticated (Debian-like "
    "bases), --nogpgcheck (RHEL-like) or --allow-untrusted (Alpine). " + _shared.REBUILD,
    quiet="Never a failure: the verified ones can't be told from others afterwards. Steps that "
    "turn the check off are pointed out.",
    references=frameworks.cis("4.11") + frameworks.SUPPLY,
    profiles=LEVEL_2,
)
def verified_packages(image: Image, settings: Settings) -> Outcomes:
    steps = _steps(image)
    what = "was built with verification turned off" if steps else "was built by its makers"
    message = f"{image.resource} {what}: look up whether its packages were verified"
    yield Manual(image.resource, message, steps or (image.said("RepoTags", image.seen.repo_tags),))


def _steps(image: Image) -> tuple[Evidence, ...]:
    """The steps that tell a package manager not to look at signatures."""
    steps = _shared.steps_of(image)
    return tuple(
        _shared.cited(image, step)
        for step in (() if isinstance(steps, Unread) else steps)
        if any(option in _UNVERIFIED for call in step.calls for option in call.options)
    )
