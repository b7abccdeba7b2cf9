"""Exploring what was loaded, and holding it against what is expected."""

import inspect
import io
import pydoc
from pathlib import Path

import pytest

import rehub
from rehub import Hub
from tests.world import World

torch = pytest.importorskip("torch")

BERT = {
    "hubconf.py": "dependencies = ['torch']\nfrom models.bert import MaskedLM as _MaskedLM\n\n"
    "def bert(width=4):\n    '''Make a small one.'''\n    return _MaskedLM(width)\n\n"
    "def detector():\n    '''Give a model and what one needs with it.'''\n    from models.base import split\n"
    "    return _MaskedLM(4), (split, _MaskedLM)\n\n"
    "def targets():\n    return {'vocals': _MaskedLM(4), 'drums': _MaskedLM(8)}\n\n"
    "def clash(expect=None):\n    return expect\n",
    "models/__init__.py": "",
    "models/base.py": '''
from torch import nn


class PreTrained(nn.Module):
    """Whatever can be loaded by name."""

    @classmethod
    def from_pretrained(cls, name, **options):
        """Make one by its name."""
        raise NotImplementedError

    def tie_weights(self):
        """Let the head use the embedding's numbers."""
        self.head.weight = self.embedding.weight


def split(text, sep=" "):
    """Split a text into words.

    Args:
        sep: what stands between them.
    """
    return text.split(sep)
''',
    "models/bert.py": '''
import torch
from torch import nn

from models.base import PreTrained


class MaskedLM(PreTrained):
    """A model that fills in masked words."""

    def __init__(self, width):
        super().__init__()
        self.embedding = nn.Embedding(10, width)
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(12)])
        self.head = nn.Linear(width, 10)
        self.tie_weights()

    def forward(self, input_ids, attention_mask=None, labels=None):
        """Score every word of the vocabulary at each place.

        Args:
            input_ids: numbers of words, int64 of shape (batch, length).
            attention_mask: Float[B, L], 1 where there is a word.
            labels: as input_ids.

        Returns:
            Scores of shape (batch, length, words).
        """
        return self.head(self.embedding(input_ids))

    def generate(self, input_ids, steps: int = 20):
        """Fill in one word after the other."""
''',
}


@pytest.fixture
def hub(world: World, clean_home: Path) -> Hub:
    """Give a hub that lets acme/bert run."""
    world.repo(BERT, name="acme/bert", tag="v1")
    return Hub(dir=clean_home / "hub", mirrors=world.mirrors, trust="always")


def test_python_itself_explains_a_loaded_model(hub: Hub) -> None:
    """``help`` shows forward's signature and documentation, and a module that one can read; ``dir`` the methods."""
    model = hub.load("acme/bert:v1", "bert")
    page = io.StringIO()
    pydoc.Helper(output=page).help(model.forward)
    text = pydoc.plain(page.getvalue())
    assert "forward in module rehub.repos.acme_bert_" in text
    assert ".models.bert:" in text
    assert "forward(input_ids, attention_mask=None, labels=None)" in text
    assert "Score every word of the vocabulary at each place." in text
    assert {"forward", "generate", "tie_weights", "from_pretrained"} <= set(dir(model))
    assert str(inspect.signature(model.forward)) == "(input_ids, attention_mask=None, labels=None)"


def test_explore_names_what_a_loaded_model_can_do(hub: Hub) -> None:
    """Its methods and its bases', forward's parameters with shapes, sizes, submodules, and files of the repository."""
    found = rehub.explore(hub.load("acme/bert:v1", "bert").eval())
    assert [each.name for each in found.methods] == ["forward", "generate", "from_pretrained", "tie_weights"]
    assert [each.shape for each in found.inputs] == ["(batch, length)", "[B, L]", None]
    assert found.returns_shape == "(batch, length, words)"
    assert found.sizes
    assert found.sizes.parameters.numbers == 10 * 4 + 12 * 20 + 10
    assert found.sizes.tied == (("embedding.weight", "head.weight"),)
    text = str(found)
    for part in (
        "models/bert.py:8",
        "forward(input_ids, attention_mask=None, labels=None)",
        "mode        evaluation",
        "layers.0 … layers.11  12 × Linear",
        "from_pretrained(name, **options)  class method  models/base.py:8",
    ):
        assert part in text


def test_explore_in_a_notebook(hub: Hub) -> None:
    """Tables, without the text being lost where there is no notebook."""
    found = rehub.explore(hub.load("acme/bert:v1", "bert"))
    html = found._repr_html_()
    assert html.count("<table>") == 5
    assert "<code>generate(input_ids, steps: int = 20)</code>" in html
    assert repr(found) == str(found)


def test_inspect_in_a_notebook(hub: Hub) -> None:
    """What reading tells is a table of entries, and text elsewhere."""
    found = hub.inspect("acme/bert:v1")
    html = found._repr_html_()
    assert "<code>bert(width=4)</code>" in html
    assert "Make a small one." in html
    text = repr(found)
    for part in (str(found.checkout), "commit", "bert(width=4)", "hubconf.py:4", "dependencies\n", "torch"):
        assert part in text


def test_tuples_and_dictionaries_of_models(hub: Hub) -> None:
    """Each element is told by how it is reached."""
    found = rehub.explore(hub.load("acme/bert:v1", "detector"))
    model, tools = found.items
    assert (model.key, model.found.kind, tools.found.items[0].found.name) == ("[0]", "module", "split")
    assert "[1][0] split(text, sep=' ')" in str(found)
    targets = rehub.explore(hub.load("acme/bert:v1", "targets"))
    assert [each.key for each in targets.items] == ["['vocals']", "['drums']"]


def test_depth_and_rows_can_be_chosen() -> None:
    """As many levels and lines as one likes, but at least one."""
    net = torch.nn.Sequential(torch.nn.Sequential(torch.nn.ReLU()))
    assert "ReLU" in str(rehub.explore(net))
    assert "ReLU" not in str(rehub.explore(net, depth=1))
    for bad in ({"depth": 0}, {"rows": "many"}, {"depth": True}):
        with pytest.raises(rehub.MalformedSettingError, match="a number from 1"):
            rehub.explore(net, **bad)  # type: ignore[arg-type]


# expect=


def test_what_is_expected_is_given(hub: Hub) -> None:
    """A result of the class, of one of several, or of an heir passes."""
    for expect in (torch.nn.Module, (torch.nn.Module,), (str, torch.nn.Module), object, None):
        assert isinstance(hub.load("acme/bert:v1", "bert", expect=expect), torch.nn.Module)
    assert hub.entry("acme/bert:v1", "bert", expect=torch.nn.Module)(width=8).head.in_features == 8


def test_something_else_is_a_typed_error(hub: Hub) -> None:
    """It says what was expected and found, of which entry of which commit, and where the model lies in it."""
    with pytest.raises(rehub.UnexpectedResultError) as caught:
        hub.load("acme/bert:v1", "detector", expect=torch.nn.Module)
    error = caught.value
    assert isinstance(error, rehub.RunError)
    assert isinstance(error, TypeError)
    assert (error.entry, error.expected) == ("detector", ("torch.nn.modules.module.Module",))
    assert error.where == str(hub.fetch("acme/bert:v1").pin)
    assert error.found.startswith("tuple of 2 (0: rehub.repos.acme_bert_")
    assert "element 0 of the result is one" in str(error)
    assert str(error).endswith(f"rehub explore {error.where} detector")
    with pytest.raises(rehub.UnexpectedResultError, match="element 'vocals'"):
        hub.load("acme/bert:v1", "targets", expect=torch.nn.Module)
    with pytest.raises(rehub.UnexpectedResultError, match="expected str or int\n  found    NoneType\n"):
        hub.load("acme/bert:v1", "clash", expect=(str, int))


def test_expect_is_not_passed_on(hub: Hub) -> None:
    """An entry with a parameter of that name is called through ``entry``."""
    assert hub.load("acme/bert:v1", "clash", expect=type(None)) is None
    assert hub.entry("acme/bert:v1", "clash", expect=int)(expect=3) == 3


@pytest.mark.parametrize("expect", [3, "nn.Module", (), (3,), [dict], list[int], (dict, list[int])], ids=str)
def test_an_expectation_that_cannot_be_checked_is_refused_first(hub: Hub, world: World, expect: object) -> None:
    """Before anything is asked for, let alone run."""
    world.hub.reset()
    with pytest.raises(rehub.MalformedSettingError, match="expect cannot be"):
        hub.load("acme/bert:v1", "bert", expect=expect)  # type: ignore[call-overload]
    assert world.hub.log == []
