"""The task: points on two interleaved spirals, made from a seed.

Source of the task: Lang and Witbrock, "Learning to Tell Two Spirals Apart", 1988 Connectionist Models Summer School.
"""

import torch
from torch import Tensor

TURNS = 2.0  # of each spiral around the origin
NOISE = 0.03  # standard deviation of a point around its place, in units of the outer radius


def spirals(number: int, *, seed: int) -> tuple[Tensor, Tensor]:
    """Make points and the spiral that each lies on.

    Args:
        number: of points, half of them on each spiral.
        seed: two different ones share no point.

    Returns:
        ``points``: Float[number, 2], within about 1.1 of the origin; ``labels``: Long[number], 0 or 1.
    """
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(number) % 2
    along = torch.rand(number, generator=generator).sqrt()  # the root spreads points evenly along the curve
    angle = along * TURNS * 2 * torch.pi + labels * torch.pi
    points = torch.stack([along * angle.cos(), along * angle.sin()], dim=1)
    return points + NOISE * torch.randn(number, 2, generator=generator), labels
