"""What a shell is offered while a command is typed: only from the store, without any network."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from rehub.hub import Hub


class RefText(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.3
    """A ref; offers those that were asked for before."""

    name = "ref"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":  # noqa: ARG002
        """Give the refs in the store that start like this."""
        from rehub.verbs.cache import contents
        from rehub.words.errors import RehubError

        try:
            found = contents(_hub(ctx).store, sizes=False)
        except RehubError:
            return []
        names = {each.name if ref.rev == "HEAD" else f"{each.name}@{ref.rev}" for each in found for ref in each.refs}
        # The form of torch.hub, if that is how it is typed.
        if ":" in incomplete and "://" not in incomplete:
            names |= {name.replace("@", ":", 1) for name in names}
        return _items(names, incomplete)


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
        return _items(set(found.hubconf.names), incomplete)


def _hub(ctx: click.Context) -> "Hub":
    from rehub.hub import Hub

    return Hub(dir=ctx.params.get("folder"), offline=True)


def _items(names: set[str], incomplete: str) -> "list[CompletionItem]":
    from click.shell_completion import CompletionItem

    return [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]
