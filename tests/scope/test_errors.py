"""What a repository raises arrives as it is, and does no lasting harm."""

import sys
import traceback

import pytest

from tests.scope.conftest import Folder, Load, Pin


class MineError(Exception):
    """An error of the caller's own."""


def test_the_entrys_exception_is_the_very_same_object(folder: Folder, load: Load) -> None:
    """What the entry raises is neither wrapped nor copied."""
    error = MineError("x")
    with pytest.raises(MineError) as caught:
        load(folder({"hubconf.py": "def net(e): raise e"}), "net", error)
    assert caught.value is error


def test_a_traceback_shows_the_repositorys_lines_and_nothing_in_between(folder: Folder, load: Load) -> None:
    """A traceback names the repository's files and shows their lines, without the import system's frames."""
    root = folder(
        {
            "hubconf.py": "import a.b\ndef net(): pass",
            "a/__init__.py": "",
            "a/b.py": "import c\n",
            "c.py": "1 / 0  # here\n",
        }
    )
    with pytest.raises(ZeroDivisionError) as caught:
        load(root)
    lines = traceback.extract_tb(caught.value.__traceback__)
    files = [line.filename for line in lines]
    assert files[-3:] == [str(root / name) for name in ("hubconf.py", "a/b.py", "c.py")]
    assert lines[-1].line == "1 / 0  # here"
    assert not [file for file in files if "importlib" in file]


def test_chained_exceptions_are_kept(folder: Folder, load: Load) -> None:
    """``raise … from …`` arrives with its cause, and that with its own lines."""
    text = "def net():\n try:\n  import bad\n except ValueError as error:\n  raise KeyError('k') from error"
    with pytest.raises(KeyError) as caught:
        load(folder({"hubconf.py": text, "bad.py": "raise ValueError('v')"}))
    assert isinstance(caught.value.__cause__, ValueError)
    assert "bad.py" in "".join(traceback.format_exception(caught.value))


def test_a_module_that_failed_once_works_the_next_time(folder: Folder, load: Load) -> None:
    """An import that failed half way is begun anew at the next load."""
    import os

    text = "import good, os\nif 'SCOPE_FAIL' in os.environ: raise ValueError\nimport later\n"
    text += "def net(): return good.WHO, later.WHO"
    root = folder({"hubconf.py": text, "good.py": "WHO = 1", "later.py": "WHO = 2"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCOPE_FAIL", "1")
        with pytest.raises(ValueError):
            load(root)
    assert "SCOPE_FAIL" not in os.environ
    assert load(root) == (1, 2)


def test_syntax_errors_name_the_file(folder: Folder, load: Load) -> None:
    """A file that is no Python is a SyntaxError with its place."""
    root = folder({"hubconf.py": "import bad\ndef net(): pass", "bad.py": "\ndef ("})
    with pytest.raises(SyntaxError) as caught:
        load(root)
    assert (caught.value.filename, caught.value.lineno) == (str(root / "bad.py"), 2)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1", "crlf"])
def test_sources_in_other_encodings(encoding: str, folder: Folder, load: Load) -> None:
    """A mark of byte order, a declared encoding and line ends of Windows are read as Python reads them."""
    text = "# -*- coding: latin-1 -*-\nWHO = 'é'\n" if encoding == "latin-1" else "WHO = 'é'\r\n"
    data = text.encode("utf-8" if encoding == "crlf" else encoding)
    assert load(folder({"hubconf.py": "import part\ndef net(): return part.WHO", "part.py": data})) == "é"


def test_nested_loads(folder: Folder, load: Load) -> None:
    """An entry may load another repository, and its own one again, and goes on with its own modules."""
    other = folder(
        {"hubconf.py": "import utils\ndef net(): return utils.WHO", "utils.py": "WHO = 'other'"}, name="other"
    )
    text = (
        "import sys\ndef deep(): \n from utils import WHO\n return WHO\n"
        "def net(load, me, other):\n got = load(other), load(me, 'deep')\n first = sys.path[0]\n import utils\n"
        " return *got, utils.WHO, first"
    )
    me = folder({"hubconf.py": text, "utils.py": "WHO = 'me'"}, name="me")
    assert load(me, "net", load, me, other) == ("other", "me", "me", str(me))


def test_a_folder_edited_between_two_loads(folder: Folder, load: Load) -> None:
    """An edited file is new code at the next load, and what was made from the old one goes on working."""
    files = {
        "hubconf.py": "from part import Net\ndef net(): return Net()",
        "part.py": "class Net:\n def who(self): return 'old'",
    }
    old = load(folder(files))
    assert type(load(folder(files))) is type(old)
    new = load(folder({**files, "part.py": "class Net:\n def who(self): return 'new'"}))
    assert (old.who(), new.who()) == ("old", "new")
    added = folder(
        {**files, "part.py": "from more import Net", "more.py": "class Net:\n def who(self): return 'added'"}
    )
    assert load(added).who() == "added"


def test_a_module_written_while_the_entry_runs_is_found(folder: Folder, load: Load) -> None:
    """Code that a repository generates into its own folder can be imported at once."""
    text = (
        "import os\ndef net():\n try:\n  import made\n except ImportError:\n"
        "  with open(os.path.join(os.path.dirname(__file__), 'made.py'), 'w') as f: f.write('WHO = 1')\n"
        "  import importlib; importlib.invalidate_caches()\n  import made\n return made.WHO"
    )
    assert load(folder({"hubconf.py": text})) == 1


def test_lfs_pointers_are_named_where_something_fails(pin: Pin, run: Load) -> None:
    """Where an entry fails in a checkout with git LFS pointers, a note names them."""
    from tests.world import lfs_pointer

    checkout = pin({"hubconf.py": "def net(): raise ValueError('x')", "model.bin": lfs_pointer(b"weights")})
    with pytest.raises(ValueError, match="x") as caught:
        run(checkout)
    assert "model.bin" in caught.value.__notes__[0]


def test_an_unknown_name_below_repos_is_an_ordinary_import_error() -> None:
    """A name that no checkout has is not found, without ado."""
    import importlib.util

    assert importlib.util.find_spec("rehub.repos.nobody_000000000000") is None
    with pytest.raises(ModuleNotFoundError):
        __import__("rehub.repos.nobody_000000000000.hubconf")
    assert "rehub.repos.nobody_000000000000" not in sys.modules
