"""Bringing a file from a URL: the only place that opens sockets itself (git opens its own).

:func:`download` in transfer.py asks first (asking.py, connections.py) and then either takes a small file in one go
(whole.py) or lets streams bring its pieces (streams.py) to their places in a part (part.py), while a thread hashes
what is there in order (frontier.py).
"""

from rehub.world.download.leftovers import progress_of, sweep
from rehub.world.download.limits import Credentials, Limits, Watch
from rehub.world.download.received import Received
from rehub.world.download.request import Answer, request
from rehub.world.download.transfer import download

__all__ = ["Answer", "Credentials", "Limits", "Received", "Watch", "download", "progress_of", "request", "sweep"]
