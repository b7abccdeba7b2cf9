"""A zip archive as torch.save writes it: which members it may have, and that its pickle fits its storages."""

import re
from collections.abc import Sequence
from typing import Any

from rehub.words.weightfiles.allowed import STORAGES
from rehub.words.weightfiles.faults import RunsCode, Unsound
from rehub.words.weightfiles.kinds import Kind
from rehub.words.weightfiles.source import Source
from rehub.words.weightfiles.unpacking import check_sizes, content
from rehub.words.weightfiles.values import Global, Storage, number
from rehub.words.weightfiles.walk import MAX_PICKLE, walk
from rehub.words.weightfiles.ziplayout import Member

_NAMES = re.compile(
    r"data\.pkl|data/[0-9A-Za-z_.-]{1,64}|version|byteorder|\.format_version|\.storage_alignment|"
    r"\.data/serialization_id"
)
_LOCATION = re.compile(r"[a-z][a-z0-9_]{0,31}(:[0-9]{1,4})?")
_MAX_SMALL = 64  # bytes of a member that holds a number or a word
# What gives an archive away, by a member below its folder.
# Source: torch/csrc/jit/serialization, torch/export/pt2_archive, torch/package.
_SIGNS = {
    r"constants\.pkl|code/.*": Kind.TORCHSCRIPT,
    r"archive_format|models/.*|data/weights/.*|serialized_exported_program\.json|.*\.so": Kind.EXPORTED,
    r"\.data/extern_modules|\.data/python_version|.*\.py": Kind.PACKAGE,
}
_CODE = {Kind.TORCHSCRIPT, Kind.EXPORTED, Kind.PACKAGE}


def kind_of_zip(members: Sequence[Member]) -> Kind:
    """Tell what an archive is, by its members' names."""
    names = [each.name.partition("/")[2] for each in members]
    for pattern, kind in _SIGNS.items():
        if any(re.fullmatch(pattern, name) for name in names):
            return kind
    if "data.pkl" in names:
        return Kind.TORCH_ZIP
    return Kind.ZIPPED if len(members) == 1 and not members[0].name.endswith("/") else Kind.ZIP


def read_zip(source: Source, members: Sequence[Member]) -> Any:
    """Give what the archive's pickle would make.

    Raises:
        RunsCode: it is a program, or its pickle would run something.
        Unsound: it is not as torch.save writes it.
    """
    kind = kind_of_zip(members)
    if kind in _CODE:
        raise RunsCode([kind.value], "it holds a program")
    if kind is not Kind.TORCH_ZIP:
        held = ", ".join(repr(each.name[:40]) for each in members[:3])
        raise Unsound(f"it is {kind.value} that torch.save has not written: it holds {held}")
    found = _by_name(members)
    check_sizes(members, source.size)
    _check_small(source, found)
    storages = _Storages(found)
    value, end = walk(content(source, found["data.pkl"], MAX_PICKLE), storages.restore)
    if end != found["data.pkl"].size:
        raise Unsound("something follows its pickle in the member data.pkl")
    return value


def _by_name(members: Sequence[Member]) -> dict[str, Member]:
    """Give the members by their names below the archive's one folder."""
    folder = members[0].name.partition("/")[0]
    found = {}
    for each in members:
        first, slash, name = each.name.partition("/")
        if first != folder or not slash or folder in {"", ".", ".."} or not _NAMES.fullmatch(name) or ".." in name:
            raise Unsound(f"it has the member {each.name[:80]!a}, which torch.save does not write")
        found[name] = each
    return found


def _check_small(source: Source, members: dict[str, Member]) -> None:
    """Read the members that say how the others are meant."""
    for name, expected in {
        "version": rb"[0-9]{1,4}\n?",
        "byteorder": rb"little|big",
        ".format_version": rb"[0-9]{1,4}\n?",
        ".storage_alignment": rb"[0-9]{1,6}\n?",
    }.items():
        said = content(source, members[name], _MAX_SMALL) if name in members else None
        if said is not None and not re.fullmatch(expected, said):
            raise Unsound(f"its member {name} says {said[:40]!a}")


class _Storages:
    """Knows the storages by their members."""

    def __init__(self, members: dict[str, Member]) -> None:
        self._members = members
        self._known: dict[str, Storage] = {}

    def restore(self, said: Any) -> Storage:
        """Give the storage that a persistent id names, of exactly its member's size."""
        if not isinstance(said, tuple) or len(said) != 5:  # noqa: PLR2004 - storage, class, key, location, elements
            raise Unsound("its pickle asks for something that is no storage")
        found = storage_of(said)
        member = self._members.get(f"data/{found.key}")
        if member is None:
            raise Unsound(f"its pickle asks for the storage {found.key!a}, which the archive does not have")
        if member.size != found.size:
            raise Unsound(f"its pickle says {found.size} bytes of the storage {found.key!a}, which has {member.size}")
        return one_of_each(self._known, found)


def storage_of(said: tuple[Any, ...]) -> Storage:
    """Read a persistent id: the word, the storage's class, key, location and number of elements.

    Raises:
        Unsound: it is none.
    """
    word, kind, key, location, numel = said[:5]
    if word != "storage" or not isinstance(kind, Global) or kind.name not in STORAGES:
        raise Unsound("its pickle asks for something that is no storage")
    if not isinstance(key, str) or len(key) > 64 or not isinstance(location, str):  # noqa: PLR2004 - digits, in fact
        raise Unsound("its pickle asks for a storage without a name")
    if not _LOCATION.fullmatch(location):
        raise Unsound(f"its pickle says that a storage was on {location[:40]!a}, which is no device")
    return Storage(key, STORAGES[kind.name], number(numel), location)


def one_of_each(known: dict[str, Storage], found: Storage) -> Storage:
    """Give the storage that is known by a key, if it is meant in the same way again.

    Raises:
        Unsound: it has another type, size or place this time: torch would take the first one's for all.
    """
    first = known.setdefault(found.key, found)
    if (first.dtype, first.numel, first.location) != (found.dtype, found.numel, found.location):
        raise Unsound(f"its pickle says two things of the storage {found.key!a}")
    return first
