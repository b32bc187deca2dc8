"""A bucket: its calls, its REST endpoint, and which door opens for whom."""

import json
from datetime import UTC, datetime

import pytest
from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import get_session
from hypothesis import given
from hypothesis import strategies as st

from cdnlab.bucket import Bucket
from cdnlab.bucketpolicy import OAI_ARN
from cdnlab.bucketsettings import DEFAULT_REGIONS, FIRST_REGIONS
from cdnlab.clock import SimulatedClock
from cdnlab.errors import AccessDenied, APIError, InputError, OriginError, UnknownName
from cdnlab.messages import Request
from cdnlab.oai import ANONYMOUS, OWNER, Deciding, Identity

START = 1_767_225_600.0
CANONICAL = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
OAI = Identity.oai("EH1HDMB1FH2TC", CANONICAL)
OAC = Identity.oac("arn:aws:cloudfront::111122223333:distribution/E1")
OTHER_OAC = Identity.oac("arn:aws:cloudfront::111122223333:distribution/E2")
PUBLIC = {"Sid": "Public", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/*"}
OAI_READ = {**PUBLIC, "Sid": "OAI", "Principal": {"AWS": OAI.arn}}
OAI_LIST = {**OAI_READ, "Sid": "List", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::photos"}
SOURCE = {"StringEquals": {"AWS:SourceArn": OAC.source_arn}}
OAC_READ = {**PUBLIC, "Sid": "OAC", "Principal": {"Service": "cloudfront.amazonaws.com"}, "Condition": SOURCE}


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def bucket(*statements, region="eu-north-1", block=True, **options):
    made = Bucket("photos", region, SimulatedClock(), **options)
    made.put_object(Key="cat.jpg", Body=b"meow" * 25, ContentType="image/jpeg", CacheControl="max-age=60", Metadata={"Taken": "2025"})
    if not block:
        made.delete_public_access_block()
    if statements:
        made.put_bucket_policy(Policy=policy(*statements))
    return made


def ask(made, path="/cat.jpg", method="GET", identity=ANONYMOUS, headers=(), body=b"", host=None, scheme="https", at=START, **options):
    request = Request(method, f"{scheme}://{host or made.endpoint}{path}", headers, body)
    return made.answer(request, at, identity, **options)


def status(made, path="/cat.jpg", **options):
    return ask(made, path, **options).response.status


def code_of(response):
    return response.body.split(b"<Code>")[1].split(b"<")[0].decode()


# --- who gets in


@pytest.mark.rule("S3-09", "S3-10", "S3-11", "OAI-01", "OAI-03", "OAI-09", "IAM-01")
@pytest.mark.parametrize(
    ("statements", "identity", "existing", "missing"),
    [
        ((), ANONYMOUS, 403, 403),
        ((OAI_READ,), ANONYMOUS, 403, 403),
        ((OAI_READ,), OAI, 200, 403),
        ((OAI_READ, OAI_LIST), OAI, 200, 404),
        ((OAI_LIST,), OAI, 403, 403),
        ((OAI_READ,), OAC, 403, 403),
        ((OAC_READ,), OAC, 200, 403),
        ((OAC_READ,), OTHER_OAC, 403, 403),
        ((OAC_READ, OAI_READ), OAI, 200, 403),
        ((OAC_READ, OAI_READ), OAC, 200, 403),
        ((PUBLIC,), ANONYMOUS, 200, 403),
        ((PUBLIC, OAI_READ), ANONYMOUS, 200, 403),
        ((PUBLIC, {**OAI_LIST, "Principal": "*"}), ANONYMOUS, 200, 404),
        ((PUBLIC, {**PUBLIC, "Effect": "Deny", "Principal": {"AWS": OAI.arn}}), OAI, 403, 403),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_table_of_what_s3_answers_to_whom(statements, identity, existing, missing, method):
    made = bucket(*statements, block=False)
    assert status(made, identity=identity, method=method) == existing
    assert status(made, "/dog.jpg", identity=identity, method=method) == missing


@pytest.mark.rule("S3-11", "S3-10")
def test_the_decision_tells_what_the_403_does_not():
    hidden = ask(bucket(OAI_READ), "/dog.jpg", identity=OAI)
    assert b"Access Denied" in hidden.response.body
    assert b"dog" not in hidden.response.body
    assert hidden.decision.rule == "S3-11"
    assert "there is no 'dog.jpg'" in hidden.decision.why
    told = ask(bucket(OAI_READ, OAI_LIST), "/dog.jpg", identity=OAI)
    assert (told.decision.rule, told.decision.statement) == ("S3-10", Deciding(1, "List"))
    assert code_of(told.response) == "NoSuchKey"
    allowed = ask(bucket(OAI_READ), identity=OAI)
    assert (allowed.decision.rule, allowed.decision.statement) == ("IAM-02", Deciding(0, "OAI"))


@pytest.mark.rule("S3-07")
def test_a_public_policy_is_refused_until_the_block_is_lifted():
    made = bucket()
    with pytest.raises(AccessDenied, match=r"BlockPublicPolicy.*statement 0 'Public'.*bucket\.delete_public_access_block\(\)") as caught:
        made.put_bucket_policy(Policy=policy(PUBLIC))
    assert (caught.value.code, caught.value.status) == ("AccessDenied", 403)
    with pytest.raises(APIError, match="NoSuchBucketPolicy"):
        made.get_bucket_policy()
    made.put_bucket_policy(Policy=policy(OAI_READ, OAC_READ))
    assert made.get_bucket_policy_status()["PolicyStatus"] == {"IsPublic": False}
    made.delete_public_access_block()
    made.put_bucket_policy(Policy=policy(PUBLIC))
    assert made.get_bucket_policy_status()["PolicyStatus"] == {"IsPublic": True}
    assert status(made) == 200


@pytest.mark.rule("S3-07", "S3-28")
def test_the_four_settings_of_block_public_access():
    made = bucket()
    on = dict.fromkeys(["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"], True)
    assert made.get_public_access_block()["PublicAccessBlockConfiguration"] == on
    made.put_public_access_block(PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    assert made.get_public_access_block()["PublicAccessBlockConfiguration"]["BlockPublicPolicy"] is False
    made.put_bucket_policy(Policy=policy(PUBLIC))
    made.delete_public_access_block()
    with pytest.raises(APIError, match="NoSuchPublicAccessBlockConfiguration"):
        made.get_public_access_block()
    for wrong in ({"BlockPublicPolicies": True}, {"BlockPublicPolicy": "yes"}, []):
        with pytest.raises(APIError, match="InvalidArgument"):
            made.put_public_access_block(PublicAccessBlockConfiguration=wrong)


@pytest.mark.rule("S3-08")
def test_restricting_public_buckets_leaves_only_services_and_the_owner():
    made = bucket(PUBLIC, OAI_READ, OAC_READ, block=False)
    made.put_public_access_block(PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
    who = [
        ANONYMOUS,
        OAI,
        OAC,
        OWNER,
        Identity.user("arn:aws:iam::111122223333:user/ann"),
        Identity.user("arn:aws:iam::444455556666:user/bob"),
    ]
    assert [status(made, identity=each) for each in who] == [403, 403, 200, 200, 200, 403]
    assert ask(made).decision.rule == "S3-08"
    made.put_bucket_policy(Policy=policy(OAI_READ))
    assert status(made, identity=OAI) == 200


@pytest.mark.rule("OAI-07")
def test_an_origin_access_identity_does_not_work_in_a_region_opened_later():
    for region, answer in (("eu-north-1", 200), ("ap-northeast-3", 200), ("me-central-1", 403), ("ap-southeast-4", 403)):
        made = bucket(OAI_READ, OAC_READ, region=region)
        assert status(made, identity=OAI) == answer
        assert status(made, identity=OAC) == 200
    assert ask(made, identity=OAI).decision.rule == "OAI-07"


@pytest.mark.rule("OAI-02", "OAI-06")
def test_identities_known_to_cloudfront_are_checked_and_read_back_as_arns():
    made = bucket()
    made.put_bucket_policy(Policy=policy({**OAI_READ, "Principal": {"CanonicalUser": CANONICAL}}))
    made.oais = {"EH1HDMB1FH2TC": CANONICAL}
    assert json.loads(made.get_bucket_policy()["Policy"])["Statement"][0]["Principal"] == {"AWS": OAI.arn}
    assert status(made, identity=OAI) == 200
    with pytest.raises(APIError, match="Invalid principal in policy"):
        made.put_bucket_policy(Policy=policy({**OAI_READ, "Principal": {"AWS": OAI_ARN + "EGONE"}}))


@pytest.mark.rule("IAM-08")
def test_the_policy_sees_the_request():
    made = bucket({**PUBLIC, "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}})
    assert status(made, source_ip="203.0.113.7") == 200
    assert status(made, source_ip="198.51.100.1") == status(made) == 403
    with pytest.raises(InputError, match="no IP address"):
        ask(made, source_ip="here")
    made = bucket(PUBLIC, {**PUBLIC, "Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}, block=False)
    assert (status(made), status(made, scheme="http")) == (200, 403)
    made = bucket({**PUBLIC, "Condition": {"StringLike": {"aws:Referer": "https://example.com/*"}}}, block=False)
    assert (status(made, headers={"Referer": "https://example.com/x"}), status(made)) == (200, 403)
    made = bucket({**PUBLIC, "Condition": {"DateLessThan": {"aws:CurrentTime": "2026-01-02"}}}, block=False)
    assert (status(made), status(made, at=START + 86_400)) == (200, 403)
    listing = {
        **PUBLIC,
        "Action": "s3:ListBucket",
        "Resource": "arn:aws:s3:::photos",
        "Condition": {"StringEquals": {"s3:prefix": "open/"}},
    }
    made = bucket(listing, block=False)
    assert (status(made, "/?prefix=open/"), status(made, "/?prefix=secret/"), status(made, "/")) == (200, 403, 403)
    listing["Condition"] = {"NumericLessThanEquals": {"s3:max-keys": 10}}
    made = bucket(listing, block=False)
    assert (status(made, "/?max-keys=10"), status(made, "/")) == (200, 403)


# --- the REST endpoint


@pytest.mark.rule("S3-13", "S3-29")
def test_an_object_is_answered_with_what_it_was_put_with():
    made = bucket(OAI_READ)
    response = ask(made, identity=OAI).response
    assert response.body == b"meow" * 25
    expected = {
        "Content-Type": "image/jpeg",
        "Cache-Control": "max-age=60",
        "x-amz-meta-taken": "2025",
        "ETag": made.head_object(Key="cat.jpg")["ETag"],
        "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT",
        "Date": "Thu, 01 Jan 2026 00:00:00 GMT",
        "Accept-Ranges": "bytes",
        "Content-Length": "100",
        "Server": "AmazonS3",
        "x-amz-server-side-encryption": "AES256",
    }
    assert {name: response.headers.get(name) for name in expected} == expected
    assert len(response.headers["x-amz-request-id"]) == 16
    assert "x-amz-version-id" not in response.headers
    head = ask(made, identity=OAI, method="HEAD").response
    assert head.body == b""
    assert head.headers["Content-Length"] == "100"
    made.put_object(Key="plain", Body="text")
    assert ask(made, "/plain", identity=OAI).response.headers["Content-Type"] == "binary/octet-stream"


@pytest.mark.rule("S3-29")
def test_the_same_requests_get_the_same_answers_in_two_buckets():
    first, second = bucket(PUBLIC, block=False), bucket(PUBLIC, block=False)
    assert [ask(first).response, ask(first, "/no").response] == [ask(second).response, ask(second, "/no").response]
    assert ask(first).response.headers["x-amz-request-id"] != ask(first).response.headers["x-amz-request-id"]
    assert ask(bucket(PUBLIC, block=False, seed=1)).response.headers["x-amz-id-2"] != ask(second).response.headers["x-amz-id-2"]


@pytest.mark.rule("S3-29")
def test_last_modified_is_the_whole_second_of_the_buckets_clock():
    clock = SimulatedClock("2026-03-01T12:00:00Z")
    made = Bucket("photos", "eu-north-1", clock)
    clock.advance(1.9)
    made.put_object(Key="a", Body=b"")
    assert made.head_object(Key="a")["LastModified"] == datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC)
    alone = Bucket("photos", "eu-north-1")
    alone.put_object(Key="a", Body=b"")
    assert alone.head_object(Key="a")["LastModified"] == datetime(2026, 1, 1, tzinfo=UTC)


TAG = '"b2fcc7a7bd0a3a1a1ba0ff0c0d7d2c1f"'
NOW, BEFORE = "Thu, 01 Jan 2026 00:00:00 GMT", "Wed, 31 Dec 2025 23:59:59 GMT"


@pytest.mark.rule("S3-14")
@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"If-None-Match": "{etag}"}, 304),
        ({"If-None-Match": "W/{etag}"}, 304),
        ({"If-None-Match": "{bare}"}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": f"{TAG}, {{etag}}"}, 304),
        ({"If-None-Match": TAG}, 200),
        ({"If-Modified-Since": NOW}, 304),
        ({"If-Modified-Since": BEFORE}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-Match": "{etag}"}, 200),
        ({"If-Match": "{bare}"}, 200),
        ({"If-Match": "*"}, 200),
        ({"If-Match": TAG}, 412),
        ({"If-Match": "W/{etag}"}, 412),
        ({"If-Unmodified-Since": NOW}, 200),
        ({"If-Unmodified-Since": BEFORE}, 412),
        ({"If-Match": "{etag}", "If-Unmodified-Since": BEFORE}, 200),
        ({"If-None-Match": "{etag}", "If-Modified-Since": BEFORE}, 304),
        ({"If-None-Match": TAG, "If-Modified-Since": NOW}, 200),
        ({"If-Match": TAG, "If-None-Match": "{etag}"}, 412),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_conditions_and_which_of_two_counts(headers, expected, method):
    made = bucket(PUBLIC, block=False)
    etag = made.head_object(Key="cat.jpg")["ETag"]
    filled = {name: value.replace("{etag}", etag).replace("{bare}", etag.strip('"')) for name, value in headers.items()}
    response = ask(made, headers=filled, method=method).response
    assert response.status == expected
    if expected == 304:
        assert response.body == b""
        assert response.headers["ETag"] == etag
        assert response.headers["Cache-Control"] == "max-age=60"
        assert not {"Content-Type", "Content-Length"} & set(response.headers)
    if expected == 412:
        assert response.body == b"" if method == "HEAD" else code_of(response) == "PreconditionFailed"


@pytest.mark.rule("S3-15")
@pytest.mark.parametrize(
    ("asked", "expected", "span"),
    [
        ("bytes=0-3", 206, (0, 3)),
        ("bytes=96-", 206, (96, 99)),
        ("bytes=90-1000", 206, (90, 99)),
        ("bytes=-4", 206, (96, 99)),
        ("bytes=-1000", 206, (0, 99)),
        ("bytes=100-", 416, None),
        ("bytes=-0", 416, None),
        ("bytes=0-1,2-3", 200, None),
        ("bytes=9-3", 200, None),
        ("bytes=a-b", 200, None),
        ("lines=0-3", 200, None),
    ],
)
def test_one_range_is_served_and_several_give_the_whole(asked, expected, span):
    made = bucket(PUBLIC, block=False)
    response = ask(made, headers={"Range": asked}).response
    assert response.status == expected
    if span:
        assert response.headers["Content-Range"] == f"bytes {span[0]}-{span[1]}/100"
        assert response.body == (b"meow" * 25)[span[0] : span[1] + 1]
        head = ask(made, headers={"Range": asked}, method="HEAD").response
        assert (head.status, head.headers["Content-Length"]) == (206, str(span[1] - span[0] + 1))
    elif expected == 416:
        assert code_of(response) == "InvalidRange"
        assert b"<ActualObjectSize>100</ActualObjectSize>" in response.body
        assert response.headers["Content-Range"] == "bytes */100"
    else:
        assert response.body == b"meow" * 25


@pytest.mark.rule("S3-15")
def test_if_range_decides_whether_a_range_counts_and_an_empty_object_has_none():
    made = bucket(PUBLIC, block=False)
    etag = made.head_object(Key="cat.jpg")["ETag"]
    assert status(made, headers={"Range": "bytes=0-3", "If-Range": etag}) == 206
    assert status(made, headers={"Range": "bytes=0-3", "If-Range": TAG}) == 200
    made.put_object(Key="empty", Body=b"")
    assert status(made, "/empty", headers={"Range": "bytes=0-"}) == status(made, "/empty", headers={"Range": "bytes=-5"}) == 416


@pytest.mark.rule("S3-16")
@pytest.mark.parametrize("path", ["/dog.jpg", "/"])
def test_errors_are_xml_and_a_head_has_no_body(path):
    made = bucket()
    response = ask(made, path).response
    assert response.headers["Content-Type"] == "application/xml"
    assert response.body.startswith(
        b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message><RequestId>'
    )
    assert response.headers["Content-Length"] == str(len(response.body))
    head = ask(made, path, method="HEAD").response
    assert (head.status, head.body) == (403, b"")
    assert "Content-Length" not in head.headers


@pytest.mark.rule("S3-17")
@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/a%20b", "a b"),
        ("/a+b", "a b"),
        ("/a%2Bb", "a+b"),
        ("//a", "/a"),
        ("/a/../b", "a/../b"),
        ("/%C3%B6", "ö"),
        ("/a%2Fb", "a/b"),
        ("/%00", "\0"),
    ],
)
def test_the_key_is_the_decoded_path(path, key):
    made = bucket(PUBLIC, block=False)
    made.put_object(Key=key, Body=b"found")
    assert ask(made, path).response.body == b"found"
    assert made.get_object(Key=key)["Body"].read() == b"found"


@pytest.mark.rule("S3-17")
@pytest.mark.parametrize(("path", "code"), [("/%ff", "InvalidURI"), ("/%zz", "InvalidURI"), ("/" + "x" * 1025, "KeyTooLongError")])
def test_a_path_that_is_no_key_is_refused(path, code):
    response = ask(bucket(), path).response
    assert (response.status, code_of(response)) == (400, code)


@pytest.mark.rule("S3-12", "S3-27")
def test_the_root_is_a_listing_for_those_who_may_list():
    made = bucket(OAI_READ, OAI_LIST)
    made.put_object(Key="a/b&<c>", Body=b"")
    assert status(made, "/") == 403
    response = ask(made, "/?list-type=2&prefix=a/", identity=OAI).response
    assert response.status == 200
    assert b"<Key>a/b&amp;&lt;c&gt;</Key>" in response.body
    assert b"<KeyCount>1</KeyCount>" in response.body
    assert ask(made, "/", method="HEAD", identity=OAI).response.headers["x-amz-bucket-region"] == "eu-north-1"
    assert status(made, "/", method="HEAD") == 403
    for wrong in ("max-keys=x", "max-keys=-1", "list-type=3", "encoding-type=gzip", "list-type=2&continuation-token=x"):
        refused = ask(made, f"/?{wrong}", identity=OAI).response
        assert (refused.status, code_of(refused)) == (400, "InvalidArgument")
    assert status(made, "/?max-keys=0", identity=OAI) == 200


@pytest.mark.rule("S3-18")
@pytest.mark.parametrize(("method", "path"), [("POST", "/cat.jpg"), ("POST", "/"), ("PATCH", "/cat.jpg"), ("FROB", "/cat.jpg")])
def test_other_methods_are_not_allowed(method, path):
    response = ask(bucket(PUBLIC, block=False), path, method=method).response
    assert (response.status, code_of(response)) == (405, "MethodNotAllowed")
    assert "GET" in response.headers["Allow"]


@pytest.mark.rule("S3-19", "OAI-08", "OAI-03")
def test_whoever_may_put_and_delete_puts_and_deletes():
    write = {**OAC_READ, "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]}
    made = bucket(write, {**write, "Principal": {"AWS": OAI.arn}, "Condition": {}})
    headers = {"Content-Type": "text/plain", "Cache-Control": "no-cache", "x-amz-meta-by": "cdn"}
    assert status(made, "/new", method="PUT", body=b"new") == 403
    put = ask(made, "/new", method="PUT", body=b"new", identity=OAC, headers=headers, at=START + 5).response
    assert (put.status, put.body) == (200, b"")
    got = made.get_object(Key="new")
    assert (got["Body"].read(), got["ContentType"], got["Metadata"], got["ETag"]) == (
        b"new",
        "text/plain",
        {"by": "cdn"},
        put.headers["ETag"],
    )
    assert got["LastModified"].timestamp() == START + 5
    bare = ask(made, "/new", method="PUT", body=b"oai", identity=OAI)
    assert (bare.response.status, bare.decision.rule) == (400, "OAI-08")
    assert status(made, "/new", method="PUT", body=b"oai", identity=OAI, headers={"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}) == 200
    assert status(made, "/new", method="DELETE") == 403
    assert [status(made, "/new", method="DELETE", identity=OAC) for _ in range(2)] == [204, 204]
    assert status(made, "/new", identity=OWNER) == 404
    assert [status(made, "/", method=method) for method in ("PUT", "DELETE")] == [403, 403]


@pytest.mark.rule("S3-19", "S3-31", "S3-32")
@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Content-MD5": "C3vsmcbQfM7yHnN4TX73Mg=="}, "BadDigest"),
        ({"x-amz-acl": "public-read"}, "AccessControlListNotSupported"),
        ({"x-amz-acl": "bucket-owner-full-control"}, None),
        ({"x-amz-storage-class": "GLACIER"}, "InvalidStorageClass"),
        ({"x-amz-website-redirect-location": "page2"}, "InvalidRedirectLocation"),
        ({"x-amz-server-side-encryption": "aws:kms"}, None),
        ({"x-amz-server-side-encryption": "aws:kms:dsse"}, "NotImplemented"),
        ({"x-amz-server-side-encryption": "rot13"}, "InvalidArgument"),
        ({"x-amz-server-side-encryption-aws-kms-key-id": "k"}, "InvalidArgument"),
        ({"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": "k"}, "KMS.NotFoundException"),
        ({"x-amz-copy-source": "/photos/a"}, "NotImplemented"),
        ({"x-amz-server-side-encryption-context": "e30="}, "NotImplemented"),
        ({"x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}, "IncompleteBody"),
        ({"If-None-Match": "*"}, "PreconditionFailed"),
        ({"If-None-Match": '"x"'}, "NotImplemented"),
        ({"If-Match": '"x"'}, "PreconditionFailed"),
    ],
)
def test_a_put_that_s3_would_refuse_is_refused(headers, expected):
    made = bucket()
    response = ask(made, method="PUT", identity=OWNER, headers=headers).response
    assert (code_of(response) if response.status != 200 else None) == expected
    assert (made.get_object(Key="cat.jpg")["ContentLength"] == 0) is (expected is None)


@pytest.mark.rule("S3-19")
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"4;chunk-signature=ab\r\nmeow\r\n2\r\n!!\r\n0\r\nx-amz-checksum-crc32:AA==\r\n\r\n", b"meow!!"),
        (b"0\r\n\r\n", b""),
        (b"4\r\nmeow", None),
        (b"9\r\nmeow\r\n0\r\n\r\n", None),
        (b"zz\r\n", None),
    ],
)
def test_a_body_in_signed_chunks_is_put_together(body, expected):
    made = bucket()
    headers = {"x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "Content-Encoding": "aws-chunked, gzip"}
    response = ask(made, "/new", method="PUT", identity=OWNER, headers=headers, body=body).response
    if expected is None:
        assert (response.status, code_of(response)) == (400, "IncompleteBody")
    else:
        got = made.get_object(Key="new")
        assert (got["Body"].read(), got["ContentEncoding"]) == (expected, "gzip")


@pytest.mark.rule("S3-31")
def test_conditional_puts_through_boto3s_call():
    made = bucket()
    with pytest.raises(APIError, match="PreconditionFailed"):
        made.put_object(Key="cat.jpg", Body=b"", IfNoneMatch="*")
    with pytest.raises(APIError, match="NoSuchKey"):
        made.put_object(Key="dog.jpg", Body=b"", IfMatch=TAG)
    assert made.put_object(Key="dog.jpg", Body=b"1", IfNoneMatch="*")["ETag"]
    assert made.put_object(Key="cat.jpg", Body=b"2", IfMatch=made.head_object(Key="cat.jpg")["ETag"])["ETag"]


@pytest.mark.rule("S3-32")
@pytest.mark.parametrize(
    ("method", "path", "headers", "decided"),
    [
        ("GET", "/cat.jpg?acl", {}, 501),
        ("GET", "/?policy", {}, 501),
        ("GET", "/?versions", {}, 501),
        ("PUT", "/", {}, 501),
        ("POST", "/", {"Content-Type": "multipart/form-data; boundary=x"}, 501),
        ("GET", "/?location", {}, 200),
        ("GET", "/cat.jpg?location=lisbon&utm_source=x", {}, 200),
    ],
)
def test_what_is_not_modelled_says_so_to_those_who_may_and_403_to_the_rest(method, path, headers, decided):
    made = bucket(OAI_READ)
    assert status(made, path, method=method, headers=headers, identity=OWNER) == decided
    assert status(made, path, method=method, headers=headers) == 403


@pytest.mark.rule("S3-20")
def test_a_foreign_host_header_means_another_bucket():
    made = bucket(PUBLIC, OAI_READ, block=False)
    headers = {"Host": "d111.cloudfront.net"}
    anonymous, signed = (ask(made, headers=headers, identity=each).response for each in (ANONYMOUS, OAI))
    assert (anonymous.status, code_of(anonymous)) == (404, "NoSuchBucket")
    assert b"<BucketName>d111.cloudfront.net</BucketName>" in anonymous.body
    assert (signed.status, code_of(signed)) == (403, "SignatureDoesNotMatch")
    assert status(made, headers={"Host": f"{made.endpoint}:443"}) == 200


@pytest.mark.rule("S3-21")
@pytest.mark.parametrize(
    ("region", "hosts"),
    [
        ("eu-north-1", ["photos.s3.eu-north-1.amazonaws.com", "photos.s3.amazonaws.com", "photos.s3-eu-north-1.amazonaws.com"]),
        ("us-east-1", ["photos.s3.us-east-1.amazonaws.com", "photos.s3.amazonaws.com", "photos.s3.dualstack.us-east-1.amazonaws.com"]),
        ("me-central-1", ["photos.s3.me-central-1.amazonaws.com"]),
        ("cn-north-1", ["photos.s3.cn-north-1.amazonaws.com.cn"]),
        ("eusc-de-east-1", ["photos.s3.eusc-de-east-1.amazonaws.eu"]),
    ],
)
def test_the_names_that_a_bucket_answers_to(region, hosts):
    made = Bucket("photos", region)
    made.delete_public_access_block()
    made.put_bucket_policy(Policy=policy(PUBLIC).replace("arn:aws:", f"arn:{made.partition}:"))
    made.put_object(Key="cat.jpg", Body=b"meow")
    assert made.endpoint == hosts[0]
    assert set(hosts) <= set(made.hosts)
    assert [status(made, host=host) for host in hosts] == [200] * len(hosts)
    assert (made.place.code, made.place.region, made.place.kind) == ("photos", region, "origin")


@pytest.mark.rule("S3-21")
def test_the_global_name_is_a_400_in_a_region_opened_later():
    response = ask(bucket(PUBLIC, region="me-central-1", block=False), host="photos.s3.amazonaws.com").response
    assert (response.status, code_of(response)) == (400, "IllegalLocationConstraintException")


@pytest.mark.rule("S3-22")
def test_the_global_name_of_a_fresh_bucket_redirects_for_a_day():
    made = bucket(PUBLIC, block=False, created=START)
    fresh = ask(made, "/cat.jpg?x=1", host="photos.s3.amazonaws.com").response
    assert (fresh.status, fresh.headers["Location"]) == (307, "https://photos.s3.eu-north-1.amazonaws.com/cat.jpg?x=1")
    assert code_of(fresh) == "TemporaryRedirect"
    assert status(made) == 200
    assert status(made, host="photos.s3.amazonaws.com", at=START + 86_400) == 200
    assert status(bucket(PUBLIC, region="us-east-1", block=False, created=START), host="photos.s3.amazonaws.com") == 200


@pytest.mark.rule("S3-23")
@pytest.mark.parametrize(
    ("sent", "expected", "code"), [("Bearer x", 400, "InvalidArgument"), ("AWS4-HMAC-SHA256 Credential=AKIA", 403, "InvalidAccessKeyId")]
)
def test_a_viewers_authorization_header_disturbs_s3(sent, expected, code):
    made = bucket(PUBLIC, OAC_READ, block=False)
    response = ask(made, headers={"Authorization": sent}).response
    assert (response.status, code_of(response)) == (expected, code)
    assert status(made, headers={"Authorization": sent}, identity=OAC) == 200


@pytest.mark.rule("S3-70")
def test_a_presigned_url_and_cloudfronts_signature_are_one_too_many():
    made = bucket(PUBLIC, OAC_READ, block=False)
    for query in ("?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0", "?AWSAccessKeyId=AKIA&Signature=0&Expires=0"):
        both = ask(made, f"/cat.jpg{query}", identity=OAC).response
        assert (both.status, code_of(both), b"Only one auth mechanism allowed" in both.body) == (400, "InvalidArgument", True)
        alone = ask(made, f"/cat.jpg{query}").response
        assert (alone.status, code_of(alone)) == (403, "InvalidAccessKeyId")


@pytest.mark.rule("S3-25")
def test_overrides_need_a_signature():
    made = bucket(PUBLIC, OAI_READ, block=False)
    path = "/cat.jpg?response-content-type=text/plain&response-cache-control=no-cache"
    assert status(made, path) == 400
    headers = ask(made, path, identity=OAI).response.headers
    assert (headers.getall("Content-Type"), headers["Cache-Control"]) == (["text/plain"], "no-cache")


@pytest.mark.rule("S3-26")
def test_versions_through_both_doors():
    made = bucket({**PUBLIC, "Action": ["s3:GetObject", "s3:GetObjectVersion"]}, {**OAI_LIST, "Principal": "*"}, block=False)
    made.put_bucket_versioning(VersioningConfiguration={"Status": "Enabled"})
    second = made.put_object(Key="cat.jpg", Body=b"two")["VersionId"]
    third = made.put_object(Key="cat.jpg", Body=b"three")["VersionId"]
    assert ask(made).response.headers["x-amz-version-id"] == third
    assert ask(made, f"/cat.jpg?versionId={second}").response.body == b"two"
    assert ask(made, "/cat.jpg?versionId=null").response.body == b"meow" * 25
    assert code_of(ask(made, "/cat.jpg?versionId=none").response) == "NoSuchVersion"
    marker = made.delete_object(Key="cat.jpg")
    assert marker["DeleteMarker"]
    gone = ask(made).response
    assert (gone.status, gone.headers["x-amz-delete-marker"]) == (404, "true")
    assert status(made, f"/cat.jpg?versionId={marker['VersionId']}") == 405
    assert [each["VersionId"] for each in made.list_object_versions()["Versions"]] == [third, second, "null"]
    assert [each["IsLatest"] for each in made.list_object_versions()["DeleteMarkers"]] == [True]
    made.delete_object(Key="cat.jpg", VersionId=marker["VersionId"])
    assert ask(made).response.body == b"three"
    assert made.get_bucket_versioning()["Status"] == "Enabled"
    with pytest.raises(APIError, match="Enabled or Suspended"):
        made.put_bucket_versioning(VersioningConfiguration={"Status": "On"})


@pytest.mark.rule("S3-09")
@given(
    st.text(max_size=20),
    st.sampled_from(["GET", "HEAD", "PUT", "DELETE", "POST", "OPTIONS", "X"]),
    st.dictionaries(
        st.sampled_from(["Range", "If-Match", "If-None-Match", "If-Modified-Since", "Origin", "Authorization", "Host", "If-Range"]),
        st.text('ab"=-,:*W/0 ', max_size=12),
    ),
    st.sampled_from(["", "?acl", "?list-type=2", "?versionId=x", "?max-keys=1", "?%zz&=&a"]),
)
def test_a_private_bucket_never_shows_a_byte_whatever_is_sent(text, method, headers, query):
    from urllib.parse import quote

    made = bucket(OAI_READ)
    for path in (f"/{quote(text, errors='replace')}", "/cat.jpg"):
        response = ask(made, path + query, method=method, headers=headers, body=b"x").response
        assert 400 <= response.status < 500
        assert b"meow" not in response.body
    assert len(made.objects) == 1


# --- as CloudFront's origin


@pytest.mark.rule("OAI-01", "S3-14", "S3-15")
def test_receive_tells_which_decision_lay_behind_the_answer():
    made = bucket(OAI_READ, seconds=0.2)
    reply = made.receive(Request("GET", f"https://{made.endpoint}/cat.jpg"), START, OAI)
    assert (reply.outcome.status, reply.seconds, reply.rule) == (200, 0.2, "IAM-02")
    assert (
        reply.says
        == "answers 200: statement 0 'OAI' allows the origin access identity EH1HDMB1FH2TC s3:GetObject on arn:aws:s3:::photos/cat.jpg"
    )
    refused = made.receive(Request("GET", f"https://{made.endpoint}/cat.jpg"), START)
    assert (refused.outcome.status, refused.rule) == (403, "IAM-01")
    for headers, rule in (({"If-None-Match": "*"}, "S3-14"), ({"Range": "bytes=0-1"}, "S3-15")):
        assert made.receive(Request("GET", f"https://{made.endpoint}/cat.jpg", headers), START, OAI).rule == rule
    with pytest.raises(InputError, match=r"oai\.Identity"):
        made.receive(Request("GET", f"https://{made.endpoint}/cat.jpg"), START, "EH1HDMB1FH2TC")


def test_a_bucket_can_be_broken_on_purpose():
    made = bucket()
    assert made.fault is None
    made.fault = 503
    assert made.fault == 503
    with pytest.raises(InputError, match="no fault"):
        made.fault = "tired"


# --- the name


@pytest.mark.rule("S3-24")
@pytest.mark.parametrize("name", ["abc", "my-bucket", "www.example.com", "a" * 63, "amzn-s3-demo-bucket", "1.2.3"])
def test_these_names_are_fine(name):
    assert Bucket(name).name == name


@pytest.mark.rule("S3-24")
@pytest.mark.parametrize(
    "name",
    [
        "ab",
        "a" * 64,
        "Photos",
        "my_bucket",
        "-abc",
        "abc-",
        "a..b",
        "192.168.5.4",
        "xn--abc",
        "sthree-abc",
        "abc-s3alias",
        "abc--ol-s3",
        "",
        None,
        "abc\n",
    ],
)
def test_these_names_are_refused(name):
    with pytest.raises(APIError, match="InvalidBucketName"):
        Bucket(name)


def test_a_region_that_does_not_exist_is_refused():
    with pytest.raises(UnknownName, match="eu-north-1"):
        Bucket("photos", region="eu-nort-1")
    with pytest.raises(InputError, match="12 digits"):
        Bucket("photos", account="1")
    with pytest.raises(InputError, match="seconds"):
        Bucket("photos", seconds=-1)


# --- boto3's calls


@pytest.mark.rule("S3-28")
@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda made: made.put_object(Key="a", CacheControll="x"), "did you mean CacheControl"),
        (lambda made: made.put_object(Key="a", Tagging="x=y"), "no argument 'Tagging'"),
        (lambda made: made.put_object(Body=b""), "needs Key="),
        (lambda made: made.put_object("a", b""), "only accepts keyword arguments"),
        (lambda made: made.put_object(Key=1), "Key is 1"),
        (lambda made: made.put_object(Key="a", Body=7), "Body is int"),
        (lambda made: made.put_object(Key="a", CacheControl=60), "CacheControl=60"),
        (lambda made: made.put_object(Key="a", Metadata="x"), "Metadata='x'"),
        (lambda made: made.put_object(Key="a", Metadata={"x": "ö"}), "ASCII"),
        (lambda made: made.put_object(Key="a", Expires=[]), "no time"),
        (lambda made: made.put_object(Key="a", Body=b"xy", ContentLength=3), "2 bytes"),
        (lambda made: made.put_object(Key="a", ContentType="a\nb"), "control character"),
        (lambda made: made.get_object(Key="a", IfModifiedSince="soon"), "no time"),
        (lambda made: made.put_bucket_policy(Policy={}), "json.dumps"),
        (lambda made: made.list_objects_v2(Prefix=7), "prefix is 7"),
        (lambda made: made.list_object_versions(Prefix=7), "Prefix is 7"),
        (lambda made: made.head_bucket(x=1), "takes no arguments"),
    ],
)
def test_wrong_arguments_are_named(call, says):
    with pytest.raises(InputError) as caught:
        call(bucket())
    assert says in str(caught.value)


@pytest.mark.rule("S3-28")
def test_bucket_may_be_given_and_has_to_be_this_one():
    made = bucket()
    assert made.get_object(Bucket="photos", Key="cat.jpg")["ContentLength"] == 100
    with pytest.raises(APIError, match="NoSuchBucket"):
        made.get_object(Bucket="videos", Key="cat.jpg")


class Client:
    """A botocore client whose requests are answered by a Bucket: what a real program would read."""

    def __new__(cls, made, identity):
        session = get_session()
        session.set_credentials("AKIDEXAMPLE", "secret")
        config = (
            Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
            if identity is ANONYMOUS
            else Config(retries={"total_max_attempts": 1})
        )
        client = session.create_client("s3", region_name=made.region, config=config)

        def send(request, **_):
            body = request.body.read() if hasattr(request.body, "read") else request.body or b""
            headers = {name: value if isinstance(value, str) else value.decode() for name, value in request.headers.items()}
            response = made.answer(Request(request.method, request.url, headers, body), made.now(), identity).response

            class Raw:
                def __init__(self, data):
                    self.data = data

                def read(self, *_):
                    data, self.data = self.data, b""
                    return data

                def stream(self, *_, **__):
                    yield self.read()

            return AWSResponse(request.url, response.status, dict(response.headers.items()), Raw(response.body))

        client.meta.events.register("before-send.s3", send)
        return client


VOLATILE = {"ResponseMetadata", "Body", "ChecksumCRC32", "ChecksumType", "ExpiresString", "EncodingType"}


def steady(answer):
    return {name: value for name, value in answer.items() if name not in VOLATILE}


@pytest.mark.rule("S3-28", "S3-13", "S3-16", "S3-12")
def test_a_real_client_reads_the_same_from_the_endpoint_as_the_buckets_own_calls_say():
    made = bucket()
    client = Client(made, OWNER)
    made.put_object(
        Key="docs/å b+c.html",
        Body="hello",
        ContentType="text/html",
        CacheControl="max-age=5",
        Expires=datetime(2026, 2, 1, tzinfo=UTC),
        ContentEncoding="identity",
        ContentLanguage="sv",
        ContentDisposition="inline",
        Metadata={"a": "1"},
        WebsiteRedirectLocation="/x",
    )
    for key in ("cat.jpg", "docs/å b+c.html"):
        theirs, ours = client.get_object(Bucket="photos", Key=key), made.get_object(Key=key)
        assert steady(theirs) == steady(ours)
        assert theirs["Body"].read() == ours["Body"].read()
        assert steady(client.head_object(Bucket="photos", Key=key)) == steady(made.head_object(Key=key))
    for arguments in ({}, {"Delimiter": "/"}, {"Prefix": "docs/"}, {"MaxKeys": 1}, {"StartAfter": "cat.jpg"}, {"MaxKeys": 0}):
        assert steady(client.list_objects_v2(Bucket="photos", **arguments)) == steady(made.list_objects_v2(**arguments))
    token = client.list_objects_v2(Bucket="photos", MaxKeys=1)["NextContinuationToken"]
    rest = client.list_objects_v2(Bucket="photos", ContinuationToken=token)
    assert [each["Key"] for each in rest["Contents"]] == ["docs/å b+c.html"]
    assert [each["Key"] for each in client.list_objects(Bucket="photos", Marker="cat.jpg")["Contents"]] == ["docs/å b+c.html"]
    assert client.head_bucket(Bucket="photos")["BucketRegion"] == made.head_bucket()["BucketRegion"] == "eu-north-1"
    assert b">eu-north-1</LocationConstraint>" in ask(made, "/?location", identity=OWNER).response.body
    made.put_bucket_versioning(VersioningConfiguration={"Status": "Enabled"})
    put = client.put_object(Bucket="photos", Key="new", Body=b"new", ContentType="text/plain")
    assert steady(put) == {
        "ETag": made.head_object(Key="new")["ETag"],
        "ServerSideEncryption": "AES256",
        "VersionId": made.head_object(Key="new")["VersionId"],
    }
    assert made.get_object(Key="new")["Body"].read() == b"new"
    assert "ContentEncoding" not in made.head_object(Key="new")
    deleted = client.delete_object(Bucket="photos", Key="new")
    assert deleted["DeleteMarker"]
    assert deleted["VersionId"] == made.list_object_versions()["DeleteMarkers"][0]["VersionId"]


@pytest.mark.rule("S3-28", "S3-16")
@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("get_object", {"Key": "no"}, "NoSuchKey"),
        ("get_object", {"Key": "cat.jpg", "Range": "bytes=200-"}, "InvalidRange"),
        ("get_object", {"Key": "cat.jpg", "IfMatch": '"x"'}, "PreconditionFailed"),
        ("get_object", {"Key": "cat.jpg", "IfNoneMatch": "*"}, "304"),
        ("get_object", {"Key": "cat.jpg", "IfModifiedSince": datetime(2026, 1, 1, tzinfo=UTC)}, "304"),
        ("get_object", {"Key": "cat.jpg", "VersionId": "x"}, "NoSuchVersion"),
        ("head_object", {"Key": "no"}, "404"),
        ("head_object", {"Key": "cat.jpg", "IfMatch": '"x"'}, "412"),
        ("list_objects_v2", {"ContinuationToken": "x"}, "InvalidArgument"),
    ],
)
def test_a_real_client_gets_the_same_errors(name, arguments, code):
    made = bucket()
    with pytest.raises(ClientError) as theirs:
        getattr(Client(made, OWNER), name)(Bucket="photos", **arguments)
    with pytest.raises(APIError) as ours:
        getattr(made, name)(**arguments)
    assert theirs.value.response["Error"]["Code"] == ours.value.code == code
    assert theirs.value.response["Error"]["Message"] == ours.value.message
    assert theirs.value.response["ResponseMetadata"]["HTTPStatusCode"] == ours.value.status


@pytest.mark.rule("S3-16", "S3-09")
def test_a_real_client_without_credentials_is_told_access_denied():
    with pytest.raises(ClientError) as caught:
        Client(bucket(), ANONYMOUS).get_object(Bucket="photos", Key="cat.jpg")
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
    assert len(caught.value.response["ResponseMetadata"]["HostId"]) == 76


@pytest.mark.rule("S3-28")
def test_every_call_and_its_arguments_exist_in_botocores_model():
    import inspect

    model = get_session().get_service_model("s3")
    operations = {"".join(f"_{c.lower()}" if c.isupper() else c for c in name)[1:]: name for name in model.operation_names}
    operations = {name.replace("_c_o_r_s", "_cors").replace("v2", "_v2").replace("__", "_"): each for name, each in operations.items()}
    starts = ("put_", "get_", "head_", "delete_", "list_")
    calls = [name for name in dir(Bucket) if name.startswith(starts)]
    assert len(calls) == 36
    for name in calls:
        shape = model.operation_model(operations[name]).input_shape
        assert set(inspect.signature(getattr(Bucket, name)).parameters) - {"self"} <= set(shape.members), name


@pytest.mark.rule("S3-28")
def test_get_object_reads_like_a_stream():
    body = bucket().get_object(Key="cat.jpg")["Body"]
    assert list(body.iter_chunks(60)) == [(b"meow" * 15), (b"meow" * 10)]
    made = bucket()
    made.put_object(Key="lines", Body=b"a\nb\n")
    assert list(made.get_object(Key="lines")["Body"].iter_lines()) == [b"a", b"b"]
    with open(__file__, "rb") as file:
        made.put_object(Key="file", Body=file)
    assert made.get_object(Key="file")["ContentLength"] > 1000


@pytest.mark.rule("S3-28")
def test_a_policy_is_put_read_and_taken_away():
    made = bucket()
    made.put_bucket_policy(Policy=policy(OAI_READ))
    assert made.get_bucket_policy()["Policy"] == json.dumps(json.loads(policy(OAI_READ)), separators=(",", ":"))
    assert made.delete_bucket_policy()["ResponseMetadata"]["HTTPStatusCode"] == 204
    for call in (made.get_bucket_policy, made.get_bucket_policy_status):
        with pytest.raises(APIError) as caught:
            call()
        assert (caught.value.code, caught.value.status) == ("NoSuchBucketPolicy", 404)
    with pytest.raises(APIError, match=r"MalformedPolicy: Policy has invalid resource: Statement\[0\].Resource"):
        made.put_bucket_policy(Policy=policy({**OAI_READ, "Resource": "arn:aws:s3:::videos/*"}))


def test_the_lists_of_regions_are_of_regions_that_exist():
    from cdnlab.distance import regions

    assert set(regions()) >= DEFAULT_REGIONS > FIRST_REGIONS - {"us-gov-west-1"}


def test_https_finds_nobody_at_a_website_endpoint():
    with pytest.raises(OriginError):
        ask(bucket(), host="photos.s3-website.eu-north-1.amazonaws.com")


@pytest.mark.parametrize("call", ["get_object", "head_object", "delete_object"])
@pytest.mark.parametrize("version", ["\ud800", "\u00e9", 5, b"v"])
def test_what_is_no_version_id_is_refused_by_name(call, version):
    with pytest.raises(InputError, match="VersionId"):
        getattr(Bucket("photos", region="eu-north-1"), call)(Key="a", VersionId=version)
