"""Digests, and Go's tree digest computed a second time by other means."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehub.words.digest import Digest, tree_digest
from rehub.words.errors import MalformedError

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
paths = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\0"), min_size=1, max_size=8)


def by_hand(files: dict[str, bytes]) -> str:
    """Compute Go's Hash1 from its specification, sorting bytes as Go does."""
    rows = sorted((path.encode(), hashlib.sha256(data).hexdigest().encode()) for path, data in files.items())
    total = hashlib.sha256(b"".join(digest + b"  " + path + b"\n" for path, digest in rows)).digest()
    return "h1:" + base64.b64encode(total).decode()


def test_vector_of_go() -> None:
    """The digest is the one that Go's own test expects.

    Source: golang.org/x/mod/sumdb/dirhash, hash_test.go, TestHash1: "xyz" with "data for xyz", "abc" with "data for abc".
    """
    lines = "".join(f"{hashlib.sha256(f'data for {name}'.encode()).hexdigest()}  {name}\n" for name in ("abc", "xyz"))
    expected = "h1:" + base64.b64encode(hashlib.sha256(lines.encode()).digest()).decode()
    files = [(name, Digest.of(f"data for {name}".encode())) for name in ("xyz", "abc")]
    assert tree_digest(files).h1 == expected
    assert tree_digest([]).hex == EMPTY


@given(st.dictionaries(paths, st.binary(max_size=8), max_size=6))
def test_tree_digest_is_gos(files: dict[str, bytes]) -> None:
    """For any names and contents, in any order, the digest is what the specification says."""
    rows = [(path, Digest.of(data)) for path, data in files.items()]
    assert tree_digest(rows).h1 == tree_digest(reversed(rows)).h1 == by_hand(files)


def test_name_with_a_newline_has_no_digest() -> None:
    """Two trees could share one digest if names held newlines, or one name came twice."""
    one = Digest.of(b"1")
    with pytest.raises(MalformedError, match="newline"):
        tree_digest([("a\nb", one)])
    with pytest.raises(MalformedError, match="twice"):
        tree_digest([("a", one), ("a", one)])
    assert tree_digest([("a", one), ("a b", one)])


def test_one_byte_or_one_letter_is_another_tree() -> None:
    """Content and names both count."""
    one, two = Digest.of(b"1"), Digest.of(b"2")
    trees = [[("a", one)], [("a", two)], [("b", one)], [("a", one), ("b", one)]]
    assert len({tree_digest(tree) for tree in trees}) == 4


@given(st.binary(max_size=20))
def test_round_trips(data: bytes) -> None:
    """A digest is read back from each of its spellings."""
    digest = Digest.of(data)
    assert Digest.parse(str(digest)) == Digest.parse(digest.h1) == Digest.parse(digest.hex) == digest
    assert digest.hex == hashlib.sha256(data).hexdigest()
    assert digest.hex.startswith(digest.short)


@pytest.mark.parametrize(
    "text",
    ["", "sha256:", "sha1:" + "a" * 40, EMPTY.upper(), EMPTY[:-1], EMPTY + "0", "h1:", "h1:AAAA", "h1:\u00e9", "../x"],
)
def test_what_is_no_digest_is_refused(text: str) -> None:
    """Another algorithm, length or case is no SHA-256."""
    with pytest.raises(MalformedError):
        Digest.parse(text)


@given(st.text(max_size=80))
def test_parsing_never_breaks(text: str) -> None:
    """Any text is a digest or the typed error."""
    try:
        Digest.parse(text)
    except MalformedError:
        return
