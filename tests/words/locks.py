"""Locks of every kind, for hypothesis, and one that people can read."""

import string
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from rehub.words.digest import Digest
from rehub.words.lock import Lock, LockedModel, LockedRepository, LockedWeights
from rehub.words.pin import Pin
from rehub.words.ref import Ref, Remote

REPOSITORY = LockedRepository(
    "acme/toy@v1", Pin(Remote("https", "github.com", "acme/toy"), "a" * 40, Digest.of(b"toy")), "b" * 40
)
WEIGHTS = LockedWeights("https://example.org/net.pth", Digest.of(b"net").hex, 3)
MODEL = LockedModel(
    "net",
    "acme/toy@v1",
    "net",
    (3,),
    (("pretrained", True),),
    (REPOSITORY,),
    (WEIGHTS,),
    environment=(("python", "3.11.7"), ("torch", "2.13.0+cpu")),
)

TEXT = """\
# Which bytes this project's models are made of. rehub writes it; comments and edits are kept.
version = 1

[[model]]
name = "net"
ref = "acme/toy@v1"
entry = "net"
arguments = ["3", "pretrained=True"]
complete = true

[[model.repository]]
ref = "acme/toy@v1"
remote = "https://github.com/acme/toy"
gitCommit = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
gitTree = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
dirHash = "h1:D1MTPOV8qOiTe7SxwVoz75WUcE4cEavVjlmLuDYvc4U="

[[model.weights]]
url = "https://example.org/net.pth"
size = 3
sha256 = "a08a0fcbdeafd3c1b3a4b495b9a9c9d96850f08946b52bc0622347d3b6e73b78"

[model.environment]
python = "3.11.7"
torch = "2.13.0+cpu"

[[weights]]
url = "https://example.org/words.txt"
size = 9
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"

[pylock]
file = "pylock.toml"
sha256 = "1111111111111111111111111111111111111111111111111111111111111111"
"""
LOCK = Lock((MODEL,), (replace(WEIGHTS, url="https://example.org/words.txt", size=9, sha256="0" * 64),), "pylock.toml", "1" * 64)  # fmt: skip

_WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
_HEX = st.text("0123456789abcdef", min_size=64, max_size=64)
_NAMES = st.text(string.ascii_lowercase, min_size=1, max_size=3)
_REVS = st.sampled_from(["", "@main", "@v1", "@" + "c" * 40])
_FORMS = st.sampled_from(["{}/{}", "gitlab.com/x/{}/{}", "ssh://git@host.org/{}/{}", "file:///srv/{}/{}.git"])
_URLS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="[]"), min_size=1, max_size=12
)
_DOWNLOADS = st.builds(LockedWeights, _URLS, _HEX, st.integers(0, 1 << 62))
_PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20), st.binary(max_size=9)
) | st.complex_numbers(allow_nan=False)


def literals(depth: int = 2) -> st.SearchStrategy[Any]:
    """Give whatever the provenance keeps of an argument, as it is."""
    if not depth:
        return _PLAIN
    keys, inner = st.none() | st.booleans() | st.integers() | st.text(max_size=9), literals(depth - 1)
    rows = st.lists(inner, max_size=3)
    sets = st.sets(keys, max_size=3)
    return st.one_of(_PLAIN, rows, rows.map(tuple), st.dictionaries(keys, inner, max_size=3), sets, sets.map(frozenset))


@st.composite
def repositories(draw: st.DrawFn) -> LockedRepository:
    """Give a repository, each commit with one tree."""
    place = draw(_FORMS).format(draw(_NAMES), draw(_NAMES))
    ref = Ref.parse(place + draw(_REVS))
    assert isinstance(ref.place, Remote)
    commit = ref.commit or Digest.of(str(ref).encode()).hex[:40]
    tree = Digest.of(f"{ref.place.url}{commit}".encode())
    git_tree = draw(st.sampled_from(["", tree.hex[:40]]))
    return LockedRepository(str(ref), Pin(ref.place, commit, tree), git_tree, draw(st.none() | st.integers(0, 1 << 62)))


@st.composite
def locks(draw: st.DrawFn) -> Lock:
    """Give a lock that says one thing of each."""
    repos = draw(st.lists(repositories(), min_size=1, max_size=4, unique_by=lambda each: each.ref))
    files = draw(st.lists(_DOWNLOADS, max_size=4, unique_by=lambda each: each.url))
    models = draw(st.lists(_models(repos, files), max_size=3, unique_by=lambda each: each.name))
    asked = draw(_some(files))
    pylock = draw(st.just(("", "")) | st.tuples(_WORDS, _HEX))
    return Lock(tuple(models), tuple(asked), *pylock)


def _some(values: list[Any]) -> st.SearchStrategy[list[Any]]:
    # By number: hypothesis takes equal values for one, and a repository's size does not count as a difference.
    numbers = st.lists(st.integers(0, max(len(values) - 1, 0)), max_size=min(len(values), 3), unique=True)
    return numbers.map(lambda chosen: [values[number] for number in chosen])


@st.composite
def _models(draw: st.DrawFn, repos: list[LockedRepository], files: list[LockedWeights]) -> LockedModel:
    used = draw(_some(repos))
    kwargs = draw(st.dictionaries(_WORDS | _NAMES, literals(), max_size=3))
    environment = draw(st.dictionaries(_WORDS, _WORDS, max_size=3))
    return LockedModel(
        draw(_WORDS),
        used[0].ref if used else "./model",
        draw(_WORDS),
        tuple(draw(st.lists(literals(), max_size=2))),
        tuple(kwargs.items()),
        tuple(used),
        tuple(draw(_some(files))),
        draw(st.booleans()),
        tuple(draw(st.lists(_WORDS, max_size=2))),
        tuple(environment.items()),
    )
