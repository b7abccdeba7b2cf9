"""The table of docs/faults.md is that of these tests, and a trial itself sees what it is there to see."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rehub.words.errors import DownloadError
from tests.faults import table
from tests.faults.table import NOTHING, PART, RIGHT, Row
from tests.faults.trial import HungError, Trial


def test_document_has_the_faults_of_these_tests(request: pytest.FixtureRequest) -> None:
    """No row more and none less: each was compared by its own test."""
    here = {path.name for path in Path(__file__).parent.glob("test_*.py")}
    collected = {item.path.name for item in request.session.items}
    if request.config.getoption("keyword") or not here <= collected:
        pytest.skip("not all tests of faults were asked for")
    marks = [item.get_closest_marker("fault") for item in request.session.items]
    assert set(table.read()) == {tuple(mark.args) for mark in marks if mark}


def test_rows_survive_being_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written is read, and what differs in who asked only is one line."""
    monkeypatch.setattr(table, "DOCUMENT", tmp_path / "faults.md")
    table.DOCUMENT.write_text(f"before\n{table.BEGIN}\n{table.END}\nafter\n")
    rows = [
        Row("short", "file", RIGHT, NOTHING, 1.5, 0),
        Row("long", "", "DownloadError", PART, 0.5, 10),
        Row("short", "weights", RIGHT, NOTHING),
    ]
    table.write(rows, whole=True)
    text = table.DOCUMENT.read_text()
    assert "| short | file, weights | right bytes | nothing |" in text
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert {row.key: row.lasting for row in rows} == {row.key: row.lasting for row in table.read().values()}
    table.write([Row("short", "file", "StoreError", NOTHING)], whole=False)
    assert len(table.read()) == 3


def noted(rows: list[Row]) -> Trial:
    """Give a trial of nothing in particular."""
    return Trial("a fault", "a way", rows.append)


def half_file(folder: Path) -> object:
    """Leave a part, and fail."""
    (folder / "weights.pth.partial").write_bytes(b"half")
    raise DownloadError("http://127.0.0.1/", "it broke")


def test_trial_notes_an_error_and_what_is_left(tmp_path: Path) -> None:
    """Its class, and the bytes."""
    rows: list[Row] = []
    assert noted(rows).run(lambda: half_file(tmp_path), tmp_path, right=b"") == "DownloadError"
    assert [(row.ends, row.left, row.bytes) for row in rows] == [("DownloadError", PART, 4)]


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda _: b"other bytes", AssertionError),
        (lambda _: 1 / 0, ZeroDivisionError),
        (lambda _: time.sleep(5), HungError),
        (lambda _: os.read(os.pipe()[0], 1), HungError),
        (lambda folder: (folder / "x.partial").write_bytes(b"x") and b"right", AssertionError),
    ],
    ids=["other bytes", "another error", "sleeps", "hangs", "leaves something"],
)
def test_trial_fails_for_everything_else(
    act: Callable[[Path], object], error: type[BaseException], tmp_path: Path
) -> None:
    """Wrong bytes, errors that are not rehub's, and whatever goes on too long."""
    with pytest.raises(error):
        noted([]).run(lambda: act(tmp_path), tmp_path, right=b"right", within=0.3)
