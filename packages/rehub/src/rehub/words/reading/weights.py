"""URLs in a module that look like weights, with the SHA-256 prefix that a file name may carry.

Literals are found wherever they stand: arguments, tables, default values; ``BASE + name`` and f-strings are worked out
from the module's constants, from variables that are bound once in the whole file, and from what it imports.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from rehub.words.hubconf import WeightUrl
from rehub.words.reading.fold import Folding, Lazy, stacked
from rehub.words.reading.plain import UNKNOWN
from rehub.words.reading.source import Source

MAX_URLS = 2_000  # of one module
_URL = re.compile(r"https?://[^\s<>\"']{4,2000}")
# What torch.hub itself looks for in a file name (torch/hub.py, HASH_REGEX), but only where it is long enough to prove.
_IN_NAME = re.compile(r"-([a-f0-9]{8,64})\.")
# OpenAI's CLIP and Whisper: the whole digest is a folder of the path.
_IN_PATH = re.compile(r"/([a-f0-9]{64})/")
_SUFFIX = re.compile(
    r"\.(pth?|pyth|pt2|pts|th|bin|ckpt|safetensors|tar|tgz|onnx|jit|pkl|pickle|npz|npy|h5|hdf5|zip|gz|bz2|xz|pdparams|gguf|tflite"
    r"|pb|msgpack|model|mar)$",
    re.IGNORECASE,
)
# A module that writes down the last part of a URL, and imports the first.
_FILE = re.compile(r"[\"'/\w}]\.(pth?|pyth|th|bin|ckpt|safetensors|onnx|tar|zip)[\"'?]")
_DOWNLOADER = re.compile(
    r"load_state_dict_from_url|download_url_to_file|load_(file_from_)?url|urlretrieve|cached_(download|path)"
    r"|download_(cached_)?file|attempt_download"
)
_TEXTS = ast.Constant | ast.JoinedStr | ast.BinOp | ast.Call | ast.ListComp | ast.DictComp


def hash_prefix(url: str) -> str | None:
    """Give the hex digits of the SHA-256 that a URL carries, if any.

    Example:
        >>> hash_prefix("https://download.pytorch.org/models/resnet18-f37072fd.pth")
        'f37072fd'
    """
    path = _path(url)
    found = _IN_NAME.search(path.rpartition("/")[2]) or _IN_PATH.search(path)
    return found[1] if found else None


def looks_like_weights(url: str) -> bool:
    """Say whether a URL names a file of weights, by its ending."""
    return _SUFFIX.search(_path(url)) is not None


def weight_urls(source: Source, *, folding: Folding | None = None, names: Lazy | None = None) -> tuple[WeightUrl, ...]:
    """Give the weight URLs of a module, each once, in order of line.

    Args:
        source: the module.
        folding: works out expressions; of other modules too, if it knows these.
        names: what imported names stand for.
    """
    found: dict[str, WeightUrl] = {}
    for url, line, is_downloaded in _urls(source, folding or Folding(), names):
        if len(found) >= MAX_URLS:
            break
        if is_downloaded or looks_like_weights(url):
            found.setdefault(url, WeightUrl(url, source.file, line, hash_prefix(url)))
    return tuple(sorted(found.values(), key=lambda each: each.line))


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:  # "http://[" has no end of its address
        return ""


class _Imported(Lazy):
    """The names that a module imports, and binds in no other way, not even in a function."""

    def __init__(self, names: Lazy, nodes: list[ast.AST]) -> None:
        inside = {each.asname or each.name for node in nodes if isinstance(node, ast.ImportFrom) for each in node.names}
        inside |= {
            each.asname or each.name.partition(".")[0]
            for node in nodes
            if isinstance(node, ast.Import)
            for each in node.names
        }
        bound = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
        self._names, self._own = names, inside - bound

    def __getitem__(self, name: str) -> object:
        if name not in self._own:
            raise KeyError(name)
        return self._names[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._own)

    def __len__(self) -> int:
        return len(self._own)


def _urls(source: Source, folding: Folding, imported: Lazy | None) -> Iterator[tuple[str, int, bool]]:
    """Give each URL, its line, and whether a function that downloads is given it."""
    # Most modules hold none, and walking a large package twice would be most of the time that reading it takes.
    text = "\n".join(source.lines)
    if "http" not in text and not (imported is not None and _FILE.search(text)):
        return
    nodes = list(ast.walk(source.tree))  # parents before their children
    names: Mapping[str, object] = _constants(nodes)
    if imported is not None:
        names = stacked(names, _Imported(imported, nodes))
    downloaded: set[int] = set()
    done: set[int] = set()
    for node in nodes:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            done.add(id(node.value))  # a URL in documentation is not loaded
        if isinstance(node, ast.Call) and _DOWNLOADER.fullmatch(_name(node.func)):
            downloaded |= {id(each) for each in [*node.args, *(word.value for word in node.keywords)]}
        if isinstance(node, _TEXTS) and id(node) not in done:
            found = _folded(node, folding, names)
            yield from ((url, node.lineno, id(node) in downloaded) for url in found)
            # "https://x/" + "y.pt" is one URL, not also its half.
            done |= {id(each) for each in ast.walk(node)} if found else set()


def _folded(node: ast.expr, folding: Folding, names: Mapping[str, object]) -> list[str]:
    """Give the URLs that an expression works out to; several, if it makes a list or table."""
    value = folding.value(node, names)
    values = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else [value]
    return [each.strip() for each in values if isinstance(each, str) and _URL.fullmatch(each.strip())]


def _constants(nodes: list[ast.AST]) -> dict[str, object]:
    """Give the variables that are bound once in the file, to something that can be worked out."""
    assigned: dict[str, list[ast.expr | None]] = {}
    for node in nodes:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=value)
            ):
                assigned.setdefault(name, []).append(value)
            case ast.For(target=target) | ast.comprehension(target=target) | ast.AugAssign(target=target):
                names = [each.id for each in ast.walk(target) if isinstance(each, ast.Name)]
                assigned |= {name: [None, None] for name in names}
            case ast.arg(arg=name):
                assigned.setdefault(name, []).append(None)
    folding = Folding()
    known: dict[str, object] = {}
    for name, values in assigned.items():
        worked_out = folding.value(values[0], known) if len(values) == 1 and values[0] is not None else UNKNOWN
        if worked_out is not UNKNOWN:
            known[name] = worked_out
    return known


def _name(function: ast.expr) -> str:
    match function:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""
