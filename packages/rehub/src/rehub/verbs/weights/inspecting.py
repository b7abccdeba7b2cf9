"""What a file of weights holds, and what reading it would run: told without reading it, and without torch."""

from dataclasses import dataclass, replace
from pathlib import Path

from rehub.verbs.weights.copies import unpacked
from rehub.verbs.weights.opened import Opened, opened
from rehub.words.weightfiles import Contents, Fault, Kind, RunsCode, look, tell


@dataclass(frozen=True, slots=True)
class TensorRow:
    """A tensor of a file.

    Attributes:
        kind: ``parameter``, ``sparse``, ``quantized``, ``meta``, or nothing special.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    kind: str = ""


@dataclass(frozen=True, slots=True)
class InspectedWeights:
    """What there is to say of a file of weights.

    Attributes:
        file: its path, as it was given.
        kind: what it is, in words.
        digest: ``sha256:<hex>`` of its bytes.
        size: in bytes.
        tensors: what it holds, if it is sound and nothing but weights.
        runs: what reading it in full would run.
        wrong: why it is not read, if it is not.
    """

    file: str
    kind: str
    digest: str
    size: int
    tensors: tuple[TensorRow, ...] = ()
    runs: tuple[str, ...] = ()
    wrong: str = ""


def inspect_weights(place: Path) -> InspectedWeights:
    """Look at a file of weights; nothing of it is run, and torch is not needed.

    Raises:
        MalformedWeightsError: it is no regular file.
        OSError: it cannot be read.
    """
    with opened(place) as file:
        plain = InspectedWeights(str(place), tell(file.source).value, str(file.digest), file.source.size)
        try:
            return replace(plain, tensors=_rows(_contents(file)))
        except RunsCode as fault:
            return replace(plain, runs=fault.found, wrong=fault.reason)
        except Fault as fault:
            return replace(plain, wrong=str(fault))


def _contents(file: Opened) -> Contents:
    found = look(file.source)
    if found.kind is not Kind.ZIPPED:
        return found
    with unpacked(file, found) as inner:
        return look(inner.source)


def _rows(contents: Contents) -> tuple[TensorRow, ...]:
    return tuple(TensorRow(name, each.dtype, each.shape, each.kind) for name, each in contents.tensors.items())
