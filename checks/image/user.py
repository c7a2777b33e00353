"""What an image starts is root."""

import re

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.host import Image
from dockeraudit.host.contents import security_option
from dockeraudit.settings import Settings

from . import _shared

_ZERO = re.compile(r"[+-]?0+")


@check(
    id="image-user",
    title="Images start their programs as root",
    severity=Severity.MEDIUM,
    over=Image,
    rationale="A flaw in a program that runs as root is root in the container, and one more flaw "
    "away from root on the host.",
    remediation="Make an account in the Dockerfile and end with it: RUN useradd -r -u 10001 app "
    "(Debian- and RHEL-like bases alike; Alpine: adduser -S -u 10001 app), then USER 10001. "
    + _shared.REBUILD,
    quiet="USER names another account. A name counts as such even where the image's passwd gives "
    "it uid 0, and a container may be started as another user: container-user judges what runs. "
    "With user namespaces or a rootless engine the severity is low.",
    references=frameworks.cis("4.1") + frameworks.ISOLATION,
    profiles=LEVEL_1,
)
def user(image: Image, settings: Settings) -> Outcomes:
    given = image.seen.config.user
    account = given.partition(":")[0].strip()
    if account and account != "root" and not _ZERO.fullmatch(account):
        return
    remapped = image.engine.rootless or security_option(image.engine, "userns")
    what = f"as {given}" if given else "as root, since no USER is set"
    yield Finding(
        image.resource,
        f"{image.resource} starts its programs {what}",
        (image.said("Config.User", given),),
        Severity.LOW if remapped else None,
    )
