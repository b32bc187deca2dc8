"""What the doctor says where no repair helps, and what else it finds worth knowing."""

from __future__ import annotations

import re

import pytest
from mistakes import AT, END, PEMS, SEGMENT, URL, canned, cookies, custom, good, sent, shown, sign, with_signature
from signs import wire

from cdnlab.signing import Diagnosis, diagnose


def ask(url: str, shown_in_cookies: object = None, **more: object) -> Diagnosis:
    return diagnose(url, shown_in_cookies, **{"keys": PEMS, "at": AT, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize("id", ["KRSA", "KECDSA"])
def test_a_key_that_is_not_trusted_keeps_its_own_fix(id: str) -> None:
    found = ask(good(id), keys={"KSPARE": PEMS["KSPARE"]})
    assert (found.code, found.repairs) == ("InvalidKey", ())
    assert found.fix.startswith(f"'{id}' is not among the keys trusted here (given: KSPARE): put its public key into a key group")
    assert "whole" not in found.fix and "not made with" not in found.fix


def test_without_any_key_one_is_asked_for() -> None:
    fix = ask(good("KRSA"), keys={}).fix
    assert fix.startswith("Give the public keys that the behaviour trusts") and "--key" in fix


def test_a_signature_of_the_other_kind_of_key_is_not_called_cut() -> None:
    swapped = good("KECDSA").replace("Id=KECDSA", "Id=KRSA")
    found = ask(swapped, keys={"KRSA": PEMS["KRSA"]})
    assert "is one of ECDSA, and KRSA is a key for RSA" in found.fix and "whole" not in found.fix
    found = ask(good("KRSA").replace("Id=KRSA", "Id=KECDSA"), keys={"KECDSA": PEMS["KECDSA"]})
    assert "is one of RSA, and KECDSA is a key for ECDSA" in found.fix


def test_nothing_is_said_after_what_is_proved_and_hopeless() -> None:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    from mistakes import PAIRS

    key = PAIRS["KRSA"]._key
    for hash in (hashes.SHA384(), hashes.SHA512(), hashes.MD5()):
        made = key.sign(canned().encode(), padding.PKCS1v15(), hash)
        assert "more" not in ask(with_signature("KRSA", wire(made))).fix
        other = key.sign(b"something else", padding.PKCS1v15(), hash)
        assert "Then there is more" in ask(with_signature("KRSA", wire(other))).fix
    pss = key.sign(canned().encode(), padding.PSS(padding.MGF1(hashes.SHA1()), 20), hashes.SHA1())
    assert "more" not in ask(with_signature("KRSA", wire(pss))).fix


def test_milliseconds_are_turned_into_seconds() -> None:
    fix = ask(shown("KRSA", canned(), carried=f"Expires={END}000")).fix
    assert fix.endswith(f"{END}.") and f"{END}000" not in fix


@pytest.mark.parametrize("word", ["undefined", "null", "None", "NaN", "%5Bobject%20Object%5D", ""])
@pytest.mark.parametrize("name", ["Expires", "Signature", "Key-Pair-Id"])
def test_a_word_for_nothing_is_named(name: str, word: str) -> None:
    found = ask(re.sub(rf"{name}=[^&]*", f"{name}={word}", good("KRSA")))
    assert not found.ok and ("no value to put in" in found.fix or "Give Key-Pair-Id the id KRSA" in found.fix)


def test_a_promise_is_to_be_waited_for() -> None:
    assert "await" in ask(with_signature("KRSA", "[object Promise]")).fix


def test_a_policy_that_ends_in_the_middle_is_to_be_copied_whole() -> None:
    for cut in (40, 41, 42, 43):
        url = sent("KRSA", custom())
        policy = url.partition("Policy=")[2].partition("&")[0]
        assert "Copy Policy whole" in ask(url.replace(policy, policy[:-cut])).fix


def test_a_damaged_token_is_not_called_cut_nor_in_another_base64() -> None:
    assert "whole" not in ask(sent("KRSA", custom()).replace("Policy=ey", "Policy=eyA")).fix
    turned = wire(sign("KRSA", canned()))[::-1]
    found = ask(with_signature("KRSA", turned))
    assert found.repairs == () and "Copy Signature whole and unchanged" in found.fix


@pytest.mark.parametrize("signature", ["MA__", "MAA_", "MAAA", "AA__", "MIIB", "A" * 88, "M" * 344])
@pytest.mark.parametrize("id", ["KRSA", "KECDSA"])
def test_a_few_bytes_for_a_signature_are_answered(id: str, signature: str) -> None:
    found = ask(with_signature(id, signature))
    assert found.code in {"AccessDenied", "MalformedSignature"} and found.fix


def test_cookies_that_are_ignored_are_not_compared() -> None:
    found = ask(f"{SEGMENT}?Expires=5", cookies("KRSA"))
    assert found.repairs == ("cookies ignored",) and (found.signed, found.rebuilt) == ("", "")
    assert "byte" not in str(found)


@pytest.mark.parametrize(
    "url", ["https://d/a?q='x'", 'https://d/a?q="x"', "https://d/a?q=<x>", "https://d/a/../b", "https://d/a/./b", "https://d/{a}"]
)
def test_what_a_browser_would_send_otherwise_is_remarked_on(url: str) -> None:
    policy = canned(url.replace('"', '\\"'))
    found = ask(shown("KRSA", policy, url))
    assert found.ok and any("A browser sends" in each for each in found.remarks)
    assert not any("A browser" in each for each in ask(good("KRSA")).remarks)


def test_an_address_that_was_given_is_no_placeholder() -> None:
    url = sent("KRSA", custom(IpAddress={"AWS:SourceIp": "203.0.113.9/32"}))
    assert any("no viewer's address" in each for each in ask(url).remarks)
    assert not any("no viewer's address" in each for each in ask(url, ip="203.0.113.9").remarks)


def test_expired_says_by_how_long() -> None:
    assert "3 d ago" in str(ask(good("KRSA"), at=END + 3 * 86400)) and "3 d" in ask(good("KRSA"), at=END + 3 * 86400).fix


def test_a_signature_over_nothing_known_tells_the_text_to_sign() -> None:
    found = ask(shown("KRSA", b"x"))
    assert URL in found.fix and sign("KRSA", "x")
