"""Which of a host's private keys are the keys of CAs in use."""

from collections.abc import Iterator

from msgspec import Struct

from dockeraudit.check import NotApplicable
from dockeraudit.facts import FileFacts, Unread
from dockeraudit.host import Host
from dockeraudit.host.certificates import HeldCertificate, HeldKey, Role

from . import _shared

_ROLES: tuple[Role, ...] = ("daemon-ca", "client-ca", "registry-ca", "swarm-ca")


class CaKeys(Struct, frozen=True):
    """The keys of CAs in use, as far as they can be told."""

    matched: tuple[tuple[HeldKey, HeldCertificate], ...]
    """Keys with the CA that each belongs to, by their public halves; names prove nothing."""
    encrypted: tuple[HeldKey, ...]
    """Those that may be a CA's, since they lie beside one or have a CA's name: an encrypted key
    says nothing of its public half."""
    gaps: tuple[Unread | NotApplicable, ...]


def ca_keys(host: Host) -> CaKeys:
    """What is known of them. A self-signed server that clients pin is no CA."""
    material = host.material
    cas = [each for each in material.certificates if each.role in _ROLES]
    if not cas:
        return CaKeys((), (), _shared.certificates(host, _ROLES)[1])
    own = {each.certificate.key.spki for each in material.certificates if each.leaf}
    wanted = {
        each.certificate.key.spki: each
        for each in reversed(cas)
        if each.role == "daemon-ca" or each.certificate.key.spki not in own
    }
    folders = {each.path.rpartition("/")[0] for each in cas}
    matched, encrypted, gaps = [], [], list(_unread(host))
    for key in {
        f"{host.resolved(k.path)[0]}#{k.index}": k for k in reversed(material.keys)
    }.values():
        spki = key.spki
        if isinstance(spki, bytes):
            if spki in wanted:
                matched.append((key, wanted[spki]))
        elif not key.encrypted:
            gaps.append(Unread(f"whether {key.path} is a CA's key: {spki.reason}"))
        elif _may_be_a_ca(key, folders):
            encrypted.append(key)
    return CaKeys(tuple(matched), tuple(encrypted), tuple(gaps))


def readers(host: Host, path: str) -> str | Unread:
    """Who but root may read a file, in words; empty: nobody."""
    where, seen = host.resolved(path)
    if not isinstance(seen, FileFacts):
        return seen if isinstance(seen, Unread) else Unread(f"{where} is not there any more")
    if _closed(host, where):
        return ""
    if seen.uid != 0:
        return f"its owner, uid {seen.uid},"
    if seen.mode & 0o004:
        return "everybody"
    if seen.mode & 0o040 and seen.gid != 0:
        return f"the group {seen.gid}"
    entries = () if isinstance(seen.acl, Unread) else seen.acl
    granted = [each for each in entries if not each.startswith("default:") and _grants(each)]
    return f"whom its ACL names ({', '.join(granted)})" if granted else ""


def _grants(entry: str) -> bool:
    kind, _, rest = entry.partition(":")
    who, _, rights = rest.partition(":")
    return kind in ("user", "group") and who not in ("", "0") and rights.startswith("r")


def _closed(host: Host, path: str) -> bool:
    """Whether a folder of root's above it lets nobody else through."""
    parts = path.split("/")
    for at in range(1, len(parts)):
        folder = host.facts.files.get("/".join(parts[:at]) or "/")
        if isinstance(folder, FileFacts) and folder.kind == "directory" and folder.uid == 0:
            group = folder.mode & 0o010 and folder.gid != 0
            if not folder.mode & 0o001 and not group and folder.acl == ():
                return True
    return False


def _may_be_a_ca(key: HeldKey, folders: set[str]) -> bool:
    if key.role != "other":
        return False
    folder, _, name = key.path.rpartition("/")
    return folder in folders or "ca" in name.lower()


def _unread(host: Host) -> Iterator[Unread]:
    """Files that may hold further keys, and folders that only root may look through."""
    privilege = host.facts.privilege
    if privilege.become == "none" and privilege.uid != 0:
        yield Unread(f"{privilege.user} can't look through the folders where keys may lie")
    reasons = {
        file.reason: None
        for file in host.material.unread
        if file.role == "other" and file.holds == "key"
    }
    yield from map(Unread, reasons)
