"""The second tier: shared by edges, passed by some requests, and one more of it for a shield."""

import pytest
from labs import ALL_METHODS, ALL_VIEWER, DISABLED, Lab, behaviour, custom_origin, legacy, rules_of

from cdnlab.geography import edge, regional_for
from cdnlab.messages import Response


@pytest.mark.rule("PATH-01", "PATH-11")
def test_a_request_goes_to_the_fastest_edge_and_that_edge_to_its_nearest_regional_cache():
    journey = Lab().get(viewer="Auckland")
    assert journey.edge == "AKL"
    assert [place.code for place in journey.way][1:3] == ["AKL", regional_for(edge("AKL")).region]
    assert rules_of(journey)[0] == "PATH-01"


def test_a_neighbouring_edge_misses_and_the_origin_never_hears_of_it():
    lab = Lab()
    lab.get(viewer="Auckland")
    twist = lab.get(viewer="Brisbane")
    assert (twist.edge, twist.response.headers["X-Cache"], twist.origin_requests) == ("BNE", "Miss from cloudfront", ())
    assert len(lab.asked) == 1
    assert lab.get(viewer="Brisbane").result == "Hit"


@pytest.mark.rule("PATH-06")
@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH", "DELETE", "OPTIONS"])
def test_proxy_methods_go_past_the_regional_cache(method):
    lab = Lab(default=behaviour(AllowedMethods=ALL_METHODS))
    journey = lab.request(method, "/a", (), b"" if method in ("OPTIONS", "DELETE") else b"data")
    assert journey.response.status == 200
    assert "PATH-06" in rules_of(journey)
    assert not any(step.place.kind == "regional" for step in journey.steps)
    assert lab.asked[0].method == method


@pytest.mark.rule("PATH-07")
@pytest.mark.parametrize("cache", [DISABLED, legacy(0, 0, 0), legacy(Headers={"Quantity": 1, "Items": ["*"]})])
def test_what_can_never_be_cached_goes_past_the_regional_cache(cache):
    lab = Lab(default=behaviour(cache=cache))
    for _ in range(2):
        journey = lab.get()
        assert journey.result == "Miss"
        assert "PATH-07" in rules_of(journey)
    assert len(lab.asked) == 2


def test_legs_add_up_to_the_latency():
    lab = Lab()
    for viewer in ("Auckland", "Auckland", "Brisbane", "Oslo"):
        journey = lab.get(viewer=viewer)
        assert sum(leg.ms for leg in journey.legs) == pytest.approx(journey.latency_ms, abs=0.01)
        assert {leg.basis for leg in journey.legs} <= {"measured", "fitted", "assumed"}


def test_the_hop_between_two_regions_is_measured_and_the_edges_hop_fitted():
    journey = Lab().get(viewer="Auckland")
    assert [leg.basis for leg in journey.legs] == ["assumed", "fitted", "measured", "measured", "fitted", "assumed"]


SHIELD = {"OriginShield": {"Enabled": True, "OriginShieldRegion": "eu-west-2"}}


@pytest.mark.rule("PATH-15")
def test_a_shield_is_one_more_cache_that_every_regional_cache_goes_through():
    lab = Lab(origins=[custom_origin(**SHIELD)])
    first = lab.get(viewer="Auckland")
    assert [place.code for place in first.way][2:4] == ["ap-southeast-2", "eu-west-2"]
    second = lab.get(viewer="Tokyo")
    assert (second.result, second.detailed, len(lab.asked)) == ("Miss", "OriginShieldHit", 1)
    assert "PATH-15" in rules_of(second)


@pytest.mark.rule("PATH-15", "PATH-17")
def test_when_the_regional_cache_is_the_shield_there_is_no_further_hop():
    lab = Lab(origins=[custom_origin(**SHIELD)])
    lab.get(viewer="Auckland")
    near = lab.get(viewer="London")
    assert (near.result, near.detailed, len(lab.asked)) == ("Miss", "Hit", 1)


@pytest.mark.rule("PATH-15")
def test_a_post_pays_for_the_shield_too():
    lab = Lab(origins=[custom_origin(**SHIELD)], default=behaviour(AllowedMethods=ALL_METHODS))
    journey = lab.request("POST", "/a", (), b"x", "Auckland")
    assert [leg.end.code for leg in journey.legs][:3] == ["AKL", "eu-west-2", "www.example.com"]


def test_cookies_forwarded_by_an_origin_request_policy_alone_end_collapsing():
    lab = Lab(default=behaviour(OriginRequestPolicyId=ALL_VIEWER))
    lab.cdn.play([(0, "GET", lab.url())] * 10)
    assert len(lab.asked) == 10


def test_a_thousand_simultaneous_requests_for_one_key_make_one_origin_request():
    lab = Lab()
    journeys = lab.cdn.play([(0, "GET", lab.url(), "Lisbon")] * 1000)
    assert len(lab.asked) == 1
    assert sorted({journey.result for journey in journeys}) == ["Hit", "Miss"]
    assert sum(journey.result == "Miss" for journey in journeys) == 1


def test_requests_of_different_edges_meet_in_the_regional_cache():
    lab = Lab()
    lab.cdn.play([(0, "GET", lab.url(), city) for city in ("Auckland", "Brisbane", "Sydney", "Melbourne")])
    assert len(lab.asked) == 1


def test_a_leader_whose_origin_fails_hangs_nobody():
    lab = Lab(lambda request: Response(503))
    journeys = lab.cdn.play([(0, "GET", lab.url())] * 50)
    assert {journey.response.status for journey in journeys} == {503}
    assert len(lab.asked) == 1
