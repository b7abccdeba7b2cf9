"""torch.hub's own folder: its ``trusted_list``, and the names ``<owner>_<name>_<ref>`` that lead to code.

Both are torch.hub's formats, which older programs go on reading and writing. Whoever changes something here holds the
lock that the store gives for it.
"""

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_MAX_LIST = 16 << 20  # bytes
LIST = "trusted_list"


@dataclass(frozen=True, slots=True)
class TorchFolder:
    """What ``torch.hub.get_dir()`` names; it need not be there."""

    root: Path

    def lines(self) -> tuple[str, ...]:
        """Give the lines of ``trusted_list``; none if it cannot be read."""
        try:
            with (self.root / LIST).open("rb") as file:
                text = file.read(_MAX_LIST).decode("utf-8", "replace")
        except OSError:
            return ()
        return tuple(line.strip() for line in text.split("\n"))

    def add_line(self, line: str = "") -> None:
        """Add a line to ``trusted_list``, which is made if it is missing; without a line it is only made.

        Raises:
            OSError: it cannot be written.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / LIST).open("a+b") as file:
            if line:
                file.seek(max(0, file.tell() - 1))
                gap = b"" if file.read(1) in {b"", b"\n"} else b"\n"  # somebody's editor left the last line open
                file.write(gap + line.encode() + b"\n")

    def is_taken(self, name: str) -> bool:
        """Say whether there is anything of that name, be it a link that leads nowhere."""
        return os.path.lexists(self.root / name)

    def is_folder(self, name: str) -> bool:
        """Say whether there is a real folder of that name, as torch.hub makes them."""
        path = self.root / name
        return path.is_dir() and not path.is_symlink()

    def target(self, name: str) -> Path | None:
        """Give the place to which a link of that name leads; ``None`` if it is no link."""
        try:
            return Path(os.path.normpath(self.root / (self.root / name).readlink()))
        except OSError:
            return None

    def link(self, name: str, target: Path, *, scratch: Path) -> Path:
        """Let a name lead to a folder, from one moment to the next; a link of that name is replaced.

        Args:
            name: the link's.
            target: where it leads.
            scratch: a folder of the same file system, in which it is made.

        Raises:
            OSError: it cannot be made here.
        """
        with tempfile.TemporaryDirectory(prefix="link-", dir=scratch) as folder:
            fresh = Path(folder) / "link"
            # Relative, so that the whole cache can be moved or mounted elsewhere.
            inside = target.is_relative_to(self.root)
            fresh.symlink_to(target.relative_to(self.root) if inside else target, target_is_directory=True)
            fresh.replace(self.root / name)
        return self.root / name

    def unlink(self, name: str) -> None:
        """Remove a link, if it is one and may be removed."""
        if self.target(name) is not None:
            with suppress(OSError):
                (self.root / name).unlink()
