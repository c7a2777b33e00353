"""A proxy's password goes into every container and build."""

from dockeraudit import frameworks
from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Host
from dockeraudit.settings import Settings

from . import _files, _scopes


@check(
    id="client-proxy-credentials",
    title="A proxy's password is handed to every container and build",
    severity=Severity.MEDIUM,
    over=Host,
    rationale="What `proxies` of config.json says, the docker command puts into the environment "
    "of each container that it makes and into the arguments of each build: `docker inspect` and "
    "any code in a container read the password.",
    remediation="Take user name and password out of `proxies` in ~/.docker/config.json, and let "
    "the proxy know its clients by address, or run a local proxy without a password that adds it "
    "(Debian- and RHEL-like hosts alike). Make the containers anew, and change the password.",
    quiet="No URL under `proxies` names a user. What is given to single containers (-e, "
    "--build-arg) is not looked at here; homes that can't be read are unknown.",
    references=frameworks.SECRETS,
    profiles=("daemon", "strict"),
)
def proxy_credentials(host: Host, settings: Settings) -> Outcomes:
    yield from _scopes.closed_homes(host)
    found = list(_files.configurations(host))
    if not found:
        yield _files.NO_CONFIG
    for file in found:
        if isinstance(file, Unread):
            yield file
            continue
        for engine, given in sorted(_files.table(file.value.get("proxies")).items()):
            for name, url in sorted(_files.table(given).items()):
                if not isinstance(url, str) or not _files.has_userinfo(url):
                    continue
                field = f"proxies.{engine}.{name}"
                yield Finding(
                    resource=f"{file.path} {field}",
                    message=f"{file.path} gives containers a proxy with its password: {field}",
                    evidence=(Evidence(file.path, f"{field} {_files.without_userinfo(url)}"),),
                )
