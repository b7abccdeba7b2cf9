r"""A process in which torch is imported, that runs cases in children of its own: importing torch takes seconds.

    python tests/scope/zygote.py FOLDER

Reads lines ``<rehub or torch.hub>\t<name of a case>``; answers each by a line, empty if the case holds, else what
went wrong.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.hub

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.scope.cases import CASES, Case

TIME_LIMIT = 100  # seconds


def run(case: Case, peer: str, folder: Path) -> str:
    """Run a case in a child; give what went wrong."""
    with tempfile.TemporaryFile("w+") as said:
        child = os.fork()
        if not child:
            signal.alarm(TIME_LIMIT)
            os._exit(_child(case, peer, folder, said.fileno()))
        _, status = os.waitpid(child, 0)
        said.seek(0)
        return said.read().strip() or (f"ended with status {status}" if status else "")


def _child(case: Case, peer: str, folder: Path, said: int) -> int:
    with Path(folder, "output.txt").open("w") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    os.setsid()
    try:
        _hold(case, peer, Path(tempfile.mkdtemp(dir=folder)))
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the answer
        line = "".join(traceback.format_exception_only(error)).strip().split("\n")[0]
        os.write(said, line.replace("\t", " ").encode())
        traceback.print_exc()
        return 1
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
    return 0


def _hold(case: Case, peer: str, folder: Path) -> None:
    for name, files in case.repos.items():
        for path, text in files.items():
            place = folder / name / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
    os.chdir(folder)
    main = sys.modules["__main__"]
    main.__file__ = str(folder / "lines.py")  # what a spawned worker runs first
    main.__spec__ = None
    Path(main.__file__).write_text("")
    names: dict[str, Any] = {"__name__": "__main__", "load": _loader(peer, folder), "torch": torch}
    names |= {"at": lambda name: str(folder / name), "fresh": fresh}
    exec(compile(case.lines, "lines.py", "exec"), names)


def _loader(peer: str, folder: Path) -> Callable[..., Any]:
    if peer == "torch.hub":
        torch.hub.set_dir(folder / "hub")
        return partial(_local, torch.hub.load)
    import rehub

    return partial(_local, rehub.Hub(dir=folder / "hub").load)


def _local(load: Callable[..., Any], root: str, entry: str, *args: Any) -> Any:
    return load(root, entry, *args, source="local")


def fresh(lines: str) -> str:
    """Run lines in a new Python; give what it printed."""
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().rpartition("\n")[2])
    return done.stdout.strip()


def main() -> None:
    """Answer until there is no line any more."""
    by_name = {case.name: case for case in CASES}
    for line in sys.stdin:
        peer, _, name = line.rstrip("\n").partition("\t")
        print(run(by_name[name], peer, Path(sys.argv[1])), flush=True)  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
