"""``rehub load``: call an entry point.

JSON: ``{"ref", "pin": {"remote", "commit", "tree"} or null, "entry", "arguments": {"args", "kwargs"}, "type", "repr",
"parameters", "trainable", "bytes", "dtypes", "training", "nested", "weights", "unverified", "complete",
"provenance"}``; those from ``parameters`` to ``training`` are ``null`` for what is no torch module. ``nested`` is what
the entry itself loaded: ``[{"place", "pin", "entry", "arguments", "nested", "weights", "unverified", "complete"}]``.
``weights`` are the files that rehub brought for its code: ``[{"url", "sha256", "size"}]``; ``unverified`` is what it
got past rehub: ``[{"kind", "what"}]``. ``provenance`` is all of that and more, as docs/formats/provenance.md has it.
"""

import json
from pathlib import Path

import click

from rehub.cli import foreign, running, shapes
from rehub.cli.command import command as make
from rehub.cli.command import entry, force_reload, locked, record_in, ref, source
from rehub.cli.output import Output, plain
from rehub.cli.text import line, size
from rehub.hub import Hub
from rehub.words.provenance import Provenance


@make("load", example="rehub load pytorch/vision:v0.20.1 resnet18 weights=DEFAULT\nrehub load ./my-model net 3 -- -1")
@ref
@entry
@running.arguments
@click.option(
    "--statement",
    "statement_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write what it was made from, as an in-toto Statement with SLSA provenance, to FILE.",
)
@running.trust
@force_reload
@record_in
@locked
@source
def command(  # noqa: PLR0913 - one for each option
    hub: Hub,
    out: Output,
    *,
    ref: str,
    entry: str,
    arguments: tuple[str, ...],
    statement_file: Path | None,
    trust: bool,
    force_reload: bool,
    source: str,
) -> None:
    """Call an entry point, and say what it made.

    Values are Python literals, else strings: 3, True, None, [1,2], DEFAULT, 'quoted'. After -- they may start with '-'.
    What the repository prints goes to standard error.
    """
    call = running.prepare(hub, out, ref, entry, arguments, trust=trust, force_reload=force_reload, source=source)
    made, provenance = call.run(out, lambda loaded: (foreign.describe(loaded.value), loaded.provenance))
    if statement_file:
        _write(statement_file, provenance)
        out.note(f"wrote {statement_file}, an in-toto Statement; nobody has signed it")
    if out.as_json:
        found = shapes.heading(ref, call.bound.checkout) | call.as_dict() | plain(made) | shapes.used(provenance)
        out.data(found | {"provenance": provenance.as_dict()})
    else:
        _print(out, call, made, provenance)


def _write(file: Path, provenance: Provenance) -> None:
    text = json.dumps(provenance.statement(), indent=2) + "\n"
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        msg = f"the statement could not be written: {error}"
        raise click.ClickException(msg) from error


def _print(out: Output, call: running.Call, made: foreign.Made, provenance: Provenance) -> None:
    rows = {"entry": call.bound.name, "type": made.type, **call.origin}
    if made.parameters is not None and made.trainable is not None:
        rows["parameters"] = f"{made.parameters:,} ({made.trainable:,} trainable, {', '.join(made.dtypes or ())})"
        rows["size"] = size(made.bytes or 0)
    if made.training is None:
        rows["value"] = made.repr
    else:
        rows["mode"] = "training" if made.training else "evaluation"
    for name, text in rows.items():
        out.line(f"{name:<11} {line(text)}")
    running.print_used(out, provenance)
