"""What a shell is offered while a command is typed: only from the store, without any network."""

import re
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from rehub.hub import Hub

# The shell puts what it is offered into the user's line as it is: nothing that it would obey.
_REF = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./@:%+-]*")
_ENTRY = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*")


class RefText(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.3
    """A ref; offers those that were asked for before."""

    name = "ref"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":  # noqa: ARG002
        """Give the refs in the store that start like this."""
        from rehub.verbs.cache import contents
        from rehub.words.errors import RehubError

        try:
            hub = _hub(ctx)
            found = contents(hub.store, sizes=False, named=hub.settings.named)
        except RehubError:
            return []
        names = {each.name if ref.rev == "HEAD" else f"{each.name}@{ref.rev}" for each in found for ref in each.refs}
        # The form of torch.hub, if that is how it is typed.
        if ":" in incomplete and "://" not in incomplete:
            names |= {name.replace("@", ":", 1) for name in names}
        return _items({name for name in names if _REF.fullmatch(name)}, incomplete)


class EntryName(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.3
    """An entry; offers those of the ref before it, if that is in the store."""

    name = "entry"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":  # noqa: ARG002
        """Give the ref's entries that start like this."""
        from rehub.words.errors import RehubError

        try:
            found = _hub(ctx).inspect(ctx.params.get("ref") or "", source=ctx.params.get("source") or "github")
        except RehubError:
            return []
        names = found.hubconf.names
        return _items({name for name in names if name.isidentifier() or _ENTRY.fullmatch(name)}, incomplete)


def _hub(ctx: click.Context) -> "Hub":
    from rehub.hub import Hub

    return Hub(dir=ctx.params.get("folder"), offline=True)


def _items(names: set[str], incomplete: str) -> "list[CompletionItem]":
    from click.shell_completion import CompletionItem

    return [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]
