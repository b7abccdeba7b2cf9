"""Which files of a tree may be written, decided on trees made by hand."""

import posixpath
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehub.words.errors import RefusedTreeError
from rehub.words.tree import Limits, Plan, check_bytes, parse_tree, plan

FILE, LINK, FOLDER, SUBMODULE = "100644", "120000", "40000", "160000"


class Memory:
    """A repository's objects, in memory."""

    def __init__(self) -> None:
        self.trees: dict[str, bytes] = {}
        self.links: dict[str, bytes] = {}

    def tree(self, oid: str) -> bytes:
        """Give a tree; ValueError as git's reader has it."""
        if oid not in self.trees:
            msg = "it is no tree"
            raise ValueError(msg)
        return self.trees[oid]

    def link(self, oid: str) -> bytes:
        """Give a link's target."""
        if len(self.links[oid]) > 4096:
            msg = "it is too long"
            raise ValueError(msg)
        return self.links[oid]

    def add(self, *rows: tuple[str, bytes, str]) -> str:
        """Add a tree of (mode, name, id) and give its id."""
        oid = f"{len(self.trees):040x}"
        self.trees[oid] = b"".join(b"%b %b\0%b" % (mode.encode(), name, bytes.fromhex(of)) for mode, name, of in rows)
        return oid

    def of(self, files: dict[str, str]) -> str:
        """Add the trees of paths: ``-> x`` is a link, ``submodule`` and ``folder`` are those, all else a file."""
        rows, inner = [], {}
        for path, content in files.items():
            top, slash, rest = path.partition("/")
            if slash:
                inner.setdefault(top, {})[rest] = content
            elif content.startswith("-> "):
                oid = f"{0xA << 152 | len(self.links):040x}"
                self.links[oid] = content[3:].encode()
                rows.append((LINK, top.encode(), oid))
            elif content in {"submodule", "folder"}:
                rows.append(
                    (SUBMODULE, top.encode(), "5" * 40)
                    if content == "submodule"
                    else (FOLDER, top.encode(), self.add())
                )
            else:
                rows.append((FILE, top.encode(), content.encode().hex().rjust(40, "f")))
        rows += [(FOLDER, name.encode(), self.of(files)) for name, files in inner.items()]
        return self.add(*rows)


def planned(files: dict[str, str], /, **limits: int) -> dict[str, str]:
    """Plan paths; give path to content."""
    return {path: bytes.fromhex(oid.lstrip("f")).decode() for path, oid in full(files, **limits).files.items()}


def full(files: dict[str, str], /, **limits: int) -> Plan:
    """Plan paths."""
    memory = Memory()
    return plan(memory.of(files), memory, where="acme/toy", limits=Limits(**limits))


LINKS = {
    "to a file": ({"a": "1", "b": "-> a"}, {"a": "1", "b": "1"}),
    "to a link": ({"a": "1", "b": "-> a", "c": "-> b"}, {"a": "1", "b": "1", "c": "1"}),
    "to a folder": ({"d/a": "1", "e": "-> d"}, {"d/a": "1", "e/a": "1"}),
    "to a folder with a link": (
        {"d/a": "1", "d/b": "-> a", "e": "-> d"},
        {"d/a": "1", "d/b": "1", "e/a": "1", "e/b": "1"},
    ),
    "to a folder with a link to a folder": (
        {"d/a": "1", "f/g": "-> ../d", "e": "-> f"},
        {"d/a": "1", "f/g/a": "1", "e/g/a": "1"},
    ),
    "through a link in the middle": (
        {"d/x/a": "1", "e": "-> d", "f": "-> e/x/a"},
        {"d/x/a": "1", "e/x/a": "1", "f": "1"},
    ),
    "up and down": ({"d/x": "-> ../e/a", "e/a": "1"}, {"d/x": "1", "e/a": "1"}),
    "with dots": ({"a": "1", "b": "-> ././a"}, {"a": "1", "b": "1"}),
    "dangling": ({"a": "1", "b": "-> nowhere"}, {"a": "1"}),
    "to an empty folder": ({"a": "1", "d": "folder", "b": "-> d"}, {"a": "1"}),
}


@pytest.mark.parametrize("kind", LINKS)
def test_link_that_stays_inside_is_a_copy(kind: str) -> None:
    """A link becomes what it leads to, at any number of hops; one to nothing is left out."""
    files, expected = LINKS[kind]
    assert planned(files) == expected


REFUSED = {
    "absolute": ({"x": "-> /etc/passwd"}, "x", "out of the repository"),
    "out": ({"x": "-> ../y"}, "x", "out of the repository"),
    "out by a detour": ({"d/a": "1", "x": "-> d/../../y"}, "x", "out of the repository"),
    "out through a link": ({"d/e/a": "1", "l": "-> d/e", "x": "-> l/../../../y"}, "x", "out of the repository"),
    "out through a link that looks deep": (
        {"d/up": "-> ..", "d/x": "-> up/../y", "a": "1"},
        None,
        "",
    ),
    "backslash": ({"x": "-> ..\\y"}, "x", "out of the repository"),
    "loop": ({"a": "-> b", "b": "-> a"}, "a", "leads to itself"),
    "itself": ({"a": "-> a"}, "a", "leads to itself"),
    "own folder": ({"d/x": "-> ."}, "d/x", "a folder that it lies in"),
    "own ancestor": ({"d/e/x": "-> ../.."}, "d/e/x", "a folder that it lies in"),
    "two folders that hold each other": (
        {"d/x": "-> ../e", "e/y": "-> ../d", "d/a": "1"},
        None,
        "a folder that it lies in",
    ),
    "empty target": ({"d/x": "-> "}, "d/x", "a folder that it lies in"),
    "long target": ({"x": "-> " + "a/" * 3000}, "x", "cannot be read"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_hostile_link_is_refused(kind: str) -> None:
    """A link out, or one without an end, is refused by its name."""
    files, path, reason = REFUSED[kind]
    with pytest.raises(RefusedTreeError) as caught:
        full(files)
    assert reason in caught.value.reason
    assert path is None or caught.value.path == path


def test_copies_count_against_the_limits() -> None:
    """Links to folders of links multiply; the copies count as files, and their paths as paths."""
    doubling = {"d0/a": "1"}
    for level in range(1, 30):
        doubling |= {f"d{level}/l": f"-> ../d{level - 1}", f"d{level}/r": f"-> ../d{level - 1}"}
    start = time.monotonic()
    with pytest.raises(RefusedTreeError, match="with links as copies"):
        full(doubling)
    assert time.monotonic() - start < 2
    empty = {path: "folder" if path == "d0/a" else target for path, target in doubling.items()}
    with pytest.raises(RefusedTreeError, match="with links as copies"):
        full(empty)
    with pytest.raises(RefusedTreeError, match="longer than 20 bytes"):
        full({"dddddddddd/ffffffff": "1", "lllllllllllll": "-> dddddddddd"}, path=20)
    assert planned({"d/f": "1", "l": "-> d"}, path=20) == {"d/f": "1", "l/f": "1"}


def test_many_links_to_one_folder_are_quick() -> None:
    """Thousands of links to one folder cost no more than what they copy."""
    files = {f"d/{number}": "1" for number in range(3000)} | {f"l{number}": "-> e" for number in range(3000)}
    start = time.monotonic()
    assert len(planned(files | {"e": "folder"})) == 3000
    assert time.monotonic() - start < 2
    with pytest.raises(RefusedTreeError, match="steps"):
        full({f"l{number}": "-> " + "x/../" * 500 + "y" for number in range(300)}, files=1000)


def nested(memory: Memory, leaf: str, levels: int, width: int) -> str:
    """Name one subtree ``width`` times, ``levels`` deep."""
    for _ in range(levels):
        leaf = memory.add(*[(FOLDER, b"%d" % number, leaf) for number in range(width)])
    return leaf


@pytest.mark.parametrize("leaf", ["file", "empty"])
def test_tree_bomb_is_refused_at_once(leaf: str) -> None:
    """10**10 paths, of files or of nothing but folders, are counted and never listed."""
    memory = Memory()
    rows = [(FILE, b"a", "1" * 40)] if leaf == "file" else []
    root = nested(memory, memory.add(*rows), 10, 10)
    tracemalloc.start()
    start = time.monotonic()
    with pytest.raises(RefusedTreeError, match="more than 100000 files and folders"):
        plan(root, memory, where="evil/toy", limits=Limits())
    assert time.monotonic() - start < 2
    assert tracemalloc.get_traced_memory()[1] < 5 << 20
    tracemalloc.stop()
    small = nested(memory, memory.add((FILE, b"a", "1" * 40)), 3, 3)
    assert len(plan(small, memory, where="acme/toy", limits=Limits()).files) == 27


def test_one_huge_folder_is_not_read_to_its_end() -> None:
    """A folder of a million names is given up at the limit."""
    memory = Memory()
    root = memory.add(*[(FILE, b"%d" % number, "1" * 40) for number in range(200_000)])
    tracemalloc.start()
    with pytest.raises(RefusedTreeError, match="more than 100"):
        plan(root, memory, where="evil/toy", limits=Limits(files=100))
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


@pytest.mark.parametrize(("levels", "fine"), [(64, True), (65, False), (3000, False)])
def test_depth_limit(levels: int, fine: bool) -> None:
    """Folders may be nested so deep and no deeper."""
    memory = Memory()
    root = nested(memory, memory.add((FILE, b"a", "1" * 40)), levels, 1)
    if fine:
        assert len(plan(root, memory, where="x", limits=Limits()).files) == 1
    else:
        with pytest.raises(RefusedTreeError, match="nested deeper than 64"):
            plan(root, memory, where="x", limits=Limits())


def test_shared_folder_counts_at_its_deepest_place() -> None:
    """A subtree first met near the root is refused where it lies too deep."""
    memory = Memory()
    shared = nested(memory, memory.add((FILE, b"a", "1" * 40)), 3, 1)
    deep = nested(memory, shared, 4, 1)
    root = memory.add((FOLDER, b"0", shared), (FOLDER, b"1", deep))
    with pytest.raises(RefusedTreeError, match="nested deeper than 6"):
        plan(root, memory, where="x", limits=Limits(depth=6))
    assert len(plan(root, memory, where="x", limits=Limits(depth=8)).files) == 2


NAMES = {
    "parent": b"..",
    "this": b".",
    "empty": b"",
    "slash": b"a/b",
    "backslash": b"a\\b",
    "newline": b"a\nb",
    "tabulator": b"a\tb",
    "escape": b"a\x1bb",
    "delete": b"a\x7fb",
    "second control set": "a\u009bb".encode(),
    "not UTF-8": b"caf\xe9",
    "surrogate": b"\xed\xa0\x80",
    "over-long UTF-8": b"\xc0\xae\xc0\xae",
    "too long": b"n" * 256,
    "git": b".git",
    "git in capitals": b".GIT",
    "git for NTFS": b"git~1",
    "git for NTFS in capitals": b"GIT~1",
    "git with a dot": b".git.",
    "git with a space": b".git ",
    "git with dots and spaces": b".git . .",
    "git as a stream": b".git::$INDEX_ALLOCATION",
    "git for HFS": ".g\u200cit".encode(),
    "git for HFS in front": "\ufeff.git".encode(),
}


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize("mode", [FILE, FOLDER, LINK, SUBMODULE])
def test_hostile_name_is_refused(kind: str, mode: str) -> None:
    """A name that could lead elsewhere, or pass for git's folder, is refused for every kind of entry."""
    memory = Memory()
    memory.links["0" * 40] = b"x"
    root = memory.add((mode, NAMES[kind], memory.add() if mode == FOLDER else "0" * 40))
    with pytest.raises(RefusedTreeError) as caught:
        plan(memory.add((FOLDER, b"pkg", root)), memory, where="evil/toy", limits=Limits())
    assert caught.value.path.startswith("pkg")
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    "name",
    ["git", ".gitignore", ".github", ".git_", "a.git", "..a", "a..", "...", "n" * 255, "\u3042", "a b", "git~10"],
)
def test_nearly_hostile_name_is_fine(name: str) -> None:
    """Names that only look like the refused ones are written."""
    assert planned({name: "1"}) == {name: "1"}


COLLIDING = {
    "composition": ("caf\u00e9", "cafe\u0301"),
    "both": ("CAF\u00c9", "cafe\u0301"),
    "sharp s": ("stra\u00dfe", "STRASSE"),
    "dotted i": ("\u0130", "i\u0307"),
    "Kelvin": ("\u212a", "k"),
    "ligature": ("\ufb01", "fi"),
    "invisible": ("ab", "a\u200cb"),
    "equal": ("same.py", "same.py"),
    "equal letter": ("b", "b"),
}


@pytest.mark.parametrize("kind", COLLIDING)
@pytest.mark.parametrize("mode", [FILE, FOLDER, SUBMODULE])
def test_colliding_names_are_refused(kind: str, mode: str) -> None:
    """Two names that one file system takes for one are refused, whatever they name; in two folders they are fine."""
    memory = Memory()
    first, second = COLLIDING[kind]
    other = memory.add((FILE, b"x", "1" * 40)) if mode == FOLDER else "2" * 40
    root = memory.add((FILE, first.encode(), "1" * 40), (mode, second.encode(), other))
    with pytest.raises(RefusedTreeError, match="the same on some file systems"):
        plan(root, memory, where="evil/toy", limits=Limits())
    apart = planned({f"d/{first}": "1", f"e/{second}": "2"})
    assert len(apart) == 2


def test_names_that_differ_in_case_are_noted() -> None:
    """Whether ``Utils.py`` and ``utils.py`` can both be there depends on the disk, so the plan names such pairs."""
    memory = Memory()
    inner = memory.add((FILE, b"a", "1" * 40), (FILE, b"A", "2" * 40))
    root = memory.add((FILE, b"Utils.py", "1" * 40), (FOLDER, b"d", inner), (FILE, b"utils.py", "2" * 40))
    found = plan(root, memory, where="acme/toy", limits=Limits())
    assert sorted(found.alike) == [("Utils.py", "utils.py"), ("d/a", "d/A")]
    assert len(found.files) == 4


@pytest.mark.parametrize("mode", ["010644", "020666", "060666", "140777", "0", "104755", "-100644", "777"])
def test_what_is_no_file_is_refused(mode: str) -> None:
    """Devices, FIFOs, sockets and modes of nobody are refused."""
    memory = Memory()
    with pytest.raises(RefusedTreeError, match="neither file, folder nor link"):
        plan(memory.add((mode, b"x", "1" * 40)), memory, where="evil/toy", limits=Limits())


def test_modes_of_files() -> None:
    """Ordinary, executable and old group-writable files are files; a folder's mode may have its old zero."""
    memory = Memory()
    rows = [("100644", b"a", "1" * 40), ("100755", b"b", "2" * 40), ("100664", b"c", "3" * 40)]
    root = memory.add(*rows, ("040000", b"d", memory.add((FILE, b"e", "4" * 40))))
    assert list(plan(root, memory, where="x", limits=Limits()).files) == ["a", "b", "c", "d/e"]


def test_submodules_and_dangling_links_are_told() -> None:
    """What is left out is named."""
    found = full({"a": "1", "sub": "submodule", "d/sub": "submodule", "l": "-> nowhere"})
    assert (found.submodules, found.dangling) == (("d/sub", "sub"), ("l",))
    assert list(found.files) == ["a"]


def test_bytes_together() -> None:
    """Files count once for each place that they are written to."""
    check_bytes({"a": "x", "b": "x"}, {"x": 5}, where="x", limits=Limits(bytes=10))
    with pytest.raises(RefusedTreeError, match="larger than 9 bytes together"):
        check_bytes({"a": "x", "b": "x"}, {"x": 5}, where="x", limits=Limits(bytes=9))
    with pytest.raises(RefusedTreeError, match="says that it is a file"):
        check_bytes({"a": "x"}, {}, where="x", limits=Limits())


def test_folder_that_is_none() -> None:
    """A folder whose object is something else is refused."""
    memory = Memory()
    with pytest.raises(RefusedTreeError, match="cannot be read"):
        plan(memory.add((FOLDER, b"pkg", "9" * 40)), memory, where="x", limits=Limits())


@given(st.binary(max_size=80))
def test_reading_any_bytes_ends_or_raises_value_error(data: bytes) -> None:
    """A tree object of garbage raises ValueError and nothing else."""
    try:
        list(parse_tree(data))
    except ValueError:
        return


parts = st.sampled_from(["a", "b", "..", ".", "c", ""])
targets = st.lists(parts, min_size=1, max_size=5).map("/".join)
entries = st.dictionaries(
    st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=3).map("/".join),
    st.just("1") | targets.map("-> {}".format),
    max_size=6,
)


@given(entries)
def test_nothing_is_ever_written_outside(files: dict[str, str]) -> None:
    """Whatever links a tree holds: it is refused, or every path lies inside and is no folder of another."""
    if any(other.startswith(path + "/") for path in files for other in files):
        return
    try:
        found = full(files)
    except RefusedTreeError:
        return
    for path in found.files:
        assert posixpath.normpath(path) == path
        assert not path.startswith(("/", "../"))
        assert not any(other.startswith(path + "/") for other in found.files)
