"""Functions that a project has put in the place of torch.hub's own: looked up when they are used, as torch.hub does.

``torch.hub._validate_not_a_forked_repo = lambda a, b, c: True`` has to have its effect, be it said of ``torch.hub`` or
of ``rehub.compat``.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import rehub

_MODULES = ("torch.hub", "rehub.compat")
_OURS = str(Path(rehub.__file__).parent)


def patched(name: str) -> Callable[..., Any] | None:
    """Give what somebody put in a function's place; ``None`` if it is torch.hub's own, or ours."""
    for module in _MODULES:
        found = getattr(sys.modules.get(module), name, None)
        if found is not None and not _is_original(found, name):
            return found  # type: ignore[no-any-return]  # whatever it is, it was put there to be called
    return None


def current(name: str) -> Callable[..., Any]:
    """Give what a name of torch.hub stands for now."""
    found: Callable[..., Any] = patched(name) or getattr(sys.modules["rehub.compat"], name)
    return found


def _is_original(found: object, name: str) -> bool:
    """Say whether a function was written in torch/hub.py or here: wrappers copy names, but not the code's file."""
    code = getattr(found, "__code__", None)
    if code is None or code.co_name != name:
        return False
    torch_hub = getattr(sys.modules.get("torch.hub"), "__file__", None)
    return bool(code.co_filename == torch_hub or code.co_filename.startswith(_OURS))
