# SPDX-License-Identifier: Apache-2.0
"""What a bucket of S3 can be configured with and one of the Hub cannot: reads give the documented default or the
documented "there is none", so that Terraform and the SDKs go on; writes that would change something are refused."""
import botocore.exceptions
import pytest

from expect import is_error, nothing_changes
from wire import Wire

NONE = [("policy", "NoSuchBucketPolicy"), ("cors", "NoSuchCORSConfiguration"), ("tagging", "NoSuchTagSet"),
        ("lifecycle", "NoSuchLifecycleConfiguration"), ("website", "NoSuchWebsiteConfiguration"),
        ("replication", "ReplicationConfigurationNotFoundError"), ("object-lock", "ObjectLockConfigurationNotFoundError"),
        ("publicAccessBlock", "NoSuchPublicAccessBlockConfiguration")]
DEFAULTS = [("versioning", "VersioningConfiguration", None), ("accelerate", "AccelerateConfiguration", None),
            ("logging", "BucketLoggingStatus", None), ("notification", "NotificationConfiguration", None),
            ("requestPayment", "RequestPaymentConfiguration", "BucketOwner"),
            ("ownershipControls", "OwnershipControls", "BucketOwnerEnforced"),
            ("encryption", "ServerSideEncryptionConfiguration", "AES256"),
            ("policyStatus", "PolicyStatus", "false")]
DELETABLE = ["policy", "cors", "tagging", "lifecycle", "website", "replication", "encryption", "publicAccessBlock",
             "ownershipControls"]
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"


@pytest.mark.parametrize("query,code", NONE)
def test_what_was_never_configured_is_said_to_be_missing(wire, bucket, query, code):
    is_error(wire.get(f"/{bucket}", query), 404, code)


@pytest.mark.parametrize("query,root,text", DEFAULTS)
def test_defaults_are_answered(wire, bucket, query, root, text):
    answer = wire.get(f"/{bucket}", query)
    assert answer.status == 200 and answer.xml.tag == root, answer.body
    assert "".join(answer.xml.itertext()).strip() == (text or "")


@pytest.mark.parametrize("query", [name for name, *_ in NONE + DEFAULTS] + ["acl", "versions"])
def test_of_a_bucket_that_is_not_there_nothing_is_told(wire, query):
    is_error(wire.get("/no-such-bucket-here", query), 404, "NoSuchBucket")


@pytest.mark.parametrize("query", DELETABLE)
def test_deleting_what_is_not_there_succeeds_and_deletes_nothing(gw, wire, bucket, query):
    wire.put(f"/{bucket}/o", b"old")
    with nothing_changes(gw, bucket):
        answer = wire.delete(f"/{bucket}", query)
        assert answer.status == 204 and answer.body == b""
    is_error(wire.delete("/no-such-bucket-here", query), 404, "NoSuchBucket")


@pytest.mark.parametrize("query", ["acl", "versioning", "logging", "notification", "requestPayment", "accelerate", "object-lock",
                                   "policyStatus", "versions"])
def test_what_cannot_be_deleted_is_refused_and_nothing_changes(gw, wire, bucket, query):
    with nothing_changes(gw, bucket):
        is_error(wire.delete(f"/{bucket}", query), 501, "NotImplemented")


@pytest.mark.parametrize("query", [name for name, *_ in NONE])
def test_configuring_what_the_hub_does_not_have_is_refused(gw, wire, bucket, query):
    with nothing_changes(gw, bucket):
        answer = is_error(wire.put(f"/{bucket}", b"<X/>", query), 501, "NotImplemented")
        assert "implies functionality" not in answer.text("Message")


@pytest.mark.parametrize("query,document,status", [
    ("versioning", "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>", 200),
    ("versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>", 501),
    ("versioning", "<VersioningConfiguration/>", 400),
    ("versioning", "<VersioningConfiguration><Status>Suspended</Status><MfaDelete>Enabled</MfaDelete></VersioningConfiguration>", 501),
    ("versioning", "<Other/>", 400), ("versioning", "no xml", 400), ("versioning", "", 400),
    ("encryption", "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>"
     "</ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>", 200),
    ("encryption", "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm>"
     "</ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>", 501),
    ("encryption", "<ServerSideEncryptionConfiguration><Rule><BucketKeyEnabled>true</BucketKeyEnabled></Rule>"
     "</ServerSideEncryptionConfiguration>", 501),
    ("requestPayment", "<RequestPaymentConfiguration><Payer>BucketOwner</Payer></RequestPaymentConfiguration>", 200),
    ("requestPayment", "<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>", 501),
    ("accelerate", "<AccelerateConfiguration><Status>Suspended</Status></AccelerateConfiguration>", 200),
    ("accelerate", "<AccelerateConfiguration><Status>Enabled</Status></AccelerateConfiguration>", 501),
    ("logging", "<BucketLoggingStatus/>", 200),
    ("logging", "<BucketLoggingStatus><LoggingEnabled><TargetBucket>b</TargetBucket></LoggingEnabled></BucketLoggingStatus>", 501),
    ("notification", "<NotificationConfiguration/>", 200),
    ("notification", "<NotificationConfiguration><EventBridgeConfiguration/></NotificationConfiguration>", 501),
    ("ownershipControls", "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>", 200),
    ("ownershipControls", "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>", 501),
])
def test_writing_the_default_succeeds_and_anything_else_is_refused(gw, wire, bucket, query, document, status):
    with nothing_changes(gw, bucket):
        before = wire.get(f"/{bucket}", query).body
        answer = wire.put(f"/{bucket}", document.encode(), query)
        if status == 200:
            assert answer.status == 200, answer.body
        else:
            is_error(answer, status, {501: "NotImplemented", 400: "MalformedXML"}[status])
        assert wire.get(f"/{bucket}", query).body == before


def test_boto3_reads_every_configuration(s3, bucket):
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    assert s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"] == [
        {"ObjectOwnership": "BucketOwnerEnforced"}]
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"] == {"IsPublic": False}
    with pytest.raises(botocore.exceptions.ClientError, match="NoSuchPublicAccessBlockConfiguration"):
        s3.get_public_access_block(Bucket=bucket)
    s3.delete_bucket_policy(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})


# ---- access control lists ----

def grants(answer):
    return [(g["Grantee"].get("ID") or g["Grantee"]["URI"], g["Permission"]) for g in answer["Grants"]]


def test_a_private_bucket_is_its_owners_alone_and_a_public_one_everybodys_to_read(s3, bucket):
    s3.put_object(Bucket=bucket, Key="o", Body=b"x")
    owner = s3.get_bucket_acl(Bucket=bucket)["Owner"]["ID"]
    for answer in (s3.get_bucket_acl(Bucket=bucket), s3.get_object_acl(Bucket=bucket, Key="o")):
        assert grants(answer) == [(owner, "FULL_CONTROL")]
    s3.create_bucket(Bucket=bucket + "-pub", ACL="public-read")
    s3.put_object(Bucket=bucket + "-pub", Key="o", Body=b"x")
    for answer in (s3.get_bucket_acl(Bucket=bucket + "-pub"), s3.get_object_acl(Bucket=bucket + "-pub", Key="o")):
        assert grants(answer) == [(owner, "FULL_CONTROL"), (ALL_USERS, "READ")]
    assert s3.get_bucket_policy_status(Bucket=bucket + "-pub")["PolicyStatus"] == {"IsPublic": True}


def test_the_canned_acls_change_a_buckets_visibility(s3, bucket):
    s3.put_bucket_acl(Bucket=bucket, ACL="private")
    assert len(s3.get_bucket_acl(Bucket=bucket)["Grants"]) == 1
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    public = s3.get_bucket_acl(Bucket=bucket)
    assert len(public["Grants"]) == 2
    s3.put_bucket_acl(Bucket=bucket, ACL="private")
    assert len(s3.get_bucket_acl(Bucket=bucket)["Grants"]) == 1
    s3.put_bucket_acl(Bucket=bucket, AccessControlPolicy={"Grants": public["Grants"], "Owner": public["Owner"]})
    assert len(s3.get_bucket_acl(Bucket=bucket)["Grants"]) == 2


def test_an_objects_acl_can_only_say_what_is_so(gw, wire, bucket):
    wire.put(f"/{bucket}/o", b"old")
    with nothing_changes(gw, bucket):
        for acl, status in [("private", 200), ("bucket-owner-full-control", 200), ("public-read", 501), ("aws-exec-read", 501)]:
            answer = wire.put(f"/{bucket}/o", query="acl", headers={"x-amz-acl": acl})
            assert answer.status == status, (acl, answer.body)
        is_error(wire.put(f"/{bucket}/o", query="acl", headers={"x-amz-acl": "nonsense"}), 400, "InvalidArgument")
        is_error(wire.put(f"/{bucket}/o", query="acl", headers={"x-amz-grant-read": "id=1"}), 501, "NotImplemented")
        is_error(wire.put(f"/{bucket}/o", b"<AccessControlPolicy/>", "acl"), 400, "MalformedXML")
    is_error(wire.put(f"/{bucket}/none", query="acl", headers={"x-amz-acl": "private"}), 404, "NoSuchKey")
    is_error(wire.get(f"/{bucket}/none", "acl"), 404, "NoSuchKey")


@pytest.mark.parametrize("acl,status", [("public-read-write", 501), ("authenticated-read", 501), ("log-delivery-write", 501),
                                        ("nonsense", 400)])
def test_acls_the_hub_does_not_have_are_refused(gw, wire, bucket, acl, status):
    with nothing_changes(gw, bucket):
        assert wire.put(f"/{bucket}", query="acl", headers={"x-amz-acl": acl}).status == status
    assert wire.get(f"/{bucket}", "policyStatus").text("IsPublic") == "false"


def test_grants_to_somebody_are_refused(wire, bucket):
    document = ('<AccessControlPolicy><AccessControlList><Grant><Grantee><ID>%s</ID></Grantee><Permission>%s</Permission></Grant>'
                '</AccessControlList></AccessControlPolicy>')
    for who, what in [("somebody", "FULL_CONTROL"), ("alice", "READ")]:
        is_error(wire.put(f"/{bucket}", (document % (who, what)).encode(), "acl"), 501, "NotImplemented")


@pytest.mark.parametrize("query", ["retention", "legal-hold"])
def test_object_lock_was_never_configured(gw, wire, bucket, query):
    wire.put(f"/{bucket}/o", b"old")
    with nothing_changes(gw, bucket):
        is_error(wire.get(f"/{bucket}/o", query), 400, "InvalidRequest")
        is_error(wire.put(f"/{bucket}/o", b"<X/>", query), 400, "InvalidRequest")


def test_the_expected_owner_is_the_buckets_namespace(gw, wire, bucket):
    wire.put(f"/{bucket}/o", b"old")
    owner = wire.get(f"/{bucket}", "acl").text("Owner/ID")
    right, wrong = {"x-amz-expected-bucket-owner": owner}, {"x-amz-expected-bucket-owner": "111122223333"}
    assert wire.get(f"/{bucket}/o", headers=right).body == b"old"
    with nothing_changes(gw, bucket):
        is_error(wire.get(f"/{bucket}/o", headers=wrong), 403, "AccessDenied")
        is_error(wire.put(f"/{bucket}/o", b"new", headers=wrong), 403, "AccessDenied")
        is_error(wire.delete(f"/{bucket}/o", headers=wrong), 403, "AccessDenied")
        is_error(wire.delete(f"/{bucket}", headers=wrong), 403, "AccessDenied")
        is_error(wire.get(f"/{bucket}", "list-type=2", headers=wrong), 403, "AccessDenied")
        is_error(wire.get(f"/{bucket}", "versioning", headers=wrong), 403, "AccessDenied")
        is_error(wire.put(f"/{bucket}/p", headers={"x-amz-copy-source": f"/{bucket}/o",
                                                   "x-amz-source-expected-bucket-owner": "x"}), 403, "AccessDenied")


def test_an_acl_given_with_an_object_can_only_say_what_is_so(gw, wire, bucket):
    assert wire.put(f"/{bucket}-pub", headers={"x-amz-acl": "public-read"}).status == 200
    for name, right, wrong in [(bucket, "private", "public-read"), (bucket + "-pub", "public-read", "private")]:
        assert wire.put(f"/{name}/o", b"x", headers={"x-amz-acl": right}).status == 200
        with nothing_changes(gw, name):
            is_error(wire.put(f"/{name}/o", b"y", headers={"x-amz-acl": wrong}), 501, "NotImplemented")


def test_encryption_asked_for_is_confirmed(wire, bucket):
    answer = wire.put(f"/{bucket}/o", b"x", headers={"x-amz-server-side-encryption": "AES256"})
    assert answer.status == 200 and answer.headers["x-amz-server-side-encryption"] == "AES256"
    is_error(wire.put(f"/{bucket}/o", b"x", headers={"x-amz-server-side-encryption": "aws:kms"}), 501, "NotImplemented")


def test_who_is_nobody_learns_and_changes_nothing(own_gateway, bucket_name):
    gateway = own_gateway("--anonymous", "on")
    wire = Wire(gateway)
    assert wire.put(f"/{bucket_name}", headers={"x-amz-acl": "public-read"}).status == 200
    assert wire.put(f"/{bucket_name}/o", b"x", headers={"x-amz-acl": "public-read"}).status == 200

    def nobody(method, target, headers=""):
        head = f"{method} {target} HTTP/1.1\r\nhost: {wire.host}\r\ncontent-length: 0\r\n{headers}\r\n"
        return wire.exchange(method, head.encode())

    assert nobody("GET", f"/{bucket_name}/o").body == b"x"
    for method, target, headers in [("PUT", f"/{bucket_name}?acl", "x-amz-acl: private\r\n"), ("GET", f"/{bucket_name}?acl", ""),
                                    ("PUT", f"/{bucket_name}/p?renameObject", "x-amz-rename-source: o\r\n"),
                                    ("DELETE", f"/{bucket_name}/o?tagging", ""), ("GET", f"/{bucket_name}?versions", "")]:
        is_error(nobody(method, target, headers), 403, "AccessDenied")
    assert wire.put(f"/{bucket_name}", query="acl", headers={"x-amz-acl": "private"}).status == 200
    is_error(nobody("GET", f"/{bucket_name}/o"), 403, "AccessDenied")  # at once, though visibility is remembered
