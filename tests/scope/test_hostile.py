"""Repositories that do their worst, on purpose or by accident."""

import builtins
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rehub
from tests.scope.conftest import Folder, Load, Pin, Python

GOOD = {
    "hubconf.py": "import utils\ndef net():\n import late\n return utils.WHO, late.WHO",
    "utils.py": "WHO = 1",
    "late.py": "WHO = 2",
}


@pytest.mark.parametrize(
    "harm",
    [
        "import builtins, importlib\nbuiltins.__import__ = importlib.__import__\ndef net(): pass",
        "import builtins\nbuiltins.__import__ = lambda *a, f=builtins.__import__, **k: f(*a, **k)\ndef net(): pass",
        "import sys\nsys.meta_path[:] = [f for f in sys.meta_path if type(f).__name__ != 'Importer']\ndef net(): pass",
        "import sys\nsys.path_hooks[:] = sys.path_hooks[1:]\ndef net(): pass",
        "import sys\nfor k in list(sys.modules):\n if k.startswith('rehub'): del sys.modules[k]\ndef net(): pass",
        "import sys\nsys.path_importer_cache.clear()\nsys.path[:] = []\ndef net(): pass",
        "import sys\nsys.modules.pop('builtins')\nsys.modules['json'] = None\ndef net(): pass",
        "__name__ = 'odd'\ndef net(): pass",
        "__name__ = 5\n__spec__ = __loader__ = __package__ = None\ndef net(): pass",
        "import hubconf, hubconf as h\nfrom hubconf import *\ndef net(): pass",
        "import sys\ndel sys.modules[__name__]\ndef net(): pass",
        "def net():\n import sys\n sys.setrecursionlimit(sys.getrecursionlimit())\n raise MemoryError",
    ],
)
def test_the_next_repository_still_loads(harm: str, folder: Folder, python: Python) -> None:
    """Whatever a repository did to the import system, the next one gets its own modules."""
    bad, good = folder({"hubconf.py": harm}, name="bad"), folder(GOOD, name="good")
    script = f"""
import rehub, sys, json, random
from rehub.verbs.load import run_entry
hub = rehub.Hub(dir="hub")
path = list(sys.path)
def load(root):
    from rehub.verbs.load import run_entry
    return run_entry(hub.fetch(root, source="local"), "net", (), {{}}, store=hub.store).value
try:
    load({str(bad)!r})
except BaseException as error:
    print(repr(error), file=sys.stderr)
assert sys.path == path, sys.path
assert sys.modules["json"] is json
print(load({str(good)!r}))
import rehub
assert "utils" not in sys.modules
"""
    assert python(script) == "(1, 2)"


def test_somebody_elses_import_hook_is_respected(folder: Folder, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """An ``__import__`` that somebody put in place before or after is still asked; one put back does no harm."""
    load(folder(GOOD))
    ours, asked = builtins.__import__, []

    def theirs(name: str, *args: object, **kwargs: object) -> object:
        asked.append(name)
        return ours(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", theirs)
    assert load(folder(GOOD, name="again")) == (1, 2)
    assert {"utils", "late"} <= set(asked)
    assert builtins.__import__ is theirs
    monkeypatch.setattr(builtins, "__import__", importlib.__import__)
    assert load(folder(GOOD, name="third")) == (1, 2)


def test_a_package_of_two_thousand_modules(folder: Folder, load: Load) -> None:
    """A package of 2,000 modules is imported in seconds."""
    files = {f"many/m{n}.py": f"X = {n}" for n in range(2000)}
    text = "import many, pkgutil, importlib\ndef net():\n"
    text += " return sum(__import__(f'many.m{n}', fromlist=['X']).X for n in range(2000))"
    assert load(folder({**files, "many/__init__.py": "", "hubconf.py": text})) == sum(range(2000))


def test_a_deep_chain_of_imports(folder: Folder, python: Python) -> None:
    """A chain of 110 modules that import each other is no deeper than plain Python allows."""
    files = {f"m{n}.py": f"import m{n + 1}\nX = m{n + 1}.X" for n in range(110)} | {"m110.py": "X = 7"}
    root = folder({**files, "hubconf.py": "import m0\ndef net(): return m0.X"})
    script = f"""
import rehub
from rehub.verbs.load import run_entry
hub = rehub.Hub(dir="hub")
print(run_entry(hub.fetch({str(root)!r}, source="local"), "net", (), {{}}, store=hub.store).value)
"""
    assert python(script) == "7"


def test_links_in_a_folder_of_the_users(folder: Folder, load: Load) -> None:
    """Links in the user's own folder lead where the user pointed them, and loops end."""
    outside = folder({"part.py": "WHO = 'outside'"}, name="outside")
    root = folder(
        {"hubconf.py": "import linked.part\nfrom loop.loop.loop import hubconf as h\ndef net(): return linked.part.WHO"}
    )
    (root / "linked").symlink_to(outside)
    (root / "loop").symlink_to(root)
    assert load(root) == "outside"


def test_a_repository_called_torch(folder: Folder, load: Load) -> None:
    """A repository's folder of scripts called torch does not hide torch."""
    torch = pytest.importorskip("torch")
    root = folder({"torch/train.py": "", "hubconf.py": "import torch\ndef net(): return torch"})
    assert load(root) is torch


def test_odd_arguments_of_import(folder: Folder, load: Load) -> None:
    """``__import__`` with odd arguments fails as Python's own does."""
    text = (
        "def net():\n said = []\n for args in (('',), (5,), ('utils', None, None, (), -1), ('..',)):\n"
        "  try: __import__(*args)\n  except Exception as error: said.append(type(error).__name__)\n return said"
    )
    plain: dict[str, Callable[[], list[str]]] = {"__name__": "plain"}  # type: ignore[dict-item]
    exec(text, plain)
    assert load(folder({"hubconf.py": text, "utils.py": ""})) == plain["net"]()
    assert "" not in sys.modules


ODD = [
    "''",
    "'.'",
    "'.x'",
    "'..x'",
    "None",
    "3",
    "b'os'",
    "'absent_xyz.'",
    "'absent_xyz..net'",
    "'os.'",
    "'a b'",
    "'absent_xyz', 'x'",
    "'.x', 3",
]


@pytest.mark.parametrize("given", ODD)
@pytest.mark.parametrize("function", ["import_module", "util.find_spec"])
def test_odd_names_that_are_data(function: str, given: str, folder: Folder, load: Load) -> None:
    """What Python refuses as a module's name, a repository's code has refused with the same kind of error."""
    text = "import importlib, importlib.util\ndef net():\n try: return repr(importlib.{}({}))\n except Exception as error: return type(error).__name__"
    root = folder({"hubconf.py": text.format(function, given), "models/net.py": ""})
    space: dict[str, Any] = {"__name__": "plain"}
    exec(text.format(function, given), space)
    assert load(root) == space["net"]()


def test_a_repository_that_puts_its_own_functions_in_place(folder: Folder, python: Python) -> None:
    """A repository that replaces ``import_module``, pickle's and torch.hub's functions breaks nobody's next load."""
    harm = (
        "import importlib, importlib.util, pickle\nimportlib.import_module = lambda *a, f=importlib.import_module: f(*a)\n"
        "importlib.util.find_spec = lambda *a: None\npickle.Unpickler = pickle.loads = None\ndef net(): return 1"
    )
    roots = [folder({"hubconf.py": harm}, name="evil"), folder({"hubconf.py": "def net(): return 2"}, name="good")]
    script = "import rehub, sys\nprint([rehub.load(root, 'net', source='local') for root in sys.argv[1:]])"
    assert python(script, *roots) == "[1, 2]"


def test_a_pickle_of_another_checkout_needs_that_ones_permission(
    pin: Pin, run: Load, hub: rehub.Hub, python: Python, tmp_path: Path
) -> None:
    """A pickle that names a checkout in full, read by another repository's code, runs nothing that was not allowed."""
    other = pin({"hubconf.py": "class Net: pass"}, name="acme/other")
    reader = pin({"hubconf.py": "import pickle\ndef net(data): return pickle.loads(data)"}, name="acme/reader")
    data = f"crehub.repos.{other.name}.hubconf\nNet\n.".encode()
    assert reader.pin is not None
    script = f"""
import rehub
hub = rehub.Hub()
hub.allow({reader.pin.remote.url!r})
try: print(hub.load({f"{reader.pin.remote.url}@{reader.pin.commit}"!r}, "net", {data!r}))
except rehub.UntrustedError as error: print(error.command)
"""
    said = python(
        script, env={"TORCH_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config"), "REHUB_OPENED": ""}
    )
    assert said.startswith("rehub trust add")
    assert "acme/other" in said
