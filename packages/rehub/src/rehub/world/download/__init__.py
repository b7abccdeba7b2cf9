"""Bringing a file from a URL: the only place that opens sockets itself (git opens its own)."""

from rehub.world.download.transfer import Limits, Received, Watch, download, progress_of

__all__ = ["Limits", "Received", "Watch", "download", "progress_of"]
