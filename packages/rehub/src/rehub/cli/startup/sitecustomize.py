"""Found by Python at its start, as this folder is the first on ``PYTHONPATH`` of what ``rehub run`` starts."""

import importlib.util
import sys
from pathlib import Path


def _uncover() -> None:
    """Leave ``sys.path`` as it would be, and run the ``sitecustomize`` that this one hides, if there is one."""
    own, here = sys.modules.pop("sitecustomize", None), str(Path(__file__).parent)
    sys.path[:] = [entry for entry in sys.path if entry != here]
    if importlib.util.find_spec("sitecustomize"):
        importlib.import_module("sitecustomize")
    if own is not None:
        sys.modules.setdefault("sitecustomize", own)


_uncover()

try:
    from rehub.cli.startup import prepare
except ModuleNotFoundError:  # another Python, which has no rehub, started by the script
    pass
else:
    prepare()
