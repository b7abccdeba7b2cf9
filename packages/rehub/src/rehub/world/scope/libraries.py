"""Which files are libraries': Python's, installed packages' and rehub's own."""

import os
from functools import lru_cache
from pathlib import Path

# Python's own library, and rehub.
_LIBRARIES = (str(Path(os.__file__).parent) + os.sep, str(Path(__file__).parents[2]) + os.sep)


@lru_cache(maxsize=4096)
def is_library(file: str) -> bool:
    """Say whether code is Python's, an installed package's or rehub's, by its file."""
    installed = any(f"{os.sep}{name}{os.sep}" in file for name in ("site-packages", "dist-packages"))
    return installed or file.startswith((*_LIBRARIES, "<frozen ", "<eval_with_key>"))
