"""Shapes are found where people write them, and nowhere else."""

import pytest

from rehub.words.reading.shape import MAX_TEXT, shape_in, shapes_in

SHAPES = {
    "Tensor of shape (N, C, H, W)": "(N, C, H, W)",
    "of shape (batch, length), int64.": "(batch, length)",
    "`torch.LongTensor` of shape `(batch_size, sequence_length)`, *optional*": "(batch_size, sequence_length)",
    "array, shape [n, 3]": "[n, 3]",
    "shape=(B, T)": "(B, T)",
    "with shape B x T x C": "B x T x C",
    "of shape :math:`(N, *, H_{in})`": "(N, *, H_in)",
    "a 1-D tensor of shape `[N]`": "[N]",
    "Float[B, 3, H, W], values in [0, 1], RGB": "[B, 3, H, W]",
    "Float[...] in, Float[...] out": "[...]",
    "Float[Tensor, 'batch c h w']": "[batch c h w]",
    "Tensor[N, 3]": "[N, 3]",
    "the picture, (N, C, H, W)": "(N, C, H, W)",
    "[B, 3, 224, 224]": "[B, 3, 224, 224]",
    "(3, 224, 224)": "(3, 224, 224)",
    "(L-1, 2*C)": "(L-1, 2*C)",
    "(seq_len, bsz, embed_dim)": "(seq_len, bsz, embed_dim)",
    "a BxCxHxW tensor": "BxCxHxW",
}
NO_SHAPES = [
    *("", "Tensor", "values in [0, 1]", "(optional)", "(bool, optional)", "(height, in pixels)", "(RGB, BGR)"),
    *("List[int]", "Optional[Tensor]", "Dict[str, Tensor]", "shape (int, int)", "the (x, y) place", "224x224"),
    *("color (255, 0, 0)", "see figure (A)", "in shape: (tuple)"),
]


@pytest.mark.parametrize("text", SHAPES)
def test_a_shape_is_found(text: str) -> None:
    """Each way of writing one is understood."""
    assert shape_in(text) == SHAPES[text]


@pytest.mark.parametrize("text", NO_SHAPES)
def test_what_is_no_shape_is_left_alone(text: str) -> None:
    """Ranges, types, colors and remarks in brackets are no shapes."""
    assert shape_in(text) is None


def test_shapes_section_of_pytorch() -> None:
    """The section that PyTorch's own modules have names input, output and what else has a shape."""
    doc = r"""Linear.

    Shape:
        - Input: :math:`(*, H_\text{in})` where :math:`*` means any number of dimensions.
        - Output: :math:`(*, H_\text{out})`
        - mask: [N, L]

    Examples::
    """
    assert shapes_in(doc) == {"input": "(*, H_in)", "output": "(*, H_out)", "mask": "[N, L]"}
    assert shapes_in("Shape up!") == {}


@pytest.mark.parametrize(
    "text", ["(" * 50_000, "a_" * 50_000, "Float[" + "B, " * 50_000, "1x" * 50_000, "shape " * 9_999]
)
def test_hostile_text_costs_nothing(text: str) -> None:
    """Only so much of a text is looked at."""
    assert len(shape_in(text) or "") <= MAX_TEXT
    assert shapes_in("Shape:\n  " + text) == {}
