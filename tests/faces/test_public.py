"""What is public is complete, documented, and costs nothing until it is used."""

import importlib
import inspect
import json
import pkgutil
import subprocess
import sys

import pytest

import rehub

HEAVY = {
    "torch",
    "numpy",
    "griffe",
    "urllib3",
    "rich",
    "ssl",
    "filelock",
    "click",
    "asyncio",
    "subprocess",
    "dataclasses",
}
OURS = [name for name in rehub.__all__ if name != "__version__"]


def test_every_public_name_is_exported_once() -> None:
    """A name stands in one place, and `dir` tells them all."""
    assert len(set(rehub.__all__)) == len(rehub.__all__)
    assert dir(rehub) == sorted(rehub.__all__)
    assert {name for name in OURS if not hasattr(rehub, name)} == set()


def test_unknown_name_is_an_attribute_error() -> None:
    """A misspelt name is told as for any module."""
    with pytest.raises(AttributeError, match="no attribute 'laod'"):
        rehub.laod  # noqa: B018 - that is what is tried


@pytest.mark.parametrize("name", OURS)
def test_public_name_is_documented(name: str) -> None:
    """Each has a docstring; functions say what they raise and show an example."""
    found = getattr(rehub, name)
    text = inspect.getdoc(found) or ""
    assert len(text) > 20
    if inspect.isfunction(found):
        assert "Example:" in text
        assert "Raises:" in text or name in {"get_dir", "install"}


def test_error_tree_in_the_docstring_is_the_real_one() -> None:
    """The tree that errors.py draws names every class, and no other."""
    from rehub.words import errors

    drawn = errors.__doc__ or ""
    real = {
        name for name, found in vars(errors).items() if inspect.isclass(found) and issubclass(found, rehub.RehubError)
    }
    assert {name for name in real if name not in drawn} == set()
    assert real == {name for name in OURS if name.endswith("Error")}


def modules_after(source: str) -> set[str]:
    """Give what a fresh process has imported after some lines."""
    code = f"{source}\nimport sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_importing_rehub_imports_nothing_heavy() -> None:
    """`import rehub` is two small files."""
    path = json.dumps(sys.path)
    bare = modules_after(f"import sys; sys.path[:] = {path}")
    after = modules_after(f"import sys; sys.path[:] = {path}\nimport rehub")
    assert (after - bare) & HEAVY == set()
    assert {name for name in after if name.partition(".")[0] == "rehub"} == {"rehub", "rehub._version"}


@pytest.mark.parametrize("name", ["rehub", "rehub.world.scope", "rehub.world.store"])
def test_what_is_imported_late_is_called_as_no_module_is(name: str) -> None:
    """A package gives some names when they are first used; a module of that name would be given once it is imported."""
    package = importlib.import_module(name)
    late = {each for names in package._WHERE.values() for each in names}
    assert late
    assert not late & {module.name for module in pkgutil.iter_modules(package.__path__)}
