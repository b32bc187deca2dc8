"""Lesson 08: the tamper bench, the darkroom behind it, and the incidents."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdnlab.errors import UnknownName
from cdnlab.exercises import lesson
from cdnlab.experiments import darkroom, newsletter, segments, tamper
from cdnlab.keys import KeyPair
from cdnlab.messages import Request
from cdnlab.signedpolicy import canned_text
from cdnlab.signing import Signer, diagnose
from cdnlab.verification import verify

HOLDS = {tamper.NOTHING, tamper.ORDER}
CODES = {"Key-Pair-Id: the key group's id": "InvalidKey", tamper.BARE: "MissingKey"}


def bench(button: str = "Open it", **values: object) -> tamper.Panel[tamper.Bench]:
    panel = tamper.panel()
    panel.press(button, **values)
    return panel


# ---- the model


@pytest.mark.parametrize("change", tamper.CHANGES)
def test_whatever_changes_the_text_breaks_the_link_and_nothing_else_does(change):
    trial = bench(change=change).result.trial
    if change in HOLDS:
        assert (trial.status, trial.code, trial.rule) == (200, "Miss", "SIGN-01") and trial.signed == trial.rebuilt
    else:
        assert (trial.status, trial.code) == (403, CODES.get(change, "AccessDenied")) and not trial.journey.origin_requests
    if change.startswith(("scheme", "host", "path", "own query", "Expires")):
        assert trial.signed != trial.rebuilt
        assert trial.rebuilt is not None


@pytest.mark.parametrize("change", tamper.CHANGES)
def test_the_bench_the_verifier_and_the_doctor_agree(change):
    here = darkroom.world()
    url = tamper.altered(here, change)
    at = here.cdn.clock.now()
    verdict = verify(Request("GET", url), {here.key: KeyPair.test("rsa").public_key}, at=at, ip="192.0.2.7")
    found = diagnose(url, keys=here.keys, at=at)
    trial = tamper.opened(change)
    assert verdict.ok == found.ok == (trial.status == 200)
    assert verdict.code == found.code == darkroom.code_of(trial.journey)
    if trial.rebuilt is not None:
        assert found.rebuilt.encode() == trial.rebuilt


def test_the_text_that_was_signed_is_the_canned_policy_of_the_photo():
    trial = tamper.opened(tamper.NOTHING)
    assert trial.signed.decode() == canned_text(darkroom.PHOTO, 1767229200)


@pytest.mark.parametrize(("late", "code"), [(0, "Miss"), (3599, "Miss"), (3601, "AccessDenied"), (86400, "AccessDenied")])
def test_the_clock_ends_the_link_and_no_byte_has_changed(late, code):
    trial = tamper.opened(tamper.NOTHING, late)
    assert trial.code == code and trial.signed == trial.rebuilt
    assert tamper.opened(tamper.DAY, late).code == "AccessDenied", "writing a later end into the URL does not help"


def test_a_warm_cache_makes_a_good_link_a_hit_and_helps_nobody_without_a_signature():
    assert tamper.opened(tamper.NOTHING, warm=True).code == "Hit"
    bare = tamper.opened(tamper.BARE, warm=True)
    assert (bare.status, bare.code) == (403, "MissingKey")
    late = tamper.opened(tamper.NOTHING, 86400, warm=True)
    assert (late.status, late.code) == (403, "AccessDenied"), "the copy is still fresh, and the link is not"


def test_size_is_part_of_the_text_as_everything_in_the_url_is():
    trial = tamper.opened(tamper.LARGE, warm=True)
    assert trial.status == 403 and b"size=large" in trial.rebuilt


# ---- the panel


def test_the_start_gives_nothing_away():
    panel = tamper.panel()
    page = panel.now._repr_html_()
    assert panel.result.trial is None and page.count("not tried yet") == 6 and "403" not in page
    assert "Not opened yet" in panel.sentence


def test_the_six_are_counted_as_they_are_tried_and_the_ticks_stay_beside_them():
    panel = bench(change=tamper.ORDER, ticked=[tamper.ORDER, tamper.LARGE])
    assert panel.said()[0]["outcome"] == ""
    page = panel.now._repr_html_()
    assert "breaks ✗" in page and page.count("not tried yet") == 5
    panel.press("Open it", change=tamper.BARE)
    assert panel.now._repr_html_().count("not tried yet") == 5, "without a copy at the edge it is another question"
    panel.press("Open it", warm=True)
    assert panel.now._repr_html_().count("not tried yet") == 4
    said = panel.press("Try all six")
    assert panel.said()[0]["outcome"] == f"5 of the six break it. Harmless: {tamper.ORDER}."
    assert said.startswith("Of six changes 5 break the link") and said.endswith(f"Harmless: {tamper.ORDER}.")
    page = panel.now._repr_html_()
    assert page.count(" ✓</td>") == 1 and page.count(" ✗</td>") == 5


def test_a_turned_control_takes_the_old_outcome_away():
    panel = bench(change=tamper.MAIL)
    assert "Not opened yet" in panel.set(change=tamper.LARGE)
    assert "They differ" not in panel.now._repr_html_()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (tamper.MAIL, 'first difference at byte 77: signed `","Condition…`, rebuilt `&utm_source=…`'),
        (tamper.LARGE, 'first difference at byte 72: signed `small","Cond…`, rebuilt `large","Cond…`'),
        (tamper.ORDER, "200 Miss; no byte of the text differs"),
        (tamper.BARE, "403 MissingKey; no text rebuilt"),
    ],
)
def test_the_twin_alone_tells_the_story(change, says):
    assert says in bench(change=change).sentence
    assert bench(change=change).sentence.startswith(f"{change}: ")


def test_the_picture_shows_how_far_the_request_came():
    def drawn(**values):
        return bench(**values).now._repr_html_()

    assert "the seal is broken" in drawn(change=tamper.MAIL)
    assert "no seal" in drawn(change=tamper.BARE)
    assert "it holds, but too late" in drawn(late=3601)
    assert drawn().count('class="cdnlab-leg"') == 6
    assert drawn(warm=True).count('class="cdnlab-leg"') == 4
    assert drawn(change=tamper.MAIL, warm=True).count('class="cdnlab-leg"') == 2


def test_the_panel_has_at_most_three_controls_and_one_primary_button():
    kinds = [type(each).__name__ for each in tamper.panel().controls.values()]
    assert kinds == ["Ticks", "Choice", "Slider", "Toggle", "Button", "Button"]
    with pytest.raises(UnknownName):
        tamper.panel().set(change="luck")


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(list(tamper.CHANGES)), st.sampled_from([0, 1800, 3601, 86400]), st.booleans())
def test_no_picture_types_a_colour_or_loses_a_byte_of_the_signature(change, late, warm):
    panel = bench(change=change, late=late, warm=warm)
    picture = tamper.view(panel.result)
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb\(", picture)
    assert "<Error>" not in picture and "BEGIN" not in picture
    assert panel.sentence in tamper.view(panel.result).replace("&quot;", '"').replace("&amp;", "&").replace("&#x27;", "'")


# ---- segments


@given(st.text(max_size=80))
def test_any_text_can_be_cut_and_put_together_again(text):
    assert "".join(part.text for part in segments.cut(text)) == text
    assert "<script" not in segments.shown(text + "<script>")


def test_what_the_signature_covers_is_underlined():
    here = darkroom.world()
    canned, custom = here.link(), here.signer.url(here.photo, expires=5, ip="192.0.2.7")
    assert segments.shown(canned).count("cdnlab-signed") == 5
    assert segments.shown(custom).count("cdnlab-signed") == 1
    assert segments.shown(here.photo, canned).count(", gone") == 3
    assert segments.shown(f"{canned}&utm_source=mail", canned).count("cdnlab-changed") == 1


def test_an_ecdsa_signature_has_at_most_96_characters_where_rsa_has_344():
    here = darkroom.world()
    for kind, lengths in (("rsa", {344}), ("ecdsa", {88, 92, 96})):
        for _ in range(20):
            url = Signer(here.key, KeyPair.test(kind)).url(here.photo, expires=5)
            assert len(url.partition("Signature=")[2].partition("&")[0]) in lengths


def test_a_key_is_rotated_without_a_gap():
    here, pair = darkroom.world(), KeyPair.test("rsa2")
    new = darkroom.add_key(here.cdn, pair)
    links = here.link(), Signer(new, pair).url(here.photo, expires="2027-01-01")
    seen = []
    for held in ([here.key], [here.key, new], [new]):
        darkroom.hold(here.cdn, held)
        seen.append([here.cdn.get(link).response.status for link in links])
    assert seen == [[200, 403], [200, 200], [403, 200]]


# ---- the exercises


@pytest.mark.parametrize(
    ("name", "right"),
    [("recall", 200), ("q1", [403, "AccessDenied"]), ("q2", [403, "MissingKey"]), ("q3", ["yes", 403])],
)
def test_the_answers_are_what_cdnlab_does(name, right):
    assert getattr(lesson("08"), name).right == right


@pytest.mark.parametrize(
    ("name", "answer", "says"),
    [
        ("recall", (403,), "first match wins"),
        ("q1", (200, "none"), "another signature"),
        ("q1", (403, "Access Denied"), "S3's message"),
        ("q1", (403, "InvalidKey"), "does not trust"),
        ("q1", (403, "MissingKey"), "one parameter more"),
        ("q1", (403, "MalformedSignature"), "can be decoded"),
        ("q1", (403, "MalformedPolicy"), "none to be malformed"),
        ("q2", (200, "none"), "checked first, then the cache"),
        ("q2", (403, "AccessDenied"), "there is none at all"),
        ("q3", ("no", 403), "not while bytes flow"),
        ("q3", ("yes", 200), "would be 206"),
        ("q3", ("yes", 206), "checked once for good"),
    ],
)
def test_each_wrong_answer_is_told_what_it_would_imply(name, answer, says):
    told = getattr(lesson("08"), name).check(*answer)
    assert told.outcome == "not yet" and says in told.text


@pytest.mark.parametrize(("spoilt", "says"), [({"hours": "24"}, "write a number"), ({"hours": float("nan")}, "write a number")])
def test_settings_that_no_tool_could_use_are_named(spoilt, says):
    assert says in lesson("08").q4.check({**newsletter.repaired(), **spoilt}).text


def test_a_setting_that_is_gone_is_named():
    settings = newsletter.repaired()
    del settings["url"]
    assert "url must be in it" in lesson("08").q4.check(settings).text
    assert "are a dict" in lesson("08").q4.check("24").text


def test_the_newsletter_complains_of_one_thing_at_a_time_until_it_is_mended():
    q4 = lesson("08").q4
    mailing = q4.given()
    mailing["hours"] = 24.0  # touched, and as broken as before
    mailing["Key-Pair-Id"] = darkroom.world().key
    assert "`AccessDenied`" in q4.check(mailing).text
    mailing["add after signing"] = ""
    assert "nobody knows any more" in q4.check(mailing).text
    mailing["add before signing"] = "utm_source=mail"
    assert q4.check(mailing)
    mailing["url"] = mailing["url"].replace("small", "large")
    assert "not the small one" in q4.check(mailing).text
    assert q4.check({**mailing, "hours": "a day"}).outcome == "not yet"
    assert "UnknownName" not in q4.check({**mailing, "Key-Pair-Id": "?"}).text


def test_the_lost_parameter_is_found_by_the_doctor_and_is_all_that_is_missing():
    q6, here = lesson("08").q6, darkroom.world()
    link = q6.given()
    assert diagnose(link, keys=here.keys, at=here.cdn.clock.now()).repairs == ("SHA-256 without its parameter",)
    assert "AccessDenied" in q6.check(link + "&Hash-Algorithm=SHA1").text
    assert q6.check(link + "&Hash-Algorithm=SHA256")


def test_without_its_two_slips_the_newsletters_link_is_what_the_signer_makes():
    assert newsletter.link(newsletter.repaired()).startswith(f"{darkroom.PHOTO}&utm_source=mail&Expires=")
