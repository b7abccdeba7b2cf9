r"""SHA-256 digests, and the digest of a whole tree of files.

A tree's digest is Go's dirhash "h1": SHA-256 over one line ``<sha256>  <path>\n`` for each file, sorted by path. It
depends on the files alone, not on an archive, a mode or a date.

Source: golang.org/x/mod/sumdb/dirhash, ``Hash1``.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from rehub.words.errors import MalformedError

_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """A SHA-256, written ``sha256:<64 hex digits>``.

    Example:
        >>> Digest.of(b"").short
        'e3b0c44298fc'
    """

    hex: str

    def __post_init__(self) -> None:
        if not _HEX.fullmatch(self.hex):
            msg = f"{self.hex!r} is not a SHA-256\n  expected 64 lower-case hex digits"
            raise MalformedError(msg)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``sha256:<hex>``, ``h1:<base64>`` or bare hex.

        Raises:
            MalformedError: it is none of them.
        """
        if text.startswith("h1:"):
            try:
                return cls(base64.b64decode(text[3:], validate=True).hex())
            except ValueError as error:
                msg = f"{text!r} is not a tree digest\n  expected h1: and 44 characters of base64"
                raise MalformedError(msg) from error
        return cls(text.removeprefix("sha256:"))

    @classmethod
    def of(cls, data: bytes) -> Self:
        """Hash bytes."""
        return cls(hashlib.sha256(data).hexdigest())

    @property
    def short(self) -> str:
        """The first 12 hex digits: enough to tell things apart, not to prove anything."""
        return self.hex[:12]

    @property
    def h1(self) -> str:
        """Go's spelling of a tree digest."""
        return "h1:" + base64.b64encode(bytes.fromhex(self.hex)).decode()

    def __str__(self) -> str:
        return f"sha256:{self.hex}"


def tree_digest(files: Iterable[tuple[str, Digest]]) -> Digest:
    """Compute the digest of a tree from its files' paths and digests.

    Args:
        files: slash-separated relative paths, in any order, each once.

    Raises:
        MalformedError: a path holds a newline, which would let two trees share a digest, or is there twice.

    Example:
        >>> tree_digest([("a.txt", Digest.of(b"hello"))]).h1
        'h1:xwOsDDxXjnvFDroAiXRmMbJFgvQr7dSD47S5M2IQZU0='
    """
    total = hashlib.sha256()
    last = None
    for path, digest in sorted(files):
        if path == last:
            msg = f"{path!a} is there twice; a tree with it has no digest"
            raise MalformedError(msg)
        last = path
        if "\n" in path:
            msg = f"{path!a} has a newline in its name; a tree with it has no digest"
            raise MalformedError(msg)
        total.update(f"{digest.hex}  {path}\n".encode())
    return Digest(total.hexdigest())
