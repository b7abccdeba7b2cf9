"""Every example in a docstring is so; docstrings.txt makes the repositories that they ask for."""

import sys
from pathlib import Path

import pytest

from tests.stories import ROOT, Story
from tests.world import World

MODULES = sorted(
    path.relative_to(source).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
    for source in (ROOT / "packages").glob("*/src")
    for path in source.rglob("*.py")
    if ">>>" in path.read_text(encoding="utf-8")
)
# A process for each module: an example that sets something, such as the cache's folder, sets it for its module only.
RUN = """
import doctest, importlib, sys
done = doctest.testmod(importlib.import_module(sys.argv[1]), optionflags=doctest.ELLIPSIS)
sys.exit(1 if done.failed or not done.attempted else 0)
"""


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str, tmp_path: Path, world: World) -> None:
    """The module's examples give what they show."""
    story = Story("docstrings.txt", tmp_path / "work", world)
    story.tell(Path(__file__).with_name("docstrings.txt").read_text(encoding="utf-8"))
    assert story.run([sys.executable, "-c", RUN, name]) == 0, story.stdout + story.stderr


def test_modules_are_found() -> None:
    """The sources are where they are looked for."""
    assert MODULES
