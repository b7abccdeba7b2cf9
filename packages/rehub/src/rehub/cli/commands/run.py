"""``rehub run``: a script whose torch.hub goes through rehub. It has no JSON: what is printed is the script's."""

import json
import os
import sys
from pathlib import Path

import click

from rehub.cli import startup
from rehub.cli.command import command as make
from rehub.cli.output import Output
from rehub.hub import Hub


@make(
    "run",
    example="rehub run train.py --epochs 3\nrehub run --offline -m my_package.train",
    rest_is_foreign=True,
)
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
    told = {"PYTHONPATH": path, startup.SAID: json.dumps(said)} | (
        {"REHUB_OFFLINE": "1"} if hub.settings.offline else {}
    )
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, [sys.executable, *(["-m"] if module else []), *words], os.environ | told)  # noqa: S606
