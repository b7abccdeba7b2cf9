"""A file of weights, told and judged from its bytes; nothing of it is run, and no library of its format is asked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rehub.words.weightfiles.faults import RunsCode, Unsound
from rehub.words.weightfiles.instructions import instructions
from rehub.words.weightfiles.kinds import START, Kind, kind_of
from rehub.words.weightfiles.naming import named
from rehub.words.weightfiles.safetensors import read_safetensors
from rehub.words.weightfiles.source import Source
from rehub.words.weightfiles.torchstream import read_stream
from rehub.words.weightfiles.torchzip import kind_of_zip, read_zip
from rehub.words.weightfiles.values import Table, Tensor
from rehub.words.weightfiles.walk import MAX_PICKLE
from rehub.words.weightfiles.ziplayout import DEFLATED, Member, members

_MAX_DEPTH = 500  # of lists in lists; Python's own pickler cannot write more than a few hundred


@dataclass(frozen=True, slots=True)
class Contents:
    """A sound file of weights, whose reading runs nothing.

    Attributes:
        kind: what it is.
        tensors: by their names, as a state_dict has them; of nested dictionaries with dots between.
        packed: whether some of it is deflated, and so cannot be mapped into memory.
        sparse: whether tensors have indices, which torch looks at only if it is told to.
        elsewhere: whether tensors were on another device than the CPU when they were saved.
        member: of an archive with one file in it, that file, which was not looked into.
    """

    kind: Kind
    tensors: Mapping[str, Tensor]
    packed: bool = False
    sparse: bool = False
    elsewhere: bool = False
    member: Member | None = None


def look(source: Source) -> Contents:
    """Tell what a file of weights holds, if it is sound, and runs nothing when it is read.

    Raises:
        RunsCode: reading it in full would run something.
        Unsound: it is not what it says, or nothing that can be read here.
    """
    kind = kind_of(source.start(START), source.size)
    if kind is Kind.SAFETENSORS:
        return Contents(kind, read_safetensors(source))
    if kind is Kind.ZIP:
        return _look_at_zip(source)
    if kind is Kind.TORCH_STREAM:
        return _contents(kind, read_stream(source))
    if kind is Kind.TORCH_TAR:
        raise RunsCode([kind.value], "its pickles can only be read in full")
    if kind is Kind.PICKLE:
        _refuse_pickle(source)
    raise Unsound(f"it is {kind.value}")


def tell(source: Source) -> Kind:
    """Tell what a file is, sound or not."""
    kind = kind_of(source.start(START), source.size)
    try:
        return kind_of_zip(members(source)) if kind is Kind.ZIP else kind
    except Unsound:
        return kind


def _look_at_zip(source: Source) -> Contents:
    found = members(source)
    packed = any(each.method == DEFLATED for each in found)
    if kind_of_zip(found) is Kind.ZIPPED:
        return Contents(Kind.ZIPPED, {}, packed=packed, member=found[0])
    return _contents(Kind.TORCH_ZIP, read_zip(source, found), packed=packed)


def _refuse_pickle(source: Source) -> None:
    data = source.start(MAX_PICKLE)
    if names := named(data):
        raise RunsCode(names, "it is a plain pickle, which torch.save has not written")
    for _ in instructions(data):
        pass
    raise Unsound("it is a plain pickle, which torch.save has not written; torch.load cannot read it")


def _contents(kind: Kind, value: Any, *, packed: bool = False) -> Contents:
    found = dict(_tensors(value))
    elsewhere = any(each.storage and each.storage.location != "cpu" for each in found.values())
    return Contents(kind, found, packed, any(each.kind == "sparse" for each in found.values()), elsewhere)


def _tensors(value: Any) -> Iterator[tuple[str, Tensor]]:
    """Find the tensors in what a pickle would make, level by level; each object once, however often it is in it."""
    level, seen = [("", value)], {id(value)}
    for _ in range(_MAX_DEPTH):
        inner: list[tuple[str, Any]] = []
        for name, each in level:
            if isinstance(each, Tensor):
                yield name, each
            inner += [(_joined(name, key), part) for key, part in _parts(each) if not _is_seen(part, seen)]
        level = inner
        if not level:
            return
    raise Unsound(f"its pickle holds values in values, more than {_MAX_DEPTH} deep")


def _is_seen(part: Any, seen: set[int]) -> bool:
    """Note an object that can hold others; a tensor may have several names, and is told by each."""
    if not isinstance(part, Table | list | tuple) or part == ():
        return False
    known = id(part) in seen
    seen.add(id(part))
    return known


def _parts(value: Any) -> list[tuple[Any, Any]]:
    match value:
        case Table():
            return value.rows
        case list() | tuple():
            return list(enumerate(value))
    return []


def _joined(name: str, key: Any) -> str:
    said = key if isinstance(key, str) else str(key) if isinstance(key, int) else "?"
    return f"{name}.{said}"[:512] if name else said[:512]
