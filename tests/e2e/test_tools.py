# SPDX-License-Identifier: Apache-2.0
"""s5cmd, rclone and s3cmd, with as little configuration as their users write."""
import pytest

from clients import run
from content import MIB, random_bytes
from expect import listing
from wire import Wire

FILES = {"a.txt": b"hello\n", "dir/b c.bin": random_bytes(300_000), "dir/ü+%.dat": b"x" * 5000, "empty": b"", "big": random_bytes(12 * MIB)}


@pytest.fixture
def tree(tmp_path):
    for name, body in FILES.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return tmp_path / "tree"


def contents(directory):
    return {str(p.relative_to(directory)): p.read_bytes() for p in directory.rglob("*") if p.is_file()}


def test_s5cmd_uploads_lists_copies_downloads_and_removes(gw, bucket, tree, tmp_path):
    def s5cmd(*arguments):
        return run(gw, "s5cmd", "--endpoint-url", gw.url, *arguments, home=tmp_path, S3_ENDPOINT_URL=gw.url).stdout

    assert bucket in s5cmd("ls")
    s5cmd("cp", f"{tree}/", f"s3://{bucket}/up/")
    assert sorted(k for k, _, _ in listing(gw, bucket)) == sorted("up/" + name for name in FILES)
    assert "dir/b c.bin" in s5cmd("ls", f"s3://{bucket}/up/*")
    s5cmd("cp", f"s3://{bucket}/up/*", f"{tmp_path}/back/")
    assert contents(tmp_path / "back") == FILES
    s5cmd("cp", f"s3://{bucket}/up/a.txt", f"s3://{bucket}/copy")
    assert s5cmd("cat", f"s3://{bucket}/copy") == "hello\n"
    assert s5cmd("sync", f"{tree}/", f"s3://{bucket}/up/") == ""
    s5cmd("rm", f"s3://{bucket}/*")
    assert listing(gw, bucket) == []


@pytest.mark.parametrize("version", ["1", "2"])
def test_rclone_copies_checks_syncs_and_purges(gw, bucket_name, tree, tmp_path, version):
    name = f"{bucket_name}-v{version}"
    remote = f":s3,provider=Other,env_auth,endpoint='{gw.url}',list_version={version}:"

    def rclone(*arguments, check=True):
        return run(gw, "rclone", "--retries", "1", "--low-level-retries", "1", *arguments, home=tmp_path, check=check)

    rclone("copy", tree, f"{remote}{name}/up")
    assert sorted(k for k, _, _ in listing(gw, name)) == sorted("up/" + f for f in FILES)
    assert "0 differences found" in rclone("check", tree, f"{remote}{name}/up", "--download").stderr
    again = rclone("sync", tree, f"{remote}{name}/up", "--stats-one-line", "-v").stderr
    assert "There was nothing to transfer" in again or "Copied" not in again
    rclone("copy", f"{remote}{name}/up", tmp_path / "back")
    assert contents(tmp_path / "back") == FILES
    assert "6 a.txt" in rclone("ls", f"{remote}{name}/up").stdout
    (tree / "a.txt").unlink()
    rclone("sync", tree, f"{remote}{name}/up")
    assert "up/a.txt" not in [k for k, _, _ in listing(gw, name)]
    rclone("moveto", f"{remote}{name}/up/empty", f"{remote}{name}/moved")
    assert "moved" in [k for k, _, _ in listing(gw, name)]
    rclone("purge", f"{remote}{name}")
    assert Wire(gw).head(f"/{name}").status == 404


def test_s3cmd_puts_lists_gets_and_deletes(gw, bucket, tree, tmp_path):
    host = gw.url.removeprefix("http://")

    def s3cmd(*arguments):
        return run(gw, "s3cmd", "--no-ssl", f"--host={host}", f"--host-bucket={host}", "--no-check-certificate", "-c", "/dev/null",
                   *arguments, home=tmp_path).stdout

    assert bucket in s3cmd("ls")
    s3cmd("put", "--recursive", "--no-progress", f"{tree}/", f"s3://{bucket}/up/")
    assert sorted(k for k, _, _ in listing(gw, bucket)) == sorted("up/" + name for name in FILES)
    (tmp_path / "back").mkdir()
    s3cmd("get", "--recursive", "--no-progress", f"s3://{bucket}/up/", f"{tmp_path}/back/")
    assert contents(tmp_path / "back") == FILES
    s3cmd("del", f"s3://{bucket}/up/a.txt")
    assert "a.txt" not in s3cmd("ls", f"s3://{bucket}/up/")
