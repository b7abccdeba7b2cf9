"""Weights that lie on this machine: which bytes they are, where they came from, and what their bytes must be."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from rehub.words.digest import Digest
from rehub.words.weightfile import HASH_DIGITS, hash_in

_LETTER = re.compile(r"[a-f]")
_FULL = re.compile(r"[0-9a-f]{64}")
# What comes before a revision in the URLs of GitHub, GitLab, Gitea and Hugging Face; it is no digest of a file.
_REVISIONS = {"raw", "resolve", "blob", "media", "commit", "archive", "tree"}


@dataclass(frozen=True, slots=True)
class Weights:
    """A file of weights: whoever has one knows that its bytes were hashed, and are these.

    Attributes:
        digest: of all its bytes.
        size: in bytes.
        url: where they come from, without password, query and fragment: those may hold secrets.
        file: where they lie.
    """

    digest: Digest
    size: int
    url: str
    file: Path


@dataclass(frozen=True, slots=True)
class Promise:
    """What is known of a file's bytes before they come.

    Attributes:
        prefix: the first hex digits of their SHA-256; empty if nothing is known.
        asked: the caller wants just this; else a name says it, which may not have meant it.
        advice: what to do if other bytes are right; from who has promised these.
    """

    prefix: str = ""
    asked: bool = False
    advice: str = ""

    @property
    def whole(self) -> Digest | None:
        """The digest, if all of it is known."""
        return Digest(self.prefix) if _FULL.fullmatch(self.prefix) else None

    def allows(self, sha256: str) -> bool:
        """Say whether a file with this SHA-256 can be the one.

        Example:
            >>> Promise("1234abcd").allows("1234abcd" + "0" * 56), Promise().allows("0" * 64)
            (True, True)
        """
        return sha256.startswith(self.prefix)


ANYTHING = Promise()
"""Of a file of which nothing is known."""


def promised(url: str, name: str, *, check_hash: bool = False) -> Promise:
    """Read what a file's name, or its URL, says of its bytes.

    Args:
        url: where it comes from; a SHA-256 as the last folder of its path is that of the file, as CLIP's are.
        name: the file's; ``-`` and eight or more hex digits before a dot begin its SHA-256. Decimal digits alone are
            taken for a date or a number of steps, unless the caller says that they are a hash.
        check_hash: the caller says so.

    Example:
        >>> promised("https://example.org/net-1234abcd.pth", "net-1234abcd.pth").prefix
        '1234abcd'
        >>> promised("https://example.org/net-20240131.pth", "net-20240131.pth").prefix
        ''
    """
    digits = hash_in(name) or ""
    if check_hash and digits:
        return Promise(digits, asked=True)
    if HASH_DIGITS <= len(digits) <= 64 and _LETTER.search(digits):  # noqa: PLR2004 - digits of a SHA-256
        return Promise(digits)
    return Promise(_digest_in(url))


def _digest_in(url: str) -> str:
    """Give the SHA-256 that is the last folder of a URL's path. Source: openai/CLIP, clip/clip.py, ``_download``."""
    folders = urlsplit(url).path.split("/")
    if len(folders) < 3 or _FULL.fullmatch(folders[-1]):  # noqa: PLR2004 - a root, a folder and a file
        return ""
    return folders[-2] if _FULL.fullmatch(folders[-2]) and folders[-3] not in _REVISIONS else ""
