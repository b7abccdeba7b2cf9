"""The verbs as methods of one object that holds their settings: the face of rehub in Python."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, overload

from rehub._version import __version__
from rehub.bound import BoundEntry, Expect, T, U, V
from rehub.files import Files
from rehub.given import expected_of, source_of
from rehub.words.ref import Ref
from rehub.words.trust import Grant, admit, check_asked

if TYPE_CHECKING:
    import builtins

    from rehub.words.inspection import Inspection
    from rehub.words.pin import Checkout


# A library prints nothing: without this, Python itself would print warnings that nobody has asked for.
logging.getLogger("rehub").addHandler(logging.NullHandler())


class Hub(Files):
    """The verbs, with settings of their own.

    Args:
        dir: torch.hub's folder; rehub's store is ``rehub/`` inside it.
        offline: open no socket.
        mirrors: prefix rewrites, ``{"https://github.com/": "http://127.0.0.1:8000/"}`` or ``REHUB_MIRRORS``' form.
        trust: ``"never"``, ``"ask"`` or ``"always"``.
        verify: ``"changed"`` or ``"always"``.
        timeout: how long a remote may stay silent, in seconds.
        hosts: git servers: ``{"ghe.example.org": "github"}``, or a table of kind, base and token for each, or
            ``REHUB_HOSTS``' form.
        default_host: the host that ``owner/repo`` is at.
        legacy_links: let torch.hub's names in its folder lead to what was loaded.
        lock: a lock: what is loaded is recorded in it, and what it knows is answered from it.
        locked: load exactly what the lock says, and nothing else.
        shared: folders like ``dir`` beneath it that are only read, first match wins.
        progress: told, in a few words, what is going on; nothing is ever printed.
        environ: where everything that is not given comes from; the process's own environment by default.

    Raises:
        MalformedSettingError: a setting has a value that it cannot have.

    Example:
        >>> hub = Hub(dir="/tmp/models", offline=True)
        >>> hub.get_dir()
        '/tmp/models'
    """

    def fetch(
        self, ref: str, *, source: str = "github", force_reload: bool = False, skip_validation: bool = False
    ) -> Checkout:
        """Bring a repository's files into the store, without running any of them.

        Args:
            ref: the repository, in any form.
            source: ``"github"`` for anything with a remote, ``"local"`` for a folder.
            force_reload: ask where the ref points now, even if it is cached.
            skip_validation: take a full commit id without asking whether a branch or tag reaches it.

        Returns:
            The folder, with its pin.

        Raises:
            MalformedRefError: the ref names nothing.
            NotFoundError: there is no such folder, repository, branch, tag or commit.
            OfflineError: it is not in the store, and rehub is offline.
            NotLockedError: the lock in use does not know it, and nothing else may be loaded.
            WorldError: git, the network or the disk failed.
        """
        from rehub.verbs.fetch import fetch

        return fetch(
            Ref.parse(ref, source=source_of(source)), self._fetching, force=force_reload, unchecked=skip_validation
        )

    def inspect(
        self,
        ref: str,
        *,
        source: str = "github",
        force_reload: bool = False,
        dynamic: bool = False,
        trust_repo: object = None,
    ) -> Inspection:
        """Read a repository: entries, dependencies, weights, and what happens at import. Nothing of it is run.

        Args:
            ref: the repository, in any form.
            source: as :meth:`fetch`.
            force_reload: as :meth:`fetch`; with ``dynamic`` also run again what was run before.
            dynamic: where reading cannot know all names, run the hubconf in a process of its own, and add what is
                there. The answer is remembered for these very files: later calls, with ``dynamic`` or without, have it.
            trust_repo: as :meth:`load`; without ``dynamic`` nothing is run, so there is nothing to trust.

        Raises:
            HubconfNotFoundError: it has no ``hubconf.py``.
            UntrustedError: it would have to be run, and nobody allowed that.
            MissingDependencyError: it would have to be run, and packages that it needs are not installed.
            HubconfFailedError: it was run, and did not get to its end.
            RehubError: as :meth:`fetch`.
        """
        checkout = self.fetch(ref, source=source, force_reload=force_reload)
        return self._inspect(checkout, dynamic=dynamic, trust_repo=trust_repo, again=force_reload)

    def _inspect(
        self, checkout: Checkout, *, dynamic: bool = False, trust_repo: object = None, again: bool = False
    ) -> Inspection:
        from rehub.words.ran import joined

        check_asked(trust_repo)
        found = self._read(checkout)
        if not found.hubconf.dynamic:
            return found
        from rehub.verbs.observe import observe, remembered

        ran = None if again and dynamic else remembered(checkout, self.store.records, version=__version__)
        if ran is None and dynamic:
            self.admit(checkout, trust_repo)
            self._progress("running hubconf.py in a process of its own")
            ran = observe(checkout, found.hubconf, self.store, version=__version__)
        return replace(found, hubconf=joined(found.hubconf, ran)) if ran else found

    def _read(self, checkout: Checkout) -> Inspection:
        from rehub.verbs.inspect import inspect
        from rehub.words.inspection import Inspection

        store, tree = self.store, checkout.pin.tree if checkout.pin else None

        def still_there() -> bool:
            return tree is None or store.trees.find(tree) is not None

        return Inspection(checkout, inspect(checkout, store.records, version=__version__, still_there=still_there))

    def list(  # noqa: PLR0913 - torch.hub's parameters, in its order
        self,
        github: str,
        force_reload: bool = False,  # noqa: FBT001, FBT002
        skip_validation: bool = False,  # noqa: FBT001, FBT002
        trust_repo: object = None,
        verbose: bool = True,  # noqa: ARG002, FBT001, FBT002 - nothing is printed
        *,
        all: bool = False,  # noqa: A002 - the word that users know from shells
        dynamic: bool = False,
    ) -> builtins.list[str]:
        """Name a repository's entry points, in alphabetical order. Nothing of it is run, and torch is not imported.

        Args:
            github: the repository, in any form; the name is torch.hub's.
            force_reload: ask where the ref points now, even if it is cached.
            skip_validation: take a full commit id unasked.
            trust_repo: as :meth:`load`; without ``dynamic`` nothing is run, so there is nothing to trust.
            verbose: without effect.
            all: also what torch.hub would list because it was merely imported.
            dynamic: as :meth:`inspect`.

        Raises:
            RehubError: as :meth:`inspect`.
        """
        checkout = self.fetch(github, force_reload=force_reload, skip_validation=skip_validation)
        found = self._inspect(checkout, dynamic=dynamic, trust_repo=trust_repo, again=force_reload).hubconf
        leaked = [leak.name for leak in found.leaks if leak.callable is not False] if all else []
        return sorted({*found.names, *leaked})

    def help(  # noqa: PLR0913 - torch.hub's parameters, in its order
        self,
        github: str,
        model: str,
        force_reload: bool = False,  # noqa: FBT001, FBT002
        skip_validation: bool = False,  # noqa: FBT001, FBT002
        trust_repo: object = None,
        *,
        dynamic: bool = False,
    ) -> str:
        """Give an entry's signature and documentation. Nothing of the repository is run.

        Args:
            github: the repository, in any form; the name is torch.hub's.
            model: the entry's name.
            force_reload: ask where the ref points now, even if it is cached.
            skip_validation: take a full commit id unasked.
            trust_repo: as :meth:`load`; without ``dynamic`` nothing is run, so there is nothing to trust.
            dynamic: as :meth:`inspect`.

        Raises:
            EntryNotFoundError: there is no such entry.
            RehubError: as :meth:`inspect`.
        """
        from rehub.words.errors import EntryNotFoundError

        checkout = self.fetch(github, force_reload=force_reload, skip_validation=skip_validation)
        found = self._inspect(checkout, dynamic=dynamic, trust_repo=trust_repo, again=force_reload)
        entry = found.hubconf.find(model)
        if entry is None:
            amiss = [f"{each.file}:{each.line}: {each.message}" for each in found.hubconf.problems]
            note = "\n".join(f"  {each}" for each in [*found.hubconf.dynamic, *amiss])
            raise EntryNotFoundError(str(found.checkout), model, found.hubconf.names, note)
        return entry.help

    @overload
    def load(
        self,
        /,
        repo_or_dir: str,
        model: str,
        *args: Any,
        source: str = "github",
        trust_repo: object = None,
        force_reload: bool = False,
        verbose: bool = True,
        skip_validation: bool = False,
        expect: None = None,
        **kwargs: Any,
    ) -> Any: ...
    @overload
    def load(
        self,
        /,
        repo_or_dir: str,
        model: str,
        *args: Any,
        source: str = "github",
        trust_repo: object = None,
        force_reload: bool = False,
        verbose: bool = True,
        skip_validation: bool = False,
        expect: Expect[T, U, V],
        **kwargs: Any,
    ) -> T | U | V: ...
    def load(  # noqa: PLR0913 - torch.hub's parameters, in its order
        self,
        /,
        repo_or_dir: str,
        model: str,
        *args: Any,
        source: str = "github",
        trust_repo: object = None,
        force_reload: bool = False,
        verbose: bool = True,  # noqa: ARG002 - nothing is printed
        skip_validation: bool = False,
        expect: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Load a model: call an entry point of a repository, in a scope of its own.

        Args:
            repo_or_dir: the repository, in any form; a folder if ``source="local"``.
            model: the entry's name.
            *args: what the entry is called with.
            source: ``"github"`` for anything with a remote, ``"local"`` for a folder.
            trust_repo: ``None`` or ``"check"``: as the trust policy says; ``True``: allow this call,
                unless the policy is ``"never"``; ``False``: only if it was allowed before. It never asks.
            force_reload: ask where the ref points now, even if it is cached.
            verbose: without effect; rehub logs to ``logging.getLogger("rehub")``.
            skip_validation: take a full commit id without asking whether a branch or tag reaches it.
            expect: a class that the result must be of, or a tuple of classes; a type checker then knows it.
            **kwargs: what the entry is called with, by name; an entry with a parameter of one of the names above is
                called through :meth:`entry`.

        Returns:
            Whatever the entry returns.

        Raises:
            UntrustedError: nobody allowed this code to run here.
            EntryNotFoundError: there is no such entry.
            MissingDependencyError: packages that it needs are not installed.
            UnexpectedResultError: the result is not what ``expect`` says.
            NotLockedError: the lock in use does not have this call, and nothing else may be loaded.
            RehubError: as :meth:`fetch`.
            Exception: what the entry itself raises, unwrapped.
        """
        bound = self.entry(
            repo_or_dir,
            model,
            source=source,
            trust_repo=trust_repo,
            force_reload=force_reload,
            skip_validation=skip_validation,
            expect=expect,
        )
        return bound(*args, **kwargs)

    @overload
    def entry(
        self,
        ref: str,
        name: str,
        *,
        source: str = "github",
        trust_repo: object = None,
        force_reload: bool = False,
        skip_validation: bool = False,
        expect: None = None,
    ) -> BoundEntry[Any]: ...
    @overload
    def entry(
        self,
        ref: str,
        name: str,
        *,
        source: str = "github",
        trust_repo: object = None,
        force_reload: bool = False,
        skip_validation: bool = False,
        expect: Expect[T, U, V],
    ) -> BoundEntry[T | U | V]: ...
    def entry(  # noqa: PLR0913 - load's own
        self,
        ref: str,
        name: str,
        *,
        source: str = "github",
        trust_repo: object = None,
        force_reload: bool = False,
        skip_validation: bool = False,
        expect: Any = None,
    ) -> BoundEntry[Any]:
        """Give an entry as something to call, so that none of its parameters can clash with rehub's.

        Args:
            ref: the repository, in any form.
            name: the entry's name.
            source: as for :meth:`load`, like the rest.
            trust_repo: likewise.
            force_reload: likewise.
            skip_validation: likewise.
            expect: what each call's result must be; the entry itself may have a parameter of that name.

        Raises:
            RehubError: as :meth:`load`, except what only running can tell.

        Example:
            >>> hub.entry("acme/toy", "net")(pretrained=True)  # doctest: +SKIP
        """
        from rehub.verbs.load import check_dependencies, check_entry

        check_asked(trust_repo)
        expected = expected_of(expect)
        checkout = self.fetch(ref, source=source, force_reload=force_reload, skip_validation=skip_validation)
        found = self._inspect(checkout).hubconf
        check_entry(checkout, found, name)
        self.admit(checkout, trust_repo)
        check_dependencies(checkout, found)
        if self.settings.legacy_links:
            self._link(checkout, ref)
        return BoundEntry(self, checkout, name, expected)

    def _link(self, checkout: Checkout, ref: str) -> None:
        from rehub.verbs.torchfolder import candidates, link
        from rehub.world.torchfolder import TorchFolder

        if checkout.pin:
            names = candidates(checkout.pin.remote, Ref.parse(ref).rev, self.store)[0]
            link(names, checkout, TorchFolder(self.settings.dir), self.store)

    def admit(self, checkout: Checkout, trust_repo: object = None) -> None:
        """Let a checkout's code run here, or refuse. A folder of the user's own needs no permission.

        Raises:
            UntrustedError: nobody allowed it.
            MalformedSettingError: ``trust_repo`` is none of its values.
        """
        if checkout.pin:
            admit(checkout.pin, asked=trust_repo, mode=self.settings.trust, grants=self.grants.all())

    def allow(self, ref: str) -> Grant:
        """Allow a repository to run here: at the commit that the ref names, or at any if it names none.

        Raises:
            MalformedRefError: the ref names no remote repository.
            RehubError: as :meth:`fetch`, if a branch or tag has to be resolved.
        """
        from rehub.verbs.trust import allow

        return allow(Ref.parse(ref), self._fetching, self.grants)

    def disallow(self, ref: str) -> Iterable[Grant]:
        """Take back what :meth:`allow` allowed; give what was taken back."""
        from rehub.verbs.trust import disallow

        return disallow(self.settings.meant(Ref.parse(ref)), self.grants)
