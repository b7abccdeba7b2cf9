"""The table of faults: how each ended, as a run prints it and as docs/faults.md keeps it.

The document keeps what is the same on every machine: the fault, who asked, the ending, and whether anything was left
behind. Lines that differ only in who asked are one line there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs/faults.md"
BEGIN, END = "<!-- table: made by a test run -->", "<!-- end of the table -->"
RIGHT = "right bytes"
NOTHING, PART = "nothing", "a part to go on from"
_HEAD = ("fault", "asked for", "ends in", "left behind")


@dataclass(frozen=True, slots=True)
class Row:
    """How one fault ended.

    Attributes:
        fault: in a few words.
        way: what was asked for; empty if there is one way only.
        ends: the class of an error, or ``right bytes``.
        left: in words.
        seconds: until it ended.
        bytes: that were left behind under names that do not stay.
    """

    fault: str
    way: str
    ends: str
    left: str
    seconds: float = 0.0
    bytes: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """What it is about."""
        return self.fault, self.way

    @property
    def lasting(self) -> tuple[str, str]:
        """What is the same on every machine."""
        return self.ends, self.left


def read() -> dict[tuple[str, str], Row]:
    """Give the rows that the document keeps."""
    if not DOCUMENT.exists():
        return {}
    table = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line[:1] == "|"]
    found = [Row(fault, way, ends.strip("`"), left) for fault, ways, ends, left in rows[2:] for way in ways.split(", ")]
    return {row.key: row for row in found}


def write(rows: Iterable[Row], *, whole: bool) -> None:
    """Put rows into the document; with ``whole`` there are no others in it."""
    kept = {} if whole else read()
    kept.update({row.key: row for row in rows})
    text = DOCUMENT.read_text(encoding="utf-8")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{_lines(kept.values())}\n\n{END}{after}", encoding="utf-8")


def _lines(rows: Iterable[Row]) -> str:
    """Write the table; rows of one fault that end alike are one line."""
    ways: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        ways.setdefault((row.fault, *row.lasting), []).append(row.way)
    order = {fault: number for number, fault in reversed([*enumerate(fault for fault, *_ in ways)])}
    lines = sorted(ways.items(), key=lambda item: order[item[0][0]])
    cells = [_HEAD, ("---",) * len(_HEAD)] + [
        (fault, ", ".join(asked), ends if ends == RIGHT else f"`{ends}`", left) for (fault, ends, left), asked in lines
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def shown(rows: Iterable[Row]) -> str:
    """Give the table as a run prints it."""
    lines = [f"{'fault':<46}{'asked for':<11}{'ends in':<24}{'seconds':>8}{'bytes left':>12}"]
    lines += [f"{row.fault:<46}{row.way:<11}{row.ends:<24}{row.seconds:>8.2f}{row.bytes:>12,}" for row in rows]
    return "\n".join(lines)
