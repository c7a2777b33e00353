"""A certificate is close to its end."""

from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.host import Host
from dockeraudit.settings import Settings
from dockeraudit.words import days

from . import _shared


@check(
    id="certificate-expires-soon",
    title="A certificate expires soon",
    severity=Severity.MEDIUM,
    over=Host,
    rationale="dockerd reads its certificates only when it starts, so a renewal needs a restart,"
    " and that needs an appointment: the warning has to come earlier than for a web server.",
    remediation=_shared.RENEW_SERVER + "\nFor a CA or a client's certificate make that one anew.",
    quiet="What has expired already is certificate-expired's. High with 7 days left or less, medium"
    " with 30, low with 60, or as the settings say. A swarm renews its own node certificates.",
    references=_shared.REFERENCES,
)
def expires_soon(host: Host, settings: Settings) -> Outcomes:
    found, gaps = _shared.certificates(host, _shared.IN_USE)
    yield from gaps
    for held in found:
        end = held.certificate.not_after
        severity = _severity((end - settings.now) / _shared.DAY, settings.certificate_days)
        if end < settings.now or severity is None:
            continue
        left = (end - settings.now) // _shared.DAY
        yield Finding(
            held.resource,
            f"{held.resource} expires on {_shared.day(end)}, in {days(left)}",
            (_shared.cited(held, f"notAfter {_shared.moment(end)}"), *_shared.skew(host)),
            severity,
        )


def _severity(days: float, limits: tuple[int, int, int]) -> Severity | None:
    for limit, severity in zip(limits, (Severity.HIGH, Severity.MEDIUM, Severity.LOW), strict=True):
        if days <= limit:
            return severity
    return None
