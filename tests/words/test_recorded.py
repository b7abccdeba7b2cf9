"""What a lock says of what was loaded: names, joins, contradictions, and what it must not say."""

from dataclasses import replace
from functools import reduce
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehub.words import locktext
from rehub.words.errors import DigestMismatchError, MalformedSettingError
from rehub.words.lock import Lock, LockedModel
from rehub.words.provenance import Provenance, UsedWeights
from rehub.words.recorded import model_of, with_model, with_weights
from rehub.words.unverified import Unverified
from tests.words.locks import MODEL, REPOSITORY, WEIGHTS, locks

MADE = Provenance("acme/toy", REPOSITORY.pin, "net", (3,), (("pretrained", True),), ref="acme/toy@v1")


@given(locks(), st.randoms())
def test_whatever_is_recorded_is_there_and_can_be_written(lock: Lock, random: Random) -> None:
    """In any order, once or twice: each call is one model, and all that it needs is in a lock that can be read again."""
    models = [replace(model, name=model.entry) for model in lock.models]
    random.shuffle(models)
    found = reduce(with_model, models, Lock())
    assert reduce(with_model, models, found) == found
    assert {model.call for model in found.models} == {model.call for model in models}
    for model in models:
        recorded = found.model(model.call)
        assert recorded is not None
        assert set(model.repositories) <= set(recorded.repositories)
        assert set(model.weights) <= set(recorded.weights)
        assert recorded.complete <= model.complete
    assert locktext.parse(locktext.format(found)) == found


def test_two_loads_of_one_model_are_joined() -> None:
    """What only one of them needed is needed, and what one of them got past rehub is said."""
    other = replace(WEIGHTS, url="https://example.org/other.pth")
    seen = replace(MODEL, weights=(other,), complete=False, unverified=("starts wget",), environment=(("torch", "9"),))
    (found,) = with_model(Lock((MODEL,)), seen).models
    assert found.weights == (WEIGHTS, other)
    assert (found.complete, found.unverified) == (False, ("starts wget",))
    assert found.environment == MODEL.environment


def test_names_are_unique() -> None:
    """The entry's name, with a number if it is taken; one that was given must be free."""
    lock = Lock()
    for number in range(3):
        lock = with_model(lock, replace(MODEL, args=(number,)))
    assert [(each.name, each.args) for each in lock.models] == [("net", (0,)), ("net-2", (1,)), ("net-3", (2,))]
    with pytest.raises(MalformedSettingError, match="net-2"):
        with_model(lock, replace(MODEL, name="net-2"))
    assert with_model(lock, replace(MODEL, name="mine", args=(1,))).models[0].name == "mine"


def test_one_ref_is_one_commit_and_one_url_one_file() -> None:
    """What contradicts the lock is refused, and the message has both."""
    lock = Lock((MODEL,))
    pin = replace(REPOSITORY.pin, commit="b" * 40)
    with pytest.raises(DigestMismatchError, match="b" * 40):
        with_model(lock, replace(MODEL, args=(), repositories=(replace(REPOSITORY, pin=pin),)))
    with pytest.raises(DigestMismatchError, match="0" * 64):
        with_model(lock, replace(MODEL, args=(), weights=(replace(WEIGHTS, sha256="0" * 64),)))
    with pytest.raises(DigestMismatchError, match="0" * 64):
        with_weights(lock, replace(WEIGHTS, sha256="0" * 64))
    assert with_weights(lock, WEIGHTS) == lock


HARMFUL = {
    "a URL": ("https://ada:s3cret@example.org/net?Signature=s3cret&v=2", "https://example.org/net?v=2"),
    "a URL in a list": (["https://ada:s3cret@example.org/"], ["https://example.org/"]),
    "a token of Hugging Face": ("hf_" + "s3cret" * 5, "<str>"),
    "a token of GitHub in a text": ("use ghp_" + "s3cret" * 6, "<str>"),
    "a name that says it": ({"password": "s3cret", "width": 3}, {"password": "<str>", "width": 3}),
    "nothing of it": ("hf_hub", "hf_hub"),
}


@pytest.mark.parametrize("case", HARMFUL)
def test_arguments_that_could_let_somebody_in(case: str) -> None:
    """A lock is published with its project: such values are left out of it."""
    value, said = HARMFUL[case]
    model = model_of(replace(MADE, args=(value,), kwargs=(("x", value), ("api_token", "s3cret"))), "acme/toy@v1")
    assert (model.args, model.kwargs) == ((said,), (("api_token", "<str>"), ("x", said)))


def test_names_that_only_look_secret() -> None:
    """Words that merely contain one are no secrets, nor is what is no text."""
    kwargs = (("key_dim", "64"), ("tokenizer", "bpe"), ("use_auth_token", True))
    assert model_of(replace(MADE, kwargs=kwargs), "acme/toy@v1").kwargs == kwargs


def test_what_went_past_rehub_is_named_up_to_a_number() -> None:
    """A lock is read by people: the first twenty, and how many more there were."""
    seen = tuple(Unverified("url", f"https://example.org/{number}") for number in range(25))
    model = model_of(replace(MADE, unverified=seen), "acme/toy@v1")
    assert not model.complete
    assert len(model.unverified) == 21
    assert model.unverified[-1] == "and 5 more"


def test_bytes_that_stand_in_the_url_are_not_locked() -> None:
    """`data:` needs no digest: it is its own content."""
    used = UsedWeights("data:,x", "0" * 64, 1)
    assert model_of(replace(MADE, weights=(used,)), "acme/toy@v1").weights == ()


def test_a_repository_that_nobody_named_by_a_ref() -> None:
    """It is named by its commit."""
    model: LockedModel = model_of(replace(MADE, ref=""), str(REPOSITORY.pin))
    assert [each.ref for each in model.repositories] == [str(REPOSITORY.pin)]
