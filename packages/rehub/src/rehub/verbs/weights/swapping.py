"""``Module.load_state_dict`` gives a parameter the file's pages in place of a copy of them, where nobody can tell.

Nothing is known here of modules. While ``load_state_dict`` runs, each ``Tensor.copy_`` is looked at: if its source is
mapped from a file and nobody wrote to it, and its target's memory is that tensor's alone, the target gets a mapping of
its own of the same bytes. Everything else is copied as ever. docs/adr/0013 says why each condition is there.
"""

from dataclasses import dataclass
from functools import cache, partial
from types import FrameType
from typing import Any

from rehub.verbs.weights.alone import can_tell, fits, is_alone, is_plain, is_recorded, is_watched
from rehub.verbs.weights.storages import ALIGNMENT, LEAST, over
from rehub.world.memory import Index, KeptFile, Region, release_unused, untouched
from rehub.world.scope.detours import Way, detour

_WORTH = 32 << 20  # bytes; for less, the C library is not asked to look through all that it has
_IN_USE: dict[int, tuple[Any, Any]] = {}


def swap_on_load() -> None:
    """Let ``Module.load_state_dict`` take what is mapped; from here on, in this process."""
    from torch.nn import Module

    if can_tell():
        detour(Module.load_state_dict, _choose)


def _choose(before: Way, _: FrameType | None) -> Way:
    return partial(_loading, before)


def _loading(before: Way, *args: Any, **kwargs: Any) -> Any:
    """Run ``load_state_dict`` so that its copies are looked at, if anything in the dict is mapped."""
    index = Index()
    state_dict = kwargs.get("state_dict", args[1] if len(args) > 1 else None)
    if not index or is_watched() or not _any_mapped(index, state_dict):
        return before(*args, **kwargs)
    with _mode()(index) as mode:
        try:
            return before(*args, **kwargs)
        finally:
            _let_go(mode.replaced)


def _any_mapped(index: Index, state_dict: Any) -> bool:
    """Say whether a dict has a tensor that is mapped; what is no plain dict may do anything when it is looked at."""
    from collections import OrderedDict

    if type(state_dict) not in {dict, OrderedDict}:
        return False
    return any(is_plain(value) and index.find(value.data_ptr(), 1) for value in state_dict.values())


@cache
def _mode() -> Any:
    """Give the class of the mode: it needs torch, and importing rehub does not."""
    from torch import Tensor
    from torch.autograd.graph import increment_version
    from torch.overrides import TorchFunctionMode

    class Swapping(TorchFunctionMode):
        """Looks at every copy from one tensor into another."""

        def __init__(self, index: Index) -> None:
            super().__init__()
            self.index = index
            self.replaced: list[tuple[Any, Any]] = []

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if func is Tensor.copy_ and len(args) == 2 and not kwargs and self._done(*args):  # noqa: PLR2004
                return args[0]
            return func(*args, **(kwargs or {}))

        def _done(self, target: Any, source: Any) -> bool:
            """Say whether the target has the source's values now, without a copy."""
            found = None if is_watched() or is_recorded() else _place(source, self.index)
            if found is None or not fits(target, source):
                return False
            if _place(target, self.index) == found:  # the second of two tied names, or loaded before
                increment_version(target)
                return True
            if found.offset % ALIGNMENT or not is_alone(target):
                return False
            self.replaced.append((target, target.untyped_storage()))
            return _give(target, found, self.index)

    return Swapping


@dataclass(frozen=True, slots=True)
class _Place:
    """Some bytes of a file."""

    file: KeptFile
    offset: int
    size: int


def _place(tensor: Any, index: Index) -> _Place | None:
    """Give which bytes of a file a tensor has, if it is mapped, and neither it nor the file was written to."""
    if not is_plain(tensor):
        return None
    address, size = tensor.data_ptr(), tensor.nbytes
    region = index.find(address, size) if size >= LEAST else None
    if region is None or not region.file.is_still() or not untouched(address, size):
        return None
    return _Place(region.file, region.offset + address - region.address, size)


def _give(target: Any, place: _Place, index: Index) -> bool:
    """Let a tensor have a mapping of its own of some bytes of a file; ``False`` if it keeps its memory after all."""
    try:
        region = Region(place.file, place.offset, place.size)
        target.set_(over(region, 0, place.size), 0, target.shape, target.stride())
    except (OSError, RuntimeError):  # too many mappings; a tensor whose storage may not be exchanged
        return False
    index.add(region)
    return True


def _let_go(replaced: list[tuple[Any, Any]]) -> None:
    """Give memory back that was exchanged, but what another thread is computing with: that waits for the next time.

    Args:
        replaced: tensors, each with the storage that it had. An operator that is under way holds the tensor.
    """
    if not replaced:
        return
    freed = sum(storage.nbytes() for _, storage in replaced)
    _IN_USE.update((id(storage), (tensor, storage)) for tensor, storage in replaced)
    replaced.clear()
    for key, (tensor, _) in tuple(_IN_USE.items()):
        if tensor._use_count() == 1:  # noqa: SLF001
            _IN_USE.pop(key, None)
    if freed >= _WORTH:
        release_unused()
