"""Who may do what: identities, and bucket policies held against them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdnlab.errors import APIError, InputError
from cdnlab.facts import json_file
from cdnlab.oai import ANONYMOUS, OWNER, Deciding, Identity, evaluate

CANONICAL = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
OAI = Identity.oai("EH1HDMB1FH2TC", CANONICAL)
OTHER_OAI = Identity.oai("E2NHBYQWR0YVVH", "0" * 64)
OAC = Identity.oac("arn:aws:cloudfront::111122223333:distribution/EDFDVBD6EXAMPLE")
OTHER_OAC = Identity.oac("arn:aws:cloudfront::111122223333:distribution/EOTHER")
ANN = Identity.user("arn:aws:iam::111122223333:user/ann")
DEMO = "arn:aws:s3:::amzn-s3-demo-bucket"


def ask(policy, identity, action="s3:GetObject", resource=f"{DEMO}/cat.jpg", **context):
    return evaluate(policy, identity=identity, action=action, resource=resource, context=context)


def allow(**elements):
    base = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{DEMO}/*"}
    return {name: value for name, value in {**base, **elements}.items() if value is not ...}


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.mark.rule("OAI-01", "OAI-03", "OAI-04", "OAI-05")
@pytest.mark.parametrize(
    ("name", "identity", "action", "resource", "allowed"),
    [
        ("policy_oac_read.json", OAC, "s3:GetObject", f"{DEMO}/cat.jpg", True),
        ("policy_oac_read.json", OTHER_OAC, "s3:GetObject", f"{DEMO}/cat.jpg", False),
        ("policy_oac_read.json", OAC, "s3:PutObject", f"{DEMO}/cat.jpg", False),
        ("policy_oac_read.json", OAC, "s3:ListBucket", DEMO, False),
        ("policy_oac_read.json", OAI, "s3:GetObject", f"{DEMO}/cat.jpg", False),
        ("policy_oac_read.json", ANONYMOUS, "s3:GetObject", f"{DEMO}/cat.jpg", False),
        ("policy_oac_read_write.json", OAC, "s3:PutObject", f"{DEMO}/cat.jpg", True),
        ("policy_oac_read_write.json", OAC, "s3:GetObject", f"{DEMO}/cat.jpg", True),
        ("policy_oac_read_write.json", OTHER_OAC, "s3:PutObject", f"{DEMO}/cat.jpg", False),
        ("policy_oac_and_oai_migration.json", OAC, "s3:GetObject", f"{DEMO}/cat.jpg", True),
        ("policy_oac_and_oai_migration.json", OAI, "s3:GetObject", f"{DEMO}/cat.jpg", True),
        ("policy_oac_and_oai_migration.json", OTHER_OAI, "s3:GetObject", f"{DEMO}/cat.jpg", False),
        ("policy_oac_and_oai_migration.json", OTHER_OAC, "s3:GetObject", f"{DEMO}/cat.jpg", False),
        ("policy_oai_read.json", OAI, "s3:GetObject", f"{DEMO}/cat.jpg", True),
        ("policy_oai_read.json", OTHER_OAI, "s3:GetObject", f"{DEMO}/cat.jpg", False),
        ("policy_oai_read.json", OAI, "s3:GetObject", "arn:aws:s3:::other/cat.jpg", False),
        ("policy_oai_read.json", OAI, "s3:ListBucket", DEMO, False),
        ("policy_oai_read_video.json", OAI, "s3:GetObject", "arn:aws:s3:::tutorial-bucket/a.mp4", True),
        ("policy_oai_listbucket.json", OTHER_OAI, "s3:ListBucket", "arn:aws:s3:::input-your-bucket-name", True),
        ("policy_oai_listbucket.json", OAI, "s3:ListBucket", "arn:aws:s3:::input-your-bucket-name", False),
        ("policy_oai_listbucket.json", OTHER_OAI, "s3:GetObject", "arn:aws:s3:::input-your-bucket-name/x", False),
        ("policy_service_without_sourcearn.json", OAC, "s3:GetObject", f"{DEMO}/cat.jpg", True),
        ("policy_service_without_sourcearn.json", OTHER_OAC, "s3:GetObject", f"{DEMO}/cat.jpg", True),
        ("policy_service_without_sourcearn.json", OAI, "s3:GetObject", f"{DEMO}/cat.jpg", False),
        ("policy_oac_template_empty_arn.json", OAC, "s3:GetObject", f"{DEMO}/cat.jpg", False),
    ],
)
def test_the_sample_policies_let_in_whom_they_mean(name, identity, action, resource, allowed):
    assert ask(json_file("configs", name), identity, action, resource).allowed is allowed


@pytest.mark.rule("OAI-03", "IAM-15")
@pytest.mark.parametrize(("secure", "allowed"), [(True, True), (False, False)])
def test_a_condition_on_the_transport_counts_beside_the_source_arn(secure, allowed):
    container = "arn:aws:mediastore:us-east-1:111122223333:container/examplecontainer/x.ts"
    decision = ask(
        json_file("configs", "policy_mediastore_oac_read.json"), OAC, "mediastore:GetObject", container, **{"aws:SecureTransport": secure}
    )
    assert decision.allowed is allowed


@pytest.mark.rule("OAI-01")
def test_an_identity_is_named_by_its_arn_or_by_its_canonical_user():
    for principal in ({"AWS": OAI.arn}, {"CanonicalUser": CANONICAL}):
        assert ask(policy(allow(Principal=principal)), OAI)
        assert not ask(policy(allow(Principal=principal)), OTHER_OAI)
    assert not ask(policy(allow(Principal={"CanonicalUser": CANONICAL})), Identity.oai("EH1HDMB1FH2TC"))


@pytest.mark.rule("OAI-03")
def test_another_distributions_arn_is_refused_and_the_reason_shows_both():
    decision = ask(json_file("configs", "policy_oac_read.json"), OTHER_OAC)
    assert not decision
    assert decision.statement is None
    assert "distribution/EOTHER" in decision.why
    assert "distribution/EDFDVBD6EXAMPLE" in decision.why


@pytest.mark.rule("OAI-03", "IAM-12")
def test_a_star_in_string_equals_is_a_star_and_the_reason_says_so():
    any_of_mine = {"AWS:SourceArn": "arn:aws:cloudfront::111122223333:distribution/*"}
    service = {"Service": "cloudfront.amazonaws.com"}
    decision = ask(policy(allow(Principal=service, Condition={"StringEquals": any_of_mine})), OAC)
    assert not decision and decision.why.endswith("; StringEquals knows no wildcards, StringLike does)")
    for operator in ("StringLike", "ArnLike", "ArnEquals"):
        assert ask(policy(allow(Principal=service, Condition={operator: any_of_mine})), OAC)


@pytest.mark.rule("IAM-01")
def test_without_a_statement_that_fits_nothing_is_allowed():
    assert "no bucket policy" in ask(None, ANONYMOUS).why
    decision = ask(policy(allow(Principal={"AWS": OAI.arn})), ANONYMOUS)
    assert (decision.allowed, decision.statement, decision.rule) == (False, None, "IAM-01")
    nearly = ask(policy(allow(Sid="Read", Resource=f"{DEMO}/open/*")), ANONYMOUS)
    assert (
        nearly.why
        == f"no statement allows an anonymous caller s3:GetObject on {DEMO}/cat.jpg (statement 0 'Read' does not speak of {DEMO}/cat.jpg)"
    )


@pytest.mark.rule("IAM-02")
def test_the_first_statement_that_allows_is_the_one_that_decided():
    decision = ask(policy(allow(Principal={"AWS": "111122223333"}), allow(Sid="Public"), allow(Sid="Again")), ANONYMOUS)
    assert (decision.allowed, decision.statement, decision.rule) == (True, Deciding(1, "Public"), "IAM-02")
    assert decision.why == f"statement 1 'Public' allows everyone s3:GetObject on {DEMO}/cat.jpg"


@pytest.mark.rule("IAM-03")
@pytest.mark.parametrize("deny_first", [True, False])
def test_a_deny_beats_every_allow_in_any_order(deny_first):
    deny = allow(Effect="Deny", Sid="No", Principal="*", Condition={"Bool": {"aws:SecureTransport": "false"}})
    both = policy(*([deny, allow()] if deny_first else [allow(), deny]))
    assert ask(both, ANONYMOUS, **{"aws:SecureTransport": True})
    decision = ask(both, ANONYMOUS, **{"aws:SecureTransport": False})
    assert (decision.allowed, decision.statement.sid, decision.rule) == (False, "No", "IAM-03")


@pytest.mark.rule("IAM-05")
def test_the_owner_may_do_anything():
    assert ask(policy(allow(Effect="Deny", Action="s3:*")), OWNER)
    assert ask(None, OWNER)


@pytest.mark.rule("IAM-06")
@pytest.mark.parametrize(
    ("elements", "allowed"),
    [
        ({"Action": "S3:getobject"}, True),
        ({"Action": "s3:Get*"}, True),
        ({"Action": "s3:GetO?ject"}, True),
        ({"Action": "*"}, True),
        ({"Action": "s3:GetObjectVersion"}, False),
        ({"Action": ["s3:PutObject", "s3:GetObject"]}, True),
        ({"Action": ..., "NotAction": "s3:Put*"}, True),
        ({"Action": ..., "NotAction": ["s3:get*"]}, False),
        ({"Resource": f"{DEMO}/cat.???"}, True),
        ({"Resource": f"{DEMO}/CAT.jpg"}, False),
        ({"Resource": f"{DEMO}*"}, True),
        ({"Resource": DEMO}, False),
        ({"Resource": "*"}, True),
        ({"Resource": ..., "NotResource": f"{DEMO}/secret/*"}, True),
        ({"Resource": ..., "NotResource": f"{DEMO}/c*"}, False),
    ],
)
def test_actions_and_resources_match_with_wildcards(elements, allowed):
    assert ask(policy(allow(**elements)), ANONYMOUS).allowed is allowed


@pytest.mark.rule("IAM-07")
@pytest.mark.parametrize(
    ("principal", "who"),
    [
        ("*", [ANONYMOUS, OAI, OAC, ANN]),
        ({"AWS": "*"}, [ANONYMOUS, OAI, OAC, ANN]),
        ({"AWS": "111122223333"}, [ANN]),
        ({"AWS": "arn:aws:iam::111122223333:root"}, [ANN]),
        ({"AWS": "arn:aws:iam::111122223333:user/ann"}, [ANN]),
        ({"AWS": "arn:aws:iam::111122223333:user/Ann"}, []),
        ({"AWS": "arn:aws:iam::444455556666:root"}, []),
        ({"Service": "cloudfront.amazonaws.com"}, [OAC]),
        ({"Service": "logging.s3.amazonaws.com"}, []),
        ({"Federated": "graph.facebook.com"}, []),
        ({"AWS": ["111122223333", OAI.arn], "Service": "cloudfront.amazonaws.com"}, [OAI, OAC, ANN]),
    ],
)
def test_a_principal_names_whom_it_names_and_not_principal_everyone_else(principal, who):
    callers = [ANONYMOUS, OAI, OAC, ANN]
    assert [each for each in callers if ask(policy(allow(Principal=principal)), each)] == who
    rest = [each for each in callers if each not in who]
    assert [each for each in callers if ask(policy(allow(Principal=..., NotPrincipal=principal)), each)] == rest


@pytest.mark.rule("IAM-08")
def test_a_condition_decides_with_the_request():
    document = policy(
        allow(Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "StringLike": {"aws:Referer": "https://example.com/*"}})
    )
    good = {"aws:SourceIp": "203.0.113.7", "aws:Referer": "https://example.com/page"}
    assert ask(document, ANONYMOUS, **good)
    assert not ask(document, ANONYMOUS, **{**good, "aws:SourceIp": "198.51.100.1"})
    assert not ask(document, ANONYMOUS, **{"aws:SourceIp": "203.0.113.7"})


@pytest.mark.rule("IAM-13", "IAM-14")
def test_a_variable_in_a_resource_is_the_callers_own_value():
    own = policy(allow(Resource=f"{DEMO}/${{aws:username}}/*"))
    assert ask(own, ANN, resource=f"{DEMO}/ann/x", **{"aws:username": "ann"})
    assert not ask(own, ANN, resource=f"{DEMO}/bob/x", **{"aws:username": "ann"})
    assert not ask(own, ANN, resource=f"{DEMO}/bob/x", **{"aws:username": "*"})
    assert not ask(own, ANONYMOUS, resource=f"{DEMO}/ann/x")
    assert ask(policy(allow(Resource=f"{DEMO}/${{aws:username, 'guest'}}/*")), ANONYMOUS, resource=f"{DEMO}/guest/x")
    old = {**own, "Version": "2008-10-17"}
    assert not ask(old, ANN, resource=f"{DEMO}/ann/x", **{"aws:username": "ann"})
    assert ask(old, ANN, resource=f"{DEMO}/${{aws:username}}/x", **{"aws:username": "ann"})


@pytest.mark.rule("OAI-03")
def test_a_caller_cannot_claim_to_be_somebody_else_in_the_request():
    assert not ask(json_file("configs", "policy_oac_read.json"), OTHER_OAC, **{"AWS:SourceArn": OAC.source_arn})


@pytest.mark.rule("OAI-01", "OAI-03")
def test_identities_that_cannot_be_are_refused():
    for make, value in (
        (Identity.oai, "e1 2"),
        (Identity.oac, "EDFDVBD6EXAMPLE"),
        (Identity.oac, "arn:aws:cloudfront::1:distribution/E1"),
        (Identity.user, "ann"),
    ):
        with pytest.raises(InputError, match="looks like"):
            make(value)
    with pytest.raises(InputError, match="64 hex digits"):
        Identity.oai("E1", "abc")


@pytest.mark.rule("IAM-16")
@given(
    st.sampled_from([ANONYMOUS, OAI, OAC, ANN, OWNER]),
    st.text(),
    st.text(),
    st.dictionaries(st.text(), st.text() | st.booleans() | st.lists(st.text())),
)
def test_evaluating_never_fails_whatever_the_request_looks_like(identity, action, resource, context):
    for document in (
        json_file("configs", "policy_oac_and_oai_migration.json"),
        policy(allow(Resource="arn:aws:s3:::x/${aws:a}", Condition={"NumericLessThan": {"s3:max-keys": 1}, "ArnLike": {"aws:b": "*"}})),
    ):
        decision = evaluate(
            json.dumps(document),
            identity=identity,
            action=action,
            resource=resource,
            context={**context, "s3:max-keys": "x", "aws:b": action},
        )
        assert decision.allowed is (identity == OWNER)


@pytest.mark.rule("IAM-16")
@pytest.mark.parametrize("document", ["", "{}", {"Statement": {"Effect": "Perhaps"}}])
def test_evaluating_a_policy_that_cannot_be_read_says_malformed(document):
    with pytest.raises(APIError) as caught:
        ask(document, ANONYMOUS)
    assert caught.value.code == "MalformedPolicy"
