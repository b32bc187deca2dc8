"""Whose an object is, and ACLs: the older way to let an origin access identity in."""

import json

import pytest

from cdnlab import Bucket, Request
from cdnlab.acls import ALL_USERS
from cdnlab.errors import APIError
from cdnlab.oai import ANONYMOUS, OWNER, Identity

CANONICAL = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
OAI = Identity.oai("EH1HDMB1FH2TC", CANONICAL)
OTHER = Identity.oai("E2NHBYQWR0YVVH", "0" * 64)
OAC = Identity.oac("arn:aws:cloudfront::111122223333:distribution/E1")
TO_OAI = f'id="{CANONICAL}"'


def bucket(ownership="ObjectWriter", *statements):
    made = Bucket("photos", region="eu-north-1")
    if ownership:
        made.put_bucket_ownership_controls(OwnershipControls={"Rules": [{"ObjectOwnership": ownership}]})
    if statements:
        made.put_bucket_policy(Policy=json.dumps({"Statement": list(statements)}))
    made.put_object(Key="cat.jpg", Body=b"meow")
    return made


def allow(who, *actions, effect="Allow", resource="arn:aws:s3:::photos/*"):
    return {"Effect": effect, "Principal": who, "Action": list(actions), "Resource": resource}


def ask(made, who, path="/cat.jpg", method="GET", headers=(), body=b""):
    return made.answer(Request(method, f"https://{made.endpoint}{path}", headers, body), 0.0, who)


def status(*args, **more):
    return ask(*args, **more).response.status


@pytest.mark.rule("S3-63")
def test_a_new_bucket_enforces_its_owner_and_takes_no_acl():
    made = Bucket("photos", region="eu-north-1")
    made.put_object(Key="cat.jpg", Body=b"meow")
    assert made.get_bucket_ownership_controls()["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    for call in (
        lambda: made.put_object(Key="dog.jpg", ACL="private"),
        lambda: made.put_object(Key="dog.jpg", GrantRead=TO_OAI),
        lambda: made.put_object_acl(Key="cat.jpg", GrantRead=TO_OAI),
        lambda: made.put_object_acl(Key="cat.jpg", ACL="bucket-owner-full-control"),
        lambda: made.put_bucket_acl(ACL="public-read"),
    ):
        with pytest.raises(APIError, match="The bucket does not allow ACLs") as caught:
            call()
        assert (caught.value.code, caught.value.status) == ("AccessControlListNotSupported", 400)
    made.put_object(Key="dog.jpg", ACL="bucket-owner-full-control")
    for answer in (made.get_object_acl(Key="cat.jpg"), made.get_bucket_acl()):
        (grant,) = answer["Grants"]
        assert (grant["Permission"], grant["Grantee"]["ID"]) == ("FULL_CONTROL", answer["Owner"]["ID"])


@pytest.mark.rule("S3-65", "OAI-01")
@pytest.mark.parametrize(
    "give",
    [
        lambda made: made.put_object_acl(Key="cat.jpg", GrantRead=TO_OAI),
        lambda made: made.put_object(Key="cat.jpg", Body=b"meow", GrantRead=f"id={CANONICAL}"),
        lambda made: made.put_object(Key="cat.jpg", Body=b"meow", GrantFullControl=f'id="{"1" * 64}", id="{CANONICAL}"'),
        lambda made: made.put_object_acl(
            Key="cat.jpg",
            AccessControlPolicy={
                "Owner": {"ID": made.owner_id},
                "Grants": [{"Grantee": {"Type": "CanonicalUser", "ID": CANONICAL}, "Permission": "READ"}],
            },
        ),
    ],
)
def test_a_grant_to_the_identitys_canonical_user_lets_it_read_that_object(give):
    made = bucket()
    assert status(made, OAI) == 403
    give(made)
    assert [status(made, who) for who in (OAI, OTHER, OAC, ANONYMOUS)] == [200, 403, 403, 403]
    decision = ask(made, OAI).decision
    assert (decision.rule, "the ACL of 'cat.jpg' grants " in decision.why) == ("S3-65", True)
    made.put_object(Key="dog.jpg", Body=b"woof")
    assert status(made, OAI, "/dog.jpg") == 403  # object by object
    assert status(made, OAI, "/nothing") == 403


@pytest.mark.rule("S3-65", "IAM-03")
def test_a_deny_of_the_policy_beats_a_grant():
    made = bucket("ObjectWriter", allow({"AWS": OAI.arn}, "s3:GetObject", effect="Deny"))
    made.put_object_acl(Key="cat.jpg", GrantRead=TO_OAI)
    assert (status(made, OAI), ask(made, OAI).decision.rule) == (403, "IAM-03")


@pytest.mark.rule("S3-65")
def test_read_on_the_bucket_lets_list_it_and_so_tells_404_from_403():
    made = bucket()
    made.put_bucket_acl(GrantRead=TO_OAI)
    assert (status(made, OAI, "/"), status(made, OTHER, "/")) == (200, 403)
    assert status(made, OAI) == 403
    assert made.get_bucket_acl()["Grants"] == [{"Grantee": {"Type": "CanonicalUser", "ID": CANONICAL}, "Permission": "READ"}]


@pytest.mark.rule("S3-63")
def test_enforcing_the_owner_switches_grants_off_and_leaving_it_on_again():
    made = bucket()
    made.put_object_acl(Key="cat.jpg", GrantRead=TO_OAI)
    setting = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    made.put_bucket_ownership_controls(OwnershipControls=setting)
    assert status(made, OAI) == 403
    assert made.get_object_acl(Key="cat.jpg")["Grants"][0]["Permission"] == "FULL_CONTROL"
    made.delete_bucket_ownership_controls()
    with pytest.raises(APIError, match="OwnershipControlsNotFoundError"):
        made.get_bucket_ownership_controls()
    assert status(made, OAI) == 200
    made.put_bucket_acl(GrantRead=TO_OAI)
    with pytest.raises(APIError, match="InvalidBucketAclWithObjectOwnership"):
        made.put_bucket_ownership_controls(OwnershipControls=setting)


@pytest.mark.rule("S3-64")
def test_a_public_acl_is_refused_or_ignored_while_it_is_blocked():
    made = bucket()
    for call in (
        lambda: made.put_object_acl(Key="cat.jpg", ACL="public-read"),
        lambda: made.put_object(Key="cat.jpg", ACL="authenticated-read"),
        lambda: made.put_object(Key="cat.jpg", GrantRead=f'uri="{ALL_USERS}"'),
        lambda: made.put_bucket_acl(ACL="public-read-write"),
    ):
        with pytest.raises(APIError, match="BlockPublicAcls") as caught:
            call()
        assert caught.value.code == "AccessDenied"
    made.put_object_acl(Key="cat.jpg", GrantRead=TO_OAI)  # names somebody, so it is not public
    made.delete_public_access_block()
    made.put_object_acl(Key="cat.jpg", ACL="public-read")
    assert [status(made, who) for who in (ANONYMOUS, OAI, OAC)] == [200, 200, 200]
    made.put_public_access_block(PublicAccessBlockConfiguration={"IgnorePublicAcls": True})
    assert [status(made, who) for who in (ANONYMOUS, OAI, OAC)] == [403, 403, 403]
    made.put_public_access_block(PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    assert status(made, ANONYMOUS) == 200  # what stands already, counts
    made.delete_public_access_block()
    made.put_object_acl(Key="cat.jpg", ACL="authenticated-read")
    assert [status(made, who) for who in (ANONYMOUS, OAI)] == [403, 200]


@pytest.mark.rule("S3-64")
def test_who_puts_a_public_acl_by_http_is_told_no_more_than_access_denied():
    made = bucket("ObjectWriter", allow({"AWS": OAI.arn}, "s3:PutObject"))
    answered = ask(made, OAI, method="PUT", headers={"x-amz-acl": "public-read", "x-amz-content-sha256": "UNSIGNED-PAYLOAD"})
    assert answered.response.status == 403 and b"<Message>Access Denied</Message>" in answered.response.body
    assert "BlockPublicAcls" in answered.decision.why


@pytest.mark.rule("S3-66")
@pytest.mark.parametrize(
    ("ownership", "headers", "theirs"),
    [
        ("BucketOwnerEnforced", {}, False),
        ("BucketOwnerPreferred", {}, True),
        ("BucketOwnerPreferred", {"x-amz-acl": "bucket-owner-full-control"}, False),
        ("ObjectWriter", {}, True),
        ("ObjectWriter", {"x-amz-acl": "bucket-owner-full-control"}, True),
    ],
)
def test_an_object_belongs_to_whoever_put_it_unless_the_bucket_says_otherwise(ownership, headers, theirs):
    made = bucket(ownership, allow({"AWS": [OAI.arn, OTHER.arn]}, "s3:GetObject", "s3:PutObject"))
    assert status(made, OAI, "/new", "PUT", {**headers, "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, b"new") == 200
    assert status(made, OAI, "/new") == 200  # the writer, or by the policy
    assert status(made, OTHER, "/new") == (403 if theirs else 200)
    assert status(made, OTHER) == 200
    if theirs:
        assert ask(made, OTHER, "/new").decision.rule == "S3-66"
    owner = status(made, OWNER, "/new")
    assert owner == (403 if theirs and not headers else 200)
    assert (made.get_object_acl(Key="new")["Owner"]["ID"] == CANONICAL) is theirs


@pytest.mark.rule("S3-66")
def test_an_upload_through_origin_access_control_is_best_enforced():
    write = allow({"Service": "cloudfront.amazonaws.com"}, "s3:GetObject", "s3:PutObject")
    for ownership, who_reads in (("BucketOwnerEnforced", 200), ("ObjectWriter", 403)):
        made = bucket(ownership, write, allow({"AWS": OAI.arn}, "s3:GetObject"))
        assert status(made, OAC, "/new", "PUT", body=b"new") == 200
        assert status(made, OAC, "/new") == 200
        assert status(made, OAI, "/new") == who_reads


@pytest.mark.rule("S3-26", "S3-65")
def test_each_version_has_an_acl_of_its_own():
    made = bucket()
    made.put_bucket_versioning(VersioningConfiguration={"Status": "Enabled"})
    first = made.put_object(Key="cat.jpg", Body=b"1")["VersionId"]
    second = made.put_object(Key="cat.jpg", Body=b"2")["VersionId"]
    made.put_object_acl(Key="cat.jpg", VersionId=first, GrantRead=TO_OAI)
    assert made.get_object(Key="cat.jpg")["Body"].read() == b"2"
    assert [status(made, OAI, path) for path in ("/cat.jpg", f"/cat.jpg?versionId={first}", f"/cat.jpg?versionId={second}")] == [
        403,
        200,
        403,
    ]


@pytest.mark.rule("S3-67")
@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"ACL": "public"}, "InvalidArgument"),
        ({"ACL": "private", "GrantRead": TO_OAI}, "InvalidRequest"),
        ({"GrantRead": 'id="abc"'}, "InvalidArgument"),
        ({"GrantRead": "everybody"}, "InvalidArgument"),
        ({"GrantRead": 'uri="http://example.com"'}, "InvalidArgument"),
        ({"GrantRead": 'emailAddress="ann@example.com"'}, "UnresolvableGrantByEmailAddress"),
        ({}, "MissingSecurityHeader"),
        ({"ACL": "private", "AccessControlPolicy": {"Grants": []}}, "UnexpectedContent"),
        ({"AccessControlPolicy": {"Grant": []}}, "InvalidArgument"),
        ({"AccessControlPolicy": {"Grants": "all"}}, "InvalidArgument"),
        (
            {"AccessControlPolicy": {"Grants": [{"Grantee": {"Type": "CanonicalUser", "ID": CANONICAL}, "Permission": "LOOK"}]}},
            "InvalidArgument",
        ),
        ({"AccessControlPolicy": {"Grants": [{"Grantee": {"Type": "Friend"}, "Permission": "READ"}]}}, "InvalidArgument"),
        ({"AccessControlPolicy": {"Grants": [{"Grantee": {"Type": "Group"}, "Permission": "READ"}]}}, "InvalidArgument"),
    ],
)
def test_an_acl_that_s3_would_refuse_is_refused(given, code):
    with pytest.raises(APIError) as caught:
        bucket().put_object_acl(Key="cat.jpg", **given)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "wrong", [{}, {"Rules": []}, {"Rules": [{"ObjectOwnership": "Mine"}]}, {"Rules": [{"Ownership": "ObjectWriter"}]}, {"Rule": []}, []]
)
def test_ownership_controls_are_one_rule_with_a_known_word(wrong):
    with pytest.raises(APIError, match="InvalidArgument"):
        bucket("").put_bucket_ownership_controls(OwnershipControls=wrong)


def test_there_is_no_acl_of_a_key_that_is_not_there():
    with pytest.raises(APIError, match="NoSuchKey"):
        bucket().get_object_acl(Key="nothing")
