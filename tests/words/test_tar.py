"""The canonical tar: what is written is read again, other programs read it, and nothing else is read."""

import io
import tarfile
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehub.words import tar
from rehub.words.tar import content, listing, most_bytes, pack, size_of
from rehub.words.tree import Limits

LIMITS = Limits()


@dataclass(frozen=True)
class Bytes:
    """A tar in memory."""

    data: bytes

    @property
    def size(self) -> int:
        """Its bytes."""
        return len(self.data)

    def pread(self, at: int, count: int) -> bytes:
        """Give some of them."""
        return self.data[at : at + count]


def packed(files: Mapping[str, bytes]) -> bytes:
    """Write files."""
    return b"".join(pack((path, len(data), [data]) for path, data in sorted(files.items())))


def read(data: bytes, limits: Limits = LIMITS) -> dict[str, bytes]:
    """Read them again."""
    found = Bytes(data)
    return {each.path: b"".join(content(found, each)) for each in listing(found, limits).members}


NAMES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=60).filter(
    lambda name: not set(name) & set("/\\") and name not in {".", ".."} and "git" not in name.casefold()
)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)


@given(st.dictionaries(PATHS, st.binary(max_size=2000), max_size=6))
def test_what_is_written_is_read_again(files: dict[str, bytes]) -> None:
    """Any names and contents, in as many bytes as were foretold; Python's own tarfile finds the same."""
    data = packed(files)
    assert len(data) == size_of((path, len(each)) for path, each in files.items()) <= most_bytes(LIMITS)
    try:
        found = read(data)
    except ValueError as error:
        assert "the same on some file systems" in str(error) or "a file, and a folder" in str(error)
        return
    assert found == files
    with tarfile.open(fileobj=io.BytesIO(data)) as theirs:
        assert {each.name: each.size for each in theirs} == {path: len(each) for path, each in files.items()}


def test_equal_files_are_equal_bytes() -> None:
    """Whatever order they came in; unsorted, doubled or of another size they are not written at all."""
    assert packed({"b": b"1", "a": b"2"}) == packed({"a": b"2", "b": b"1"})
    for wrong in ([("b", 0, []), ("a", 0, [])], [("a", 0, []), ("a", 0, [])], [("a", 2, [b"1"])]):
        with pytest.raises(ValueError, match="not"):
            list(pack(wrong))


def test_a_size_that_eleven_digits_cannot_say() -> None:
    """Is in a pax header, as tarfile has it; the file itself is not made here."""
    head = tar._headers("large.bin", 9 << 30)
    with tarfile.open(fileobj=io.BytesIO(head + bytes(1024)), ignore_zeros=False) as theirs:
        assert theirs.next().size == 9 << 30  # type: ignore[union-attr]


def by_tarfile(
    name: str = "a", kind: bytes = tarfile.REGTYPE, form: int = tarfile.USTAR_FORMAT, **fields: object
) -> bytes:
    """Let Python's tarfile write one entry with fields of our choice."""
    into = io.BytesIO()
    with tarfile.open(fileobj=into, mode="w", format=form) as file:
        info = tarfile.TarInfo(name)
        info.type = kind
        data = b"x" * int(fields.pop("size", 0))  # type: ignore[call-overload]
        info.size = len(data)
        for field, value in fields.items():
            setattr(info, field, value)
        file.addfile(info, io.BytesIO(data))
    return into.getvalue()[: 512 * (1 + -(-len(data) // 512))] + bytes(1024)


def changed(at: int, to: bytes, files: Mapping[str, bytes] | None = None) -> bytes:
    """Give a tar of ours with some bytes of its first header changed, and its checksum right."""
    data = bytearray(packed(files or {"a": b"x" * 600}))
    data[at : at + len(to)] = to
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    return bytes(data)


def ours(*paths: str) -> bytes:
    """Write empty files in any order, under any names."""
    return b"".join(tar._headers(path, 0) for path in paths) + bytes(1024)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "a page": lambda: b"<!doctype html><html>not found</html>",
    "zeros": lambda: bytes(512),
    "zeros without end": lambda: bytes(1 << 20),
    "symbolic link": lambda: by_tarfile(kind=tarfile.SYMTYPE, linkname="/etc/passwd"),
    "hard link": lambda: by_tarfile(kind=tarfile.LNKTYPE, linkname="b"),
    "device": lambda: by_tarfile(kind=tarfile.CHRTYPE),
    "FIFO": lambda: by_tarfile(kind=tarfile.FIFOTYPE),
    "folder": lambda: by_tarfile(kind=tarfile.DIRTYPE),
    "contiguous": lambda: by_tarfile(kind=tarfile.CONTTYPE),
    "old kind": lambda: by_tarfile(kind=tarfile.AREGTYPE),
    "GNU long name": lambda: by_tarfile("n" * 150, form=tarfile.GNU_FORMAT),
    "GNU sparse": lambda: changed(156, b"S"),
    "owner": lambda: by_tarfile(uid=1000),
    "owner's name": lambda: by_tarfile(uname="root"),
    "date": lambda: by_tarfile(mtime=1),
    "setuid": lambda: by_tarfile(mode=0o4755),
    "executable": lambda: by_tarfile(mode=0o755),
    "prefix": lambda: changed(345, b"../.."),
    "absolute": lambda: ours("/etc/passwd"),
    "parent": lambda: ours("a/../../b"),
    "dot": lambda: ours("./a"),
    "backslash": lambda: ours("..\\a"),
    "empty name": lambda: ours(""),
    "empty part": lambda: ours("a//b"),
    "folder's name": lambda: ours("a/"),
    "git's own": lambda: ours(".git/config"),
    "git's own on HFS+": lambda: ours(".g\u200cit/config"),
    "control character": lambda: ours("a\x1b[2J"),
    "newline": lambda: ours("a\nb"),
    "not UTF-8": lambda: changed(0, b"\xff"),
    "long name": lambda: ours("n" * 256),
    "long path": lambda: ours("/".join(["n" * 100] * 12)),
    "deep": lambda: ours("/".join("d" * 70)),
    "twice": lambda: ours("a", "a"),
    "unsorted": lambda: ours("b", "a"),
    "file and folder": lambda: ours("a", "a/b"),
    "composed and decomposed": lambda: ours("e\u0301", "\u00e9"),
    "size too large": lambda: changed(124, b"77777777777\0"),
    "size a little too large": lambda: changed(124, b"00000002001\0"),
    "size too small": lambda: changed(124, b"00000000001\0"),
    "size in base 256": lambda: changed(124, b"\x80" + bytes(10) + b"\x01"),
    "size negative": lambda: changed(124, b"\xff" * 12),
    "size no number": lambda: changed(124, b"-0000000001\0"),
    "wrong checksum": lambda: b"".join([packed({"a": b""})[:148], b"000000\0 ", packed({"a": b""})[156:]]),
    "pax for a short path": lambda: by_tarfile(form=tarfile.PAX_FORMAT, pax_headers={"path": "b"}),
    "pax with a link": lambda: by_tarfile("n" * 150, form=tarfile.PAX_FORMAT, pax_headers={"linkpath": "/etc"}),
    "pax of pax": lambda: packed({"n" * 150: b""})[:1024] * 2 + packed({"n" * 150: b""})[1024:],
    "global pax": lambda: changed(156, b"g"),
    "pax size": lambda: packed({"n" * 150: b""}).replace(b"path=", b"size=", 1),
    "pax length": lambda: changed(124, b"77777777777\0", {"n" * 150: b""}),
    "pax at the end": lambda: packed({"n" * 150: b""})[:1024] + bytes(1024),
    "something behind": lambda: packed({"a": b"x"}) + b"more",
    "another tar behind": lambda: packed({"a": b"x"}) * 2,
    "padding": lambda: packed({"a": b"x"})[:600] + b"!" + packed({"a": b"x"})[601:],
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_tar_is_refused(kind: str) -> None:
    """Whatever we would not have written ourselves is a ValueError, and nothing else."""
    with pytest.raises(ValueError, match=r"\w"):
        read(HOSTILE[kind]())


FILES = {"a.py": b"x" * 700, "d/" + "n" * 120: b"y", "z": b""}


@pytest.mark.parametrize("blocks", range(len(packed(FILES)) // 512))
def test_a_tar_that_is_cut_off_is_refused(blocks: int) -> None:
    """Anywhere, at a block's end or in one."""
    for count in (512 * blocks, 512 * blocks + 1, 512 * blocks + 511):
        with pytest.raises(ValueError, match=r"cut off|end"):
            read(packed(FILES)[:count])


@given(st.integers(0, len(packed(FILES)) - 1), st.integers(1, 255))
def test_a_changed_byte_is_a_changed_file_or_refused(at: int, by: int) -> None:
    """Headers, padding and end have one form; what is in a file, its digest proves."""
    data = bytearray(packed(FILES))
    data[at] ^= by
    try:
        found = read(bytes(data))
    except ValueError:
        return
    assert found != FILES


@given(st.binary(max_size=3000))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """With a ValueError, and nothing else."""
    for each in (data, packed({"a": b""})[:512] + data):
        try:
            read(each)
        except ValueError:
            continue


def test_limits_hold_before_anything_is_written() -> None:
    """On files, folders, and the bytes of all files."""
    with pytest.raises(ValueError, match="more than 3 files"):
        read(packed({str(number): b"" for number in range(4)}), Limits(files=3))
    assert len(read(packed({str(number): b"" for number in range(3)}), Limits(files=3))) == 3
    with pytest.raises(ValueError, match="larger than 10 bytes"):
        read(packed({"a": b"123456", "b": b"123456"}), Limits(bytes=10))
    with pytest.raises(ValueError, match="more than 4 folders"):
        read(packed({"a/b/c/d/e/f": b""}), Limits(files=4))


def test_many_deep_folders_take_little_memory() -> None:
    """A header of a kilobyte names sixty folders: they are counted before they are kept."""
    data = packed({f"{number:04}/" + "/".join(["d" * 10] * 60): b"" for number in range(3000)})
    tracemalloc.start()
    with pytest.raises(ValueError, match="folders"):
        read(data, Limits(files=3000))
    assert tracemalloc.get_traced_memory()[1] < 32 << 20
    tracemalloc.stop()


def test_names_that_differ_in_case_are_told() -> None:
    """Both can be had where the disk has both."""
    assert listing(Bytes(packed({"A/x": b"", "a/x": b""})), LIMITS).alike == (("A", "a"),)
