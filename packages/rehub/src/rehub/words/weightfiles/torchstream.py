"""A stream as torch.save wrote it before torch 1.6: five pickles, then the storages, one after the other.

The magic number, the protocol's version, what the writer's machine was like, the object, and the keys of the storages;
then of each storage its number of elements, in eight bytes, and the elements. Source: torch/serialization.py,
``_legacy_save`` and ``_legacy_load``.
"""

from typing import Any

from rehub.words.weightfiles.allowed import ITEM_SIZES
from rehub.words.weightfiles.faults import RunsCode, Unsound
from rehub.words.weightfiles.kinds import MAGIC
from rehub.words.weightfiles.source import Source
from rehub.words.weightfiles.torchzip import one_of_each, storage_of
from rehub.words.weightfiles.values import Storage, number
from rehub.words.weightfiles.walk import MAX_PICKLE, walk

_PROTOCOL = 1001
_MAX_STORAGES = 1 << 16


def read_stream(source: Source) -> Any:
    """Give what the stream's object would be.

    Raises:
        RunsCode: one of its pickles would run something.
        Unsound: it is not as torch.save wrote it.
    """
    data = source.start(MAX_PICKLE)
    storages = _Storages()
    magic, at = walk(data, _refuse)
    protocol, at = walk(data, _refuse, at)
    if magic != int.from_bytes(MAGIC, "little") or protocol != _PROTOCOL:
        raise Unsound(f"it is of another version of torch.save: {str(protocol)[:40]}, not {_PROTOCOL}")
    _, at = walk(data, _refuse, at)  # of which machine the writer was; nobody asks
    value, at = walk(data, storages.restore, at)
    keys, at = walk(data, _refuse, at)
    storages.check(source, keys, at)
    return value


def _refuse(_: Any) -> Any:
    raise Unsound("its pickles ask for storages where there are none")


def _one_name() -> Unsound:
    return Unsound("a storage and a view of one have the same name, by which torch would know only one of them")


class _Storages:
    """Knows the storages that the object is made of; their elements come after it."""

    def __init__(self) -> None:
        self._roots: dict[str, Storage] = {}
        self._views: dict[str, Storage] = {}

    def restore(self, said: Any) -> Storage:
        """Give the storage that a persistent id names, or a view of it."""
        if isinstance(said, tuple) and said[:1] == ("module",):
            raise RunsCode(["a whole torch.nn.Module, with its source"], "it holds a program")
        if not isinstance(said, tuple) or len(said) != 6:  # noqa: PLR2004 - one more than in a zip: a view, or None
            raise Unsound("its pickle asks for something that is no storage")
        root = one_of_each(self._roots, storage_of(said))
        if root.key in self._views:
            raise _one_name()
        return root if said[5] is None else self._view(root, said[5])

    def _view(self, root: Storage, said: Any) -> Storage:
        if not isinstance(said, tuple) or len(said) != 3 or not isinstance(said[0], str):  # noqa: PLR2004 - key, offset, size
            raise Unsound("its pickle asks for a view of a storage that is none")
        start, size = number(said[1]), number(said[2])
        if start + size > root.numel:
            raise Unsound(f"a view reaches to {start + size} in a storage of {root.numel} elements")
        if said[0] in self._roots:
            raise _one_name()
        known = self._views.setdefault(said[0], Storage(root.key, root.dtype, size, root.location, start))
        if (known.key, known.start, known.numel) != (root.key, start, size):
            raise Unsound(f"its pickle says two things of the view {said[0][:40]!a}")
        return known

    def check(self, source: Source, keys: Any, at: int) -> None:
        """See that exactly the storages that were asked for follow, each as long as it was said to be."""
        if not isinstance(keys, list) or len(keys) > _MAX_STORAGES or not all(isinstance(key, str) for key in keys):
            raise Unsound(f"its list of storages is no list of at most {_MAX_STORAGES} names")
        if len(set(keys)) != len(keys) or set(keys) != self._roots.keys():
            raise Unsound("it has other storages than its pickle asks for")
        for root in map(self._roots.__getitem__, keys):
            said = int.from_bytes(source.read(at, 8), "little", signed=True)
            if said != root.numel:
                raise Unsound(f"its pickle says {root.numel} elements of the storage {root.key!a}, which has {said}")
            at += 8 + said * ITEM_SIZES[root.dtype]
        if at != source.size:
            raise Unsound(f"its storages end at {at}, and the file has {source.size} bytes")
