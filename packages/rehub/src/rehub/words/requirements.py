"""What a repository says that it needs, in the files that pip and setuptools read."""

import tomllib
from collections.abc import Callable
from configparser import ConfigParser
from configparser import Error as ConfigError
from fnmatch import fnmatchcase
from typing import Any


def is_requirements(name: str) -> bool:
    """Say whether a file is one that :func:`requirements` can read.

    Example:
        >>> is_requirements("requirements-dev.txt"), is_requirements("setup.py")
        (True, False)
    """
    return _reader(name) is not None


def requirements(name: str, text: str) -> tuple[str, ...]:
    r"""Give what a file asks for, each once and as it is written there; nothing if it cannot be read.

    Example:
        >>> requirements("requirements.txt", "torch>=2  # the usual\n\nnumpy\n")
        ('torch>=2', 'numpy')
        >>> requirements("pyproject.toml", '[project]\nrequires-python = ">=3.9"\ndependencies = ["einops"]')
        ('Python >=3.9', 'einops')
    """
    read = _reader(name)
    try:
        found = read(text) if read else []
    except (tomllib.TOMLDecodeError, ConfigError, AttributeError, TypeError):
        return ()
    return tuple(dict.fromkeys(found))


def _reader(name: str) -> Callable[[str], list[str]] | None:
    known = {"requirements*.txt": _lines, "pyproject.toml": _pyproject, "setup.cfg": _setup}
    return next((read for pattern, read in known.items() if fnmatchcase(name, pattern)), None)


def _lines(text: str) -> list[str]:
    plain = (each.partition(" #")[0].strip() for each in text.replace("\\\n", " ").splitlines())
    return [each for each in plain if each and not each.startswith("#")]


def _pyproject(text: str) -> list[str]:
    project: dict[str, Any] = tomllib.loads(text).get("project", {})
    python = project.get("requires-python")
    return [*([f"Python {python}"] if python else []), *map(str, project.get("dependencies", []))]


def _setup(text: str) -> list[str]:
    config = ConfigParser(interpolation=None)
    config.read_string(text)
    python = config.get("options", "python_requires", fallback="")
    return [*([f"Python {python}"] if python else []), *_lines(config.get("options", "install_requires", fallback=""))]
