"""The cache key, the request to the origin, and an account of both.

Two requests with one key get one object. By default the key is the distribution's name and the path; a recipe adds
headers, cookies and query parameters. Whatever is in the key is also sent to the origin, so that the origin's answer can
depend on it. What else reaches the origin is decided header by header:

    1  some never do: hop-by-hop ones, X-Edge-*, what only CloudFront may say (CloudFront-*)
    2  some CloudFront writes itself: Host, User-Agent, Via, X-Forwarded-For, Accept-Encoding, Cookie ...
    3  what the recipe sends, is sent; what it keeps back, is not
    4  for the rest there is a table; headers that are not in it pass under ForwardedValues, and not under policies
    5  the origin's own custom headers overwrite everything

`origin_request` and `treatments` read the same lines, so the account cannot differ from what happened.
(Sources: understanding-the-cache-key, RequestAndResponseBehaviorCustomOrigin, add-origin-custom-headers.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from cdnlab.keyparts import Cookies, chosen_query, cookies_of, cookies_text, encoding_part, kept_cookies, parameters, signs
from cdnlab.messages import Headers, Request
from cdnlab.plan import OriginGroup, OriginSpec, Plan
from cdnlab.recipe import CLOUDFRONT_HEADERS, NO_REQUEST_POLICY, Recipe, Selection
from cdnlab.steps import Treatment
from cdnlab.tokens import PARAMETERS
from cdnlab.viewerheaders import generated_headers

__all__ = [
    "CONDITIONAL",
    "CacheKey",
    "accept_encoding",
    "cache_key",
    "generated_headers",
    "origin_request",
    "treatments",
    "via",
]

CONDITIONAL = frozenset({"if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range", "range"})
"""Headers that the cache sends in its own words, because it has a copy of its own to ask about."""

_OURS = frozenset(name.lower() for name in CLOUDFRONT_HEADERS)
_NEVER = frozenset({"connection", "te", "trailer", "upgrade", "x-amz-cf-id", "x-forwarded-proto", "x-real-ip"})
_BY_DEFAULT = frozenset(
    {"cache-control", "content-length", "content-md5", "content-type", "date", "from", "max-forwards", "origin", "pragma"}
    | {"request-range", "transfer-encoding", "warning"}
)
_ONLY_IF_CONFIGURED = frozenset(
    {"accept", "accept-charset", "accept-encoding", "accept-language", "cookie", "expect", "referer", "x-http-method-override"}
)


_SIGNED = "CloudFront's own signature takes its place"


class CacheKey(NamedTuple):
    """What tells one cached object from another; `path` and `query` are raw.

    `query`: the parameters that count, None without any; `method`: "OPTIONS" or "" (GET and HEAD share); `encoding`: the
    normalised Accept-Encoding; `headers`, `cookies`: (name, value) of those that count and were sent, sorted by name.
    """

    domain_name: str
    path: str
    query: str | None = None
    method: str = ""
    encoding: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    cookies: Cookies = ()


def cache_key(recipe: Recipe, request: Request, domain_name: str, generated: Mapping[str, str]) -> CacheKey:
    """The cache key of a request. `domain_name`: the distribution's own; `generated`: the CloudFront-* headers made for it.

    Source: understanding-the-cache-key.

    >>> cache_key(Recipe(), Request("GET", "https://www.example.com/a.jpg?v=2"), "d111.cloudfront.net", {})[:3]
    ('d111.cloudfront.net', '/a.jpg', None)
    """
    parts = request.parts
    method = "OPTIONS" if request.method == "OPTIONS" else ""
    encoding = encoding_part(recipe, request.headers) if recipe.gzip or recipe.brotli else None
    if recipe.plain:
        return CacheKey(domain_name, parts.path, None, method, encoding)
    cookies = kept_cookies(cookies_of(request.headers), recipe.key_cookies) if recipe.key_cookies.mode != "none" else ()
    headers = _keyed_headers(recipe, request, generated)
    return CacheKey(domain_name, parts.path, chosen_query(parts.query, recipe.key_query), method, encoding, headers, cookies)


def _keyed_headers(recipe: Recipe, request: Request, generated: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    if recipe.key_headers.mode == "all":
        return tuple(sorted((name.lower(), value) for name, value in _viewer_headers(request) if _keyed(recipe, name.lower())))
    found = []
    for name in recipe.keyed_headers:
        values = request.headers.getall(name)
        if not values and name == "host":
            values = [request.parts.authority]
        found += [(name, value) for value in values]
    for name in recipe.keyed_generated:
        if name in generated:
            found.append((name, generated[name]))
    return tuple(found)


def _keyed(recipe: Recipe, low: str) -> bool:
    if recipe.key_headers.mode == "all":
        return low != "cookie" and low not in _OURS and not _hop_by_hop(low)
    return low in recipe.keyed_headers


def _hop_by_hop(low: str) -> bool:
    return low in _NEVER or low.startswith(("x-edge-", "proxy-"))


def _viewer_headers(request: Request) -> list[tuple[str, str]]:
    """The viewer's headers, Host included, which every HTTP request has."""
    host = [] if "Host" in request.headers else [("Host", request.parts.authority)]
    return [*host, *request.headers.items()]


def accept_encoding(recipe: Recipe, request: Request) -> str | None:
    """The normalised Accept-Encoding ("br,gzip", "gzip", "br"): in the key, sent, and what CloudFront may compress to.

    >>> accept_encoding(Recipe(gzip=True), Request("GET", "https://d111.cloudfront.net/", {"Accept-Encoding": "br, gzip"}))
    'gzip'
    """
    return encoding_part(recipe, request.headers)


@lru_cache(maxsize=1024)
def via(version: str, pop: str) -> str:
    """CloudFront's own Via entry. `version`: of the message received ("HTTP/2.0"); `pop`: whose host name it makes up.

    >>> via("HTTP/1.1", "LHR62-C1")
    '1.1 f02d04abfe5f5680f7a19e4c4c348c3f.cloudfront.net (CloudFront)'
    """
    return f"{version.removeprefix('HTTP/')} {sha256(pop.encode()).hexdigest()[:32]}.cloudfront.net (CloudFront)"


def origin_request(
    plan: Plan,
    spec: OriginSpec,
    request: Request,
    *,
    viewer_ip: str,
    request_id: str,
    pop: str = "",
    cacheable: bool = True,
    generated: Mapping[str, str] | None = None,
    extra: Iterable[tuple[str, str]] = (),
) -> Request:
    """The viewer's request as the origin `spec` will receive it.

    `viewer_ip`: the peer's address, for X-Forwarded-For; `request_id`: for X-Amz-Cf-Id; `pop`: the edge's code, for Via;
    `cacheable`: the answer may be cached, so that a HEAD is fetched as GET; `generated`: the CloudFront-* headers made for
    this request; `extra`: conditions or a Range, as the cache wants to ask. Source: RequestAndResponseBehaviorCustomOrigin.
    """
    lines = _header_lines(plan, spec, request, viewer_ip, request_id, pop, generated or {}, tuple(extra))
    method = "GET" if request.method == "HEAD" and cacheable else request.method
    query = chosen_query(request.query, plan.recipe.send_query)
    url = _authority(spec, request.scheme) + spec.path + request.path + ("" if query is None else f"?{query}")
    return Request(method, url, Headers([(line.name, line.value) for line in lines if line.sent]), request.body)


def _authority(spec: OriginSpec, viewer_scheme: str) -> str:
    """Scheme, host and port. S3 gets the viewer's protocol; so does match-viewer."""
    if spec.kind == "s3":
        return f"{viewer_scheme}://{spec.domain_name}"
    scheme = {"http-only": "http", "https-only": "https"}.get(spec.protocol_policy, viewer_scheme)
    port, usual = (spec.https_port, 443) if scheme == "https" else (spec.http_port, 80)
    return f"{scheme}://{spec.domain_name}" + ("" if port == usual else f":{port}")


def treatments(
    plan: Plan,
    request: Request,
    *,
    viewer_ip: str = "",
    request_id: str = "",
    pop: str = "",
    generated: Mapping[str, str] | None = None,
    spec: OriginSpec | None = None,
    sent: Request | None = None,
    extra: Iterable[tuple[str, str]] = (),
    cacheable: bool = True,
) -> tuple[Treatment, ...]:
    """What became, or on a miss would become, of everything the viewer sent, and what CloudFront added.

    One row for every header, cookie and query parameter. Arguments as for `origin_request`; `spec`: the origin asked
    (the primary, if none is given); `sent`: the request that did reach the origin, from which `spec` and `extra` follow;
    `cacheable`: without it no cache is asked, and nothing is in a key.
    """
    members = plan.origin.members if isinstance(plan.origin, OriginGroup) else (plan.origin,)
    if sent is not None:
        spec = next((each for each in members if each.domain_name.lower() == sent.host), spec)
        extra = [(name, value) for name, value in sent.headers.items() if name.lower() in CONDITIONAL]
    if not cacheable:
        plan = replace(plan, recipe=_unkeyed(plan.recipe))
    lines = _header_lines(plan, spec or members[0], request, viewer_ip, request_id, pop, generated or {}, tuple(extra))
    if sent is not None and "Authorization" not in sent.headers:
        lines = [replace(line, sent=False, why=_SIGNED) if line.sent and line.name.lower() == "authorization" else line for line in lines]
    lines += [*_cookie_lines(plan.recipe, request), *_query_lines(plan, request)]
    return tuple(lines if cacheable else (replace(line, in_key=False) for line in lines))


class _Own(NamedTuple):
    """A header that CloudFront writes itself. `value`: None when it is left out; `why`; `gone`: why the viewer's is not sent."""

    name: str
    value: str | None
    why: str
    gone: str
    in_key: bool = False


def _header_lines(
    plan: Plan,
    spec: OriginSpec,
    request: Request,
    viewer_ip: str,
    request_id: str,
    pop: str,
    generated: Mapping[str, str],
    extra: tuple[tuple[str, str], ...],
) -> list[Treatment]:
    recipe = plan.recipe
    own = {each.name.lower(): each for each in _own_headers(recipe, spec, request, viewer_ip, request_id, pop, generated)}
    lines: list[Treatment] = []
    for name, value in _viewer_headers(request):
        low = name.lower()
        in_key = _keyed(recipe, low)
        if low in spec.custom_headers:
            sent, why = False, f"overwritten by a custom header of origin {spec.id}"
        elif low in CONDITIONAL:
            sent = any(low == asked.lower() and value == text for asked, text in extra)
            why = "the cache asks with it" if sent else "conditions and ranges are answered from the copy; the cache asks in its own words"
        elif low in own:
            mine = own[low]
            sent = mine.value == value and len(request.headers.getall(name)) <= 1
            why, in_key = (mine.why, in_key or mine.in_key) if sent else (mine.gone, in_key)
        else:
            sent, why = _decide(plan, spec, request, low)
        lines.append(Treatment("header", name, value, in_key, sent, why))
    there = {line.name.lower() for line in lines if line.sent}
    for mine in own.values():
        low = mine.name.lower()
        if mine.value is not None and low not in there and low not in spec.custom_headers:
            lines.append(Treatment("header", mine.name, mine.value, mine.in_key, True, mine.why, added=True))
    for name, value in extra:
        if name.lower() not in there:
            lines.append(Treatment("header", name, value, False, True, "the cache asks with it", added=True))
    for name, value in spec.custom_headers.items():
        lines.append(Treatment("header", name, value, False, True, f"custom header of origin {spec.id}", added=True))
    return lines


def _own_headers(
    recipe: Recipe, spec: OriginSpec, request: Request, viewer_ip: str, request_id: str, pop: str, generated: Mapping[str, str]
) -> Iterable[_Own]:
    """The headers that CloudFront writes itself, whatever the viewer sent under these names."""
    headers, sends = request.headers, recipe.send_headers
    unkeyable = spec.kind == "s3" and (recipe.legacy or "host" in recipe.keyed_headers)  # an S3 bucket cannot be keyed by Host
    if unkeyable or not sends.takes("Host"):
        why = "an S3 bucket is asked under its own name" if spec.kind == "s3" else "the origin is asked under its own name"
        yield _Own("Host", spec.domain_name, why, f"{why}; the viewer's Host is not sent")
    if "User-Agent" not in headers or not sends.takes("User-Agent"):
        yield _Own("User-Agent", "Amazon CloudFront", "CloudFront names itself", "replaced by CloudFront's own: no policy sends it")
    before = headers.getall("X-Forwarded-For")
    chain = ",".join((*before, viewer_ip)) if viewer_ip else ",".join(before)
    yield _Own("X-Forwarded-For", chain or None, "the viewer's address, after those it was sent for", "the viewer's address is appended")
    entries = ", ".join((*headers.getall("Via"), via(request.version, pop)))
    yield _Own("Via", entries, "CloudFront's entry, after those of others", "CloudFront's own entry is appended")
    yield _Own("X-Amz-Cf-Id", request_id or None, "CloudFront's id for the request", "CloudFront sets its own")
    yield _Own("Connection", "Keep-Alive", "CloudFront keeps connections to origins open", "belongs to the viewer's connection")
    yield from _encoding_header(recipe, request)
    yield from _cookie_header(recipe, request)
    for name in recipe.generated:
        by = recipe.key_by if name in recipe.keyed_generated else recipe.send_by
        value = generated.get(name)
        yield _Own(name, value, f"made by CloudFront for {by}", "only CloudFront itself says this", name in recipe.keyed_generated)


def _encoding_header(recipe: Recipe, request: Request) -> Iterable[_Own]:
    if "Accept-Encoding" not in request.headers or not (recipe.gzip or recipe.brotli):
        return
    part = encoding_part(recipe, request.headers)
    by = f"{recipe.key_by} caches " + " and ".join(name for name, on in (("gzip", recipe.gzip), ("br", recipe.brotli)) if on)
    yield _Own("Accept-Encoding", part or "identity", f"normalised: {by}", f"normalised to {part or 'identity'}: {by}", part is not None)


def _cookie_header(recipe: Recipe, request: Request) -> Iterable[_Own]:
    if "Cookie" not in request.headers:
        return
    cookies = cookies_of(request.headers)
    kept = kept_cookies(cookies, recipe.send_cookies)
    in_key = bool(kept_cookies(cookies, recipe.key_cookies))
    if cookies is None:
        gone = "malformed: no cookie of it is used"
    elif recipe.send_cookies.mode == "none":
        gone = f"no cookies are forwarded: {_nobody(recipe)}"
    else:
        gone = "rewritten: the cookies that are forwarded, sorted by name" if kept else "none of its cookies is forwarded"
    yield _Own("Cookie", cookies_text(kept) or None, "the cookies that are forwarded, sorted by name", gone, in_key)


def _decide(plan: Plan, spec: OriginSpec, request: Request, low: str) -> tuple[bool, str]:
    """Whether a viewer's header that CloudFront does not write itself is sent, and why."""
    recipe = plan.recipe
    if _hop_by_hop(low):
        return False, "never sent (table of request headers)"
    if low in _OURS:
        return False, "only CloudFront itself says this"
    if _keyed(recipe, low) and recipe.send_headers.takes(low):
        return True, f"in the cache key by {recipe.key_by}, and so sent"
    if recipe.send_headers.takes(low):
        return True, f"sent by {recipe.send_by}"
    if recipe.send_headers.mode == "all-except":
        return False, f"kept back by {recipe.send_by}"
    if low in _BY_DEFAULT:
        return True, "sent by default (table of request headers)"
    if low == "authorization":
        return _authorization(plan, request.method)
    if low in _ONLY_IF_CONFIGURED:
        return False, f"removed by default (table of request headers); {_nobody(recipe)}"
    if recipe.legacy:
        return True, "ForwardedValues lets headers pass that are not in the table of request headers"
    return False, _nobody(recipe)


def _authorization(plan: Plan, method: str) -> tuple[bool, str]:
    if method in ("GET", "HEAD") or (method == "OPTIONS" and "OPTIONS" in plan.cached_methods):
        return False, f"Authorization is removed from {method}, whose answer may be cached, unless it is in the key or all headers are sent"
    return True, f"Authorization is passed on with {method}"


def _cookie_lines(recipe: Recipe, request: Request) -> list[Treatment]:
    lines = []
    for name, value in cookies_of(request.headers) or ():
        in_key, sent = recipe.key_cookies.takes(name), recipe.send_cookies.takes(name)
        if name.startswith("$"):
            in_key, sent, why = False, False, "names that begin with $ are dropped"
        elif signs(name):
            in_key, sent, why = False, False, "CloudFront's own signature cookies stay with CloudFront"
        else:
            why = _by(recipe, in_key, sent)
        lines.append(Treatment("cookie", name, value, in_key, sent, why))
    return lines


def _query_lines(plan: Plan, request: Request) -> list[Treatment]:
    recipe, lines = plan.recipe, []
    for name, text in parameters(request.query):
        if text:
            if plan.signed and name in PARAMETERS:
                in_key, sent, why = False, False, "a signing parameter: the edge checks it and takes it away"
            else:
                in_key, sent = recipe.key_query.takes(name), recipe.send_query.takes(name)
                why = _by(recipe, in_key, sent)
            lines.append(Treatment("query", name, text.partition("=")[2], in_key, sent, why))
    return lines


def _by(recipe: Recipe, in_key: bool, sent: bool) -> str:
    if in_key and sent:
        return f"in the cache key by {recipe.key_by}, and so sent"
    if in_key:
        return f"in the cache key by {recipe.key_by}, but kept back by {recipe.send_by}"
    if sent:
        return f"sent by {recipe.send_by}; not in the cache key"
    return _nobody(recipe)


def _nobody(recipe: Recipe) -> str:
    if recipe.send_by in (recipe.key_by, NO_REQUEST_POLICY):
        return f"{recipe.key_by} does not send it"
    return f"neither {recipe.key_by} nor {recipe.send_by} sends it"


def _unkeyed(recipe: Recipe) -> Recipe:
    """The same recipe for a request that no cache is asked about, so that nothing of it is in a key."""
    one = recipe.send_by in (recipe.key_by, NO_REQUEST_POLICY)
    return replace(
        recipe,
        key_headers=Selection(kind="header"),
        key_cookies=Selection(kind="cookie"),
        key_query=Selection(),
        send_by=recipe.key_by if one else f"{recipe.key_by} or {recipe.send_by}",
    )
