"""rehub beside its peers, in one run: interleaved, repeated, as medians and ratios; ``make bench``.

    make bench
    make bench BENCH="--quick"
    make bench BENCH="--only transfer --rounds 5 --size 1000 --json figures.json"

Each answer is a process. Its time is that of the call alone where the process says it (importing torch takes longer
than many a call), else that of the whole process; both are in the JSON. A ratio is the peer's figure by rehub's, of the
same round: 2 means that rehub took half. The first round is not counted where rounds are short.

A file ``bench/ask_*.py`` gives questions: its function ``questions(stage)`` yields them, one after the other, so that
what one has started ends before the next begins.
"""

import argparse
import importlib
import json
import os
import platform
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench.asking import Asking, Figures, Question, Stage, measured  # noqa: E402

SHORT = 20  # rounds and more: a round is short, and there is one more to warm up
UNITS = {"seconds": (1.0, "s"), "memory": (1e6, "MB"), "wire": (1e6, "MB"), "cpu": (1.0, "s"), "process": (1.0, "s")}


def found() -> dict[str, Asking]:
    """Give the files of questions, by what follows ``ask_`` in their names."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("ask_*.py"))
    return {name.removeprefix("ask_"): importlib.import_module(f"bench.{name}").questions for name in names}


def asked(question: Question, rounds: int) -> dict[str, list[Figures]]:
    """Ask all sides in turn, so that a machine that slows down slows down all of them."""
    sides = [side for side in question.sides if not side.missing]
    warm_up = int(question.rounds >= SHORT and rounds > 1)
    answers: dict[str, list[Figures]] = {side.name: [] for side in sides}
    for number in range(warm_up + min(rounds, question.rounds)):
        turn = number % len(sides)  # nobody is always the first
        for side in sides[turn:] + sides[:turn]:
            figures = measured(side)
            if number >= warm_up:
                answers[side.name].append(figures)
    return answers


def spread(values: list[float]) -> dict[str, float]:
    """Give the median, the least and the most."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def summed_up(question: Question, answers: dict[str, list[Figures]]) -> list[dict[str, object]]:
    """Make a row of each side and figure, with the ratio to rehub's of the same round."""
    ours, rows = answers[question.sides[0].name], []
    for figure in question.figures:
        for side in question.sides:
            row: dict[str, object] = {"question": question.name, "figure": figure, "side": side.name}
            if side.missing:
                rows.append({**row, "missing": side.missing})
                continue
            theirs = answers[side.name]
            row |= spread([each[figure] for each in theirs])
            if side is not question.sides[0]:
                pairs = zip(ours, theirs, strict=True)
                row["ratio"] = spread([their[figure] / max(our[figure], 1e-9) for our, their in pairs])
                row["goal"] = question.goals.get((figure, side.name))
            else:
                row["limit"] = question.limits.get(figure)
            rows.append(row)
    return rows


def printed(question: Question, rows: list[dict[str, object]]) -> None:
    """Print a question's rows."""
    print(f"\n{question.name}" + (f"\n  {question.note}" if question.note else ""))
    for row in rows:
        print(f"  {row['side']!s:<44}{row['figure']!s:<9}{_said(row)}", flush=True)


def _said(row: dict[str, object]) -> str:
    if "missing" in row:
        return str(row["missing"])
    scale, unit = UNITS[str(row["figure"])]
    low, middle, high = (float(str(row[key])) / scale for key in ("min", "median", "max"))
    digits = 1 if scale > 1 else 3
    text = f"{middle:>10.{digits}f} {unit:<3}({low:.{digits}f} to {high:.{digits}f})"
    if isinstance(ratio := row.get("ratio"), dict):
        text = f"{text:<46}{ratio['median']:>8.2f} × ({ratio['min']:.2f} to {ratio['max']:.2f})"
        return text + (f"   goal ≥ {row['goal']:.2g}" if row["goal"] else "")
    return text + (f"   at most {float(str(row['limit'])) / scale:g} {unit}" if row.get("limit") else "")


def machine() -> dict[str, object]:
    """Say what figures depend on."""
    return {
        "cpus": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "load": os.getloadavg(),
    }


def main() -> None:
    """Ask what is asked for, and print as it comes."""
    asking = found()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="NAME", help=f"questions with this in their names or of {', '.join(asking)}")
    parser.add_argument("--rounds", type=int, default=5, help="counted rounds, fewer where one is long (5)")
    parser.add_argument("--size", type=int, default=1000, help="of the large file, in MB (1000)")
    parser.add_argument("--long", action="store_true", help="take minutes where a smaller file tells as much")
    parser.add_argument("--quick", action="store_true", help="one round, 64 MB: to see that it works")
    parser.add_argument("--folder", type=Path, help="where files are written; temporary files' folder")
    parser.add_argument("--json", type=Path, help="where to keep every figure")
    chosen = parser.parse_args()
    rounds, size = (1, 64) if chosen.quick else (chosen.rounds, chosen.size)
    kept: list[dict[str, object]] = []
    print(f"{size} MB, in {chosen.folder or tempfile.gettempdir()}; {machine()}\nratio: the peer's figure by rehub's")
    for name, questions in asking.items():
        if chosen.only and chosen.only not in name and any(chosen.only in each for each in asking):
            continue  # whole files of questions are meant: others need not even be prepared
        with tempfile.TemporaryDirectory(dir=chosen.folder) as folder, ExitStack() as stack:
            for question in questions(Stage(Path(folder), size * 1_000_000, stack, chosen.long)):
                if chosen.only and chosen.only not in name and chosen.only not in question.name:
                    continue
                answers = asked(question, rounds)
                rows = summed_up(question, answers)
                printed(question, rows)
                kept += [{**row, "rounds": answers.get(str(row["side"]))} for row in rows]
    if chosen.json:
        chosen.json.write_text(json.dumps({"machine": machine(), "size": size, "rows": kept}, indent=1))


if __name__ == "__main__":
    main()
