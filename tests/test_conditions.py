"""The Condition of a policy statement: what each operator lets pass."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdnlab.conditions import OPERATORS, context_of, like, parse_condition
from cdnlab.errors import APIError


def holds(operator, key, values, context, variables=True):
    return all(test.holds(context_of(context)) for test in parse_condition({operator: {key: values}}, "Condition", variables=variables))


ARN = "arn:aws:cloudfront::111122223333:distribution/E1"


@pytest.mark.rule("IAM-12", "IAM-08")
@pytest.mark.parametrize(
    ("operator", "wanted", "asked", "result"),
    [
        ("StringEquals", "Cat", "Cat", True),
        ("StringEquals", "Cat", "cat", False),
        ("StringEquals", "c*", "cat", False),
        ("StringEquals", ["dog", "cat"], "cat", True),
        ("StringNotEquals", ["dog", "cat"], "cat", False),
        ("StringNotEquals", ["dog", "cow"], "cat", True),
        ("StringEqualsIgnoreCase", "CAT", "cat", True),
        ("StringNotEqualsIgnoreCase", "CAT", "cat", False),
        ("StringLike", "c*t", "carrot", True),
        ("StringLike", "c?t", "cat", True),
        ("StringLike", "c?t", "ct", False),
        ("StringLike", "c*t", "Cat", False),
        ("StringNotLike", "c*", "cat", False),
        ("NumericEquals", 10, "10.0", True),
        ("NumericNotEquals", "10", "10", False),
        ("NumericLessThan", "10", "9.5", True),
        ("NumericLessThanEquals", "10", "10", True),
        ("NumericGreaterThan", "10", "10", False),
        ("NumericGreaterThanEquals", "10", "ten", False),
        ("DateEquals", "2026-01-01", "2026-01-01T00:00:00Z", True),
        ("DateNotEquals", "2026", "1767225600", False),
        ("DateLessThan", "2026-01-01T01:00:00+01:00", "2025-12-31T23:59:59Z", True),
        ("DateLessThan", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", False),
        ("DateLessThanEquals", "2026-01", "1767225600", True),
        ("DateGreaterThan", "1767225600", "2026-01-01T00:00:01Z", True),
        ("DateGreaterThanEquals", "2026-01-01", "yesterday", False),
        ("Bool", True, "true", True),
        ("Bool", "false", "True", False),
        ("BinaryEquals", "Y2F0", "cat", True),
        ("IpAddress", "203.0.113.0/24", "203.0.113.9", True),
        ("IpAddress", "203.0.113.9", "203.0.113.10", False),
        ("IpAddress", ["10.0.0.0/8", "2001:db8::/32"], "2001:db8::1", True),
        ("IpAddress", "203.0.113.0/24", "a host", False),
        ("NotIpAddress", "203.0.113.0/24", "203.0.113.9", False),
        ("NotIpAddress", "203.0.113.0/24", "198.51.100.1", True),
    ],
)
def test_an_operator_compares_a_value_as_what_it_is(operator, wanted, asked, result):
    assert holds(operator, "aws:Thing", wanted, {"aws:Thing": asked}) is result


@pytest.mark.rule("IAM-11")
@pytest.mark.parametrize("operator", ["ArnEquals", "ArnLike"])
@pytest.mark.parametrize(
    ("wanted", "asked", "result"),
    [
        (ARN, ARN, True),
        ("arn:aws:cloudfront::*:distribution/*", ARN, True),
        ("arn:aws:cloudfront::1111?2223333:distribution/E?", ARN, True),
        ("arn:aws:*", ARN, False),
        ("arn:aws:s:*:111122223333:finance/*", "arn:aws:s:us-east-2:999999999999:store/abc:111122223333:finance/doc", False),
        ("arn:aws:s:r:1:a:b*", "arn:aws:s:r:1:a:b:c", True),
        ("", ARN, False),
    ],
)
def test_an_arn_is_compared_part_by_part(operator, wanted, asked, result):
    assert holds(operator, "aws:SourceArn", wanted, {"aws:SourceArn": asked}) is result
    negated = operator.replace("Arn", "ArnNot")
    assert holds(negated, "aws:SourceArn", wanted, {"aws:SourceArn": asked}) is not result


@pytest.mark.rule("IAM-11", "IAM-12")
def test_a_text_operator_reaches_over_colons_where_an_arn_operator_does_not():
    wanted, asked = "arn:aws:s:*:1:x/*", "arn:aws:s:a:b:1:x/y"
    assert holds("StringLike", "aws:SourceArn", wanted, {"aws:SourceArn": asked})
    assert not holds("ArnLike", "aws:SourceArn", wanted, {"aws:SourceArn": asked})


@pytest.mark.rule("IAM-09")
@pytest.mark.parametrize("operator", sorted(set(OPERATORS) - {"Null"}))
def test_an_absent_key_fails_a_test_and_holds_for_a_negated_one_and_with_if_exists(operator):
    value = {"Num": "1", "Dat": "2026", "Boo": "true", "Bin": "Y2F0", "IpA": "10.0.0.0/8", "Not": "10.0.0.0/8"}.get(operator[:3], "x")
    assert holds(operator, "aws:Thing", value, {}) is ("Not" in operator)
    assert holds(f"{operator}IfExists", "aws:Thing", value, {})
    assert holds(f"ForAllValues:{operator}", "aws:Thing", value, {})
    assert not holds(f"ForAnyValue:{operator}", "aws:Thing", value, {})
    assert holds(f"ForAnyValue:{operator}IfExists", "aws:Thing", value, {})


@pytest.mark.rule("IAM-09")
@pytest.mark.parametrize(
    ("value", "context", "result"), [("true", {}, True), ("true", {"a:b": "x"}, False), (False, {"a:b": ""}, True), ("False", {}, False)]
)
def test_null_asks_whether_the_key_is_absent(value, context, result):
    assert holds("Null", "a:b", value, context) is result


@pytest.mark.rule("IAM-10")
@pytest.mark.parametrize(
    ("operator", "asked", "result"),
    [
        ("ForAnyValue:StringEquals", ["x", "b"], True),
        ("ForAnyValue:StringEquals", ["x", "y"], False),
        ("ForAllValues:StringEquals", ["a", "b"], True),
        ("ForAllValues:StringEquals", ["a", "x"], False),
        ("ForAllValues:StringNotEquals", ["x", "y"], True),
        ("ForAllValues:StringNotEquals", ["x", "a"], False),
        ("ForAnyValue:StringNotEquals", ["x", "a"], True),
        ("ForAnyValue:StringLike", [""], False),
        ("ForAllValues:StringLike", [""], True),
    ],
)
def test_a_quantifier_speaks_of_the_requests_values(operator, asked, result):
    assert holds(operator, "aws:TagKeys", ["a", "b"], {"aws:TagKeys": asked}) is result


@pytest.mark.rule("IAM-15")
def test_the_name_of_a_key_matches_in_any_case():
    assert holds("StringEquals", "AWS:SourceArn", ARN, {"aws:sourcearn": ARN})


@pytest.mark.rule("IAM-08")
def test_all_tests_of_a_condition_must_hold():
    condition = {"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"aws:SourceArn": ARN, "aws:SourceAccount": "111122223333"}}
    tests = parse_condition(condition, "Condition", variables=True)
    assert len(tests) == 3
    good = {"aws:SecureTransport": True, "aws:SourceArn": ARN, "aws:SourceAccount": "111122223333"}
    assert all(test.holds(context_of(good)) for test in tests)
    for key in good:
        assert not all(test.holds(context_of({**good, key: "no"})) for test in tests)


@pytest.mark.rule("IAM-13")
@pytest.mark.parametrize(
    ("wanted", "asked", "result"),
    [
        ("home/${aws:username}/*", "home/ann/x", True),
        ("home/${aws:username}/*", "home/bob/x", False),
        ("home/${AWS:UserName}", "home/ann", True),
        ("${aws:nobody, 'ann'}", "ann", True),
        ("${*}", "*", True),
        ("${*}", "x", False),
        ("a${?}c", "abc", False),
        ("${$}{aws:username}", "${aws:username}", True),
        ("${aws:star}", "anything", False),
        ("${aws:star}", "*", True),
    ],
)
def test_a_variable_stands_for_the_requests_value_as_text(wanted, asked, result):
    context = {"s3:prefix": asked, "aws:username": "ann", "aws:star": "*"}
    assert holds("StringLike", "s3:prefix", wanted, context) is result


@pytest.mark.rule("IAM-13")
def test_in_an_old_policy_a_variable_is_literal_text():
    assert holds("StringEquals", "s3:prefix", "${aws:username}", {"s3:prefix": "${aws:username}", "aws:username": "ann"}, variables=False)
    assert holds("StringEquals", "s3:prefix", "${", {"s3:prefix": "${"}, variables=False)


@pytest.mark.rule("IAM-14")
@pytest.mark.parametrize("operator", ["StringEquals", "StringNotEquals", "StringLike", "ArnLike", "ArnNotEquals"])
def test_a_variable_without_a_value_makes_the_test_fail_even_a_negated_one(operator):
    assert not holds(operator, "s3:prefix", "${aws:username}", {"s3:prefix": "x"})
    assert holds(f"{operator}IfExists", "s3:prefix", "${aws:username}", {"s3:prefix": "x"})


@pytest.mark.rule("IAM-16")
@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ({"StringEqualz": {"aws:SourceArn": "x"}}, "did you mean StringEquals"),
        ({"stringequals": {"aws:SourceArn": "x"}}, "Invalid Condition type"),
        ({"ForSomeValue:StringEquals": {"aws:SourceArn": "x"}}, "Invalid Condition type"),
        ({"NullIfExists": {"aws:SourceArn": "true"}}, "Invalid Condition type"),
        ({"StringEquals": {"SourceArn": "x"}}, "invalid condition key"),
        ({"StringEquals": {"aws:SourceArn": []}}, "at least one value"),
        ({"StringEquals": {"aws:SourceArn": {"a": "b"}}}, "StringEquals wants"),
        ({"StringEquals": {"aws:SourceArn": None}}, "StringEquals wants"),
        ({"StringEquals": {}}, "keys with their values"),
        ({"StringEquals": "x"}, "keys with their values"),
        ("StringEquals", "Invalid policy syntax"),
        ({"NumericLessThan": {"s3:max-keys": "many"}}, "a number"),
        ({"NumericLessThan": {"s3:max-keys": "NaN"}}, "a number"),
        ({"DateLessThan": {"aws:CurrentTime": "2026-13-01"}}, "a date"),
        ({"DateLessThan": {"aws:CurrentTime": "soon"}}, "a date"),
        ({"Bool": {"aws:SecureTransport": "yes"}}, "true or false"),
        ({"Bool": {"aws:SecureTransport": "${aws:x}"}}, "true or false"),
        ({"Null": {"aws:SourceArn": "maybe"}}, "true (the key is absent)"),
        ({"BinaryEquals": {"a:b": "!"}}, "base64"),
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/33"}}, "an IP address"),
        ({"IpAddress": {"aws:SourceIp": "*"}}, "an IP address"),
        ({"StringLike": {"s3:prefix": "${aws:username"}}, "Invalid policy variable"),
        ({"StringLike": {"s3:prefix": "${}"}}, "Invalid policy variable"),
    ],
)
def test_a_condition_that_makes_no_sense_is_refused_with_its_place(condition, says):
    with pytest.raises(APIError) as caught:
        parse_condition(condition, "Statement[0].Condition", variables=True)
    assert caught.value.code == "MalformedPolicy"
    assert caught.value.evidence["path"].startswith("Statement[0].Condition")
    assert says in str(caught.value)


@pytest.mark.rule("IAM-06")
def test_wildcards_never_take_exponential_time():
    # A matcher that goes back would not come to an end here.
    assert not like("*a" * 200 + "*b", "a" * 5000)
    assert not like("?*" * 200 + "b", "a" * 2000)
    assert like("*" * 5000, "a" * 5000)


def naive(pattern, text):
    row = [True] + [False] * len(text)
    for mark in pattern:
        if mark == "*":
            row = [any(row[: i + 1]) for i in range(len(row))]
        else:
            row = [False] + [row[i] and mark in ("?", text[i]) for i in range(len(text))]
    return row[-1]


@pytest.mark.rule("IAM-06")
@settings(max_examples=500)
@given(st.text("ab*?\n.\\[", max_size=12), st.text("ab\n.\\[*", max_size=12))
def test_a_wildcard_pattern_means_what_a_plain_matcher_says(pattern, text):
    assert like(pattern, text) == naive(pattern, text)
