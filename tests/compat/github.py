"""A GitHub as torch.hub knows it: a page, two lists, an archive; made of the world's real repositories."""

import email.message
import io
import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request
from urllib.request import urlopen as really_open

from tests.world import World, git
from tests.world.repo import git_env


class Answer(io.BytesIO):
    """What ``urlopen`` gives."""

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self.headers = email.message.Message()
        self.headers["Content-Length"] = str(len(body))

    def info(self) -> email.message.Message:
        """Give the headers."""
        return self.headers


@dataclass
class GitHub:
    """To be put in the place of torch.hub's ``urlopen``.

    Attributes:
        world: whose repositories there are, by ``owner/name``.
        files: other URLs and their bytes.
        fails: called with each URL before it is answered; what it raises is the answer.
        log: the URLs that were asked for.
    """

    world: World
    files: dict[str, bytes] = field(default_factory=dict)
    fails: Callable[[str], None] = lambda _: None
    log: list[str] = field(default_factory=list)

    def __call__(self, asked: str | Request, *_: object, **__: object) -> Any:
        """Answer a request."""
        url = asked if isinstance(asked, str) else asked.full_url
        self.log.append(url)
        self.fails(url)
        if not url.startswith("https://"):
            return really_open(asked)
        if url in self.files:
            return Answer(self.files[url])
        for pattern, answer in _ROUTES.items():
            if found := re.fullmatch(pattern, url):
                return Answer(answer(self, url, *found.groups()))
        return really_open(url.replace("https://github.com", self.world.hub.url))

    def _page(self, url: str, name: str) -> bytes:
        if not self._names(name, "refs/heads/main"):
            raise refused(url, 404)
        return b"<html>"

    def _list(self, url: str, name: str, kind: str, page: str) -> bytes:
        if not (self.world.root / f"{name}.git").is_dir():
            raise refused(url, 404)
        prefix = {"branches": "refs/heads/", "tags": "refs/tags/"}[kind]
        rows = self._names(name, prefix) if page == "1" else []
        told = [{"name": ref.removeprefix(prefix), "commit": {"sha": sha}} for sha, ref in rows]
        return json.dumps(told).encode()

    def _archive(self, url: str, name: str, ref: str) -> bytes:
        if len([full for full in ("heads", "tags") if self._names(name, f"refs/{full}/{ref}")]) > 1:
            raise refused(url, 300)
        folder = self.world.root / f"{name}.git"
        command = ["git", "archive", "--format=zip", f"--prefix={name.replace('/', '-')}-0123456/", ref]
        done = subprocess.run(command, cwd=folder, env=git_env(), capture_output=True, timeout=60, check=False)
        if done.returncode:
            raise refused(url, 404)
        # As GitHub's archives do, it begins with the folder itself.
        return done.stdout

    def _names(self, name: str, ref: str) -> list[tuple[str, str]]:
        folder = self.world.root / f"{name}.git"
        if not folder.is_dir():
            return []
        said = git("for-each-ref", "--format=%(objectname) %(refname)", ref, cwd=folder)
        return [(line.split()[0], line.split()[1]) for line in said.splitlines()]


def refused(url: str, status: int) -> HTTPError:
    """Give GitHub's refusal."""
    return HTTPError(url, status, "no", email.message.Message(), io.BytesIO())


_ROUTES: dict[str, Callable[..., bytes]] = {
    r"https://github\.com/([^/]+/[^/]+)/tree/main/": GitHub._page,
    r"https://api\.github\.com/repos/([^/]+/[^/]+)/(branches|tags)\?per_page=100&page=(\d+)": GitHub._list,
    r"https://github\.com/([^/]+/[^/]+)/zipball/(.+)": GitHub._archive,
}
