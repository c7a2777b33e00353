"""A package index is kept from one build to the next."""

import re

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.host import Image
from dockeraudit.settings import Settings

from . import _shared

_UPDATE = re.compile(r"update|refresh|ref|makecache|check-update")
_INSTALL = re.compile(
    r"|add|build-dep|dist-upgrade|distro-sync|download|dup|full-upgrade|groupinstall|in|install"
    r"|localinstall|patch|reinstall|safe-upgrade|source|swap|up|upgrade"
)


@check(
    id="image-update-alone",
    title="Package index updated in a build step of its own",
    severity=Severity.LOW,
    over=Image,
    rationale="The builder keeps the step's result and uses it again, so that later builds install "
    "packages of that day, without the repairs since.",
    remediation="One step for both: RUN apt-get update && apt-get install -y NAME (Debian-like "
    "bases), RUN dnf -y upgrade && dnf -y install NAME (RHEL-like), RUN apk add --no-cache NAME. "
    + _shared.REBUILD,
    quiet="Each update has an install or upgrade in its step, or none is made. A script that "
    "installs in the same step is not seen, as its words stay on the host; a package manager's "
    "command whose words stayed there counts as an install. Earlier stages of a "
    "build leave no history. An image without one is unknown.",
    references=frameworks.cis("4.7") + frameworks.IMAGES,
    profiles=LEVEL_1,
)
def update_alone(image: Image, settings: Settings) -> Outcomes:
    for step in _shared.history(image):
        updates = [call for call in step.calls if _UPDATE.fullmatch(call.verb)]
        if updates and not any(_INSTALL.fullmatch(call.verb) for call in step.calls):
            message = f"{image.resource} runs {updates[0]} and installs nothing in that step"
            yield Finding(image.resource, message, (_shared.cited(image, step),))
            return
