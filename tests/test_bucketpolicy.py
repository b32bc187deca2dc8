"""Bucket policies: what S3 accepts, how it refuses the rest, and when it calls a policy public."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdnlab.bucketpolicy import OAI_ARN, is_public, parse_policy, public_statement
from cdnlab.errors import APIError
from cdnlab.facts import data_path

SAMPLES = sorted(path.name for path in data_path("configs").glob("policy_*.json"))
CANONICAL = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"


def statement(**elements):
    base = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/*"}
    return {name: value for name, value in {**base, **elements}.items() if value is not ...}


def policy(*statements, **more):
    return {"Version": "2012-10-17", "Statement": list(statements) or [statement()], **more}


def refused(document, **options):
    with pytest.raises(APIError) as caught:
        parse_policy(document, **options)
    assert caught.value.code == "MalformedPolicy"
    assert caught.value.status == 400
    assert set(caught.value.evidence) == {"message", "path", "found", "legal"}
    return caught.value


@pytest.mark.rule("IAM-04")
@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_policy_is_read(name):
    text = data_path("configs", name).read_text()
    parsed = parse_policy(text)
    assert json.loads(parsed.text) == json.loads(text)
    assert not is_public(parsed)


@pytest.mark.rule("S3-01", "S3-02")
@pytest.mark.parametrize(
    ("name", "bucket", "message"),
    [
        ("policy_oac_read.json", "amzn-s3-demo-bucket", None),
        ("policy_oac_read_write.json", "amzn-s3-demo-bucket", None),
        ("policy_oac_and_oai_migration.json", "amzn-s3-demo-bucket", None),
        ("policy_oai_read.json", "amzn-s3-demo-bucket", None),
        ("policy_oai_read_video.json", "tutorial-bucket", None),
        ("policy_oai_listbucket.json", "input-your-bucket-name", None),
        ("policy_service_without_sourcearn.json", "amzn-s3-demo-bucket", None),
        ("policy_oac_template_empty_arn.json", "photos", "Policy has invalid resource"),
        ("policy_mediastore_oac_read.json", "examplecontainer", "Policy has invalid action"),
        ("policy_oac_read.json", "photos", "Policy has invalid resource"),
    ],
)
def test_s3_takes_a_sample_policy_only_on_its_own_bucket(name, bucket, message):
    text = data_path("configs", name).read_text()
    if message is None:
        assert parse_policy(text, bucket=bucket).statements
    else:
        assert refused(text, bucket=bucket).evidence["message"] == message


@pytest.mark.rule("IAM-04")
def test_single_values_and_lists_mean_the_same():
    one = parse_policy({"Statement": statement(Principal={"AWS": "*"})})
    many = parse_policy({"Statement": [statement(Principal={"AWS": ["*"]}, Action=["s3:GetObject"], Resource=["arn:aws:s3:::photos/*"])]})
    assert one.statements == many.statements
    assert one.version == "2008-10-17"
    assert one.statements[0].principals == (("*", "*"),)


@pytest.mark.rule("IAM-04")
def test_numbers_and_booleans_need_no_quotation_marks():
    text = (
        '{"Statement": {"Sid": 1, "Effect": "Allow", "Principal": {"AWS": 111122223333}, "Action": "*", "Resource": "*", "Condition": %s}}'
    )
    parsed = parse_policy(text % '{"NumericLessThan": {"s3:max-keys": 10}, "Bool": {"aws:SecureTransport": true}}')
    assert parsed.statements[0].sid == "1"
    assert parsed.statements[0].principals == (("AWS", "111122223333"),)
    assert [test.values for test in parsed.statements[0].tests] == [("10",), ("true",)]


@pytest.mark.rule("IAM-16", "IAM-04")
@pytest.mark.parametrize(
    ("document", "message", "path"),
    [
        ("", "Policies must be valid JSON and the first byte must be '{'", "policy"),
        ("[]", "Policies must be valid JSON and the first byte must be '{'", "policy"),
        ("{", "This policy contains invalid Json", "policy"),
        (b"\xff", "This policy contains invalid Json", "policy"),
        ('{"Statement": NaN}', "This policy contains invalid Json", "policy"),
        ('{"Statement": [], "Statement": []}', "This policy contains invalid Json", "policy"),
        ('{"a":' * 100_000, "This policy contains invalid Json", "policy"),
        ({"Statement": {"Effect": object()}}, "This policy contains invalid Json", "policy"),
        ({"Version": "2012-10-17"}, "Missing required field Statement", "Statement"),
        (policy(statement(), Version="2020-01-01"), "The policy must contain a valid version string", "Version"),
        (policy(statement(), Id=["x"]), "Invalid policy syntax", "Id"),
        (policy(statement(), Statements=[]), "Unknown field Statements", "Statements"),
        ({"Statement": []}, "Could not parse the policy: Statement is empty!", "Statement"),
        ({"Statement": "x"}, "Invalid policy syntax", "Statement"),
        (policy("x"), "Invalid policy syntax", "Statement[0]"),
        (policy(statement(Efect="Allow")), "Unknown field Efect", "Statement[0].Efect"),
        (policy(statement(), statement(Effect=...)), "Missing required field Effect", "Statement[1].Effect"),
        (policy(statement(Effect="allow")), "Invalid effect", "Statement[0].Effect"),
        (policy(statement(Principal=...)), "Missing required field Principal", "Statement[0].Principal"),
        (policy(statement(Action=...)), "Missing required field Action", "Statement[0].Action"),
        (policy(statement(Resource=...)), "Missing required field Resource", "Statement[0].Resource"),
        (policy(statement(NotAction="s3:*")), "Invalid policy syntax", "Statement[0].NotAction"),
        (policy(statement(Sid={})), "Invalid policy syntax", "Statement[0].Sid"),
        (policy(statement(Action=[])), "Invalid policy syntax", "Statement[0].Action"),
        (policy(statement(Action="GetObject")), "Policy has invalid action", "Statement[0].Action"),
        (policy(statement(Resource=[1, []])), "Invalid policy syntax", "Statement[0].Resource"),
        (policy(statement(Resource="arn:aws:s3:${aws:x}::photos")), "Policy has invalid resource", "Statement[0].Resource"),
        (policy(statement(Resource="arn:aws:s3:::photos/${x}")), "Invalid policy variable", "Statement[0].Resource"),
        (policy(statement(Condition=[])), "Invalid policy syntax", "Statement[0].Condition"),
    ],
)
def test_a_policy_that_breaks_the_grammar_is_refused_with_the_place(document, message, path):
    error = refused(document)
    assert (error.evidence["message"], error.evidence["path"]) == (message, path)
    assert str(error).startswith(f"MalformedPolicy: {message}: {path} is ")


@pytest.mark.rule("IAM-07")
@pytest.mark.parametrize(
    "principal",
    [
        "*",
        {"AWS": "*"},
        {
            "AWS": [
                "111122223333",
                "arn:aws:iam::111122223333:root",
                "arn:aws:iam::111122223333:user/a/b",
                "arn:aws-cn:iam::111122223333:role/r",
            ]
        },
        {"AWS": "arn:aws:sts::111122223333:assumed-role/r/session"},
        {"AWS": OAI_ARN + "E74FTE3AJFJ256A", "CanonicalUser": CANONICAL},
        {"Service": ["cloudfront.amazonaws.com", "logging.s3.amazonaws.com"]},
        {"Federated": "cognito-identity.amazonaws.com"},
    ],
)
def test_these_principals_are_understood(principal):
    assert parse_policy(policy(statement(Principal=principal)), bucket="photos").statements[0].principals


@pytest.mark.rule("IAM-07", "IAM-16")
@pytest.mark.parametrize(
    "principal",
    [
        "everyone",
        [],
        {},
        {"AWS": []},
        {"Aws": "*"},
        {"AWS": "arn:aws:iam::111122223333:user/*"},
        {"AWS": "arn:aws:iam::1111:root"},
        {"AWS": "arn:aws:iam::111122223333:group/g"},
        {"AWS": "arn:aws:iam::cloudfront:user/CloudFrontOriginAccessIdentity E1"},
        {"AWS": OAI_ARN},
        {"CanonicalUser": "E74FTE3AJFJ256A"},
        {"Service": "*"},
        {"Service": "cloudfront"},
        {"Federated": "*"},
    ],
)
def test_other_principals_are_refused(principal):
    assert refused(policy(statement(Principal=principal))).evidence["path"].startswith("Statement[0].Principal")


@pytest.mark.rule("OAI-06")
def test_an_identity_that_does_not_exist_cannot_be_named():
    document = policy(statement(Principal={"AWS": OAI_ARN + "E2"}))
    error = refused(document, bucket="photos", oais={"E1": CANONICAL})
    assert error.evidence["message"] == "Invalid principal in policy"
    assert "known: E1" in str(error)
    assert parse_policy(document, bucket="photos", oais={"E2": CANONICAL})
    assert parse_policy(document, bucket="photos")


@pytest.mark.rule("OAI-02")
def test_a_canonical_user_reads_back_as_the_arn_of_its_identity():
    other = "0" * 64
    document = policy(
        statement(Principal={"CanonicalUser": CANONICAL}), statement(Principal={"AWS": "111122223333", "CanonicalUser": [CANONICAL, other]})
    )
    read = json.loads(parse_policy(document).as_read({"E1": CANONICAL}))
    assert read["Statement"][0]["Principal"] == {"AWS": OAI_ARN + "E1"}
    assert read["Statement"][1]["Principal"] == {"AWS": ["111122223333", OAI_ARN + "E1"], "CanonicalUser": other}
    assert json.loads(parse_policy(document).as_read({})) == document


@pytest.mark.rule("S3-01")
@pytest.mark.parametrize(
    "resource",
    ["arn:aws:s3:::photos/*", "arn:aws:s3:::photos/a/${aws:username}", "arn:aws:s3:::photo?/*", "arn:aws:s3:::ph*", "*", "arn:aws:s3:::*"],
)
def test_a_resource_may_be_the_bucket_or_what_is_in_it(resource):
    assert parse_policy(policy(statement(Resource=resource)), bucket="photos")


@pytest.mark.rule("S3-01")
@pytest.mark.parametrize(
    "resource",
    [
        "",
        "photos/*",
        "arn:aws:s3:::videos/*",
        "arn:aws:s3:::photos2/*",
        "arn:aws-cn:s3:::photos/*",
        "arn:aws:s3:eu-north-1::photos/*",
        "/*",
    ],
)
def test_a_resource_elsewhere_is_refused(resource):
    assert refused(policy(statement(Resource=resource)), bucket="photos").evidence["message"] == "Policy has invalid resource"
    assert refused(policy(statement(Resource=..., NotResource=resource)), bucket="photos").evidence["path"] == "Statement[0].NotResource"


@pytest.mark.rule("S3-02")
@pytest.mark.parametrize(
    ("action", "hint"), [("s3:GetObjct", "s3:GetObject"), ("s3:Frob*", "an action of S3"), ("mediastore:GetObject", "s3:GetObject")]
)
def test_an_action_that_s3_does_not_have_is_refused(action, hint):
    error = refused(policy(statement(Action=["s3:PutObject", action])), bucket="photos")
    assert error.evidence["message"] == "Policy has invalid action"
    assert hint in str(error)


BUCKET, OBJECTS = "arn:aws:s3:::photos", "arn:aws:s3:::photos/*"


@pytest.mark.rule("S3-03")
@pytest.mark.parametrize(
    ("action", "resource", "fine"),
    [
        ("s3:GetObject", OBJECTS, True),
        ("s3:GetObject", BUCKET, False),
        ("s3:ListBucket", BUCKET, True),
        ("s3:ListBucket", OBJECTS, False),
        (["s3:GetObject", "s3:ListBucket"], OBJECTS, False),
        (["s3:GetObject", "s3:ListBucket"], [BUCKET, OBJECTS], True),
        ("s3:*", OBJECTS, True),
        ("s3:*", BUCKET, True),
        ("s3:List*", OBJECTS, True),
        ("s3:ListBucket*", OBJECTS, False),
        ("S3:GETOBJECT", "arn:aws:s3:::photos*", True),
    ],
)
def test_an_action_needs_a_resource_of_its_kind(action, resource, fine):
    document = policy(statement(Action=action, Resource=resource))
    if fine:
        assert parse_policy(document, bucket="photos")
    else:
        error = refused(document, bucket="photos")
        assert error.evidence["message"] == "Action does not apply to any resource(s) in statement"
        assert "among the resources" in str(error)


@pytest.mark.rule("S3-04")
@pytest.mark.parametrize(
    ("action", "resource", "condition", "message"),
    [
        ("s3:ListBucket", BUCKET, {"StringLike": {"s3:prefix": "a/*"}}, None),
        ("s3:*", [BUCKET, OBJECTS], {"StringLike": {"s3:prefix": "a/*"}}, None),
        (
            "s3:GetObject",
            OBJECTS,
            {"StringLike": {"s3:prefix": "a/*"}},
            "Conditions do not apply to combination of actions and resources in statement",
        ),
        ("s3:GetObject", OBJECTS, {"StringLike": {"aws:SourceArm": "a"}}, "Policy has an invalid condition key"),
        ("s3:GetObject", OBJECTS, {"StringLike": {"s3:prefx": "a"}}, "Policy has an invalid condition key"),
        ("s3:GetObject", OBJECTS, {"StringLike": {"aws:PrincipalTag/team": "a", "s3:ExistingObjectTag/x": "b", "AWS:referer": "c"}}, None),
        ("s3:GetObject", OBJECTS, {"StringLike": {"sts:ExternalId": "a"}}, None),
    ],
)
def test_a_condition_key_must_exist_and_go_with_the_actions(action, resource, condition, message):
    document = policy(statement(Action=action, Resource=resource, Condition=condition))
    if message is None:
        assert parse_policy(document, bucket="photos")
    else:
        assert refused(document, bucket="photos").evidence["message"] == message


@pytest.mark.rule("S3-05")
def test_a_policy_of_more_than_20_kb_is_refused():
    fits = policy(statement(Resource=["arn:aws:s3:::photos/" + "x" * 1000] * 19))
    assert parse_policy(fits, bucket="photos")
    assert (
        refused(policy(statement(Resource=["arn:aws:s3:::photos/" + "x" * 1000] * 21)), bucket="photos").evidence["message"]
        == "Policy is too large"
    )


FIXED_VPC = {"StringEquals": {"aws:SourceVpc": "vpc-91237329"}}


@pytest.mark.rule("S3-06")
@pytest.mark.parametrize(
    ("elements", "public"),
    [
        ({}, True),
        ({"Effect": "Deny"}, False),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Principal": {"AWS": ["111122223333", "*"]}}, True),
        ({"Principal": {"AWS": "111122223333"}}, False),
        ({"Principal": {"AWS": OAI_ARN + "E1"}}, False),
        ({"Principal": {"CanonicalUser": CANONICAL}}, False),
        ({"Principal": {"Service": "cloudfront.amazonaws.com"}}, False),
        ({"Principal": {"Federated": "graph.facebook.com"}}, True),
        ({"Principal": ..., "NotPrincipal": {"AWS": "111122223333"}}, True),
        ({"Condition": FIXED_VPC}, False),
        ({"Condition": {"StringLike": {"aws:SourceVpc": "vpc-*"}}}, True),
        ({"Condition": {"StringLike": {"aws:SourceVpc": "vpc-1"}}}, False),
        ({"Condition": {"StringEquals": {"aws:SourceVpc": ["vpc-1", "${aws:PrincipalTag/vpc}"]}}}, True),
        ({"Condition": {"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}}}, True),
        ({"Condition": {"ForAllValues:StringEquals": {"aws:SourceVpc": "vpc-1"}}}, True),
        ({"Condition": {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}}, True),
        ({"Condition": {"StringEquals": {"aws:Referer": "https://example.com/"}}}, True),
        ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, True),
        ({"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:cloudfront::111122223333:distribution/E1"}}}, False),
        ({"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:cloudfront::111122223333:distribution/*"}}}, True),
        ({"Condition": {"StringEquals": {"AWS:SourceAccount": "111122223333"}}}, False),
        ({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}, False),
        ({"Condition": {"StringLike": {"s3:DataAccessPointArn": "arn:aws:s3:us-west-2:123456789012:accesspoint/*"}}}, False),
        ({"Condition": {"StringLike": {"s3:DataAccessPointArn": "arn:aws:s3:us-west-2:*:accesspoint/x"}}}, True),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}, False),
        ({"Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "10.0.0.0/8", "2001:db8::/32"]}}}, False),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}}}, True),
        ({"Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2000::/16"]}}}, True),
        ({"Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}, True),
    ],
)
def test_what_block_public_access_calls_public(elements, public):
    parsed = parse_policy(policy(statement(**elements)), bucket="photos")
    assert is_public(parsed) is public
    alongside = parse_policy(policy(statement(Principal={"AWS": "111122223333"}), statement(**elements)))
    assert (public_statement(alongside).index if public else public_statement(alongside)) == (1 if public else None)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
WORDS = [
    "Allow",
    "Deny",
    "*",
    "s3:GetObject",
    "s3:*",
    "arn:aws:s3:::photos/*",
    "${aws:x}",
    "",
    "true",
    "10.0.0.0/8",
    CANONICAL,
    OAI_ARN + "E1",
]
words = st.sampled_from(WORDS) | st.lists(st.sampled_from(WORDS), max_size=2)
operators = st.sampled_from(["StringLike", "Bool", "IpAddress", "Null", "ArnLike", "ForAllValues:StringEquals", "NumericLessThan", "X"])
conditions = st.dictionaries(
    operators, st.dictionaries(st.sampled_from(["aws:SourceIp", "s3:prefix", "x"]), words | json_values, max_size=2), max_size=2
)
principals = words | st.dictionaries(st.sampled_from(["AWS", "CanonicalUser", "Service", "X"]), words, max_size=2)
elements = {"Effect": words, "Principal": principals, "Action": words, "Resource": words}
statements = st.fixed_dictionaries(elements, optional={"Sid": words, "Condition": conditions, "NotAction": words, "X": words})
policies = st.fixed_dictionaries(
    {"Statement": statements | st.lists(statements, max_size=3)}, optional={"Version": st.sampled_from(["2012-10-17", "x"])}
)


@pytest.mark.rule("IAM-16")
@given(policies | json_values | st.text(), st.sampled_from(["", "photos"]))
def test_reading_a_policy_works_or_says_malformed_and_nothing_else(document, bucket):
    try:
        parsed = parse_policy(document, bucket=bucket)
    except APIError as error:
        assert error.code == "MalformedPolicy"
    else:
        assert parse_policy(parsed.text, bucket=bucket) == parsed
        assert parse_policy(parsed.as_read({"E1": CANONICAL}))
        assert is_public(parsed) in (True, False)
