"""CORS: which origins are told that they may read."""

import json

import pytest

from cdnlab.bucket import Bucket
from cdnlab.errors import APIError
from cdnlab.messages import Request

RULE = {
    "AllowedOrigins": ["https://*.example.com"],
    "AllowedMethods": ["GET", "PUT"],
    "AllowedHeaders": ["x-*", "Content-Type"],
    "ExposeHeaders": ["ETag"],
    "MaxAgeSeconds": 60,
}


def bucket(*rules):
    made = Bucket("photos", "eu-north-1")
    made.put_object(Key="a", Body=b"1")
    made.delete_public_access_block()
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/*"}
    made.put_bucket_policy(Policy=json.dumps({"Statement": [statement]}))
    if rules:
        made.put_bucket_cors(CORSConfiguration={"CORSRules": list(rules)})
    return made


def ask(made, method="GET", path="/a", **headers):
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return made.answer(Request(method, f"https://{made.endpoint}{path}", given), 0.0).response


@pytest.mark.rule("S3-60")
def test_an_allowed_origin_is_told_and_the_answer_varies():
    headers = ask(bucket(RULE), Origin="https://www.example.com").headers
    expected = {
        "Access-Control-Allow-Origin": "https://www.example.com",
        "Access-Control-Allow-Methods": "GET, PUT",
        "Access-Control-Expose-Headers": "ETag",
        "Access-Control-Max-Age": "60",
        "Access-Control-Allow-Credentials": "true",
        "Vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
    }
    assert {name: headers.get(name) for name in expected} == expected


@pytest.mark.rule("S3-60")
def test_everyone_is_a_star_without_credentials():
    headers = ask(bucket({"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}), Origin="https://x.test").headers
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in headers


@pytest.mark.rule("S3-60")
@pytest.mark.parametrize(
    ("rules", "method", "headers"),
    [
        ((RULE,), "GET", {}),
        ((RULE,), "GET", {"Origin": "https://example.org"}),
        ((RULE,), "HEAD", {"Origin": "https://www.example.com"}),
        ((), "GET", {"Origin": "https://www.example.com"}),
    ],
)
def test_without_an_allowed_origin_nothing_is_added(rules, method, headers):
    answer = ask(bucket(*rules), method, **headers)
    assert answer.status == 200
    assert not [name for name in answer.headers if name.startswith("Access-Control") or name == "Vary"]


@pytest.mark.rule("S3-60")
def test_an_error_carries_the_headers_too_and_the_first_rule_that_fits_counts():
    second = {"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}
    made = bucket(RULE, second)
    assert ask(made, path="/no", Origin="https://www.example.com").headers["Access-Control-Allow-Origin"] == "https://www.example.com"
    assert ask(made, path="/no", Origin="https://other.test").headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.rule("S3-62")
@pytest.mark.parametrize(
    ("rules", "headers", "status"),
    [
        (
            (RULE,),
            {
                "Origin": "https://a.example.com",
                "Access_Control_Request_Method": "PUT",
                "Access_Control_Request_Headers": "X-One, content-type",
            },
            200,
        ),
        ((RULE,), {"Origin": "https://a.example.com", "Access_Control_Request_Method": "PUT"}, 200),
        (
            (RULE,),
            {"Origin": "https://a.example.com", "Access_Control_Request_Method": "PUT", "Access_Control_Request_Headers": "Authorization"},
            403,
        ),
        ((RULE,), {"Origin": "https://a.example.com", "Access_Control_Request_Method": "DELETE"}, 403),
        ((RULE,), {"Origin": "https://example.org", "Access_Control_Request_Method": "GET"}, 403),
        ((RULE,), {"Access_Control_Request_Method": "GET"}, 400),
        ((RULE,), {"Origin": "https://a.example.com"}, 400),
        ((), {"Origin": "https://a.example.com", "Access_Control_Request_Method": "GET"}, 403),
    ],
)
def test_a_preflight(rules, headers, status):
    answer = ask(bucket(*rules), "OPTIONS", **headers)
    assert answer.status == status
    if status == 200:
        assert answer.headers["Access-Control-Allow-Origin"] == "https://a.example.com"
        assert answer.headers.get("Access-Control-Allow-Headers") == (headers.get("Access_Control_Request_Headers", "").lower() or None)
    elif status == 403:
        assert b"<Code>AccessForbidden</Code>" in answer.body


@pytest.mark.rule("S3-61", "S3-28")
@pytest.mark.parametrize(
    ("config", "says"),
    [
        ([], "CORSConfiguration"),
        ({"CORSRules": []}, "1 to 100"),
        ({"CORSRules": [{}]}, "needs AllowedOrigins"),
        ({"CORSRules": [{**RULE, "AllowedMethods": ["PATCH"]}]}, "Unsupported method is PATCH"),
        ({"CORSRules": [{**RULE, "AllowedOrigins": ["https://*.*"]}]}, "one wildcard"),
        ({"CORSRules": [{**RULE, "AllowedHeaders": ["*-*"]}]}, "one wildcard"),
        ({"CORSRules": [{**RULE, "MaxAge": 5}]}, "MaxAge"),
        ({"CORSRules": [{**RULE, "ExposeHeaders": ["a\nb"]}]}, "header's name"),
        ({"CORSRules": [{**RULE, "MaxAgeSeconds": "5"}]}, "number of seconds"),
        ({"CORSRules": [{**RULE, "ExposeHeaders": "ETag"}]}, "list of texts"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(config, says):
    with pytest.raises(APIError, match=says):
        bucket().put_bucket_cors(CORSConfiguration=config)


@pytest.mark.rule("S3-28")
def test_the_configuration_is_read_back_and_taken_away():
    made = bucket(RULE)
    assert made.get_bucket_cors()["CORSRules"] == [RULE]
    made.delete_bucket_cors()
    with pytest.raises(APIError, match="NoSuchCORSConfiguration"):
        made.get_bucket_cors()
