"""A static mirror in words: which file of it says what, and how its records are read. Nothing is asked here.

The layout is written down in docs/formats/mirror.md. A mirror need not be trusted: files go by their digests, and a
commit's files by git's own objects. It is believed in where a ref points, and which bytes a URL gives, if nobody knows.
"""

from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote

from rehub.words.digest import Digest
from rehub.words.errors import MalformedError
from rehub.words.pin import Pin
from rehub.words.ref import Remote
from rehub.words.weightfile import identity

FORMAT = 1
"""What every record says of itself; a reader refuses others."""

_MOST = 1 << 50  # bytes that anything can have


def place_of(remote: Remote) -> str:
    """Give the part of a path that stands for a repository: its host and its path, or all that is unusual about it.

    Example:
        >>> place_of(Remote("https", "github.com", "acme/toy")), place_of(Remote("http", "127.0.0.1", "a/b", port=80))
        ('github.com/acme/toy', 'http+127.0.0.1+80/a/b')
    """
    host = remote.host
    if remote.scheme != "https" or remote.port or remote.user:
        parts = (remote.scheme, remote.user, remote.host, str(remote.port or ""))
        host = "+".join(filter(None, parts)) + ("" if host else "+")  # no host is called "file+"
    return f"{quote(host, safe='+')}/{remote.path}"


def refs_path(remote: Remote) -> str:
    """Give the path of what a mirror says of a repository's refs."""
    return f"refs/{place_of(remote)}.json"


def pin_path(remote: Remote, commit: str) -> str:
    """Give the path of what a mirror says of a commit."""
    return f"pins/{place_of(remote)}/{commit}.json"


def proof_path(remote: Remote, commit: str) -> str:
    """Give the path of what proves a commit's files: git's own objects, as gitproof.py reads them."""
    return f"pins/{place_of(remote)}/{commit}.tar"


def tree_path(tree: Digest) -> str:
    """Give the path of a tree's files, in one canonical tar."""
    return f"trees/{tree.hex}.tar"


def blob_path(digest: Digest) -> str:
    """Give the path of a file."""
    return f"blobs/sha256/{digest.hex[:2]}/{digest.hex}"


def url_path(url: str) -> str:
    """Give the path of what a mirror says of a URL."""
    return f"urls/{Digest.of(identity(url).encode('utf-8', 'surrogateescape')).hex}.json"


def asked_at(root: str, path: str) -> str:
    """Give the URL of a mirror's file.

    Args:
        root: of its folder, with a slash at its end.
        path: of the file, as the functions above give it.
    """
    return root + quote(path)


@dataclass(frozen=True, slots=True)
class MirroredRef:
    """Where a ref pointed.

    Attributes:
        commit: 40 hex digits.
        name: the full name that it had on the remote; empty for a commit.
        asked: when the remote said so, in seconds since 1970.
    """

    commit: str
    name: str
    asked: float

    def as_dict(self) -> dict[str, Any]:
        """Give what is written down."""
        return {"commit": self.commit, "name": self.name, "asked": self.asked}

    @classmethod
    def of(cls, data: object) -> Self:
        """Read one.

        Raises:
            MalformedError: it is none.
        """
        found = cls(_text(data, "commit"), _text(data, "name"), _number(data, "asked"))
        Pin(Remote("https", "mirror", "ref"), found.commit)  # says what is wrong with the commit
        return found


def refs_record(remote: Remote, refs: dict[str, MirroredRef]) -> dict[str, Any]:
    """Give what a mirror says of a repository's refs: by what was asked for, ``HEAD`` for the default branch."""
    rows = {rev: each.as_dict() for rev, each in sorted(refs.items())}
    return {"format": FORMAT, "remote": remote.url, "refs": rows}


def refs_of(data: object, remote: Remote) -> dict[str, MirroredRef]:
    """Read what a mirror says of a repository's refs.

    Raises:
        MalformedError: it says nothing, or it says it of another repository.
    """
    _check(data, remote)
    rows = _field(data, "refs")
    if not isinstance(rows, dict):
        raise MalformedError(_no("refs", "a table"))
    return {str(rev): MirroredRef.of(row) for rev, row in rows.items()}


def find(refs: dict[str, MirroredRef], rev: str | None) -> MirroredRef | None:
    """Find a rev: as it was asked for, else by the name that it has on the remote, a tag before a branch.

    Example:
        >>> main = MirroredRef("0" * 40, "refs/heads/main", 0.0)
        >>> find({"HEAD": main}, "main") == find({"HEAD": main}, None) == main
        True
    """
    if rev is None or rev in refs:
        return refs.get(rev or "HEAD")
    named = {each.name: each for each in refs.values()}
    return next((named[name] for name in (rev, f"refs/tags/{rev}", f"refs/heads/{rev}") if name in named), None)


@dataclass(frozen=True, slots=True)
class MirroredPin:
    """Under which digest the files of a commit are to be found; that they are the commit's own is proved apart.

    Attributes:
        tree: the digest.
        git_tree: git's own id of them; empty if that is not known.
    """

    tree: Digest
    git_tree: str = ""

    def as_dict(self, remote: Remote, commit: str) -> dict[str, Any]:
        """Give what is written down."""
        told = {"tree": self.tree.h1, "git_tree": self.git_tree}
        return {"format": FORMAT, "remote": remote.url, "commit": commit, **told}

    @classmethod
    def of(cls, data: object, pin: Pin) -> Self:
        """Read what a mirror says of a pin.

        Raises:
            MalformedError: it says nothing, or says it of another one.
        """
        _check(data, pin.remote)
        if _text(data, "commit") != pin.commit:
            raise MalformedError(_no("commit", pin.commit))
        return cls(Digest.parse(_text(data, "tree")), _text(data, "git_tree"))


@dataclass(frozen=True, slots=True)
class MirroredUrl:
    """Which bytes a URL gave.

    Attributes:
        digest: of the bytes.
        size: in bytes.
        etag: what the server called them; empty if it said nothing.
        fetched: when, in seconds since 1970.
    """

    digest: Digest
    size: int
    etag: str = ""
    fetched: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Give what is written down."""
        told = {"sha256": self.digest.hex, "size": self.size, "etag": self.etag, "fetched": self.fetched}
        return {"format": FORMAT, **told}

    @classmethod
    def of(cls, data: object) -> Self:
        """Read one.

        Raises:
            MalformedError: it is none.
        """
        _check(data, None)
        size = _field(data, "size")
        if type(size) is not int or not 0 <= size <= _MOST:
            raise MalformedError(_no("size", "a number of bytes"))
        etag = _text(data, "etag")
        return cls(Digest(_text(data, "sha256")), size, etag if etag.isprintable() else "", _number(data, "fetched"))


def _check(data: object, remote: Remote | None) -> None:
    """Refuse what is no record, one of another format, and one of another repository."""
    if _field(data, "format") != FORMAT:
        raise MalformedError(_no("format", str(FORMAT)))
    if remote is not None and _text(data, "remote") != remote.url:
        raise MalformedError(_no("remote", remote.url))


def _field(data: object, name: str) -> object:
    if isinstance(data, dict) and name in data:
        return data[name]
    raise MalformedError(_no(name, "to be there"))


def _text(data: object, name: str) -> str:
    found = _field(data, name)
    if isinstance(found, str) and len(found) <= 1024:  # noqa: PLR2004 - characters; all of them are ids, names and URLs
        return found
    raise MalformedError(_no(name, "a short text"))


def _number(data: object, name: str) -> float:
    found = _field(data, name)
    if isinstance(found, int | float) and 0 <= found <= _MOST:  # neither infinity nor not-a-number
        return float(found)
    raise MalformedError(_no(name, "a number of seconds"))


def _no(name: str, expected: str) -> str:
    return f"its {name!r} is not what it must be\n  expected {expected}"
