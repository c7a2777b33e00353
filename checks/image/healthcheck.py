"""Nothing tells whether an image's program still works."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.host import Image
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="image-healthcheck",
    title="Images without a health check",
    severity=Severity.LOW,
    over=Image,
    rationale="The engine only sees whether a process is there, not whether it answers, so a hung "
    "program is neither reported nor replaced.",
    remediation='HEALTHCHECK CMD ["/app", "--health"] in the Dockerfile. Images in OCI\'s own '
    "format can't hold one: podman build --format docker. " + _shared.REBUILD,
    quiet="There is a test; whether it is a good one is not looked at. A container may have a test "
    "of its own: see container-health.",
    references=frameworks.cis("4.6") + frameworks.RESOURCES,
    profiles=LEVEL_1,
)
def healthcheck(image: Image, settings: Settings) -> Outcomes:
    found = image.seen.config.healthcheck
    test = found.test if found is not None else ()
    if not test or test[0] == "NONE":
        what = "turns its base's health check off" if test else "has no health check"
        evidence = image.said("Config.Healthcheck.Test", test)
        yield Finding(image.resource, f"{image.resource} {what}", (evidence,))
