"""In what this process runs: Python, the machine, torch's settings, and the packages that hold what was imported.

Nothing is imported to find out: what nobody has imported takes no part. What packages say of themselves is read when
somebody asks for it, each once: reading all of them takes as long as a small model.
"""

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from rehub._version import __version__
from rehub.words.dependencies import distribution
from rehub.words.environment import Environment

if TYPE_CHECKING:
    from importlib.metadata import Distribution

_SETTINGS: Mapping[str, Callable[[Any], Any]] = {
    "deterministic_algorithms": lambda torch: torch.are_deterministic_algorithms_enabled(),
    "deterministic_warn_only": lambda torch: torch.is_deterministic_algorithms_warn_only_enabled(),
    "cudnn_deterministic": lambda torch: torch.backends.cudnn.deterministic,
    "cudnn_benchmark": lambda torch: torch.backends.cudnn.benchmark,
    "float32_matmul_precision": lambda torch: torch.get_float32_matmul_precision(),
    "default_dtype": lambda torch: str(torch.get_default_dtype()).removeprefix("torch."),
}
# Source: torch's notes on reproducibility; Python's on hash randomization.
_VARIABLES = ("CUBLAS_WORKSPACE_CONFIG", "PYTHONHASHSEED")
_MOST = 100  # characters of a variable's value


def surroundings() -> Environment:
    """Say in what this process runs now, but for the packages: it takes some microseconds."""
    machine = os.uname().machine if hasattr(os, "uname") else os.environ.get("PROCESSOR_ARCHITECTURE", "")
    platform = f"{sys.platform}-{machine}".lower()
    plain = Environment(_version(), platform, __version__, settings=tuple(_variables()))
    torch = sys.modules.get("torch")
    return plain if torch is None else _with_torch(plain, torch)


def _version() -> str:
    """Give Python's version; of another Python than CPython with its name."""
    number, name = sys.version.split()[0].rstrip("+"), sys.implementation.name
    return number if name == "cpython" else f"{number} ({name})"


def _variables() -> Iterable[tuple[str, str]]:
    found = ((name, os.environ.get(name)) for name in _VARIABLES)
    return [(name, value[:_MOST]) for name, value in found if value is not None]


def _with_torch(plain: Environment, torch: ModuleType) -> Environment:
    said = {name: _asked(ask, torch) for name, ask in _SETTINGS.items()}
    known = [(name, str(value).lower()) for name, value in said.items() if value is not None]
    return replace(
        plain,
        torch=str(_asked(lambda torch: torch.__version__, torch) or ""),
        device=_asked(_device, torch) or "",
        capability=_asked(lambda torch: torch.backends.cpu.get_cpu_capability(), torch) or "",
        threads=_asked(lambda torch: torch.get_num_threads(), torch) or 0,
        interop_threads=_asked(lambda torch: torch.get_num_interop_threads(), torch) or 0,
        settings=(*known, *plain.settings),
    )


def _asked(ask: Callable[[Any], Any], torch: ModuleType) -> Any:
    """Ask torch; what this torch does not know, or not yet, as it is just being imported, is ``None``."""
    with suppress(Exception):
        return ask(torch)
    return None


def _device(torch: Any) -> str:
    """Name torch's default device, and the CUDA device if CUDA is in use: asking must not begin to use it."""
    default = str(torch.get_default_device())
    if not torch.cuda.is_initialized():
        return default
    number, (major, minor) = torch.cuda.current_device(), torch.cuda.get_device_capability()
    cuda = f"cuda:{number} {torch.cuda.get_device_name()} (sm_{major}{minor}, CUDA {torch.version.cuda})"
    return cuda if default.startswith("cuda") else f"{default}, {cuda}"


def packages(imported: Iterable[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Say which distributions hold modules that were imported, and which modules none holds.

    Args:
        imported: full names of modules, as import statements have them; what is not there any more, or never was,
            does not count.
    """
    held: dict[tuple[str, str], None] = {}
    others: dict[str, None] = {}
    for name in imported:
        top = name.partition(".")[0]
        if top in sys.modules and top not in sys.stdlib_module_names and top not in {"rehub", "torch"}:
            found: tuple[tuple[str, str], ...] = ()
            with suppress(OSError, ValueError, LookupError, AttributeError, TypeError):  # metadata can be damaged
                found = _holders(_significant(name))
            held |= dict.fromkeys(found)
            others |= dict.fromkeys([] if found else [top])
    return list(held), list(others)


def _significant(name: str) -> str:
    """Give as much of a module's name as tells distributions apart: several may share a folder (``google``)."""
    top, _, rest = name.partition(".")
    is_shared = getattr(sys.modules.get(top), "__file__", None) is None
    return f"{top}.{rest.partition('.')[0]}" if is_shared and rest else top


@cache
def _holders(name: str) -> tuple[tuple[str, str], ...]:
    """Give the distributions that hold a module: the likely one if it does, else all that do."""
    top = name.partition(".")[0]
    for guess in dict.fromkeys((distribution(name), top, top.replace("_", "-"))):
        if (found := _installed(guess)) is not None and _holds(found, name):
            return _told([found])
    from importlib.metadata import packages_distributions

    likely = [_installed(each) for each in dict.fromkeys(packages_distributions().get(top, ()))]
    known = [each for each in likely if each is not None]
    return _told([each for each in known if _holds(each, name)] or known)


def _installed(name: str) -> "Distribution | None":
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        return distribution(name)
    except (PackageNotFoundError, ValueError):
        return None


def _holds(found: "Distribution", name: str) -> bool:
    """Say whether a distribution has a module among its files; a folder that several share is looked into."""
    if "." not in name and name in (found.read_text("top_level.txt") or "").split():
        return True
    path = name.replace(".", "/")
    lines = f"\n{found.read_text('RECORD') or ''}"
    return f"\n{path}/" in lines or f"\n{path}." in lines


def _told(found: Iterable["Distribution"]) -> tuple[tuple[str, str], ...]:
    said = ((each.metadata["Name"], each.metadata["Version"]) for each in found)
    return tuple((str(name), str(version)) for name, version in said if name and version)
