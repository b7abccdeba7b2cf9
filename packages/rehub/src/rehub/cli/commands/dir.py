"""``rehub dir``: torch.hub's folder. JSON: ``{"dir"}``."""

from rehub.cli.command import command as make
from rehub.cli.output import Output
from rehub.hub import Hub


@make("dir", example="rehub dir")
def command(hub: Hub, out: Output) -> None:
    """Print torch.hub's folder.

    It is $TORCH_HOME/hub, else $XDG_CACHE_HOME/torch/hub, else ~/.cache/torch/hub. rehub's own part of it is printed
    by 'rehub cache dir'.
    """
    if out.as_json:
        out.data({"dir": hub.get_dir()})
    else:
        out.line(hub.get_dir())
