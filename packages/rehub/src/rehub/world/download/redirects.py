"""Following a server elsewhere: so many times, and never to where it is less safe."""

import string
from urllib.parse import quote, urljoin, urlsplit

from rehub.world.download.faults import FaultError
from rehub.world.download.incoming import Incoming
from rehub.world.download.origins import Address, redacted

REDIRECTS = {301, 302, 303, 307, 308}


def target(address: Address, answer: Incoming) -> Address:
    """Give where a server sends us.

    Raises:
        FaultError: it says nothing, or it leads from https to http, or to another scheme.
    """
    said = answer.headers.get("Location")
    if not said:
        raise FaultError(f"the server answered {answer.status} without saying where to", answer.status, again=False)
    try:
        there = urljoin(address.url, quote(said, safe=string.punctuation))
        scheme = urlsplit(there).scheme
    except ValueError as error:
        raise FaultError(
            f"the server sends us to {said[:80]!a}, which is no URL", answer.status, again=False
        ) from error
    if scheme not in {"http", "https"} or (address.scheme == "https" and scheme != "https"):
        shown = f"(to {redacted(there)}, which is less safe; not followed)"
        raise FaultError(f"the server answered {answer.status} {shown}", answer.status, again=False)
    return Address.parse(there)
