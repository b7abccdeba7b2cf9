"""``rehub completion``: a shell's completion script. JSON: ``{"shell", "script"}``."""

import click
from click.shell_completion import get_completion_class

from rehub.cli.command import command as make
from rehub.cli.main import COMPLETE, cli
from rehub.cli.output import Output
from rehub.hub import Hub

_SHELLS = ["bash", "zsh", "fish"]
_EXAMPLE = """eval "$(rehub completion bash)"
rehub completion fish > ~/.config/fish/completions/rehub.fish"""


@make("completion", example=_EXAMPLE)
@click.argument("shell", type=click.Choice(_SHELLS))
def command(hub: Hub, out: Output, *, shell: str) -> None:  # noqa: ARG001 - a script needs no hub
    """Print a shell's completion script.

    Put the first line of the example into ~/.bashrc, or with zsh into ~/.zshrc. Refs and entries come from the store:
    no network.
    """
    found = get_completion_class(shell)
    script = found(cli, {}, "rehub", COMPLETE).source() if found else ""
    if out.as_json:
        out.data({"shell": shell, "script": script})
    else:
        out.line(script)
