"""The lock in use, as loading asks it: what does this ref mean, which bytes has this URL, may this call be made?"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rehub.words.errors import DigestMismatchError, NotFoundError, NotLockedError
from rehub.words.lock import Lock, LockedModel, LockedRepository, LockedWeights
from rehub.words.pin import Checkout
from rehub.words.provenance import Provenance
from rehub.words.recorded import is_lockable, model_of
from rehub.words.text import line
from rehub.words.unverified import without_secrets
from rehub.words.weights import Promise
from rehub.world.lockfile import read

if TYPE_CHECKING:
    from rehub.world.store import Store

DEFAULT = "rehub.lock"
"""The lock in the working folder, where none is named."""


@dataclass(frozen=True, slots=True)
class Locks:
    """What a lock answers.

    Attributes:
        path: the file.
        lock: what it says.
        only: nothing else may be loaded.
    """

    path: Path
    lock: Lock
    only: bool = False

    @classmethod
    def of(cls, path: Path, *, only: bool = False) -> "Locks":
        """Read a lock; one that is not there yet knows nothing.

        Raises:
            MalformedLockError: it cannot be read.
        """
        return cls(path, read(path)[0], only)

    @classmethod
    def there(cls, path: Path) -> "Locks":
        """Read a lock that somebody has named, or that must be there.

        Raises:
            NotFoundError: it is not there.
            MalformedLockError: it cannot be read.
        """
        found = cls.of(path)
        if not path.exists():
            make = found._command("lock", "REF", "ENTRY")  # noqa: SLF001 - its own
            raise NotFoundError(f"there is no lock {found.shown}\nTo make one:\n  {make}")
        return found

    def pin(self, ref: str) -> LockedRepository | None:
        """Give what a ref means, or what a whole commit is that another ref means; ``None`` if that may be looked for.

        Raises:
            NotLockedError: nothing else may be loaded.
        """
        found = self.lock.meaning(ref)
        if found is None and self.only:
            raise NotLockedError(ref, self.shown, self._command("lock", ref, "ENTRY"), self._known_of(ref))
        return found

    def weights(self, url: str) -> LockedWeights | None:
        """Give the bytes of a URL; ``None`` if any may come. What a ``data:`` URL holds, it says itself.

        Raises:
            NotLockedError: nothing else may be loaded.
        """
        if not is_lockable(url):
            return None
        found = self.lock.file(without_secrets(url))
        if found is None and self.only:
            raise NotLockedError(without_secrets(url), self.shown, self._command_for_files())
        return found

    def promise(self, url: str, said: Promise) -> Promise:
        """Give what is known of a URL's bytes before they come: what the lock says, over what its name does.

        Raises:
            NotLockedError: the lock does not know it, and nothing else may be loaded.
            DigestMismatchError: the caller, or the file's name, wants other bytes than the lock.
        """
        known = self.weights(url)
        if known is None:
            return said
        if not said.allows(known.sha256):
            raise DigestMismatchError(known.url, known.sha256, f"{said.prefix}…", self.update(known))
        return Promise(known.sha256, asked=True, advice=self.update(known), most=known.size)

    def check_call(self, made: Provenance, checkout: Checkout, store: "Store") -> None:
        """Let an entry be called, if the lock has that call: its code, its entry and its arguments.

        Args:
            made: what is about to be made.
            checkout: whose entry it is; a folder inside of a checkout is as locked as that one.
            store: where checkouts are.

        Raises:
            NotLockedError: it does not, and nothing else may be loaded.
        """
        if not self.only or (checkout.pin is None and store.holds(checkout.root)):
            return
        if self.find(made, checkout):
            return
        wanted = model_of(made, ref_of(checkout, self.path.parent))
        known = [each for each in self.lock.models if _is_of(each, checkout, wanted.ref)]
        what, *found = [f"{line(each.entry)}({', '.join(each.arguments)})" for each in (wanted, *known)]
        command = self.recording(wanted.ref, wanted.entry, wanted.arguments)
        raise NotLockedError(f"{what} of {wanted.ref}", self.shown, command, ", ".join(found))

    def find(self, made: Provenance, checkout: Checkout) -> LockedModel | None:
        """Give the model that a call makes, if the lock has it: the same code, entry and arguments.

        Of several, that of the same ref.
        """
        wanted = model_of(made, ref_of(checkout, self.path.parent))
        known = [each for each in self.lock.models if _is_of(each, checkout, wanted.ref)]
        same = [each for each in known if (each.entry, each.arguments) == (wanted.entry, wanted.arguments)]
        return next((each for each in same if each.ref == wanted.ref), same[0] if same else None)

    def check_checkout(self, checkout: Checkout) -> None:
        """Let a checkout's code run that nobody has asked for by a ref: an object that is unpickled needs it.

        Raises:
            NotLockedError: the lock does not name it, and nothing else may be loaded.
        """
        pin = checkout.pin
        if self.only and pin and all(each.pin.tree != pin.tree for each in self.lock.repositories()):
            raise NotLockedError(str(pin), self.shown, self._command("lock", str(pin), "ENTRY"))

    def check_file(self, path: str, sha256: str) -> None:
        """Let a file be read that was downloaded once, if the lock has its bytes under any URL.

        Raises:
            NotLockedError: it does not, and nothing else may be loaded.
        """
        if self.only and all(each.sha256 != sha256 for each in self.lock.files()):
            raise NotLockedError(f"{path} (sha256:{sha256})", self.shown, self._command_for_files())

    def _command_for_files(self) -> str:
        return f"REHUB_LOCKED=0 rehub run --lock {shlex.quote(self.shown)} SCRIPT"

    def recording(self, ref: str, entry: str, arguments: Sequence[str]) -> str:
        """Give the command that records a call; ``--`` goes before arguments that would be taken for options.

        Example:
            >>> Locks(Path("rehub.lock"), Lock()).recording("acme/toy", "net", ("-1", "pretrained=True"))
            'rehub lock acme/toy net -- -1 pretrained=True'
        """
        dashed = ["--"] if any(each.startswith("-") for each in arguments) else []
        return self._command("lock", ref, entry, *dashed, *arguments)

    def update(self, changed: LockedRepository | LockedWeights) -> str:
        """Say which command looks whether a change is expected."""
        names = [each.name for each in self.lock.models if changed in {*each.repositories, *each.weights}]
        command = self._command("update", *names[:1])
        return f"{self.shown} says otherwise. If the change is expected:\n  {command}"

    @property
    def shown(self) -> str:
        """The file as it is named in messages."""
        try:
            here = Path.cwd()
        except OSError:  # it has been deleted
            return str(self.path)
        return str(self.path.relative_to(here)) if self.path.is_relative_to(here) else str(self.path)

    def _command(self, verb: str, *words: str) -> str:
        at = [] if self.shown == DEFAULT else ["--lock", self.shown]
        return f"rehub {verb} {shlex.join([*at, *words])}".rstrip()

    def _known_of(self, ref: str) -> str:
        place = ref.partition("@")[0] if "://" not in ref else ref.rpartition("@")[0]
        return ", ".join(each.ref for each in self.lock.repositories() if place and each.ref.startswith(place))


def ref_of(checkout: Checkout, base: Path) -> str:
    """Give what was asked for, as a lock says it: a folder as it is seen from the lock's, if it lies below that."""
    if checkout.pin:
        return checkout.ref or str(checkout.pin)
    base = base.resolve()
    if not checkout.root.is_relative_to(base):
        return str(checkout.root)
    return f"./{checkout.root.relative_to(base).as_posix()}" if checkout.root != base else "."


def _is_of(model: LockedModel, checkout: Checkout, ref: str) -> bool:
    """Say whether a model is of the same code."""
    if checkout.pin is None:
        return model.ref == ref
    return model.own is not None and model.own.pin == checkout.pin
