"""What a process has only once: operators of torch, and what a repository builds in its own folder."""

from collections.abc import Callable

import pytest

import rehub
from tests.scope.cases import CASES
from tests.scope.conftest import Load, Pin

torch = pytest.importorskip("torch")

DEFINE: dict[str, Callable[[str], str]] = {
    "custom_op": lambda op: (
        f"@torch.library.custom_op('{op}::f', mutates_args=())\ndef f(x: torch.Tensor) -> torch.Tensor: return x + 1\n"
    ),
    "define": lambda op: f"torch.library.define('{op}::f', '(Tensor x) -> Tensor')\n",
    "fragment": lambda op: f"lib = torch.library.Library('{op}', 'FRAGMENT')\nlib.define('f(Tensor x) -> Tensor')\n",
    "namespace": lambda op: f"lib = torch.library.Library('{op}', 'DEF')\n",
}


@pytest.mark.parametrize("how", DEFINE)
def test_an_operator_defined_twice_names_both_commits(how: str, pin: Pin, run: Load) -> None:
    """However a repository defines an operator that another one has, it is stopped, and both are named."""
    name = f"twice_{how}"
    text = f"import torch\n{DEFINE[how](name)}def net(): return torch.ops.{name}"
    first, second = (pin({"hubconf.py": text, "n": n}, name=f"acme/{n}") for n in ("one", "two"))
    run(first)
    with pytest.raises(rehub.OperatorClashError) as caught:
        run(second)
    assert caught.value.operator.startswith(f"{name}::")
    assert first.pin is not None
    assert second.pin is not None
    assert (caught.value.first, caught.value.second) == (first.pin.short, second.pin.short)
    assert "process of its own" in str(caught.value)
    run(first)


def test_equal_operators_of_two_namespaces_are_two(pin: Pin, run: Load) -> None:
    """The same name in another namespace, or another name in a shared one, is another operator."""
    for number in "12":
        for space, op in ((f"alone{number}", "f"), ("shared_xyz", f"f{number}")):
            text = f"import torch\nlib = torch.library.Library('{space}', 'FRAGMENT')\nlib.define('{op}(Tensor x) -> Tensor')\n"
            run(pin({"hubconf.py": f"{text}def net(): pass"}))


def test_the_user_may_define_an_operator_again(pin: Pin, run: Load) -> None:
    """What the user does in a notebook, with an operator of a repository's too, is torch's business."""
    run(pin({"hubconf.py": f"import torch\n{DEFINE['custom_op']('users')}def net(): pass"}))

    @torch.library.custom_op("users::f", mutates_args=())
    def f(x: torch.Tensor) -> torch.Tensor:
        return x + 2

    assert f(torch.zeros(1)).item() == 2


def test_an_extension_built_in_the_store_is_refused_with_advice(pin: Pin, run: Load) -> None:
    """Nothing that was built in a checkout of the store is imported; the error says what to do instead."""
    case = next(case for case in CASES if case.name == "an extension built at import")
    with pytest.raises((rehub.DigestMismatchError, PermissionError)) as caught:
        run(pin(case.repos["a"]))
    assert "clone" in "\n".join([str(caught.value), *getattr(caught.value, "__notes__", ())])


def test_a_file_written_into_the_store_is_refused_with_advice(pin: Pin, run: Load) -> None:
    """A module that a repository writes beside itself is not imported either, in the same words."""
    text = (
        "import pathlib\npathlib.Path(__file__).with_name('made.py').write_text('X = 1')\nimport made\ndef net(): pass"
    )
    with pytest.raises((rehub.DigestMismatchError, PermissionError)) as caught:
        run(pin({"hubconf.py": text}))
    assert "clone" in "\n".join([str(caught.value), *getattr(caught.value, "__notes__", ())])


def test_a_moved_branch_is_new_code_beside_the_old(hub: rehub.Hub, pin: Pin) -> None:
    """``force_reload`` after a push gives the new commit's code; what was loaded before goes on, late imports too."""
    files = "from utils import WHO\ndef net():\n def f():\n  from utils.late import LATE\n  return WHO, LATE\n return f"
    first = pin({"hubconf.py": files, "utils/__init__.py": "WHO = 'old'", "utils/late.py": "LATE = 'old'"})
    assert first.pin is not None
    ref = f"{first.pin.remote.url}@main"
    old = hub.load(ref, "net")
    pin({"hubconf.py": files, "utils/__init__.py": "WHO = 'new'", "utils/late.py": "LATE = 'new'"})
    assert hub.load(ref, "net")() == ("old", "old")
    new = hub.load(ref, "net", force_reload=True)
    assert (new(), old()) == (("new", "new"), ("old", "old"))
