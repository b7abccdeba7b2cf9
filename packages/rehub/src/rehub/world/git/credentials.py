"""Which credentials to try with a host, one after the other: nothing first, then what belongs to exactly that host."""

import base64
import netrc
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from rehub.words.hosts import Host, host_of
from rehub.words.ref import Remote
from rehub.world.git.logins import from_gh, from_glab


@dataclass(frozen=True, slots=True)
class Credential:
    """A way to be known to a host.

    Attributes:
        name: what it is, for messages; never its value.
        user: the name to give.
        secret: the password or token; kept out of reprs.
        helpers: let the user's own credential helpers answer instead.
    """

    name: str
    user: str = ""
    secret: str = field(default="", repr=False)
    helpers: bool = False

    @property
    def header(self) -> str:
        """What to say to a server that does not ask. Source: RFC 7617."""
        return "Authorization: Basic " + base64.b64encode(f"{self.user}:{self.secret}".encode()).decode()

    def hidden(self, text: str) -> str:
        """Take the secret out of a text: a server may repeat what it was told, and a helper's answer is not known."""
        if self.helpers:
            return re.sub(r"(?m)^remote:.*$", "remote: …", text)
        if not self.secret:
            return text
        for value in (self.header.rpartition(" ")[2], self.secret, quote(self.secret, safe="")):
            text = text.replace(value, "…")
        return text


NOBODY = Credential("no credentials")


def credentials(
    remote: Remote, environ: Mapping[str, str], *, mirrored: bool, host: Host | None = None
) -> Iterator[Credential]:
    """Give what to try with a repository, public access first; a mirror never sees any of it.

    What comes later is looked for only when it is asked for: programs are started late, and for failures only.
    """
    yield NOBODY
    if mirrored or remote.scheme not in {"https", "http"}:
        return
    host = host or host_of(remote)
    seen = {""}
    for found in _all(remote, host, environ):
        if found.header not in seen and found.secret:
            seen.add(found.header)
            yield found
    yield Credential("git's credential helpers", helpers=True)


def _all(remote: Remote, host: Host, environ: Mapping[str, str]) -> Iterator[Credential]:
    for variable in host.variables:
        yield Credential(variable, host.user, environ.get(variable, "").strip())
    if remote.origin == _job_server(environ):
        yield Credential("CI_JOB_TOKEN", "gitlab-ci-token", environ.get("CI_JOB_TOKEN", "").strip())
    yield from from_netrc(remote.host, environ)
    # Their files name hosts, as ~/.netrc does; the programs are started only for hosts of their kind.
    authority = remote.authority
    token, name = from_gh(authority, environ, ask=host.kind == "github")
    yield Credential(name, "x-access-token", token)
    token, name = from_glab(authority, environ, ask=host.kind == "gitlab")
    yield Credential(name, "oauth2", token)


def _job_server(environ: Mapping[str, str]) -> str:
    """Give the origin of the server whose job this is. Source: GitLab, "Predefined CI/CD variables reference"."""
    scheme, port = environ.get("CI_SERVER_PROTOCOL", "https"), environ.get("CI_SERVER_PORT", "")
    usual = port in {"", {"https": "443", "http": "80"}.get(scheme)}
    name = environ.get("CI_SERVER_HOST", "").lower()
    return f"{scheme}://{name}" + ("" if usual else f":{port}") if name else ""


def from_netrc(host: str, environ: Mapping[str, str]) -> Iterator[Credential]:
    """Give the logins that the user's netrc files have for exactly this host."""
    home = Path(environ.get("HOME", "/nonexistent"))
    named = environ.get("NETRC")
    for name, path in [("~/.netrc", Path(named))] if named else [(f"~/{n}", home / n) for n in (".netrc", "_netrc")]:
        try:
            # Only what names the host: a "default" entry would go to whoever asks.
            found = netrc.netrc(path).hosts.get(host) if path.is_file() else None
        except (OSError, ValueError, netrc.NetrcParseError):  # an unreadable file is no reason to refuse public access
            continue
        if found and found[0] and found[2]:
            yield Credential(name, found[0], found[2])


# git asks "Username for 'https://host': " and "Password for 'https://user@host': ", the user with percent signs since
# 2.48. The script answers for the one origin it was made for, so that after a redirect the new host gets nothing.
ASKPASS = """#!/bin/sh
where="$REHUB_ASKPASS_SCHEME://"
case "$1" in
  "Username for '$where$REHUB_ASKPASS_HOST'"*) printf '%s\\n' "$REHUB_ASKPASS_USER" ;;
  "Password for '$where$REHUB_ASKPASS_USER@$REHUB_ASKPASS_HOST'"*) printf '%s\\n' "$REHUB_ASKPASS_SECRET" ;;
  "Password for '$where$REHUB_ASKPASS_QUOTED@$REHUB_ASKPASS_HOST'"*) printf '%s\\n' "$REHUB_ASKPASS_SECRET" ;;
  *) exit 1 ;;
esac
"""


def askpass_variables(credential: Credential, remote: Remote) -> dict[str, str]:
    """Give the environment in which :data:`ASKPASS` answers."""
    scheme, _, host = remote.origin.partition("://")
    names = {
        "SCHEME": scheme,
        "HOST": host,
        "USER": credential.user,
        "QUOTED": quote(credential.user, safe=""),
        "SECRET": credential.secret,
    }
    return {f"REHUB_ASKPASS_{name}": value for name, value in names.items()}
