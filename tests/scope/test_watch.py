"""What a checkout's code gets past rehub is noticed, named, and refused where it must stay offline."""

import concurrent.futures
import json
import logging
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

import rehub
from tests.conftest import RunRehub
from tests.scope.conftest import Folder, Python
from tests.world import World

# An address that is nobody's loopback by name, and reaches the servers of this machine all the same.
ELSEWHERE = "0.0.0.0"

FETCH = """
import asyncio, os, socket, subprocess, sys, threading, urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlsplit

class Net:
    def forward(self, url): return len(get(url))

def get(url): return urllib.request.urlopen(url, timeout=10).read()

def net(url=None):
    if url: get(url)
    return Net()

def plain(url):
    split = urlsplit(url)
    connection = HTTPConnection(split.hostname, split.port, timeout=10)
    connection.request("GET", split.path)
    connection.getresponse().read()
    connection.close()
    return Net()

def raw(url):
    split = urlsplit(url)
    with socket.create_connection((split.hostname, split.port), 10) as one: one.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
    return Net()

def requests(url):
    import requests
    with requests.Session() as session:
        session.trust_env = False
        session.get(url, timeout=10).content
    return Net()

def thread(url):
    one = threading.Thread(target=urllib.request.urlretrieve, args=(url, "/dev/null")); one.start(); one.join()
    return Net()

def pool(url):
    with ThreadPoolExecutor(1) as pool: pool.submit(get, url).result()
    return Net()

def loop(url):
    async def one():
        split = urlsplit(url)
        _, writer = await asyncio.open_connection(split.hostname, split.port)
        writer.close(); await writer.wait_closed()
    asyncio.run(one())
    return Net()

def bare(url):
    exec("import urllib.request; urllib.request.urlopen(url, timeout=10).read()", {"url": url})
    return Net()

def process(*words, **how):
    subprocess.run(words, check=True, **how); return Net()

def system(line):
    assert os.system(line) == 0; return Net()

def fork():
    pid = os.fork()
    if not pid: os._exit(0)
    os.waitpid(pid, 0)
    return Net()

def spawned():
    from multiprocessing import get_context
    one = get_context("spawn").Process(target=os.getpid); one.start(); one.join()
    return Net()

def call(ask, *args): return [Net(), ask(*args)]
"""


@pytest.fixture
def fetch(folder: Folder) -> Path:
    """Give a folder whose entries download by themselves, in all the ways that there are."""
    return folder({"hubconf.py": FETCH}, name="fetch")


@pytest.fixture
def url(world: World) -> str:
    """Give the URL of a file on a server that counts as another machine."""
    world.hub.files["/toy.bin"] = b"12345"
    return f"http://{ELSEWHERE}:{world.hub.port}/toy.bin"


def _told(value: Any) -> list[str]:
    return [str(each) for each in rehub.provenance(value).unverified]


def _made(hub: rehub.Hub, root: Path, name: str, *args: Any, **kwargs: Any) -> Any:
    return hub.load(str(root), name, *args, source="local", **kwargs)


@pytest.mark.parametrize("way", ["net", "plain", "requests", "thread", "pool", "bare"])
def test_a_request_is_named_by_its_url(way: str, hub: rehub.Hub, fetch: Path, url: str) -> None:
    """A download past rehub is named, once, by its whole URL, however it is made; nothing is complete any more."""
    net = _made(hub, fetch, way, url)
    assert _told(net) == [f"downloads {url}"]
    assert not rehub.provenance(net).complete


@pytest.mark.parametrize("way", ["raw", "loop"])
def test_a_connection_is_named_by_its_host(way: str, hub: rehub.Hub, fetch: Path, url: str) -> None:
    """Where no request can be seen, the host and its port are named."""
    assert _told(_made(hub, fetch, way, url)) == [f"connects to {url[7:].partition('/')[0]}"]


def test_what_is_no_download_is_not_named(hub: rehub.Hub, fetch: Path, url: str, tmp_path: Path) -> None:
    """Files, data URLs, UNIX sockets and plain connections to this machine's loopback are no downloads."""
    loopback = url.replace(ELSEWHERE, "127.0.0.1")
    for way, address in (("net", "data:,hello"), ("net", (fetch / "hubconf.py").as_uri()), ("raw", loopback)):
        net = _made(hub, fetch, way, address)
        assert (_told(net), rehub.provenance(net).complete) == ([], True)
    assert _told(_made(hub, fetch, "net", loopback)) == [f"downloads {loopback}"]  # a request says that it is one


def test_secrets_are_not_named(
    hub: rehub.Hub, fetch: Path, url: str, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Tokens and signatures in a URL are neither told nor logged."""
    world.hub.files["/toy.bin?v=2&access_token=s3cret&Signature=s3cret"] = b"12345"
    net = _made(hub, fetch, "net", f"{url}?v=2&access_token=s3cret&Signature=s3cret#s3cret")
    assert _told(net) == [f"downloads {url}?v=2"]
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize(
    ("way", "args", "how", "named"),
    [
        ("process", [sys.executable, "-c", "pass", "s3cret"], {}, Path(sys.executable).name),
        ("process", ["TOKEN=s3cret true s3cret"], {"shell": True}, "true"),
        ("system", ["LANG=C true --token=s3cret"], {}, "true"),
        ("fork", [], {}, "a fork of this process"),
        ("spawned", [], {}, Path(sys.executable).name),
    ],
)
def test_a_process_is_named_by_its_program(
    way: str, args: list[str], how: dict[str, Any], named: str, hub: rehub.Hub, fetch: Path
) -> None:
    """What another process does nobody sees; that there was one is told, by its program's name alone."""
    net = _made(hub, fetch, way, *args, **how)
    assert _told(net) == [f"starts {named}"]
    assert not rehub.provenance(net).complete


def test_what_is_done_later_is_added(hub: rehub.Hub, fetch: Path, url: str) -> None:
    """A model that downloads when it is called has a provenance that says so from then on."""
    net = _made(hub, fetch, "net")
    before = rehub.provenance(net)
    assert before.complete
    assert net.forward(url) == 5
    assert _told(net) == [f"downloads {url}"]
    assert (before.complete, rehub.provenance(net).complete) == (True, False)
    assert not rehub.provenance(_made(hub, fetch, "net")).complete  # what it brought may be in this one as well


def test_a_nested_load_counts(hub: rehub.Hub, folder: Folder, fetch: Path, url: str) -> None:
    """An object is not complete if a part of it, from another repository, is not."""
    text = "import rehub\nclass Outer: pass\ndef net(*args):\n net = Outer()\n net.inner = rehub.load(*args, source='local')\n return net\n"
    net = _made(hub, folder({"hubconf.py": text}, name="outer"), "net", str(fetch), "net", url)
    found = rehub.provenance(net)
    assert (found.complete, found.unverified) == (False, ())
    assert [str(each) for each in found.nested[0].unverified] == [f"downloads {url}"]
    assert f"\n    downloads {url}" in str(found)


def test_the_users_own_downloads_are_the_users(hub: rehub.Hub, fetch: Path, url: str) -> None:
    """Neither what the user's code does beside an entry nor what an entry calls back of it is the repository's."""

    def mine() -> int:
        return len(urllib.request.urlopen(url, timeout=10).read())

    net, got = _made(hub, fetch, "call", mine)
    assert (got, mine()) == (5, 5)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        assert pool.submit(mine).result() == 5
    assert rehub.provenance(net).complete


def test_a_pool_that_was_there_before(hub: rehub.Hub, fetch: Path, url: str) -> None:
    """Work that an entry gives to the user's own pool of threads is the entry's; the pool's other work is not."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()
        pool.submit(urllib.request.urlretrieve, url, "/dev/null").result()
        net, _ = _made(hub, fetch, "call", pool.submit, int)
        assert rehub.provenance(net).complete
        net, future = _made(hub, fetch, "call", pool.submit, urllib.request.urlretrieve, url, "/dev/null")
        future.result()
        assert _told(net) == [f"downloads {url}"]


def test_it_is_logged_once(hub: rehub.Hub, fetch: Path, url: str, caplog: pytest.LogCaptureFixture) -> None:
    """A download is a warning, a process is information; each is said once."""
    with caplog.at_level(logging.INFO, "rehub"):
        for _ in range(2):
            _made(hub, fetch, "net", url)
            _made(hub, fetch, "system", "true")
    said = [(each.levelname, each.getMessage()) for each in caplog.records if "verify" in each.getMessage()]
    assert [level for level, _ in said] == ["WARNING", "INFO"]
    assert f"{fetch} downloads {url} itself" in said[0][1]


@pytest.mark.parametrize("way", ["net", "plain", "raw", "thread", "pool", "loop", "bare"])
def test_offline_it_is_refused(
    way: str, fetch: Path, url: str, tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In offline mode no connection of a repository's code is made, by whatever way."""
    raised: list[BaseException | None] = []
    world.hub.reset()
    offline = rehub.Hub(dir=tmp_path / "hub", trust="always", offline=True)
    if way == "thread":  # the thread dies of it, as of any other error
        monkeypatch.setattr(threading, "excepthook", lambda args: raised.append(args.exc_value))
        _made(offline, fetch, way, url)
        assert [type(each) for each in raised] == [rehub.OfflineError]
    else:
        with pytest.raises(rehub.OfflineError, match="asks for it by itself"):
            _made(offline, fetch, way, url)
    assert world.hub.log == []


def test_offline_a_librarys_own_error_has_ours_as_its_reason(fetch: Path, url: str, tmp_path: Path) -> None:
    """To a library the refusal is a failed connection, so that what it has in its cache still serves."""
    offline = rehub.Hub(dir=tmp_path / "hub", trust="always", offline=True)
    with pytest.raises(OSError, match="rehub is offline"):
        _made(offline, fetch, "requests", url)


def test_offline_nobody_else_is_refused(
    hub: rehub.Hub, fetch: Path, folder: Folder, url: str, tmp_path: Path, world: World
) -> None:
    """The user's code, other hubs' repositories, loopback and processes go on as ever."""
    offline = rehub.Hub(dir=tmp_path / "hub", trust="always", offline=True)
    other = folder({"hubconf.py": FETCH}, name="other")

    def mine() -> int:
        return len(urllib.request.urlopen(url, timeout=10).read())

    assert _made(offline, fetch, "call", mine)[1] == 5
    assert _made(offline, fetch, "call", lambda: _told(_made(hub, other, "net", url)))[1] == [f"downloads {url}"]
    assert mine() == 5
    _made(offline, fetch, "net", url.replace(ELSEWHERE, "127.0.0.1"))
    _made(offline, fetch, "process", sys.executable, "-c", "pass")


def test_offline_programs_that_only_download_are_refused(fetch: Path, tmp_path: Path, url: str) -> None:
    """``curl`` and ``wget`` do nothing else."""
    offline = rehub.Hub(dir=tmp_path / "hub", trust="always", offline=True)
    for way, args in (("process", ["curl", url]), ("system", [f"wget -q {url}"])):
        with pytest.raises(rehub.OfflineError, match="rehub is offline"):
            _made(offline, fetch, way, *args)


def test_later_too(fetch: Path, tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked at each connection whether the hub is offline: a model's first call may come much later."""
    hub = rehub.Hub(dir=tmp_path / "hub", trust="always")
    net = _made(hub, fetch, "net")
    monkeypatch.setenv("REHUB_OFFLINE", "1")
    with pytest.raises(rehub.OfflineError):
        net.forward(url)
    monkeypatch.delenv("REHUB_OFFLINE")
    assert net.forward(url) == 5


def test_rehubs_own_transfers_are_not_named(hub: rehub.Hub, folder: Folder, world: World, url: str) -> None:
    """What rehub brings for an entry is verified: it is named by its SHA-256, and nothing else is."""
    pytest.importorskip("torch")
    text = "import torch\nclass Net: pass\ndef net(url, to):\n torch.hub.download_url_to_file(url, to, progress=False)\n return Net()\n"
    root = folder({"hubconf.py": text}, name="brings")
    found = rehub.provenance(_made(hub, root, "net", url, str(root / "toy.bin")))
    assert (found.unverified, found.complete) == ((), True)
    assert [(each.url, each.size) for each in found.weights] == [(url, 5)]


def test_fetching_another_repository_is_not_named(hub: rehub.Hub, folder: Folder, world: World) -> None:
    """git is rehub's own process, also when an entry has another repository loaded."""
    inner = world.repo({"hubconf.py": "class Net: pass\ndef net(): return Net()"}, name="acme/inner", tag="v1")
    text = "import rehub\ndef net(ref): return rehub.Hub(trust='always').load(ref, 'net')\n"
    root = folder({"hubconf.py": text}, name="outer")
    found = rehub.provenance(_made(hub, root, "net", f"{inner.file_url}@v1"))
    assert (found.complete, found.unverified) == (True, ())


def test_the_command_says_it(rehub_cli: RunRehub, fetch: Path, url: str) -> None:
    """``rehub load`` and ``rehub explore`` show what went past rehub, and their JSON has it."""
    env = {"REHUB_TRUST": "always"}
    for command in ("load", "explore"):
        said = rehub_cli(command, str(fetch), "net", url, env=env)
        assert f"unverified  downloads {url}" in said.stdout, said
        data = json.loads(rehub_cli(command, str(fetch), "net", url, "--json", env=env).stdout)
        assert (data["unverified"], data["complete"]) == ([{"kind": "url", "what": url}], False)
        assert data["weights"] == []
    refused = rehub_cli("load", "--offline", str(fetch), "net", url, env=env)
    assert refused.rc == 1
    assert f"{url} is not in the store, and rehub is offline" in refused.stderr


VARIABLES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_XET")
ENVIRON = "import os\ndef env(): return [os.environ.get(name) for name in ('HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE', 'HF_HUB_DISABLE_XET')]\n"
ENVIRON += "def both(ask): return env(), ask(), env()\n"


def test_libraries_are_told_to_stay_offline(
    folder: Folder, tmp_path: Path, hub: rehub.Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While code runs that must stay offline, three variables say so; then they are gone, and the user's own wins."""
    offline = rehub.Hub(dir=tmp_path / "hub", trust="always", offline=True)
    root = folder({"hubconf.py": ENVIRON}, name="env")

    def now() -> list[str | None]:
        return [__import__("os").environ.get(name) for name in VARIABLES]

    assert _made(hub, root, "env") == [None] * 3
    assert _made(offline, root, "env") == ["1"] * 3
    assert now() == [None] * 3
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    assert _made(offline, root, "env") == ["0", "1", "1"]
    inner = _made(offline, root, "both", lambda: _made(offline, root, "env"))
    assert inner == (["0", "1", "1"],) * 3
    with pytest.raises(ZeroDivisionError):
        _made(offline, root, "both", lambda: 1 / 0)
    assert now() == ["0", None, None]


def test_a_forked_child_is_told_only_for_its_own_calls(folder: Folder, python: Python) -> None:
    """In a child that is forked in the middle of another thread's call, the variables are gone, as that call is."""
    root = folder({"hubconf.py": "def slow(go, done): go.set(); done.wait(20)"})
    script = f"""
import os, threading, rehub
go, done = threading.Event(), threading.Event()
hub = rehub.Hub(dir="hub", trust="always", offline=True)
thread = threading.Thread(target=hub.load, args=({str(root)!r}, "slow", go, done), kwargs={{"source": "local"}})
thread.start(); go.wait(20)
child = os.fork()
if not child: os._exit("HF_HUB_OFFLINE" in os.environ)
print(os.waitpid(child, 0)[1], os.environ["HF_HUB_OFFLINE"])
done.set(); thread.join()
print("HF_HUB_OFFLINE" in os.environ)
"""
    assert python(script).split() == ["0", "1", "False"]


def test_libraries_are_told_as_long_as_any_call_lasts(folder: Folder, tmp_path: Path) -> None:
    """Where calls overlap in threads, the last one that must stay offline takes the variables away."""
    offline = rehub.Hub(dir=tmp_path / "hub", trust="always", offline=True)
    roots = [folder({"hubconf.py": ENVIRON}, name=f"env{n}") for n in range(2)]
    started, go, got = threading.Event(), threading.Event(), []

    def wait() -> bool:
        started.set()
        return go.wait(10)

    one = threading.Thread(target=lambda: got.append(_made(offline, roots[0], "both", wait)))
    one.start()
    assert started.wait(10)
    assert _made(offline, roots[1], "env") == ["1"] * 3
    assert [__import__("os").environ.get(name) for name in VARIABLES] == ["1"] * 3
    go.set()
    one.join(10)
    assert got == [(["1"] * 3, True, ["1"] * 3)]
    assert [__import__("os").environ.get(name) for name in VARIABLES] == [None] * 3
