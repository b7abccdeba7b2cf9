"""The network: two hidden layers of sines, which bend as spirals do."""

import torch
from torch import Tensor, nn


class SpiralsMLP(nn.Module):
    """Tell which of two spirals a point lies on.

    Args:
        width: of both hidden layers.
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.first = nn.Linear(2, width)
        self.second = nn.Linear(width, width)
        self.last = nn.Linear(width, 2)

    def forward(self, points: Tensor) -> Tensor:
        """Score points.

        Args:
            points: Float[B, 2], coordinates within about 1.1 of the origin.

        Returns:
            Float[B, 2]: logits for the first and the second spiral.
        """
        hidden = torch.sin(4.0 * self.first(points))
        return self.last(torch.sin(self.second(hidden)))
