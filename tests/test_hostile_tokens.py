"""Whatever somebody sends as a signature: refused with a code, at once, and nothing raises."""

from __future__ import annotations

import binascii
import json

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from signs import ECDSA, IP, KEYS, LATER, NOW, RSA, SLOW, URL, check, cost, policy, shown, wire, with_policy

from cdnlab.errors import MessageError
from cdnlab.messages import Request
from cdnlab.resources import Address
from cdnlab.signedpolicy import canned_text
from cdnlab.tokens import PARAMETERS, Token
from cdnlab.verification import opening_of, verify

CODES = {"MissingKey", "InvalidKey", "MalformedPolicy", "MalformedSignature", "AccessDenied"}
MB = 1_000_000
TAIL = "Signature=AAAA&Key-Pair-Id=KRSA"
EPOCHS = [
    *[
        "NaN",
        "Infinity",
        "-Infinity",
        "1e9",
        "1E400",
        "1.0",
        "-1",
        "-0",
        "true",
        "false",
        "null",
        "[]",
        "{}",
        '""',
        f'"{LATER}"',
        "0x7fffffff",
    ],
    *[str(2**63), str(2**64 + LATER), str(-(2**63)), "9" * 20_000, "\u0661\u0662\u0663", "\uff11", "1 2", "1_000", "+1", "01", ".5", "1."],
]
DEPTHS = (500, 990, 5000, 100_000)


def signed(text, url=URL):
    return with_policy(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text, url)


def pss(text, length):
    hash = hashes.SHA1()
    return RSA._key.sign(text, padding.PSS(padding.MGF1(hash), length), hash)


def raw(text):
    return b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(ECDSA.sign(text)))


CANNED = canned_text(URL, LATER).encode()


def with_signature(signature, id="KRSA"):
    return f"{URL}?Expires={LATER}&Signature={wire(signature)}&Key-Pair-Id={id}"


HOSTILE = {
    **{f"epoch {epoch[:12]}": signed(policy(expires=epoch)) for epoch in EPOCHS},
    **{
        f"beginning {epoch[:12]}": signed(policy(DateGreaterThan=f'{{"AWS:EpochTime":{epoch}}}'))
        for epoch in EPOCHS
        if epoch not in ("-1", "-0")
    },
    **{
        f"depth {depth} of {opening}": signed(opening * depth)
        for depth in (500, 990, 5000, 100_000)
        for opening in ("[", '{"a":', '{"Statement":[')
    },
    **{f"closed depth {depth}": signed("[" * depth + "]" * depth) for depth in (500, 990, 5000, 100_000)},
    "deep inside": signed(policy(expires="[" * 5000 + "]" * 5000)),
    "names by the thousand": signed("{" + ",".join(f'"{number}":1' for number in range(2500)) + "}"),
    "names by the thousand, the last twice": signed("{" + ",".join(f'"{number}":1' for number in range(2500)) + ',"2499":1}'),
    "the same name by the thousand": signed("{" + '"a":1,' * 3000 + '"a":1}'),
    "a lone surrogate, raw": signed(policy("https://d/\ud800")),
    "a lone surrogate, escaped": signed(policy("https://d111.cloudfront.net/\\ud800*")),
    "a lone surrogate as a name": signed(policy().replace("Resource", "\\ud800")),
    "a lone surrogate as an address": signed(policy(IpAddress='{"AWS:SourceIp":"\\ud800"}')),
    "NUL, raw": signed(policy("https://d/\0")),
    "NUL, escaped": signed(policy("https://d/\\u0000")),
    "NUL after all": signed(policy() + "\0"),
    "UTF-16": signed(policy().encode("utf-16")),
    "UTF-32": signed(policy().encode("utf-32")),
    "with a byte order mark": signed(policy().encode("utf-8-sig")),
    "UTF-7": signed(policy().encode("utf-7").replace(b"{", b"+AHs-")),
    "overlong UTF-8": signed(policy().encode().replace(b"/cat", b"\xc0\xafcat")),
    "XML": signed("<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"),
    "Resource twice": signed(policy("https://other/").replace('"Condition"', '"Resource":"*","Condition"')),
    "DateLessThan twice": signed(policy(NOW, DateLessThan=f'{{"AWS:EpochTime":{LATER}}}')),
    "address in other digits": signed(policy(IpAddress='{"AWS:SourceIp":"\u0661\u0669\u0662.0.2.7"}')),
    "IPv6": signed(policy(IpAddress='{"AWS:SourceIp":"::/0"}')),
    "empty": f"{URL}?Policy=&Signature=&Key-Pair-Id=&Expires=&Hash-Algorithm=",
    "empty, with a key": f"{URL}?Policy=&Signature=&Key-Pair-Id=KRSA",
    "empty moment": f"{URL}?Expires=&Signature=&Key-Pair-Id=KRSA",
    "empty signature": f"{URL}?Expires={LATER}&Signature=&Key-Pair-Id=KRSA",
    "names without values": f"{URL}?Expires&Policy&Signature&Key-Pair-Id&Hash-Algorithm",
    "a policy of megabytes": f"{URL}?Policy={'A' * 4 * MB}&{TAIL}",
    "a signature of megabytes": f"{URL}?Expires={LATER}&Signature={'A' * 4 * MB}&Key-Pair-Id=KRSA",
    "a moment of megabytes": f"{URL}?Expires={'9' * 4 * MB}&{TAIL}",
    "an id of megabytes": f"{URL}?Expires={LATER}&Signature=AAAA&Key-Pair-Id={'K' * 4 * MB}",
    "a hash of megabytes": f"{URL}?Expires={LATER}&{TAIL}&Hash-Algorithm={'S' * 4 * MB}",
    "a path of megabytes": f"{URL}{'/' * 4 * MB}?Expires={LATER}&{TAIL}",
    "a query of megabytes": f"{URL}?x={'x' * 4 * MB}&Expires={LATER}&{TAIL}",
    "ampersands by the million": f"{URL}?{'&' * 2 * MB}Expires={LATER}&{TAIL}",
    "parameters by the hundred thousand": f"{URL}?{'Expires=5&' * 300_000}{TAIL}",
    "a signed policy that no request has room for": signed(policy("*" * MB)),
    "PSS": with_signature(pss(CANNED, padding.PSS.DIGEST_LENGTH)),
    "PSS, long salt": with_signature(pss(CANNED, padding.PSS.MAX_LENGTH)),
    "raw r||s": with_signature(raw(CANNED), "KECDSA"),
    "RSA for an ECDSA key": with_signature(RSA.sign(CANNED), "KECDSA"),
    "ECDSA for an RSA key": with_signature(ECDSA.sign(CANNED)),
    **{f"a signature of {length} bytes": with_signature(RSA.sign(CANNED)[:length]) for length in (1, 20, 128, 255)},
    "a signature and more": with_signature(RSA.sign(CANNED) + b"\0"),
    "a signature and more, before": with_signature(b"\0" + RSA.sign(CANNED)),
    "zeros": with_signature(b"\0" * 256),
    "ones": with_signature(b"\xff" * 256),
    "DER and more": with_signature(ECDSA.sign(CANNED) + b"\0", "KECDSA"),
    "DER of zeros": with_signature(bytes.fromhex("3006020100020100"), "KECDSA"),
    "DER of a huge length": with_signature(bytes.fromhex("3084ffffffff0284ffffffff"), "KECDSA"),
    "DER of a negative number": with_signature(bytes.fromhex("30060201ff0201ff"), "KECDSA"),
}
PATTERNS = {
    "40 stars": ("https://d/" + "*a" * 40 + "b", "https://d/" + "a" * 7000),
    "4,000 stars": ("https://d/" + "*a" * 4000 + "b", "https://d/" + "a" * 6000),
    "stars and question marks": ("https://d/" + "?*" * 8000 + "b", "https://d/" + "a" * 7000),
    "every second a question mark": ("https://d/*" + "a?" * 2000 + "b*", "https://d/" + "a" * 7000),
    "question marks in the query": ("https://d/a?" + "?*" * 4000 + "b", "https://d/a?" + "?" * 7000),
    "escapes": ("https://d/a" + "\\?*" * 5000 + "b", "https://d/a?" + "?" * 7000),
    "in the domain": ("https://*" + "a?" * 4000 + "b/", "https://" + "a" * 7000 + "/"),
    "in the protocol": ("*?" * 8000 + "://d/a", "https://d/a"),
    "slashes": ("https://d/" + "/*" * 8000 + "b", "https://d" + "/" * 7000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_token_is_refused_at_once(name):
    verdict, milliseconds = cost(lambda: check(HOSTILE[name]))
    assert not verdict.ok and verdict.code in CODES and verdict.rule and verdict.stage
    assert verdict.says.isascii() and verdict.says.isprintable() and len(verdict.says) < 600
    assert milliseconds < SLOW


@pytest.mark.parametrize("name", PATTERNS)
def test_a_hostile_pattern_that_is_truly_signed_is_compared_at_once(name):
    pattern, url = PATTERNS[name]
    verdict, milliseconds = cost(lambda: check(with_policy(policy(json.dumps(pattern)[1:-1]), url)))
    assert (verdict.code, verdict.rule) == ("AccessDenied", "SIGN-12")
    assert len(verdict.says) < 600 and milliseconds < SLOW


@pytest.mark.parametrize(
    "cookie",
    [
        "; " * MB,
        ";" * 2 * MB + "CloudFront-Expires=1",
        "a=b; " * 300_000 + "CloudFront-Key-Pair-Id=KRSA",
        "CloudFront-Expires=1; " * 200_000,
        "CloudFront-Policy=" + "A" * 4 * MB + "; CloudFront-Signature=AAAA; CloudFront-Key-Pair-Id=KRSA",
        f"CloudFront-Expires={LATER}; CloudFront-Signature=\u00fc\u00fc\u00fc\u00fc; CloudFront-Key-Pair-Id=KRSA",
        f"CloudFront-Expires={LATER}; CloudFront-Signature=AAAA; CloudFront-Key-Pair-Id=\u041aRSA",
        "CloudFront-Expires=\u0661\u0662; CloudFront-Signature=AAAA; CloudFront-Key-Pair-Id=KRSA",
        "CloudFront-Expires=\ud800; CloudFront-Signature=\ud800; CloudFront-Key-Pair-Id=KRSA; CloudFront-Hash-Algorithm=\ud800",
        "CloudFront-Policy=\ud800; CloudFront-Signature=\ud800; CloudFront-Key-Pair-Id=\ud800",
        f'CloudFront-Expires="{LATER}"; CloudFront-Signature="AAAA"; CloudFront-Key-Pair-Id="KRSA"',
    ],
    ids=lambda value: None,
)
def test_hostile_cookies_are_refused_at_once(cookie):
    verdict, milliseconds = cost(lambda: check(URL, cookie))
    assert not verdict.ok and verdict.code in CODES
    assert verdict.says.isascii() and len(verdict.says) < 300 and milliseconds < SLOW


@pytest.mark.parametrize(
    "url", [f"{URL}?Expires=\u0661", f"{URL}?Policy=\ud800", f"{URL}?Signature=a b", f"{URL}?Expires=5\0", f"{URL}?Expires=5\n"]
)
def test_what_no_url_can_hold_does_not_get_as_far_as_the_check(url):
    with pytest.raises(MessageError):
        Request("GET", url)


VALUES = st.one_of(
    st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="&#"), max_size=30),
    st.binary(max_size=60).map(wire),
    st.sampled_from(["", "KRSA", "KECDSA", "SHA1", "SHA256", str(LATER), wire(policy().encode()), wire(policy("*").encode())]),
    st.builds(lambda text: wire(RSA.sign(text)), st.sampled_from([CANNED, policy().encode(), policy("*").encode()])),
    st.builds(lambda text: wire(ECDSA.sign(text)), st.sampled_from([CANNED, policy().encode()])),
)
PARTS = st.lists(st.tuples(st.sampled_from([*PARAMETERS, "a"]), VALUES).map("=".join), max_size=7).map("&".join)


@given(PARTS, st.booleans(), st.floats(0, 1e12), st.one_of(st.just(IP), st.text(max_size=10)))
@settings(max_examples=800, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_parameters_are_shown_there_is_a_verdict(parts, in_cookies, at, ip):
    cookie = "; ".join("CloudFront-" + part for part in parts.split("&")) if in_cookies else None
    verdict = check(URL if in_cookies else f"{URL}?{parts}", cookie, at=at, ip=ip)
    assert verdict.ok is (verdict.code == "") and (verdict.ok or verdict.code in CODES)
    assert verdict.says.isascii()


TEXTS = st.none() | st.text(max_size=20) | VALUES


@given(st.builds(Token, st.sampled_from(["URL", "cookies"]), TEXTS, TEXTS, TEXTS, TEXTS, TEXTS))
@settings(max_examples=600, deadline=None)
def test_any_token_is_read_without_raising(token):
    opening_of(token, Address("https", "d", "/", None))
    values = (token.expires, token.policy, token.signature, token.key_pair_id, token.hash_algorithm)
    shows = zip(PARAMETERS, values, strict=True)
    held = "; ".join(f"CloudFront-{name}={value}" for name, value in shows if value is not None and value.isprintable())
    assert verify(Request("GET", URL, {"Cookie": held}), KEYS, at=NOW, ip=IP).rule


GOOD = [shown(policy("https://d111.cloudfront.net/*"), pair, id) for pair, id in ((RSA, "KRSA"), (ECDSA, "KECDSA"))]


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_no_changed_character_of_a_good_token_leaves_it_good(data):
    query = data.draw(st.sampled_from(GOOD))
    at = data.draw(st.integers(0, len(query) - 1))
    changed = query[:at] + data.draw(st.sampled_from("Az09-~_=&%")) + query[at + data.draw(st.integers(0, 1)) :]
    verdict = check(f"{URL}?{changed}")
    if verdict.ok:  # a base64 character has spare bits at the end, and an `&` makes another parameter
        same = [part for part in changed.split("&") if part]
        assert sorted(map(content, same)) == sorted(map(content, query.split("&"))) or len(same) > 3


def content(part):
    name, _, value = part.partition("=")
    if name in ("Policy", "Signature"):
        return name, binascii.a2b_base64(value.translate(str.maketrans("-~_", "+/=")))
    return name, value
