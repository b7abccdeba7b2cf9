"""Models leave the process: pickled, in workers, forked and spawned."""

import copy
import json
import multiprocessing
import os
import pickle
import sys
from pathlib import Path

import pytest

import rehub
from rehub.repos import checked_name
from tests.scope.conftest import Folder, Load, Pin, Python

FILES = {
    "hubconf.py": (
        "from models.part import Net\nimport utils\ndef net(n): return Net(n)\n"
        "class Here:\n x = 1\ndef here(): return Here()\n"
    ),
    "models/part.py": (
        "class Net:\n def __init__(self, n): self.n = n\n def who(self):\n  import utils\n  return utils.WHO, self.n\n"
    ),
    "utils.py": "WHO = 'own'\ndef double(n): return 2 * n\n",
}
LOAD = """
import pickle, sys
from pathlib import Path
print(pickle.loads(Path(sys.argv[1]).read_bytes()).who())
"""


def test_an_instance_is_pickled_and_copied(folder: Folder, load: Load) -> None:
    """An instance of a repository's class, also of one in hubconf, is pickled, copied and unpickled."""
    root = folder(FILES)
    net = load(root, "net", 3)
    for again in (pickle.loads(pickle.dumps(net)), copy.deepcopy(net), copy.copy(net)):
        assert type(again) is type(net)
        assert again.who() == ("own", 3)
    assert pickle.loads(pickle.dumps(load(root, "here"))).x == 1


def test_a_fresh_process_unpickles_what_it_may_run(
    pin: Pin, run: Load, hub: rehub.Hub, python: Python, tmp_path: Path
) -> None:
    """A process that never heard of the repository unpickles its model if the commit is allowed there, else refuses."""
    checkout = pin(FILES)
    file = tmp_path / "net.pkl"
    file.write_bytes(pickle.dumps(run(checkout, "net", 3)))
    fresh = {"REHUB_OPENED": "", "TORCH_HOME": str(tmp_path)}
    assert hub.get_dir() == str(tmp_path / "hub")
    assert python(LOAD, file, env={**fresh, "REHUB_TRUST": "always"}) == "('own', 3)"
    said = python(LOAD, file, env=fresh, ok=False)
    assert "UntrustedError" in said
    assert "rehub trust add" in said
    assert checkout.pin is not None
    rehub.Hub(dir=tmp_path / "hub").grants.add(checkout.pin.remote.url, checkout.pin.commit)
    assert python(LOAD, file, env=fresh) == "('own', 3)"


def test_a_child_process_may_run_what_its_parent_ran(pin: Pin, run: Load, python: Python, tmp_path: Path) -> None:
    """A worker finds the store that its parent used, and needs no permission of its own for the same checkout."""
    file = tmp_path / "net.pkl"
    file.write_bytes(pickle.dumps(run(pin(FILES), "net", 3)))
    assert python(LOAD, file) == "('own', 3)"
    other = tmp_path / "other.pkl"
    other.write_bytes(file.read_bytes().replace(b"acme_toy", b"evil_toy"))
    assert "ModuleNotFoundError" in python(LOAD, other, ok=False)


def test_a_child_process_runs_nothing_else_than_its_parent_ran(
    pin: Pin, run: Load, python: Python, tmp_path: Path
) -> None:
    """The note to children names the tree in full: a name that another tree has too leads to no other code."""
    checkout = pin(FILES)
    file = tmp_path / "net.pkl"
    file.write_bytes(pickle.dumps(run(checkout, "net", 3)))
    note = json.loads(os.environ["REHUB_OPENED"])
    assert checkout.pin is not None
    assert checkout.pin.tree is not None
    assert note[checkout.name]["tree"] == checkout.pin.tree.hex
    assert note[checkout.name]["commit"] == checkout.pin.commit
    note[checkout.name]["tree"] = note[checkout.name]["tree"][:12] + "0" * 52
    assert "ModuleNotFoundError" in python(LOAD, file, env={"REHUB_OPENED": json.dumps(note)}, ok=False)


def test_never_holds_in_child_processes(pin: Pin, run: Load, python: Python, tmp_path: Path) -> None:
    """Where only what was allowed by name may run, having run in a parent process is not enough."""
    checkout = pin(FILES)
    file = tmp_path / "net.pkl"
    file.write_bytes(pickle.dumps(run(checkout, "net", 3)))
    assert "UntrustedError" in python(LOAD, file, env={"REHUB_TRUST": "never"}, ok=False)
    assert checkout.pin is not None
    rehub.Hub().grants.add(checkout.pin.remote.url, checkout.pin.commit)
    assert python(LOAD, file, env={"REHUB_TRUST": "never"}) == "('own', 3)"


def test_a_name_that_several_trees_have_is_refused(pin: Pin) -> None:
    """Twelve digits can be made to fit by somebody with patience; then neither tree is run by that name."""
    one, two = pin(FILES), pin({"utils.py": "WHO = 'other'\n"})
    checked_name(one.name, [one, one])
    with pytest.raises(rehub.RunError, match="several trees"):
        checked_name(one.name, [one, two])


def test_a_folder_of_the_users_is_found_by_child_processes(
    folder: Folder, load: Load, python: Python, tmp_path: Path
) -> None:
    """The user's own folder is found by the processes that this one starts, and by no others."""
    file = tmp_path / "net.pkl"
    file.write_bytes(pickle.dumps(load(folder(FILES), "net", 3)))
    assert python(LOAD, file) == "('own', 3)"
    assert "ModuleNotFoundError" in python(LOAD, file, env={"REHUB_OPENED": ""}, ok=False)


@pytest.mark.parametrize("damage", ["x", "[]", '{"local_toy": 3}', "[" * 100_000])
def test_a_damaged_note_to_children_is_ignored(
    damage: str, folder: Folder, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the variable for child processes holds, loading works."""
    if len(damage) < 1000:
        monkeypatch.setenv("REHUB_OPENED", damage)
    assert load(folder(FILES), "net", 3).who() == ("own", 3)
    assert "local_toy_" in os.environ["REHUB_OPENED"]


@pytest.mark.parametrize("how", ["fork", "spawn"])
def test_workers_run_a_repositorys_functions(how: str, pin: Pin, hub: rehub.Hub, python: Python) -> None:
    """A pool of forked or spawned workers runs a function and methods of the repository."""
    checkout = pin(FILES)
    assert checkout.pin is not None
    script = f"""
import multiprocessing, sys
if __name__ == "__main__":
    import rehub
    from rehub.verbs.load import run_entry
    hub = rehub.Hub(dir={hub.get_dir()!r})
    checkout = hub.fetch("{checkout.pin.remote.url}@{checkout.pin.commit}")
    net = run_entry(checkout, "net", (3,), {{}}, store=hub.store).value
    double = sys.modules[type(net).__module__.replace("models.part", "utils")].double
    with multiprocessing.get_context({how!r}).Pool(2) as pool:
        print(pool.map(double, [1, 2]), pool.apply(net.who))
"""
    assert python(script) == "[2, 4] ('own', 3)"


SRC = {
    "hubconf.py": (
        "import os, sys\nsys.path.insert(0, os.path.join(os.path.dirname(__file__), 'src'))\n"
        "from models.part import Net\nfrom inner import Inner\ndef net(n): return Net(n)\ndef inner(): return Inner()\n"
    ),
    "models/part.py": (
        "class Net:\n def __init__(self, n): self.n = n\n def who(self):\n  import late\n  return late.WHO, self.n"
    ),
    "src/inner.py": "class Inner:\n def who(self): return 'inner'",
    "src/late.py": "WHO = 'late'",
}


@pytest.mark.parametrize(("entry", "args", "said"), [("net", (3,), "('late', 3)"), ("inner", (), "inner")])
def test_a_src_layout_works_in_a_fresh_process(
    entry: str, args: tuple[int, ...], said: str, pin: Pin, run: Load, python: Python, tmp_path: Path
) -> None:
    """A process that unpickles a model knows the folders that the hubconf puts on ``sys.path``, now and later."""
    file = tmp_path / "net.pkl"
    file.write_bytes(pickle.dumps(run(pin(SRC), entry, *args)))
    assert python(f"import sys\npath = list(sys.path)\n{LOAD}\nassert sys.path == path", file) == said


def test_importing_a_checkout_by_name_needs_permission(
    pin: Pin, hub: rehub.Hub, python: Python, tmp_path: Path
) -> None:
    """``import rehub.repos.<name>`` in a fresh process runs nothing that was not allowed."""
    checkout = pin({"hubconf.py": "print('ran')"})
    script = f"import importlib\nimportlib.import_module('rehub.repos.{checkout.name}.hubconf')"
    said = python(script, env={"TORCH_HOME": str(tmp_path)}, ok=False)
    assert "UntrustedError" in said
    assert python(script, env={"TORCH_HOME": str(tmp_path), "REHUB_TRUST": "always"}) == "ran"


def test_this_process_can_fork(folder: Folder, load: Load) -> None:
    """A forked child goes on importing lazily."""
    net = load(folder(FILES), "net", 3)
    sys.stdout.flush()
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    process = context.Process(target=lambda: queue.put(net.who()))
    process.start()
    assert queue.get() == ("own", 3)
    process.join()


def test_the_note_to_children_stays_small(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many checkouts were opened, a process can still be started, and knows the last of them."""
    from rehub.world.scope import tell_children, told

    environ: dict[str, str] = {}
    for number in range(3000):
        tell_children(f"name{number}", {"folder": f"/some/where/{number}"}, environ)
    assert len(environ["REHUB_OPENED"]) < 70_000
    assert told("name2999", environ) == {"folder": "/some/where/2999"}
    assert told("name2500", environ)
    assert not told("name0", environ)


def test_forking_while_another_thread_loads(folder: Folder, python: Python) -> None:
    """In a child that is forked in the middle of somebody else's load, that load is over: loads work, the path is clean."""
    root = folder({"hubconf.py": "def slow(go, done):\n go.set(); done.wait(20)\ndef net(): return 1"})
    script = f"""
import os, sys, threading, rehub
go, done, path = threading.Event(), threading.Event(), list(sys.path)
load = lambda name, *args: rehub.load({str(root)!r}, name, *args, source="local")
thread = threading.Thread(target=load, args=("slow", go, done))
thread.start(); go.wait(20)
child = os.fork()
if not child:
    ok = load("net") == 1 and sys.path == path
    from rehub.world.scope import importer
    os._exit(0 if ok and not importer().running else 1)
print(os.waitpid(child, 0)[1])
done.set(); thread.join()
print(sys.path == path)
"""
    assert python(script).split() == ["0", "True"]


def test_pickles_functions_are_no_methods(python: Python) -> None:
    """pickle's functions, kept in a class as serializers do, do not become methods; they are pickled by their names."""
    script = """
import pickle, rehub.repos
class S: loads, load = pickle.loads, pickle.load
print(S().loads(pickle.dumps([1])), pickle.dumps(pickle.loads, 0), S.loads is pickle.loads, pickle.loads.__name__)
"""
    assert python(script) == "[1] b'cpickle\\nloads\\np0\\n.' True loads"
