"""Nothing in rehub reads pickles or programs in full, but for one file that was looked over for it."""

import ast
from pathlib import Path

import rehub

ROOT = Path(rehub.__file__).parent
DOOR = "verbs/weights/unrestricted.py"
FACE = "nested_files.py"  # hands weights_only=False on to torch for what words.trust.admits_weights has let by
_FORBIDDEN = {
    "torch.jit.load",
    "torch.export.load",
    "pickle.load",
    "pickle.loads",
    "pickle.Unpickler",
    "joblib.load",
    "dill.load",
    "numpy.load",
    "marshal.loads",
    "shelve.open",
}
BYTECODE = "world/scope/bytecode.py"  # the store's own, made by this Python of sources that were proved


def _dotted(node: ast.AST) -> str:
    return ast.unparse(node) if isinstance(node, ast.Attribute | ast.Name) else ""


def _in_full(node: ast.AST) -> bool:
    if isinstance(node, ast.keyword) and node.arg == "weights_only":
        return not (isinstance(node.value, ast.Constant) and node.value.value is True)
    if isinstance(node, ast.Dict):
        return any(isinstance(key, ast.Constant) and key.value == "weights_only" for key in node.keys)
    return isinstance(node, ast.Call) and _dotted(node.func) in _FORBIDDEN


def test_one_file_reads_in_full() -> None:
    """weights_only other than True, and every other way to run a file, stand in one module, and the face that asks first."""
    found = {}
    for file in ROOT.rglob("*.py"):
        lines = [node.lineno for node in ast.walk(ast.parse(file.read_text())) if _in_full(node)]
        if lines:
            found[file.relative_to(ROOT).as_posix()] = lines
    assert found.keys() == {DOOR, FACE, BYTECODE}, found
    assert all(len(lines) == 1 for lines in found.values()), found


def test_every_torch_load_says_what_it_wants() -> None:
    """A call of torch.load without weights_only would leave it to torch's version and to an environment variable."""
    for file in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and "torch.load" in ast.unparse(node.func):
                assert "weights_only" in ast.unparse(node), f"{file}:{node.lineno}"
