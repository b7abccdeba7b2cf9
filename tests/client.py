"""rehub's own fetching, against the fake world: settings as a program gives them, and eyes on what is on disk."""

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from rehub.verbs.fetch import Fetching, fetch
from rehub.words.pin import Checkout
from rehub.words.ref import Ref, Remote
from rehub.words.settings import Mirror, Settings
from rehub.words.tree import Limits
from rehub.world.git import Git, Source
from rehub.world.store import Store


class Client:
    """A user's machine: a store, settings, and the repositories of one server under github.com's name."""

    def __init__(
        self,
        folder: Path,
        url: str,
        *,
        limits: Limits | None = None,
        environ: Mapping[str, str] | None = None,
        timeout: float = 20.0,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.settings = Settings(folder, mirrors=(Mirror("https://github.com/", f"{url}/"),), timeout=timeout)
        self.git = Git(dict(os.environ if environ is None else environ), timeout)
        self.world = Fetching(self.settings, Store(self.settings.store_dir), self.git, progress, limits or Limits())

    @property
    def store(self) -> Store:
        """The store."""
        return self.world.store

    def but(self, **changes: object) -> "Client":
        """Give the same machine with other settings."""
        other = object.__new__(Client)
        other.settings = replace(self.settings, **changes)  # type: ignore[arg-type]
        other.git = self.git
        other.world = replace(self.world, settings=other.settings)
        return other

    def fetch(self, text: str = "acme/toy", *, force: bool = False, unchecked: bool = False) -> Checkout:
        """Fetch a ref."""
        return fetch(Ref.parse(text), self.world, force=force, unchecked=unchecked)

    def source(self, text: str = "acme/toy") -> Source:
        """Give a remote as this machine asks it."""
        place = Ref.parse(text).place
        assert isinstance(place, Remote)
        return self.world.source(place)

    def git_dir(self, text: str = "acme/toy") -> Path:
        """Give the bare repository of a remote."""
        place = Ref.parse(text).place
        assert isinstance(place, Remote)
        return self.store.git_dir(place)


def listing(folder: Path) -> dict[str, str]:
    """Give everything in a store with its content's digest, but for locks and the two files that say what it is."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if name.split("/", maxsplit=1)[0] in {"locks", "README", "CACHEDIR.TAG"}:
            continue
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        elif name not in {"tmp", "git", "trees"}:
            found[name] = "folder"
    return found


def content(checkout: Checkout) -> dict[str, bytes]:
    """Give a checkout's files."""
    return {
        str(path.relative_to(checkout.root)): path.read_bytes() for path in checkout.root.rglob("*") if path.is_file()
    }
