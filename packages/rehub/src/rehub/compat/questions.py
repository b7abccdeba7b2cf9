"""torch.hub's inner functions about one repository: its parts, its commits, whether it is trusted."""

from typing import TYPE_CHECKING, Any

from rehub import api
from rehub.compat.failures import torch_errors
from rehub.compat.folders import get_dir
from rehub.words.errors import MalformedRefError, OfflineError
from rehub.words.ref import Ref, Remote
from rehub.words.torchnames import TRUSTED_OWNERS, TorchNames
from rehub.words.trust import check_asked

if TYPE_CHECKING:
    from rehub.verbs.resolve import Resolved

ENV_GITHUB_TOKEN = "GITHUB_TOKEN"  # noqa: S105 - the name of a variable
_TRUSTED_REPO_OWNERS = TRUSTED_OWNERS


def _remote_of(owner: str, name: str) -> Remote:
    """Give a repository on GitHub.

    Raises:
        MalformedRefError: there can be none of that name.
    """
    return _remote(_meant(f"{owner}/{name}"))


def _meant(github: str) -> Ref:
    return api.acting().settings.meant(Ref.parse(github))


def _remote(ref: Ref) -> Remote:
    if isinstance(ref.place, Remote):
        return ref.place
    raise MalformedRefError(str(ref), "it is no remote repository")


def _parse_repo_info(github: str) -> tuple[str, str, str]:
    """Take a ref apart into owner, name and branch or tag; a remote that was never asked is asked for its default.

    Raises:
        ValueError: it is no ref.
        RuntimeError: the default branch is not known, and there is no connection.
    """
    ref = _meant(github)
    remote = _remote(ref)
    owner, _, name = remote.path.rpartition("/")
    if ref.rev:
        return owner, name, ref.rev
    known = api.acting().store.records.find_ref(remote, None) or _resolved(ref)
    return owner, name, known.name.removeprefix("refs/heads/")


def _validate_not_a_forked_repo(repo_owner: str, repo_name: str, ref: str) -> None:
    """Refuse a commit that no branch or tag of a repository reaches, as a fork's is.

    Raises:
        ValueError: it is one, or there is no such branch or tag.
    """
    _resolved(Ref(_remote_of(repo_owner, repo_name), ref))


def _resolved(ref: Ref) -> "Resolved":
    from rehub.verbs.resolve import resolve

    hub = api.acting()
    world = hub._fetching  # noqa: SLF001 - the faces are one layer
    with torch_errors(get_dir()):
        if hub.settings.offline:
            raise OfflineError(str(ref))
        return resolve(ref, world.source(_remote(ref)), store=world.store, git=world.git)


def _check_repo_is_trusted(repo_owner: str, repo_name: str, owner_name_branch: str, trust_repo: object) -> None:
    """Ask whether a repository may run, and write down that it may, as torch.hub's own function does.

    Raises:
        UntrustedError: it may not.
        MalformedError: ``trust_repo``, or an answer, is none that can be understood; a :class:`ValueError`.
    """
    from rehub.compat.trust import Request, decide
    from rehub.verbs.torchfolder import remember
    from rehub.world.torchfolder import TorchFolder

    check_asked(trust_repo)
    ref = owner_name_branch.removeprefix(f"{repo_owner}_{repo_name}_")
    names = TorchNames(_remote_of(repo_owner, repo_name), ref)
    hub = api.acting()
    if decide(Request(hub, [names], trust_repo)).is_new:
        remember(names, TorchFolder(hub.settings.dir), hub.store)


def _read_url(url: Any) -> str:
    """Read a URL's text, as torch.hub does; rehub has no use for it."""
    from urllib.request import urlopen

    with urlopen(url) as answer:  # noqa: S310 - whoever calls this has chosen the URL
        text: str = answer.read().decode(answer.headers.get_content_charset("utf-8"))
        return text
