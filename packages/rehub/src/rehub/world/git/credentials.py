"""Which credentials to try with a host, one after the other: nothing first, then what belongs to exactly that host."""

import netrc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from rehub.words.ref import Remote

_TOKENS = {"github.com": "GITHUB_TOKEN", "gitlab.com": "GITLAB_TOKEN"}


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


NOBODY = Credential("no credentials")


def credentials(remote: Remote, environ: Mapping[str, str], *, mirrored: bool) -> Iterator[Credential]:
    """Give what to try with a repository, public access first; a mirror never sees any of it."""
    yield NOBODY
    if mirrored or remote.scheme not in {"https", "http"}:
        return
    variable = _TOKENS.get(remote.host) if remote.scheme == "https" and not remote.port else None
    if variable and environ.get(variable, "").strip():
        yield Credential(variable, "x-access-token", environ[variable].strip())
    if found := _from_netrc(remote.host, environ):
        yield found
    yield Credential("git's credential helpers", helpers=True)


def _from_netrc(host: str, environ: Mapping[str, str]) -> Credential | None:
    path = Path(environ.get("NETRC") or Path(environ.get("HOME", "/nonexistent"), ".netrc"))
    try:
        # Only what names the host: a "default" entry would go to whoever asks.
        found = netrc.netrc(path).hosts.get(host) if path.is_file() else None
    except (OSError, ValueError, netrc.NetrcParseError):  # an unreadable file is no reason to refuse public access
        return None
    return Credential("~/.netrc", found[0], found[2]) if found and found[0] and found[2] else None


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
