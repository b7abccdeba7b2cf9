"""A model's copies and pickles know what it was made from, and nobody else notices that they do."""

import copy
import io
import json
import pickle
import sys
from pathlib import Path
from typing import Any

import pytest

import rehub
from rehub.verbs.explore import explore
from rehub.verbs.label import KEY
from tests.scope.conftest import Folder, Load, Pin, Python

torch = pytest.importorskip("torch")

FILES = {
    "hubconf.py": "from model import Net as _Net\nimport torch, subprocess, sys\n"
    "def net(n=2):\n    return _Net(n)\n"
    "def installed(): return torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU())\n"
    "def both(): return _Net(2), torch.nn.Linear(2, 2)\n"
    "def plain(): return _Plain()\n"
    "def tensor(): return torch.zeros(2)\n"
    "class _Plain: pass\n",
    "model.py": "import torch, subprocess, sys\nclass Net(torch.nn.Module):\n"
    "    def __init__(self, n: int):\n        super().__init__()\n        self.linear = torch.nn.Linear(n, n)\n"
    "    def forward(self, x):\n        return self.linear(x)\n"
    "    def start(self): subprocess.run([sys.executable, '-c', ''], check=True)\n",
}


@pytest.fixture
def net(pin: Pin, run: Load) -> Any:
    """Give a model of a repository's own class."""
    return run(pin(FILES), "net", 3)


def _saved(model: Any) -> io.BytesIO:
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    return file


COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "deepcopy twice": lambda model: copy.deepcopy(copy.deepcopy(model)),
    "to": lambda model: model.to(torch.float64),
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "pickle of a pickle": lambda model: pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(model, 2)))),
    "deepcopy of a pickle": lambda model: copy.deepcopy(pickle.loads(pickle.dumps(model))),
    "torch.save": lambda model: torch.load(_saved(model), weights_only=False),
    "in a list": lambda model: [copy.deepcopy(model), 3],
}


@pytest.mark.parametrize("how", COPIES)
def test_a_copy_has_the_provenance(net: Any, how: str) -> None:
    """Whatever copies all that a module has takes its provenance along, whole."""
    assert rehub.provenance(COPIES[how](net)) == rehub.provenance(net)


def test_modules_of_an_installed_class(pin: Pin, run: Load) -> None:
    """A model that is made of torch's own classes carries it as well, and so does each module of a tuple."""
    checkout = pin(FILES)
    sequence, (own, linear) = run(checkout, "installed"), run(checkout, "both")
    assert rehub.provenance(copy.deepcopy(sequence)).entry == "installed"
    copies = copy.deepcopy((own, linear))
    assert rehub.provenance(copies).entry == rehub.provenance(copies[1]).entry == "both"
    with pytest.raises(rehub.ProvenanceNotFoundError, match="come from 2 loads"):
        rehub.provenance([copy.deepcopy(sequence), copy.deepcopy(own)])


@pytest.mark.parametrize("name", ["plain", "tensor"])
def test_what_is_no_module_is_not_touched(pin: Pin, run: Load, name: str) -> None:
    """Into other objects nothing is put: they are known as themselves, and their copies are not."""
    made = run(pin(FILES), name)
    assert rehub.provenance(made).entry == name
    assert KEY not in vars(made)
    with pytest.raises(rehub.ProvenanceNotFoundError):
        rehub.provenance(copy.deepcopy(made))


def test_a_copy_learns_what_comes_later(net: Any) -> None:
    """What the code gets past rehub after the copy was made is known of the copy, in this process."""
    other, before = copy.deepcopy(net), pickle.dumps(net)
    assert rehub.provenance(other).complete
    other.start()
    assert not rehub.provenance(other).complete
    assert not rehub.provenance(net).complete
    assert not rehub.provenance(pickle.loads(before)).complete  # it is the same process


def test_a_pickle_says_what_was_known_when_it_was_made(
    net: Any, hub: rehub.Hub, python: Python, tmp_path: Path
) -> None:
    """Another process reads what had gone past rehub before, and adds what does there."""
    (tmp_path / "clean").write_bytes(pickle.dumps(net))
    net.start()
    (tmp_path / "started").write_bytes(pickle.dumps(net))
    text = (
        "import pickle, rehub, sys\n"
        "said = []\n"
        "for name in ('clean', 'started'):\n"
        "    with open(name, 'rb') as file: model = pickle.load(file)\n"
        "    said.append(rehub.provenance(model).complete)\n"
        "with open('clean', 'rb') as file: model = pickle.load(file)\n"
        "said.append(rehub.provenance(model).complete)\n"
        "model.start()\n"
        "print(*said, rehub.provenance(model).complete)"
    )
    env = {"REHUB_TRUST": "always", "TORCH_HOME": str(hub.settings.dir.parent)}
    assert python(text, env=env) == "True False True False"


def test_a_pickle_needs_no_rehub(net: Any, python: Python, tmp_path: Path) -> None:
    """What a model carries is read by a Python that has torch only, as JSON in bytes."""
    linear = copy.deepcopy(net.linear)
    linear.__dict__[KEY] = net.__dict__[KEY]
    (tmp_path / "model").write_bytes(pickle.dumps(linear))
    text = (
        "import json, pickle, sys\nsys.modules['rehub'] = None\n"
        "with open('model', 'rb') as file: model = pickle.load(file)\n"
        f"print(json.loads(vars(model)[{KEY!r}])['entry'])"
    )
    assert python(text) == "net"


def test_torchs_careful_unpickler_lets_it_by(net: Any) -> None:
    """A whole model that ``weights_only=True`` reads, since its classes were allowed, is read as before."""
    own = {type(net): None, torch.nn.Linear: None}
    with torch.serialization.safe_globals(list(own)):
        again = torch.load(_saved(net), weights_only=True)
    assert rehub.provenance(again) == rehub.provenance(net)


@pytest.mark.parametrize("said", [b"", b"{", b"[]", b'{"version": 99}', b"\xff\xfe", b"[" * 100_000])
def test_a_pickle_with_something_else(net: Any, said: bytes) -> None:
    """A text that is no provenance, or a newer one, is said to be so; the model works all the same."""
    again = copy.deepcopy(net)
    again.__dict__[KEY] = said
    with pytest.raises(rehub.MalformedError):
        rehub.provenance(again)
    assert again(torch.ones(1, 3)).shape == (1, 3)


def test_a_stranger_under_its_name(net: Any) -> None:
    """An attribute of that name which is of another kind says nothing."""
    again = copy.deepcopy(net)
    again.__dict__[KEY] = "text"
    with pytest.raises(rehub.ProvenanceNotFoundError):
        rehub.provenance(again)


def _bare(model: Any) -> Any:
    bare = copy.deepcopy(model)
    del bare.__dict__[KEY]
    return bare


def test_torch_does_not_notice(net: Any) -> None:
    """State, fx, export and compilation are those of a model that carries nothing."""
    bare, example = _bare(net), (torch.ones(2, 3),)
    assert net.state_dict().keys() == bare.state_dict().keys()
    assert repr(net) == repr(bare)
    assert torch.fx.symbolic_trace(net).code == torch.fx.symbolic_trace(bare).code
    exported = [torch.export.export(each, example).graph_module.code for each in (net, bare)]
    assert exported[0] == exported[1]
    compiled = torch.compile(net, backend="eager", fullgraph=True)
    assert torch.equal(compiled(*example), bare(*example))


def test_explore_does_not_notice(net: Any) -> None:
    """What a model can do, has and is made of is told as if it carried nothing."""
    assert explore(net) == explore(_bare(net))


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_torchscript_does_not_notice(folder: Folder, load: Load) -> None:
    """A scripted model has no such attribute, before and after its pickle."""
    net = load(folder(FILES))
    for each in (net, pickle.loads(pickle.dumps(net))):
        scripted = torch.jit.script(each)
        assert not [name for name in dir(scripted._c) if "rehub" in name]
        assert "rehub" not in scripted.code
        file = io.BytesIO()
        torch.jit.save(scripted, file)
        assert b"rehub_provenance" not in file.getvalue()


def test_a_model_whose_class_hides_its_dictionary(folder: Folder, load: Load) -> None:
    """A class with ideas of its own about attributes is not asked, and does not fail the load."""
    files = {
        "hubconf.py": "import torch\nclass Net(torch.nn.Module):\n"
        "    def __getattribute__(self, name):\n        raise RuntimeError(name)\n"
        "def net(): return Net.__new__(Net)\n"
    }
    net = load(folder(files))
    assert rehub.provenance(net).entry == "net"


def test_what_is_carried_is_small_and_plain(net: Any) -> None:
    """A pickle grows by some kilobytes of JSON, and names no class of rehub's for it."""
    bare, whole = pickle.dumps(_bare(net)), pickle.dumps(net)
    assert len(whole) - len(bare) < 4_000
    assert b"rehub.verbs" not in whole
    assert json.loads(pickle.loads(whole).__dict__[KEY])["version"] == 1
    assert sys.getsizeof(net.__dict__[KEY]) < 100
