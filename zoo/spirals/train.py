"""Train the network, or check the trained one: ``python -m spirals.train [--check]`` in the zoo's folder."""

import sys

import torch
from torch import nn

from spirals.data import spirals
from spirals.load import WEIGHTS, spirals_mlp
from spirals.model import SpiralsMLP

TRAIN_SEED, TEST_SEED = 1, 2
POINTS = 4000  # to train on
STEPS = 1500
TEST_POINTS = 10_000


def train() -> SpiralsMLP:
    """Train from nothing; the same machine and build give the same weights."""
    torch.manual_seed(TRAIN_SEED)
    model = SpiralsMLP()
    points, labels = spirals(POINTS, seed=TRAIN_SEED)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(points), labels).backward()
        optimizer.step()
        schedule.step()
    return model.eval()


def accuracy(model: nn.Module) -> float:
    """Give the fraction of unseen points that a model has right."""
    points, labels = spirals(TEST_POINTS, seed=TEST_SEED)
    with torch.no_grad():
        return (model(points).argmax(1) == labels).double().mean().item()


if __name__ == "__main__":
    if "--check" not in sys.argv:
        WEIGHTS.parent.mkdir(exist_ok=True)
        torch.save(train().state_dict(), WEIGHTS)
    print(f"{accuracy(spirals_mlp(pretrained=True)):.4f} of {TEST_POINTS} unseen points are right")
