"""Lesson 08: the doctor's panel takes a URL made by anyone, and never a private key."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdnlab.errors import ClockError, InputError
from cdnlab.experiments import consultation, darkroom
from cdnlab.keys import KeyPair
from cdnlab.signing import Signer

SECRET = KeyPair.test("rsa2").private_pem()
BARE = "".join(SECRET.splitlines()[1:-1])
STRANGER = Signer("KSTRANGER", KeyPair.test("rsa2"))
URL = "https://d111111abcdef8.cloudfront.net/film.mp4"


def examined(**values: object) -> consultation.Panel[consultation.Consultation]:
    panel = consultation.panel()
    panel.press("Diagnose", **values)
    return panel


FOUND = {
    "the newsletter's link": ("AccessDenied", ("appended query",)),
    "a link that works": ("", ()),
    "a link that worked yesterday": ("AccessDenied", ("expired",)),
    "a link at the distribution's own name": ("AccessDenied", ("wrong host",)),
    "a link with the key group's id": ("InvalidKey", ("wrong key id",)),
    "a link from a program that uses SHA-256": ("AccessDenied", ("SHA-256 without its parameter",)),
    "a link for a whole folder": ("AccessDenied", ("wildcard in a canned policy",)),
    "a link to a file with a space in its name": ("AccessDenied", ("re-encoded path",)),
    "a link made with echo and openssl": ("AccessDenied", ("trailing newline",)),
    "a link in plain base64": ("MalformedSignature", ("plain base64",)),
    "a link whose policy has its time in quotation marks": ("MalformedPolicy", ("quoted epoch",)),
}


def test_every_patient_is_found_out():
    assert set(FOUND) == set(consultation.PATIENTS)
    for name, expected in FOUND.items():
        found = examined(patient=name).result.found
        assert (found.code, found.repairs) == expected


@pytest.mark.parametrize("name", consultation.PATIENTS)
def test_the_darkroom_answers_each_patient_as_the_doctor_says(name):
    here = darkroom.world()
    here.cdn.clock.advance(600)
    journey = here.cdn.get(consultation.PATIENTS[name](darkroom.world()))
    assert darkroom.code_of(journey) == FOUND[name][0]


def test_before_the_examination_nothing_is_given_away():
    panel = consultation.panel()
    assert panel.sentence == "On the table: the newsletter's link. Not examined yet." and "403" not in panel.now._repr_html_()
    panel.press("Diagnose")
    assert "Not examined yet" in panel.set(patient="a link that works")


# ---- a URL of the reader's own


def test_a_url_made_by_somebody_else_is_checked_with_the_key_that_is_pasted():
    url = STRANGER.url(URL, expires="2030-01-01")
    alone = examined(url=url, at="2029-01-01")
    assert alone.result.stranger == "KSTRANGER" and "paste it under" in alone.sentence
    pem = KeyPair.test("rsa2").public_pem
    for pasted in (pem, f"KSTRANGER = {pem}", "KSTRANGER: " + pem.replace("\n", ""), pem.replace("\n", "\\n"), f'"KSTRANGER" = {pem}'):
        assert alone.press("Diagnose", key=pasted) == "your URL: The check is passed. Nothing to change."
    assert "wrong key id" in alone.press("Diagnose", key=f"KOTHER = {pem}")


def test_cookies_time_and_address_count():
    cookies = "; ".join(f"{name}={value}" for name, value in STRANGER.cookies(URL, expires="2030-01-01", ip="192.0.2.7").items())
    panel = examined(url=URL, cookies=cookies, key=KeyPair.test("rsa2").public_pem, at="2029-01-01", ip="192.0.2.7")
    assert panel.result.found.ok
    assert "AccessDenied" in panel.press("Diagnose", ip="192.0.2.8")
    assert "expired" in panel.press("Diagnose", ip="192.0.2.7", at="1893456000")
    assert not panel.press("Diagnose", at="").startswith("your URL: The check is passed") or panel.result.complaint.at is None


def test_without_a_time_a_url_of_ones_own_is_examined_for_now_and_a_patient_for_the_labs_clock():
    assert examined(url=URL).result.complaint.at is None
    assert "this computer" in examined(url=URL).now._repr_html_()
    assert examined().result.complaint.at == 1767225600 + 600


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=120), st.text(max_size=60))
def test_whatever_is_pasted_the_panel_answers(url, cookies):
    panel = consultation.panel()
    said = panel.press("Diagnose", url=url, cookies=cookies, at="2029-01-01")
    assert said and "<script" not in panel.now._repr_html_()
    hostile = panel.press("Diagnose", url=f"https://d/<script>{url}?Policy={cookies}")
    assert hostile and "<script" not in panel.now._repr_html_()


@pytest.mark.parametrize(
    ("expires", "ip", "at", "says"),
    [
        ("2020-01-01", None, "2029-01-01", "it ended at 2020-01-01T00:00:00Z (1577836800), 3288 d ago"),
        ("2030-01-01", "192.0.2.0/24", "2029-01-01", "it is for 192.0.2.0/24 only, and the viewer is at 203.0.113.9"),
        ("2030-01-01", None, "2029-01-01", "It is good until 2030-01-01T00:00:00Z (1893456000), if the signature holds"),
    ],
)
def test_what_a_policy_says_to_everybody_is_told_without_its_key(expires, ip, at, says):
    panel = examined(url=STRANGER.url(URL, expires=expires, ip=ip), at=at)
    assert says in panel.sentence and says in panel.now._repr_html_()
    page = panel.now._repr_html_()
    assert "InvalidKey" not in panel.sentence + page, "the key may well be known to AWS"
    assert "{&quot;Statement&quot;" in page or '{"Statement"' in page


def test_what_begins_later_is_told_without_its_key():
    said = examined(url=STRANGER.url(URL, expires="2030-01-01", starts="2029-06-01"), at="2029-01-01").sentence
    assert "it begins only after 2029-06-01T00:00:00Z" in said


def test_a_command_around_the_url_is_named_and_the_key_is_still_asked_for():
    url = STRANGER.url(URL, expires="2030-01-01")
    said = examined(url=f"curl '{url}'", at="2029-01-01").sentence
    assert "text before the URL" in said and "was not made with" not in said and "paste it under" in said and "2030-01-01" in said


def test_set_cookie_lines_name_their_key_too():
    lines = "\n".join(f"Set-Cookie: {name}={value}; Secure" for name, value in STRANGER.cookies(URL, expires="2030-01-01").items())
    panel = examined(url=URL, cookies=lines, key=KeyPair.test("rsa2").public_pem, at="2029-01-01")
    assert panel.result.found.ok


@pytest.mark.parametrize("url", ["hello doctor", "/private/cat.jpg?Expires=1"])
def test_what_is_no_url_gets_no_status(url):
    said = examined(url=url).sentence
    assert said.startswith("your URL: it cannot be asked for. Give a whole URL") and "403" not in said


# ---- no private key, ever


@pytest.mark.parametrize("field", ["url", "cookies", "key", "at", "ip"])
@pytest.mark.parametrize(
    "pasted", [SECRET, SECRET.replace("\n", " "), f"K1 = {SECRET}", SECRET.replace("BEGIN PRIVATE", "BEGIN RSA PRIVATE"), BARE]
)
def test_a_private_key_is_refused_in_every_field_and_not_repeated(field, pasted):
    panel = consultation.panel()
    with pytest.raises(InputError) as caught:
        panel.set(**{field: pasted})
    assert "private key" in str(caught.value) and SECRET[40:60] not in str(caught.value)
    panel.widget  # noqa: B018
    panel._hear(None, {"do": "press", "button": "Diagnose", "values": {field: pasted}, "number": 1}, [])
    assert panel._live.state["trouble"] and SECRET[40:60] not in str(panel._live.state)
    assert panel.values[field] == "", "it is not even kept"


@pytest.mark.parametrize(
    "pasted", ["K1", "-----BEGIN PUBLIC KEY-----abc-----END PUBLIC KEY-----", "a b = " + KeyPair.test("rsa").public_pem]
)
def test_what_is_no_public_key_is_refused_with_what_would_work(pasted):
    with pytest.raises(InputError, match="BEGIN PUBLIC KEY"):
        consultation.panel().set(key=pasted)


@pytest.mark.parametrize(
    ("pasted", "says"),
    [
        (KeyPair.test("rsa").public_pem[:120], "has no end"),
        ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "openssl x509"),
        ("-----BEGIN RSA PUBLIC KEY-----\nMIIB\n-----END RSA PUBLIC KEY-----", "RSAPublicKey_in"),
        ("ssh-rsa AAAAB3NzaC1yc2E somebody@example.com", "ssh-keygen"),
        ("K2JCJMDEHXQW5F", "the key's id"),
    ],
)
def test_a_public_key_in_another_form_is_named_and_the_way_to_this_one_told(pasted, says):
    with pytest.raises(InputError, match=says):
        consultation.panel().set(key=pasted)


def test_a_time_and_an_address_that_are_none_are_refused():
    panel = consultation.panel()
    with pytest.raises(ClockError):
        panel.set(at="tomorrow")
    with pytest.raises(InputError, match="such as 203"):
        panel.set(ip="home")
    panel.set(ip="2001:db8::1", at="1767225600")


# ---- the panel


def test_two_controls_are_in_sight_and_the_rest_is_folded():
    specs = [each.spec() for each in consultation.panel().controls.values()]
    assert [(each["name"], each.get("folded", False)) for each in specs] == [
        ("patient", False),
        ("url", False),
        ("cookies", True),
        ("key", True),
        ("at", True),
        ("ip", True),
        ("Diagnose", False),
    ]


@pytest.mark.parametrize("name", consultation.PATIENTS)
def test_no_picture_of_the_panels_own_types_a_colour(name):
    result = examined(patient=name).result
    own = consultation.view(consultation.Consultation(result.complaint, None))
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb\(", own)
    assert "BEGIN" not in consultation.view(result)
