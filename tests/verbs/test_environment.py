"""What a repository needs, from what it declares and imports; nothing of it is run."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from rehub.verbs.describe import describe
from rehub.verbs.environment import needs_of
from rehub.words.needs import Needs
from rehub.world.folder import Tree

Files = Mapping[str, str | bytes]


def read(folder: Path, files: Files) -> Needs:
    """Write a repository's files, and read what it needs."""
    for name, content in {"hubconf.py": "", **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    tree = Tree(folder)
    return needs_of(tree, describe(tree))


def told(needs: Needs) -> dict[str, tuple[str, str]]:
    """Give when each is needed, and which versions will do."""
    return {each.name: (each.use.value, each.versions) for each in needs.needs}


def test_import_names_become_distributions(tmp_path: Path) -> None:
    """What the hubconf lists and imports is told by the name under which pip has it, with each place that says so."""
    needs = read(tmp_path, {"hubconf.py": "dependencies = ['torch', 'yaml']\nimport torch\nimport cv2\n"})
    assert told(needs) == {
        "opencv-python": ("load", "any version"),
        "PyYAML": ("load", "any version"),
        "torch": ("load", "any version"),
    }
    cv2 = needs.needs[0]
    assert (cv2.imports, list(map(str, cv2.where)), cv2.installed) == (("cv2",), ["hubconf.py:3"], None)
    torch = needs.needs[2]
    assert torch.family
    assert torch.installed
    assert torch.installed.startswith("2.")
    assert torch.fits


def test_a_declared_distribution_is_the_one_that_is_imported(tmp_path: Path) -> None:
    """Of several that hold an import name, the declared one counts, with its versions."""
    needs = read(tmp_path, {"hubconf.py": "import cv2", "requirements.txt": "opencv-python-headless>=4.5\n"})
    assert told(needs) == {"opencv-python-headless": ("load", ">=4.5")}


IMPORTS = """\
import os, json
import alpha.sub
from beta import x
from . import nothing
import own
import nested.deep
try:
    import maybe
except ImportError:
    maybe = None
if os.name == "nt":
    import windows_only
try:
    import always
finally:
    pass
class Net:
    import inner

def net():
    import later
    from alpha import y
"""


def test_when_something_is_imported(tmp_path: Path) -> None:
    """What loading always imports is needed to load; what a function, a try or an if imports is for later."""
    files = {
        "hubconf.py": IMPORTS,
        "own.py": "import gamma\nimport own_too\n",
        "own_too.py": "def f():\n    import delta\n",
        "nested/deep.py": "import epsilon",
        "unreached.py": "import nobody",
    }
    uses = {name: use for name, (use, _) in told(read(tmp_path, files)).items()}
    at_once, later = (
        {"alpha", "beta", "gamma", "epsilon", "always", "inner"},
        {"maybe", "windows_only", "later", "delta"},
    )
    assert uses == dict.fromkeys(at_once, "load") | dict.fromkeys(later, "later")


def test_requirements_are_followed_inside_the_repository_only(tmp_path: Path) -> None:
    """Included files are read once; what lies elsewhere, comes from elsewhere, or is an option, is set aside by line."""
    (tmp_path / "secret.txt").write_text("outside\n")
    files = {
        "requirements.txt": "one>=1\n-r requirements/base.txt\n-r ../secret.txt\n-r /etc/passwd\n-r https://x.org/r.txt\n"
        "git+https://github.com/acme/zoo\n--pre\nwhat is this\nx>=1.*\n",
        "requirements/base.txt": "two==2\n-r ../requirements.txt\n",
    }
    needs = read(tmp_path / "repo", files)
    assert told(needs) == {"one": ("declared", ">=1"), "two": ("declared", "==2")}
    assert [(each.line, each.text) for each in needs.aside] == [
        (3, "../secret.txt"),
        (4, "/etc/passwd"),
        (5, "https://x.org/r.txt"),
        (6, "git+https://github.com/acme/zoo"),
        (7, "--pre"),
        (8, "what is this"),
        (9, "x>=1.*"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_files_that_windows_writes(encoding: str, tmp_path: Path) -> None:
    """``pip freeze > requirements.txt`` in PowerShell writes UTF-16 with a mark, which pip reads, too."""
    needs = read(tmp_path, {"requirements.txt": "numpy==1.21.0\r\n".encode(encoding)})
    assert told(needs) == {"numpy": ("declared", "==1.21.0")}


PROJECTS: dict[str, Files] = {
    "PEP 621": {
        "pyproject.toml": "[build-system]\nrequires=['x']\n[project]\nname='Toy'\nrequires-python='>=3.8'\n"
        "dependencies=['a>=1', 'toy[extra]']\n[project.optional-dependencies]\ndev=['no']\n"
    },
    "setuptools' files": {
        "pyproject.toml": "[project]\nname='toy'\nrequires-python='>=3.8'\ndynamic=['dependencies']\n"
        "[tool.setuptools.dynamic]\ndependencies={file=['deps/run.txt']}\n",
        "deps/run.txt": "a>=1\n",
    },
    "Poetry": {
        "pyproject.toml": "[tool.poetry]\nname='toy'\n[tool.poetry.dependencies]\npython='>=3.8'\na='>=1'\n"
        "b={git='https://x.org/b'}\nc={version='1', optional=true}\n"
    },
    "setup.cfg": {
        "setup.cfg": "[metadata]\nname=toy\n[options]\npython_requires = >=3.8\ninstall_requires =\n  a>=1  # why\n"
        "[options.extras_require]\ndev = no\n"
    },
    "setup.py": {
        "setup.py": "from setuptools import setup\nNEEDS = ['a>=1']\nopen('ran', 'w')\n"
        "setup(name='toy', python_requires='>=3.8', install_requires=NEEDS, extras_require={'dev': ['no']})\n"
    },
    "setup.py, in a function": {
        "setup.py": "import setuptools\ndef main():\n    setuptools.setup(name='toy', python_requires='>=3.8',\n"
        "        install_requires=['a>=1'])\nmain()\n"
    },
}


@pytest.mark.parametrize("kind", PROJECTS)
def test_project_files(kind: str, tmp_path: Path) -> None:
    """Each form of project file tells what it needs and for which Python; extras do not count, and nothing is run."""
    needs = read(tmp_path, PROJECTS[kind])
    assert (told(needs), needs.python) == ({"a": ("declared", ">=1")}, ">=3.8")
    assert not (tmp_path / "ran").exists()
    assert not Path("ran").exists()


def test_what_only_running_would_tell_is_said(tmp_path: Path) -> None:
    """A setup script that works its list out is quoted, by line."""
    text = "from setuptools import setup\nsetup(install_requires=['a', *read('b.txt')])\n"
    needs = read(tmp_path, {"setup.py": text})
    assert [(each.file, each.line, each.reason) for each in needs.aside] == [
        ("setup.py", 2, "cannot be known without running it")
    ]


def test_condas_files_are_told_and_not_read(tmp_path: Path) -> None:
    """What is conda's is set aside, by name."""
    needs = read(tmp_path, {"environment.yml": "dependencies: [numpy=1.2]\n"})
    assert [(each.file, each.reason) for each in needs.aside] == [("environment.yml", "is conda's, and is not read")]


BROKEN: dict[str, bytes] = {
    "pyproject.toml": b"[project\n",
    "setup.cfg": b"[options\x00\ninstall_requires",
    "setup.py": b"def (:\n",
    "requirements.txt": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_set_aside(name: str, tmp_path: Path) -> None:
    """What cannot be read is told with its name, and the rest is read all the same."""
    needs = read(tmp_path, {name: BROKEN[name], "hubconf.py": "import alpha"})
    assert "alpha" in told(needs)
    assert [each.file for each in needs.aside] == [name]


def test_much_is_not_read(tmp_path: Path) -> None:
    """Files that are too large, and includes without end, stop at a limit."""
    files = {f"r{number}.txt": f"-r r{number + 1}.txt\np{number}\n" for number in range(100)}
    needs = read(tmp_path, {"requirements.txt": "-r r0.txt\n", "pyproject.toml": "#" * 600_000, **files})
    assert len(needs.needs) <= 20
    assert any("reading stops after" in each.reason for each in needs.aside)
    assert any("is larger than" in each.reason for each in needs.aside)


def test_an_installed_version_that_does_not_fit(tmp_path: Path) -> None:
    """Whether what is here will do is said, by the ranges that hold for this Python."""
    needs = read(tmp_path, {"requirements.txt": "numpy<1\nhypothesis>=1\nclick<1 ; python_version < '3'\n"})
    assert {each.name: each.fits for each in needs.needs} == {"numpy": False, "hypothesis": True, "click": True}
