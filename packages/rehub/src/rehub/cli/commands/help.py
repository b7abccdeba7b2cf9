"""``rehub help``: an entry's signature and documentation. JSON: ``{"ref", "pin", "entry": Entry}``."""

import click

from rehub.cli import shapes
from rehub.cli.command import command as make
from rehub.cli.command import force_reload, source
from rehub.cli.complete import EntryName, RefText
from rehub.cli.looking import dynamic, look, trust
from rehub.cli.output import Output
from rehub.cli.text import clean, line
from rehub.hub import Hub
from rehub.words.errors import EntryNotFoundError
from rehub.words.hubconf import Entry
from rehub.words.inspection import Inspection


@make("help", example="rehub help pytorch/vision:v0.20.1 resnet18")
@click.argument("ref", type=RefText(), required=False)
@click.argument("entry", type=EntryName(), required=False)
@dynamic
@trust
@force_reload
@source
def command(  # noqa: PLR0913 - one for each option
    hub: Hub,
    out: Output,
    *,
    ref: str | None,
    entry: str | None,
    dynamic: bool,
    trust: bool,
    force_reload: bool,
    source: str,
) -> None:
    """Show an entry's signature and documentation.

    Nothing of the repository is run, but with --dynamic. Without REF: this program's help.
    """
    if ref is None or entry is None:
        out.line(_of_commands(ref))
        return
    found = look(hub, out, ref, source=source, force_reload=force_reload, dynamic=dynamic, trust=trust)
    known = found.hubconf.find(entry)
    if known is None and (amiss := shapes.unreadable(found)):
        raise click.ClickException(amiss)
    if known is None:
        raise _not_found(found, entry)
    if out.as_json:
        out.data(shapes.heading(ref, found.checkout) | {"entry": known})
    elif out.terminal:
        _show(out, known)
    else:
        out.line(known.help)


def _of_commands(name: str | None) -> str:
    """Give the help of rehub itself, or of one of its commands."""
    ctx = click.get_current_context()
    group = ctx.parent or ctx
    if name is None:
        return group.get_help()
    found = group.command.get_command(group, name) if isinstance(group.command, click.Group) else None
    if found is None:
        msg = f"which entry of {name}? 'rehub list {name}' names them"
        raise click.UsageError(msg, ctx)
    return found.get_help(click.Context(found, info_name=name, parent=group))


def _not_found(found: Inspection, name: str) -> EntryNotFoundError:
    leak = next((each for each in found.hubconf.leaks if each.name == name), None)
    about = [f"  {leak.name} is only imported there, from {leak.origin}"] if leak else []
    amiss = [f"  {each.file}:{each.line}: {each.message}" for each in found.hubconf.problems]
    note = "\n".join([*about, *(f"  {place}" for place in found.hubconf.dynamic), *amiss])
    return EntryNotFoundError(str(found.checkout), name, found.hubconf.names, note)


def _show(out: Output, entry: Entry) -> None:
    from rich.text import Text

    title = Text(line(entry.name), "bold").append(line(entry.signature or "(…)"), "not bold")
    where = Text(f"{entry.kind}, {line(entry.file)}:{entry.line}", "dim")
    out.show(title, where, Text(), Text(clean(entry.doc.strip()) or "It has no documentation."))
