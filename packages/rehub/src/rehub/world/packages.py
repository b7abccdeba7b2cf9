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


def installed_version(name: str) -> str | None:
    """Give the version of a distribution that is installed, or of this Python as ``python``; ``None`` if it is not."""
    from importlib import metadata

    if name == "python":
        return sys.version.split()[0].rstrip("+")
    try:
        return metadata.version(name)
    except (metadata.PackageNotFoundError, ValueError):
        return None
