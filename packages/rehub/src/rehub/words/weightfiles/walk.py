"""A walk through one pickle: what it would make is worked out, nothing of it is made.

Only what ``torch.load(weights_only=True)`` understands is followed; any other instruction, and any name that weights
have no need for, ends the walk. Source: torch 2.13, torch/_weights_only_unpickler.py, ``Unpickler.load``.
"""

from collections.abc import Callable
from typing import Any

from rehub.words.weightfiles.allowed import is_allowed, modern
from rehub.words.weightfiles.calls import built, called
from rehub.words.weightfiles.faults import RunsCode, Unsound
from rehub.words.weightfiles.instructions import instructions
from rehub.words.weightfiles.keys import Keys
from rehub.words.weightfiles.naming import named
from rehub.words.weightfiles.values import Global, Table

MAX_PICKLE = 16 << 20
"""Bytes of a pickle; that of a model of ten thousand tensors has a tenth of it."""
_MAX_MARKS = 1000  # as deep as Python's own pickler goes
_MAX_STACK = 1 << 18  # values at once

Restore = Callable[[Any], Any]
"""Given a persistent id, gives the storage that it stands for."""


def walk(data: bytes, restore: Restore, start: int = 0) -> tuple[Any, int]:
    """Give what a pickle would make, and where it ends.

    Args:
        data: the pickle, and maybe more after it.
        restore: knows the storages.
        start: where it begins.

    Raises:
        RunsCode: it names or calls what weights have no need for.
        Unsound: it is no sound pickle.
    """
    machine = _Machine(restore)
    try:
        for name, argument, at in instructions(data, start):
            if name == "STOP":
                return machine.pop(), at
            machine.do(name, argument)
    except RunsCode as error:
        found = named(data, start) or list(error.found)
        raise RunsCode(found, error.reason) from error
    except (IndexError, KeyError, AttributeError) as error:
        raise Unsound("its pickle takes values that are not there") from error
    raise Unsound("its pickle has no end")


class _Machine:
    def __init__(self, restore: Restore) -> None:
        self._restore = restore
        self._stack: list[Any] = []
        self._marks: list[list[Any]] = []
        self._memo: dict[int, Any] = {}
        self.keys = Keys()

    def do(self, name: str, argument: Any) -> None:
        """Follow one instruction."""
        does = _DOES.get(name)
        if does is not None:
            does(self, argument)
        elif name in _VALUES:
            self._stack.append(argument)
            if len(self._stack) > _MAX_STACK:
                raise Unsound(f"its pickle holds more than {_MAX_STACK} values at once")
        else:
            raise RunsCode([f"the instruction {name}"], "its pickle is not of the kind that torch.save writes")

    def pop(self) -> Any:
        """Take the topmost value."""
        return self._stack.pop()

    def push(self, value: Any) -> None:
        """Put a value on top."""
        self._stack.append(value)
        if len(self._stack) > _MAX_STACK:
            raise Unsound(f"its pickle holds more than {_MAX_STACK} values at once")

    def text(self, argument: bytes) -> None:
        """Read a text as Python 2 wrote it."""
        try:
            self.push(argument.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise Unsound("its pickle has a text of Python 2 that is not UTF-8") from error

    def named(self, argument: tuple[str, str]) -> None:
        """Name a function or class."""
        name = modern(*argument)
        if not is_allowed(name):
            raise RunsCode([name], "it names what weights have no need for")
        self.push(Global(name))

    def reduce(self, _: None) -> None:
        """Call something."""
        args, function = self.pop(), self.pop()
        if not isinstance(function, Global):
            raise RunsCode(["something that it made itself"], "it calls what weights have no need to call")
        if not isinstance(args, tuple):
            raise Unsound("its pickle calls something without a tuple of arguments")
        self.push(called(function.name, args, self.keys))

    def new(self, _: None) -> None:
        """Make an object of a class."""
        args, kind = self.pop(), self.pop()
        name = kind.name if isinstance(kind, Global) else "a class that it made itself"
        if args != () or name not in {"collections.OrderedDict", "collections.Counter", "builtins.set"}:
            raise RunsCode([name], "it makes an object of a class that weights have no need for")
        self.push(called(name, (), self.keys))

    def build(self, _: None) -> None:
        """Give an object its state."""
        state = self.pop()
        built(self._stack[-1], state)

    def persistent(self, _: None) -> None:
        """Ask for a storage."""
        self.push(self._restore(self.pop()))

    def mark(self, _: None) -> None:
        """Remember where the stack is."""
        self._marks.append(self._stack)
        self._stack = []
        if len(self._marks) > _MAX_MARKS:
            raise Unsound(f"its pickle is nested more than {_MAX_MARKS} deep")

    def _since_mark(self) -> list[Any]:
        found, self._stack = self._stack, self._marks.pop()
        return found

    def tuple_since_mark(self, _: None) -> None:
        """Make a tuple of what came since the mark."""
        found = self._since_mark()
        self.push(tuple(found))

    def tuple_of(self, count: int) -> None:
        """Make a tuple of the topmost values."""
        if len(self._stack) < count:
            raise Unsound("its pickle takes values that are not there")
        self._stack[-count:] = [tuple(self._stack[-count:])]

    def append(self, _: None) -> None:
        """Add to a list."""
        item = self.pop()
        self._list().append(item)

    def appends(self, _: None) -> None:
        """Add what came since the mark to a list."""
        items = self._since_mark()
        self._list().extend(items)

    def _list(self) -> list[Any]:
        found = self._stack[-1]
        if type(found) is not list:
            raise Unsound("its pickle appends to something that is no list")
        return found

    def set_item(self, _: None) -> None:
        """Set an item of a dictionary."""
        value, key = self.pop(), self.pop()
        self._set([key, value])

    def set_items(self, _: None) -> None:
        """Set items of a dictionary, as many as came since the mark."""
        self._set(self._since_mark())

    def _set(self, items: list[Any]) -> None:
        table = self._stack[-1]
        if not isinstance(table, Table) or len(items) % 2:
            raise Unsound("its pickle sets items of something that is no dictionary, or keys without values")
        check = self.keys.check
        for key in items[::2]:
            check(key)
        table.rows.extend(zip(items[::2], items[1::2], strict=True))

    def get(self, index: int) -> None:
        """Take a value from the memo."""
        self.push(self._memo[index])

    def put(self, index: int) -> None:
        """Keep a value in the memo."""
        self._memo[index] = self._stack[-1]

    def protocol(self, number: int) -> None:
        """Read which protocol it is."""
        if number != 2:  # noqa: PLR2004 - the only one that torch.save writes unasked
            raise RunsCode([f"pickle protocol {number}"], "weights are written in pickle's protocol 2")


_VALUES = {"BININT", "BININT1", "BININT2", "BINFLOAT", "BINUNICODE", "LONG1"}
_DOES: dict[str, Callable[[_Machine, Any], None]] = {
    "PROTO": _Machine.protocol,
    "SHORT_BINSTRING": _Machine.text,
    "GLOBAL": _Machine.named,
    "REDUCE": _Machine.reduce,
    "NEWOBJ": _Machine.new,
    "BUILD": _Machine.build,
    "BINPERSID": _Machine.persistent,
    "MARK": _Machine.mark,
    "TUPLE": _Machine.tuple_since_mark,
    "TUPLE1": lambda machine, _: machine.tuple_of(1),
    "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3),
    "APPEND": _Machine.append,
    "APPENDS": _Machine.appends,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "BINGET": _Machine.get,
    "LONG_BINGET": _Machine.get,
    "BINPUT": _Machine.put,
    "LONG_BINPUT": _Machine.put,
    "NONE": lambda machine, _: machine.push(None),
    "NEWTRUE": lambda machine, _: machine.push(value=True),
    "NEWFALSE": lambda machine, _: machine.push(value=False),
    "EMPTY_TUPLE": lambda machine, _: machine.push(()),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "EMPTY_DICT": lambda machine, _: machine.push(Table()),
    "EMPTY_SET": lambda machine, _: machine.push(called("builtins.set", (), machine.keys)),
}
