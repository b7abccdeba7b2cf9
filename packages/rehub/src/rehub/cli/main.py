"""The ``rehub`` command: which commands there are. Each is imported only when it is used.

Exit codes: 0 ok, 1 refused or found wanting, 2 usage, 3 a bug of rehub, 130 interrupted, 141 nobody reads any more,
143 and 129 ended by SIGTERM and SIGHUP.
"""

import importlib
import os
import sys
from collections.abc import Sequence

import click

from rehub._version import __version__
from rehub.cli import endings, signals, streams

# By section: the command, and what --help says of it; a test holds each line against the command's own.
SECTIONS = {
    "Look, by reading": {
        "list": "Name a repository's entry points.",
        "help": "Show an entry's signature and documentation.",
        "inspect": "Show everything that reading a repository tells.",
        "weights": "Look at files of weights, without running them.",
        "env": "Show which packages a repository needs, and solve them as of a day.",
    },
    "Run": {
        "load": "Call an entry point, and say what it made.",
        "explore": "Call an entry point, and say what can be done with what it made.",
        "run": "Run a Python script, unchanged, with torch.hub going through rehub.",
        "trust": "Decide which repositories may run here.",
    },
    "Pin": {
        "lock": "Load a model once, and record all its bytes in a lock.",
        "update": "Say what has happened upstream since rehub.lock was made.",
        "sync": "Bring everything that a lock names into the store.",
        "verify": "Hash everything that a lock names again.",
    },
    "Keep": {
        "cache": "Look after the store.",
        "mirror": "Write what the store holds into plain files that any server can give out.",
        "dir": "Print torch.hub's folder.",
    },
    "Set up": {
        "completion": "Print a shell's completion script.",
    },
}
_EXAMPLE = """\b
Example:
  rehub list pytorch/vision:v0.20.1
  rehub help pytorch/vision:v0.20.1 resnet18
  rehub load pytorch/vision:v0.20.1 resnet18 weights=DEFAULT
  rehub lock pytorch/vision:v0.20.1 resnet18 weights=DEFAULT

A REF is owner/repo, owner/repo:branch-or-tag, owner/repo@commit, host/owner/repo, a git URL, or a folder (./model).
Exit codes: 0 ok, 1 refused or found wanting, 2 usage, 3 a bug of rehub, 130 interrupted."""
COMPLETE = "_REHUB_COMPLETE"


class Commands(click.Group):
    """The commands, by name, imported late."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Name the commands."""
        return [name for section in SECTIONS.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in self.list_commands(ctx):
            return None
        found: click.Command = importlib.import_module(f"rehub.cli.commands.{cmd_name}").command
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is meant; if there is none, name the nearest."""
        if args and not ctx.resilient_parsing and args[0] not in self.list_commands(ctx):
            import difflib

            near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            ctx.fail(f"there is no command {args[0]!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the commands by section, without importing any."""
        for section, commands in SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl(list(commands.items()))


@click.group(
    cls=Commands,
    epilog=_EXAMPLE,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    no_args_is_help=True,
)
@click.version_option(__version__, message="rehub %(version)s")
def cli() -> None:
    """Load any published model in one line, and get the same one tomorrow."""


def run(argv: Sequence[str]) -> int:
    """Run a command line; give its exit code.

    Args:
        argv: what follows the program's name.
    """
    streams.prepare()
    try:
        signals.prepare()
        return _run(argv)
    except BaseException as error:  # noqa: BLE001 - the outermost place: whatever it is, it becomes an exit code
        return endings.end(error, argv)
    finally:
        streams.finish()


def _run(argv: Sequence[str]) -> int:
    if instruction := os.environ.get(COMPLETE):
        return _complete(instruction)
    with cli.make_context("rehub", list(argv)) as ctx:
        cli.invoke(ctx)
    sys.stdout.flush()
    return 0


def _complete(instruction: str) -> int:
    from click.shell_completion import shell_complete

    return shell_complete(cli, {}, "rehub", COMPLETE, instruction)
