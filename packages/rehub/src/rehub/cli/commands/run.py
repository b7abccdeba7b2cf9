"""``rehub run``: a script whose torch.hub goes through rehub. It has no JSON: what is printed is the script's."""

import json
import os
import sys
from pathlib import Path

import click

from rehub.cli import startup
from rehub.cli.command import command as make
from rehub.cli.command import locked, record_in
from rehub.cli.output import Output
from rehub.hub import Hub


@make(
    "run",
    example="rehub run train.py --epochs 3\nrehub run --offline -m my_package.train\n"
    "rehub run --lock rehub.lock train.py\nrehub run --locked train.py",
    rest_is_foreign=True,
)
@record_in
@locked
@click.option("-m", "module", is_flag=True, help="SCRIPT is the name of a module, as for python -m.")
@click.argument("words", nargs=-1, metavar="SCRIPT [ARGUMENT]...")
@click.pass_context
def command(ctx: click.Context, hub: Hub, out: Output, *, module: bool, words: tuple[str, ...]) -> None:
    """Run a Python script, unchanged, with torch.hub going through rehub.

    Options before SCRIPT are rehub's, everything after it is the script's own. Python itself runs it: its exit code and
    tracebacks are those of 'python SCRIPT'. Processes that it starts go through rehub, too.
    """
    if not words:
        msg = "Missing argument 'SCRIPT'."
        raise click.UsageError(msg, ctx)
    if out.as_json:
        msg = "what is printed is the script's own: leave out --json"
        raise click.UsageError(msg, ctx)
    said = {"dir": hub.get_dir() if ctx.params["folder"] else None, "verbose": out.verbose}
    folder = str(Path(startup.__file__).parent)
    path = os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH")]))
    told = {"PYTHONPATH": path, startup.SAID: json.dumps(said)} | _settings(hub)
    if "--lock" in words[1:] and not hub.settings.lock:
        out.note("--lock after SCRIPT is the script's own; for rehub: rehub run --lock FILE SCRIPT")
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, [sys.executable, *(["-m"] if module else []), *words], os.environ | told)  # noqa: S606


def _settings(hub: Hub) -> dict[str, str]:
    """Give the variables that tell the script, and the processes that it starts, what was said here."""
    locks = hub.locks  # read now: a lock that is none is told before the script starts
    said = {
        "REHUB_OFFLINE": "1" if hub.settings.offline else "",
        "REHUB_LOCK": str(locks.path) if locks else "",
        "REHUB_LOCKED": "1" if locks and locks.only else "",
    }
    return {name: value for name, value in said.items() if value}
