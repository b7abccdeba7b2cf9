"""Which repository each of torch.hub's names means: the names themselves do not say it."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rehub.world.store.files import read_json, write_json


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose a folder's name is.

    Attributes:
        remote: the repository's URL.
        rev: the branch, tag or commit.
        trusted: it was put there because torch.hub's own rules trust the repository, and not merely for once.
    """

    remote: str
    rev: str
    trusted: bool = False


class Names:
    """The file ``names.json``; a damaged one counts as absent, and then nobody has a name."""

    def __init__(self, root: Path) -> None:
        self._path = root / "names.json"

    def remotes(self, line: str) -> tuple[str, ...]:
        """Give the URLs of the repositories for which a line of ``trusted_list`` was written."""
        found = self._part("lines").get(line, [])
        return tuple(map(str, found)) if isinstance(found, list) else ()

    def add_remote(self, line: str, remote: str) -> None:
        """Remember for which repository a line was written; the caller holds the lock.

        Raises:
            StoreError: the disk refused.
        """
        lines = self._part("lines")
        lines[line] = sorted({*self.remotes(line), remote})
        self._save(lines=lines)

    def holder(self, folder: str) -> Holder | None:
        """Say whose a folder's name is."""
        found = self._part("folders").get(folder)
        try:
            return Holder(str(found["remote"]), str(found["rev"]), found["trusted"] is True) if found else None
        except (LookupError, TypeError):
            return None

    def folders(self) -> list[str]:
        """Give the names that somebody has."""
        return sorted(self._part("folders"))

    def hold(self, folder: str, holder: Holder) -> None:
        """Give a folder's name to a repository; the caller holds the lock.

        Raises:
            StoreError: the disk refused.
        """
        self._save(folders=self._part("folders") | {folder: asdict(holder)})

    def release(self, folder: str) -> None:
        """Let somebody else have a folder's name; the caller holds the lock.

        Raises:
            StoreError: the disk refused.
        """
        folders = self._part("folders")
        folders.pop(folder, None)
        self._save(folders=folders)

    def _part(self, name: str) -> dict[str, Any]:
        found = (read_json(self._path) or {}).get(name, {})
        return found if isinstance(found, dict) else {}

    def _save(self, **changed: dict[str, Any]) -> None:
        kept = {name: self._part(name) for name in ("lines", "folders")}
        write_json(self._path, kept | changed)
