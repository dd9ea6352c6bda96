# SPDX-License-Identifier: Apache-2.0
"""`hugs3 bucket`: each command against the embedded Hub, and huggingface_hub's view of what it did."""
import json
import os
import subprocess

import pytest

from content import MIB, random_bytes
from daemon import ALICE, BINARY, BOB, Hub, free_environment
from test_localhub_huggingface_hub import Client


class Cli:
    def __init__(self, url, home, token=ALICE):
        self.home = home
        home.mkdir(exist_ok=True)
        self.env = free_environment(home, HF_ENDPOINT=url, HF_TOKEN=token)

    def __call__(self, *arguments, status=0, stdin=b""):
        done = subprocess.run([BINARY, "bucket", *map(str, arguments)], env=self.env, cwd=self.home, input=stdin,
                              capture_output=True, timeout=300)
        assert done.returncode == status, (done.args, done.returncode, done.stdout[-2000:], done.stderr[-4000:])
        assert status != 0 or b"ERROR" not in done.stderr, done.stderr[-4000:]
        return done

    def json(self, *arguments, **kw):
        return [json.loads(line) for line in self(*arguments, "--json", **kw).stdout.splitlines()]


@pytest.fixture
def cli(hub, tmp_path):
    return Cli(hub.url, tmp_path / "cli")


@pytest.fixture
def place(cli, bucket_name):
    cli("create", f"alice/{bucket_name}")
    return f"hf://buckets/alice/{bucket_name}"


@pytest.fixture
def others(hub, tmp_path, place):
    """huggingface_hub's view of the bucket: {path: size}, hashes, bytes."""
    client = Client(hub.url, tmp_path / "others")
    id = place.removeprefix("hf://buckets/")

    class View:
        def files(self):
            return client.run("result = {f.path: f.size for f in api.list_bucket_tree(id, recursive=True)}", id=id)

        def hashes(self):
            return client.run("result = {f.path: f.xet_hash for f in api.list_bucket_tree(id, recursive=True)}", id=id)

        def read(self, path):
            return bytes(client.run('result = list(fs.cat_file("buckets/" + id + "/" + path))', id=id, path=path))
    return View()


def fill(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def content_of(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


TREE = {"a.txt": b"a", "empty": b"", "dir/b.bin": b"b" * 70000, "dir/sub/c": b"c", "dir.txt": b"not below dir"}


# ---- usage


def test_help_fits_a_screen_and_says_what_there_is(cli):
    text = cli("--help").stdout.decode()
    assert len(text.splitlines()) <= 24 and max(map(len, text.splitlines())) <= 100
    for command in ("create", "rm-bucket", "info", "list", "ls", "get", "put", "rm", "batch", "cp", "mv", "sync"):
        assert f"  {command} " in text
        assert b"usage" in cli(command, "--help").stdout


@pytest.mark.parametrize("arguments", [
    [], ["nothing"], ["ls"], ["ls", "a/b", "c"], ["ls", "--nothing", "a/b"], ["ls", "hf://nothing/a/b"],
    ["get", "hf://buckets/alice/b/../c"], ["create", "--public", "--private", "x/y"], ["create", "--region", "mars", "x/y"],
    ["cp", "here", "hf://buckets/a/b"], ["sync", "here", "there"], ["rm", "hf://buckets/alice/b"], ["batch", "a/b"],
    ["batch", "a/b", "add", "x"], ["batch", "a/b", "delete", "../x"], ["put", "-", "hf://buckets/a/b"]])
def test_wrong_usage_is_status_2(cli, arguments):
    assert cli(*arguments, status=2).stderr


def test_what_is_not_there_is_status_3(cli, place):
    for arguments in (["info", "alice/none"], ["ls", "alice/none"], ["rm-bucket", "--yes", "alice/none"], ["ls", place + "/none"],
                      ["get", place + "/none", "x"], ["get", place + "/none/", "x"], ["rm", place + "/none"],
                      ["rm", "-R", place + "/none"], ["cp", place + "/none", place + "/x"], ["put", "none", place],
                      ["sync", "none", place], ["sync", place + "/none", "x"]):
        cli(*arguments, status=3)


def test_what_a_token_may_not_see_is_not_there_and_what_it_may_not_do_fails(cli, hub, tmp_path, bucket_name):
    stranger = Cli(hub.url, tmp_path / "bob", BOB)
    (stranger.home / "f").write_bytes(b"x")
    for visibility, ls, put in (("--private", 3, 3), ("--public", 0, 1)):
        place = f"hf://buckets/alice/{bucket_name}{visibility[1:]}"
        cli("create", place, visibility)
        stranger("ls", place, status=ls)
        assert len(stranger("put", "f", place, status=put).stderr.splitlines()) == 1
        assert cli.json("ls", place) == []


def test_a_wrong_token_and_a_hub_that_is_not_there_are_status_1(hub, tmp_path):
    assert b"HF_TOKEN" in Cli(hub.url, tmp_path / "x", "hf_wrong")("list", status=1).stderr
    (tmp_path / "y").mkdir()
    assert b"HF_ENDPOINT" in Cli("http://127.0.0.1:9", tmp_path / "y")("list", status=1).stderr


# ---- buckets


def test_buckets_are_made_shown_listed_moved_and_deleted(cli, bucket_name):
    name = f"{bucket_name}-x"
    assert cli.json("create", name, "--public") == [{"action": "create", "id": f"alice/{name}"}]
    cli("create", name, status=1)
    cli("create", name, "--exist-ok")
    info, = cli.json("info", f"hf://buckets/alice/{name}")
    assert (info["id"], info["private"], info["size"], info["files"]) == (f"alice/{name}", False, 0, 0)
    assert [b["id"] for b in cli.json("list", "alice", "--search", name)] == [f"alice/{name}"]
    assert f"hf://buckets/alice/{name}" in cli("list").stdout.decode()
    cli("mv", name, name + "2")
    cli("info", name + "2")
    assert b"--yes" in cli("rm-bucket", name + "2", status=2).stderr
    cli("info", name + "2")
    cli("rm-bucket", name + "2", "--yes")
    cli("rm-bucket", name + "2", "--yes", "--missing-ok")
    cli("info", name + "2", status=3)


# ---- files


def test_a_file_goes_there_and_back(cli, place, others):
    data = random_bytes(3 * MIB + 17, seed=1)
    (cli.home / "f.csv").write_bytes(data)
    put, = cli.json("put", "f.csv", place + "/dir/")
    assert (put["action"], put["path"], put["size"]) == ("put", "dir/f.csv", len(data))
    assert others.read("dir/f.csv") == data
    assert others.hashes() == {"dir/f.csv": put["xet_hash"]}
    assert cli.json("ls", place + "/dir/f.csv")[0]["content_type"] == "text/csv"
    cli("get", place + "/dir/f.csv", "back")
    assert (cli.home / "back").read_bytes() == data
    assert int((cli.home / "back").stat().st_mtime) == int((cli.home / "f.csv").stat().st_mtime)
    cli("get", place + "/dir/f.csv", "new/folder/")
    assert (cli.home / "new/folder/f.csv").read_bytes() == data
    assert cli("get", place + "/dir/f.csv", "-").stdout == data


def test_stdin_can_be_put_with_a_type(cli, place, others):
    cli("put", "-", place + "/in", "--content-type", "x/y", stdin=b"from a pipe")
    assert others.read("in") == b"from a pipe"
    assert cli.json("ls", place + "/in")[0]["content_type"] == "x/y"


def test_a_folder_goes_there_and_back(cli, place, others):
    folder = fill(cli.home / "from", TREE)
    (folder / "loop").symlink_to(folder)
    (folder / "link").symlink_to(folder / "a.txt")
    done = cli("put", "from", place + "/t")
    assert b"loop: skipped" in done.stderr
    want = TREE | {"link": b"a"}
    assert others.files() == {f"t/{name}": len(content) for name, content in want.items()}
    cli("get", place + "/t", "to")
    assert content_of(cli.home / "to") == want
    cli("get", place + "/t/dir", "below")
    assert content_of(cli.home / "below") == {"b.bin": TREE["dir/b.bin"], "sub/c": b"c"}


def test_a_link_in_the_target_is_no_way_out_of_it(cli, place):
    fill(cli.home / "from", {"dir/f": b"new"})
    cli("put", "from", place)
    (cli.home / "outside").mkdir()
    (cli.home / "to").mkdir()
    (cli.home / "to/dir").symlink_to("../outside")
    cli("get", place, "to", status=1)
    assert os.listdir(cli.home / "outside") == []


def test_listings_have_levels_prefixes_and_sizes(cli, place):
    fill(cli.home / "from", TREE)
    cli("put", "from", place)
    assert {e["path"]: e["type"] for e in cli.json("ls", place)} == {
        "a.txt": "file", "dir": "directory", "dir.txt": "file", "empty": "file"}
    assert {e["path"] for e in cli.json("tree", "-R", place)} == set(TREE)
    assert {e["path"] for e in cli.json("ls", place + "/dir")} == {"dir/b.bin", "dir/sub"}
    assert {e["path"] for e in cli.json("ls", "-R", place + "/dir/")} == {"dir/b.bin", "dir/sub/c"}
    assert "68.4 KiB" in cli("ls", "-h", place + "/dir").stdout.decode()


def test_files_and_trees_are_removed(cli, place, others):
    fill(cli.home / "from", TREE)
    cli("put", "from", place)
    cli("rm", place + "/a.txt")
    assert b"would delete dir/sub/c" in cli("rm", "-R", "-n", place + "/dir").stdout
    assert set(others.files()) == set(TREE) - {"a.txt"}
    cli("rm", "-R", place + "/dir")
    assert set(others.files()) == {"empty", "dir.txt"}
    cli("rm", "-R", place)
    assert others.files() == {}


def test_copies_move_no_data(cli, place, others, bucket_name):
    fill(cli.home / "from", TREE)
    cli("put", "from", place)
    cli("cp", place + "/a.txt", place + "/copy/")
    cli("cp", place + "/dir", place + "/tree")
    hashes = others.hashes()
    assert hashes["copy/a.txt"] == hashes["a.txt"] and hashes["tree/sub/c"] == hashes["dir/sub/c"]
    assert "tree/b.bin" in hashes and "tree/dir.txt" not in hashes
    other = f"hf://buckets/alice/{bucket_name}-other"
    cli("create", other)
    cli("cp", place, other)
    assert {e["path"] for e in cli.json("ls", "-R", other)} == set(hashes)
    cli("cp", place, place + "/within", status=2)


def test_what_a_model_has_in_xet_is_copied_and_what_it_has_not_is_named(tmp_path):
    """A Hub of its own: repositories are imported while it is not running."""
    if b"  import " not in subprocess.run([BINARY, "--help"], capture_output=True, check=True).stdout:
        pytest.skip("this Hub has no repositories")
    weights = random_bytes(300_000, seed=5)
    folder = fill(tmp_path / "model", {"w.safetensors": weights, "sub/v.safetensors": weights[:200_000], "README.md": b"hi"})
    subprocess.run([BINARY, "import", "--dir", tmp_path / "hub/hub", "models", "alice/m", folder], check=True,
                   env=free_environment(tmp_path), capture_output=True)
    hub = Hub(tmp_path / "hub").start()
    try:
        cli = Cli(hub.url, tmp_path / "cli")
        cli("create", "b")
        done = cli("cp", "hf://models/alice/m", "hf://buckets/alice/b/all", status=1)
        assert b"README.md: is not in Xet" in done.stderr
        cli("cp", "hf://models/alice/m@main/w.safetensors", "hf://buckets/alice/b/one/")
        cli("batch", "b", "copy", "hf://models/alice/m/sub/v.safetensors", "two")
        cli("cp", "hf://models/alice/none", "hf://buckets/alice/b", status=3)
        cli("get", "hf://buckets/alice/b", "back")
        assert content_of(cli.home / "back") == {
            "all/w.safetensors": weights, "all/sub/v.safetensors": weights[:200_000], "one/w.safetensors": weights,
            "two": weights[:200_000]}
    finally:
        assert hub.stop() == 0


def test_output_that_nobody_reads_ends_the_listing(cli, place):
    fill(cli.home / "from", {"a": b"a", "b": b"b"})
    cli("put", "from", place)
    with open("/dev/full", "wb") as full:
        assert subprocess.run([BINARY, "bucket", "ls", place], env=cli.env, stdout=full).returncode == 1


def test_a_batch_does_all_or_nothing_comes_of_what_cannot_be_read(cli, place, others):
    fill(cli.home, {"x": b"x", "y": b"yy"})
    cli("put", "x", place + "/old")
    cli("batch", place, "add", "x", "d/x", "copy", place + "/old", "copied", "delete", "old")
    assert others.files() == {"copied": 1, "d/x": 1}
    manifest = "\n".join(json.dumps(o) for o in (
        {"op": "add", "from": "y", "path": "y", "content_type": "x/y"}, {"op": "delete", "path": "d/x"})).encode()
    assert [r["action"] for r in cli.json("batch", place, "--manifest", "-", stdin=manifest)] == ["put", "delete"]
    assert others.files() == {"copied": 1, "y": 2}
    cli("batch", place, "delete", "y", "add", "none", "z", status=3)
    cli("batch", place, "--manifest", "-", stdin=manifest + b"\n{}", status=2)
    assert others.files() == {"copied": 1, "y": 2}


def summary(lines):
    return {k: v for k, v in lines[-1].items() if k != "action"}


def test_sync_up_sends_what_differs_and_deletes_only_when_told(cli, place, others):
    folder = fill(cli.home / "from", TREE | {"big": random_bytes(2 * MIB, seed=3)})
    assert summary(cli.json("sync", "from", place + "/s", "--dry-run")) == {"transferred": 6, "same": 0, "deleted": 0}
    assert others.files() == {}
    assert summary(cli.json("sync", "from", place + "/s")) == {"transferred": 6, "same": 0, "deleted": 0}
    assert summary(cli.json("sync", "from", place + "/s")) == {"transferred": 0, "same": 6, "deleted": 0}
    (folder / "a.txt").write_bytes(b"A")  # of the same size
    (folder / "dir/sub/c").unlink()
    assert summary(cli.json("sync", "from", place + "/s")) == {"transferred": 1, "same": 4, "deleted": 0}
    assert "s/dir/sub/c" in others.files()
    assert summary(cli.json("sync", "--delete", "from", place + "/s")) == {"transferred": 0, "same": 5, "deleted": 1}
    assert set(others.files()) == {f"s/{name}" for name in content_of(folder)}
    assert others.read("s/a.txt") == b"A"


def test_sync_down_makes_the_folder_like_the_place(cli, place):
    fill(cli.home / "from", TREE)
    cli("put", "from", place)
    to = fill(cli.home / "to", {"a.txt": b"A", "dir/sub/c": b"c", "mine": b"m"})
    assert summary(cli.json("sync", "-n", "--delete", place, "to")) == {"transferred": 4, "same": 1, "deleted": 1}
    assert content_of(to)["a.txt"] == b"A"
    assert summary(cli.json("sync", place, "to")) == {"transferred": 4, "same": 1, "deleted": 0}
    assert content_of(to) == TREE | {"mine": b"m"}
    cli("sync", "--delete", place, "to")
    assert content_of(to) == TREE
    assert summary(cli.json("sync", "-n", place + "/dir", "nowhere")) == {"transferred": 2, "same": 0, "deleted": 0}
    assert not (cli.home / "nowhere").exists()


def test_nothing_is_deleted_when_something_could_not_be_read(cli, place, others):
    fill(cli.home / "from", {"a": b"a", "b": b"b"})
    cli("sync", "from", place)
    (cli.home / "from/b").unlink()
    fill(cli.home / "from", {"bad\\name": b"x"})  # not a name the Hub takes
    cli("sync", "--delete", "from", place, status=1)
    assert set(others.files()) == {"a", "b"}
