"""Only the pin's own bytes run: not what was changed or added since, and no byte-code that lies about."""

import compileall
import os
import py_compile
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import rehub
from rehub.verbs.load import run_entry
from rehub.words.pin import Checkout
from rehub.world.scope import Bytecode, importer, tag
from tests.scope.conftest import Folder, Load, Pin, Python, write

LATE = "def net():\n def f():\n  import part\n  return part.WHO\n return f\n"


def open_up(checkout: Checkout) -> Path:
    """Make a checkout in the store writable, as whoever owns it can."""
    for place, _, names in os.walk(checkout.root):
        Path(place).chmod(0o755)
        for name in names:
            Path(place, name).chmod(0o644)
    return checkout.root


def change(root: Path) -> None:
    """Change a file."""
    (root / "part.py").write_text("WHO = 'evil'")


def add(root: Path) -> None:
    """Add a module."""
    (root / "json.py").write_text("WHO = 'evil'")


def add_package(root: Path) -> None:
    """Add a package that wins over a module of the same name."""
    write(root, {"part/__init__.py": "WHO = 'evil'"})


def add_extension(root: Path) -> None:
    """Add an extension module that wins over a module of the same name."""
    (root / "part.so").write_bytes(b"evil")


@pytest.mark.parametrize("harm", [change, add_package, add_extension])
def test_what_was_changed_after_fetching_is_never_imported(harm: Callable[[Path], None], pin: Pin, run: Load) -> None:
    """A file that was changed, or put in the way, after the load is refused when it would be imported."""
    checkout = pin({"hubconf.py": LATE, "part.py": "WHO = 'own'"})
    late = run(checkout)
    harm(open_up(checkout))
    with pytest.raises(rehub.DigestMismatchError, match="part"):
        late()


def test_what_was_added_after_fetching_is_never_imported(pin: Pin, run: Load) -> None:
    """A module that was added to the tree, to be taken for one of Python's, is refused."""
    checkout = pin({"hubconf.py": "def net():\n def f():\n  import json\n  return json\n return f\n"})
    late = run(checkout)
    add(open_up(checkout))
    importer().invalidate_caches()
    with pytest.raises(rehub.DigestMismatchError, match="has no such file"):
        late()


def test_committed_bytecode_is_never_used(pin: Pin, run: Load, folder: Folder, load: Load, tmp_path: Path) -> None:
    """Byte-code in a repository is not run, whether there is a source for it or not."""
    evil = write(tmp_path / "evil", {"part.py": "WHO = 'evil'", "lone.py": "WHO = 'evil'"})
    cached = f"__pycache__/part.{sys.implementation.cache_tag}.pyc"
    py_compile.compile(
        str(evil / "part.py"), str(evil / cached), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
    )
    py_compile.compile(
        str(evil / "lone.py"), str(evil / "lone.pyc"), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
    )
    text = "import part\ndef lone():\n from .lone import WHO\ndef net():\n try: lone()\n except ImportError: return part.WHO, lone"
    files = {
        "hubconf.py": text,
        "part.py": "WHO = 'own'",
        cached: (evil / cached).read_bytes(),
        "part.pyc": (evil / "lone.pyc").read_bytes(),
        "lone.pyc": (evil / "lone.pyc").read_bytes(),
    }
    for who, lone in (run(pin(files)), load(folder(files))):
        assert who == "own"
        with pytest.raises(ModuleNotFoundError):
            lone()


def test_nothing_is_written_into_a_folder(folder: Folder, load: Load) -> None:
    """Loading the user's own folder leaves no byte-code in it."""
    root = folder({"hubconf.py": "import part\ndef net(): return part.WHO", "part.py": "WHO = 1"})
    load(root)
    assert sorted(path.name for path in root.rglob("*")) == ["hubconf.py", "part.py"]


def entries(hub: rehub.Hub) -> list[Path]:
    """Give the byte-code that the store holds."""
    return sorted(hub.store.bytecode_dir(tag()).rglob("*.pyc"))


def again(checkout: Checkout, run: Load) -> object:
    """Run an entry as a new process would."""
    importer().scopes[f"rehub.repos.{checkout.name}"].forget()
    return run(checkout)


FILES = {"hubconf.py": "import part\ndef net(): return part.WHO, part.__file__", "part.py": "WHO = 'own'"}


@pytest.fixture
def compiled(pin: Pin, run: Load, hub: rehub.Hub, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """Give a checkout whose byte-code is in the store."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    checkout = pin(FILES)
    run(checkout)
    assert len(entries(hub)) == 2
    return checkout


def test_bytecode_is_used_by_the_next_process(compiled: Checkout, run: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was compiled once is not compiled again."""
    from rehub.world.scope.loader import SourceLoader

    def never(*_: object) -> None:
        pytest.fail("it was compiled again")

    monkeypatch.setattr(SourceLoader, "source_to_code", never)
    assert again(compiled, run) == ("own", str(compiled.root / "part.py"))


HARM = {
    "empty": lambda data: b"",
    "truncated": lambda data: data[:-5],
    "one-byte": lambda data: data[:-5] + bytes([data[-5] ^ 1]) + data[-4:],
    "head": lambda data: bytes([data[0] ^ 1]) + data[1:],
    "another-python": lambda data: b"\0\0\0\0" + data[4:],
    "longer": lambda data: data + b"x",
    "head-only": lambda data: data[:36],
    "text": lambda data: b"x" * 4096,
}


@pytest.mark.parametrize("harm", HARM)
def test_damaged_bytecode_is_compiled_again(harm: str, compiled: Checkout, run: Load, hub: rehub.Hub) -> None:
    """Byte-code that is damaged in any way is ignored, and replaced."""
    whole = [path.read_bytes() for path in entries(hub)]
    for path in entries(hub):
        path.write_bytes(HARM[harm](path.read_bytes()))
    assert again(compiled, run) == ("own", str(compiled.root / "part.py"))
    assert [path.read_bytes() for path in entries(hub)] == whole


def test_bytecode_of_another_source_is_ignored(compiled: Checkout, run: Load, hub: rehub.Hub) -> None:
    """An entry copied under another source's name is not taken for that source's."""
    one, other = entries(hub)
    one_bytes, other_bytes = one.read_bytes(), other.read_bytes()
    one.write_bytes(other_bytes)
    other.write_bytes(one_bytes)
    assert again(compiled, run) == ("own", str(compiled.root / "part.py"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_bytecode_that_somebody_else_wrote_is_ignored(compiled: Checkout, run: Load, hub: rehub.Hub) -> None:
    """In a shared cache, an entry is believed only if this user or root wrote it."""
    place = entries(hub)[0]
    digest = rehub.words.digest.Digest(place.stem)
    code = Bytecode(hub.store.bytecode_dir(tag()))
    assert code.find(digest, "x.py") is not None
    os.chown(place, 65534, 65534)
    pid = os.fork()
    if pid == 0:
        os._exit(0 if code.find(digest, "x.py") is None else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert again(compiled, run) == ("own", str(compiled.root / "part.py"))


def test_a_store_that_cannot_be_written_is_enough(
    pin: Pin, run: Load, hub: rehub.Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where byte-code cannot be kept, code runs all the same."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    checkout = pin(FILES)
    hub.store.bytecode_dir("x").parent.write_text("a file in the way")
    assert run(checkout)[0] == "own"


def test_equal_sources_share_bytecode_and_know_their_own_file(
    compiled: Checkout, pin: Pin, run: Load, hub: rehub.Hub
) -> None:
    """A second repository with an equal file uses the first one's byte-code, under its own file name."""
    text = "import part\ndef net():\n return part.WHO, net.__code__.co_filename, part.f.__code__.co_consts"
    other = pin({"hubconf.py": text, "part.py": FILES["part.py"] + "\nf = lambda: (lambda: 0)"}, name="acme/other")
    run(other)
    third = pin(
        {"hubconf.py": text + "\n", "part.py": FILES["part.py"] + "\nf = lambda: (lambda: 0)"}, name="acme/third"
    )
    who, file, consts = run(third)
    assert (who, file) == ("own", str(third.root / "hubconf.py"))
    assert consts[1].co_filename == str(third.root / "part.py")


def test_an_unproved_tree_is_not_imported(pin: Pin, run: Load, hub: rehub.Hub) -> None:
    """A checkout whose manifest is gone cannot be proved, so nothing of it is run."""
    checkout = pin({"hubconf.py": "def net(): return 1\n# unproved"})
    Path(f"{checkout.root}.json").unlink()
    with pytest.raises(rehub.StoreError, match="manifest"):
        run(checkout)


def test_compiling_a_whole_store_changes_nothing(compiled: Checkout, run: Load) -> None:
    """``python -m compileall`` over the store does no harm."""
    compileall.compile_dir(str(open_up(compiled)), quiet=1)
    assert again(compiled, run) == ("own", str(compiled.root / "part.py"))


def test_the_same_tree_in_two_stores(pin: Pin, run: Load, tmp_path: Path) -> None:
    """Equal files from two stores are one package; if the first store is removed, the other one serves."""
    import shutil

    made = pin({"hubconf.py": LATE + "# twice", "part.py": "WHO = 'own'"})
    assert made.pin is not None
    hubs = [rehub.Hub(dir=tmp_path / name) for name in "ab"]
    checkouts = [each.fetch(f"{made.pin.remote.url}@{made.pin.commit}") for each in hubs]
    late = run_entry(checkouts[0], "net", (), {}, store=hubs[0].store).value
    assert run_entry(checkouts[1], "net", (), {}, store=hubs[1].store).value is not None
    open_up(checkouts[0])
    shutil.rmtree(tmp_path / "a")
    assert run_entry(checkouts[1], "net", (), {}, store=hubs[1].store).value() == "own"
    assert late() == "own"


def test_of_two_stores_one_is_emptied(pin: Pin, run: Load, tmp_path: Path) -> None:
    """A store that lost some of a tree's files is left, as one that is gone."""
    made = pin({"hubconf.py": LATE + "# two", "part.py": "WHO = 'own'", "table.csv": "1,2"})
    assert made.pin is not None
    hubs = [rehub.Hub(dir=tmp_path / name) for name in "ab"]
    checkouts = [each.fetch(f"{made.pin.remote.url}@{made.pin.commit}") for each in hubs]
    late = run_entry(checkouts[0], "net", (), {}, store=hubs[0].store).value
    open_up(checkouts[0])
    (checkouts[0].root / "table.csv").unlink()
    found = run_entry(checkouts[1], "net", (), {}, store=hubs[1].store).value
    assert Path(sys.modules[found.__module__].__file__ or "").parent == checkouts[1].root
    assert (late(), found()) == ("own", "own")


def test_bytecode_helps_a_real_second_process(pin: Pin, hub: rehub.Hub, python: Python) -> None:
    """A fresh process finds the byte-code that another one left."""
    checkout = pin({**FILES, "hubconf.py": FILES["hubconf.py"] + "\n# processes"})
    assert checkout.pin is not None
    script = f"""
import sys, builtins
sys.dont_write_bytecode = False
import rehub
from rehub.verbs.load import run_entry
hub = rehub.Hub(dir={str(hub.get_dir())!r})
checkout = hub.fetch("{checkout.pin.remote.url}@{checkout.pin.commit}")
from rehub.world.scope.loader import SourceLoader
made = []
plain = SourceLoader.source_to_code
SourceLoader.source_to_code = lambda self, data, path: made.append(path) or plain(self, data, path)
run_entry(checkout, "net", (), {{}}, store=hub.store)
print(len(made))
"""
    assert [python(script), python(script)] == ["2", "0"]
