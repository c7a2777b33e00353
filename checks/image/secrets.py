"""Secrets that go wherever the image goes."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Manual, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Image
from dockeraudit.host.variables import Secret, secrets_in
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="image-secrets",
    title="Secrets in images",
    severity=Severity.HIGH,
    over=Image,
    rationale="Whoever may pull the image reads its variables and build steps, and a later step "
    "that removes a secret only hides it.",
    remediation="Give secrets to the container when it starts, as a file (docker run --mount, a "
    "swarm's secret), and to the build by RUN --mount=type=secret,id=NAME. Change those that were "
    "in an image. " + _shared.REBUILD,
    quiet="No variable and no build argument has a secret's name and a value, or a value in the "
    "form of a key or token. Values stay on the host, so where only the name tells it the severity "
    "is medium: the value may be a placeholder. Empty ones, references and paths are none. What a "
    "build step's own script sets is for a person to judge, as it may come from a secret of the "
    "build. Files in layers are not looked at, nor variables that a later step set anew.",
    references=frameworks.cis("4.10") + frameworks.SECRETS,
    profiles=LEVEL_1,
)
def secrets(image: Image, settings: Settings) -> Outcomes:
    steps = _shared.steps_of(image)
    found: dict[str, tuple[Secret, Evidence]] = {}
    scripts: dict[str, Evidence] = {}
    for secret in secrets_in(image.seen.config.env):
        found.setdefault(secret.name, (secret, image.said("Config.Env", f"{secret.name}=***")))
    # What ENV set is in Config.Env, and there it is known whether it is empty.
    for step in () if isinstance(steps, Unread) else steps:
        given, script = _shared.arguments(step)
        if step.name != "ENV":
            for secret in secrets_in((), given):
                found.setdefault(secret.name, (secret, _shared.cited(image, step)))
            for secret in secrets_in((), script):
                scripts.setdefault(secret.name, _shared.cited(image, step))
    for name, (secret, evidence) in found.items():
        kind = f" ({secret.kind})" if secret.certain else ""
        message = f"{image.resource} has a secret in {name}{kind}"
        severity = None if secret.certain else Severity.MEDIUM
        yield Finding(f"{image.resource} {name}", message, (evidence,), severity)
    for name, evidence in scripts.items():
        if name not in found:
            message = f"a build step of {image.resource} sets {name}: look up where it comes from"
            yield Manual(f"{image.resource} {name}", message, (evidence,))
    if isinstance(steps, Unread):
        yield steps
