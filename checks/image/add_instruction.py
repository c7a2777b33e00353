"""ADD does more than copy."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.host import Image
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="image-add-instruction",
    title="ADD in the build of an image",
    severity=Severity.LOW,
    over=Image,
    rationale="ADD fetches from the network without looking who answers, and unpacks archives "
    "without being told to: what goes in is decided by whoever made the source.",
    remediation="COPY for files. For what is fetched, RUN curl -fsSLO URL && sha256sum -c FILE; "
    "for archives COPY and RUN tar. " + _shared.REBUILD,
    quiet="No ADD but the one that lays down the base: the first step that writes, into `/`. Both "
    "builders' histories are read; COPY is never one. An image without history is unknown.",
    references=frameworks.cis("4.9") + frameworks.SUPPLY,
    profiles=LEVEL_1,
)
def add_instruction(image: Image, settings: Settings) -> Outcomes:
    steps = _shared.history(image)
    base = _shared.of_base(steps)
    found = [step for step in steps if step.name == "ADD" and step is not base]
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        what = " ".join(found[0].words)
        yield Finding(
            image.resource,
            f"{image.resource} was built with ADD {what}{more}",
            tuple(_shared.cited(image, step) for step in found),
        )
