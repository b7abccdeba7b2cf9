"""What proves that a commit has just these files: git's own objects, from the commit down to each file's id.

Each object is the one that its id names, or it is not taken: so it does not matter who gives them out. They come in a
tar (see tar.py) of the members ``commit/<id>``, ``link/<id>`` and ``tree/<id>``; files themselves are not among them.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from rehub.words.tar import Packed, content, listing, pack
from rehub.words.tree import Limits, Reader

MOST = 64 << 20  # bytes of a proof
_LIMITS = Limits(files=200_000, bytes=MOST, depth=1)
_KINDS = {"commit": "commit", "link": "blob", "tree": "tree"}
_TREE = re.compile(rb"tree ([0-9a-f]{40})\n")


@dataclass(frozen=True, slots=True)
class Proof:
    """Git's objects for one commit, each proved by its id; a :class:`rehub.words.tree.Reader`.

    Attributes:
        commit: the commit's id.
        objects: kind (``commit``, ``link`` or ``tree``) and id, to what they hold.
    """

    commit: str
    objects: Mapping[tuple[str, str], bytes] = field(repr=False)

    @property
    def root(self) -> str:
        """The id of the commit's tree.

        Raises:
            ValueError: it names none.
        """
        return root_of(self.objects["commit", self.commit])

    @classmethod
    def read(cls, packed: Packed, commit: str) -> "Proof":
        """Read the proof of a commit.

        Raises:
            ValueError: it is none, or an object is not the one that its id names; says which.
        """
        objects = dict(_objects(packed))
        if ("commit", commit) not in objects:
            msg = f"the commit {commit} is not in it"
            raise ValueError(msg)
        return cls(commit, objects)

    def packed(self) -> Iterator[bytes]:
        """Give the bytes of the tar that it is read from."""
        rows = sorted(self.objects.items())
        return pack((f"{kind}/{oid}", len(data), [data]) for (kind, oid), data in rows)

    def tree(self, oid: str) -> bytes:
        """Give a tree object.

        Raises:
            ValueError: it is not there.
        """
        return self._object("tree", oid)

    def link(self, oid: str) -> bytes:
        """Give the target of a symbolic link.

        Raises:
            ValueError: it is not there.
        """
        return self._object("link", oid)

    def _object(self, kind: str, oid: str) -> bytes:
        try:
            return self.objects[kind, oid]
        except KeyError as error:
            msg = f"the {kind} {oid} is not in the proof"
            raise ValueError(msg) from error


@dataclass(slots=True)
class Recorder:
    """Reads objects, and keeps those that were read: they are what the proof needs."""

    reader: Reader
    read: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def tree(self, oid: str) -> bytes:
        """Give a tree object."""
        return self._kept("tree", oid, self.reader.tree(oid))

    def link(self, oid: str) -> bytes:
        """Give the target of a symbolic link."""
        return self._kept("link", oid, self.reader.link(oid))

    def _kept(self, kind: str, oid: str, data: bytes) -> bytes:
        self.read[kind, oid] = data
        return data


def root_of(commit: bytes) -> str:
    """Give the id of the tree that a commit object names.

    Raises:
        ValueError: it names none.
    """
    if (found := _TREE.match(commit)) is None:
        msg = "the commit names no tree"
        raise ValueError(msg)
    return found[1].decode()


def object_id(kind: str, size: int, pieces: Iterable[bytes]) -> str:
    """Give the id that git gives to an object.

    Example:
        >>> object_id("blob", 0, [])
        'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391'
    """
    total = hashlib.sha1(f"{kind} {size}\0".encode(), usedforsecurity=False)
    for piece in pieces:
        total.update(piece)
    return total.hexdigest()


def checked(pieces: Iterable[bytes], size: int, oid: str, path: str) -> Iterator[bytes]:
    """Give a file's bytes, and fail at their end if git's id of them is another one.

    Raises:
        ValueError: it is.
    """
    total = hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
    for piece in pieces:
        total.update(piece)
        yield piece
    if total.hexdigest() != oid:
        msg = f"{path!a} is not the file that the commit has: git calls it {total.hexdigest()} and not {oid}"
        raise ValueError(msg)


def _objects(packed: Packed) -> Iterator[tuple[tuple[str, str], bytes]]:
    for member in listing(packed, _LIMITS).members:
        kind, _, oid = member.path.partition("/")
        data = b"".join(content(packed, member))
        if kind not in _KINDS or object_id(_KINDS[kind], len(data), [data]) != oid:
            msg = f"{member.path!a} is not what its name says"
            raise ValueError(msg)
        yield (kind, oid), data
