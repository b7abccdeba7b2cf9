"""What entries give, written as people write it."""

import enum
import functools
from typing import Any

import torch
from torch import nn

from tests.verbs.exploring import ran


class Named(nn.Module):
    """Whatever can be loaded by name."""

    @classmethod
    def from_pretrained(cls, name: str, *, device: str = "cpu") -> "Named":
        """Make one by its name."""
        return cls()

    @staticmethod
    def words(text):
        return text.split()

    @property
    def device(self):
        """Where it is."""
        ran("property")

    @functools.cached_property
    def slow(self):
        ran("cached property")

    def score(self, input_ids):
        """Score words."""

    config = {"a": 1}
    Config = dict


class Layer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.inner = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, x):
        ran("forward")


class MaskedLM(Named):
    """Fill in masked words.

    At length.
    """

    def __init__(self, words=10, width=4):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.layers = nn.ModuleList([Layer(width) for _ in range(3)])
        self.head = nn.Linear(width, words)
        self.register_buffer("places", torch.arange(16))
        self.tie_weights()

    def forward(self, input_ids, attention_mask=None, labels: "torch.Tensor | None" = None, **options: Any):
        """Score every word of the vocabulary at each place.

        Args:
            input_ids (torch.LongTensor): numbers of words, of shape (batch, length).
            attention_mask: Float[B, L], 1 where there is a word.
            labels (`torch.LongTensor` of shape `(batch, length)`, *optional*):
                What the words are.

        Returns:
            Scores of shape (batch, length, words).
        """
        ran("forward")

    def generate(self, input_ids, steps: int = 20, *, act=nn.GELU):
        """Fill in one word after the other."""

    def tie_weights(self):
        """Let the head use the embedding's numbers."""
        self.head.weight = self.embedding.weight

    def score(self, input_ids, *, fast=False):
        return super().score(input_ids)

    def _private(self):
        ran("private")


class Scripted(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 2)

    def forward(self, x: torch.Tensor, twice: bool = False) -> torch.Tensor:
        return self.fc(x)

    @torch.jit.export
    def reset(self, n: int) -> int:
        return n


def paint(model: nn.Module, img: "Image", size: int = 512, *, side_by_side: bool = False) -> "Image":  # type: ignore[name-defined] # noqa: F821
    """Paint a face.

    Args:
        model: the generator.
        size: in pixels.
    """
    ran("function")


class Writer:
    """Write."""

    def __init__(self, words=10, width=4): ...

    def write(self, text, steps: int = 20):
        """Write a text."""


class Color(enum.Enum):
    RED = 1


class Pipeline:
    """From speech to text."""

    def __init__(self):
        self.model, self._hidden, self.rate = nn.Linear(1, 1), nn.Linear(1, 1), 16_000

    def __call__(self, audio, rate: int = 16_000):
        """Write down what is said."""
