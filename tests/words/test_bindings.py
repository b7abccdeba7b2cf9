"""Which names a module binds, and the small languages beneath: constants, lists of names, search paths, signatures."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehub.words.reading.bindings import Via, bindings
from rehub.words.reading.fold import fold
from rehub.words.reading.listing import listing
from rehub.words.reading.methods import substituted
from rehub.words.reading.plain import UNKNOWN, written
from rehub.words.reading.searchpath import search_path
from rehub.words.reading.signature import parameters, render, without_bound
from rehub.words.reading.source import Source, parse
from rehub.words.reading.statements import certainty
from rehub.words.reading.uses import tools, used_names


def source(code: str) -> Source:
    """Parse a module that is known to be Python."""
    parsed = parse("hubconf.py", code)
    assert isinstance(parsed, Source), parsed
    return parsed


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def f(): ...", [("f", Via.DEF, False)]),
        ("async def f(): ...", [("f", Via.DEF, False)]),
        ("class C: ...", [("C", Via.CLASS, False)]),
        ("import a.b.c", [("a", Via.MODULE, False)]),
        ("import a.b as c, d", [("c", Via.MODULE, False), ("d", Via.MODULE, False)]),
        ("from .a import b as c, d", [("c", Via.FROM, False), ("d", Via.FROM, False)]),
        ("from a import *", [("*", Via.STAR, False)]),
        ("x = y = 1", [("x", Via.VALUE, False), ("y", Via.VALUE, False)]),
        ("x: int = 1\ny: int", [("x", Via.VALUE, False)]),
        ("a, (b, *c) = f()", [("a", Via.VALUE, False), ("b", Via.VALUE, False), ("c", Via.VALUE, False)]),
        ("x.y = 1\nx[0] = 2", []),
        ("del x", [("x", Via.DELETED, False)]),
        ("if c:\n a = 1", [("a", Via.VALUE, True)]),
        ("if c:\n a = 1\nelse:\n a = 2", [("a", Via.VALUE, False), ("a", Via.VALUE, False)]),
        ("if True:\n a = 1\nelse:\n b = 2", [("a", Via.VALUE, False)]),
        ("if TYPE_CHECKING:\n import a\nelse:\n import b", [("b", Via.MODULE, False)]),
        ("if __name__ == '__main__':\n a = 1", []),
        ("if __name__ == '__main__' and c:\n a = 1", []),
        ("if __name__ != '__main__':\n a = 1", [("a", Via.VALUE, False)]),
        ("try:\n import a\nexcept ImportError:\n a = None", [("a", Via.MODULE, False)]),
        ("try:\n import a\nexcept ImportError:\n raise", [("a", Via.MODULE, False)]),
        ("try:\n import a\nexcept ImportError:\n pass", [("a", Via.MODULE, True)]),
        ("for i in x:\n a = i", [("i", Via.VALUE, False), ("a", Via.VALUE, True)]),
        ("while x:\n a = 1", [("a", Via.VALUE, True)]),
        ("with x as y:\n a = 1", [("y", Via.VALUE, False), ("a", Via.VALUE, True)]),
        ("match x:\n case 1:\n  a = 1", [("a", Via.VALUE, True)]),
        ("def f():\n a = 1", [("f", Via.DEF, False)]),
    ],
)
def test_bindings_of_a_statement(code: str, expected: list[tuple[str, Via, bool]]) -> None:
    """Each statement binds the names that Python binds, conditional or not, and nothing that never runs."""
    found = bindings(source(code)).all
    assert [(each.name, each.via, each.conditional) for each in found] == expected


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("for i in range(2): globals()[f'b{i}'] = f", ["b0", "b1"]),
        ("for k, v in {'a': 1, 'b': 2}.items(): globals()[k] = v", ["a", "b"]),
        ("T = {'a': f, 'b': g}\nglobals().update(T)", ["a", "b"]),
        ("globals().update({'n' + str(i): f for i in (1, 2)})", ["n1", "n2"]),
        ("globals().update(a=f)", ["a"]),
        ("import sys\nthis = sys.modules[__name__]\nsetattr(this, 'x.y', f)", ["x.y"]),
        ("g = globals()\ng['a'] = f", ["a"]),
        ("globals().setdefault('a', f)", ["a"]),
        ("T = {}\nfor n in 'ab': T[n] = f\nglobals().update(T)", ["a", "b"]),
        ("T = {'a': f}\nT.update(b=f)\nT.setdefault('c', f)\nglobals().update(T)", ["a", "b", "c"]),
        ("N = []\nN.append('a')\nN += ['b']\nfor n in N: globals()[n] = f", ["a", "b"]),
        ("for d in ('x', 'y'):\n for n, k in zip([[3] * 2, [5]], ['1', '2']): globals()[d + k] = n", ["x1", "y2"]),
        ("vars()['a'] = f", ["a"]),
    ],
)
def test_literal_names_made_at_run_time_are_known(code: str, names: list[str]) -> None:
    """Names that only literals decide are bindings, not dynamic."""
    found = bindings(source(code))
    bound = {each.name for each in found.all}
    assert set(names) <= bound
    assert found.dynamic == ()


@pytest.mark.parametrize(
    ("code", "line", "reason"),
    [
        ("globals()[f()] = 1", 1, "globals()[…] = …"),
        ("x = 1\nlocals()[f()] = x", 2, "locals()[…] = …"),
        ("globals().update(registry())", 1, "globals().update(…)"),
        ("setattr(sys.modules[__name__], k, v)", 1, "setattr on the module"),
        ("exec('def f(): ...')", 1, "exec(…)"),
        ("T = {}\ndef put(f):\n T[f.__name__] = f\nglobals().update(T)", 4, "globals().update(…)"),
        ("T = {}\nfill(T)\nglobals().update(T)", 3, "globals().update(…)"),
        ("if c:\n N = ['a']\nelse:\n N = ['b']\nfor n in N: globals()[n] = f", 5, "globals()[…] = …"),
        ("sys.modules[__name__] = Lazy()", 1, "the module is replaced by another object"),
        ("sys.modules[__name__].__class__ = Lazy", 1, "the module is given another class"),
        (
            "def register(f):\n globals()[f.__name__] = f\n@register\ndef net(): ...",
            2,
            "globals()[…] = … in register()",
        ),
    ],
)
def test_unknown_names_made_at_run_time_are_told(code: str, line: int, reason: str) -> None:
    """A statement that makes names which reading cannot know is told with its line."""
    assert [(each.line, each.reason) for each in bindings(source(code)).dynamic] == [(line, reason)]


@pytest.mark.parametrize(
    ("pattern", "text", "result"),
    [
        ("[/@.-]", "ViT-L/14@336px", "ViT_L_14_336px"),
        (r"[!\"#$%&'()*+,\-./:;<=>?@[\]^_`{|}~]", "a/b[c]", "a_b_c_"),
        (r"\W+", "a  b", "a_b"),
        ("^x", "xx", "_x"),
        ("(a+)+$", "a" * 30 + "b", UNKNOWN),
        ("a*a*a*b", "a" * 500, UNKNOWN),
        ("(a|a)*b", "a" * 500, UNKNOWN),
        ("a{1,9999}", "a", UNKNOWN),
        ("x" * 201, "x", UNKNOWN),
        ("[", "x", UNKNOWN),
    ],
)
def test_only_tame_expressions_are_substituted(pattern: str, text: str, result: object) -> None:
    """Expressions that could take for ever, or that are none, are unknown; the others do what Python does."""
    assert substituted(pattern, "_", text) == result


def test_values_are_written_as_python_writes_them() -> None:
    """Plain values are written like their ``repr``; what is long or unknown is not written at all."""
    for value in ("it's", [1, [2.5, None]], {"a": [True], 1: "b"}, [], {}):
        assert written(value) == repr(value)
    bomb: object = ["x"]
    for _ in range(60):
        bomb = [bomb, bomb]
    assert written(bomb) is None
    assert written([UNKNOWN]) is None
    assert written("x" * 500) is None


def test_makers_that_nobody_calls_are_not_dynamic() -> None:
    """A function that would make names, but is not called at import, makes none."""
    assert bindings(source("def make(k):\n globals()[k] = 1\n")).dynamic == ()


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("'a' 'b'", "ab"),
        ("f'{1:02d}-{\"x\"}'", "01-x"),
        ("[*'ab'.split('a'), 'c']", ["", "b", "c"]),
        ("{'a': 1, **{'b': 2}}", {"a": 1, "b": 2}),
        ("dict(a=1)['a']", 1),
        ("'a_b'.replace('_', '-').upper()", "A-B"),
        ("[a + b for a in 'x y'.split() for b in ('1', '2')]", ["x1", "x2", "y1", "y2"]),
        ("sorted({'b', 'a'})", ["a", "b"]),
        ("[f'{i}{n}' for i, n in enumerate(['a'])]", ["0a"]),
        ("list(zip([1], ['a']))", [[1, "a"]]),
        ("','.join(['a', 'b'])", "a,b"),
        ("open('x')", UNKNOWN),
        ("name", UNKNOWN),
        ("'a' * 10**9", UNKNOWN),
        ("f'{x}'", UNKNOWN),
        ("[i for i in range(9) if f(i)]", UNKNOWN),
        ("range(10**9)", UNKNOWN),
        ("('a' * 3).format(x.y)", "aaa"),
        ("'{0.__class__}'.format(1)", UNKNOWN),
        ("'{:>99999999}'.format(1)", UNKNOWN),
        ("[i for i in range(9) if i % 2]", UNKNOWN),
        ("[n for n in ('a1', 'b', 'a2') if n.startswith('a') and not n == 'a2']", ["a1"]),
        ("[n for n in {'a': 1, 'b': 2} if n in ['b', 'c'] and n not in ('c',)]", ["b"]),
        ("list(filter(lambda n: n.endswith('x'), ['ax', 'b']))", ["ax"]),
        ("list(map(str, range(2)))", ["0", "1"]),
        ("list(filter(None, ['a', '']))", ["a"]),
        ("[3] * 2 + [1]", [3, 3, 1]),
        ("'%s_%d' % ('a', 3)", "a_3"),
        ("'{}_{b}'.format('a', b=1)", "a_1"),
        ("'x' if 1 < 2 else y", "x"),
        ("'x' if y else 'z'", UNKNOWN),
        ("y and False", False),
        ("None is None", True),
        ("dict([('a', 1)], b=2)", {"a": 1, "b": 2}),
        ("{'a': 1}.get('b', 3)", 3),
        ("{'a': 1} | {'b': 2}", {"a": 1, "b": 2}),
        ("[[0] * 9999] * 9999", [[0] * 9999] * 9999),
        ("[0] * 10001", UNKNOWN),
        ("len('abc')", 3),
    ],
)
def test_literals_are_worked_out(code: str, value: object) -> None:
    """Expressions over literals have the value that Python gives them, and others are unknown."""
    assert fold(ast.parse(code, mode="eval").body) == value


@given(
    st.recursive(st.text(max_size=5) | st.integers(-99, 99), lambda inner: st.lists(inner, max_size=3), max_leaves=8)
)
def test_working_out_a_literal_gives_it_back(value: object) -> None:
    """Whatever is written as a literal of texts, numbers and lists is read back."""
    assert fold(ast.parse(repr(value), mode="eval").body) == value


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("x = ['a']; x += ('b',); x.append('c'); x.extend({'d'}); x.insert(0, 'e'); x.remove('a')", "bcde"),
        ("x = ['a']; x = x + ['b']", "ab"),
        ("y = ['a']\nx = y + ['b'] + ['c']", "abc"),
        ("if c:\n x = ['a']", "a"),
        ("x: list = ['a']", "a"),
        ("x = list('a b'.split())", "ab"),
        ("x = ['a']\nx = ['b']", "b"),
    ],
)
def test_lists_of_names_are_read_wherever_they_grow(code: str, names: str) -> None:
    """A list of names is what its assignments and later additions make it."""
    found = listing(source(code), "x")
    assert found is not None
    assert [name for name, _ in found.names] == list(names)
    assert found.unknown == ()


def test_what_is_unknown_of_a_list_is_told_with_its_line() -> None:
    """Parts that only running could know are told apart from those that are known."""
    found = listing(source("x = ['a']\nx += read()\nx.append(b)\n"), "x")
    assert found is not None
    assert (found.names, found.unknown) == ((("a", 1),), (("read()", 2), ("b", 3)))
    assert listing(source("y = 1"), "x") is None


@pytest.mark.parametrize(
    ("code", "folders"),
    [
        ("sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'src'))", ("src",)),
        ("sys.path.append('src/silero')", ("src/silero",)),
        ("sys.path.append(os.path.join(sys.path[0], 'a/b'))", ("a/b",)),
        ("here = os.path.dirname(__file__)\nsys.path.append(here + '/lib')", ("lib",)),
        ("sys.path.insert(1, str(Path(__file__).parent.joinpath('src')))", ("src",)),
        ("sys.path.append((Path(__file__).parents[0] / 'x' / '..' / 'y').as_posix())", ("y",)),
        ("sys.path.insert(0, 'a')\nsys.path.insert(0, 'b')", ("b", "a")),
        ("sys.path.append(os.getcwd())", ()),
        ("sys.path.append('../out')", ()),
        ("sys.path.append('/etc')", ()),
        ("sys.path.append(os.environ['X'])", ()),
    ],
)
def test_search_path_follows_literal_edits(code: str, folders: tuple[str, ...]) -> None:
    """Folders that literals add to ``sys.path`` are known; those outside the repository never count."""
    assert search_path(source(code)) == folders


@pytest.mark.parametrize(
    "text",
    ["()", "(a, /, b, *, c=1, **d)", "(*args, k: int = 3)", "(a='x  y', b: 'T' = None)", "(a, b=(1, 2), /)", "(*, k)"],
)
def test_signatures_are_written_as_they_are_read(text: str) -> None:
    """A signature's parameters, written again, are the signature."""
    module = source(f"def f{text}: ...")
    function = module.tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    assert render(parameters(module, function)) == text


def test_partial_leaves_what_it_does_not_bind() -> None:
    """Bound positions vanish, bound keywords keep their place by name, as :func:`inspect.signature` has it."""
    module = source("def f(a, b, c=3, *args, d, **kw): ...\npartial(f, 1, c=4)")
    function, call = module.tree.body[0], module.tree.body[1].value  # type: ignore[attr-defined]
    assert isinstance(function, ast.FunctionDef)
    assert render(without_bound(parameters(module, function), call, module)) == "(b, *, c=4, d, **kw)"


def test_tools_are_the_classes_that_functions_build_with() -> None:
    """A class reached from a public function is its tool, a class of its own is not."""
    code = "class A: ...\nclass B:\n def f(self): return A()\nclass C: ...\ndef net(): return B()\n"
    assert tools(source(code).tree) == {"A", "B"}


def test_a_parameter_hides_an_imported_name() -> None:
    """A name that a function binds itself is not the module's."""
    code = "from m import a, b, c\ndef f(a):\n    from n import b\n    return a(b(c))\n"
    assert used_names(source(code).tree) & {"a", "b", "c"} == {"c"}


@pytest.mark.parametrize(
    ("test", "sure"),
    [
        ("1", "always"),
        ("''", "never"),
        ("not TYPE_CHECKING", "always"),
        ("typing.TYPE_CHECKING", "never"),
        ("x", "perhaps"),
    ],
)
def test_certainty_of_conditions(test: str, sure: str) -> None:
    """Conditions that reading can decide are decided."""
    assert certainty(ast.parse(test, mode="eval").body) == sure
