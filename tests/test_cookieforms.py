"""Cookies in the forms in which signers give them."""

from __future__ import annotations

import json
from http.cookiejar import Cookie
from http.cookies import SimpleCookie
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from signs import LATER, NOW, RSA, SLOW, URL, cost

from cdnlab.cookieforms import one_header
from cdnlab.signing import Signer, diagnose

SIGNED = Signer("KRSA", RSA).cookies(URL, expires=LATER)
CUSTOM = Signer("KRSA", RSA).cookies(URL, expires=LATER, starts=NOW - 5)
NETSCAPE = "# Netscape HTTP Cookie File\n" + "\n".join(
    f"#HttpOnly_d111.cloudfront.net\tFALSE\t/\tTRUE\t0\t{name}\t{value}" for name, value in SIGNED.items()
)


def _jar_cookie(name: str, value: str) -> Cookie:
    return Cookie(0, name, value, None, False, "d111", True, False, "/", True, True, None, True, None, None, {})


FORMS: dict[str, Any] = {
    "a dict": SIGNED,
    "a dict with a number (JavaScript, PHP)": {**SIGNED, "CloudFront-Expires": LATER},
    "a dict of bytes": {name.encode(): value.encode() for name, value in SIGNED.items()},
    "dict.items()": SIGNED.items(),
    "pairs": [[name, value] for name, value in SIGNED.items()],
    "name and value": [{"name": name, "value": value, "path": "/"} for name, value in SIGNED.items()],
    "Key and Value (.NET)": [{"Key": name, "Value": value} for name, value in SIGNED.items()],
    "small dicts": [{name: value} for name, value in SIGNED.items()],
    "http.cookies": SimpleCookie(SIGNED),
    "Morsels": list(SimpleCookie(SIGNED).values()),
    "http.cookiejar": [_jar_cookie(name, value) for name, value in SIGNED.items()],
    "a Cookie header": "Cookie: theme=dark; " + "; ".join(f"{name}={value}" for name, value in SIGNED.items()),
    "Set-Cookie lines": [f"Set-Cookie: {name}={value}; Path=/; Secure; HttpOnly" for name, value in SIGNED.items()],
    "Set-Cookie lines in one text": "\n".join(
        f"{name}={value}; Domain=x; Expires=Thu, 01 Jan 2026 00:00:00 GMT" for name, value in SIGNED.items()
    ),
    "JSON": json.dumps(SIGNED, indent=2),
    "JSON with a number": json.dumps({**SIGNED, "CloudFront-Expires": LATER}),
    "JSON, name and value": json.dumps([{"name": name, "value": value} for name, value in SIGNED.items()]),
    "a map printed by Java": "{" + ", ".join(f"{name}={value}" for name, value in SIGNED.items()) + "}",
    "a dict printed by Python": str(SIGNED),
    "a hash printed by Ruby": "{" + ", ".join(f'"{name}"=>"{value}"' for name, value in SIGNED.items()) + "}",
    "an array printed by PHP": "Array\n(\n" + "\n".join(f"    [{name}] => {value}" for name, value in SIGNED.items()) + "\n)\n",
    "a cookie file": NETSCAPE,
    "lines of a cookie file": NETSCAPE.splitlines(),
}


@pytest.mark.parametrize("given_as", FORMS)
def test_cookies_are_taken_as_a_signer_gives_them(given_as: str) -> None:
    found = diagnose(URL, FORMS[given_as], keys={"KRSA": RSA.public_pem}, at=NOW)
    assert found.ok, found.says


def test_a_custom_policy_printed_as_a_map_is_read_whole() -> None:
    for text in (json.dumps(CUSTOM), str(CUSTOM), "{" + ", ".join(f"{name}={value}" for name, value in CUSTOM.items()) + "}"):
        assert diagnose(URL, text, keys={"KRSA": RSA.public_pem}, at=NOW).ok


@pytest.mark.parametrize("what", [5, object(), [5], [None], {"a": object()}, [["a", "b", "c"]], {"a": 10**5000}, True, [[[]]]])
def test_what_cannot_be_read_as_cookies_is_a_denial_with_a_fix(what: Any) -> None:
    assert one_header(what) is None
    found = diagnose(URL, what, keys={"KRSA": RSA.public_pem}, at=NOW)
    assert (found.code, found.status) == ("MissingKey", 403) and "as names and values" in found.fix


@pytest.mark.parametrize(
    "many",
    [
        [f"a{number}=" + "x" * 30_000 for number in range(3000)],
        {f"a{number}": "x" * 300 for number in range(100_000)},
        "{" * 30_000,
        "[" * 30_000,
        "{" + "CloudFront-Policy=" * 1700,
        ("a=b; Path=/, " * 2500)[:32_000],
        "CloudFront-Policy=x\n" * 1600,
        "x" * 1_000_000,
    ],
    ids=["lines", "mapping", "braces", "brackets", "map", "folded", "rows", "long"],
)
def test_however_many_cookies_come_reading_them_is_quick(many: Any) -> None:
    found, ms = cost(lambda: diagnose(URL, many, keys={"KRSA": RSA.public_pem}, at=NOW))
    assert not found.ok and found.code and found.fix and ms < SLOW


def test_a_control_character_becomes_visible() -> None:
    assert one_header({"a": "x\ry"}) == "a=x%0Dy"


@given(
    st.recursive(
        st.none() | st.text() | st.integers() | st.floats() | st.binary(), lambda each: st.lists(each) | st.dictionaries(st.text(), each)
    )
)
def test_whatever_is_given_is_read_or_not_and_never_raises(what: Any) -> None:
    header = one_header(what)
    assert header is None or isinstance(header, str)
