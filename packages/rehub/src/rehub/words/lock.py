"""What ``rehub.lock`` says: which bytes a project's models are made of. How it is written down, ``locktext`` knows."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rehub.words.literals import spell_call
from rehub.words.pin import Pin
from rehub.words.ref import Ref


@dataclass(frozen=True, slots=True)
class LockedRepository:
    """A repository that took part, at the commit that its ref meant.

    Attributes:
        ref: as it was asked for, with the host that it is at: ``str`` of a :class:`Ref` as ``Settings.meant`` gives it.
        pin: its remote, commit (``gitCommit``) and tree (``dirHash``, which a lock always has).
        git_tree: 40 hex digits, git's own id of its files (``gitTree``); empty if that is not known.
        size: of its files, in bytes, without what git LFS keeps; ``None`` if that is not known. It says how much is
            missing, and decides nothing.
    """

    ref: str
    pin: Pin
    git_tree: str = ""
    size: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class LockedWeights:
    """A file of weights.

    Attributes:
        url: where it comes from, without user, password and what signs it.
        sha256: of its bytes, in hex.
        size: in bytes.
    """

    url: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class LockedModel:
    """A call of an entry, and all that took part in it.

    Attributes:
        name: what ``rehub update NAME`` calls it; unique in its lock.
        ref: as it was asked for; equal to the first repository's, or a folder (``./model``), which has none.
        entry: the entry that was called.
        args: what it was called with: literals of Python, or ``"<class>"`` for what is none (see
            :func:`rehub.words.provenance.literal`).
        kwargs: likewise, by name, sorted by it.
        repositories: its own first, then those that it loaded itself, each once.
        weights: each once, in the order of their first use.
        complete: whether nothing went past rehub, as far as that can be seen.
        unverified: what did, in words.
        environment: what it was loaded in: ``{"python": "3.11.7", "torch": "2.13.0+cpu", …}``, distribution to version.
    """

    name: str
    ref: str
    entry: str
    args: tuple[Any, ...] = ()
    kwargs: tuple[tuple[str, Any], ...] = ()
    repositories: tuple[LockedRepository, ...] = ()
    weights: tuple[LockedWeights, ...] = ()
    complete: bool = True
    unverified: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        # One order, whoever makes it: what is written down changes only where something has changed.
        object.__setattr__(self, "kwargs", tuple(sorted(self.kwargs, key=lambda each: each[0])))
        object.__setattr__(self, "environment", tuple(sorted(self.environment)))

    @property
    def arguments(self) -> tuple[str, ...]:
        """What it was called with, as it is typed: ``("3", "pretrained=True")``."""
        return tuple(spell_call(self.args, self.kwargs))

    @property
    def own(self) -> LockedRepository | None:
        """Its own repository, at the commit that its ref meant; a folder has none."""
        ref = Ref.parse(self.ref)
        return next((each for each in self.repositories if Ref.parse(each.ref) == ref), None)

    @property
    def call(self) -> tuple[Any, ...]:
        """What tells two models of a lock apart, whatever they are called."""
        return self.ref, self.entry, self.arguments


@dataclass(frozen=True, slots=True)
class Lock:
    """All that a lock says.

    Attributes:
        models: by name.
        weights: files that no entry asked for: the program itself did.
        pylock: the name of a PEP 751 file beside the lock, if there is one.
        pylock_sha256: of its bytes, in hex.
    """

    models: tuple[LockedModel, ...] = ()
    weights: tuple[LockedWeights, ...] = ()
    pylock: str = ""
    pylock_sha256: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "models", tuple(sorted(self.models, key=lambda each: each.name)))
        object.__setattr__(self, "weights", tuple(sorted(self.weights, key=lambda each: each.url)))

    def repositories(self) -> Iterator[LockedRepository]:
        """Give every repository that it names, each once."""
        yield from dict.fromkeys(each for model in self.models for each in model.repositories)

    def files(self) -> Iterator[LockedWeights]:
        """Give every file of weights that it names, each once."""
        yield from dict.fromkeys([*self.weights, *(each for model in self.models for each in model.weights)])

    def repository(self, ref: str) -> LockedRepository | None:
        """Give what a ref means: one ref means one commit in all of a lock."""
        meant = Ref.parse(ref)
        return next((each for each in self.repositories() if each.ref == ref or Ref.parse(each.ref) == meant), None)

    def meaning(self, ref: str) -> LockedRepository | None:
        """Give what a ref means, or what a whole commit is that another ref means."""
        return self.repository(ref) or next((each for each in self.repositories() if str(each.pin) == ref), None)

    def file(self, url: str) -> LockedWeights | None:
        """Give the bytes of a URL, which is given without secrets: one URL gives one file in all of a lock."""
        return next((each for each in self.files() if each.url == url), None)

    def model(self, call: tuple[Any, ...]) -> LockedModel | None:
        """Give the model that a call makes (see :attr:`LockedModel.call`)."""
        return next((each for each in self.models if each.call == call), None)
