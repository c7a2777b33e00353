"""Programs in an image that make their caller root."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_2, Manual, Outcomes, Severity, check
from dockeraudit.host import Image
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="image-setuid",
    title="Images may hold setuid and setgid programs",
    severity=Severity.LOW,
    over=Image,
    rationale="A setuid program makes any account in the container root there; few images need one "
    "once they are built.",
    remediation="At the end of the Dockerfile, before USER: RUN find / -xdev -perm /6000 -type f "
    "-exec chmod a-s {} +. Containers with --security-opt no-new-privileges ignore the bits. "
    + _shared.REBUILD,
    quiet="Never a failure: layers are not opened. To look: docker run --rm --entrypoint find "
    "IMAGE / -xdev -perm /6000 -type f.",
    references=frameworks.cis("4.8") + frameworks.ISOLATION,
    profiles=LEVEL_2,
)
def setuid(image: Image, settings: Settings) -> Outcomes:
    yield Manual(
        image.resource,
        f"{image.resource}: look for setuid and setgid programs in its layers",
        (image.said("Config.User", image.seen.config.user),),
    )
