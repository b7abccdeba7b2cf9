"""torch.hub's names in its own folder, and what each of them can mean.

Code lies in ``<owner>_<name>_<ref>``, and ``trusted_list`` has a line ``<owner>_<name>``. Owners, names and refs may
hold ``_`` themselves, so that ``a_b_c`` is ``a_b/c`` as well as ``a/b_c``: a name alone proves nothing, unless it can
be taken apart in one way only. What torch.hub cannot name at all (another host, a second repository of one name) gets
a name with ``~``, which no owner on GitHub and no git ref can hold.
"""

from dataclasses import dataclass

from rehub.words.digest import Digest
from rehub.words.ref import GITHUB, Remote

TRUSTED_OWNERS = ("facebookresearch", "facebookincubator", "pytorch", "fairinternal")
"""The owners that torch.hub trusts from the start. Source: torch 2.13, torch/hub.py, ``_TRUSTED_REPO_OWNERS``."""


@dataclass(frozen=True, slots=True)
class TorchNames:
    """The names of a repository at a ref.

    Attributes:
        remote: the repository.
        rev: the branch, tag or commit, as it was asked for; a default branch by its own name.

    Example:
        >>> from rehub.words.ref import Ref
        >>> names = TorchNames(Ref.parse("acme/big_zoo").place, "ci/test")
        >>> names.line, names.folder
        ('acme_big_zoo', 'acme_big_zoo_ci_test')
        >>> names.line_is_certain, TorchNames(Ref.parse("acme/zoo").place, "v1").folder_is_certain
        (False, True)
    """

    remote: Remote
    rev: str

    @property
    def parts(self) -> tuple[str, str]:
        """The owner and the name."""
        owner, _, name = self.remote.path.removesuffix(".git").rpartition("/")
        return owner.rpartition("/")[2], name

    @property
    def is_known_to_torch(self) -> bool:
        """Whether torch.hub itself could name this repository."""
        return self.remote.url == f"https://{GITHUB}/{'/'.join(self.parts)}"

    @property
    def line(self) -> str:
        """What ``trusted_list`` says of it."""
        line = "_".join(filter(None, self.parts))
        return line if self.is_known_to_torch else f"{line}~{Digest.of(self.remote.url.encode()).short}"

    @property
    def folder(self) -> str:
        """The folder of its code."""
        return self._joined if self.is_known_to_torch else self.apart

    @property
    def apart(self) -> str:
        """The folder of its code if another repository or ref has that name already."""
        return f"{self._joined}~{Digest.of(f'{self.remote.url} {self.rev}'.encode()).short}"

    @property
    def _joined(self) -> str:
        return "_".join([*filter(None, self.parts), self.rev.replace("/", "_")])

    @property
    def line_is_certain(self) -> bool:
        """Whether a line that torch.hub wrote can mean no other repository."""
        return self.is_known_to_torch and self.line.count("_") == 1

    @property
    def folder_is_certain(self) -> bool:
        """Whether a folder that torch.hub made can be of no other repository."""
        return self.is_known_to_torch and self.folder.count("_") == 2  # noqa: PLR2004 - between its three parts

    @property
    def is_trusted_from_the_start(self) -> bool:
        """Whether its owner is one of torch.hub's four."""
        return self.is_known_to_torch and self.parts[0] in TRUSTED_OWNERS
