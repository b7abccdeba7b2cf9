"""Which files of a git tree may be written to disk, and under which names: the one door between git and the disk.

Decided from tree objects alone, before anything is listed that could explode: a tree of a few kilobytes can name
10**10 files by sharing subtrees, so paths are first counted with every subtree counted once.
"""

import builtins
import posixpath
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rehub.words.errors import RefusedTreeError
from rehub.words.treenames import can_be_told_apart, checked_name, folded

_FILE, _EXECUTABLE, _GROUP_WRITABLE = 0o100644, 0o100755, 0o100664
_LINK, _FOLDER, _SUBMODULE = 0o120000, 0o040000, 0o160000
_STEPS_PER_FILE = 10  # parts of links' targets, for each file that is allowed
_MAX_HOPS = 40  # links on the way to a file; Linux's own limit
_SHOWN = 1024  # characters of a path in a message


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a repository may be written to disk."""

    files: int = 100_000  # paths
    bytes: int = 16 << 30  # of all files together
    depth: int = 64  # folders inside one another
    name: int = 255  # bytes of one name
    path: int = 1024  # bytes of a whole path


class Reader(Protocol):
    """What planning needs of a repository. Both raise ValueError for what is too large or of another kind."""

    def tree(self, oid: str) -> bytes:
        """Give a tree object, as git stores it."""
        ...

    def link(self, oid: str) -> bytes:
        """Give the target of a symbolic link."""
        ...


@dataclass(frozen=True, slots=True)
class RawEntry:
    """One line of a tree object."""

    mode: int
    name: bytes
    oid: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write.

    Attributes:
        files: path to blob, in the order of the paths; links that stay inside are already copies.
        submodules: paths at which another repository would have to be.
        dangling: links to nothing, which are left out.
        alike: pairs of paths that differ in the case of plain letters only: whether both can be depends on the disk.
    """

    files: dict[str, str]
    submodules: tuple[str, ...] = ()
    dangling: tuple[str, ...] = ()
    alike: tuple[tuple[str, str], ...] = ()


def parse_tree(data: bytes) -> Iterator[RawEntry]:
    r"""Read a tree object.

    Raises:
        ValueError: it is cut short or malformed.

    Source: git, Documentation/gitformat; a tree is ``<octal mode> <name>\0<20 bytes>`` over and over.
    """
    at = 0
    while at < len(data):
        space = data.index(b" ", at)
        end = data.index(b"\0", space)
        oid = data[end + 1 : end + 21]
        if len(oid) != 20:  # noqa: PLR2004 - bytes of a SHA-1
            msg = "a tree object is cut short"
            raise ValueError(msg)
        yield RawEntry(int(data[at:space], 8), data[space + 1 : end], oid.hex())
        at = end + 21


def plan(root: str, reader: Reader, *, where: str, limits: Limits) -> Plan:
    """Decide what to write for a tree.

    Args:
        root: the tree's id.
        reader: the repository's objects.
        where: the repository and commit, for messages.
        limits: how much is allowed.

    Raises:
        RefusedTreeError: a name that could leave the folder, collide with another or hide one; a link out; a device;
            more files or depth than the limits allow.
    """
    planner = _Planner(reader, where, limits)
    planner.count(root, "", 0)
    planner.list(root, "")
    return planner.finish()


def check_bytes(files: Mapping[str, str], sizes: Mapping[str, int], *, where: str, limits: Limits) -> None:
    """Refuse a plan whose files are larger together than the limit; nothing was written yet.

    Args:
        files: path to blob.
        sizes: blob to its size in bytes; what is missing here is no blob.
        where: the repository and commit, for messages.
        limits: how much is allowed.

    Raises:
        RefusedTreeError: they are larger, or one of them is no file.
    """
    total = 0
    for path, oid in files.items():
        if oid not in sizes:
            raise RefusedTreeError(where, path, "its folder says that it is a file, and it is not")
        total += sizes[oid]
        if total > limits.bytes:
            raise RefusedTreeError(where, path, f"the files are larger than {limits.bytes} bytes together")


@dataclass(slots=True)
class _Planner:
    reader: Reader
    where: str
    limits: Limits
    counted: dict[str, int] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)  # path to target, as written in the link
    folders: set[str] = field(default_factory=lambda: {""})
    submodules: list[str] = field(default_factory=list)
    dangling: list[str] = field(default_factory=list)
    alike: list[tuple[str, str]] = field(default_factory=list)
    order: Sequence[str] = ()  # files and links, sorted
    steps: int = 0  # of following links
    left: int = 0  # how many more files may be written

    def refuse(self, path: str, reason: str) -> RefusedTreeError:
        return RefusedTreeError(self.where, path, reason)

    def entries(self, oid: str, path: str) -> Iterator[RawEntry]:
        try:
            yield from parse_tree(self.reader.tree(oid))
        except ValueError as error:
            raise self.refuse(path, f"its tree cannot be read: {error}") from error

    def count(self, oid: str, path: str, depth: int) -> int:
        """Count the paths below a tree, folders too, each different subtree once: a bomb may have no file at all."""
        most = self.limits.files
        if depth > self.limits.depth:
            raise self.refuse(path, f"folders are nested deeper than {self.limits.depth}")
        if oid not in self.counted:
            total = 0
            for entry in self.entries(oid, path):
                name = entry.name.decode("utf-8", "backslashreplace")
                inside = self.count(entry.oid, f"{path}/{name}"[:200], depth + 1) if entry.mode == _FOLDER else 0
                total += 1 + inside
                if total > most:
                    raise self.refuse(path, f"there are more than {most} files and folders in it")
            self.counted[oid] = total
        return self.counted[oid]

    def list(self, oid: str, folder: str, depth: int = 0) -> None:
        """Take down every path below a tree, its names checked."""
        # A shared subtree was counted at its shallowest place; here every place counts.
        if depth > self.limits.depth:
            raise self.refuse(folder, f"folders are nested deeper than {self.limits.depth}")
        seen: dict[str, str] = {}  # what a file system may make of a name, to the name
        for entry in self.entries(oid, folder):
            name = self.checked_name(entry.name, folder)
            path = f"{folder}/{name}" if folder else name
            if (same := seen.get(key := folded(name))) is not None:
                if same == name or not can_be_told_apart(same, name):
                    raise self.refuse(path, f"its name and {same!a} are the same on some file systems")
                self.alike.append((f"{folder}/{same}" if folder else same, path))
            seen[key] = name
            if len(path.encode()) > self.limits.path:
                raise self.refuse(path, f"its path is longer than {self.limits.path} bytes")
            self.take(entry, path, depth)

    def take(self, entry: RawEntry, path: str, depth: int) -> None:
        if entry.mode in {_FILE, _EXECUTABLE, _GROUP_WRITABLE}:
            self.files[path] = entry.oid
        elif entry.mode == _FOLDER:
            self.folders.add(path)
            self.list(entry.oid, path, depth + 1)
        elif entry.mode == _LINK:
            self.links[path] = self.link_target(entry.oid, path)
        elif entry.mode == _SUBMODULE:
            self.submodules.append(path)
        else:
            raise self.refuse(path, f"it is neither file, folder nor link (mode {entry.mode:o})")

    def checked_name(self, raw: bytes, folder: str) -> str:
        """Give a name that stays in its folder on every file system."""
        try:
            return checked_name(raw, most=self.limits.name)
        except ValueError as error:
            shown = f"{folder}/{raw.decode('utf-8', 'backslashreplace')}".lstrip("/")
            raise self.refuse(shown[:_SHOWN], str(error)) from error

    def link_target(self, oid: str, path: str) -> str:
        try:
            target = self.reader.link(oid).decode("utf-8")
        except UnicodeDecodeError as error:
            raise self.refuse(path, "it is a link whose target is not UTF-8") from error
        except ValueError as error:
            raise self.refuse(path, f"it is a link that cannot be read: {error}") from error
        joined = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        if target.startswith("/") or "\\" in target or joined == ".." or joined.startswith("../"):
            raise self.refuse(path, f"it is a link out of the repository, to {target!a}")
        return target

    def finish(self) -> Plan:
        """Turn links into copies of what they lead to."""
        self.order = sorted(self.files.keys() | self.links.keys())
        self.left = self.limits.files - len(self.files)
        copies: dict[str, str] = {}
        for link in sorted(self.links):
            found = dict(self.copied(link, link, ()))
            copies.update(found)
            if not found:
                self.dangling.append(link)
        files = dict(sorted((self.files | copies).items()))
        return Plan(files, tuple(sorted(self.submodules)), tuple(self.dangling), tuple(self.alike))

    def copied(self, link: str, place: str, through: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Give the files that a link stands for, with the paths at which they are put.

        Args:
            link: the link.
            place: where its copy goes: its own path, or one below the copy of a folder that holds it.
            through: the folders that are being copied already.
        """
        self.spend(link, place)
        target = self.resolved(link)
        if target in self.files:
            yield place, self.files[target]
        elif target is not None and target in self.folders:
            if link.startswith(f"{target}/" if target else "") or target in through or len(through) > self.limits.depth:
                raise self.refuse(link, "it is a link to a folder that it lies in")
            for path in self.below(target):
                there = place + path[len(target) :]
                if path in self.links:
                    yield from self.copied(path, there, (*through, target))
                else:
                    self.spend(link, there)
                    yield there, self.files[path]

    def spend(self, link: str, place: str) -> None:
        """Count a copy, and each link followed for one: links to folders of links multiply."""
        self.left -= 1
        if self.left < 0:
            raise self.refuse(link, f"with links as copies there are more than {self.limits.files} files")
        if len(place.encode()) > self.limits.path or place.count("/") > self.limits.depth:
            raise self.refuse(link, f"with links as copies a path is longer than {self.limits.path} bytes, or too deep")

    def below(self, folder: str) -> Iterator[str]:
        """Give the files and links in a folder and its folders."""
        at = bisect_left(self.order, f"{folder}/")
        while at < len(self.order) and self.order[at].startswith(f"{folder}/"):
            yield self.order[at]
            at += 1

    def resolved(self, link: str) -> str | None:
        """Follow a link, also through links in its target, to a path of the tree; ``None``: it leads to nothing."""
        done: list[str] = posixpath.dirname(link).split("/") if posixpath.dirname(link) else []
        todo, hops = self.links[link].split("/"), 0
        while todo:
            part = todo.pop(0)
            self.step(link)
            if len(done) > self.limits.depth:
                return None  # no folder is that deep
            if part == "..":
                self.leave(link, done)
            elif part not in {"", "."}:
                done.append(part)
            if (hop := self.links.get("/".join(done))) is not None:
                hops += 1
                if hops > _MAX_HOPS:
                    raise self.refuse(link, "it is a link that leads to itself")
                done.pop()
                todo = hop.split("/") + todo
        path = "/".join(done)
        return path if path in self.files or path in self.folders else None

    def leave(self, link: str, folders: builtins.list[str]) -> None:
        if not folders:
            raise self.refuse(link, "it is a link out of the repository")
        folders.pop()

    def step(self, link: str) -> None:
        self.steps += 1
        if self.steps > _STEPS_PER_FILE * self.limits.files:
            raise self.refuse(link, f"its links take more than {_STEPS_PER_FILE * self.limits.files} steps to follow")
