"""A bucket as a website: index documents at every level, redirects, error documents, and errors in HTML.

The website endpoint is another door to the same objects. It speaks HTTP only and answers GET and HEAD only; it knows no
identities, so it shows only what everybody may read; and, unlike the REST endpoint, it takes `/docs/` for
`/docs/index.html`. To CloudFront it is a custom origin. (S3 User Guide: WebsiteEndpoints, IndexDocumentSupport,
CustomErrorDocSupport, how-to-page-redirect; S3 API: PutBucketWebsite.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from cdnlab.messages import Request, Response
from cdnlab.objects import StoredObject
from cdnlab.s3answers import S3Error, common_headers, object_response
from cdnlab.s3calls import invalid, known, text

__all__ = ["RoutingRule", "Website", "parse_website", "website_error", "website_response"]

Read = Callable[[str], StoredObject]  # the object under a key as an anonymous caller sees it, or S3Error


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """One redirect: for keys that begin with `prefix`, when the answer would have been the error `status` (0: always)."""

    prefix: str
    status: int
    redirect: Mapping[str, str]

    def location(self, request: Request, key: str) -> str:
        """Where it sends the viewer."""
        if "ReplaceKeyWith" in self.redirect:
            key = self.redirect["ReplaceKeyWith"]
        elif "ReplaceKeyPrefixWith" in self.redirect:
            key = self.redirect["ReplaceKeyPrefixWith"] + key[len(self.prefix) :]
        scheme = self.redirect.get("Protocol", request.scheme)
        return f"{scheme}://{self.redirect.get('HostName', request.parts.authority)}/{quote(key, safe='/-_.~')}"


@dataclass(frozen=True, slots=True)
class Website:
    """A website configuration, checked. `index`, `error`: keys, "" when there is none; `redirect_all`: (host, protocol or "")."""

    index: str
    error: str
    redirect_all: tuple[str, str] | None
    rules: tuple[RoutingRule, ...]
    config: Mapping[str, Any]


def parse_website(config: Any) -> Website:
    """A WebsiteConfiguration as boto3 takes it. Raises S3Error InvalidArgument with the place and what would work."""
    known("WebsiteConfiguration", config, "IndexDocument", "ErrorDocument", "RedirectAllRequestsTo", "RoutingRules")
    if "RedirectAllRequestsTo" in config:
        if len(config) > 1:
            raise invalid("WebsiteConfiguration", sorted(config), "RedirectAllRequestsTo stands alone")
        target = config["RedirectAllRequestsTo"]
        known("RedirectAllRequestsTo", target, "HostName", "Protocol")
        host, protocol = _host("RedirectAllRequestsTo.HostName", target.get("HostName")), target.get("Protocol", "")
        if protocol not in ("", "http", "https"):
            raise invalid("RedirectAllRequestsTo.Protocol", protocol, "write http or https")
        return Website("", "", (host, protocol), (), config)
    if "IndexDocument" not in config:
        raise invalid("IndexDocument", None, 'a website needs {"IndexDocument": {"Suffix": "index.html"}} or RedirectAllRequestsTo')
    known("IndexDocument", config["IndexDocument"], "Suffix")
    index = text("IndexDocument.Suffix", config["IndexDocument"].get("Suffix"))
    if "/" in index:
        raise S3Error(
            "InvalidArgument", "The IndexDocument Suffix is not well formed", 400, {"ArgumentName": "IndexDocument", "ArgumentValue": index}
        )
    error = ""
    if "ErrorDocument" in config:
        known("ErrorDocument", config["ErrorDocument"], "Key")
        error = text("ErrorDocument.Key", config["ErrorDocument"].get("Key"))
    rules = config.get("RoutingRules", [])
    if not isinstance(rules, list | tuple) or len(rules) > 50:
        raise invalid("RoutingRules", rules, "a list of at most 50 rules")
    return Website(index, error, None, tuple(_rule(f"RoutingRules[{number}]", each) for number, each in enumerate(rules)), config)


def _rule(path: str, rule: Any) -> RoutingRule:
    known(path, rule, "Condition", "Redirect")
    condition, redirect = rule.get("Condition"), rule.get("Redirect")
    prefix, status = "", 0
    if condition is not None:
        known(f"{path}.Condition", condition, "KeyPrefixEquals", "HttpErrorCodeReturnedEquals")
        if not condition:
            raise invalid(f"{path}.Condition", condition, "write KeyPrefixEquals or HttpErrorCodeReturnedEquals, or leave Condition out")
        prefix, code = str(condition.get("KeyPrefixEquals", "")), str(condition.get("HttpErrorCodeReturnedEquals", "0"))
        if not re.fullmatch("0|[45][0-9][0-9]", code, re.ASCII):
            raise invalid(f"{path}.Condition.HttpErrorCodeReturnedEquals", code, "write an error status such as 404")
        status = int(code)
    known(f"{path}.Redirect", redirect, "HostName", "HttpRedirectCode", "Protocol", "ReplaceKeyPrefixWith", "ReplaceKeyWith")
    if not redirect or ("ReplaceKeyWith" in redirect and "ReplaceKeyPrefixWith" in redirect):
        raise invalid(f"{path}.Redirect", redirect, "write at least one element, and not both ReplaceKeyWith and ReplaceKeyPrefixWith")
    texts = {name: str(value) for name, value in redirect.items()}
    if "HostName" in texts:
        _host(f"{path}.Redirect.HostName", redirect["HostName"])
    for name in ("ReplaceKeyWith", "ReplaceKeyPrefixWith"):
        if name in texts and texts[name].encode("utf-8", "replace").decode() != texts[name]:
            raise invalid(f"{path}.Redirect.{name}", texts[name], "write Unicode text")
    if texts.get("Protocol", "http") not in ("http", "https"):
        raise invalid(f"{path}.Redirect.Protocol", texts["Protocol"], "write http or https")
    if not re.fullmatch("30[1-8]", texts.get("HttpRedirectCode", "301"), re.ASCII):
        raise invalid(f"{path}.Redirect.HttpRedirectCode", texts["HttpRedirectCode"], "write a status from 301 to 308")
    return RoutingRule(prefix, status, texts)


def _host(path: str, value: Any) -> str:
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?", text(path, value)):
        raise invalid(path, value, "write a host name such as www.example.com")
    return str(value)


# --- answering


def website_response(
    site: Website | None, bucket: str, request: Request, key: str, read: Read, ids: tuple[str, str], at: float
) -> Response:
    """The website's answer to a request for this key. `read`: the bucket's objects as everybody may see them."""
    try:
        if site is None:
            message = "The specified bucket does not have a website configuration"
            raise S3Error("NoSuchWebsiteConfiguration", message, 404, {"BucketName": bucket}, rule="S3-46")
        if request.method not in ("GET", "HEAD"):
            raise S3Error(
                "MethodNotAllowed",
                "The specified method is not allowed against this resource.",
                405,
                {"Method": request.method},
                rule="S3-40",
            )
        if site.redirect_all:
            host, protocol = site.redirect_all
            return _redirect(301, f"{protocol or request.scheme}://{host}{request.target}", request, ids, at)
        for rule in site.rules:
            if not rule.status and key.startswith(rule.prefix):
                return _redirect(int(rule.redirect.get("HttpRedirectCode", "301")), rule.location(request, key), request, ids, at)
        return _page(site, request, key, read, ids, at)
    except S3Error as error:
        return _failure(site, request, key, read, error, ids, at)


def website_error(error: S3Error, request: Request, ids: tuple[str, str], at: float) -> Response:
    """S3's own HTML for an error of which no website configuration knows."""
    fields = {"Code": error.code, "Message": error.message, **error.fields, "RequestId": ids[0], "HostId": ids[1]}
    return _html(error.status, _items(fields), request, [*error.headers, *_error_headers(error)], ids, at)


def _page(site: Website, request: Request, key: str, read: Read, ids: tuple[str, str], at: float) -> Response:
    folder = not key or key.endswith("/")
    try:
        page = read(key + site.index if folder else key)
    except S3Error as error:
        if folder or error.status not in (403, 404):
            raise
        try:
            read(f"{key}/{site.index}")
        except S3Error:
            raise error from None
        return _redirect(302, f"{request.path}/", request, ids, at)
    if "x-amz-website-redirect-location" in page.headers:
        return _redirect(301, page.headers["x-amz-website-redirect-location"], request, ids, at)
    return object_response(page, request, ids, at)


def _failure(site: Website | None, request: Request, key: str, read: Read, error: S3Error, ids: tuple[str, str], at: float) -> Response:
    rules = site.rules if site else ()
    for rule in rules:
        if rule.status == error.status and key.startswith(rule.prefix):
            return _redirect(int(rule.redirect.get("HttpRedirectCode", "301")), rule.location(request, key), request, ids, at)
    missing: S3Error | None = None
    if site and site.error and 400 <= error.status < 500:
        try:
            return object_response(read(site.error), request, ids, at, _error_headers(error), status=error.status)
        except S3Error as failed:
            missing = failed
    if missing is None:
        return website_error(error, request, ids, at)
    fields = {"Code": error.code, "Message": error.message, **error.fields, "RequestId": ids[0], "HostId": ids[1]}
    title = "<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n"
    second = _items({"Code": missing.code, "Message": missing.message, "Key": site.error if site else ""})
    return _html(error.status, _items(fields) + title + second, request, [*error.headers, *_error_headers(error)], ids, at)


def _error_headers(error: S3Error) -> list[tuple[str, str]]:
    return [("x-amz-error-code", error.code), ("x-amz-error-message", error.message)]


def _redirect(status: int, location: str, request: Request, ids: tuple[str, str], at: float) -> Response:
    fields = {"Code": HTTPStatus(status).phrase.replace(" ", ""), "Message": "Resource Found" if status == 302 else "Resource moved"}
    body = _items({**fields, "RequestId": ids[0], "HostId": ids[1]})
    return _html(status, body, request, [("Location", location)], ids, at)


def _items(fields: Mapping[str, object]) -> str:
    return "<ul>\n" + "".join(f"<li>{escape(name)}: {escape(str(value))}</li>\n" for name, value in fields.items()) + "</ul>\n"


def _html(status: int, inner: str, request: Request, headers: list[tuple[str, str]], ids: tuple[str, str], at: float) -> Response:
    title = f"{status} {HTTPStatus(status).phrase}"
    page = f"<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n{inner}<hr/>\n</body>\n</html>\n"
    body = page.encode("utf-8", "replace")
    fields = [*common_headers(ids, at), *headers, ("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))]
    return Response(status, fields, b"" if request.method == "HEAD" else body)
