"""What a function of the repository gives, and which tables it fills, worked out statement by statement.

Nothing is run: names get values as far as :mod:`~rehub.words.reading.fold` can tell. Where it cannot tell which way an
``if`` goes, both ways are taken, and what they leave behind differently is unknown.
"""

import ast
from collections.abc import MutableMapping
from enum import Enum

from rehub.words.reading.changes import change, changed
from rehub.words.reading.fold import MAX_DEPTH, Folding, bound, within
from rehub.words.reading.plain import UNKNOWN, Thing, listed, same, truth


class Flow(Enum):
    """How a statement ends."""

    ON = "the next one follows"
    NEXT = "continue"
    BREAK = "break"
    END = "return or raise"


class Running:
    """One call of a function, or one statement of a module.

    Attributes:
        results: what it may return, in the order of the returns met.
    """

    def __init__(self, folding: Folding) -> None:
        self.folding = folding
        self.results: list[object] = []

    def call(self, body: list[ast.stmt], names: MutableMapping[str, object]) -> object:
        """Go through a function's body; give what it returns, if that can be known.

        Of several things one is as good as another: they are decorators' wrappers, and serve only to be described.
        """
        if self.block(body, names) is not Flow.END:
            self.results.append(None)
        first = self.results[0] if self.results else UNKNOWN
        if all(same(each, first) for each in self.results):
            return first
        things = [each for each in self.results if isinstance(each, Thing)]
        return things[-1] if things else UNKNOWN

    def block(self, statements: list[ast.stmt], names: MutableMapping[str, object]) -> Flow:
        """Go through statements until one ends the block."""
        budget = self.folding.budget
        budget.depth += 1
        flow = Flow.ON
        for statement in statements if budget.depth <= MAX_DEPTH else ():
            budget.steps -= 1
            if flow is not Flow.ON or budget.steps < 0:
                break
            flow = self.statement(statement, names)
        budget.depth -= 1
        return flow

    def statement(self, node: ast.stmt, names: MutableMapping[str, object]) -> Flow:  # noqa: C901 - one case a form
        """Go through one statement."""
        match node:
            case ast.Return(value=value):
                self.results.append(self.folding.value(value, names) if value else None)
                return Flow.END
            case ast.Raise():
                return Flow.END
            case ast.Continue() | ast.Break():
                return Flow.NEXT if isinstance(node, ast.Continue) else Flow.BREAK
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names[node.name] = self.decorated(node, names)
            case ast.Import() | ast.ImportFrom():
                names.update(self.folding.imported(node))
            case _ if changed(node) is not None:
                change(node, names, self.folding)
            case ast.Assign(targets=targets, value=value):
                self.assign(targets, self.folding.value(value, names), names)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self.assign([target], self.folding.value(value, names), names)
            case ast.Expr(value=value):
                self.folding.value(value, names)
            case _:
                return self.compound(node, names)
        return Flow.ON

    def assign(self, targets: list[ast.expr], value: object, names: MutableMapping[str, object]) -> None:
        """Bind targets to a value."""
        for target in targets:
            if isinstance(target, ast.Attribute):
                self.folding.set_attribute(self.folding.value(target.value, names), target.attr, value)
            else:
                names.update(bound(target, value))

    def decorated(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, names: MutableMapping[str, object]
    ) -> object:
        """Give a definition as its decorators leave it; of one that cannot be followed, that it leaves it alone."""
        value = self.folding.defined(node, names)
        for decorator in reversed(node.decorator_list):
            inner = within(names, {"_": value})
            found = self.folding.value(ast.copy_location(ast.Call(decorator, [ast.Name("_")], []), decorator), inner)
            value = found if isinstance(found, Thing) else value
        return value

    def compound(self, node: ast.stmt, names: MutableMapping[str, object]) -> Flow:
        """Go through a statement that holds others."""
        match node:
            case ast.If(test=test, body=body, orelse=orelse):
                sure = truth(self.folding.value(test, names))
                if sure is None:
                    return self.ways([body, orelse], names)
                return self.block(body if sure else orelse, names)
            case ast.For():
                return self.loop(node, names)
            case ast.While(body=body):
                self.ways([body, []], names)
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
                for item in items:
                    names.update(bound(item.optional_vars, UNKNOWN) if item.optional_vars else {})
                return self.block(body, names)
            case ast.Try() | ast.TryStar():
                flow = self.block([*node.body, *node.orelse], names)
                after = self.block(node.finalbody, names)
                return flow if after is Flow.ON else after
        return Flow.ON

    def loop(self, node: ast.For, names: MutableMapping[str, object]) -> Flow:
        """Go round a loop, once for each value if these are known."""
        values = listed(self.folding.value(node.iter, names))
        if values is None:
            names.update(bound(node.target, UNKNOWN))
            return self.ways([node.body, []], names)
        for value in values:
            names.update(bound(node.target, value))
            flow = self.block(node.body, names)
            if flow is Flow.END or self.folding.budget.steps < 0:
                return flow
            if flow is Flow.BREAK:
                return Flow.ON
        return self.block(node.orelse, names)

    def ways(self, bodies: list[list[ast.stmt]], names: MutableMapping[str, object]) -> Flow:
        """Take several ways, of which one would be taken; what they bind differently is unknown afterwards."""
        flows, ends = [], []
        self.folding.budget.doubts += 1
        for body in bodies:
            own: dict[str, object] = {}
            flows.append(self.block(body, within(names, own)))
            ends.append(own)
        self.folding.budget.doubts -= 1
        left = [own for own, flow in zip(ends, flows, strict=True) if flow is Flow.ON]
        for name in {name for own in left for name in own}:
            values = [own.get(name, names.get(name, UNKNOWN)) for own in left]
            names[name] = values[0] if all(same(each, values[0]) for each in values) else UNKNOWN
        return Flow.END if all(flow is Flow.END for flow in flows) else Flow.ON
