"""From what hubconfs list to what pip knows."""

import pytest

from rehub.words.dependencies import distribution, import_name, install_line


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("torch", "torch"),
        ("torch>=1.0", "torch"),
        ("torch >= 1.0, <2", "torch"),
        (" yaml ", "yaml"),
        ("a.b", "a.b"),
        *(
            (text, None)
            for text in ["", "==", "x; touch y", "-r/etc/passwd", "--index-url=http://h/ pkg", "$(id)", "a b"]
        ),
        *(
            (text, None)
            for text in ["a\x1b[31m", "a\nb", "a@http://h/x.whl", "a[b]", "é", "a..b", "1a", "a>=1;b", "a>`id`"]
        ),
    ],
)
def test_only_import_names_are_taken(text: str, name: str | None) -> None:
    """Authors write requirements now and then; what could be anything else on a command line is nothing."""
    assert import_name(text) == name


def test_install_line_names_distributions_once() -> None:
    """The line can be pasted."""
    assert distribution("skimage.io") == "scikit-image"
    assert install_line(["cv2", "cv2", "einops"]) == "pip install opencv-python einops"
