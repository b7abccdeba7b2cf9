"""From the import names that hubconfs list to the distributions that hold them."""

import re
from collections.abc import Iterable

# Names under which a package is imported, and under which pip knows it, where the two differ.
# Source: the packages' own metadata (top_level.txt) on PyPI.
_DISTRIBUTIONS = {
    "Bio": "biopython",
    "OpenSSL": "pyOpenSSL",
    "PIL": "Pillow",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "clip": "openai-clip",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "faiss": "faiss-cpu",
    "fitz": "PyMuPDF",
    "git": "GitPython",
    "google": "protobuf",
    "hydra": "hydra-core",
    "importlib_metadata": "importlib-metadata",
    "jose": "python-jose",
    "jwt": "PyJWT",
    "magic": "python-magic",
    "mmcv": "mmcv",
    "mpl_toolkits": "matplotlib",
    "nacl": "PyNaCl",
    "osgeo": "GDAL",
    "parrots": "parrots",
    "pkg_resources": "setuptools",
    "pycocotools": "pycocotools",
    "pytorch_lightning": "pytorch-lightning",
    "segmentation_models_pytorch": "segmentation-models-pytorch",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "soundfile": "soundfile",
    "tensorboardX": "tensorboardX",
    "usb": "pyusb",
    "wx": "wxPython",
    "yaml": "PyYAML",
    "zmq": "pyzmq",
}
# Where several distributions hold the same import name, the others; source: as above.
_ALSO = {
    "cv2": ("opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless"),
    "PIL": ("Pillow-SIMD",),
    "pytorch_lightning": ("lightning",),
    "tensorflow": ("tensorflow-cpu", "tensorflow-gpu"),
    "onnxruntime": ("onnxruntime-gpu",),
    "faiss": ("faiss-gpu", "faiss"),
    "clip": ("clip", "clip-anytorch"),
}


# A name, and maybe what version of it: nothing else may reach a command line that people paste.
_REQUIREMENT = re.compile(r"\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*(?:[<>=!~][<>=!~.,*\s\w]*)?", re.ASCII)


def import_name(text: str) -> str | None:
    """Take the import name out of what a hubconf lists, which now and then is a requirement.

    Returns:
        The name, or ``None`` if the text is something else.

    Example:
        >>> import_name("torch>=1.0"), import_name("hydra"), import_name("--index-url=x y")
        ('torch', 'hydra', None)
    """
    found = _REQUIREMENT.fullmatch(text)
    return found[1] if found else None


def distribution(name: str) -> str:
    """Name the distribution that most likely holds an import name.

    Example:
        >>> distribution("yaml"), distribution("einops")
        ('PyYAML', 'einops')
    """
    top = name.partition(".")[0]
    return _DISTRIBUTIONS.get(top, top)


def distributions(name: str) -> tuple[str, ...]:
    """Name every distribution that may hold an import name, the most likely first.

    Example:
        >>> distributions("PIL"), distributions("einops")
        (('Pillow', 'Pillow-SIMD', 'PIL'), ('einops',))
    """
    top = name.partition(".")[0]
    return tuple(dict.fromkeys([distribution(top), *_ALSO.get(top, ()), top]))


def install_line(names: Iterable[str]) -> str:
    """Give the pip line that would most likely install some import names.

    Args:
        names: as :func:`import_name` gives them.

    Example:
        >>> install_line(["cv2", "torch"])
        'pip install opencv-python torch'
    """
    return "pip install " + " ".join(dict.fromkeys(distribution(name) for name in names))
