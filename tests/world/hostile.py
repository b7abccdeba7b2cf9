"""Trees that no honest tool writes: each function adds its objects to a repository and gives the tree.

``HOSTILE`` maps a name, fit for ``pytest.mark.parametrize``, to the function. Each tree also holds a good
``hubconf.py``, so that a reader who overlooks the trap would go on.
"""

from collections.abc import Callable

from tests.world.repo import EXECUTABLE, FILE, FOLDER, LINK, SUBMODULE, Entry, Repo

HUBCONF = b'def net():\n    """A net."""\n    return "the net"\n'
EVIL = b"print('this must never lie outside')\n"

Maker = Callable[[Repo], str]


def _with(repo: Repo, *entries: Entry, ordered: bool = True) -> str:
    hubconf = (FILE, b"hubconf.py", repo.write_blob(HUBCONF))
    return repo.write_tree([hubconf, *entries], ordered=ordered)


def named(name: bytes, mode: str = FILE) -> Maker:
    """A file of that name in the root."""
    return lambda repo: _with(repo, (mode, name, repo.write_blob(EVIL)))


def folder(name: bytes, inner: bytes = b"evil.py") -> Maker:
    """A folder of that name, with a file in it."""
    return lambda repo: _with(repo, (FOLDER, name, repo.write_tree([(FILE, inner, repo.write_blob(EVIL))])))


def link(target: bytes, name: bytes = b"link") -> Maker:
    """A symbolic link in the root."""
    return lambda repo: _with(repo, (LINK, name, repo.write_blob(target)))


def pair(first: bytes, second: bytes) -> Maker:
    """Two files that some file systems hold to be one."""
    return lambda repo: _with(
        repo, (FILE, first, repo.write_blob(b"first\n")), (FILE, second, repo.write_blob(b"second\n"))
    )


def bomb(levels: int = 10, width: int = 10) -> Maker:
    """width**levels paths in levels + 1 objects, each tree naming the one below width times."""

    def make(repo: Repo) -> str:
        tree = repo.write_tree([(FILE, b"leaf", repo.write_blob(b"x"))])
        for _ in range(levels):
            tree = repo.write_tree([(FOLDER, b"d%d" % i, tree) for i in range(width)])
        return _with(repo, (FOLDER, b"bomb", tree))

    return make


def deep(levels: int = 3000) -> Maker:
    """One file below that many folders."""

    def make(repo: Repo) -> str:
        tree = repo.write_tree([(FILE, b"leaf", repo.write_blob(b"x"))])
        for _ in range(levels):
            tree = repo.write_tree([(FOLDER, b"d", tree)])
        return _with(repo, (FOLDER, b"deep", tree))

    return make


def many(count: int = 300_000) -> Maker:
    """One folder with that many files, all of one content."""

    def make(repo: Repo) -> str:
        blob = repo.write_blob(b"x")
        return _with(repo, (FOLDER, b"many", repo.write_tree([(FILE, b"%06d" % i, blob) for i in range(count)])))

    return make


def _through_link(repo: Repo) -> str:
    """A link to a folder outside, and a folder of the same name whose file would be written through it."""
    inner = repo.write_tree([(FILE, b"evil.py", repo.write_blob(EVIL))])
    return _with(repo, (LINK, b"way", repo.write_blob(b"/tmp")), (FOLDER, b"way", inner))


def _through_cased_link(repo: Repo) -> str:
    inner = repo.write_tree([(FILE, b"evil.py", repo.write_blob(EVIL))])
    return _with(repo, (LINK, b"way", repo.write_blob(b"/tmp")), (FOLDER, b"WAY", inner))


def _file_and_folder(repo: Repo) -> str:
    inner = repo.write_tree([(FILE, b"evil.py", repo.write_blob(EVIL))])
    return _with(repo, (FILE, b"both", repo.write_blob(EVIL)), (FOLDER, b"both", inner))


def _link_loop(repo: Repo) -> str:
    return _with(repo, (LINK, b"a", repo.write_blob(b"b")), (LINK, b"b", repo.write_blob(b"a")))


def _link_to_parent(repo: Repo) -> str:
    inner = repo.write_tree([(LINK, b"again", repo.write_blob(b".."))])
    return _with(repo, (FOLDER, b"folder", inner))


def _missing_blob(repo: Repo) -> str:
    return _with(repo, (FILE, b"missing.py", "2" * 40))


HOSTILE: dict[str, Maker] = {
    "parent": named(b".."),
    "parent-folder": folder(b".."),
    "this-folder": folder(b"."),
    "slash": named(b"a/b"),
    "absolute": named(b"/tmp/evil.py"),
    "climbing": named(b"../evil.py"),
    "climbing-inside": named(b"pkg/../../evil.py"),
    "backslash": named(b"..\\evil.py"),
    "drive": named(b"C:evil.py"),
    "stream": named(b"hubconf.py::$INDEX_ALLOCATION"),
    "device-name": named(b"NUL"),
    "device-name-extension": named(b"aux.py"),
    "trailing-dot": named(b"evil.py."),
    "trailing-space": named(b"evil.py "),
    "newline": named(b"a\nb.py"),
    "carriage-return": named(b"a\rb.py"),
    "escape-sequence": named(b"\x1b[2Jevil.py"),
    "delete-character": named(b"a\x7f.py"),
    "not-utf8": named(b"caf\xe9.py"),
    "overlong-utf8": named(b"\xc0\xae\xc0\xae"),
    "surrogate": named(b"\xed\xa0\x80.py"),
    "right-to-left": named("evil\u202eyp.txt".encode()),
    "zero-width": named("hub\u200bconf.py".encode()),
    "long-name": named(b"n" * 300),
    "git": folder(b".git", b"config"),
    "git-file": named(b".git"),
    "git-upper": folder(b".GIT", b"config"),
    "git-mixed": folder(b".gIt", b"config"),
    "git-trailing-dot": folder(b".git.", b"config"),
    "git-trailing-space": folder(b".git ", b"config"),
    "git-short-name": folder(b"GIT~1", b"config"),
    "git-ignorable": folder(".g\u200cit".encode(), b"config"),
    "git-stream": folder(b".git::$INDEX_ALLOCATION", b"config"),
    "git-backslash": named(b".git\\config"),
    "git-below": lambda repo: _with(
        repo,
        (FOLDER, b"pkg", repo.write_tree([(FOLDER, b".git", repo.write_tree([(FILE, b"x", repo.write_blob(EVIL))]))])),
    ),
    "gitmodules-link": link(b"/etc/passwd", b".gitmodules"),
    "case": pair(b"Utils.py", b"utils.py"),
    "case-hubconf": pair(b"HUBCONF.py", b"x.py"),
    "case-sharp-s": pair("stra\u00dfe.py".encode(), b"strasse.py"),
    "case-dotted-i": pair("\u0130.py".encode(), "i\u0307.py".encode()),
    "case-kelvin": pair("\u212a.py".encode(), b"k.py"),
    "unicode": pair("caf\u00e9.py".encode(), "cafe\u0301.py".encode()),
    "unicode-compatible": pair("\ufb01.py".encode(), b"fi.py"),
    "twice": pair(b"same.py", b"same.py"),
    "file-and-folder": _file_and_folder,
    "unordered": lambda repo: _with(
        repo, (FILE, b"z", repo.write_blob(b"")), (FILE, b"a", repo.write_blob(b"")), ordered=False
    ),
    "link-absolute": link(b"/etc/passwd"),
    "link-out": link(b"../../outside"),
    "link-out-by-detour": link(b"pkg/../../outside"),
    "link-home": link(b"~/.ssh/id_ed25519"),
    "link-empty": link(b""),
    "link-dangling": link(b"nowhere"),
    "link-loop": _link_loop,
    "link-itself": link(b"link"),
    "link-to-parent": _link_to_parent,
    "link-nul": link(b"a\0b"),
    "link-newline": link(b"hubconf.py\n"),
    "link-long": link(b"a/" * 5000),
    "link-into-git": link(b".git/config"),
    "link-proc": link(b"/proc/self/environ"),
    "hubconf-is-link-out": lambda repo: repo.write_tree([(LINK, b"hubconf.py", repo.write_blob(b"/etc/passwd"))]),
    "hubconf-is-folder": lambda repo: repo.write_tree([(FOLDER, b"hubconf.py", repo.write_tree([]))]),
    "hubconf-is-submodule": lambda repo: repo.write_tree([(SUBMODULE, b"hubconf.py", "1" * 40)]),
    "through-link": _through_link,
    "through-cased-link": _through_cased_link,
    "mode-fifo": named(b"fifo", "010644"),
    "mode-character-device": named(b"null", "020666"),
    "mode-block-device": named(b"disk", "060666"),
    "mode-socket": named(b"socket", "140777"),
    "mode-zero": named(b"zero", "0"),
    "mode-setuid": named(b"setuid", "104755"),
    "mode-file-but-tree": lambda repo: _with(repo, (EXECUTABLE, b"pkg", repo.write_tree([]))),
    "bomb": bomb(),
    "deep": deep(),
}

# Trees with a lie in them: git serves them only to a client that asks for no content (a filter, or a tree at a time).
BROKEN: dict[str, Maker] = {
    "mode-folder-but-blob": lambda repo: _with(repo, (FOLDER, b"pkg", repo.write_blob(EVIL))),
    "empty-name": named(b""),
    "missing-blob": _missing_blob,
}
