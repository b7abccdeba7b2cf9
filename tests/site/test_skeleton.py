"""The hub's skeleton: it is installed, it answers, and it has its layers."""

import importlib
import subprocess
import sys

import pytest

import rehub_site


def ask(*args: str) -> str:
    """Run the command as a process."""
    command = [sys.executable, "-m", "rehub_site", *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def test_version() -> None:
    """The command says its version."""
    assert ask("--version") == f"rehub-site {rehub_site.__version__}\n" == "rehub-site 0.1.0\n"


def test_help_has_an_example() -> None:
    """The help shows a command to type."""
    assert "Example:\n    rehub-site --version\n" in ask("--help")


@pytest.mark.parametrize("layer", ["words", "world", "verbs", "faces"])
def test_layers_say_what_they_are_for(layer: str) -> None:
    """Each layer is a package with its purpose on one line."""
    assert importlib.import_module(f"rehub_site.{layer}").__doc__
