"""Requests, responses, headers and bodies are checked at birth and never change."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdnlab.errors import MessageError
from cdnlab.messages import Body, Headers, Request, Response, split_url

tokens = st.text("abcXYZ-019", min_size=1, max_size=8)
values = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=12)


def test_header_names_ignore_case_and_values_keep_it():
    headers = Headers({"X-Cache": "Hit"})
    assert headers["x-cache"] == "Hit"
    assert "X-CACHE" in headers
    assert headers.get("nothing") is None
    assert dict(headers.items()) == {"X-Cache": "Hit"}


@given(st.lists(st.tuples(tokens, values), max_size=8))
def test_headers_keep_order_and_repetition(pairs):
    headers = Headers(pairs)
    assert [name for name, _ in headers.items()] == [name for name, _ in pairs]
    for name, _ in pairs:
        assert headers.getall(name) == [value for other, value in pairs if other.lower() == name.lower()]
    assert headers == Headers(headers) == Headers(list(headers.items()))
    assert hash(headers) == hash(Headers([(name.upper(), value) for name, value in pairs]))


def test_changing_headers_makes_new_ones():
    old = Headers([("A", "1"), ("B", "2"), ("a", "3")])
    assert old.with_("B", "9").items() is not old.items()
    assert list(old.with_("a", "9").items()) == [("a", "9"), ("B", "2")]
    assert [name for name, _ in old.plus([("C", "4")]).items()] == ["A", "B", "a", "C"]
    assert list(old) == list(old.keys()) == ["A", "B"]
    assert list(old.without("A", "missing").items()) == [("B", "2")]
    assert list(old.items()) == [("A", "1"), ("B", "2"), ("a", "3")]
    assert old.joined("A") == "1, 3"
    assert old.joined("Z") is None
    assert old != "A: 1"


@pytest.mark.parametrize(
    "pair", [("", "x"), ("a b", "x"), ("a:", "x"), ("é", "x"), ("A\n", "x"), ("A", "x\r\ny"), ("A", "x\0"), ("A", 1), (1, "x"), ("A", None)]
)
def test_what_http_does_not_allow_in_a_header_is_refused(pair):
    with pytest.raises(MessageError, match="header"):
        Headers([pair])
    with pytest.raises(MessageError):
        Headers().plus([pair])


@pytest.mark.parametrize("source", [5, "Host: a", [("a",)], [1], None])
def test_what_is_no_header_list_is_refused(source):
    with pytest.raises(MessageError, match="headers are"):
        Headers(source)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://d.example", "/"),
        ("https://d.example?x=1", "/?x=1"),
        ("https://d.example/a%20b?", "/a%20b?"),
        ("https://d.example//a/../b/%2e?q=/?#"[:-1], "//a/../b/%2e?q=/?"),
        ("http://[2001:db8::1]:8080/x", "/x"),
    ],
)
def test_a_request_keeps_its_target_exactly_as_received(url, target):
    assert Request("GET", url).target == target
    assert Request("GET", url).url == url


def test_scheme_and_host_ignore_case_and_the_port_is_apart():
    parts = split_url("HTTPS://D111.CloudFront.NET:8443/A")
    assert (parts.scheme, parts.host, parts.port, parts.authority) == ("https", "d111.cloudfront.net", 8443, "d111.cloudfront.net:8443")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/a",
        "ftp://d/",
        "d.example/a",
        "https://",
        "https:///a",
        "https://a b/",
        "https://d/ä",
        "https://d/a b",
        "https://d/\n",
        "https://u:p@d/",
        "https://d:0/",
        "https://d:99999/",
        "https://d:/",
        "https://d/#top",
        "https://-d/",
        "https://d:8080:1/",
        "https://[::1/",
        "https://d/\x7f",
    ],
)
def test_a_malformed_url_is_named_and_explained(url):
    with pytest.raises(MessageError, match="URL"):
        Request("GET", url)


@given(st.text(max_size=60))
def test_no_text_makes_the_url_reader_fail_otherwise(text):
    for url in (text, "https://" + text, "https://d/" + text):
        try:
            split_url(url)
        except MessageError as error:
            assert str(error)


@pytest.mark.parametrize("kwargs", [{"method": "GE T"}, {"method": ""}, {"method": 5}, {"version": "HTTP/4"}, {"url": 5}])
def test_a_request_that_cannot_be_is_refused(kwargs):
    with pytest.raises(MessageError):
        Request(**{"method": "GET", "url": "https://d/", **kwargs})


def test_a_body_that_is_not_bytes_is_refused_with_the_remedy():
    with pytest.raises(MessageError, match=r"str, not bytes; encode it: 'hello'\.encode\(\)"):
        Request("POST", "https://d/", body="hello")
    with pytest.raises(MessageError, match="dict, not bytes"):
        Response(200, {}, {"a": 1})
    assert Request("POST", "https://d/", body=bytearray(b"ok")).body == b"ok"


def test_values_do_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Request("GET", "https://d/").method = "PUT"
    with pytest.raises(dataclasses.FrozenInstanceError):
        Response(200).status = 500


@pytest.mark.parametrize("status", [0, 99, 600, "200", True, 200.0, None])
def test_a_status_is_a_whole_number_from_100_to_599(status):
    with pytest.raises(MessageError, match="status"):
        Response(status)


def test_responses_with_the_same_bytes_are_equal_however_these_arrived():
    body = Body(open=True)
    body.feed(b"he")
    body.feed(b"llo")
    body.end()
    assert Response(200, {"A": "1"}, body) == Response(200, {"a": "1"}, b"hello")
    assert hash(Response(200, {}, body)) == hash(Response(200, {}, b"hello"))
    assert Response(200) != 200
    assert "hello" not in repr(Response(200, {}, body))


def test_a_body_tells_when_it_is_over_and_whether_it_failed():
    body, told = Body(size=6, open=True), []
    body.when_done(lambda body: told.append(body.failed))
    body.feed(b"abc")
    assert (body.open, told, bytes(body), len(body)) == (True, [], b"abc", 3)
    body.end()
    body.fail()
    assert (body.open, told, body.failed) == (False, [True], True)
    body.when_done(lambda body: told.append("late"))
    assert told == [True, "late"]
    assert not Body(b"abc").failed
    assert not Body(b"abc", size=3).failed
    assert repr(Body(b"abc", size=4)) == "Body(3 of 4 bytes, failed)"
