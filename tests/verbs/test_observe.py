"""Running a hubconf to see its names: only when reading cannot know them, only if allowed, once for a tree."""

import os
import time
from pathlib import Path

import pytest

import rehub
from rehub import Hub, HubconfFailedError
from rehub.verbs.observe import observe
from rehub.verbs.pruning import prune
from rehub.words.hubconf import EntryKind
from rehub.world.store import leases
from tests.world import Repo, World

# Reading cannot know what the environment holds. Each run leaves a line in the file.
HIDDEN = '''
import functools, os, sys
dependencies = ["json"]
with open(os.environ["RUNS"], "a") as file:
    file.write("ran\\n")
print("noise of the repository")
os.system("echo noise of a child")

def known(width=1):
    """Known by reading."""

def _make(name):
    def net(pretrained: bool = False, *, width=object, **kwargs):
        """Make a net.

        Args:
            pretrained: load its weights.
        """
    return net

class _Callable:
    def __call__(self, x): ...

for _name in os.environ["HIDDEN_NAMES"].split():
    globals()[_name] = _make(_name)
globals()["hidden.partial" + os.environ["EMPTY"]] = functools.partial(known, width=3)
globals()["instance" + os.environ["EMPTY"]] = _Callable()
globals()["counter" + os.environ["EMPTY"]] = __import__("collections").Counter
globals()["number" + os.environ["EMPTY"]] = 3
'''


@pytest.fixture
def hub(world: World, clean_home: Path) -> Hub:
    """Give a hub to which github.com is the world's server."""
    return Hub(dir=clean_home / "hub", mirrors=world.mirrors)


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the file that counts runs, and the environment that the hidden names come from."""
    for name, value in {"RUNS": str(tmp_path / "runs"), "HIDDEN_NAMES": "alpha beta", "EMPTY": ""}.items():
        monkeypatch.setenv(name, value)
    return tmp_path / "runs"


@pytest.fixture
def hidden(world: World, runs: Path) -> Repo:
    """Give ``acme/hidden``, most of whose names only running can know."""
    return world.repo({"hubconf.py": HIDDEN}, name="acme/hidden")


def count(runs: Path) -> int:
    """Say how often the hubconf was run."""
    return len(runs.read_text().splitlines()) if runs.exists() else 0


def test_names_that_only_running_knows_are_listed(hub: Hub, hidden: Repo, capfd: pytest.CaptureFixture[str]) -> None:
    """What the run made is there with signature and documentation, told apart; what was imported stays a leak."""
    assert hub.list("acme/hidden") == ["known"]
    assert hub.list("acme/hidden", dynamic=True, trust_repo=True) == [
        "alpha",
        "beta",
        "hidden.partial",
        "instance",
        "known",
    ]
    found = hub.inspect("acme/hidden", dynamic=True).hubconf
    alpha, partial, instance = map(found.find, ("alpha", "hidden.partial", "instance"))
    assert alpha is not None
    assert partial is not None
    assert instance is not None
    assert alpha.signature == "(pretrained: bool = False, *, width=<class 'object'>, **kwargs)"
    assert (alpha.summary, alpha.parameters[0].doc, alpha.file, alpha.line) == (
        "Make a net.",
        "load its weights.",
        "hubconf.py",
        13,
    )
    assert (partial.kind, partial.signature, partial.doc) == (EntryKind.PARTIAL, "(*, width=3)", "Known by reading.")
    assert (instance.kind, instance.signature) == (EntryKind.OBJECT, "(x)")
    assert [each.name for each in found.entries if each.from_run] == ["alpha", "beta", "hidden.partial", "instance"]
    assert [(leak.name, leak.origin, leak.callable) for leak in found.leaks] == [
        ("counter", "collections.Counter", True)
    ]
    assert hub.help("acme/hidden", "alpha").startswith("alpha(pretrained: bool = False")
    assert capfd.readouterr().out == ""


def test_nothing_runs_that_nobody_allowed(hub: Hub, hidden: Repo, runs: Path) -> None:
    """Without permission it is a typed error that names the command, and nothing was run."""
    with pytest.raises(rehub.UntrustedError) as caught:
        hub.list("acme/hidden", dynamic=True)
    assert caught.value.command == f"rehub trust add acme/hidden@{hidden.rev()}"
    with pytest.raises(rehub.MalformedSettingError, match="trust_repo"):
        hub.inspect("acme/hidden", dynamic=True, trust_repo="yes")
    assert count(runs) == 0


def test_what_was_run_is_remembered_for_the_tree(hub: Hub, hidden: Repo, runs: Path) -> None:
    """Later calls, with ``dynamic`` or without, run nothing and say when it was run; other files are run anew."""
    hub.allow("acme/hidden")
    first = hub.inspect("acme/hidden", dynamic=True).hubconf
    assert first.run is not None
    assert first.run.at.endswith("Z")
    assert hub.inspect("acme/hidden", dynamic=True).hubconf == hub.inspect("acme/hidden").hubconf == first
    assert count(runs) == 1
    hub.inspect("acme/hidden", dynamic=True, force_reload=True)
    assert count(runs) == 2
    hidden.commit({"hubconf.py": HIDDEN + "\ndef more(): ...\n"})
    assert "alpha" not in hub.list("acme/hidden", force_reload=True)
    assert "more" in hub.list("acme/hidden", dynamic=True)
    assert count(runs) == 3


def test_what_another_version_or_python_saw_counts_for_nothing(hub: Hub, hidden: Repo) -> None:
    """An answer is kept by version of rehub and by Python, and goes with its tree."""
    checkout = hub.inspect("acme/hidden", dynamic=True, trust_repo=True).checkout
    assert checkout.pin is not None
    assert checkout.pin.tree is not None
    (kept,) = (hub.store.root / "ran").iterdir()
    for version, python in (
        ("0.0.0", kept.name.split(".", 1)[1].removesuffix(".json")),
        (rehub.__version__, "cpython-27.0"),
    ):
        assert hub.store.records.find_ran(checkout.pin.tree, version, python) is None
    kept.write_text("{}")
    assert hub.list("acme/hidden") == ["known"]
    leases.end()  # this process has looked at the tree
    prune(hub.store, older_than=-60)
    assert not list((hub.store.root / "ran").iterdir())


def test_nothing_runs_where_reading_knows_all(hub: Hub, world: World, runs: Path) -> None:
    """A hubconf whose names can be read is not run, allowed or not."""
    world.repo({"hubconf.py": HIDDEN.partition("for _name")[0]}, name="acme/open")
    assert hub.list("acme/open", dynamic=True) == ["known"]
    assert count(runs) == 0


def test_missing_packages_are_told_before_anything_runs(hub: Hub, world: World, runs: Path) -> None:
    """What is not installed is named with the pip line, and nothing was run."""
    world.repo({"hubconf.py": HIDDEN.replace('"json"', '"yaml_nosuch"')}, name="acme/needy")
    with pytest.raises(rehub.MissingDependencyError, match="pip install yaml_nosuch"):
        hub.list("acme/needy", dynamic=True, trust_repo=True)
    assert count(runs) == 0


def test_folder_is_run_each_time(hub: Hub, runs: Path, tmp_path: Path) -> None:
    """A folder of the user's own needs no permission, and has nothing by which its answer could be remembered."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/hubconf.py").write_text(HIDDEN)
    for _ in range(2):
        found = hub.inspect(str(tmp_path / "mine"), source="local", dynamic=True).hubconf
        assert "beta" in found.names
    assert count(runs) == 2
    assert hub.inspect(str(tmp_path / "mine"), source="local").hubconf.names == ["known"]


FAILURES = {
    "raised": ("def _deep():\n    raise KeyError('the deepest line')\n_deep()", "KeyError: 'the deepest line'"),
    "exited": ("sys.exit('no GPU here')", "SystemExit: no GPU here"),
    "crashed": ("print('last words', flush=True)\nos.kill(os.getpid(), 9)", "last words"),
    "garbled": ("for number in range(3, 20):\n    try: os.write(number, b'noise')\n    except OSError: pass", ""),
}


@pytest.mark.parametrize("reason", FAILURES)
def test_every_way_to_fail_is_a_typed_error(hub: Hub, world: World, reason: str) -> None:
    """An exception, an exit, a crash and a garbled answer are told apart, with what the hubconf said last."""
    code, said = FAILURES[reason]
    world.repo({"hubconf.py": f"import os, sys\nglobals()[os.getcwd()] = 1\n{code}\n"}, name="acme/bad")
    with pytest.raises(HubconfFailedError) as caught:
        hub.list("acme/bad", dynamic=True, trust_repo=True)
    assert caught.value.reason == reason
    assert said in str(caught.value)
    assert "acme/bad@" in str(caught.value)
    assert not (hub.store.root / "ran").exists()
    assert hub.list("acme/bad") == []


@pytest.mark.parametrize(
    ("code", "why"),
    [("import time\ntime.sleep(600)", "longer than 1 s"), ("while True: print('x' * 9999)", "wrote more than")],
)
def test_time_and_output_are_limited(hub: Hub, world: World, tmp_path: Path, code: str, why: str) -> None:
    """A hubconf that never ends, or never stops to print, is stopped with all that it has started."""
    pid = tmp_path / "pid"
    start = (
        f"import os, subprocess\np = subprocess.Popen(['sleep', '600'])\nopen({str(pid)!r}, 'w').write(str(p.pid))\n"
    )
    world.repo({"hubconf.py": f"{start}globals()[os.getcwd()] = 1\n{code}\n"}, name="acme/endless")
    found = hub.inspect("acme/endless")
    with pytest.raises(HubconfFailedError, match=why) as caught:
        observe(found.checkout, found.hubconf, hub.store, version="1", limit=1.0 if "longer" in why else 60.0)
    assert caught.value.reason == "stopped"
    assert is_gone(int(pid.read_text()))


def test_what_was_started_ends_with_the_run(hub: Hub, world: World, tmp_path: Path) -> None:
    """Threads and processes that a hubconf leaves behind neither keep it waiting nor outlive it."""
    pid = tmp_path / "pid"
    code = (
        "import os, subprocess, threading, time\nglobals()['net' + os.environ.get('NOSUCH', '')] = lambda x: x\n"
        "threading.Thread(target=time.sleep, args=(600,)).start()\n"
        f"p = subprocess.Popen(['sleep', '600'])\nopen({str(pid)!r}, 'w').write(str(p.pid))\n"
    )
    world.repo({"hubconf.py": code}, name="acme/busy")
    assert hub.list("acme/busy", dynamic=True, trust_repo=True) == ["net"]
    assert is_gone(int(pid.read_text()))


def is_gone(pid: int) -> bool:
    """Say whether a process has ended; one that waits for its parent to notice has."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.05)
    return False
