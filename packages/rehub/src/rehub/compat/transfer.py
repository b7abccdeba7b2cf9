"""Files that are brought by the function that somebody put in the place of torch.hub's ``download_url_to_file``."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rehub.compat.patches import current
from rehub.compat.progress import Bar
from rehub.verbs.weights import Transfer
from rehub.world.download import Received

_START = 1024  # bytes of a file that tell what it is


class PatchedTransfer(Transfer):
    """Lets that function bring them, and looks at what it has brought."""

    @contextmanager
    def receive(self, url: str, target: Path) -> Iterator[Received]:
        """Let it bring the file; what the block refuses does not stay."""
        self.check_offline(url)
        self.announce(url, target)
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
