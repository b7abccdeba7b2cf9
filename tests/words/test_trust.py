"""The rule by which code may run."""

import itertools

import pytest

from rehub.words.digest import Digest
from rehub.words.errors import MalformedError, MalformedSettingError, UntrustedError
from rehub.words.pin import Pin
from rehub.words.ref import Ref, Remote
from rehub.words.trust import Grant, WeightsGrant, admit, admits_weights

SHA, OTHER = "a" * 40, "b" * 40
REMOTE = Remote("https", "github.com", "acme/toy")
PIN = Pin(REMOTE, SHA)
GRANTS = {
    "none": [],
    "this commit": [Grant(REMOTE.url, SHA)],
    "any commit": [Grant(REMOTE.url)],
    "another commit": [Grant(REMOTE.url, OTHER)],
    "another repository": [Grant("https://github.com/acme/toy2", SHA), Grant("https://gitlab.com/acme/toy")],
}


@pytest.mark.parametrize(
    ("grants", "mode", "asked"),
    list(itertools.product(GRANTS, ["never", "ask", "always"], [None, "check", True, False])),
)
def test_every_combination(grants: str, mode: str, asked: object) -> None:
    """A grant always allows; without one, True or an open policy does, but for a caller's False or a policy of never."""
    by_call = mode != "never" and (asked is True or (mode == "always" and asked is not False))
    expected = grants in {"this commit", "any commit"} or by_call
    try:
        admit(PIN, asked=asked, mode=mode, grants=GRANTS[grants])  # type: ignore[arg-type]
    except UntrustedError as error:
        assert not expected
        assert f"rehub trust add acme/toy@{SHA}" in str(error)
        assert isinstance(error, PermissionError)
    else:
        assert expected


@pytest.mark.parametrize("asked", [1, 0, "yes", "", "True", object(), [True]])
def test_anything_else_is_no_yes(asked: object) -> None:
    """What torch.hub would take for a yes is refused, even where the policy allows everything."""
    with pytest.raises(MalformedSettingError, match="trust_repo"):
        admit(PIN, asked=asked, mode="always", grants=GRANTS["any commit"])


@pytest.mark.parametrize("commit", ["", "main", SHA[:12], SHA.upper().replace("A", "G"), "A" * 40, SHA + "\n", "../x"])
def test_pin_holds_a_whole_commit(commit: str) -> None:
    """A pin cannot move: only 40 hex digits make one."""
    with pytest.raises(MalformedError):
        Pin(REMOTE, commit)


def test_pin_is_written_as_a_ref() -> None:
    """A pin's text is a ref that means it."""
    ref = Ref.parse(str(PIN))
    assert (ref.place, ref.commit) == (REMOTE, SHA)
    assert PIN.short == "acme/toy@" + SHA[:12]


FILE, ELSE = Digest.of(b"file"), Digest.of(b"else")


@pytest.mark.parametrize(
    ("mode", "own", "inside", "granted"),
    list(itertools.product(["never", "ask", "always"], [True, False], [True, False], [(), (ELSE,), (ELSE, FILE)])),
)
def test_every_combination_for_weights(mode: str, own: bool, inside: bool, granted: tuple[Digest, ...]) -> None:
    """A file's own digest always allows it, and so does its checkout; the user's call does unless the policy is never."""
    found = admits_weights(
        lambda: FILE,
        users_own_call=own,
        inside_checkout=inside,
        mode=mode,  # type: ignore[arg-type]
        grants=lambda: [WeightsGrant(each) for each in granted],
    )
    assert found is (inside or FILE in granted or (own and mode != "never"))
