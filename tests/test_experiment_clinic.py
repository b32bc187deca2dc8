"""The clinic tells from a body who said no; its patients are answers that cdnlab really gives."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from labs import Lab

from cdnlab.errorpages import CASES, generated
from cdnlab.experiments import clinic, darkroom, stack
from cdnlab.faults import FAULTS
from cdnlab.messages import Response

S3_DENIED = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message>'
    b"<RequestId>4442587FB7D0A2F9</RequestId><HostId>Zm9v=</HostId></Error>"
)


@pytest.mark.parametrize("case", [name for name, case in CASES.items() if case.kind != "redirect"])
def test_each_of_cloudfronts_own_answers_is_told_by_its_body(case):
    found = clinic.who_said_no(generated(case, request_id="Zm9v", pop="LIS50-C1", at=0.0))
    assert clinic.CAUSES[case] in found.causes
    assert found.branch == ("signature" if CASES[case].rule in ("PAGE-07", "PAGE-08") else "distribution")


def test_every_case_that_can_be_answered_has_its_words():
    assert set(clinic.CAUSES) == {name for name, case in CASES.items() if case.kind != "redirect"}


@pytest.mark.parametrize(
    ("response", "branch"),
    [
        (Response(403, {}, S3_DENIED), "s3"),
        (Response(404, {}, S3_DENIED.replace(b"AccessDenied", b"NoSuchKey")), "s3"),
        (Response(403, {}, b"<Error><Code>AccessDenied</Code><Message>Access denied</Message></Error>"), "signature"),
        (Response(403, {}, b"<Error><Code>Teapot</Code><Message>no</Message></Error>"), "elsewhere"),
        (Response(403, {}, b'{"message": "Forbidden"}'), "elsewhere"),
        (Response(403, {}, b"<h1>The request could not be satisfied</h1>"), "elsewhere"),
        (Response(403, {}, b""), "no body"),
        (Response(200, {}, b"hello"), "nobody"),
    ],
)
def test_the_four_sides_are_told_apart(response, branch):
    assert clinic.who_said_no(response).branch == branch


@given(st.integers(200, 599), st.binary(max_size=200))
def test_any_response_gets_a_sentence(status, body):
    assert str(clinic.who_said_no(Response(status, {}, body))).endswith(".")


@pytest.mark.parametrize("kind", sorted(FAULTS))
def test_an_origin_in_trouble_is_not_taken_for_a_refusal_of_the_request(kind):
    lab = Lab()
    lab.server.fault = kind
    response = lab.get("/a").response
    if response.status in (502, 504) and response.body:
        found = clinic.who_said_no(response)
        assert found.branch == "distribution" and found.causes and all("origin" in cause for cause in found.causes)
        assert str(found).startswith("CloudFront got no answer from the origin.")


def test_the_patients_are_what_cdnlab_answers():
    found = {name: clinic.who_said_no(make()[0]).branch for name, make in clinic.PATIENTS.items()}
    assert found == {
        "HTTP on an https-only behaviour": "distribution",
        "PUT of a photo": "distribution",
        "a viewer in a country shut out": "distribution",
        "a name that is no alias": "distribution",
        "a photo that does not exist": "s3",
        "a photo behind an OAC": "s3",
        "a missing photo, with an error page for 403": "elsewhere",
        "a page for members": "elsewhere",
        "no signature where one is needed": "signature",
        "a link that has expired": "signature",
        "a link with the key group's id": "signature",
        "a link to which a mailing tool added &utm_source=mail": "signature",
        "a link whose policy has its time in quotation marks": "signature",
        "a link in plain base64": "signature",
    }
    assert all(make()[0].status == 403 for make in clinic.PATIENTS.values())


@pytest.mark.parametrize(
    ("patient", "code", "inside"),
    [
        ("no signature where one is needed", "MissingKey", "shows no signature"),
        ("a link with the key group's id", "InvalidKey", "is not among the keys trusted here"),
        ("a link whose policy has its time in quotation marks", "MalformedPolicy", "leave the quotation marks out"),
        ("a link in plain base64", "MalformedSignature", "not in CloudFront's base64"),
        ("a link that has expired", "AccessDenied", "1 s too late"),
        ("a link to which a mailing tool added &utm_source=mail", "AccessDenied", "was not made with"),
    ],
)
def test_the_signature_branch_is_lit_by_real_requests_one_for_each_cause(patient, code, inside):
    response, known = clinic.PATIENTS[patient]()
    found = clinic.who_said_no(response)
    assert found.branch == "signature" and code in found.seen and found.causes and inside in known


def test_an_answer_to_head_is_told_by_its_headers_if_they_tell():
    shop, here = stack.shop().cdn, darkroom.world()
    asked = {
        f"http://{stack.HOST}/members": (shop, "no body"),
        f"http://{stack.HOST}/images/dog.jpg": (shop, "s3"),
        here.photo: (here.cdn, "signature"),
    }
    for url, (cdn, branch) in asked.items():
        response = cdn.request("HEAD", url).response
        assert (response.status, response.body) == (403, b"") and clinic.who_said_no(response).branch == branch
    assert "ask again with GET" in str(clinic.who_said_no(shop.request("HEAD", f"http://{stack.HOST}/members").response))
    other = shop.request("HEAD", f"http://{stack.HOST}/", headers=[("Host", "shop.example.org")]).response
    assert clinic.who_said_no(other).branch == "distribution"


# ---- the panel


def test_before_the_diagnosis_no_branch_is_lit():
    panel = clinic.panel()
    page = panel.now._repr_html_()
    assert 'aria-current="true"' not in page and "Possible causes" not in page and "Not diagnosed yet" in panel.sentence


def test_the_diagnosis_lights_one_branch_and_a_new_patient_puts_it_out():
    panel = clinic.panel()
    panel.press("Diagnose", patient="a photo that does not exist", guess="the distribution")
    page = panel.now._repr_html_()
    assert page.count('aria-current="true"') == 1 and panel.said()[0]["outcome"].startswith("It was S3")
    panel.set(patient="a page for members")
    assert 'aria-current="true"' not in panel.now._repr_html_() and panel.said()[0]["outcome"] == ""


def test_the_twin_alone_tells_the_story():
    said = clinic.panel().press("Diagnose", patient="a viewer in a country shut out")
    assert "The distribution said no." in said and "geo restriction shuts this country out" in said


@pytest.mark.parametrize("patient", clinic.PATIENTS)
def test_no_picture_types_a_colour_or_lets_a_body_through(patient):
    panel = clinic.panel()
    panel.press("Diagnose", patient=patient)
    picture = clinic.view(panel.result)
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb\(", picture)
    assert "<HTML>" not in picture and "<Error>" not in picture and "<h1>" not in picture
