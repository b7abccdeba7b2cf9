"""What PyTorch reads from a weights file."""

import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from rehub.words.errors import DigestMismatchError, MissingDependencyError

_MAX_LEGACY = 64 << 30  # bytes of a file in a zip
_CHUNK = 1 << 20  # bytes
_LEGACY = (
    "Falling back to the old format < 1.6. This support will be deprecated in favor of default zipfile format "
    "introduced in 1.6. Please redo torch.save() to save it in the new zipfile format."
)


def read_weights(place: Path, *, map_location: Any = None, weights_only: bool = True) -> Any:
    """Read what ``torch.save`` wrote, also if somebody put it into a zip of its own.

    Args:
        place: the file.
        map_location: as :func:`torch.load` takes it.
        weights_only: ``False`` runs whatever the file says.

    Raises:
        MissingDependencyError: torch is not installed.
        Exception: whatever :func:`torch.load` raises.
    """
    try:
        import torch
    except ModuleNotFoundError as error:
        raise MissingDependencyError(str(place), ["torch"], "pip install torch") from error
    if not _is_legacy(place):
        return torch.load(place, map_location=map_location, weights_only=weights_only)
    warnings.warn(_LEGACY, FutureWarning, stacklevel=3)
    with _only_member(place) as file:
        return torch.load(file, map_location=map_location, weights_only=weights_only)


def _is_legacy(place: Path) -> bool:
    """Say whether a file is a zip with one file in it; what torch.save writes has several."""
    if not zipfile.is_zipfile(place):
        return False
    with zipfile.ZipFile(place) as archive:
        members = archive.infolist()
    return len(members) == 1 and not members[0].is_dir()


@contextmanager
def _only_member(place: Path) -> Iterator[IO[bytes]]:
    """Unpack the only file of a zip into a file without a name: none that it brings is ever used."""
    with zipfile.ZipFile(place) as archive, tempfile.TemporaryFile() as file:
        member = archive.infolist()[0]
        if member.file_size > _MAX_LEGACY:
            raise DigestMismatchError(str(place), f"at most {_MAX_LEGACY} bytes in it", f"{member.file_size} bytes")
        with archive.open(member) as packed:
            shutil.copyfileobj(packed, file, _CHUNK)
        file.seek(0)
        yield cast("IO[bytes]", file)
