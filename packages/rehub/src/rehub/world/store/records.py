"""The small records beside the content: where a ref pointed and when, which tree a commit has, what reading it gave."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehub.words.digest import Digest
from rehub.words.errors import MalformedError
from rehub.words.pin import Pin
from rehub.words.ref import Remote
from rehub.world.store.files import read_json, write_json


@dataclass(frozen=True, slots=True)
class RefRecord:
    """Where a ref pointed when it was last asked.

    Attributes:
        commit: the commit.
        name: the full name it had on the remote (``refs/heads/main``); empty for a commit id.
        asked: seconds since 1970.
    """

    commit: str
    name: str
    asked: float


class Records:
    """JSON files, one a remote, a commit or a tree; a damaged one counts as absent and is written again."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def find_ref(self, remote: Remote, rev: str | None) -> RefRecord | None:
        """Give where a ref pointed; ``rev=None`` is the remote's default branch."""
        data = (read_json(self._refs(remote)) or {}).get("refs", {})
        try:
            found = data[rev or "HEAD"]
            return RefRecord(str(found["commit"]), str(found["name"]), float(found["asked"]))
        except (ArithmeticError, LookupError, TypeError, ValueError):
            return None

    def save_ref(self, remote: Remote, rev: str | None, record: RefRecord) -> None:
        """Remember where a ref points; the caller holds the remote's lock.

        Raises:
            StoreError: the disk refused.
        """
        path = self._refs(remote)
        refs = (read_json(path) or {}).get("refs", {})
        refs = refs if isinstance(refs, dict) else {}
        refs[rev or "HEAD"] = {"commit": record.commit, "name": record.name, "asked": record.asked}
        write_json(path, {"remote": remote.url, "refs": refs})

    def find_pin(self, remote: Remote, commit: str) -> Pin | None:
        """Give a commit of a remote with its tree's digest, if it was fetched before."""
        data = read_json(self._pin(remote, commit))
        try:
            return _pin(remote, commit, data) if data else None
        except (KeyError, MalformedError):
            return None

    def save_pin(self, pin: Pin, *, git_tree: str) -> None:
        """Remember which tree a commit has.

        Raises:
            StoreError: the disk refused.
        """
        record = {"remote": pin.remote.url, "commit": pin.commit, "tree": str(pin.tree), "git_tree": git_tree}
        write_json(self._pin(pin.remote, pin.commit), record)

    def pins_of_tree(self, prefix: str) -> list[Pin]:
        """Give the pins whose tree's digest starts with some hex digits, looking through all of them."""
        found = []
        for path in sorted((self._root / "pins").glob("*/*.json")):
            if (data := read_json(path)) and str(data.get("tree", "")).startswith(f"sha256:{prefix}"):
                found += _pin_of(data)
        return found

    def all_pins(self) -> list[Pin]:
        """Give every pin there is."""
        return self.pins_of_tree("")

    def forget_pin(self, pin: Pin) -> None:
        """Remove the record of a pin whose tree is gone."""
        self._pin(pin.remote, pin.commit).unlink(missing_ok=True)

    def find_described(self, tree: Digest, version: str) -> dict[str, Any] | None:
        """Give what reading a tree gave, if this version of rehub read it."""
        data = read_json(self._root / "described" / f"{tree.hex}.json")
        found = data.get("hubconf") if data and data.get("rehub") == version else None
        return found if isinstance(found, dict) else None

    def save_described(self, tree: Digest, version: str, hubconf: dict[str, Any]) -> None:
        """Keep what reading a tree gave.

        Raises:
            StoreError: the disk refused.
        """
        write_json(self._root / "described" / f"{tree.hex}.json", {"rehub": version, "hubconf": hubconf})

    def find_ran(self, tree: Digest, version: str, python: str) -> dict[str, Any] | None:
        """Give what running a tree's hubconf gave, if this version of rehub ran it, by this Python."""
        data = read_json(self._ran(tree, python))
        found = data.get("ran") if data and data.get("rehub") == version else None
        return found if isinstance(found, dict) else None

    def save_ran(self, tree: Digest, version: str, python: str, ran: dict[str, Any]) -> None:
        """Keep what running a tree's hubconf gave.

        Raises:
            StoreError: the disk refused.
        """
        write_json(self._ran(tree, python), {"rehub": version, "ran": ran})

    def _ran(self, tree: Digest, python: str) -> Path:
        return self._root / "ran" / f"{tree.hex}.{python}.json"

    def _refs(self, remote: Remote) -> Path:
        return self._root / "refs" / f"{Digest.of(remote.url.encode()).hex}.json"

    def _pin(self, remote: Remote, commit: str) -> Path:
        return self._root / "pins" / Digest.of(remote.url.encode()).hex / f"{commit}.json"


def _pin(remote: Remote, commit: str, data: dict[str, Any]) -> Pin:
    return Pin(remote, commit, Digest.parse(str(data["tree"])), str(data.get("git_tree", "")))


def _pin_of(data: dict[str, Any]) -> list[Pin]:
    from rehub.words.ref import Ref

    try:
        place = Ref.parse(str(data["remote"])).place
        return [_pin(place, str(data["commit"]), data)] if isinstance(place, Remote) else []
    except (KeyError, MalformedError):
        return []
