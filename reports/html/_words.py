"""What the page's script says, in one place; `{}` is a number or a name."""

from typing import Any

from dockeraudit.language import forms, gettext, marked, ngettext

from .. import _view  # noqa: TID252 - the installed name of this package is another

WORDS: dict[str, str | tuple[str, str]] = {
    "address": marked("Address"),
    "api": marked("API"),
    "back": marked("Back to the report"),
    "by": marked("by"),
    "certificates": marked("Certificates"),
    "check": marked("Check"),
    "clean": marked("Nothing wrong was found."),
    "clean-waived": marked("Nothing wrong was found beside what is waived."),
    "copied": marked("Copied"),
    "copy": marked("Copy"),
    "copy-commands": marked("Copy the commands"),
    "copy-failed": marked("Selected: copy it with the keyboard"),
    "copy-link": marked("Copy the link to this finding"),
    "decide": marked("Decide"),
    "ends": marked("Ends"),
    "engine": marked("Engine"),
    "engines": marked("Engines"),
    "evidence": marked("Evidence"),
    "fail": marked("failed"),
    "failed-checks": forms("{} failed check", "{} failed checks"),
    "fingerprint": marked("Fingerprint"),
    "fix": marked("Fix"),
    "gap": marked("Evidence was missing. These may be right or wrong: not assessed is not clean."),
    "groups": marked("Groups"),
    "helps": marked("What helps: {}"),
    "host": marked("Host"),
    "hosts": forms("{} host", "{} hosts"),
    "hosts-shown": forms("{} of {} hosts", "{} of {} hosts"),
    "in": marked("in {}"),
    "labels": marked("Labels"),
    "left-out": forms(
        "The findings of {} host are not printed here: open its page and print that.",
        "The findings of {} hosts are not printed here: open their pages and print those.",
    ),
    "listeners": marked("Listeners, by three witnesses"),
    "manual": marked("to decide"),
    "manual-checks": forms("{} matter for a person to decide", "{} matters for a person to decide"),
    "more": marked("Show {} more"),
    "name": marked("Name"),
    "next-start": marked("Next start"),
    "no-engine": marked("No Docker engine was found on this host."),
    "none-fit": marked("Nothing fits."),
    "not-applicable": marked("not applicable"),
    "not-applicable-checks": forms("{} check not applicable", "{} checks not applicable"),
    "not-found": marked("Nothing in this report has this address"),
    "not-found-text": marked(
        "The report that the link was made for may be an older or a newer one."
    ),
    "not-known": marked("not known"),
    "not-seen": marked("not seen"),
    "observed": marked("Seen on the socket"),
    "opened": marked("The finding is in this report: {}"),
    "part": marked("Not everything could be read."),
    "partial": marked("scanned in part"),
    "pass": marked("passed"),
    "passed-checks": forms("{} check passed", "{} checks passed"),
    "path": marked("Certificate"),
    "reach": marked("Reach"),
    "repeated": marked("named once more"),
    "resource": marked("Resource"),
    "root": marked("root"),
    "rootless": marked("a user (rootless)"),
    "rules": marked("Rules"),
    "runs-as": marked("Runs as"),
    "same-host": marked("The same host as {}, which has its results."),
    "scanned": marked("scanned"),
    "seen": marked("Seen"),
    "severity": marked("Severity"),
    "shown": forms("{} result fits.", "{} results fit."),
    "started-by": marked("Started by"),
    "subject": marked("Subject"),
    "system": marked("System"),
    "this-start": marked("This start"),
    "unknown": marked("not assessed"),
    "unknown-checks": forms("{} check not assessed", "{} checks not assessed"),
    "unreachable": marked("not reached"),
    "unreachable-text": marked("Nothing is known of this host."),
    "version": marked("Version"),
    "waived": marked("waived"),
    "waived-checks": forms("{} failed check waived", "{} failed checks waived"),
    "waived-until": marked("Waived until {}"),
    "whose": marked("Whose"),
    "why": marked("Why"),
}


def words() -> dict[str, Any]:
    """All of it in the language that is spoken, and the names that the script looks up."""
    return {
        **{key: _spoken(text) for key, text in WORDS.items()},
        "severities": list(_view.RANK),
        "severity-names": [_view.severity(name) for name in _view.RANK],
        "reaches": {name: gettext(text) for name, text in _view.REACHES.items()},
        "roles": {name: gettext(text) for name, text in _view.ROLES.items()},
    }


def _spoken(text: str | tuple[str, str]) -> str | list[str]:
    """A text, or its two forms: for one, and for any other number."""
    if isinstance(text, str):
        return gettext(text)
    return [ngettext(*text, 1), ngettext(*text, 2)]
