"""The fake world is what it says: everything here is asked by the plain git command."""

import gzip
import http.client
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.world import BROKEN, HOSTILE, Exec, Link, Submodule, World, git, lfs_pointer
from tests.world.repo import git_env

HUBCONF = {"hubconf.py": "def net():\n    return 1\n", "pkg/mod.py": b"x = 1\n"}


def tried(*args: object, **env: str) -> subprocess.CompletedProcess[str]:
    """Run git where it may fail."""
    command = ["git", *map(str, args)]
    return subprocess.run(command, env={**git_env(), **env}, capture_output=True, text=True, timeout=30, check=False)


def test_clone_speaks_protocol_v2(world: World, tmp_path: Path) -> None:
    """A clone over HTTP is the repository, and the log tells each request of it."""
    repo = world.repo(HUBCONF, tag="v1")
    git("clone", "--quiet", repo.url, tmp_path / "clone")
    assert (tmp_path / "clone/pkg/mod.py").read_bytes() == b"x = 1\n"
    assert git("rev-parse", "v1", cwd=tmp_path / "clone") == repo.rev("main")
    assert [(r.method, r.path.partition("?")[0], r.status) for r in world.hub.log] == [
        ("GET", "/acme/toy/info/refs", 200),
        ("POST", "/acme/toy/git-upload-pack", 200),
        ("POST", "/acme/toy/git-upload-pack", 200),
    ]
    assert {r.protocol for r in world.hub.log} == {"version=2"}
    assert world.hub.log[0].path == "/acme/toy/info/refs?service=git-upload-pack"
    git("fsck", "--strict", cwd=repo.path)


def test_ids_are_the_same_everywhere(world: World) -> None:
    """The same calls make the same commit."""
    first, second = world.repo(HUBCONF, name="a/a"), world.repo(HUBCONF, name="b/b")
    assert first.rev() == second.rev() == "f49b86989775ce5ea40e5736504f962465283190"


def test_both_spellings_or_one(world: World) -> None:
    """A server may know a repository with ``.git``, without, or by both names."""
    repo = world.repo(HUBCONF)
    dotted, bare = world.server(suffix="git"), world.server(suffix="bare")
    found = [tried("ls-remote", url).returncode == 0 for url in (repo.url, repo.url + ".git")]
    assert found == [True, True]
    assert tried("ls-remote", f"{dotted.url}/acme/toy").returncode
    assert not tried("ls-remote", f"{dotted.url}/acme/toy.git").returncode
    assert not tried("ls-remote", f"{bare.url}/acme/toy").returncode
    assert tried("ls-remote", f"{bare.url}/acme/toy.git").returncode


@pytest.mark.parametrize("allowed", [True, False])
def test_partial_clone_if_allowed(world: World, tmp_path: Path, allowed: bool) -> None:
    """With filters a clone without blobs holds none; without them git says so and takes everything."""
    world.repo(HUBCONF)
    server = world.server(allow_filter=allowed)
    done = tried("clone", "--bare", "--filter=blob:none", f"{server.url}/acme/toy", tmp_path / "c")
    assert ("filtering not recognized" in done.stderr) is not allowed
    objects = git("cat-file", "--batch-all-objects", "--batch-check=%(objecttype)", cwd=tmp_path / "c")
    assert ("blob" in objects.split()) is not allowed


@pytest.mark.parametrize("protocol", [0, 1])
def test_older_protocols(world: World, tmp_path: Path, protocol: int) -> None:
    """A server that knows no v2 is served from all the same."""
    world.repo(HUBCONF, tag="v1")
    server = world.server(protocol=protocol)
    done = tried("ls-remote", f"{server.url}/acme/toy", GIT_TRACE_PACKET="1")
    assert ("version 1" in done.stderr) is (protocol == 1)
    assert "version 2" not in done.stderr
    assert "refs/tags/v1" in done.stdout


@pytest.mark.parametrize("protocol", [0, 2])
@pytest.mark.parametrize("any_commit", [True, False])
def test_any_commit(world: World, tmp_path: Path, any_commit: bool, protocol: int) -> None:
    """A commit that no ref names can be fetched by id if the server allows it; v2 always does."""
    repo = world.repo(HUBCONF)
    old = repo.rev()
    repo.commit({"hubconf.py": "# new\n"})
    server = world.server(any_commit=any_commit, protocol=protocol)
    git("init", "--quiet", tmp_path / "c")
    done = tried("-C", tmp_path / "c", "fetch", "--depth=1", f"{server.url}/acme/toy", old)
    assert (done.returncode == 0) is (any_commit or protocol == 2), done.stderr


def test_private(world: World, tmp_path: Path) -> None:
    """A private repository wants its user and password; both are remembered and never shown."""
    repo = world.repo(HUBCONF, name="acme/secret")
    world.hub.private("acme/secret", "ada", "correct horse")
    assert tried("ls-remote", repo.url).returncode
    assert [(r.status, r.path) for r in world.hub.log] == [(401, "/acme/secret/info/refs?service=git-upload-pack")]
    helper = "!f() { echo username=ada; echo 'password=correct horse'; }; f"
    git("-c", f"credential.helper={helper}", "clone", "--quiet", repo.url, tmp_path / "c")
    assert {(c.user, c.password) for c in world.hub.credentials} == {("ada", "correct horse")}
    assert "correct horse" not in repr(world.hub)
    wrong = helper.replace("correct", "wrong")
    assert tried("-c", f"credential.helper={wrong}", "ls-remote", repo.url).returncode


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
def test_failures(world: World, status: int) -> None:
    """A server fails as often as it was told, then works."""
    repo = world.repo(HUBCONF)
    world.hub.fail("acme/toy", status, times=1)
    assert tried("ls-remote", repo.url).returncode
    assert not tried("ls-remote", repo.url).returncode
    assert world.hub.log[0].status == status


def test_absent_repository(world: World) -> None:
    """What is not there is 404, also what lies outside the folder."""
    assert tried("ls-remote", f"{world.hub.url}/acme/none").returncode
    assert tried("ls-remote", f"{world.hub.url}/../../etc").returncode
    assert {r.status for r in world.hub.log} == {404}


def test_redirect_to_another_server(world: World, tmp_path: Path) -> None:
    """A renamed repository is followed to where it went, another port included."""
    repo = world.repo(HUBCONF, name="acme/new")
    other = world.server()
    world.hub.redirect("/acme/old", f"{other.url}/acme/new")
    git("clone", "--quiet", f"{world.hub.url}/acme/old", tmp_path / "c")
    assert git("rev-parse", "HEAD", cwd=tmp_path / "c") == repo.rev()
    assert [r.status for r in world.hub.log] == [301]
    assert other.log


def test_stall_ends_with_the_server(world: World) -> None:
    """A stalled request is never answered, and does not keep the server from stopping."""
    repo = world.repo(HUBCONF)
    world.hub.stall("info/refs")
    with subprocess.Popen(["git", "ls-remote", repo.url], env=git_env(), stderr=subprocess.PIPE) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        start = time.monotonic()
        world.hub.stop()
        assert process.wait(10)
    assert time.monotonic() - start < 5


def test_truncated_answer(world: World, tmp_path: Path) -> None:
    """A cut answer is cut at that byte, and a client does not take it for a whole one."""
    repo = world.repo({"big.bin": os.urandom(100_000)})
    world.hub.truncate("git-upload-pack", after=5000)
    assert tried("clone", repo.url, tmp_path / "c").returncode
    assert max(r.bytes_out for r in world.hub.log) <= 5000
    world.hub.heal()
    assert not tried("clone", repo.url, tmp_path / "c").returncode


def test_bytes_are_counted(world: World, tmp_path: Path) -> None:
    """The log's bytes are those of what was transferred."""
    repo = world.repo({"big.bin": os.urandom(100_000)})
    git("clone", "--quiet", "--bare", repo.url, tmp_path / "c")
    assert 100_000 < world.hub.bytes_out() < 105_000
    assert 100 < world.hub.bytes_in() < 2000
    world.hub.reset()
    assert world.hub.bytes_out() == 0


def test_stop_and_start_on_the_same_port(world: World) -> None:
    """A stopped server refuses connections; started again it has the same address."""
    repo = world.repo(HUBCONF)
    url = repo.url
    world.hub.stop()
    assert "refused" in tried("ls-remote", url).stderr.lower() or tried("ls-remote", url).returncode
    world.hub.start()
    assert repo.url == url
    assert not tried("ls-remote", url).returncode


def test_sixteen_clients_at_once(world: World, tmp_path: Path) -> None:
    """Sixteen clones at one time are sixteen whole clones."""
    repo = world.repo({f"f{i}.txt": os.urandom(2000) for i in range(50)})
    with ThreadPoolExecutor(16) as pool:
        done = list(pool.map(lambda i: tried("clone", "--quiet", repo.url, tmp_path / str(i)), range(16)))
    assert [d.returncode for d in done] == [0] * 16, done[0].stderr
    assert {git("rev-parse", "HEAD", cwd=tmp_path / str(i)) for i in range(16)} == {repo.rev()}
    assert len(world.hub.log) == 48


def test_bodies_chunked_and_compressed(world: World) -> None:
    """Requests may come in chunks, compressed, and after a question whether they may come."""
    world.repo(HUBCONF)
    body = b"0014command=ls-refs\n00010000"
    headers = {"Git-Protocol": "version=2", "Content-Type": "application/x-git-upload-pack-request"}
    connection = http.client.HTTPConnection("127.0.0.1", world.hub.port, timeout=10)
    answers = []
    for data, more in [
        (body, {}),
        (gzip.compress(body), {"Content-Encoding": "gzip"}),
        (iter([body[:5], body[5:]]), {"Transfer-Encoding": "chunked"}),
        (body, {"Expect": "100-continue"}),
    ]:
        chunked = "Transfer-Encoding" in more
        connection.request("POST", "/acme/toy/git-upload-pack", data, {**headers, **more}, encode_chunked=chunked)
        answers.append(connection.getresponse().read())
    connection.close()
    assert b"refs/heads/main" in answers[0]
    assert answers == [answers[0]] * 4


def test_plain_files(world: World) -> None:
    """The server also serves single files, such as weights."""
    world.hub.files["/weights/toy.pt"] = b"weights"
    connection = http.client.HTTPConnection("127.0.0.1", world.hub.port, timeout=10)
    connection.request("GET", "/weights/toy.pt")
    assert connection.getresponse().read() == b"weights"
    connection.close()


def test_names_of_all_kinds(world: World) -> None:
    """Branches move, tags are light or annotated, HEAD is any branch, a commit or nothing."""
    repo = world.repo(HUBCONF, branch="develop", tag="v1")
    first = repo.rev("v1")
    second = repo.commit({"pkg/mod.py": None, "new.py": "y = 2\n"})
    repo.tag("v2", annotated=True)
    repo.branch("feature/x", at=first)
    assert git("ls-tree", "-r", "--name-only", "develop", cwd=repo.path).split() == ["hubconf.py", "new.py"]
    assert git("ls-remote", "--symref", repo.url, "HEAD").startswith("ref: refs/heads/develop")
    assert git("cat-file", "-t", "v2", cwd=repo.path) == "tag"
    assert repo.rev("v2") == second
    repo.move("v1", to=second)
    assert repo.rev("v1") == second
    repo.move("develop", to=first)
    assert repo.rev() == first
    repo.head("feature/x")
    assert "feature/x" in git("ls-remote", "--symref", repo.url, "HEAD")
    assert repo.detach(second) == second
    assert "ref:" not in git("ls-remote", "--symref", repo.url, "HEAD")
    repo.delete("refs/heads/develop")
    with pytest.raises(LookupError, match="develop"):
        repo.move("develop", to=first)
    assert git("ls-remote", world.repo(name="acme/empty").url) == ""
    with pytest.raises(FileExistsError, match="another name"):
        world.repo(HUBCONF, name="acme/empty")


def test_impostor_is_reached_by_its_pull_request_only(world: World) -> None:
    """A fork's commit can be fetched by id, yet no branch or tag holds it."""
    repo = world.repo(HUBCONF)
    sha = repo.impostor({"hubconf.py": "evil = True\n"})
    assert git("for-each-ref", "--contains", sha, "--format=%(refname)", cwd=repo.path) == "refs/pull/1/head"
    assert sha in git("ls-remote", repo.url)


def test_kinds_of_files(world: World) -> None:
    """Links, executables, submodules and LFS pointers are what git says they are."""
    repo = world.repo(
        {"run.sh": Exec("#!/bin/sh\n"), "link": Link("run.sh"), "sub": Submodule(), "w.pt": lfs_pointer(b"weights")}
    )
    modes = {line.split()[3]: line.split()[0] for line in git("ls-tree", "HEAD", cwd=repo.path).splitlines()}
    assert modes == {"run.sh": "100755", "link": "120000", "sub": "160000", "w.pt": "100644"}
    assert "size 7" in git("show", "HEAD:w.pt", cwd=repo.path)


def test_commit_on_top_of_what_others_pushed(world: World, tmp_path: Path) -> None:
    """A commit keeps the files of a commit that the maker did not make."""
    repo = world.repo({**HUBCONF, "caf\u00e9.py": "c = 1\n"})
    git("clone", "--quiet", repo.file_url, tmp_path / "c")
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    git(*who, "commit", "--quiet", "--allow-empty", "-m", "theirs", cwd=tmp_path / "c")
    git("push", "--quiet", "origin", "HEAD", cwd=tmp_path / "c")
    repo.commit({"more.py": "z = 3\n"})
    names = git("ls-tree", "-r", "-z", "--name-only", "HEAD", cwd=repo.path).strip("\0").split("\0")
    assert names == ["caf\u00e9.py", "hubconf.py", "more.py", "pkg/mod.py"]


def test_five_thousand_files_quickly(world: World, tmp_path: Path) -> None:
    """A large repository is made in about a second, and a change of one file costs about that file."""
    start = time.monotonic()
    repo = world.repo({f"data/{i % 50}/{i:04}.txt": f"{i}\n" * 20 for i in range(5000)})
    repo.commit({"data/7/0007.txt": "changed\n"})
    assert time.monotonic() - start < 5
    git("clone", "--quiet", "--bare", repo.url, tmp_path / "c")
    repo.commit({"data/7/0007.txt": "again\n"})
    world.hub.reset()
    git("fetch", "--quiet", "origin", cwd=tmp_path / "c")
    assert world.hub.bytes_out() < 10_000


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_trees_are_served(world: World, tmp_path: Path, kind: str) -> None:
    """Each hostile tree arrives at a client as it was written."""
    repo = world.hostile(kind)
    git("init", "--quiet", "--bare", tmp_path / "c")
    git("fetch", "--quiet", "--depth=1", repo.url, "HEAD", cwd=tmp_path / "c")
    raw = ["git", "cat-file", "tree", "FETCH_HEAD^{tree}"]
    there = subprocess.run(raw, cwd=tmp_path / "c", env=git_env(), capture_output=True, check=True).stdout
    here = subprocess.run([*raw[:3], "HEAD^{tree}"], cwd=repo.path, env=git_env(), capture_output=True, check=True)
    assert there == here.stdout
    assert there


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_trees_are_not_served(world: World, tmp_path: Path, kind: str) -> None:
    """A tree with a lie in it ends the fetch with an error of git's."""
    repo = world.hostile(kind)
    git("init", "--quiet", "--bare", tmp_path / "c")
    assert tried("-C", tmp_path / "c", "fetch", "--quiet", "--depth=1", repo.url, "HEAD").returncode


def test_bomb_is_small_here_and_large_there(world: World) -> None:
    """Ten thousand million paths in thirteen objects or so."""
    repo = world.hostile("bomb")
    assert len(git("cat-file", "--batch-all-objects", "--batch-check", cwd=repo.path).splitlines()) < 20
