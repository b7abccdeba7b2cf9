"""Whatever is done to the bytes of a sound file, looking at it ends, in an answer or one of two errors; and so does reading."""

import contextlib
import io
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save as save_safetensors

import rehub
from rehub.verbs.weights import read_weights
from rehub.words.weightfiles import Contents, Fault, Source, look
from rehub.words.weightfiles.instructions import instructions
from tests.weights.making import archive, stream, table, tensor, whole


def _saved(**how: bool) -> bytes:
    value = {
        "w": torch.arange(6.0).reshape(2, 3),
        "p": torch.nn.Parameter(torch.ones(2)),
        "n": [1, "x"],
        "s": torch.eye(2).to_sparse(),
    }
    torch.save(value, file := io.BytesIO(), **how)
    return file.getvalue()


SEEDS = [
    _saved(),
    _saved(_use_new_zipfile_serialization=False),
    archive(whole(table(w=tensor()))),
    archive(whole(table(w=tensor())), method=8),
    stream(whole(b"}"), keys=whole(b"]"), tail=b""),
    save_safetensors({"w": torch.ones(2), "b": torch.zeros(1, 2)}),
]
edits = st.lists(
    st.tuples(
        st.floats(0, 1), st.sampled_from(["set", "insert", "remove", "repeat"]), st.binary(min_size=1, max_size=4)
    ),
    min_size=1,
    max_size=4,
)


def changed(data: bytes, edit: list[tuple[float, str, bytes]]) -> bytes:
    """Change bytes at some places."""
    for where, what, new in edit:
        at = int(where * len(data))
        rest = {"set": at + len(new), "insert": at, "remove": at + len(new) * 5, "repeat": max(0, at - 20)}[what]
        data = data[:at] + (new if what != "remove" else b"") + data[rest:]
    return data


def looked(data: bytes) -> Contents | None:
    """Look at bytes; give nothing if they are refused."""
    try:
        return look(Source.of(data))
    except Fault:
        return None


@settings(max_examples=400)
@given(st.sampled_from(SEEDS), edits)
def test_looking_ends_in_an_answer_or_a_fault(data: bytes, edit: list[tuple[float, str, bytes]]) -> None:
    """No mutation of a sound file makes looking raise anything else."""
    looked(changed(data, edit))


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_any_bytes_can_be_looked_at(data: bytes) -> None:
    """Neither do bytes that nobody thought of, as a file or as a pickle."""
    looked(data)
    looked(archive(data))
    looked(stream(data))
    looked(len(data).to_bytes(8, "little") + data)


@settings(max_examples=300)
@given(st.binary(max_size=60))
def test_instructions_end(data: bytes) -> None:
    """The instructions of any bytes end, within them."""
    with_end: Iterator[tuple[str, object, int]] = instructions(data)
    with contextlib.suppress(Fault):
        assert all(at <= len(data) for *_, at in with_end)


@settings(max_examples=100)
@given(st.sampled_from(SEEDS), edits)
def test_reading_ends_in_weights_or_a_typed_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, edit: list[tuple[float, str, bytes]]
) -> None:
    """What looking admits of mutations, torch reads, or its refusal is one of rehub's errors."""
    _read(changed(data, edit), tmp_path_factory.getbasetemp() / f"fuzzed-{os.getpid()}")


def _read(data: bytes, file: Path) -> None:
    file.write_bytes(data)
    with contextlib.suppress(rehub.MalformedWeightsError, rehub.UnsafeWeightsError):
        read_weights(file, map_location="cpu")


@pytest.mark.soak
def test_many_more_mutations(tmp_path: Path) -> None:
    """Ten minutes' worth of mutations, seeded, find nothing else either."""
    chance = random.Random(0)
    kinds = ["set", "insert", "remove", "repeat"]
    for _ in range(200_000):
        edit = [
            (chance.random(), chance.choice(kinds), chance.randbytes(chance.randint(1, 4)))
            for _ in range(chance.randint(1, 4))
        ]
        data = changed(chance.choice(SEEDS), edit)
        if looked(data) is not None:
            _read(data, tmp_path / "fuzzed")
