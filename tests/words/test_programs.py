"""What a program asks to be loaded, read from its text."""

import ast

import pytest

from rehub.words.programs import Wanted, wanted

CALLS = {
    "torch.hub": ("import torch\ntorch.hub.load('a/b', 'net', 3, depth=2)", Wanted(2, "a/b", "net", (3,), (("depth", 2),))),
    "its own options": (
        "import torch\ntorch.hub.load('a/b', 'net', trust_repo=True, force_reload=f(), verbose=False, x=1)",
        Wanted(2, "a/b", "net", (), (("x", 1),)),
    ),
    "rehub": ("import rehub\nrehub.load('a/b:v1', 'net')", Wanted(2, "a/b:v1", "net", ())),
    "another name": ("import rehub as r\nr.load('a/b', 'net')", Wanted(2, "a/b", "net", ())),
    "the function's own name": ("from rehub import load as l\nl('a/b', 'net')", Wanted(2, "a/b", "net", ())),
    "a module of torch": ("from torch import hub\nhub.load('a/b', 'net')", Wanted(2, "a/b", "net", ())),
    "its whole name": ("import torch.hub as h\nh.load('a/b', 'net')", Wanted(2, "a/b", "net", ())),
    "torch.hub's face": ("from rehub import compat\ncompat.load('a/b', 'net')", Wanted(2, "a/b", "net", ())),
    "by names": ("import rehub\nrehub.load(model='net', repo_or_dir='a/b')", Wanted(2, "a/b", "net", ())),
    "an import in a function": ("def f():\n import rehub\n return rehub.load('a/b', 'net')", Wanted(3, "a/b", "net", ())),
    "arguments that are worked out": ("import rehub\nrehub.load('a/b', 'net', f())", Wanted(2, "a/b", "net", None)),
    "arguments in a dictionary": ("import rehub\nrehub.load('a/b', 'net', **d)", Wanted(2, "a/b", "net", None)),
    "arguments in a list": ("import rehub\nrehub.load('a/b', 'net', *a)", Wanted(2, "a/b", "net", None)),
    "a ref that is worked out": ("import rehub\nrehub.load(f'a/{b}', 'net')", Wanted(2, "", "net", ())),
    "a folder": ("import rehub\nrehub.load('x', 'net', source='local')", Wanted(2, "x", "net", (), local=True)),
    "entry": ("import rehub\nrehub.entry('a/b', 'net')(depth=2)", Wanted(2, "a/b", "net", None)),
    "weights": (
        "from torch.hub import load_state_dict_from_url\nload_state_dict_from_url('https://x/y')",
        Wanted(2, url="https://x/y"),
    ),
    "a file": ("import rehub\nrehub.download_url_to_file(url='https://x/y', dst='z')", Wanted(2, url="https://x/y")),
    "weights of old": ("import torch.utils.model_zoo as z\nz.load_url('https://x/y')", Wanted(2, url="https://x/y")),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_calls_are_found(name: str) -> None:
    """A call that loads something is found, whatever the function is called there."""
    text, expected = CALLS[name]
    assert list(wanted(ast.parse(text))) == [expected]


@pytest.mark.parametrize(
    "text",
    ["torch.hub.load('a/b', 'net')", "import json\njson.load('a/b', 'net')", "from .torch import hub\nhub.load('a/b', 'n')",
     "import torch\ntorch.load('a/b')", "load('a/b', 'net')", "import rehub\n'rehub.load(\"a/b\", \"net\")'"],
)  # fmt: skip
def test_other_calls_are_not(text: str) -> None:
    """What is called by no import of rehub or torch is not theirs."""
    assert list(wanted(ast.parse(text))) == []
