"""What people really deploy, judged by all certificate and tls checks, from facts to verdicts.

Nothing is put in place of the daemon's decision here: argv, daemon.json, sockets and PEM files go
in, as the collector would bring them.
"""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dockeraudit.facts import Account, FileFacts, HostFacts, Key, Pem, Socket
from dockeraudit.host import Host
from dockeraudit.judge import judge
from dockeraudit.plugins import checks
from dockeraudit.settings import Settings
from tests.build import directory, facts, file, process
from tests.build_certificates import (
    CA,
    SERVER_AUTH,
    issue,
    key_of,
    pem,
    rsa_key,
    wire,
)

FOLDER = "/etc/docker/tls"
CHECKS = [check for check in checks().values() if check.family in ("certificate", "tls")]


def daemon(
    cert: Pem, key: Pem, ca: Pem, served: str, now: int, more: dict[str, Pem] | None = None
) -> HostFacts:
    """A host whose daemon.json sets mutual TLS on one address."""
    config = {
        "hosts": ["unix:///run/docker.sock", "tcp://192.0.2.10:2376"],
        "tlsverify": True,
        "tlscacert": f"{FOLDER}/ca.pem",
        "tlscert": f"{FOLDER}/server-cert.pem",
        "tlskey": f"{FOLDER}/server-key.pem",
    }
    pems = {
        f"{FOLDER}/ca.pem": ca,
        f"{FOLDER}/server-cert.pem": cert,
        f"{FOLDER}/server-key.pem": key,
        **(more or {}),
    }
    files: dict[str, FileFacts] = {path: file(0o400) for path in pems}
    files["/etc/docker/daemon.json"] = file(0o644, mtime=now - 9000)
    for folder in ("/run", "/etc", "/etc/docker", FOLDER, "/root", "/home", "/var/lib/docker"):
        files[folder] = directory()
    base = facts(
        processes=(process(started=now - 3600),),
        sockets=(
            Socket("tcp", "192.0.2.10", 2376, 11, (800,)),
            Socket("unix", "/run/docker.sock", 0, 12, (800,)),
        ),
        files=files,
        texts={"/etc/docker/daemon.json": json.dumps(config, indent=1).encode()},
        pems=pems,
        wires=(wire(served),),
        accounts=(Account("root", 0, 0, "/root"), Account("alice", 1000, 1000, "/home/alice")),
        engine_version="26.1.5",
        collected_at=now,
    )
    return msgspec.structs.replace(base, machine=msgspec.structs.replace(base.machine, clock=now))


def verdicts(host: Host, now: int) -> dict[str, str]:
    """Status by check id."""
    results = judge(host, CHECKS, Settings(now=now))
    errors = [result for result in results if "ended in an error" in result.message]
    assert not errors, errors
    return {result.check: result.status for result in results}


def hardened(private: Any = None) -> tuple[HostFacts, int]:
    """As the lab's hardened host has it: one address, own CA, no client's files."""
    from tests.build import NOW

    server = issue(
        "host1", CA, ca=False, signs=False, san=("host1", "192.0.2.10"), usages=SERVER_AUTH,
        days=(-1, 364), private=private,
    )  # fmt: skip
    return daemon(pem(server), key_of(server), pem(CA), server.pem, NOW), NOW


@pytest.mark.parametrize("bits", [0, 3072])
def test_a_hardened_host_is_clean(bits: int) -> None:
    given, now = hardened(rsa_key(bits) if bits else None)
    found = verdicts(Host(given), now)
    wrong = {id: status for id, status in found.items() if status not in ("pass", "not-applicable")}
    assert wrong == {}
    assert found["tls-verify-enabled"] == found["certificate-chain"] == "pass"
    assert found["certificate-san-mismatch"] == found["tls-served-certificate"] == "pass"
    assert found["certificate-expired"] == found["certificate-key-match"] == "pass"
    assert found["certificate-client-eku"] == "not-applicable"


RECIPE = """
openssl genrsa -aes256 -passout pass:x -out ca-key.pem 4096 &
openssl genrsa -out server-key.pem 4096 &
openssl genrsa -out key.pem 4096 &
wait
openssl req -new -x509 -days 365 -key ca-key.pem -passin pass:x -sha256 -out ca.pem -subj /CN=CA
openssl req -subj "/CN=host1" -sha256 -new -key server-key.pem -out server.csr
echo subjectAltName = DNS:host1,IP:192.0.2.10,IP:127.0.0.1 >> extfile.cnf
echo extendedKeyUsage = serverAuth >> extfile.cnf
openssl x509 -req -days 365 -sha256 -in server.csr -CA ca.pem -CAkey ca-key.pem -passin pass:x \\
  -CAcreateserial -out server-cert.pem -extfile extfile.cnf
openssl req -subj '/CN=client' -new -key key.pem -out client.csr
echo extendedKeyUsage = clientAuth > extfile-client.cnf
openssl x509 -req -days 365 -sha256 -in client.csr -CA ca.pem -CAkey ca-key.pem -passin pass:x \\
  -CAcreateserial -out cert.pem -extfile extfile-client.cnf
for key in server-key key; do openssl pkey -in $key.pem -pubout -out $key.pub; done
"""
"""Docker's page «Protect the Docker daemon socket», word for word but for the passphrase; the
keys are made first, all at once."""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recipe")
    subprocess.run(["sh", "-e", "-c", RECIPE], cwd=folder, check=True, capture_output=True)
    return folder


def read(folder: Path, name: str) -> Pem:
    """A file as the collector brings it: certificates, or a key's public half."""
    if (folder / f"{name}.pub").exists():
        public = (folder / f"{name}.pub").read_text()
        return pem(keys=[Key("PRIVATE KEY", False, public)])
    return pem((folder / f"{name}.pem").read_text())


def test_dockers_own_recipe_is_clean(recipe: Path) -> None:
    now = int(time.time())
    server = read(recipe, "server-cert")
    given = daemon(server, read(recipe, "server-key"), read(recipe, "ca"), server.certificates, now)
    found = verdicts(Host(given), now)
    wrong = {id: status for id, status in found.items() if status not in ("pass", "not-applicable")}
    assert wrong == {}


def test_dockers_own_recipe_with_the_clients_files_beside(recipe: Path) -> None:
    now = int(time.time())
    server = read(recipe, "server-cert")
    alices = {
        f"/home/alice/.docker/{name}.pem": read(recipe, name) for name in ("ca", "cert", "key")
    }
    given = daemon(
        server, read(recipe, "server-key"), read(recipe, "ca"), server.certificates, now, alices
    )
    found = verdicts(Host(given), now)
    wrong = {id: status for id, status in found.items() if status not in ("pass", "not-applicable")}
    assert wrong == {
        "certificate-client-key-on-daemon-host": "fail",
        "certificate-revocation": "manual",
    }, "both are about hardening beyond the recipe"


def test_a_machine_with_weak_old_certificates_and_the_cas_key() -> None:
    from tests.build import NOW

    weak = issue("host1", CA, days=(-900, 5), private=rsa_key(1024))
    given = daemon(
        pem(weak), key_of(weak), pem(CA), weak.pem, NOW, {f"{FOLDER}/ca-key.pem": key_of(CA)}
    )
    found = verdicts(Host(given), NOW)
    assert [id for id, status in found.items() if status == "fail"] == [
        "certificate-ca-key-on-host",
        "certificate-ca-key-unencrypted",
        "certificate-expires-soon",
        "certificate-key-size",
        "certificate-san-missing",
        "certificate-server-eku",
        "certificate-server-usable-as-client",
        "certificate-validity-period",
    ]


def test_relative_paths_and_links_are_followed() -> None:
    given, now = hardened()
    config = b'{"hosts": ["tcp://192.0.2.10:2376"], "tlsverify": true, "tlscacert": "tls/ca.pem",'
    config += b' "tlscert": "tls/live.pem", "tlskey": "tls/server-key.pem"}'
    link = file(0o777, kind="symlink", target=f"{FOLDER}/server-cert.pem")
    changed = msgspec.structs.replace(
        given,
        processes=(process(cwd="/etc/docker", started=now - 3600),),
        sockets=(Socket("tcp", "192.0.2.10", 2376, 11, (800,)),),
        texts={"/etc/docker/daemon.json": config},
        files={**given.files, f"{FOLDER}/live.pem": link},
    )
    host = Host(changed)
    held = [each for each in host.material.certificates if each.role == "daemon"]
    assert [each.path for each in held] == [f"{FOLDER}/live.pem"]
    assert verdicts(host, now)["certificate-key-match"] == "pass"
