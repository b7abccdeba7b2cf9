"""Weight URLs: found where they are used, with the digest that their name carries."""

import pytest

from rehub.words.reading.source import Source, parse
from rehub.words.reading.weights import hash_prefix, looks_like_weights, weight_urls

X = "https://x.org"


def urls(code: str) -> list[str]:
    """Give the weight URLs of a module."""
    source = parse("m.py", code)
    assert isinstance(source, Source)
    return [each.url for each in weight_urls(source)]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (f"load('{X}/a.pth')", [f"{X}/a.pth"]),
        (f"URLS = {{'a': '{X}/a.pt', 'b': '{X}/b.bin'}}", [f"{X}/a.pt", f"{X}/b.bin"]),
        (f"BASE = '{X}'\nu = f'{{BASE}}/a.ckpt'", [f"{X}/a.ckpt"]),
        (f"BASE = '{X}'\nT = {{k: f'{{BASE}}/{{k}}.pt' for k in ('a', 'b')}}", [f"{X}/a.pt", f"{X}/b.pt"]),
        (f"u = '{X}/' + 'a' + '.safetensors'", [f"{X}/a.safetensors"]),
        (f"def f(url='{X}/a.onnx'): ...", [f"{X}/a.onnx"]),
        (f"u = '{X}/NAME.tar'.replace('NAME', 'a')", [f"{X}/a.tar"]),
        (f"u = '{X}/a.pt?download=1'", [f"{X}/a.pt?download=1"]),
        (f"torch.hub.load_state_dict_from_url(url='{X}/get')", [f"{X}/get"]),
        (f"download_url_to_file('{X}/get', 'here')", [f"{X}/get"]),
        (f"u = '{X}/a.pth'\nv = '{X}/a.pth'", [f"{X}/a.pth"]),
        (f"'''{X}/a.pth'''", []),
        (f"u = 'see {X}/a.pth'", []),
        (f"u = '{X}/page.html'", []),
        (f"u = f'{X}/{{name}}.pth'", []),
        (f"def f(BASE):\n    return f'{{BASE}}/a.pt'\nBASE = '{X}'", []),
        ("u = 'http://[.pth'", []),
    ],
)
def test_weight_urls_of_a_module(code: str, expected: list[str]) -> None:
    """URLs are found as literals, in tables, defaults and sums, and not in documentation or where a part is unknown."""
    assert urls(code) == expected


def test_line_is_that_of_the_url() -> None:
    """A table's URLs have lines of their own."""
    source = parse("m.py", f"T = {{\n  'a': '{X}/a.pt',\n  'b': '{X}/b.pt',\n}}")
    assert isinstance(source, Source)
    assert [(each.file, each.line) for each in weight_urls(source)] == [("m.py", 2), ("m.py", 3)]


@pytest.mark.parametrize(
    ("url", "prefix"),
    [
        (f"{X}/resnet18-f37072fd.pth", "f37072fd"),
        (f"{X}/a-b-0123456789abcdef.tar.gz", "0123456789abcdef"),
        (f"{X}/resnet-1234567.pth", None),
        (f"{X}/resnet-F37072FD.pth", None),
        (f"{X}/v1-deadbeef.x/net.pth", None),
        (f"{X}/{'0f' * 32}/ViT.pt", "0f" * 32),
        (f"{X}/a.pth?hash=-deadbeef.", None),
    ],
)
def test_hash_prefix_is_torch_hubs(url: str, prefix: str | None) -> None:
    """The digest is looked for where torch.hub looks, and where CLIP keeps it; seven digits prove nothing."""
    assert hash_prefix(url) == prefix


def test_endings_of_weights() -> None:
    """Weights are told by their ending, in any case, and not by what follows it."""
    assert looks_like_weights(f"{X}/A.PTH")
    assert not looks_like_weights(f"{X}/a.pth.md")
