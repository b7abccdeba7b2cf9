"""The way out, as the environment says: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, or the system's settings."""

from urllib.request import getproxies, proxy_bypass

from rehub.world.download.faults import FaultError
from rehub.world.download.origins import Address, redacted


def proxy_for(address: Address) -> Address | None:
    """Give the proxy that leads to an address, if one does.

    Raises:
        FaultError: what is set is no proxy that we can speak to.
    """
    known = getproxies()
    text = known.get(address.scheme) or known.get("all")
    if not text or proxy_bypass(f"{address.host}:{address.port}") or proxy_bypass(address.host):
        return None
    try:
        return Address.parse(text if "://" in text else f"http://{text}")
    except FaultError as error:
        said = f"the proxy {redacted(text)!a}, which the environment names, is none of http or https"
        raise FaultError(said, again=False) from error
