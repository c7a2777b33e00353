"""Images that grow old."""

from datetime import UTC, datetime

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Manual, Outcomes, Severity, check
from dockeraudit.host import Image
from dockeraudit.settings import Settings
from dockeraudit.words import days

from . import _shared

_OLD_DAYS = 90


@check(
    id="image-scanned",
    title="Images may hold packages with known flaws",
    severity=Severity.MEDIUM,
    over=Image,
    rationale="Packages in an image are repaired by a new build only; most published flaws are "
    "found by comparing their versions with a list.",
    remediation="Scan the image where it is built and by a schedule, for instance with trivy image "
    "NAME, and rebuild it where something was found. " + _shared.REBUILD,
    quiet="Never a failure: whether a scanner has looked at an image can't be seen on its host. "
    f"More than {_OLD_DAYS} days since the build are pointed out; reproducible builds say 1970 or "
    "year 1, and then the age is unknown.",
    references=frameworks.cis("4.4") + frameworks.IMAGES,
    profiles=LEVEL_1,
)
def scanned(image: Image, settings: Settings) -> Outcomes:
    since = _days(image.seen.created, settings.now)
    if since is None:
        age = "its age is unknown"
    elif since > _OLD_DAYS:
        age = f"it was built {since} days ago, more than {_OLD_DAYS}"
    else:
        age = f"it was built {days(max(since, 0))} ago"
    yield Manual(
        image.resource,
        f"{image.resource}: {age}; decide whether it was scanned for known flaws since",
        (image.said("Created", image.seen.created),),
    )


def _days(created: str, now: int) -> int | None:
    """Days since the build; None where the image does not really say."""
    try:
        built = datetime.fromisoformat(created[:10]).replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(now - built.timestamp()) // 86400 if built.year > 1980 else None
