r"""A tensor's shape, where documentation or an annotation gives one.

People write ``of shape (N, C)``, ``shape: [n, 3]``, ``Float[B, 3]``, ``Float[Tensor, "b c"]``, ``BxCxHxW``, or only
``(B, 3, 224, 224)``. Brackets that nobody called a shape count only if everything in them can be a dimension, so that
``(optional)``, ``[0, 1]`` and ``(height, in pixels)`` do not.
"""

import re

MAX_TEXT = 2_000  # characters of one description that are looked at

_BRACKET = r"\([^()\[\]]*\)|\[[^()\[\]]*\]"
_TIMES = r"\b[A-Z0-9]+(?:[ ]?[x×][ ]?[A-Z0-9]+)+\b"
_SAID = re.compile(rf"\bshaped?\b[\s:=,]*(?:is|of|as|\()?[\s`'\"]*({_BRACKET}|{_TIMES})", re.IGNORECASE)
_DTYPES = "Float|UInt|Integer|Int|Bool|Complex|Long|Half|Double|Byte|Num|Real|Inexact|Shaped|Tensor|Array|NDArray"
_TYPED = re.compile(rf"\b(?:{_DTYPES})\d*(?:Tensor)?\[([^\[\]]*)\]")
_NAMED_ARRAY = re.compile(r"""[\w.]+\s*,\s*['"]([^'"]*)['"]""")  # jaxtyping's Float[Tensor, "batch channels"]
_LETTER = r"[A-Z](?:in|out)?\d?(?:_\w+)?'?"
_WORD = (
    r"b|c|d|h|l|n|t|w|bs|bsz|batch(?:es)?|channels?|height|width|depth|length|time|seq|seqlen|frames?|samples?|tokens?"
    r"|points?|classes|features?|heads|dim|embed\w*|hidden\w*|vocab\w*|(?:num|n|nb|in|out)_\w+"
    r"|\w+_(?:dim|dims|len|length|size|channels|features|tokens|frames)"
)
_SIZED = rf"(?:{_LETTER}|{_WORD}|\d+)"
_DIMENSION = re.compile(rf"\*|\.\.\.|…|-1|{_SIZED}(?:\s*[-+*/]\s*{_SIZED})*")
_NO_DIMENSION = re.compile(r"int|float|str|bool|tuple|list|dict|optional|none|default\b.*", re.IGNORECASE)
_SECTION = re.compile(r"^[ \t]*Shapes?:?[ \t]*\n((?:[ \t]+\S.*\n?|[ \t]*\n)+)", re.MULTILINE)
_ITEM = re.compile(r"^[ \t]*[-*]?[ \t]*[`*]*(\w+)[`*]*[ \t]*:(.*)$", re.MULTILINE)
_LATEX = [(r":math:|`|\\\\", ""), (r"\\(?:text|mathrm|textrm)\{([^}]*)\}", r"\1"), (r"\\l?dots", "...")]
_LATEX += [(r"\\times", "x"), (r"_\{([^}]*)\}", r"_\1"), (r"\\", "")]
_ENOUGH = 3  # numbers alone are a shape from here on: (3, 224, 224), but not (0, 1)


def shape_in(text: str | None) -> str | None:
    """Find the shape that a text gives.

    Example:
        >>> shape_in("Tensor of shape `(batch, length)`"), shape_in("Float[B, 3], in [0, 1]"), shape_in("in [0, 1]")
        ('(batch, length)', '[B, 3]', None)
    """
    told = _plain((text or "")[:MAX_TEXT])
    for found in _SAID.finditer(told):
        if _may_be(found[1]):
            return _tidy(found[1])
    for found in _TYPED.finditer(told):
        quoted = _NAMED_ARRAY.fullmatch(found[1].strip())
        if quoted or all(map(_DIMENSION.fullmatch, _dimensions(found[1]))):
            return _tidy(f"[{quoted[1] if quoted else found[1]}]")
    candidates = re.finditer(rf"(?<![\w\]])(?:{_BRACKET})|{_TIMES}", told)
    return next((_tidy(each[0]) for each in candidates if _is_shape(each[0])), None)


def shapes_in(doc: str) -> dict[str, str]:
    r"""Read a section ``Shape:`` of a docstring, as PyTorch's own modules have it: shapes by name, in lower case.

    Example:
        >>> shapes_in("Shape:\n    - Input: :math:`(N, C_\\text{in})`\n    - Output: the same")
        {'input': '(N, C_in)'}
    """
    section = _SECTION.search(doc)
    items = _ITEM.finditer(_plain(section[1][:MAX_TEXT])) if section else ()
    found = ((each[1].lower(), re.search(_BRACKET, each[2])) for each in items)
    return {name: _tidy(bracket[0]) for name, bracket in found if bracket}


def _plain(text: str) -> str:
    for pattern, with_what in _LATEX:
        text = re.sub(pattern, with_what, text)
    return text


def _tidy(text: str) -> str:
    return " ".join(text.split())


def _dimensions(text: str) -> list[str]:
    inner = text[1:-1] if text[:1] in {"(", "["} else text
    parts = re.split(r"[x×]" if re.fullmatch(_TIMES, text) else ",", inner)
    return [each.strip() for each in parts]


def _may_be(text: str) -> bool:
    """Say whether what was called a shape can be one."""
    found = _dimensions(text)
    return any(re.search(r"[\w*….]", each) for each in found) and not any(map(_NO_DIMENSION.fullmatch, found))


def _is_shape(text: str) -> bool:
    """Say whether something in brackets can be nothing but a shape."""
    found = _dimensions(text)
    given = [each for each in found if each]
    if not all(_DIMENSION.fullmatch(each) for each in given) or len(found) < 2:  # noqa: PLR2004 - "(N)" may be anything
        return False
    letters = any(re.search(r"[A-Za-z]", each) for each in given)
    return letters or (len(given) >= _ENOUGH and all(re.fullmatch(r"[1-9]\d*", each) for each in given))
