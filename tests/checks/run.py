"""Runs one check as the judge does."""

from dockeraudit.host import Engine, Host
from dockeraudit.judge import judge
from dockeraudit.plugins import checks
from dockeraudit.report import Result
from dockeraudit.settings import Settings
from tests.build import SETTINGS, facts
from tests.sentences import english


def verdict(id: str, subject: Engine | Host, settings: Settings = SETTINGS) -> Result:
    """The result of one check on a host, or on a host with this one engine."""
    host = subject if isinstance(subject, Host) else Host(facts(), (subject,))
    result = judge(host, (checks()[id],), settings)[0]
    assert not list(english(result))
    return result
