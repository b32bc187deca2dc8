"""What a request shows: a signature with its key's id and its policy, in the URL or in cookies.

    in the URL          in a cookie
    Expires             CloudFront-Expires          canned policy: the moment it ends
    Policy              CloudFront-Policy           custom policy, in base64
    Signature           CloudFront-Signature        in base64
    Key-Pair-Id         CloudFront-Key-Pair-Id      whose key
    Hash-Algorithm      CloudFront-Hash-Algorithm   SHA1 (also when absent) or SHA256

One of these parameters in the URL, and it is a signed URL: the cookies are not looked at, even if they are valid. The
base64 is the usual one with three characters exchanged, because `+`, `=` and `/` mean something in a URL: `-`, `_` and
`~` stand for them. It is not the "URL-safe" alphabet of RFC 4648.

A behaviour that asks for signatures takes these parameters away before it looks into the cache or asks the origin.
(Sources: private-content-choosing-signed-urls-cookies, private-content-signed-urls, -signed-cookies, QueryStringParameters.)
"""

from __future__ import annotations

import binascii
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

__all__ = ["COOKIE", "PARAMETERS", "Token", "cookie_header", "cookie_token", "decoded", "encoded", "own_query", "token_of", "url_token"]

PARAMETERS = ("Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm")
COOKIE = "CloudFront-"

_MOST = 32768  # parts of a query or a cookie header: the head of a request has room for no more (cloudfront-limits)

_TO_WIRE = bytes.maketrans(b"+=/", b"-_~")
_FROM_WIRE = bytes.maketrans(b"-_~+=/", b"+=/!!!")


@dataclass(slots=True, eq=False)
class Token:
    """What a request shows, as it was received; None for what it does not show. `carrier`: URL or cookies; `twice`: what it shows twice.

    `own`: for a URL, the query without the five parameters, None when nothing else is in it. `found`: a place where a verifier may
    note what it found out about this token; the rest is only ever read.
    """

    carrier: Literal["URL", "cookies"]
    expires: str | None = None
    policy: str | None = None
    signature: str | None = None
    key_pair_id: str | None = None
    hash_algorithm: str | None = None
    twice: str = ""
    own: str | None = None
    found: Any = None

    def named(self, parameter: str) -> str:
        """What a parameter is called where this token travels.

        >>> Token("cookies").named("Policy")
        'CloudFront-Policy'
        """
        return parameter if self.carrier == "URL" else COOKIE + parameter


_PLACE = {name: number for number, name in enumerate(PARAMETERS)}
_COOKIE_PLACE = {COOKIE + name: number for name, number in _PLACE.items()}


def _token(carrier: Literal["URL", "cookies"], parts: list[str], places: Mapping[str, int]) -> Token | None:
    shown: list[str | None] = [None] * len(PARAMETERS)
    own: list[str] = []
    twice = ""
    for part in parts:
        name, _, value = part.partition("=")
        place = places.get(name)
        if place is None:
            own.append(part)
            continue
        if shown[place] is not None:
            twice = PARAMETERS[place]
        shown[place] = value
    if len(own) == len(parts):
        return None
    expires, policy, signature, key_pair_id, hash_algorithm = shown
    return Token(carrier, expires, policy, signature, key_pair_id, hash_algorithm, twice, "&".join(own) if own else None)


@lru_cache(maxsize=1024)
def url_token(query: str) -> Token | None:
    """What a raw query shows; None when none of the five parameters is in it. Nothing is decoded.

    >>> token = url_token("size=large&Expires=1767225600")
    >>> token.expires, token.own
    ('1767225600', 'size=large')
    """
    return _token("URL", query.split("&", _MOST), _PLACE)


@lru_cache(maxsize=1024)
def cookie_token(cookies: str) -> Token | None:
    """What a Cookie header shows; None when none of CloudFront's cookies is in it.

    >>> cookie_token("theme=dark; CloudFront-Key-Pair-Id=K1").key_pair_id
    'K1'
    """
    return _token("cookies", [part.strip(" \t") for part in cookies.split(";", _MOST)], _COOKIE_PLACE)


def token_of(query: str | None, cookies: Sequence[str]) -> Token | None:
    """What a request shows: by its raw query, or else by its Cookie headers; None if nothing."""
    token = url_token(query) if query else None
    if token is None and cookies:
        token = cookie_token(cookies[0] if len(cookies) == 1 else "; ".join(cookies))
    return token


def own_query(query: str | None) -> str | None:
    """A raw query without the five parameters; None when nothing else was in it.

    >>> own_query("a=1&Expires=5&b=2"), own_query("Expires=5"), own_query("")
    ('a=1&b=2', None, '')
    """
    token = url_token(query) if query else None
    return query if token is None else token.own


def encoded(data: bytes) -> str:
    """Bytes in CloudFront's base64.

    >>> encoded(bytes([251, 255, 1, 2]))
    '-~8BAg__'
    """
    return b64encode(data).translate(_TO_WIRE).decode()


def decoded(text: str) -> bytes | None:
    """The bytes behind CloudFront's base64; None for what is none, the plain and the URL-safe alphabet included.

    >>> decoded("-~8BAg__"), decoded("+/8BAg==")
    (b'\\xfb\\xff\\x01\\x02', None)
    """
    if len(text) % 4 or text.endswith("___"):  # the strict mode of Python 3.11 lets superfluous padding pass
        return None
    try:
        return binascii.a2b_base64(text.encode().translate(_FROM_WIRE), strict_mode=True)
    except (UnicodeEncodeError, binascii.Error):
        return None


def cookie_header(cookies: Mapping[str, str]) -> str:
    """Cookies as the one Cookie header that a browser makes of them.

    >>> cookie_header({"CloudFront-Expires": "5", "theme": "dark"})
    'CloudFront-Expires=5; theme=dark'
    """
    return "; ".join(f"{name}={value}" for name, value in cookies.items())
