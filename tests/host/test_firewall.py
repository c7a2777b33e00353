"""What a host's packet filters let in from anywhere, by rules as real tools print them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockeraudit.facts import Filters, Interface, Unread
from dockeraudit.host.firewall import admits, outer_interfaces, policy_of, rules_of

UFW = """\
*filter
:INPUT DROP
:FORWARD DROP
:ufw6-before-input -
:ufw6-user-input -
:ufw6-skip -
:ufw6-logging-deny -
-A INPUT -j ufw6-before-input
-A ufw6-before-input -m rt --rt-type 0 -j DROP
-A ufw6-before-input -i lo -j ACCEPT
-A ufw6-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ufw6-before-input -m conntrack --ctstate INVALID -j ufw6-logging-deny
-A ufw6-before-input -m conntrack --ctstate INVALID -j DROP
-A ufw6-before-input -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j ACCEPT
-A ufw6-before-input -d ff02::fb/128 -p udp -m udp --dport 5353 -j ACCEPT
-A ufw6-before-input -j ufw6-user-input
-A ufw6-logging-deny -m limit --limit 3/min -j LOG --log-prefix "[UFW BLOCK] "
-A ufw6-user-input -p tcp -m tcp --dport 22 -j ACCEPT
-A ufw6-user-input -s 2001:db8::/32 -p tcp -m tcp --dport 2376 -j ACCEPT
-A ufw6-user-input -p tcp -m multiport --dports 8000:8080,9000 -j ACCEPT
COMMIT
"""
NFT = """\
table inet filter {
	set trusted {
		type ipv4_addr
		elements = { 192.0.2.1 }
	}

	chain input {
		type filter hook input priority filter; policy drop;
		ct state vmap { established : accept, related : accept, invalid : drop }
		iifname "lo" accept
		meta l4proto { icmp, ipv6-icmp } accept
		ip saddr @trusted tcp dport 2375 accept
		tcp dport { 22, 8000-8080 } counter accept comment "web"
		tcp dport 2376 jump clients
		log prefix "dropped: " drop
	}

	chain clients {
		ip6 saddr 2001:db8::/32 accept
		return
	}

	chain forward {
		type filter hook forward priority filter; policy accept;
	}
}
"""
OUTER = ("eth0",)


def saved(text: str) -> Filters:
    return Filters((), tuple(text.splitlines()), ())


def nft(text: str) -> Filters:
    return Filters((), (), tuple(text.splitlines()))


def rules(*lines: str, policy: str = "ACCEPT") -> Filters:
    return saved("\n".join(("*filter", f":INPUT {policy}", ":own -", *lines, "COMMIT")))


def chain(*lines: str, policy: str = "accept") -> Filters:
    hook = f"type filter hook input priority filter; policy {policy};"
    return nft("\n".join(("table inet x {", "chain in {", hook, *lines, "}", "}")))


@pytest.mark.parametrize(
    ("port", "expected"), [(22, True), (2375, False), (2376, False), (8005, True), (9000, True)]
)
def test_ufw(port: int, expected: bool) -> None:
    assert admits(saved(UFW), "ip6", port, OUTER) is expected
    assert admits(saved(UFW), "ip", port, OUTER) is True, "IPv4 has no rules here"


@pytest.mark.parametrize(
    ("family", "port", "expected"),
    [("ip6", 22, True), ("ip6", 2375, False), ("ip6", 2376, False), ("ip", 8001, True)],
)
def test_nft(family: str, port: int, expected: bool) -> None:
    assert admits(nft(NFT), family, port, OUTER) is expected  # type: ignore[arg-type]


def test_an_address_of_a_set_may_be_anybody_s() -> None:
    assert isinstance(admits(nft(NFT), "ip", 2375, OUTER), Unread)


CASES = [
    ("no rules", rules(), True),
    ("policy", rules(policy="DROP"), False),
    ("as iptables -S", saved("-P INPUT DROP\n-A INPUT -p tcp --dport 2375 -j ACCEPT"), True),
    ("the nat table is another", saved("*nat\n:INPUT ACCEPT\n-A INPUT -j DROP\nCOMMIT"), True),
    ("drop", rules("-A INPUT -p tcp -m tcp --dport 2375 -j DROP"), False),
    ("reject", rules("-A INPUT -p tcp --dport 2375 -j REJECT --reject-with tcp-reset"), False),
    ("another port", rules("-A INPUT -p tcp --dport 2376 -j DROP"), True),
    ("another protocol", rules("-A INPUT -p udp --dport 2375 -j DROP"), True),
    ("accepted first", rules("-A INPUT -p tcp --dport 2375 -j ACCEPT", "-A INPUT -j DROP"), True),
    ("all but clients", rules("-A INPUT -p tcp ! -s 2001:db8::/32 --dport 2375 -j DROP"), False),
    ("clients only", rules("-A INPUT -s 2001:db8::/32 -j ACCEPT", policy="DROP"), False),
    ("one client", rules("-A INPUT -s 2001:db8::1/128 -j DROP"), True),
    ("new", rules("-A INPUT -m state --state NEW -j ACCEPT", policy="DROP"), True),
    ("lo", rules("-A INPUT -i lo -j ACCEPT", policy="DROP"), False),
    ("all but lo", rules("-A INPUT ! -i lo -j DROP"), False),
    ("the way in", rules("-A INPUT -i eth0 -j ACCEPT", policy="DROP"), True),
    ("the ways in", rules("-A INPUT -i eth+ -j DROP"), False),
    ("a bridge", rules("-A INPUT -i docker0 -j ACCEPT", policy="DROP"), False),
    ("jump", rules("-A INPUT -j own", "-A own -p tcp --dport 2375 -j DROP"), False),
    ("return", rules("-A INPUT -j own", "-A own -j RETURN", "-A own -j DROP"), True),
    ("goto", rules("-A INPUT -g own", "-A INPUT -j DROP"), True),
    ("log goes on", rules("-A INPUT -j LOG", "-A INPUT -j DROP"), False),
    ("SYN", rules("-A INPUT -p tcp --tcp-flags FIN,SYN,RST,ACK SYN -j DROP"), False),
    ("negated ports", rules("-A INPUT -p tcp -m multiport ! --dports 22,80 -j DROP"), False),
    ("nft: policy", chain(policy="drop"), False),
    ("nft: reject", chain("tcp dport 2375 reject with tcp reset"), False),
    ("nft: all but lo", chain('iifname != "lo" drop'), False),
    ("nft: another family", chain("meta nfproto ipv4 drop"), True),
    ("nft: icmp", chain("icmpv6 type { echo-request } accept", policy="drop"), False),
    ("nft: the table of IPv4",
     nft("table ip x {\nchain in {\ntype filter hook input priority 0; policy drop;\n}\n}"), True),
    ("nft: a chain of forward",
     nft("table inet x {\nchain f {\ntype filter hook forward priority 0; policy drop;\n}\n}"),
     True),
]  # fmt: skip


@pytest.mark.parametrize(("filters", "expected"), [pytest.param(*c[1:], id=c[0]) for c in CASES])
def test_rules(filters: Filters, expected: bool) -> None:
    assert admits(filters, "ip6", 2375, OUTER) is expected


UNKNOWN = [
    ("a limit", rules("-A INPUT -m limit --limit 3/min -j ACCEPT", policy="DROP")),
    ("a set", rules("-A INPUT -m set --match-set bad src -j DROP")),
    ("another target", rules("-A INPUT -j NFQUEUE --queue-num 1")),
    ("a service by name", rules("-A INPUT -p tcp --dport docker -j DROP")),
    ("a loop", rules("-A INPUT -j own", "-A own -j own")),
    ("nft: a verdict map", chain("tcp dport vmap { 22 : accept, 2375 : drop }")),
    ("nft: something new", chain("meta mark 7 accept", policy="drop")),
    ("unread", Filters((), Unread("denied"), ())),
    ("nft unread", Filters((), (), Unread("nft is missing"))),
    ("not looked at", Unread("not looked at")),
]


@pytest.mark.parametrize("filters", [pytest.param(case[1], id=case[0]) for case in UNKNOWN])
def test_what_is_not_understood_is_unread(filters: Filters | Unread) -> None:
    assert isinstance(admits(filters, "ip6", 2375, OUTER), Unread)


def test_one_filter_that_drops_is_enough() -> None:
    dropped = rules(policy="DROP")
    assert admits(Filters((), dropped.ip6tables, Unread("no nft")), "ip6", 2375, OUTER) is False


def test_one_of_several_interfaces_is_not_all() -> None:
    filters = rules("-A INPUT -i eth0 -j DROP")
    assert isinstance(admits(filters, "ip6", 2375, ("eth0", "eth1")), Unread)
    assert admits(filters, "ip6", 2375, ("eth1",)) is True


def test_interfaces_of_containers_lead_nowhere() -> None:
    names = ("lo", "eth0", "docker0", "br-1f2e", "veth9@if2", "wg0", "eth0")
    seen = tuple(Interface(name, "192.0.2.1/24") for name in names)
    assert outer_interfaces(seen) == ("eth0", "wg0")


def test_policies_and_rules_as_printed() -> None:
    lines = tuple(UFW.splitlines())
    assert policy_of(lines, "FORWARD") == "DROP"
    assert policy_of(lines, "OUTPUT") == ""
    assert rules_of(lines, "INPUT") == ("-A INPUT -j ufw6-before-input",)


TEXT = """-A INPUT -j own ! -p tcp --dport 1:2 -m -i eth0 ACCEPT RETURN { } ct state vmap accept
jump drop table chain type filter hook input " ' -s 1/2 \\"""
WORDS = st.sampled_from(TEXT.split())


@given(st.lists(st.lists(WORDS, max_size=8).map(" ".join) | st.text(max_size=40), max_size=8))
def test_nothing_raises(lines: list[str]) -> None:
    filters = Filters(tuple(lines), ("*filter", ":own -", *lines), tuple(lines))
    assert isinstance(admits(filters, "ip6", 2375, OUTER), bool | Unread)
    base = ("table inet x {", "chain INPUT {", "type filter hook input priority 0;", *lines)
    assert isinstance(admits(Filters((), (), base), "ip6", 1, ()), bool | Unread)
