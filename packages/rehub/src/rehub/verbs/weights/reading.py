"""Reading weights: looked at first, then read without running anything; in full only if somebody allowed that.

docs/tasks/load-weights-safely.md says what is read how; ADR 12 says why.
"""

import os
import pickle
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

from rehub.verbs.weights.copies import private, unpacked
from rehub.verbs.weights.mapping import load_mapped, load_safetensors
from rehub.verbs.weights.opened import Opened, opened
from rehub.verbs.weights.unrestricted import load_in_full
from rehub.words.digest import Digest
from rehub.words.errors import MalformedWeightsError, MissingDependencyError, RehubError, UnsafeWeightsError
from rehub.words.settings import TrustMode
from rehub.words.trust import WeightsGrant, admits_weights
from rehub.words.weightfiles import Contents, Fault, Kind, RunsCode, look, tell
from rehub.world.scope import original

_OLDEST = (2, 10)  # torch's reader of weights alone was broken before: CVE-2025-32434, CVE-2026-24747
_LEGACY = (
    "Falling back to the old format < 1.6. This support will be deprecated in favor of default zipfile format "
    "introduced in 1.6. Please redo torch.save() to save it in the new zipfile format."
)
_TORCHS_OWN = (
    pickle.UnpicklingError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Permission:
    """Who may have a file read in full, if it cannot be read otherwise.

    Attributes:
        users_own_call: the user's own code says ``weights_only=False``.
        inside_checkout: the file is one of a checkout whose code may run here.
        mode: the trust policy.
        grants: gives the user's decisions about files of weights.
    """

    users_own_call: bool = False
    inside_checkout: bool = False
    mode: TrustMode = "ask"
    grants: Callable[[], list[WeightsGrant]] = field(default=list)

    @property
    def is_for_any(self) -> bool:
        """Whether it holds whatever the file's bytes are."""
        return self.inside_checkout or (self.users_own_call and self.mode != "never")

    def covers(self, file: Opened) -> bool:
        """Say whether this file may be read in full."""
        return admits_weights(
            lambda: file.digest,
            users_own_call=self.users_own_call,
            inside_checkout=self.inside_checkout,
            mode=self.mode,
            grants=self.grants,
        )


NOBODY = Permission()


def read_weights(  # noqa: PLR0913 - a file, what is known of it, and how it is read
    place: Path,
    *,
    map_location: Any = None,
    permission: Permission = NOBODY,
    digest: Digest | None = None,
    proved: Callable[[os.stat_result], bool] = lambda _: False,
    immutable: bool = False,
    name: str = "",
) -> Any:
    """Read a file of weights: safetensors, what ``torch.save`` wrote at any time, or that in a zip of its own.

    Args:
        place: the file.
        map_location: as :func:`torch.load` takes it.
        permission: who may have it read in full.
        digest: of its bytes, if that is known: other bytes are not read.
        proved: says of the open file, as it looks, whether its bytes were hashed before, so that it need not be now.
        immutable: its bytes never change again: it is a blob of the store, reached by no link, and can be mapped.
        name: what it is called in messages; else its path.

    Raises:
        UnsafeWeightsError: reading it in full would run code, and nobody allowed that.
        MalformedWeightsError: it is no sound file of weights.
        DigestMismatchError: its bytes are not the promised ones.
        MissingDependencyError: torch is not installed, or is too old to read it safely.
        RuntimeError: a tensor's device is not there; ``map_location`` says another.
        OSError: it cannot be read.
    """
    with opened(place, name=name, is_link=not immutable) as file:
        if digest is not None and not proved(os.fstat(cast("int", file.handle))):
            file.prove(digest)
        return read_opened(file, map_location=map_location, permission=permission, immutable=immutable)


def read_opened(
    file: Opened,
    *,
    map_location: Any = None,
    permission: Permission = NOBODY,
    immutable: bool = False,
    in_full: Callable[[Any], Any] | None = None,
) -> Any:
    """Read an open file of weights, as :func:`read_weights` does.

    Args:
        file: which one.
        map_location: as :func:`torch.load` takes it.
        permission: who may have it read in full.
        immutable: its bytes never change again.
        in_full: reads it in full, if that is allowed; given what torch opens.

    Raises:
        UnsafeWeightsError, MalformedWeightsError, MissingDependencyError, RuntimeError: as :func:`read_weights`.
    """
    run = in_full or partial(load_in_full, map_location=map_location)
    contents = _looked(file)
    if isinstance(contents, Contents) and contents.kind is Kind.ZIPPED:
        return _read_zipped(file, contents, map_location=map_location, permission=permission, in_full=run)
    if isinstance(contents, Contents):
        return _read_sound(file, contents, map_location, immutable=immutable)
    if not permission.covers(file):
        raise refusal(file, contents)
    _require_torch(file)
    with _settled(file, permission, immutable=immutable) as own:
        return run(own.place)


def _looked(file: Opened) -> Contents | Fault:
    """Give what a file holds, or what is wrong with it."""
    try:
        return look(file.source)
    except Fault as fault:
        return fault


@contextmanager
def allow_program(file: Opened, kind: Kind, permission: Permission) -> Iterator[Opened]:
    """Give a file that is about to be run, if that is allowed.

    Args:
        file: which one.
        kind: what it will be taken for.
        permission: who may have it run.

    Raises:
        UnsafeWeightsError: nobody allowed it.
    """
    if not permission.covers(file):
        raise refusal(file, RunsCode([kind.value], "it holds a program"))
    with _settled(file, permission, immutable=False) as own:
        yield own


def _settled(file: Opened, permission: Permission, *, immutable: bool) -> AbstractContextManager[Opened]:
    """Give a file that is about to run as nobody can change it now, if it runs because of its digest."""
    return nullcontext(file) if immutable or permission.is_for_any else private(file)


def refusal(file: Opened, fault: Fault) -> Exception:
    """Give the error that says what is wrong with a file."""
    if isinstance(fault, RunsCode):
        return UnsafeWeightsError(file.name, str(file.digest), fault.found, fault.reason)
    return MalformedWeightsError(file.name, str(fault))


def _read_sound(file: Opened, contents: Contents, map_location: Any, *, immutable: bool) -> Any:
    _require_torch(file, None if contents.kind is Kind.SAFETENSORS else _OLDEST)
    try:
        with _checking_indices(contents):
            return _by_kind(file, contents, map_location, immutable=immutable)
    except _TORCHS_OWN as error:
        if _is_callers(error, contents, map_location):
            raise
        raise MalformedWeightsError(file.name, f"torch cannot read it: {error}") from error


def _by_kind(file: Opened, contents: Contents, map_location: Any, *, immutable: bool) -> Any:
    if contents.kind is Kind.SAFETENSORS:
        return load_safetensors(file, contents.tensors, map_location=map_location, immutable=immutable)
    place = file.place
    if immutable and contents.kind is Kind.TORCH_ZIP and not contents.packed and isinstance(place, str):
        return load_mapped(place, map_location=map_location, fd=cast("int", file.handle))
    import torch

    return original(torch.load)(place, map_location=map_location, weights_only=True, mmap=False)


def _is_callers(error: Exception, contents: Contents, map_location: Any) -> bool:
    """Say whether an error is about where the tensors go, not about the file."""
    if isinstance(error, RehubError):
        return True
    if callable(map_location):
        return not isinstance(error, pickle.UnpicklingError)
    moves = contents.elsewhere if map_location is None else str(map_location) != "cpu"
    return moves and isinstance(error, RuntimeError | AssertionError)


def _checking_indices(contents: Contents) -> Any:
    """Have torch look at the indices of sparse tensors, which it would believe otherwise."""
    if not contents.sparse:
        return nullcontext()
    import torch

    return torch.sparse.check_sparse_tensor_invariants(enable=True)  # type: ignore[no-untyped-call]


def _require_torch(file: Opened, oldest: tuple[int, int] | None = None) -> None:
    try:
        import torch
    except ModuleNotFoundError as error:
        raise MissingDependencyError(file.name, ["torch"], "pip install torch") from error
    if oldest and _version(torch.__version__) < oldest:
        wanted = f"torch>={'.'.join(map(str, oldest))}"
        raise MissingDependencyError(file.name, [wanted], f"pip install '{wanted}'")


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2] if part.isdecimal())


def _read_zipped(file: Opened, contents: Contents, **how: Any) -> Any:
    """Read the only file of a zip, as torch.hub does; its name in there is never used."""
    with ExitStack() as stack:
        try:
            inner = stack.enter_context(unpacked(file, contents))
        except Fault as fault:
            raise refusal(file, fault) from None
        if tell(inner.source) is Kind.ZIPPED:
            raise MalformedWeightsError(file.name, "it is a zip archive in a zip archive")
        warnings.warn(_LEGACY, FutureWarning, stacklevel=5)
        return read_opened(inner, **how)
