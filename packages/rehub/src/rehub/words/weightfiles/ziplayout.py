"""How a zip archive lies in its file, every byte accounted for: so that all who read it see the same members.

A zip archive says everything twice, in a header before each member and in a directory at the end, and allows anything
between. Readers that trust different halves see different files. Here both must agree, and cover the file without gaps.
Source: PKWARE APPNOTE 6.3.10, §4.3; what torch writes: caffe2/serialize/inline_container.cc and its miniz.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from rehub.words.weightfiles.faults import Unsound
from rehub.words.weightfiles.source import Source

MAX_MEMBERS = 1 << 16
MAX_DIRECTORY = 16 << 20  # bytes
_MAX_NAME = 1024  # bytes
STORED, DEFLATED = 0, 8
_END, _END64, _LOCATOR = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q"), struct.Struct("<4sLQL")
_ENTRY, _LOCAL = struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s5H3L2H")
_FULL, _FULL16 = 0xFFFFFFFF, 0xFFFF
_ENCRYPTED, _DESCRIBED, _PATCHED, _HIDDEN = 1 << 0 | 1 << 6, 1 << 3, 1 << 5, 1 << 13
# Of a member's attributes: it is a folder. torch's reader believes that, reads nothing, and gives memory as it was.
# Source: miniz, mz_zip_reader_is_file_a_directory.
_FOLDER = 0x10


@dataclass(frozen=True, slots=True)
class Member:
    """A file in the archive.

    Attributes:
        name: its name.
        method: how it is packed: :data:`STORED` or :data:`DEFLATED`.
        size: of its content, in bytes.
        packed: how many bytes that is in the archive.
        start: where these begin.
        crc: the CRC-32 of its content.
    """

    name: str
    method: int
    size: int
    packed: int
    start: int
    crc: int


@dataclass(frozen=True, slots=True)
class _Listed:
    """A member as the directory tells of it."""

    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int


def members(source: Source) -> list[Member]:
    """Give an archive's members, in the order in which they lie there.

    Raises:
        Unsound: they are not as the archive says, or are too many.
    """
    begin, size, count = _directory(source)
    listed = sorted(_listed(source.read(begin, size), count), key=lambda each: each.offset)
    _check_names(listed)
    ends = [each.offset for each in listed[1:]] + [begin]
    if not listed or listed[0].offset:
        raise Unsound("the archive does not begin with its first member")
    return [_member(source, each, end) for each, end in zip(listed, ends, strict=True)]


def _directory(source: Source) -> tuple[int, int, int]:
    """Find the directory: where it begins, its bytes, its entries."""
    at = source.size - _END.size
    signature, disk, first_disk, here, count, size, begin, comment = _END.unpack(source.read(at, _END.size))
    if signature != b"PK\5\6" or comment:
        raise Unsound("the archive's directory does not end where the file ends: it is cut off, or something follows")
    end = at
    if at >= _LOCATOR.size + _END64.size:
        locator = _LOCATOR.unpack(source.read(at - _LOCATOR.size, _LOCATOR.size))
        if locator[0] == b"PK\6\7":
            wide = _wide(source, at, locator)
            narrow = (here, count, size, begin)
            if any(n not in (w, f) for n, w, f in zip(narrow, wide, (_FULL16, _FULL16, _FULL, _FULL), strict=True)):
                raise Unsound("the archive has two directories, which differ")
            (here, count, size, begin), end = wide, locator[2]
    if disk or first_disk or here != count:
        raise Unsound("the archive goes on in another file")
    if begin + size != end or size > MAX_DIRECTORY or count > MAX_MEMBERS:
        raise Unsound(
            f"the archive's directory claims {count} members, and {size} bytes from {begin}, and ends at {end}; "
            f"at most {MAX_MEMBERS} and {MAX_DIRECTORY} are read"
        )
    return begin, size, count


def _wide(source: Source, at: int, locator: tuple[bytes, int, int, int]) -> tuple[int, int, int, int]:
    """Read the end of the directory in its 64-bit form, which stands right before."""
    _, disk, where, disks = locator
    if disk or disks != 1 or where + _END64.size + _LOCATOR.size != at:
        raise Unsound("the archive's 64-bit directory is not where it should be")
    signature, length, _, _, this, first, here, count, size, begin = _END64.unpack(source.read(where, _END64.size))
    if signature != b"PK\6\6" or length != _END64.size - 12 or this or first:
        raise Unsound("the archive's 64-bit directory is not what it should be")
    return here, count, size, begin


def _listed(data: bytes, count: int) -> Iterator[_Listed]:
    """Read the directory's entries, which fill it."""
    at = 0
    for _ in range(count):
        if len(data) - at < _ENTRY.size:
            raise Unsound("the archive's directory has fewer entries than it says")
        signature, _, _, flags, method, _, _, crc, packed, size, *lengths, disk, _, attributes, offset = (
            _ENTRY.unpack_from(data, at)
        )
        at += _ENTRY.size
        name, extra = data[at : at + lengths[0]], data[at + lengths[0] : at + lengths[0] + lengths[1]]
        at += sum(lengths)
        if signature != b"PK\1\2" or disk or lengths[2]:
            raise Unsound("the archive's directory has an entry that is none, or a comment in it")
        if attributes & _FOLDER:
            raise Unsound(f"the archive's member {name[:80]!r} says that it is a folder")
        wide = _widened(extra, (size, packed, offset))
        yield _Listed(name, flags, method, crc, wide[1], wide[0], wide[2])
    if at != len(data):
        raise Unsound("the archive's directory has other entries than it says")


def _widened(extra: bytes, narrow: tuple[int, ...]) -> list[int]:
    """Give sizes, those that are full in their 64-bit form; whatever else stands in the extra field is padding."""
    wide = _extra(extra).get(1, b"")
    if len(wide) % 8 or len(wide) // 8 != sum(each == _FULL for each in narrow):
        raise Unsound("a member's 64-bit sizes do not go with its sizes")
    values = iter(struct.unpack(f"<{len(wide) // 8}Q", wide))
    return [next(values) if each == _FULL else each for each in narrow]


def _extra(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 0
    while len(data) - at >= 4:  # noqa: PLR2004 - a field's number and length
        number, length = struct.unpack_from("<2H", data, at)
        if number in found or at + 4 + length > len(data):
            raise Unsound("a member's extra field is not made of fields")
        found[number] = data[at + 4 : at + 4 + length]
        at += 4 + length
    return found


def _check_names(listed: list[_Listed]) -> None:
    """Refuse names that two readers could take for different ones, or two members of one name."""
    seen: set[bytes] = set()
    for each in listed:
        if not 0 < len(each.name) <= _MAX_NAME or not each.name.isascii() or not each.name.decode().isprintable():
            raise Unsound(f"the archive has a member with the name {each.name[:80]!r}")
        if each.name.lower() in seen:  # torch's own reader does not tell upper case from lower
            raise Unsound(f"the archive has two members with the name {each.name[:80]!r}")
        seen.add(each.name.lower())


def _member(source: Source, listed: _Listed, end: int) -> Member:
    """Compare a member's own header with the directory, and give it."""
    name = listed.name.decode()
    if listed.flags & (_ENCRYPTED | _PATCHED | _HIDDEN):
        raise Unsound(f"the archive's member {name!a} is encrypted, or a patch")
    if listed.method not in {STORED, DEFLATED} or (listed.method == STORED and listed.packed != listed.size):
        raise Unsound(f"the archive's member {name!a} is packed in a way that is not read: method {listed.method}")
    head = source.read(listed.offset, _LOCAL.size)
    signature, _, flags, method, _, _, crc, packed, size, name_length, extra_length = _LOCAL.unpack(head)
    tail = source.read(listed.offset + _LOCAL.size, name_length + extra_length)
    start = listed.offset + _LOCAL.size + name_length + extra_length
    if signature != b"PK\3\4" or (flags, method, tail[:name_length]) != (listed.flags, listed.method, listed.name):
        raise _differs(name)
    if flags & _DESCRIBED and (crc, packed, size) == (0, 0, 0):
        _check_descriptor(source, listed, start + listed.packed, end)
    else:
        sizes = _widened(tail[name_length:], (size, packed))
        if (crc, sizes[1], sizes[0]) != (listed.crc, listed.packed, listed.size):
            raise _differs(name)
        rest = end - start - listed.packed
        if rest and not flags & _DESCRIBED:
            raise _gap(name)
        if rest:
            _check_descriptor(source, listed, start + listed.packed, end)
    return Member(name, method, listed.size, listed.packed, start, listed.crc)


def _check_descriptor(source: Source, listed: _Listed, at: int, end: int) -> None:
    """Compare the sizes after a member with the directory, and see that the next one follows."""
    form = {16: "<4sL2L", 24: "<4sL2Q"}.get(end - at)
    name = listed.name.decode()
    if form is None:
        raise _gap(name)
    if struct.unpack(form, source.read(at, end - at)) != (b"PK\7\x08", listed.crc, listed.packed, listed.size):
        raise _differs(name)


def _differs(name: str) -> Unsound:
    return Unsound(f"the archive says two things of its member {name!a}: at it, and in its directory")


def _gap(name: str) -> Unsound:
    return Unsound(f"in the archive, something lies between {name!a} and what follows, or they overlap")
