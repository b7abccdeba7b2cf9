"""Every way to import that a hubconf may use."""

import importlib
import inspect
import sys
import types

import pytest

from tests.scope.conftest import Folder, Load

FORMS = {
    "module": "import helper\ndef net(): return helper.WHO",
    "module-as": "import helper as h\ndef net(): return h.WHO",
    "from": "from helper import WHO\ndef net(): return WHO",
    "submodule": "import pkg.part\ndef net(): return pkg.part.WHO",
    "submodule-as": "import pkg.part as p\ndef net(): return p.WHO",
    "deep": "import pkg.sub.deep\ndef net(): return pkg.sub.deep.WHO",
    "from-submodule": "from pkg import part\ndef net(): return part.WHO",
    "from-attribute": "from pkg import NAME\ndef net(): return NAME",
    "from-lazy-attribute": "from pkg import lazily\ndef net(): return lazily",
    "star": "from helper import *\ndef net(): return WHO",
    "star-with-all": "from stars import *\ndef net(): return (one, 'two' in globals())[0]",
    "star-of-package": "from pkg import *\ndef net(): return part.WHO",
    "relative": "from .helper import WHO\ndef net(): return WHO",
    "relative-module": "from . import helper\ndef net(): return helper.WHO",
    "relative-package": "from .pkg.sub import deep\ndef net(): return deep.WHO",
    "namespace": "import space.inner\ndef net(): return space.inner.WHO",
    "namespace-from": "from space import inner\ndef net(): return inner.WHO",
    "circular": "import round_a\ndef net(): return round_a.who()",
    "circular-as": "import ring.a as a\ndef net(): return a.who()",
    "itself": "import hubconf\nWHO = 'own'\ndef net(): return hubconf.WHO",
    "late": "def net():\n import helper\n return helper.WHO",
    "late-relative": "def net():\n from .helper import WHO\n return WHO",
    "builtin-function": "def net(): return __import__('helper').WHO",
    "builtin-function-full": "def net(): return __import__('pkg.part', globals(), locals(), ['WHO'], 0).WHO",
    "fallback-to-own": "try:\n import absent_xyz\nexcept ImportError:\n import helper as h\ndef net(): return h.WHO",
    "fallback-from-own": "try: from helper import no\nexcept ImportError: from helper import WHO\ndef net(): return WHO",
    "fallback-part": "try: import pkg.no\nexcept ModuleNotFoundError: import helper\ndef net(): return helper.WHO",
    "exec": "exec('import helper')\ndef net(): return helper.WHO",
    "exec-own-namespace": "space = {}\nexec('import helper', space)\ndef net(): return space['helper'].WHO",
    "exec-named": "space = {'__name__': __name__}\nexec('import helper', space)\ndef net(): return space['helper'].WHO",
    "eval": "def net(): return eval('__import__(\"helper\").WHO')",
    "lambda": "net = lambda: __import__('helper').WHO",
    "class-body": "class Net:\n import helper\n who = helper.WHO\ndef net(): return Net.who",
    "package-main-not-run": "import pkg\nif __name__ == '__main__':\n raise SystemExit\ndef net(): return pkg.NAME",
    "unicode": "import módulo\ndef net(): return módulo.WHO",
    "reload": "import importlib, helper\nimportlib.reload(helper)\ndef net(): return helper.WHO",
    "relative-import-module": "import importlib as i\nm = i.import_module('.helper', __package__)\ndef net(): return m.WHO",
    "all-parts": (
        "import pkgutil, importlib, pkg\n"
        "found = [importlib.import_module(f'{pkg.__name__}.{m.name}') for m in pkgutil.iter_modules(pkg.__path__)]\n"
        "def net(): return [m.WHO for m in found if hasattr(m, 'WHO')][0]"
    ),
    "swapped-module": "import swapped\ndef net(): return swapped.WHO",
}
FILES = {
    "helper.py": "WHO = 'own'",
    "stars.py": "__all__ = ['one']\none = 'own'\ntwo = 'no'",
    "módulo.py": "WHO = 'own'",
    "pkg/__init__.py": (
        "__all__ = ['part']\nNAME = 'own'\n"
        "def __getattr__(name):\n if name == 'lazily': return 'own'\n raise AttributeError(name)"
    ),
    "pkg/part.py": "from helper import WHO",
    "pkg/sub/__init__.py": "from ..part import WHO as AGAIN",
    "pkg/sub/deep.py": "from pkg.part import WHO\nfrom ...helper import WHO as OTHER",
    "space/inner.py": "WHO = 'own'",
    "round_a.py": "import round_b\nWHO = 'own'\ndef who(): return round_b.who()",
    "round_b.py": "import round_a\ndef who(): return round_a.WHO",
    "ring/__init__.py": "",
    "ring/a.py": "import ring.b as b\nWHO = 'own'\ndef who(): return b.who()",
    "ring/b.py": "import ring.a as a\ndef who(): return a.WHO",
    "swapped.py": "import sys\nclass S: WHO = 'own'\nsys.modules[__name__] = S()",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_import_finds_the_checkouts_own_modules(form: str, folder: Folder, load: Load) -> None:
    """However a module of the repository is imported, the repository's own one is got."""
    assert load(folder({**FILES, "hubconf.py": FORMS[form]})) == "own"


def test_no_plain_name_enters_sys_modules(folder: Folder, load: Load) -> None:
    """What a repository imports of its own is known below rehub.repos only."""
    load(folder({**FILES, "hubconf.py": "import helper, pkg.sub.deep, space.inner\ndef net(): pass"}))
    assert not {"helper", "pkg", "pkg.sub", "space", "hubconf"} & set(sys.modules)


def test_a_missing_module_is_named_as_in_plain_python(folder: Folder, load: Load) -> None:
    """What neither the repository nor Python has is reported under the name that was written."""
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'absent_xyz'$") as caught:
        load(folder({"hubconf.py": "import absent_xyz\ndef net(): pass"}))
    assert caught.value.name == "absent_xyz"


def test_dataclasses_with_postponed_annotations(folder: Folder, load: Load) -> None:
    """Dataclasses in hubconf with ``from __future__ import annotations`` are made, and their hints resolved."""
    text = """
from __future__ import annotations
import dataclasses, typing
from helper import Kind

@dataclasses.dataclass
class Config:
    kind: Kind
    sizes: typing.ClassVar[list[int]] = [1]

def net():
    return typing.get_type_hints(Config)["kind"].__name__, [f.name for f in dataclasses.fields(Config)]
"""
    assert load(folder({"hubconf.py": text, "helper.py": "class Kind: pass"})) == ("Kind", ["kind"])


def test_late_imports_work_after_the_load_returned(folder: Folder, load: Load) -> None:
    """A function that imports when it is called does so long after ``load`` has returned."""
    late = load(
        folder({**FILES, "hubconf.py": "def net():\n def f():\n  import pkg.part\n  return pkg.part.WHO\n return f"})
    )
    assert late() == "own"


def test_the_main_block_is_not_run(folder: Folder, load: Load) -> None:
    """``if __name__ == "__main__"`` is not run."""
    assert load(folder({"hubconf.py": "X = 1\nif __name__ == '__main__':\n X = 2\ndef net(): return X"})) == 1


ENTRIES = {
    "class": ("class Net:\n def __init__(self, n=0): self.n = n", "Net", lambda got: got.n == 3),
    "partial": ("from functools import partial\nnet = partial(int)", "net", lambda got: got == 3),
    "instance": ("class C:\n def __call__(self, n): return n\nnet = C()", "net", lambda got: got == 3),
    "private": ("def _net(n): return n", "_net", lambda got: got == 3),
    "no-identifier": ("globals()['wmt.en-fr'] = lambda n: n", "wmt.en-fr", lambda got: got == 3),
    "made-at-run-time": ("for k in ('a', 'b'):\n globals()[k] = lambda n: n", "b", lambda got: got == 3),
    "leak": ("from helper import net", "net", lambda got: got == 3),
    "by-dir": ("def __dir__(): return ['q']\ndef __getattr__(k): return lambda n: n", "q", lambda got: got == 3),
}


@pytest.mark.parametrize("kind", ENTRIES)
def test_entries_of_every_kind_are_called(kind: str, folder: Folder, load: Load) -> None:
    """Whatever is in ``dir(hubconf)`` and can be called is an entry, as in torch.hub."""
    text, name, right = ENTRIES[kind]
    assert right(load(folder({"hubconf.py": text, "helper.py": "def net(n): return n"}), name, 3))


@pytest.mark.parametrize("text", ["net = 3", "def __getattr__(k): return int", ""])
def test_what_is_no_callable_is_no_entry(text: str, folder: Folder, load: Load) -> None:
    """A name that is not there, no callable, or only made up by ``__getattr__`` is refused with torch.hub's words."""
    with pytest.raises(RuntimeError, match="Cannot find callable net in hubconf"):
        load(folder({"hubconf.py": text}))


def test_modules_say_where_they_are_from(folder: Folder, load: Load) -> None:
    """``__file__``, ``__spec__``, source and module of what was loaded are the repository's real ones."""
    root = folder(
        {"hubconf.py": "from pkg.part import Net\ndef net(): return Net", "pkg/part.py": "class Net:\n    'doc'\n"}
    )
    net = load(root)
    module = inspect.getmodule(net)
    assert isinstance(module, types.ModuleType)
    assert inspect.getsource(net) == "class Net:\n    'doc'\n"
    assert inspect.getfile(net) == module.__file__ == str(root / "pkg/part.py")
    assert module.__spec__ is not None
    assert module.__spec__.name == module.__name__ == net.__module__
    assert net.__module__.startswith("rehub.repos.local_toy_")
    assert importlib.import_module(net.__module__) is module


RESOURCES = {
    "open": "import os\nD = os.path.dirname(__file__)\ndef net():\n with open(D + '/pkg/data.txt') as f: return f.read()",
    "pathlib": "from pathlib import Path\ndef net(): return (Path(__file__).parent / 'pkg' / 'data.txt').read_text()",
    "get_data": "import pkgutil, pkg\ndef net(): return pkgutil.get_data(pkg.__name__, 'data.txt').decode()",
    "resources": "import importlib.resources as r, pkg\ndef net(): return (r.files(pkg) / 'data.txt').read_text()",
    "namespace": "import importlib.resources as r, d\ndef net(): return (r.files(d) / 'data.txt').read_text()",
    "root-resources": "from importlib.resources import files\ndef net(): return (files(__package__) / 'pkg/data.txt').read_text()",
    "sys-path": "import sys, os\ndef net():\n with open(os.path.join(sys.path[0], 'pkg/data.txt')) as f: return f.read()",
}


@pytest.mark.parametrize("way", RESOURCES)
def test_files_beside_the_code_are_found(way: str, folder: Folder, load: Load) -> None:
    """A repository finds its own data files by every usual way."""
    files = {"hubconf.py": RESOURCES[way], "pkg/__init__.py": "", "pkg/data.txt": "own", "d/data.txt": "own"}
    assert load(folder(files)) == "own"


def test_warnings_name_the_repositorys_lines(folder: Folder, load: Load) -> None:
    """A warning with ``stacklevel=2`` at a module's import points to the import statement, not into rehub."""
    root = folder(
        {"hubconf.py": "\n\nimport old\ndef net(): pass", "old.py": "import warnings\nwarnings.warn('x', stacklevel=2)"}
    )
    with pytest.warns(UserWarning, match="x") as caught:
        load(root)
    assert (caught[0].filename, caught[0].lineno) == (str(root / "hubconf.py"), 3)
