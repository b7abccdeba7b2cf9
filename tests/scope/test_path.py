"""What a repository does to ``sys.path`` serves itself, and is gone afterwards."""

import os
import sys
import threading
from pathlib import Path

import pytest

import rehub
from rehub.verbs.load import run_entry
from tests.scope.conftest import Folder, Load, Pin

SRC = "os.path.join(os.path.dirname(os.path.abspath(__file__)), 'src')"
HEAD = "import os, sys, pathlib\n"
USE = "import inner, helper\ndef net():\n import late\n return inner.WHO, helper.WHO, late.WHO\n"
EDITS = {
    "insert": f"sys.path.insert(0, {SRC})\n",
    "append": f"sys.path.append({SRC})\n",
    "text": "sys.path.append(str(pathlib.Path(__file__).parent / 'src'))\n",
    "real": "sys.path.append(os.path.realpath('src') if os.path.isdir('src') else os.path.realpath(" + SRC + "))\n",
    "not-normal": f"sys.path.insert(0, {SRC} + '/../src/')\n",
    "relative-to-first": "sys.path.insert(0, os.path.join(sys.path[0], 'src'))\n",
    "rebound": f"sys.path = [{SRC}] + sys.path\n",
    "only": f"sys.path = [{SRC}, sys.path[0]]\n",
    "slice": f"sys.path[0:0] = [{SRC}]\n",
    "plus": f"sys.path += [{SRC}]\n",
    "removed-again": f"sys.path.insert(0, {SRC})\nimport inner\nsys.path.remove({SRC})\n",
    "root-removed": f"sys.path.append({SRC})\nsys.path.remove(os.path.dirname(__file__))\n",
    "popped": f"sys.path.pop(0)\nsys.path.insert(0, {SRC})\n",
    "cleared": f"keep = list(sys.path)\nsys.path.clear()\nsys.path.extend([{SRC}, *keep])\n",
    "twice": f"sys.path.insert(0, {SRC})\nsys.path.insert(0, {SRC})\n",
    "after-an-import": f"import helper\nsys.path.append({SRC})\n",
    "after-a-failed-import": f"try:\n import inner\nexcept ImportError:\n sys.path.append({SRC})\n",
    "path-object-too": f"sys.path.append(pathlib.Path('x'))\nsys.path.append({SRC})\n",
    "in-a-module": "import setting\n",
}
FILES = {
    "helper.py": "WHO = 'helper'",
    "setting.py": f"{HEAD}sys.path.append({SRC})",
    "src/inner.py": "import beside\nWHO = beside.WHO",
    "src/beside.py": "WHO = 'inner'",
    "src/late.py": "WHO = 'late'",
}
RIGHT = ("inner", "helper", "late")


@pytest.mark.parametrize("edit", EDITS)
def test_folders_put_on_the_path_are_searched(edit: str, folder: Folder, load: Load) -> None:
    """However a hubconf puts its ``src`` on ``sys.path``, its imports find it; afterwards nothing of that is left."""
    assert load(folder({**FILES, "hubconf.py": HEAD + EDITS[edit] + USE})) == RIGHT


@pytest.mark.parametrize("edit", EDITS)
def test_folders_of_pinned_checkouts_are_searched(edit: str, pin: Pin, run: Load) -> None:
    """The same holds for checkouts in the store, whose files are proved."""
    assert run(pin({**FILES, "hubconf.py": HEAD + EDITS[edit] + USE})) == RIGHT


def test_a_relative_folder_means_the_working_one(folder: Folder, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative entry works for whoever works in the repository's folder, as in plain Python."""
    root = folder({**FILES, "hubconf.py": HEAD + "sys.path.append('src')\n" + USE})
    monkeypatch.chdir(root)
    assert load(root) == RIGHT


def test_entries_made_in_the_call_serve_later_imports(folder: Folder, load: Load) -> None:
    """A folder that the entry itself adds is still searched when ``load`` has returned."""
    text = f"{HEAD}def net():\n sys.path.insert(0, {SRC})\n def f():\n  import late\n  return late.WHO\n return f"
    assert load(folder({**FILES, "hubconf.py": text}))() == "late"


def test_the_order_of_entries_counts(folder: Folder, load: Load) -> None:
    """What was put first wins over the root, what was appended does not."""
    files = {"who.py": "WHO = 'root'", "src/who.py": "WHO = 'src'"}
    use = "import who\ndef net(): return who.WHO"
    first = folder({**files, "hubconf.py": f"{HEAD}sys.path.insert(0, {SRC})\n{use}"}, name="a")
    last = folder({**files, "hubconf.py": f"{HEAD}sys.path.append({SRC})\n{use}"}, name="b")
    assert (load(first), load(last)) == ("src", "root")


def test_another_repositorys_folders_are_not_searched(folder: Folder, load: Load) -> None:
    """One repository's ``src`` does not serve another that is loaded inside its entry."""
    other = folder(
        {"hubconf.py": "def net():\n try:\n  import inner\n except ImportError:\n  return 'none'"}, name="other"
    )
    text = f"{HEAD}sys.path.insert(0, {SRC})\nimport inner\ndef net(load, other): return load(other), inner.WHO"
    assert load(folder({**FILES, "hubconf.py": text}), "net", load, other) == ("none", "inner")


@pytest.mark.parametrize("where", ["import", "call"])
def test_after_an_exception_everything_is_as_before(where: str, folder: Folder, load: Load) -> None:
    """Edits are undone after an exception too, raised at import or in the call, and after Ctrl-C."""
    edits = f"sys.path.insert(0, {SRC})\nsys.path.append('/nowhere')\nsys.path.remove(sys.path[-2])\nimport inner\n"
    for kind in ("ValueError", "KeyboardInterrupt", "SystemExit"):
        text = {
            "import": f"{HEAD}{edits}raise {kind}\ndef net(): pass",
            "call": f"{HEAD}{edits}def net(): raise {kind}",
        }[where]
        with pytest.raises((ValueError, KeyboardInterrupt, SystemExit)):
            load(folder({**FILES, "hubconf.py": text}, name=kind))


def test_stand_ins_of_own_modules_are_taken_back(folder: Folder, load: Load) -> None:
    """A repository's module that it put into ``sys.modules`` under a plain name is gone afterwards, others are back."""
    text = "import sys, helper\nsys.modules['plainly'] = sys.modules['json'] = helper\n"
    text += "del sys.modules['random']\ndef net(): pass"
    load(folder({**FILES, "hubconf.py": text}))
    assert "plainly" not in sys.modules


def test_a_store_behind_a_link(tmp_path: Path, pin: Pin, run: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the store lies behind a symbolic link, a repository that asks for its real path still finds itself."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    there = rehub.Hub(dir=tmp_path / "link", trust="always")
    made = pin({**FILES, "hubconf.py": f"{HEAD}sys.path.append(os.path.realpath({SRC}))\n{USE}"})
    assert made.pin is not None
    checkout = there.fetch(f"{made.pin.remote.url}@{made.pin.commit}")
    assert run_entry(checkout, "net", (), {}, store=there.store).value == RIGHT
    assert "inner" not in sys.modules


def test_overlapping_calls_leave_the_path_as_it_was(folder: Folder, load: Load) -> None:
    """Calls that overlap in threads, also of one repository, leave ``sys.path`` as it was before the first."""
    from rehub.world.scope import importer, visit

    roots = [folder({"hubconf.py": "def net(): pass"}, name=name) for name in "ab"]
    for root in roots:
        load(root)
    scopes = [scope for scope in importer().scopes.values() if scope.root in map(str, roots)]
    before, known = list(sys.path), sys.path
    visits = [visit(each) for each in (scopes[0], scopes[1], scopes[0])]
    for each in visits:
        each.__enter__()
    sys.path.insert(0, os.path.join(scopes[1].root, "src"))  # noqa: PTH118
    visits[0].__exit__(None, None, None)
    assert sys.path[:2] == [os.path.join(scopes[1].root, "src"), scopes[0].root]  # noqa: PTH118
    visits[1].__exit__(None, None, None)
    assert sys.path == [scopes[0].root, *before]
    visits[2].__exit__(None, None, None)
    assert (sys.path, sys.path is known) == (before, True)


def test_eight_threads_load_eight_repositories(folder: Folder, load: Load) -> None:
    """Eight threads that load different repositories with equal names fifty times each get only their own."""
    from rehub.world.scope import importer

    text = "import utils\nfrom models.part import WHO\ndef net():\n import late\n return utils.WHO, WHO, late.WHO\n"
    roots = [
        folder(
            {"hubconf.py": text, "utils.py": f"WHO = {n}", "models/part.py": f"WHO = {n}", "late.py": f"WHO = {n}"},
            name=f"r{n}",
        )
        for n in range(8)
    ]
    hub = rehub.Hub(dir=roots[0].parent / "hub")
    checkouts = [hub.fetch(str(root), source="local") for root in roots]
    wrong: list[object] = []
    start = threading.Barrier(8)

    def work(n: int) -> None:
        start.wait()
        for turn in range(50):
            if turn % 10 == 0:
                importer().scopes[f"rehub.repos.{checkouts[n].name}"].forget() if turn else None
            try:
                got = run_entry(checkouts[n], "net", (), {}, store=hub.store).value
            except Exception as error:  # noqa: BLE001 - shown below
                got = repr(error)
            if got != (n, n, n):
                wrong.append((n, got))

    before = list(sys.path)
    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert sys.path == before


def test_late_imports_in_threads(folder: Folder, load: Load) -> None:
    """Functions of two repositories that import in threads of the user's get their own modules."""
    late = [
        load(
            folder(
                {
                    "hubconf.py": "def net():\n def f():\n  import utils\n  return utils.WHO\n return f",
                    "utils.py": f"WHO = {n}",
                },
                name=f"r{n}",
            )
        )
        for n in range(4)
    ]
    got: dict[int, int] = {}
    threads = [threading.Thread(target=lambda n=n: got.update({n: late[n]()})) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == {n: n for n in range(4)}


def test_eight_threads_load_one_repository(pin: Pin, hub: rehub.Hub) -> None:
    """Eight threads that load one repository for the first time all wait for the one import, and get its result."""
    files = {
        "hubconf.py": "import slow\ndef net(): return slow.X",
        "slow.py": "import time\ntime.sleep(0.05)\nX = object()",
    }
    checkout, path, got = pin(files), list(sys.path), []
    threads = [
        threading.Thread(target=lambda: got.append(run_entry(checkout, "net", (), {}, store=hub.store).value))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(got), len(set(map(id, got)))) == (8, 1)
    assert sys.path == path
