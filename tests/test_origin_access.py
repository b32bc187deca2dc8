"""OAI and OAC as a user meets them: the control plane, journeys through a distribution, and the bucket's own door."""

import json

import pytest
from labs import ALL_METHODS, DISABLED, behaviour, config, custom_origin, legacy

from cdnlab import Bucket, CloudFront, Request
from cdnlab.account import Account
from cdnlab.bucketpolicy import OAI_ARN
from cdnlab.encryption import Key
from cdnlab.errors import APIError, ConfigError
from cdnlab.validation import examine

ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
CITIES = ("Lisbon", "Tokyo", "New York", "Sydney", "São Paulo", "Mumbai", "Stockholm", "Cape Town")


class Shop:
    """A CloudFront, a private bucket `photos` with one object, an OAI and an OAC of the account."""

    def __init__(self, region="eu-north-1", signing="always", **more):
        self.cdn, self.bucket = CloudFront(**more), Bucket("photos", region=region)
        self.cdn.connect(self.bucket)
        self.bucket.put_object(Key="cat.jpg", Body=b"meow")
        made = self.cdn.create_cloud_front_origin_access_identity(
            CloudFrontOriginAccessIdentityConfig={"CallerReference": "1", "Comment": ""}
        )
        self.oai, self.user = (made["CloudFrontOriginAccessIdentity"][name] for name in ("Id", "S3CanonicalUserId"))
        self.oac = self.control(signing)
        self.count = 0

    def control(self, signing="always", kind="s3"):
        named = {"Name": f"{signing} {kind}", "SigningProtocol": "sigv4", "SigningBehavior": signing, "OriginAccessControlOriginType": kind}
        return self.cdn.create_origin_access_control(OriginAccessControlConfig=named)["OriginAccessControl"]["Id"]

    def document(self, oai="", oac="", origin=None, reference="", cache=DISABLED, **more):
        path = f"origin-access-identity/cloudfront/{oai}" if oai else ""
        origin = origin or {"Id": "www", "DomainName": self.bucket.endpoint, "S3OriginConfig": {"OriginAccessIdentity": path}}
        origin = {**origin, **({"OriginAccessControlId": oac} if oac else {})}
        return config(behaviour("www", cache, **more), (), [origin], reference=reference)

    def distribution(self, **more):
        self.count += 1
        return self.cdn.create_distribution(DistributionConfig=self.document(reference=str(self.count), **more))

    def url(self, made, path="/cat.jpg"):
        return f"https://{made['Distribution']['DomainName']}{path}"

    def status(self, made, path="/cat.jpg", method="GET", headers=(), viewer="Lisbon", body=b""):
        return self.cdn.request(method, self.url(made, path), headers, body, viewer=viewer).response.status

    def oai_statement(self, *actions, **more):
        return self.statement({"AWS": OAI_ARN + self.oai}, *actions, **{"Sid": "OAI", **more})

    def oac_statement(self, made, *actions, **more):
        fits = {"StringEquals": {"AWS:SourceArn": made["Distribution"]["ARN"]}}
        return self.statement({"Service": "cloudfront.amazonaws.com"}, *actions, **{"Sid": "OAC", "Condition": fits, **more})

    def statement(self, who, *actions, **more):
        read = list(actions or ("s3:GetObject",))
        return {"Effect": "Allow", "Principal": who, "Action": read, "Resource": "arn:aws:s3:::photos/*", **more}

    def policy(self, *statements):
        self.bucket.put_bucket_policy(Policy=json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))

    def direct(self, path="/cat.jpg"):
        return self.bucket.answer(Request("GET", f"https://{self.bucket.endpoint}{path}"), self.cdn.clock.now())


# --- two doors


@pytest.mark.rule("OAI-01", "OAI-02", "S3-09")
@pytest.mark.parametrize("named", ["arn", "canonical"])
def test_an_oai_opens_the_staff_door_and_the_street_door_stays_shut(named):
    shop = Shop()
    made = shop.distribution(oai=shop.oai)
    assert (shop.status(made), shop.direct().response.status) == (403, 403)
    who = {"AWS": OAI_ARN + shop.oai} if named == "arn" else {"CanonicalUser": shop.user}
    shop.policy(shop.oai_statement(Principal=who))
    assert (shop.status(made), shop.direct().response.status) == (200, 403)
    (statement,) = json.loads(shop.bucket.get_bucket_policy()["Policy"])["Statement"]
    assert statement["Principal"] == {"AWS": OAI_ARN + shop.oai}


@pytest.mark.rule("OAI-09")
def test_a_public_statement_beside_the_oais_leaves_the_street_door_open():
    shop = Shop()
    made = shop.distribution(oai=shop.oai)
    shop.bucket.delete_public_access_block()
    shop.policy(shop.oai_statement(), shop.statement("*", Sid="Public"))
    assert (shop.status(made), shop.direct().response.status) == (200, 200)
    shop.policy(shop.oai_statement())
    assert (shop.status(made), shop.direct().response.status) == (200, 403)


@pytest.mark.rule("S3-10", "S3-11", "ERR-03")
@pytest.mark.parametrize(("listing", "status", "kept"), [(False, 403, False), (True, 404, True)])
def test_a_missing_key_is_403_or_404_as_the_right_to_list_says_and_only_the_404_is_kept(listing, status, kept):
    shop = Shop()
    made = shop.distribution(oac=shop.oac, cache=legacy())
    more = [shop.oac_statement(made, "s3:ListBucket", Resource="arn:aws:s3:::photos")] if listing else []
    shop.policy(shop.oac_statement(made), *more)
    assert [shop.status(made, "/nothing") for _ in range(2)] == [status, status]
    assert (shop.cdn.get(shop.url(made, "/nothing")).origin_requests == ()) is kept


@pytest.mark.rule("OAI-03", "OAI-04")
def test_a_confused_deputy_and_its_repair():
    shop = Shop()
    mine, strangers = shop.distribution(oac=shop.oac), shop.distribution(oac=shop.oac)
    shop.policy(shop.oac_statement(mine, Condition={}))
    assert (shop.status(mine), shop.status(strangers)) == (200, 200)
    shop.policy(shop.oac_statement(mine))
    assert (shop.status(mine), shop.status(strangers)) == (200, 403)
    journey = shop.cdn.get(shop.url(strangers))
    (said,) = [step.says for step in journey.steps if step.rule == "IAM-01"]
    assert "statement 0 'OAC' does not fit: StringEquals AWS:SourceArn: wanted" in said and strangers["Distribution"]["ARN"] in said


@pytest.mark.rule("IAM-02", "IAM-03")
def test_a_journey_and_a_decision_name_the_statement_that_decided():
    shop = Shop()
    made = shop.distribution(oac=shop.oac)
    shop.policy(shop.oac_statement(made), shop.statement("*", Sid="NotTheCat", Effect="Deny", Resource="arn:aws:s3:::photos/cat*"))
    told = str(shop.cdn.get(shop.url(made)))
    assert "403: statement 1 'NotTheCat' denies CloudFront for" in " ".join(told.split())
    printed = str(shop.direct().decision)
    assert printed.startswith("denied: statement 1 'NotTheCat' denies an anonymous caller s3:GetObject on ")
    assert '"Resource": "arn:aws:s3:::photos/cat*"' in printed and printed.count("[IAM-03]") == 1
    shop.policy(shop.oac_statement(made))
    assert str(shop.direct().decision).endswith("(statement 0 'OAC' does not speak of an anonymous caller) [IAM-01]")


@pytest.mark.rule("S3-06", "S3-07")
def test_block_public_access_takes_the_policies_for_cloudfront_and_refuses_a_public_one():
    shop = Shop()
    made = shop.distribution(oac=shop.oac)
    shop.policy(shop.oai_statement(), shop.oac_statement(made))
    assert shop.bucket.get_bucket_policy_status()["PolicyStatus"] == {"IsPublic": False}
    with pytest.raises(APIError, match="BlockPublicPolicy"):
        shop.policy(shop.statement("*", Sid="Public"))
    with pytest.raises(APIError, match="BlockPublicPolicy"):
        shop.policy(shop.oac_statement(made, Principal="*", Condition={"StringLike": {"AWS:SourceArn": "arn:aws:cloudfront::*"}}))


@pytest.mark.rule("S3-63", "S3-65")
def test_an_object_acl_opens_it_to_the_oai_once_acls_count():
    shop = Shop()
    made = shop.distribution(oai=shop.oai)
    grant = {"Key": "cat.jpg", "GrantRead": f'id="{shop.user}"'}
    with pytest.raises(APIError) as caught:
        shop.bucket.put_object_acl(**grant)
    assert caught.value.code == "AccessControlListNotSupported"
    shop.bucket.put_bucket_ownership_controls(OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]})
    shop.bucket.put_object_acl(**grant)
    journey = shop.cdn.get(shop.url(made))
    assert (journey.response.status, shop.direct().response.status) == (200, 403)
    assert any("answers 200: the ACL of 'cat.jpg' grants READ to the canonical user" in step.says for step in journey.steps)
    shop.bucket.put_bucket_ownership_controls(OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]})
    assert shop.status(made) == 403


# --- who signs


@pytest.mark.rule("API-20", "OAI-14")
@pytest.mark.parametrize(
    ("signing", "forwarded", "sent", "status", "rule"),
    [
        ("always", False, False, 200, "IAM-02"),
        ("always", False, True, 200, "IAM-02"),
        ("always", True, True, 200, "IAM-02"),  # replaces the viewer's
        ("never", False, False, 403, "IAM-01"),
        ("never", True, True, 400, "S3-23"),
        ("no-override", False, False, 200, "IAM-02"),
        ("no-override", False, True, 200, "IAM-02"),  # the policies removed the viewer's, so CloudFront signs
        ("no-override", True, False, 200, "IAM-02"),
        ("no-override", True, True, 400, "S3-23"),
    ],
)
def test_who_signs_by_signing_behaviour_and_the_viewers_authorization(signing, forwarded, sent, status, rule):
    shop = Shop(signing=signing)
    cache = legacy(Headers={"Quantity": 1, "Items": ["Authorization"]}) if forwarded else legacy()
    made = shop.distribution(oac=shop.oac, cache=cache)
    shop.policy(shop.oac_statement(made))
    journey = shop.cdn.get(shop.url(made), headers={"Authorization": "Bearer mine"} if sent else {})
    assert journey.response.status == status
    assert rule in [step.rule for step in journey.steps]
    reached = "Authorization" in journey.origin_requests[0].headers
    assert reached is (sent and forwarded and signing != "always")
    for line in journey.treatments:
        if line.name == "Authorization":
            assert (line.sent, "signature takes its place" in line.why) == (reached, forwarded and not reached)


@pytest.mark.rule("OAI-14")
def test_an_upload_keeps_the_viewers_authorization_unless_cloudfront_always_signs():
    for signing, status in (("always", 200), ("no-override", 400)):
        shop = Shop(signing=signing)
        made = shop.distribution(oac=shop.oac, AllowedMethods=ALL_METHODS)
        shop.policy(shop.oac_statement(made, "s3:PutObject"))
        assert shop.status(made, "/new", "PUT", {"Authorization": "Bearer mine"}, body=b"x") == status
        assert shop.status(made, "/new", "PUT", body=b"x") == 200


@pytest.mark.rule("API-20")
def test_never_switches_an_oac_off_for_all_who_use_it():
    shop = Shop()
    both = [shop.distribution(oac=shop.oac) for _ in range(2)]
    shop.policy(*(shop.oac_statement(made, Sid=str(number)) for number, made in enumerate(both)))
    assert [shop.status(made) for made in both] == [200, 200]
    read = shop.cdn.get_origin_access_control(Id=shop.oac)
    changed = {**read["OriginAccessControl"]["OriginAccessControlConfig"], "SigningBehavior": "never"}
    shop.cdn.update_origin_access_control(Id=shop.oac, IfMatch=read["ETag"], OriginAccessControlConfig=changed)
    assert [shop.status(made) for made in both] == [403, 403]


# --- what an OAI cannot do


@pytest.mark.rule("OAI-07", "OAI-13")
def test_an_oai_does_not_work_in_every_region_and_the_config_warns():
    shop = Shop("me-central-1")
    made = shop.distribution(oai=shop.oai)
    shop.policy(shop.oai_statement())
    (warning,) = shop.cdn.distribution(made["Distribution"]["Id"]).warnings
    assert "an OAI does not work in me-central-1" in warning
    journey = shop.cdn.get(shop.url(made))
    assert journey.response.status == 403 and "OAI-07" in [step.rule for step in journey.steps]
    better = shop.distribution(oac=shop.oac)
    shop.policy(shop.oac_statement(better))
    assert (shop.status(better), shop.cdn.distribution(better["Distribution"]["Id"]).warnings) == (200, ())


@pytest.mark.rule("OAI-08", "OAI-13", "S3-18")
def test_writing_through_an_oai_is_warned_of_and_fails_by_name():
    shop = Shop()
    made = shop.distribution(oai=shop.oai, AllowedMethods=ALL_METHODS, OriginRequestPolicyId=ALL_BUT_HOST)
    (warning,) = shop.cdn.distribution(made["Distribution"]["Id"]).warnings
    assert warning.startswith("DefaultCacheBehavior.AllowedMethods: DELETE, PATCH, POST, PUT: an OAI is not made for them")
    shop.policy(shop.oai_statement("s3:PutObject", "s3:DeleteObject"))
    assert shop.status(made, "/new", "PUT", body=b"x") == 400
    assert shop.status(made, "/new", "PUT", {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, body=b"x") == 200
    assert [shop.status(made, "/new", method) for method in ("POST", "DELETE")] == [405, 204]
    better = shop.distribution(oac=shop.oac, AllowedMethods=ALL_METHODS)
    shop.policy(shop.oac_statement(better, "s3:PutObject"))
    assert shop.status(better, "/new", "PUT", body=b"x") == 200
    assert shop.cdn.distribution(better["Distribution"]["Id"]).warnings == ()


@pytest.mark.rule("OAI-10", "S3-68")
def test_a_kms_key_is_read_through_an_oac_and_not_through_an_oai():
    shop = Shop()
    old, new = shop.distribution(oai=shop.oai), shop.distribution(oac=shop.oac)
    shop.policy(shop.oai_statement(), shop.oac_statement(new))
    key = Key("arn:aws:kms:eu-north-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab")
    shop.bucket.add_key(key)
    shop.bucket.put_object(Key="cat.jpg", Body=b"meow", ServerSideEncryption="aws:kms", SSEKMSKeyId=key.arn)
    assert (shop.status(old), shop.status(new)) == (400, 403)
    statement = shop.oac_statement(new, "kms:Decrypt", Resource="*")
    key.put_key_policy(PolicyName="default", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert (shop.status(old), shop.status(new)) == (400, 200)
    assert "an origin access identity cannot use keys of AWS KMS" in " ".join(str(shop.cdn.get(shop.url(old))).split())


@pytest.mark.rule("CONF-24", "S3-41")
def test_a_website_endpoint_takes_neither_identity():
    shop = Shop()
    host = shop.bucket.website_endpoint
    with pytest.raises(ConfigError) as caught:
        shop.distribution(origin={"Id": "www", "DomainName": host, "S3OriginConfig": {"OriginAccessIdentity": ""}})
    assert caught.value.code == "InvalidOrigin"
    with pytest.raises(ConfigError) as caught:
        shop.distribution(origin=custom_origin("www", host), oac=shop.oac)
    assert [problem.code for problem in caught.value.problems] == ["InvalidDomainNameForOriginAccessControl"]


# --- naming one


@pytest.mark.rule("CONF-29")
def test_an_origin_has_an_oai_or_an_oac_not_both():
    shop = Shop()
    with pytest.raises(ConfigError) as caught:
        shop.distribution(oai=shop.oai, oac=shop.oac)
    assert caught.value.code == "IllegalOriginAccessConfiguration"


@pytest.mark.rule("OAI-11")
def test_an_account_that_holds_some_refuses_those_it_does_not_hold():
    shop = Shop()
    for wrong, code in (
        ({"oai": "E2NHBYQWR0YVVH"}, "InvalidOriginAccessIdentity"),
        ({"oac": "E2QWRUHEXAMPLE"}, "InvalidOriginAccessControl"),
    ):
        with pytest.raises(ConfigError) as caught:
            shop.distribution(**wrong)
        assert (caught.value.code, "adopt" in str(caught.value)) == (code, True)
    shop.cdn.adopt(origin_access_controls={"E2QWRUHEXAMPLE": OAC})
    shop.cdn.adopt(origin_access_identities={"E2NHBYQWR0YVVH": "0" * 64})
    for fine in ({"oai": "E2NHBYQWR0YVVH"}, {"oac": "E2QWRUHEXAMPLE"}):
        assert shop.cdn.distribution(shop.distribution(**fine)["Distribution"]["Id"]).warnings == ()


OAC = {"Name": "theirs", "SigningProtocol": "sigv4", "SigningBehavior": "always", "OriginAccessControlOriginType": "s3"}


@pytest.mark.rule("OAI-11")
@pytest.mark.parametrize("given", [{"oai": "E2NHBYQWR0YVVH"}, {"oac": "E2QWRUHEXAMPLE"}])
def test_an_account_that_holds_none_takes_anothers_config_with_a_warning(given):
    shop = Shop()
    (id,) = given.values()
    empty = CloudFront()
    made = empty.create_distribution(DistributionConfig=shop.document(reference="1", **given))
    (warning,) = empty.distribution(made["Distribution"]["Id"]).warnings
    assert f"{id} in this account" in warning and "adopt" in warning
    # what was taken over with a distribution stays, whatever the account gets later
    shop.cdn.adopt(distributions={"E1": ("d1.cloudfront.net", shop.document(reference="x", **given))})
    assert id in shop.cdn.distribution("E1").warnings[0]
    read = shop.cdn.get_distribution_config(Id="E1")
    shop.cdn.update_distribution(Id="E1", IfMatch=read["ETag"], DistributionConfig={**read["DistributionConfig"], "Comment": "changed"})
    with pytest.raises(ConfigError):
        shop.distribution(**{name: "E0TYPO" for name in given})


@pytest.mark.rule("OAI-11")
def test_a_config_without_an_account_is_not_asked_for_its_identities():
    shop = Shop()
    findings = examine(shop.document(oac="E2QWRUHEXAMPLE", reference="1"))
    assert (findings.problems, findings.warnings) == ([], [])
    assert examine(shop.document(oac="E2QWRUHEXAMPLE", reference="1"), Account(origin_access_controls={})).warnings


@pytest.mark.rule("OAI-12")
def test_an_oac_is_for_the_type_of_its_origin():
    shop = Shop()
    for wrong in ({"oac": shop.control(kind="lambda")}, {"oac": shop.oac, "origin": custom_origin("www", shop.bucket.endpoint)}):
        with pytest.raises(ConfigError, match="origin type and the OAC's origin type differ") as caught:
            shop.distribution(**wrong)
        assert caught.value.code == "InvalidOriginAccessControl"
    function = custom_origin("www", "abcdefg.lambda-url.eu-north-1.on.aws")
    assert shop.distribution(oac=shop.control("always-amz-auth", "lambda"), origin=function)


# --- moving from OAI to OAC


def moved(shop):
    """A distribution that has worked with its OAI for long, at the moment at which its origin is switched to the OAC."""
    made = shop.distribution(oai=shop.oai)
    id = made["Distribution"]["Id"]
    shop.policy(shop.oai_statement(), shop.oac_statement(made))
    shop.cdn.clock.advance(600)
    assert {shop.status(made, viewer=city) for city in CITIES} == {200}
    read = shop.cdn.get_distribution_config(Id=id)
    document = shop.document(oac=shop.oac, reference=read["DistributionConfig"]["CallerReference"])
    shop.cdn.update_distribution(Id=id, IfMatch=read["ETag"], DistributionConfig=document)
    return made, lambda: shop.cdn.get_distribution(Id=id)["Distribution"]["Status"]


@pytest.mark.rule("OAI-05", "OAI-15", "PATH-16")
@pytest.mark.parametrize("slow", [False, True])
def test_the_move_has_no_gap_while_both_statements_stand_until_it_is_deployed(slow):
    shop = Shop(slow_propagation=slow)
    made, deployed = moved(shop)
    signed = set()
    while deployed() != "Deployed":
        journeys = [shop.cdn.get(shop.url(made), viewer=city) for city in CITIES]
        assert {each.response.status for each in journeys} == {200}
        signed |= {name for each in journeys for step in each.steps for name in ("'OAI'", "'OAC'") if name in step.says}
        shop.cdn.clock.advance(30)
    assert signed == ({"'OAI'", "'OAC'"} if slow else {"'OAC'"})
    shop.policy(shop.oac_statement(made))
    assert {shop.status(made, viewer=city) for city in CITIES} == {200}
    read = shop.cdn.get_cloud_front_origin_access_identity(Id=shop.oai)
    shop.cdn.delete_cloud_front_origin_access_identity(Id=shop.oai, IfMatch=read["ETag"])
    assert {shop.status(made, viewer=city) for city in CITIES} == {200}


@pytest.mark.rule("OAI-15", "PATH-16")
def test_a_gap_opens_when_the_oais_statement_goes_too_early():
    shop = Shop(slow_propagation=True)
    made, deployed = moved(shop)
    shop.policy(shop.oac_statement(made))
    assert {shop.status(made, viewer=city) for city in CITIES} >= {403}
    while deployed() != "Deployed":
        shop.cdn.clock.advance(30)
    assert {shop.status(made, viewer=city) for city in CITIES} == {200}


@pytest.mark.rule("OAI-15")
def test_a_gap_opens_when_the_origin_is_switched_before_the_policy():
    shop = Shop()
    made = shop.distribution(oai=shop.oai)
    shop.policy(shop.oai_statement())
    id = made["Distribution"]["Id"]
    shop.cdn.update_distribution(Id=id, IfMatch=made["ETag"], DistributionConfig=shop.document(oac=shop.oac, reference="1"))
    assert shop.status(made) == 403


@pytest.mark.rule("OAI-06")
def test_an_identity_that_is_used_stays_and_one_that_is_gone_cannot_be_named():
    shop = Shop()
    made = shop.distribution(oai=shop.oai)
    etag = shop.cdn.get_cloud_front_origin_access_identity(Id=shop.oai)["ETag"]
    with pytest.raises(APIError) as caught:
        shop.cdn.delete_cloud_front_origin_access_identity(Id=shop.oai, IfMatch=etag)
    assert caught.value.code == "CloudFrontOriginAccessIdentityInUse"
    shop.cdn.update_distribution(
        Id=made["Distribution"]["Id"], IfMatch=made["ETag"], DistributionConfig=shop.document(oac=shop.oac, reference="1")
    )
    shop.cdn.delete_cloud_front_origin_access_identity(Id=shop.oai, IfMatch=etag)
    with pytest.raises(APIError, match="Invalid principal in policy"):
        shop.policy(shop.oai_statement())


@pytest.mark.rule("IN-02", "S3-20")
def test_the_viewers_host_sent_to_a_bucket_breaks_the_request():
    shop = Shop()
    all_viewer = "216adef6-5c7f-47e4-b989-5492eafa07d3"
    broken, well = (shop.distribution(oac=shop.oac, OriginRequestPolicyId=policy) for policy in (all_viewer, ALL_BUT_HOST))
    shop.bucket.put_bucket_policy(
        Policy=json.dumps({"Statement": [shop.oac_statement(broken, "s3:GetObject"), shop.oac_statement(well, "s3:GetObject", Sid="OAC2")]})
    )
    journey = shop.cdn.get(shop.url(broken))
    assert (journey.response.status, b"SignatureDoesNotMatch" in journey.response.body) == (403, True)
    assert shop.status(well) == 200
    unsigned = shop.cdn.get(shop.url(shop.distribution(OriginRequestPolicyId=all_viewer)))
    assert (unsigned.response.status, b"NoSuchBucket" in unsigned.response.body) == (404, True)
