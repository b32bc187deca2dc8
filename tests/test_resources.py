"""The Resource of a signed policy: the guide's sentences as a table, and a plain reading, section by section, as the oracle."""

from __future__ import annotations

import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from signs import SLOW, check, cost, policy, with_policy
from test_wildcards import plain

from cdnlab.messages import Request
from cdnlab.resources import Address, covers, sections
from cdnlab.verification import address_of

IN_PROTOCOL = set(string.ascii_letters + string.digits + "+.-*?")


def address(url):
    return address_of(Request("GET", url))


def reference(pattern, asked):
    """The contract's words, one by one, on the textbook's matcher."""
    if pattern and set(pattern) == {"*"}:
        return True  # a lone * matches everything
    protocol, mark, rest = pattern.partition("://")
    if not mark or set(protocol) - IN_PROTOCOL:
        if not pattern.startswith("*"):
            return False
        protocol, rest = "*", pattern  # begins with * and names no protocol: any protocol
    slash = rest.find("/")
    domain = rest if slash < 0 else rest[:slash]
    if not (plain(protocol.lower(), asked.scheme) and plain(domain.lower(), asked.domain)):
        return False
    if slash < 0:
        return domain.endswith("*") or (asked.path == "/" and not asked.query)
    path, query = rest[slash:], None
    if "\\?" in path:
        path, query = path.split("\\?", 1)
    elif asked.query is not None and "?" in path:
        path, query = path.split("?", 1)
    if not plain(path, asked.path):
        return False
    if query is None:
        return path.endswith("*") or not asked.query
    if query == "":
        return path.endswith("*") or not asked.query
    literal = query.replace("\\?", "\x00")
    return plain(literal, "".join("\x00" if character == "?" else character for character in asked.query or "")) or (
        "\x00" not in literal and plain(query, asked.query or "")
    )


D = "https://d.example"


@pytest.mark.rule("SIGN-12")
@pytest.mark.parametrize(
    ("pattern", "url", "fits"),
    [
        # * is no character or more, ? is exactly one
        (f"{D}/a*b", f"{D}/ab", True),
        (f"{D}/a*b", f"{D}/a-b", True),
        (f"{D}/a?b", f"{D}/a-b", True),
        (f"{D}/a?b", f"{D}/ab", False),
        (f"{D}/a?b", f"{D}/a--b", False),
        # a wildcard does not leave its section
        ("http*.example/a", "https://d.example/a", False),
        ("https://d*/a", f"{D}/a", True),
        ("https://d*a", f"{D}/a", False),
        ("https://*/a", f"{D}/b/a", False),
        ("https://*.example/a", f"{D}/a", True),
        ("https://*.example/a", "https://evil.example.org/.example/a", False),
        (f"{D}/*.jpg", f"{D}/a.jpg", True),
        (f"{D}/*.jpg", f"{D}/a.jpg?x=1", False),
        (f"{D}/*.jpg", f"{D}/a.gif?x=.jpg", False),
        (f"{D}/hello*world", f"{D}/hello-world", True),
        (f"{D}/hello*world", f"{D}/hello/x/world", True),
        (f"{D}/hello*world", f"{D}/hello?world", False),
        (f"{D}/a?x=*", f"{D}/a?x=1", True),
        (f"{D}/a?x=*", f"{D}/a?y=1", False),
        # a * at the end of the path covers the query, too
        (f"{D}/hello*", f"{D}/hello-world", True),
        (f"{D}/hello*", f"{D}/hello?world=1", True),
        (f"{D}/dir/*", f"{D}/dir/a.jpg?any=thing", True),
        (f"{D}/dir/*", f"{D}/dir/", True),
        (f"{D}/dir/*", f"{D}/dir", False),
        (f"{D}/dir/*", f"{D}/dirt/a", False),
        (f"{D}/dir*?x=1", f"{D}/dir/a?x=1", True),
        (f"{D}/dir*?x=1", f"{D}/dir/a?x=2", False),
        ("http://d.example/*game_download.zip*", "http://d.example/game_download.zip", True),
        ("http://d.example/*game_download.zip*", "http://d.example/example_game_download.zip?license=yes", True),
        ("http://d.example/*game_download.zip*", "http://d.example/test_game_download.zip?license=temp", True),
        # a * at the end of the domain covers path and query
        ("http://example.com*", "http://example.com/", True),
        ("http://example.com*", "http://example.com/a/b?c", True),
        ("http://example.com*", "http://example.community/a", True),
        ("http://example.com*", "https://example.com/a", False),
        ("http://example.com", "http://example.com/", True),
        ("http://example.com", "http://example.com/a", False),
        ("http://example.com", "http://example.com/?a", False),
        # a pattern that begins with * and names no protocol means any
        ("*example.com", "http://example.com/", True),
        ("*example.com", "https://www.example.com/", True),
        ("*example.com", "https://www.example.com/a", False),
        ("*example.com/*", "https://www.example.com/a?b", True),
        ("*d.example/a", f"{D}/a", True),
        ("*/a", f"{D}/a", True),
        # a lone * is everything
        ("*", f"{D}/a?b", True),
        ("**", "http://other/", True),
        # the protocol
        ("*://d.example/a", f"{D}/a", True),
        ("http*://d.example/a", f"{D}/a", True),
        ("http*://d.example/a", "http://d.example/a", True),
        ("http?://d.example/a", "http://d.example/a", False),
        ("http://d.example/a", f"{D}/a", False),
        ("HTTPS://D.Example/a", f"{D}/a", True),
        # names have no case, paths have
        ("https://D.EXAMPLE/*", f"{D}/a", True),
        (f"{D}/A", f"{D}/a", False),
        # nothing is decoded
        (f"{D}/%61", f"{D}/a", False),
        (f"{D}/a b", f"{D}/a%20b", False),
        # what is no URL covers nothing
        ("", f"{D}/a", False),
        ("d.example/a", f"{D}/a", False),
        ("/a", f"{D}/a", False),
        ("?*", f"{D}/a", False),
        ("://d.example/a", f"{D}/a", False),
        ("rtmp://d.example/a", f"{D}/a", False),
        ("mp3_name", f"{D}/mp3_name", False),
        # a port that goes without saying is not there, any other is
        (f"{D}/a", f"{D}:443/a", True),
        (f"{D}/a", f"{D}:8443/a", False),
        (f"{D}:8443/a", f"{D}:8443/a", True),
    ],
)
def test_a_resource_covers_what_the_guide_says(pattern, url, fits):
    asked = address(url)
    assert covers(pattern, asked) is fits
    assert reference(pattern, asked) is fits
    assert check(with_policy(policy(pattern), url)).ok is fits


@pytest.mark.rule("SIGN-13")
@pytest.mark.parametrize(
    ("pattern", "url", "fits"),
    [
        (f"{D}/horizon.jpg?size=large", f"{D}/horizon.jpg?size=large", True),
        (f"{D}/horizon.jpg?size=large", f"{D}/horizon.jpg?size=small", False),
        (f"{D}/horizon.jpg?size=large", f"{D}/horizon.jpg", False),
        (f"{D}/horizon.jpg?size=large", f"{D}/horizon.jpg-size=large", True),
        (f"{D}/horizon.jpg\\?size=large", f"{D}/horizon.jpg?size=large", True),
        (f"{D}/horizon.jpg\\?size=large", f"{D}/horizon.jpg-size=large", False),
        (f"{D}/horizon.jpg\\?size=*", f"{D}/horizon.jpg?size=", True),
        (f"{D}/hori?on.jpg\\?size=large", f"{D}/horizon.jpg?size=large", True),
        (f"{D}/hori?on.jpg", f"{D}/horizon.jpg", True),
        (f"{D}/hori?on.jpg", f"{D}/horizon.jpg?size=large", False),
        (f"{D}/a?x=?", f"{D}/a?x=1", True),
        (f"{D}/a?x=?", f"{D}/a?x=11", False),
        (f"{D}/a\\?x=1\\?2", f"{D}/a?x=1?2", True),
        (f"{D}/a\\?x=1\\?2", f"{D}/a?x=1-2", False),
        (f"{D}/a\\?x=1?2", f"{D}/a?x=1-2", True),
        (f"{D}/a\\?", f"{D}/a", True),
        (f"{D}/a?", f"{D}/a?", True),
        (f"{D}/a?", f"{D}/a", False),
        (f"{D}/a*?", f"{D}/a/b?c=1", True),
    ],
)
def test_the_first_question_mark_begins_the_query_where_there_is_one(pattern, url, fits):
    asked = address(url)
    assert covers(pattern, asked) is fits
    assert reference(pattern, asked) is fits


PIECES = st.sampled_from(["a", "b", "*", "?", "\\?", "/", ".", "d.example", "://", "https", "http", "*://", "=", "&", "\\", "A"])
PATTERNS = st.lists(PIECES, max_size=9).map("".join)
URLS = st.builds(
    lambda scheme, host, path, query: f"{scheme}://{host}/{path}{query}",
    st.sampled_from(["http", "https"]),
    st.sampled_from(["d.example", "a.d.example", "D.EXAMPLE", "d.example:8443"]),
    st.text("ab/.*\\", max_size=5),
    st.one_of(st.just(""), st.text("ab=&?/*\\", max_size=5).map(lambda text: "?" + text)),
)


@st.composite
def pairs(draw):
    """A URL, and a pattern that is at times made of it."""
    url = draw(URLS)
    if draw(st.booleans()):
        return draw(PATTERNS), url
    pattern = url
    for _ in range(draw(st.integers(0, 3))):
        at, length = draw(st.integers(0, len(pattern))), draw(st.integers(0, 4))
        pattern = pattern[:at] + draw(PIECES) + pattern[at + length :]
    return pattern, url


@given(pairs())
@example((f"{D}/*", f"{D}/"))
@example(("https://*", f"{D}/a?b"))
@example((f"{D}/a?", f"{D}/a?"))
@settings(max_examples=2000, deadline=None)
def test_every_shortcut_agrees_with_the_plain_reading(pair):
    pattern, url = pair
    asked = address(url)
    assert covers(pattern, asked) is reference(pattern, asked)


@given(pairs())
@settings(max_examples=500, deadline=None)
def test_what_is_shown_section_by_section_is_what_was_decided(pair):
    pattern, url = pair
    asked = address(url)
    found = sections(pattern, asked)
    assert covers(pattern, asked) is (bool(found) and all(each.fits for each in found))
    assert [each.name for each in found] in ([], ["protocol", "domain", "path", "query"])
    assert all(str(each).isprintable() for each in found)


def test_a_url_without_wildcards_covers_itself_and_nothing_else():
    asked = Address("https", "d.example", "/a", "b=1")
    assert covers(str(asked), asked)
    assert not any(
        covers(str(asked), other)
        for other in (
            asked._replace(scheme="http"),
            asked._replace(domain="e.example"),
            asked._replace(path="/A"),
            asked._replace(query=None),
            asked._replace(query="b=1&"),
            asked._replace(query=""),
        )
    )


LONG = "a" * 8000


@pytest.mark.parametrize(
    ("pattern", "url"),
    [
        (f"{D}/" + "*a" * 40 + "b", f"{D}/{LONG}"),
        (f"{D}/*" + "a?" * 2000 + "b*", f"{D}/{LONG}"),
        (f"{D}/" + "?*" * 8000 + "b", f"{D}/{LONG}"),
        (f"{D}/a?" + "?*" * 4000 + "b", f"{D}/a?{LONG}"),
        (f"{D}/a\\?" + "a*\\?" * 4000, f"{D}/a?{LONG}"),
        (f"{D}/a" + "\\?" * 8000, f"{D}/a?" + "?" * 8000),
        ("https://*" + "a?" * 2000 + "b*", f"{D}/{LONG}"),
        ("*?" * 8000 + "://d.example/a", f"{D}/a"),
        ("*" * 16000 + "x", f"{D}/a"),
        (f"{D}/" + "/*" * 8000 + "b", f"{D}/" + "/" * 8000),
    ],
)
def test_no_resource_that_fits_into_a_request_is_slow(pattern, url):
    asked = address(url)
    fits, milliseconds = cost(lambda: covers(pattern, asked))
    assert not fits and milliseconds < SLOW
    assert cost(lambda: sections(pattern, asked))[1] < SLOW
