"""Whose clients a variable reaches: everybody's, one account's, one crontab's, one process's."""

from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from msgspec import Struct

from dockeraudit.check import NotApplicable
from dockeraudit.facts import Account, Evidence, HostFacts, Unread
from dockeraudit.host import Host
from dockeraudit.host.client_lines import Assignment, assignments, endpoint

Variables = dict[str, Assignment]
_LIKE_ENVIRONMENT = ("/etc/environment", "/etc/security/pam_env.conf")


class Scope(Struct, frozen=True):
    """Variables that a client sees together."""

    who: str
    """`every account`, `account alice`, `/etc/cron.d/job`, `a process`."""
    variables: Variables

    def on(self, name: str) -> Assignment | None:
        """The variable, where it has a value."""
        found = self.variables.get(name)
        return found if found is not None and found.on else None

    @property
    def tcp(self) -> Assignment | None:
        """The DOCKER_HOST that leads over TCP."""
        host = self.on("DOCKER_HOST")
        return host if host is not None and endpoint(host.value or "") else None


def scopes(host: Host) -> tuple[Scope, ...]:
    """All scopes of a host in which a DOCKER_… variable is set."""
    return host.once("client scopes", lambda: tuple(_scopes(host.facts)))


def _scopes(facts: HostFacts) -> Iterator[Scope]:
    files = {
        path: [each for line in lines for each in assignments(path, line)]
        for path, lines in facts.client_lines.items()
    }
    if not files:
        return
    shared: Variables = {}
    login: Variables = {}
    for path, found in files.items():
        if _for_all(path):
            shared |= _set(found)
        if path in _LIKE_ENVIRONMENT:
            login |= _set(found)
    owned: dict[str, Variables] = {}
    homes = _homes(facts.accounts)
    for path, found in files.items():
        base = login if "cron" in path else {}
        if _for_all(path):
            base = shared
        elif path.startswith("/proc/"):
            yield Scope("a process", _set(found))
            continue
        elif account := _account(homes, path):
            owned.setdefault(account.name, {}).update(_set(found))
            base = shared | owned[account.name]
        else:
            yield Scope(path, login | _set(found) if "cron" in path else _set(found))
        yield from _inline(path, base | _set(found), found)
    if shared:
        yield Scope("every account", shared)
    for name, variables in owned.items():
        yield Scope(f"account {name}", shared | variables)


def _set(found: Iterable[Assignment]) -> Variables:
    """What is set once a file has been read; empty and unset ones are off."""
    after: Variables = {}
    for each in found:
        if not each.inline:
            after[each.name] = each
    return {name: each for name, each in after.items() if each.on}


def _inline(path: str, base: Variables, found: Iterable[Assignment]) -> Iterator[Scope]:
    """A scope for each line that sets variables for its own command."""
    by_line: dict[str, Variables] = {}
    for each in found:
        if each.inline:
            by_line.setdefault(each.line, {})[each.name] = each
    for line, variables in by_line.items():
        yield Scope(f"{path}:{line.partition(':')[0]}", base | variables)


def _for_all(path: str) -> bool:
    return path.startswith("/etc/") and "cron" not in path


def _homes(accounts: Iterable[Account]) -> dict[str, Account]:
    """The accounts by their homes, deepest first; of several in one home the first."""
    homes: dict[str, Account] = {}
    for each in sorted(accounts, key=lambda each: -len(each.home)):
        if each.home.strip("/"):
            homes.setdefault(each.home.rstrip("/") + "/", each)
    return homes


def _account(homes: dict[str, Account], path: str) -> Account | None:
    """The account in whose home a file lies."""
    return next((each for home, each in homes.items() if path.startswith(home)), None)


def loopback(name: str) -> bool:
    """Whether a host's name or address is this machine."""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name.lower() in ("localhost", "")


def evidence(*found: Assignment | None) -> tuple[Evidence, ...]:
    """The lines that set variables."""
    return tuple(
        Evidence(
            each.path if each.number == "0" else f"{each.path}:{each.number}",
            each.line.partition(":")[2].strip(),
        )
        for each in found
        if each is not None
    )


def place(each: Assignment) -> str:
    """Where a variable is set, the same from run to run: process ids are not."""
    return f"a process with {each.name}" if each.path.startswith("/proc/") else each.path


def closed_homes(host: Host) -> Iterator[Unread]:
    """The homes whose files could not be looked at."""
    for account, seen in host.closed_homes:
        yield Unread(f"client files of {account.name}: {seen.reason}")


NO_VARIABLES = NotApplicable("no login file, crontab or process sets DOCKER_HOST for a client")
NO_TLS_VARIABLES = NotApplicable(
    "no login file, crontab or process sets DOCKER_TLS_VERIFY or DOCKER_TLS for a client"
)
