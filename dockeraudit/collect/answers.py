"""What the daemon answers: its API on unix sockets, and connections to its TCP addresses."""

import re
from typing import Any, Literal

import msgspec

from dockeraudit.facts import Document, Unread

Plain = Literal["api", "tls-server", "other", "silent", "refused", "filtered"]
Tls = Literal["api", "client-certificate-required", "other", "failed", "silent"]

_CODE = re.compile(rb'\n+"(\d{3})"(?:\n|\Z)')
_CERTIFICATE = re.compile(
    r"-----BEGIN CERTIFICATE-----\n(?:[A-Za-z0-9+/=]+\n)+-----END CERTIFICATE-----\n"
)
_PROTOCOL = re.compile(r"^(?: *Protocol *: *|New, )(TLSv[\d.]+|SSLv\d)", re.M)
_REFUSAL = re.compile(
    r"alert (?:number (?:42|43|44|46|48|116)|bad certificate|certificate required)", re.I
)
_decoder = msgspec.json.Decoder(dict[str, Any])


def document(data: bytes, code: bytes = b"200") -> Document | Unread:
    """A JSON object, as moby's api/server answers /version and /info."""
    if code == b"000":
        return Unread("no answer")
    if code != b"200":
        return Unread(f"HTTP status {code.decode('ascii', 'replace')}")
    try:
        return Document(_decoder.decode(data))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        return Unread("the answer is no JSON object")


def both(body: bytes) -> tuple[Document | Unread, Document | Unread]:
    """curl's output for /version and /info, each followed by its status as a JSON string."""
    parts = _CODE.split(b"\n" + body)
    version = document(parts[0], parts[1]) if len(parts) > 2 else Unread("no answer")
    info = document(parts[2], parts[3]) if len(parts) > 4 else Unread("no answer")
    return version, info


def command_info(data: bytes) -> Document | Unread:
    """`docker info --format '{{json .}}'`: the engine's answer with the client's own part in it."""
    found = document(data)
    if isinstance(found, Unread):
        return found
    errors = found.value.get("ServerErrors")
    if errors:
        return Unread(f"docker info: {str(errors)[:200]}")
    return Document({key: value for key, value in found.value.items() if key != "ClientInfo"})


def plain(answer: str, status: int) -> Plain:
    """What `GET /_ping` without TLS got; `status` is curl's exit status for an empty answer.

    404 without Api-Version is something else of dockerd's, such as its metrics.
    """
    if not answer.strip():
        return "refused" if status == 7 else "silent" if status == 28 else "other"
    head = answer.partition("\n\n")[0].lower()
    if re.match(r"http/1\.[01] 200", head) and re.search(r"^api-version:", head, re.M):
        return "api"
    if "to an https server" in answer.lower():
        return "tls-server"
    return "other"


def tls(said: str) -> Tls:
    """What s_client's connection without a client certificate came to.

    With TLS 1.3 the handshake succeeds and the refusal is the answer to the first read.
    """
    if re.search(r"^HTTP/1\.[01] 200", said, re.M) and re.search(r"(?mi)^Api-Version:", said):
        return "api"
    if _REFUSAL.search(said):
        return "client-certificate-required"
    if re.search(r"^HTTP/1\.", said, re.M):
        return "other"
    if not said.strip():
        return "silent"
    return "silent" if _PROTOCOL.search(said) and "error" not in said else "failed"


def certificates(said: str) -> str:
    """The chain that was served, leaf first."""
    return "".join(_CERTIFICATE.findall(said))


def protocol(said: str) -> str:
    """The TLS version agreed on."""
    match = _PROTOCOL.search(said)
    return match[1] if match else ""


def authorities(said: str) -> tuple[str, ...] | None:
    """Names in the server's certificate request; () for a request without names."""
    if "Acceptable client certificate CA names" in said:
        return tuple(line[3:] for line in said.splitlines() if line.startswith("ca "))
    return None
