"""A transformer of any size, and its weights as a file: ``python bench/network.py FILE LAYERS``.

A layer has 12.6 million parameters (50 MB), so 20 make the 250 million of the question.
"""

import sys

import torch
from torch import nn

WIDTH = 1024


class Network(nn.Module):
    """So many layers, each initialised by itself, as in most repositories."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(WIDTH, 16, 4 * WIDTH, batch_first=True) for _ in range(layers)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Send numbers through: x is a float32 [B, T, 1024]."""
        for layer in self.layers:
            x = layer(x)
        return x


if __name__ == "__main__":
    torch.manual_seed(0)
    torch.save(Network(int(sys.argv[2])).state_dict(), sys.argv[1])
