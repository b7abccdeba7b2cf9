"""``rehub list``: a repository's entry points.

JSON: ``{"ref", "pin", "entries": [Entry], "leaks": [Leak], "dynamic": [Dynamic], "problems": [Problem], "run": {"at",
"python"} or null}``; the leaks are there whether ``--all`` was given or not.
"""

import click

from rehub.cli import shapes
from rehub.cli.command import command as make
from rehub.cli.command import force_reload, ref, source
from rehub.cli.looking import dynamic, look, trust
from rehub.cli.output import Output
from rehub.cli.text import line
from rehub.hub import Hub
from rehub.words.hubconf import Leak
from rehub.words.inspection import Inspection

_SIGNATURE = 44  # characters shown of one


@make("list", example="rehub list pytorch/vision:v0.20.1\nrehub list --all --dynamic ./my-model")
@ref
@click.option("--all", "everything", is_flag=True, help="Also names that are merely imported, which torch.hub lists.")
@dynamic
@trust
@force_reload
@source
def command(  # noqa: PLR0913 - one for each option
    hub: Hub, out: Output, *, ref: str, everything: bool, dynamic: bool, trust: bool, force_reload: bool, source: str
) -> None:
    """Name a repository's entry points.

    Nothing of the repository is run, but with --dynamic. One name a line; on a terminal also signatures and what they
    are for.
    """
    found = look(hub, out, ref, source=source, force_reload=force_reload, dynamic=dynamic, trust=trust)
    leaks = [leak for leak in found.hubconf.leaks if leak.callable is not False] if everything else []
    if out.as_json:
        _print_json(out, ref, found)
    elif out.terminal:
        _show(out, found, leaks)
    else:
        for name in sorted({*found.hubconf.names, *(leak.name for leak in leaks)}):
            out.line(line(name))
    if not leaks and (amiss := shapes.unreadable(found)):
        raise click.ClickException(amiss)
    shapes.notes(out, found)
    if not found.hubconf.names and not leaks:
        out.note(_nothing(found) + ("" if everything else "; --all shows what it imports"))


def _nothing(found: Inspection) -> str:
    if found.hubconf.dynamic and not found.hubconf.run:
        return f"reading knows no entry points of {found.checkout}; running may make some: --dynamic"
    return f"{found.checkout} has no entry points"


def _print_json(out: Output, ref: str, found: Inspection) -> None:
    told = found.hubconf.as_dict()
    keys = ("entries", "leaks", "dynamic", "problems", "run")
    out.data(shapes.heading(ref, found.checkout) | {key: told[key] for key in keys})


def _show(out: Output, found: Inspection, leaks: list[Leak]) -> None:
    """Print a line each; where it is narrow the end gives way, never the name."""
    from rich.console import Group
    from rich.text import Text

    rows = [(line(each.name), line(each.signature or "(…)"), line(each.summary)) for each in found.hubconf.entries]
    imported = [(line(leak.name), f"from {line(leak.origin)}", "only imported") for leak in leaks]
    first, second = (max((len(row[i]) for row in rows + imported), default=0) for i in (0, 1))
    second = min(second, _SIGNATURE)
    lines = []
    for row in rows + imported:
        told = row[1] if len(row[1]) <= second else row[1][: second - 1] + "…"
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(row[0].ljust(first), "bold" if row in rows else "yellow")
        lines.append(text.append("  " + told.ljust(second), "dim").append("  " + row[2]))
    out.show(Group(*lines))
