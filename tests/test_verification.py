"""The check of a signature: every question, its code, its order, and what is asked anew each time."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from signs import ECDSA, IP, KEYS, LATER, NOW, RSA, RSA2, URL, check, policy, shown, wire, with_policy

from cdnlab.keys import PublicKey
from cdnlab.messages import Request
from cdnlab.signing import Signer
from cdnlab.tokens import cookie_header, url_token
from cdnlab.verification import STAGES, address_of, duration, opening_of, verify

SIGNER = Signer("KRSA", RSA)
CANNED = SIGNER.url(URL, LATER)


def refusal(verdict):
    return verdict.code, verdict.rule, verdict.stage


@pytest.mark.rule("SIGN-01", "SIGN-11")
@pytest.mark.parametrize("hash", ["SHA1", "SHA256"])
@pytest.mark.parametrize(("id", "pair"), [("KRSA", RSA), ("KECDSA", ECDSA)])
def test_a_valid_signature_opens_and_every_tampered_part_closes(id, pair, hash):
    signer = Signer(id, pair, hash)
    for url in (signer.url(URL, LATER), signer.url(URL, LATER, ip="192.0.2.0/24"), signer.url(f"{URL}?size=large", LATER, starts=0)):
        assert check(url) == (True, "", "SIGN-01", "", "the signature holds")
        base, _, query = url.partition("?")
        for number, part in enumerate(query.split("&")):
            name, value = part.split("=")
            for changed in ("", value[:-4], "A" + value[1:] if value[0] != "A" else "B" + value[1:], value[1:]):
                if changed == value:
                    continue
                parts = query.split("&")
                parts[number] = f"{name}={changed}"
                assert not check(f"{base}?{'&'.join(parts)}").ok, (name, changed)
            if name != "size":
                assert not check(f"{base}?{'&'.join(each for each in query.split('&') if each != part)}").ok


@pytest.mark.rule("SIGN-07")
@pytest.mark.parametrize(
    "changed",
    [
        CANNED.replace("https:", "http:"),
        CANNED.replace("d111", "d222"),
        CANNED.replace("/cat.jpg", "/dog.jpg"),
        CANNED.replace("/cat.jpg", "/Cat.jpg"),
        CANNED.replace("/cat.jpg", "//cat.jpg"),
        CANNED.replace("/cat.jpg", "/%63at.jpg"),
        CANNED.replace("/cat.jpg", "/./cat.jpg"),
        CANNED.replace("?", "?x=1&"),
        CANNED.replace("?", "?&"),
        CANNED + "&x=1",
        CANNED + "&",
        CANNED.replace(".net/", ".net:8443/"),
        CANNED.replace(str(LATER), str(LATER + 1)),
    ],
)
def test_any_change_of_a_canned_url_is_refused(changed):
    assert check(CANNED).ok
    assert refusal(check(changed)) == ("AccessDenied", "SIGN-11", "signature")


@pytest.mark.rule("SIGN-07")
def test_the_canned_policy_is_rebuilt_from_the_url_without_its_signing_parameters():
    for url in (
        URL,
        f"{URL}?",
        f"{URL}?a",
        f"{URL}?a=1&b=2",
        f"{URL}?a=%26&",
        f'{URL}?q="x"',
        f"{URL}?q=a\\b",
        "https://d111.cloudfront.net/*",
    ):
        signed = SIGNER.url(url, LATER)
        assert check(signed).ok, signed
        query = signed.partition("?")[2]
        token = opening_of(url_token(query), address_of(Request("GET", signed)))
        assert str(address_of(Request("GET", signed))) == url and token.policy.resource == url
        own = [part for part in query.split("&") if part.partition("=")[0] not in ("Expires", "Signature", "Key-Pair-Id")]
        signing = [part for part in query.split("&") if part not in own]
        if own and "" not in own:  # parameters may come in any order
            assert check(f"{URL if 'cat' in url else url}?{'&'.join([*signing[::-1], *own])}").ok
            assert check(f"{URL if 'cat' in url else url}?{'&'.join([signing[0], *own, *signing[1:]])}").ok


@pytest.mark.rule("SIGN-07", "SIGN-12")
def test_a_star_in_a_canned_policy_stands_for_itself():
    signed = SIGNER.url("https://d111.cloudfront.net/*", LATER)
    assert check(signed).ok
    assert refusal(check(signed.replace("/*", "/cat.jpg"))) == ("AccessDenied", "SIGN-11", "signature")


@pytest.mark.rule("SIGN-07")
@pytest.mark.parametrize(
    "expires",
    [
        "",
        "x",
        "-1",
        "+1",
        "1e9",
        "1.0",
        "01767229200",
        "0x7",
        "NaN",
        "Infinity",
        "true",
        "%31",
        "1767229200%00",
        str(2**63),
        "9" * 20_000,
        "1,2",
        '"5"',
    ],
)
def test_expires_is_a_plain_whole_number(expires):
    assert refusal(check(CANNED.replace(str(LATER), expires))) == ("MalformedPolicy", "SIGN-07", "policy")


@pytest.mark.rule("SIGN-03")
@pytest.mark.parametrize(
    "parameter", ["Expires=5", "Policy=x", "Signature=x", "Key-Pair-Id=x", "Hash-Algorithm=SHA1", "Expires", "Policy="]
)
def test_one_signing_parameter_in_the_url_and_valid_cookies_are_not_looked_at(parameter):
    cookie = cookie_header(SIGNER.cookies("https://d111.cloudfront.net/*", LATER))
    assert check(URL, cookie).ok and check(f"{URL}?a=1", cookie).ok
    assert check(f"{URL}?{parameter}", cookie).code == "MissingKey"
    assert check(f"{URL}?a=1&{parameter}&b=2", cookie).code == "MissingKey"
    assert check(f"{URL}?{parameter.lower()}", cookie).ok


@pytest.mark.rule("SIGN-04")
@pytest.mark.parametrize(
    ("url", "cookie"),
    [
        (URL, None),
        (f"{URL}?", None),
        (f"{URL}?a=1", "theme=dark"),
        (f"{URL}?Expires={LATER}", None),
        (f"{URL}?Expires={LATER}&Signature=AAAA", None),
        (f"{URL}?Expires={LATER}&Key-Pair-Id=KRSA", None),
        (f"{URL}?Policy=AAAA&Key-Pair-Id=KRSA", None),
        (f"{URL}?Key-Pair-Id=KRSA", None),
        (f"{URL}?Hash-Algorithm=SHA1", None),
        (URL, "CloudFront-Policy=AAAA; CloudFront-Signature=AAAA"),
        (URL, "CloudFront-Key-Pair-Id=KRSA"),
        (URL, ""),
    ],
)
def test_without_signature_or_key_id_the_key_is_missing(url, cookie):
    assert refusal(check(url, cookie)) == ("MissingKey", "SIGN-04", "shown")


@pytest.mark.rule("SIGN-05")
@pytest.mark.parametrize("id", ["", "K2OTHER", "krsa", "KRSA%20", "KRSA ", "../KRSA", "K" * 5000])
def test_a_key_that_is_not_trusted_here_is_unknown(id):
    url = CANNED.replace("KRSA", id.replace(" ", "+"))
    assert refusal(check(url)) == ("InvalidKey", "SIGN-05", "key")
    assert len(check(url).says) < 250
    assert verify(Request("GET", CANNED), {}, at=NOW, ip=IP).says.endswith("trusted here: none")


@pytest.mark.rule("SIGN-05")
def test_another_trusted_key_does_not_help():
    assert refusal(check(Signer("KECDSA", RSA).url(URL, LATER))) == ("AccessDenied", "SIGN-11", "signature")
    assert refusal(check(Signer("KRSA", RSA2).url(URL, LATER))) == ("AccessDenied", "SIGN-11", "signature")


@pytest.mark.rule("SIGN-06")
def test_of_both_kinds_of_policy_the_custom_one_counts():
    good, expired = with_policy(policy()), with_policy(policy(expires=NOW - 1))
    assert check(good + f"&Expires={NOW - 1}").ok and check(good + "&Expires=nonsense").ok
    assert check(expired + f"&Expires={LATER}").rule == "SIGN-14"
    assert check(CANNED + "&Policy=AAAA").code == "MalformedPolicy"
    both = {**SIGNER.cookies(URL, LATER), "CloudFront-Policy": wire(policy("*").encode())}
    assert refusal(check(URL, cookie_header(both))) == ("AccessDenied", "SIGN-11", "signature")


@pytest.mark.rule("SIGN-08")
@pytest.mark.parametrize(
    "text",
    [
        b"{}",
        b"null",
        b"",
        b"{",
        policy(expires='"5"').encode(),
        policy().encode("utf-16"),
        policy().replace("Resource", "resource").encode(),
    ],
)
def test_a_policy_that_cannot_be_read_is_malformed_even_if_it_is_signed(text):
    assert refusal(check(with_policy(text))) == ("MalformedPolicy", "SIGN-08", "policy")


@pytest.mark.rule("SIGN-08", "SIGN-09")
@pytest.mark.parametrize("sent", ["", "AAA", "e30", "e30=", "%65%33%30_", "+/==", "é", "A" * 40_000])
def test_a_policy_in_no_such_base64_is_malformed(sent):
    cookie = f"CloudFront-Policy={sent}; CloudFront-Signature=AAAA; CloudFront-Key-Pair-Id=KRSA"
    assert refusal(check(URL, cookie)) == ("MalformedPolicy", "SIGN-08", "policy")


@pytest.mark.rule("SIGN-08")
@pytest.mark.parametrize("text", [policy().replace(":", ": ", 1), policy().replace("{", "{\r\n  "), f" {policy()}\n", policy() + "\n\n"])
def test_the_bytes_as_sent_are_what_is_verified(text):
    assert check(with_policy(text)).ok
    rewritten = with_policy(text).replace(wire(text.encode()), wire(policy().encode()))
    assert refusal(check(rewritten)) == ("AccessDenied", "SIGN-11", "signature")


@pytest.mark.rule("SIGN-09")
@pytest.mark.parametrize(
    "signature", ["", "AAA", "A" * 345, "%7E", "/AAA", "+AAA", "AAA=", "AAAA\u00e9".encode().decode("latin-1"), "____", "AAAA____"]
)
def test_a_signature_in_no_such_base64_is_malformed(signature):
    cookie = f"CloudFront-Expires={LATER}; CloudFront-Signature={signature}; CloudFront-Key-Pair-Id=KRSA"
    assert refusal(check(URL, cookie)) == ("MalformedSignature", "SIGN-09", "encoding")


@pytest.mark.rule("SIGN-09")
def test_plain_and_url_safe_base64_are_malformed():
    url = next(each for number in range(100) if "~" in (each := SIGNER.url(f"{URL}?{number}", LATER)))
    for old, new in (("~", "/"), ("_", "="), ("~", "%2F"), ("_", "%3D"), ("~", "%7E")):
        assert refusal(check(url.replace(old, new))) == ("MalformedSignature", "SIGN-09", "encoding")


@pytest.mark.rule("SIGN-10")
def test_the_hash_is_one_of_two_and_sha1_when_it_is_not_named():
    assert check(CANNED + "&Hash-Algorithm=SHA1").ok
    sha256 = Signer("KRSA", RSA, "SHA256").url(URL, LATER)
    assert sha256.endswith("&Hash-Algorithm=SHA256") and check(sha256).ok
    assert refusal(check(sha256.replace("&Hash-Algorithm=SHA256", ""))) == ("AccessDenied", "SIGN-11", "signature")
    assert refusal(check(sha256.replace("SHA256", "SHA1"))) == ("AccessDenied", "SIGN-11", "signature")
    for other in ("", "sha256", "SHA-256", "SHA512", "MD5", "RSA-SHA1", "SHA256%20", "S" * 9000):
        assert refusal(check(sha256.replace("SHA256", other))) == ("AccessDenied", "SIGN-10", "hash")


@pytest.mark.rule("SIGN-14")
def test_it_ends_at_the_second_of_date_less_than():
    for url in (CANNED, with_policy(policy())):
        assert check(url, at=LATER - 1).ok and check(url, at=LATER - 0.001).ok
        for at in (LATER, LATER + 0.5, LATER + 10**9):
            assert refusal(check(url, at=at)) == ("AccessDenied", "SIGN-14", "expires")
    assert "1 h 1 s too late" in check(CANNED, at=LATER + 3601).says
    assert check(with_policy(policy(expires=2**63 - 1)), at=2**62).ok
    assert check(with_policy(policy(expires=-5))).rule == "SIGN-14"


@pytest.mark.rule("SIGN-15")
def test_it_begins_after_the_second_of_date_greater_than():
    url = with_policy(policy(DateGreaterThan=f'{{"AWS:EpochTime":{NOW}}}'))
    for at in (0, NOW - 1, NOW, NOW + 0.999):
        assert refusal(check(url, at=at)) == ("AccessDenied", "SIGN-15", "starts")
    assert check(url, at=NOW + 1).ok
    assert check(with_policy(policy(DateGreaterThan='{"AWS:EpochTime":0}'))).ok


@pytest.mark.rule("SIGN-16")
@pytest.mark.parametrize(
    ("range", "ip", "fits"),
    [
        ("192.0.2.0/24", "192.0.2.255", True),
        ("192.0.2.0/24", "192.0.3.0", False),
        ("192.0.2.10/32", "192.0.2.10", True),
        ("192.0.2.10/32", "192.0.2.11", False),
        ("192.0.2.10", "192.0.2.10", True),
        ("192.0.2.77/24", "192.0.2.1", True),
        ("0.0.0.0/0", "203.0.113.9", True),
        ("0.0.0.0/0", "2001:db8::1", False),
        ("192.0.2.0/24", "2001:db8::1", False),
        ("192.0.2.0/24", "::ffff:192.0.2.7", True),
        ("192.0.2.0/24", "", False),
        ("192.0.2.0/24", "no address", False),
        ("192.0.2.0/24", "\u0661\u0669\u0662.0.2.7", False),
    ],
)
def test_the_peers_address_must_fit(range, ip, fits):
    verdict = check(with_policy(policy(IpAddress=f'{{"AWS:SourceIp":"{range}"}}')), ip=ip)
    assert verdict.ok is fits
    assert fits or refusal(verdict) == ("AccessDenied", "SIGN-16", "address")


@pytest.mark.rule("SIGN-16")
@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Real-IP", "True-Client-IP", "Forwarded", "CloudFront-Viewer-Address"])
def test_no_header_changes_the_peers_address(name):
    url = with_policy(policy(IpAddress='{"AWS:SourceIp":"192.0.2.0/24"}'))
    assert refusal(check(url, ip="203.0.113.9", headers={name: "192.0.2.5"})) == ("AccessDenied", "SIGN-16", "address")
    assert check(url, ip="192.0.2.7", headers={name: "203.0.113.9"}).ok


@pytest.mark.rule("SIGN-21")
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Expires", "MalformedPolicy"),
        ("Policy", "MalformedPolicy"),
        ("Signature", "MalformedSignature"),
        ("Key-Pair-Id", "InvalidKey"),
        ("Hash-Algorithm", "MalformedPolicy"),
    ],
)
def test_what_is_there_twice_is_refused_even_if_it_is_the_same(name, code):
    for query in (CANNED.partition("?")[2] + "&Hash-Algorithm=SHA1", shown(policy()) + "&Hash-Algorithm=SHA1"):
        parts = dict(part.split("=") for part in query.split("&"))
        if name not in parts:
            continue
        for value in (parts[name], "x"):
            for twice in (f"{query}&{name}={value}", f"{name}={value}&{query}"):
                assert check(f"{URL}?{query}").ok
                assert check(f"{URL}?{twice}").code == code and check(f"{URL}?{twice}").rule == "SIGN-21"
                cookie = "; ".join("CloudFront-" + part for part in twice.split("&"))
                assert check(URL, cookie).rule == "SIGN-21"


@pytest.mark.rule("SIGN-27")
def test_without_a_resource_any_file_of_any_host_is_open():
    text = f'{{"Statement":[{{"Condition":{{"DateLessThan":{{"AWS:EpochTime":{LATER}}}}}}}]}}'
    for url in (URL, "http://other.example/", "https://d.example/a/b?c=1"):
        assert check(with_policy(text, url)).ok
        assert check(url, "; ".join("CloudFront-" + part for part in shown(text).split("&"))).ok


@pytest.mark.rule("SIGN-12")
def test_a_canned_cookie_opens_one_file_and_one_with_a_star_a_folder():
    one = cookie_header(SIGNER.cookies(URL, LATER))
    assert check(URL, one).ok and not check(URL + "?x=1", one).ok and not check(URL.replace("cat", "dog"), one).ok
    many = cookie_header(SIGNER.cookies("https://d111.cloudfront.net/videos/*", LATER))
    assert check("https://d111.cloudfront.net/videos/a/1.ts?x=1", many).ok
    verdict = check(URL, many)
    assert refusal(verdict) == ("AccessDenied", "SIGN-12", "resource") and "path /cat.jpg does not fit /videos/*" in verdict.says


def test_the_questions_are_asked_in_the_order_of_the_list():
    """One request with everything wrong; with each repair the next question refuses."""
    wrong = policy("https://other/*", NOW - 5, DateGreaterThan=f'{{"AWS:EpochTime":{NOW}}}', IpAddress='{"AWS:SourceIp":"198.51.100.1"}')
    right = policy(URL, LATER, DateGreaterThan='{"AWS:EpochTime":0}', IpAddress='{"AWS:SourceIp":"192.0.2.7"}')
    steps = [
        URL,
        f"{URL}?Policy=x&Signature=x&Key-Pair-Id=K9&Hash-Algorithm=x",
        f"{URL}?Policy=x&Signature=x&Key-Pair-Id=KRSA&Hash-Algorithm=x",
        f"{URL}?Policy={wire(wrong.encode())}&Signature=x&Key-Pair-Id=KRSA&Hash-Algorithm=x",
        f"{URL}?Policy={wire(wrong.encode())}&Signature=x&Key-Pair-Id=KRSA",
        f"{URL}?Policy={wire(wrong.encode())}&Signature=AAAA&Key-Pair-Id=KRSA",
        with_policy(wrong),
        with_policy(wrong.replace("https://other/*", URL)),
        with_policy(wrong.replace("https://other/*", URL).replace(str(NOW), "0")),
        with_policy(right.replace("192.0.2.7", "198.51.100.1")),
        with_policy(right),
    ]
    assert tuple(check(url).stage for url in steps) == (*STAGES, "")


def test_what_was_remembered_of_a_token_is_not_taken_for_another_key_or_url():
    request = Request("GET", CANNED)
    other: dict[str, PublicKey] = {"KRSA": RSA2.public_key}
    for _ in range(2):
        assert verify(request, KEYS, at=NOW, ip=IP).ok
        assert not verify(request, other, at=NOW, ip=IP).ok
        assert not check(CANNED.replace("cat", "dog")).ok
        assert not verify(request, KEYS, at=NOW, ip=IP, host="www.example.com").ok
        assert not check(CANNED.replace("https", "http")).ok
        assert not check(CANNED, at=LATER).ok
    cookie = cookie_header(SIGNER.cookies("https://d111.cloudfront.net/*", LATER, ip="192.0.2.7"))
    for _ in range(2):
        assert check(URL, cookie).ok
        assert check(URL, cookie, ip="192.0.2.8").rule == "SIGN-16"
        assert check(URL.replace("d111", "d222"), cookie).rule == "SIGN-12"
        assert check(URL, cookie, at=LATER).rule == "SIGN-14"


def test_the_host_that_the_viewer_named_counts():
    signed = SIGNER.url("https://www.example.com/cat.jpg", LATER)
    at_edge = Request("GET", signed.replace("www.example.com", "127.0.0.1:8000").replace("https", "http"))
    as_sent = Request("GET", signed.replace("www.example.com", "127.0.0.1:8443"))
    assert not verify(at_edge, KEYS, at=NOW, ip=IP, host="www.example.com").ok
    for host in ("www.example.com", "WWW.Example.com", "www.example.com:443"):
        assert verify(as_sent, KEYS, at=NOW, ip=IP, host=host).ok
    assert not verify(as_sent, KEYS, at=NOW, ip=IP, host="www.example.com:8443").ok


@given(st.integers(0, 10**9))
def test_a_duration_adds_up(seconds):
    units = {"d": 86400, "h": 3600, "min": 60, "s": 1}
    words = duration(seconds).split(" ")
    assert sum(int(number) * units[unit] for number, unit in zip(words[::2], words[1::2], strict=True)) == seconds


@given(
    st.sampled_from([RSA, ECDSA]), st.sampled_from(["SHA1", "SHA256"]), st.integers(1, LATER), st.booleans(), st.booleans(), st.booleans()
)
@settings(max_examples=60, deadline=None)
def test_what_the_signer_makes_the_check_takes(pair, hash, length, starts, ip, cookies):
    signer = Signer("KRSA" if pair is RSA else "KECDSA", pair, hash)
    limits = {"expires": NOW + length, "starts": NOW - 1 if starts else None, "ip": IP if ip else None}
    if cookies:
        url, cookie = URL, cookie_header(signer.cookies(URL, **limits))
    else:
        url, cookie = signer.url(URL, **limits), None
    assert check(url, cookie).ok
    assert not check(url, cookie, at=NOW + length).ok
    assert check(url, cookie, at=NOW - 1).ok is not starts
    assert check(url, cookie, ip="203.0.113.9").ok is not ip
