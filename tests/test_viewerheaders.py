"""The CloudFront-* headers: what CloudFront can tell an origin about the viewer."""

from __future__ import annotations

import pytest

from cdnlab.geography import Viewer
from cdnlab.messages import Request
from cdnlab.recipe import CLOUDFRONT_HEADERS
from cdnlab.viewerheaders import devices, generated_headers

URL = "https://d111.cloudfront.net/a?b=1"
LISBON = Viewer("Lisbon")
NOWHERE = Viewer(ip="203.0.113.9")
UNKNOWN = {
    f"CloudFront-Viewer-{what}" for what in ("ASN", "Country-Region", "Country-Region-Name", "Metro-Code", "Postal-Code", "Time-Zone")
}
FINGERPRINTS = {"CloudFront-Viewer-JA3-Fingerprint", "CloudFront-Viewer-JA4-Fingerprint"}
PLACE = {f"CloudFront-Viewer-{what}" for what in ("Country", "Country-Name", "City", "Latitude", "Longitude")}


def made(viewer: Viewer = LISBON, method: str = "GET", url: str = URL, headers: object = (), version: str = "HTTP/1.1", **more: object):
    return generated_headers(Request(method, url, headers, version=version), viewer, **more)  # type: ignore[arg-type]


@pytest.mark.rule("IN-26")
def test_where_the_viewer_is():
    headers = made()
    assert headers["CloudFront-Viewer-Country"] == "PT"
    assert headers["CloudFront-Viewer-Country-Name"] == "Portugal"
    assert headers["CloudFront-Viewer-City"] == "Lisbon"
    assert set(headers) >= PLACE
    assert float(headers["CloudFront-Viewer-Latitude"]) == pytest.approx(LISBON.place.lat, abs=1e-5)


@pytest.mark.rule("IN-26", "IN-27")
def test_an_unknown_place_has_no_headers_and_unknown_facts_have_none_either():
    assert not PLACE & set(made(NOWHERE))
    monaco = made(Viewer(country="MC"))
    assert monaco["CloudFront-Viewer-Country"] == "MC" and "CloudFront-Viewer-City" not in monaco
    assert not (UNKNOWN | FINGERPRINTS) & set(made())


@pytest.mark.rule("IN-33")
def test_letters_outside_ascii_are_percent_encoded():
    assert made(Viewer("São Paulo"))["CloudFront-Viewer-City"] == "S%C3%A3o Paulo"


@pytest.mark.rule("IN-29", "IN-34")
def test_protocol_version_and_address():
    headers = made(NOWHERE, url="http://d111.cloudfront.net/", version="HTTP/2.0")
    assert headers["CloudFront-Forwarded-Proto"] == "http" and made()["CloudFront-Forwarded-Proto"] == "https"
    assert headers["CloudFront-Viewer-Http-Version"] == "2.0"
    assert headers["CloudFront-Viewer-Address"] == "203.0.113.9:49152"
    assert made(NOWHERE, port=46532)["CloudFront-Viewer-Address"] == "203.0.113.9:46532"


@pytest.mark.rule("IN-30")
def test_the_order_and_number_of_the_viewers_headers():
    headers = made(headers=[("User-Agent", "x"), ("Accept", "*/*"), ("accept", "y")])
    assert headers["CloudFront-Viewer-Header-Order"] == "Host:User-Agent:Accept:accept"
    assert headers["CloudFront-Viewer-Header-Count"] == "4"
    assert made(headers={"Accept": "a", "Host": "h"})["CloudFront-Viewer-Header-Order"] == "Accept:Host"
    assert len(made(headers=[(f"X-{'a' * 100}-{number}", "") for number in range(100)])["CloudFront-Viewer-Header-Order"]) == 7680


@pytest.mark.rule("IN-31")
def test_tls_is_told_for_https_only():
    tls = "TLSv1.3:TLS_AES_128_GCM_SHA256:fullHandshake"
    assert made(tls=tls)["CloudFront-Viewer-TLS"] == tls
    assert "CloudFront-Viewer-TLS" not in made(url="http://d111.cloudfront.net/", tls=tls)
    assert "CloudFront-Viewer-TLS" not in made()


@pytest.mark.rule("IN-32")
def test_an_error_page_is_told_what_failed():
    headers = made(error_for=Request("GET", "https://d111.cloudfront.net/gone.html?x=1"))
    assert (headers["CloudFront-Error-Uri"], headers["CloudFront-Error-Args"]) == ("/gone.html", "x=1")
    assert "CloudFront-Error-Args" not in made(error_for=Request("GET", "https://d111.cloudfront.net/gone.html"))
    assert "CloudFront-Error-Uri" not in made()


def test_only_headers_that_cloudfront_has_are_made():
    tls = {"tls": "x", "error_for": Request("GET", URL)}
    assert set(made(**tls)) == set(CLOUDFRONT_HEADERS) - UNKNOWN - FINGERPRINTS


AGENTS = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36": "Desktop",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15": "Desktop",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1": "IOS Mobile",
    "Mozilla/5.0 (iPad; CPU OS 15_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1": "IOS Mobile Tablet",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36": "Android Mobile",
    "Mozilla/5.0 (Linux; Android 13; SM-X900) AppleWebKit/537.36 Chrome/120.0 Safari/537.36": "Android Tablet",
    "Mozilla/5.0 (Linux; Android 9; AFTKA Build/PS) AppleWebKit/537.36 Chrome/120.0 Safari/537.36": "Android SmartTV",
    "Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/538.1 Version/6.0 TV Safari/538.1": "SmartTV",
    "Mozilla/5.0 (Linux; Android 4.4; crafted-aft) Mobile": "Android Mobile",
    "curl/8.5.0": "Desktop",
    "": "Desktop",
}


@pytest.mark.rule("IN-28")
@pytest.mark.parametrize("agent", AGENTS)
def test_devices_are_known_by_their_user_agent(agent):
    assert " ".join(sorted(kind for kind, is_one in devices(agent).items() if is_one)) == AGENTS[agent]
    headers = made(headers={"User-Agent": agent})
    told = {name: value for name, value in headers.items() if name.startswith("CloudFront-Is-")}
    assert len(told) == 6 and {value for value in told.values()} == {"true", "false"}
