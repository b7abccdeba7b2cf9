"""torch.hub's two faces here: rehub's, and torch's own as it was written, each with its own outside world."""

import importlib.util
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
import torch.hub

import rehub
from rehub import api, takeover
from rehub.compat import folders
from tests.compat.github import GitHub
from tests.world import Repo, World

NAME = "ailzhang/torchhub_example"
PARAMETERS = 431_080  # of the network below; all of them are ones, so that this is their sum
RELEASE = f"https://github.com/{NAME}/releases/download/0.1"
EXAMPLE = {
    "hubconf.py": f'''
dependencies = ["torch"]
import torch
from mnist import Net as _Net

URL = "{RELEASE}"


def mnist(pretrained=False, **kwargs):
    """MNIST's network."""
    return _made("mnist_init_ones", pretrained)


def mnist_zip(pretrained=False, **kwargs):
    return _made("mnist_init_ones.zip", pretrained)


def mnist_zip_1_6(pretrained=False, **kwargs):
    return _made("mnist_init_ones_1_6.zip", pretrained)


def _made(file, pretrained):
    net = _Net()
    if pretrained:
        net.load_state_dict(torch.hub.load_state_dict_from_url(f"{{URL}}/{{file}}", progress=False))
    return net
''',
    "mnist.py": """
import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 20, 5)
        self.conv2 = torch.nn.Conv2d(20, 50, 5)
        self.fc1 = torch.nn.Linear(800, 500)
        self.fc2 = torch.nn.Linear(500, 10)

    def forward(self, x):
        return x
""",
}


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, clean_home: Path) -> None:
    """Give each test a process that has set no folder, and whose default hub has asked nobody."""
    monkeypatch.setattr(api, "DEFAULT", rehub.Hub())
    monkeypatch.setattr(folders, "_said", [])


@pytest.fixture
def hub_dir(clean_home: Path) -> Path:
    """Give torch.hub's folder, which is not there yet."""
    return clean_home / ".cache/torch/hub"


@pytest.fixture
def github(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Let github.com be the world's server, for rehub."""
    monkeypatch.setenv("REHUB_MIRRORS", world.mirrors)
    return world


def saved(value: object, *, zipped: bool = True) -> bytes:
    """Give what ``torch.save`` writes."""
    file = io.BytesIO()
    torch.save(value, file, _use_new_zipfile_serialization=zipped)
    return file.getvalue()


@pytest.fixture(scope="session")
def releases() -> dict[str, bytes]:
    """Give the three files of weights that torch's own tests download."""
    import zipfile

    shapes = {"conv1": (20, 1, 5, 5), "conv2": (50, 20, 5, 5), "fc1": (500, 800), "fc2": (10, 500)}
    ones = {f"{name}.weight": torch.ones(shape) for name, shape in shapes.items()}
    ones |= {f"{name}.bias": torch.ones(shape[0]) for name, shape in shapes.items()}
    old = io.BytesIO()
    with zipfile.ZipFile(old, "w") as archive:
        archive.writestr("mnist_init_ones", saved(ones, zipped=False))
    return {
        "mnist_init_ones": saved(ones, zipped=False),
        "mnist_init_ones.zip": old.getvalue(),
        "mnist_init_ones_1_6.zip": saved(ones),
    }


@pytest.fixture
def example(github: World, releases: dict[str, bytes]) -> Repo:
    """Give the repository of torch's own tests, rebuilt, with its releases."""
    repo = github.repo(EXAMPLE, name=NAME, branch="master")
    repo.branch("ci/test_slash")
    github.hub.files.update({f"/{NAME}/releases/download/0.1/{name}": data for name, data in releases.items()})
    return repo


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Give torch.hub while it goes through rehub."""
    monkeypatch.setattr(takeover, "_FOR_EVERYBODY", [])
    rehub.install()
    return torch.hub


class Answers:
    """Somebody at the keyboard, who always says the same, and counts the questions."""

    def __init__(self) -> None:
        self.answer: str | BaseException = EOFError("nobody is there")
        self.questions: list[str] = []

    def __call__(self, question: str = "") -> str:
        """Answer as ``input`` does."""
        self.questions.append(question)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Put somebody at the keyboard; at first nobody."""
    made = Answers()
    monkeypatch.setattr("builtins.input", made)
    return made


@pytest.fixture
def theirs(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Give torch.hub as torch has written it, with a folder of its own and a GitHub made of the world's repositories.

    It is a second copy of the module, so that nothing that is installed into the first is seen here.
    """
    spec = importlib.util.spec_from_file_location("torch_hub_as_written", torch.hub.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.set_dir(tmp_path / "theirs")  # type: ignore[attr-defined]
    module.github = module.urlopen = GitHub(world)  # type: ignore[attr-defined]
    yield module
    for name, found in list(sys.modules.items()):  # what torch.hub leaves behind
        if str(getattr(found, "__file__", "")).startswith(str(tmp_path)) and not name.startswith("rehub."):
            del sys.modules[name]
