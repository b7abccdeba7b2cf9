"""In what a model was loaded: the packages that its repository imports, and no other's; torch's settings; the machine."""

import importlib.metadata
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

import rehub
from rehub.world.environment import packages, surroundings
from tests.scope.conftest import Folder, Load, Python, write


def _found(model: Any) -> Any:
    found = rehub.provenance(model).environment
    assert found is not None
    return found


def _version(name: str) -> str:
    return importlib.metadata.version(name)


NET = "class Net:\n    def late(self):\n        import packaging.version, importlib\n        importlib.import_module('yaml')\n"


def test_each_repository_has_its_own_packages(folder: Folder, load: Load) -> None:
    """Of two repositories in one process each is told with what it imports itself, by the names that pip knows."""
    one = folder({"hubconf.py": f"import json, numpy as np\nfrom pkg import part\n{NET}def net(): return Net()",
                  "pkg/part.py": "from attr import define"}, name="one")  # fmt: skip
    other = folder({"hubconf.py": f"{NET}def net():\n    from yaml import safe_load\n    return Net()"}, name="other")
    first, second = load(one), load(other)
    assert _found(first).distributions == (("attrs", _version("attrs")), ("numpy", _version("numpy")))
    assert _found(second).distributions == (("PyYAML", _version("PyYAML")),)
    assert _found(first).others == ()


def test_what_is_imported_later_is_told_from_then_on(folder: Folder, load: Load) -> None:
    """An import in a method, and one by a name that is data, count once they have happened."""
    net = load(folder({"hubconf.py": f"{NET}def net(): return Net()"}))
    assert _found(net).distributions == ()
    net.late()
    assert dict(_found(net).distributions) == {"packaging": _version("packaging"), "PyYAML": _version("PyYAML")}


def test_what_an_entry_loads_itself_counts(folder: Folder, load: Load) -> None:
    """The packages of a nested repository are those of the whole, and the nested one's own as well."""
    pytest.importorskip("torch")
    inner = folder({"hubconf.py": f"import yaml\n{NET}def net(): return Net()"}, name="inner")
    text = f"import numpy, torch\ndef net(): return [torch.hub.load({str(inner)!r}, 'net', source='local')]"
    whole = load(folder({"hubconf.py": text}, name="outer"))
    assert [name for name, _ in _found(whole).distributions] == ["numpy", "PyYAML"]
    assert [name for name, _ in _found(whole[0]).distributions] == ["numpy", "PyYAML"]
    nested = rehub.provenance(whole).nested[0].environment
    assert nested is not None
    assert [name for name, _ in nested.distributions] == ["PyYAML"]


def test_what_is_not_installed_is_not_told(folder: Folder, load: Load) -> None:
    """An optional import that failed, Python's own modules and the repository's own ones are no packages."""
    text = "import os.path, utils\ntry:\n    import nothing_of_that_name\nexcept ImportError:\n    pass\n"
    net = load(folder({"hubconf.py": f"{text}{NET}def net(): return Net()", "utils.py": ""}))
    assert (_found(net).distributions, _found(net).others) == ((), ())


def test_a_module_that_no_package_holds(
    folder: Folder, load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module of the user's that a repository imports has no version, and is named as such."""
    write(tmp_path / "mine", {"module_of_mine.py": ""})
    monkeypatch.syspath_prepend(tmp_path / "mine")
    net = load(folder({"hubconf.py": f"import module_of_mine\n{NET}def net(): return Net()"}))
    assert _found(net).others == ("module_of_mine",)
    sys.modules.pop("module_of_mine")


def _package(root: Path, name: str, version: str, files: dict[str, str], **info: str) -> None:
    folder = f"{name.replace('-', '_')}-{version}.dist-info"
    record = "".join(f"{path},,\n" for path in files)
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    write(root, {**files, f"{folder}/METADATA": metadata, f"{folder}/RECORD": record}
          | {f"{folder}/{file}": text for file, text in info.items()})  # fmt: skip


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder of installed packages of the test's own."""
    root = tmp_path / "site-packages"
    root.mkdir()
    monkeypatch.syspath_prepend(root)
    return root


def test_a_package_that_is_called_otherwise(installed: Path, folder: Folder, load: Load) -> None:
    """One whose name has nothing to do with its module's is found by its files, also beside one that has that name."""
    _package(installed, "zq-thing-py", "1.2", {"zq_thing.py": ""})
    _package(installed, "zq-thing", "9", {"zq_other.py": ""})
    net = load(folder({"hubconf.py": f"import zq_thing\n{NET}def net(): return Net()"}))
    assert _found(net).distributions == (("zq-thing-py", "1.2"),)


def test_packages_that_share_a_folder(installed: Path, folder: Folder, load: Load) -> None:
    """Of those that put modules into one folder, the one that holds what was imported is told."""
    _package(installed, "zqns-a", "1", {"zqns/a/__init__.py": ""})
    _package(installed, "zqns-b", "2", {"zqns/b.py": ""})
    net = load(folder({"hubconf.py": f"import zqns.b\n{NET}def net(): return Net()"}))
    assert _found(net).distributions == (("zqns-b", "2"),)


@pytest.mark.parametrize("damage", ["", "Name: zq-broken\n", "\x00\xff"])
def test_a_package_with_damaged_metadata(installed: Path, folder: Folder, load: Load, damage: str) -> None:
    """It is named by its module, and nothing fails."""
    name = f"zq_broken{len(damage)}"
    write(installed, {f"{name}.py": "", f"{name}-1.dist-info/METADATA": damage.encode("latin-1"),
                      f"{name}-1.dist-info/RECORD": f"{name}.py,,\n"})  # fmt: skip
    net = load(folder({"hubconf.py": f"import {name}\n{NET}def net(): return Net()"}))
    assert _found(net).others == (name,)


def test_torchs_settings_are_those_of_the_load(folder: Folder, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads, determinism and precision are told as they were when the entry returned, not as they are later."""
    torch = pytest.importorskip("torch")
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    threads = torch.get_num_threads()
    torch.set_num_threads(3)
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        found = _found(net := load(folder({"hubconf.py": f"{NET}def net(): return Net()"})))
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(False)
    assert _found(net) == found
    assert (found.torch, found.threads) == (torch.__version__, 3)
    assert found.capability == torch.backends.cpu.get_cpu_capability()
    said = dict(found.settings)
    assert said["deterministic_algorithms"] == said["deterministic_warn_only"] == "true"
    assert (said["cudnn_benchmark"], said["default_dtype"]) == ("false", "float32")
    assert said["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert found.device.startswith("cpu")
    assert found.python == sys.version.split()[0]
    assert found.platform == f"{sys.platform}-{os.uname().machine}"
    assert found.rehub == rehub.__version__


def test_a_torch_that_is_being_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """A torch that knows little of itself, or fails when it is asked, is no reason to fail a load."""

    class Torch:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(name)

    monkeypatch.setitem(sys.modules, "torch", Torch())  # type: ignore[arg-type]
    assert surroundings().torch == ""


def test_a_load_imports_nothing_to_find_out(folder: Folder, python: Python) -> None:
    """Neither torch nor the reader of packages' metadata is imported by a load that needs none, or by a provenance."""
    root = folder({"hubconf.py": "import json\nclass Net: pass\ndef net(): return Net()"})
    text = (
        "import rehub, sys, json\n"
        f"net = rehub.load({str(root)!r}, 'net', source='local')\n"
        "found = rehub.provenance(net)\n"
        "print(json.dumps([name for name in ('torch', 'importlib.metadata') if name in sys.modules]\n"
        "    + [found.environment.torch, found.environment.threads]))"
    )
    assert json.loads(python(text)) == ["", 0]


def test_metadata_is_read_once(installed: Path) -> None:
    """What a package says of itself is not read again, however often somebody asks."""
    _package(installed, "zq-once", "1", {"zq_once.py": ""})
    __import__("zq_once")
    before = packages(["zq_once"])
    for path in (installed / "zq_once-1.dist-info").iterdir():
        path.unlink()
    assert packages(["zq_once"]) == before == ([("zq-once", "1")], [])
