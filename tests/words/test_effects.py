"""What importing a module may do: told where it runs at import, and not where it does not."""

import pytest

from rehub.words.hubconf import EffectKind
from rehub.words.reading.effects import effects
from rehub.words.reading.source import Source, parse


def found(code: str) -> list[tuple[EffectKind, int]]:
    """Give the kinds and lines of a module's effects."""
    source = parse("hubconf.py", code)
    assert isinstance(source, Source)
    return [(each.kind, each.line) for each in effects(source)]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("check_requirements('r.txt')", EffectKind.INSTALL),
        ("ensure_installed(['x'])", EffectKind.INSTALL),
        ("os.system('pip install x')", EffectKind.INSTALL),
        ("subprocess.check_call([sys.executable, '-m', 'pip', 'install', 'x'])", EffectKind.INSTALL),
        ("pip.main(['install'])", EffectKind.INSTALL),
        ("subprocess.run(['python', 'setup.py', 'build_ext'])", EffectKind.BUILD),
        ("torch.utils.cpp_extension.load('x', [])", EffectKind.BUILD),
        ("subprocess.Popen(['ls'])", EffectKind.PROCESS),
        ("requests.get('https://x.org')", EffectKind.NETWORK),
        ("w = torch.hub.load_state_dict_from_url('https://x.org/a.pth')", EffectKind.NETWORK),
        ("torch.hub.load('a/b', 'c')", EffectKind.TORCH_HUB),
        ("device = 'cuda' if torch.cuda.is_available() else 'cpu'", EffectKind.CUDA),
        ("sys.path.insert(0, 'x')", EffectKind.PATH),
        ("sys.path[0:0] = ['x']", EffectKind.PATH),
        ("sys.path += ['x']", EffectKind.PATH),
        ("print('x')", EffectKind.PRINT),
        ("logging.basicConfig()", EffectKind.LOGGING),
        ("os.environ['X'] = '1'", EffectKind.ENVIRONMENT),
        ("os.environ.setdefault('X', '1')", EffectKind.ENVIRONMENT),
        ("del os.environ['X']", EffectKind.ENVIRONMENT),
        ("open('x', mode='w')", EffectKind.WRITE),
        ("os.makedirs('x')", EffectKind.WRITE),
        ("Path('x').write_text('y')", EffectKind.WRITE),
        ("raise ImportError", EffectKind.RAISE),
        ("sys.exit(1)", EffectKind.RAISE),
        ("input()", EffectKind.PROMPT),
    ],
)
def test_effect_is_recognised(code: str, kind: EffectKind) -> None:
    """Each kind of effect is recognised by the way it is written."""
    assert found(code) == [(kind, 1)]


@pytest.mark.parametrize(
    "code",
    [
        "def f():\n    print(1)",
        "f = lambda: print(1)",
        "if __name__ == '__main__':\n    print(1)",
        "if False:\n    print(1)",
        "class C:\n    def f(self):\n        print(1)",
        "open('x')",
        "open('x', 'rb')",
        "x = sys.path[0]",
        "x.printing()",
    ],
)
def test_what_does_not_run_at_import_is_no_effect(code: str) -> None:
    """Bodies of functions, of the main block, and mere reading are no effects."""
    assert found(code) == []


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("try:\n    import x\nexcept ImportError:\n    print(1)", 4),
        ("for i in x:\n    with y:\n        print(1)", 3),
        ("if a:\n    pass\nelif b:\n    print(1)", 4),
        ("class C:\n    print(1)", 2),
        ("@print\n@print('x')\ndef f(): ...", 2),
        ("def f(a=print(1)): ...", 1),
        ("x = [print(i) for i in y]", 1),
        ("def setup():\n    print(1)\nsetup()", 2),
    ],
)
def test_what_runs_at_import_is_found_where_it_stands(code: str, line: int) -> None:
    """Blocks, class bodies, decorators, defaults, and own functions that are called count, each with its line."""
    assert found(code) == [(EffectKind.PRINT, line)]


def test_functions_that_call_each_other_end() -> None:
    """Functions that call each other for ever are looked at once."""
    assert found("def f():\n    g()\ndef g():\n    f()\n    print(1)\nf()\n") == [(EffectKind.PRINT, 5)]


def test_text_of_an_effect_is_short() -> None:
    """The text shown of an effect fits a report, however long the statement is."""
    source = parse("hubconf.py", "print('" + "x" * 5000 + "')")
    assert isinstance(source, Source)
    assert len(effects(source)[0].text) == 200
