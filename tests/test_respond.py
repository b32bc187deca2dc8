"""The viewer's response: clean-up, compression, conditions, ranges, and CloudFront's own headers."""

from __future__ import annotations

import gzip
from typing import Any

import brotli  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdnlab.copies import Copy, Part
from cdnlab.freshness import Lifetime, TTLs
from cdnlab.messages import Body, Headers, Request, Response
from cdnlab.plan import OriginSpec, Plan
from cdnlab.recipe import Recipe, Selection
from cdnlab.respond import COMPRESSED_TYPES, clean_headers, compress, viewer_response
from cdnlab.response_headers import Added, ResponseHeadersPolicy

DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
BODY = bytes(range(250)) * 4
COOKIES = Recipe(send_cookies=Selection("all", (), "cookie"))


def plan(recipe: Recipe | None = None, policy: ResponseHeadersPolicy | None = None) -> Plan:
    methods = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"})
    spec = OriginSpec("www", "www.example.com")
    return Plan("*", 0, spec, "allow-all", methods, frozenset({"GET", "HEAD"}), recipe or Recipe(), response_headers=policy)


def copy(status: int = 200, body: bytes | Body = BODY, part: Part | None = None, upstream_age: float = 0.0, **fields: str) -> Copy:
    headers = {
        "Content-Type": "image/jpeg",
        "ETag": '"v1"',
        "Last-Modified": DATE,
        "Date": DATE,
        "Server": "Apache",
        "Cache-Control": "max-age=60",
    }
    headers |= {name.replace("_", "-"): value for name, value in fields.items()}
    content = body if isinstance(body, Body) else Body(body)
    if "Transfer-Encoding" not in headers:
        headers.setdefault("Content-Length", str(len(content)))
    headers = {name: value for name, value in headers.items() if value != "-"}
    return Copy(
        status, Headers(headers), content, Lifetime(60, "TTL-03", "", "reuse", True), 1000.0, 1000.0 - upstream_age, 1060.0, part=part
    )


def sent(
    it: Copy, method: str = "GET", version: str = "HTTP/1.1", plan_: Plan | None = None, fields: dict[str, str] | None = None, **more: Any
) -> Response:
    request = Request(method, "https://d.example/cat.jpg", Headers(fields or {}), version=version)
    knobs: dict[str, Any] = {"x_cache": "Hit", "age": 7, "pop": "AKL50-C1", "request_id": "Zm9vYmFy=="} | more
    return viewer_response(it, request, plan_ or plan(), **knobs)


# What never reaches the viewer


@pytest.mark.rule("OUT-01")
def test_hop_by_hop_fields_stay_behind_with_whatever_connection_names() -> None:
    origin = Headers(
        [
            ("Connection", "keep-alive, X-Debug"),
            ("X-Debug", "1"),
            ("Keep-Alive", "timeout=5"),
            ("Trailer", "Expires"),
            ("Upgrade", "h2c"),
            ("Proxy-Connection", "close"),
            ("Proxy-Authenticate", "Basic"),
            ("TE", "trailers"),
            ("X-Kept", "2"),
        ]
    )
    assert clean_headers(origin, Recipe()) == Headers({"X-Kept": "2"})


@pytest.mark.rule("OUT-02")
def test_s3s_ids_are_removed_for_s3_only() -> None:
    origin = Headers({"x-amz-id-2": "a", "X-Amz-Request-Id": "b", "x-amz-version-id": "c"})
    assert clean_headers(origin, Recipe(), s3=True) == Headers({"x-amz-version-id": "c"})
    assert clean_headers(origin, Recipe()) == origin


@pytest.mark.rule("OUT-03")
def test_set_cookie_is_removed_unless_cookies_are_forwarded_and_then_replayed_on_hits() -> None:
    origin = Headers([("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
    assert clean_headers(origin, Recipe()) == Headers()
    assert clean_headers(origin, COOKIES) == origin
    assert sent(copy(Set_Cookie="session=1")).headers["Set-Cookie"] == "session=1"


@pytest.mark.rule("OUT-04")
@pytest.mark.parametrize("said", ['no-cache="Set-Cookie"', 'max-age=60, No-Cache="set-cookie, X-Id"', 'private="Set-Cookie"'])
def test_a_qualified_no_cache_keeps_the_field_from_everybody_but_the_first(said: str) -> None:
    it = copy(Cache_Control=said, Set_Cookie="session=1")
    assert "Set-Cookie" in sent(it, x_cache="Miss", age=None).headers
    assert "Set-Cookie" not in sent(it).headers
    assert "Set-Cookie" not in sent(it, x_cache="Miss", age=3).headers  # a Miss here, but from a regional cache's copy
    assert sent(it).headers["Cache-Control"] == said


@pytest.mark.rule("OUT-05")
@pytest.mark.parametrize(
    ("vary", "recipe", "kept"),
    [
        ("User-Agent", Recipe(), None),
        ("Accept-Encoding", Recipe(), "Accept-Encoding"),
        ("accept-encoding, User-Agent , COOKIE", Recipe(), "accept-encoding, COOKIE"),
        ("Accept-Language, Origin", Recipe(send_headers=Selection("some", ("origin",), "header")), "Origin"),
        ("Accept-Language, Origin", Recipe(key_headers=Selection("some", ("Origin",), "header")), "Origin"),
        ("Accept-Language, Origin", Recipe(send_headers=Selection("all", (), "header")), "Accept-Language, Origin"),
        ("User-Agent", Recipe(send_headers=Selection("some", ("CloudFront-Is-Mobile-Viewer",), "header")), "User-Agent"),
        ("User-Agent", Recipe(key_headers=Selection("some", ("cloudfront-is-tablet-viewer",), "header")), "User-Agent"),
        ("User-Agent", Recipe(send_headers=Selection("some", ("CloudFront-Viewer-Country",), "header")), None),
        ("*", Recipe(ttls=TTLs(1, 10, 20)), None),
        ("Accept-Encoding, *", Recipe(ttls=TTLs(1, 10, 20)), "Accept-Encoding"),
        ("*", Recipe(ttls=TTLs(0, 10, 20)), "*"),
        (" , ,", Recipe(), None),
    ],
)
def test_vary_keeps_what_the_distribution_can_vary_on(vary: str, recipe: Recipe, kept: str | None) -> None:
    assert clean_headers(Headers({"Vary": vary}), recipe).get("Vary") == kept


@pytest.mark.rule("OUT-05")
def test_several_lines_of_vary_become_one() -> None:
    origin = Headers([("Vary", "Cookie"), ("ETag", '"v1"'), ("vary", "User-Agent, Accept-Encoding")])
    assert clean_headers(origin, Recipe()) == Headers([("Vary", "Cookie, Accept-Encoding"), ("ETag", '"v1"')])


@pytest.mark.rule("OUT-06", "OUT-07", "OUT-08", "OUT-09")
def test_what_another_cloudfront_wrote_is_replaced() -> None:
    origin = Headers({"Via": "1.1 varnish", "X-Cache": "HIT", "X-Amz-Cf-Pop": "FRA", "X-Amz-Cf-Id": "x", "Age": "30"})
    assert clean_headers(origin, Recipe()) == Headers()


@pytest.mark.rule("OUT-10")
def test_a_transfer_encoding_becomes_chunked_and_outweighs_content_length() -> None:
    origin = Headers({"Transfer-Encoding": "gzip, chunked", "Content-Length": "5"})
    assert clean_headers(origin, Recipe()) == Headers({"Transfer-Encoding": "chunked"})


@pytest.mark.rule("OUT-10")
@pytest.mark.parametrize(("version", "there"), [("HTTP/1.0", False), ("HTTP/1.1", True), ("HTTP/2.0", False), ("HTTP/3.0", False)])
def test_chunks_exist_in_http_1_1_only(version: str, there: bool) -> None:
    answer = sent(copy(Transfer_Encoding="chunked"), version=version)
    assert ("Transfer-Encoding" in answer.headers) is there
    assert "Content-Length" not in answer.headers


@pytest.mark.rule("OUT-11")
def test_everything_else_stays_and_an_answer_without_date_gets_one() -> None:
    origin = Headers({"Server": "Apache", "Date": DATE, "X-Powered-By": "PHP", "Cache-Control": "max-age=1, s-maxage=2", "Expires": "0"})
    assert clean_headers(origin, Recipe(), at=0.0) == origin
    assert clean_headers(Headers(), Recipe(), at=784111777.0) == Headers({"Date": DATE})
    assert clean_headers(Headers(), Recipe()) == Headers()


# What CloudFront adds


@pytest.mark.rule("OUT-06", "OUT-07", "OUT-08", "OUT-09", "OUT-11")
def test_a_hit_has_cloudfronts_headers_after_the_origins() -> None:
    answer = sent(copy())
    assert answer.body == BODY
    assert answer.status == 200
    assert list(answer.headers)[-5:] == ["Age", "X-Cache", "Via", "X-Amz-Cf-Pop", "X-Amz-Cf-Id"]
    assert (answer.headers["Date"], answer.headers["Server"]) == (DATE, "Apache")
    assert (answer.headers["Age"], answer.headers["X-Cache"]) == ("7", "Hit from cloudfront")
    assert (answer.headers["X-Amz-Cf-Pop"], answer.headers["X-Amz-Cf-Id"]) == ("AKL50-C1", "Zm9vYmFy==")


@pytest.mark.rule("OUT-06")
@pytest.mark.parametrize(("version", "start"), [("HTTP/1.0", "1.0 "), ("HTTP/1.1", "1.1 "), ("HTTP/2.0", "2.0 ")])
def test_via_has_the_version_of_the_request_and_one_name_for_each_edge(version: str, start: str) -> None:
    one, again, other = (sent(copy(), version=version, pop=pop).headers["Via"] for pop in ("AKL50-C1", "AKL50-C1", "LHR62-C1"))
    assert one == again != other
    assert one.startswith(start)
    name = one.removeprefix(start).removesuffix(".cloudfront.net (CloudFront)")
    assert len(name) == 32
    assert int(name, 16)


@pytest.mark.rule("OUT-07")
@pytest.mark.parametrize(
    ("status", "x_cache", "text"),
    [
        (200, "Miss", "Miss from cloudfront"),
        (200, "RefreshHit", "RefreshHit from cloudfront"),
        (301, "Hit", "Hit from cloudfront"),
        (404, "Hit", "Error from cloudfront"),
        (200, "Error", "Error from cloudfront"),  # a custom error page that turns 404 into 200
    ],
)
def test_x_cache_says_how_the_answer_was_come_by(status: int, x_cache: str, text: str) -> None:
    assert sent(copy(status), x_cache=x_cache).headers["X-Cache"] == text


@pytest.mark.rule("OUT-09")
def test_an_answer_straight_from_the_origin_has_the_age_it_came_with_if_any() -> None:
    assert "Age" not in sent(copy(), x_cache="Miss", age=None).headers
    assert sent(copy(upstream_age=30.0), x_cache="Miss", age=None).headers["Age"] == "30"


@pytest.mark.rule("OUT-12")
@pytest.mark.parametrize("fields", [{}, {"Content_Length": "-"}])
def test_head_gets_the_same_head_and_no_body(fields: dict[str, str]) -> None:
    it = copy(**fields)
    answer = sent(it, "HEAD")
    assert answer.body == b""
    assert answer.headers == sent(it).headers
    assert answer.headers["Content-Length"] == "1000"


@pytest.mark.rule("OUT-12")
def test_a_head_that_the_origin_answered_without_length_stays_without() -> None:
    assert "Content-Length" not in sent(copy(body=b"", Content_Length="-"), "HEAD", plan_=plan(Recipe(ttls=TTLs(0, 0, 0)))).headers


def test_content_length_is_told_when_the_body_is_all_there() -> None:
    assert sent(copy(Content_Length="-")).headers["Content-Length"] == "1000"
    assert sent(copy(body=b"", Content_Length="-")).headers["Content-Length"] == "0"
    assert "Content-Length" not in sent(copy(204, b"", Content_Length="-")).headers
    assert "Content-Length" not in sent(copy(body=Body(b"half", open=True), Content_Length="-")).headers


def test_a_body_that_is_still_arriving_is_passed_on_as_it_is() -> None:
    body = Body(b"half", size=8, open=True)
    assert sent(copy(body=body, Content_Length="8")).content is body
    assert sent(copy(body=body, Content_Length="8"), fields={"Range": "bytes=0-1"}).content is body


def test_a_response_headers_policy_works_on_hits_and_leaves_the_copy_alone() -> None:
    policy = ResponseHeadersPolicy(removed=("Server", "Date"), added=(Added("X-Frame-Options", "DENY", True),))
    it = copy()
    answer = sent(it, plan_=plan(policy=policy), date=DATE)
    assert (answer.headers["Server"], answer.headers["Date"], answer.headers["X-Frame-Options"]) == ("CloudFront", DATE, "DENY")
    assert it.headers["Server"] == "Apache"


# Conditions and ranges of a copy


@pytest.mark.rule("OUT-13", "OUT-14")
def test_a_304_has_what_guides_a_cache_and_nothing_about_a_body() -> None:
    it = copy(Expires=DATE, Vary="Cookie", Content_Location="/cat", Content_Encoding="br", Content_Language="en", X_Custom="1")
    answer = sent(it, fields={"If-None-Match": 'W/"v1"'})
    assert (answer.status, answer.body) == (304, b"")
    for name in ("Cache-Control", "Content-Location", "Date", "ETag", "Expires", "Vary", "X-Custom", "Age", "X-Cache"):
        assert name in answer.headers
    for name in ("Content-Length", "Content-Type", "Content-Encoding", "Content-Language", "Last-Modified"):
        assert name not in answer.headers
    assert answer.headers["X-Cache"] == "Hit from cloudfront"


@pytest.mark.rule("OUT-14")
def test_a_304_without_entity_tag_keeps_last_modified() -> None:
    answer = sent(copy(ETag="-"), fields={"If-Modified-Since": DATE})
    assert (answer.status, answer.headers["Last-Modified"]) == (304, DATE)


@pytest.mark.rule("OUT-15")
def test_a_failed_precondition_is_a_412_without_body() -> None:
    answer = sent(copy(), fields={"If-Match": '"v0"'})
    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (412, b"", "0")
    assert answer.headers["X-Cache"] == "Error from cloudfront"


@pytest.mark.rule("OUT-16")
@pytest.mark.parametrize("status", [301, 404, 503])
def test_conditions_and_ranges_mean_nothing_to_other_statuses(status: int) -> None:
    answer = sent(copy(status), fields={"If-None-Match": "*", "Range": "bytes=0-9"})
    assert (answer.status, answer.body) == (status, BODY)


@pytest.mark.rule("OUT-16")
@pytest.mark.parametrize(("field", "status"), [('"v1"', 304), ('"v0"', 206)])
def test_the_condition_comes_before_the_range(field: str, status: int) -> None:
    assert sent(copy(), fields={"If-None-Match": field, "Range": "bytes=0-9"}).status == status


@pytest.mark.rule("OUT-17")
def test_where_nothing_is_cached_the_origins_answer_is_passed_on() -> None:
    answer = sent(copy(), plan_=plan(Recipe(ttls=TTLs(0, 0, 0))), fields={"If-None-Match": '"v1"', "Range": "bytes=0-9"})
    assert (answer.status, answer.body) == (200, BODY)


@pytest.mark.rule("RANGE-01")
@pytest.mark.parametrize(
    ("text", "body", "content_range"),
    [
        ("bytes=10-19", BODY[10:20], "bytes 10-19/1000"),
        ("bytes=990-", BODY[990:], "bytes 990-999/1000"),
        ("bytes=-5", BODY[-5:], "bytes 995-999/1000"),
        ("bytes=0-5000", BODY, "bytes 0-999/1000"),
    ],
)
def test_a_range_is_cut_from_the_copy(text: str, body: bytes, content_range: str) -> None:
    answer = sent(copy(), fields={"Range": text})
    assert (answer.status, answer.body, answer.headers["Content-Range"]) == (206, body, content_range)
    assert answer.headers["Content-Length"] == str(len(body))
    assert (answer.headers["Content-Type"], answer.headers["ETag"]) == ("image/jpeg", '"v1"')


@pytest.mark.rule("RANGE-02")
def test_several_ranges_come_in_several_parts() -> None:
    answer = sent(copy(), fields={"Range": "bytes=0-9,20-29"})
    kind, _, boundary = answer.headers["Content-Type"].partition("; boundary=")
    assert (answer.status, kind) == (206, "multipart/byteranges")
    assert answer.headers["Content-Length"] == str(len(answer.body))
    assert "Content-Range" not in answer.headers
    assert b"Content-Type: image/jpeg\r\nContent-Range: bytes 20-29/1000\r\n\r\n" + BODY[20:30] in answer.body
    assert answer.body.endswith(f"\r\n--{boundary}--\r\n".encode())
    assert answer == sent(copy(), fields={"Range": "bytes=0-9,20-29"})


@pytest.mark.rule("RANGE-02")
def test_a_boundary_never_occurs_in_the_body() -> None:
    first = sent(copy(), fields={"Range": "bytes=0-9,20-29"}).headers["Content-Type"].partition("boundary=")[2]
    answer = sent(copy(body=first.encode() * 3), fields={"Range": "bytes=0-9,20-29"})
    assert first not in answer.headers["Content-Type"]


@pytest.mark.rule("RANGE-03", "RANGE-05", "RANGE-06", "RANGE-07")
@pytest.mark.parametrize(
    ("it", "method", "fields"),
    [
        (copy(), "GET", {"Range": "bytes=300-400,100-200"}),
        (copy(), "GET", {"Range": "bytes=abc"}),
        (copy(), "GET", {"Range": "bytes=0-9", "If-Range": '"v0"'}),
        (copy(), "POST", {"Range": "bytes=0-9"}),
        (copy(Transfer_Encoding="chunked"), "GET", {"Range": "bytes=0-9"}),
        (copy(203), "GET", {"Range": "bytes=0-9"}),
    ],
)
def test_a_range_that_does_not_count_gives_the_whole_object(it: Copy, method: str, fields: dict[str, str]) -> None:
    answer = sent(it, method, fields=fields)
    assert (answer.status, answer.body) == (it.status, BODY)
    assert "Content-Range" not in answer.headers


@pytest.mark.rule("RANGE-07")
def test_head_with_a_range_gets_the_head_of_the_whole() -> None:
    answer = sent(copy(), "HEAD", fields={"Range": "bytes=0-9"})
    assert (answer.status, answer.headers["Content-Length"], answer.body) == (200, "1000", b"")


@pytest.mark.rule("RANGE-04")
def test_a_range_beyond_the_end_is_a_416_that_names_the_size() -> None:
    answer = sent(copy(), fields={"Range": "bytes=1000-"})
    assert (answer.status, answer.body) == (416, b"")
    assert (answer.headers["Content-Range"], answer.headers["Content-Length"]) == ("bytes */1000", "0")
    assert "Content-Type" not in answer.headers
    assert answer.headers["X-Cache"] == "Error from cloudfront"


@pytest.mark.rule("RANGE-09")
@pytest.mark.parametrize(
    ("total", "text", "body", "content_range"),
    [
        (1000, "bytes=100-199", BODY[100:200], "bytes 100-199/1000"),
        (1000, "bytes=150-159", BODY[150:160], "bytes 150-159/1000"),
        (1000, "bytes=150-500", BODY[150:200], "bytes 150-199/1000"),
        (None, "bytes=150-159", BODY[150:160], "bytes 150-159/*"),
        (1000, "bytes=0-9", BODY[100:200], "bytes 100-199/1000"),  # the origin sent another part: it says which
    ],
)
def test_a_stored_part_serves_the_ranges_inside_it(total: int | None, text: str, body: bytes, content_range: str) -> None:
    it = copy(206, BODY[100:200], part=Part(100, total), Content_Range="bytes 100-199/1000")
    answer = sent(it, fields={"Range": text})
    assert (answer.status, answer.body, answer.headers["Content-Range"]) == (206, body, content_range)
    assert answer.headers["Content-Length"] == str(len(body))


@pytest.mark.rule("RANGE-10")
def test_a_range_that_the_origin_answered_with_200_is_sent_whole_the_first_time() -> None:
    answer = sent(copy(), fields={"Range": "bytes=0-9"}, x_cache="Miss", age=None, cut=False)
    assert (answer.status, answer.body) == (200, BODY)
    assert sent(copy(), fields={"Range": "bytes=0-9"}).status == 206


@given(st.binary(max_size=300), st.text(max_size=30), st.sampled_from(["GET", "HEAD", "POST"]))
def test_whatever_is_asked_the_length_told_is_the_length_sent(body: bytes, text: str, method: str) -> None:
    text = "bytes=" + "".join(each for each in text if each.isprintable())
    answer = sent(copy(body=body), method, fields={"Range": text})
    assert answer.status in (200, 206, 416)
    if method != "HEAD":
        assert answer.headers["Content-Length"] == str(len(answer.body))


# Compression

TEXT = b"All the world's a stage, and all the men and women merely players. " * 40


def page(status: int = 200, body: bytes = TEXT, **fields: str) -> Response:
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body)), "ETag": '"v1"'}
    headers |= {name.replace("_", "-"): value for name, value in fields.items()}
    return Response(status, {name: value for name, value in headers.items() if value != "-"}, body)


@pytest.mark.rule("GZIP-05")
@pytest.mark.parametrize(
    ("offered", "coding"),
    [("br,gzip", "br"), ("gzip,br", "br"), ("gzip", "gzip"), ("br", "br"), ("", None), (None, None), ("identity", None), ("deflate", None)],
)
def test_brotli_is_preferred_and_both_can_be_read_back(offered: str | None, coding: str | None) -> None:
    small = compress(page(), offered)
    assert small.headers.get("Content-Encoding") == coding
    read = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[coding]
    assert read(small.body) == TEXT
    assert small.headers["Content-Length"] == str(len(small.body))
    assert small == compress(page(), offered)


@pytest.mark.rule("GZIP-01")
def test_there_are_48_content_types_that_are_compressed() -> None:
    assert len(COMPRESSED_TYPES) == 48
    for kind in ("text/html", "TEXT/CSS;charset=x", "application/wasm", "image/svg+xml", "vnd.apple.mpegurl", "application/pdf"):
        assert "Content-Encoding" in compress(page(Content_Type=kind), "gzip").headers
    for kind in ("image/png", "text/x-python", "text/htmlx", "application/octet-stream", "video/mp4", "font/woff2", "", "-"):
        assert "Content-Encoding" not in compress(page(Content_Type=kind), "gzip").headers


@pytest.mark.rule("GZIP-02")
@pytest.mark.parametrize(("size", "compressed"), [(0, False), (999, False), (1000, True), (10_000_000, True), (10_000_001, False)])
def test_objects_of_1000_to_10_000_000_bytes_are_compressed(size: int, compressed: bool) -> None:
    assert ("Content-Encoding" in compress(page(body=b"a" * size), "gzip").headers) is compressed


@pytest.mark.rule("GZIP-02")
@pytest.mark.parametrize("fields", [{"Content_Length": "-"}, {"Transfer_Encoding": "chunked"}, {"Content_Length": "many"}])
def test_without_a_content_length_nothing_is_compressed(fields: dict[str, str]) -> None:
    assert "Content-Encoding" not in compress(page(**fields), "gzip").headers


@pytest.mark.rule("GZIP-03")
@pytest.mark.parametrize(
    ("status", "compressed"), [(200, True), (403, True), (404, True), (203, False), (206, False), (301, False), (304, False), (500, False)]
)
def test_three_statuses_are_compressed(status: int, compressed: bool) -> None:
    assert ("Content-Encoding" in compress(page(status), "gzip").headers) is compressed


@pytest.mark.rule("GZIP-04")
@pytest.mark.parametrize("coding", ["gzip", "br", "identity"])
def test_what_the_origin_encoded_is_left_alone(coding: str) -> None:
    assert compress(page(Content_Encoding=coding), "br,gzip") == page(Content_Encoding=coding)


@pytest.mark.rule("GZIP-06")
@pytest.mark.parametrize(
    ("etag", "after"),
    [
        ('"e"', 'W/"e"'),
        ('W/"e"', 'W/"e"'),
        ('""', 'W/""'),
        ("e", None),
        ('w/"e"', None),
        ('"a"b"', None),
        ('"a b"', None),
        ('"e', None),
        ("-", None),
    ],
)
def test_a_strong_entity_tag_becomes_weak_and_an_invalid_one_goes(etag: str, after: str | None) -> None:
    assert compress(page(ETag=etag), "gzip").headers.get("ETag") == after
    assert compress(page(ETag=etag, Content_Type="image/png"), "gzip").headers.get("ETag") == (None if etag == "-" else etag)


@pytest.mark.rule("GZIP-06")
def test_two_entity_tags_are_no_entity_tag() -> None:
    twice = Response(200, page().headers.plus([("ETag", '"v2"')]), TEXT)
    assert "ETag" not in compress(twice, "gzip").headers


@pytest.mark.rule("GZIP-07")
def test_an_http_1_0_viewer_gets_it_uncompressed() -> None:
    assert compress(page(), "gzip", version="HTTP/1.0") == page()


@pytest.mark.rule("GZIP-08")
@pytest.mark.parametrize(
    ("before", "after"),
    [("-", "Accept-Encoding"), ("Cookie", "Cookie, Accept-Encoding"), ("accept-encoding", "accept-encoding"), ("*", "*")],
)
def test_a_compressed_answer_varies_on_accept_encoding(before: str, after: str) -> None:
    assert compress(page(Vary=before), "gzip").headers["Vary"] == after


@pytest.mark.rule("GZIP-09")
def test_a_body_that_is_not_all_there_is_not_compressed() -> None:
    for body in (Body(TEXT, open=True), Body(TEXT[:1500], size=len(TEXT)), Body(TEXT[:1500])):
        answer = Response(200, page().headers, body)
        assert compress(answer, "gzip") is answer
