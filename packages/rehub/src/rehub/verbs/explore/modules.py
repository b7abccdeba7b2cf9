"""A torch module's submodules, and how large it is: read from the dictionaries that ``torch.nn.Module`` keeps."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import Any

from rehub.verbs.explore.carefully import attempt, attributes, is_a, qualified, torch_class
from rehub.verbs.explore.limits import Limits
from rehub.verbs.explore.tensors import Counted, count, is_packed, together
from rehub.words.exploration import Part, Sizes
from rehub.words.text import plural

_NUMBERED = re.compile(r"(.*?)\d+")


@dataclass(slots=True)
class Node:
    """A module, looked at once, however often it is reached.

    Attributes:
        module: itself, so that its identity goes to no other object meanwhile.
        type: its class's name.
        parameters: its own, by name.
        buffers: likewise.
        children: its submodules, by name.
        alike: a number that modules made alike have in common.
        below: the parameters of it and of all its submodules, by key.
        inside: how many submodules it holds, at any depth.
    """

    module: object
    type: str
    parameters: dict[str, Counted]
    buffers: dict[str, Counted]
    children: "dict[str, Node]" = field(default_factory=dict)
    alike: int = 0
    below: dict[Any, int] = field(default_factory=dict)
    inside: int = 0

    @property
    def own(self) -> int:
        """Numbers in the parameters that are its own."""
        return together(self.parameters.values()).numbers


def is_module(value: object) -> bool:
    """Say whether an object is a torch module."""
    return is_a(value, torch_class("nn", "Module"))


@dataclass(slots=True)
class Walk:
    """Looks a module and its submodules over.

    Attributes:
        limits: where it ends.
        nodes: what it has found, by the identity of the module.
        notes: what it could not count.
    """

    limits: Limits
    nodes: dict[int, Node] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)
    _forms: dict[Any, int] = field(default_factory=dict)

    def node(self, module: object, level: int = 0) -> Node:
        """Look at a module. One that holds itself is met again before it is done, as one without submodules."""
        if id(module) in self.nodes:
            return self.nodes[id(module)]
        made = Node(module, _type(module), self._tensors(module, "_parameters"), self._tensors(module, "_buffers"))
        self.nodes[id(module)] = made
        self._look_for_packed(module)
        if level < self.limits.levels:
            made.children = {name: self.node(each, level + 1) for name, each in self._submodules(module)}
        elif next(self._submodules(module), None):
            self.notes[f"submodules deeper than {self.limits.levels} levels are not counted"] = None
        self._sum_up(made)
        return made

    def _sum_up(self, made: Node) -> None:
        below = [{each.key: each.numbers for each in made.parameters.values()}]
        below += [child.below for child in made.children.values()]
        made.below = {key: numbers for each in below for key, numbers in each.items()}
        made.inside = sum(1 + child.inside for child in made.children.values())
        tensors = (*made.parameters.items(), None, *made.buffers.items())
        outside = tuple(each and (each[0], each[1].shape, each[1].dtype) for each in tensors)
        form = (made.type, outside, tuple((name, child.alike) for name, child in made.children.items()))
        made.alike = self._forms.setdefault(form, len(self._forms))

    def _submodules(self, module: object) -> Iterator[tuple[str, object]]:
        """Give the submodules, as long as there are not too many."""
        for name, each in _items(module, "_modules", self.limits.modules):
            if len(self.nodes) >= self.limits.modules:
                self.notes[f"more than {plural(self.limits.modules, 'submodule')}; the others are not counted"] = None
                return
            if is_module(each):
                yield name, each

    def _tensors(self, module: object, which: str) -> dict[str, Counted]:
        counted = ((name, count(each)) for name, each in _items(module, which, self.limits.modules))
        return {name: each for name, each in counted if each}

    def _look_for_packed(self, module: object) -> None:
        if any(is_packed(each) for name, each in attributes(module).items() if name != "_c"):
            self.notes["it holds quantized weights in packed form, which are not counted"] = None


def _items(module: object, which: str, limit: int) -> list[tuple[str, Any]]:
    """Read one of the dictionaries of a module; a compiled one keeps something that is only like one."""
    held: Any = attributes(module).get(which)
    read = lambda: list(islice(held.items(), limit))  # noqa: E731
    found: list[tuple[Any, Any]] = attempt(read, []) if held is not None else []
    return [(name, each) for name, each in found if type(name) is str and each is not None]


def _type(module: object) -> str:
    """Give a module's class; of a compiled one, the class that it was compiled from."""
    compiled: Any = attributes(module).get("_c") if is_compiled(module) else None
    name = "" if compiled is None else attempt(lambda: str(compiled._type().name()), "")  # noqa: SLF001
    return name or qualified(type(module))


def is_compiled(module: object) -> bool:
    """Say whether a module is TorchScript."""
    return is_a(module, torch_class("jit", "ScriptModule"))


def stood_for(module: object) -> object | None:
    """Give the module that one only stands for: what ``torch.compile`` and ``torch.jit.trace`` were given, or made."""
    held = attributes(module)
    if is_a(module, torch_class("jit", "TopLevelTracedModule")):
        found = held.get("_actual_script_module")
    elif is_a(module, torch_class("_dynamo", "eval_frame", "OptimizedModule")):
        found = dict(_items(module, "_modules", 1)).get("_orig_mod")
    else:
        return None
    return found if is_module(found) and found is not module else None


def sizes(root: Node, walk: Walk) -> Sizes:
    """Say how large a module is."""
    parameters = [each for node in walk.nodes.values() for each in node.parameters.values()]
    buffers = [each for node in walk.nodes.values() for each in node.buffers.values()]
    return Sizes(
        parameters=together(parameters),
        buffers=together(buffers),
        trainable=together(each for each in parameters if each.trainable).numbers,
        tied=_tied(root, walk.limits),
        unsized=len({each.key for each in parameters if each.shape is None}),
    )


def training(module: object) -> bool | None:
    """Say whether a module is in training mode; a compiled one keeps that where Python does not see it."""
    compiled: Any = attributes(module).get("_c")
    said = attributes(module).get("training")
    if is_compiled(module):
        said = attempt(lambda: compiled.getattr("training"), None)
    return said if type(said) is bool else None


def measure(value: object) -> tuple[Sizes, bool | None] | None:
    """Say how large a module is, and whether it is in training mode; ``None`` if it is no module."""
    if not is_module(value):
        return None
    inner = stood_for(value)
    walk, module = Walk(Limits()), value if inner is None else inner
    return sizes(walk.node(module), walk), training(module)


def _tied(root: Node, limits: Limits) -> tuple[tuple[str, ...], ...]:
    """Give the names of parameters that are found under several."""
    names: dict[Any, list[str]] = {}
    for path, node in islice(_paths(root), limits.modules):
        for name, each in node.parameters.items():
            if each.shape is not None and each.numbers:
                names.setdefault(each.key, []).append(path + name)
    several = (tuple(each[: limits.tied]) for each in names.values() if len(each) > 1)
    return tuple(islice(several, limits.tied))


def _paths(root: Node) -> Iterator[tuple[str, Node]]:
    """Give every way to every module that does not go in circles; there may be more of them than one can count."""
    waiting: list[tuple[str, Node, tuple[int, ...]]] = [("", root, ())]
    while waiting:
        path, node, above = waiting.pop()
        yield path, node
        above = (*above, id(node))
        fresh = [(name, child) for name, child in node.children.items() if id(child) not in above]
        waiting += [(f"{path}{name}.", child, above) for name, child in reversed(fresh)]


def parts(root: Node, limits: Limits) -> Part:
    """Give the submodules as they are told: down to the level at which there are few enough of them."""
    depth = next((level for level in range(limits.depth, 1, -1) if _rows(root, level, limits.rows) <= limits.rows), 1)
    return _part(root, [""], depth, limits.rows)


def _rows(node: Node, depth: int, enough: int) -> int:
    """Count the lines that a level would take, and stop as soon as there are too many."""
    found = 0
    for group in _alike(node) if depth else ():
        found += 1 + _rows(group[0][1], depth - 1, enough - found)
        if found > enough:
            break
    return found


def _part(node: Node, names: list[str], depth: int, rows: int) -> Part:
    within = f"{names[0]}." if names[0] else ""
    groups = _alike(node) if depth else []
    shown = ((group[0][1], [within + name for name, _ in group]) for group in groups[:rows])
    return Part(
        name=names[0],
        type=node.type,
        count=len(names),
        last=names[-1] if len(names) > 1 else None,
        own=node.own,
        total=sum(node.below.values()),
        inside=node.inside,
        parts=tuple(_part(child, paths, depth - 1, rows) for child, paths in shown),
        left_out=max(0, len(groups) - rows),
    )


def _alike(node: Node) -> list[list[tuple[str, Node]]]:
    """Put together what follows one another, is made alike, and is told apart by a number only."""

    def form(item: tuple[str, Node]) -> tuple[str, int]:
        numbered = _NUMBERED.fullmatch(item[0])
        return (f"{numbered[1]}#" if numbered else item[0], item[1].alike)

    return [list(group) for _, group in groupby(node.children.items(), form)]
