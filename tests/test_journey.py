"""The faces of a Journey: text, sentence, picture, table, log record."""

from __future__ import annotations

from dataclasses import replace

import journeys as samples
import pytest
from labs import Lab

from cdnlab import staircase, telling
from cdnlab.journey import Journey
from cdnlab.logs import FIELDS
from cdnlab.messages import Headers, Request, Response
from cdnlab.steps import Place


@pytest.mark.parametrize("made", samples.ALL.values(), ids=samples.ALL)
def test_the_text_fits_a_terminal_and_cannot_drive_it(made: object) -> None:
    shown = str(made())  # type: ignore[operator]
    assert max(len(line) for line in shown.splitlines()) <= 100
    assert all(character.isprintable() for line in shown.split("\n") for character in line)


def test_the_first_line_says_method_url_viewer_status_x_cache_and_wait() -> None:
    first = str(samples.brisbane()).splitlines()[0]
    assert first == "GET https://d111111abcdef8.cloudfront.net/cat.jpg from Brisbane: 200, Miss from cloudfront, 29 ms"


def test_the_text_lists_steps_with_their_rules_and_adds_the_time_up() -> None:
    assert str(samples.hit()).splitlines()[1:] == [
        "What happened:",
        "      0.0 ms  Auckland  edge AKL answers with the lowest latency [PATH-01]",
        "      5.0 ms  edge AKL  copy found, 12 s old, fresh for another 86388 s [PATH-04]",
        "Where the time went:",
        "     10.0 ms     2 x 5.0  Auckland - edge AKL (assumed)",
        "     10.0 ms  together",
    ]


def test_a_second_regional_cache_on_the_way_stands_as_the_shield() -> None:
    dublin = Place("regional cache eu-west-1", kind="regional", code="eu-west-1", city="Dublin")
    journey = samples.failover()

    def as_regional(place: Place) -> Place:
        return dublin if place == samples.SHIELD else place

    plain = replace(
        journey,
        way=tuple(map(as_regional, journey.way)),
        steps=tuple(replace(step, place=as_regional(step.place)) for step in journey.steps),
        legs=tuple(replace(leg, start=as_regional(leg.start), end=as_regional(leg.end)) for leg in journey.legs),
    )
    assert [place.kind for place in plain.way] == ["viewer", "edge", "regional", "shield", "origin"]
    assert plain.twin == journey.twin
    assert str(plain) == str(journey)


def test_without_steps_one_line_is_left() -> None:
    assert len(str(replace(samples.miss(), steps=(), legs=())).splitlines()) == 1


def test_a_header_cannot_smuggle_terminal_codes() -> None:
    journey = samples.hit()
    odd = replace(journey, response=Response(200, Headers({"X-Cache": "Hit\u202e\x9b31m"}), b""))
    assert all(character.isprintable() or character == "\n" for character in str(odd) + repr(odd))


def test_a_notebook_gets_the_page_and_the_text() -> None:
    bundle = samples.miss()._repr_mimebundle_()
    assert bundle == {"text/plain": str(samples.miss()), "text/html": samples.miss()._repr_html_()}


def test_the_repr_is_short() -> None:
    assert repr(samples.hit()) == "<Journey GET https://d111111abcdef8.cloudfront.net/cat.jpg: 200, Hit from cloudfront, 10 ms>"


def test_the_table_has_a_row_a_step() -> None:
    frame = samples.miss().to_frame()
    assert list(frame.columns) == ["at_ms", "place", "kind", "state", "says", "rule", "evidence", "source"]
    assert len(frame) == 6
    assert frame.loc[1].to_dict() == {
        "at_ms": 5.0,
        "place": "edge AKL",
        "kind": "edge",
        "state": "miss",
        "says": "no copy",
        "rule": "PATH-02",
        "evidence": "documented",
        "source": "HowCloudFrontWorks",
    }
    assert list(replace(samples.miss(), steps=()).to_frame().columns) == list(frame.columns)


def logged(journey: Journey) -> dict[str, str]:
    assert journey.log is not None
    return dict(journey.log)


def test_the_log_record_has_awss_33_fields_in_order() -> None:
    assert list(logged(samples.miss())) == [field.name for field in FIELDS]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("date", "2026-01-01"),
        ("time", "00:00:00"),
        ("x-edge-location", "AKL50-C1"),
        ("c-ip", "203.0.113.9"),
        ("cs-method", "GET"),
        ("cs(Host)", samples.HOST),
        ("cs-uri-stem", "/cat.jpg"),
        ("sc-status", "200"),
        ("cs(Referer)", "-"),
        ("cs(User-Agent)", "curl/8.5.0"),
        ("cs-uri-query", "-"),
        ("cs(Cookie)", "-"),
        ("x-edge-result-type", "Miss"),
        ("x-edge-response-result-type", "Miss"),
        ("x-edge-detailed-result-type", "Miss"),
        ("x-edge-request-id", "mJhVh5GZ9yFX4kQ8"),
        ("x-host-header", samples.HOST),
        ("cs-protocol", "https"),
        ("cs-protocol-version", "HTTP/1.1"),
        ("ssl-protocol", "TLSv1.3"),
        ("ssl-cipher", "TLS_AES_128_GCM_SHA256"),
        ("time-taken", "0.329"),
        ("sc-content-type", "image/jpeg"),
        ("sc-content-len", "48213"),
        ("sc-range-start", "-"),
    ],
)
def test_the_log_record_is_filled_from_the_journey(field: str, value: str) -> None:
    assert logged(samples.miss())[field] == value


def test_the_log_knows_the_host_that_the_viewer_used_beside_the_distributions_own() -> None:
    alias = replace(samples.hit(), request=Request("GET", "https://www.example.com/a?b=c", [("Referer", "https://x.example/ y")]))
    record = logged(alias)
    assert (record["cs(Host)"], record["x-host-header"]) == (samples.HOST, "www.example.com")
    assert (record["cs-uri-stem"], record["cs-uri-query"], record["cs(Referer)"]) == ("/a", "b=c", "https://x.example/%20y")


def test_plain_http_has_no_tls() -> None:
    record = logged(samples.redirect())
    assert (record["cs-protocol"], record["ssl-protocol"], record["ssl-cipher"]) == ("http", "-", "-")


def test_bytes_are_counted_as_http_1_1_carries_them() -> None:
    journey = replace(
        samples.hit(),
        request=Request("POST", "https://d.example/a", [("A", "b")], b"12345"),
        response=Response(200, [("C", "dd")], b"123"),
    )
    record = logged(journey)
    assert record["cs-bytes"] == str(len(b"POST /a HTTP/1.1\r\nA: b\r\n\r\n12345"))
    assert record["sc-bytes"] == str(len(b"HTTP/1.1 200 \r\nC: dd\r\n\r\n123"))


def test_the_range_that_was_sent_is_logged() -> None:
    part = Response(206, [("Content-Range", "bytes 10-19/100"), ("Content-Length", "10")], b"0123456789")
    record = logged(replace(samples.hit(), response=part))
    assert (record["sc-range-start"], record["sc-range-end"], record["sc-content-len"]) == ("10", "19", "10")


def test_a_content_length_that_is_no_number_is_not_logged() -> None:
    assert logged(replace(samples.hit(), response=Response(200, {"Content-Length": "many"})))["sc-content-len"] == "-"


def test_cookies_are_logged_only_when_the_distribution_says_so() -> None:
    journey = replace(samples.hit(), request=Request("GET", "https://d.example/", [("Cookie", "a=1"), ("Cookie", "b=2")]))
    assert logged(journey)["cs(Cookie)"] == "-"
    assert logged(replace(journey, log_cookies=True))["cs(Cookie)"] == "a=1;%20b=2"


def test_the_edge_does_not_see_the_way_to_the_viewer() -> None:
    record = logged(replace(samples.miss(), started=1767225600.672, last_mile_ms=10.0))
    assert record["time-taken"] == "0.319"
    assert record["time"] == "00:00:00"
    assert logged(replace(samples.miss(), started=1767225600.672))["time"] == "00:00:01"


def test_a_result_can_change_after_the_first_byte() -> None:
    record = logged(replace(samples.hit(), result="Error", detailed="ClientCommError", response_result="Hit"))
    assert (record["x-edge-response-result-type"], record["x-edge-result-type"]) == ("Hit", "Error")


@pytest.mark.parametrize(("status", "detailed"), [(414, "InvalidRequest"), (494, "InvalidRequestHeader")])
def test_requests_that_are_too_long_are_not_logged(status: int, detailed: str) -> None:
    journey = replace(samples.blocked(), response=Response(status), detailed=detailed)
    assert journey.log is None
    assert replace(journey, detailed="Error").log is not None


def test_the_engine_tells_the_story_of_the_second_request_and_of_the_neighbours() -> None:
    lab = Lab()
    first, second, third = (lab.get(viewer=city) for city in ("Auckland", "Auckland", "Brisbane"))
    assert first.twin.startswith(
        "Auckland asks edge AKL: no copy. Regional cache Sydney: no copy. Origin Stockholm answers 200; copies stay at Sydney and AKL."
    )
    assert second.twin.startswith("Auckland asks edge AKL: has a copy.")
    assert third.twin.startswith("Brisbane asks edge BNE: no copy. Regional cache Sydney: has a copy; a copy stays at BNE.")
    lab.clock.advance(86_401)
    assert "copy expired" in lab.get(viewer="Auckland").twin


@pytest.mark.parametrize("fault", [None, 503, 404, "refuses", "silent", "no dns", "cuts"])
def test_every_face_of_an_engines_journey_can_be_looked_at(fault: str | int | None) -> None:
    lab = Lab()
    for wait in (0, 61):
        lab.clock.advance(wait)
        journey = lab.get(viewer="Lisbon")
        faces = (str(journey), repr(journey), journey.twin, journey._repr_html_(), staircase.svg([journey]))
        assert all(faces)
        assert max(len(line) for line in str(journey).splitlines()) <= 100
        assert sum(share.total for share in telling.shares(journey)) == pytest.approx(journey.latency_ms, abs=0.1)
        assert len(journey.to_frame()) == len(journey.steps)
        lab.server.fault = fault
