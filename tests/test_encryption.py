"""KMS keys: the second door, which an origin access identity never passes."""

import json

import pytest

from cdnlab import Bucket, Request
from cdnlab.encryption import Key
from cdnlab.errors import APIError, InputError
from cdnlab.oai import ANONYMOUS, OWNER, Identity

OAI = Identity.oai("EH1HDMB1FH2TC")
OAC = Identity.oac("arn:aws:cloudfront::111122223333:distribution/E1")
OTHER_OAC = Identity.oac("arn:aws:cloudfront::111122223333:distribution/E2")
ANN = Identity.user("arn:aws:iam::111122223333:user/ann")
BOB = Identity.user("arn:aws:iam::444455556666:user/bob")
ACTIONS = ["s3:GetObject", "s3:PutObject"]


def key(region="eu-north-1", allowed=OAC.source_arn):
    made = Key(f"arn:aws:kms:{region}:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab")
    if allowed:
        document = json.loads(made.get_key_policy()["Policy"])
        statement = {
            "Sid": "AllowCloudFront",
            "Effect": "Allow",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*"],
            "Resource": "*",
            "Condition": {"StringEquals": {"AWS:SourceArn": allowed}},
        }
        document["Statement"].append(statement)
        made.put_key_policy(KeyId=made.arn, PolicyName="default", Policy=json.dumps(document))
    return made


def bucket(region="eu-north-1", *keys):
    made = Bucket("photos", region=region)
    everyone = {"AWS": [OAI.arn, ANN.arn, BOB.arn], "Service": "cloudfront.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": everyone, "Action": ACTIONS, "Resource": "arn:aws:s3:::photos/*"}
    made.delete_public_access_block()
    made.put_bucket_policy(Policy=json.dumps({"Statement": [statement]}))
    for each in keys:
        made.add_key(each)
    return made


def ask(made, who, path="/secret", method="GET", headers=(), body=b""):
    return made.answer(Request(method, f"https://{made.endpoint}{path}", headers, body), 0.0, who)


@pytest.mark.rule("OAI-10")
@pytest.mark.parametrize(
    ("region", "code"), [("eu-north-1", b"<Code>KMS.UnrecognizedClientException<"), ("us-east-1", b"<Code>InvalidArgument<")]
)
def test_an_origin_access_identity_cannot_read_what_a_kms_key_encrypts(region, code):
    made = bucket(region, key(region))
    made.put_object(Key="secret", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=key(region).arn)
    made.put_object(Key="plain", Body=b"x")
    assert ask(made, OAI, "/plain").response.status == 200
    refused = ask(made, OAI)
    assert (refused.response.status, code in refused.response.body) == (400, True)
    assert (refused.decision.rule, "use origin access control" in refused.decision.why) == ("OAI-10", True)


@pytest.mark.rule("S3-68")
def test_the_policy_of_the_key_is_a_second_door():
    made = bucket("eu-north-1", key())
    made.put_object(Key="secret", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId="1234abcd-12ab-34cd-56ef-1234567890ab")
    seen = {each: ask(made, each).response.status for each in (OAC, OTHER_OAC, ANN, BOB, OWNER, ANONYMOUS)}
    assert seen == {OAC: 200, OTHER_OAC: 403, ANN: 200, BOB: 403, OWNER: 200, ANONYMOUS: 403}
    refused = ask(made, OTHER_OAC).decision
    assert (refused.rule, refused.statement) == ("S3-68", None)
    assert "the bucket's policy allows it, but the policy of the key" in refused.why and "'AllowCloudFront' does not fit" in refused.why
    assert ask(made, OAC, method="HEAD").response.headers["x-amz-server-side-encryption"] == "aws:kms"


@pytest.mark.rule("S3-68")
def test_the_key_that_aws_manages_lets_no_service_in():
    made = bucket()
    answer = made.put_object(Key="secret", Body=b"x", ServerSideEncryption="aws:kms")
    assert answer["ServerSideEncryption"] == "aws:kms" and answer["SSEKMSKeyId"].endswith("alias/aws/s3")
    assert [ask(made, each).response.status for each in (OAC, ANN, BOB, OWNER)] == [403, 200, 403, 200]
    assert "nobody can change" in ask(made, OAC).decision.why


@pytest.mark.rule("S3-68")
def test_an_unsigned_reader_is_told_that_a_signature_is_wanted():
    made = bucket()
    public = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/*"}
    made.put_bucket_policy(Policy=json.dumps({"Statement": [public]}))
    made.put_object(Key="secret", Body=b"x", ServerSideEncryption="aws:kms")
    refused = ask(made, ANONYMOUS)
    assert (refused.response.status, b"require AWS Signature Version 4." in refused.response.body) == (400, True)
    assert refused.decision.rule == "S3-68"


@pytest.mark.rule("S3-68", "OAI-10")
def test_putting_needs_the_key_too():
    made = bucket("eu-north-1", key())
    headers = {"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": key().arn}
    headers["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD"
    put = {each: ask(made, each, "/new", "PUT", headers, b"new").response for each in (OAC, OTHER_OAC, OAI)}
    assert {each: response.status for each, response in put.items()} == {OAC: 200, OTHER_OAC: 403, OAI: 400}
    assert put[OAC].headers["x-amz-server-side-encryption-aws-kms-key-id"] == key().arn


@pytest.mark.rule("S3-69")
def test_a_buckets_default_encrypts_what_is_put_from_now_on():
    made = bucket("eu-north-1", key())
    made.put_object(Key="old", Body=b"x")
    usual = made.get_bucket_encryption()["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert usual["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    config = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key().arn}}]}
    made.put_bucket_encryption(ServerSideEncryptionConfiguration=config)
    assert made.get_bucket_encryption()["ServerSideEncryptionConfiguration"] == config
    made.put_object(Key="secret", Body=b"x")
    made.put_object(Key="own", Body=b"x", ServerSideEncryption="AES256")
    assert [ask(made, OAI, path).response.status for path in ("/old", "/secret", "/own")] == [200, 400, 200]
    assert made.head_object(Key="secret")["ServerSideEncryption"] == "aws:kms"
    assert made.head_object(Key="old")["ServerSideEncryption"] == "AES256"
    made.delete_bucket_encryption()
    assert made.put_object(Key="secret", Body=b"x")["ServerSideEncryption"] == "AES256"
    assert ask(made, OAI).response.status == 200


@pytest.mark.parametrize(
    "rule",
    [
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "rot13"}},
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256", "KMSMasterKeyID": key().arn}},
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "nobody's"}},
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": 7}},
        {"ByDefault": {}},
        {},
        None,
    ],
)
def test_a_default_that_cannot_be_is_refused(rule):
    with pytest.raises(APIError):
        bucket("eu-north-1", key()).put_bucket_encryption(ServerSideEncryptionConfiguration={"Rules": [rule]})


def test_a_key_is_named_by_its_arn_and_stands_in_the_buckets_region():
    for wrong in ("1234abcd", "arn:aws:kms:eu-north-1:1:key/x", None):
        with pytest.raises(InputError, match="no ARN of a key"):
            Key(wrong)
    for wrong in (key("us-east-1"), "key"):
        with pytest.raises(InputError, match="own Region"):
            bucket().add_key(wrong)
    for wrong in ({"Policy": {}}, {"Policy": "{}", "KeyId": "another"}, {"Policy": "{}", "PolicyName": "mine"}):
        with pytest.raises(InputError, match="put_key_policy"):
            key().put_key_policy(**wrong)
    with pytest.raises(APIError, match="MalformedPolicy"):
        key().put_key_policy(Policy="{}")
