"""A weights file as tensors whose bytes are the file's pages, read when somebody looks at them."""

import mmap
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

from rehub.verbs.weights.opened import Opened
from rehub.verbs.weights.safetensors import read_safetensors
from rehub.verbs.weights.storages import MappedFile
from rehub.verbs.weights.swapping import swap_on_load
from rehub.words.weightfiles import Tensor
from rehub.world.memory import can_map, file_offset, is_remote, read_ahead, untouched
from rehub.world.scope import original


def load_mapped(path: str, *, map_location: Any = None, fd: int) -> Any:
    """Read a zip file of ``torch.save``, with its tensors mapped where that makes no difference, else in memory.

    A model that loads such a tensor later takes the file's pages in place of a copy, where nobody can tell.

    Args:
        path: the file; its bytes must never change again.
        map_location: as :func:`torch.load` takes it.
        fd: the same file, open; it may be closed afterwards.

    Raises:
        Exception: whatever :func:`torch.load` raises.
    """
    if not _shall_map(fd) or _is_packed(path):
        return load_copied(path, map_location=map_location)
    import torch

    try:
        loaded = original(torch.load)(path, map_location=_Exchange(fd, map_location), weights_only=True, mmap=True)
    except Exception:  # noqa: BLE001
        # There is no room for a mapping, or a tensor cannot be made with a function as map_location; and what torch
        # refuses is refused in its own words.
        return load_copied(path, map_location=map_location)
    swap_on_load()
    return loaded


def load_safetensors(
    file: Opened, tensors: Mapping[str, Tensor], *, map_location: Any, immutable: bool
) -> dict[str, Any]:
    """Read a safetensors file, with its tensors mapped where that makes no difference, else in memory.

    Args:
        file: which one, open.
        tensors: what its header says, which was found true.
        map_location: as :func:`torch.load` takes it.
        immutable: its bytes never change again.

    Raises:
        MissingDependencyError: it has numbers that this torch does not know.
    """
    fd = file.handle if immutable and isinstance(file.handle, int) else None
    try:
        mapped = MappedFile(fd) if fd is not None and _shall_map(fd) else None
    except OSError:  # no room for it
        mapped = None
    loaded = read_safetensors(file.name, file.source, tensors, mapped, placing(map_location))
    if mapped:
        swap_on_load()
    return loaded


def load_copied(path: str, *, map_location: Any = None) -> Any:
    """Read what ``torch.save`` wrote into memory.

    Raises:
        Exception: whatever :func:`torch.load` raises.
    """
    import torch

    return original(torch.load)(path, map_location=map_location, weights_only=True, mmap=False)


def placing(map_location: Any) -> Callable[[Any, str], Any]:
    """Give what ``torch.load`` does with a storage and the name of its place, for its ``map_location``."""
    from torch.serialization import default_restore_location

    place: Callable[[Any, str], Any] = default_restore_location
    if map_location is None:
        return place
    if isinstance(map_location, dict):
        return lambda storage, location: place(storage, map_location.get(location, location))
    if not callable(map_location):
        return lambda storage, _: place(storage, str(map_location))

    def asked(storage: Any, location: str) -> Any:
        placed = map_location(storage, location)
        return place(storage, location) if placed is None else placed

    return asked


def _shall_map(fd: int) -> bool:
    """Say whether a file is mapped here and now; where it is not, it is brought nearer, to be read."""
    from torch import serialization

    if can_map() and not is_remote(fd):
        options = getattr(serialization, "get_default_mmap_options", lambda: mmap.MAP_PRIVATE)()
        if options == mmap.MAP_PRIVATE:
            return True
    read_ahead(fd)
    return False


def _is_packed(path: str) -> bool:
    """Say whether any member of a zip is compressed, or it is none: such a file is not its tensors' bytes."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist())
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return True


class _Exchange:
    """What torch asks where a storage shall be, as ``map_location``; has it over our mapping instead of torch's."""

    def __init__(self, fd: int, map_location: Any) -> None:
        self._mapped = MappedFile(fd)
        self._base: int | None = None
        self._place = placing(map_location)

    def __call__(self, storage: Any, location: str) -> Any:
        return self._place(self._exchanged(storage), location)

    def _exchanged(self, storage: Any) -> Any:
        """Give the same bytes of the file; a copy where torch has changed them (big-endian numbers) or they are few."""
        address, size = storage.data_ptr(), storage.nbytes()
        offset = self._offset(address) if size else None
        ours = None if offset is None else self._mapped.storage(offset, size)
        return ours if ours is not None and untouched(address, size) else storage.clone()

    def _offset(self, address: int) -> int | None:
        """Give where in the file a storage begins that torch has mapped."""
        if self._base is None:
            offset = file_offset(address, self._mapped.region)
            self._base = None if offset is None else address - offset
        return None if self._base is None else address - self._base
