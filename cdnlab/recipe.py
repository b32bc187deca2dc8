"""The recipe of a behaviour: what makes the cache key, what reaches the origin, how long an answer may be kept.

A Selection picks headers, cookies or query parameters by name. A Recipe has six of them, three for the cache key and
three for the request to the origin, and the TTLs. It does not matter who wrote it: a cache policy with an origin request
policy, or the older ForwardedValues (see policies.py). Everything in the key is sent to the origin as well, so that an
answer can only depend on what tells it apart from others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from cdnlab.freshness import TTLs

__all__ = ["CLOUDFRONT_HEADERS", "DEFAULT_TTLS", "NO_REQUEST_POLICY", "Recipe", "Selection", "generated_by", "sent_selection"]

Kind: TypeAlias = Literal["header", "cookie", "query"]
Mode: TypeAlias = Literal["none", "some", "all", "all-except"]

NO_REQUEST_POLICY = "no origin request policy"
DEFAULT_TTLS = TTLs(0, 86400, 31536000)  # seconds: MinTTL, DefaultTTL (a day), MaxTTL (a year)

CLOUDFRONT_HEADERS: tuple[str, ...] = (  # adding-cloudfront-headers: the headers that CloudFront itself can add
    "CloudFront-Error-Args",
    "CloudFront-Error-Uri",
    "CloudFront-Forwarded-Proto",
    *(f"CloudFront-Is-{device}-Viewer" for device in ("Android", "Desktop", "IOS", "Mobile", "SmartTV", "Tablet")),
    *(f"CloudFront-Viewer-{what}" for what in ("ASN", "Address", "City", "Country", "Country-Name", "Country-Region")),
    *(f"CloudFront-Viewer-{what}" for what in ("Country-Region-Name", "Header-Count", "Header-Order", "Http-Version")),
    *(f"CloudFront-Viewer-{what}" for what in ("JA3-Fingerprint", "JA4-Fingerprint", "Latitude", "Longitude")),
    *(f"CloudFront-Viewer-{what}" for what in ("Metro-Code", "Postal-Code", "TLS", "Time-Zone")),
)
_CANONICAL = {name.lower(): name for name in CLOUDFRONT_HEADERS}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which headers, cookies or query parameters: none, some (only `names`), all, or all-except (`names`).

    `kind`: header (names in any case), cookie (names may hold `*` and `?`) or query; `kept`: names that are taken
    although `names` blocks them.

    >>> Selection("all-except", ("Host",), "header").takes("host")
    False
    >>> Selection("some", ("wp-*",), "cookie").takes("wp-settings-1")
    True
    """

    mode: Mode = "none"
    names: tuple[str, ...] = ()
    kind: Kind = "query"
    kept: tuple[str, ...] = ()
    _names: frozenset[str] = field(init=False, repr=False, compare=False)
    _wild: re.Pattern[str] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = frozenset(name.lower() for name in self.names) if self.kind == "header" else frozenset(self.names)
        wild = [_pattern(name) for name in self.names if self.kind == "cookie" and _is_wild(name)]
        object.__setattr__(self, "_names", names)
        object.__setattr__(self, "_wild", re.compile("|".join(wild), re.DOTALL) if wild else None)

    def lists(self, name: str) -> bool:
        """Whether this name is in the list, be it a list of what is taken or of what is not."""
        if self.kind == "header":
            return name.lower() in self._names
        return name in self._names or (self._wild is not None and self._wild.fullmatch(name) is not None)

    def takes(self, name: str) -> bool:
        """Whether the thing with this name is selected."""
        if self.mode == "some":
            return self.lists(name)
        if self.mode == "all-except":
            return not self.lists(name) or any(re.fullmatch(_pattern(kept), name, re.DOTALL) for kept in self.kept)
        return self.mode == "all"

    def __str__(self) -> str:
        if self.mode in ("none", "all"):
            return self.mode
        return ("all except " if self.mode == "all-except" else "") + ", ".join(self.names)


def _is_wild(name: str) -> bool:
    return "*" in name or "?" in name


def _pattern(name: str) -> str:
    return re.escape(name).replace(r"\*", ".*").replace(r"\?", ".")


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a behaviour does with a request: its key, what it sends to the origin, and how long answers live.

    `key_*`: in the cache key; `send_*`: sent to the origin, the key's included; `gzip`, `brotli`: Accept-Encoding is normalised to these
    two and put in the key; `legacy`: made from ForwardedValues, which lets unknown viewer headers through; `key_by`,
    `send_by`: who decided, in words; `generated`: headers that CloudFront adds for the origin. TTLs in seconds.

    >>> recipe = Recipe(key_cookies=Selection("some", ("session",), "cookie"))
    >>> recipe.plain, recipe.caching, recipe.collapses
    (False, True, False)
    """

    key_headers: Selection = Selection(kind="header")
    key_cookies: Selection = Selection(kind="cookie")
    key_query: Selection = Selection(kind="query")
    send_headers: Selection = Selection(kind="header")
    send_cookies: Selection = Selection(kind="cookie")
    send_query: Selection = Selection(kind="query")
    gzip: bool = False
    brotli: bool = False
    ttls: TTLs = DEFAULT_TTLS
    legacy: bool = False
    key_by: str = "cache policy"
    send_by: str = NO_REQUEST_POLICY
    generated: tuple[str, ...] = ()
    keyed_headers: tuple[str, ...] = field(init=False, repr=False, compare=False)
    keyed_generated: tuple[str, ...] = field(init=False, repr=False, compare=False)
    plain: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for kind, names in (("header", "headers"), ("cookie", "cookies"), ("query", "query")):
            for part in (f"key_{names}", f"send_{names}"):
                if getattr(self, part).kind != kind:
                    object.__setattr__(self, part, replace(getattr(self, part), kind=kind))
            key, send = getattr(self, f"key_{names}"), getattr(self, f"send_{names}")
            if send.mode == "none" or key.mode == send.mode == "some":
                object.__setattr__(self, f"send_{names}", sent_selection(key, send))
        keyed = sorted({name.lower() for name in self.key_headers.names}) if self.key_headers.mode == "some" else []
        if self.gzip or self.brotli:
            keyed = [name for name in keyed if name != "accept-encoding"]
        own = (*self.generated, *(name for selection in (self.key_headers, self.send_headers) for name in generated_by(selection)))
        object.__setattr__(self, "generated", tuple(dict.fromkeys(own)))
        object.__setattr__(self, "keyed_headers", tuple(name for name in keyed if name not in _CANONICAL))
        object.__setattr__(self, "keyed_generated", tuple(_CANONICAL[name] for name in keyed if name in _CANONICAL))
        plain = not keyed and self.key_headers.mode == self.key_cookies.mode == self.key_query.mode == "none"
        object.__setattr__(self, "plain", plain)

    @property
    def caching(self) -> bool:
        """Whether anything can be cached: MaxTTL above 0, and not all headers forwarded (rules POLICY-08, POLICY-14)."""
        return self.ttls.max > 0 and self.key_headers.mode != "all"

    @property
    def cookies_forwarded(self) -> bool:
        """Whether any cookie may reach the origin, by whichever policy."""
        return self.send_cookies.mode != "none" or self.key_cookies.mode != "none"

    @property
    def collapses(self) -> bool:
        """Whether simultaneous requests for one key wait for the first one's answer (rule POLICY-09)."""
        return self.caching and not self.cookies_forwarded

    def without_host(self) -> Recipe:
        """The same recipe for an S3 bucket, which can neither be sent the viewer's Host nor be cached by it (rule KEY-12).

        >>> Recipe(key_headers=Selection("some", ("Host", "Origin"), "header")).without_host().keyed_headers
        ('origin',)
        """
        names = tuple(name for name in self.key_headers.names if name.lower() != "host")
        if names == self.key_headers.names or self.key_headers.mode != "some":
            return self
        sent = tuple(name for name in self.send_headers.names if name.lower() != "host")
        send = replace(self.send_headers, names=sent) if self.send_headers.mode == "some" else self.send_headers
        send = replace(send, mode="none") if send.mode == "some" and not sent else send
        return replace(self, key_headers=replace(self.key_headers, mode="some" if names else "none", names=names), send_headers=send)


def generated_by(selection: Selection) -> tuple[str, ...]:
    """The headers in this selection that CloudFront itself can add, in AWS's own spelling.

    >>> generated_by(Selection("some", ("cloudfront-viewer-country", "Host"), "header"))
    ('CloudFront-Viewer-Country',)
    """
    if selection.mode != "some":
        return ()
    return tuple(_CANONICAL[name.lower()] for name in selection.names if name.lower() in _CANONICAL)


def sent_selection(key: Selection, more: Selection) -> Selection:
    """What is sent to the origin, when the cache policy selects `key` and the origin request policy `more`.

    Source: understanding-how-origin-request-policies-and-cache-policies-work-together (a table of four by four).

    >>> print(sent_selection(Selection("some", ("a",)), Selection("all-except", ("a", "b"))))
    all except b
    """
    if more.mode == "none":
        return key
    if key.mode == "none":
        return more
    if "all" in (key.mode, more.mode):
        return replace(key, mode="all", names=())
    both = tuple(dict.fromkeys((*key.names, *more.names)))
    if key.mode == more.mode:
        return replace(key, names=both)
    block, allow = (more, key) if key.mode == "some" else (key, more)
    wild = key.kind == "cookie" and any(map(_is_wild, both))
    names = tuple(name for name in block.names if not allow.lists(name) or (wild and _is_wild(name)))
    kept = allow.names if wild else ()
    return replace(key, mode="all-except" if names else "all", names=names, kept=kept if names else ())
