"""The service as an outsider drives it: the public face, bad input, determinism."""

import json

import pytest
from labs import Lab, config

from cdnlab.bucket import Bucket
from cdnlab.clock import SimulatedClock
from cdnlab.cloudfront import CloudFront
from cdnlab.errors import APIError, CdnlabError, ConfigError, InputError, MessageError, UnknownName
from cdnlab.facts import json_file
from cdnlab.geography import Viewer
from cdnlab.messages import Response
from cdnlab.webserver import WebServer


def test_a_journey_says_what_happened():
    lab = Lab()
    journey = lab.get("/a?x=1", viewer="Lisbon", headers={"User-Agent": "curl/8"})
    assert journey.response.status == 200
    assert journey.response.headers["X-Cache"] == "Miss from cloudfront"
    assert journey.response.body == b"hello"
    assert (journey.edge, journey.result) == ("LIS", "Miss")
    assert journey.latency_ms > 0
    assert all(step.place and step.rule and step.says and step.evidence for step in journey.steps)
    assert [request.path for request in journey.origin_requests] == ["/a"]
    assert journey.log["x-edge-result-type"] == "Miss"
    assert journey.log["sc-status"] == "200"
    assert journey.log["cs-uri-query"] == "x=1"
    assert len(journey.log) == 33


def test_without_explanation_the_answer_is_the_same_and_the_steps_are_not_there():
    plain, told = Lab(), Lab()
    for seconds in (0, 1, 100):
        for lab in (plain, told):
            lab.clock.advance(seconds)
        quiet, loud = plain.get(explain=False), told.get()
        assert (quiet.response, quiet.result, quiet.latency_ms, quiet.log) == (loud.response, loud.result, loud.latency_ms, loud.log)
        assert (quiet.steps, quiet.legs) == ((), ())
        assert quiet.origin_requests == loud.origin_requests


def test_the_same_seed_gives_the_same_journey_to_the_byte():
    assert str(Lab().get()) == str(Lab().get())
    assert Lab().get().id == Lab().get().id
    assert CloudFront(seed=1)._request_id() != CloudFront(seed=2)._request_id()


def test_the_clock_moves_by_the_latency_and_stands_still_otherwise():
    lab = Lab()
    before = lab.clock.now()
    journey = lab.get()
    assert lab.clock.now() - before == pytest.approx(journey.latency_ms / 1000, abs=1e-6)
    assert journey.started == before


def test_play_overlaps_requests_and_keeps_the_given_order():
    lab = Lab()
    journeys = lab.cdn.play(
        [
            (5, "GET", lab.url("/late")),
            (0, "HEAD", lab.url("/early"), "Tokyo", {"X-A": "1"}),
            (0.1, "GET", lab.url("/early"), Viewer(country="JP")),
        ]
    )
    assert [journey.request.path for journey in journeys] == ["/late", "/early", "/early"]
    assert journeys[0].started - journeys[1].started == pytest.approx(5)
    assert journeys[1].request.headers["X-A"] == "1"


@pytest.mark.parametrize(
    "item",
    [
        "GET",
        (0,),
        (0, "GET"),
        (-1, "GET", "URL"),
        ("0", "GET", "URL"),
        (True, "GET", "URL"),
        (float("nan"), "GET", "URL"),
        (0, "GET", "URL", "Lisbon", {}, b"", 1),
        5,
    ],
)
def test_a_request_that_cannot_be_played_is_named_before_anything_is_sent(item):
    lab = Lab()
    item = tuple(lab.url() if each == "URL" else each for each in item) if isinstance(item, tuple) else item
    with pytest.raises(InputError, match="request 1 to play"):
        lab.cdn.play([(0, "GET", lab.url()), item])
    assert not lab.asked


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda lab: lab.get(viewer="Lisbn"), UnknownName, "did you mean 'Lisbon'"),
        (lambda lab: lab.get(viewer=5), InputError, "viewer"),
        (lambda lab: lab.cdn.get("https://unknown.example.com/a"), UnknownName, "host 'unknown.example.com'"),
        (lambda lab: lab.cdn.get("https://www.example.com/a"), UnknownName, "is an origin; ask for it through a distribution"),
        (lambda lab: lab.cdn.get("cat.jpg"), MessageError, "must be absolute"),
        (lambda lab: lab.request("PO ST"), MessageError, "method"),
        (lambda lab: lab.request("POST", "/a", (), "text"), MessageError, "bytes"),
        (lambda lab: lab.get(headers={"A": "b\r\nc"}), MessageError, "line break"),
        (lambda lab: lab.clock.advance(-1), InputError, "only goes forwards"),
        (lambda lab: lab.cdn.set_trouble("QQQ", 5), UnknownName, "edge"),
        (lambda lab: lab.cdn.set_trouble("LIS", -5), InputError, "milliseconds"),
        (lambda lab: CloudFront(edge_bytes=0), InputError, "capacity"),
        (lambda lab: CloudFront(clock="now"), InputError, "clock"),
        (lambda lab: CloudFront(seed=[1]), InputError, "seed"),
        (lambda lab: lab.cdn.get([]), MessageError, "a URL is a text"),
        (lambda lab: lab.cdn.play(None), InputError, "requests to play"),
        (lambda lab: lab.cdn.distribution(None), UnknownName, "distribution None"),
        (lambda lab: lab.cdn.preview_invalidation(None, "/a"), UnknownName, "distribution None"),
        (lambda lab: lab.cdn.preview_invalidation(lab.id, 5), ConfigError, "text"),
        (lambda lab: lab.cdn.preview_invalidation(lab.id, "a.jpg"), ConfigError, "/"),
        (lambda lab: lab.cdn.set_trouble([], 5), UnknownName, "edge"),
        (lambda lab: lab.cdn.set_trouble("LIS", 10**400), InputError, "milliseconds"),
        (lambda lab: Bucket("photos", region=[]), UnknownName, "AWS Region"),
    ],
)
def test_bad_input_is_a_named_error_with_what_would_work(call, error, match):
    lab = Lab()
    with pytest.raises(error, match=match) as caught:
        call(lab)
    assert isinstance(caught.value, CdnlabError)


def test_trouble_on_the_line_sends_the_same_viewer_to_another_edge():
    lab = Lab()
    lab.get()
    assert lab.get().result == "Hit"
    lab.cdn.set_trouble("LIS", 100)
    moved = lab.get()
    assert (moved.edge, moved.result) != ("LIS", "Hit")
    assert lab.cdn.trouble == {"LIS": 100}
    lab.cdn.set_trouble("LIS", 0)
    assert (lab.get().edge, lab.cdn.trouble) == ("LIS", {})


def test_a_price_class_limits_the_edges_and_refuses_nobody():
    lab = Lab(PriceClass="PriceClass_100")
    journey = lab.get(viewer="Mumbai")
    assert journey.response.status == 200
    assert journey.edge not in ("BOM", "DEL", "MAA")


def test_the_caches_can_be_looked_into():
    lab = Lab()
    lab.get("/a", viewer="Auckland")
    lab.get("/b", viewer="Auckland")
    assert [str(held.place) for held in lab.cdn.copies(lab.url("/a"))] == ["edge AKL", "regional cache ap-southeast-2"]
    assert len(lab.cdn.copies()) == 4
    assert all(held.host == lab.host and 59 < held.fresh_for <= 60 for held in lab.cdn.copies())


def test_two_simulations_may_share_a_clock():
    clock = SimulatedClock()
    first, second = CloudFront(clock), CloudFront(clock)
    assert first.clock is second.clock


def test_two_accounts_have_distributions_of_their_own():
    ours, theirs = CloudFront(), CloudFront(account_id="444455556666")
    arns = [cdn.create_distribution(DistributionConfig=config())["Distribution"]["ARN"] for cdn in (ours, theirs)]
    assert [arn.split(":")[4] for arn in arns] == ["111122223333", "444455556666"]
    with pytest.raises(InputError, match="12 digits"):
        CloudFront(account_id="shop")


def test_background_work_of_an_earlier_request_is_done_while_the_clock_is_pushed():
    lab = Lab(lambda request: Response(200, {"Cache-Control": "max-age=10, stale-while-revalidate=60"}, str(len(lab.asked)).encode()))
    lab.get()
    lab.clock.advance(15)
    assert [lab.get().response.body for _ in range(2)] == [b"1", b"1"]
    lab.clock.advance(1)
    assert len(lab.asked) == 2
    assert lab.get().response.body == b"2"


@pytest.mark.parametrize(
    "name",
    sorted(
        entry["file"]
        for entry in json_file("configs", "index.json")
        if entry.get("shape") == "DistributionConfig" and not entry["file"].startswith("reject")
    ),
)
def test_every_real_config_loads_compiles_answers_and_names_what_is_not_modelled(name):
    the_config = json_file("configs", name)
    cdn = CloudFront()
    made = cdn.create_distribution(DistributionConfig=the_config)["Distribution"]
    distribution = cdn.distribution(made["Id"])
    for spec in {each["DomainName"] for each in the_config["Origins"]["Items"]}:
        cdn.connect(WebServer(spec, lambda request: Response(200, {}, b"hello")))
    journey = cdn.get(f"https://{made['DomainName']}/a.html", viewer="New York City")
    assert journey.response.status == (200 if the_config["Enabled"] else 403)
    assert cdn.get_distribution_config(Id=made["Id"])["DistributionConfig"] == the_config
    assert all(warning.split(":")[0].split(".")[0] in {*the_config, "Origins", "DefaultCacheBehavior"} for warning in distribution.warnings)
    uses_functions = "FunctionARN" in json.dumps(the_config)
    assert any("FunctionAssociations" in warning for warning in distribution.warnings) is uses_functions


def test_a_distribution_is_found_by_id_and_by_name_and_explains_itself():
    lab = Lab()
    assert lab.cdn.distribution(lab.id) is lab.cdn.distribution(lab.host)
    assert "answers for" in lab.cdn.distribution(lab.id).explain()
    with pytest.raises(UnknownName, match="distribution"):
        lab.cdn.distribution("E123")


def oai_policy(principal):
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/*"}],
        }
    )


def test_a_connected_bucket_knows_the_identities_of_the_account():
    lab, photos = Lab(), Bucket("photos", region="eu-north-1")
    lab.cdn.connect(photos)
    made = lab.cdn.create_cloud_front_origin_access_identity(CloudFrontOriginAccessIdentityConfig={"CallerReference": "1", "Comment": ""})
    identity = made["CloudFrontOriginAccessIdentity"]
    photos.put_bucket_policy(Policy=oai_policy({"CanonicalUser": identity["S3CanonicalUserId"]}))
    arn = f"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity {identity['Id']}"
    assert json.loads(photos.get_bucket_policy()["Policy"])["Statement"][0]["Principal"] == {"AWS": arn}
    with pytest.raises(APIError, match="does not exist"):
        photos.put_bucket_policy(Policy=oai_policy({"AWS": arn[:-3] + "XXX"}))


def test_connected_buckets_can_replicate_to_each_other():
    cdn, near, far = CloudFront(), Bucket("near", region="eu-north-1"), Bucket("far", region="ap-southeast-2")
    cdn.connect(near, far)
    assert near.neighbours is far.neighbours
    assert near.clock is far.clock is cdn.clock


@pytest.mark.rule("PATH-16")
@pytest.mark.parametrize("slow", [False, True])
def test_a_changed_config_routes_at_once_or_if_asked_reaches_each_edge_at_its_own_time(slow):
    lab = Lab()
    lab.cdn.slow_propagation = slow
    cities = ("Auckland", "Lisbon", "Tokyo", "Lagos", "New York City", "Lima")
    assert {lab.get(viewer=city).response.status for city in cities} == {200}
    the_config = lab.cdn.get_distribution_config(Id=lab.id)["DistributionConfig"]
    lab.cdn.update_distribution(Id=lab.id, IfMatch=lab.etag, DistributionConfig={**the_config, "Enabled": False})
    assert {lab.get(viewer=city).response.status for city in cities} == ({200} if slow else {403})
    lab.clock.advance(120)
    assert {lab.get(viewer=city).response.status for city in cities} == ({200, 403} if slow else {403})
    lab.clock.advance(200)
    assert {lab.get(viewer=city).response.status for city in cities} == {403}
    assert lab.cdn.get_distribution(Id=lab.id)["Distribution"]["Status"] == "Deployed"
