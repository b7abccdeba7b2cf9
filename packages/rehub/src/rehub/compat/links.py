"""A patched ``_git_archive_link``: where it sends downloads of archives, repositories are fetched instead."""

import re

from rehub.compat.patches import patched
from rehub.words.errors import MalformedSettingError
from rehub.words.ref import GITHUB, Remote
from rehub.words.settings import Mirror

_ITSELF = {f"https://{GITHUB}/", f"https://www.{GITHUB}/", f"https://api.{GITHUB}/repos/"}


def _git_archive_link(repo_owner: str, repo_name: str, ref: str) -> str:
    """Give the URL of an archive on GitHub, which rehub does not use."""
    return f"https://{GITHUB}/{repo_owner}/{repo_name}/zipball/{ref}"


def mirror_of(remote: Remote, rev: str) -> Mirror | None:
    """Read the mirror in a patched ``_git_archive_link``; ``None`` if there is none.

    Understood are a proxy in front of the usual link, and another host with GitHub's paths.

    Raises:
        MalformedSettingError: it gives something else.
    """
    own = patched("_git_archive_link")
    if own is None or remote.host != GITHUB:
        return None
    owner, _, name = remote.path.partition("/")
    said = own(owner, name, rev)
    tail = (
        rf"{re.escape(owner)}/{re.escape(name)}/(?:zipball|archive)/(?:refs/(?:heads|tags)/)?{re.escape(rev)}(?:\.zip)?"
    )
    found = re.fullmatch(rf"(?P<base>https?://\S*/){tail}", said) if isinstance(said, str) else None
    if found is None:
        raise MalformedSettingError(
            "torch.hub._git_archive_link",
            said,
            f"a link that ends in {owner}/{name}/zipball/{rev}; repositories are fetched by git here, and "
            f"REHUB_MIRRORS='https://{GITHUB}/=<another place>/' says where from",
        )
    return None if found["base"] in _ITSELF else Mirror.parse(f"https://{GITHUB}/={found['base']}")
