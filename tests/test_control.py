"""The control plane against AWS's own model: names, arguments and answers, and who may change what."""

from __future__ import annotations

import copy
import inspect
import json
import re
from datetime import UTC, datetime

import pytest
from botocore import xform_name
from botocore.validate import ParamValidator
from configs import CERTIFICATE, COMPLETE, DISABLED, OPTIMIZED, behavior, bucket, config, listed, put, sample
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from cdnlab.calls import Calls
from cdnlab.clock import SimulatedClock
from cdnlab.control import ControlPlane
from cdnlab.errors import APIError, ConfigError, InputError
from cdnlab.kinds import KINDS
from cdnlab.messages import Request
from cdnlab.shapes import operation


def pem(key=None):
    key = key or rsa.generate_private_key(65537, 2048)
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


PEM, PEM_EC = pem(), pem(ec.generate_private_key(ec.SECP256R1()))
PARAMETERS = {
    "EnableAcceptEncodingGzip": True,
    "HeadersConfig": {"HeaderBehavior": "none"},
    "CookiesConfig": {"CookieBehavior": "none"},
    "QueryStringsConfig": {"QueryStringBehavior": "none"},
}
CACHE = {"Name": "mine", "MinTTL": 0, "DefaultTTL": 60, "MaxTTL": 600, "ParametersInCacheKeyAndForwardedToOrigin": PARAMETERS}
REQUEST = {
    "Name": "mine",
    "HeadersConfig": {"HeaderBehavior": "none"},
    "CookiesConfig": {"CookieBehavior": "none"},
    "QueryStringsConfig": {"QueryStringBehavior": "all"},
}
RESPONSE = {"Name": "mine", "RemoveHeadersConfig": listed({"Header": "X-Powered-By"})}
OAC = {"Name": "mine", "SigningProtocol": "sigv4", "SigningBehavior": "always", "OriginAccessControlOriginType": "s3"}
OAI = {"CallerReference": "1", "Comment": "mine"}
METHODS = {kind.name: xform_name(kind.name) for kind in KINDS.values()}


class Plane(ControlPlane):
    """A control plane that writes down what the service would hear."""

    def __init__(self, seed=0):
        self.clock, self.heard = SimulatedClock("2026-01-01T00:00:00Z"), []
        super().__init__(self.clock, seed)

    def _deployed(self, distribution):
        self.heard.append(("deployed", distribution.id))

    def _removed(self, id):
        self.heard.append(("removed", id))

    def make(self, **changes):
        """A distribution; its id and ETag."""
        made = self.create_distribution(DistributionConfig=config(**{"CallerReference": f"ref {len(self.heard)}", **changes}))
        return made["Distribution"]["Id"], made["ETag"]

    def call(self, verb, kind, **arguments):
        noun = xform_name(KINDS[kind].plural) if verb == "list" else METHODS[kind]
        return getattr(self, f"{verb}_{noun}")(**arguments)

    def key(self, name="k", text=PEM):
        made = self.create_public_key(PublicKeyConfig={"CallerReference": name, "Name": name, "EncodedKey": text})
        return made["PublicKey"]["Id"], made["ETag"]


def configs_of(plane):
    """A legal config of every kind."""
    return {
        "Distribution": config(),
        "PublicKey": {"CallerReference": "1", "Name": "k0", "EncodedKey": PEM},
        "KeyGroup": {"Name": "g", "Items": [plane.key("for the group")[0]], "Comment": "c"},
        "CloudFrontOriginAccessIdentity": OAI,
        "OriginAccessControl": OAC,
        "CachePolicy": CACHE,
        "OriginRequestPolicy": REQUEST,
        "ResponseHeadersPolicy": RESPONSE,
    }


def refused(code, call, **arguments):
    """The call is refused with this code and the status that AWS's model gives it."""
    with pytest.raises(APIError) as caught:
        call(**arguments)
    assert caught.value.code == code, str(caught.value)
    assert caught.value.response["Error"]["Code"] == code
    return caught.value


# boto3's face


@pytest.mark.rule("API-01")
def test_every_call_is_one_of_boto3s():
    operations = {xform_name(name): name for name in operation("CreateDistribution").service_model.operation_names}
    ours = {name for name, _ in inspect.getmembers(Calls, inspect.isfunction) if not name.startswith("_")}
    assert len(ours) == 8 * 6 + 3
    assert ours <= operations.keys()
    for name in ours:
        assert f'self._call("{operations[name]}", arguments)' in inspect.getsource(getattr(Calls, name))
        assert getattr(Calls, name).__doc__


@pytest.mark.rule("API-01")
@pytest.mark.parametrize("kind", KINDS)
def test_every_answer_fits_aws_own_shapes(kind):
    plane = Plane()
    given = configs_of(plane)[kind]

    def fits(verb, answer, suffix=""):
        shape = operation(f"{verb}{kind if verb != 'List' else KINDS[kind].plural}{suffix}").output_shape
        report = ParamValidator().validate(answer, shape)
        assert not report.has_errors(), report.generate_report()
        return answer

    name = KINDS[kind].config
    made = fits("Create", plane.call("create", kind, **{name: given}))
    id, etag = made[kind]["Id"], made["ETag"]
    assert made["Location"].startswith("https://cloudfront.amazonaws.com/2020-05-31/") and made["Location"].endswith(f"/{id}")
    assert made[kind][name] == given
    read = fits("Get", plane.call("get", kind, Id=id))
    assert (read[kind][name], read["ETag"]) == (given, etag)
    assert fits("Get", getattr(plane, f"get_{METHODS[kind]}_config")(Id=id), "Config") == {name: given, "ETag": etag}
    listing = next(iter(fits("List", plane.call("list", kind)).values()))
    assert listing["Quantity"] == len(listing["Items"]) and id in json.dumps(listing, default=str)
    changed = {**given, ("Description" if kind == "OriginAccessControl" else "Comment"): "changed"}
    after = fits("Update", plane.call("update", kind, Id=id, IfMatch=etag, **{name: changed}))
    assert after[kind][name] == changed and after["ETag"] != etag
    if kind == "Distribution":
        off = plane.update_distribution(Id=id, IfMatch=after["ETag"], DistributionConfig=changed | {"Enabled": False})
        after = off
    assert plane.call("delete", kind, Id=id, IfMatch=after["ETag"]) == {}
    refused(KINDS[kind].missing, getattr(plane, f"get_{METHODS[kind]}"), Id=id)


@pytest.mark.rule("API-01")
def test_error_codes_of_the_table_are_codes_of_the_calls():
    for kind in KINDS.values():
        creates, deletes = ({shape.name for shape in operation(f"{verb}{kind.name}").error_shapes} for verb in ("Create", "Delete"))
        assert {kind.too_many, kind.exists} <= creates, kind.name
        assert {kind.missing, kind.in_use} <= deletes, kind.name


@pytest.mark.rule("API-01")
@pytest.mark.parametrize("name", COMPLETE)
def test_every_published_config_can_be_created_and_read_back(name):
    plane = Plane()
    made = plane.create_distribution(DistributionConfig=sample(name))
    assert made["Distribution"]["DistributionConfig"] == sample(name)
    assert plane.get_distribution_config(Id=made["Distribution"]["Id"])["DistributionConfig"] == sample(name)
    summary = plane.list_distributions()["DistributionList"]["Items"][0]
    assert summary["Aliases"]["Quantity"] == sample(name).get("Aliases", {}).get("Quantity", 0)


@pytest.mark.rule("API-02")
def test_an_argument_that_does_not_exist_or_is_missing_is_named():
    plane = Plane()
    with pytest.raises(ConfigError) as caught:
        plane.create_distribution(Config=config())
    assert [(problem.path, problem.legal) for problem in caught.value.problems] == [
        ("Config", "DistributionConfig"),
        ("DistributionConfig", "DistributionConfig"),
    ]
    for call, arguments, path in (
        (plane.get_distribution, {}, "Id"),
        (plane.get_distribution, {"Id": 7}, "Id"),
        (plane.get_distribution, {"Id": None}, "Id"),
        (plane.list_cache_policies, {"Type": "mine"}, "Type"),
        (plane.list_distributions, {"MaxItems": 10}, "MaxItems"),
        (plane.create_key_group, {"KeyGroupConfig": {"Name": "g", "Items": "K1"}}, "Items"),
        (plane.create_cache_policy, {"CachePolicyConfig": {"Name": "x"}}, "MinTTL"),
        (plane.create_distribution, {"DistributionConfig": 7}, ""),
    ):
        with pytest.raises(InputError) as caught:
            call(**arguments)
        assert caught.value.path == path


@pytest.mark.rule("API-03")
def test_configs_go_in_and_come_out_as_copies():
    plane, given = Plane(), config()
    made = plane.create_distribution(DistributionConfig=given)
    id = made["Distribution"]["Id"]
    given["Comment"] = "changed by the caller"
    made["Distribution"]["DistributionConfig"]["Origins"]["Items"].clear()
    plane.get_distribution_config(Id=id)["DistributionConfig"].clear()
    plane.list_distributions()["DistributionList"]["Items"][0]["Origins"].clear()
    policies = plane.list_cache_policies()["CachePolicyList"]["Items"]
    policies[0]["CachePolicy"]["CachePolicyConfig"].clear()
    assert plane.get_distribution_config(Id=id)["DistributionConfig"] == config()
    assert plane.get_cache_policy(Id=OPTIMIZED)["CachePolicy"]["CachePolicyConfig"]["Name"] == "Managed-CachingOptimized"


@pytest.mark.rule("API-04")
@pytest.mark.parametrize("kind", KINDS)
def test_a_change_needs_the_etag_of_the_last_read(kind):
    plane = Plane()
    given, name = configs_of(plane)[kind], KINDS[kind].config
    made = plane.call("create", kind, **{name: given})
    id, first = made[kind]["Id"], made["ETag"]
    update, delete = getattr(plane, f"update_{METHODS[kind]}"), getattr(plane, f"delete_{METHODS[kind]}")
    for arguments in ({"Id": id}, {"Id": id, "IfMatch": "E0"}):
        assert refused("InvalidIfMatchVersion", update, **arguments, **{name: given}).status == 400
        refused("InvalidIfMatchVersion", delete, **arguments)
    second = update(Id=id, IfMatch=first, **{name: given})["ETag"]
    assert refused("PreconditionFailed", update, Id=id, IfMatch=first, **{name: given}).status == 412
    refused("PreconditionFailed", delete, Id=id, IfMatch=first)
    update(Id=id, IfMatch=second, **{name: given})
    assert refused(KINDS[kind].missing, update, Id="E0", IfMatch=second, **{name: given}).status == 404


@pytest.mark.rule("API-05", "API-06")
def test_a_caller_reference_makes_one_thing_and_stays():
    plane = Plane()
    id, etag = plane.make(CallerReference="one")
    assert (
        refused(
            "DistributionAlreadyExists", plane.create_distribution, DistributionConfig=config(CallerReference="one", Comment="x")
        ).status
        == 409
    )
    refused("IllegalUpdate", plane.update_distribution, Id=id, IfMatch=etag, DistributionConfig=config(CallerReference="two"))
    first = plane.create_cloud_front_origin_access_identity(CloudFrontOriginAccessIdentityConfig=OAI)
    assert plane.create_cloud_front_origin_access_identity(CloudFrontOriginAccessIdentityConfig=OAI) == first
    refused(
        "CloudFrontOriginAccessIdentityAlreadyExists",
        plane.create_cloud_front_origin_access_identity,
        CloudFrontOriginAccessIdentityConfig=OAI | {"Comment": "another"},
    )
    plane.key("a")
    refused("PublicKeyAlreadyExists", plane.create_public_key, PublicKeyConfig={"CallerReference": "a", "Name": "b", "EncodedKey": PEM})


@pytest.mark.rule("API-07")
def test_a_distribution_is_disabled_before_it_goes():
    plane = Plane()
    id, etag = plane.make(CallerReference="r")
    assert refused("DistributionNotDisabled", plane.delete_distribution, Id=id, IfMatch=etag).status == 409
    etag = plane.update_distribution(Id=id, IfMatch=etag, DistributionConfig=config(CallerReference="r", Enabled=False))["ETag"]
    plane.delete_distribution(Id=id, IfMatch=etag)
    assert plane.heard == [("deployed", id), ("deployed", id), ("removed", id)]
    assert plane.list_distributions()["DistributionList"]["Quantity"] == 0
    assert plane._known_hosts() == []
    plane.make(CallerReference="r")


@pytest.mark.rule("API-08")
def test_an_alias_belongs_to_one_distribution():
    plane = Plane()
    names = {"Aliases": listed("a.example", "*.b.example"), "ViewerCertificate": CERTIFICATE}
    id, etag = plane.make(CallerReference="r", **names)
    error = refused("CNAMEAlreadyExists", plane.create_distribution, DistributionConfig=config(CallerReference="2", **names))
    assert error.status == 409 and "a.example" in str(error)
    plane.make(Aliases=listed("x.b.example"), ViewerCertificate=CERTIFICATE)
    plane.update_distribution(Id=id, IfMatch=etag, DistributionConfig=config(CallerReference="r"))
    plane.make(Aliases=listed("A.example"), ViewerCertificate=CERTIFICATE)


@pytest.mark.rule("API-09")
def test_a_config_routes_at_once_and_is_deployed_later():
    plane = Plane()
    id, etag = plane.make(CallerReference="r", Comment="old")
    host = plane.get_distribution(Id=id)["Distribution"]["DomainName"]
    assert plane._distribution_for(host).id == id
    assert plane.get_distribution(Id=id)["Distribution"]["Status"] == "InProgress"
    plane.clock.advance(300)
    read = plane.get_distribution(Id=id)["Distribution"]
    assert (read["Status"], read["LastModifiedTime"]) == ("Deployed", datetime(2026, 1, 1, tzinfo=UTC))
    made = plane.update_distribution(Id=id, IfMatch=etag, DistributionConfig=config(CallerReference="r", Comment="new"))["Distribution"]
    assert (made["Status"], made["LastModifiedTime"].minute, made["DomainName"]) == ("InProgress", 5, host)
    assert plane._distribution_for(host).config["Comment"] == "new"


@pytest.mark.rule("ROUTE-08")
def test_a_host_leads_to_the_distribution_with_the_most_specific_name():
    plane = Plane()
    wide, _ = plane.make(Aliases=listed("*.example.com"), ViewerCertificate=CERTIFICATE)
    deep, _ = plane.make(Aliases=listed("*.dev.example.com"), ViewerCertificate=CERTIFICATE)
    exact, _ = plane.make(Aliases=listed("Www.Example.com"), ViewerCertificate=CERTIFICATE)
    for host, id in (
        ("www.example.com", exact),
        ("WWW.EXAMPLE.COM.", exact),
        ("img.example.com", wide),
        ("a.b.example.com", wide),
        ("x.dev.example.com", deep),
        ("y.x.dev.example.com", deep),
        ("dev.example.com", wide),
        ("example.com", None),
        ("example.org", None),
        ("", None),
    ):
        found = plane._distribution_for(host)
        assert (found and found.id) == id, host


@pytest.mark.rule("API-10")
def test_what_is_in_use_stays():
    plane = Plane()
    key, key_etag = plane.key()
    group = plane.create_key_group(KeyGroupConfig={"Name": "g", "Items": [key]})
    cache = plane.create_cache_policy(CachePolicyConfig=CACHE)
    request = plane.create_origin_request_policy(OriginRequestPolicyConfig=REQUEST)
    response = plane.create_response_headers_policy(ResponseHeadersPolicyConfig=RESPONSE)
    oac = plane.create_origin_access_control(OriginAccessControlConfig=OAC)
    oai = plane.create_cloud_front_origin_access_identity(CloudFrontOriginAccessIdentityConfig=OAI)
    oai_id = oai["CloudFrontOriginAccessIdentity"]["Id"]
    policies = {
        "CachePolicyId": cache["CachePolicy"]["Id"],
        "OriginRequestPolicyId": request["OriginRequestPolicy"]["Id"],
        "ResponseHeadersPolicyId": response["ResponseHeadersPolicy"]["Id"],
        "TrustedKeyGroups": {"Enabled": True, **listed(group["KeyGroup"]["Id"])},
    }
    old = {"S3OriginConfig": {"OriginAccessIdentity": f"origin-access-identity/cloudfront/{oai_id}"}}
    origins = (bucket("www", OriginAccessControlId=oac["OriginAccessControl"]["Id"]), bucket("old", "old.s3.amazonaws.com") | old)
    id, _ = plane.make(origins=origins, default=behavior(**policies))
    active = plane.get_distribution(Id=id)["Distribution"]["ActiveTrustedKeyGroups"]
    assert active == {"Enabled": True, **listed({"KeyGroupId": group["KeyGroup"]["Id"], "KeyPairIds": listed(key)})}
    for code, call, made, noun in (
        ("CachePolicyInUse", plane.delete_cache_policy, cache, "CachePolicy"),
        ("OriginRequestPolicyInUse", plane.delete_origin_request_policy, request, "OriginRequestPolicy"),
        ("ResponseHeadersPolicyInUse", plane.delete_response_headers_policy, response, "ResponseHeadersPolicy"),
        ("ResourceInUse", plane.delete_key_group, group, "KeyGroup"),
        ("OriginAccessControlInUse", plane.delete_origin_access_control, oac, "OriginAccessControl"),
        ("CloudFrontOriginAccessIdentityInUse", plane.delete_cloud_front_origin_access_identity, oai, "CloudFrontOriginAccessIdentity"),
    ):
        assert id in str(refused(code, call, Id=made[noun]["Id"], IfMatch=made["ETag"]))
    refused("PublicKeyInUse", plane.delete_public_key, Id=key, IfMatch=key_etag)


@pytest.mark.rule("API-11")
@pytest.mark.parametrize(("kind", "count"), [("CachePolicy", 7), ("OriginRequestPolicy", 8), ("ResponseHeadersPolicy", 5)])
def test_managed_policies_are_there_and_stay_as_they_are(kind, count):
    plane = Plane()
    name = KINDS[kind].config
    plane.call("create", kind, **{name: configs_of(plane)[kind]})
    counts = {Type: next(iter(plane.call("list", kind, Type=Type).values()))["Quantity"] for Type in ("managed", "custom")}
    assert counts == {"managed": count, "custom": 1}
    first = next(iter(plane.call("list", kind).values()))["Items"][0]
    assert first["Type"] == "managed"
    read = plane.call("get", kind, Id=first[kind]["Id"])
    assert read[kind][name]["Name"].startswith("Managed-")
    arguments = {"Id": read[kind]["Id"], "IfMatch": read["ETag"]}
    refused("IllegalUpdate", getattr(plane, f"update_{METHODS[kind]}"), **arguments, **{name: read[kind][name]})
    refused("IllegalDelete", getattr(plane, f"delete_{METHODS[kind]}"), **arguments)


@pytest.mark.rule("API-12")
@pytest.mark.parametrize("kind", [kind.name for kind in KINDS.values() if kind.unique == "Name"])
def test_names_are_taken_once(kind):
    plane = Plane()
    name, given = KINDS[kind].config, configs_of(plane)[kind]
    plane.call("create", kind, **{name: given})
    again = given | ({"CallerReference": "2"} if kind == "PublicKey" else {})
    refused(KINDS[kind].exists, getattr(plane, f"create_{METHODS[kind]}"), **{name: again})
    other = plane.call("create", kind, **{name: again | {"Name": "other"} | ({"CallerReference": "3"} if kind == "PublicKey" else {})})
    if kind != "PublicKey":
        refused(KINDS[kind].exists, getattr(plane, f"update_{METHODS[kind]}"), Id=other[kind]["Id"], IfMatch=other["ETag"], **{name: given})
    with pytest.raises(ConfigError, match="empty or too long"):
        plane.call("create", kind, **{name: again | {"Name": ""}})


@pytest.mark.rule("API-13")
def test_a_long_list_comes_in_pages():
    plane = Plane()
    ids = [plane.make()[0] for _ in range(7)]
    seen, marker = [], {}
    while True:
        page = plane.list_distributions(MaxItems="3", **marker)["DistributionList"]
        seen += [item["Id"] for item in page.get("Items", [])]
        assert (page["MaxItems"], page["IsTruncated"]) == (3, "NextMarker" in page)
        if not page["IsTruncated"]:
            break
        marker = {"Marker": page["NextMarker"]}
    assert seen == ids and page["Quantity"] == 1
    assert plane.list_distributions(MaxItems="5000")["DistributionList"]["MaxItems"] == 100
    for wrong in ({"MaxItems": "0"}, {"MaxItems": "many"}, {"MaxItems": "²"}, {"Marker": "E0"}):
        refused("InvalidArgument", plane.list_distributions, **wrong)


# what is particular to a kind


@pytest.mark.rule("API-14")
def test_a_public_key_is_one_and_never_changes():
    plane = Plane()
    id, etag = plane.key("rsa")
    plane.key("ecdsa", PEM_EC)
    made = plane.get_public_key(Id=id)["PublicKey"]
    assert made["CreatedTime"] == datetime(2026, 1, 1, tzinfo=UTC) and id.startswith("K")
    small, other = pem(rsa.generate_private_key(65537, 1024)), pem(ec.generate_private_key(ec.SECP384R1()))
    private = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    for wrong, said in (
        (small, "1024 bits"),
        (other, "secp384r1"),
        (private, "private key"),
        ("", "cannot be read as a public key in PEM"),
        (PEM[:80], "cannot be read"),
        (PEM.replace("A", "?"), "not"),
    ):
        with pytest.raises(ConfigError, match=said):
            plane.key("wrong", wrong)
    given = made["PublicKeyConfig"]
    plane.update_public_key(Id=id, IfMatch=etag, PublicKeyConfig=given | {"Comment": "new"})
    etag = plane.get_public_key(Id=id)["ETag"]
    for change in ({"EncodedKey": PEM_EC}, {"CallerReference": "other"}):
        refused("CannotChangeImmutablePublicKeyFields", plane.update_public_key, Id=id, IfMatch=etag, PublicKeyConfig=given | change)


def test_a_private_key_without_its_first_line_is_not_repeated():
    secret = "MHcCAQEEIMeK52F7mbKabF+h2kzpjUImvMeb3GzlonX3YYVOLZFQ"
    for given in (secret, f"-----begin ec private key-----\n{secret}", f"see {secret}"):
        with pytest.raises(ConfigError) as caught:
            Plane().key("wrong", given)
        assert "MeK52F7" not in str(caught.value)


def test_only_a_key_pair_that_is_taken_over_may_have_another_size():
    small = rsa.generate_private_key(65537, 1024).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    plane = Plane()
    plane.adopt(public_keys={"APKAEXAMPLE": small})
    with pytest.raises(ConfigError, match="1024 bits"):
        plane.key("APKAOTHER", small)


def test_adopting_takes_nothing_over_when_something_of_the_caller_breaks():
    class Broken(dict):
        def __getitem__(self, name):
            raise ZeroDivisionError

    plane, broken = Plane(), config()
    broken["Origins"]["Items"] = [Broken(each) for each in broken["Origins"]["Items"]]
    with pytest.raises(ZeroDivisionError):
        plane.adopt(public_keys={"KNEW": PEM}, distributions={"E1": ("d1.cloudfront.net", broken)})
    assert plane.list_public_keys()["PublicKeyList"]["Quantity"] == 0


@pytest.mark.rule("API-15")
def test_a_key_group_holds_keys_that_exist():
    plane = Plane()
    keys = [plane.key(f"k{n}")[0] for n in range(6)]

    def group(*items):
        return plane.create_key_group(KeyGroupConfig={"Name": "g", "Items": list(items)})

    for items, code in (
        ((), "InvalidArgument"),
        (("K0",), "InvalidArgument"),
        ((keys[0],) * 2, "InvalidArgument"),
        (keys, "TooManyPublicKeysInKeyGroup"),
    ):
        with pytest.raises(ConfigError) as caught:
            group(*items)
        assert caught.value.code == code
    assert group(*keys[:5])["KeyGroup"]["KeyGroupConfig"]["Items"] == keys[:5]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"Name": "x" * 65}, "Name"),
        ({"Description": "x" * 257}, "Description"),
        ({"SigningBehavior": "always-amz-auth"}, "SigningBehavior"),
    ],
)
def test_an_access_control_is_within_bounds(change, path):
    with pytest.raises(ConfigError) as caught:
        Plane().create_origin_access_control(OriginAccessControlConfig=OAC | change)
    assert caught.value.path == path


@pytest.mark.rule("API-20")
def test_an_oac_signs_as_its_behaviour_says():
    plane = Plane()
    plain, signed = Request("GET", "https://b.example/x"), Request("GET", "https://b.example/x", {"Authorization": "mine"})
    assert plane._oac_signs("E0UNKNOWN", signed)
    for behavior_name, expected in (("always", (True, True)), ("never", (False, False)), ("no-override", (True, False))):
        made = plane.create_origin_access_control(OriginAccessControlConfig=OAC | {"Name": behavior_name, "SigningBehavior": behavior_name})
        id = made["OriginAccessControl"]["Id"]
        assert (plane._oac_signs(id, plain), plane._oac_signs(id, signed)) == expected


def test_an_oai_has_a_canonical_user_known_to_the_service():
    plane = Plane()
    made = plane.create_cloud_front_origin_access_identity(CloudFrontOriginAccessIdentityConfig=OAI)["CloudFrontOriginAccessIdentity"]
    assert re.fullmatch(r"[0-9a-f]{64}", made["S3CanonicalUserId"]) and re.fullmatch(r"E[A-Z0-9]{13}", made["Id"])
    identity = plane._oai(made["Id"])
    assert (identity.id, identity.canonical_user) == (made["Id"], made["S3CanonicalUserId"])
    assert plane._oai("E74FTE3AJFJ256A").canonical_user == ""


@pytest.mark.rule("API-16")
def test_a_changed_policy_changes_the_behaviours_that_use_it():
    plane = Plane()
    made = plane.create_cache_policy(CachePolicyConfig=CACHE)
    policy = made["CachePolicy"]["Id"]
    using, _ = plane.make(default=behavior(CachePolicyId=policy))
    other, _ = plane.make(default=behavior(CachePolicyId=DISABLED))
    plane.heard.clear()
    plane.update_cache_policy(Id=policy, IfMatch=made["ETag"], CachePolicyConfig=CACHE | {"MaxTTL": 999})
    assert plane.heard == [("deployed", using)]
    assert plane._distributions[using].plans[0].recipe.ttls.max == 999
    assert plane._distributions[other].plans[0].recipe.ttls.max == 0


@pytest.mark.parametrize(
    ("method", "name", "given"),
    [
        ("create_cache_policy", "CachePolicyConfig", CACHE | {"MinTTL": 61}),
        ("create_cache_policy", "CachePolicyConfig", CACHE | {"Comment": "x" * 129}),
        ("create_origin_request_policy", "OriginRequestPolicyConfig", put(REQUEST, "HeadersConfig.HeaderBehavior", "whitelist")),
        ("create_response_headers_policy", "ResponseHeadersPolicyConfig", RESPONSE | {"RemoveHeadersConfig": listed({"Header": "Via"})}),
    ],
)
def test_a_policy_that_aws_would_refuse_is_refused(method, name, given):
    plane = Plane()
    with pytest.raises(ConfigError):
        getattr(plane, method)(**{name: given})
    assert plane.list_cache_policies(Type="custom")["CachePolicyList"]["Quantity"] == 0


@pytest.mark.rule("API-19")
def test_an_account_has_quotas():
    plane = Plane()
    for number in range(20):
        plane.create_cache_policy(CachePolicyConfig=CACHE | {"Name": f"p{number}"})
    assert refused("TooManyCachePolicies", plane.create_cache_policy, CachePolicyConfig=CACHE).status == 400
    for number in range(10):
        plane.key(f"k{number}")
    refused("TooManyPublicKeys", plane.key)
    assert {kind.name: kind.limit for kind in KINDS.values()} == {
        "Distribution": 500,
        "PublicKey": 10,
        "KeyGroup": 10,
        "CloudFrontOriginAccessIdentity": 100,
        "OriginAccessControl": 100,
        "CachePolicy": 20,
        "OriginRequestPolicy": 20,
        "ResponseHeadersPolicy": 20,
    }


@pytest.mark.rule("API-18")
def test_ids_look_like_aws_and_repeat_with_the_seed():
    one, two, three = (Plane(seed).create_distribution(DistributionConfig=config()) for seed in (0, 0, 1))
    assert one == two and one["Distribution"]["Id"] != three["Distribution"]["Id"]
    made = one["Distribution"]
    assert re.fullmatch(r"E[A-Z0-9]{13}", made["Id"]) and re.fullmatch(r"E[A-Z0-9]{13}", one["ETag"])
    assert re.fullmatch(r"d[a-z0-9]{13}\.cloudfront\.net", made["DomainName"])
    assert made["ARN"] == f"arn:aws:cloudfront::111122223333:distribution/{made['Id']}"
    policy = Plane().create_cache_policy(CachePolicyConfig=CACHE)["CachePolicy"]["Id"]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", policy)


@pytest.mark.rule("API-17")
def test_what_exists_on_aws_is_taken_over_under_its_ids():
    plane = Plane()
    user = "a" * 64
    document = config(default=behavior(CachePolicyId="policy-1", TrustedKeyGroups={"Enabled": True, **listed("group-1")}))
    plane.adopt(
        public_keys={"K2JCJMDEHXQW5F": PEM},
        key_groups={"group-1": ["K2JCJMDEHXQW5F"]},
        origin_access_identities={"E74FTE3AJFJ256A": user},
        origin_access_controls={"E2QWRUHEXAMPLE": OAC},
        cache_policies={"policy-1": {"CachePolicyConfig": CACHE}},
        origin_request_policies={"policy-2": REQUEST},
        response_headers_policies={"policy-3": RESPONSE},
        distributions={
            "E1": ("d111111abcdef8.cloudfront.net", document),
            "E2": ("d2.cloudfront.net", json.dumps({"DistributionConfig": config(CallerReference="2")})),
        },
    )
    made = plane.get_distribution(Id="E1")["Distribution"]
    assert (made["DomainName"], made["Status"], made["DistributionConfig"]) == ("d111111abcdef8.cloudfront.net", "Deployed", document)
    assert plane._distribution_for("d111111abcdef8.cloudfront.net").plans[0].recipe.ttls.default == 60
    assert plane._oai("E74FTE3AJFJ256A").canonical_user == user
    assert plane.heard == [("deployed", "E1"), ("deployed", "E2")]
    plane.adopt()


@pytest.mark.rule("API-17")
@pytest.mark.parametrize(
    "wrong",
    [
        {"distributions": {"E2": ("d2.cloudfront.net", config(CallerReference="2", DefaultRootObject="/x"))}},
        {"distributions": {"E2": ("d1.cloudfront.net", config(CallerReference="2"))}},
        {"distributions": {"E1": ("d2.cloudfront.net", config(CallerReference="2"))}},
        {"distributions": {"E2": config()}},
        {"distributions": {"E2": ("not a host", config())}},
        {"distributions": {"E2": ("d2.cloudfront.net", 7)}},
        {"distributions": {"E 2": ("d2.cloudfront.net", config())}},
        {"distributions": [("E2", config())]},
        {"public_keys": {"K1": "not a key"}},
        {"public_keys": {"K1": 7}},
        {"key_groups": {"g": ["K0"]}},
        {"origin_access_identities": {"E3": "short"}},
        {"cache_policies": {"p": {"Name": "x"}}},
        {"cache_policies": {"p": None}},
    ],
)
def test_taking_over_is_all_or_nothing(wrong):
    plane = Plane()
    plane.adopt(distributions={"E1": ("d1.cloudfront.net", config())})
    before = (copy.deepcopy(plane._records), plane._known_hosts())
    with pytest.raises((InputError, APIError)):
        plane.adopt(**{"origin_request_policies": {"fine": REQUEST}, **wrong})
    assert (plane._records, plane._known_hosts()) == before
    assert plane.list_distributions()["DistributionList"]["Quantity"] == 1


def test_a_refused_call_changes_nothing():
    plane = Plane()
    id, etag = plane.make(CallerReference="r")
    for wrong in (config(CallerReference="r", Comment="x" * 200), config(CallerReference="r", default=behavior(target="nobody"))):
        with pytest.raises(ConfigError):
            plane.update_distribution(Id=id, IfMatch=etag, DistributionConfig=wrong)
    read = plane.get_distribution(Id=id)
    assert (read["ETag"], read["Distribution"]["DistributionConfig"]) == (etag, config(CallerReference="r"))
    assert plane.heard == [("deployed", id)]


def test_one_thing_that_a_distribution_refers_to_must_exist():
    with pytest.raises(ConfigError) as caught:
        Plane().create_distribution(DistributionConfig=config(default=behavior(TrustedKeyGroups={"Enabled": True, **listed("g")})))
    assert caught.value.code == "TrustedKeyGroupDoesNotExist"


def test_a_cache_policy_without_parameters_keys_on_the_path_alone():
    plane = ControlPlane(SimulatedClock())
    made = plane.create_cache_policy(CachePolicyConfig={"Name": "bare", "MinTTL": 0})["CachePolicy"]
    assert plane.get_cache_policy(Id=made["Id"])["CachePolicy"]["CachePolicyConfig"] == {"Name": "bare", "MinTTL": 0}
