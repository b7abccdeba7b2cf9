"""What a scope costs, against plain Python: imports in fresh processes, and what code pays while it runs."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bench.asking import Question, Side, Stage

MODULES = 300
PART = '''"""A module of the size that repositories have."""

import math
import os


class Layer:
    """A layer."""

    def __init__(self, width: int, depth: int = 2) -> None:
        self.width, self.depth = width, depth

    def cost(self) -> float:
        """Give its cost."""
        return math.sqrt(self.width) * self.depth


def make(*widths: int) -> list[Layer]:
    """Make some."""
    return [Layer(width) for width in widths if width > 0]


def here() -> str:
    """Say where it is."""
    return os.path.dirname(__file__)
'''
HUBCONF = """
import time

def parts():
    import pkg.all

def calls():
    from pkg.m0 import Layer
    layer = Layer(3)
    def one(x): return layer.depth + len([x])
    start = time.perf_counter()
    for n in range(1_000_000): one(n)
    return time.perf_counter() - start

def imports():
    start = time.perf_counter()
    for _ in range(100_000):
        import os
    return time.perf_counter() - start

def own_imports():
    import pkg.m0
    start = time.perf_counter()
    for _ in range(100_000):
        from pkg.m0 import make
    return time.perf_counter() - start

def asked():
    import pkg.m0
    from importlib import import_module
    start = time.perf_counter()
    for _ in range(100_000):
        import_module("pkg.m0")
    return time.perf_counter() - start
"""
# Run in a fresh process: kind, store, where, entry. Says its seconds.
CHILD = """
import json, sys, time
kind, store, where, entry = sys.argv[1:]
sys.dont_write_bytecode = False
if kind == "plain":
    sys.path.insert(0, where)
    import hubconf
    start = time.perf_counter()
    took = getattr(hubconf, entry)()
else:
    import rehub
    from rehub.verbs.load import open_scope, run_entry
    hub = rehub.Hub(dir=store, trust="always")
    checkout = hub.fetch(where)
    open_scope(checkout, hub.store)
    import importlib
    hubconf = importlib.import_module(f"rehub.repos.{checkout.name}.hubconf")
    start = time.perf_counter()
    took = run_entry(checkout, entry, (), {}, store=hub.store).value
print(json.dumps({"seconds": took if took is not None else time.perf_counter() - start}))
"""
# What everybody else's imports and pickles cost, without rehub and once it is in place: which, and what is done.
USER = """
import collections, importlib, json, pickle, sys, time
data = pickle.dumps(collections.OrderedDict(a=[1, 2], b="text"))
def statements():
    for _ in range(100_000):
        import os
def asked():
    for _ in range(100_000):
        importlib.import_module("os")
def pickles():
    for _ in range(100_000):
        pickle.loads(data)
if sys.argv[1] == "rehub":
    import rehub.repos
start = time.perf_counter()
globals()[sys.argv[2]]()
print(json.dumps({"seconds": time.perf_counter() - start}))
"""
ENTRIES = {
    f"import of {MODULES} modules, byte-code there": "parts",
    "1,000,000 calls of a function": "calls",
    "100,000 times 'import os' in a function": "imports",
    "100,000 times 'from pkg.m0 import make' in a function": "own_imports",
    "100,000 times import_module('pkg.m0') in a function": "asked",
}
USERS = {
    "100,000 times 'import os' in the user's own code": "statements",
    "100,000 times import_module('os') in the user's own code": "asked",
    "100,000 times pickle.loads of a small dictionary in the user's own code": "pickles",
}


def make_repository(root: Path) -> str:
    """Write the repository and commit it; give its URL with the commit."""
    package = root / "pkg"
    package.mkdir(parents=True)
    (root / "hubconf.py").write_text(HUBCONF)
    (package / "__init__.py").write_text("")
    (package / "all.py").write_text("".join(f"import pkg.m{n}\n" for n in range(MODULES)))
    for n in range(MODULES):
        (package / f"m{n}.py").write_text(PART + f"NUMBER = {n}\n")
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for args in (
        ("init", "-q"),
        ("add", "."),
        ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-qm", "All"),
    ):
        subprocess.run(["git", *args], cwd=root, env=env, check=True)
    return f"{root.as_uri()}@{subprocess.check_output(['git', 'rev-parse', 'HEAD'], cwd=root, text=True).strip()}"


def remove_bytecode(folder: Path) -> None:
    """Remove all byte-code below a folder."""
    for path in folder.rglob("*.pyc"):
        path.unlink()


def questions(stage: Stage) -> Iterator[Question]:
    """Ask about cold and warm imports, about calls, and about what others pay."""
    root, store, home = stage.fresh() / "repo", stage.fresh() / "hub", stage.fresh()
    url, env = make_repository(root), {"HOME": str(home)}

    def side(name: str, program: str, *args: str, before: Callable[[], object] = lambda: None) -> Side:
        return Side(name, [sys.executable, "-c", program, *args], env, before)

    def both(name: str, entry: str, *, cold: bool = False) -> Question:
        rehub = side(
            "rehub", CHILD, "rehub", str(store), url, entry, before=partial(remove_bytecode, store) if cold else dict
        )
        plain = side(
            "plain",
            CHILD,
            "plain",
            str(store),
            str(root),
            entry,
            before=partial(remove_bytecode, root) if cold else dict,
        )
        return Question(name, [rehub, plain])

    yield both(f"import of {MODULES} modules, nothing compiled", "parts", cold=True)
    for name, entry in ENTRIES.items():
        yield both(name, entry)
    for name, act in USERS.items():
        yield Question(name, [side(which, USER, which, act) for which in ("rehub", "plain")])
