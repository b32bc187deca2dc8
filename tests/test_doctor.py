"""The doctor: verdicts, answers and faces."""

from __future__ import annotations

import pytest
from signs import ECDSA, LATER, NOW, RSA, URL, policy, with_policy

from cdnlab.signing import Diagnosis, Signer, diagnose

KEYS = {"KRSA": RSA.public_pem, "KECDSA": ECDSA.public_pem}
GOOD = Signer("KRSA", RSA).url(URL, expires=LATER)


def ask(url: str, **more: object) -> Diagnosis:
    return diagnose(url, **{"keys": KEYS, "at": NOW, **more})  # type: ignore[arg-type]


@pytest.mark.rule("DOC-01")
def test_a_good_url_passes_with_public_keys_alone() -> None:
    found = ask(GOOD)
    assert (found.ok, found.status, found.code, found.fix, found.repairs) == (True, 200, "", "", ())
    assert all(step.ok for step in found.steps)


@pytest.mark.rule("DOC-02")
def test_what_is_no_url_shows_no_signature() -> None:
    found = ask("not a URL at all")
    assert (found.code, found.failed and found.failed.stage) == ("MissingKey", "request")
    assert ask(f"{GOOD}#t=5").ok


@pytest.mark.rule("DOC-03")
def test_a_private_key_in_the_url_is_not_repeated() -> None:
    secret = RSA.private_pem()
    found = ask(f"{GOOD}&key={secret}")
    assert not found.ok and secret.split("\n")[1] not in f"{found} {found!r} {found._repr_html_()}"


@pytest.mark.rule("DOC-04")
def test_only_a_text_over_which_the_signature_holds_is_called_signed() -> None:
    assert ask(with_policy("nonsense that was signed", pair=ECDSA, id="KECDSA")).signed == ""
    found = ask(GOOD + "&x=1")
    assert RSA.public_key.verifies(RSA.sign(found.signed.encode()), found.signed.encode())
    assert found.difference == found.rebuilt.index("?x=1")


@pytest.mark.rule("DOC-05")
def test_a_signature_over_anything_costs_a_bounded_number_of_tries() -> None:
    foreign = GOOD.replace("cat.jpg", "another-path-that-nobody-would-guess.jpg")
    assert 100 < ask(foreign).tried <= 4000
    assert ask(with_policy(policy(), pair=ECDSA, id="KECDSA").replace("Policy=ey", "Policy=ew")).tried <= 200
