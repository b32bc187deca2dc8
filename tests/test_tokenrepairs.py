"""Values in a token that are written in another way."""

from __future__ import annotations

import pytest
from mistakes import PAIRS, canned, sign
from signs import wire

from cdnlab.tokenrepairs import kind_of_id, number_in, signature_forms


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5", 5),
        ("+5", 5),
        ('"5"', 5),
        ("%225%22", 5),
        ("5.9", 5),
        ("1.7672256e9", 1767225600),
        ("\u0665", 5),
        ("2026-01-01T00:00:00Z", 1767225600),
        ("2026-01-01T01:00:00+01:00", 1767225600),
        ("2026-01-01", 1767225600),
        ("", None),
        ("soon", None),
        ("9" * 30, None),
        ("1e99", None),
        ("1900-01-01", None),
    ],
)
def test_a_moment_is_read_in_every_form_that_means_one(text: str, number: int | None) -> None:
    assert number_in(text) == number


def test_a_signature_may_hold_other_bytes_than_it_shows() -> None:
    signature = sign("KECDSA", canned())
    forms = list(signature_forms(wire(signature)))
    assert forms[0] == (signature, None)
    assert [note.name for _, note in signature_forms(wire(b"\1" * 64)) if note] == ["raw r||s"]
    names = [note.name for _, note in signature_forms(wire(wire(PAIRS["KRSA"].sign(b"x")).encode())) if note]
    assert names == ["base64 twice"]


@pytest.mark.parametrize(
    ("id", "kind"),
    [
        ("K2JCJMDEHXQW5F", ""),
        ("APKAEIBAERJR2EXAMPLE", ""),
        ("4b2b2b2b-0000-4000-8000-1234567890ab", "a key group"),
        ("AKIAIOSFODNN7EXAMPLE", "an access key of IAM"),
        ("EDFDVBD632BHDS5", "a distribution"),
        ("my-key", "the key's name"),
    ],
)
def test_what_an_id_seems_to_be_is_told(id: str, kind: str) -> None:
    assert kind in kind_of_id(id) and bool(kind_of_id(id)) == bool(kind)
