"""Files that are brought by the function that somebody put in the place of torch.hub's ``download_url_to_file``."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from rehub.compat.patches import current
from rehub.compat.progress import Bar
from rehub.verbs.weights import Transfer
from rehub.words.weights import ANYTHING, Promise

if TYPE_CHECKING:
    from rehub.world.download import Received

_START = 1024  # bytes of a file that tell what it is


@dataclass(frozen=True, slots=True)
class PatchedTransfer(Transfer):
    """Lets that function bring them, to where torch.hub would, and looks at what it has brought."""

    @classmethod
    def like(cls, transfer: Transfer, **changes: Any) -> Self:
        """Make one that goes by the same settings, but for some changes."""
        return cls(**{each.name: getattr(transfer, each.name) for each in fields(transfer)} | changes)

    @property
    def to_store(self) -> bool:
        """The function writes where torch.hub's would, and may expect to find it there."""
        return False

    @contextmanager
    def receive(self, url: str, part: Path, target: Path, known: Promise = ANYTHING) -> Iterator["Received"]:  # noqa: ARG002
        """Let it bring the file; what the block refuses does not stay."""
        from rehub.world.download import Received

        self.check_offline(url)
        self.announce(url, target)
        if target.is_symlink():
            target.unlink()  # a link of ours: what it leads to is not the function's to write
        shown = isinstance(self.watch, Bar) and self.watch.shown
        current("download_url_to_file")(url, str(target), None, progress=shown)
        try:
            with target.open("rb") as file:
                start = file.read(_START)
                file.seek(0)
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            yield Received(target, sha256, target.stat().st_size, start)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
