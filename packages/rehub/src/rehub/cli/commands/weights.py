"""``rehub weights``: files of weights.

JSON: ``inspect`` ``{"file", "kind", "digest", "size", "tensors": [{"name", "dtype", "shape", "kind"}], "runs": [name],
"wrong"}``; ``wrong`` is empty if the file is read without permission.
"""

from pathlib import Path

import click

from rehub.cli.command import command as make
from rehub.cli.endings import REFUSED
from rehub.cli.output import Output
from rehub.cli.text import line, plural, size
from rehub.hub import Hub
from rehub.verbs.weights.inspecting import InspectedWeights, inspect_weights


@click.group("weights", epilog="\b\nExample:\n  rehub weights inspect model.pt", no_args_is_help=True)
def command() -> None:
    """Look at files of weights, without running them."""


@make(
    "inspect", group=command, example="rehub weights inspect model.pt\nrehub weights inspect --json model.safetensors"
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def inspect(hub: Hub, out: Output, *, file: Path) -> None:  # noqa: ARG001 - no setting matters
    """Show what a file of weights holds, and what reading it would run.

    Its kind, SHA-256, size and tensors. Nothing of it is run, and torch is not needed. The exit code is 1 if it is more
    than weights, or broken.
    """
    found = inspect_weights(file)
    if out.as_json:
        out.data(found)
    else:
        _print(out, found)
    if found.wrong:
        raise click.exceptions.Exit(REFUSED)


def _print(out: Output, found: InspectedWeights) -> None:
    out.line(f"kind    {found.kind}")
    out.line(f"digest  {found.digest}")
    out.line(f"size    {size(found.size)}")
    if found.wrong:
        out.line(f"refused {line(found.wrong)}")
        for name in found.runs:
            out.line("  " + line(name))
    else:
        out.line(f"holds   {plural(len(found.tensors), 'tensor')}")
    for each in found.tensors:
        shape = "×".join(map(str, each.shape)) or "scalar"
        out.line("  " + line(f"{each.name} {each.dtype} {shape} {each.kind}"))
    if found.runs:
        out.note(f"to have it read in full: rehub trust add --weights {found.digest}")
