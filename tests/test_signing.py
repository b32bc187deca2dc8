"""The Signer: what it writes, byte for byte, beside botocore and OpenSSL; and what it says when it is used wrongly."""

import base64
import shutil
import subprocess
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from signs import ECDSA, KEYS, LATER, NOW, RSA, RSA2, URL, check, wire

from cdnlab.errors import InputError
from cdnlab.keys import KeyPair
from cdnlab.signedpolicy import canned_text, custom_text
from cdnlab.signing import Signer
from cdnlab.tokens import cookie_header, decoded

SIGNER = Signer("KRSA", RSA)
FIELDS = {"Policy", "Signature", "Key-Pair-Id"}


def botocores(pair=RSA, id="KRSA"):
    from botocore.signers import CloudFrontSigner

    return CloudFrontSigner(id, pair.sign)


def moments():
    return st.integers(1, 253_402_300_799).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def urls():
    """URLs, and texts that are none: spaces, quotation marks, other scripts, signing parameters of their own."""
    text = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
    tail = st.sampled_from(["", "?", "?a=1", "?a=1&", "?Expires=5", "?q=a b+c%20d", '?"\\', "?;é=ü", "#part"])
    return st.builds(lambda path, query: f"https://d111.cloudfront.net/{path}{query}", text, tail)


@pytest.mark.rule("SIGN-23", "SIGN-24")
@settings(max_examples=300, deadline=None)
@given(urls(), moments())
def test_a_canned_url_is_botocores_byte_for_byte(url, moment):
    assert SIGNER.url(url, moment) == botocores().generate_presigned_url(url, date_less_than=moment)


@pytest.mark.rule("SIGN-23", "SIGN-24")
@settings(max_examples=200, deadline=None)
@given(urls(), urls(), moments(), st.none() | moments(), st.none() | st.sampled_from(["192.0.2.7", "192.0.2.0/24", "0.0.0.0/0"]))
def test_a_custom_url_is_botocores_byte_for_byte(url, resource, moment, starts, ip):
    if starts is not None and starts >= moment - timedelta(seconds=1):
        starts = None
    peer = botocores()
    policy = peer.build_policy(resource, moment, date_greater_than=starts, ip_address=ip)
    assert SIGNER.url(url, moment, starts=starts, ip=ip, resource=resource) == peer.generate_presigned_url(url, policy=policy)
    assert SIGNER.url(url, policy=policy) == peer.generate_presigned_url(url, policy=policy)


@pytest.mark.rule("SIGN-24")
def test_the_parameters_come_after_the_urls_own_and_in_aws_order():
    names = [part.partition("=")[0] for part in Signer("KRSA", RSA, "SHA256").url(f"{URL}?a=1", LATER).partition("?")[2].split("&")]
    assert names == ["a", "Expires", "Signature", "Key-Pair-Id", "Hash-Algorithm"]
    assert "Hash-Algorithm" not in SIGNER.url(URL, LATER)
    assert SIGNER.url(URL, LATER, ip="192.0.2.7").startswith(f"{URL}?Policy=")


@pytest.mark.rule("SIGN-25")
@pytest.mark.parametrize(("id", "pair"), [("KRSA", RSA), ("KECDSA", ECDSA)])
@pytest.mark.parametrize("hash", ["SHA1", "SHA256"])
def test_cookies_have_aws_names_and_open_what_they_say(id, pair, hash):
    signer = Signer(id, pair, hash)
    more = [] if hash == "SHA1" else ["CloudFront-Hash-Algorithm"]
    canned = signer.cookies(URL, LATER)
    assert list(canned) == ["CloudFront-Expires", "CloudFront-Signature", "CloudFront-Key-Pair-Id", *more]
    assert canned["CloudFront-Expires"] == str(LATER)
    for custom in (signer.cookies(URL, LATER, ip="192.0.2.0/24"), signer.cookies("https://d111.cloudfront.net/*", LATER)):
        assert list(custom) == ["CloudFront-Policy", "CloudFront-Signature", "CloudFront-Key-Pair-Id", *more]
        assert check(URL, cookie_header(custom)).ok
    assert check(URL, cookie_header(canned)).ok
    assert not check(f"{URL}2", cookie_header(canned)).ok


@pytest.mark.rule("SIGN-25")
def test_a_star_makes_cookies_custom_and_leaves_a_url_canned():
    assert "CloudFront-Policy" in SIGNER.cookies("https://d111.cloudfront.net/videos/*", LATER)
    assert "Expires=" in SIGNER.url("https://d111.cloudfront.net/*", LATER)


@pytest.mark.rule("SIGN-11", "SIGN-26")
@pytest.mark.parametrize("pair", [RSA, ECDSA], ids=["rsa", "ecdsa"])
@pytest.mark.parametrize("hash", ["SHA1", "SHA256"])
def test_openssl_verifies_what_is_signed_and_its_signatures_open(pair, hash, tmp_path, needs):
    needs("openssl")
    text, public, private, signature = (tmp_path / name for name in ("text", "public", "private", "signature"))
    text.write_bytes(canned_text(URL, LATER).encode())
    public.write_text(pair.public_pem)
    private.write_text(pair.private_pem())
    id = "KRSA" if pair is RSA else "KECDSA"
    signed = Signer(id, pair, hash).url(URL, LATER)
    signature.write_bytes(decoded(signed.partition("Signature=")[2].partition("&")[0]))
    digest = f"-{hash.lower()}"

    def openssl(*arguments):
        return subprocess.run(["openssl", "dgst", digest, *arguments, text], capture_output=True, check=True).stdout

    assert b"Verified OK" in openssl("-verify", public, "-signature", signature)
    theirs = wire(openssl("-sign", private))
    assert check(f"{URL}?Expires={LATER}&Signature={theirs}&Key-Pair-Id={id}&Hash-Algorithm={hash}").ok
    if pair is RSA:
        assert f"Signature={theirs}&" in signed


def test_the_recipe_of_the_guide_for_the_shell_gives_the_same_signature(tmp_path, needs):
    needs("openssl")
    assert shutil.which("tr")
    (tmp_path / "key.pem").write_text(RSA.private_pem())
    (tmp_path / "policy").write_text(canned_text(URL, LATER) + "\n")
    recipe = 'cat policy | tr -d "\\n" | tr -d " \\t\\n\\r" | openssl sha1 -sign key.pem | openssl base64 -A | tr -- "+=/" "-_~"'
    made = subprocess.run(recipe, shell=True, cwd=tmp_path, capture_output=True, check=True).stdout.decode()
    assert f"Signature={made}&" in SIGNER.url(URL, LATER)


@pytest.mark.parametrize(
    "moment",
    [
        LATER,
        float(LATER),
        LATER + 0.9,
        "2026-01-01T01:00:00Z",
        "2026-01-01T01:00:00",
        datetime(2026, 1, 1, 1),
        datetime(2026, 1, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 1, 3, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_a_moment_may_be_told_in_several_ways_and_without_a_zone_is_utc(moment):
    assert SIGNER.url(URL, moment) == SIGNER.url(URL, LATER)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: SIGNER.url(URL), "expires is missing"),
        (lambda: SIGNER.url(URL, True), "expires is True"),
        (lambda: SIGNER.url(URL, "soon"), "cannot read 'soon'"),
        (lambda: SIGNER.url(URL, float("nan")), "cannot read nan"),
        (lambda: SIGNER.url(URL, -1), "outside the years"),
        (lambda: SIGNER.url(URL, 2**63), "outside the years"),
        (lambda: SIGNER.url(None, LATER), "url is NoneType"),
        (lambda: SIGNER.url(URL.encode(), LATER), "url is bytes"),
        (lambda: SIGNER.url(URL, LATER, ip="2001:db8::1"), "one IPv4 address or range"),
        (lambda: SIGNER.url(URL, LATER, ip="192.0.2.0/33"), "one IPv4 address or range"),
        (lambda: SIGNER.url(URL, LATER, ip=["192.0.2.7"]), "one IPv4 address or range"),
        (lambda: SIGNER.url(URL, LATER, starts=LATER), "there is no second"),
        (lambda: SIGNER.url(URL, LATER, resource=5), "resource is int"),
        (lambda: SIGNER.url(URL, LATER, policy="{}"), "not both"),
        (lambda: SIGNER.url(URL, policy=""), "give its text"),
        (lambda: SIGNER.url(URL, policy="\ud800"), "no text can have"),
        (lambda: SIGNER.cookies(None, LATER), "resource is NoneType"),
        (lambda: Signer("", RSA), "key_pair_id is ''"),
        (lambda: Signer("K 1&x", RSA), "key_pair_id is"),
        (lambda: Signer("K1", RSA.private_pem()), "give a KeyPair"),
        (lambda: Signer("K1", RSA, "MD5"), "unknown hash algorithm"),
    ],
)
def test_what_cannot_be_signed_is_told_by_name(call, said):
    with pytest.raises(InputError, match=said) as caught:
        call()
    assert "PRIVATE" not in str(caught.value)


def test_a_policy_of_ones_own_is_signed_and_sent_as_it_is():
    text = '{ "Statement" : [\r\n' + custom_text(URL, LATER).removeprefix('{"Statement":[')
    url = SIGNER.url(URL, policy=text)
    assert base64.b64decode(url.partition("Policy=")[2].partition("&")[0].translate(str.maketrans("-_~", "+=/"))) == text.encode()
    assert check(url).ok


def test_neither_a_signer_nor_a_key_shows_its_private_half():
    for shown in (repr(SIGNER), str(SIGNER), repr(RSA), repr(KEYS)):
        assert "PRIVATE" not in shown and "BEGIN" not in shown
    assert repr(SIGNER) == "Signer('KRSA', KeyPair(rsa, 2048 bits, private half not shown), 'SHA1')"


def test_rsa_signatures_are_stable_and_ecdsa_signatures_are_not():
    assert SIGNER.url(URL, NOW) == SIGNER.url(URL, NOW) != Signer("KRSA", RSA2).url(URL, NOW)
    assert Signer("K", ECDSA).url(URL, NOW) != Signer("K", ECDSA).url(URL, NOW)
    assert KeyPair.generate("ecdsa").public_pem != ECDSA.public_pem
