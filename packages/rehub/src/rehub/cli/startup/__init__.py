"""What the Python that ``rehub run`` starts does first: it lets torch.hub go through rehub once torch is imported.

The script itself is run by Python, as ``python script.py`` would, with its own ``__main__``, tracebacks and exit codes;
and so are the Python processes that it starts.
"""

import json
import os
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

SAID = "REHUB_RUN"
"""The variable that tells such a process what ``rehub run`` was told: JSON, ``{"dir": …, "verbose": …}``."""


def prepare() -> None:
    """Wait for torch; nothing of rehub or torch is imported until the script imports torch."""
    sys.meta_path.insert(0, _Torch())


def _install() -> None:
    import rehub

    try:
        said = json.loads(os.environ.get(SAID, "{}"))
    except ValueError:
        said = {}
    if folder := said.get("dir"):
        rehub.set_dir(folder)
    if verbose := said.get("verbose"):
        _listen(int(verbose))
    rehub.install()


def _listen(verbose: int) -> None:
    """Show on standard error what rehub logs."""
    import logging

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("rehub: %(message)s"))
    logger = logging.getLogger("rehub")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO if verbose == 1 else logging.DEBUG)


class _Torch(MetaPathFinder):
    """Finds torch as everybody else does, and has something to do once it is there."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find torch; for anything else, others are asked."""
        if fullname != "torch":
            return None
        for finder in sys.meta_path:
            spec = finder.find_spec(fullname, path, target) if finder is not self else None
            if spec is not None and spec.loader is not None:
                spec.loader = _Then(spec.loader, self)
                return spec
        return None


class _Then(Loader):
    """Loads a module by its own loader, which it leaves in its place, and installs rehub."""

    def __init__(self, loader: Any, finder: _Torch) -> None:
        self._loader, self._finder = loader, finder

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Make the module as its own loader does."""
        made: ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        """Run it, and only then install."""
        module.__loader__ = self._loader
        if module.__spec__:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
            _install()
