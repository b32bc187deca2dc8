"""The clinic: who said no?

A 403 can come from four sides, and the body tells which. CloudFront's own HTML page: the distribution refused the request,
or could not reach the origin. Short XML without a request id: CloudFront's check of a signature. XML with RequestId and
HostId: S3. Anything else: the origin itself, a firewall, or a custom error page that hides one of the others.

`who_said_no` reads any response, also one from AWS that you typed in. The texts it knows are those of the library's own table
(`errorpages.CASES`); AWS documents the statuses, the texts were observed. An answer to HEAD has no body; then the headers tell, as
far as they do. The patients are real requests: to lesson 06's shop, lesson 08's darkroom and lesson 10's bucket.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from cdnlab.controls import Button, Choice, Predict, Press
from cdnlab.errorpages import CASES
from cdnlab.experiments import darkroom, deputy, room
from cdnlab.experiments.stack import HOST, shop
from cdnlab.geography import Viewer
from cdnlab.journey import Journey
from cdnlab.messages import Response
from cdnlab.panels import Panel
from cdnlab.signedpolicy import canned_text
from cdnlab.staircase import safe

__all__ = ["BRANCHES", "CAUSES", "PATIENTS", "Branch", "Finding", "Visit", "model", "panel", "say", "view", "who_said_no"]


class Branch(NamedTuple):
    """One side a refusal can come from: its `sign` in the body, `who` that is, where to `look`."""

    sign: str
    who: str
    look: str


BRANCHES = MappingProxyType(
    {
        "distribution": Branch(
            "HTML: “The request could not be satisfied”",
            "the distribution",
            "its names, behaviours and countries (lesson 06)",
        ),
        "signature": Branch(
            "short XML, a Code, no RequestId", "the signature check", "the key, the policy, the expiry; the doctor helps (lesson 08)"
        ),
        "s3": Branch("XML with RequestId and HostId", "S3", "the object's name, the bucket policy, the identity (lesson 10)"),
        "elsewhere": Branch(
            "anything else", "somebody else", "the origin's own log, the firewall, custom error pages that hide one of the above"
        ),
    }
)
"""The four sides, in the order of the questions."""

CAUSES = MappingProxyType(
    {
        "unknown alias": "the Host is no alias of the distribution",
        "disabled": "the distribution is disabled",
        "get with body": "a GET came with a body",
        "https only": "HTTP came to an https-only behaviour",
        "method": "the behaviour does not allow this method",
        "country": "geo restriction shuts this country out",
        "url too long": "the URL is too long",
        "headers too big": "the headers are too big",
        "default root object": "the default root object is written wrongly",
        "missing key": "the request carries no signature",
        "invalid key": "the key's id is unknown",
        "malformed policy": "the policy cannot be read",
        "malformed signature": "the signature cannot be decoded",
        "access denied": "expired, not yet valid, wrong address, or another text was signed",
        "dns": "the origin's name does not resolve",
        "refused": "the origin refuses connections",
        "tls": "TLS with the origin failed",
        "invalid": "the origin's answer is no HTTP",
        "connect-timeout": "the origin cannot be reached in time",
        "read-timeout": "the origin does not answer in time",
    }
)
"""What may be behind each of CloudFront's own answers, by its case in the library's table."""

NOBODY, NO_BODY = "nobody", "no body"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a response tells: the `branch` (a key of BRANCHES, "nobody" or "no body"), the sign that was `seen`, possible `causes`.

    `silent`: the page is CloudFront's, but what is wrong is the origin, which could not be asked.
    """

    branch: str
    seen: str
    causes: tuple[str, ...] = ()
    silent: bool = False

    @property
    def who(self) -> str:
        """Who said no, in words."""
        return BRANCHES[self.branch].who if self.branch in BRANCHES else self.branch

    def __str__(self) -> str:
        causes = f" Possible causes: {'; '.join(self.causes)}." if self.causes else ""
        if self.branch == NOBODY:
            return f"Nobody said no. {self.seen}."
        if self.branch == NO_BODY:
            return f"Cannot tell. {self.seen}."
        if self.silent:
            return f"CloudFront got no answer from the origin. {self.seen}.{causes} Look at the origin (lesson 07)."
        return f"{self.who[0].upper()}{self.who[1:]} said no. {self.seen}.{causes} Look at {BRANCHES[self.branch].look}."


def who_said_no(response: Response) -> Finding:
    """Which side a refusal came from, read from status, headers and body alone: what you also have on AWS.

    >>> from cdnlab.experiments.stack import shop
    >>> print(who_said_no(shop().cdn.request("PUT", "http://www.example.com/images/cat.jpg").response))
    The distribution said no. HTML: “The request could not be satisfied”. Possible causes: the behaviour does not allow this method. \
Look at its names, behaviours and countries (lesson 06).
    """
    body = response.body.decode("utf-8", "replace")
    status = response.status
    if status < 400:
        return Finding(
            NOBODY, f"The status is {status}; but a custom error page may have changed it, so look whether this is what was asked for"
        )
    if not body.strip():
        return _by_headers(response)
    flat = " ".join(body.split())
    if "could not be satisfied" in flat and "cloudfront" in flat.lower():
        causes = [CAUSES[name] for name, case in CASES.items() if case.kind == "html" and case.status == status and case.text in flat]
        return Finding("distribution", BRANCHES["distribution"].sign, tuple(dict.fromkeys(causes)), status in (502, 504))
    code, message = _element(body, "Code"), _element(body, "Message")
    if re.search(r"<Error[\s>]", body) and code:
        if _element(body, "RequestId"):
            return Finding("s3", f"XML with RequestId: {code}, “{message}”")
        known = [name for name, case in CASES.items() if case.kind == "xml" and case.code == code]
        if known == ["default root object"]:
            return Finding("distribution", f"XML without RequestId: {code}", (CAUSES[known[0]],))
        if known:
            return Finding("signature", f"XML without RequestId: {code}, “{message}”", tuple(CAUSES[name] for name in known))
    return Finding("elsewhere", f"The body is none of CloudFront's and not S3's: “{_shortened(flat)}”")


_NO_BODY = "There is no body (an answer to HEAD has none): ask again with GET"


def _by_headers(response: Response) -> Finding:
    """What the headers tell when there is no body."""
    server, kind = response.headers.get("Server") or "", response.headers.get("Content-Type") or ""
    own = server == "CloudFront" and "Error from" in (response.headers.get("X-Cache") or "")
    if server == "AmazonS3":
        return Finding("s3", "No body, but the header Server: AmazonS3")
    if own and kind.startswith("text/xml"):
        return Finding(
            "signature", f"No body, but the headers of CloudFront's own XML; which Code it is, GET tells. Status {response.status}"
        )
    if own and kind.startswith("text/html"):
        failed = response.status in (502, 504)
        return Finding("distribution", "No body, but the headers of CloudFront's own HTML page; its text, GET tells", (), failed)
    return Finding(NO_BODY, _NO_BODY)


def _element(xml: str, name: str) -> str:
    found = re.search(rf"<{name}>(.*?)</{name}>", xml, re.DOTALL)
    return found[1].strip() if found else ""


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


# ---- the patients: real answers


def _listed(*items: object) -> dict[str, object]:
    return {"Quantity": len(items), "Items": list(items)}


def _told(journey: Journey) -> tuple[Response, str]:
    """The response, and the step at which it was decided: the origin's, or the last one."""
    asked = [step for step in journey.steps if step.place.kind == "origin"]
    step = asked[0] if asked else journey.steps[-1]
    return journey.response, f"{step.place}: {step.says}"


def _get(url: str, viewer: Viewer | str = "Lisbon", headers: Sequence[tuple[str, str]] = (), **config: object) -> tuple[Response, str]:
    return _told(shop(**config).cdn.get(url, viewer, headers))  # type: ignore[arg-type]


def _put() -> tuple[Response, str]:
    return _told(shop().cdn.request("PUT", f"http://{HOST}/images/cat.jpg"))


def _link(alter: Callable[[str, darkroom.Darkroom], str], wait: float = 0) -> tuple[Response, str]:
    """A link to a private photo, signed for an hour, altered, and opened after a while."""
    here = darkroom.world()
    url = alter(here.link(), here)
    here.cdn.clock.advance(wait)
    return _told(here.cdn.get(url))


def _quoted(link: str, here: darkroom.Darkroom) -> str:
    """A custom policy whose time is a text."""
    policy = (
        canned_text(here.photo, int(here.cdn.clock.now()) + darkroom.HOUR).replace('EpochTime":', 'EpochTime":"').replace("}}}]", '"}}}]')
    )
    return here.signer.url(here.photo, policy=policy)


def _behind_oac() -> tuple[Response, str]:
    """A bucket whose policy names another distribution's ARN."""
    here = deputy.street()
    room.put_policy(here.bucket, deputy.strangers_own()["Statement"])
    cdn, host = here.doors[0]
    return _told(cdn.get(f"https://{host}{room.PHOTO}"))


_SHUT = {"GeoRestriction": {"RestrictionType": "blacklist", **_listed("PT")}}
_PAGE = _listed({"ErrorCode": 403, "ResponsePagePath": "/about", "ResponseCode": "403", "ErrorCachingMinTTL": 10})
_FIRST = ("images/private/*", "api/*", "images/*", "*.jpg")

PATIENTS: MappingProxyType[str, Callable[[], tuple[Response, str]]] = MappingProxyType(
    {
        "HTTP on an https-only behaviour": lambda: _get(f"http://{HOST}/images/private/a.jpg", order=_FIRST),
        "a photo that does not exist": lambda: _get(f"https://{HOST}/images/dog.jpg"),
        "no signature where one is needed": lambda: _link(lambda link, here: here.photo),
        "PUT of a photo": _put,
        "a link that has expired": lambda: _link(lambda link, here: link, wait=darkroom.HOUR + 1),
        "a page for members": lambda: _get(f"https://{HOST}/members"),
        "a link with the key group's id": lambda: _link(lambda link, here: link.replace(here.key, here.group)),
        "a viewer in a country shut out": lambda: _get(f"https://{HOST}/", Restrictions=_SHUT),
        "a link to which a mailing tool added &utm_source=mail": lambda: _link(lambda link, here: f"{link}&utm_source=mail"),
        "a photo behind an OAC": _behind_oac,
        "a link whose policy has its time in quotation marks": lambda: _link(_quoted),
        "a name that is no alias": lambda: _get(f"https://{HOST}/", headers=[("Host", "shop.example.org")]),
        "a link in plain base64": lambda: _link(lambda link, here: link.replace("~", "/").replace("_", "=")),
        "a missing photo, with an error page for 403": lambda: _get(f"https://{HOST}/images/dog.jpg", CustomErrorResponses=_PAGE),
    }
)
"""Refusals, each made anew by cdnlab: the response, and what only the simulator can know of its cause."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One patient: the `response` as a viewer has it; `found` and `inside` (the cause as the journey knows it) once diagnosed."""

    patient: str
    response: Response
    found: Finding | None
    inside: str


@lru_cache(maxsize=32)
def _answer(patient: str) -> tuple[Response, str]:
    return PATIENTS[patient]()


def model(presses: Sequence[Press], *, patient: str, guess: str | None = None) -> Visit:
    """The chosen patient, diagnosed if the latest press was about it.

    >>> model([Press("Diagnose", {"patient": "PUT of a photo"})], patient="PUT of a photo").found.branch
    'distribution'
    """
    response, inside = _answer(patient)
    done = bool(presses) and presses[-1].patient == patient
    return Visit(patient, response, who_said_no(response) if done else None, inside if done else "")


def say(visit: Visit) -> str:
    """The text twin."""
    kind = (visit.response.headers.get("Content-Type") or "no type").partition(";")[0]
    head = f"{visit.patient}: {visit.response.status}, a body of {kind}"
    return f"{head}. Not diagnosed yet." if visit.found is None else f"{head}. {visit.found}"


def outcome(visit: Visit) -> str:
    """Who it was, once diagnosed."""
    return "" if visit.found is None else f"It was {visit.found.who}: {visit.found.seen}."


_STYLE = """
.cdnlab .cdnlab-clinic{border-collapse:collapse;width:100%;margin:6px 0;font-size:13px;border:0;table-layout:fixed;color:inherit}
.cdnlab .cdnlab-clinic tr{background:none}
.cdnlab .cdnlab-clinic th,.cdnlab .cdnlab-clinic td{text-align:left;vertical-align:top;padding:4px 8px 4px 4px;border:0;
color:inherit;font-weight:400;border-bottom:1px solid color-mix(in srgb,currentColor 25%,transparent);white-space:normal;max-width:none}
.cdnlab .cdnlab-clinic thead th{font-weight:600}
.cdnlab .cdnlab-clinic .cdnlab-lit>*{border-top:2px solid;border-bottom:2px solid;font-weight:600}
.cdnlab .cdnlab-answer{white-space:pre-wrap;overflow-wrap:anywhere;margin:6px 0;padding:6px 10px;border-left:2px solid;color:inherit;
background:none;font:12.5px/1.45 ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace}
"""
_SHOWN = ("Server", "Content-Type", "X-Cache")


def view(visit: Visit) -> str:
    """The response as it arrived, and the four questions; the one that fits is lit once it is diagnosed."""
    response = visit.response
    heads = [f"{name}: {response.headers[name]}" for name in _SHOWN if name in response.headers]
    shown = "\n".join([f"HTTP/1.1 {response.status}", *heads, "", response.body.decode("utf-8", "replace").strip()])
    rows = []
    for name, branch in BRANCHES.items():
        lit = visit.found is not None and visit.found.branch == name
        cells = f'<th scope="row">{"▶ " if lit else ""}{safe(branch.sign)}</th><td>{safe(branch.who)}</td><td>{safe(branch.look)}</td>'
        mark = ' class="cdnlab-lit" aria-current="true"' if lit else ""
        rows.append(f"<tr{mark}>{cells}</tr>")
    head = "".join(f'<th scope="col">{each}</th>' for each in ("the body is", "who said no", "look at"))
    table = f'<table class="cdnlab-clinic"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    told = ""
    if visit.found is not None and visit.found.branch in BRANCHES:
        causes = f"<strong>Possible causes:</strong> {safe('; '.join(visit.found.causes))}.<br>" if visit.found.causes else ""
        told = f"<p>{causes}<strong>What only the simulator knows:</strong> {safe(visit.inside)}.</p>"
    note = '<p class="cdnlab-note">AWS documents the statuses; the texts were observed.</p>'
    return f'<style>{_STYLE}</style><pre class="cdnlab-answer">{safe(shown)}</pre>{table}{told}{note}'


def panel() -> Panel[Visit]:
    """Who said no? Choose a refusal, read its body, say who it was, diagnose."""
    return Panel(
        "Who said no?",
        [
            Predict("guess", "Read the body. Who said no?", tuple(branch.who for branch in BRANCHES.values()), outcome),
            Choice("patient", "A request that was refused", tuple(PATIENTS)),
            Button("Diagnose", primary=True),
        ],
        model=model,
        view=view,
        twin=say,
    )
