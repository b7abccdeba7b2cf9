"""The hard cases of loading, each a few files and a few lines that hold or do not: under rehub and under torch.hub.

The lines are run in a process of their own, in which torch is imported already. They know ``load(folder, entry, …)``,
which is either's load of a local folder, ``at``, which gives a repository's folder, and ``fresh``, which runs lines in
a new Python and gives what it printed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

Repos = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Case:
    """One case.

    Attributes:
        name: in a few words, unique.
        promise: one sentence.
        repos: name of a folder to its files.
        lines: what must hold.
    """

    name: str
    promise: str
    lines: str
    repos: Repos = field(default_factory=dict)


def _one(**files: str) -> Repos:
    return {"a": {name.replace("__", "/") + ".py": text for name, text in files.items()}}


NET = "class Net:\n def __init__(self, n=0): self.n = n\n def who(self): return 'own', self.n\n"
PLAIN = _one(hubconf="from models.net import Net\ndef net(n=3): return Net(n)", models__net=NET)
# A file as a training script leaves it that ran in the repository's folder: it names models.net plainly.
SAVED = """
import sys, pickle, types
module = types.ModuleType('models.net'); exec({net!r}, module.__dict__)
module.Net.__module__ = 'models.net'
sys.modules.update({{'models': types.ModuleType('models'), 'models.net': module}})
data = {how}(module.Net(7))
del sys.modules['models'], sys.modules['models.net']
"""
PICKLED = SAVED.format(net=NET, how="pickle.dumps")
TORCH_SAVED = "import io, torch\n" + SAVED.format(net=NET, how="(lambda x: (torch.save(x, f := io.BytesIO()), f)[1])")
# Where the repository has it: whole models from elsewhere are read only if the user allows each.
WRITTEN = "import os\nfile = os.path.join(at('a'), 'whole.pt')\nopen(file, 'wb').write(data.getvalue())"
UTILS = {
    who: {
        "hubconf.py": f"from utils.helper import WHO\nimport utils.{who}\ndef net(): return WHO",
        "utils/helper.py": f"WHO = {who!r}",
        f"utils/{who}.py": "",
    }
    for who in ("a", "b")
}
TORCH = _one(
    hubconf="from models.net import Net\ndef net(): return Net().eval()",
    ops="import torch\ndef twice(x: torch.Tensor) -> torch.Tensor:\n    return x * 2\n",
    models__net=(
        "import torch\nimport ops\nclass Net(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.fc = torch.nn.Linear(4, 4)\n\n    def forward(self, x: torch.Tensor) -> torch.Tensor:\n"
        "        return ops.twice(self.fc(x))\n"
    ),
)
X = "import warnings\nwarnings.simplefilter('ignore')\nnet = load(at('a'), 'net')\nx = torch.ones(2, 4)\n"
OPERATOR = "import torch\n@torch.library.custom_op('shared::op', mutates_args=())\ndef op(x: torch.Tensor) -> torch.Tensor:\n return x + {n}\ndef net(): return lambda x: torch.ops.shared.op(x)"
DATA = _one(
    hubconf="from data.toy import Toy\ndef net(): return Toy()",
    data__toy="import torch\nfrom data.items import item\nclass Toy(torch.utils.data.Dataset):\n def __len__(self): return 4\n def __getitem__(self, i): return item(i)",
    data__items="import torch\ndef item(i): return torch.tensor(i * 2)",
)
LOADER = """
if __name__ == '__main__':
    data = load(at('a'), 'net')
    batches = torch.utils.data.DataLoader(data, batch_size=2, num_workers=2, multiprocessing_context={how!r})
    assert [batch.tolist() for batch in batches] == [[0, 2], [4, 6]]
"""
POOL = """
import multiprocessing
net = load(at('a'), 'net')
with multiprocessing.get_context({how!r}).Pool(1) as pool:
    result = pool.apply_async(net.who)
    assert result.get(timeout=8) == ('own', 3)
"""

RAY = """
ray.init(num_cpus=1, include_dashboard=False, configure_logging=False, log_to_driver=False, object_store_memory=80_000_000)
try:
    {first}
    who = ray.remote(lambda each: each.who()){how}
    assert ray.get(who.remote(net), timeout=60) == ('own', 3)
finally:
    ray.shutdown()
"""

CASES: tuple[Case, ...] = (
    Case(
        "two repositories with a utils",
        "two repositories with equal package names each get their own",
        "assert load(at('a'), 'net') == 'a'\nassert load(at('b'), 'net') == 'b'\nassert load(at('a'), 'net') == 'a'",
        UTILS,
    ),
    Case(
        "the user's own utils",
        "the user's own module of an equal name stays the user's, and the repository gets its own",
        "import sys, types\nmine = sys.modules['utils'] = types.ModuleType('utils')\nassert load(at('a'), 'net') == 'a'\n"
        "assert sys.modules['utils'] is mine",
        UTILS,
    ),
    Case(
        "an import in a method, later",
        "an import inside a method works after the load has returned",
        "assert load(at('a'), 'net')() == 'late'",
        _one(hubconf="def net():\n def f():\n  import late\n  return late.WHO\n return f", late="WHO = 'late'"),
    ),
    Case(
        "import_module at import",
        "importlib.import_module with a plain name gives the repository's module",
        "assert load(at('a'), 'net') == ('own', 3)",
        _one(
            hubconf="from importlib import import_module\nmodule = import_module('models.net')\n"
            "def net(): return module.Net(3).who()",
            models__net=NET,
        ),
    ),
    Case(
        "import_module later",
        "importlib.import_module with a plain name works after the load has returned, also relative to a package",
        "assert load(at('a'), 'net')() == [('own', 1), ('own', 2)]",
        _one(
            hubconf="import importlib\ndef net():\n def f():\n  return [importlib.import_module('models.net').Net(1).who(),"
            "\n   importlib.import_module('.net', 'models').Net(2).who()]\n return f",
            models__net=NET,
        ),
    ),
    Case(
        "a name handed to a library",
        "a library that a repository tells a module's name finds the repository's module",
        "assert load(at('a'), 'net') == ['patched', ('own', 0)]",
        _one(
            hubconf="import pkgutil\nfrom unittest import mock\nfrom models.net import Net\ndef net():\n"
            " with mock.patch('models.net.Net.who', lambda self: 'patched'):\n  first = Net().who()\n"
            " return [first, pkgutil.resolve_name('models.net:Net')().who()]",
            models__net=NET,
        ),
    ),
    Case(
        "find_spec",
        "importlib.util.find_spec with a plain name knows the repository's modules, and no others",
        "assert load(at('a'), 'net') == (True, False, False)",
        _one(
            hubconf="import importlib.util as u\ndef net(): return tuple(u.find_spec(name) is not None"
            " for name in ('models', 'absent_xyz', 'models.absent'))",
            models__net=NET,
        ),
    ),
    *(
        Case(
            f"a src folder on sys.path {when} the other imports",
            f"a folder that the repository puts on sys.path {when} its imports is searched, and gone afterwards",
            "import sys\nbefore = list(sys.path)\nassert load(at('a'), 'net') == ('inner', 'top')\nassert sys.path == before",
            _one(
                hubconf="import os, sys\n" + text + "def net():\n import inner\n return inner.WHO, top.WHO",
                top="WHO = 'top'",
                src__inner="WHO = 'inner'",
            ),
        )
        for when, text in {
            "before": "sys.path.insert(0, os.path.join(os.path.dirname(__file__), 'src'))\nimport inner\nimport top\n",
            "between": "import top\nsys.path.append(os.path.join(os.path.dirname(__file__), 'src'))\nimport inner\n",
            "after": "import top\nsys.path.append(os.path.join(os.path.dirname(__file__), 'src'))\n",
        }.items()
    ),
    Case(
        "a relative src folder on sys.path",
        "a relative folder on sys.path is the repository's own, wherever the process works",
        "assert load(at('a'), 'net') == 'inner'",
        _one(
            hubconf="import sys\nsys.path.append('src/deep')\nimport inner\ndef net(): return inner.WHO",
            src__deep__inner="WHO = 'inner'",
        ),
    ),
    Case(
        "unpickling a file that names models.net",
        "pickle.loads in a repository's code finds the classes that the file names plainly",
        f"{PICKLED}\nassert load(at('a'), 'net', data).who() == ('own', 7)",
        _one(hubconf="import pickle\ndef net(data): return pickle.loads(data)", models__net=NET),
    ),
    Case(
        "unpickling by pickle's Python class",
        "an unpickler that inherits from pickle's, as joblib's and dill's do, finds them too",
        f"import io\n{PICKLED}\nassert [each.who() for each in load(at('a'), 'net', io.BytesIO(data))] == [('own', 7)] * 2",
        _one(
            hubconf="import pickle\ndef net(file):\n class Mine(pickle._Unpickler): pass\n class Other(pickle.Unpickler):\n"
            "  def find_class(self, module, name): return super().find_class(module, name)\n"
            " first = Mine(file).load()\n file.seek(0)\n return first, Other(file).load()",
            models__net=NET,
        ),
    ),
    Case(
        "torch.load of a whole model",
        "torch.load in a repository's code finds the classes that a whole saved model names plainly",
        f"{TORCH_SAVED}\n{WRITTEN}\nassert load(at('a'), 'net', file).who() == ('own', 7)",
        _one(hubconf="import torch\ndef net(file): return torch.load(file, weights_only=False)", models__net=NET),
    ),
    Case(
        "torch.load later",
        "a method that loads such a file after the load has returned finds them as well",
        f"{TORCH_SAVED}\n{WRITTEN}\nassert load(at('a'), 'net')(file).who() == ('own', 7)",
        _one(
            hubconf="import torch\ndef net():\n return lambda file: torch.load(file, weights_only=False)",
            models__net=NET,
        ),
    ),
    Case(
        "a model in a fresh process",
        "a pickled model is loaded by a process that imports nothing of ours",
        "import pickle\nopen('net.pkl', 'wb').write(pickle.dumps(load(at('a'), 'net')))\n"
        "assert fresh(\"import pickle; print(pickle.load(open('net.pkl', 'rb')).who())\") == \"('own', 3)\"",
        PLAIN,
    ),
    Case(
        "a class of hubconf.py itself, pickled",
        "a class that hubconf.py defines can be pickled",
        "import pickle\nassert pickle.loads(pickle.dumps(load(at('a'), 'net'))).who() == ('own', 3)",
        _one(hubconf=NET + "def net(): return Net(3)"),
    ),
    *(
        Case(
            f"a model's method in a {how}ed worker",
            f"a worker made by {how} runs a method of a loaded model",
            POOL.format(how=how),
            PLAIN,
        )
        for how in ("fork", "spawn")
    ),
    *(
        Case(
            f"a DataLoader with two {how}ed workers",
            f"two workers made by {how} use a data set of the repository",
            LOADER.format(how=how),
            DATA,
        )
        for how in ("fork", "spawn")
    ),
    Case(
        "a model in a Ray worker",
        "a worker of a Ray cluster runs a method of a model that was loaded before the cluster started",
        "net = load(at('a'), 'net')\nimport ray\n" + RAY.format(first="", how=""),
        PLAIN,
    ),
    Case(
        "a model in a Ray worker of a running cluster",
        "a worker of a cluster that was there before runs it, if it is told REHUB_OPENED",
        "import os, ray\n"
        + RAY.format(
            first="net = load(at('a'), 'net'); told = {'REHUB_OPENED': os.environ.get('REHUB_OPENED', '')}",
            how=".options(runtime_env={'env_vars': told})",
        ),
        PLAIN,
    ),
    Case(
        "a load inside an entry",
        "an entry that calls torch.hub.load gets the other repository's code, and goes on with its own",
        "assert load(at('a'), 'net', at('b')) == ('a', 'b', 'a')",
        {
            "a": {
                "hubconf.py": "import torch\nfrom utils import WHO\ndef net(other):\n"
                " inner = torch.hub.load(other, 'net', source='local')\n from utils.late import LATE\n return WHO, inner, LATE",
                "utils/__init__.py": "WHO = 'a'",
                "utils/late.py": "LATE = 'a'",
            },
            "b": {"hubconf.py": "from utils import WHO\ndef net(): return WHO", "utils/__init__.py": "WHO = 'b'"},
        },
    ),
    Case(
        "a __main__ block",
        "the block under __name__ == '__main__' is not run",
        "assert load(at('a'), 'net') == 1",
        _one(hubconf="def net(): return 1\nif __name__ == '__main__':\n raise SystemExit(5)"),
    ),
    Case(
        "a hubconf with __getattr__ and __dir__",
        "names that hubconf makes by a module-level __getattr__ are loaded, if its __dir__ names them",
        "assert load(at('a'), 'made') == 'made'",
        _one(
            hubconf="def __dir__(): return ['made']\ndef __getattr__(name):\n if name == 'made': return lambda: name\n"
            " raise AttributeError(name)"
        ),
    ),
    Case(
        "a relative import in hubconf.py",
        "hubconf.py may import relatively",
        "assert load(at('a'), 'net') == ('own', 3)",
        _one(hubconf="from .models.net import Net\ndef net(): return Net(3).who()", models__net=NET),
    ),
    Case(
        "a dataclass with postponed annotations",
        "a dataclass of hubconf.py with postponed annotations works",
        "assert load(at('a'), 'net').x == 1",
        _one(
            hubconf="from __future__ import annotations\nfrom dataclasses import dataclass, KW_ONLY\n@dataclass\n"
            "class D:\n _: KW_ONLY\n x: int = 1\ndef net(): return D()"
        ),
    ),
    Case(
        "source, traceback, warning, help, debugger",
        "the repository's real files and lines are shown everywhere, under readable module names",
        """
import inspect, linecache, os, pdb, pydoc, traceback, warnings
net = load(at('a'), 'net')
file = os.path.join(os.path.realpath(at('a')), 'hubconf.py')
assert inspect.getsource(type(net)).startswith('class Net')
assert os.path.realpath(inspect.getsourcefile(type(net))) == file
assert linecache.getline(inspect.getsourcefile(type(net)), 1) == 'class Net:\\n'
assert pdb.Pdb(nosigint=True, readrc=False).checkline(inspect.getsourcefile(type(net)), 4) == 4
shown = pydoc.plain(pydoc.render_doc(net.forward))
assert 'forward(input_ids, mask=None)' in shown and 'Give logits.' in shown and 'hubconf' in shown.split('\\n')[0]
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter('always')
    try: net.fail()
    except ValueError as error: frames = traceback.extract_tb(error.__traceback__)
assert [os.path.realpath(each.filename) for each in caught] == [file] and caught[0].lineno == 7
assert os.path.realpath(frames[-1].filename) == file and frames[-1].line == "raise ValueError('no')"
""",
        _one(
            hubconf="class Net:\n def forward(self, input_ids, mask=None):\n  '''Give logits.'''\n  return input_ids\n"
            " def fail(self):\n  import warnings\n  warnings.warn('careful')\n  raise ValueError('no')\ndef net(): return Net()"
        ),
    ),
    Case(
        "torch.compile",
        "torch.compile follows a repository's classes and functions",
        f"{X}assert torch.equal(torch.compile(net, backend='eager', fullgraph=True)(x), net(x))",
        TORCH,
    ),
    Case(
        "torch.jit.script",
        "TorchScript compiles them",
        f"{X}assert torch.equal(torch.jit.script(net)(x), net(x))",
        TORCH,
    ),
    Case("torch.fx", "fx traces them", f"{X}assert torch.equal(torch.fx.symbolic_trace(net)(x), net(x))", TORCH),
    Case(
        "torch.export",
        "export traces them",
        f"{X}assert torch.equal(torch.export.export(net, (x,)).module()(x), net(x))",
        TORCH,
    ),
    Case(
        "builtins changed later",
        "what others put into builtins after the load is seen by the repository's functions",
        "import builtins\nf = load(at('a'), 'net')\nbuiltins.later_xyz = 5\nassert f() == 5",
        _one(hubconf="def net():\n return lambda: later_xyz"),
    ),
    Case(
        "threads in two repositories at once",
        "two threads that load two repositories with equal names at the same time get their own",
        """
import threading
got, start = [], threading.Barrier(2)
def work(who):
    start.wait()
    for _ in range(20): got.append(load(at(who), 'net') == who)
threads = [threading.Thread(target=work, args=(who,)) for who in 'ab']
for each in threads: each.start()
for each in threads: each.join()
assert got == [True] * 40, got
""",
        UTILS,
    ),
    Case(
        "reloaded after a change",
        "after a change the next load runs the new code, and what was loaded before goes on working",
        """
import os, pathlib
old = load(at('a'), 'net')
part = pathlib.Path(at('a'), 'models', 'net.py')
part.write_text(part.read_text().replace("'own'", "'new'"))
os.utime(part, (1, 1))
assert load(at('a'), 'net').who() == ('new', 3)
assert old.who() == ('own', 3)
""",
        PLAIN,
    ),
    Case(
        "a package that is also installed",
        "a repository whose package is also installed, and imported before, gets its own",
        "import pluggy\nassert load(at('a'), 'net') == 'own'\nimport sys\nassert sys.modules['pluggy'] is pluggy",
        {
            "a": {
                "hubconf.py": "import pluggy.part\ndef net(): return pluggy.part.WHO",
                "pluggy/__init__.py": "",
                "pluggy/part.py": "WHO = 'own'",
            }
        },
    ),
    Case(
        "one operator in two repositories",
        "an operator's name that one repository has taken does not come to mean another's code without a word",
        "first = load(at('a'), 'net')\ntry: load(at('b'), 'net')\nexcept Exception: pass\n"
        "assert first(torch.zeros(1)).item() == 1",
        {"a": {"hubconf.py": OPERATOR.format(n=1)}, "b": {"hubconf.py": OPERATOR.format(n=2)}},
    ),
    Case(
        "an extension built at import",
        "an extension module that a repository builds in its own folder is imported from there",
        "assert load(at('a'), 'net') is True",
        _one(
            hubconf="""
import glob, os, shutil, sys, sysconfig
here = os.path.dirname(os.path.abspath(__file__))
built = sorted(glob.glob(os.path.join(sysconfig.get_config_var('DESTSHARED'), '_*.so')))
built = [each for each in built if os.path.basename(each).partition('.')[0] not in sys.modules]
name = next(each for each in built if os.path.basename(each).startswith(('_testbuffer', '_crypt', '_curses', '_lsprof')))
shutil.copy(name, here)
import importlib
module = importlib.import_module(os.path.basename(name).partition('.')[0])
def net(): return module.__file__.startswith(here)
"""
        ),
    ),
)
