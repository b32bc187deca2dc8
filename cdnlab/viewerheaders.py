"""What CloudFront can tell an origin about the viewer: the CloudFront-* headers.

They are made from the request and from where the viewer is, for the origins (and cache keys) whose policies ask for
them. A viewer cannot forge them: what he sends under these names is dropped. Some facts cdnlab does not know, and then
the header is absent: network (ASN), postal and metro code, time zone, region, TLS fingerprints.

AWS does not publish how it recognises devices. DEVICES is a short table of words in the User-Agent; it is our choice.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote

from cdnlab.geography import Viewer, find_country
from cdnlab.messages import Request

__all__ = ["DEVICES", "VIEWER_PORT", "devices", "generated_headers"]

VIEWER_PORT = 49152
"""The port that viewers are said to come from: the first of the ephemeral ones (RFC 6335). Our choice."""

DEVICES: dict[str, tuple[str, ...]] = {
    "SmartTV": (
        "smart-tv",
        "smarttv",
        "googletv",
        "appletv",
        "hbbtv",
        "netcast",
        "web0s",
        "tizen/tv",
        "roku",
        "crkey",
        "bravia",
        "android tv",
        "; aft",
    ),
    "Tablet": ("ipad", "tablet", "kindle", "silk/", "playbook"),
    "Mobile": ("iphone", "ipod", "mobile", "mobi ", "windows phone", "blackberry", "bb10", "opera mini"),
    "IOS": ("iphone", "ipad", "ipod"),
    "Android": ("android",),
}
"""Words (in lower case) of a User-Agent by which a kind of device is known. Our choice; AWS does not publish its own."""


@lru_cache(maxsize=1024)
def devices(user_agent: str) -> dict[str, bool]:
    """Which kinds of device a User-Agent belongs to; what is no television, tablet or telephone is a desktop.

    >>> [kind for kind, is_one in devices("Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) Mobile/15E148").items() if is_one]
    ['Tablet', 'Mobile', 'IOS']
    """
    text = user_agent.lower()
    found = {kind: any(word in text for word in words) for kind, words in DEVICES.items()}
    if found["Android"] and not (found["Mobile"] or found["SmartTV"]):
        found["Tablet"] = True
    found["Desktop"] = not (found["SmartTV"] or found["Tablet"] or found["Mobile"])
    return found


def generated_headers(
    request: Request,
    viewer: Viewer,
    *,
    port: int = VIEWER_PORT,
    tls: str = "",
    error_for: Request | None = None,
) -> dict[str, str]:
    """Every CloudFront-* header that cdnlab can make for this request, by name in AWS's spelling.

    `port`: the viewer's; `tls`: "version:cipher:handshake" of an HTTPS connection, "" if it is not known; `error_for`: the
    request that failed, when this one is for its error page. Source: adding-cloudfront-headers.

    >>> generated_headers(Request("GET", "http://d111.cloudfront.net/"), Viewer("Lisbon"))["CloudFront-Viewer-Country"]
    'PT'
    """
    made = {
        "CloudFront-Forwarded-Proto": request.scheme,
        "CloudFront-Viewer-Address": f"{viewer.ip}:{port}",
        "CloudFront-Viewer-Http-Version": request.version.removeprefix("HTTP/"),
        "CloudFront-Viewer-Header-Order": ":".join(_header_names(request))[:7680],
        "CloudFront-Viewer-Header-Count": str(len(_header_names(request))),
    }
    for kind, is_one in devices(request.headers.get("User-Agent") or "").items():
        made[f"CloudFront-Is-{kind}-Viewer"] = "true" if is_one else "false"
    if viewer.country is not None:
        made["CloudFront-Viewer-Country"] = viewer.country
        made["CloudFront-Viewer-Country-Name"] = _text(find_country(viewer.country).name)
        made["CloudFront-Viewer-Latitude"] = f"{viewer.place.lat:.5f}"
        made["CloudFront-Viewer-Longitude"] = f"{viewer.place.lon:.5f}"
    if viewer.city is not None:
        made["CloudFront-Viewer-City"] = _text(viewer.city)
    if tls and request.scheme == "https":
        made["CloudFront-Viewer-TLS"] = tls
    if error_for is not None:
        made["CloudFront-Error-Uri"] = error_for.path
        if error_for.query is not None:
            made["CloudFront-Error-Args"] = error_for.query
    return made


def _header_names(request: Request) -> list[str]:
    """The names of the viewer's headers, in order, Host (which every request has) included."""
    names = [name for name, _ in request.headers.items()]
    return names if "Host" in request.headers else ["Host", *names]


def _text(value: str) -> str:
    """A text with everything that is not ASCII percent-encoded."""
    return quote(value, safe="".join(map(chr, range(32, 127))))
