"""From what hubconfs list to what pip knows."""

import pytest

from rehub.words.dependencies import distribution, import_name, install_line


@pytest.mark.parametrize(
    ("text", "name"),
    [("torch", "torch"), ("torch>=1.0", "torch"), (" yaml ", "yaml"), ("a.b", "a.b"), ("", ""), ("==", "==")],
)
def test_import_name_is_found_in_a_requirement(text: str, name: str) -> None:
    """Authors write requirements now and then; what is no name is left as it is."""
    assert import_name(text) == name


def test_install_line_names_distributions_once() -> None:
    """The line can be pasted."""
    assert distribution("skimage.io") == "scikit-image"
    assert install_line(["cv2", "cv2", "einops"]) == "pip install opencv-python einops"
