# SPDX-License-Identifier: Apache-2.0
"""The embedded Hub and CAS, call by call, by hand: what each answers, and above all what each refuses. Content comes
from the reference implementation's vectors (tests/vectors)."""
import concurrent.futures
import http.client
import json
import pathlib
import random
import re
import time
import urllib.parse

import pytest

from content import random_bytes
from daemon import ALICE, BOB, ROOT, Hub

VECTORS = ROOT / "tests/vectors"
XORB = (VECTORS / "upload.xorb").read_bytes()
SHARD = (VECTORS / "upload.shard").read_bytes()
TOLD = json.loads((VECTORS / "shard.json").read_text())
XORB_HASH = TOLD["xorb_hash"]
FILES = {(f["generator"], f["size"]): f["file_hash"] for f in TOLD["files"]}
ZEROS = FILES["zeros", 300000]
EMPTY = "0" * 64


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        """(status, X-Error-Code); the words stand in body and header alike."""
        assert self.json["error"] == self.headers["X-Error-Message"] and self.headers["X-Request-Id"]
        return self.status, self.headers["X-Error-Code"]


class Caller:
    def __init__(self, hub, token=ALICE):
        self.hub, self.token = hub, token

    def __call__(self, method, target, body=None, headers=None, token=...):
        token = self.token if token is ... else token
        headers = {"Authorization": f"Bearer {token}"} | (headers or {}) if token else headers or {}
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        target = target.removeprefix(self.hub.url)
        connection = http.client.HTTPConnection(*self.hub.address, timeout=60)
        try:
            connection.request(method, target, body, headers)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def batch(self, bucket, *lines):
        return self("POST", f"/api/buckets/{bucket}/batch", "\n".join(json.dumps(line) for line in lines).encode())

    def add(self, bucket, *paths, hash=EMPTY):
        for at in range(0, len(paths), 1000):
            answer = self.batch(bucket, *({"type": "addFile", "path": p, "xetHash": hash, "mtime": 1e12} for p in paths[at:at + 1000]))
            assert answer.status == 200 and answer.json["success"], answer.body[:500]

    def tree(self, bucket, prefix=None, **query):
        """All pages' entries, and how many pages."""
        target = f"/api/buckets/{bucket}/tree" + ("/" + urllib.parse.quote(prefix, safe="") if prefix is not None else "")
        target += "?" + urllib.parse.urlencode(query)
        entries, pages = [], 0
        while target:
            answer = self("GET", target)
            assert answer.status == 200, answer.body
            entries += answer.json
            pages += 1
            link = re.fullmatch(r'<(.*)>; rel="next"', answer.headers["Link"] or "")
            target = link and link[1]
        return entries, pages

    def cas(self, bucket, write=True):
        given = self("GET", f"/api/buckets/{bucket}/xet-{'write' if write else 'read'}-token").json
        assert given["casUrl"] == self.hub.url + "/cas"
        return Cas(self.hub, given["accessToken"])


class Cas(Caller):
    def xorb(self, hash=XORB_HASH, body=XORB, prefix="default"):
        return self("POST", f"/cas/v1/xorbs/{prefix}/{hash}", body)

    def shard(self, body=SHARD, version="v1"):
        return self("POST", f"/cas/{version}/shards", body)

    def reconstruction(self, hash, range=None, version="v1"):
        return self("GET", f"/cas/{version}/reconstructions/{hash}", headers={"Range": range} if range else {})


@pytest.fixture
def call(hub):
    return Caller(hub)


@pytest.fixture
def bucket(call, bucket_name):
    assert call("POST", f"/api/buckets/alice/{bucket_name}", {"private": True}).status == 200
    return f"alice/{bucket_name}"


@pytest.fixture
def stored(call, bucket):
    """A CAS that has the vectors' xorb and files."""
    cas = call.cas(bucket)
    assert cas.xorb().status == 200 and cas.shard().status == 200
    return cas


@pytest.fixture
def fresh(tmp_path):
    """A Hub of one's own, with nothing in it but the bucket alice/b."""
    started = []

    def start(*flags):
        started.append(Hub(tmp_path / "fresh", *flags).start())
        Caller(started[0])("POST", "/api/buckets/alice/b", {})
        return started[0]

    yield start
    for hub in started:
        if hub.process:
            assert hub.stop() == 0, hub.log()


# ---- who may what


@pytest.mark.parametrize("method, target", [
    ("GET", "/api/buckets/{}"), ("GET", "/api/buckets/{}/tree"), ("POST", "/api/buckets/{}/paths-info"),
    ("POST", "/api/buckets/{}/batch"), ("GET", "/buckets/{}/resolve/x"), ("GET", "/api/buckets/{}/xet-read-token"),
    ("GET", "/api/buckets/{}/xet-write-token"), ("PUT", "/api/buckets/{}/settings"), ("DELETE", "/api/buckets/{}"),
])
def test_a_private_bucket_looks_like_none(call, bucket, method, target):
    body = {"paths": []} if "paths" in target else b""
    for id in (bucket, bucket + "-none"):
        assert call(method, target.format(id), body, token=BOB).error == (404, "RepoNotFound")
        assert call(method, target.format(id), body, token=None).error == (401, "RepoNotFound")
    unknown = call(method, target.format(bucket), body, token="hf_unknown")
    assert unknown.error == (401, None)
    assert unknown.headers["X-Error-Message"] == "Invalid credentials in Authorization header"


def test_a_public_bucket_is_read_by_all_and_written_by_its_own(call, bucket_name):
    id = f"alice/{bucket_name}"
    assert call("POST", f"/api/buckets/{id}", {"visibility": "public"}).status == 200
    for token in (BOB, None):
        assert call("GET", f"/api/buckets/{id}", token=token).json["private"] is False
        assert call("GET", f"/api/buckets/{id}/xet-read-token", token=token).status == 200
    for method, path in (("GET", "/xet-write-token"), ("POST", "/batch"), ("DELETE", "")):
        assert call(method, f"/api/buckets/{id}{path}", token=BOB).status == 403
        assert call(method, f"/api/buckets/{id}{path}", token=None).status == 401


def test_namespaces_are_written_by_members_only(call, bucket_name):
    assert call("POST", f"/api/buckets/org1/{bucket_name}", {}).status == 200
    assert call("POST", f"/api/buckets/org1/{bucket_name}-b", {}, token=BOB).status == 403
    assert call("POST", f"/api/buckets/me/{bucket_name}", {}, token=BOB).json["url"].endswith(f"/buckets/bob/{bucket_name}")
    assert call("POST", f"/api/buckets/me/{bucket_name}", {}, token=None).status == 401
    assert call("GET", "/api/buckets/nobody").status == 404


def test_an_existing_bucket_is_409_with_its_url(call, hub, bucket):
    again = call("POST", f"/api/buckets/{bucket}", {"private": True})
    assert again.status == 409 and again.json["url"] == f"{hub.url}/buckets/{bucket}"


@pytest.mark.parametrize("name", ["a--b", "a..b", "-a", "a.", "a%20b", "%C3%BC", "x" * 97])
def test_impossible_bucket_names_are_refused(call, name):
    assert call("POST", f"/api/buckets/alice/{name}", {}).status == 400


def test_moving_onto_a_bucket_or_into_a_foreign_namespace_is_refused(call, bucket):
    assert call("POST", f"/api/buckets/{bucket}-to", {}).status == 200
    for to, status in ((f"{bucket}-to", 409), ("bob/x", 403), ("alice/a--b", 400), ("x", 400)):
        assert call("POST", "/api/repos/move", {"fromRepo": bucket, "toRepo": to, "type": "bucket"}).status == status
    assert call("GET", f"/api/buckets/{bucket}").status == 200


def test_unknown_calls_are_404_and_wrong_methods_405(call, bucket):
    assert call("GET", "/api/nothing").status == 404
    assert call("PATCH", f"/api/buckets/{bucket}").status == 405
    assert call("GET", "/api/buckets/%zz").status == 400


def test_updated_at_changes_with_every_change(call, bucket):
    seen = []
    for change in (lambda: call.add(bucket, "a"), lambda: call.add(bucket, "a"),
                   lambda: call.batch(bucket, {"type": "deleteFile", "path": "a"}),
                   lambda: call("PUT", f"/api/buckets/{bucket}/settings", {"private": True})):
        seen.append(call("GET", f"/api/buckets/{bucket}").json["updatedAt"])
        change()
    seen.append(call("GET", f"/api/buckets/{bucket}").json["updatedAt"])
    assert seen == sorted(set(seen))


# ---- listing


def naive_tree(paths, prefix, recursive):
    """What the Hub lists, from its rules alone."""
    out = {}
    for path in paths:
        if not path.startswith(prefix):
            continue
        at = len(prefix) + (path[len(prefix):len(prefix) + 1] == "/")
        slash = -1 if recursive else path.find("/", at)
        key = path if slash < 0 else path[:slash] + "/"
        out[key.encode()] = ("file", path) if slash < 0 else ("directory", path[:slash])
    return [out[key] for key in sorted(out)]


def test_listing_follows_the_rules_for_any_prefix_and_page_size(call, bucket):
    chance = random.Random(5)
    parts = ["a", "b", "logs", "logs.json", "logs_old", "a!", "a.b", "ü", "日本", "z z", "~", "0", "A", "-"]
    paths = sorted({"/".join(chance.choices(parts, k=chance.randint(1, 4))) for _ in range(400)})
    call.add(bucket, *paths)
    prefixes = ["", "a", "a/", "logs", "logs/", "logs/a", "lo", "none", "ü", "ü/", "a/b", "z", "a//", "/"]
    for prefix in prefixes + [chance.choice(paths)[:chance.randint(1, 9)] for _ in range(20)]:
        for recursive in (True, False):
            want = naive_tree(paths, prefix, recursive)
            for limit in (1, 7, 1000):
                if limit == 1 and len(want) > 40:
                    continue
                entries, pages = call.tree(bucket, prefix, recursive=str(recursive).lower(), limit=limit)
                assert [(e["type"], e["path"]) for e in entries] == want, (prefix, recursive, limit)
                assert pages == max(1, -(-len(want) // limit))


def test_the_hubs_own_example_of_a_level(call, bucket):
    call.add(bucket, "logs/a", "logs/sub/x", "logs/sub/y", "logs.json", "logs_old/z", "other")
    entries, _ = call.tree(bucket, "logs", recursive="false")
    assert [e["path"] for e in entries] == ["logs.json", "logs/a", "logs/sub", "logs_old"]
    assert entries[2].keys() == {"type", "path", "uploadedAt"}


def test_recursive_left_out_means_flat(call, bucket):
    call.add(bucket, "d/e/f", "g")
    assert [e["path"] for e in call.tree(bucket)[0]] == ["d/e/f", "g"]


def test_a_listing_goes_on_behind_what_was_deleted_meanwhile(call, bucket):
    call.add(bucket, *(f"d{i}/x" for i in range(6)))
    first = call("GET", f"/api/buckets/{bucket}/tree?recursive=false&limit=2")
    call.batch(bucket, {"type": "deleteFile", "path": "d1/x"}, {"type": "deleteFile", "path": "d2/x"})
    rest = call("GET", re.search("<(.*)>", first.headers["Link"])[1])
    assert [e["path"] for e in first.json + rest.json][:4] == ["d0", "d1", "d3", "d4"]


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=-1", "cursor=zz", "cursor=6"])
def test_nonsense_in_a_listings_query_is_400(call, bucket, query):
    assert call("GET", f"/api/buckets/{bucket}/tree?{query}").status == 400


def test_a_cursor_of_another_prefix_is_400(call, bucket):
    call.add(bucket, "a/1", "a/2", "b/1")
    link = call("GET", f"/api/buckets/{bucket}/tree/a?limit=1").headers["Link"]
    cursor = re.search("cursor=([0-9a-f]+)", link)[1]
    assert call("GET", f"/api/buckets/{bucket}/tree/b?cursor={cursor}").status == 400


# ---- batch, paths-info


def test_a_batch_applies_its_lines_in_order_and_counts(call, bucket, stored):
    answer = call.batch(bucket, {"type": "addFile", "path": "a", "xetHash": ZEROS, "mtime": 1500000000123, "contentType": "x/y"},
                        {"type": "addFile", "path": "b", "xetHash": EMPTY, "mtime": 1.5e12},
                        {"type": "deleteFile", "path": "b"}, {"type": "deleteFile", "path": "never was"},
                        {"type": "copyFile", "path": "c", "xetHash": ZEROS, "sourceRepoType": "bucket", "sourceRepoId": bucket})
    assert answer.json == {"success": True, "processed": 5, "succeeded": 5, "failed": []}
    files = {e["path"]: e for e in call.tree(bucket)[0]}
    assert files.keys() == {"a", "c"}
    uploaded = files["a"].pop("uploadedAt")
    assert files["a"] == {"type": "file", "path": "a", "size": 300000, "xetHash": ZEROS, "mtime": "2017-07-14T02:40:00.123Z",
                          "contentType": "x/y"} and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", uploaded)
    info = call("GET", f"/api/buckets/{bucket}").json
    assert (info["size"], info["totalFiles"]) == (600000, 2)


def test_lines_fail_one_by_one(call, bucket, stored):
    lines = {"bad//path": EMPTY, "/x": EMPTY, "x/": EMPTY, "a/../b": EMPTY, "back\\slash": EMPTY, "nul\0": EMPTY, "": EMPTY,
             "unknown hash": "1" * 64, "no hash": "xyz", "fine": ZEROS}
    answer = call.batch(bucket, *({"type": "addFile", "path": p, "xetHash": h, "mtime": 0} for p, h in lines.items()))
    assert answer.status == 200 and answer.json["success"] is False
    assert (answer.json["processed"], answer.json["succeeded"]) == (10, 1)
    assert [f["path"] for f in answer.json["failed"]] == [p for p in lines if p != "fine"]
    assert [e["path"] for e in call.tree(bucket)[0]] == ["fine"]


def test_a_batch_of_failures_only_is_422(call, bucket):
    assert call.batch(bucket, {"type": "addFile", "path": "/", "xetHash": EMPTY}).status == 422


@pytest.mark.parametrize("line", [
    {"sourceRepoType": "bucket", "sourceRepoId": "bob/private"}, {"sourceRepoType": "bucket", "sourceRepoId": "alice/none"},
    {"sourceRepoType": "bucket", "sourceRepoId": "x"}, {"sourceRepoType": "model", "sourceRepoId": "alice/m"}, {},
])
def test_copies_need_a_source_one_may_read(call, bucket, stored, line):
    call("POST", "/api/buckets/bob/private", {"private": True}, token=BOB)
    assert call.batch(bucket, {"type": "copyFile", "path": "c", "xetHash": ZEROS} | line).status == 422


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"type":"addFile"}', b'{"type":"other","path":"x"}', b"\xff",
                                  b'{"type":"deleteFile","path":"x"}\n' * 1001])
def test_what_is_no_batch_changes_nothing(call, bucket, body):
    call.add(bucket, "x")
    assert call("POST", f"/api/buckets/{bucket}/batch", b'{"type":"deleteFile","path":"x"}\n' + body).status == 400
    assert len(call.tree(bucket)[0]) == 1


def test_paths_info_leaves_out_what_is_no_file(call, bucket):
    call.add(bucket, "a/b", "c d")
    answer = call("POST", f"/api/buckets/{bucket}/paths-info", {"paths": ["c d", "a", "a/b", "none", "", "a\0", 7]})
    assert [e["path"] for e in answer.json] == ["c d", "a/b"]
    assert call("POST", f"/api/buckets/{bucket}/paths-info", {"paths": ["x"] * 1001}).status == 400
    assert call("POST", f"/api/buckets/{bucket}/paths-info", b"nonsense").status == 400


def test_bodies_past_the_limit_are_413(call, bucket):
    assert call("POST", f"/api/buckets/{bucket}/paths-info", b" " * (4 << 20) + b"{}").status == 413


# ---- resolve


def test_resolve_gives_metadata_and_the_way_to_the_bytes(call, hub, bucket, stored):
    call.batch(bucket, {"type": "addFile", "path": "d/é z.bin", "xetHash": ZEROS, "mtime": 0, "contentType": "x/y"})
    target = f"/buckets/{bucket}/resolve/{urllib.parse.quote('d/é z.bin', safe='')}"
    head = call("HEAD", target)
    assert (head.status, head.headers["X-Xet-Hash"], head.headers["X-Linked-Size"], head.headers["Content-Length"],
            head.headers["ETag"], head.headers["Content-Type"]) == (200, ZEROS, "300000", "300000", f'"{ZEROS}"', "x/y")
    assert f'<{hub.url}/api/buckets/{bucket}/xet-read-token>; rel="xet-auth"' in head.headers["Link"]
    assert f'<{hub.url}/cas/v1/reconstructions/{ZEROS}>; rel="xet-reconstruction-info"' in head.headers["Link"]
    info = call("GET", target, headers={"Accept": "application/vnd.xet-fileinfo+json"})
    assert (info.json["hash"], info.json["size"]) == (ZEROS, 300000)
    found = call("GET", target)
    assert found.status == 302
    whole = call("GET", found.headers["Location"], token=None)
    assert whole.body == bytes(300000) and whole.headers["Content-Type"] == "x/y"
    for asked, want in (("bytes=0-0", (0, 0)), ("bytes=131000-131100", (131000, 131100)), ("bytes=299999-", (299999, 299999)),
                        ("bytes=-10", (299990, 299999)), ("bytes=5-999999", (5, 299999))):
        part = call("GET", found.headers["Location"], headers={"Range": asked}, token=None)
        assert part.status == 206 and part.headers["Content-Range"] == f"bytes {want[0]}-{want[1]}/300000"
        assert part.body == bytes(want[1] - want[0] + 1)
    assert call("GET", found.headers["Location"], headers={"Range": "bytes=300000-"}, token=None).status == 416
    assert call("GET", found.headers["Location"].replace(ZEROS, FILES["random", 30000]), token=None).status == 403
    assert call("GET", f"/buckets/{bucket}/resolve/none").error == (404, "EntryNotFound")


def test_an_empty_file_can_be_fetched(call, bucket):
    call.add(bucket, "e")
    assert call("HEAD", f"/buckets/{bucket}/resolve/e").headers["X-Linked-Size"] == "0"
    got = call("GET", call("GET", f"/buckets/{bucket}/resolve/e").headers["Location"], token=None)
    assert (got.status, got.body) == (200, b"")


# ---- the CAS: tokens


def test_the_cas_asks_for_a_token_of_its_own(call, hub, bucket):
    for token in (None, ALICE, "xet.1.99999999999.w." + "0" * 64):
        assert call("POST", f"/cas/v1/xorbs/default/{XORB_HASH}", XORB, token=token).status == 401
        assert call("GET", f"/cas/v1/reconstructions/{ZEROS}", token=token).status == 401
    read = call.cas(bucket, write=False)
    assert read.xorb().status == 403 and read.shard().status == 403
    assert read.reconstruction("1" * 64).status == 404


def test_tokens_come_as_json_and_as_headers(call, hub, bucket):
    given = call("GET", f"/api/buckets/{bucket}/xet-write-token")
    assert given.headers["X-Xet-Cas-Url"] == given.json["casUrl"] == hub.url + "/cas"
    assert given.headers["X-Xet-Access-Token"] == given.json["accessToken"]
    assert given.headers["X-Xet-Token-Expiration"] == str(given.json["exp"])
    assert 3000 < given.json["exp"] - time.time() < 4000


# ---- the CAS: xorbs and shards


def test_a_xorb_is_stored_once(fresh):
    cas = Caller(fresh()).cas("alice/b")
    assert cas("HEAD", f"/cas/v1/xorbs/default/{XORB_HASH}").status == 404
    assert cas.xorb().json == {"was_inserted": True}
    assert cas.xorb().json == {"was_inserted": False}
    assert cas.xorb(prefix="default-merkledb").json == {"was_inserted": False}
    assert cas("HEAD", f"/cas/v1/xorbs/default/{XORB_HASH}").headers["Content-Length"] == str(len(XORB))
    footer = (VECTORS / "footer.xorb").read_bytes()
    assert cas.xorb(json.loads((VECTORS / "xorb.json").read_text())["xorb_hash"], footer).json == {"was_inserted": True}


@pytest.mark.parametrize("what, body, hash", [
    ("another hash", XORB, "1" * 64), ("a wrong byte", XORB[:5000] + b"?" + XORB[5001:], XORB_HASH),
    ("cut short", XORB[:-1], XORB_HASH), ("too long", XORB + b"x", XORB_HASH), ("empty", b"", XORB_HASH),
    ("noise", random_bytes(100_000), XORB_HASH), ("no hash", XORB, "xyz"),
])
def test_what_is_not_that_xorb_is_refused(fresh, what, body, hash):
    cas = Caller(fresh()).cas("alice/b")
    assert cas.xorb(hash, body).status == 400
    assert cas("HEAD", f"/cas/v1/xorbs/default/{XORB_HASH}").status == 404


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("name", ["upload.shard", "stored.shard"])
def test_a_shard_registers_its_files(fresh, version, name):
    hub = fresh()
    call, cas = Caller(hub), Caller(hub).cas("alice/b")
    body = (VECTORS / name).read_bytes()
    cas.xorb()
    assert call.batch("alice/b", {"type": "addFile", "path": "x", "xetHash": ZEROS}).status == 422
    for inserted in (1, 0):
        answer = cas.shard(body, version)
        last = json.loads(answer.body.splitlines()[-1])
        assert answer.status == 200 and last["result"] == inserted
        assert version == "v1" or last["type"] == "result"
    assert call.batch("alice/b", {"type": "addFile", "path": "x", "xetHash": ZEROS}).status == 200
    for (_, size), hash in FILES.items():
        assert cas("HEAD", f"/cas/v1/files/{hash}").headers["Content-Length"] == str(size)


def test_a_shard_whose_xorb_is_missing_is_refused(fresh):
    cas = Caller(fresh()).cas("alice/b")
    assert cas.shard().status == 400
    last = json.loads(cas.shard(version="v2").body.splitlines()[-1])
    assert last["type"] == "error" and last["retryable"] is False


def test_a_shard_with_any_wrong_byte_registers_no_wrong_file(fresh):
    """Padding and the number that clients leave 0 may differ; whatever is taken says the same of the same files."""
    hub = fresh()
    cas = Caller(hub).cas("alice/b")
    cas.xorb()
    refused = 0
    for at in range(0, len(SHARD)):
        if at > 200 and at % 7:
            continue
        answer = cas.shard(SHARD[:at] + bytes([SHARD[at] ^ 1]) + SHARD[at + 1:])
        assert answer.status in (200, 400), (at, answer.body)
        refused += answer.status == 400
    assert refused > 100
    for (_, size), hash in FILES.items():
        found = cas("HEAD", f"/cas/v1/files/{hash}")
        assert found.status == 404 or found.headers["Content-Length"] == str(size)
    assert cas.shard(SHARD[:-48]).status == 400 and cas.shard(b"").status == 400


def test_uploads_of_one_xorb_at_the_same_time_all_succeed(fresh):
    cas = Caller(fresh()).cas("alice/b")
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: cas.xorb(), range(48)))
    assert all(a.status == 200 for a in answers)
    assert sum(a.json["was_inserted"] for a in answers) == 1


# ---- the CAS: reconstructions and signed URLs


def test_v1_says_terms_and_where_their_bytes_are(stored):
    told = stored.reconstruction(ZEROS).json
    assert told["offset_into_first_range"] == 0
    assert [(t["hash"], t["unpacked_length"], t["range"]) for t in told["terms"]] == [
        (XORB_HASH, 131072, {"start": 6, "end": 7}), (XORB_HASH, 168928, {"start": 6, "end": 8})]
    fetch, = told["fetch_info"][XORB_HASH]
    offsets = [c["offset"] for c in TOLD["chunks"]]
    assert fetch["range"] == {"start": 6, "end": 8} and fetch["url_range"] == {"start": offsets[6], "end": len(XORB) - 1}
    got = stored("GET", fetch["url"], headers={"Range": f"bytes={offsets[6]}-{len(XORB) - 1}"}, token=None)
    assert got.status == 206 and got.body == XORB[offsets[6]:]
    assert got.headers["Content-Range"] == f"bytes {offsets[6]}-{len(XORB) - 1}/{len(XORB)}"


@pytest.mark.parametrize("asked, terms, offset", [
    ("bytes=0-0", [(6, 7)], 0), ("bytes=131071-131071", [(6, 7)], 131071), ("bytes=131072-131072", [(6, 7)], 0),
    ("bytes=200000-262143", [(6, 7)], 68928), ("bytes=262144-", [(7, 8)], 0), ("bytes=100-299999", [(6, 7), (6, 8)], 100),
    ("bytes=0-9999999", [(6, 7), (6, 8)], 0), ("bytes=131071-131072", [(6, 7), (6, 7)], 131071),
])
def test_a_range_touches_only_its_chunks(stored, asked, terms, offset):
    for version in ("v1", "v2"):
        told = stored.reconstruction(ZEROS, asked, version).json
        assert [(t["range"]["start"], t["range"]["end"]) for t in told["terms"]] == terms
        assert told["offset_into_first_range"] == offset


def test_ranges_past_the_end_are_416_and_unknown_files_404(stored):
    for version in ("v1", "v2"):
        assert stored.reconstruction(ZEROS, "bytes=300000-300001", version).status == 416
        assert stored.reconstruction("1" * 64, None, version).status == 404
        assert stored.reconstruction("xyz", None, version).status == 400
        assert stored.reconstruction(EMPTY, None, version).json["terms"] == []


def test_v2_urls_are_good_for_their_ranges_alone(fresh):
    """A file of chunks that lie apart: built by hand out of the vectors' records."""
    hub = fresh()
    cas = Caller(hub).cas("alice/b")
    cas.xorb()
    assert cas.shard().status == 200
    entry, = cas.reconstruction(ZEROS, version="v2").json["xorbs"][XORB_HASH]
    wanted, = entry["ranges"]
    start, end = wanted["bytes"]["start"], wanted["bytes"]["end"]
    assert wanted["chunks"] == {"start": 6, "end": 8}
    get = lambda url, range: cas("GET", url, headers={"Range": range} if range else {}, token=None).status
    assert get(entry["url"], f"bytes={start}-{end}") == 206
    assert get(entry["url"], f"bytes={start}-{end}, {start}-{end}") == 206
    for wrong in (f"bytes={start - 1}-{end}", f"bytes={start}-{end - 1}", "bytes=0-10", f"bytes={start}-", None, "lines=1-2"):
        assert get(entry["url"], wrong) == 403, wrong
    for changed in (entry["url"].replace(f"{start}-", f"{start - 1}-"), entry["url"].replace("e=1", "e=2"), entry["url"][:-1],
                    entry["url"].replace("xorb-data", "file-data"), entry["url"].split("?")[0]):
        assert get(changed, f"bytes={start}-{end}") == 403, changed


def test_several_ranges_come_as_multipart(fresh):
    hub = fresh()
    cas = Caller(hub).cas("alice/b")
    cas.xorb()
    cas.shard()
    entry, = cas.reconstruction(ZEROS, version="v2").json["xorbs"][XORB_HASH]
    start, end = entry["ranges"][0]["bytes"].values()
    answer = cas("GET", entry["url"], headers={"Range": f"bytes={start}-{end},{start}-{end}"}, token=None)
    boundary = re.fullmatch("multipart/byteranges; boundary=(.*)", answer.headers["Content-Type"])[1].encode()
    before, *parts, after = answer.body.split(b"--" + boundary)
    assert after.startswith(b"--") and len(parts) == 2
    for part in parts:
        head, _, body = part.partition(b"\r\n\r\n")
        assert f"Content-Range: bytes {start}-{end}/{len(XORB)}".encode() in head
        assert body == XORB[start:end + 1] + b"\r\n"


def test_global_dedup_tells_the_xorb_of_a_first_chunk_and_not_its_hashes(stored):
    first = TOLD["chunks"][3]["hash"]  # the file of 30,000 random bytes begins with it
    for prefix in ("default", "default-merkledb"):
        answer = stored("GET", f"/cas/v1/chunks/{prefix}/{first}")
        assert answer.status == 200
    raw = lambda text: b"".join(bytes.fromhex(text[i:i + 16])[::-1] for i in range(0, 64, 16))
    assert raw(XORB_HASH) in answer.body
    assert not any(raw(c["hash"]) in answer.body for c in TOLD["chunks"])
    assert stored("GET", f"/cas/v1/chunks/default/{TOLD['chunks'][1]['hash']}").status == 404


def test_calls_that_are_not_offered_say_so(stored):
    assert stored("POST", f"/cas/v1/xorb-grants/default/{XORB_HASH}", {"length": 1}).status == 404
    assert stored("GET", f"/cas/v2/file-chunk-hashes/{ZEROS}").status == 404
    assert stored("POST", "/cas/v1/telemetry", {}).status == 200


# ---- the directory


def test_a_second_process_is_told_that_the_directory_is_in_use(fresh, tmp_path):
    hub = fresh()
    second = Hub(tmp_path / "second")
    second.arguments[second.arguments.index("--dir") + 1] = str(hub.dir / "hub")
    with pytest.raises(AssertionError, match="another process is using the directory"):
        second.start()


def test_tokens_and_secrets_are_for_the_owner_alone(fresh):
    hub = fresh()
    for path in (hub.dir / "hub").rglob("*"):
        if path.is_file():
            assert path.stat().st_mode & 0o077 == 0, path


def test_what_was_handed_out_is_still_good_after_a_restart(fresh):
    hub = fresh()
    cas = Caller(hub).cas("alice/b")
    cas.xorb()
    cas.shard()
    fetch, = cas.reconstruction(ZEROS).json["fetch_info"][XORB_HASH]
    before = hub.url
    hub.kill9()
    hub.start()
    asked = {"Range": "bytes={start}-{end}".format(**fetch["url_range"])}
    assert cas("GET", fetch["url"].replace(before, hub.url), headers=asked, token=None).status == 206
    assert cas.reconstruction(ZEROS).status == 200


def test_a_deleted_bucket_leaves_nothing_to_a_new_one_of_its_name(call, bucket):
    call.add(bucket, *(f"f{i}" for i in range(3000)))
    assert call("DELETE", f"/api/buckets/{bucket}").status == 200
    assert call("GET", f"/api/buckets/{bucket}").status == 404
    assert call("POST", f"/api/buckets/{bucket}", {}).status == 200
    assert call.tree(bucket)[0] == [] and call("GET", f"/api/buckets/{bucket}").json["totalFiles"] == 0
