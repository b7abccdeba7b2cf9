"""torch.hub's names: what they are for a repository, and when one can mean only one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehub.words.ref import Ref, Remote
from rehub.words.torchnames import TorchNames


def names(ref: str) -> TorchNames:
    """Give the names of a ref."""
    found = Ref.parse(ref)
    assert isinstance(found.place, Remote)
    return TorchNames(found.place, found.rev or "main")


@pytest.mark.parametrize(
    ("ref", "line", "folder"),
    [
        ("acme/toy", "acme_toy", "acme_toy_main"),
        ("acme/toy:ci/a_b", "acme_toy", "acme_toy_ci_a_b"),
        ("pytorch/vision:v0.20.1", "pytorch_vision", "pytorch_vision_v0.20.1"),
        ("snakers4/silero-vad:master", "snakers4_silero-vad", "snakers4_silero-vad_master"),
    ],
)
def test_a_repository_on_github_has_torch_hubs_names(ref: str, line: str, folder: str) -> None:
    """They are joined by underscores, and slashes become such."""
    assert (names(ref).line, names(ref).folder) == (line, folder)


@pytest.mark.parametrize(
    "ref", ["gitlab.com/acme/toy", "https://example.org/x", "file:///srv/acme/toy.git", "git@github.com:acme/toy"]
)
def test_what_torch_hub_cannot_name_has_names_of_its_own(ref: str) -> None:
    """None of them could be a repository's on GitHub, and none is trusted by what torch.hub has written."""
    found = names(ref)
    assert "~" in found.line
    assert "~" in found.folder
    assert "/" not in found.folder
    assert (found.line_is_certain, found.folder_is_certain, found.is_trusted_from_the_start) == (False,) * 3


def test_owners_are_trusted_by_their_whole_name_on_github() -> None:
    """Not in other letters, nor on another host."""
    assert names("pytorch/vision").is_trusted_from_the_start
    for other in ("Pytorch/vision", "pytorch-x/vision", "gitlab.com/pytorch/vision", "git@github.com:pytorch/vision"):
        assert not names(other).is_trusted_from_the_start


WORD = st.from_regex(r"[a-z][a-z0-9_-]{0,6}", fullmatch=True)


@given(WORD, WORD, WORD, WORD, WORD, WORD)
def test_a_certain_name_is_nobody_elses(a: str, b: str, c: str, d: str, e: str, f: str) -> None:
    """If two repositories have one name, neither is certain; names that are told apart never meet."""
    one, two = names(f"{a}/{b}:{c}"), names(f"{d}/{e}:{f}")
    if one.remote != two.remote:
        assert not (one.line == two.line and one.line_is_certain)
        assert not (one.folder == two.folder and one.folder_is_certain)
    if (one.remote, one.rev) != (two.remote, two.rev):
        assert one.apart != two.apart
