"""Images from registries that nobody named."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Manual, Outcomes, Severity, check
from dockeraudit.host import Image
from dockeraudit.settings import Settings

from . import _shared

_DEFAULT = "docker.io"
"""The registry of names that tell none."""


@check(
    id="image-trusted-base",
    title="Images from registries that are not trusted",
    severity=Severity.MEDIUM,
    over=Image,
    rationale="An image is somebody else's program with the rights that its container gets.",
    remediation="Name the registries to trust in dockeraudit.toml (trusted-registries in "
    "[settings]), and build from images that come from there: FROM registry.example/base:1. "
    + _shared.REBUILD,
    quiet="One of the image's repository digests is of a registry, or part of one, that is "
    "trusted. Where none is named it is for a person to judge, as is an image without digests, "
    "which was built or loaded here: what it was built from is not recorded. With containerd's "
    "image store local builds have digests too.",
    references=frameworks.cis("4.2") + frameworks.SUPPLY,
    profiles=LEVEL_1,
)
def trusted_base(image: Image, settings: Settings) -> Outcomes:
    digests = image.seen.repo_digests
    sources = sorted({_full(each.partition("@")[0]) for each in digests})
    evidence = (image.said("RepoDigests", digests),)
    if not sources:
        message = f"{image.resource} was built or loaded here: look up what it was built from"
        yield Manual(image.resource, message, evidence)
    elif not settings.trusted_registries:
        registries = ", ".join(sorted({each.partition("/")[0] for each in sources}))
        message = f"{image.resource} comes from {registries}: decide whether that is trusted"
        yield Manual(image.resource, message, evidence)
    elif not any(_within(each, settings.trusted_registries) for each in sources):
        message = f"{image.resource} comes from {', '.join(sources)}, which is not trusted"
        yield Finding(image.resource, message, evidence)


def _full(repository: str) -> str:
    """The repository with its registry: `web` is `library/web` of the default one."""
    first, slash, _ = repository.partition("/")
    if slash and (first == "localhost" or "." in first or ":" in first):
        return repository
    return f"{_DEFAULT}/{repository if slash else f'library/{repository}'}"


def _within(repository: str, trusted: tuple[str, ...]) -> bool:
    """Whether it is one of those, or below one, by whole names."""
    return any(f"{repository}/".startswith(f"{each.rstrip('/')}/") for each in trusted)
