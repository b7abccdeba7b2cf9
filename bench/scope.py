"""What a scope costs, against plain Python in the same run.

    python bench/scope.py [--json]

Each figure is the best of several rounds; imports are measured in fresh processes, so that nothing is in memory.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

MODULES = 300
ROUNDS = 5
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
# Run in a fresh process: kind, store, where, entry. Prints seconds.
CHILD = """
import sys, time
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
print(took if took is not None else time.perf_counter() - start)
"""
# What everybody else's imports and pickles cost once rehub is in place.
USER = """
import collections, importlib, pickle, time
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
def took(act):
    start = time.perf_counter()
    act()
    return time.perf_counter() - start
acts = (statements, asked, pickles)
before = [min(took(act) for _ in range(5)) for act in acts]
import rehub.repos
for act, plain in zip(acts, before):
    print(plain, min(took(act) for _ in range(5)))
"""


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


def child(*args: str) -> float:
    """Run one measurement in a fresh process, and give its seconds."""
    return float(subprocess.check_output([sys.executable, "-c", CHILD, *args], text=True, env=environ()))


def environ() -> dict[str, str]:
    """Give an environment in which byte-code is written."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("REHUB_", "PYTHONDONTWRITE"))}


def cold(kind: str, store: Path, where: str, root: Path) -> float:
    """Import everything without any byte-code, as the first process does."""
    remove_bytecode(store)
    remove_bytecode(root)
    return child(kind, str(store), where, "parts")


def remove_bytecode(folder: Path) -> None:
    """Remove all byte-code below a folder."""
    for path in folder.rglob("*.pyc"):
        path.unlink()


def measure(folder: Path) -> list[tuple[str, float, float]]:
    """Measure everything: what, plain seconds, rehub's seconds."""
    root, store = folder / "repo", folder / "hub"
    url = make_repository(root)
    plain, ours = ("plain", str(store), str(root)), ("rehub", str(store), url)
    child(*ours, "parts")
    rows = [
        (
            f"import of {MODULES} modules, nothing compiled",
            min(cold("plain", store, str(root), root) for _ in range(ROUNDS)),
            min(cold("rehub", store, url, root) for _ in range(ROUNDS)),
        )
    ]
    child(*plain, "parts")
    for what, entry in (
        (f"import of {MODULES} modules, byte-code there", "parts"),
        ("1,000,000 calls of a function", "calls"),
        ("100,000 times 'import os' in a function", "imports"),
        ("100,000 times 'from pkg.m0 import make' in a function", "own_imports"),
        ("100,000 times import_module('pkg.m0') in a function", "asked"),
    ):
        both = [(child(*plain, entry), child(*ours, entry)) for _ in range(ROUNDS)]
        rows.append((what, min(one for one, _ in both), min(other for _, other in both)))
    said = subprocess.check_output([sys.executable, "-c", USER], text=True, env=environ()).splitlines()
    acts = ("'import os' in", "import_module('os') in", "pickle.loads of a small dictionary in")
    for act, line in zip(acts, said, strict=True):
        plain_seconds, our_seconds = map(float, line.split())
        rows.append((f"100,000 times {act} the user's own code", plain_seconds, our_seconds))
    return rows


def main() -> None:
    """Print the table, or with --json the figures."""
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(Path(folder))
    if "--json" in sys.argv:
        print(json.dumps([{"what": what, "plain": plain, "rehub": ours} for what, plain, ours in rows], indent=1))
        return
    print(f"{'':<72}{'plain':>10}{'rehub':>10}{'ratio':>8}")
    for what, plain, ours in rows:
        print(f"{what:<72}{plain * 1000:>8.1f}ms{ours * 1000:>8.1f}ms{ours / plain:>8.2f}")


if __name__ == "__main__":
    main()
