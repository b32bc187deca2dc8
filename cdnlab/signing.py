"""Signing: how a URL or a set of cookies comes to open a private file.

Whoever owns the private half of a key pair writes a policy (which file, until when), signs it, and hands out the result.
CloudFront takes no part in this: it meets the signature for the first time when somebody shows it (see `verification`).

A canned policy says one URL and one moment and need not travel; a custom policy can say more and has to. The Signer makes
a canned one unless a custom condition is asked for. It writes policies as botocore's CloudFrontSigner does, byte for byte, and
signs the URL as it is given: what a browser would change in it (a space, an é) has to be changed before.
(Sources: private-content-creating-signed-url-canned-policy, -custom-policy, private-content-setting-signed-cookie-*.)
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Literal

from cdnlab.clock import seconds_since_epoch
from cdnlab.doctor import Diagnosis, diagnose
from cdnlab.errors import InputError, UnknownName
from cdnlab.keys import HASHES, KeyPair, PublicKey
from cdnlab.signedpolicy import canned_text, custom_text, parse_network
from cdnlab.tokens import COOKIE, encoded

__all__ = ["Diagnosis", "KeyPair", "PublicKey", "Signer", "diagnose"]

_ID = re.compile(r"[A-Za-z0-9_\-]{1,128}\Z")
_Moment = str | float | datetime


class Signer:
    """Signs URLs and cookies with one key pair. `key_pair_id`: the id its public key has at CloudFront (K..., legacy APKA...).

    `hash_algorithm`: SHA1 or SHA256. Raises InputError, UnknownName.

    >>> signer = Signer("K2TESTKEY", KeyPair.test("rsa"))
    >>> print(signer.url("https://d111.cloudfront.net/cat.jpg", expires=1767225600)[:80])
    https://d111.cloudfront.net/cat.jpg?Expires=1767225600&Signature=GLDRaUr~0CgEZQ4
    """

    __slots__ = ("_hash", "_tail", "hash_algorithm", "key_pair", "key_pair_id")

    def __init__(self, key_pair_id: str, key_pair: KeyPair, hash_algorithm: Literal["SHA1", "SHA256"] = "SHA1") -> None:
        if not isinstance(key_pair_id, str) or not _ID.match(key_pair_id):
            raise InputError(f"key_pair_id is {_shown(key_pair_id)}; give the id that create_public_key answered, such as 'K2JCJMDEHXQW5F'")
        if not isinstance(key_pair, KeyPair):
            raise InputError(f"key_pair is {type(key_pair).__name__}; give a KeyPair, such as KeyPair.from_pem(...)")
        if hash_algorithm not in HASHES:
            raise UnknownName("hash algorithm", hash_algorithm, HASHES)
        self.key_pair_id, self.key_pair, self.hash_algorithm = key_pair_id, key_pair, hash_algorithm
        self._tail = f"&Key-Pair-Id={key_pair_id}" + ("" if hash_algorithm == "SHA1" else f"&Hash-Algorithm={hash_algorithm}")

    def url(
        self,
        url: str,
        expires: _Moment | None = None,
        starts: _Moment | None = None,
        ip: str | None = None,
        resource: str | None = None,
        *,
        policy: str | bytes | None = None,
    ) -> str:
        """A signed URL, good before `expires` (seconds since the epoch, ISO 8601 text or datetime).

        Any of these makes the policy a custom one: `starts`: good only after this moment; `ip`: an IPv4 address or range
        that the viewer must have; `resource`: what it opens, with wildcards, instead of this URL. Or give the whole `policy` yourself,
        as text to be signed and sent as it is. Raises InputError, ClockError.

        >>> signed = Signer("K2TESTKEY", KeyPair.test("rsa")).url("https://d/a?size=large", expires=1767225600, ip="192.0.2.0/24")
        >>> signed.startswith("https://d/a?size=large&Policy=")
        True
        """
        if not isinstance(url, str):
            raise InputError(f"url is {type(url).__name__}; give the whole URL as text, such as 'https://d111.cloudfront.net/cat.jpg'")
        if policy is not None and resource is not None:
            raise InputError("give either a policy or a resource: a whole policy says itself what it opens")
        text, seconds = self._policy(url, resource, expires, starts, ip, policy)
        carried = f"Policy={encoded(text)}" if seconds is None else f"Expires={seconds}"
        signature = encoded(self.key_pair.sign(text, self.hash_algorithm))
        return f"{url}{'&' if '?' in url else '?'}{carried}&Signature={signature}{self._tail}"

    def cookies(
        self,
        resource: str,
        expires: _Moment | None = None,
        starts: _Moment | None = None,
        ip: str | None = None,
        *,
        policy: str | bytes | None = None,
    ) -> dict[str, str]:
        """The cookies that open `resource`, by name; set each in a Set-Cookie of its own. Arguments as for `url`.

        A `*` in the resource makes the policy a custom one, as the AWS CLI does: in a canned policy it would stand for itself.

        >>> cookies = Signer("K2TESTKEY", KeyPair.test("rsa")).cookies("https://d/videos/*", expires=1767225600)
        >>> list(cookies)
        ['CloudFront-Policy', 'CloudFront-Signature', 'CloudFront-Key-Pair-Id']
        """
        if not isinstance(resource, str):
            raise InputError(
                f"resource is {type(resource).__name__}; give what the cookies open, such as 'https://d111.cloudfront.net/videos/*'"
            )
        text, seconds = self._policy(resource, resource if "*" in resource else None, expires, starts, ip, policy)
        cookies = {f"{COOKIE}Policy": encoded(text)} if seconds is None else {f"{COOKIE}Expires": str(seconds)}
        cookies[f"{COOKIE}Signature"] = encoded(self.key_pair.sign(text, self.hash_algorithm))
        cookies[f"{COOKIE}Key-Pair-Id"] = self.key_pair_id
        if self.hash_algorithm != "SHA1":
            cookies[f"{COOKIE}Hash-Algorithm"] = self.hash_algorithm
        return cookies

    @staticmethod
    def _policy(
        url: str,
        resource: str | None,
        expires: _Moment | None,
        starts: _Moment | None,
        ip: str | None,
        policy: str | bytes | None,
    ) -> tuple[bytes, int | None]:
        """The text to sign, and its last moment if it is a canned policy."""
        if policy is not None:
            if (expires, starts, ip) != (None, None, None):
                raise InputError("give either a policy or its parts (expires, starts, ip), not both")
            return _bytes(policy), None
        if expires is None:
            raise InputError(
                "expires is missing; give the moment at which it ends, such as '2027-01-01T00:00:00Z' or seconds since the epoch"
            )
        seconds = _seconds(expires, "expires")
        if starts is None and ip is None and resource is None:
            return canned_text(url, seconds).encode("ascii"), seconds
        begin = None if starts is None else _seconds(starts, "starts")
        if begin is not None and begin >= seconds - 1:
            raise InputError(f"starts is second {begin} and expires {seconds}: there is no second after the one and before the other")
        if ip is not None and parse_network(ip) is None:
            raise InputError(f"ip is {_shown(ip)}; give one IPv4 address or range, such as '192.0.2.7' or '192.0.2.0/24'")
        if resource is not None and not isinstance(resource, str):
            raise InputError(
                f"resource is {type(resource).__name__}; give the URLs it opens as text, such as 'https://d111.cloudfront.net/videos/*'"
            )
        return custom_text(url if resource is None else resource, seconds, begin, ip).encode("ascii"), None

    def __repr__(self) -> str:
        return f"Signer({self.key_pair_id!r}, {self.key_pair!r}, {self.hash_algorithm!r})"


def _seconds(moment: _Moment, name: str) -> int:
    if type(moment) is int and 0 <= moment < 2**63:
        return moment
    if isinstance(moment, bool):
        raise InputError(f"{name} is {moment!r}; give a moment: seconds since the epoch, ISO 8601 text or a datetime")
    return math.floor(seconds_since_epoch(moment))


def _bytes(policy: str | bytes) -> bytes:
    try:
        text = policy.encode("utf-8") if isinstance(policy, str) else policy
    except UnicodeEncodeError as error:
        raise InputError(
            f"the policy has a character that no text can have, at position {error.start}; give text or its bytes in UTF-8"
        ) from None
    if not isinstance(text, bytes) or not text:
        raise InputError(f"the policy is {_shown(policy)}; give its text")
    return text


def _shown(value: object) -> str:
    shown = ascii(value)
    return shown if len(shown) <= 80 else shown[:77] + "..."
