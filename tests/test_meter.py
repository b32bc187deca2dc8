"""What a request used is counted where AWS counts it: requests, bytes, shields, and what the origins answered."""

import json

import pytest
from labs import ALL_METHODS, DISABLED, Lab, behaviour, config, custom_origin, listed

from cdnlab.bucket import Bucket
from cdnlab.cloudfront import CloudFront
from cdnlab.errors import InputError
from cdnlab.messages import Response
from cdnlab.meter import GB, Item, Meter, Usage


class Photos:
    """A bucket in Stockholm that everybody may read, behind a distribution."""

    def __init__(self, region="eu-north-1", shield=None, protocol="redirect-to-https", **more):
        self.cdn, self.bucket = CloudFront(), Bucket("photos", region=region)
        self.cdn.connect(self.bucket)
        statement = {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::photos/*"}
        self.bucket.put_public_access_block(PublicAccessBlockConfiguration={"BlockPublicPolicy": False, "RestrictPublicBuckets": False})
        self.bucket.put_bucket_policy(Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
        self.bucket.put_object(Key="cat.jpg", Body=b"x" * 10_000, CacheControl="max-age=60")
        origin = {"Id": "photos", "DomainName": f"photos.s3.{region}.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
        if shield:
            origin["OriginShield"] = {"Enabled": True, "OriginShieldRegion": shield}
        rule = behaviour("photos", ViewerProtocolPolicy=protocol, **more)
        made = self.cdn.create_distribution(DistributionConfig=config(rule, origins=[origin]))
        self.host = made["Distribution"]["DomainName"]

    def get(self, viewer="Lisbon", path="/cat.jpg", scheme="https", **more):
        return self.cdn.get(f"{scheme}://{self.host}{path}", viewer, **more)


@pytest.mark.rule("COST-01")
@pytest.mark.parametrize(
    ("city", "geography"),
    [("Lisbon", "EU"), ("Auckland", "AU"), ("Mexico City", "US"), ("Lagos", "ZA_ME"), ("Tokyo", "JP"), ("Jakarta", "AP"), ("Lima", "SA")],
)
def test_a_request_is_billed_where_the_edge_stands(city, geography):
    assert Photos().get(city).meter.region == geography


@pytest.mark.rule("COST-01")
def test_the_viewers_country_does_not_matter_for_the_bill():
    meter = Lab(PriceClass="PriceClass_100").get(viewer="Mumbai").meter
    assert meter.region in ("US", "EU")


@pytest.mark.rule("COST-02")
def test_http_and_https_are_counted_apart_and_a_hit_counts_like_a_miss():
    lab = Photos(protocol="allow-all")
    meters = [lab.get(scheme=scheme).meter for scheme in ("http", "http", "https")]
    assert [(meter.http, meter.https) for meter in meters] == [(1, 0), (1, 0), (0, 1)]


@pytest.mark.rule("COST-02")
def test_a_refused_request_counts_as_well():
    lab = Lab(Restrictions={"GeoRestriction": {"RestrictionType": "blacklist", **listed(["PT"])}})
    refused = lab.get()
    assert refused.response.status == 403
    assert (refused.meter.https, refused.meter.s3_gets, refused.meter.bytes_out > 0) == (1, (), True)


@pytest.mark.rule("COST-03")
def test_a_redirect_to_https_and_what_follows_are_two_requests():
    lab = Photos()
    first = lab.get(scheme="http")
    second = lab.cdn.get(first.response.headers["Location"])
    assert (first.response.status, second.response.status) == (301, 200)
    assert dict(Usage.of([first, second]).amounts)[Item("cloudfront", "requests_http", "EU")] == 1
    assert dict(Usage.of([first, second]).amounts)[Item("cloudfront", "requests_https", "EU")] == 1
    assert 0 < first.meter.bytes_out < 1000


@pytest.mark.rule("COST-04")
def test_s3_is_asked_on_a_miss_and_on_a_revalidation_but_not_on_a_hit():
    lab = Photos()
    miss, hit = lab.get(), lab.get()
    lab.cdn.clock.advance(61)
    refreshed = lab.get()
    assert [each.result for each in (miss, hit, refreshed)] == ["Miss", "Hit", "RefreshHit"]
    assert [each.meter.s3_gets for each in (miss, hit, refreshed)] == [("eu-north-1",), (), ("eu-north-1",)]
    assert [each.meter.bytes_from_aws for each in (miss, hit, refreshed)] == [10_000, 0, 0]


@pytest.mark.rule("COST-04")
def test_an_origin_outside_aws_is_not_s3_and_its_bytes_are_kept_apart():
    lab = Lab()
    lab.server.place = type(lab.server.place)("web", kind="origin", code="web", lat=38.7, lon=-9.1)
    meter = lab.get().meter
    assert (meter.s3_gets, meter.bytes_from_aws, meter.bytes_from_elsewhere) == ((), 0, 5)


@pytest.mark.rule("COST-04")
def test_an_origin_that_stands_in_a_region_sends_for_free():
    meter = Lab(region="eu-west-1").get().meter
    assert (meter.s3_gets, meter.bytes_from_aws, meter.bytes_from_elsewhere) == ((), 5, 0)


@pytest.mark.rule("COST-05")
def test_a_post_that_goes_on_to_the_origin_is_counted_by_itself_with_its_bytes():
    lab = Lab(default=behaviour(cache=DISABLED, AllowedMethods=ALL_METHODS))
    meter = lab.request("POST", "/a", (), b"y" * 5000).meter
    assert (meter.https, meter.https_proxy) == (0, 1)
    assert 5000 < meter.bytes_to_origin < 6000
    get = lab.get().meter
    assert (get.https, get.https_proxy, get.bytes_to_origin) == (1, 0, 0)


@pytest.mark.rule("COST-05")
def test_a_put_to_s3_is_a_put_for_s3():
    lab = Photos(AllowedMethods=ALL_METHODS)
    put = lab.cdn.request("PUT", f"https://{lab.host}/new", body=b"z" * 100)
    assert put.response.status == 200
    assert (put.meter.s3_puts, put.meter.s3_gets) == (("eu-north-1",), ())


def test_a_method_that_the_edge_refuses_goes_on_nowhere():
    meter = Lab().request("PUT", "/a", (), b"y").meter
    assert (meter.https, meter.https_proxy, meter.bytes_to_origin) == (1, 0, 0)


@pytest.mark.rule("COST-06")
def test_a_shield_is_counted_when_it_is_an_extra_layer_and_not_when_the_regional_cache_is_it():
    lab = Photos(shield="eu-west-2")
    assert lab.get("London").meter.shields == ()
    lab = Photos(shield="eu-west-2")
    assert [lab.get("Auckland").meter.shields, lab.get("Auckland").meter.shields] == [("eu-west-2",), ()]


@pytest.mark.rule("COST-06")
def test_what_is_not_cached_always_passes_the_shield_as_an_extra_layer():
    lab = Photos(shield="eu-west-2", CachePolicyId=DISABLED)
    assert [lab.get("London").meter.shields for _ in range(2)] == [("eu-west-2",)] * 2


@pytest.mark.rule("COST-14")
def test_bytes_out_are_those_of_the_log_headers_included():
    lab = Photos()
    for journey in (lab.get(), lab.get(headers={"Range": "bytes=0-99"}), lab.cdn.request("HEAD", f"https://{lab.host}/cat.jpg")):
        assert journey.meter.bytes_out == int(journey.log["sc-bytes"]) > len(journey.response.content)


@pytest.mark.rule("COST-14")
def test_a_gb_has_2_to_the_30th_bytes():
    assert dict(Meter("US", bytes_out=GB).items()) == {Item("cloudfront", "data_transfer_out_internet", "US"): 1.0}


def test_the_meter_is_the_same_whether_or_not_anybody_wants_the_steps():
    told, untold = Photos(shield="eu-west-2"), Photos(shield="eu-west-2")
    for city in ("Auckland", "Auckland", "Brisbane", "London"):
        assert told.get(city).meter == untold.get(city, explain=False).meter


def test_an_origin_that_does_not_answer_has_answered_nothing():
    lab = Photos()
    lab.bucket.fault = "silent"
    meter = lab.get().meter
    assert (meter.s3_gets, meter.bytes_from_aws) == ((), 0)


def test_failing_over_asks_two_buckets():
    lab = Lab(
        lambda request: Response(503),
        origins=[custom_origin(), custom_origin("copy", "copies.s3.eu-west-1.amazonaws.com")],
        default=behaviour("group"),
        OriginGroups=listed(
            [
                {
                    "Id": "group",
                    "FailoverCriteria": {"StatusCodes": listed([503])},
                    "Members": listed([{"OriginId": "www"}, {"OriginId": "copy"}]),
                }
            ]
        ),
    )
    lab.cdn.connect(Bucket("copies", region="eu-west-1"))
    journey = lab.get()
    assert journey.origin_statuses == (503, 403)
    assert journey.meter.s3_gets == ("eu-west-1",)


def test_usages_add_up_and_multiply():
    lab = Photos()
    one, two = Usage.of(lab.get()), Usage.of([lab.get(), [lab.get()]])
    three = one + two
    assert three.amounts[Item("cloudfront", "requests_https", "EU")] == 3
    assert (three * 1000).amounts[Item("s3", "requests_get_select", "eu-north-1")] == 1000
    assert Usage.of([]).amounts == {}


@pytest.mark.parametrize("odd", ["Lisbon", 3, None, {"a": 1}, [Meter("EU"), "x"]])
def test_what_has_no_meter_cannot_be_added_up(odd):
    with pytest.raises(InputError, match="give Journeys, Meters or Usages"):
        Usage.of(odd)
