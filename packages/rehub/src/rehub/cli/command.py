"""What all commands have in common: their options, their help, and the hub that they ask."""

import functools
from collections.abc import Callable
from typing import Any

import click

from rehub.cli.complete import EntryName, RefText
from rehub.cli.output import Output
from rehub.hub import Hub

Function = Callable[..., None]

_SHARED = [
    click.option("--json", "as_json", is_flag=True, help="Print one JSON document."),
    click.option("-q", "--quiet", is_flag=True, help="Print only results and errors."),
    click.option("-v", "--verbose", count=True, help="Say what happens; -vv: every step."),
    click.option("--dir", "folder", metavar="DIR", help="Use this folder instead of torch.hub's."),
    click.option("--offline", is_flag=True, help="Open no socket, as with REHUB_OFFLINE=1."),
]

ref = click.argument("ref", type=RefText())
entry = click.argument("entry", type=EntryName())
force_reload = click.option("--force-reload", is_flag=True, help="Ask where the ref points now, even if it is cached.")
record_in = click.option(
    "--lock", "record_in", metavar="FILE", help="Record what is loaded in this lock; what it knows is answered from it."
)
locked = click.option(
    "--locked", is_flag=True, help="Load exactly what the lock says: --lock, REHUB_LOCK, or rehub.lock in this folder."
)
source = click.option(
    "--source",
    type=click.Choice(["github", "local"]),
    default="github",
    help="local: take REF for a folder, whatever it looks like.",
)


def command(
    name: str,
    *,
    example: str,
    group: click.Group | None = None,
    rest_is_foreign: bool = False,
    unlocked: bool = False,
) -> Callable[[Function], click.Command]:
    """Make a function a command: ``function(hub, out, ...)``, with the shared options and a help that has an example.

    Args:
        name: as it is typed.
        example: one command line, or several.
        group: the command that it is a part of, if any.
        rest_is_foreign: options end at the first word that is none.
        unlocked: ``REHUB_LOCKED`` does not hold for it.
    """

    def make(function: Function) -> click.Command:
        @functools.wraps(function)
        def callback(
            *, as_json: bool, quiet: bool, verbose: int, folder: str | None, offline: bool, **own: Any
        ) -> None:
            out = Output(as_json=as_json, quiet=quiet, verbose=verbose)
            try:
                out.listen()
                lock, locked = own.pop("record_in", None), own.pop("locked", None)
                locks = {"lock": lock, "locked": False if unlocked else locked or None}
                function(Hub(dir=folder, offline=offline or None, **locks, progress=out.progress), out, **own)
            finally:
                out.clear()

        shared: Function = callback
        for option in reversed(_SHARED):
            shared = option(shared)
        lines = "\n".join(f"  {each}" for each in example.splitlines())
        how = {"allow_interspersed_args": not rest_is_foreign}
        add = group.command if group else click.command
        return add(name, epilog=f"\b\nExample:\n{lines}", context_settings=how)(shared)

    return make
