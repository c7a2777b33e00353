"""What a bundle that is redacted says of an inventory."""

import msgspec

from dockeraudit.bundle.names import Names
from dockeraudit.bundle.redaction import KINDS, WITHHELD_LABEL, Redactor
from dockeraudit.host import Host
from dockeraudit.scan import Plan, report_host
from tests import build
from tests.reports.scans import SCANS


def test_labels_are_withheld_and_names_replaced() -> None:
    host = report_host(Host(build.facts(target="web7.corp.example")), Plan(checks=()))
    again = msgspec.structs.replace(
        host,
        target="ops@web7.corp.example",
        groups=("of-web7",),
        labels={"owner": "Mallory"},
        same_as="web7.corp.example",
    )
    report = msgspec.structs.replace(SCANS["clean"](), hosts=(host, again))
    names = Names(frozenset())
    names.report(report)
    names.walk(msgspec.to_builtins(report))
    done = Redactor(b"a key", KINDS, names, verbatim=frozenset()).report(report)
    one, other = done.hosts
    assert other.same_as == one.target
    assert other.labels == {"owner": WITHHELD_LABEL}
    for original in ("web7", "corp.example", "Mallory"):
        assert original not in msgspec.json.encode(done.hosts).decode()
