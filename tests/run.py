"""Runs the tests group by group, and says at the end how long each took.

    python tests/run.py                 all groups
    python tests/run.py words stories   these
    python tests/run.py --list          the groups and their files

Groups are found, not listed: a folder below tests/ is one; a file ``tests/test_x.py`` belongs to the layer of rehub
that has a module ``x``, to the group ``x`` if it is one of FILES, and to ``workspace`` otherwise.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests"
LAYERS = {"words": "words", "world": "world", "verbs": "verbs", "cli": "faces", "repos": "faces", ".": "faces"}
FILES = {"stories", "scope"}
ORDER = ["workspace", "words", "world", "verbs", "scope", "faces", "compat", "stories", "docs", "site"]
ALONE = {"words", "site"}  # too short for a second process to pay
TIME_LIMIT = 1200.0  # seconds, for one group


@dataclass(slots=True)
class Result:
    """How one group ended."""

    name: str
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)
    problem: str = ""

    @property
    def failed(self) -> bool:
        """Whether anything is wrong with it."""
        return bool(self.problem or self.counts.get("failed"))


def test_files() -> list[Path]:
    """Give every file of tests."""
    return sorted(TESTS.rglob("test_*.py"))


def group_of(path: Path) -> str:
    """Give the group that a file belongs to."""
    parts = path.relative_to(TESTS).parts
    if len(parts) > 1:
        return parts[0]
    name = path.stem.removeprefix("test_")
    if name in FILES:
        return name
    source = ROOT / "packages/rehub/src/rehub"
    for folder, group in LAYERS.items():
        if (source / folder / f"{name}.py").exists() or (folder != "." and (source / folder / name).is_dir()):
            return group
    return "workspace"


def groups() -> dict[str, list[Path]]:
    """Give the groups in the order in which they run."""
    found: dict[str, list[Path]] = {}
    for path in test_files():
        found.setdefault(group_of(path), []).append(path)
    known = [name for name in ORDER if name in found]
    return {name: found[name] for name in [*known, *sorted(found.keys() - set(known))]}


def run(name: str, files: list[Path]) -> Result:
    """Run one group in a pytest of its own."""
    print(f"\n── {name} ".ljust(80, "─"), flush=True)
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "--no-header", f"--junitxml={report}"]
        command += [] if name in ALONE else ["-n", "2"]
        try:
            done = subprocess.run(
                [*command, *map(os.fspath, files)], cwd=ROOT, stdin=subprocess.DEVNULL, timeout=TIME_LIMIT, check=False
            )
            problem = "" if done.returncode in {0, 1} else f"pytest ended with {done.returncode}"
        except subprocess.TimeoutExpired:
            problem = f"it ran longer than {TIME_LIMIT:.0f} s"
        result = Result(name, counts=count(report), problem=problem)
    result.seconds = time.monotonic() - start
    return result


def count(report: Path) -> dict[str, int]:
    """Read how many tests passed, failed and were skipped; an error while a test is made ready is a failure."""
    if not report.exists():
        return {}
    suites = list(ET.parse(report).getroot().iter("testsuite"))
    total, failures, errors, skipped = (
        sum(int(suite.get(key, "0")) for suite in suites) for key in ("tests", "failures", "errors", "skipped")
    )
    return {"passed": total - failures - errors - skipped, "failed": failures + errors, "skipped": skipped}


def table(results: list[Result]) -> str:
    """Show each group's counts and time, then the total as pytest writes it, then in the plain form."""
    rows = [f"\n{'group':<12}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>10}"]
    for result in results:
        counts = "".join(f"{result.counts.get(key, 0):>{width}}" for key, width in WIDTHS.items())
        rows.append(f"{result.name:<12}{counts}{result.seconds:>10.1f}  {result.problem}".rstrip())
    passed, failed, skipped = (sum(r.counts.get(key, 0) for r in results) for key in WIDTHS)
    failed += sum(1 for result in results if result.problem and not result.counts.get("failed"))
    seconds = sum(result.seconds for result in results)
    rows.append(f"{'total':<12}{passed:>8}{failed:>8}{skipped:>9}{seconds:>10.1f}\n")
    said = [f"{n} {word}" for n, word in ((failed, "failed"), (passed, "passed"), (skipped, "skipped")) if n]
    rows.append(f" {', '.join(said) or 'no tests ran'} in {seconds:.2f}s ".center(80, "="))
    rows.append(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return "\n".join(rows)


WIDTHS = {"passed": 8, "failed": 8, "skipped": 9}


def main() -> int:
    """Run what is asked for; 0 if all passed, 1 if not, 2 if there is no such group."""
    parser = argparse.ArgumentParser(description="Run the tests, group by group.")
    parser.add_argument("groups", nargs="*", metavar="GROUP", help="all if none is named")
    parser.add_argument("--list", action="store_true", help="show the groups and their files")
    asked = parser.parse_args()
    found = groups()
    if unknown := set(asked.groups) - found.keys():
        parser.error(f"no group {', '.join(sorted(unknown))}; there are {', '.join(found)}")
    if asked.list:
        for name, files in found.items():
            print(name, *(path.relative_to(TESTS) for path in files), sep="\n  ")
        return 0
    results = [run(name, files) for name, files in found.items() if not asked.groups or name in asked.groups]
    print(table(results), flush=True)
    ran = sum(result.counts.get("passed", 0) for result in results)
    return int(not ran or any(result.failed for result in results))


if __name__ == "__main__":
    sys.exit(main())
