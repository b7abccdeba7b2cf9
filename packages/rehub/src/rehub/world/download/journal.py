"""The journal beside a part: which of its bytes are there, and of which version of the file.

``<part>.json`` is ``{"version": 1, "size": …, "validator": …, "done": [[start, end], …]}``. It names no URL: those
may hold secrets. It claims a byte only after that is on the disk, so that neither a killed process nor a power cut
leaves a claim that is wrong. What cannot be read, or contradicts itself or the part, counts as absent.
"""

import json
import os
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_MAX = 1 << 20  # bytes of a journal
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Journal:
    """What is known of a part.

    Attributes:
        size: of the whole file, in bytes.
        validator: what tells this version from others, for ``If-Range``; without one nobody can go on from here.
        done: the ranges that are there, in order, each ``(start, end)``.
    """

    size: int
    validator: str
    done: Sequence[tuple[int, int]] = ()

    @property
    def bytes(self) -> int:
        """How many bytes are there."""
        return sum(end - start for start, end in self.done)

    @classmethod
    def read(cls, part: Path) -> Self | None:
        """Read a part's journal, if there is a sound one."""
        try:
            handle = os.open(path_of(part), os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
            with os.fdopen(handle, "rb") as file:
                if not can_be_believed(handle, part.parent):
                    return None
                data = json.loads(file.read(_MAX))
            found = cls(int(data["size"]), str(data["validator"]), tuple((int(a), int(b)) for a, b in data["done"]))
        except (OSError, ValueError, ArithmeticError, LookupError, TypeError, RecursionError):
            return None
        return found if data.get("version") == _VERSION and found._is_sound() else None

    def _is_sound(self) -> bool:
        edges = [0, *(edge for span in self.done for edge in span), self.size]
        whole = all(start < end for start, end in self.done)
        sent = self.validator.isprintable() and self.validator.isascii()
        return sent and whole and edges == sorted(edges)

    def write(self, part: Path) -> None:
        """Replace a part's journal, whole or not at all.

        Raises:
            OSError: the disk refused.
        """
        new = part.with_name(f"{part.name}.json.{uuid.uuid4().hex[:12]}.partial")
        data = {"version": _VERSION, "size": self.size, "validator": self.validator, "done": self.done}
        try:
            with new.open("x", encoding="utf-8") as file:  # never what somebody else has put there, a link for one
                json.dump(data, file)
            new.replace(path_of(part))
        except BaseException:
            with suppress(OSError):
                new.unlink()
            raise


def can_be_believed(handle: int, folder: Path) -> bool:
    """Say whether an open file was made by this user, or by the folder's, who can do there as he likes.

    In a folder that all can write to, as ``/tmp``, anybody could leave a part, and a journal that calls it complete.
    """
    return os.fstat(handle).st_uid in {os.geteuid(), folder.stat().st_uid}


def path_of(part: Path) -> Path:
    """Give the name of a part's journal."""
    return part.with_name(f"{part.name}.json")
