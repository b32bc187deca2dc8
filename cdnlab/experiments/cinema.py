"""The cinema of lesson 09: a login, and films behind signatures.

`www.example.com` is a distribution (and `media.example.com` another name of it, for those who go further). Its pages are open; films,
the members' pages, downloads and reports ask for a signature. A film is HLS: a playlist and six segments of five seconds, in a private
bucket in Stockholm. The login lies on the same host, so that a browser shows the cookies it got there to the films, too. What the login
hands out is good for an hour.

`grant` makes a permission, `play` is the player: it opens the playlist and then each address that the playlist names, as written
there, when its pictures are due. The lab tries all seven doors, also where a player would have given up.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urljoin

from cdnlab.bucket import Bucket
from cdnlab.cloudfront import CloudFront
from cdnlab.cookies import CookieJar
from cdnlab.errors import UnknownName
from cdnlab.journey import Journey
from cdnlab.mediachannel import LOOP_SECONDS, MediaChannel
from cdnlab.policies import managed
from cdnlab.signing import KeyPair, Signer
from cdnlab.tokens import COOKIE, PARAMETERS

__all__ = [
    "FILES",
    "HOUR",
    "LOGIN",
    "MEDIA",
    "PERMISSIONS",
    "PLAYLIST",
    "SITE",
    "Cinema",
    "Permission",
    "Try",
    "cinema",
    "code_of",
    "grant",
    "play",
    "set_cookies",
    "shows",
]

HOST, MEDIA = "www.example.com", "media.example.com"
SITE = f"https://{HOST}"
LOGIN = f"{SITE}/login"
FILM = f"{SITE}/film/"
PLAYLIST = f"{FILM}index.m3u8"
HOUR = 3600
"""For how many seconds a permission is good, counted from the login."""
SEGMENT_SECONDS = 5
SEGMENTS = LOOP_SECONDS // SEGMENT_SECONDS
FILES = ("index.m3u8", *(f"seg{number}.ts" for number in range(SEGMENTS)))
"""The seven doors: the playlist, and what it names."""
ATTRIBUTES = "Path=/; Secure; HttpOnly"

CERTIFICATE = "arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"
PRIVATE = ("film*", "members/*", "downloads/*", "reports/*")
PAGES = ("members/index.html", "members/january.html", "members/february.html", "downloads/setup.exe", "reports/2026.pdf", "trailer.ts")


class Cinema(NamedTuple):
    """A CloudFront with the cinema's distribution, and the `signer` that its login uses."""

    cdn: CloudFront
    signer: Signer

    @property
    def ends(self) -> int:
        """When a permission ends that is handed out now, in seconds since the epoch."""
        return int(self.cdn.clock.now()) + HOUR


class Permission(NamedTuple):
    """What the login hands out: the `url` to open, `cookies` by name; `covers`: the Resource of its policy."""

    url: str
    cookies: Mapping[str, str]
    covers: str


@dataclass(frozen=True, slots=True)
class Try:
    """One door: the `file`, its journey, and `at`: how many seconds after the login."""

    file: str
    journey: Journey
    at: float

    @property
    def opened(self) -> bool:
        """Did it open?"""
        return self.journey.response.status == 200

    @property
    def code(self) -> str:
        """The Code in the body of a refusal, "" when it opened."""
        return code_of(self.journey)

    @property
    def name(self) -> str:
        """What the door is called."""
        return "playlist" if self.file == FILES[0] else self.file.removesuffix(".ts")


def code_of(journey: Journey) -> str:
    """CloudFront's error code in the body of a refusal; "" for none.

    >>> code_of(cinema().cdn.get(PLAYLIST))
    'MissingKey'
    """
    found = re.search(r"<Code>(\w+)</Code>", journey.response.body.decode("utf-8", "replace"))
    return found[1] if found and journey.response.status >= 400 else ""


def shows(journey: Journey) -> str:
    """What a request showed to the edge: `URL`, `cookies`, `nothing`, `cookies ignored`, or `a lone parameter` of the five that sign."""
    query = journey.request.parts.query or ""
    names = [part.partition("=")[0] for part in query.split("&")]
    cookies = COOKIE in (journey.request.headers.get("Cookie") or "")
    if not any(name in PARAMETERS for name in names):
        return "cookies" if cookies else "nothing"
    return "URL" if "Signature" in names else "cookies ignored" if cookies else "a lone parameter"


# ---- the world


def _listed(*items: Any) -> dict[str, Any]:
    return {"Quantity": len(items), "Items": list(items)}


@lru_cache(maxsize=1)
def _film() -> Mapping[str, tuple[bytes, str]]:
    """The film's files: body and content type by name."""
    pictures = MediaChannel("film", SEGMENT_SECONDS, SEGMENTS, started=0)
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", f"#EXT-X-TARGETDURATION:{SEGMENT_SECONDS}", "#EXT-X-PLAYLIST-TYPE:VOD"]
    files = {}
    for number, file in enumerate(FILES[1:]):
        lines += [f"#EXTINF:{SEGMENT_SECONDS}.000,", file]
        files[file] = (pictures.segment(number), "video/mp2t")
    playlist = "\n".join([*lines, "#EXT-X-ENDLIST", ""]).encode()
    return MappingProxyType({FILES[0]: (playlist, "application/vnd.apple.mpegurl"), **files})


def cinema(cors: Mapping[str, Any] | None = None) -> Cinema:
    """A fresh world: the cinema's distribution, its caches empty, one test key trusted for all that is private.

    `cors`: a CorsConfig for the response headers policy of all that is private. Raises ConfigError for what AWS would refuse.

    >>> cdn, signer = cinema()
    >>> [cdn.get(url).response.status for url in (f"{SITE}/trailer.ts", PLAYLIST, signer.url(PLAYLIST, expires="2030-01-01T00:00:00Z"))]
    [200, 403, 200]
    """
    cdn, bucket, pair = CloudFront(), Bucket("films", region="eu-north-1"), KeyPair.test("rsa")
    cdn.connect(bucket)
    for folder in ("film", "film2"):
        for file, (body, kind) in _film().items():
            bucket.put_object(Key=f"{folder}/{file}", Body=body, ContentType=kind, CacheControl="max-age=86400")
    for key in PAGES:
        bucket.put_object(Key=key, Body=f"this is {key}", CacheControl="max-age=86400")
    public = {"CallerReference": "cinema", "Name": "login", "EncodedKey": pair.public_pem}
    key_id = cdn.create_public_key(PublicKeyConfig=public)["PublicKey"]["Id"]
    group = cdn.create_key_group(KeyGroupConfig={"Name": "login", "Items": [key_id]})["KeyGroup"]["Id"]
    private: dict[str, Any] = {"TrustedKeyGroups": {"Enabled": True, **_listed(group)}}
    if cors is not None:
        made = cdn.create_response_headers_policy(ResponseHeadersPolicyConfig={"Name": "cors", "CorsConfig": dict(cors)})
        private["ResponseHeadersPolicyId"] = made["ResponseHeadersPolicy"]["Id"]
    _make_distribution(cdn, bucket, private)
    return Cinema(cdn, Signer(key_id, pair))


def _make_distribution(cdn: CloudFront, bucket: Bucket, private: dict[str, Any]) -> None:
    named = {"CallerReference": "cinema", "Comment": "the bucket's only guest"}
    guest = cdn.create_cloud_front_origin_access_identity(CloudFrontOriginAccessIdentityConfig=named)
    identity = guest["CloudFrontOriginAccessIdentity"]["Id"]
    who = {"AWS": f"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity {identity}"}
    statement = {"Effect": "Allow", "Principal": who, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::films/*"}
    bucket.put_bucket_policy(Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    access = {"OriginAccessIdentity": f"origin-access-identity/cloudfront/{identity}"}
    rule = {"TargetOriginId": "films", "ViewerProtocolPolicy": "allow-all", "CachePolicyId": managed("cache", "CachingOptimized").id}
    behaviours = [{"PathPattern": pattern, **rule, **private} for pattern in PRIVATE]
    cdn.create_distribution(
        DistributionConfig={
            "CallerReference": "cinema",
            "Comment": "",
            "Enabled": True,
            "Aliases": _listed(HOST, MEDIA),
            "ViewerCertificate": {
                "ACMCertificateArn": CERTIFICATE,
                "SSLSupportMethod": "sni-only",
                "MinimumProtocolVersion": "TLSv1.2_2021",
            },
            "Origins": _listed({"Id": "films", "DomainName": bucket.endpoint, "S3OriginConfig": access}),
            "CacheBehaviors": _listed(*behaviours),
            "DefaultCacheBehavior": rule,
        }
    )


# ---- the login, and the player


def _canned_url(signer: Signer, ends: int) -> Permission:
    return Permission(signer.url(PLAYLIST, ends), {}, PLAYLIST)


def _custom_url(signer: Signer, ends: int) -> Permission:
    return Permission(signer.url(PLAYLIST, ends, resource=f"{FILM}*"), {}, f"{FILM}*")


def _canned_cookie(signer: Signer, ends: int) -> Permission:
    return Permission(PLAYLIST, signer.cookies(PLAYLIST, ends), PLAYLIST)


def _custom_cookie(signer: Signer, ends: int) -> Permission:
    return Permission(PLAYLIST, signer.cookies(f"{FILM}*", ends), f"{FILM}*")


PERMISSIONS = MappingProxyType(
    {
        "canned URL of the playlist": _canned_url,
        "custom URL of the playlist": _custom_url,
        "canned cookie": _canned_cookie,
        "custom cookie with *": _custom_cookie,
    }
)
"""The four ways to let somebody see the film, by name."""


def grant(here: Cinema, permission: str) -> Permission:
    """What the login hands out now. Raises UnknownName for the permission.

    >>> grant(cinema(), "custom cookie with *").covers
    'https://www.example.com/film/*'
    """
    if permission not in PERMISSIONS:
        raise UnknownName("permission", permission, PERMISSIONS)
    return PERMISSIONS[permission](here.signer, here.ends)


def set_cookies(cookies: Mapping[str, str], attributes: str = ATTRIBUTES) -> list[str]:
    """The values of the Set-Cookie headers that hand these cookies out, one each.

    >>> set_cookies({"CloudFront-Key-Pair-Id": "K1"})
    ['CloudFront-Key-Pair-Id=K1; Path=/; Secure; HttpOnly']
    """
    return [f"{name}={value}; {attributes}" if attributes.strip() else f"{name}={value}" for name, value in cookies.items()]


def browser(cookies: Mapping[str, str]) -> CookieJar:
    """A browser that has just logged in and got these cookies."""
    jar = CookieJar()
    for line in set_cookies(cookies):
        jar.receive(line, LOGIN)
    return jar


def play(here: Cinema, url: str, jar: CookieJar, *, start: float = 0.0, extra: str = "") -> tuple[Try, ...]:
    """Try all seven doors: the playlist at `url`, `start` seconds from now, and each segment when its pictures are due.

    `jar`: the browser's cookies; `extra`: what the player appends to the query of every address.
    """
    login, tries = here.cdn.clock.now(), list[Try]()
    for number, file in enumerate(FILES):
        due = login + start + max(0, number - 1) * SEGMENT_SECONDS
        here.cdn.clock.advance(max(0.0, due - here.cdn.clock.now()))
        # a segment's address is what stands in the playlist, put behind the playlist's folder: the playlist's own query stays behind
        address = url if number == 0 else urljoin(url, file)
        if extra:
            address += ("&" if "?" in address else "?") + extra
        now = here.cdn.clock.now()
        cookies = jar.header(address, at=now)
        tries.append(Try(file, here.cdn.get(address, headers={"Cookie": cookies} if cookies else {}), due - login))
    return tuple(tries)
