r"""One canonical tar for a tree: written and read by us alone, so that equal files are equal bytes.

Files only, sorted by path, with mode 0644, no owner and no date; a pax header before a file says its path or size where
the plain one cannot. The reader takes nothing else: what it reads of a header it writes again, and the bytes must be
the same. So there are no links, devices or folders in it, and no second way to say anything.

Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Header Block".
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from rehub.words.tree import Limits
from rehub.words.treenames import alike_in, checked_name

_BLOCK = 512  # bytes
_CHUNK = 1 << 20  # bytes
_SHORT = 100  # bytes of a path in a plain header
_LARGE = 8 << 30  # bytes that eleven octal digits cannot say any more
_EXTENDED = 4096  # bytes that a pax header may have: a path and a size
_END = bytes(2 * _BLOCK)
_HEADERS = 3 * _BLOCK + _EXTENDED  # bytes before a file, at most
_PAX, _FILE = b"x", b"0"


class Packed(Protocol):
    """A whole tar, read at any place."""

    @property
    def size(self) -> int:
        """Its bytes."""
        ...

    def pread(self, at: int, count: int) -> bytes:
        """Give so many bytes from a place; fewer at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a tar: its path, where its bytes begin, and how many they are."""

    path: str
    at: int
    size: int


@dataclass(frozen=True, slots=True)
class Listing:
    """What a tar holds.

    Attributes:
        members: its files, by path.
        alike: pairs of paths that differ in the case of plain letters only.
    """

    members: tuple[Member, ...]
    alike: tuple[tuple[str, str], ...]


def size_of(files: Iterable[tuple[str, int]]) -> int:
    """Give the bytes of a tar of files, each given by its path and size."""
    return sum(len(_headers(path, size)) + _padded(size) for path, size in files) + len(_END)


def most_bytes(limits: Limits) -> int:
    """Give how large the tar of a tree may be that keeps to limits."""
    return limits.bytes + limits.files * (_HEADERS + _BLOCK) + len(_END)


def pack(files: Iterable[tuple[str, int, Iterable[bytes]]]) -> Iterator[bytes]:
    """Give the bytes of a tar.

    Args:
        files: paths, sorted, each once, with the size and the content of the file.

    Raises:
        ValueError: they are not sorted, or a content has another size.
    """
    last = ""
    for path, size, content in files:
        if path <= last:
            msg = f"{path!a} does not come after {last!a}"
            raise ValueError(msg)
        last = path
        yield _headers(path, size)
        left = size
        for piece in content:
            left -= len(piece)
            yield piece
        if left:
            msg = f"{path!a} has not the {size} bytes that it should have"
            raise ValueError(msg)
        yield bytes(_padded(size) - size)
    yield _END


def listing(packed: Packed, limits: Limits) -> Listing:
    """Read what a tar holds, before any of it is written anywhere.

    Raises:
        ValueError: it is not one of ours, is cut off, goes on after its end, or holds what must not be written to disk;
            says why.
    """
    members = tuple(_members(packed, limits))
    if sum(each.size for each in members) > limits.bytes:
        msg = f"its files are larger than {limits.bytes} bytes together"
        raise ValueError(msg)
    return Listing(members, alike_in([each.path for each in members], most=limits.files))


def content(packed: Packed, member: Member) -> Iterator[bytes]:
    """Give a file's bytes.

    Raises:
        ValueError: the tar is shorter by now.
    """
    for at in range(member.at, member.at + member.size, _CHUNK):
        yield _exactly(packed, at, min(_CHUNK, member.at + member.size - at))


def _members(packed: Packed, limits: Limits) -> Iterator[Member]:
    at, last = 0, ""
    for number in range(limits.files + 1):
        if (block := _exactly(packed, at, _BLOCK)) == bytes(_BLOCK):
            return _check_end(packed, at)
        if number == limits.files:
            msg = f"there are more than {limits.files} files in it"
            raise ValueError(msg)
        member = _member(packed, at, block)
        _check_path(member.path, last, limits)
        yield member
        at, last = member.at + _padded(member.size), member.path
        if at > packed.size:
            msg = f"it ends in {member.path!a}"
            raise ValueError(msg)
        if any(_exactly(packed, member.at + member.size, at - member.at - member.size)):
            msg = f"there is something after {member.path!a}"
            raise ValueError(msg)
    return None


def _check_end(packed: Packed, at: int) -> None:
    if packed.size != at + len(_END) or packed.pread(at, len(_END)) != _END:
        msg = "it goes on after its end, or has only half of one"
        raise ValueError(msg)


def _member(packed: Packed, at: int, block: bytes) -> Member:
    """Read one file's headers: whatever they say, they must be just those that we would write."""
    path, size, start = None, None, at
    if block[156:157] == _PAX:
        length = _octal(block[124:136])
        if length > _EXTENDED:
            msg = "a header is too large"
            raise ValueError(msg)
        said = _records(_exactly(packed, at + _BLOCK, length))
        path, size = said.get("path"), int(said["size"]) if said.get("size", "").isdecimal() else None
        at += _BLOCK + _padded(length)
        block = _exactly(packed, at, _BLOCK)
    path = block[:_SHORT].rstrip(b"\0").decode("utf-8", "surrogateescape") if path is None else path
    size = _octal(block[124:136]) if size is None else size
    at += _BLOCK
    try:
        ours = _headers(path, size)
    except (UnicodeError, OverflowError) as error:
        msg = f"the header of {path!a} cannot be read"
        raise ValueError(msg) from error
    if _exactly(packed, start, at - start) != ours:
        msg = f"the header of {path!a} is not written as ours are: it is no plain file, or has an owner or a date"
        raise ValueError(msg)
    return Member(path, at, size)


def _check_path(path: str, last: str, limits: Limits) -> None:
    parts = path.split("/")
    if path <= last:
        msg = f"{path!a} does not come after {last!a}"
        raise ValueError(msg)
    if len(path.encode()) > limits.path or len(parts) > limits.depth + 1:
        msg = f"{path[:100]!a} is longer than {limits.path} bytes, or deeper than {limits.depth} folders"
        raise ValueError(msg)
    for part in parts:
        try:
            checked_name(part.encode(), most=limits.name)
        except ValueError as error:
            msg = f"{path!a}: {error}"
            raise ValueError(msg) from error


def _records(data: bytes) -> dict[str, str]:
    r"""Read a pax header: ``<length> <name>=<value>\n`` over and over; what is no such line is left out."""
    found, at = {}, 0
    while (space := data.find(b" ", at, at + 8)) > 0 and data[at:space].isdigit():
        end = at + int(data[at:space])
        name, equals, value = data[space + 1 : end - 1].partition(b"=")
        if not equals or end <= space or end > len(data):
            break
        found[name.decode("utf-8", "replace")] = value.decode("utf-8", "surrogateescape")
        at = end
    return found


def _headers(path: str, size: int) -> bytes:
    """Give all that comes before a file's bytes."""
    raw, short = path.encode(), size if size < _LARGE else 0
    records = b""
    if len(raw) > _SHORT:
        records += _record(b"path", raw)
    if size >= _LARGE:
        records += _record(b"size", b"%d" % size)
    if not records:
        return _header(raw, short, _FILE)
    extended = _header(b"pax", len(records), _PAX) + records + bytes(_padded(len(records)) - len(records))
    return extended + _header(raw[:_SHORT], short, _FILE)


def _record(name: bytes, value: bytes) -> bytes:
    """Write a line of a pax header, whose length counts its own digits."""
    rest = b" %b=%b\n" % (name, value)
    length = len(rest)
    while len(b"%d" % length) + len(rest) != length:
        length = len(b"%d" % length) + len(rest)
    return b"%d%b" % (length, rest)


def _header(name: bytes, size: int, kind: bytes) -> bytes:
    owner = b"0000644\x000000000\x000000000\0"
    fields = b"%b%b%011o\x0000000000000\0        %b" % (name.ljust(_SHORT, b"\0"), owner, size, kind)
    block = (fields + bytes(100) + b"ustar\x0000").ljust(_BLOCK, b"\0")
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def _octal(digits: bytes) -> int:
    text = digits.rstrip(b"\0 ")
    if not text or set(text) - set(b"01234567"):
        msg = "a header has no size"
        raise ValueError(msg)
    return int(text, 8)


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK


def _exactly(packed: Packed, at: int, count: int) -> bytes:
    if len(found := packed.pread(at, count)) != count:
        msg = f"it is cut off after {packed.size} bytes"
        raise ValueError(msg)
    return found
