"""Small models that were really trained, published the way any repository publishes its own.

Everything that is needed lies in this folder: code, weights, and the program that trained them.
"""

dependencies = ["torch"]

from spirals.load import spirals_mlp  # noqa: E402, F401
