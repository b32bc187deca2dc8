"""Signed requests, made by hand: the policy, its signature and its encoding each as a test wants them."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from cdnlab import resources
from cdnlab.keys import KeyPair
from cdnlab.messages import Request
from cdnlab.tokens import cookie_token, url_token
from cdnlab.verification import Verdict, verify
from cdnlab.wildcards import matcher

T = TypeVar("T")
NOW = 1767225600  # 2026-01-01T00:00:00Z
LATER = NOW + 3600
IP = "192.0.2.7"
URL = "https://d111.cloudfront.net/cat.jpg"
RSA, RSA2, ECDSA = KeyPair.test("rsa"), KeyPair.test("rsa2"), KeyPair.test("ecdsa")
SLOW = 250.0  # ms of this process: ten times what the worst one takes, so it finds a blow-up and is no limit of speed
KEYS = {"KRSA": RSA.public_key, "KECDSA": ECDSA.public_key}


def wire(data: bytes) -> str:
    """CloudFront's base64, as the guide's shell command makes it: openssl base64 -A | tr -- '+=/' '-_~'."""
    return base64.b64encode(data).decode().translate(str.maketrans("+=/", "-_~"))


def policy(resource: str = URL, expires: object = LATER, **conditions: object) -> str:
    """A custom policy, written without any help of cdnlab's."""
    more = "".join(f',"{name}":{value}' for name, value in conditions.items())
    return f'{{"Statement":[{{"Resource":"{resource}","Condition":{{"DateLessThan":{{"AWS:EpochTime":{expires}}}{more}}}}}]}}'


def shown(text: str | bytes, pair: KeyPair = RSA, id: str = "KRSA", hash: str = "SHA1") -> str:
    """The parameters of a custom policy over exactly this text."""
    data = text.encode() if isinstance(text, str) else text
    tail = "" if hash == "SHA1" else f"&Hash-Algorithm={hash}"
    return f"Policy={wire(data)}&Signature={wire(pair.sign(data, hash))}&Key-Pair-Id={id}{tail}"


def with_policy(text: str | bytes, url: str = URL, pair: KeyPair = RSA, id: str = "KRSA", hash: str = "SHA1") -> str:
    """A URL with a custom policy over exactly this text."""
    return f"{url}{'&' if '?' in url else '?'}{shown(text, pair, id, hash)}"


def check(url: str, cookie: str | None = None, at: float = NOW, ip: str = IP, headers: Mapping[str, str] | None = None) -> Verdict:
    """What `verify` says of a request."""
    fields = [*(headers or {}).items(), *([("Cookie", cookie)] if cookie is not None else [])]
    return verify(Request("GET", url, fields), KEYS, at=at, ip=ip)


def cost(job: Callable[[], T]) -> tuple[T, float]:
    """What a job answers when nothing is remembered, and the best of three times that it took, in milliseconds of this process."""
    times = []
    for _ in range(3):
        for remembered in (matcher, resources._tests, url_token, cookie_token):
            remembered.cache_clear()
        began = time.process_time()
        answer = job()
        times.append(1000 * (time.process_time() - began))
    return answer, min(times)
