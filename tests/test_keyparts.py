"""Accept-Encoding, cookies and query strings as the cache key reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdnlab.keyparts import accepted_coding, chosen_query, cookies_of, cookies_text, kept_cookies, parameters
from cdnlab.messages import Headers
from cdnlab.recipe import Selection

BOTH, GZIP, BROTLI = (True, True), (True, False), (False, True)


@pytest.mark.rule("KEY-10", "KEY-11")
@pytest.mark.parametrize(
    ("flags", "offer", "part"),
    [
        (BOTH, "gzip, deflate, br", "br,gzip"),
        (BOTH, "br;q=1.0, gzip;q=0.8, *;q=0.1", "br,gzip"),
        (BOTH, "gzip,br", "br,gzip"),
        (BOTH, "gzip", "gzip"),
        (BOTH, "br", "br"),
        (BOTH, "deflate", None),
        (BOTH, "", None),
        (BOTH, "identity", None),
        (GZIP, "gzip, br", "gzip"),
        (GZIP, "gzip", "gzip"),
        (GZIP, "br", None),
        (GZIP, "deflate", None),
        (BROTLI, "gzip, br", "br"),
        (BROTLI, "gzip", None),
        (BOTH, "GZIP, Br", "br,gzip"),
        (BOTH, "  gzip  ;q=0.5 ,\tbr ", "br,gzip"),
        (BOTH, "gzip,br;q=0", "gzip"),
        (BOTH, "gzip;q=0.000, br ; q=0.0", None),
        (BOTH, "gzip;q=0.001", "gzip"),
        (BOTH, "*", None),
        (BOTH, "*;q=0, gzip", "gzip"),
        (BOTH, "x-gzip, brotli", None),
        (BOTH, ",,gzip,,", "gzip"),
        (BOTH, "gzip;level=9;q=0", None),
        (BOTH, "gzip;q=nonsense", "gzip"),
    ],
)
def test_accept_encoding_is_reduced_to_what_may_be_cached(flags, offer, part):
    assert accepted_coding(offer, *flags) == part


@pytest.mark.rule("KEY-10")
@given(st.permutations(["gzip", "br", "deflate", "zstd"]), st.sampled_from([",", ", ", " ,  "]), st.booleans(), st.booleans())
def test_the_order_and_spacing_of_codings_never_matter(codings, comma, gzip, brotli):
    assert accepted_coding(comma.join(codings), gzip, brotli) == accepted_coding("gzip,br", gzip, brotli)


@pytest.mark.rule("KEY-17", "KEY-20")
@pytest.mark.parametrize(
    ("lines", "cookies"),
    [
        ([], ()),
        ([""], ()),
        (["a=1"], (("a", "1"),)),
        (["b=2; a=1"], (("b", "2"), ("a", "1"))),
        (["b=2;a=1"], (("b", "2"), ("a", "1"))),
        (["a=1; "], (("a", "1"),)),
        (["a=1", "b=2"], (("a", "1"), ("b", "2"))),
        (["a="], (("a", ""),)),
        (["a=1=2"], (("a", "1=2"),)),
        (['a="x y"'], (("a", '"x y"'),)),
        (["a=1; a=2"], (("a", "1"), ("a", "2"))),
        (["$Version=1; a=1"], (("$Version", "1"), ("a", "1"))),
        (["a"], None),
        (["a=1; b"], None),
        (["=1"], None),
        (["a b=1"], None),
        (["a@b=1"], None),
        (["a=1", "b"], None),
    ],
)
def test_cookies_are_pairs_or_the_header_is_malformed(lines, cookies):
    assert cookies_of(Headers([("Cookie", line) for line in lines])) == cookies


ALL = Selection("all", kind="cookie")


@pytest.mark.rule("KEY-14", "KEY-15", "KEY-16", "KEY-18")
@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("b=2; a=1", "a=1; b=2"),
        ("b=1; B=1; a=1; A=1", "A=1; B=1; a=1; b=1"),
        ("a=2; b=0; a=1", "a=2; a=1; b=0"),
        ("$Version=1; a=1; $Path=/", "a=1"),
        ("CloudFront-Policy=x; a=1; CloudFront-Signature=y; CloudFront-Key-Pair-Id=K", "a=1"),
        ("CloudFront-Expires=1; CloudFront-Hash-Algorithm=SHA256", ""),
        ("cloudfront-policy=x", "cloudfront-policy=x"),
        ("a b=1; c=1", ""),
    ],
)
def test_cookies_that_count_are_sorted_by_name(sent, kept):
    assert cookies_text(kept_cookies(cookies_of(Headers({"Cookie": sent})), ALL)) == kept


@pytest.mark.rule("KEY-06")
def test_only_ampersands_separate_parameters():
    assert parameters("color=red;size=large&a") == [("color", "color=red;size=large"), ("a", "a")]
    assert parameters(None) == [] and parameters("") == [("", "")]


SOME = Selection("some", ("a", "b", "Z"))
EXCEPT = Selection("all-except", ("utm",))


@pytest.mark.rule("KEY-06", "KEY-07", "KEY-21")
@pytest.mark.parametrize(
    ("query", "selection", "kept"),
    [
        ("b=2&x=9&a=1", SOME, "b=2&a=1"),
        ("a=1&a=2&a=1", SOME, "a=1&a=2&a=1"),
        ("a", SOME, "a"),
        ("a=", SOME, "a="),
        ("A=1&z=1", SOME, None),
        ("%61=1", SOME, None),
        ("a=%31", SOME, "a=%31"),
        ("a;b=1", SOME, None),
        ("", SOME, None),
        (None, SOME, None),
        ("x=1&utm=2&y", EXCEPT, "x=1&y"),
        ("utm=2", EXCEPT, None),
        ("UTM=2", EXCEPT, "UTM=2"),
        ("a&&b", EXCEPT, "a&&b"),
        ("", EXCEPT, ""),
        ("", Selection("all"), ""),
        ("b=2&a=1&", Selection("all"), "b=2&a=1&"),
        ("a=1", Selection("none"), None),
    ],
)
def test_the_parameters_that_count_keep_their_order_and_spelling(query, selection, kept):
    assert chosen_query(query, selection) == kept


queries = st.lists(st.text("abZu&=;%", max_size=4), max_size=4).map("&".join)


@pytest.mark.rule("KEY-07")
@given(queries)
def test_choosing_twice_changes_nothing(query):
    for selection in (SOME, EXCEPT):
        once = chosen_query(query, selection)
        assert chosen_query(once, selection) == once
