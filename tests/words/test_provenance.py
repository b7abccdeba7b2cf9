"""How a provenance is written down and read back, and what becomes of texts that are none."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehub.words.digest import Digest
from rehub.words.environment import Environment
from rehub.words.errors import MalformedError, NotFoundError
from rehub.words.jsonliterals import read, written
from rehub.words.pin import Checkout, Pin
from rehub.words.provenance import Provenance, UsedWeights, literal
from rehub.words.ref import Ref, Remote
from rehub.words.unverified import Unverified

COMMIT, TREE, SHA = "1f" * 20, "2e" * 20, "3d" * 32
REMOTE = Remote("https", "github.com", "acme/toy")
PIN = Pin(REMOTE, COMMIT, Digest(SHA), TREE)
WEIGHTS = UsedWeights("https://example.org/a.pth", "4c" * 32, 7)
ENVIRONMENT = Environment(
    "3.11.7",
    "linux-x86_64",
    "0.1.0",
    torch="2.13.0+cpu",
    device="cpu",
    capability="AVX2",
    threads=2,
    interop_threads=1,
    settings=(("deterministic_algorithms", "true"),),
    distributions=(("Pillow", "12.0"), ("zope.interface", "7.1")),
    others=("mine",),
)
INNER = Provenance("./inner", None, "net", ref="./inner")
FULL = Provenance(
    "acme/toy",
    PIN,
    "net",
    (3, "x"),
    (("pretrained", True),),
    (INNER,),
    (WEIGHTS,),
    ref="acme/toy@v1",
    environment=ENVIRONMENT,
)

plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
plain |= st.complex_numbers(allow_nan=False)
hashable = st.recursive(plain, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3), max_leaves=5)
values = st.recursive(
    hashable,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.dictionaries(hashable, inner, max_size=3)
        | st.sets(hashable, max_size=3)
    ),
    max_leaves=8,
)


@given(values)
def test_literals_come_back(value: Any) -> None:
    """Whatever an entry can be called with that is kept, JSON gives back as it was, kinds and all."""
    again = read(json.loads(json.dumps(written(value))))
    assert again == value
    assert type(again) is type(value)


@given(
    st.lists(values, max_size=3),
    st.dictionaries(st.text(), values, max_size=2),
    st.sampled_from([None, PIN, Pin(REMOTE, COMMIT), Pin(Ref.parse("git@host.org:a/b").place, COMMIT, Digest(SHA))]),  # type: ignore[arg-type]
    st.lists(st.sampled_from([INNER, FULL]), max_size=2),
    st.sampled_from([None, ENVIRONMENT, Environment("3.12.0", "darwin-arm64")]),
)
def test_a_provenance_comes_back(
    args: list[Any], kwargs: dict[str, Any], pin: Pin | None, nested: list[Provenance], environment: Environment | None
) -> None:
    """Reading what was written gives an equal provenance, git's id of the tree too."""
    made = Provenance(
        "acme/toy",
        pin,
        "net",
        tuple(map(literal, args)),
        tuple((name, literal(value)) for name, value in kwargs.items()),
        tuple(replace(each, environment=None) for each in nested),
        (WEIGHTS,),
        (Unverified("process", "wget"),),
        "acme/toy@v1",
        environment,
    )
    again = Provenance.from_dict(json.loads(json.dumps(made.as_dict())))
    assert again == made
    assert again.git_tree == made.git_tree


def _changed(*path: str | int, to: Any) -> Any:
    data = json.loads(json.dumps(FULL.as_dict()))
    place = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return data


STRANGE = [
    *(None, [], "text", 3, {}),
    _changed("version", to=2),
    _changed("version", to=True),
    _changed("entry", to=3),
    _changed("pin", to={}),
    _changed("pin", "commit", to="main"),
    _changed("pin", "remote", to="./folder"),
    _changed("pin", "remote", to="https://user:pw@example.org/a"),
    _changed("pin", "tree", to="sha256:xyz"),
    _changed("arguments", "args", to="abc"),
    _changed("arguments", "args", to=[{"$bytes": "?"}]),
    _changed("arguments", "args", to=[{"$set": [[1]]}]),
    _changed("weights", 0, "size", to="7"),
    _changed("weights", 0, "sha256", to="4c"),
    _changed("nested", 0, "unverified", to=[{"kind": "magic", "what": "x"}]),
    _changed("environment", "threads", to="2"),
    _changed("environment", "distributions", to=[["numpy", "1"]]),
]


@pytest.mark.parametrize("data", STRANGE, ids=range(len(STRANGE)))
def test_what_is_no_provenance_is_refused(data: Any) -> None:
    """Data of any other form, or of a newer one, is a MalformedError and nothing else."""
    with pytest.raises(MalformedError):
        Provenance.from_dict(data)


def test_deep_nesting_is_refused() -> None:
    """A provenance that is nested without end is refused before Python's own limit is."""
    data = FULL.as_dict()
    for _ in range(100):
        data = {**FULL.as_dict(), "nested": [data]}
    with pytest.raises(MalformedError, match="deeper than 50"):
        Provenance.from_dict(data)


def test_a_number_that_cannot_be_written_is_not_kept() -> None:
    """Python writes down no number of more than 4,300 digits; the size of one is kept instead."""
    assert literal(10**5000) == "<int of 16610 bits>"


def test_swhids_name_the_commit_and_the_tree() -> None:
    """They are git's own ids; what is not known, and a folder, has none."""
    assert FULL.swhids == (f"swh:1:rev:{COMMIT}", f"swh:1:dir:{TREE}")
    assert Pin(REMOTE, COMMIT).swhids == (f"swh:1:rev:{COMMIT}",)
    assert INNER.swhids == ()


def test_packages_are_in_alphabetical_order() -> None:
    """Each once, whatever the order of imports was; the order of a lock's versions begins with Python and torch."""
    found = Environment("3.11.7", "linux-x86_64", torch="2.13.0").with_packages(
        [("zlib-ng", "1"), ("Pillow", "12"), ("numpy", "2"), ("numpy", "2")], ["b", "a", "b"]
    )
    assert found.distributions == (("numpy", "2"), ("Pillow", "12"), ("zlib-ng", "1"))
    assert found.others == ("a", "b")
    assert found.versions[:3] == (("python", "3.11.7"), ("torch", "2.13.0"), ("numpy", "2"))


def test_a_statement_is_in_toto_with_slsa() -> None:
    """The subject is what has a digest, by in-toto's names; all else is where SLSA's provenance v1 has it."""
    made = FULL.statement()
    assert made["_type"] == "https://in-toto.io/Statement/v1"
    assert made["predicateType"] == "https://slsa.dev/provenance/v1"
    code = f"git+https://github.com/acme/toy@{COMMIT}"
    assert made["subject"] == [
        {"name": code, "digest": {"gitCommit": COMMIT, "gitTree": TREE, "dirHash": SHA}},
        {"name": WEIGHTS.url, "digest": {"sha256": WEIGHTS.sha256}},
    ]
    definition, details = made["predicate"]["buildDefinition"], made["predicate"]["runDetails"]
    assert definition["externalParameters"] == {
        "ref": "acme/toy@v1",
        "entry": "net",
        "arguments": {"args": [3, "x"], "kwargs": {"pretrained": True}},
    }
    assert [each["uri"] for each in definition["resolvedDependencies"]] == [
        *(code, WEIGHTS.url, "file:./inner"),
        *("pkg:pypi/torch@2.13.0%2Bcpu", "pkg:pypi/pillow@12.0", "pkg:pypi/zope-interface@7.1"),
    ]
    assert definition["internalParameters"]["threads"] == 2
    assert details["builder"] == {
        "id": "pkg:pypi/rehub",
        "version": {"rehub": "0.1.0", "python": "3.11.7", "torch": "2.13.0+cpu"},
    }
    assert details["rehub_complete"] is True


def test_a_statement_says_what_went_past_rehub() -> None:
    """What nobody verified is named, and the statement does not call itself complete; nested code counts, too."""
    inner = Provenance("acme/in", PIN, "net", unverified=(Unverified("native", "hf_xet.so"),))
    details = Provenance("acme/toy", PIN, "net", nested=(inner,)).statement()["predicate"]["runDetails"]
    assert details["rehub_complete"] is False
    assert details["rehub_unverified"] == [{"kind": "native", "what": "hf_xet.so"}]


def test_one_url_with_two_files() -> None:
    """Two files of one URL are two dependencies; one file that two repositories use is one."""
    other = replace(WEIGHTS, sha256="5e" * 32)
    inner = Provenance("./inner", None, "net", weights=(WEIGHTS, other))
    definition = replace(FULL, nested=(inner,)).statement()["predicate"]["buildDefinition"]
    found = [each["digest"]["sha256"] for each in definition["resolvedDependencies"] if each["uri"] == WEIGHTS.url]
    assert found == [WEIGHTS.sha256, other.sha256]


def test_no_statement_without_a_digest() -> None:
    """A folder of the user's own has no digest that a statement could be about."""
    with pytest.raises(NotFoundError, match="can change at any moment"):
        INNER.statement()


def test_what_could_let_somebody_in_is_left_out() -> None:
    """An argument's password is in no provenance: models carry it along, and statements are published."""
    checkout = Checkout(Remote("https", "github.com", "acme/nets"), Path("/x"), "acme_nets")
    made = Provenance.of(checkout, "net", ["https://ada:s3cret@example.org/a.pth"], {"api_token": "s3cret", "width": 3})
    assert (made.args, made.kwargs) == (("https://example.org/a.pth",), (("api_token", "<str>"), ("width", 3)))
