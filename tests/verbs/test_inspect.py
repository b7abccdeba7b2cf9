"""A tree is read once."""

from pathlib import Path

import pytest

from rehub import Hub, HubconfNotFoundError
from rehub.verbs.inspect import inspect
from tests.world import World


@pytest.fixture
def hub(world: World, clean_home: Path) -> Hub:
    """Give a hub to which github.com is the world's server."""
    return Hub(dir=clean_home / "hub", mirrors=world.mirrors)


def test_second_reading_is_the_kept_one(hub: Hub, world: World) -> None:
    """What was read is kept for the tree, and taken from there."""
    world.repo({"hubconf.py": "def net(): ...\n"}, name="acme/toy")
    checkout = hub.fetch("acme/toy")
    assert checkout.pin
    assert checkout.pin.tree
    first = inspect(checkout, hub.store.records, version="1")
    kept = hub.store.records.find_described(checkout.pin.tree, "1")
    assert kept
    kept["entries"][0]["doc"] = "changed on disk"
    hub.store.records.save_described(checkout.pin.tree, "1", kept)
    assert inspect(checkout, hub.store.records, version="1").entries[0].doc == "changed on disk"
    assert inspect(checkout, hub.store.records, version="2") == first


def test_damaged_reading_is_made_again(hub: Hub, world: World) -> None:
    """A record that cannot be understood counts as none."""
    world.repo({"hubconf.py": "def net(): ...\n"}, name="acme/toy")
    checkout = hub.fetch("acme/toy")
    assert checkout.pin
    assert checkout.pin.tree
    hub.store.records.save_described(checkout.pin.tree, "1", {"entries": 7})
    assert inspect(checkout, hub.store.records, version="1").names == ["net"]


def test_folder_is_read_anew(hub: Hub, tmp_path: Path) -> None:
    """A folder of the user's own may change at any time."""
    (tmp_path / "hubconf.py").write_text("def one(): ...\n")
    assert hub.list(f"{tmp_path}") == ["one"]
    (tmp_path / "hubconf.py").write_text("def two(): ...\n")
    assert hub.list(f"{tmp_path}") == ["two"]


def test_repository_without_hubconf_is_a_typed_error(hub: Hub, world: World) -> None:
    """It publishes nothing, and that is said."""
    world.repo({"README.md": "hello"}, name="acme/toy")
    with pytest.raises(HubconfNotFoundError, match=r"has no hubconf\.py at its root"):
        hub.list("acme/toy")
