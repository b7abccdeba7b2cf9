"""Describing a repository: what is an entry, what is a leak, and that nothing of it ever runs."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rehub.verbs.describe import describe
from rehub.verbs.describe.modules import Limits
from rehub.words.errors import HubconfNotFoundError
from rehub.words.hubconf import Hubconf
from rehub.world.folder import Tree
from tests.verbs.test_hubconf_kinds import KINDS


def read(root: Path, files: Mapping[str, str | bytes], limits: Limits | None = None) -> Hubconf:
    """Write a repository into a folder, and describe it."""
    for name, content in files.items():
        path = root / "repo" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    return describe(Tree(root / "repo"), limits=limits)


def test_nothing_of_the_repository_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A hubconf that writes a file, prints and raises leaves no file, prints nothing, and is described."""
    canary = tmp_path / "canary"
    code = (
        f"open({str(canary)!r}, 'w').write('ran')\nprint('ran')\n"
        "from helper import *\ndef net(): ...\nraise SystemExit(3)\n"
    )
    found = read(tmp_path, {"hubconf.py": code, "helper.py": code})
    assert found.names == ["net"]
    assert not canary.exists()
    assert capsys.readouterr() == ("", "")
    assert not list((tmp_path / "repo").rglob("__pycache__"))


def test_neither_torch_nor_griffe_is_imported_to_describe(tmp_path: Path) -> None:
    """Reading a repository without docstring sections imports neither torch nor griffe."""
    read(tmp_path, {"hubconf.py": "import torch\ndef net():\n    '''A net.'''\n"})
    code = (
        "import sys; from pathlib import Path;"
        "from rehub.verbs.describe import describe; from rehub.world.folder import Tree;"
        f"describe(Tree(Path({str(tmp_path / 'repo')!r}))); print(sorted({{'torch', 'griffe'}} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert shown.stdout.strip() == "[]"


_LISTING = """
import json, sys, importlib.util
sys.path.insert(0, sys.argv[1]); sys.dont_write_bytecode = True
spec = importlib.util.spec_from_file_location("hubconf.py", sys.argv[1] + "/hubconf.py")
module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module)
print(json.dumps([f for f in dir(module) if callable(getattr(module, f)) and not f.startswith("_")]))
"""


IMPORTABLE = [name for name in KINDS if name.split()[0] not in {"12", "14"} and "after the import" not in name]


@pytest.mark.parametrize("name", IMPORTABLE)
def test_entries_and_leaks_are_what_torch_hub_lists(tmp_path: Path, name: str) -> None:
    """What torch.hub lists, by importing, are the entries and those leaks that can be called."""
    torch = {"__init__": "from . import nn", "nn": "class Module: ...", "hub": "def load_state_dict_from_url(url): ..."}
    files = {**KINDS[name].files, **{f"torch/{module}.py": code for module, code in torch.items()}}
    found = read(tmp_path, files)
    root = tmp_path / "repo"
    command = [sys.executable, "-c", _LISTING, str(root)]
    shown = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True, timeout=60)
    assert sorted([*found.names, *(leak.name for leak in found.leaks if leak.callable is not False)]) == json.loads(
        shown.stdout
    )


def test_documentation_is_taken_apart(tmp_path: Path) -> None:
    """Parameters, results and examples of a docstring reach the entry, and its first line is the summary."""
    sections = "Args:\n        depth (int): how deep\n\n    Returns:\n        a net\n\n    Example:\n        >>> net(3)"
    doc = f"    '''Make a net.\n\n    {sections}\n    '''\n"
    entry = read(tmp_path, {"hubconf.py": f"@wraps(x)\ndef net(depth: int = 3, **kwargs) -> 'Net':\n{doc}"}).find("net")
    assert entry is not None
    assert (entry.signature, entry.summary) == ("(depth: int = 3, **kwargs) -> 'Net'", "Make a net.")
    assert [parameter.doc for parameter in entry.parameters] == ["how deep", None]
    assert (entry.returns, entry.examples, entry.decorators) == ("a net", (">>> net(3)",), ("wraps(x)",))
    assert (entry.file, entry.line) == ("hubconf.py", 2)


@pytest.mark.parametrize(
    "doc",
    [
        "x\n\nParameters\n----------\na : int\n    first\n",
        "x\n\n:param a: first\n:returns: it\n",
        "\n    Args:\n        a: first\n",
    ],
    ids=["numpy", "sphinx", "google, from the first line"],
)
def test_docstring_styles_are_told_apart(tmp_path: Path, doc: str) -> None:
    """NumPy, Sphinx and Google docstrings all document their parameters."""
    entry = read(tmp_path, {"hubconf.py": f"def net(a):\n    {doc!r}\n"}).find("net")
    assert entry is not None
    assert entry.parameters[0].doc == "first"


def test_class_takes_the_constructor_of_its_base(tmp_path: Path) -> None:
    """A class without ``__init__`` has that of its base, if that is in the repository."""
    found = read(
        tmp_path,
        {
            "hubconf.py": "from nets import Child, Unknown\n",
            "nets.py": (
                "import torch\nfrom base import Base as B\nclass Child(B): ...\nclass Unknown(torch.nn.Module): ...\n"
            ),
            "base.py": "class Base:\n    def __init__(self, depth=3): ...\n",
        },
    )
    assert [(entry.name, entry.signature) for entry in found.entries] == [("Child", "(depth=3)"), ("Unknown", "")]


def test_a_correct_all_makes_other_imports_leaks(tmp_path: Path) -> None:
    """With a right ``__all__``, imported names that it leaves out are leaks; definitions stay entries."""
    code = "from nets import a, b\n__all__ = ['a']\ndef c(): ...\n"
    found = read(tmp_path, {"hubconf.py": code, "nets.py": "def a(): ...\ndef b(): ...\n"})
    assert (found.names, [leak.name for leak in found.leaks]) == (["a", "c"], ["b"])


def test_modules_and_values_are_neither_entry_nor_leak(tmp_path: Path) -> None:
    """Modules, numbers, texts, tables and paths are not callable: torch.hub lists none of them."""
    code = (
        "import torch, models.detr as d, os.path\nfrom models import detr\n"
        "URL = 'x'\nTABLE = dict(a=1)\nfor i in range(3): pass\n"
    )
    found = read(tmp_path, {"hubconf.py": code, "models/detr.py": ""})
    assert (found.entries, found.leaks, found.problems) == ((), (), ())


def test_result_of_an_outside_call_is_a_leak_with_its_origin(tmp_path: Path) -> None:
    """What another package's call gives may be callable: it is shown apart, with where it comes from."""
    found = read(tmp_path, {"hubconf.py": "import torch\ndevice = torch.device('cpu')\n"})
    assert [(leak.name, leak.origin, leak.callable) for leak in found.leaks] == [("device", "torch.device(…)", None)]


def test_star_import_from_outside_is_dynamic(tmp_path: Path) -> None:
    """A star import of a package that is not in the repository brings names that reading cannot know."""
    found = read(tmp_path, {"hubconf.py": "dependencies = ['timm']\nfrom timm.models import *\n"})
    assert [str(each) for each in found.dynamic] == [
        "names made at run time by hubconf.py:2 (from timm.models import *, from outside the repository)"
    ]


def test_missing_import_is_a_problem_unless_it_may_fail(tmp_path: Path) -> None:
    """An import of what the repository does not have is told; inside a ``try`` it is the author's way of asking."""
    code = "from models import gone\ntry:\n    from models import maybe\nexcept ImportError:\n    pass\n"
    found = read(tmp_path, {"hubconf.py": code, "models/__init__.py": ""})
    assert [each.message for each in found.problems] == ["imports gone, but models/__init__.py has no gone"]
    assert [leak.name for leak in found.leaks] == ["gone", "maybe"]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("dependencies = 'torch'", "dependencies is one string, which torch.hub takes letter by letter"),
        (
            "dependencies = open('r.txt').read().split()",
            "dependencies cannot be known by reading: open('r.txt').read().split()",
        ),
    ],
)
def test_odd_dependencies_are_told(tmp_path: Path, code: str, message: str) -> None:
    """A string for a list, and a list that only running could know, are problems."""
    assert [each.message for each in read(tmp_path, {"hubconf.py": code}).problems] == [message]


def test_no_dependencies_is_none_and_an_empty_list_is_empty(tmp_path: Path) -> None:
    """An absent ``dependencies`` is told apart from an empty one."""
    assert read(tmp_path / "a", {"hubconf.py": ""}).dependencies is None
    assert read(tmp_path / "b", {"hubconf.py": "dependencies = []"}).dependencies == ()


def test_missing_hubconf_is_an_error_that_names_the_place(tmp_path: Path) -> None:
    """A folder without hubconf.py is the one thing that raises."""
    with pytest.raises(HubconfNotFoundError, match=r"acme/toy@v1 has no hubconf\.py"):
        describe(Tree(tmp_path), where="acme/toy@v1")


def test_description_survives_json(tmp_path: Path) -> None:
    """What is kept in the store is read back as it was."""
    for number, kind in enumerate(KINDS.values()):
        found = read(tmp_path / str(number), kind.files)
        assert Hubconf.from_dict(json.loads(json.dumps(found.as_dict()))) == found


LOOP = "[i for i in range(9999)]"
HOSTILE: Mapping[str, Mapping[str, str | bytes]] = {
    "syntax error": {"hubconf.py": "def net(:\n"},
    "deep brackets": {"hubconf.py": "x = " + "(" * 5000 + ")" * 5000},
    "deep sum": {"hubconf.py": "x = " + "+".join("1" * 20_000)},
    "deep attributes": {"hubconf.py": "x = a" + ".b" * 20_000},
    "almost too deep": {
        "hubconf.py": "def f(a=" + "-" * 90 + "1): ...\nx = a" + ".b" * 150 + "\ny = " + "[" * 80 + "]" * 80
    },
    "long sum of texts": {"hubconf.py": "x = " + " + ".join(["'https://x.org/a.pt'"] * 180)},
    "long elif": {"hubconf.py": "if a: pass\n" + "elif a: pass\n" * 160},
    "deep blocks": {"hubconf.py": "".join(" " * n + "if a:\n" for n in range(90)) + " " * 90 + "def f(): ..."},
    "null": {"hubconf.py": "x = '\0'"},
    "not utf-8": {"hubconf.py": b"x = '\xff'"},
    "unknown encoding": {"hubconf.py": b"# coding: rot13\nx"},
    "punycode": {"hubconf.py": b"# coding: punycode\n" + b"a-" * 5000},
    "a folder": {"hubconf.py/x": ""},
    "huge integer": {"hubconf.py": "x = " + "9" * 10_000},
    "doubling text": {"hubconf.py": "a = 'x' * 9\n" + "".join(f"a = a + a + '{n}'\n" for n in range(60))},
    "doubling list": {"hubconf.py": "a = [1]\n" + "a = [a, a]\n" * 60 + "dependencies = a\n__all__ = a\n"},
    "endless loops": {"hubconf.py": "for i in range(10**9):\n for j in range(9999):\n  globals()[f'{i}{j}'] = print\n"},
    "many loops": {"hubconf.py": "for i in range(9999):\n for j in range(9999):\n  globals()[f'a{i}_{j}'] = print\n"},
    "nested comprehensions": {"hubconf.py": f"x = [[{LOOP} for j in range(9999)] for k in range(9999)]\n" * 50},
    "circle of imports": {
        "hubconf.py": "from a import *\nfrom a import x",
        "a.py": "from b import *\nfrom b import x",
        "b.py": "from a import *\nfrom a import x",
    },
    "circle of names": {
        "hubconf.py": "from functools import partial\na = b\nb = a\nc = c()\nd = partial(e)\ne = partial(d)\n"
    },
    "circle of bases": {"hubconf.py": "class A(B): ...\nclass B(A): ...\nx = A()\n"},
    "circle of calls": {"hubconf.py": "def f(): return g()\ndef g(): return f() if f() else f()\nx = f()\n"},
    "tree of calls": {
        "hubconf.py": "x = f0()\n"
        + "".join(f"def f{n}():\n    if a: return f{n + 1}()\n    return f{n + 1}()\n" for n in range(50))
    },
    "chain of stars": {"hubconf.py": "from m0 import *", **{f"m{n}.py": f"from m{n + 1} import *" for n in range(300)}},
    "web of stars": {
        "hubconf.py": "from m0 import *",
        **{f"m{n}.py": "".join(f"from m{k} import *\n" for k in range(40)) for n in range(40)},
    },
    "itself": {"hubconf.py": "from hubconf import *\nimport hubconf\nfrom . import hubconf as h\nfrom ... import x\n"},
    "odd names": {"hubconf.py": "from os.path import *\nimport a.b.c.d\nfrom .. import *\nfrom . import *\n"},
    "bytes": {"hubconf.py": bytes(range(256))},
    "empty": {"hubconf.py": ""},
    "odd docstring": {"hubconf.py": "def f():\n    " + repr("Args:\n" + " " * 9000 + "x:\n" * 500 + ":param " * 500)},
    "many names": {"hubconf.py": "".join(f"def f{n}(): ...\n" for n in range(8000))},
    "calls without end": {
        "hubconf.py": "def f(n): return f(n)\ndef g(n): return h(n) + h(n)\ndef h(n): return g(n) + g(n)\n"
        "globals()[f(1)] = globals()[g(1)] = 1\nglobals()[g(1)] = 1\n"
    },
    "tree of calls that make names": {
        "hubconf.py": "".join(f"def f{n}(x): return [f{n + 1}(x), f{n + 1}(x)]\n" for n in range(50))
        + "for n in f0(1): globals()[n] = f0\n"
    },
    "doubling in functions": {
        "hubconf.py": "def f():\n    a = ['x']\n    for i in range(9999):\n        for j in range(9999):\n"
        "            a = a + a\n            a.append(a)\n    return a\nfor n in f(): globals()[n] = f\n"
    },
    "loops in functions in loops": {
        "hubconf.py": f"def f(x):\n    return {LOOP}\nfor n in {LOOP}:\n    for m in f(n):\n        globals()[f'a' + m] = f\n"
    },
    "deep function": {
        "hubconf.py": "def f(x):\n" + "".join(" " * n + "if x:\n" for n in range(1, 90)) + " " * 90 + "return x\n"
        "globals()[f('a')] = f\n"
    },
    "closures of closures": {
        "hubconf.py": "def f(g): return lambda x: g(g(x))\ndef one(x): return x + 'a'\nh = one\n" + "h = f(h)\n" * 60
        + "globals()[h('a')] = h\n"
    },
    "decorator that decorates itself": {
        "hubconf.py": "R = {}\ndef reg(f):\n    R[f.__name__] = f\n    @reg\n    def again(): ...\n    return reg(again)\n"
        "@reg\ndef net(): ...\nglobals().update(R)\n"
    },
    "table in itself": {
        "hubconf.py": "from a import R\nglobals().update(R)\n",
        "a.py": "from b import R\nR['r'] = R\nR.update(R)\ndef put(f):\n    R.update({k + 'x': v for k, v in R.items()})\n    return f\n"
        + "@put\ndef net(): ...\n" * 200,
        "b.py": "from a import *\nR = {'b': print}\n",
    },
    "many registered": {
        "hubconf.py": "import a\nglobals().update(a.R)\n",
        "a.py": "R = {}\ndef put(f):\n    for i in range(9999):\n        R[f.__name__ + str(i)] = f\n    return f\n"
        + "".join(f"@put\ndef f{n}(): ...\n" for n in range(3000)),
    },
    "chain of values": {
        "hubconf.py": "import m0\nfor n in m0.X: globals()[n] = 1\n",
        **{f"m{n}.py": f"import m{n + 1}\nX = [[[m{n + 1}.X[0] + 'a'][0]][0]]\n" for n in range(200)},
    },
    "circle of values": {
        "hubconf.py": "import a\nglobals().update(a.T)\nglobals().update(a.U)\n",
        "a.py": "from b import T, U\ndef f(x): T[x.__name__] = x; return x\n@f\ndef net(): ...\n",
        "b.py": "from a import T\nimport a\nU = a.U\n",
    },
    "web of stars that make names": {
        "hubconf.py": "from m0 import *\nglobals().update(R)\n",
        **{
            f"m{n}.py": "".join(f"from m{k} import *\n" for k in range(30)) + f"for n in dir(): globals()[n + '{n}'] = n\n"
            for n in range(30)
        },
    },
    "catastrophic expressions": {
        "hubconf.py": "import re\nfor p in ['(a+)+$', '(a|a)*$', 'a*a*a*a*$', '(.*)*x']:\n"
        "    globals()[re.sub(p, '', 'a' * 5000 + 'b')] = 1\n"
    },
    "everything of everything": {
        "hubconf.py": "x = globals()\ny = [globals() for _ in range(9999)]\nfor k, v in x.items(): globals()[k + 'x'] = v\n"
        "for m in dir(): globals()[m * 99] = getattr(m, m)\n"
    },
    "long lists compared": {
        "hubconf.py": "a = [1]\nb = [1]\n" + "a = [a, a]\nb = [b, b]\n" * 60 + "globals()['x' if a == b else 'y'] = a\n"
    },
}  # fmt: skip


@pytest.mark.parametrize("files", HOSTILE.values(), ids=HOSTILE)
def test_hostile_repository_never_raises(tmp_path: Path, files: Mapping[str, str | bytes]) -> None:
    """Whatever a repository holds, reading it ends, and what cannot be read is a problem or dynamic."""
    if "hubconf.py/x" in files:
        with pytest.raises(HubconfNotFoundError):
            read(tmp_path, files)
        return
    found = read(tmp_path, files)
    assert json.dumps(found.as_dict())


@pytest.mark.parametrize(
    "name", ["syntax error", "deep brackets", "null", "not utf-8", "unknown encoding", "huge integer"]
)
def test_unreadable_hubconf_is_a_problem_with_its_line(tmp_path: Path, name: str) -> None:
    """A hubconf that is not Python gives no entries and says why."""
    found = read(tmp_path, HOSTILE[name])
    assert found.entries == ()
    assert [(each.file, each.line) for each in found.problems] == [("hubconf.py", 1)]


def test_limits_are_told(tmp_path: Path) -> None:
    """A file over the limit, and modules beyond their number, are problems that name the limit."""
    files = {
        "hubconf.py": "from a import f\nfrom b import g\n",
        "a.py": "def f(): ..." + "#" * 100,
        "b.py": "def g(): ...",
    }
    found = read(tmp_path, files, Limits(file_bytes=100))
    assert [str(each.message) for each in found.problems] == ["is larger than 100 bytes and was not read"]
    found = read(tmp_path, files, Limits(modules=2))
    assert "reading stops after 2 modules" in found.problems[0].message


@given(code=st.text(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_text_is_read(tmp_path_factory: pytest.TempPathFactory, code: str) -> None:
    """Any text as hubconf.py gives a description."""
    read(tmp_path_factory.mktemp("any"), {"hubconf.py": code})


_WORDS = st.sampled_from(
    [
        "def f(a, *, b=1): return a",
        "from m import *",
        "import m",
        "from m import f as g",
        "x = f",
        "x = f()",
        "del f",
        "globals()['k'] = f",
        "globals().update(d)",
        "d = {'k': f}",
        "for i in ['a', 'b']: globals()[i] = f",
        "__all__ = ['f']",
        "__all__ += ['g']",
        "if x: f = None",
        "try: from n import f\nexcept ImportError: f = None",
        "class C(f): pass",
        "x = C()",
        "from functools import partial",
        "p = partial(f, 1, b=2)",
        "raise x",
        "with f as g: h = g",
        "f, g = g, f",
        "dependencies = ['torch'] + d",
        "setattr(sys.modules[__name__], f'{x}', f)",
        "f = lambda *a: f(a)",
        "@f\ndef h(): ...",
    ]
)


@given(lines=st.lists(_WORDS, max_size=12), module=st.lists(_WORDS, max_size=8))
@settings(max_examples=80, deadline=None)
def test_any_mixture_of_statements_is_read(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], module: list[str]
) -> None:
    """Any mixture of the statements that real hubconfs are made of is read, and names appear once."""
    files = {"hubconf.py": "\n".join(lines), "m.py": "\n".join([*module, "from hubconf import *"])}
    found = read(tmp_path_factory.mktemp("mix"), files)
    names = [*found.names, *(leak.name for leak in found.leaks)]
    assert len(names) == len(set(names))
    assert found.problems or len(found.names) == len(found.entries)


def test_dependencies_that_cannot_be_read_are_no_leak(tmp_path: Path) -> None:
    """The list itself is never a name that users could call, whatever it is made of."""
    found = read(tmp_path, {"hubconf.py": "dependencies = ['torch', 'x'][:1]\ndef net(): ...\n"})
    assert (found.names, found.leaks, found.dependencies) == (["net"], (), None)
