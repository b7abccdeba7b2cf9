"""Requirements: what is one, what is none, and that nothing else gets through to a solver."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehub.words.requirement import Requirement, from_poetry
from rehub.words.requirementlines import LineKind, lines

GOOD = {
    "numpy": "numpy",
    " numpy >= 1.21 , < 2 ": "numpy>=1.21,<2",
    "numpy (>=1.21)": "numpy>=1.21",
    "torch==2.2.1+cpu": "torch==2.2.1+cpu",
    "timm~=0.9.0": "timm~=0.9.0",
    "x[b, a]!=1.*": "x[a,b]!=1.*",
    "x>=1 ; python_version < '3.8' and sys_platform == \"linux\"": "x>=1 ; python_version < '3.8' and sys_platform == \"linux\"",
    "clip @ git+https://github.com/openai/CLIP.git": "clip @ git+https://github.com/openai/CLIP.git",
    "zope.interface": "zope.interface",
}
BAD = [
    "",
    "-r other.txt",
    "--index-url=https://example.org",
    "https://example.org/x.whl",
    "./x",
    "x y",
    "x>=",
    "x >= ${TOKEN}",
    "x ; ${TOKEN} == 'a'",
    "x\n-r /etc/passwd",
    "x ; python_version < '3'\n--pre",
    "x \\",
    "x # comment",
    "é",
    "x" * 600,
    "x>=1;" + "a" * 600,
]


@pytest.mark.parametrize("text", GOOD)
def test_requirements_are_read(text: str) -> None:
    """A name, versions, extras, a marker or a URL, as PEP 508 writes them."""
    assert str(Requirement.parse(text)) == GOOD[text]


@pytest.mark.parametrize("text", BAD)
def test_nothing_else_is_a_requirement(text: str) -> None:
    """An option, a path, a variable or a second line never reaches the file that a solver reads."""
    assert Requirement.parse(text) is None


HOSTILE = [
    "x" + " " * 490 + "!",
    "x[" + "a, " * 150,
    "x " + "( " * 240,
    "x;" + "a " * 200 + "$",
    "x" + ">=1," * 90 + "$",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_line_takes_no_time(text: str) -> None:
    """No line makes reading try ever more ways; one that did would not end within the group's time."""
    assert Requirement.parse(text) is None


names = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,8}[A-Za-z0-9])?", fullmatch=True)
clauses = st.tuples(
    st.sampled_from(["==", ">=", "<", "~=", "!="]), st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,2}", fullmatch=True)
)
markers = st.sampled_from(["", "python_version < '3.8'", 'extra == "x" or os_name == "nt"'])


@given(names, st.lists(clauses.map("".join), max_size=3), st.sets(names, max_size=2), markers)
def test_what_is_written_is_read_again(name: str, versions: list[str], extras: set[str], marker: str) -> None:
    """``parse(str(x)) == x``."""
    made = Requirement(name, ",".join(versions), tuple(sorted(extras)), marker)
    assert Requirement.parse(str(made)) == made


@given(st.text(max_size=60))
def test_any_text_is_a_line_or_none(text: str) -> None:
    """What is read of strangers' text never holds a second line, a variable or an option."""
    found = Requirement.parse(text)
    written = str(found) if found else ""
    assert not set(written) & set("\n\r\\${}")
    assert not written.startswith("-")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("^1.2.3", "x>=1.2.3,<2"),
        ("^0.2.3", "x>=0.2.3,<0.3"),
        ("^0.0.3", "x>=0.0.3,<0.0.4"),
        ("^0", "x>=0,<1"),
        ("~1.2.3", "x>=1.2.3,<1.3"),
        ("~1", "x>=1,<2"),
        ("1.2.3", "x==1.2.3"),
        ("1.2.*", "x==1.2.*"),
        (">=1, <2", "x>=1,<2"),
        ("*", "x"),
        ("^2.0b1", "x>=2.0b1,<3"),
        ("nonsense", "None"),
        ("^" + "9" * 5_000, "None"),
    ],
)
def test_poetrys_operators(said: str, meant: str) -> None:
    """A caret and a tilde mean what Poetry says they do."""
    assert str(from_poetry("x", said)) == meant


FILE = """\
# comment
numpy>=1.21  # why
torch==1.9.0 \\
    --hash=sha256:abc
-r more.txt
-c constraints.txt
--requirement=other.txt
-e .
.
-e .[dev]
-e git+https://github.com/acme/toy#egg=toy
git+https://github.com/acme/zoo.git
clip @ https://example.org/clip.whl
./local
--extra-index-url https://download.pytorch.org/whl/cpu
what is this
"""


def test_lines_of_a_requirements_file() -> None:
    """Each line is what pip takes it for, under its own number; the repository itself and comments are left out."""
    read = [(each.number, each.kind.value, each.text) for each in lines(FILE)]
    assert read == [
        (2, "requirement", "numpy>=1.21"),
        (3, "requirement", "torch==1.9.0"),
        (5, "include", "more.txt"),
        (6, "include", "constraints.txt"),
        (7, "include", "other.txt"),
        (11, "elsewhere", "git+https://github.com/acme/toy#egg=toy"),
        (12, "elsewhere", "git+https://github.com/acme/zoo.git"),
        (13, "elsewhere", "clip @ https://example.org/clip.whl"),
        (14, "elsewhere", "./local"),
        (15, "option", "--extra-index-url https://download.pytorch.org/whl/cpu"),
        (16, "unknown", "what is this"),
    ]


@given(st.text(max_size=200))
def test_any_file_can_be_read(text: str) -> None:
    """No text makes reading fail."""
    assert all(each.kind in LineKind for each in lines(text))
