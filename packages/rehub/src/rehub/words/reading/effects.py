"""What importing one module may do besides binding names: install, download, build, print, write, ask.

Only code that runs at import counts: the top level with its ``if``, ``try``, ``for`` and ``with`` bodies, class
bodies, decorators and default arguments, and the bodies of the module's own functions that the top level calls. What an
imported function does is judged by its name alone (``check_requirements`` installs, wherever it comes from).
"""

import ast
import re
from collections.abc import Iterator

from rehub.words.hubconf import Effect, EffectKind
from rehub.words.reading.searchpath import is_sys_path
from rehub.words.reading.source import Source
from rehub.words.reading.statements import executed

MAX_EFFECTS = 200  # of one module
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
# Matched against the dotted name as it is written: of the whole, or of its last parts.
_CALLS: tuple[tuple[EffectKind, str], ...] = (
    (
        EffectKind.INSTALL,
        r"check_requirements?|ensure_installed|install_requirements?|pip_install|pip_main|pip\.main|install_package|micropip\.install",
    ),
    (EffectKind.TORCH_HUB, r"torch\.hub\.load|hub\.load"),
    (
        EffectKind.NETWORK,
        (
            r"urlopen|urlretrieve|load_state_dict_from_url|download_url_to_file|load_url|hf_hub_download|snapshot_download|attempt_download"
            r"|wget\.download|gdown\.\w+|gdown|requests\.\w+|httpx\.\w+|socket\.socket|socket\.create_connection|download_file|download_model|nltk\.download"
        ),
    ),
    (
        EffectKind.BUILD,
        r"run_setup|build_ext|cpp_extension\.load|cpp_extension\.load_inline|load_inline|pyximport\.install",
    ),
    (
        EffectKind.CUDA,
        r"torch\.cuda\.\w+|cuda\.(?:set_device|is_available|init|device_count|empty_cache)|\w+\.cuda|select_device|torch\.set_default_device|set_default_tensor_type",
    ),
    (EffectKind.PATH, r"sys\.path\.(?:insert|append|extend|remove|pop)|site\.addsitedir"),
    (
        EffectKind.LOGGING,
        r"logging\.(?:basicConfig|config\.\w+|disable|captureWarnings)|set_logging|setup_logging|setup_logger|set_verbosity\w*",
    ),
    (
        EffectKind.PROCESS,
        r"subprocess\.\w+|os\.(?:system|popen|exec\w+|spawn\w+|fork)|check_call|check_output|Popen|multiprocessing\.set_start_method",
    ),
    (EffectKind.PROMPT, r"input|getpass\.getpass|getpass"),
    (EffectKind.ENVIRONMENT, r"os\.(?:putenv|unsetenv|chdir|environ\.(?:update|setdefault|pop)|umask)|load_dotenv"),
    (
        EffectKind.WRITE,
        (
            r"os\.(?:makedirs|mkdir|remove|unlink|rename|replace|rmdir|symlink)|shutil\.(?:copy\w*|move|rmtree|unpack_archive)|write_text|write_bytes"
            r"|\w+\.mkdir|torch\.save|np\.save\w*|json\.dump|pickle\.dump|extractall"
        ),
    ),
    (EffectKind.PRINT, r"print|sys\.std(?:out|err)\.write|pprint"),
    (EffectKind.RAISE, r"sys\.exit|exit|quit|os\._exit"),
)
_CALL = re.compile(r"(?:.*\.)?(?:" + "|".join(f"(?P<{kind.name}>{pattern})" for kind, pattern in _CALLS) + ")")
_PIP = re.compile(r"\bpip3?\b")
_SETUP = re.compile(r"\bbuild_ext\b|\bsetup\.py\b")


def effects(source: Source) -> tuple[Effect, ...]:
    """Give what importing a module may do, in order of line, each line and kind once."""
    found: dict[tuple[int, EffectKind], Effect] = {}
    for node in _run(source.tree):
        kind = _kind(node, source)
        line = getattr(node, "lineno", 1)
        if kind is not None and len(found) < MAX_EFFECTS:
            found.setdefault((line, kind), Effect(kind, source.file, line, source.shown(node)))
    return tuple(sorted(found.values(), key=lambda each: each.line))


def _run(tree: ast.Module) -> Iterator[ast.AST]:
    """Give every node that is evaluated at import, and those of the module's own functions that are called then."""
    functions = {each.name: each for each in tree.body if isinstance(each, ast.FunctionDef)}
    entered: set[str] = set()
    waiting = [tree]
    while waiting:
        for statement in executed(waiting.pop(), classes=True):
            for node in _evaluated(statement):
                yield node
                name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
                if name in functions and name not in entered:
                    entered.add(name)
                    waiting.append(ast.Module(functions[name].body, []))


def _evaluated(statement: ast.stmt) -> Iterator[ast.AST]:
    """Give a statement's own nodes: not the statements in it, which come by themselves, nor the bodies of functions."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if node is not statement and isinstance(node, ast.stmt):
            continue
        yield node
        if isinstance(node, _FUNCTIONS):
            waiting += [*node.decorator_list, *node.args.defaults, *(each for each in node.args.kw_defaults if each)]
        elif not isinstance(node, ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def _kind(node: ast.AST, source: Source) -> EffectKind | None:
    match node:
        case ast.Call():
            return _of_call(node, source)
        case ast.Raise():
            return EffectKind.RAISE
        case ast.Assign(targets=targets) if any(_is_environment(each) for each in targets):
            return EffectKind.ENVIRONMENT
        case ast.Delete(targets=targets) if any(_is_environment(each) for each in targets):
            return EffectKind.ENVIRONMENT
        case ast.Assign(targets=[target]) | ast.AugAssign(target=target):
            owner = target.value if isinstance(target, ast.Subscript) else target
            return EffectKind.PATH if is_sys_path(owner) else None
    return None


def _of_call(call: ast.Call, source: Source) -> EffectKind | None:
    name = _dotted(call.func)
    if name in {"open", "io.open"}:
        return EffectKind.WRITE if _opens_to_write(call) else None
    found = _CALL.fullmatch(name)
    kind = EffectKind[found.lastgroup] if found and found.lastgroup else None
    if kind is EffectKind.PROCESS:
        text = source.text(call)
        # "subprocess.run([sys.executable, '-m', 'pip', …])" is told by its arguments.
        return EffectKind.INSTALL if _PIP.search(text) else EffectKind.BUILD if _SETUP.search(text) else kind
    return kind


def _opens_to_write(call: ast.Call) -> bool:
    words = [word.value for word in call.keywords if word.arg == "mode"]
    modes = [*call.args[1:2], *words]
    return any(
        isinstance(each, ast.Constant) and isinstance(each.value, str) and set(each.value) & set("wax+")
        for each in modes
    )


def _is_environment(target: ast.expr) -> bool:
    return isinstance(target, ast.Subscript) and _dotted(target.value).endswith("environ")


def _dotted(node: ast.expr) -> str:
    """Give ``a.b.c`` as written; what is called on a call's result keeps only its own name: ``.write_text``."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    parts.append(node.id if isinstance(node, ast.Name) else "_")
    return ".".join(reversed(parts)) if len(parts) < 20 else ""  # noqa: PLR2004 - a name, not a bomb
