# SPDX-License-Identifier: Apache-2.0
"""Models, datasets and Spaces as read-only buckets, and the embedded Hub that hosts them for huggingface_hub."""
import pathlib
import subprocess

import pytest

import clients
from content import KIB, MIB, random_bytes
from daemon import ALICE, BINARY, Gateway, free_environment
from expect import is_error
from test_huggingface import HuggingFace
from wire import Wire, key_path

README = b"# A model\n" + b"of no use\n" * 500
FILES = {
    "README.md": README,
    "config.json": b'{"a": 1}\n',
    "empty.txt": b"",
    "model.safetensors": random_bytes(3 * MIB + 7, 1),
    "big.txt": random_bytes(11 * MIB, 2),
    "data/train.parquet": random_bytes(300 * KIB, 3),
    "data/deep/notes.txt": b"deep\n",
    "data.txt": b"beside the directory\n",
    "päth/with space+plus.txt": "ünïcode\n".encode(),
}
OLD = {"README.md": b"before\n", "model.safetensors": random_bytes(100 * KIB, 4)}
IN_XET = {"model.safetensors", "big.txt", "data/train.parquet"}
MODEL, OLD_MODEL = "models--alice--m.1", "models--alice--m.1--refs--pr--1"


def put_in(hub_dir, kind, name, files, folder, *more):
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return subprocess.run([BINARY, "import", "--dir", hub_dir, kind, name, folder, *more], capture_output=True,
                          text=True, timeout=120, env=free_environment(folder))


@pytest.fixture(scope="module")
def repos(tmp_path_factory):
    """A gateway whose embedded Hub hosts a model at two revisions, a dataset and a Space."""
    home = tmp_path_factory.mktemp("repositories")
    gateway = Gateway(home / "gateway")
    hub_dir = gateway.dir / "data" / "hub"
    hub_dir.parent.mkdir(parents=True)
    for kind, name, files, *more in [
            ("models", "alice/m.1", OLD, "--revision", "refs/pr/1"),
            ("models", "alice/m.1", FILES),
            ("datasets", "bob/d", {f"n/{i:04}.txt": f"{i}".encode() for i in range(1200)} | {"z": b"last"}),
            ("spaces", "alice/s", {"app.py": b"print()\n"})]:
        done = put_in(hub_dir, kind, name, files, home / f"{kind}{len(files)}", *more)
        assert done.returncode == 0, done.stderr
        assert f"{len(files)} files" in done.stdout
    yield gateway.start()
    assert gateway.alive(), gateway.log()[-6000:]
    assert gateway.stop() == 0, gateway.log()[-6000:]


@pytest.fixture(scope="module")
def view(repos):
    return Wire(repos)


@pytest.fixture
def target(view, bucket_name):
    assert view.put("/" + bucket_name).status == 200
    return bucket_name


# ---- reading


def test_every_file_is_read_whole_with_its_etag_and_time(view):
    for path, content in FILES.items():
        got, head = view.get(key_path(MODEL, path)), view.head(key_path(MODEL, path))
        assert got.status == 200 and got.body == content, path
        assert got.headers["etag"].endswith('-xet"' if path in IN_XET else '-git"'), path
        assert head.headers["etag"] == got.headers["etag"] and head.headers["content-length"] == str(len(content))
        assert head.headers["last-modified"] == got.headers["last-modified"]


@pytest.mark.parametrize("path", ["README.md", "model.safetensors"])
def test_ranges_are_served_from_files_in_xet_and_others(view, path):
    content = FILES[path]
    for text, want in [("bytes=0-0", content[:1]), ("bytes=100-2999", content[100:3000]), ("bytes=-5", content[-5:])]:
        got = view.get(key_path(MODEL, path), headers={"range": text})
        assert got.status == 206 and got.body == want, text
    assert is_error(view.get(key_path(MODEL, path), headers={"range": f"bytes={len(content)}-"}), 416, "InvalidRange")


def test_conditions_hold_for_reads(view):
    etag = view.head(key_path(MODEL, "README.md")).headers["etag"]
    assert view.get(key_path(MODEL, "README.md"), headers={"if-none-match": etag}).status == 304
    assert view.get(key_path(MODEL, "README.md"), headers={"if-match": '"other"'}).status == 412
    assert view.get(key_path(MODEL, "README.md"), headers={"if-match": etag}).body == README


def test_a_revision_is_part_of_the_name(view):
    for path, content in OLD.items():
        assert view.get(key_path(OLD_MODEL, path)).body == content
    assert view.get(key_path(OLD_MODEL, "config.json")).status == 404
    assert is_error(view.get(f"/{MODEL}--nowhere/README.md"), 404, "NoSuchBucket")


def test_what_is_not_there_is_said(view):
    assert is_error(view.get(key_path(MODEL, "nothing")), 404, "NoSuchKey")
    assert is_error(view.get(key_path(MODEL, "data")), 404, "NoSuchKey")
    for bucket in ["models--alice--none", "datasets--alice--m.1"]:
        assert is_error(view.get(f"/{bucket}/README.md"), 404, "NoSuchBucket")
        assert is_error(view.get(f"/{bucket}", "list-type=2"), 404, "NoSuchBucket")
        assert view.head(f"/{bucket}").status == 404


# ---- listing


@pytest.mark.parametrize("prefix", ["", "d", "data", "data/", "data/t", "data/deep/", "x", "x/y", "päth/with"])
@pytest.mark.parametrize("delimiter", ["", "/"])
def test_listings_take_any_prefix(repos, prefix, delimiter):
    s3 = clients.boto(repos)
    got = s3.list_objects_v2(Bucket=MODEL, Prefix=prefix, Delimiter=delimiter)
    below = sorted((k for k in FILES if k.startswith(prefix)), key=str.encode)
    folded = {k[:k.index("/", len(prefix)) + 1] for k in below if delimiter and "/" in k[len(prefix):]}
    assert [c["Key"] for c in got.get("Contents", [])] == [k for k in below if not any(k.startswith(f) for f in folded)]
    assert {p["Prefix"] for p in got.get("CommonPrefixes", [])} == folded
    for entry in got.get("Contents", []):
        head = s3.head_object(Bucket=MODEL, Key=entry["Key"])
        assert entry["ETag"] == head["ETag"] and entry["Size"] == len(FILES[entry["Key"]])
        assert entry["LastModified"].replace(microsecond=0) == head["LastModified"]


def test_long_listings_come_in_pages(repos):
    pages = clients.boto(repos).get_paginator("list_objects_v2")
    keys = [c["Key"] for page in pages.paginate(Bucket="datasets--bob--d", PaginationConfig={"PageSize": 700})
            for c in page["Contents"]]
    assert keys == [f"n/{i:04}.txt" for i in range(1200)] + ["z"]


def test_a_repository_is_a_bucket_to_those_who_look(view):
    for bucket in [MODEL, OLD_MODEL, "datasets--bob--d", "spaces--alice--s"]:
        assert view.head(f"/{bucket}").status == 200
        assert view.get(f"/{bucket}", "location").status == 200
    assert view.get("/spaces--alice--s/app.py").body == b"print()\n"


# ---- writing


def test_writes_are_refused_with_a_reason(view):
    for refused in [view.put(f"/{MODEL}"), view.delete(f"/{MODEL}"), view.put(f"/{MODEL}/new", b"text"),
                    view.delete(f"/{MODEL}/README.md"), view.post(f"/{MODEL}/new", "uploads")]:
        assert is_error(refused, 403, "AccessDenied")
        assert "can only be read" in refused.text("Message")
    assert view.get(key_path(MODEL, "README.md")).body == README


# ---- copying


@pytest.mark.parametrize("path", ["README.md", "empty.txt", "model.safetensors", "data/train.parquet"])
def test_copies_into_a_bucket_have_the_bytes(view, target, path):
    copied = view.put(f"/{target}/copy", headers={"x-amz-copy-source": key_path(MODEL, path)})
    assert copied.status == 200, copied.body
    got = view.get(f"/{target}/copy")
    assert got.body == FILES[path]
    assert got.headers["etag"] == copied.text("ETag")
    if path in IN_XET:
        assert got.headers["etag"] == view.head(key_path(MODEL, path)).headers["etag"]


def test_copies_obey_conditions_on_their_source(view, target):
    headers = {"x-amz-copy-source": key_path(MODEL, "README.md"), "x-amz-copy-source-if-match": '"other"'}
    assert is_error(view.put(f"/{target}/copy", headers=headers), 412, "PreconditionFailed")


def test_parts_are_copied_from_both_kinds_of_file(repos, target):
    s3 = clients.boto(repos)
    upload = {"Bucket": target, "Key": "joined", "UploadId": s3.create_multipart_upload(Bucket=target, Key="joined")["UploadId"]}
    parts = []
    for number, (path, first, last) in enumerate([("big.txt", 1, 6 * MIB), ("README.md", 10, 999)], 1):
        copied = s3.upload_part_copy(**upload, PartNumber=number, CopySource={"Bucket": MODEL, "Key": path},
                                     CopySourceRange=f"bytes={first}-{last}")
        parts.append({"PartNumber": number, "ETag": copied["CopyPartResult"]["ETag"]})
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert s3.get_object(Bucket=target, Key="joined")["Body"].read() == FILES["big.txt"][1:6 * MIB + 1] + README[10:1000]


# ---- huggingface_hub on the embedded Hub


@pytest.fixture
def hf(repos, tmp_path):
    return HuggingFace(repos.hub_url, tmp_path, token=ALICE)


def test_snapshot_download_brings_every_file(hf, tmp_path):
    hf.run("from huggingface_hub import snapshot_download\nresult = snapshot_download('alice/m.1', local_dir=to)",
           to=tmp_path / "m")
    for path, content in FILES.items():
        assert (tmp_path / "m" / path).read_bytes() == content, path
    hf.run("from huggingface_hub import snapshot_download\n"
           "result = snapshot_download('bob/d', repo_type='dataset', local_dir=to, allow_patterns=['n/000*', 'z'])",
           to=tmp_path / "d")
    assert sorted(p.name for p in (tmp_path / "d").rglob("*") if ".cache" not in p.parts and p.is_file()) == [
        *[f"{i:04}.txt" for i in range(10)], "z"]


def test_single_files_come_by_branch_and_by_commit(hf):
    code = """
from huggingface_hub import hf_hub_download
sha = api.model_info('alice/m.1', revision=revision).sha
result = [sha] + [hf_hub_download('alice/m.1', name, revision=r) for r in (revision, sha) for name in names]
"""
    sha, *paths = hf.run(code, revision="refs/pr/1", names=list(OLD))
    assert len(sha) == 40
    assert [pathlib.Path(p).read_bytes() for p in paths] == [*OLD.values()] * 2


def test_trees_and_paths_are_told_as_the_hub_tells_them(hf):
    told = hf.run("""
entries = list(api.list_repo_tree('alice/m.1', recursive=True))
info = api.get_paths_info('alice/m.1', ['model.safetensors', 'data', 'nothing'])
result = [[e.path for e in entries], [e.path for e in api.list_repo_tree('alice/m.1', 'data')],
          [[e.path, getattr(e, 'size', None), bool(getattr(e, 'lfs', None))] for e in info],
          api.list_repo_files('bob/d', repo_type='dataset'), api.repo_exists('alice/none'),
          api.file_exists('alice/m.1', 'config.json'), api.revision_exists('alice/m.1', 'none')]
""")
    assert sorted(told[0]) == sorted([*FILES, "data", "data/deep", "päth"])
    assert sorted(told[1]) == ["data/deep", "data/train.parquet"]
    assert sorted(told[2]) == [["data", None, False], ["model.safetensors", len(FILES["model.safetensors"]), True]]
    assert len(told[3]) == 1201 and told[4:] == [False, True, False]


# ---- the command


def test_import_says_what_is_wrong(tmp_path):
    for kind, name, why in [("things", "a/b", "not one of models, datasets, spaces"), ("models", "b", "namespace/name")]:
        done = put_in(tmp_path / "hub", kind, name, {"f": b"x"}, tmp_path / "folder")
        assert done.returncode == 1 and why in done.stderr
    done = put_in(tmp_path / "hub", "models", "a/b", {}, tmp_path / "missing")
    assert done.returncode == 1 and "cannot be read" in done.stderr
