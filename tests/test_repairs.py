"""Every mistake, made for real, is named, and the request with the repair is one that the edge takes."""

from __future__ import annotations

import base64
import hashlib
import time

import mistakes
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given
from hypothesis import strategies as st
from mistakes import (
    ALIAS,
    AT,
    END,
    MISTAKES,
    PAIRS,
    PEMS,
    SEGMENT,
    URL,
    Make,
    Shown,
    canned,
    custom,
    good,
    sent,
    shown,
    sign,
    with_signature,
)
from signs import SLOW, wire

from cdnlab.signing import Diagnosis, diagnose


def ask(case: Shown | str, **more: object) -> Diagnosis:
    url, cookies, own = case if isinstance(case, Shown) else Shown(case)
    return diagnose(url, cookies, **{"keys": PEMS, "at": AT, **own, **more})  # type: ignore[arg-type]


@pytest.mark.rule("DOC-01")
@pytest.mark.parametrize("id", ["KRSA", "KECDSA"])
@pytest.mark.parametrize(("name", "make"), MISTAKES, ids=lambda value: value if isinstance(value, str) else "")
def test_a_mistake_is_named_alone_and_told_with_what_to_change(name: str, make: Make, id: str) -> None:
    found = ask(make(id))
    assert (found.ok, found.status, found.repairs) == (False, 403, (name,))
    assert found.code in {"MissingKey", "InvalidKey", "MalformedPolicy", "MalformedSignature", "AccessDenied"}
    assert found.fix.endswith((".", "}")) and found.fix == " ".join(note.fix for note in found.notes)
    assert str(found) and found._repr_html_()


@pytest.mark.parametrize("id", ["KRSA", "KECDSA"])
def test_two_mistakes_are_told_as_two(id: str) -> None:
    host = ask(shown(id, canned(URL.replace("d111.cloudfront.net", ALIAS))), hosts=[ALIAS], at=END + 3 * 86400)
    assert host.repairs == ("wrong host", "expired") and "3 d ago" in str(host)
    assert ask(good(id).replace("&", "&amp;"), at=END + 60).repairs == ("&amp; in the URL", "expired")
    assert ask(Shown(SEGMENT + "?Expires=5", mistakes.cookies(id)), at=END + 60).repairs == ("cookies ignored", "expired")
    hash_and_host = ask(shown(id, canned(URL.replace("https", "http")), hash="SHA256"))
    assert hash_and_host.repairs == ("SHA-256 without its parameter", "wrong scheme")


def test_two_mistakes_in_one_signed_text_are_found_together() -> None:
    found = ask(shown("KRSA", canned(URL.replace("https", "http").replace("%20", " "))))
    assert found.repairs == ("wrong scheme", "re-encoded path")
    assert ask(shown("KRSA", canned(URL.replace("https", "http")) + "\n")).repairs == ("wrong scheme", "trailing newline")


def test_an_rsa_signature_tells_whose_it_is_and_that_the_text_was_another() -> None:
    found = ask(shown("KRSA", "something else entirely"))
    assert found.repairs == () and found.signed == "" and "was made with KRSA, but over something else" in found.fix
    other = ask(shown("KSPARE", "something else").replace("KSPARE", "KRSA"))
    assert other.repairs == ("wrong key id",) and "KSPARE" in other.fix
    stranger = ask(shown("KSPARE", "something else").replace("KSPARE", "KRSA"), keys={"KRSA": PEMS["KRSA"]})
    assert stranger.repairs == () and "was not made with KRSA" in stranger.fix


def test_an_ecdsa_signature_over_something_else_is_told_honestly() -> None:
    found = ask(shown("KECDSA", "something else entirely"))
    assert found.repairs == () and "another key than KECDSA" in found.fix and "other texts were tried" in found.fix


def test_signatures_of_other_schemes_are_recognised() -> None:
    pair = PAIRS["KRSA"]._key
    pss = pair.sign(canned().encode(), padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    assert ask(with_signature("KRSA", wire(pss))).repairs == ("PSS instead of PKCS #1 v1.5",)
    sha512 = pair.sign(canned().encode(), padding.PKCS1v15(), hashes.SHA512())
    assert ask(with_signature("KRSA", wire(sha512))).repairs == ("hash that CloudFront does not know",)
    numbers = pair.private_numbers()
    block = b"\0\1" + b"\xff" * (256 - 3 - 20) + b"\0" + hashlib.sha1(canned().encode()).digest()  # PKCS #1 without the hash's name
    bare = pow(int.from_bytes(block, "big"), numbers.d, numbers.public_numbers.n).to_bytes(256, "big")
    assert ask(with_signature("KRSA", wire(bare))).repairs == ("no hash in the signature",)
    r, s = decode_dss_signature(sign("KECDSA", canned()))
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    assert ask(with_signature("KECDSA", wire(raw))).repairs == ("raw r||s",)
    assert ask(with_signature("KRSA", wire(sign("KRSA", canned())[::-1]))).repairs == ("signature backwards",)
    assert ask(with_signature("KRSA", wire(base64.b64encode(sign("KRSA", canned()))))).repairs == ("base64 twice",)


def test_a_canned_cookie_that_holds_elsewhere_is_most_likely_for_one_file() -> None:
    found = ask(Shown(SEGMENT, mistakes.one_file("KRSA")))
    assert found.repairs == ("cookie for one file",) and "custom policy" in found.fix
    assert "custom policy" in ask(Shown(SEGMENT, mistakes.one_file("KECDSA"))).fix


def test_a_cut_signature_is_told_by_its_length() -> None:
    assert "has 210 bytes and must have 256" in ask(with_signature("KRSA", wire(sign("KRSA", canned()))[:280])).fix


def test_what_is_missing_is_named() -> None:
    assert "Add Signature" in ask(good("KRSA").replace("Signature", "Sig-nothing")).fix
    assert "Add Expires" in ask(good("KRSA").replace(f"Expires={END}&", "")).fix
    assert "not signed" in ask(URL).fix
    assert "key group" in ask(good("KRSA").replace("Id=KRSA", "Id=4b2b2b2b-0000-4000-8000-1234567890ab"), keys={}).fix
    assert "the key's name" in ask(good("KRSA").replace("Id=KRSA", "Id=my-public-key"), keys={}).fix


def test_cookies_may_be_given_in_every_form_in_which_people_have_them() -> None:
    made = mistakes.cookies("KRSA")
    header = "; ".join(f"{name}={value}" for name, value in made.items())
    lines = [f"{name}={value}; Path=/; Secure; HttpOnly" for name, value in made.items()]
    for form in (
        made,
        header,
        f"Cookie: theme=dark; {header}",
        lines,
        [f"Set-Cookie: {line}" for line in lines],
        "\n".join(lines),
        ", ".join(lines),
    ):
        assert ask(Shown(SEGMENT, form)).ok
    assert ask(Shown(SEGMENT, {name: f"{value}; Path=/" for name, value in made.items()})).ok


def test_the_wanted_range_and_the_placeholder_are_told() -> None:
    text = custom(IpAddress={"AWS:SourceIp": "192.0.2.0/24"})
    found = ask(sent("KRSA", text))
    assert "192.0.2.0/24" in str(found) and "X-Forwarded-For" in found.fix and any("stands for nobody" in each for each in found.remarks)
    assert not any("stands for nobody" in each for each in ask(sent("KRSA", text), ip="198.51.100.7").remarks)


def test_an_end_in_milliseconds_passes_and_is_remarked_on() -> None:
    found = ask(shown("KRSA", canned(end=END * 1000), carried=f"Expires={END}000"))
    assert found.ok and any("milliseconds" in each for each in found.remarks)


PIECES = [
    "&",
    "?",
    "%",
    "#",
    "=",
    "\n",
    "\0",
    "{",
    "~",
    "_",
    " ",
    "\ud800",
    "\u00e9",
    "&amp;",
    "&Policy=",
    "&Expires=5",
    "&Signature=MA__",
    "a=1&" * 300,
    "",
]
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 30), st.sampled_from(PIECES)), max_size=4)


@given(
    st.sampled_from(MISTAKES),
    st.sampled_from(["KRSA", "KECDSA"]),
    EDITS,
    st.sampled_from([(), ("KRSA",), ("KECDSA", "KSPARE"), tuple(PEMS)]),
)
def test_mistakes_upon_mistakes_are_answered_with_a_code_and_a_fix_in_bounded_time(
    mistake: tuple[str, Make], id: str, edits: list[tuple[float, int, str]], trusted: tuple[str, ...]
) -> None:
    made = mistake[1](id)
    url, cookies, more = made if isinstance(made, Shown) else Shown(made)
    for place, length, piece in edits:
        at = int(place * len(url))
        url = url[:at] + piece + url[at + length :]
    keys = {id: PAIRS[id].public_key for id in trusted}
    began = time.process_time()
    found = ask(Shown(url, cookies, more), keys=keys)
    assert 1000 * (time.process_time() - began) < SLOW
    assert found.ok or (found.code and found.fix and found.status in (403, 414, 494))
    assert str(found) and found._repr_html_()
