"""What is installed in this Python, asked without importing any of it."""

import importlib.util
import sys


def is_importable(name: str) -> bool:
    """Say whether the package that holds a module can be imported; only its first part is looked for.

    Looking for ``a.b`` would import ``a``.
    """
    top = name.partition(".")[0]
    if top in sys.modules or top in sys.builtin_module_names:
        return True
    try:
        return importlib.util.find_spec(top) is not None
    except (ImportError, ValueError):  # a module without a spec, or a name that is none
        return False
