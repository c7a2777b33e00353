"""The certificate family: a table for each check, of what it finds and what it does not."""

from typing import Any

import msgspec
import pytest

from dockeraudit.effective.model import Origin, Setting
from dockeraudit.facts import (
    Absent,
    Account,
    ApiFacts,
    Document,
    Interface,
    Key,
    Privilege,
    Unread,
)
from dockeraudit.host import Host
from tests.build import NOW, SETTINGS, directory, engine, facts, file, host, listener
from tests.build_certificates import (
    ANY,
    BOTH,
    CA,
    CA_PATH,
    CERT_PATH,
    CLIENT,
    CLIENT_AUTH,
    KEY_PATH,
    ONE,
    OTHER_CA,
    SERVER,
    SERVER_AUTH,
    client,
    issue,
    key,
    key_of,
    outcome,
    pem,
    rsa_key,
    server,
    signed_over,
    tls,
    tls_engine,
    tls_host,
    wire,
)
from tests.checks.run import verdict

ALICE = Account("alice", 1000, 1000, "/home/alice")
BOB = Account("bob", 1001, 1001, "/home/bob")
PEOPLE = (Account("root", 0, 0, "/root"), ALICE, BOB)
ALICES = "/home/alice/.docker"
BOBS = "/home/bob/.docker"

UNREAD = Unread(f"{CERT_PATH}: permission denied")
BLIND = tls_host(cert=UNREAD)
CA_BLIND = tls_host(ca=Unread(f"{CA_PATH}: permission denied"))
SOUND = tls_host()
NO_TLS = host()
NO_ENGINE = Host(facts(), ())
BROKEN = tls_host(
    cert=("-----BEGIN CERTIFICATE-----\nMIIBdummy=\n-----END CERTIFICATE-----\n",),
    key=key_of(SERVER),
)
SELF_SIGNED = issue("host1", san=("host1",), usages=SERVER_AUTH)
INTERMEDIATE = issue("intermediate", CA, ca=True, signs=True, days=(-15, 900))
BELOW = server(by=INTERMEDIATE)
REMADE = issue("own CA", ca=True, signs=True, private=key("remade"), days=(-1, 900))


def client_host(*issued: Any, folder: str = ALICES, **changes: Any) -> Host:
    """Alice's client files beside a sound daemon."""
    more = {f"{folder}/cert.pem": issued, **changes.pop("more", {})}
    return tls_host(more=more, accounts=PEOPLE, **changes)


Case = tuple[str, str, Host, str, list[str]]

KEYS: list[Case] = [
    ("key-size", "P-256", SOUND, "pass", []),
    ("key-size", "RSA 2048", tls_host(cert=server(private=rsa_key(2048))), "pass", []),
    ("key-size", "RSA 3072", tls_host(cert=server(private=rsa_key(3072))), "pass", []),
    ("key-size", "Ed25519", tls_host(cert=server(private=key("ed", "ed25519"))), "pass", []),
    ("key-size", "P-384", tls_host(cert=server(private=key("p", "p384"))), "pass", []),
    ("key-size", "RSA 1024", tls_host(cert=server(private=rsa_key(1024))), "fail", [CERT_PATH]),
    ("key-size", "P-224", tls_host(cert=server(private=key("p", "p224"))), "fail", [CERT_PATH]),
    ("key-size", "k1", tls_host(cert=server(private=key("k", "k256"))), "fail", [CERT_PATH]),
    ("key-size", "Ed448", tls_host(cert=server(private=key("e", "ed448"))), "fail", [CERT_PATH]),
    ("key-size", "DSA", tls_host(cert=server(private=key("d", "dsa"))), "fail", [CERT_PATH]),
    (
        "key-size",
        "the second CA of a file",
        tls_host(ca=(CA, issue("weak CA", ca=True, private=rsa_key(1024)))),
        "fail",
        [f"{CA_PATH}#2"],
    ),
    (
        "key-size",
        "a client's",
        client_host(client(private=rsa_key(1024))),
        "fail",
        [f"{ALICES}/cert.pem"],
    ),
    ("key-size", "unread", BLIND, "unknown", []),
    ("key-size", "broken", BROKEN, "unknown", []),
    ("key-size", "no TLS", NO_TLS, "not-applicable", []),
    ("key-size", "settings unread", host(engine(ONE, running=Unread("x"))), "unknown", []),
    (
        "key-size",
        "settings unread, but plain",
        host(engine(listener("[::]:2375"), running=Unread("x"))),
        "not-applicable",
        [],
    ),
    ("key-size", "no engine", NO_ENGINE, "not-applicable", []),
    ("key-size", "no /proc", Host(facts(processes=Unread("no /proc")), ()), "unknown", []),
    (
        "key-size",
        "one is set up, others may run",
        tls_host(engine(process=None, configured=outcome()), processes=Unread("no /proc")),
        "unknown",
        [],
    ),
    ("key-match", "belongs", SOUND, "pass", []),
    ("key-match", "another's", tls_host(key=key_of(CLIENT)), "fail", [KEY_PATH]),
    ("key-match", "key unread", tls_host(key=Unread("permission denied")), "unknown", []),
    ("key-match", "encrypted", tls_host(key=key_of(SERVER, encrypted=True)), "unknown", []),
    ("key-match", "certificate unread", BLIND, "unknown", []),
    ("key-match", "no key in the file", tls_host(key=pem()), "unknown", []),
    ("key-match", "gone", tls_host(key=Absent()), "unknown", []),
    (
        "key-match",
        "replaced under a running daemon",
        tls_host(
            engine(ONE, running=Unread("x"), configured=outcome(starts=False)),
            key=key_of(CLIENT),
        ),
        "fail",
        [KEY_PATH],
    ),
    ("key-match", "no TLS", NO_TLS, "not-applicable", []),
    ("key-encrypted-daemon", "plain", SOUND, "pass", []),
    (
        "key-encrypted-daemon",
        "passphrase",
        tls_host(key=key_of(SERVER, encrypted=True)),
        "fail",
        [KEY_PATH],
    ),
    ("key-encrypted-daemon", "unread", tls_host(key=Unread("permission denied")), "unknown", []),
    ("key-encrypted-daemon", "no TLS", NO_TLS, "not-applicable", []),
    ("ca-key-on-host", "none", SOUND, "pass", []),
    (
        "ca-key-on-host",
        "beside the server's",
        tls_host(more={"/etc/docker/tls/anything.pem": key_of(CA)}),
        "fail",
        ["/etc/docker/tls/anything.pem"],
    ),
    (
        "ca-key-on-host",
        "another CA's, with a telling name",
        tls_host(more={"/etc/docker/tls/ca-key.pem": key_of(OTHER_CA)}),
        "pass",
        [],
    ),
    (
        "ca-key-on-host",
        "encrypted, beside the CA",
        tls_host(more={"/etc/docker/tls/ca-key.pem": key_of(CA, encrypted=True)}),
        "unknown",
        [],
    ),
    (
        "ca-key-on-host",
        "encrypted, elsewhere",
        tls_host(more={"/etc/ssl/private/web.key": key_of(CA, encrypted=True)}),
        "pass",
        [],
    ),
    (
        "ca-key-on-host",
        "may not be read",
        tls_host(more={"/etc/ssl/private/web.key": Unread("permission denied")}),
        "unknown",
        [],
    ),
    ("ca-key-on-host", "CA unread", CA_BLIND, "unknown", []),
    (
        "ca-key-on-host",
        "folders can't be looked through",
        tls_host(privilege=Privilege(1000, "alice", "none")),
        "unknown",
        [],
    ),
    ("ca-key-on-host", "no TLS", NO_TLS, "not-applicable", []),
    (
        "ca-key-on-host",
        "self-signed server that clients pin",
        client_host(CLIENT, cert=SELF_SIGNED, more={f"{ALICES}/ca.pem": SELF_SIGNED}),
        "pass",
        [],
    ),
    ("ca-key-unencrypted", "none", SOUND, "not-applicable", []),
    (
        "ca-key-unencrypted",
        "plain",
        tls_host(more={"/root/ca.key": key_of(CA)}),
        "fail",
        ["/root/ca.key"],
    ),
    (
        "ca-key-unencrypted",
        "encrypted",
        tls_host(more={"/root/ca.key": key_of(CA, encrypted=True)}),
        "pass",
        [],
    ),
    ("ca-key-unencrypted", "unread", CA_BLIND, "unknown", []),
    (
        "client-key-on-daemon-host",
        "alice's",
        client_host(CLIENT, more={f"{ALICES}/key.pem": key_of(CLIENT)}),
        "fail",
        [f"{ALICES}/key.pem"],
    ),
    (
        "client-key-on-daemon-host",
        "for another CA's daemons",
        client_host(client(by=OTHER_CA), more={f"{ALICES}/key.pem": key_of(CLIENT)}),
        "pass",
        [],
    ),
    (
        "client-key-on-daemon-host",
        "the certificate beside it is unread",
        client_host(
            more={
                f"{ALICES}/cert.pem": Unread("permission denied"),
                f"{ALICES}/key.pem": key_of(CLIENT),
            }
        ),
        "unknown",
        [],
    ),
    (
        "client-key-on-daemon-host",
        "no key of a client, a certificate unread",
        client_host(more={f"{ALICES}/cert.pem": Unread("permission denied")}),
        "not-applicable",
        [],
    ),
    ("client-key-on-daemon-host", "none", SOUND, "not-applicable", []),
    ("client-key-on-daemon-host", "no TLS", NO_TLS, "not-applicable", []),
    (
        "client-key-on-daemon-host",
        "home can't be searched",
        tls_host(accounts=PEOPLE, modes={"/home/bob/.docker": Unread("permission denied")}),
        "unknown",
        [],
    ),
]

DATES: list[Case] = [
    ("expired", "in time", SOUND, "pass", []),
    ("expired", "server", tls_host(cert=server(days=(-99, -1))), "fail", [CERT_PATH]),
    ("expired", "by a second", tls_host(cert=server(days=(-9, -1 / 86400))), "fail", [CERT_PATH]),
    ("expired", "in its last second", tls_host(cert=server(days=(-9, 0))), "pass", []),
    ("expired", "CA", tls_host(ca=issue("CA", ca=True, days=(-9, -1))), "fail", [CA_PATH]),
    (
        "expired",
        "intermediate in the server's file",
        tls_host(cert=(BELOW, issue("intermediate", CA, ca=True, days=(-9, -1)))),
        "fail",
        [f"{CERT_PATH}#2"],
    ),
    ("expired", "client", client_host(client(days=(-9, -1))), "fail", [f"{ALICES}/cert.pem"]),
    (
        "expired",
        "a registry's",
        tls_host(more={"/etc/docker/certs.d/r:5000/c.cert": client(days=(-9, -1))}),
        "fail",
        ["/etc/docker/certs.d/r:5000/c.cert"],
    ),
    ("expired", "unread", BLIND, "unknown", []),
    ("expired", "gone", tls_host(cert=Absent()), "unknown", []),
    ("expired", "no TLS", NO_TLS, "not-applicable", []),
    (
        "expired",
        "renewed in the file, not on the wire",
        tls_host(wires=(wire(server(days=(-99, -1))),)),
        "fail",
        ["192.0.2.10:2376 (served)"],
    ),
    (
        "expired",
        "unread, but seen on the wire",
        tls_host(cert=UNREAD, wires=(wire(SERVER),)),
        "pass",
        [],
    ),
    ("expires-soon", "300 days", SOUND, "pass", []),
    ("expires-soon", "5 days", tls_host(cert=server(days=(-9, 5))), "fail", [CERT_PATH]),
    ("expires-soon", "expired", tls_host(cert=server(days=(-9, -1))), "pass", []),
    ("expires-soon", "unread", BLIND, "unknown", []),
    ("expires-soon", "no TLS", NO_TLS, "not-applicable", []),
    ("not-yet-valid", "valid", SOUND, "pass", []),
    ("not-yet-valid", "tomorrow", tls_host(cert=server(days=(1, 9))), "fail", [CERT_PATH]),
    ("not-yet-valid", "in a minute", tls_host(cert=server(days=(60 / 86400, 9))), "pass", []),
    ("not-yet-valid", "unread", BLIND, "unknown", []),
    ("not-yet-valid", "no TLS", NO_TLS, "not-applicable", []),
    ("validity-period", "310 days", SOUND, "pass", []),
    ("validity-period", "825 days", tls_host(cert=server(days=(0, 825))), "pass", []),
    ("validity-period", "900 days", tls_host(cert=server(days=(0, 900))), "fail", [CERT_PATH]),
    (
        "validity-period",
        "CA of 10000 days",
        tls_host(ca=issue("CA", ca=True, days=(0, 10000))),
        "fail",
        [CA_PATH],
    ),
    (
        "validity-period",
        "one certificate as server and CA",
        tls_host(
            tls_engine(settings=tls(ca=CERT_PATH)),
            cert=issue("host1", days=(0, 3000), san=("host1",)),
        ),
        "fail",
        [CERT_PATH],
    ),
    (
        "validity-period",
        "public CAs",
        tls_host(ca=[issue(f"CA {n}", ca=True, days=(0, 9999)) for n in range(9)]),
        "pass",
        [],
    ),
    ("validity-period", "unread", BLIND, "unknown", []),
    ("validity-period", "no TLS", NO_TLS, "not-applicable", []),
    ("leaf-outlives-ca", "within", SOUND, "pass", []),
    (
        "leaf-outlives-ca",
        "by a month",
        tls_host(cert=server(days=(0, 1530))),
        "fail",
        [CERT_PATH],
    ),
    ("leaf-outlives-ca", "by an hour", tls_host(cert=server(days=(0, 1500.04))), "pass", []),
    ("leaf-outlives-ca", "CA unknown", tls_host(cert=server(by=OTHER_CA)), "unknown", []),
    ("leaf-outlives-ca", "self-signed", tls_host(cert=SELF_SIGNED), "pass", []),
    ("leaf-outlives-ca", "unread", BLIND, "unknown", []),
    ("leaf-outlives-ca", "no TLS", NO_TLS, "not-applicable", []),
]

BARE = server(san=())
ALL = listener("[::]:2376", "MTLS")
LOCAL = listener("127.0.0.1:2376", "MTLS", "LOOPBACK")


def named(*san: str, at: Any = ONE, **changes: Any) -> Host:
    """A server certificate with these names, served at an address."""
    return tls_host(tls_engine(at), cert=server(san=san), **changes)


NAMES: list[Case] = [
    ("san-missing", "named", SOUND, "pass", []),
    ("san-missing", "common name only", tls_host(cert=BARE), "fail", [CERT_PATH]),
    ("san-missing", "unread", BLIND, "unknown", []),
    ("san-missing", "no TLS", NO_TLS, "not-applicable", []),
    ("san-mismatch", "name and address", SOUND, "pass", []),
    ("san-mismatch", "address", named("192.0.2.10"), "pass", []),
    ("san-mismatch", "host name", named("host1"), "pass", []),
    ("san-mismatch", "full name, short host name", named("host1.example.com"), "pass", []),
    (
        "san-mismatch",
        "name of /etc/hosts",
        named("api.example.com", names={"api.example.com": ("192.0.2.10",)}),
        "pass",
        [],
    ),
    (
        "san-mismatch",
        "the name that the user called",
        named("web.example.com", target="ssh://root@web.example.com:22"),
        "pass",
        [],
    ),
    (
        "san-mismatch",
        "wildcard of one label",
        named("*.example.com", target="root@web.example.com"),
        "pass",
        [],
    ),
    (
        "san-mismatch",
        "wildcard of two labels",
        named("*.example.com", target="root@a.web.example.com"),
        "unknown",
        [],
    ),
    ("san-mismatch", "another address", named("192.0.2.99"), "fail", [CERT_PATH]),
    ("san-mismatch", "localhost only", named("localhost", "127.0.0.1"), "fail", [CERT_PATH]),
    ("san-mismatch", "0.0.0.0", named("0.0.0.0", at=ALL), "fail", [CERT_PATH]),
    ("san-mismatch", "address as a DNS name", named("DNS:192.0.2.10"), "fail", [CERT_PATH]),
    ("san-mismatch", "a name nobody knows", named("docker.example.com"), "unknown", []),
    ("san-mismatch", "everywhere, own address", named("192.0.2.10", at=ALL), "pass", []),
    ("san-mismatch", "everywhere, bridge", named("172.17.0.1", at=ALL), "fail", [CERT_PATH]),
    ("san-mismatch", "loopback", named("localhost", at=LOCAL), "pass", []),
    ("san-mismatch", "loopback address", named("127.0.0.1", at=LOCAL), "pass", []),
    (
        "san-mismatch",
        "IPv6 in another spelling",
        named("2001:db8::1", at=listener("[2001:db8:0::1]:2376", "MTLS", "ADDR")),
        "pass",
        [],
    ),
    (
        "san-mismatch",
        "everywhere, interfaces unread",
        named("192.0.2.10", at=ALL, interfaces=Unread("no ip")),
        "unknown",
        [],
    ),
    (
        "san-mismatch",
        "IPv6 interface",
        named("2001:db8::7", at=ALL, interfaces=(Interface("eth0", "2001:db8::7/64"),)),
        "pass",
        [],
    ),
    ("san-mismatch", "no name at all", tls_host(cert=BARE), "not-applicable", []),
    ("san-mismatch", "unread", BLIND, "unknown", []),
    ("san-mismatch", "no TLS", NO_TLS, "not-applicable", []),
]

BOTH_WAYS = server(usages=BOTH)
USAGES: list[Case] = [
    ("server-eku", "serverAuth", SOUND, "pass", []),
    ("server-eku", "absent", tls_host(cert=server(usages=None)), "fail", [CERT_PATH]),
    ("server-eku", "clientAuth", tls_host(cert=server(usages=CLIENT_AUTH)), "fail", [CERT_PATH]),
    ("server-eku", "any", tls_host(cert=server(usages=ANY)), "pass", []),
    ("server-eku", "unread", BLIND, "unknown", []),
    ("server-eku", "no TLS", NO_TLS, "not-applicable", []),
    ("client-eku", "clientAuth", client_host(CLIENT), "pass", []),
    ("client-eku", "none here", SOUND, "not-applicable", []),
    ("client-eku", "both", client_host(client(usages=BOTH)), "fail", [f"{ALICES}/cert.pem"]),
    ("client-eku", "any", client_host(client(usages=ANY)), "fail", [f"{ALICES}/cert.pem"]),
    ("client-eku", "absent", client_host(client(usages=None)), "fail", [f"{ALICES}/cert.pem"]),
    (
        "client-eku",
        "serverAuth, in a context",
        client_host(client(usages=SERVER_AUTH), folder=f"{ALICES}/contexts/tls/ab12/docker"),
        "fail",
        [f"{ALICES}/contexts/tls/ab12/docker/cert.pem"],
    ),
    (
        "client-eku",
        "home can't be searched",
        tls_host(accounts=PEOPLE, modes={"/home/bob/.docker": Unread("permission denied")}),
        "unknown",
        [],
    ),
    ("server-usable-as-client", "serverAuth", SOUND, "pass", []),
    ("server-usable-as-client", "both", tls_host(cert=BOTH_WAYS), "fail", [CERT_PATH]),
    ("server-usable-as-client", "none", tls_host(cert=server(usages=None)), "fail", [CERT_PATH]),
    ("server-usable-as-client", "any", tls_host(cert=server(usages=ANY)), "fail", [CERT_PATH]),
    (
        "server-usable-as-client",
        "through an intermediate",
        tls_host(cert=(server(by=INTERMEDIATE, usages=BOTH), INTERMEDIATE)),
        "fail",
        [CERT_PATH],
    ),
    (
        "server-usable-as-client",
        "of another CA",
        tls_host(cert=server(by=OTHER_CA, usages=BOTH)),
        "pass",
        [],
    ),
    (
        "server-usable-as-client",
        "clients are not asked",
        tls_host(tls_engine(settings=tls(verify=False)), cert=BOTH_WAYS),
        "not-applicable",
        [],
    ),
    ("server-usable-as-client", "unread", BLIND, "unknown", []),
    ("server-usable-as-client", "CA unread", CA_BLIND, "unknown", []),
    ("server-usable-as-client", "no TLS", NO_TLS, "not-applicable", []),
]

CHAINS: list[Case] = [
    ("signature-algorithm", "SHA-256", SOUND, "pass", []),
    ("signature-algorithm", "SHA-1", tls_host(cert=signed_over("sha1")), "fail", [CERT_PATH]),
    (
        "signature-algorithm",
        "MD5",
        tls_host(cert=signed_over("md5", self_signed=True)),
        "fail",
        [CERT_PATH],
    ),
    (
        "signature-algorithm",
        "SHA-1 of a root over itself",
        tls_host(ca=signed_over("sha1", self_signed=True)),
        "pass",
        [],
    ),
    ("signature-algorithm", "unread", BLIND, "unknown", []),
    ("signature-algorithm", "no TLS", NO_TLS, "not-applicable", []),
    ("chain", "direct", SOUND, "pass", []),
    ("chain", "SHA-1, but of the CA", tls_host(cert=signed_over("sha1")), "pass", []),
    ("chain", "with its intermediate", tls_host(cert=(BELOW, INTERMEDIATE)), "pass", []),
    (
        "chain",
        "intermediate is elsewhere",
        tls_host(
            cert=BELOW, key=key_of(BELOW), more={"/etc/ssl/intermediate.pem": pem(INTERMEDIATE)}
        ),
        "fail",
        [CERT_PATH],
    ),
    ("chain", "intermediate is nowhere", tls_host(cert=BELOW), "unknown", []),
    ("chain", "the CA was made anew", tls_host(ca=REMADE), "fail", [CERT_PATH]),
    ("chain", "another CA, clients unknown", tls_host(cert=server(by=OTHER_CA)), "unknown", []),
    (
        "chain",
        "another CA, as clients know",
        client_host(CLIENT, cert=server(by=OTHER_CA), more={f"{ALICES}/ca.pem": OTHER_CA}),
        "pass",
        [],
    ),
    (
        "chain",
        "another CA, of which clients know nothing",
        client_host(CLIENT, cert=server(by=OTHER_CA), more={f"{ALICES}/ca.pem": CA}),
        "fail",
        [CERT_PATH],
    ),
    (
        "chain",
        "self-signed and pinned",
        client_host(CLIENT, cert=SELF_SIGNED, more={f"{ALICES}/ca.pem": SELF_SIGNED}),
        "pass",
        [],
    ),
    ("chain", "unread", BLIND, "unknown", []),
    ("chain", "CA unread", CA_BLIND, "unknown", []),
    ("chain", "broken", BROKEN, "unknown", []),
    ("chain", "no TLS", NO_TLS, "not-applicable", []),
    ("self-signed-server", "of a CA", SOUND, "pass", []),
    ("self-signed-server", "itself", tls_host(cert=SELF_SIGNED), "fail", [CERT_PATH]),
    ("self-signed-server", "unread", BLIND, "unknown", []),
    ("self-signed-server", "no TLS", NO_TLS, "not-applicable", []),
    ("ca-constraints", "sound", SOUND, "pass", []),
    ("ca-constraints", "no keyUsage", tls_host(ca=issue("CA", ca=True)), "pass", []),
    ("ca-constraints", "CA:FALSE", tls_host(ca=issue("CA", ca=False)), "fail", [CA_PATH]),
    ("ca-constraints", "absent", tls_host(ca=issue("CA")), "fail", [CA_PATH]),
    (
        "ca-constraints",
        "no keyCertSign",
        tls_host(ca=issue("CA", ca=True, signs=False)),
        "fail",
        [CA_PATH],
    ),
    (
        "ca-constraints",
        "not critical",
        tls_host(ca=issue("CA", ca=True, critical=False)),
        "fail",
        [CA_PATH],
    ),
    ("ca-constraints", "a server as CA", tls_host(cert=server(ca=True)), "fail", [CERT_PATH]),
    (
        "ca-constraints",
        "a pinned server",
        client_host(CLIENT, cert=SELF_SIGNED, more={f"{ALICES}/ca.pem": SELF_SIGNED}),
        "pass",
        [],
    ),
    ("ca-constraints", "unread", CA_BLIND, "unknown", []),
    ("ca-constraints", "no TLS", NO_TLS, "not-applicable", []),
    ("duplicate-serial", "different", client_host(CLIENT), "pass", []),
    (
        "duplicate-serial",
        "the same",
        client_host(client(serial=9), cert=server(serial=9)),
        "fail",
        [f"{ALICES}/cert.pem"],
    ),
    (
        "duplicate-serial",
        "of two issuers",
        client_host(client(serial=9, by=OTHER_CA), cert=server(serial=9)),
        "pass",
        [],
    ),
    ("duplicate-serial", "unread", BLIND, "unknown", []),
    ("duplicate-serial", "no TLS", NO_TLS, "not-applicable", []),
    ("client-copies", "one", client_host(CLIENT), "pass", []),
    (
        "client-copies",
        "two people",
        client_host(CLIENT, more={f"{BOBS}/cert.pem": CLIENT}),
        "fail",
        [f"{ALICES}/cert.pem"],
    ),
    (
        "client-copies",
        "two places of one",
        client_host(CLIENT, more={f"{ALICES}/contexts/tls/ab12/docker/cert.pem": CLIENT}),
        "pass",
        [],
    ),
    ("client-copies", "none here", SOUND, "not-applicable", []),
    (
        "client-copies",
        "home can't be searched",
        tls_host(accounts=PEOPLE, modes={"/home/bob/.docker": Unread("permission denied")}),
        "unknown",
        [],
    ),
    ("revocation", "90 days", client_host(CLIENT), "manual", [f"{ALICES}/cert.pem"]),
    (
        "revocation",
        "two years",
        client_host(client(days=(-1, 730))),
        "fail",
        [f"{ALICES}/cert.pem"],
    ),
    (
        "revocation",
        "authorization plugin",
        tls_host(
            tls_engine(
                running=outcome(
                    settings=(Setting("authorization-plugins", ["opa"], Origin("flag")),)
                )
            ),
            more={f"{ALICES}/cert.pem": client(days=(-1, 730))},
            accounts=PEOPLE,
        ),
        "pass",
        [],
    ),
    ("revocation", "none here", SOUND, "not-applicable", []),
    ("revocation", "no TLS", NO_TLS, "not-applicable", []),
    (
        "revocation",
        "home can't be searched",
        tls_host(accounts=PEOPLE, modes={"/home/bob/.docker": Unread("permission denied")}),
        "unknown",
        [],
    ),
]

REGISTRY = "/etc/docker/certs.d/registry.example.com:5000"
PAIR = {f"{REGISTRY}/client.cert": CLIENT, f"{REGISTRY}/client.key": key_of(CLIENT)}


def swarm(end: float, *, state: str = "active", **changes: Any) -> Host:
    """A node of a swarm whose certificate ends in so many days."""
    info = Document({"Swarm": {"LocalNodeState": state}})
    api = ApiFacts("/run/docker.sock", Document({}), changes.pop("info", info))
    path = "/var/lib/docker/swarm/certificates/swarm-node.crt"
    node = changes.pop("node", issue("node", CA, days=(-80, end)))
    return tls_host(engine(api=api), more={path: node}, **changes)


NODE = "/var/lib/docker/swarm/certificates/swarm-node.crt"
OTHERS: list[Case] = [
    ("registry-client-key", "a pair", tls_host(more=PAIR), "pass", []),
    ("registry-client-key", "a CA", tls_host(more={f"{REGISTRY}/ca.crt": OTHER_CA}), "pass", []),
    (
        "registry-client-key",
        "key for all to read",
        tls_host(more=PAIR, modes={f"{REGISTRY}/client.key": file(0o644)}),
        "fail",
        [f"{REGISTRY}/client.key"],
    ),
    (
        "registry-client-key",
        "no key",
        tls_host(more={f"{REGISTRY}/client.cert": CLIENT, f"{REGISTRY}/client.key": Absent()}),
        "fail",
        [f"{REGISTRY}/client.cert"],
    ),
    (
        "registry-client-key",
        "client certificate named .crt",
        tls_host(more={f"{REGISTRY}/x.crt": CLIENT, f"{REGISTRY}/x.key": key_of(CLIENT)}),
        "fail",
        [f"{REGISTRY}/x.crt"],
    ),
    (
        "registry-client-key",
        "CA named .cert",
        tls_host(more={f"{REGISTRY}/ca.cert": OTHER_CA}),
        "fail",
        [f"{REGISTRY}/ca.cert"],
    ),
    (
        "registry-client-key",
        "unread",
        tls_host(more={f"{REGISTRY}/client.key": Unread("permission denied")}),
        "unknown",
        [],
    ),
    ("registry-client-key", "none", SOUND, "not-applicable", []),
    ("swarm-node", "80 days", swarm(80), "pass", []),
    ("swarm-node", "6 days", swarm(6), "fail", [NODE]),
    ("swarm-node", "over", swarm(-2), "fail", [NODE]),
    ("swarm-node", "left the swarm", swarm(-2, state="inactive"), "not-applicable", []),
    ("swarm-node", "unread", swarm(5, node=Unread("permission denied")), "unknown", []),
    (
        "swarm-node",
        "API unread, no files",
        host(engine(api=ApiFacts("/run/docker.sock", Unread("no curl"), Unread("no curl")))),
        "unknown",
        [],
    ),
    (
        "swarm-node",
        "API unread, but no swarm in its data-root",
        host(
            engine(running=outcome(settings=(Setting("data-root", "/srv", Origin("flag")),))),
            files={"/srv": directory(0o710), "/srv/swarm/certificates": Absent()},
        ),
        "not-applicable",
        [],
    ),
    (
        "swarm-node",
        "set up, and processes unseen",
        host(engine(process=None, configured=outcome()), processes=Unread("no /proc")),
        "unknown",
        [],
    ),
    ("swarm-node", "no engine", NO_ENGINE, "not-applicable", []),
    ("expired", "a swarm's is not for this check", swarm(-2), "not-applicable", []),
]


@pytest.mark.parametrize(
    ("id", "subject", "status", "resources"),
    [
        pytest.param(case[0], *case[2:], id=f"{case[0]}: {case[1]}")
        for case in (*KEYS, *DATES, *NAMES, *USAGES, *CHAINS, *OTHERS)
    ],
)
def test_certificate(id: str, subject: Host, status: str, resources: list[str]) -> None:
    result = verdict(f"certificate-{id}", subject)
    assert result.status == status, result.message
    assert "ended in an error" not in result.message
    assert [finding.resource for finding in result.findings] == resources


@pytest.mark.parametrize(
    ("id", "subject", "severity"),
    [
        ("key-size", tls_host(cert=server(private=rsa_key(1024))), "high"),
        ("key-size", tls_host(ca=issue("CA", ca=True, private=rsa_key(1024))), "critical"),
        ("expired", tls_host(cert=server(days=(-9, -1))), "critical"),
        ("expired", tls_host(ca=(CA, issue("old", ca=True, days=(-9, -1)))), "low"),
        ("expires-soon", tls_host(cert=server(days=(-9, 7))), "high"),
        ("expires-soon", tls_host(cert=server(days=(-9, 7.1))), "medium"),
        ("expires-soon", tls_host(cert=server(days=(-9, 30))), "medium"),
        ("expires-soon", tls_host(cert=server(days=(-9, 31))), "low"),
        ("expires-soon", tls_host(cert=server(days=(-9, 60))), "low"),
        ("validity-period", tls_host(cert=server(days=(0, 900))), "medium"),
        ("validity-period", client_host(client(days=(0, 900))), "high"),
        ("server-eku", tls_host(cert=server(usages=None)), "medium"),
        ("server-eku", tls_host(cert=server(usages=CLIENT_AUTH)), "high"),
        ("self-signed-server", tls_host(cert=SELF_SIGNED), "medium"),
        ("self-signed-server", tls_host(cert=SELF_SIGNED, ca=SELF_SIGNED), "high"),
        ("ca-constraints", tls_host(ca=issue("CA", ca=True, critical=False)), "low"),
        ("ca-constraints", tls_host(ca=issue("CA")), "high"),
        ("ca-key-on-host", tls_host(more={"/root/ca.key": key_of(CA)}), "high"),
        (
            "ca-key-on-host",
            tls_host(more={"/srv/k": key_of(CA)}, modes={"/srv/k": file(0o644)}),
            "critical",
        ),
        (
            "ca-key-on-host",
            tls_host(more={"/srv/k": key_of(CA)}, modes={"/srv/k": file(0o600, uid=1000)}),
            "critical",
        ),
        (
            "ca-key-on-host",
            tls_host(
                more={"/srv/k": key_of(CA)},
                modes={"/srv/k": file(0o640, acl=("user:1000:r--",))},
            ),
            "critical",
        ),
        (
            "ca-key-on-host",
            tls_host(
                more={"/root/k": key_of(CA)},
                modes={"/root/k": file(0o644), "/root": directory(0o700)},
            ),
            "high",
        ),
    ],
)
def test_severity(id: str, subject: Host, severity: str) -> None:
    assert verdict(f"certificate-{id}", subject).severity == severity


def test_thresholds_are_the_settings() -> None:
    settings = msgspec.structs.replace(SETTINGS, certificate_days=(100, 200, 400))
    assert verdict("certificate-expires-soon", SOUND, settings).severity == "low"
    settings = msgspec.structs.replace(SETTINGS, leaf_validity_days=100)
    assert verdict("certificate-validity-period", SOUND, settings).status == "fail"


def test_messages_name_file_value_and_limit() -> None:
    weak = verdict("certificate-key-size", tls_host(cert=server(private=rsa_key(1024))))
    assert weak.message == f"{CERT_PATH} has a 1024-bit RSA key, under 2048"
    proof = weak.findings[0].evidence[0]
    assert (proof.source, proof.detail) == (f"{CERT_PATH}#1", "subject CN=host1; 1024-bit RSA key")
    soon = verdict("certificate-expires-soon", tls_host(cert=server(days=(-9, 5))))
    assert soon.message == f"{CERT_PATH} expires on 2026-11-23, in 5 days"


def test_clock_of_the_host_is_cited_where_it_is_wrong() -> None:
    machine = msgspec.structs.replace(facts().machine, clock=NOW - 4000)
    found = verdict("certificate-expired", tls_host(cert=server(days=(-9, -1)), machine=machine))
    assert found.findings[0].evidence[-1].detail == "-4000 seconds from the scanner's"


def test_two_engines_with_one_file_are_one_finding() -> None:
    second = msgspec.structs.replace(tls_engine(), name="docker (/srv)")
    found = verdict(
        "certificate-expired", tls_host(tls_engine(), second, cert=server(days=(-9, -1)))
    )
    assert [finding.resource for finding in found.findings] == [CERT_PATH]


def test_a_key_says_nothing_without_its_public_half() -> None:
    silent = pem(keys=[Key("RSA PRIVATE KEY", False, Unread("no openssl"))])
    assert verdict("certificate-key-match", tls_host(key=silent)).status == "unknown"
    found = verdict("certificate-ca-key-on-host", tls_host(more={"/root/ca.key": silent}))
    assert found.status == "unknown"


STRICT = msgspec.structs.replace(SETTINGS, strict=True)


@pytest.mark.parametrize(
    ("name", "subject", "status"),
    [
        ("key-size", tls_host(cert=server(private=rsa_key(2048), days=(-1, 2000))), "fail"),
        ("key-size", tls_host(cert=server(private=rsa_key(3072), days=(-1, 2000))), "pass"),
        ("key-size", tls_host(cert=server(private=rsa_key(2048), days=(-1, 90))), "pass"),
        ("validity-period", tls_host(cert=server(days=(-1, 500))), "fail"),
        ("validity-period", tls_host(cert=server(days=(-1, 390))), "pass"),
        ("revocation", client_host(client(days=(-1, 120))), "fail"),
        ("revocation", client_host(client(days=(-1, 80))), "manual"),
    ],
)
def test_the_strict_profile_demands_what_is_advised(name: str, subject: Host, status: str) -> None:
    assert verdict(f"certificate-{name}", subject, STRICT).status == status
    if status == "fail":
        assert verdict(f"certificate-{name}", subject).status in ("pass", "manual")
