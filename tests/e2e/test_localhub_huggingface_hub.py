# SPDX-License-Identifier: Apache-2.0
"""The embedded Hub under huggingface_hub's own functions, command line and file system, all unchanged: what they call,
what they read from the answers, and the bytes both ways."""
import hashlib
import json
import pathlib
import subprocess
import sys

import pytest

from content import MIB, random_bytes
from daemon import ALICE, BOB, free_environment


class Client:
    """Python with huggingface_hub in a process and a home of its own: it reads its settings once, and hf_xet keeps a
    cache of what it uploaded where."""

    def __init__(self, url, home, token=ALICE):
        self.home = home
        home.mkdir(exist_ok=True)
        self.env = free_environment(home, HF_ENDPOINT=url, HF_TOKEN=token, HF_HOME=home / "hf", HF_XET_CACHE=home / "xet",
                                    HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1", PYTHONWARNINGS="ignore")

    def run(self, code, **values):
        """`code` sees `api`, `fs` and `values`, and returns what it assigns to `result`."""
        text = ("import json, sys, pathlib\nfrom huggingface_hub import HfApi, HfFileSystem\n"
                "from huggingface_hub.errors import *\napi = HfApi()\nfs = HfFileSystem(live_follow=False) "
                "if 'live_follow' in HfFileSystem.__init__.__code__.co_varnames else HfFileSystem()\nresult = None\n"
                "globals().update(json.loads(sys.argv[1]))\n" + code + "\nprint('RESULT' + json.dumps(result, default=str))\n")
        done = subprocess.run([sys.executable, "-c", text, json.dumps(values, default=str)], env=self.env, cwd=self.home,
                              capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr[-5000:]
        return json.loads(done.stdout.rpartition("RESULT")[2])

    def hf(self, *arguments, check=True):
        program = pathlib.Path(sys.executable).with_name("hf")
        done = subprocess.run([str(program), *map(str, arguments)], env=self.env, cwd=self.home, capture_output=True,
                              text=True, timeout=600)
        assert not check or done.returncode == 0, done.stdout + done.stderr[-5000:]
        return done


@pytest.fixture
def client(hub, tmp_path):
    return Client(hub.url, tmp_path / "home")


@pytest.fixture
def bucket_id(client, bucket_name):
    client.run('api.create_bucket(id, private=True)', id=f"alice/{bucket_name}")
    return f"alice/{bucket_name}"


def sha256(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


# ---- buckets


def test_a_bucket_without_namespace_is_made_in_the_callers_own(client, bucket_name):
    assert client.run('url = api.create_bucket(name)\nresult = [url.bucket_id, url.url, url.uri.to_uri()]', name=bucket_name) == [
        f"alice/{bucket_name}", client.env["HF_ENDPOINT"] + f"/buckets/alice/{bucket_name}", f"hf://buckets/alice/{bucket_name}"]


def test_settings_and_visibility_are_kept(client, bucket_name):
    assert client.run("""
api.create_bucket(id, visibility="private")
seen = [api.bucket_info(id).private]
api.update_bucket_settings(id, private=False)
seen.append(api.bucket_info(id).private)
api.create_bucket(id, exist_ok=True)
result = seen
""", id=f"alice/{bucket_name}") == [True, False]


def test_buckets_are_listed_by_namespace_and_searched_by_name(client, bucket_name):
    found = client.run("""
for place in (f"alice/{name}-one", f"alice/{name}-two", f"org1/{name}-three"):
    api.create_bucket(place)
result = [[b.id for b in api.list_buckets(search=name)], [b.id for b in api.list_buckets("org1", search=name)],
          [b.id for b in api.list_buckets(search=name.upper() + "-TWO")]]
""", name=f"{bucket_name}x")
    name = f"{bucket_name}x"
    assert found == [[f"alice/{name}-one", f"alice/{name}-two"], [f"org1/{name}-three"], [f"alice/{name}-two"]]


def test_more_buckets_than_a_page_holds_are_all_listed(client, bucket_name):
    names = [f"{bucket_name}-p{i:03}" for i in range(130)]
    assert client.run("""
for name in names:
    api.create_bucket("org1/" + name)
result = [b.id for b in api.list_buckets("org1", search=names[0][:-3])]
for name in names:
    api.delete_bucket("org1/" + name)
""", names=names) == ["org1/" + name for name in names]


def test_a_moved_bucket_keeps_its_files_and_its_old_name_is_gone(client, bucket_id, bucket_name):
    assert client.run("""
api.batch_bucket_files(id, add=[(b"x", "f")])
api.move_bucket(id, to)
try:
    api.bucket_info(id)
    result = "still there"
except BucketNotFoundError:
    result = [f.path for f in api.list_bucket_tree(to)]
""", id=bucket_id, to=f"org1/{bucket_name}-moved") == ["f"]


def test_what_is_missing_or_private_raises_bucket_not_found(hub, client, bucket_id, tmp_path):
    code = """
result = []
for call in (api.bucket_info, api.delete_bucket, lambda id: list(api.list_bucket_tree(id)),
             lambda id: list(api.get_bucket_paths_info(id, ["x"])), lambda id: api.batch_bucket_files(id, delete=["x"])):
    try:
        call(id)
        result.append("done")
    except BucketNotFoundError as e:
        result.append(e.response.status_code)
"""
    assert client.run(code, id="alice/there-is-none") == [404] * 5
    assert Client(hub.url, tmp_path / "bob", BOB).run(code, id=bucket_id) == [404] * 5
    anonymous = "api = HfApi(token=False)\n" + code
    assert client.run(anonymous, id=bucket_id) == [401] * 5
    assert client.run(anonymous, id="alice/there-is-none") == [401] * 5


# ---- files


def test_three_hundred_megabytes_go_up_and_come_back(client, bucket_id, tmp_path):
    path = tmp_path / "large"
    with open(path, "wb") as f:
        for i in range(300):
            f.write(random_bytes(MIB, 1000 + i))
    client.run('api.batch_bucket_files(id, add=[(path, "large.bin")])', id=bucket_id, path=path)
    client.run('api.download_bucket_files(id, [("large.bin", "back")])', id=bucket_id)
    assert sha256(client.home / "back") == sha256(path)


def test_content_types_and_times_are_kept(client, bucket_id, tmp_path):
    (tmp_path / "picture.png").write_bytes(b"not really")
    assert client.run("""
import os
os.utime(path, (1_500_000_000.25, 1_500_000_000.25))
api.batch_bucket_files(id, add=[(path, "p.png")])
f = next(iter(api.list_bucket_tree(id)))
from huggingface_hub.utils import get_session, build_hf_headers
raw = get_session().get(f"{api.endpoint}/api/buckets/{id}/tree", headers=build_hf_headers()).json()
result = [f.mtime.timestamp(), raw[0]["contentType"], f.uploaded_at >= f.mtime]
""", id=bucket_id, path=tmp_path / "picture.png") == [1_500_000_000.25, "image/png", True]


def test_files_of_every_awkward_size_come_back_whole(client, bucket_id):
    sizes = [0, 1, 7, 8191, 8192, 8193, 65536, 131071, 131072, 131073, 262143, 262144, 262145, MIB, 5 * MIB + 3]
    assert client.run("""
import random
data = {n: random.Random(n).randbytes(n) for n in sizes}
api.batch_bucket_files(id, add=[(body, f"s/{n}") for n, body in data.items()])
api.download_bucket_files(id, [(f"s/{n}", f"back/{n}") for n in sizes])
result = [n for n in sizes if pathlib.Path(f"back/{n}").read_bytes() != data[n]]
""", id=bucket_id, sizes=sizes) == []


def test_compressible_content_comes_back_whole(client, bucket_id):
    assert client.run("""
import struct
data = {"text": b"".join(b"line %d of many\\n" % i for i in range(300_000)), "zeros": bytes(4_000_000),
        "floats": b"".join(struct.pack("<f", i * 0.25) for i in range(700_000))}
api.batch_bucket_files(id, add=[(body, name) for name, body in data.items()])
api.download_bucket_files(id, [(name, "back/" + name) for name in data])
result = [name for name in data if pathlib.Path("back/" + name).read_bytes() != data[name]]
""", id=bucket_id) == []


def test_more_files_than_a_page_holds_are_all_listed(client, bucket_id):
    assert client.run("""
names = sorted(f"d{i % 3}/f{i:05}" for i in range(2500))
api.batch_bucket_files(id, add=[(b"same", name) for name in names])
listed = [f.path for f in api.list_bucket_tree(id, recursive=True)]
top = [f.path for f in api.list_bucket_tree(id, recursive=False)]
inside = [f.path for f in api.list_bucket_tree(id, prefix="d1", recursive=False)]
result = [listed == names, top, inside == [n for n in names if n.startswith("d1/")], api.bucket_info(id).total_files]
""", id=bucket_id) == [True, ["d0", "d1", "d2"], True, 2500]


def test_a_batch_with_bad_lines_does_the_good_ones_and_names_the_bad(client, bucket_id):
    assert client.run("""
try:
    api.batch_bucket_files(id, add=[(b"x", "good"), (b"y", "bad//path"), (b"z", "/bad")])
    result = "nothing failed"
except BucketBatchError as e:
    result = [sorted(f["path"] for f in e.failures), [f.path for f in api.list_bucket_tree(id)]]
""".replace('f["path"]', '(f["path"] if isinstance(f, dict) else f.path)'), id=bucket_id) == [["/bad", "bad//path"], ["good"]]


def test_copies_within_and_between_buckets_move_no_data(client, bucket_id, bucket_name):
    assert client.run("""
api.create_bucket(other)
api.batch_bucket_files(id, add=[(b"one", "m/one"), (b"two", "m/two")])
api.copy_files(f"hf://buckets/{id}/m/one", f"hf://buckets/{id}/copy")
api.copy_files(f"hf://buckets/{id}/m/", f"hf://buckets/{other}/all/")
result = [{f.path: f.size for f in api.list_bucket_tree(place, recursive=True)} for place in (id, other)]
api.download_bucket_files(other, [("all/two", "two")])
result.append(pathlib.Path("two").read_text())
""", id=bucket_id, other=f"org1/{bucket_name}-other") == [
        {"copy": 3, "m/one": 3, "m/two": 3}, {"all/one": 3, "all/two": 3}, "two"]


def test_file_metadata_and_a_missing_file_are_told_apart(client, bucket_id):
    found = client.run("""
api.batch_bucket_files(id, add=[(b"12345", "dir/with space+plus/ü.txt"), (b"", "empty")])
m = api.get_bucket_file_metadata(id, "dir/with space+plus/ü.txt")
result = [m.size, m.xet_file_data.file_hash, m.xet_file_data.refresh_route, api.get_bucket_file_metadata(id, "empty").size]
for path in ("none", "dir"):
    try:
        api.get_bucket_file_metadata(id, path)
    except EntryNotFoundError:
        result.append("no entry")
try:
    api.get_bucket_file_metadata(id + "-none", "x")
except RepositoryNotFoundError:
    result.append("no bucket")
except BucketNotFoundError:
    result.append("no bucket")
""", id=bucket_id)
    assert found[0] == 5 and len(found[1]) == 64 and found[2].endswith(f"/api/buckets/{bucket_id}/xet-read-token")
    assert found[3:] == [0, "no entry", "no entry", "no bucket"]


# ---- the file system


def test_the_file_system_writes_reads_ranges_lists_and_removes(client, bucket_id):
    assert client.run("""
root = f"hf://buckets/{id}"
body = bytes(range(256)) * 2000
with fs.open(f"{root}/a/b/data.bin", "wb") as f:
    f.write(body)
fs.pipe_file(f"{root}/a/note.txt", b"note")
with fs.open(f"{root}/a/b/data.bin", "rb") as f:
    f.seek(300_000)
    part = f.read(5000)
result = [fs.cat_file(f"{root}/a/b/data.bin") == body, part == body[300_000:305_000],
          fs.cat_file(f"{root}/a/b/data.bin", start=17, end=400_017) == body[17:400_017],
          sorted(p.rpartition("/")[2] for p in fs.ls(f"{root}/a", detail=False)),
          fs.isdir(f"{root}/a/b"), fs.isfile(f"{root}/a/note.txt"), fs.exists(f"{root}/none"),
          len(fs.find(root)), sorted(p.rpartition("/")[2] for p in fs.glob(f"{root}/**/*.txt"))]
fs.cp_file(f"{root}/a/note.txt", f"{root}/copied.txt")
fs.get_file(f"{root}/copied.txt", "copied.txt")
result.append(pathlib.Path("copied.txt").read_text())
fs.rm(f"{root}/a", recursive=True)
fs.invalidate_cache()
result.append([p.rpartition("/")[2] for p in fs.find(root)])
""", id=bucket_id) == [True, True, True, ["b", "note.txt"], True, True, False, 2, ["note.txt"], "note", ["copied.txt"]]


# ---- the command line


def test_the_command_line_does_all_of_it(client, bucket_name, tmp_path):
    name = f"{bucket_name}-cli"
    client.hf("buckets", "create", name, "--private")
    assert "alice/" + name in client.hf("buckets", "list").stdout
    info = json.loads(client.hf("buckets", "info", f"alice/{name}", "--format", "json").stdout)
    assert info["id"] == f"alice/{name}" and info["private"] is True
    (tmp_path / "data/sub").mkdir(parents=True)
    (tmp_path / "data/one.txt").write_text("one")
    (tmp_path / "data/sub/two.bin").write_bytes(random_bytes(MIB, 5))
    client.hf("buckets", "sync", tmp_path / "data", f"hf://buckets/alice/{name}/synced")
    listed = client.hf("buckets", "list", f"alice/{name}", "--recursive", "--format", "json").stdout
    assert {e["path"] for e in json.loads(listed) if e["type"] == "file"} == {"synced/one.txt", "synced/sub/two.bin"}
    client.hf("cp", f"hf://buckets/alice/{name}/synced/one.txt", tmp_path / "one.back")
    assert (tmp_path / "one.back").read_text() == "one"
    client.hf("buckets", "sync", f"hf://buckets/alice/{name}/synced", tmp_path / "back")
    assert (tmp_path / "back/sub/two.bin").read_bytes() == random_bytes(MIB, 5)
    client.hf("buckets", "rm", f"alice/{name}/synced/one.txt", "--yes")
    client.hf("buckets", "settings", f"alice/{name}", "--public")
    client.hf("buckets", "move", f"alice/{name}", f"org1/{name}")
    assert json.loads(client.hf("buckets", "info", f"org1/{name}", "--format", "json").stdout)["private"] is False
    client.hf("buckets", "delete", f"org1/{name}", "--yes")
    assert client.hf("buckets", "info", f"org1/{name}", check=False).returncode != 0


# ---- what must survive


def test_files_outlive_a_kill_9_at_once_after_the_answer(tmp_path):
    from daemon import Hub
    own = Hub(tmp_path / "own").start()
    address = own.url
    first = Client(own.url, tmp_path / "first")
    first.run("""
import random
api.create_bucket("alice/b")
for i in range(5):
    api.batch_bucket_files("alice/b", add=[(random.Random(i).randbytes(200_000 * i + 1), f"f{i}")])
""")
    own.kill9()
    own.start()
    second = Client(own.url, tmp_path / "second")
    assert second.run("""
import random
api.download_bucket_files("alice/b", [(f"f{i}", f"f{i}") for i in range(5)])
result = [i for i in range(5) if pathlib.Path(f"f{i}").read_bytes() != random.Random(i).randbytes(200_000 * i + 1)]
""") == [], address
    assert own.stop() == 0


def test_two_uploads_of_the_same_at_the_same_time_both_succeed(client, hub, bucket_id, tmp_path):
    (tmp_path / "same").write_bytes(random_bytes(20 * MIB, 99))
    homes = [Client(hub.url, tmp_path / f"home{i}") for i in range(3)]
    code = "from huggingface_hub import HfApi; import sys; HfApi().batch_bucket_files(sys.argv[1], add=[(sys.argv[2], sys.argv[3])])"
    running = [subprocess.Popen([sys.executable, "-c", code, bucket_id, str(tmp_path / "same"), f"same{i}"], env=c.env, cwd=c.home,
                                stderr=subprocess.PIPE, text=True) for i, c in enumerate(homes)]
    for process in running:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors[-3000:]
    client.run('api.download_bucket_files(id, [(f"same{i}", f"back{i}") for i in range(3)])', id=bucket_id)
    assert {sha256(client.home / f"back{i}") for i in range(3)} == {sha256(tmp_path / "same")}
