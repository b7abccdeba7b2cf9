"""Equal names: other repositories', other refs', the user's own, Python's and what is installed."""

import importlib
import itertools
import json
import random
import sys
from pathlib import Path

import pytest

from tests.scope.conftest import Folder, Load, Pin, write

WAYS = {
    "module": {"utils.py": "WHO = {who!r}"},
    "package": {"utils/__init__.py": "WHO = {who!r}"},
    "package-part": {"utils/__init__.py": "from .part import WHO", "utils/part.py": "WHO = {who!r}"},
    "namespace": {"utils/part.py": "WHO = {who!r}"},
}


def repo(way: str, who: str) -> dict[str, str]:
    """Give the files of a repository with a ``utils`` of some kind."""
    source = "utils.part" if way == "namespace" else "utils"
    files = {name: text.format(who=who) for name, text in WAYS[way].items()}
    late = f" def f():\n  from {source} import WHO\n  return WHO\n return WHO, f\n"
    return {**files, "hubconf.py": f"from {source} import WHO\ndef net():\n{late}"}


@pytest.mark.parametrize(("one", "other"), list(itertools.product(WAYS, WAYS)))
def test_equal_names_in_two_repositories(one: str, other: str, folder: Folder, load: Load) -> None:
    """Two repositories with a ``utils`` of any kind each get their own, at import and later, in any order."""
    roots = {"a": folder(repo(one, "a"), name="a"), "b": folder(repo(other, "b"), name="b")}
    got = [(who, load(roots[who])) for who in "abba"]
    assert all(now == who and late() == who for who, (now, late) in got)


def test_two_refs_of_one_repository(pin: Pin, run: Load) -> None:
    """Two commits of one repository live side by side in one process."""
    checkouts = [pin(repo("package", who)) for who in ("old", "new")]
    got = [run(checkout) for checkout in checkouts]
    assert [(now, late()) for now, late in got] == [("old", "old"), ("new", "new")]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_the_users_own_utils_is_untouched(
    way: str, first: bool, folder: Folder, load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user's ``utils`` is the user's, imported before or after the load; the repository gets its own."""
    monkeypatch.syspath_prepend(write(tmp_path / "users", {"utils.py": "WHO = 'user'"}))
    root = folder(repo(way, "repo"))
    if first:
        importlib.import_module("utils")
    try:
        now, late = load(root)
        assert importlib.import_module("utils").WHO == "user"
        assert (now, late()) == ("repo", "repo")
    finally:
        sys.modules.pop("utils", None)


@pytest.mark.parametrize(
    "name", ["json", "random", "test", "types", "logging", "ast", "platform", "rehub", "torchvision", "yaml"]
)
def test_a_repositorys_module_may_be_named_like_any_other(name: str, folder: Folder, load: Load) -> None:
    """A module named like one of Python's, or like rehub itself, is the repository's inside it and nobody else's."""
    text = f"import {name}\ndef net():\n import {name} as late\n return {name}.WHO, late.WHO"
    assert load(folder({f"{name}.py": "WHO = 'own'", "hubconf.py": text})) == ("own", "own")
    other = folder({"hubconf.py": "import json, random\ndef net(): return json, random"}, name="other")
    assert load(other) == (json, random)
    assert not hasattr(sys.modules.get(name), "WHO")


@pytest.mark.parametrize("name", ["sys", "time", "os", "io", "abc"])
def test_what_is_built_into_python_stays_pythons(name: str, folder: Folder, load: Load) -> None:
    """A file named like a module that is part of the interpreter is not seen, as in every Python program."""
    root = folder({f"{name}.py": "raise SystemExit", "hubconf.py": f"import {name}\ndef net(): return {name}"})
    assert load(root) is importlib.import_module(name)


def test_c_code_gets_pythons_modules(folder: Folder, load: Load) -> None:
    """A module that C code imports in a repository's name is Python's, whatever the repository holds."""
    text = "import time, pickle\ndef net(): return time.strptime('2020', '%Y').tm_year, "
    text += "pickle.loads(b'cdecimal\\nDecimal\\n.')"
    root = folder({"hubconf.py": text, "_strptime.py": "raise SystemExit", "decimal.py": "raise SystemExit"})
    year, kind = load(root)
    assert (year, kind.__module__) == (2020, "decimal")


@pytest.mark.parametrize("content", ["data.txt", "convert.py"])
def test_a_folder_does_not_shadow_what_is_installed(content: str, folder: Folder, load: Load) -> None:
    """A folder without ``__init__.py`` named like an installed package does not hide it, as in plain Python."""
    root = folder({f"numpy/{content}": "", "hubconf.py": "import numpy\ndef net(): return numpy"})
    assert load(root) is importlib.import_module("numpy")


def test_a_package_that_is_also_installed(folder: Folder, load: Load) -> None:
    """A repository whose package is also installed gets its own, submodules too, and the installed one stays."""
    files = {
        "pluggy/__init__.py": "from pluggy import own\nfrom .own import WHO",
        "pluggy/own.py": "WHO = 'own'",
        "hubconf.py": "import pluggy.own\ndef net(): return pluggy.WHO, pluggy.own.WHO",
    }
    installed = importlib.import_module("pluggy")
    assert load(folder(files)) == ("own", "own")
    assert sys.modules["pluggy"] is installed
    assert "pluggy.own" not in sys.modules


def test_the_user_does_not_see_a_repositorys_modules(folder: Folder, load: Load) -> None:
    """``import_module`` of a repository's module by its plain name finds nothing."""
    load(folder({"only_in_repo.py": "", "hubconf.py": "import only_in_repo\ndef net(): pass"}))
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("only_in_repo")


def test_a_folder_that_the_user_works_in_stays_the_users(
    folder: Folder, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loading the folder that is on the user's ``sys.path`` leaves it importable for the user, before and after."""
    root = folder(
        {"mine_a.py": "", "mine_b.py": "", "mine_c.py": "", "hubconf.py": "import mine_a\ndef net(): return mine_a"}
    )
    monkeypatch.syspath_prepend(root)
    try:
        mine = importlib.import_module("mine_b")
        assert load(root) is not importlib.import_module("mine_a")
        assert importlib.import_module("mine_b") is mine
        monkeypatch.chdir(root)
        monkeypatch.setattr(sys, "path", ["", *sys.path])
        load(root)
        importlib.import_module("mine_c")
    finally:
        for name in ("mine_a", "mine_b", "mine_c"):
            sys.modules.pop(name, None)


def test_the_users_folder_is_open_to_the_user_while_it_is_loaded(
    folder: Folder, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the user had on ``sys.path`` is importable for the user during a load of the same folder too."""
    root = folder({"mine_e.py": "", "hubconf.py": "def net(ask): return ask()"})
    monkeypatch.syspath_prepend(root)
    try:
        assert load(root, "net", lambda: importlib.import_module("mine_e")).__name__ == "mine_e"
    finally:
        sys.modules.pop("mine_e", None)


def test_a_folder_that_is_loaded_is_hidden_from_everybody_else(
    folder: Folder, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a folder is loaded nobody else finds its modules, even if the user imported from there before."""
    root = folder({"mine_f.py": "", "mine_g.py": "", "hubconf.py": "def net(ask): return ask()"})
    with monkeypatch.context() as patch:
        patch.syspath_prepend(root)
        importlib.import_module("mine_f")
    del sys.modules["mine_f"]
    with pytest.raises(ModuleNotFoundError):
        load(root, "net", lambda: importlib.import_module("mine_g"))


def test_a_folder_put_on_the_users_path_later_is_the_users(
    folder: Folder, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that was loaded before becomes importable for the user when the user puts it on ``sys.path``."""
    look = "try: import absent_xyz\nexcept ImportError: pass\n"
    root = folder({"mine_d.py": "", "hubconf.py": f"{look}import mine_d\ndef net(): return mine_d"})
    own = load(root)
    monkeypatch.syspath_prepend(root)
    try:
        assert importlib.import_module("mine_d") is not own
    finally:
        sys.modules.pop("mine_d", None)
