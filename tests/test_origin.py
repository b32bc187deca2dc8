"""The way to the origin: attempts, timeouts, failover, and what may be kept of what comes back."""

import pytest
from labs import ALL_METHODS, Lab, behaviour, custom_origin, legacy, listed, rules_of

from cdnlab.errors import InputError
from cdnlab.faults import FAULTS
from cdnlab.messages import Body, Response
from cdnlab.webserver import WebServer


@pytest.mark.rule("ORIGIN-01")
def test_the_origins_answer_is_stored_and_passed_on():
    lab = Lab()
    assert lab.get().response.body == b"hello"
    lab.answer = lambda request: Response(200, {}, b"new")
    assert lab.get().response.body == b"hello"


@pytest.mark.rule("ORIGIN-02", "ORIGIN-04")
@pytest.mark.parametrize(
    ("fault", "status", "seconds", "attempts", "detailed"),
    [
        ("refuses", 502, None, 3, "OriginConnectError"),
        ("hangs", 504, 30, 3, "OriginConnectError"),
        ("silent", 504, 90, 3, "OriginReadError"),
        ("no dns", 502, None, 1, "OriginDnsError"),
        ("bad certificate", 502, None, 1, "OriginConnectError"),
    ],
)
def test_a_dead_origin_is_tried_as_often_and_as_long_as_documented(fault, status, seconds, attempts, detailed):
    lab = Lab()
    lab.server.fault = fault
    journey = lab.get()
    assert (journey.response.status, journey.result, journey.detailed) == (status, "Error", detailed)
    assert sum("attempt" in step.says for step in journey.steps) == attempts
    if seconds is not None:
        assert journey.latency_ms == pytest.approx(seconds * 1000, rel=0.02)


@pytest.mark.rule("ORIGIN-02")
def test_attempts_and_timeouts_can_be_configured():
    lab = Lab(origins=[custom_origin(ConnectionAttempts=2, ConnectionTimeout=1)])
    lab.server.fault = "hangs"
    assert lab.get().latency_ms == pytest.approx(2000, rel=0.1)


@pytest.mark.rule("ORIGIN-10")
@pytest.mark.parametrize(("fault", "limit", "attempts"), [("silent", 45, 2), ("silent", 30, 1), ("silent", 500, 3)])
def test_a_completion_timeout_bounds_all_attempts_together(fault, limit, attempts):
    lab = Lab(origins=[custom_origin(ResponseCompletionTimeout=limit)])
    lab.server.fault = fault
    journey = lab.get()
    assert journey.response.status == 504
    assert sum("attempt" in step.says for step in journey.steps) == attempts
    assert journey.latency_ms == pytest.approx(min(limit, 90) * 1000, rel=0.02)


@pytest.mark.rule("ORIGIN-03")
def test_a_get_without_an_answer_is_sent_again_and_a_post_is_not():
    lab = Lab(default=behaviour(AllowedMethods=ALL_METHODS))
    lab.server.fault = "silent"
    assert len(lab.get().origin_requests) == 3
    posted = lab.request("POST", "/b")
    assert len(posted.origin_requests) == 1
    assert posted.latency_ms == pytest.approx(30_000, rel=0.02)


@pytest.mark.rule("ERR-12")
def test_an_origin_that_took_long_to_fail_is_left_alone_for_ten_seconds():
    lab = Lab()
    lab.server.fault = "hangs"
    assert lab.get().latency_ms > 30_000
    assert not lab.get().origin_requests
    lab.clock.advance(11)
    assert lab.get().latency_ms > 30_000


def test_an_origin_that_thinks_longer_than_the_read_timeout_is_a_504():
    lab = Lab(origins=[custom_origin()])
    lab.server.seconds = 31
    assert lab.get().response.status == 504
    lab.server.seconds = 29
    assert lab.get("/b").response.status == 200


@pytest.mark.rule("ORIGIN-06")
def test_an_origin_that_is_not_connected_is_a_502_that_names_it():
    lab = Lab(origins=[custom_origin(host="nobody.example.com")])
    journey = lab.get()
    assert (journey.response.status, journey.detailed) == (502, "OriginDnsError")
    assert any("nobody" in step.says for step in journey.steps)


@pytest.mark.rule("ORIGIN-07")
def test_a_handler_that_raises_is_a_server_that_answers_500():
    lab = Lab(lambda request: 1 // 0)
    journey = lab.get()
    assert journey.response.status == 500
    assert any("ZeroDivisionError" in step.says for step in journey.steps)


class _Dumb(Exception):
    def __str__(self):
        raise ValueError("no words")


@pytest.mark.rule("ORIGIN-07")
@pytest.mark.parametrize("error", [_Dumb(), Exception("\ud800\r\n")])
def test_a_handler_that_raises_something_that_cannot_be_printed_answers_500_too(error):
    def handler(request):
        raise error

    journey = Lab(handler).get()
    assert journey.response.status == 500
    assert type(error).__name__.encode() in journey.response.body


@pytest.mark.rule("ORIGIN-07")
def test_a_handler_that_asks_for_what_it_is_answering_is_told_and_hangs_nobody():
    lab = Lab(lambda request: lab.get().response)
    journey = lab.get()
    assert journey.response.status == 500
    assert any("waits for itself" in step.says for step in journey.steps)


def test_a_handler_that_returns_something_else_is_a_mistake_to_be_told():
    lab = Lab(lambda request: "hello")
    with pytest.raises(InputError, match=r"returned str; return a Response"):
        lab.get()


@pytest.mark.rule("ORIGIN-08")
@pytest.mark.parametrize("fault", [*FAULTS, 404, 503])
def test_every_fault_can_be_switched_on_and_off(fault):
    lab = Lab()
    lab.server.fault = fault
    broken = lab.get("/a")
    assert broken.response.status >= 400 or len(broken.response.body) < 5
    lab.server.fault = None
    lab.clock.advance(11)
    assert lab.get("/a").response.body == b"hello"


@pytest.mark.parametrize("fault", ["explodes", 200, 600, True, 3.5, []])
def test_a_fault_that_does_not_exist_is_refused(fault):
    with pytest.raises(InputError, match="no fault"):
        Lab().server.fault = fault


GROUP = {"Id": "both", "FailoverCriteria": {"StatusCodes": listed([503])}, "Members": listed([{"OriginId": "www"}, {"OriginId": "spare"}])}


def failover_lab():
    """A lab over an origin group; `lab.spare` is the second origin."""
    lab = Lab(
        default=behaviour("both", AllowedMethods=ALL_METHODS),
        origins=[custom_origin(), custom_origin("spare", "spare.example.com")],
        OriginGroups=listed([GROUP]),
    )
    lab.spare = WebServer("spare.example.com", lambda request: Response(200, {}, b"spare"))
    lab.cdn.connect(lab.spare)
    return lab


@pytest.mark.rule("ORIGIN-05")
@pytest.mark.parametrize(
    ("method", "status", "asked"),
    [("GET", 200, 2), ("HEAD", 200, 2), ("OPTIONS", 200, 2), ("POST", 503, 1), ("PUT", 503, 1), ("DELETE", 503, 1)],
)
def test_the_second_origin_of_a_group_answers_reading_requests_when_the_first_fails(method, status, asked):
    lab = failover_lab()
    lab.server.fault = 503
    journey = lab.request(method)
    assert (journey.response.status, len(journey.origin_requests)) == (status, asked)


@pytest.mark.rule("ORIGIN-05")
def test_every_request_tries_the_primary_first_and_a_hit_asks_neither():
    lab = failover_lab()
    lab.server.fault = 503
    assert lab.get().response.body == b"spare"
    assert lab.get().result == "Hit"
    lab.server.fault = None
    assert lab.get("/b").response.body == b"hello"


@pytest.mark.rule("ORIGIN-05")
@pytest.mark.parametrize(("fault", "body"), [(500, b"500\n"), ("refuses", b"spare"), ("silent", b"spare"), ("no dns", b"spare")])
def test_a_group_fails_over_on_listed_statuses_and_on_silence_only(fault, body):
    lab = failover_lab()
    lab.server.fault = fault
    assert lab.get().response.body == body


@pytest.mark.rule("ORIGIN-09")
@pytest.mark.parametrize(
    ("headers", "body", "cached"),
    [
        ({"Content-Length": "1000"}, b"x" * 500, False),
        ({"Content-Length": "500"}, b"x" * 500, True),
        ({}, Body(b"x" * 500), True),
        ({"Transfer-Encoding": "chunked"}, Body(b"x" * 500, size=900), False),
    ],
)
def test_a_body_that_is_too_short_is_delivered_and_not_cached(headers, body, cached):
    lab = Lab(lambda request: Response(200, {"Cache-Control": "max-age=60", **headers}, body))
    assert lab.get().response.body == b"x" * 500
    assert lab.get().result == ("Hit" if cached else "Miss")


@pytest.mark.parametrize("length", ["abc", "-5", "1.5", "5, 6"])
def test_a_content_length_that_is_no_number_is_a_502(length):
    lab = Lab(lambda request: Response(200, {"Content-Length": length}, b"hello"))
    assert lab.get().response.status == 502


def test_an_interim_status_is_no_answer():
    assert Lab(lambda request: Response(101)).get().response.status == 502


def test_a_revalidation_updates_the_stored_head_and_keeps_the_body():
    versions = iter(
        [
            Response(200, {"ETag": '"1"', "X-Build": "1", "Cache-Control": "max-age=1"}, b"body"),
            Response(304, {"ETag": '"1"', "X-Build": "2", "Cache-Control": "max-age=99"}),
        ]
    )
    lab = Lab(lambda request: next(versions))
    lab.get()
    lab.clock.advance(2)
    again = lab.get()
    assert (again.result, again.response.headers["X-Build"], again.response.body) == ("RefreshHit", "2", b"body")
    assert again.origin_requests[0].headers["If-None-Match"] == '"1"'
    lab.clock.advance(90)
    assert lab.get().result == "Hit"


def test_a_304_that_names_no_lifetime_leaves_the_stored_one_in_force():
    versions = iter([Response(200, {"ETag": '"1"', "Cache-Control": "max-age=30"}, b"body"), Response(304, {"ETag": '"1"'})])
    lab = Lab(lambda request: next(versions))
    lab.get()
    lab.clock.advance(31)
    assert lab.get().result == "RefreshHit"
    lab.clock.advance(25)
    assert lab.get().result == "Hit"


def test_a_range_is_fetched_kept_and_served_as_a_part():
    data = bytes(range(200))

    def ranged(request):
        asked = request.headers.get("Range")
        if asked is None:
            return Response(200, {"ETag": '"v"', "Cache-Control": "max-age=60"}, data)
        first, last = map(int, asked.removeprefix("bytes=").split("-"))
        return Response(
            206, {"ETag": '"v"', "Cache-Control": "max-age=60", "Content-Range": f"bytes {first}-{last}/200"}, data[first : last + 1]
        )

    lab = Lab(ranged)
    part = lab.get(headers={"Range": "bytes=10-49"})
    assert (part.response.status, part.response.body, part.result) == (206, data[10:50], "Miss")
    assert part.response.headers["Content-Range"] == "bytes 10-49/200"
    inside = lab.get(headers={"Range": "bytes=20-29"})
    assert (inside.response.status, inside.response.body, inside.result) == (206, data[20:30], "Hit")
    other = lab.get(headers={"Range": "bytes=100-109"})
    assert (other.result, lab.get(headers={"Range": "bytes=10-49"}).result) == ("Miss", "Hit")
    whole = lab.get()
    assert (whole.response.status, whole.response.body, whole.result) == (200, data, "Miss")
    assert lab.get(headers={"Range": "bytes=150-159"}).result == "Hit"


def test_an_origin_that_ignores_the_range_has_its_whole_answer_sent_and_cut_later():
    lab = Lab(lambda request: Response(200, {"Cache-Control": "max-age=60"}, b"0123456789"))
    first = lab.get(headers={"Range": "bytes=2-4"})
    assert (first.response.status, first.response.body) == (200, b"0123456789")
    second = lab.get(headers={"Range": "bytes=2-4"})
    assert (second.response.status, second.response.body, second.result) == (206, b"234", "Hit")


def test_a_viewers_own_condition_reaches_the_origin_when_there_is_no_copy():
    lab = Lab(
        lambda request: Response(
            304 if request.headers.get("If-None-Match") == '"1"' else 200,
            {"ETag": '"1"', "Cache-Control": "max-age=60"},
            b"" if "If-None-Match" in request.headers else b"hello",
        )
    )
    journey = lab.get(headers={"If-None-Match": '"1"'})
    assert (journey.response.status, journey.response.body) == (304, b"")
    full = lab.get()
    assert (full.response.status, full.response.body) == (200, b"hello")
    fresh = lab.get(headers={"If-None-Match": '"1"'})
    assert (fresh.response.status, fresh.result) == (304, "Hit")


def test_with_caching_disabled_everything_is_asked_as_the_viewer_asked_it():
    lab = Lab(lambda request: Response(206, {"Content-Range": "bytes 0-1/9"}, b"ab"), default=behaviour(cache=legacy(0, 0, 0)))
    journey = lab.get(headers={"Range": "bytes=0-1", "If-None-Match": '"z"'})
    assert journey.response.status == 206
    assert journey.origin_requests[0].headers["Range"] == "bytes=0-1"
    assert journey.origin_requests[0].headers["If-None-Match"] == '"z"'
    assert "PATH-07" in rules_of(journey)


def test_what_is_not_an_origin_cannot_be_connected():
    with pytest.raises(InputError, match="cannot connect"):
        Lab().cdn.connect("www.example.com")


@pytest.mark.parametrize(
    ("kwargs", "match"),
    [({"handler": 5}, "handler"), ({"seconds": -1}, "seconds"), ({"region": "eu-nowhere-1"}, "Region"), ({"city": "Nowhereville"}, "city")],
)
def test_a_web_server_that_cannot_be_is_refused(kwargs, match):
    with pytest.raises((InputError, ValueError), match=match):
        WebServer("www.example.com", **{"handler": lambda request: Response(200), **kwargs})
