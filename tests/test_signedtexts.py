"""Texts that a signer may have signed: different ones, in bounded number, whatever was sent."""

from __future__ import annotations

from itertools import islice

from hypothesis import given
from hypothesis import strategies as st
from mistakes import AT, END, PAIRS, URL, canned, custom, good, sent

from cdnlab.cases import Case
from cdnlab.signedtexts import Candidate, canned_candidates, custom_candidates

KEYS = {id: pair.public_key for id, pair in PAIRS.items()}
MOST = 20_000


def candidates(url: str) -> list[Candidate]:
    case = Case("", url, "", KEYS, AT, "192.0.2.7", ("d111.cloudfront.net", "cdn.example.org")).at_url(url)
    token, address, opening = case.token, case.address, case.opening
    assert token and address and opening
    if token.policy is None:
        return list(islice(canned_candidates(case, address, token, opening.policy.expires), MOST))
    return list(islice(custom_candidates(opening.text, opening.policy, address, case), MOST))


def test_each_text_has_the_mistakes_that_lead_to_it() -> None:
    for url in (good("KRSA"), sent("KRSA", custom())):
        found = candidates(url)
        assert 100 < len(found) < MOST and all(each.notes for each in found)


def test_the_first_texts_are_one_mistake_and_the_last_are_two() -> None:
    found = candidates(good("KRSA"))
    assert len(found[0].notes) == 1 and len(found[-1].notes) == 2
    numbers = [len(each.notes) for each in found]
    assert numbers == sorted(numbers)


def test_a_signer_that_escapes_nothing_and_one_that_escapes_everything_are_both_tried() -> None:
    texts = {each.text for each in candidates('https://d/a?q="x"&Expires=5&Signature=YQ__&Key-Pair-Id=KRSA')}
    assert b'{"Statement":[{"Resource":"https://d/a?q="x"","Condition":{"DateLessThan":{"AWS:EpochTime":5}}}]}' in texts
    assert canned(URL).encode() not in texts


@given(st.text(max_size=60), st.integers(0, 2**63 - 1))
def test_whatever_the_url_is_the_number_of_texts_is_bounded(tail: str, end: int) -> None:
    found = candidates(
        f"https://d/{tail}?x=1".replace("#", "").replace("?", "", tail.count("?")) + f"&Expires={end}&Signature=YQ__&Key-Pair-Id=KRSA"
    )
    assert len(found) < MOST and all(isinstance(each.text, bytes) for each in found)


def test_a_policy_that_was_changed_afterwards_is_tried_as_it_was() -> None:
    names = {note.name for each in candidates(sent("KRSA", custom(DateGreaterThan={"AWS:EpochTime": END - 9}))) for note in each.notes}
    assert {"Resource changed", "DateLessThan changed", "DateGreaterThan changed", "trailing newline"} <= names
