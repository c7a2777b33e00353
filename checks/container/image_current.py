"""Images of running containers that may be out of date."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Manual, Outcomes, Severity, check
from dockeraudit.facts import Evidence, ImageFacts, Unread
from dockeraudit.host import Container
from dockeraudit.host.contents import inventory
from dockeraudit.settings import Settings


@check(
    id="container-image-current",
    title="Container whose image may be out of date",
    severity=Severity.LOW,
    over=Container,
    rationale="A tag that is built or pulled again does not change what already runs: fixed flaws "
    "stay in the container.",
    remediation="docker pull IMAGE, then docker rm -f NAME and docker run it again, or docker "
    "compose pull and docker compose up -d (Debian- and RHEL-like hosts alike).",
    quiet="Never: what the registry has now is not asked. The report says when the image was made "
    "and whether its tag names another one on this host by now.",
    references=frameworks.cis("5.28") + frameworks.IMAGES,
    profiles=LEVEL_1,
)
def image_current(container: Container, settings: Settings) -> Outcomes:
    seen = container.seen
    name = seen.config.image
    said = [container.said("Config.Image", name), container.said("Image", seen.image)]
    images = _images(container)
    used = next((each for each in images if each.id == seen.image), None)
    tagged = next((each for each in images if _tag(name) in each.repo_tags), None)
    if used is not None:
        said.append(Evidence(f"docker image inspect {seen.image}", f"Created {used.created}"))
    what = f"{container.label} is made of {name or seen.image[:19]}"
    if tagged is not None and tagged.id != seen.image:
        said.append(Evidence(f"docker image inspect {name}", f"Id {tagged.id}"))
        what += ", which names another image by now: make it again"
    else:
        what += f", made {used.created[:10]}" if used and used.created else ""
        what += ": confirm that there is no newer one"
    yield Manual(container.resource, what, tuple(said))


def _images(container: Container) -> tuple[ImageFacts, ...]:
    kept = inventory(container.engine)
    if isinstance(kept, Unread) or isinstance(kept.images, Unread):
        return ()
    return kept.images


def _tag(name: str) -> str:
    """The name as the engine lists it: without a tag it is the latest."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"
