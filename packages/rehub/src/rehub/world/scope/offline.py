"""Variables that tell libraries to stay offline, for as long as code of a checkout runs that must.

The environment is the process's: other code sees them meanwhile, and a library that reads them when it is imported goes
on as it read them.
"""

import os
from collections.abc import MutableMapping

VARIABLES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_XET")
_SET: list[str] = []
_VALUE = "1"


def tell_libraries(environ: MutableMapping[str, str] = os.environ) -> None:
    """Set what the user has not set himself."""
    for name in VARIABLES:
        if name not in environ:
            environ[name] = _VALUE
            _SET.append(name)


def untell_libraries(environ: MutableMapping[str, str] = os.environ) -> None:
    """Take away what was set here, unless somebody has said otherwise since."""
    for name in _SET:
        if environ.get(name) == _VALUE:
            del environ[name]
    _SET.clear()
