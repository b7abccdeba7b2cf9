"""The fourteen kinds of hubconf that real repositories are written in, and what reading each must give.

What is expected was written down before it was read. ``dynamic`` holds ``file:line``, ``leaks`` name → origin.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rehub.verbs.describe import describe
from rehub.words.hubconf import EffectKind, EntryKind
from rehub.world.folder import Tree


@dataclass(frozen=True)
class Kind:
    """A repository, and what reading it must give."""

    files: Mapping[str, str | bytes]
    entries: Mapping[str, str]  # name → signature
    leaks: Mapping[str, str] = field(default_factory=dict)
    dynamic: tuple[str, ...] = ()
    dependencies: tuple[str, ...] | None = ("torch",)
    conditional: frozenset[str] = frozenset()
    kinds: Mapping[str, EntryKind] = field(default_factory=dict)
    effects: tuple[tuple[EffectKind, int], ...] = ()
    weights: tuple[tuple[str, str | None], ...] = ()
    problems: tuple[str, ...] = ()


KINDS = {
    "1 star imports, with and without __all__, in chains": Kind(
        {
            "hubconf.py": "dependencies = ['torch']\nfrom listed import *\nfrom plain import *\nfrom chain import *\n",
            "listed.py": "import os\n__all__ = ['net']\ndef net(pretrained=False): ...\ndef not_listed(): ...\n",
            "plain.py": (
                "from functools import partial\nimport torch.nn as nn\n"
                "class Block(nn.Module):\n    def __init__(self, width): ...\n"
                "def _private(): ...\ndef plain_net(depth=3, **kwargs):\n    return Block(depth)\nLIMIT = 3\n"
            ),
            "chain/__init__.py": "from .a import *\n",
            "chain/a.py": "from .b import *\nfrom . import b\n",
            "chain/b.py": "from .a import *\ndef far(x): ...\n",
        },
        {"net": "(pretrained=False)", "plain_net": "(depth=3, **kwargs)", "far": "(x)"},
        {"Block": "plain.py:3", "partial": "functools.partial"},
    ),
    "2 names made at run time": Kind(
        {
            "hubconf.py": (
                "import timm_like, made\ndependencies = ['torch']\n"
                "for model_name in ['b' + str(i) for i in range(2)]:\n"
                "    locals()[model_name] = made.maker(model_name)\n"
                "globals().update(timm_like.registry())\n"
                "for _name in timm_like.names():\n    globals()[_name] = timm_like.get(_name)\n"
                "globals().update({f'c{d}': made.net for d in (10, 100)})\n"
                "from made import *\n"
            ),
            "timm_like.py": (
                "import os\ndef registry(): return dict(os.environ)\ndef names(): return registry()\n"
                "def get(name): return registry()[name]\n"
            ),
            "made.py": (
                "import sys\ndef maker(name):\n    def make(pretrained=True):\n"
                "        '''Make it.'''\n    return make\n"
                "def net():\n    return 1\n_this = sys.modules[__name__]\n"
                "for _k in sys.argv[:0]:\n    setattr(_this, f'x_{_k}', net)\n"
            ),
        },
        {
            "b0": "(pretrained=True)",
            "b1": "(pretrained=True)",
            "c10": "()",
            "c100": "()",
            "maker": "(name)",
            "net": "()",
        },
        dynamic=("hubconf.py:5", "hubconf.py:7", "made.py:10"),
        kinds={"b0": EntryKind.OBJECT},
    ),
    "2 registries that decorators fill": Kind(
        {
            "hubconf.py": (
                "dependencies = ['torch']\nimport zoo\nfrom zoo.registry import CLASSES as _classes\n"
                "globals().update(zoo.registry._functions)\n"
                "for _name, _cls in _classes.items():\n    globals()[_name] = _cls\n"
                "globals().update({f'old_{k}': v for k, v in dict(zoo.registry.NAMED).items() if k != 'hidden'})\n"
            ),
            "zoo/__init__.py": "from .nets import *\nfrom . import more\n",
            "zoo/registry.py": (
                "import sys, functools\n_functions = {}\nCLASSES = dict()\nNAMED = {}\n"
                "def register(fn):\n"
                "    mod = sys.modules[fn.__module__]\n    name = fn.__name__\n"
                "    if hasattr(mod, '__all__'):\n        mod.__all__.append(name)\n    else:\n        mod.__all__ = [name]\n"
                "    if name in _functions:\n        raise ValueError(name)\n"
                "    _functions[name] = fn\n    return fn\n"
                "def register_as(name=None, *, prefix=''):\n"
                "    def put(thing):\n        key = prefix + (name or thing.__name__)\n"
                "        if isinstance(thing, type):\n            CLASSES[key] = thing\n"
                "        else:\n            NAMED.setdefault(key, thing)\n        return thing\n"
                "    if callable(name):\n        fn, name = name, None\n        return put(fn)\n    return put\n"
                "def twice(fn):\n    @functools.wraps(fn)\n    def wrapper(*args):\n        return fn(*args)\n"
                "    return register(wrapper)\n"
                "def retired(names):\n    for old, new in names.items():\n        _functions[old] = _shim(old, new)\n"
                "def _shim(old, new):\n    def _call(pretrained=False):\n        return new\n"
                "    _call.__doc__ = f'Use {new} instead of {old}.'\n    return _call\n"
            ),
            "zoo/nets.py": (
                "from .registry import register, register_as, retired\n"
                "@register\ndef small(width=1):\n    '''Small.'''\n"
                "@register\ndef large(width=2, **kwargs): ...\n"
                "@register_as('named', prefix='my_')\ndef _net(depth): ...\n"
                "@register_as\ndef bare(): ...\n@register_as('hidden')\ndef hidden(): ...\n"
                "@register_as('Net')\nclass _Net:\n    def __init__(self, depth=3): ...\n"
                "retired({'tiny': 'small', 'huge': 'large'})\n"
            ),
            "zoo/more.py": "from zoo import registry\nNAMES = registry\n@registry.twice\ndef wrapped(x): ...\n",
        },
        {
            "small": "(width=1)",
            "large": "(width=2, **kwargs)",
            "tiny": "(pretrained=False)",
            "huge": "(pretrained=False)",
            "wrapped": "(x)",
            "Net": "(depth=3)",
            "old_my_named": "(depth)",
            "old_bare": "()",
        },
        kinds={"small": EntryKind.FUNCTION, "tiny": EntryKind.OBJECT, "Net": EntryKind.CLASS},
    ),
    "2 registries of classes, in packages that import what lies beside them": Kind(
        {
            "hubconf.py": (
                "import functools\nfrom models import REGISTRY\ndependencies = ['torch']\n"
                "for _type, _cls in REGISTRY.items():\n    for model_name in _cls.hub_models().keys():\n"
                "        globals()[model_name] = functools.partial(_cls.from_pretrained, model_name)\n"
            ),
            "models/__init__.py": (
                "import importlib, os\nREGISTRY = {}\n"
                "def register(name):\n    def put(cls):\n        REGISTRY[name] = cls\n        return cls\n    return put\n"
                "for _file in sorted(os.listdir(os.path.dirname(__file__))):\n"
                "    if _file.endswith('.py') and not _file.startswith('_'):\n"
                "        importlib.import_module('models.' + _file[:-3])\n"
            ),
            "models/base.py": (
                "class Base:\n    @classmethod\n    def hub_models(cls):\n        return {}\n"
                "    @classmethod\n    def from_pretrained(cls, name, beam=5, **kwargs):\n        '''Load it.'''\n"
            ),
            "models/lm.py": (
                "from models import register\nfrom models.base import Base\n"
                "@register('lm')\nclass LM(Base):\n    @classmethod\n    def hub_models(cls):\n"
                "        def url(path):\n            return 'https://x.org/' + path\n"
                "        return {'lm.wiki': url('a.pt'), 'lm.news': url('b.pt')}\n"
            ),
            "models/plain.py": "from models import register\nfrom models.base import Base\n@register('p')\nclass P(Base): ...\n",
        },
        {"lm.wiki": "(beam=5, **kwargs)", "lm.news": "(beam=5, **kwargs)"},
        kinds={"lm.wiki": EntryKind.PARTIAL},
    ),
    "2 tables, functions and modules of the repository": Kind(
        {
            "hubconf.py": (
                "import re, string\nimport pkg\nfrom pkg import hub, nets as _nets\n"
                "from pkg.nets import SIZES as _sizes, available as _available\ndependencies = ['torch']\n"
                "_clean = {m: re.sub(f'[{string.punctuation}]', '_', m) for m in _available()}\n"
                "def _make(model):\n    def entry(**kwargs): ...\n    entry.__doc__ = f'Load {model}.'\n    return entry\n"
                "_entries = {_clean[m]: _make(m) for m in _available()}\nglobals().update(_entries)\n"
                "models = filter(lambda n: n.startswith('made_'), dir(_nets))\n"
                "globals().update({m: getattr(_nets, m) for m in models})\n"
                "for size in _sizes:\n    globals()['net_%d' % size] = _nets.build(size)\n"
                "for o in hub.options():\n    globals()[o] = getattr(hub, o)\n"
                "for fn in [_nets.one, _nets.two]:\n    globals()[fn.__name__ + '_v2'] = fn\n"
            ),
            "pkg/__init__.py": "from .nets import *\n",
            "pkg/nets.py": (
                "import sys\nfrom functools import partial\n"
                "SIZES = [18]\nSIZES += [50]\n_TABLE = {'ViT-B/32': 1, 'RN50': 2}\n"
                "def available():\n    '''Name them.'''\n    return list(_TABLE.keys())\n"
                "def build(size):\n    def net(pretrained=False):\n        return size\n    return net\n"
                "def one(a): ...\ndef two(b): ...\n"
                "def _load(arch, layers=None, pretrained=False): ...\n"
                "this = sys.modules[__name__]\n"
                "for data in ['c10', 'c100']:\n    for layers, name in zip([[3] * 2, [5] * 2], ['small', 'large']):\n"
                "        setattr(this, f'made_{data}_{name}', partial(_load, arch=name, layers=layers))\n"
            ),
            "pkg/hub.py": (
                "from pathlib import Path\nfrom .upstream.apc import *\nfrom .upstream.wav import *\nLIMIT = 3\n"
                "def options(registered=False):\n    found = []\n    for name, value in globals().items():\n"
                "        policy = not name.startswith('_') and callable(value)\n"
                "        if policy and name != 'options':\n"
                "            if registered and name.endswith('_local'):\n                continue\n"
                "            found.append(name)\n    return found\n"
            ),
            "pkg/upstream/apc.py": "def apc(refresh=False): ...\ndef apc_local(ckpt): ...\n",
            "pkg/upstream/wav.py": "import logging as log\ndef wav(): ...\nlogger = log.getLogger('x')\n",
        },
        {
            "ViT_B_32": "(**kwargs)",
            "RN50": "(**kwargs)",
            "made_c10_small": "(*, arch='small', layers=[3, 3], pretrained=False)",
            "made_c10_large": "(*, arch='large', layers=[5, 5], pretrained=False)",
            "made_c100_small": "(*, arch='small', layers=[3, 3], pretrained=False)",
            "made_c100_large": "(*, arch='large', layers=[5, 5], pretrained=False)",
            "net_18": "(pretrained=False)",
            "net_50": "(pretrained=False)",
            "apc": "(refresh=False)",
            "apc_local": "(ckpt)",
            "wav": "()",
            "one_v2": "(a)",
            "two_v2": "(b)",
        },
        {"Path": "pathlib.Path", "fn": "pkg/nets.py:14"},
        kinds={"RN50": EntryKind.OBJECT, "made_c10_small": EntryKind.PARTIAL, "one_v2": EntryKind.FUNCTION},
    ),
    "2 tables of which only a part can be known": Kind(
        {
            "hubconf.py": "dependencies = ['torch']\nimport reg\nimport nets\nglobals().update(reg.TABLE)\n",
            "reg.py": (
                "import random\nTABLE = {}\ndef known(fn):\n    TABLE[fn.__name__] = fn\n    return fn\n"
                "def secret(fn):\n    TABLE['_x' + str(random.random())] = fn\n    return fn\n"
            ),
            "nets.py": "import reg\n@reg.known\ndef net(a): ...\n@reg.secret\ndef other(b): ...\n",
        },
        {"net": "(a)"},
        dynamic=("hubconf.py:4",),
    ),
    "3 names that are no identifiers": Kind(
        {
            "hubconf.py": "dependencies = ['torch']\ndef _load(name, beam=5): ...\n"
            "from functools import partial as _partial\n"
            "for _m in ('transformer.wmt14.en-fr', 'roberta.large'):\n    globals()[_m] = _partial(_load, _m)\n"
        },
        {"transformer.wmt14.en-fr": "(beam=5)", "roberta.large": "(beam=5)"},
        kinds={"roberta.large": EntryKind.PARTIAL},
    ),
    "4 stubs that setattr replaces": Kind(
        {
            "hubconf.py": "dependencies = ['torch']\nfrom zoo import cifar10_resnet20\n",
            "zoo.py": (
                "import sys\nfrom functools import partial\n"
                "def _resnet(arch, layers): ...\ndef cifar10_resnet20(): pass\n"
                "for data in ['cifar10', 'cifar100']:\n    for model in sys.argv[:0]:\n"
                "        setattr(sys.modules[__name__], f'{data}_{model}', partial(_resnet, data))\n"
            ),
        },
        {"cifar10_resnet20": ""},
        dynamic=("zoo.py:7",),
    ),
    "4 stubs that a readable setattr replaces": Kind(
        {
            "hubconf.py": "dependencies = ['torch']\nfrom zoo import cifar10_resnet20, cifar10_vgg\n",
            "zoo.py": (
                "import sys\nfrom functools import partial\ndef _resnet(arch, layers, pretrained=False): ...\n"
                "def cifar10_resnet20(*args): pass\ndef cifar10_vgg(): pass\nthismodule = sys.modules[__name__]\n"
                "for data in ['cifar10', 'cifar100']:\n    for model in ['resnet20']:\n        method_name = f'{data}_{model}'\n"
                "        setattr(thismodule, method_name, partial(_resnet, layers=[3], arch=model))\n"
            ),
        },
        {"cifar10_resnet20": "(*, arch='resnet20', layers=[3], pretrained=False)", "cifar10_vgg": "()"},
        kinds={"cifar10_resnet20": EntryKind.PARTIAL, "cifar10_vgg": EntryKind.FUNCTION},
    ),
    "5 partials, classes, instances, other names, decorators": Kind(
        {
            "hubconf.py": (
                "from functools import partial\ndependencies = ['torch']\n"
                "from models import make, Net, Point, resnet50 as nvidia_resnet50, documented, Net as _Net\n"
                "small = partial(make, 18, pretrained=True)\nlarge = lambda width=2: make(width)\n"
                "loaded = _Net.from_pretrained\ndevice = str('cpu')\n"
            ),
            "models.py": (
                "import torch\nfrom dataclasses import dataclass\ndef add_docs(text): return lambda f: f\n"
                "def make(depth, width=1, pretrained=False, **kwargs): ...\n"
                "class Net(torch.nn.Module):\n    def __init__(self, depth: int = 18) -> None: ...\n"
                "    @classmethod\n    def from_pretrained(cls, name): ...\n"
                "@dataclass\nclass Point:\n    x: int\n    y: int = 0\n"
                "class Entry:\n    def __call__(self, pretrained=True): ...\n"
                "    @staticmethod\n    def create(name): return Entry()\n"
                "_ce = lambda name: Entry.create(name)\nresnet50 = _ce('resnet50')\n"
                "@add_docs('x')\ndef documented(*args): ...\n"
            ),
        },
        {
            "small": "(width=1, *, pretrained=True, **kwargs)",
            "large": "(width=2)",
            "loaded": "(name)",
            "Net": "(depth: int = 18)",
            "Point": "(x: int, y: int = 0)",
            "nvidia_resnet50": "(pretrained=True)",
            "documented": "(*args)",
        },
        {"partial": "functools.partial", "make": "models.py:4"},
        kinds={
            "small": EntryKind.PARTIAL,
            "Net": EntryKind.CLASS,
            "nvidia_resnet50": EntryKind.OBJECT,
            "documented": EntryKind.FUNCTION,
        },
    ),
    "6 helpers, private or not": Kind(
        {
            "hubconf.py": (
                "from typing import Optional\nfrom pathlib import Path\n"
                "from torch.hub import load_state_dict_from_url\n"
                "from unet import UNet as _UNet, HiFiGAN, Tool, Interface as bpe\ndependencies = ['torch']\n"
                "def versiontuple(v):\n    return tuple(v.split('.'))\n"
                "def create(name, channels):\n    '''Create a model by its name.'''\n"
                "    return Tool(versiontuple(name))\n"
                "def unet(pretrained: Optional[bool] = False):\n    return _UNet(create('unet', 3))\n"
            ),
            "unet.py": "class UNet: ...\nclass HiFiGAN: ...\nclass Tool: ...\nclass Interface: ...\n",
        },
        {"create": "(name, channels)", "unet": "(pretrained: Optional[bool] = False)", "HiFiGAN": "()", "bpe": "()"},
        {
            "Optional": "typing.Optional",
            "Path": "pathlib.Path",
            "load_state_dict_from_url": "torch.hub.load_state_dict_from_url",
            "Tool": "unet.py:3",
            "versiontuple": "hubconf.py:6",
        },
    ),
    "7 names under conditions, and a main block": Kind(
        {
            "hubconf.py": (
                "import sys\ndependencies = ['torch']\nif sys.version_info >= (3, 8):\n    def newer(): ...\n"
                "try:\n    from fast import quick\nexcept ImportError:\n    quick = None\n"
                "try:\n    def either(a): ...\nfinally:\n    pass\n"
                "if sys.platform == 'linux':\n    def both(linux): ...\nelse:\n    def both(other): ...\n"
                "with open(__file__) as f:\n    def within(): ...\n"
                "for _ in sys.argv:\n    def rounds(): ...\n"
                "def gone(): ...\ndel gone\n"
                "if __name__ == '__main__':\n    def never(): ...\n    from PIL import Image\n"
            ),
            "fast.py": "def quick(x): ...\n",
        },
        {"newer": "()", "quick": "(x)", "either": "(a)", "both": "(linux)", "within": "()", "rounds": "()"},
        conditional=frozenset({"newer", "within", "rounds"}),
    ),
    "8 sys.path edits": Kind(
        {
            "hubconf.py": (
                "dependencies = ['torch']\nimport os, sys\nfrom pathlib import Path as _Path\n"
                "sys.path.append(os.path.join(sys.path[0], 'PyTorch/SSD'))\n"
                "sys.path.insert(0, os.path.join(os.path.dirname(__file__), 'src'))\nsys.path.append('lib/inner')\n"
                "sys.path.append(str(_Path(__file__).resolve().parent / 'deep'))\n"
                "from in_src import a\nfrom in_ssd import b\nfrom in_lib import c\nfrom in_deep import d\n"
            ),
            "src/in_src.py": "def a(): ...",
            "PyTorch/SSD/in_ssd.py": "def b(): ...",
            "lib/inner/in_lib.py": "def c(): ...",
            "deep/in_deep.py": "def d(): ...",
        },
        {"a": "()", "b": "()", "c": "()", "d": "()"},
        effects=tuple((EffectKind.PATH, line) for line in (4, 5, 6, 7)),
    ),
    "8 sys.path edits, after the import that needs them": Kind(
        {
            "hubconf.py": (
                "dependencies = ['torch']\nfrom in_late import e\nimport os, sys\n"
                "_src = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'late')\nsys.path.append(_src)\n"
            ),
            "late/in_late.py": "def e(x=1): ...",
        },
        {"e": "(x=1)"},
        effects=((EffectKind.PATH, 5),),
    ),
    "9 folders without __init__.py, and names of well-known packages": Kind(
        {
            "hubconf.py": (
                "dependencies = ['torch']\n"
                "from PyTorch.Detection.ssd import nvidia_ssd\nfrom utils.general import tool\n"
                "from models import net\nfrom src import *\n"
            ),
            "PyTorch/Detection/ssd.py": "from .entry import nvidia_ssd",
            "PyTorch/Detection/entry.py": "def nvidia_ssd(precision='fp32'): ...",
            "utils/general.py": "def tool(): ...",
            "models/__init__.py": "from . import net_file as net_file\nfrom .net_file import net",
            "models/net_file.py": "def net(): ...",
            "src/__init__.py": "def from_src(): ...",
        },
        {"nvidia_ssd": "(precision='fp32')", "tool": "()", "net": "()", "from_src": "()"},
    ),
    "10 dependencies on the last line, in pieces": Kind(
        {
            "hubconf.py": (
                "def net(): ...\n_extra = ['yaml', 'os']\n"
                "dependencies = ['torch'] + ['hydra']\ndependencies += _extra\n"
                "dependencies.append('sklearn')\ndependencies.extend(('skimage',))"
            )
        },
        {"net": "()"},
        dependencies=("torch", "hydra", "yaml", "os", "sklearn", "skimage"),
    ),
    "11 __all__ right in one place, wrong in another": Kind(
        {
            "hubconf.py": (
                "dependencies = ['torch']\n__all__ = ['phantom_a', 'phantom_b', 'used']\nfrom models import used\n"
                "def meal(name):\n    '''Load one.'''\n    return used(name)\n"
            ),
            "models.py": "def used(x): ...",
        },
        {"meal": "(name)", "used": "(x)"},
        problems=("__all__ names what is not there: phantom_a, phantom_b",),
    ),
    "11 __all__ right": Kind(
        {
            "hubconf.py": (
                "dependencies = ['torch']\nfrom src.silero import stt, tts, helper\n__all__ = ['stt', 'tts']\n"
                "def own(): ...\n"
            ),
            "src/silero.py": "def stt(language='en'): ...\ndef tts(): ...\ndef helper(): ...\n",
        },
        {"stt": "(language='en')", "tts": "()", "own": "()"},
        {"helper": "src/silero.py:3"},
    ),
    "12 effects of importing it": Kind(
        {
            "hubconf.py": (
                "import torch, os, subprocess, logging, urllib.request\nfrom setuptools import sandbox\n"
                "from util import check_requirements\ncheck_requirements('requirements.txt')\n"
                "subprocess.run(['pip', 'install', 'x'])\nsandbox.run_setup('setup.py', ['build_ext'])\n"
                "if torch.cuda.is_available():\n    torch.cuda.set_device(0)\nlogging.basicConfig()\n"
                "urllib.request.urlopen('http://127.0.0.1')\nprint('hello')\nos.environ['A'] = 'b'\n"
                "if 0 > 1:\n    raise RuntimeError('no')\nopen('x', 'w')\ninput()\ntorch.hub.load('a/b', 'c')\n"
                "dependencies = ['torch']\ndef net():\n    print('not at import')\n"
            ),
            "util.py": "def check_requirements(file): ...",
            "__pycache__/hubconf.cpython-311.pyc": b"\0",
        },
        {"net": "()"},
        {"sandbox": "setuptools.sandbox", "check_requirements": "util.py:1"},
        effects=(
            (EffectKind.INSTALL, 4),
            (EffectKind.INSTALL, 5),
            (EffectKind.BUILD, 6),
            (EffectKind.CUDA, 7),
            (EffectKind.CUDA, 8),
            (EffectKind.LOGGING, 9),
            (EffectKind.NETWORK, 10),
            (EffectKind.PRINT, 11),
            (EffectKind.ENVIRONMENT, 12),
            (EffectKind.RAISE, 14),
            (EffectKind.WRITE, 15),
            (EffectKind.PROMPT, 16),
            (EffectKind.TORCH_HUB, 17),
            (EffectKind.BYTECODE, 1),
        ),
    ),
    "13 weight URLs": Kind(
        {
            "hubconf.py": (
                "dependencies = ['torch']\nBASE = 'https://dl.example.org/nets'\n"
                "def net(pretrained=True, url='https://x.org/default-0123abcd.pth'):\n"
                "    '''See https://x.org/doc.pth'''\n"
                "    from tables import URLS\n    name = 'net-deadbeef01'\n    a = f'{BASE}/{name}.pt'\n"
                "    b = BASE + '/' + 'b.ckpt?download=1'\n    c = load_state_dict_from_url('https://x.org/get/42')\n"
                "    d = 'https://x.org/page.html'\n    e = 'https://x.org/birds.pth?dl=0'.replace('dl=0', 'dl=1')\n"
                "    f = BASE + f'/{name}-x.pth'\n"
                "from consts import ROOT as _root\nimport consts\nURL = _root + 'imported.pth'\nTABLE = {'a': f'{consts.ROOT}attribute.pth'}\n"
                "def other(ROOT): return ROOT + 'parameter.pth'\n"
            ),
            "consts.py": "HOST = 'https://c.org'\nROOT = HOST + '/v1/'\n",
            "tables.py": "URLS = {'a': 'https://openaipublic.example/clip/" + "ab" * 32 + "/RN50.pt'}\n",
        },
        {"net": "(pretrained=True, url='https://x.org/default-0123abcd.pth')", "other": "(ROOT)"},
        weights=(
            ("https://x.org/default-0123abcd.pth", "0123abcd"),
            ("https://dl.example.org/nets/net-deadbeef01.pt", "deadbeef01"),
            ("https://dl.example.org/nets/b.ckpt?download=1", None),
            ("https://x.org/get/42", None),
            ("https://x.org/birds.pth?dl=1", None),
            ("https://dl.example.org/nets/net-deadbeef01-x.pth", None),
            ("https://c.org/v1/imported.pth", None),
            ("https://c.org/v1/attribute.pth", None),
            ("https://openaipublic.example/clip/" + "ab" * 32 + "/RN50.pt", "ab" * 32),
        ),
    ),
    "14 encodings, line ends, Python 2": Kind(
        {
            "hubconf.py": (
                b"\xef\xbb\xbf# -*- coding: utf-8 -*-\r\ndependencies = ['torch']\r\nfrom old import x\r\n"
                b"from latin import y\r\ndef net(a='\xc3\xa9'):\r\n    '''Accent\xc3\xa9.'''\r\n"
            ),
            "old.py": "print 'Python 2'\ndef x(): ...\n",
            "latin.py": b"# coding: latin-1, caf\xe9\ndef y(b='\xe9'): ...\n",
        },
        {"net": "(a='é')", "y": "(b='é')"},
        {"x": "old.py"},
        problems=("is not Python 3: Missing parentheses in call to 'print'. Did you mean print(...)?",),
    ),
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_kind_is_read_as_written_down(tmp_path: Path, kind: Kind) -> None:
    """Each of the fourteen kinds gives the entries, leaks, dynamic lines and facts that were written down."""
    root = tmp_path / "repo"
    for name, content in kind.files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = describe(Tree(root))
    assert {entry.name: entry.signature for entry in found.entries} == kind.entries
    assert {leak.name: leak.origin for leak in found.leaks} == kind.leaks
    assert tuple(f"{each.file}:{each.line}" for each in found.dynamic) == kind.dynamic
    needed = None if found.dependencies is None else tuple(each.name for each in found.dependencies)
    assert needed == kind.dependencies
    assert {entry.name for entry in found.entries if entry.conditional} == kind.conditional
    assert {name: entry.kind for name in kind.kinds if (entry := found.find(name))} == kind.kinds
    assert tuple(each.message for each in found.problems) == kind.problems
    if kind.effects:
        assert tuple((each.kind, each.line) for each in found.effects) == kind.effects
    if kind.weights:
        assert tuple((each.url, each.hash_prefix) for each in found.weights) == kind.weights
