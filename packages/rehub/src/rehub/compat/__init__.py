"""torch.hub's exact face: its seven functions, what they print, ask and raise, and the names that projects patch.

``rehub.compat`` is torch.hub 2.13 without its proven faults: code comes by git, bytes are checked, repositories do not
meet, and nothing that was misspelt means yes. docs/from-torch-hub.md has each difference in one table, with the test
that shows it.

>>> from rehub import compat
>>> compat.load("acme/shapes", "circle", trust_repo=True, verbose=False)
Downloading: "https://github.com/acme/shapes" to ...
'a circle of radius 1.0'

torch is imported by :func:`load_state_dict_from_url` alone.
"""

# ruff: noqa: A004, F401 - names are what this module is for, torch.hub's own among them

from rehub.compat.folders import (
    DEFAULT_CACHE_DIR,
    ENV_TORCH_HOME,
    ENV_XDG_CACHE_HOME,
    _get_torch_home,
    get_dir,
    set_dir,
)
from rehub.compat.links import _git_archive_link
from rehub.compat.modules import (
    MODULE_HUBCONF,
    VAR_DEPENDENCY,
    _add_to_sys_path,
    _check_dependencies,
    _check_module_exists,
    _import_module,
    _load_attr_from_module,
    _load_entry_from_hubconf,
)
from rehub.compat.questions import (
    _TRUSTED_REPO_OWNERS,
    ENV_GITHUB_TOKEN,
    _check_repo_is_trusted,
    _parse_repo_info,
    _read_url,
    _validate_not_a_forked_repo,
)
from rehub.compat.repositories import _get_cache_or_reload, _load_local, help, list, load
from rehub.compat.weights import HASH_REGEX, READ_DATA_CHUNK, download_url_to_file, load_state_dict_from_url

__all__ = [
    "download_url_to_file",
    "get_dir",
    "help",
    "list",
    "load",
    "load_state_dict_from_url",
    "set_dir",
]
