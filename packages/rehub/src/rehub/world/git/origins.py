"""What a user has for one server, for files that are asked for by their URL: never for another host, port or scheme."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from rehub.words.hosts import Host, host_of
from rehub.words.ref import Remote
from rehub.world.git.credentials import Credential, from_netrc


def netrc_of(origin: str, environ: Mapping[str, str]) -> str | None:
    """Give the value of ``Authorization`` that ``~/.netrc`` has for a server's name; ``None`` if it has none.

    Args:
        origin: ``https://example.org``, with a port if it is not the scheme's own.
        environ: has the home.
    """
    host = urlsplit(origin).hostname or ""
    return next((_value(each) for each in from_netrc(host, environ)), None)


def token_of(origin: str, environ: Mapping[str, str], hosts: Iterable[Host]) -> str | None:
    """Give the value of ``Authorization`` for a git server that is known or described, if its variable has a token.

    Args:
        origin: as above; nothing goes to a server that is not spoken to by https, but for one described so.
        environ: has the tokens.
        hosts: the servers that the user has described.
    """
    split = urlsplit(origin)
    if split.scheme not in {"https", "http"} or not split.hostname:
        return None
    remote = Remote(split.scheme, split.hostname, "", port=split.port)
    described = {host.web.origin: host for host in hosts}
    host = described.get(remote.origin) or host_of(remote, ())
    tokens = (environ.get(name, "").strip() for name in host.variables if host.web.origin == remote.origin)
    found = next(filter(None, tokens), None)
    return _value(Credential("a token", host.user, found)) if found else None


def _value(credential: Credential) -> str:
    return credential.header.partition(": ")[2]
