"""No test is forgotten: each file belongs to a group, and a group that fails is seen to fail."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import run
from tests.run import Result

IGNORED = {".venv", ".git", ".bench", ".demo", ".wild", "build", "dist", "node_modules", "__pycache__"}


def test_every_test_file_is_in_one_group() -> None:
    """The groups together are the test files below tests/, each once."""
    grouped = [path for files in run.groups().values() for path in files]
    assert sorted(grouped) == run.test_files()
    assert len(set(grouped)) == len(grouped)


def test_no_test_lies_where_nobody_looks() -> None:
    """Nothing that looks like a test is outside tests/, or has a name that pytest does not collect."""
    looked = [
        path for top in run.ROOT.iterdir() if top.name not in IGNORED and top.is_dir() for path in top.rglob("*.py")
    ]
    lost = [
        path
        for path in looked
        if not IGNORED.intersection(path.parts)
        and (path.name.startswith("test_") or "\ndef test_" in path.read_text(encoding="utf-8"))
        and path not in run.test_files()
        and path not in {run.TESTS / "test_run.py", Path(run.__file__), run.TESTS / "test_guards.py"}
    ]
    assert lost == []


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("words/test_ref.py", "words"),
        ("site/deep/test_x.py", "site"),
        ("test_ref.py", "words"),
        ("test_stories.py", "stories"),
        ("test_guards.py", "workspace"),
    ],
)
def test_group_of_a_file(name: str, group: str) -> None:
    """A folder is a group; a file for a module is in that module's layer."""
    assert run.group_of(run.TESTS / name) == group


def test_a_group_runs_and_counts(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Passed, failed, broken and skipped tests are counted, and the group fails."""
    body = """
        import pytest
        def test_passes(): pass
        def test_fails(): assert 0
        @pytest.fixture
        def broken(): raise ValueError
        def test_breaks(broken): pass
        @pytest.mark.skip(reason="x")
        def test_skips(): pass
    """
    file = tmp_path / "test_all.py"
    file.write_text("\n".join(line.strip() for line in body.splitlines()))
    result = run.run("words", [file])
    assert result.counts == {"passed": 1, "failed": 2, "skipped": 1}
    assert result.failed
    capfd.readouterr()


def test_a_group_that_cannot_be_read_fails(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A file with a mistake, and a file without tests, are failures."""
    file = tmp_path / "test_none.py"
    file.write_text("")
    assert run.run("words", [file]).failed
    file.write_text("def test_(:")
    assert run.run("words", [file]).failed
    capfd.readouterr()


def test_table_ends_with_the_summary() -> None:
    """The last lines can be read by people and by programs."""
    results = [
        Result("words", 1.0, {"passed": 5, "failed": 0, "skipped": 0}),
        Result("site", 2.0, {}, "it ran too long"),
    ]
    text = run.table(results).splitlines()
    assert text[-2].strip("= ") == "1 failed, 5 passed in 3.00s"
    assert text[-1] == "5 passed, 1 failed"


def test_unknown_group_is_a_usage_error() -> None:
    """A wrong name lists the right ones."""
    command = [sys.executable, str(run.TESTS / "run.py"), "dance"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "no group dance; there are workspace, " in done.stderr
