"""Makes real git repositories, also such as git's own commands would refuse to make.

Objects are written byte by byte, so any name and any mode can be had; what is fetched from them is real git's answer.
Authors and dates are fixed: the same calls make the same commit ids on every machine.
"""

import hashlib
import os
import struct
import subprocess
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

FILE, EXECUTABLE, LINK, SUBMODULE, FOLDER = "100644", "100755", "120000", "160000", "40000"
_WHO = b"Ada Owner <ada@example.org>"
_FIRST_SECOND = 1_700_000_000
_LOOSE_AT_MOST = 200  # objects; more are written as one pack


@dataclass(frozen=True, slots=True)
class Exec:
    """A file with the executable bit."""

    content: str | bytes


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link, wherever it leads."""

    target: str | bytes


@dataclass(frozen=True, slots=True)
class Submodule:
    """A folder that is another repository at a commit."""

    commit: str = "1" * 40


Content = str | bytes | Exec | Link | Submodule
Files = Mapping[str, Content | None]  # None removes
Entry = tuple[str, bytes, str]  # mode, name, object id
_Kept = tuple[str, str]  # mode, object id


def lfs_pointer(content: bytes) -> bytes:
    """Give the file that git LFS commits in place of the content."""
    oid = hashlib.sha256(content).hexdigest()
    return b"version https://git-lfs.github.com/spec/v1\noid sha256:%b\nsize %d\n" % (oid.encode(), len(content))


def git_env() -> dict[str, str]:
    """Give an environment in which git sees nobody's configuration."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }


def git(*args: str | os.PathLike[str], cwd: Path | None = None, stdin: bytes | None = None, timeout: float = 60) -> str:
    """Run git, alone in the world, and give what it printed."""
    command = ["git", *map(os.fspath, args)]
    done = subprocess.run(
        command, cwd=cwd, env=git_env(), input=stdin, capture_output=True, timeout=timeout, check=False
    )
    if done.returncode:
        msg = f"{' '.join(command)} ended with {done.returncode}\n{done.stderr.decode(errors='replace')}"
        raise RuntimeError(msg)
    return done.stdout.decode(errors="surrogateescape").rstrip("\n")


@dataclass
class Repo:
    """A bare repository.

    Attributes:
        name: ``owner/repo``, any depth.
        path: the folder on disk.
        base: gives the URL of the server that serves it.
    """

    name: str
    path: Path
    base: Callable[[], str]
    _pending: dict[str, tuple[str, bytes]] = field(default_factory=dict, repr=False)
    _written: set[str] = field(default_factory=set, repr=False)
    _files: dict[str, dict[str, _Kept]] = field(default_factory=dict, repr=False)
    _clock: int = _FIRST_SECOND

    @classmethod
    def make(cls, name: str, path: Path, base: Callable[[], str], *, branch: str) -> "Repo":
        """Make an empty one whose HEAD names a branch that is not there yet."""
        if path.exists():
            msg = f"{name} was made before: commit to that one, or give this one another name"
            raise FileExistsError(msg)
        git("init", "--quiet", "--bare", "--template=", f"--initial-branch={branch}", path)
        return cls(name, path, base)

    @property
    def url(self) -> str:
        """The URL at the world's hub, which starts when this is first asked."""
        return f"{self.base()}/{self.name}"

    @property
    def file_url(self) -> str:
        """The URL for git without any server."""
        return self.path.as_uri()

    def rev(self, name: str = "HEAD") -> str:
        """Give the commit that a branch, tag or anything else names."""
        return git("rev-parse", "--verify", f"{name}^{{commit}}", cwd=self.path)

    # Commits.

    def commit(self, files: Files, *, branch: str | None = None, message: str = "A change", fresh: bool = False) -> str:
        """Add a commit to a branch (HEAD's without one): these files over the last ones, or only these if fresh."""
        ref = f"refs/heads/{branch}" if branch else git("symbolic-ref", "HEAD", cwd=self.path)
        parent = self._find(ref)
        kept = {} if fresh or not parent else dict(self._files_of(parent))
        sha = self._commit_files(files, kept, [parent] if parent else [], message)
        git("update-ref", ref, sha, cwd=self.path)
        return sha

    def impostor(self, files: Files, *, number: int = 1) -> str:
        """Add a commit that only ``refs/pull/<number>/head`` reaches, as a fork's pull request does on GitHub."""
        parent = self.rev()
        sha = self._commit_files(files, dict(self._files_of(parent)), [parent], "A fork's change")
        git("update-ref", f"refs/pull/{number}/head", sha, cwd=self.path)
        return sha

    def commit_tree(self, tree: str, *, branch: str | None = None, message: str = "A change") -> str:
        """Add a commit of a tree written by :meth:`write_tree`."""
        ref = f"refs/heads/{branch}" if branch else git("symbolic-ref", "HEAD", cwd=self.path)
        parent = self._find(ref)
        sha = self._commit(tree, [parent] if parent else [], message)
        self._flush()
        git("update-ref", ref, sha, cwd=self.path)
        return sha

    # Names.

    def branch(self, name: str, at: str = "HEAD") -> str:
        """Make a branch, or move it."""
        return self.ref(f"refs/heads/{name}", at)

    def tag(self, name: str, at: str = "HEAD", *, annotated: bool = False) -> str:
        """Make a tag, or move it; gives the commit, not the tag object."""
        sha = self.rev(at)
        if not annotated:
            return self.ref(f"refs/tags/{name}", sha)
        text = b"object %b\ntype commit\ntag %b\ntagger %b %d +0000\n\nA release\n"
        tag = self._add("tag", text % (sha.encode(), name.encode(), _WHO, self._tick()))
        self._flush()
        git("update-ref", f"refs/tags/{name}", tag, cwd=self.path)
        return sha

    def ref(self, name: str, at: str = "HEAD") -> str:
        """Make any ref, say ``refs/pull/1/head``, or move it."""
        sha = self.rev(at)
        git("update-ref", name, sha, cwd=self.path)
        return sha

    def move(self, name: str, to: str) -> str:
        """Move a branch or tag by force; where both have the name, the branch."""
        for ref in (f"refs/heads/{name}", f"refs/tags/{name}"):
            if self._find(ref):
                return self.ref(ref, to)
        msg = f"{self.name} has no branch or tag {name}"
        raise LookupError(msg)

    def delete(self, ref: str) -> None:
        """Delete a ref, given in full: ``refs/heads/x``."""
        git("update-ref", "-d", ref, cwd=self.path)

    def head(self, branch: str) -> None:
        """Make another branch the default one."""
        git("symbolic-ref", "HEAD", f"refs/heads/{branch}", cwd=self.path)

    def detach(self, at: str = "HEAD") -> str:
        """Let HEAD name a commit instead of a branch."""
        sha = self.rev(at)
        (self.path / "HEAD").write_text(sha + "\n")
        return sha

    # Raw objects.

    def write_blob(self, content: bytes) -> str:
        """Write a file's content."""
        return self._add("blob", content)

    def write_tree(self, entries: Iterable[Entry], *, ordered: bool = True) -> str:
        """Write a folder with exactly these entries, however wrong; in git's order unless told otherwise."""
        rows = sorted(entries, key=_git_order) if ordered else list(entries)
        data = b"".join(b"%b %b\0%b" % (mode.encode(), name, bytes.fromhex(oid)) for mode, name, oid in rows)
        return self._add("tree", data)

    def write_files(self, files: Files) -> str:
        """Write a folder of ordinary files."""
        return self._nested(self._apply(files, {}))

    def _commit_files(self, files: Files, kept: dict[str, _Kept], parents: Sequence[str], message: str) -> str:
        flat = self._apply(files, kept)
        sha = self._commit(self._nested(flat), parents, message)
        self._flush()
        self._files[sha] = flat
        return sha

    def _commit(self, tree: str, parents: Sequence[str], message: str) -> str:
        when = b"%b %d +0000" % (_WHO, self._tick())
        lines = [b"tree " + tree.encode(), *(b"parent " + parent.encode() for parent in parents)]
        lines += [b"author " + when, b"committer " + when, b"", message.encode(), b""]
        return self._add("commit", b"\n".join(lines))

    def _apply(self, files: Files, kept: dict[str, _Kept]) -> dict[str, _Kept]:
        for path, content in files.items():
            if content is None:
                kept.pop(path, None)
            elif isinstance(content, Submodule):
                kept[path] = (SUBMODULE, content.commit)
            else:
                mode, data = _mode_and_bytes(content)
                kept[path] = (mode, self.write_blob(data))
        return kept

    def _nested(self, flat: Mapping[str, _Kept]) -> str:
        entries: list[Entry] = []
        folders: dict[str, dict[str, _Kept]] = {}
        for path, (mode, oid) in flat.items():
            top, slash, rest = path.partition("/")
            if slash:
                folders.setdefault(top, {})[rest] = (mode, oid)
            else:
                entries.append((mode, os.fsencode(top), oid))
        entries += [(FOLDER, os.fsencode(name), self._nested(inner)) for name, inner in folders.items()]
        return self.write_tree(entries)

    def _files_of(self, commit: str) -> dict[str, _Kept]:
        if commit not in self._files:
            rows = [row for row in git("ls-tree", "-r", "-z", commit, cwd=self.path).split("\0") if row]
            parts = [(row.partition("\t")[2], row.split()) for row in rows]
            self._files[commit] = {path: (words[0], words[2]) for path, words in parts}
        return self._files[commit]

    def _find(self, ref: str) -> str | None:
        return git("for-each-ref", "--format=%(objectname)", ref, cwd=self.path) or None

    def _tick(self) -> int:
        self._clock += 60
        return self._clock

    def _add(self, kind: str, data: bytes) -> str:
        oid = hashlib.sha1(b"%b %d\0%b" % (kind.encode(), len(data), data), usedforsecurity=False).hexdigest()
        if oid not in self._written:
            self._pending[oid] = (kind, data)
            self._written.add(oid)
        return oid

    def _flush(self) -> None:
        if len(self._pending) > _LOOSE_AT_MOST:
            git("index-pack", "--stdin", cwd=self.path, stdin=_pack(list(self._pending.values())), timeout=120)
        else:
            for oid, (kind, data) in self._pending.items():
                _write_loose(self.path / "objects" / oid[:2] / oid[2:], kind, data)
        self._pending.clear()


def _mode_and_bytes(content: str | bytes | Exec | Link) -> tuple[str, bytes]:
    if isinstance(content, Exec):
        return EXECUTABLE, _bytes(content.content)
    if isinstance(content, Link):
        return LINK, _bytes(content.target)
    return FILE, _bytes(content)


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _git_order(entry: Entry) -> bytes:
    """git compares a folder's name as if it ended in a slash."""
    mode, name, _ = entry
    return name + b"/" if mode == FOLDER else name


def _write_loose(path: Path, kind: str, data: bytes) -> None:
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(zlib.compress(b"%b %d\0%b" % (kind.encode(), len(data), data), 1))


def _pack(objects: Sequence[tuple[str, bytes]]) -> bytes:
    """Source: git's Documentation/gitformat-pack.txt, version 2, no deltas."""
    parts = [b"PACK", struct.pack(">II", 2, len(objects))]
    for kind, data in objects:
        number = {"commit": 1, "tree": 2, "blob": 3, "tag": 4}[kind]
        first, rest = (number << 4) | (len(data) & 15), len(data) >> 4
        header = bytearray()
        while rest:
            header.append(first | 0x80)
            first, rest = rest & 0x7F, rest >> 7
        header.append(first)
        parts += [bytes(header), zlib.compress(data, 1)]
    body = b"".join(parts)
    return body + hashlib.sha1(body, usedforsecurity=False).digest()
