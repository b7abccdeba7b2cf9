"""What torch.hub's inner functions ask a repository's server; here by git's own protocol."""

from typing import Any
from urllib.request import urlopen

from rehub import api
from rehub.compat.failures import torch_errors
from rehub.compat.folders import get_dir
from rehub.verbs.resolve import Resolved, resolve
from rehub.words.errors import MalformedRefError, OfflineError
from rehub.words.ref import Ref, Remote

ENV_GITHUB_TOKEN = "GITHUB_TOKEN"  # noqa: S105 - the name of a variable


def remote_of(owner: str, name: str) -> Remote:
    """Give a repository on GitHub.

    Raises:
        MalformedRefError: there can be none of that name.
    """
    return _remote(_meant(f"{owner}/{name}"))


def _meant(github: str) -> Ref:
    return api.DEFAULT.settings.meant(Ref.parse(github))


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
    known = api.DEFAULT.store.records.find_ref(remote, None) or _resolved(ref)
    return owner, name, known.name.removeprefix("refs/heads/")


def _validate_not_a_forked_repo(repo_owner: str, repo_name: str, ref: str) -> None:
    """Refuse a commit that no branch or tag of a repository reaches, as a fork's is.

    Raises:
        ValueError: it is one, or there is no such branch or tag.
    """
    _resolved(Ref(remote_of(repo_owner, repo_name), ref))


def _resolved(ref: Ref) -> Resolved:
    hub = api.DEFAULT
    world = hub._fetching  # noqa: SLF001 - the faces are one layer
    with torch_errors(get_dir()):
        if hub.settings.offline:
            raise OfflineError(str(ref))
        return resolve(ref, world.source(_remote(ref)), store=world.store, git=world.git)


def _read_url(url: Any) -> str:
    """Read a URL's text, as torch.hub does; rehub has no use for it."""
    with urlopen(url) as answer:  # noqa: S310 - whoever calls this has chosen the URL
        text: str = answer.read().decode(answer.headers.get_content_charset("utf-8"))
        return text
