"""What a checkout's code gets past rehub: noticed by audit events, noted, and refused where it must stay offline.

Python tells audit hooks of each connection, request and process of its own code, however that code came by the means.
Whose doing it is, the stack or the thread says. What native code and other processes do, nobody tells: that they were
there is noted. docs/scope.md says what follows.
"""

import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from types import FrameType, ModuleType
from typing import Any, Protocol

from rehub.words import unverified
from rehub.words.errors import OfflineError
from rehub.words.unverified import Unverified
from rehub.world.scope.arrivals import when
from rehub.world.scope.detours import Way, caller, detour
from rehub.world.scope.libraries import is_library
from rehub.world.scope.scope import Scope

log = logging.getLogger("rehub")
_OWN = ("rehub.world.download", "rehub.world.git", "rehub.world.child", "rehub.compat.transfer")
"""Modules that bring things for rehub: these are verified, and go by rehub's own rules."""
_CLIENTS = {"hf_transfer", "hf_xet", "pycurl"}
"""Installed extension modules that connect to servers without a word to Python."""
_SYSTEM = ("/lib", "/opt/", "/usr/", "/System/")
_UNKNOWN = Unverified("host", "?")
_Found = Callable[..., Unverified | None]


class Scopes(Protocol):
    """Tells whose code something is done for, and whether that code must stay offline."""

    @property
    def is_offline(self) -> Callable[[Scope], bool]:
        """Say whether a scope's code may open no connection."""

    def behind(self, frame: FrameType | None, *, but: tuple[str, ...] = ()) -> Scope | None:
        """Give the scope whose code a call was made for."""


class _Busy(threading.local):
    """Whether this thread is looking at an event already: what that does itself is of no interest."""

    now = False


_HEARD: list[Callable[..., None]] = []


def watch(scopes: Scopes) -> None:
    """Hear of what code does from here on; once a process, as a hook cannot be taken away."""
    if _HEARD:
        return
    _HEARD.append(_hook(scopes, EVENTS))
    sys.addaudithook(_HEARD[0])
    when("multiprocessing.util", partial(_lead_spawning, scopes))


def _hook(scopes: Scopes, events: Mapping[str, _Found]) -> Callable[[str, tuple[Any, ...]], None]:
    """Make the hook. It is called for every event of the process: all but a few leave it after one look."""
    # Bound here and not looked up in the module, whose names are gone at the end of the process.
    judge, busy = _judge, _Busy()

    def hear(event: str, args: tuple[Any, ...]) -> None:
        if event in events and not busy.now:
            busy.now = True
            try:
                refused = judge(scopes, events[event], args)
            except Exception:  # noqa: BLE001 - whatever it is, whoever caused the event has nothing to do with it
                return
            finally:
                busy.now = False
            if refused is not None:
                raise refused

    return hear


def _judge(scopes: Scopes, find: _Found, args: tuple[Any, ...]) -> OfflineError | None:
    """Note what code of a checkout does; give the error if it may not."""
    try:
        found = find(*args)
    except Exception:  # noqa: BLE001 - arguments of nobody's; that something was done is known all the same
        found = _UNKNOWN
    scope = scopes.behind(caller(2), but=_OWN) if found is not None else None
    if scope is None or found is None:
        return None
    if found.is_elsewhere and scopes.is_offline(scope):
        _say(logging.INFO, "%s %s itself; that was refused, as rehub is offline, or locked", scope, found)
        return _refusal(scope, found)
    _note(scope, found)
    return None


def _refusal(scope: Scope, found: Unverified) -> OfflineError:
    return OfflineError(
        found.what,
        f"The code of {scope.label} asks for it by itself, not through torch.hub; that was refused.\n"
        "Run it once online, and not locked: unset REHUB_OFFLINE and REHUB_LOCKED, or leave out the options.",
    )


def _note(scope: Scope, found: Unverified) -> None:
    if scope.notes.add_unverified(found):
        level = logging.WARNING if found.kind in {"url", "host"} else logging.INFO
        _say(level, "%s %s itself; rehub cannot verify what that brings", scope, found)


def _say(level: int, text: str, scope: Scope, found: Unverified) -> None:
    with suppress(Exception):  # a handler of somebody's that fails must not let pass what is refused
        log.log(level, text, scope.label, found)


def _lead_spawning(scopes: Scopes, module: ModuleType) -> None:
    """Notice the processes that multiprocessing starts by "spawn" and "forkserver", which cause no event."""

    def choose(before: Way, frame: FrameType | None) -> Way:
        # The tracker of shared memory is Python's own, and brings nothing.
        is_tracker = frame is not None and frame.f_globals.get("__name__") == "multiprocessing.resource_tracker"
        scope = None if is_tracker else scopes.behind(frame, but=_OWN)
        if scope is not None:
            _note(scope, unverified.of_program([sys.executable]))
        return before

    detour(getattr(module, "spawnv_passfds", None), choose)


def _request(url: Any, *_: Any) -> Unverified | None:
    return unverified.of_url(_text(url))


def _sent(connection: Any, data: Any, *_: Any) -> Unverified | None:
    if not isinstance(data, bytes | bytearray):
        return None
    scheme = "https" if connection.default_port == 443 else "http"  # noqa: PLR2004 - as http.client itself tells them apart
    return unverified.of_request(bytes(data[:_LOOKED_AT]), scheme, str(connection.host), int(connection.port))


_LOOKED_AT = 32_768  # bytes of what is sent


def _connected(_: Any, address: Any, *__: Any) -> Unverified | None:
    # Of the families that have a host and a port; a path is a UNIX socket's, two numbers are the kernel's or a guest's.
    if type(address) is tuple and len(address) > 1 and type(address[0]) is str:
        return unverified.of_host(address[0], address[1])
    return None


def _looked_up(host: Any, port: Any = None, *_: Any) -> Unverified | None:
    import socket  # whoever asks has it already

    name = _text(host) if host else ""
    if not name or name == socket.gethostname():
        return None
    return unverified.of_host(name, _text(port) if isinstance(port, bytes) else port)


def _asked(_: Any, host: Any, port: Any = None, *__: Any) -> Unverified | None:
    return unverified.of_host(_text(host), port)


def _started(program: Any, words: Any = None, *_: Any) -> Unverified:
    line = [words] if isinstance(words, str | bytes | os.PathLike) else list(words or [])
    return unverified.of_program([_text(program), *map(_text, line[1:3])] if program else [*map(_text, line[:3])])


def _spawned(_: Any, program: Any, *__: Any) -> Unverified:
    return unverified.of_program([_text(program)])


def _ran(line: Any, *_: Any) -> Unverified:
    return unverified.of_line(_text(line))


def _forked(*_: Any) -> Unverified:
    return Unverified("process", "a fork of this process")


def _begun(function: Any, *_: Any) -> Unverified | None:
    """Tell of a thread that ``threading`` does not know, if nothing on its stack will say whose it is."""
    code_of = getattr(function, "__globals__", {}).get("__name__", "")
    is_known = isinstance(getattr(function, "__self__", None), threading.Thread) or code_of.startswith("rehub.repos.")
    return None if is_known else Unverified("process", "a thread of _thread")


def _opened(library: Any, *_: Any) -> Unverified | None:
    """Tell of a library that ``ctypes`` opens, if it is no part of the system or an installed package."""
    path = _text(library) if library else ""
    name = os.path.basename(path)  # noqa: PTH119 - a text
    is_foreign = path != name and not is_library(path) and not path.startswith(_SYSTEM)
    return Unverified("native", name) if is_foreign or name.startswith("libcurl") else None


def _imported(module: Any, file: Any = None, *_: Any) -> Unverified | None:
    """Tell of an extension module, if it is no part of an installed package, or of one that downloads."""
    if file is None or (is_library(_text(file)) and _text(module).partition(".")[0] not in _CLIENTS):
        return None
    return Unverified("native", os.path.basename(_text(file)))  # noqa: PTH119 - a text


def _text(value: Any) -> str:
    """Give a plain text: an heir of ``str`` may do anything when it is looked at."""
    return "".join((value if isinstance(value, str) else os.fsdecode(value),))


EVENTS: Mapping[str, _Found] = {
    "urllib.Request": _request,
    "http.client.connect": _asked,
    "http.client.send": _sent,
    "ftplib.connect": _asked,
    "socket.connect": _connected,
    "socket.sendto": _connected,
    "socket.sendmsg": _connected,
    "socket.getaddrinfo": _looked_up,
    "socket.gethostbyname": _looked_up,
    "subprocess.Popen": _started,
    "os.system": _ran,
    "os.posix_spawn": _started,
    "os.exec": _started,
    "os.spawn": _spawned,
    "os.fork": _forked,
    "os.forkpty": _forked,
    "_thread.start_new_thread": _begun,  # since Python 3.12
    "_thread.start_joinable_thread": _begun,  # since 3.13
    "ctypes.dlopen": _opened,
    "import": _imported,
}
"""The events that are looked at, and how each tells what is done. Source: CPython's audit events table."""
