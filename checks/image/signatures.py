"""Images that nobody signed."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Manual, Outcomes, Severity, check
from dockeraudit.host import Image
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="image-signatures",
    title="Signatures of images may not have been verified",
    severity=Severity.LOW,
    over=Image,
    rationale="A tag says nothing of who made an image, and a digest only that nobody changed it "
    "since; a signature says who answers for it.",
    remediation="Verify before a deployment, and deploy by digest: cosign verify --key KEY "
    "registry.example/web@sha256:…, on Debian- and RHEL-like hosts alike. " + _shared.REBUILD,
    quiet="Never a failure: engines keep no record of verified signatures.",
    references=frameworks.cis("4.12") + frameworks.SUPPLY,
    profiles=LEVEL_1,
)
def signatures(image: Image, settings: Settings) -> Outcomes:
    digests = image.seen.repo_digests
    what = "verify who signed its digest" if digests else "it has no digest of a registry to verify"
    evidence = (image.said("RepoDigests", digests),)
    yield Manual(image.resource, f"{image.resource}: {what}", evidence)
