"""The watch over what repositories' code does: it never raises by accident, never hangs, and is hard to pass by."""

import importlib
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import rehub
from rehub.world.scope import importer
from tests.scope.conftest import Folder, Python, write
from tests.scope.test_watch import ELSEWHERE, fetch, url  # noqa: F401 - fixtures
from tests.world import World

AUDIT = """
import sys
class Net: pass
class Odd(str):
    def __getattribute__(self, name): raise ValueError
    def __hash__(self): raise ValueError
    def __eq__(self, other): raise ValueError
ODD = Odd("x"), Odd("y"), Odd("z")
ARGS = (), (None,), (None, None), (object(), object()), (b"\\xff", (b"\\xff", -1)), ([], {}, ()), ODD, (ODD, ODD, ODD)
def net(event, number): sys.audit(event, *ARGS[number]); return Net()
"""
ODD_EVENTS = """
import sys, rehub
from rehub.world.scope.watch import EVENTS
hub = rehub.Hub(dir="hub", trust="always")
for event in EVENTS:
    for number in range(8):
        found = rehub.provenance(hub.load(sys.argv[1], "net", event, number, source="local"))
print(sorted({str(each) for each in found.unverified}))
"""


def test_whatever_an_event_says(folder: Folder, python: Python) -> None:
    """Anybody may raise any event with anything in it: that fails nobody, and at worst is told as something unknown."""
    root = folder({"hubconf.py": AUDIT})
    # Without the tests' own guard, which is not made for this.
    said = python(ODD_EVENTS, root, env={"PYTHONPATH": ""})
    assert "'connects to ?'" in said
    assert "'starts a fork of this process'" in said


def test_a_raw_thread_is_told(hub: rehub.Hub, folder: Folder) -> None:
    """A thread that ``threading`` knows nothing of could do anything unseen: where Python tells of it, it is told."""
    # Python tells since 3.12; the event is the same one by hand.
    text = (
        "import sys, threading\nclass Net: pass\ndef work(): pass\n"
        "def own(): sys.audit('_thread.start_new_thread', work, (), None); return Net()\n"
        "def known(): one = threading.Thread(target=work); one.start(); one.join(); return Net()\n"
        "def net(): sys.audit('_thread.start_new_thread', print, (), None); return Net()\n"
    )
    root = folder({"hubconf.py": text})
    for name in ("own", "known"):
        assert rehub.provenance(hub.load(str(root), name, source="local")).complete
    found = rehub.provenance(hub.load(str(root), "net", source="local"))
    assert [str(each) for each in found.unverified] == ["starts a thread of _thread"]


def test_native_code_is_told(hub: rehub.Hub, folder: Folder, tmp_path: Path) -> None:
    """A library of the repository's own is told, as its connections cannot be; an installed package's is not."""
    import _ctypes

    extension = Path(_ctypes.__file__)
    root = folder({"hubconf.py": "import ctypes\nclass Net: pass\ndef net(path): ctypes.CDLL(path); return Net()\n"})
    (root / "net.so").write_bytes(extension.read_bytes())
    assert rehub.provenance(hub.load(str(root), "net", None, source="local")).complete
    found = rehub.provenance(hub.load(str(root), "net", str(root / "net.so"), source="local"))
    assert [str(each) for each in found.unverified] == ["loads net.so"]


def test_native_clients_that_were_there_before_are_told(
    hub: rehub.Hub, folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the user has imported before is told when a repository imports it, too: Python then tells of nothing."""
    place = write(tmp_path / "site-packages", {"hf_xet/__init__.py": "", "pure_xyz.py": ""})
    monkeypatch.syspath_prepend(place)
    for name in ("hf_xet", "pure_xyz"):
        monkeypatch.setitem(sys.modules, name, importlib.import_module(name))
    text = "import pure_xyz, _queue\nclass Net: pass\ndef net():\n import hf_xet\n return Net()\ndef other(): return Net()\n"
    root = str(folder({"hubconf.py": text}))
    assert rehub.provenance(hub.load(root, "other", source="local")).complete
    found = rehub.provenance(hub.load(root, "net", source="local"))
    assert [str(each) for each in found.unverified] == ["loads hf_xet"]


@pytest.mark.parametrize("library", ["ctypes.CDLL(None)", "ctypes.CDLL('libc.so.6')", "ctypes.pythonapi"])
def test_a_process_that_c_starts_is_told(hub: rehub.Hub, folder: Folder, library: str) -> None:
    """By ctypes, C's own ``system`` is as near as Python's, and causes no event of its own; other functions are fine."""
    text = f"import ctypes\nclass Net: pass\ndef net(name): getattr({library}, name); return Net()\n"
    root = str(folder({"hubconf.py": text}))
    assert rehub.provenance(hub.load(root, "net", "getpid", source="local")).complete
    found = rehub.provenance(hub.load(root, "net", "system", source="local"))
    assert [str(each) for each in found.unverified] == ["starts system of C"]


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the function's parameters change with Python")
def test_a_process_that_subprocess_is_passed_by_for_is_told(hub: rehub.Hub, folder: Folder) -> None:
    """joblib starts its workers by the C function that subprocess is made of: without an event, and yet told."""
    text = (
        "import _posixsubprocess, os\nclass Net: pass\ndef net():\n"
        "    out, into = os.pipe()\n"
        "    child = _posixsubprocess.fork_exec([b'/bin/true'], [b'/bin/true'], True, (into,), None, None, -1, -1, -1, -1, -1,\n"
        "        -1, out, into, True, False, -1, None, None, None, -1, None, False)\n"
        "    os.close(out); os.close(into); os.waitpid(child, 0)\n    return Net()\n"
    )
    found = rehub.provenance(hub.load(str(folder({"hubconf.py": text})), "net", source="local"))
    assert [str(each) for each in found.unverified] == ["starts true"]


def test_an_extension_module_of_the_repository_is_told(hub: rehub.Hub, folder: Folder) -> None:
    """Importing one is enough."""
    import _queue

    root = folder({"hubconf.py": "class Net: pass\ndef net():\n import parts._queue\n return Net()\n"})
    (root / "parts").mkdir()
    (root / "parts" / Path(_queue.__file__).name).write_bytes(Path(_queue.__file__).read_bytes())
    found = rehub.provenance(hub.load(str(root), "net", source="local"))
    assert [(each.kind, each.what.partition(".")[0]) for each in found.unverified] == [("native", "_queue")]


BEGIN = """
import logging, os, socket, sys, threading, urllib.request
import rehub
root, url = sys.argv[1:3]
hub = rehub.Hub(dir="hub", trust="always")
def load(name="net", *args): return hub.load(root, name, *args, source="local")
def told(net): return [str(each) for each in rehub.provenance(net).unverified]
"""


@pytest.mark.parametrize(
    "script",
    [
        # A log that goes over a socket, or fails.
        (
            "class Away(logging.Handler):\n"
            " def emit(self, record): urllib.request.urlopen(url.replace('toy', 'log'), timeout=10).read(); raise ValueError\n"
            "logging.getLogger().addHandler(Away())\nprint(told(load('net', url)) == ['downloads ' + url])"
        ),
        # A log that fails where something is refused.
        (
            "class Bad(logging.Handler):\n def emit(self, record): raise ValueError\n"
            "logging.getLogger('rehub').addHandler(Bad()); logging.getLogger('rehub').setLevel(1)\n"
            "hub = rehub.Hub(dir='hub', trust='always', offline=True)\n"
            "try: load('net', url)\nexcept rehub.OfflineError: print(True)"
        ),
        # Tracing and profiling, as debuggers and coverage do.
        (
            "sys.settrace(lambda *_: None); sys.setprofile(lambda *_: None); threading.settrace(lambda *_: None)\n"
            "print(told(load('thread', url)) == ['downloads ' + url])"
        ),
        # Other hooks, also one that looks at every event by doing something that is an event.
        (
            "busy = []\n"
            "def other(event, args):\n"
            " if not busy and event.startswith('socket'): busy.append(1); id(event); busy.clear()\n"
            "sys.addaudithook(other)\nprint(told(load('plain', url)) == ['downloads ' + url])"
        ),
        # Forked in the middle of an entry, and going on there.
        (
            "def child():\n pid = os.fork()\n if pid: return os.waitpid(pid, 0)[1]\n"
            " try: sys.stdout.flush(); os._exit(0 if told(load('net', url)) == ['starts a fork of this process', 'downloads ' + url] else 1)\n"
            " finally: os._exit(2)\n"
            "load('fork'); print(child() == 0)"
        ),
        # Twenty threads, each with two downloads.
        (
            "found = []\n"
            "threads = [threading.Thread(target=lambda: found.append(told(load('pool', url)))) for _ in range(20)]\n"
            "for each in threads: each.start()\nfor each in threads: each.join()\n"
            "print(found == [['downloads ' + url]] * 20)"
        ),
        # Deep in a recursion, and out of it.
        (
            "def deep(n): return deep(n + 1)\n"
            "def down(n=0):\n try: return down(n + 1)\n except RecursionError: return None\n"
            "down(); print(told(load('net', url)) == ['downloads ' + url])"
        ),
    ],
    ids=["logging", "refusing", "tracing", "hooks", "fork", "threads", "recursion"],
)
def test_in_odd_company(script: str, fetch: Path, url: str, world: World, python: Python) -> None:  # noqa: F811
    """With whatever else goes on in a process, what is done is noticed and nothing hangs or fails."""
    world.hub.files["/log.bin"] = b"x"
    assert python(BEGIN + "logging.raiseExceptions = False\n" + script, fetch, url).splitlines()[-1] == "True"


def test_at_the_end_of_the_process(folder: Folder, url: str, tmp_path: Path, python: Python) -> None:  # noqa: F811
    """A repository's code that connects while the interpreter goes down is answered as ever, without a word."""
    text = (
        "import atexit, socket, sys, threading, time, urllib.request\n"
        "class Net:\n"
        " def __init__(self, host, port): self.place = host, port\n"
        " def __del__(self, socket=socket.socket):\n"
        "  one = socket(); one.settimeout(1)\n"
        "  try: one.connect(self.place)\n  except Exception: pass\n"
        "  one.close()\n"
        "def net(host, port, url):\n"
        " atexit.register(lambda: urllib.request.urlopen(url, timeout=5).read())\n"
        " sys.kept = Net(host, port)\n return Net(host, port)\n"
    )
    root = folder({"hubconf.py": text}, name="last")
    port = int(url.rpartition(":")[2].partition("/")[0])
    script = (
        BEGIN + f"import builtins\nbuiltins.kept = load('net', {ELSEWHERE!r}, {port}, url)\nprint('end', flush=True)\n"
    )
    import subprocess

    (tmp_path / "last.py").write_text(script)
    done = subprocess.run(
        [sys.executable, str(tmp_path / "last.py"), str(root), url],
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=False,
    )
    said = [line for line in done.stderr.decode().splitlines() if "rehub cannot verify" not in line]
    assert (done.returncode, done.stdout.decode().strip(), said) == (0, "end", [])


@pytest.mark.parametrize(
    "way",
    [
        "exec(\"import urllib.request as r; r.urlopen(url, timeout=9).read()\", {'url': url})",
        "eval(\"__import__('urllib.request').request.urlopen(url, timeout=9).read()\", {'url': url})",
        "type('T', (), {'go': staticmethod(lambda u: __import__('urllib.request').request.urlopen(u, timeout=9).read())}).go(url)",
        "list(map(__import__('urllib.request').request.urlopen, [url]))[0].read()",
        "__import__('functools').reduce(lambda _, u: __import__('urllib.request').request.urlopen(u, timeout=9).read(), [url], None)",
        "__import__('asyncio').run(later(url))",
        "__import__('threading').Timer(0, __import__('urllib.request').request.urlretrieve, (url, '/dev/null')).run()",
        "__import__('contextvars').copy_context().run(__import__('urllib.request').request.urlretrieve, url, '/dev/null')",
        "list(x for x in gen(url))",
        "wait(__import__('threading').Timer(0, __import__('urllib.request').request.urlretrieve, (url, '/dev/null')))",
        "sorted([url], key=lambda u: len(__import__('urllib.request').request.urlopen(u, timeout=9).read()))",
    ],
)
def test_ways_to_hide(way: str, hub: rehub.Hub, folder: Folder, url: str) -> None:  # noqa: F811
    """Code that is made from texts, or called by C, by loops and by timers, is the repository's all the same."""
    text = (
        "class Net: pass\n"
        "async def later(url):\n import asyncio, urllib.request\n"
        " return await asyncio.to_thread(urllib.request.urlretrieve, url, '/dev/null')\n"
        "def gen(url):\n import urllib.request\n yield urllib.request.urlopen(url, timeout=9).read()\n"
        "def wait(timer): timer.start(); timer.join()\n"
        f"def net(url):\n {way}\n return Net()\n"
    )
    root = folder({"hubconf.py": text})
    assert [str(each) for each in rehub.provenance(hub.load(str(root), "net", url, source="local")).unverified] == [
        f"downloads {url}"
    ]


def test_there_is_a_limit_to_what_is_kept(hub: rehub.Hub, folder: Folder) -> None:
    """A repository that does ever new things fills no memory with them."""
    text = "import sys\nclass Net: pass\ndef net():\n for n in range(5000): sys.audit('urllib.Request', f'http://{n}.example.org/' + 'x' * 5000)\n return Net()\n"
    found = rehub.provenance(hub.load(str(folder({"hubconf.py": text})), "net", source="local")).unverified
    assert len(found) == 1000
    assert max(len(each.what) for each in found) == 500


def test_a_thread_of_the_users_is_no_repositorys(hub: rehub.Hub, fetch: Path, url: str) -> None:  # noqa: F811
    """What the user's threads do while an entry runs beside them is the user's."""
    started, go = threading.Event(), threading.Event()
    got: list[Any] = []

    def wait() -> None:
        started.set()
        go.wait(10)

    one = threading.Thread(target=lambda: got.append(hub.load(str(fetch), "call", wait, source="local")))
    one.start()
    assert started.wait(10)
    import urllib.request

    assert importer().running
    urllib.request.urlretrieve(url, "/dev/null")
    go.set()
    one.join(10)
    assert rehub.provenance(got[0]).complete


def test_an_installed_client_that_is_native_is_told(
    hub: rehub.Hub, folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``hf_xet`` and its like download without a word to Python: that an entry had one loaded is told."""
    import _queue

    place = write(tmp_path / "site-packages", {"hf_xet/__init__.py": "from . import hf_xet"})
    # Any extension module will do: it is told before it is found to be another one.
    (place / "hf_xet" / Path(_queue.__file__).name.replace("_queue", "hf_xet")).write_bytes(
        Path(_queue.__file__).read_bytes()
    )
    monkeypatch.syspath_prepend(place)
    text = "class Net: pass\ndef net():\n try: import hf_xet\n except ImportError: pass\n return Net()\n"
    found = rehub.provenance(hub.load(str(folder({"hubconf.py": text})), "net", source="local"))
    assert [(each.kind, each.what.partition(".")[0]) for each in found.unverified] == [("native", "hf_xet")]
