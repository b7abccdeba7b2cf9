"""torch.hub's functions as the code of a checkout finds them: the hub that loaded it answers, and prints nothing.

An entry that calls ``torch.hub.load`` gets the other repository by the same settings, from the same store, under the
same policy, as if the user had loaded it; and the provenance of what it returns names it. What the repository says of
trust and validation counts for nothing there: those are for users to say.
"""

import builtins
import os
from typing import TYPE_CHECKING, Any, cast

from rehub import api
from rehub.world.scope import Scope

if TYPE_CHECKING:
    from rehub.hub import Hub

Path = str | os.PathLike[str]


def hub_of(scope: Scope) -> "Hub":
    """Give the hub that loaded a checkout; in a process that merely unpickles from it, the process's own."""
    return cast("Hub", scope.opener) if scope.opener is not None else api.DEFAULT


def load(  # noqa: PLR0913 - torch.hub's parameters
    scope: Scope,
    /,
    repo_or_dir: Path,
    model: str,
    *args: Any,
    source: str = "github",
    trust_repo: object = None,  # noqa: ARG001 - what a repository says of another is not asked
    force_reload: bool = False,
    verbose: bool = True,  # noqa: ARG001
    skip_validation: bool = False,  # noqa: ARG001
    **kwargs: Any,
) -> Any:
    """Load from another repository, or from a folder."""
    bound = hub_of(scope).entry(os.fspath(repo_or_dir), model, source=source, force_reload=force_reload)
    return bound(*args, **kwargs)


def list(  # noqa: A001, PLR0913, PLR0917 - torch.hub's name and parameters
    scope: Scope,
    /,
    github: Path,
    force_reload: bool = False,  # noqa: FBT001, FBT002
    skip_validation: bool = False,  # noqa: ARG001, FBT001, FBT002
    trust_repo: object = None,  # noqa: ARG001
    verbose: bool = True,  # noqa: ARG001, FBT001, FBT002
) -> builtins.list[str]:
    """Name what another repository has to call, merely imported names too."""
    return hub_of(scope).list(os.fspath(github), force_reload, all=True)


def help(  # noqa: A001, PLR0913, PLR0917 - torch.hub's name and parameters
    scope: Scope,
    /,
    github: Path,
    model: str,
    force_reload: bool = False,  # noqa: FBT001, FBT002
    skip_validation: bool = False,  # noqa: ARG001, FBT001, FBT002
    trust_repo: object = None,  # noqa: ARG001
) -> str | None:
    """Give the documentation of another repository's entry."""
    from rehub.verbs.load import check_entry

    found = hub_of(scope).inspect(os.fspath(github), force_reload=force_reload)
    check_entry(found.checkout, found.hubconf, model)
    entry = found.hubconf.find(model)
    return entry.doc if entry and entry.doc else None


def get_dir(scope: Scope, /) -> str:
    """Give torch.hub's folder."""
    return scope.torch_dir or hub_of(scope).get_dir()


def set_dir(scope: Scope, /, d: Path) -> None:
    """Have this checkout's weights lie elsewhere; nobody else's do."""
    scope.torch_dir = os.path.expanduser(d)


def checkpoints(scope: Scope) -> str:
    """Give the folder that a checkout's weights are in, if it names none."""
    return os.path.join(get_dir(scope), "checkpoints")  # noqa: PTH118 - as torch.hub joins


def download_url_to_file(scope: Scope, /, *args: Any, **kwargs: Any) -> None:
    """Bring a URL's bytes to a file."""
    from rehub import compat

    with api.acting_as(hub_of(scope), quiet=True):
        compat.download_url_to_file(*args, **kwargs)


def load_state_dict_from_url(
    scope: Scope, /, url: str, model_dir: Path | None = None, *args: Any, **kwargs: Any
) -> Any:
    """Read weights from a URL, or from the file in which its bytes are already."""
    from rehub import compat

    folder = model_dir or checkpoints(scope)
    with api.acting_as(hub_of(scope), quiet=True):
        return compat.load_state_dict_from_url(url, folder, *args, **kwargs)
