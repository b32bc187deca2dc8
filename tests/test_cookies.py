"""Cookies as RFC 6265 section 5 has them, and what its successor adds; tables after the RFC's own examples."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdnlab.cookies import CookieJar, cookie_date, judge, keep, mended, readable, refused
from cdnlab.errors import InputError
from cdnlab.messages import Headers
from cdnlab.rules import rule
from cdnlab.sites import origin_of, same_site, site_of

LOGIN = "https://www.example.com/account/login"


def sent(line: str, url: str, *, by: str = LOGIN, page: str | None = None, at: float = 0.0) -> str:
    """`sent`, or which check refused: `!host` when the cookie was not kept, `host` when it is not sent."""
    kept = keep(line, by)
    if kept.cookie is None:
        return f"!{refused(kept.checks).name}"
    wrong = refused(judge(kept.cookie, url, page=page, at=at))
    return "sent" if wrong is None else wrong.name


@pytest.mark.rule("COOK-01", "COOK-02", "COOK-03")
@pytest.mark.parametrize(
    ("line", "url", "outcome"),
    [
        # RFC 6265 section 4.1.2.3: Domain=example.com goes to example.com, www.example.com and www.corp.example.com
        ("a=1; Path=/; Domain=example.com", "https://example.com/", "sent"),
        ("a=1; Path=/; Domain=example.com", "https://www.example.com/", "sent"),
        ("a=1; Path=/; Domain=example.com", "https://www.corp.example.com/", "sent"),
        ("a=1; Path=/; Domain=.example.com", "https://media.example.com/", "sent"),
        ("a=1; Path=/; DOMAIN=EXAMPLE.com", "https://MEDIA.example.COM/", "sent"),
        ("a=1; Path=/; Domain=example.com", "https://notexample.com/", "host"),
        ("a=1; Path=/; Domain=example.com", "https://example.com.evil.org/", "host"),
        ("a=1; Path=/; Domain=example.com", "https://example.org/", "host"),
        # no Domain: the very host
        ("a=1; Path=/", "https://www.example.com/", "sent"),
        ("a=1; Path=/", "http://www.example.com:8080/", "sent"),
        ("a=1; Path=/", "https://example.com/", "host"),
        ("a=1; Path=/", "https://media.example.com/", "host"),
        ("a=1; Path=/", "https://a.www.example.com/", "host"),
        ("a=1; Path=/; Domain=", "https://media.example.com/", "host"),
        ("a=1; Path=/; Domain=www.example.com", "https://a.www.example.com/", "sent"),
        # RFC 6265 section 4.1.2.3: neither a neighbour's name nor one below may be set
        ("a=1; Path=/; Domain=bar.example.com", "https://bar.example.com/", "!host"),
        ("a=1; Path=/; Domain=baz.www.example.com", "https://baz.www.example.com/", "!host"),
        ("a=1; Path=/; Domain=d111.cloudfront.net", "https://d111.cloudfront.net/", "!host"),
        ("a=1; Path=/; Domain=com", "https://example.com/", "!host"),
        ("a=1; Path=/; Domain=192.0.2.7", "https://192.0.2.7/", "!host"),
        ("a=1; Path=/; Domain=\udcff", "https://www.example.com/", "!host"),
        # of two, the last counts
        ("a=1; Path=/; Domain=example.org; Domain=example.com", "https://media.example.com/", "sent"),
    ],
)
def test_a_cookie_goes_to_the_host_that_set_it_or_to_its_domain_and_below(line, url, outcome):
    assert sent(line, url) == outcome


@pytest.mark.rule("COOK-03", "COOK-11")
@pytest.mark.parametrize(
    ("line", "by", "url", "outcome"),
    [
        ("a=1; Domain=cloudfront.net", "https://d111.cloudfront.net/", "https://d222.cloudfront.net/", "!host"),
        ("a=1; Domain=.cloudfront.net", "https://d111.cloudfront.net/", "https://d111.cloudfront.net/", "!host"),
        ("a=1; Domain=d111.cloudfront.net", "https://d111.cloudfront.net/", "https://d111.cloudfront.net/", "sent"),
        ("a=1", "https://d111.cloudfront.net/", "https://d111.cloudfront.net/", "sent"),
        ("a=1; Domain=co.uk", "https://shop.co.uk/", "https://shop.co.uk/", "!host"),
        ("a=1; Domain=localhost", "http://localhost/", "http://localhost/", "sent"),
        ("a=1; Domain=2.7", "http://192.0.2.7/", "http://192.0.2.7/", "!host"),
        ("a=1; Domain=192.0.2.7", "http://192.0.2.7/", "http://192.0.2.7/", "sent"),
    ],
)
def test_nobody_sets_a_cookie_for_a_domain_under_which_anybody_may_have_a_name(line, by, url, outcome):
    assert sent(line, url, by=by) == outcome


@pytest.mark.rule("COOK-04")
@pytest.mark.parametrize(
    ("line", "path", "outcome"),
    [
        # RFC 6265 section 5.1.4
        ("a=1; Path=/film", "/film", "sent"),
        ("a=1; Path=/film", "/film/", "sent"),
        ("a=1; Path=/film", "/film/seg0.ts", "sent"),
        ("a=1; Path=/film", "/film?hd", "sent"),
        ("a=1; Path=/film", "/films/seg0.ts", "path"),
        ("a=1; Path=/film/", "/film", "path"),
        ("a=1; Path=/film/", "/film/seg0.ts", "sent"),
        ("a=1; Path=/", "/film", "sent"),
        ("a=1; Path=/Film", "/film", "path"),
        # no Path, or one that does not begin with a slash: the folder of the URL that set it
        ("a=1", "/account/orders", "sent"),
        ("a=1", "/account", "sent"),
        ("a=1", "/film", "path"),
        ("a=1; Path=film", "/film", "path"),
        ("a=1; Path=", "/account/orders", "sent"),
        ("a=1; Path=/film; Path=/", "/account", "sent"),
    ],
)
def test_a_cookie_goes_to_its_path_and_what_lies_under_it(line, path, outcome):
    assert sent(line, f"https://www.example.com{path}") == outcome


@pytest.mark.parametrize(
    ("by", "folder"),
    [
        ("https://h/", "/"),
        ("https://h", "/"),
        ("https://h/login", "/"),
        ("https://h/a/login", "/a"),
        ("https://h/a/", "/a"),
        ("https://h/a/b/c?d=/e", "/a/b"),
    ],
)
def test_the_default_path_is_the_folder_of_the_url(by, folder):
    assert keep("a=1", by).cookie.path == folder


@pytest.mark.rule("COOK-05")
@pytest.mark.parametrize(
    ("line", "by", "url", "outcome"),
    [
        ("a=1; Path=/; Secure", "https://h.example/", "https://h.example/", "sent"),
        ("a=1; Path=/; secure=no", "https://h.example/", "http://h.example/", "secure"),
        ("a=1; Path=/; Secure", "http://h.example/", "https://h.example/", "!secure"),
        ("a=1; Path=/", "http://h.example/", "https://h.example/", "sent"),
    ],
)
def test_secure_is_for_https_only_and_set_by_https_only(line, by, url, outcome):
    assert sent(line, url, by=by) == outcome


@pytest.mark.rule("COOK-06")
def test_http_only_changes_nothing_for_requests():
    cookie = keep("a=1; Path=/; HttpOnly", LOGIN).cookie
    assert cookie.http_only and not keep("a=1", LOGIN).cookie.http_only
    assert refused(judge(cookie, "https://www.example.com/")) is None


@pytest.mark.rule("COOK-07")
@pytest.mark.parametrize(
    ("line", "page", "outcome"),
    [
        ("a=1; Path=/", None, "sent"),
        ("a=1; Path=/", "https://shop.example.com/", "sent"),
        ("a=1; Path=/", "https://example.org/", "site"),
        ("a=1; Path=/", "http://www.example.com/", "site"),
        ("a=1; Path=/; SameSite=Lax", "https://example.org/", "site"),
        ("a=1; Path=/; SameSite=Strict", "https://shop.example.com/", "sent"),
        ("a=1; Path=/; SameSite=nonsense", "https://example.org/", "site"),
        ("a=1; Path=/; SameSite=None; Secure", "https://example.org/", "sent"),
        ("a=1; Path=/; samesite=NONE; secure", "https://example.org/", "sent"),
        ("a=1; Path=/; SameSite=None", "https://example.org/", "!site"),
    ],
)
def test_for_a_page_of_another_site_a_cookie_must_be_same_site_none_and_secure(line, page, outcome):
    assert sent(line, "https://www.example.com/", page=page) == outcome


@pytest.mark.rule("COOK-07")
def test_an_answer_to_a_page_of_another_site_sets_only_same_site_none():
    url, page = "https://d111.cloudfront.net/login", "https://www.example.com/"
    assert keep("a=1; Secure", url, page=page).cookie is None
    assert keep("a=1; Secure; SameSite=None", url, page=page).cookie is not None
    assert keep("a=1; Secure", url).cookie is not None


@pytest.mark.rule("COOK-08")
@pytest.mark.parametrize(
    ("attributes", "expires"),
    [
        ("", None),
        ("; Max-Age=60", 1060.0),
        ("; Max-Age=0", 0.0),
        ("; Max-Age=-5", 0.0),
        ("; Max-Age=soon", None),
        ("; Max-Age=٣", None),
        ("; Max-Age=60; Expires=Wed, 21 Oct 2015 07:28:00 GMT", 1060.0),
        ("; Expires=Thu, 01 Jan 1970 00:33:20 GMT", 2000.0),
        ("; Expires=when I say so", None),
    ],
)
def test_max_age_or_else_expires_ends_a_cookie(attributes, expires):
    cookie = keep(f"a=1{attributes}", LOGIN, at=1000.0).cookie
    assert cookie.expires == expires
    for at in (1000.0, 1059.9, 1060.0, 2000.0):
        wrong = refused(judge(cookie, LOGIN, at=at))
        assert (wrong is None) == (expires is None or at < expires)


@pytest.mark.rule("COOK-08")
@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Wed, 09 Jun 2021 10:18:14 GMT", 1623233894),
        ("Wed, 09-Jun-21 10:18:14 GMT", 1623233894),
        ("10:18:14 9 june 2021", 1623233894),
        ("Sun Nov  6 08:49:37 1994", 784111777),
        ("6 Nov 94 8:49:37", 784111777),
        ("6 Nov 1600 8:49:37", None),
        ("31 Feb 2021 10:18:14", None),
        ("9 Jun 2021 25:18:14", None),
        ("9 Jun 2021", None),
        ("", None),
    ],
)
def test_a_cookie_s_date_is_read_as_the_rfc_reads_it(text, seconds):
    assert cookie_date(text) == seconds


@pytest.mark.rule("COOK-10")
@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("a=1", True),
        (" a = 1 ", True),
        ("a=", True),
        ("a=b=c", True),
        ("=1", False),
        ("a", False),
        ("", False),
        ("; Path=/", False),
        ("a=1\x00", False),
        ("a=1; Path=/\x07", False),
        ("a=" + "x" * 4095, True),
        ("a=" + "x" * 4096, False),
        ("__Secure-a=1; Secure", True),
        ("__Secure-a=1", False),
        ("__Host-a=1; Secure; Path=/", True),
        ("__Host-a=1; Secure", False),
        ("__host-a=1; Secure; Path=/; Domain=www.example.com", False),
        ("__Host-a=1; Path=/", False),
    ],
)
def test_what_is_no_cookie_is_thrown_away(line, kept):
    assert (keep(line, LOGIN).cookie is not None) is kept


# ---- the jar


def test_a_jar_sends_longer_paths_first_and_replaces_what_has_the_same_name_domain_and_path():
    jar = CookieJar()
    for line in ("a=1; Path=/", "b=2; Path=/film", "a=3; Path=/", "c=4; Path=/"):
        jar.receive(line, LOGIN)
    assert jar.header("https://www.example.com/film/1") == "b=2; a=3; c=4"
    assert len(jar) == 3
    jar.receive("a=; Path=/; Max-Age=0", LOGIN)
    assert jar.header("https://www.example.com/") == "c=4"
    jar.receive("nothing", LOGIN)
    assert len(jar) == 2


# ---- the smallest change


@pytest.mark.parametrize(
    ("line", "wanted", "page", "better"),
    [
        ("a=1; Path=/", "https://www.example.com/film", None, "a=1; Path=/"),
        ("a=1; Path=/", "https://media.example.com/film", None, "a=1; Path=/; Domain=example.com"),
        ("a=1; Path=/; Domain=example.org", "https://www.example.com/film", None, "a=1; Path=/; Domain=example.com"),
        ("a=1", "https://www.example.com/film", None, "a=1; Path=/"),
        ("a=1; Path=/account", "https://media.example.com/film", None, "a=1; Path=/; Domain=example.com"),
        ("a=1; Path=/; Secure", "https://www.example.com/film", "https://example.org/", "a=1; Path=/; Secure; SameSite=None"),
        ("a=1; Path=/", "https://www.example.com/film", "https://example.org/", "a=1; Path=/; Secure; SameSite=None"),
        ("__Host-a=1; Secure; Path=/; Domain=example.com", "https://www.example.com/", None, "__Host-a=1; Secure; Path=/"),
        ("a=1; Path=/; Secure", "http://www.example.com/film", None, None),
        ("a=1; Path=/", "https://d111.cloudfront.net/film", None, None),
        ("no cookie", "https://www.example.com/film", None, None),
    ],
)
def test_a_cookie_that_does_not_get_there_is_changed_as_little_as_it_takes(line, wanted, page, better):
    assert mended(line, LOGIN, wanted, page=page) == better


def test_a_huge_header_is_judged_at_once():
    for line in ("a=1" + "; Path=/x" * 100_000, "a=1; Domain=" + "a." * 100_000 + "com", "a" * 1_000_000, "a=1; Max-Age=" + "9" * 100_000):
        keep(line, LOGIN)


# ---- sites and origins


@pytest.mark.rule("COOK-03", "COOK-11")
@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.example.com/a", "example.com"),
        ("https://example.com", "example.com"),
        ("https://a.b.shop.co.uk/", "shop.co.uk"),
        ("https://d111.cloudfront.net/", "d111.cloudfront.net"),
        ("https://films.s3.amazonaws.com/", "films.s3.amazonaws.com"),
        ("https://com/", "com"),
        ("http://192.0.2.7/", "192.0.2.7"),
        ("http://[2001:db8::1]/", "2001:db8::1"),
        ("https://BÜCHER.example/", "xn--bcher-kva.example"),
    ],
)
def test_a_site_is_a_public_suffix_and_one_label_more(url, site):
    assert site_of(url) == site


def test_one_site_means_one_scheme_too():
    assert same_site("https://a.example.com/", "https://b.example.com:8443/")
    assert not same_site("https://a.example.com/", "http://a.example.com/")
    assert not same_site("https://a.cloudfront.net/", "https://b.cloudfront.net/")


def test_an_origin_is_scheme_host_and_port():
    assert origin_of("https://Example.com:443/a") == "https://example.com"
    assert origin_of("http://example.com:8080/") == "http://example.com:8080"


@pytest.mark.rule("COOK-09")
@pytest.mark.parametrize(
    ("headers", "credentials", "ok"),
    [
        ({}, False, False),
        ({"Access-Control-Allow-Origin": "*"}, False, True),
        ({"Access-Control-Allow-Origin": "*"}, True, False),
        ({"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "true"}, True, False),
        ({"Access-Control-Allow-Origin": "https://www.example.com"}, False, True),
        ({"Access-Control-Allow-Origin": "https://www.example.com"}, True, False),
        ({"Access-Control-Allow-Origin": "https://www.example.com", "Access-Control-Allow-Credentials": "true"}, True, True),
        ({"Access-Control-Allow-Origin": "https://www.example.com", "Access-Control-Allow-Credentials": "True"}, True, False),
        ({"Access-Control-Allow-Origin": "https://www.example.com/", "Access-Control-Allow-Credentials": "true"}, True, False),
        ({"Access-Control-Allow-Origin": "https://example.com", "Access-Control-Allow-Credentials": "true"}, True, False),
    ],
)
def test_a_script_of_another_origin_reads_what_names_it(headers, credentials, ok):
    check = readable(
        Headers(headers.items()), "https://media.example.com/a.ts", page="https://www.example.com/watch", credentials=credentials
    )
    assert check.ok is ok and check.says


def test_the_same_origin_needs_no_permission():
    assert readable(Headers([]), "https://www.example.com/a.ts", page="https://www.example.com:443/watch").ok


# ---- promises


@pytest.mark.parametrize(
    "url", ["", "film", "ftp://example.com/", "https://", "//example.com", "https://[::1/", "https://h:99999/", None, 7]
)
def test_what_is_no_address_of_a_page_is_refused_by_name(url):
    with pytest.raises(InputError, match="no address of a page"):
        keep("a=1", url)
    with pytest.raises(InputError, match="a Set-Cookie is text"):
        keep(None, LOGIN)


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=80), st.text("/aB.%é?#;", max_size=20))
def test_no_header_and_no_path_makes_it_raise_and_every_check_cites_a_rule(line, path):
    kept = keep(line, LOGIN)
    checks = kept.checks if kept.cookie is None else (*kept.checks, *judge(kept.cookie, f"https://www.example.com/{path}"))
    for check in checks:
        assert check.says and rule(check.rule)
    assert (kept.cookie is None) == (refused(kept.checks) is not None)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from(["a", "b", "film", ""]), max_size=5), st.lists(st.sampled_from(["a", "b", "film", ""]), max_size=5))
def test_a_path_fits_exactly_what_the_rfc_says(folder, parts):
    """Section 5.1.4, written down the long way round."""
    cookie_path, path = "/" + "/".join(folder), "/" + "/".join(parts)
    wanted = path == cookie_path or (path.startswith(cookie_path) and (cookie_path[-1] == "/" or path[len(cookie_path)] == "/"))
    assert (sent(f"a=1; Path={cookie_path}", f"https://www.example.com{path}") == "sent") is wanted
