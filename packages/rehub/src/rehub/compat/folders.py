"""torch.hub's folder: the same one as rehub's, said as torch.hub says it."""

import os
import warnings
from pathlib import Path

from rehub import api

ENV_TORCH_HOME = "TORCH_HOME"
ENV_XDG_CACHE_HOME = "XDG_CACHE_HOME"
DEFAULT_CACHE_DIR = "~/.cache"

_said: list[str] = []  # what set_dir was given last, if it was called


def get_dir() -> str:
    """Give the folder of code and weights; it need not exist.

    It is what ``set_dir`` was given, else ``$TORCH_HOME/hub``, ``$XDG_CACHE_HOME/torch/hub``, ``~/.cache/torch/hub``.
    """
    if os.environ.get("TORCH_HUB"):
        warnings.warn("TORCH_HUB is deprecated, please use env TORCH_HOME instead", stacklevel=2)
    folder = api.acting().settings.dir
    # As it was written, as long as it means the same folder: rehub keeps an absolute one.
    texts = [*_said, os.path.join(_get_torch_home(), "hub")]  # noqa: PTH118 - Path would tidy it up
    return next((text for text in texts if Path(text).absolute() == folder), str(folder))


def set_dir(d: str | os.PathLike[str]) -> None:
    """Use another folder from here on, in this process; ``~`` is the home.

    Raises:
        TypeError: it is not a path.
        MalformedSettingError: it is empty.
    """
    api.acting().set_dir(d)
    _said[:] = [os.path.expanduser(d)]


def _get_torch_home() -> str:
    """Give ``$TORCH_HOME`` or its default, as torch.hub writes it."""
    cache = os.environ.get(ENV_XDG_CACHE_HOME) or DEFAULT_CACHE_DIR
    default = os.path.join(cache, "torch")  # noqa: PTH118 - Path would tidy it up
    return os.path.expanduser(os.environ.get(ENV_TORCH_HOME) or default)
