"""``download_url_to_file`` and ``load_state_dict_from_url`` as torch.hub has them, on rehub's own transfer."""

import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rehub import api
from rehub.compat.failures import download_errors
from rehub.compat.folders import get_dir
from rehub.compat.patches import patched
from rehub.compat.progress import Bar
from rehub.given import url_of
from rehub.words.unverified import without_secrets
from rehub.words.weightfile import HASH_DIGITS, hash_in
from rehub.words.weightfile import file_name as name_of

if TYPE_CHECKING:
    from rehub.verbs.weights import Transfer
    from rehub.words.weights import Weights

HASH_REGEX = re.compile(r"-([a-f0-9]*)\.")
READ_DATA_CHUNK = 128 * 1024  # bytes


def download_url_to_file(url: str, dst: str, hash_prefix: str | None = None, progress: bool = True) -> None:  # noqa: FBT001, FBT002
    """Bring a URL's bytes to a file, which is there whole or not at all.

    Raises:
        MalformedSettingError: the URL is none; it is a ValueError.
        RuntimeError: their SHA-256 does not start as it should.
        URLError, HTTPException: they did not come whole.
        OSError: the file cannot be written.
    """
    from rehub.verbs.weights import download_to

    url, target = url_of(url), Path(os.path.expanduser(dst))
    with download_errors(), _transferring(target.name, progress=progress) as transfer:
        download_to(url, target, replace(transfer, announce=_say_nothing), prefix=hash_prefix)


def _say_nothing(_url: str, _place: Path) -> None:
    """torch.hub announces a download where it decides on it, and nowhere else."""


@contextmanager
def _transferring(name: str, *, progress: bool) -> Iterator["Transfer"]:
    """Give what downloading needs, with torch.hub's bar; for a checkout's code its hub is told instead."""
    with (
        api.acting().transferring(name, shown=progress and api.is_quiet()) as transfer,
        Bar(name, shown=bool(progress) and not api.is_quiet()) as bar,
    ):
        yield transfer if api.is_quiet() else replace(transfer, watch=bar)


def load_state_dict_from_url(  # noqa: PLR0913, PLR0917 - torch.hub's parameters
    url: str,
    model_dir: str | os.PathLike[str] | None = None,
    map_location: Any = None,
    progress: bool = True,  # noqa: FBT001, FBT002
    check_hash: bool = False,  # noqa: FBT001, FBT002
    file_name: str | None = None,
    weights_only: bool = False,  # noqa: FBT001, FBT002
) -> Any:
    """Read weights from a URL, or from the file in which its bytes are already.

    Without a ``model_dir``, or with torch.hub's own ``checkpoints``, they are in rehub's store, and a link in
    ``checkpoints`` leads to them.

    Raises:
        MalformedSettingError: the URL is none, or the name cannot be a file's; it is a ValueError.
        RuntimeError: their SHA-256 does not start as the file's name says.
        DigestMismatchError: the file was changed since it was downloaded.
        URLError, HTTPException: they did not come whole.
        UnsafeWeightsError: reading them in full would run code, and nobody allowed that: the user's own call does, by
            torch.hub's default of ``weights_only``, unless the policy is ``never``.
        MalformedWeightsError: they are no sound file of weights.
        Exception: what a file that may be read in full raises.
    """
    from rehub.verbs.weights import read_brought

    if os.environ.get("TORCH_MODEL_ZOO"):
        warnings.warn("TORCH_MODEL_ZOO is deprecated, please use env TORCH_HOME instead", stacklevel=2)
    folder = os.path.expanduser(model_dir or os.path.join(get_dir(), "checkpoints"))  # noqa: PTH118
    url = url_of(url)
    name = name_of(url, file_name)
    weights = _found(url, folder, name, check_hash=bool(check_hash), progress=bool(progress))
    permission = api.acting().permission(users_own_call=not weights_only and api.is_users_own_call())
    store = api.acting().store
    return read_brought(url, weights, store, map_location=map_location, permission=permission, name=name)


def _found(url: str, folder: str, name: str, *, check_hash: bool, progress: bool) -> "Weights":
    """Give the file that has a URL's bytes."""
    from rehub.verbs.weights import fetch_weights
    from rehub.words.weights import promised

    _doubt(name, check_hash=check_hash)
    promise = promised(url, name, check_hash=check_hash)
    with download_errors(), _transferring(name, progress=progress) as usual:
        transfer = _made(usual, announce=partial(_announce, folder))
        with suppress(OSError):  # of a store that is read-only, what is in it can be loaded all the same
            Path(folder).mkdir(parents=True, exist_ok=True)
        return fetch_weights(url, transfer, name=name, folder=Path(folder), promise=promise, linked=True)


def _made(usual: "Transfer", **changes: Any) -> "Transfer":
    """Change a transfer; where somebody has put a function in the place of torch.hub's, it brings the file."""
    if not patched("download_url_to_file"):
        return replace(usual, **changes)
    from rehub.compat.transfer import PatchedTransfer

    return PatchedTransfer.like(usual, **changes)


def _doubt(name: str, *, check_hash: bool) -> None:
    prefix = hash_in(name) if check_hash else None
    if check_hash and len(prefix or "") < HASH_DIGITS:
        said = f"only {prefix!r}, which proves little" if prefix else "no hash, so that nothing could be checked"
        warnings.warn(f"check_hash=True, but the name {name} has {said}", stacklevel=4)


def _announce(folder: str, url: str, place: Path) -> None:
    if not api.is_quiet():  # torch.hub's line, without what would let its readers in
        sys.stdout.write(f'Downloading: "{without_secrets(url)}" to {os.path.join(folder, place.name)}\n')  # noqa: PTH118 - as torch.hub joins
