"""What a user asks for: a repository and, maybe, a branch, tag or commit of it.

Every string that will ever reach git as an argument passes through :meth:`Ref.parse`: what git could take for an
option, a transport that runs programs or a path out of the repository is refused here, once.
"""

import re
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Literal, Self
from urllib.parse import unquote, urlsplit

from rehub.words.errors import MalformedRefError

_MAX_TEXT = 1024  # characters of a whole ref
_MAX_REV = 250  # characters; a file name of a loose ref must fit in one directory entry
_SEGMENT = re.compile(r"[A-Za-z0-9_.~+%-]{1,100}")
_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
# What is a folder without source="local": also Windows's own absolute paths.
_FOLDER = re.compile(r"\.{0,2}/|~|\.{1,2}$|[A-Za-z]:[\\/]")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_MAX_HOST = 253  # characters. Source: RFC 1035
_COMMIT = re.compile(r"[0-9a-f]{7,40}", re.IGNORECASE)
_FULL_COMMIT = re.compile(r"[0-9a-f]{40}")
# git check-ref-format(1): what a ref may not hold; a leading "-" is ours, so that no rev is ever an option.
_BAD_REV = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^[-/.]|/\.|[/.]$|\.lock(?:/|$)|^@$")
_DEFAULT_PORT = {"https": 443, "http": 80, "ssh": 22}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
GITHUB = "github.com"
_NO_HELPERS = "transport helpers ('ext::' and the like) run programs; they are not allowed"


@dataclass(frozen=True, slots=True)
class Remote:
    """A git repository on some server, by its one canonical URL.

    Attributes:
        scheme: ``https``, ``ssh``, ``file``, or ``http`` (to this machine only).
        host: in lower case; empty for ``file``.
        path: without the leading slash and, but for ``file``, without ``.git``.
        user: of ssh, usually ``git``.
        port: ``None`` for the scheme's own.
        full: write it as a URL, as its short form would be read as another here.
    """

    scheme: str
    host: str
    path: str
    user: str = ""
    port: int | None = None
    full: bool = field(default=False, compare=False, repr=False)

    @property
    def url(self) -> str:
        """What git is given."""
        return f"{self.scheme}://{self.authority}/{self.path}"

    @property
    def authority(self) -> str:
        """The part of the URL between the slashes."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (f"{self.user}@" if self.user else "") + host + (f":{self.port}" if self.port else "")

    @property
    def origin(self) -> str:
        """Scheme, host and port: what credentials are bound to."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + (f":{self.port}" if self.port else "")

    @property
    def slug(self) -> str:
        """The last two parts of the path as one identifier of Python, for names that people read."""
        word = re.sub(r"\W", "_", "_".join(self.path.removesuffix(".git").split("/")[-2:]), flags=re.ASCII)
        return f"_{word}" if word[0].isdigit() else word

    def __str__(self) -> str:
        # The short forms only where they are read back as this remote: "localhost/a" would be an owner on GitHub.
        if self.full or self.scheme != "https" or self.port or "." not in self.host or ":" in self.host:
            return self.url
        owner, _, name = self.path.partition("/")
        short = self.host == GITHUB and _OWNER.fullmatch(owner) and name and "/" not in name
        return self.path if short else f"{self.host}/{self.path}"


@dataclass(frozen=True, slots=True)
class Folder:
    """A repository that is a folder of this machine, used as it lies there."""

    path: str

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True, slots=True)
class HubName:
    """A model of the hub in use, by name."""

    name: str

    def __str__(self) -> str:
        return f"hub:{self.name}"


@dataclass(frozen=True, slots=True)
class Ref:
    """What a user asks for. It may move; a :class:`~rehub.words.pin.Pin` may not.

    Attributes:
        place: a remote repository, a local folder, or a name of the hub in use.
        rev: a branch, tag, ``refs/heads/…``, ``refs/tags/…`` or commit; ``None`` for the remote's own default.
        written: ``short`` for ``owner/repo``, ``host`` for ``host/path``: settings may give these another address.

    Example:
        >>> Ref.parse("pytorch/vision:v0.20.1")
        Ref(place=Remote(scheme='https', host='github.com', path='pytorch/vision', user='', port=None), rev='v0.20.1')
        >>> str(Ref.parse("https://gitlab.com/group/sub/repo.git@main"))
        'gitlab.com/group/sub/repo@main'
    """

    place: Remote | Folder | HubName
    rev: str | None = None
    written: Literal["short", "host", "url"] = field(default="url", compare=False, repr=False)

    @classmethod
    def parse(cls, text: str, *, source: str | None = None) -> Self:
        """Read a ref in any of its forms.

        Args:
            text: ``owner/repo``, ``owner/repo:branch-or-tag``, ``owner/repo@rev``, ``host/path@rev``, a git URL with
                ``@rev``, ``git@host:path@rev``, ``hub:name@release``, or a folder (``./x``, ``/x``, ``~/x``).
            source: ``"local"`` takes any text for a folder, as torch.hub does; ``None`` or ``"github"`` for the rest.

        Raises:
            MalformedRefError: it is none of them, or could be misunderstood by git. No I/O was done.
        """
        _refuse_bad_text(text)
        if _FOLDER.match(text):
            return cls(Folder(text))
        if source == "local":
            return cls(Folder(f"./{text}"))
        if " " in text:
            raise MalformedRefError(text, "it holds a space")
        if text.startswith("hub:"):
            return cls._of_hub(text)
        if "://" in text:
            return cls._of_url(text)
        if re.match(r"[^/:@]+@[^/:@]+:", text):
            return cls._of_scp(text)
        return cls._of_short(text)

    @classmethod
    def _of_hub(cls, text: str) -> Self:
        name, at, release = text[4:].partition("@")
        if not all(_SEGMENT.fullmatch(part) and part[0].isalnum() for part in name.split("/")):
            raise MalformedRefError(
                text, "a model's name is words joined by '/'", "expected hub:name or hub:name@release"
            )
        return cls(HubName(name), _rev(text, release) if at else None)

    @classmethod
    def _of_short(cls, text: str) -> Self:
        """Read ``owner/repo`` or ``host/path``, with ``:ref`` or ``@rev``."""
        cut = re.search(r"[:@]", text)
        if "::" in text:
            raise MalformedRefError(text, _NO_HELPERS)
        where, rev = (text[: cut.start()], text[cut.end() :]) if cut else (text, None)
        # host:port/path would be cut at the port: a port needs the URL form.
        if rev is not None and re.match(r"\d+/", rev) and ("." in where or where == "localhost") and "/" not in where:
            raise MalformedRefError(
                text, "a host with a port needs its scheme", f"expected http://{text} or https://{text}"
            )
        parts = where.split("/")
        named = "." in parts[0] and len(parts) > 1
        place = _remote(text, "https", parts[0], "/".join(parts[1:])) if named else _github(text, parts)
        return cls(place, None if rev is None else _rev_or_default(text, rev), "host" if named else "short")

    @classmethod
    def _of_url(cls, text: str) -> Self:
        scheme, _, rest = text.partition("://")
        authority, slash, path = rest.partition("/")
        path, at, rev = path.partition("@")
        if "::" in scheme:
            raise MalformedRefError(text, _NO_HELPERS)
        if scheme not in {"https", "http", "ssh", "file"}:
            raise MalformedRefError(
                text, f"the transport {scheme!r} is not allowed", "expected https://, ssh:// or file://"
            )
        if "?" in rest or "#" in rest:
            raise MalformedRefError(text, "a git URL has no query and no fragment", "a revision follows '@'")
        if not slash:
            raise MalformedRefError(text, "there is no path after the host")
        host, user, port = _split_authority(text, scheme, authority)
        return cls(_remote(text, scheme, host, path, user, port), _rev_or_default(text, rev) if at else None)

    @classmethod
    def _of_scp(cls, text: str) -> Self:
        """Read ssh's short form, ``git@host:path@rev``."""
        user, _, rest = text.partition("@")
        host, _, path = rest.partition(":")
        path, at, rev = path.partition("@")
        if path.startswith(":"):
            raise MalformedRefError(text, _NO_HELPERS)
        place = _remote(text, "ssh", host, path.lstrip("/"), user)
        return cls(place, _rev_or_default(text, rev) if at else None)

    @property
    def commit(self) -> str | None:
        """The rev, if it is a full commit id: then nothing needs to be asked to know what is meant."""
        return self.rev if self.rev and _FULL_COMMIT.fullmatch(self.rev) else None

    @property
    def maybe_commit(self) -> str | None:
        """The rev in lower case, if it could be a full or short commit id (7 to 40 hex digits)."""
        return self.rev.lower() if self.rev and _COMMIT.fullmatch(self.rev) else None

    def __str__(self) -> str:
        return f"{self.place}@{self.rev}" if self.rev else str(self.place)


def is_loopback(host: str) -> bool:
    """Say whether a host can only be this machine: plain http is allowed to it alone.

    Example:
        >>> is_loopback("127.0.0.1"), is_loopback("127.0.0.1.example.org")
        (True, False)
    """
    return host in _LOOPBACK


def _refuse_bad_text(text: str) -> None:
    if not isinstance(text, str):
        raise MalformedRefError(repr(text), "it is not a string")
    if not text:
        raise MalformedRefError(text, "it is empty")
    if len(text) > _MAX_TEXT:
        raise MalformedRefError(text, f"it has {len(text)} characters, more than {_MAX_TEXT}")
    if any(ord(char) < 0x20 or ord(char) == 0x7F for char in text):  # noqa: PLR2004 - ASCII control characters
        raise MalformedRefError(text, "it holds a control character")
    # An argument that starts with "-" would be an option of git: --upload-pack=x runs x.
    if text.startswith("-"):
        raise MalformedRefError(text, "it starts with '-', which git would take for an option")


def _rev(text: str, rev: str) -> str:
    """Check a branch, tag or commit by git's own rules for ref names."""
    if not rev:
        raise MalformedRefError(text, "there is nothing after ':' or '@'", "leave it out for the default branch")
    if len(rev) > _MAX_REV:
        raise MalformedRefError(text, f"the ref has {len(rev)} characters, more than {_MAX_REV}")
    if found := _BAD_REV.search(rev):
        raise MalformedRefError(text, f"no branch, tag or commit can be named {rev!a} (at {found[0]!a})")
    if not rev.isprintable():
        raise MalformedRefError(text, "the ref holds a character that cannot be printed")
    if re.fullmatch(r"[0-9a-fA-F]{64}", rev):
        raise MalformedRefError(
            text, "SHA-256 repositories are not supported", "expected a commit id of 7 to 40 hex digits"
        )
    return rev.lower() if re.fullmatch(r"[0-9a-fA-F]{40}", rev) else rev


def _rev_or_default(text: str, rev: str) -> str | None:
    """Take ``HEAD`` for what git means by it: the default branch, as if nothing had been said."""
    return None if rev == "HEAD" else _rev(text, rev)


def _github(text: str, parts: list[str]) -> Remote:
    if len(parts) != 2:  # noqa: PLR2004 - owner and repo
        reason = (
            f"a repository on {GITHUB} is owner/repo, and this has {len(parts)} part{'s' if len(parts) > 1 else ''}"
        )
        hint = (
            f"a folder needs ./ in front: ./{text}"
            if len(parts) == 1
            else "another host needs its name: host.org/" + text
        )
        raise MalformedRefError(text, reason, hint)
    owner, name = parts
    if not name:
        raise MalformedRefError(text, "the repository has no name")
    if not _OWNER.fullmatch(owner):
        raise MalformedRefError(text, f"{owner!a} cannot be an owner's name (letters, digits, '-' and '_')")
    return _remote(text, "https", GITHUB, f"{owner}/{name}")


def _split_authority(text: str, scheme: str, authority: str) -> tuple[str, str, int | None]:
    """Take host, user and port out of a URL's authority."""
    shown = ascii(authority.rpartition("@")[2])
    try:
        split = urlsplit(f"{scheme}://{authority}")
        host, port = split.hostname or "", split.port
    except ValueError as error:
        raise MalformedRefError(text, f"{shown} is no host: {error}") from error
    if not authority.isascii():  # urlsplit has made a "k" of the Kelvin sign by now
        raise MalformedRefError(text, f"{shown} is not a host name")
    if port == 0:
        raise MalformedRefError(text, "there is no port 0")
    if scheme != "ssh" and "@" in authority:
        # A password in a ref would end up in locks, logs and provenance.
        raise MalformedRefError(
            text, "credentials do not belong in a ref", "set GITHUB_TOKEN or GITLAB_TOKEN, or use ~/.netrc"
        )
    if split.password is not None:
        raise MalformedRefError(text, "credentials do not belong in a ref", "ssh uses your keys")
    return host, split.username or "", None if port == _DEFAULT_PORT.get(scheme) else port


def _without_git(text: str, path: str) -> str:
    if re.search(r"(?:\.git|^|/)\.git/*$", path):
        raise MalformedRefError(text, "a repository's name ends in '.git' at most once, and has something before it")
    return path.rstrip("/").removesuffix(".git")


def _is_host(host: str) -> bool:
    if ":" not in host:
        return len(host) <= _MAX_HOST and _HOST.fullmatch(host) is not None
    from ipaddress import IPv6Address

    try:
        return IPv6Address(host).scope_id is None
    except ValueError:
        return False


def _remote(  # noqa: PLR0913, PLR0917 - the parts of a URL
    text: str, scheme: str, host: str, path: str, user: str = "", port: int | None = None
) -> Remote:
    """Check the parts of a remote, whatever form they came in."""
    if scheme == "file":
        if host:
            raise MalformedRefError(text, "a file URL has no host", f"expected file:///{path}")
        return Remote(scheme, "", _checked_path(text, path))
    # Looked at before it is lowered, for the same reason as above.
    if not _is_host(host):
        raise MalformedRefError(text, f"{host!a} is not a host name")
    host = host.lower()
    if scheme == "http" and not is_loopback(host):
        raise MalformedRefError(text, "plain http is allowed to this machine only", f"expected https://{host}/{path}")
    if user and not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", user):
        raise MalformedRefError(text, f"{user!a} is not a user name")
    clean = _checked_path(text, _without_git(text, path))
    for part in clean.split("/"):
        if not _SEGMENT.fullmatch(part):
            raise MalformedRefError(text, f"{part!a} cannot be a part of a repository's path")
    return Remote(scheme, host, clean, user, port)


def _checked_path(text: str, path: str) -> str:
    """Refuse a path that leaves its place or could be read as an option, also behind percent signs."""
    seen = unquote(path)
    parts = [part for part in seen.split("/") if part]
    if not parts:
        raise MalformedRefError(text, "the repository has no name")
    if any(part in {".", ".."} for part in parts):
        raise MalformedRefError(text, "'..' and '.' cannot be a part of a repository's path")
    if any(part.startswith("-") for part in parts):
        raise MalformedRefError(text, "a part of the path starts with '-', which git would take for an option")
    if "\\" in seen or not seen.isprintable():
        raise MalformedRefError(text, "the path holds a backslash or a character that cannot be printed")
    if PurePath(seen).name in {".git", ""}:
        raise MalformedRefError(text, "'.git' is no repository's name")
    return "/".join(part for part in path.split("/") if part)
