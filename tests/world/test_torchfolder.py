"""torch.hub's own folder: its list and its names."""

from pathlib import Path

from rehub.world.torchfolder import TorchFolder


def test_lines_are_read_as_torch_hub_writes_them(tmp_path: Path) -> None:
    """Also by hand, on Windows, or not at all."""
    folder = TorchFolder(tmp_path / "hub")
    assert folder.lines() == ()
    folder.add_line()
    assert (tmp_path / "hub/trusted_list").read_bytes() == b""
    folder.add_line("a_b")
    (tmp_path / "hub/trusted_list").write_bytes(b"a_b\r\n c_d \n\xff\ne_f")
    folder.add_line("g_h")
    assert (tmp_path / "hub/trusted_list").read_bytes() == b"a_b\r\n c_d \n\xff\ne_f\ng_h\n"
    assert {"a_b", "c_d", "e_f", "g_h"} <= set(folder.lines())


def test_a_link_is_turned_and_a_folder_is_not(tmp_path: Path) -> None:
    """It is relative inside the folder, and absolute where it leads out."""
    folder = TorchFolder(tmp_path)
    for name in ("rehub/trees/a", "rehub/trees/b", "rehub/tmp", "real"):
        (tmp_path / name).mkdir(parents=True)
    scratch = tmp_path / "rehub/tmp"
    for tree in ("a", "b"):
        folder.link("x", tmp_path / "rehub/trees" / tree, scratch=scratch)
        assert folder.target("x") == tmp_path / "rehub/trees" / tree
    assert not (tmp_path / "x").readlink().is_absolute()
    folder.link("y", Path("/usr"), scratch=scratch)
    assert folder.target("y") == Path("/usr")
    assert (folder.is_folder("x"), folder.is_folder("real"), folder.is_folder("z")) == (False, True, False)
    assert (folder.target("real"), folder.target("z")) == (None, None)
    folder.unlink("real")
    folder.unlink("x")
    assert (folder.is_taken("real"), folder.is_taken("x")) == (True, False)
    assert list(scratch.iterdir()) == []
