"""From what a repository says and imports to the distributions that it needs, and what is here of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rehub.verbs.environment.declared import Declared, declared
from rehub.verbs.environment.fitting import fits
from rehub.verbs.environment.imports import imports
from rehub.words.dependencies import distribution, distributions
from rehub.words.hubconf import Hubconf
from rehub.words.needs import Aside, Need, Needs, Use, Where
from rehub.words.requirement import Requirement, normal
from rehub.world.folder import Tree
from rehub.world.packages import installed_version, providers

_ORDER = {Use.LOAD: 0, Use.LATER: 1, Use.DECLARED: 2}


def needs_of(tree: Tree, hubconf: Hubconf) -> Needs:
    """Read what a repository needs. Nothing of it is run, and nothing is imported.

    Args:
        tree: its files.
        hubconf: what reading its hubconf tells.
    """
    said = declared(tree)
    imported, problems = imports(tree)
    joining = _Joining(said, providers())
    for each in hubconf.dependencies or ():
        if not _is_own(tree, each.name):
            joining.take_import(each.name, Use.LOAD, Where("hubconf.py", each.line))
    for name, (use, where) in imported.items():
        joining.take_import(name, use, where)
    needs = [joining.need(key) for key in joining.keys if key != said.project]
    unread = (Aside(each.file, each.line, "", each.message) for each in problems)
    return Needs(
        tuple(sorted(needs, key=lambda each: (_ORDER[each.use], each.key))), said.python, (*said.aside, *unread)
    )


def _is_own(tree: Tree, name: str) -> bool:
    from sys import stdlib_module_names

    top = name.partition(".")[0]
    return top in stdlib_module_names or tree.is_dir(top) or tree.is_file(f"{top}.py")


@dataclass(slots=True)
class _Joining:
    """Declarations and imports of one distribution, brought together under its normal name."""

    said: Declared
    holders: Mapping[str, Sequence[str]]
    requirements: dict[str, list[tuple[Requirement, Where]]] = field(default_factory=dict)
    imported: dict[str, dict[str, tuple[Use, Where]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for requirement, where in self.said.requirements:
            self.requirements.setdefault(requirement.key, []).append((requirement, where))

    @property
    def keys(self) -> Iterable[str]:
        """The normal names of all that is needed."""
        return dict.fromkeys([*self.requirements, *self.imported])

    def take_import(self, name: str, use: Use, where: Where) -> None:
        """Note an import of a package from outside; the first use is the strictest."""
        key = normal(self._distribution(name))
        self.imported.setdefault(key, {}).setdefault(name.partition(".")[0], (use, where))

    def _distribution(self, name: str) -> str:
        """Give whose an import name is: one that is declared, else one that is installed, else the most likely."""
        likely = distributions(name)
        for each in likely:
            if normal(each) in self.requirements:
                return each
        here = self.holders.get(name.partition(".")[0], ())
        return here[0] if len(set(here)) == 1 else distribution(name)

    def need(self, key: str) -> Need:
        """Put together what is known of one."""
        asked = self.requirements.get(key, [])
        imported = self.imported.get(key, {})
        name = asked[0][0].name if asked else next(self._distribution(each) for each in imported)
        uses = [use for use, _ in imported.values()] or [Use.DECLARED]
        version, holder = self._installed(key, imported)
        requirements = tuple(dict.fromkeys(requirement for requirement, _ in asked))
        return Need(
            name,
            min(uses, key=_ORDER.__getitem__),
            requirements,
            tuple(imported),
            tuple(dict.fromkeys([*(where for _, where in asked), *(where for _, where in imported.values())])),
            version,
            holder,
            fits(version, requirements) if not holder else None,
        )

    def _installed(self, key: str, imported: Iterable[str]) -> tuple[str | None, str]:
        """Give the version that is here, and whose it is if another distribution holds the import name."""
        if version := installed_version(key):
            return version, ""
        for name in imported:
            for holder in self.holders.get(name.partition(".")[0], ()):
                if found := installed_version(holder):
                    return found, holder
        return None, ""
