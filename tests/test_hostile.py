"""Whatever a viewer sends and an origin answers: a Journey or a named error, never a traceback of ours, never a hang."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from labs import ALL_METHODS, ALL_VIEWER, Lab, behaviour, legacy, listed

from cdnlab.errors import CdnlabError
from cdnlab.geography import Viewer
from cdnlab.messages import Body, Response

token = st.text("abcDEF-019_", min_size=1, max_size=12)
known = st.sampled_from(
    [
        "Accept-Encoding",
        "Authorization",
        "Cache-Control",
        "Connection",
        "Cookie",
        "Host",
        "If-Match",
        "If-Modified-Since",
        "If-None-Match",
        "If-Range",
        "Origin",
        "Pragma",
        "Range",
        "Referer",
        "TE",
        "Transfer-Encoding",
        "User-Agent",
        "X-Forwarded-For",
        "Content-Length",
    ]
)
answered = st.sampled_from(
    [
        "Age",
        "Cache-Control",
        "Content-Encoding",
        "Content-Length",
        "Content-Range",
        "Content-Type",
        "Date",
        "ETag",
        "Expires",
        "Last-Modified",
        "Location",
        "Set-Cookie",
        "Transfer-Encoding",
        "Vary",
        "Connection",
        "Server-Timing",
    ]
)
telling = st.sampled_from(
    [
        "*",
        '"a"',
        'W/"a"',
        "bytes=0-4",
        "bytes=-5",
        "bytes=9-1",
        "bytes=0-1,3-4",
        "bytes 0-4/5",
        "bytes 3-9/*",
        "max-age=5",
        "no-store",
        "private",
        "max-age=-1",
        "s-maxage=99999999999999999999",
        'no-cache="Set-Cookie"',
        "stale-while-revalidate=10",
        "stale-if-error=0",
        "Thu, 01 Jan 2026 00:00:05 GMT",
        "0",
        "5",
        "gzip, br;q=0",
        "chunked",
        "close, ETag",
        "a=1; b=2; $c",
        "text/css",
        "5, 6",
        "\t",
        "",
        "identity;q=x",
        "timeout=1",
    ]
)
anything = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x2FF, exclude_characters="\x7f"), max_size=20)
values = st.one_of(telling, anything)
viewer_headers = st.lists(st.tuples(st.one_of(known, token), values), max_size=5)
origin_headers = st.lists(st.tuples(st.one_of(answered, token), values), max_size=6)
paths = st.one_of(
    st.sampled_from(["/", "/a", "/a?x=1&y", "/%2e%2e/b", "//", "/a/../b?", "/images/x.jpg", "/?", "/*"]), token.map(lambda text: "/" + text)
)
methods = st.sampled_from(["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH", "TRACE"])
responses = st.builds(
    lambda status, headers, body, size: Response(status, headers, Body(body, size=size)),
    st.integers(100, 599),
    origin_headers,
    st.binary(max_size=30),
    st.one_of(st.none(), st.integers(0, 40)),
)
caches = st.sampled_from(
    [
        None,
        legacy(),
        legacy(0, 0, 0),
        legacy(5, 10, 20, QueryString=True, Cookies={"Forward": "all"}),
        legacy(Headers=listed(["*"])),
        legacy(Headers=listed(["Origin", "Accept-Encoding"])),
    ]
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    cache=caches,
    compress=st.booleans(),
    visits=st.lists(
        st.tuples(methods, paths, viewer_headers, responses, st.integers(0, 30), st.sampled_from(["Lisbon", "Auckland"])),
        min_size=1,
        max_size=5,
    ),
)
def test_any_request_and_any_answer_make_a_journey_that_can_be_told(cache, compress, visits):
    lab = Lab(default=behaviour(cache=cache, Compress=compress, AllowedMethods=ALL_METHODS), DefaultRootObject="index.html")
    for method, path, headers, response, seconds, city in visits:
        lab.answer = lambda request, response=response: response
        lab.clock.advance(seconds)
        try:
            journey = lab.request(method, path, headers, viewer=city)
        except CdnlabError as error:
            assert str(error)
            continue
        assert 200 <= journey.response.status <= 599
        assert method != "HEAD" or journey.response.body == b""
        assert str(journey)
        assert journey.twin
        assert "<script" not in journey._repr_html_().lower()
        assert journey.log is None or json.dumps(dict(journey.log))
        assert all(step.evidence for step in journey.steps)
        assert len(journey.response.headers.getall("X-Cache")) == 1
        length = journey.response.headers.get("Content-Length")
        if (
            length is not None
            and length.isdigit()
            and method != "HEAD"
            and journey.response.status not in (204, 304)
            and not journey.response.content.failed
        ):
            assert len(journey.response.body) == int(length)


@settings(max_examples=60, deadline=None)
@given(
    at=st.lists(st.tuples(st.floats(0, 20), methods, paths, st.sampled_from(["Lisbon", "Madrid", "Auckland"])), max_size=12),
    status=st.sampled_from([200, 404, 503]),
)
def test_whatever_is_played_together_everybody_is_answered(at, status):
    control = {"Cache-Control": "max-age=3, stale-while-revalidate=4", "ETag": '"1"'}
    lab = Lab(
        lambda request: Response(status, control, b"x"), default=behaviour(AllowedMethods=ALL_METHODS, OriginRequestPolicyId=ALL_VIEWER)
    )
    journeys = lab.cdn.play([(seconds, method, lab.url(path), city) for seconds, method, path, city in at])
    assert len(journeys) == len(at)
    lab.clock.advance(60)  # background requests end too
    assert all(not edge.tier._flights for edge in lab.cdn._edges.values())


@given(st.text(max_size=30))
def test_any_text_as_a_viewer_is_somebody_or_a_named_error(text):
    try:
        assert Viewer(text).place
    except CdnlabError as error:
        assert str(error)
