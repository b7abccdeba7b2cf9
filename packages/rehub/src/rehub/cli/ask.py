"""The one place where rehub asks whether code may run: the command line, on a terminal, under the policy ``ask``."""

import sys
from contextlib import suppress

from rehub.cli.output import Output
from rehub.cli.text import clean, line
from rehub.hub import Hub
from rehub.words.inspection import Inspection
from rehub.words.pin import Pin

_SHOWN = 5  # effects
_TRIES = 3


def may_ask(hub: Hub) -> bool:
    """Say whether somebody is there to be asked, and the policy lets them decide."""
    return hub.settings.trust == "ask" and bool(sys.stdin) and sys.stdin.isatty() and sys.stderr.isatty()


def ask(hub: Hub, out: Output, found: Inspection) -> bool:
    """Show what would run, ask, and keep the answer; only a clear yes counts as one."""
    pin = found.checkout.pin
    if pin is None:
        return True
    out.clear()
    _say("\n".join(_question(pin, found)))
    answer = _answer()
    if answer in {"y", "yes"}:
        hub.grants.add(pin.remote.url, pin.commit)
    elif answer in {"a", "always"}:
        hub.grants.add(pin.remote.url, None)
    return answer in {"y", "yes", "a", "always"}


def _question(pin: Pin, found: Inspection) -> list[str]:
    effects = found.hubconf.effects
    lines = [f"  - {line(f'{each.kind} ({each.file}:{each.line}) {each.text}')[:110]}" for each in effects[:_SHOWN]]
    more = [f"  - … {len(effects) - _SHOWN} more: rehub inspect {pin}"] if len(effects) > _SHOWN else []
    return [
        f"{clean(str(pin.remote))} has not been allowed to run on this machine.",
        f"  remote {pin.remote.url}",
        f"  commit {pin.commit}",
        *(["When it is imported, it:", *lines, *more] if effects else []),
        "Its code can do whatever you can do. May it run?",
    ]


def _answer() -> str:
    """Read an answer; none, or none that can be understood, is a no."""
    for _ in range(_TRIES):
        _forget_typed()
        _say("[y]es, this commit · [a]lways this repository · [N]o: ", end="")
        text = sys.stdin.readline()
        answer = text.strip().lower()
        if not text.endswith("\n"):
            _say("")
        if not text or answer in {"", "n", "no", "y", "yes", "a", "always"}:
            return answer
    return ""


def _forget_typed() -> None:
    """Drop keys that were pressed before there was a question: they were no answer to it."""
    with suppress(ImportError, OSError, ValueError):
        import termios

        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


def _say(text: str, end: str = "\n") -> None:
    print(text, end=end, file=sys.stderr, flush=True)  # noqa: T201 - the command line prints
