"""Finding and loading a checkout's modules: the source proved, the byte-code kept elsewhere."""

from collections.abc import Callable, Iterable
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    ModuleSpec,
    NamespaceLoader,
    SourceFileLoader,
)
from pathlib import Path
from types import CodeType, ModuleType

from rehub.world.scope.bytecode import Bytecode
from rehub.world.scope.proof import Proof


class NamespacePath(list[str]):
    """The folders of a package that has no file of its own.

    ``importlib.resources`` reads such a package only if its path's text says "NamespacePath".
    Source: CPython 3.11, Lib/importlib/readers.py, NamespaceReader.
    """

    def __repr__(self) -> str:
        return f"NamespacePath({super().__repr__()})"


class SourceLoader(SourceFileLoader):
    """Loads a module from its source, never from byte-code that lies beside it."""

    def __init__(self, fullname: str, path: str, *, proof: Proof, bytecode: Bytecode) -> None:
        super().__init__(fullname, path)
        self._proof, self._bytecode = proof, bytecode
        self.seen = ""  # the SHA-256 of the source that was executed

    def get_code(self, fullname: str) -> CodeType:
        """Give the module's code, compiled from its source or from byte-code of exactly that source."""
        place = self.get_filename(fullname)
        data = self.get_data(place)
        digest = self._proof.check(place, data)
        self.seen = digest.hex
        if (code := self._bytecode.find(digest, place)) is None:
            code = self.source_to_code(data, place)
            self._bytecode.keep(digest, code)
        return code


class Finder:
    """Looks for modules in folders of one checkout, and remembers what lies in them."""

    def __init__(self, proof: Proof, bytecode: Bytecode) -> None:
        self._proof, self._bytecode = proof, bytecode
        self._folders: dict[str, FileFinder] = {}

    def find(self, fullname: str, path: Iterable[str]) -> ModuleSpec | None:
        """Find a module: packages and modules first, in the path's order, then folders without ``__init__.py``.

        Raises:
            DigestMismatchError: an extension module is not the repository's.
        """
        folders = NamespacePath()
        for place in path:
            spec = self._folder(place).find_spec(fullname)
            if spec is not None and spec.loader is not None:
                if isinstance(spec.loader, ExtensionFileLoader) and spec.origin:
                    self._proof.check(spec.origin, Path(spec.origin).read_bytes())
                return spec
            if spec is not None:
                folders += spec.submodule_search_locations or []
        return package(fullname, folders) if folders else None

    def refuse_bytecode(self, fullname: str, path: Iterable[str]) -> None:
        """Refuse a module of which only byte-code is there: whoever is asked after us would run it.

        Raises:
            ModuleNotFoundError: there is byte-code without a source.
        """
        file = fullname.rpartition(".")[2] + BYTECODE_SUFFIXES[0]
        for place in path:
            if Path(place, file).is_file():
                msg = f"{fullname} is there only as byte-code, {Path(place, file)}, which is never run"
                raise ModuleNotFoundError(msg, name=fullname)

    def forget(self) -> None:
        """Look into every folder anew."""
        self._folders.clear()

    def _folder(self, place: str) -> FileFinder:
        # Kept: a package of 2,000 modules would be listed 2,000 times. FileFinder itself looks at the folder's mtime.
        found = self._folders.get(place)
        if found is None:
            found = self._folders[place] = FileFinder(
                place,
                (ExtensionFileLoader, EXTENSION_SUFFIXES),
                (self._loader, SOURCE_SUFFIXES),  # type: ignore[arg-type]
            )
        return found

    def _loader(self, fullname: str, path: str) -> SourceLoader:
        return SourceLoader(fullname, path, proof=self._proof, bytecode=self._bytecode)


class PackageLoader(NamespaceLoader):
    """Loads the package of a whole checkout, which is empty: a repository's own ``__init__.py`` is not it.

    A process that meets the name first, as a worker that unpickles a model does, has hubconf run now: only hubconf
    knows which folders it puts on ``sys.path``.
    """

    def __init__(self, path: NamespacePath, prepare: Callable[[], None]) -> None:
        self._path = path  # where NamespaceLoader keeps it, for importlib.resources
        self._prepare = prepare

    def exec_module(self, module: ModuleType) -> None:  # noqa: ARG002 - the import system's signature
        """Have hubconf run, if nobody has called an entry yet."""
        self._prepare()


def package(fullname: str, path: NamespacePath, loader: PackageLoader | None = None) -> ModuleSpec:
    """Give a package that has folders and no file."""
    spec = ModuleSpec(fullname, loader, is_package=True)
    spec.submodule_search_locations = path
    return spec
