"""``rehub explore``: call an entry point, and say what can be done with what it made.

JSON: ``{"ref", "pin", "entry", "arguments", ..., "nested", "weights", "unverified", "complete"}`` and the
fields of :class:`rehub.words.exploration.Exploration`; what follows ``nested`` as in ``rehub load``.
"""

from typing import Any

import click

from rehub.cli import running, shapes
from rehub.cli.command import command as make
from rehub.cli.command import entry, force_reload, ref, source
from rehub.cli.output import Output, plain
from rehub.cli.sheets import show
from rehub.cli.text import line
from rehub.hub import Hub
from rehub.verbs.explore import Limits, explore
from rehub.words.exploration import Exploration
from rehub.words.provenance import Provenance


@make("explore", example="rehub explore pytorch/vision:v0.20.1 resnet18\nrehub explore ./my-model net 3 --depth 5")
@ref
@entry
@running.arguments
@click.option("--depth", type=click.IntRange(min=1), default=3, show_default=True, help="Levels of submodules.")
@running.trust
@force_reload
@source
def command(  # noqa: PLR0913 - one for each option
    hub: Hub, out: Output, *, ref: str, entry: str, arguments: tuple[str, ...], depth: int, **how: Any
) -> None:
    """Call an entry point, and say what can be done with what it made.

    Its methods, how it is called, its parameters, size and submodules; of a tuple or dictionary, those of all that it
    holds. The entry is run, what it made is not. Values are typed as for 'rehub load'.
    """
    call = running.prepare(hub, out, ref, entry, arguments, **how)
    found, provenance = call.run(out, lambda loaded: (explore(loaded.value, Limits(depth=depth)), loaded.provenance))
    if out.as_json:
        out.data(shapes.heading(ref, call.bound.checkout) | call.as_dict() | plain(found) | shapes.used(provenance))
    else:
        _print(out, call, found, provenance)


def _print(out: Output, call: running.Call, found: Exploration, provenance: Provenance) -> None:
    from rehub.words.telling.exploration import sheet

    for name, text in {"entry": call.bound.name, **call.origin}.items():
        out.line(f"{name:<11} {line(text)}")
    running.print_used(out, provenance)
    out.line()
    if out.terminal:
        show(out, sheet(found))
    else:
        out.line(str(sheet(found)))
