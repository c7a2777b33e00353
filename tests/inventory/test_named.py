"""Hosts that a source calls by a name, and what a redacted report says of an inventory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockeraudit.inventory import form
from dockeraudit.targets import Target, TargetError, reached


@pytest.mark.parametrize(
    ("given", "spec"),
    [
        (("web1", "192.0.2.1", "ops", 2222), "web1"),
        (("web1", "2001:db8::1"), "web1"),
        (("local", "192.0.2.1"), "ssh://192.0.2.1"),
        (("a.facts.json", "web1", "ops", 22), "ssh://ops@web1:22"),
        (("docker://x", "2001:db8::1", None, 22), "ssh://[2001:db8::1]:22"),
        (("my host", "web1"), "ssh://web1"),
        (("ops@web1", "web1"), "ssh://web1"),
    ],
)
def test_a_host_goes_by_its_name_where_that_means_nothing_else(
    given: tuple[str, str, str | None, int | None], spec: str
) -> None:
    found = reached(*given)
    assert (found.spec, found.kind, found.host) == (spec, "ssh", given[1])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("web1", "-oProxyCommand=id"), "begins with -"),
        (("web1", "$(id)"), "holds '\\$'"),
        (("web1", ""), "no host in"),
        (("web1", "web1", "a b"), "the user in"),
        (("web1", "web1", None, 0), "the port 0 of 'web1'"),
        (("web1", "web1", None, 65536), "the port 65536 of 'web1'"),
    ],
)
def test_what_ssh_would_take_for_something_else_is_refused(
    given: tuple[str, str, str | None, int | None], said: str
) -> None:
    with pytest.raises(TargetError, match=said):
        reached(*given)


@given(st.text(), st.text(), st.none() | st.text(), st.none() | st.integers())
def test_any_name_is_a_target_or_refused(
    name: str, host: str, user: str | None, port: int | None
) -> None:
    try:
        found = reached(name, host, user, port)
    except TargetError as error:
        text = str(error)
        assert "\n" not in text
        return
    assert isinstance(found, Target)
    assert not found.host.startswith("-")
    assert found.spec.isprintable()


@given(st.text())
def test_any_text_has_a_form(text: str) -> None:
    assert form("hosts", text) in ("plain", "ansible", "csv", "json")
