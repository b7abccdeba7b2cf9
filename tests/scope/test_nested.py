"""What an entry loads itself, through torch.hub or rehub, and what is known of it afterwards."""

import gc
import io
import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rehub
from rehub.verbs.provenance import _KNOWN
from tests.conftest import RunRehub
from tests.scope.conftest import Folder, Python
from tests.world import World

torch = pytest.importorskip("torch")

INNER = {
    "hubconf.py": "from utils import Net\ndef net(n=1):\n 'A net.'\n return Net(n)",
    "utils.py": "class Net:\n def __init__(self, n): self.n = n",
}
OUTER = {
    "hubconf.py": "import torch\nfrom functools import partial\nfrom utils import Pair\n"
    "def net(**how): return Pair(torch.hub.load('acme/inner', 'net', n=5, **how))\n"
    "direct = partial(torch.hub.load, 'acme/inner', 'net')\n"
    "def late(): return lambda: torch.hub.load('acme/inner', 'net')\n"
    "def names(): return torch.hub.list('acme/inner'), torch.hub.help('acme/inner', 'net'), torch.hub.get_dir()\n"
    "def back(ask): return ask()\n",
    "utils.py": "class Pair:\n def __init__(self, inner): self.inner = inner",
}
Make = Callable[..., rehub.Hub]


@pytest.fixture
def make(world: World, tmp_path: Path) -> Make:
    """Give a function that makes a hub to which acme/inner and acme/outer are known."""
    world.repo(INNER, name="acme/inner", tag="v1")
    world.repo(OUTER, name="acme/outer", tag="v1")

    def hub(**settings: Any) -> rehub.Hub:
        return rehub.Hub(**{"dir": tmp_path / "hub", "mirrors": world.mirrors, "trust": "always", **settings})

    return hub


def test_an_entry_gets_the_other_repository_by_the_same_settings(make: Make) -> None:
    """``torch.hub.load`` inside an entry is answered by the hub that loads, and named in the provenance."""
    hub = make()
    pair = hub.load("acme/outer:v1", "net")
    found = rehub.provenance(pair)
    inner = rehub.provenance(pair.inner)
    assert [str(pin.remote) for pin in found.pins] == ["acme/outer", "acme/inner"]
    assert found.nested == (inner,)
    assert (inner.entry, inner.kwargs, inner.nested) == ("net", (("n", 5),), ())
    assert type(pair.inner).__module__.endswith(".utils")
    assert "utils" not in sys.modules
    assert "\n  acme/inner@" in str(found)


def test_an_entry_that_is_the_call_itself(make: Make) -> None:
    """An entry that is a partial of ``torch.hub.load`` itself, with no line of its own, is answered as well."""
    found = rehub.provenance(make().load("acme/outer:v1", "direct", n=7))
    assert [(each.entry, each.kwargs) for each in found.walk()] == [("direct", (("n", 7),)), ("net", (("n", 7),))]


def test_a_call_after_the_load_has_returned(make: Make) -> None:
    """A method that calls ``torch.hub.load`` later is answered by the hub that loaded it."""
    assert make().load("acme/outer:v1", "late")().n == 1


def test_listing_inside_an_entry(make: Make) -> None:
    """``list``, ``help`` and ``get_dir`` inside an entry are rehub's too."""
    hub = make()
    assert hub.load("acme/outer:v1", "names") == (["Net", "net"], "A net.", hub.get_dir())


def test_what_a_repository_says_of_trust_counts_for_nothing(make: Make) -> None:
    """A repository that loads another with ``trust_repo=True`` does not thereby allow it to run."""
    hub = make(trust="ask")
    for how in ({}, {"trust_repo": True, "skip_validation": True}):
        with pytest.raises(rehub.UntrustedError, match="rehub trust add acme/inner"):
            hub.entry("acme/outer:v1", "net", trust_repo=True)(**how)
    hub.allow("acme/inner")
    assert hub.load("acme/outer:v1", "net", trust_repo=True).inner.n == 5


def test_the_users_own_calls_are_not_touched(make: Make, monkeypatch: pytest.MonkeyPatch, folder: Folder) -> None:
    """Outside of entries, and in what an entry calls back, ``torch.hub`` is torch's own."""
    make().load("acme/outer:v1", "net")
    monkeypatch.setattr(torch.hub, "_hub_dir", "/the/users/own")
    assert torch.hub.get_dir() == "/the/users/own"

    def mine() -> str:
        return str(torch.hub.get_dir())

    assert make().load("acme/outer:v1", "back", mine) == "/the/users/own"


def test_a_provenance_lives_as_long_as_its_object(make: Make) -> None:
    """Nothing is kept alive, or known, once the object is gone; and what is no result of a load has none."""
    hub = make()
    pair = hub.load("acme/outer:v1", "net")
    key = id(pair)
    assert _KNOWN[key][1].now() == rehub.provenance(pair)
    del pair
    gc.collect()
    assert key not in _KNOWN
    for strange in (object(), "text", (), {}, [object()]):
        with pytest.raises(rehub.ProvenanceNotFoundError, match="no load returned it"):
            rehub.provenance(strange)


def test_a_tuple_is_known_by_its_parts(folder: Folder) -> None:
    """Of a tuple or dictionary, the parts are remembered; a mixture of several loads says so."""
    root = folder(
        {"hubconf.py": "class Net: pass\ndef pair(): return Net(), len\ndef table(): return {'a': Net(), 'b': 3}"}
    )
    pair, table = (rehub.load(str(root), name, source="local") for name in ("pair", "table"))
    assert rehub.provenance(pair).entry == rehub.provenance(pair[0]).entry == "pair"
    assert rehub.provenance(table).entry == rehub.provenance(table["a"]).entry == "table"
    assert rehub.provenance(pair[0]).pin is None
    with pytest.raises(rehub.ProvenanceNotFoundError, match="its parts come from 2 loads"):
        rehub.provenance([pair[0], table["a"]])


def test_arguments_are_kept_without_keeping_them_alive(folder: Folder) -> None:
    """Literals are kept as they are; of anything else only the class."""
    root = folder({"hubconf.py": "class Net: pass\ndef net(*args, **kwargs): return Net()"})
    net = rehub.load(str(root), "net", 1, ["a", None], torch.zeros(2), source="local", size={"w": (1, 2)})
    found = rehub.provenance(net)
    assert found.args == (1, ["a", None], "<torch.Tensor>")
    assert dict(found.kwargs) == {"size": {"w": (1, 2)}}


def test_the_command_says_what_an_entry_loaded(make: Make, world: World, rehub_cli: RunRehub) -> None:
    """``rehub load`` shows the other repositories that took part, and names them in its JSON."""
    env = world.env(REHUB_TRUST="always")
    make()
    said = rehub_cli("load", "acme/outer:v1", "net", env=env)
    assert next(line for line in said.stdout.splitlines() if line.startswith("loaded")).endswith("net(n=5)")
    data = json.loads(rehub_cli("load", "acme/outer:v1", "net", "--json", env=env).stdout)
    (inner,) = data["nested"]
    assert (inner["place"], inner["entry"], inner["arguments"]["kwargs"], inner["nested"]) == (
        "acme/inner",
        "net",
        {"n": 5},
        [],
    )
    assert len(inner["pin"]["commit"]) == 40


WEIGHTS = {
    "hubconf.py": "import torch\nfrom torch.utils.model_zoo import load_url\n"
    "def net(url, where=None):\n"
    " if where: torch.hub.set_dir(where)\n"
    " return [torch.hub.load_state_dict_from_url(url), load_url(url), torch.hub.get_dir()]\n"
}


def test_weights_that_an_entry_asks_for(
    make: Make, world: World, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """They come by rehub's own transfer, once, without a word, into the folder of the hub that loads."""
    world.repo(WEIGHTS, name="acme/weights", tag="v1")
    file = io.BytesIO()
    torch.save({"w": torch.ones(2)}, file)
    world.hub.files["/toy.pt"] = file.getvalue()
    hub = make()
    first, second, folder = hub.load("acme/weights:v1", "net", f"{world.hub.url}/toy.pt")
    assert torch.equal(first["w"], second["w"])
    assert folder == hub.get_dir()
    assert (Path(folder) / "checkpoints/toy.pt").read_bytes() == file.getvalue()
    assert len([each for each in world.hub.log if each.path == "/toy.pt"]) == 1
    offline = make(offline=True)
    assert torch.equal(offline.load("acme/weights:v1", "net", f"{world.hub.url}/toy.pt")[0]["w"], torch.ones(2))
    with pytest.raises(rehub.OfflineError):
        offline.load("acme/weights:v1", "net", f"{world.hub.url}/other.pt")
    assert capsys.readouterr() == ("", "")


def test_a_repository_that_moves_torch_hubs_folder_moves_its_own(make: Make, world: World, tmp_path: Path) -> None:
    """``set_dir`` inside an entry says where that repository's weights lie, and nothing else."""
    world.repo(WEIGHTS, name="acme/weights", tag="v1")
    file = io.BytesIO()
    torch.save({"w": torch.ones(2)}, file)
    world.hub.files["/toy.pt"] = file.getvalue()
    hub, mine = make(), rehub.get_dir()
    *_, folder = hub.load("acme/weights:v1", "net", f"{world.hub.url}/toy.pt", where=str(tmp_path / "own"))
    assert folder == str(tmp_path / "own")
    assert (tmp_path / "own/checkpoints/toy.pt").is_file()
    assert (hub.get_dir(), rehub.get_dir()) == (str(tmp_path / "hub"), mine)


def test_installed_it_moves_its_own_all_the_same(make: Make, world: World, python: Python, tmp_path: Path) -> None:
    """Where torch.hub itself goes through rehub, ``set_dir`` inside an entry is that repository's affair, too."""
    make()
    world.repo(WEIGHTS, name="acme/weights", tag="v1")
    file = io.BytesIO()
    torch.save({"w": torch.ones(2)}, file)
    world.hub.files["/toy.pt"] = file.getvalue()
    script = f"""
import rehub, torch
rehub.install()
rehub.Hub().allow("acme/weights")
before = torch.hub.get_dir()
*_, folder = torch.hub.load("acme/weights:v1", "net", {world.hub.url + "/toy.pt"!r}, where={str(tmp_path / "own")!r})
print(folder, torch.hub.get_dir() == before, rehub.get_dir() == before)
"""
    assert python(script, env=world.env()).splitlines()[-1] == f"{tmp_path / 'own'} True True"
    assert (tmp_path / "own/checkpoints/toy.pt").is_file()


def test_installed_it_asks_all_the_same(make: Make, world: World, python: Python) -> None:
    """Where torch.hub itself goes through rehub, a repository's ``trust_repo=True`` about another means: ask."""
    make()
    script = """
import rehub, torch
from torch.hub import load
rehub.install()
try: load("acme/outer:v1", "net", trust_repo=True, verbose=False)
except rehub.UntrustedError as error: print(error.command)
try: load("acme/outer:v1", "direct", trust_repo=True, skip_validation=True, verbose=False)
except rehub.UntrustedError as error: print(error.command)
rehub.Hub().allow("acme/inner")
print(load("acme/outer:v1", "net", trust_repo=True, verbose=False).inner.n)
print([str(pin.remote) for pin in rehub.provenance(load("acme/outer:v1", "direct", verbose=False)).pins])
"""
    said = [line for line in python(script, env=world.env()).splitlines() if not line.startswith("Downloading")]
    assert [each.startswith("The repository acme_inner does not") for each in said[:2]] == [True, True]
    assert all(each.endswith("rehub trust add acme/inner") for each in said[:2])
    assert said[2:] == ["5", "['acme/outer', 'acme/inner']"]


def test_threads_that_an_entry_starts(make: Make, world: World) -> None:
    """A pool of a library's threads, with no line of the repository on their stacks, acts for it all the same."""
    text = (
        "import torch, threading\nfrom concurrent.futures import ThreadPoolExecutor\n"
        "def net(how='pool'):\n"
        " if how == 'pool':\n"
        "  with ThreadPoolExecutor(2) as pool: return [pool.submit(torch.hub.get_dir).result() for _ in range(2)]\n"
        " got = []\n thread = threading.Thread(target=lambda: got.append(torch.hub.get_dir()))\n"
        " thread.start(); thread.join()\n return got\n"
    )
    world.repo({"hubconf.py": text}, name="acme/threads", tag="v1")
    hub = make()
    assert hub.load("acme/threads:v1", "net") == [hub.get_dir()] * 2
    assert hub.load("acme/threads:v1", "net", "own") == [hub.get_dir()]
    got: list[str] = []
    mine = threading.Thread(target=lambda: got.append(torch.hub.get_dir()))
    mine.start()
    mine.join()
    assert got != [hub.get_dir()]


def test_what_an_entrys_threads_load_is_known(make: Make, world: World) -> None:
    """What a thread of the entry loads belongs to what the entry loaded."""
    text = (
        "import torch\nfrom concurrent.futures import ThreadPoolExecutor\nclass Net:\n def __init__(self, inner): self.inner = inner\n"
        "def net():\n with ThreadPoolExecutor(2) as pool:\n"
        "  return Net([pool.submit(torch.hub.load, 'acme/inner', 'net', n=n).result() for n in (1, 2)])\n"
    )
    make()
    world.repo({"hubconf.py": text}, name="acme/threads", tag="v1")
    found = rehub.provenance(make().load("acme/threads:v1", "net"))
    assert [each.kwargs for each in found.nested] == [(("n", 1),), (("n", 2),)]


def test_objects_that_say_they_are_something_else(folder: Folder) -> None:
    """A result that lies about its class, or does something when it is looked through, is returned untouched."""
    text = (
        "class Proxy:\n __class__ = property(lambda self: list)\nclass Broken:\n @property\n def __class__(self): raise ValueError\n"
        "class Lazy(list):\n def __iter__(self): raise ValueError\n"
    )
    text += "".join(f"def {kind.lower()}(): return {kind}()\n" for kind in ("Proxy", "Broken", "Lazy"))
    root = folder({"hubconf.py": text})
    for name in ("proxy", "broken", "lazy"):
        assert rehub.provenance(rehub.load(str(root), name, source="local")).entry == name


def test_reloading_torch_hub_changes_nothing(make: Make, world: World, python: Python) -> None:
    """After ``importlib.reload``, or a new import, torch.hub still goes through rehub."""
    make()
    script = """
import importlib, sys
import rehub, torch
rehub.install()
importlib.reload(torch.hub)
print(torch.hub.load("acme/inner:v1", "net", trust_repo=True, verbose=False).n)
del sys.modules["torch.hub"]
import torch.hub as again
print(again.load("acme/inner:v1", "net", trust_repo=True, verbose=False).n)
"""
    assert python(script, env=world.env()).splitlines()[-2:] == ["1", "1"]
