"""What a request shows: parameters and cookies, taken as they were sent."""

from __future__ import annotations

import base64
import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from signs import SLOW, cost, wire

from cdnlab.tokens import COOKIE, PARAMETERS, Token, cookie_header, cookie_token, decoded, encoded, own_query, token_of, url_token

FIELDS = ("expires", "policy", "signature", "key_pair_id", "hash_algorithm")
ALPHABET = set(string.ascii_letters + string.digits + "-~_")


def fields(token):
    return {name: getattr(token, name) for name in FIELDS if getattr(token, name) is not None}


@pytest.mark.rule("SIGN-09")
@given(st.binary(max_size=400))
@example(b"\xfb\xff\xbf")
def test_the_alphabet_is_base64_with_three_characters_exchanged(data):
    assert encoded(data) == wire(data)
    assert decoded(encoded(data)) == data
    assert set(encoded(data)) <= ALPHABET


@pytest.mark.rule("SIGN-09")
@pytest.mark.parametrize(
    "text",
    [
        *[
            "A",
            "AA",
            "AAA",
            "A_",
            "A__",
            "AA_",
            "AA__A",
            "_",
            "__",
            "____",
            "A_AA",
            "AAAA_",
            "AAAA__",
            "AAAA____",
            "AA___",
            "AA__AA__",
            "AAA_AAAA",
        ],
        *["AA==", "+AAA", "/AAA", "AAA=", "-AA=", "AAAA\n", "AA AA", " AAAA", "AAAA ", "AA\nAA", "AA%3D%3D", "%7EAAA", "AAA%5F"],
        *[
            "AAAé",
            "\uff21\uff21\uff21\uff21",
            "\u0410\u0410\u0410\u0410",
            "AAA\u200b",
            "AAA\ud800",
            "\0\0\0\0",
            "AAA.",
            "AAA,",
            "AAA!",
            "AAAA=AAA",
            "\u0663\u0663\u0663\u0663",
        ],
        base64.b64encode(b"\xfb\xff\xbf\xff").decode(),
        base64.urlsafe_b64encode(b"\xfb\xff\xbf\xff").decode(),
        wire(b"text!").encode("utf-16").decode("latin-1"),
    ],
    ids=ascii,
)
def test_what_is_in_no_such_alphabet_is_nothing(text):
    assert decoded(text) is None


@given(st.text(st.sampled_from("Ab9-~_+/= \n\u00e9"), max_size=12) | st.text(max_size=12))
@settings(max_examples=1000)
def test_decoding_never_raises(text):
    data = decoded(text)
    assert data is None or (set(text) <= ALPHABET and len(text) % 4 == 0 and len(data) == len(text) // 4 * 3 - text.count("_"))


@pytest.mark.rule("SIGN-03")
@pytest.mark.parametrize("name", PARAMETERS)
def test_any_one_parameter_makes_a_signed_url(name):
    cookie = cookie_header({COOKIE + each: "c" for each in PARAMETERS})
    for query in (f"{name}=5", f"a=1&{name}=5&b=2", name, f"{name}="):
        token = token_of(query, [cookie])
        assert token.carrier == "URL" and len(fields(token)) == 1
        assert token.named(name) == name
    assert token_of("a=1", [cookie]).carrier == "cookies"
    assert token_of(None, [cookie]).named(name) == COOKIE + name


@pytest.mark.parametrize(
    ("query", "shown", "own"),
    [
        ("Expires=5&Signature=s&Key-Pair-Id=K", {"expires": "5", "signature": "s", "key_pair_id": "K"}, None),
        ("a=1&Policy=p&b=2&Hash-Algorithm=SHA256&c", {"policy": "p", "hash_algorithm": "SHA256"}, "a=1&b=2&c"),
        ("Signature=a=b==", {"signature": "a=b=="}, None),
        ("Signature=%7E%2B&x=%26Expires=5", {"signature": "%7E%2B"}, "x=%26Expires=5"),
        ("&Expires=5", {"expires": "5"}, ""),
        ("&&Expires=5&", {"expires": "5"}, "&&"),
        ("a=1&&Expires=5", {"expires": "5"}, "a=1&"),
        ("Expires", {"expires": ""}, None),
        ("=x&Expires=5", {"expires": "5"}, "=x"),
        ("a=1;Expires=5&Expires=6", {"expires": "6"}, "a=1;Expires=5"),
        ("a=Expires=5&Policy=", {"policy": ""}, "a=Expires=5"),
    ],
)
def test_a_query_is_cut_at_its_ampersands_and_nothing_is_decoded(query, shown, own):
    token = url_token(query)
    assert fields(token) == shown and token.own == own == own_query(query) and not token.twice


@pytest.mark.parametrize(
    "query", ["", "a=1", "expires=5", "EXPIRES=5", "Expires%3D5", "%45xpires=5", "CloudFront-Expires=5", "xExpires=5", "Expires =5"]
)
def test_names_are_exact(query):
    assert url_token(query) is None and own_query(query) == query


@pytest.mark.parametrize(
    ("cookies", "shown"),
    [
        ("CloudFront-Expires=5; CloudFront-Signature=s; CloudFront-Key-Pair-Id=K", {"expires": "5", "signature": "s", "key_pair_id": "K"}),
        ("CloudFront-Policy=p;CloudFront-Hash-Algorithm=SHA256", {"policy": "p", "hash_algorithm": "SHA256"}),
        (" \tCloudFront-Policy=p \t;; a", {"policy": "p"}),
        ("theme=dark; CloudFront-Signature=a=b==", {"signature": "a=b=="}),
        ("CloudFront-Key-Pair-Id", {"key_pair_id": ""}),
    ],
)
def test_cookies_are_cut_at_their_semicolons(cookies, shown):
    token = cookie_token(cookies)
    assert token.carrier == "cookies" and fields(token) == shown


@pytest.mark.parametrize(
    "cookies", ["", ";", "Expires=5", "cloudfront-expires=5", "Cloudfront-Policy=p", "xCloudFront-Policy=p", "a=CloudFront-Policy=p"]
)
def test_names_of_cookies_are_exact(cookies):
    assert cookie_token(cookies) is None


@pytest.mark.rule("SIGN-21")
@pytest.mark.parametrize("name", PARAMETERS)
def test_what_is_there_twice_is_noticed(name):
    assert url_token(f"{name}=a&{name}=b").twice == name
    assert url_token(f"{name}=a&b=c&{name}=a").twice == name
    assert url_token(f"{name}&{name}").twice == name
    assert token_of(None, [f"{COOKIE}{name}=a; {COOKIE}{name}=b"]).twice == name
    assert token_of(None, [f"{COOKIE}{name}=a", f"{COOKIE}{name}=a"]).twice == name
    assert not url_token(f"{name}=a&{name.lower()}=b").twice


QUERIES = st.lists(st.one_of(st.sampled_from([*PARAMETERS, "a", "", "b=c"]), st.text("Expires=&%", max_size=8)), max_size=6).map("&".join)


@given(QUERIES)
def test_the_own_query_is_the_rest_in_its_order(query):
    parts = query.split("&")
    rest = [part for part in parts if part.split("=")[0] not in PARAMETERS]
    assert own_query(query) == (query if rest == parts else "&".join(rest) if rest else None)


@given(st.none() | st.text(max_size=40), st.lists(st.text(max_size=40), max_size=3))
def test_any_text_can_be_looked_at(query, cookies):
    assert isinstance(token_of(query, cookies), Token | None)


@pytest.mark.parametrize(
    "query",
    [
        "&" * 3_000_000,
        "a=&" * 1_000_000 + "Expires=5",
        "Expires=5&" * 300_000,
        "Policy=" + "A" * 3_000_000,
        "Expires=5&x=" + "=" * 3_000_000,
    ],
    ids=lambda value: None,
)
def test_megabytes_cost_little(query):
    assert cost(lambda: url_token.__wrapped__(query))[1] < SLOW
    cookies = query.replace("&", "; ").replace("Expires", "CloudFront-Expires")
    assert cost(lambda: cookie_token.__wrapped__(cookies))[1] < SLOW
