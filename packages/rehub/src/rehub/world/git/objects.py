"""Reading a bare repository's objects, with limits, through ``git cat-file``; and making, asking and mending one."""

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from rehub.words.errors import RehubError, StoreError
from rehub.world.git.process import Git

_MAX_TREE = 32 << 20  # bytes of one tree, or commit, object
_MAX_LINK = 4096  # bytes of a link's target; PATH_MAX
_CHUNK = 1 << 20  # bytes
_SHA1 = 40  # digits of an id; those of a repository with SHA-256 are longer
_CONNECTED = ["fsck", "--connectivity-only", "--no-dangling"]
_LEFTOVERS = (
    *("*.lock", "refs/**/*.lock", "objects/pack/*.lock", "objects/info/*.lock"),
    *("objects/pack/tmp_*", "objects/tmp_*", "objects/??/tmp_*", "gc.pid"),
)


@dataclass(frozen=True, slots=True)
class BareRepository:
    """A bare repository of ours; whoever changes it holds the remote's lock."""

    git: Git
    path: Path

    def make(self) -> None:
        """Create it, whole or not at all; an existing one is freed from what a killed git left behind.

        Raises:
            StoreError: the disk, or git, refused.
        """
        try:
            if (self.path / "HEAD").is_file():
                self._sweep()
            else:
                self._make()
        except OSError as error:
            if isinstance(error, RehubError):
                raise
            raise StoreError(str(error.filename or self.path), error.strerror or str(error)) from error

    def _make(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=self.path.parent))
        try:
            ended = self.git.run(["init", "--quiet", "--bare", "--template=", str(fresh)])
            if ended.code:
                raise StoreError(str(self.path), ended.said.strip())
            self.remove()
            fresh.rename(self.path)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def _sweep(self) -> None:
        """Remove locks and half-written packs: the lock that we hold says that nobody is at work."""
        for pattern in _LEFTOVERS:
            for stale in self.path.glob(pattern):
                if stale.is_dir():
                    shutil.rmtree(stale, ignore_errors=True)
                else:
                    stale.unlink(missing_ok=True)

    @contextmanager
    def or_as_before(self) -> Iterator[None]:
        """Take back whatever is fetched inside, if the block fails."""
        if not (self.path / "HEAD").is_file():
            with self._or_gone():
                yield
            return
        self.make()
        before = self._parts()
        shallow = self.path / "shallow"
        known = shallow.read_bytes() if shallow.is_file() else None
        try:
            yield
        except BaseException:
            self._sweep()
            for new in self._parts() - before:
                new.unlink(missing_ok=True)
            if known is not None and (self.path / "HEAD").is_file():
                shallow.write_bytes(known)
            raise

    @contextmanager
    def _or_gone(self) -> Iterator[None]:
        self.make()
        try:
            yield
        except BaseException:
            self.remove()
            raise

    def _parts(self) -> set[Path]:
        """Give the files that a fetch adds: packs (never loose objects, by fetch.unpackLimit) and refs."""
        return {*self.path.glob("objects/pack/*"), *self.path.glob("refs/rehub/*")}

    def remove(self) -> None:
        """Delete it, whatever it is by now: what it held can be fetched again."""
        if self.path.is_symlink() or self.path.is_file():
            self.path.unlink()
        shutil.rmtree(self.path, ignore_errors=True)

    def damaged(self) -> bool:
        """Say whether something that refs of ours name is missing or broken; reads everything."""
        return self.unsound() or self.git.run(_CONNECTED, repo=self.path, limit=300.0).code != 0

    def unsound(self) -> bool:
        """Say whether what is there is broken, whatever may be missing: a history without files lacks most of it."""
        packs = sorted(map(str, self.path.glob("objects/pack/*.idx")))
        asked = [["verify-pack", "--", *packs]] if packs else []
        return any(
            self.git.run(each, repo=self.path, limit=300.0).code for each in [*asked, ["rev-list", "--all", "--count"]]
        )

    def has(self, commit: str) -> bool:
        """Say whether a commit was fetched with its files."""
        asked = f"refs/rehub/{commit}^{{commit}}\nrefs/rehub/{commit}^{{tree}}\n".encode()
        kinds = self.git.run(["cat-file", "--batch-check=%(objecttype)"], repo=self.path, given=asked).out.split()
        return kinds == [b"commit", b"tree"]

    def time(self, commit: str) -> int | None:
        """Give when a commit was made, in seconds since 1970, as its committer's clock had it; ``None`` if unknown."""
        if not (self.path / "HEAD").is_file():
            return None
        ended = self.git.run(["log", "-1", "--no-show-signature", "--format=%ct", commit], repo=self.path)
        said = ended.out.strip()
        return int(said) if not ended.code and said.isdigit() else None

    def commits_named(self, prefix: str) -> list[str]:
        """Give the commits whose id starts with some hex digits."""
        ended = self.git.run(["rev-parse", f"--disambiguate={prefix}"], repo=self.path)
        found = ended.out.decode().split()
        return [oid for oid in found if self.git.run(["cat-file", "-t", oid], repo=self.path).out.strip() == b"commit"]

    def reached_by(self, commit: str) -> str | None:
        """Give a branch or tag that reaches a commit, or ``None``."""
        asked = ["for-each-ref", f"--contains={commit}", "--count=1", "--format=%(refname)", "refs/heads", "refs/tags"]
        return self.git.run(asked, repo=self.path).out.decode().strip() or None


class Objects:
    """The files of one commit, read through one git process; use it as a context manager.

    It is a :class:`rehub.words.tree.Reader`.
    """

    def __init__(self, repository: BareRepository) -> None:
        self._repository = repository
        self._where = str(repository.path)
        try:
            self._process = subprocess.Popen(
                [repository.git.binary, f"--git-dir={repository.path}", "cat-file", "--batch"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=repository.git.environment(protocols="", config=(), extra={}),
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            if isinstance(error, RehubError):
                raise
            raise StoreError(self._where, f"git cannot be started: {error.strerror or error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def tree(self, oid: str) -> bytes:
        """Give a tree object, as git stores it.

        Raises:
            ValueError: it is another kind of object, or too large.
            StoreError: it is not there.
        """
        return self._whole(oid, b"tree", _MAX_TREE)

    def commit(self, oid: str) -> bytes:
        """Give a commit object, as git stores it.

        Raises:
            ValueError: it is another kind of object, or too large.
            StoreError: it is not there.
        """
        return self._whole(oid, b"commit", _MAX_TREE)

    def link(self, oid: str) -> bytes:
        """Give the target of a symbolic link.

        Raises:
            ValueError: it is another kind of object, or too large.
            StoreError: it is not there.
        """
        return self._whole(oid, b"blob", _MAX_LINK)

    def root(self, commit: str) -> str:
        """Give the id of a commit's tree."""
        ended = self._repository.git.run(["rev-parse", "--verify", f"{commit}^{{tree}}"], repo=self._repository.path)
        if ended.code:
            raise StoreError(self._where, f"{commit} has no tree: {ended.said.strip()}")
        return ended.out.decode().strip()

    def sizes(self, oids: Iterable[str]) -> dict[str, int]:
        """Give the sizes of blobs, in bytes; what is no blob is left out.

        Raises:
            StoreError: one of them is not there.
        """
        asked = "\n".join(sorted(set(oids))).encode()
        check = ["cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)"]
        ended = self._repository.git.run(check, repo=self._repository.path, given=asked, limit=300.0)
        rows = [line.split(" ") for line in ended.out.decode().splitlines()]
        if ended.code or (missing := [row[0] for row in rows if not row[-1].isdigit()]):
            what = f"object {missing[0]} is missing" if not ended.code else f"its objects cannot be read: {ended.said}"
            raise StoreError(self._where, what)
        return {row[0]: int(row[2]) for row in rows if row[1] == "blob"}

    def read(self, oid: str, *, max_bytes: int) -> Iterator[bytes]:
        """Give a file's content in pieces.

        Raises:
            StoreError: it is not there, is no file, or is larger than it may be.
        """
        kind, size = self._ask(oid)
        if kind != b"blob" or size > max_bytes:
            raise StoreError(self._where, f"object {oid} is a {kind.decode()} of {size} bytes, expected a file")
        yield from self._content(oid, kind, size)

    def _whole(self, oid: str, kind: bytes, most: int) -> bytes:
        found, size = self._ask(oid)
        content = self._content(oid, found, size)
        if found != kind or size > most:
            for _ in content:  # the next answer comes after this one
                pass
            msg = f"it is a {found.decode()} of {size} bytes, not a {kind.decode()} of at most {most}"
            raise ValueError(msg)
        return b"".join(content)

    def _ask(self, oid: str) -> tuple[bytes, int]:
        """Ask for an object; give its kind and size."""
        into, out = self._process.stdin, self._process.stdout
        if into is None or out is None:
            raise StoreError(self._where, "git cat-file has no pipes")
        try:
            into.write(oid.encode() + b"\n")
            into.flush()
            header = out.readline(200).split()
        except OSError as error:
            raise StoreError(self._where, f"git cat-file ended before object {oid}") from error
        if len(header) != 3 or not header[2].isdigit():  # noqa: PLR2004 - "<id> <type> <size>"
            raise StoreError(self._where, f"object {oid} is missing")
        return header[1], int(header[2])

    def _content(self, oid: str, kind: bytes, left: int) -> Iterator[bytes]:
        """Give an object in pieces; git does not look whether what lies on the disk still has its id."""
        out, total = self._process.stdout, hashlib.new("sha1" if len(oid) == _SHA1 else "sha256", usedforsecurity=False)
        total.update(b"%s %d\0" % (kind, left))
        while left and out is not None:
            piece = out.read(min(_CHUNK, left))
            if not piece:
                raise StoreError(self._where, f"object {oid} is cut short")
            left -= len(piece)
            total.update(piece)
            yield piece
        if out is not None:
            out.read(1)  # the newline after each object
        if total.hexdigest() != oid:
            raise StoreError(self._where, f"object {oid} is {total.hexdigest()} by its bytes")
