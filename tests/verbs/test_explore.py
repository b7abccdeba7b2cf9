"""Exploring a module tells how it is called, what it can do, how large it is and what it is made of."""

import functools
import subprocess
import sys
import warnings
from typing import Any

import pytest

from rehub.verbs.explore import Limits
from rehub.words.exploration import Kind, MethodKind
from tests.verbs.exploring import sizes, told

torch = pytest.importorskip("torch")
nn = torch.nn

from tests.verbs import specimens  # noqa: E402 - it needs torch
from tests.verbs.specimens import MaskedLM, Scripted  # noqa: E402


def test_methods_are_told_with_signature_documentation_and_place() -> None:
    """Its own first, then those of its bases; what every module has is only named."""
    found = told(MaskedLM())
    assert found.kind is Kind.MODULE
    assert found.summary == "Fill in masked words."
    methods = {each.name: each for each in found.methods}
    assert list(methods) == [
        *("forward", "generate", "tie_weights", "score"),
        *("from_pretrained", "words", "device", "slow"),
    ]
    generate = methods["generate"]
    assert generate.signature == "(input_ids, steps: int = 20, *, act=GELU)"
    assert generate.summary == "Fill in one word after the other."
    assert (generate.owner, methods["device"].owner) == ("MaskedLM", "Named")
    assert generate.place
    assert generate.place.file == specimens.__file__
    assert generate.place.line == MaskedLM.generate.__code__.co_firstlineno
    assert methods["from_pretrained"].kind is MethodKind.CLASS_METHOD
    assert methods["from_pretrained"].signature == "(name: str, *, device: str = 'cpu') -> Named"
    assert (methods["words"].kind, methods["words"].signature) == (MethodKind.STATIC_METHOD, "(text)")
    assert (methods["device"].kind, methods["device"].summary) == (MethodKind.PROPERTY, "Where it is.")
    assert methods["slow"].kind is MethodKind.PROPERTY
    assert methods["score"].summary == "Score words."
    (common,) = found.common
    assert common.owner == "torch.nn.Module"
    assert {"to", "eval", "state_dict"} <= set(common.names)
    assert not set(common.names) & set(methods)


def test_forward_is_told_with_types_and_shapes() -> None:
    """What signature and docstring say of each parameter stands together."""
    found = told(MaskedLM())
    assert found.call
    assert (
        found.call.signature == "(input_ids, attention_mask=None, labels: torch.Tensor | None = None, **options: Any)"
    )
    ids, mask, labels, options = found.inputs
    assert (ids.annotation, ids.shape, ids.default) == ("torch.LongTensor", "(batch, length)", None)
    assert (mask.shape, mask.doc) == ("[B, L]", "Float[B, L], 1 where there is a word.")
    assert (labels.shape, labels.doc, labels.default) == ("(batch, length)", "What the words are.", "None")
    assert labels.annotation == "torch.Tensor | None"
    assert options.kind == "variadic keyword"
    assert found.returns_shape == "(batch, length, words)"


def test_text_shows_it_all() -> None:
    """A person reads size, mode, call, methods and submodules; each method once."""
    text = str(told(MaskedLM().eval()))
    for part in (
        "MaskedLM\nFill in masked words.\n",
        "parameters  134 (134 trainable, float32)",
        "buffers     16 (int64)",
        "tied        embedding.weight = head.weight",
        "mode        evaluation",
        "Score every word of the vocabulary at each place.",
        "methods of Named\n",
        "layers.0 … layers.2  3 × Layer",
    ):
        assert part in text
    assert text.count("generate(") == 1
    assert "_private" not in text


def test_sizes_count_each_tensor_once() -> None:
    """Tied weights, and parameters made of others, are the same numbers under several names."""
    model = MaskedLM()
    model.again = nn.Parameter(model.head.bias)
    model.embedding.weight.requires_grad_(requires_grad=False)
    found = sizes(told(model))
    counted = sum(each.numel() for each in model.parameters()) - 10
    assert found.parameters.numbers == counted
    assert found.trainable == counted - 40
    assert found.parameters.bytes == 4 * counted
    assert (found.buffers.numbers, found.buffers.bytes, found.buffers.dtypes) == (16, 128, ("int64",))
    assert found.parameters.devices == ("cpu",)
    assert set(found.tied) == {("again", "head.bias"), ("embedding.weight", "head.weight")}


def test_submodules_alike_are_told_once() -> None:
    """What follows one another and differs by its number only is one line; names that say something stay."""
    found = told(MaskedLM())
    assert found.parts
    embedding, layers, head = found.parts.parts
    (three,) = layers.parts
    assert (three.name, three.last, three.count, three.type) == ("layers.0", "layers.2", 3, "Layer")
    assert (three.own, three.total, three.inside) == (0, 28, 2)
    assert [each.name for each in three.parts] == ["layers.0.inner", "layers.0.norm"]
    assert (embedding.count, head.own) == (1, 50)
    model = nn.Module()
    model.query, model.key, model.fc1, model.fc2, model.fc3 = (nn.Linear(2, n) for n in (2, 2, 2, 2, 3))
    assert [each.name for each in told(model).parts.parts] == ["query", "key", "fc1", "fc3"]  # type: ignore[union-attr]


def test_deep_and_wide_modules_are_told_within_limits() -> None:
    """Levels are left out until the lines suffice, then lines; both are said."""
    wide = nn.Sequential(*[nn.Sequential(nn.Linear(1, n), nn.ReLU()) for n in range(1, 41)])
    assert str(told(wide)).count("ReLU") == 0
    assert "a greater depth shows more levels" in str(told(wide))
    assert str(told(wide, Limits(rows=200))).count("ReLU") == 40
    assert str(told(wide, Limits(rows=200, depth=1))).count("ReLU") == 0
    found = told(wide, Limits(rows=10))
    assert found.parts
    assert (len(found.parts.parts), found.parts.left_out) == (10, 30)
    assert "… 30 more lines" in str(found)
    assert "more than 5 submodules" in str(told(wide, Limits(modules=5)))
    assert "only the first 2 methods" in str(told(MaskedLM(), Limits(methods=2)))


def test_a_forward_that_was_put_into_the_object_is_what_is_called() -> None:
    """Some libraries replace the method of one object."""
    model = nn.Linear(2, 2)
    model.forward = functools.partial(lambda x, scale=1: x, scale=2)  # type: ignore[method-assign]
    found = told(model)
    assert found.call
    assert found.call.signature == "(x, *, scale=2)"


def test_pytorchs_own_modules_keep_shapes_in_their_class() -> None:
    """The section Shape of a class is about its forward."""
    found = told(nn.Conv2d(1, 2, 3))
    assert found.inputs[0].shape == "(N, C_in, H_in, W_in)"
    assert found.returns_shape == "(N, C_out, H_out, W_out)"


def test_a_module_without_forward() -> None:
    """It cannot be called, and that is said."""
    assert "defines no forward" in str(told(nn.ModuleDict({"a": nn.ReLU()})))


def test_a_lazy_module_has_parameters_without_a_size() -> None:
    """They are counted, not measured; measured, they raise."""
    found = sizes(told(nn.Sequential(nn.LazyLinear(3), nn.Linear(3, 1))))
    assert (found.unsized, found.parameters.numbers) == (2, 4)


def test_a_module_without_memory() -> None:
    """On the device meta sizes are known; different tensors are not taken for one."""
    found = sizes(told(nn.Sequential(nn.Linear(3, 3, device="meta"), nn.Linear(3, 3, device="meta"))))
    assert found.parameters.numbers == 24
    assert found.parameters.devices == ("meta",)
    assert found.tied == ()


def test_a_quantized_module_says_what_cannot_be_counted() -> None:
    """Packed weights are seen by torch's kernels only."""
    with warnings.catch_warnings(action="ignore"):
        model = torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(4, 4)), {nn.Linear})
    assert "packed form" in str(told(model))


def test_torchscript_keeps_schemas() -> None:
    """Of compiled code methods, parameters, sizes and submodules are told."""
    with warnings.catch_warnings(action="ignore"):
        found = told(torch.jit.script(Scripted().eval()))
        traced = told(torch.jit.trace(nn.Linear(2, 2), torch.zeros(1, 2)))
        function = told(torch.jit.script(nn.functional.relu))
    assert [(each.name, each.signature) for each in found.methods] == [
        ("forward", "(x: Tensor, twice: bool = False) -> Tensor"),
        ("reset", "(n: int) -> int"),
    ]
    assert (found.training, sizes(found).parameters.numbers) == (False, 6)
    assert found.parts
    assert (found.parts.type, found.parts.parts[0].type) == ("Scripted", "Linear")
    assert traced.call
    assert (traced.call.signature, sizes(traced).parameters.numbers) == ("(input: Tensor) -> Tensor", 6)
    assert (function.kind, function.name, len(function.inputs)) == (Kind.FUNCTION, "relu", 2)


def test_a_compiled_module_is_seen_through() -> None:
    """``torch.compile`` wraps a module; what it wraps is what one wants to know."""
    with warnings.catch_warnings(action="ignore"):
        found = told(torch.compile(nn.Linear(2, 2), backend="eager"))
    assert found.call
    assert (found.type, found.call.signature) == ("torch.nn.modules.linear.Linear", "(input: Tensor) -> Tensor")


def test_very_deep_modules_end() -> None:
    """What lies too deep is said not to be counted, before Python's stack ends."""
    model: Any = nn.Linear(1, 1)
    for _ in range(3000):
        model = nn.Sequential(model)
    assert "deeper than 100 levels" in str(told(model))


def test_exploring_imports_nothing_of_torch() -> None:
    """torch is looked at as far as somebody has imported it; it would import slow parts of itself when asked for them."""
    script = (
        "import sys, torch; model = torch.nn.Linear(1, 1); before = set(sys.modules)\n"
        "import rehub; rehub.explore((model, len, torch.zeros(1)))\n"
        "print([name for name in set(sys.modules) - before if name.startswith('torch')])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"
    script = "import sys, rehub; rehub.explore((1, len, {'a': []})); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "False\n"
