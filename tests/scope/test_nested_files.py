"""torch.load, torch.jit.load and torch.export.load in a checkout's code: only what the user allowed runs."""

import io
import re
from pathlib import Path

import pytest
import torch

import rehub
from tests.scope.conftest import Folder, Load, Pin

HUBCONF = """
import os, torch
here = os.path.dirname(__file__)
def whole(file="whole.pt", **more): return torch.load(os.path.join(here, file), weights_only=False, **more)
def script(file="script.pt"): return torch.jit.load(os.path.join(here, file))
def loaded_script(file="script.pt"): return torch.load(os.path.join(here, file), weights_only=False)
def exported(file="net.pt2"): return torch.export.load(os.path.join(here, file))
def given(file): return torch.load(file, weights_only=False)
def given_opened(file):
    with open(file, "rb") as opened: return torch.load(opened, weights_only=False)
def by_url(url): return torch.hub.load_state_dict_from_url(url, weights_only=False)
"""


def whole(of: object) -> bytes:
    """Give a whole pickled object as torch.save writes it."""
    torch.save(of, file := io.BytesIO())
    return file.getvalue()


def program() -> bytes:
    """Give a TorchScript archive."""
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), file := io.BytesIO())
    return file.getvalue()


def exported() -> bytes:
    """Give an exported program."""
    made = torch.export.export(torch.nn.Linear(2, 2), (torch.ones(1, 2),))
    torch.export.save(made, file := io.BytesIO())
    return file.getvalue()


FILES = {"whole.pt": whole(torch.nn.Linear(2, 2))}
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning", "ignore::FutureWarning")


def test_files_of_a_pin_are_read_as_they_are(pin: Pin, run: Load) -> None:
    """A TorchScript archive, an exported program or a whole model that a trusted pin ships is part of what was trusted."""
    checkout = pin({"hubconf.py": HUBCONF, "script.pt": program(), "net.pt2": exported(), **FILES})
    assert isinstance(run(checkout, "whole"), torch.nn.Linear)
    assert isinstance(run(checkout, "script"), torch.jit.ScriptModule)
    assert isinstance(run(checkout, "loaded_script"), torch.jit.ScriptModule)
    assert run(checkout, "exported").module()(torch.ones(1, 2)).shape == (1, 2)


def test_files_of_a_users_folder_are_read_as_they_are(folder: Folder, load: Load) -> None:
    """What lies in a folder of the user's own is the user's."""
    root = folder({"hubconf.py": HUBCONF, "script.pt": program(), **FILES})
    assert isinstance(load(root, "whole"), torch.nn.Linear)
    assert isinstance(load(root, "script"), torch.jit.ScriptModule)


MAKES = {"whole": lambda: FILES["whole.pt"], "program": program, "exported": exported}


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        ("given", "whole"),
        ("given_opened", "whole"),
        ("script", "program"),
        ("given", "program"),
        ("exported", "exported"),
    ],
)
def test_a_file_from_elsewhere_is_refused_until_it_is_allowed(
    entry: str, kind: str, pin: Pin, hub: rehub.Hub, tmp_path: Path
) -> None:
    """A program from outside the checkout is named with its digest; once that is allowed, it runs."""
    file = tmp_path / "elsewhere.pt2"
    file.write_bytes(MAKES[kind]())
    checkout = pin({"hubconf.py": HUBCONF})
    ask = hub.entry(str(checkout.pin), entry)
    with pytest.raises(rehub.UnsafeWeightsError) as caught:
        ask(str(file))
    assert f"rehub trust add --weights {caught.value.digest}" in str(caught.value)
    hub.allow_weights(caught.value.digest)
    assert ask(str(file)) is not None


def test_bytes_in_memory_are_refused_as_well(pin: Pin, run: Load) -> None:
    """A file that only reads like one is looked at, too."""
    checkout = pin({"hubconf.py": HUBCONF})
    with pytest.raises(rehub.UnsafeWeightsError, match=re.escape("torch.nn.modules.linear.Linear")):
        run(checkout, "given", io.BytesIO(FILES["whole.pt"]))


def test_plain_weights_need_no_permission(pin: Pin, run: Load, tmp_path: Path) -> None:
    """Weights are read whatever the repository says of weights_only, from a path, an open file and from memory."""
    data = whole({"w": torch.ones(2)})
    (tmp_path / "w.pt").write_bytes(data)
    checkout = pin({"hubconf.py": HUBCONF})
    for entry, given in (
        ("given", str(tmp_path / "w.pt")),
        ("given_opened", str(tmp_path / "w.pt")),
        ("given", io.BytesIO(data)),
    ):
        assert torch.equal(run(checkout, entry, given)["w"], torch.ones(2))


def test_an_allowed_whole_model_finds_the_repositorys_classes(pin: Pin, hub: rehub.Hub, tmp_path: Path) -> None:
    """A granted file may name the repository's own modules plainly, as the scripts that wrote it did."""
    import sys
    import types

    module = types.ModuleType("models.net")
    exec("class Net:\n    n = 7", module.__dict__)
    module.Net.__module__ = "models.net"
    sys.modules.update({"models": types.ModuleType("models"), "models.net": module})
    data = whole(module.Net())
    del sys.modules["models"], sys.modules["models.net"]
    (tmp_path / "yolo.pt").write_bytes(data)
    checkout = pin({"hubconf.py": HUBCONF, "models/net.py": "class Net:\n    n = 7\n"})
    hub.allow_weights(str(tmp_path / "yolo.pt"))
    found = hub.entry(str(checkout.pin), "given")(str(tmp_path / "yolo.pt"))
    assert type(found).__module__ == f"rehub.repos.{checkout.name}.models.net"


def test_weights_by_url_follow_the_same_rule(pin: Pin, hub: rehub.Hub, tmp_path: Path) -> None:
    """torch.hub's function, called by a repository with weights_only=False, runs nothing either."""
    (tmp_path / "model.pt").write_bytes(FILES["whole.pt"])
    checkout = pin({"hubconf.py": HUBCONF})
    with pytest.raises(rehub.UnsafeWeightsError):
        hub.entry(str(checkout.pin), "by_url")((tmp_path / "model.pt").as_uri())


def test_the_users_own_torch_load_is_torchs(pin: Pin, run: Load, tmp_path: Path) -> None:
    """While checkouts are open, the user's own calls do as ever."""
    run(pin({"hubconf.py": HUBCONF, **FILES}), "whole")
    (tmp_path / "model.pt").write_bytes(FILES["whole.pt"])
    assert isinstance(torch.load(tmp_path / "model.pt", weights_only=False), torch.nn.Linear)
