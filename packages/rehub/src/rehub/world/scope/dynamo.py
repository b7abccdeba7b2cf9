"""torch.compile follows an import twice: by ``__import__``, as the traced code would, and by the module's plain name.

The second time it would find nothing, or the user's module of that name, and would guard and call that one. So it is
taught the full names of a checkout's modules, once it follows an import of one.
Source: torch 2.13, torch/_dynamo/symbolic_convert.py, ``IMPORT_NAME`` and ``import_source``.
"""

import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

_MODULE = "torch._dynamo.symbolic_convert"
_MARK = "__rehub_full_name__"
FullName = Callable[[Mapping[str, Any], str], str]


def follows(frame: FrameType) -> bool:
    """Say whether an import was asked for by torch.compile, in the name of code that it follows."""
    return frame.f_code.co_name == "IMPORT_NAME" and frame.f_globals.get("__name__") == _MODULE


def teach(full_name: FullName) -> None:
    """Let torch.compile import a checkout's modules by their full names.

    Raises:
        ImportError: this torch does it in another way; torch.compile then leaves that function as it is.
    """
    translator = getattr(sys.modules[_MODULE], "InstructionTranslatorBase", None)
    known = getattr(translator, "import_source", None)
    if known is None:
        msg = "rehub does not know how this version of torch.compile imports"
        raise ImportError(msg)
    if not hasattr(known, _MARK):

        def import_source(self: Any, module_name: str) -> Any:
            return known(self, full_name(self.f_globals, module_name))

        setattr(import_source, _MARK, True)
        translator.import_source = import_source  # type: ignore[union-attr]
