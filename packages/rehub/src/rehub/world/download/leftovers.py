"""What others have begun: how far they are, and what of it nobody will finish."""

import time
from contextlib import suppress
from pathlib import Path

from rehub.world.download.journal import Journal, path_of
from rehub.world.download.part import PartFile, opened


def progress_of(part: Path) -> tuple[int, int | None] | None:
    """Give how many bytes of a part are there and, if it is known, of how many; ``None`` if there is none."""
    try:
        size = part.lstat().st_size
    except OSError:
        return None
    journal = Journal.read(part)
    return (journal.bytes, journal.size) if journal and journal.size == size else (size, None)


def sweep(folder: Path, older_than: float) -> None:
    """Remove the parts in a folder that nobody writes to, and has not for a while, with their journals.

    Args:
        folder: not those below it.
        older_than: age in seconds, by the last change.
    """
    before = time.time() - older_than
    for path in list(folder.glob("*.partial")):
        with suppress(OSError):
            if path.lstat().st_mtime < before and (handle := opened(path)) is not None:
                PartFile(path, handle).drop()
    for journal in list(folder.glob("*.partial.json")):
        with suppress(OSError):
            part = journal.with_name(journal.name.removesuffix(".json"))
            if journal.lstat().st_mtime < before and path_of(part) == journal and not part.exists():
                journal.unlink()
