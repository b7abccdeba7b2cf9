"""Everything that can be set, in one value; where it was set is the business of ``world.config``."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self
from urllib.parse import quote, urlsplit

from rehub.words.errors import MalformedSettingError
from rehub.words.hosts import Host, host_of, meant
from rehub.words.ref import GITHUB, Ref, Remote, is_loopback

TrustMode = Literal["never", "ask", "always"]
VerifyMode = Literal["changed", "always"]
_STATIC = "static+"  # before the target of a mirror that is a tree of plain files


@dataclass(frozen=True, slots=True)
class Mirror:
    """A prefix of URLs and what to put in its place; or the static tree of files that is asked for them.

    Attributes:
        prefix: of the URLs that it is asked for.
        target: the prefix in its place; of a static mirror ``static+`` and its folder's URL, which ends in a slash.

    Example:
        >>> Mirror.parse("https://github.com/=http://127.0.0.1:8000/").rewrite("https://github.com/a/b")
        'http://127.0.0.1:8000/a/b'
        >>> Mirror.parse("https://=static+/srv/mirror").root
        'file:///srv/mirror/'
    """

    prefix: str
    target: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``<prefix>=<target>``.

        Raises:
            MalformedSettingError: it is something else, or its target is no URL that may be asked.
        """
        prefix, equals, target = text.partition("=")
        told = None if re.search(r"://[^/\s]*@|\?", text) else text  # a user may have a password, a query a token
        if not (equals and re.match(r"(https|http|ssh|file)://", prefix)):
            raise MalformedSettingError("REHUB_MIRRORS", told, "<URL prefix>=<URL prefix>, several separated by spaces")
        if target.startswith(_STATIC):
            return cls(prefix, _STATIC + _static(target.removeprefix(_STATIC), told))
        if not re.match(r"(https|http|ssh|file)://[^-\s]", target) or "::" in target or not target.isprintable():
            raise MalformedSettingError(
                "REHUB_MIRRORS", told, "a target that starts with https://, http://, ssh:// or file://"
            )
        if prefix.endswith("/") != target.endswith("/"):
            raise MalformedSettingError("REHUB_MIRRORS", told, "both prefixes with a slash at the end, or both without")
        if "@" in target.partition("://")[2].partition("/")[0] and not target.startswith("ssh://"):
            raise MalformedSettingError("REHUB_MIRRORS", told, "a target without credentials")
        return cls(prefix, target)

    @classmethod
    def parse_all(cls, text: str) -> tuple[Self, ...]:
        """Read several, separated by white space."""
        return tuple(cls.parse(part) for part in text.split())

    @property
    def root(self) -> str:
        """The URL of a static mirror's folder, with a slash at its end; empty if it is none."""
        return self.target.removeprefix(_STATIC) if self.target.startswith(_STATIC) else ""

    def covers(self, url: str) -> bool:
        """Say whether it is asked for a URL."""
        rest = url.removeprefix(self.prefix)
        # Only whole parts of a URL: https://github.com must not stand for https://github.com.example.org too.
        whole = self.prefix.endswith("/") or rest.startswith("/") or not rest
        return whole and url.startswith(self.prefix)

    def rewrite(self, url: str) -> str | None:
        """Give the URL to ask instead, or ``None`` if the prefix is another one, or the mirror a static one."""
        if self.root or not self.covers(url):
            return None
        return self.target + url.removeprefix(self.prefix)


def _static(target: str, told: str | None) -> str:
    """Give the URL of a static mirror's folder, with a slash at its end; ``static+/folder`` is one of this machine."""
    url = f"file://{quote(target)}" if target.startswith("/") else target
    if not re.match(r"https?://[^-/\s]|file:///", url) or "?" in url or "#" in url or not url.isprintable():
        expected = "static+http://…/, static+https://…/, static+file:///…/ or static+/an/absolute/folder/"
        raise MalformedSettingError("REHUB_MIRRORS", told, expected)
    if "@" in urlsplit(url).netloc:
        raise MalformedSettingError("REHUB_MIRRORS", told, "a target without credentials")
    return url.rstrip("/") + "/"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a :class:`rehub.Hub` goes by.

    Attributes:
        dir: torch.hub's folder; rehub's own part is ``rehub/`` inside it.
        offline: open no socket.
        mirrors: prefix rewrites, first match wins; static ones are asked before, one after the other.
        trust: ``never`` runs nothing that was not allowed by name, ``ask`` (the default) lets the command line ask
            on a terminal, ``always`` runs whatever is asked for.
        verify: ``changed`` hashes a file again when its size, inode or times differ from what was recorded,
            ``always`` hashes every file before every load.
        trust_file: where the user's decisions are kept, apart from the store, which may be shared.
        timeout: how long a remote may stay silent before it counts as unreachable, in seconds.
        hosts: git servers that the user has described.
        default_host: the host that ``owner/repo`` is at.
        legacy_links: let torch.hub's names (``<owner>_<repo>_<ref>``) lead to what was loaded, for programs that look
            for files there.
        lock: the lock in use: what is loaded is recorded in it, and what it knows is answered from it.
        locked: load exactly what the lock says, and nothing else.
        shared: folders like ``dir`` beneath it, first match wins: only read, never written.
    """

    dir: Path
    offline: bool = False
    mirrors: tuple[Mirror, ...] = ()
    trust: TrustMode = "ask"
    verify: VerifyMode = "changed"
    trust_file: Path = Path("trust.json")
    timeout: float = 30.0  # seconds
    hosts: tuple[Host, ...] = ()
    default_host: str = GITHUB
    legacy_links: bool = False
    lock: Path | None = None
    locked: bool = False
    shared: tuple[Path, ...] = ()

    @property
    def store_dir(self) -> Path:
        """rehub's own part of torch.hub's folder."""
        return self.dir / "rehub"

    @property
    def shared_dirs(self) -> tuple[Path, ...]:
        """rehub's own part of each folder beneath."""
        return tuple(each / "rehub" for each in dict.fromkeys(self.shared) if each != self.dir)

    def meant(self, ref: Ref) -> Ref:
        """Give a ref as the user means it here, with the host that it is really at."""
        return meant(ref, self.hosts, self.default_host)

    def named(self, remote: Remote) -> str:
        """Give a repository's name as it is read here, without a revision."""
        return str(self.meant(Ref(remote)).place)

    def host_of(self, remote: Remote) -> Host:
        """Give the host that a repository is at."""
        return host_of(remote, self.hosts)

    def rewritten(self, url: str) -> str:
        """Give the URL to ask instead of one: a mirror's, or itself."""
        found = (mirror.rewrite(url) for mirror in self.mirrors)
        return next((each for each in found if each is not None), url)

    def static_mirrors(self, url: str) -> list[str]:
        """Give the folders' URLs of the static mirrors that are asked for a URL, in order; offline those that are here.

        Example:
            >>> mirrors = Mirror.parse_all("https://a.org/=static+http://127.0.0.1:8000 https://=static+file:///srv/m/")
            >>> Settings(Path("/x"), mirrors=mirrors).static_mirrors("https://a.org/b/c")
            ['http://127.0.0.1:8000/', 'file:///srv/m/']
        """
        roots = [mirror.root for mirror in self.mirrors if mirror.root and mirror.covers(url)]
        return [root for root in dict.fromkeys(roots) if root.startswith("file:") or not self.offline]

    def urls(self, remote: Remote) -> list[tuple[str, bool]]:
        """Give the URL to ask for a repository, and whether it is a mirror's; with and without ``.git``."""
        url = self.rewritten(remote.url)
        mirrored = any(mirror.rewrite(remote.url) is not None for mirror in self.mirrors)
        return (
            [(url, mirrored)]
            if url.endswith(".git") or url.startswith("file:")
            else [(url, mirrored), (url + ".git", mirrored)]
        )


def may_ask(url: str, *, mirrored: bool) -> bool:
    """Say whether git may speak plain http to a URL: to this machine, or to a mirror that the user named."""
    if not url.startswith("http://"):
        return True
    return mirrored or is_loopback(urlsplit(url).hostname or "")
