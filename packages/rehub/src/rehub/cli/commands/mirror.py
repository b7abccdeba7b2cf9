"""``rehub mirror``: a static mirror of what the store holds.

JSON: ``{"folder", "pins": [commit], "weights": [digest], "urls": how many, "written": files, "bytes", "left_out":
[text]}``; ``pins`` and ``weights`` are all that the mirror has been given, ``written`` and ``bytes`` what was new.
"""

from pathlib import Path

import click

from rehub.cli.command import command as make
from rehub.cli.endings import REFUSED
from rehub.cli.output import Output
from rehub.cli.text import line, plural, size
from rehub.hub import Hub


@make("mirror", example="rehub mirror /srv/mirror\nrehub mirror /srv/mirror --lock rehub.lock")
@click.argument("target", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--lock", metavar="FILE", help="Only what this lock names; without it (or REHUB_LOCK) all of the store.")
def command(hub: Hub, out: Output, *, target: Path, lock: str | None) -> None:
    """Write what the store holds into plain files that any server can give out.

    Whoever sets REHUB_MIRRORS="https://=static+<URL of DIR>" loads from there. Nothing is fetched; a mirror that is
    there already gets what is new. It holds what you could read: serve private repositories to nobody else.
    """
    done = hub.mirror(target, lock=lock)
    if out.as_json:
        out.data(done)
    else:
        files = f"{plural(len(done.weights), 'file')} of weights or git LFS"
        new = f"{plural(done.written, 'file')} written, {size(done.bytes)}" if done.written else "nothing is new"
        out.line(f"{plural(len(done.pins), 'commit')}, {files}, {plural(done.urls, 'URL')} in {target}; {new}")
    for each in done.left_out:
        out.note(line(f"left out: {each}"))
    if done.left_out:
        raise click.exceptions.Exit(REFUSED)
