"""Weights that a repository's code asks torch for, in the ways that real code does, and what is known of them then."""

import hashlib
import importlib
import io
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import rehub
from rehub.words.provenance import UsedWeights
from tests.scope.conftest import Folder, Python, write
from tests.world import World

torch = pytest.importorskip("torch")

# As torchvision and timm have it: bound when they are imported, long before any repository is loaded.
INSTALLED = {
    "vision_xyz/__init__.py": "from . import models",
    "vision_xyz/_internally_replaced_utils.py": (
        "try:\n    from torch.hub import load_state_dict_from_url\n"
        "except ImportError:\n    from torch.utils.model_zoo import load_url as load_state_dict_from_url\n"
    ),
    "vision_xyz/models.py": (
        "from ._internally_replaced_utils import load_state_dict_from_url\nfrom functools import partial\n"
        "class Weights:\n"
        "    def __init__(self, url): self.url = url\n"
        "    def get_state_dict(self, *args, **kwargs): return load_state_dict_from_url(self.url, *args, **kwargs)\n"
        "def model(url): return Weights(url).get_state_dict(progress=False, check_hash=True)\n"
        "class Loader:\n    fetch = staticmethod(load_state_dict_from_url)\n    bound = load_state_dict_from_url\n"
        "def by_default(url, fetch=load_state_dict_from_url): return fetch(url)\n"
        "by_partial = partial(load_state_dict_from_url, progress=False, map_location='cpu')\n"
        "TABLE = {'net': load_state_dict_from_url}\n"
    ),
    "timm_xyz/__init__.py": "",
    "timm_xyz/_hub.py": (
        "import os\nfrom torch.hub import HASH_REGEX, download_url_to_file, get_dir\nimport torch\n"
        "def download_cached_file(url, check_hash=True, progress=False):\n"
        "    name = os.path.basename(url)\n    folder = os.path.join(get_dir(), 'checkpoints')\n"
        "    os.makedirs(folder, exist_ok=True)\n    place = os.path.join(folder, name)\n"
        "    found = HASH_REGEX.search(name)\n"
        "    download_url_to_file(url, place, found.group(1) if check_hash and found else None, progress=progress)\n"
        "    return place\n"
    ),
    "timm_xyz/_builder.py": (
        "import torch\nfrom torch.hub import load_state_dict_from_url\nfrom . import _hub\n"
        "def load_pretrained(url):\n"
        "    try: return load_state_dict_from_url(url, map_location='cpu', progress=False, check_hash=True, weights_only=True)\n"
        "    except TypeError: return load_state_dict_from_url(url, map_location='cpu', progress=False, check_hash=True)\n"
        "def load_cached(url): return torch.load(_hub.download_cached_file(url), weights_only=True)\n"
    ),
}

HUBCONF = """
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from multiprocessing.pool import ThreadPool
import torch
import torch.utils.model_zoo
import torch.utils.model_zoo as model_zoo
from torch.hub import load_state_dict_from_url as f
from torch.utils.model_zoo import load_url
import vision_xyz.models as vision
from timm_xyz import _builder as timm
import fetching

class Net:
    fetch = staticmethod(f)
    def __init__(self, state): self.state = state
    def forward(self, url): return f(url, progress=False)

def bound_at_import(url): return Net(f(url, progress=False))
def by_module(url): return Net(torch.hub.load_state_dict_from_url(url))
def by_model_zoo(url): return Net(model_zoo.load_url(url, map_location=lambda storage, _: storage))
def bound_from_model_zoo(url): return Net(load_url(url))
def by_class(url): return Net(Net.fetch(url))
def by_default(url, fetch=f): return Net(fetch(url))
def by_partial(url): return Net(partial(f, progress=False)(url))
def by_getattr(url): return Net(getattr(torch.hub, "load_state_dict_from_url")(url))
def by_keywords(url): return Net(f(url=url, check_hash=True, file_name=None, model_dir=None, progress=True))

def torchvision(url): return Net(vision.model(url))
def torchvision_static(url): return Net(vision.Loader.fetch(url))
def torchvision_default(url): return Net(vision.by_default(url))
def torchvision_partial(url): return Net(vision.by_partial(url))
def torchvision_table(url): return Net(vision.TABLE["net"](url))
def timm_pretrained(url): return Net(timm.load_pretrained(url))
def timm_cached(url): return Net(timm.load_cached(url))

def in_a_thread(url):
    got = []
    thread = threading.Thread(target=lambda: got.append(f(url))); thread.start(); thread.join()
    return Net(got[0])
def in_a_librarys_thread(url):
    thread = threading.Thread(target=f, args=(url,)); thread.start(); thread.join()
    return Net(f(url))
def in_a_pool(url):
    with ThreadPoolExecutor(2) as pool: return Net(list(pool.map(f, [url, url]))[0])
def in_another_pool(url):
    with ThreadPool(2) as pool: return Net(pool.map(f, [url])[0])

def forked(url):
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool: return Net(pool.submit(f, url).result())
def spawned(url):
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool: return Net(pool.submit(fetching.get, url).result())

def lazy(url=None): return Net(url and f(url, progress=False))
def to_file(url, place): torch.hub.download_url_to_file(url, place, progress=False); return Net(None)
def call(ask, *args): return [Net(None), ask(*args)]
"""
FETCHING = "from torch.hub import load_state_dict_from_url\ndef get(url): return load_state_dict_from_url(url, progress=False)\n"
LAZY = ("lazy", "forked", "spawned", "to_file", "call")
WAYS = [
    name
    for line in HUBCONF.splitlines()
    if line.startswith("def ") and (name := line[4:].partition("(")[0]) not in LAZY
]


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install two libraries, and have them imported before rehub leads anything."""
    monkeypatch.syspath_prepend(write(tmp_path / "site-packages", INSTALLED))
    importlib.import_module("vision_xyz.models")
    importlib.import_module("timm_xyz._builder")
    yield
    for name in [each for each in sys.modules if each.startswith(("vision_xyz", "timm_xyz"))]:
        del sys.modules[name]


@pytest.fixture
def weights(world: World) -> UsedWeights:
    """Serve a file of weights, named with its hash; give what should be known of it."""
    file = io.BytesIO()
    torch.save({"w": torch.arange(3.0)}, file)
    sha256 = hashlib.sha256(file.getvalue()).hexdigest()
    path = f"/net-{sha256[:8]}.pt"
    world.hub.files[path] = file.getvalue()
    return UsedWeights(world.hub.url + path, sha256, len(file.getvalue()))


@pytest.fixture
def root(folder: Folder) -> str:
    """Give a folder whose entries ask torch for weights in many ways."""
    return str(folder({"hubconf.py": HUBCONF, "fetching.py": FETCHING}))


@pytest.mark.parametrize("way", WAYS)
def test_rehub_answers(way: str, hub: rehub.Hub, root: str, world: World, weights: UsedWeights) -> None:
    """However a repository's code came by torch's function, rehub answers: from its store, verified and named."""
    for _ in range(2):
        net = hub.load(root, way, weights.url, source="local")
        assert torch.equal(net.state["w"], torch.arange(3.0))
        found = rehub.provenance(net)
        assert (found.weights, found.unverified, found.complete) == ((weights,), (), True)
    assert (Path(hub.get_dir()) / "checkpoints" / weights.url.rpartition("/")[2]).is_file()
    asked = len([each for each in world.hub.log if each.path.endswith(".pt")])
    assert asked == (2 if way == "timm_cached" else 1)  # whoever says download_url_to_file has it downloaded


@pytest.mark.parametrize("way", ["torchvision", "timm_pretrained", "timm_cached"])
def test_a_wrong_hash_is_said_as_torch_says_it(way: str, hub: rehub.Hub, root: str, world: World) -> None:
    """Libraries that check hashes by torch's functions have them checked."""
    world.hub.files["/net-0000000000.pt"] = b"other bytes"
    with pytest.raises(RuntimeError, match="invalid hash value"):
        hub.load(root, way, f"{world.hub.url}/net-0000000000.pt", source="local")


def test_in_a_forked_process_it_answers_too(hub: rehub.Hub, root: str, weights: UsedWeights) -> None:
    """A forked pool gets the file from the same store; that it was another process makes the provenance incomplete."""
    net = hub.load(root, "forked", weights.url, source="local")
    assert torch.equal(net.state["w"], torch.arange(3.0))
    assert (Path(hub.get_dir()) / "checkpoints" / weights.url.rpartition("/")[2]).is_file()
    found = rehub.provenance(net)
    assert [str(each) for each in found.unverified] == ["starts a fork of this process"]
    assert not found.complete


def test_in_a_spawned_process_it_answers_too(
    hub: rehub.Hub, root: str, weights: UsedWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spawned worker that runs the repository's code has its weights from rehub, by the settings of its environment."""
    net = hub.load(root, "spawned", weights.url, source="local")
    assert torch.equal(net.state["w"], torch.arange(3.0))
    assert [each.kind for each in rehub.provenance(net).unverified] == ["process"]
    monkeypatch.setenv("REHUB_OFFLINE", "1")
    with pytest.raises(rehub.OfflineError):
        rehub.Hub(trust="always").load(root, "spawned", weights.url.replace("net-", "other-"), source="local")


def test_libraries_that_the_user_calls_get_torchs_own(
    hub: rehub.Hub, root: str, weights: UsedWeights, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The same library, called by the user or by what an entry calls back of the user's, is torch's as before."""
    net = hub.load(root, "lazy", source="local")
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "own"))
    vision = sys.modules["vision_xyz.models"]

    def mine() -> Any:
        return vision.by_partial(weights.url)

    assert torch.equal(mine()["w"], torch.arange(3.0))
    assert torch.equal(hub.load(root, "call", mine, source="local")[1]["w"], torch.arange(3.0))
    assert (tmp_path / "own/checkpoints").is_dir()
    assert not (Path(hub.get_dir()) / "checkpoints").exists()
    assert rehub.provenance(net).weights == ()
    assert rehub.provenance(net).complete


def test_weights_that_come_later_are_added(hub: rehub.Hub, root: str, weights: UsedWeights) -> None:
    """What a model has rehub bring when it is first called is added to what is known of it, once."""
    net = hub.load(root, "lazy", source="local")
    before = rehub.provenance(net)
    for _ in range(2):
        net.forward(weights.url)
    assert rehub.provenance(net).weights == (weights,)
    assert before.weights == ()
    thread = threading.Thread(target=net.forward, args=(weights.url,))
    thread.start()
    thread.join()
    assert rehub.provenance(net).weights == (weights,)
    assert f"\n  weights {weights.url}" in str(rehub.provenance(net))


def test_each_object_has_its_own(hub: rehub.Hub, root: str, world: World, weights: UsedWeights) -> None:
    """What two entries of one repository bring is not mixed; an object that comes after a late one does not have that."""
    other = weights.url.replace("net-", "other-")
    world.hub.files["/" + other.rpartition("/")[2]] = world.hub.files["/" + weights.url.rpartition("/")[2]]
    one, two = (hub.load(root, "by_module", url, source="local") for url in (weights.url, other))
    assert [each.url for each in rehub.provenance(one).weights] == [weights.url]
    assert [each.url for each in rehub.provenance(two).weights] == [other]
    one.forward(other)
    assert [each.url for each in rehub.provenance(one).weights] == [weights.url, other]
    assert rehub.provenance(hub.load(root, "lazy", source="local")).weights == ()


@pytest.mark.parametrize("call", ["f(URL)", "[f(URL) for f in [fetch.get]][0]"])
def test_weights_of_the_import_are_in_everything(
    call: str, hub: rehub.Hub, folder: Folder, weights: UsedWeights
) -> None:
    """What hubconf brings while it is imported, which happens once a process, is in all that it makes."""
    text = f"import fetch\nfrom torch.hub import load_state_dict_from_url as f\nURL = {weights.url!r}\nSTATE = {call}\n"
    root = folder(
        {"hubconf.py": text + "class Net: pass\ndef net(): return Net()\n", "fetch.py": FETCHING}, name="early"
    )
    for _ in range(2):
        assert rehub.provenance(hub.load(str(root), "net", source="local")).weights == (weights,)
    (root / "hubconf.py").write_text("class Net: pass\ndef net(): return Net()\n")
    assert rehub.provenance(hub.load(str(root), "net", source="local")).weights == ()


def test_a_module_that_is_imported_later(hub: rehub.Hub, folder: Folder, weights: UsedWeights) -> None:
    """A module that an entry imports brings its weights once, for all that comes after; exec'd text is no import."""
    text = f"from torch.hub import load_state_dict_from_url as f; f({weights.url!r} + '?x', file_name='x.pt')"
    files = {
        "hubconf.py": "class Net: pass\ndef net(): import early; return Net()\n"
        f"def by_text(): exec({text!r}); return Net()\n",
        "early.py": f"from torch.hub import load_state_dict_from_url as f\nSTATE = f({weights.url!r})\n",
    }
    root = str(folder(files))
    for _ in range(2):
        assert rehub.provenance(hub.load(root, "net", source="local")).weights == (weights,)
    assert len(rehub.provenance(hub.load(root, "by_text", source="local")).weights) == 2
    assert rehub.provenance(hub.load(root, "net", source="local")).weights == (weights,)


def test_a_module_that_is_imported_with_the_first_call(hub: rehub.Hub, folder: Folder, weights: UsedWeights) -> None:
    """What a module brings that a model imports when it is called is in that model, and in all that come after."""
    files = {
        "hubconf.py": "class Net:\n def forward(self): import early\ndef net(): return Net()\n",
        "early.py": f"from torch.hub import load_state_dict_from_url as f\nSTATE = f({weights.url!r})\n",
    }
    net = hub.load(str(folder(files)), "net", source="local")
    assert rehub.provenance(net).weights == ()
    net.forward()
    assert rehub.provenance(net).weights == (weights,)
    assert rehub.provenance(hub.load(str(folder(files)), "net", source="local")).weights == (weights,)


def test_a_library_imported_by_the_entry_acts_for_it(
    hub: rehub.Hub, folder: Folder, tmp_path: Path, weights: UsedWeights
) -> None:
    """A library that downloads while it is imported, because an entry imports it, does so for the entry."""
    write(
        tmp_path / "site-packages",
        {"early_xyz.py": f"import torch\nSTATE = torch.hub.load_state_dict_from_url({weights.url!r})\n"},
    )
    importlib.invalidate_caches()
    root = folder({"hubconf.py": "class Net: pass\ndef net():\n import early_xyz\n return Net()\n"}, name="imports")
    assert rehub.provenance(hub.load(str(root), "net", source="local")).weights == (weights,)
    sys.modules.pop("early_xyz")


def test_installed_for_everybody_it_is_known_as_well(
    python: Python, root: str, weights: UsedWeights, tmp_path: Path
) -> None:
    """After ``install`` the entry's weights are named, too, and the user's own are not."""
    script = """
import sys, torch, rehub
sys.path.insert(0, sys.argv[3])
rehub.install()
net = torch.hub.load(sys.argv[1], "by_module", sys.argv[2], source="local", trust_repo=True)
torch.hub.load_state_dict_from_url(sys.argv[2] + "?mine", file_name="mine.pt", progress=False)
print(*[each.url for each in rehub.provenance(net).weights], rehub.provenance(net).complete)
"""
    said = python(script, root, weights.url, tmp_path / "site-packages").splitlines()[-1]
    assert said == f"{weights.url} True"


# As openai's CLIP has it: what lies there already is not asked for again.
OWN_CHECK = """
import os, torch
def net(url, place):
    if not os.path.exists(place): torch.hub.download_url_to_file(url, place, progress=False)
    return Net(torch.load(place))
def opened(url, place):
    with open(place, "rb") as file: return Net(torch.load(file))
class Net:
    def __init__(self, state): self.state = state
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Give a place for weights outside of torch.hub's folder."""
    return tmp_path / "elsewhere.pth"


@pytest.mark.parametrize("entry", ["net", "opened"])
def test_a_file_that_lies_there_already_is_told(folder: Folder, hub: rehub.Hub, place: Path, entry: str) -> None:
    """Weights that the repository finds on this machine are from nobody knows where: the provenance is not complete."""
    torch.save({"a": torch.ones(2)}, place)
    found = rehub.provenance(hub.load(str(folder({"hubconf.py": OWN_CHECK})), entry, "", str(place), source="local"))
    assert [str(each) for each in found.unverified] == [f"reads {place}"]
    assert not found.complete


def test_a_file_that_rehub_brought_is_told_again(
    folder: Folder, hub: rehub.Hub, place: Path, weights: UsedWeights, python: Python
) -> None:
    """The next model that is made of it names it as well, in the same process; in another, nobody knows its URL."""
    root = str(folder({"hubconf.py": OWN_CHECK}))
    first, second = (rehub.provenance(hub.load(root, "net", weights.url, str(place), source="local")) for _ in range(2))
    assert first.complete
    assert (first.weights, second.weights, second.complete) == ((weights,), (weights,), True)
    text = (
        f"import rehub\nhub = rehub.Hub(dir={hub.get_dir()!r})\n"
        f"found = rehub.provenance(hub.load({root!r}, 'net', {weights.url!r}, {str(place)!r}, source='local'))\n"
        "print(*found.unverified, *found.weights)"
    )
    assert python(text) == f"reads {place}"


def test_a_file_of_the_store_is_known_by_its_name(folder: Folder, hub: rehub.Hub, weights: UsedWeights) -> None:
    """What torch.hub's own folder links to the store is told with its URL, however it is read."""
    text = (
        "import os, torch\nclass Net: pass\ndef net(url):\n"
        "    torch.hub.load_state_dict_from_url(url, progress=False)\n"
        "    torch.load(os.path.join(torch.hub.get_dir(), 'checkpoints', os.path.basename(url)))\n"
        "    return Net()\n"
    )
    found = rehub.provenance(hub.load(str(folder({"hubconf.py": text})), "net", weights.url, source="local"))
    assert found.weights == (weights,)
    assert found.complete
