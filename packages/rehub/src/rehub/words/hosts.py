"""Git servers as the user has described them: what kind, at which address, and which variable holds a token for it.

The token itself is never here: a description is written down and shown, a secret is neither.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self, get_args

from rehub.words.errors import MalformedRefError, MalformedSettingError
from rehub.words.ref import GITHUB, Ref, Remote

HostKind = Literal["github", "gitlab", "gitea", "git"]
_KINDS: tuple[HostKind, ...] = get_args(HostKind)
_FORM = "<host>=<kind>, with ,<address> and ,<VARIABLE> behind it where needed; several separated by spaces"
# In capitals only: no token of GitHub (ghp_…), GitLab (glpat-…), Gitea (hexadecimal) or Hugging Face (hf_…) is.
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")
_NO_VARIABLE = "the name of the environment variable that holds the token, in capitals; the token itself stays there"
# Source: `gh help environment` and `glab auth login --help`, each in order of precedence.
_GITHUB = ("GH_TOKEN", "GITHUB_TOKEN")
_GITHUB_ENTERPRISE = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")
_GITLAB = ("GITLAB_TOKEN", "GITLAB_ACCESS_TOKEN", "OAUTH_TOKEN")


@dataclass(frozen=True, slots=True)
class Host:
    """A git server.

    Attributes:
        name: its host name.
        kind: what runs there; ``git`` for anything else.
        base: where its repositories are, if that is not ``https://<name>/``; the path may be empty.
        token: the variable that holds the token for it; then no other variable's token goes there.

    Example:
        >>> host = Host.parse("corp.example=gitlab,https://corp.example/gitlab/,CORP_TOKEN")
        >>> host.repository("vision/zoo").url
        'https://corp.example/gitlab/vision/zoo'
    """

    name: str
    kind: HostKind = "git"
    base: Remote | None = None
    token: str = ""

    @classmethod
    def parse(cls, text: str, where: str = "REHUB_HOSTS") -> Self:
        """Read ``<host>=<kind>[,<address>][,<VARIABLE>]``.

        Raises:
            MalformedSettingError: it is something else, or holds what could be a secret.
        """
        name, equals, rest = text.partition("=")
        kind, *more = rest.split(",")
        if not equals or len(more) > 2:  # noqa: PLR2004 - an address and a variable
            raise MalformedSettingError(where, None, _FORM)
        fields = {"kind": kind} | {"base" if "://" in each else "token": each for each in more}
        if len(fields) <= len(more):  # two addresses, or two variables: which one counts must not be guessed
            raise MalformedSettingError(where, None, _FORM)
        return cls.of(where, name, fields)

    @classmethod
    def parse_all(cls, text: str) -> tuple[Self, ...]:
        """Read several, separated by white space."""
        return tuple(cls.parse(part) for part in text.split())

    @classmethod
    def of(cls, where: str, name: str, fields: Mapping[str, object]) -> Self:
        """Make one of the fields of a configuration file's table; no error repeats a value, which could be a secret.

        Args:
            where: where it was written, for errors.
            name: the host.
            fields: ``kind``, ``base``, ``token``.

        Raises:
            MalformedSettingError: a field is unknown, or cannot be what it is.
        """
        where = f"{where}: {host_name(where, name)}"
        if unknown := sorted(map(str, fields.keys() - {"kind", "base", "token"})):
            raise MalformedSettingError(f"{where}: {unknown[0]}", None, "kind, base and token only")
        kind, base, token = fields.get("kind", "git"), fields.get("base", ""), fields.get("token", "")
        if kind not in _KINDS:
            raise MalformedSettingError(f"{where}: kind", None, " or ".join(_KINDS))
        if not isinstance(token, str) or (token and not _VARIABLE.fullmatch(token)):
            raise MalformedSettingError(f"{where}: token", None, _NO_VARIABLE)
        return cls(name.lower(), kind, _base(f"{where}: base", base) if base else None, token)

    @property
    def root(self) -> Remote:
        """The address that all its repositories have in front."""
        return self.base or Remote("https", self.name, "")

    @property
    def web(self) -> Remote:
        """The address by http, to which alone tokens go."""
        return self.root if self.root.scheme != "ssh" else Remote("https", self.name, "")

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that may hold a token for it, in order."""
        if self.token:
            return (self.token,)
        public = self.web.host == GITHUB or self.web.host.endswith(".ghe.com")
        return {"github": _GITHUB if public else _GITHUB_ENTERPRISE, "gitlab": _GITLAB}.get(self.kind, ())

    @property
    def user(self) -> str:
        """The user name that goes with a token."""
        return "x-access-token" if self.kind == "github" else "oauth2"

    @property
    def advice(self) -> str:
        """What to do to be let in."""
        name = self.web.authority
        others = "add the host to ~/.netrc, or log in with git's credential helper."
        if self.token:
            return f"Set {self.token}, {others}"
        logins = {"github": f"gh auth login --hostname {name}", "gitlab": f"glab auth login --hostname {name}"}
        if self.kind in logins:
            return f"Set {self.variables[-1 if self.kind == 'github' else 0]}, or log in: {logins[self.kind]}"
        base = f",{self.base.url.rstrip('/')}/" if self.base else ""
        if self.kind == "gitea":
            return f'Name a variable and set it: REHUB_HOSTS="{self.name}=gitea{base},VARIABLE"; or {others}'
        return f'Say what it is, REHUB_HOSTS="{self.name}=github{base}" (or gitlab, gitea), for its tokens; or {others}'

    def repository(self, path: str) -> Remote:
        """Give a repository of this host."""
        return replace(self.root, path=f"{self.root.path}/{path}" if self.root.path else path)

    def holds(self, remote: Remote) -> bool:
        """Say whether a repository is one of this host's, by its whole address: scheme, host, port and root."""
        root = self.web
        return remote.origin == root.origin and (not root.path or remote.path.startswith(f"{root.path}/"))


_KNOWN = (Host(GITHUB, "github"), Host("gitlab.com", "gitlab"), Host("codeberg.org", "gitea"))


def host_name(where: str, name: object) -> str:
    """Check a host's name.

    Raises:
        MalformedSettingError: it is none.
    """
    if not isinstance(name, str):
        raise MalformedSettingError(where, None, "a host's name: ghe.example.org")
    try:
        place = Ref.parse(f"https://{name}/owner/repo").place
    except MalformedRefError:
        raise MalformedSettingError(where, None, "a host's name: ghe.example.org") from None
    if isinstance(place, Remote) and place.path == "owner/repo" and not place.port:
        return place.host
    raise MalformedSettingError(where, None, "a host's name without path or port; those belong in its base")


def _base(where: str, text: object) -> Remote:
    expected = "https://<host>/, with a port or path if need be; ssh://git@<host>/; http://127.0.0.1:<port>/"
    if not isinstance(text, str) or not text.startswith(("https://", "http://", "ssh://")) or text.count("@") > 1:
        raise MalformedSettingError(where, None, expected)
    try:
        place = Ref.parse(f"{text.rstrip('/')}/x").place
    except MalformedRefError as error:
        # Not its text, nor as the cause: people put passwords into URLs.
        raise MalformedSettingError(where, None, f"{expected} ({error.reason})") from None
    if not isinstance(place, Remote) or not place.path.endswith("x"):
        raise MalformedSettingError(where, None, expected)
    return replace(place, path=place.path[:-1].rstrip("/"))


def host_of(remote: Remote, hosts: Iterable[Host] = ()) -> Host:
    """Give the host that a repository is at: as it was described, one that everybody knows, or one of no known kind."""
    described = sorted(hosts, key=lambda host: -len(host.web.path))
    for host in (*described, *_KNOWN):
        if host.holds(remote):
            return host
    if remote.origin != f"https://{remote.host}" and remote.scheme in {"https", "http"}:
        return Host(remote.host, base=replace(remote, path=""))
    return Host(remote.host, "github" if remote.host.endswith(".ghe.com") else "git")


def meant(ref: Ref, hosts: Sequence[Host], default: str) -> Ref:
    """Give what a user means by a ref: ``owner/repo`` is at the default host, ``host/path`` below the host's base.

    A URL is what it says. The result says where it is in full wherever its short form would be read as something else.
    """
    if not isinstance(ref.place, Remote) or (default == GITHUB and not hosts):
        return ref
    place = replace(_place(ref, hosts, default), full=False)
    unclear = _place(Ref.parse(str(place)), hosts, default) != place
    return replace(ref, place=replace(place, full=unclear), written="url")


def _place(ref: Ref, hosts: Sequence[Host], default: str) -> Remote:
    assert isinstance(ref.place, Remote)  # noqa: S101 - the caller looked
    place = ref.place
    if ref.written == "url":
        return place
    name = default if ref.written == "short" else place.host
    host = next((host for host in hosts if host.name == name), Host(name))
    below = host.base and host.base.path and place.path.startswith(f"{host.base.path}/")
    if below and ref.written == "host":
        return replace(host.root, path=place.path)
    return host.repository(place.path)
