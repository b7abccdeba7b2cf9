"""The hard cases of loading hold under rehub; docs/scope.md says which of them hold under torch.hub."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.scope.cases import CASES, Case

pytest.importorskip("torch")

ROOT = Path(__file__).parents[2]
Ask = Callable[[str, Case], str]


@pytest.fixture(scope="module")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[str]]:
    """Give a process in which torch is imported, to run cases in its children."""
    program = [sys.executable, str(Path(__file__).with_name("zygote.py")), str(tmp_path_factory.mktemp("cases"))]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def ask(zygote: subprocess.Popen[str]) -> Ask:
    """Give a function that runs a case and gives what went wrong: ``ask("rehub", case)``."""

    def run(peer: str, case: Case) -> str:
        assert zygote.stdin is not None
        assert zygote.stdout is not None
        zygote.stdin.write(f"{peer}\t{case.name}\n")
        zygote.stdin.flush()
        return zygote.stdout.readline().strip()

    return run


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_a_hard_case_holds(case: Case, ask: Ask) -> None:
    """What a case promises holds under rehub."""
    assert not ask("rehub", case), case.promise


def test_the_documentation_says_what_torch_hub_does(ask: Ask) -> None:
    """The table of docs/scope.md names every case, its promise, and whether it holds under plain torch.hub."""
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (works|fails) \|$", (ROOT / "docs/scope.md").read_text(), re.MULTILINE)
    expected = [(case.name, case.promise, "fails" if ask("torch.hub", case) else "works") for case in CASES]
    assert rows == expected
