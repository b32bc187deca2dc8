"""Which other sites' scripts may read a bucket: cross-origin resource sharing.

A browser asks before it lets a page of one site read an answer from another: it sends `Origin`, sometimes a preflight
OPTIONS first, and looks for Access-Control-* in the answer. S3 sends them only when the request has an `Origin` that a
rule allows; so a cache in between has to keep the answers apart, or it hands the answer to one site to another. (S3
User Guide: cors, ManageCorsUsing; S3 API: PutBucketCors, OPTIONS object.)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cdnlab.conditions import like
from cdnlab.messages import Headers
from cdnlab.s3answers import S3Error
from cdnlab.s3calls import invalid, known

__all__ = ["CorsRule", "cors_headers", "parse_cors", "preflight_headers"]

METHODS = ("GET", "PUT", "POST", "DELETE", "HEAD")
_VARY = ("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method")


@dataclass(frozen=True, slots=True)
class CorsRule:
    """One rule: which `origins` may use which `methods` and `headers`, what they may read (`expose`), `max_age` in seconds or None."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...]
    expose: tuple[str, ...]
    max_age: int | None

    def allows(self, origin: str, method: str, asked: list[str]) -> bool:
        """Whether the rule is for this origin, this method and all of the headers it asks for."""
        fits = any(like(each, origin) for each in self.origins) and method in self.methods
        return fits and all(any(like(each.lower(), name.lower()) for each in self.headers) for name in asked)

    def answer(self, origin: str, asked: list[str]) -> list[tuple[str, str]]:
        """The headers that tell the browser so."""
        everyone = "*" in self.origins
        headers = [("Access-Control-Allow-Origin", "*" if everyone else origin), ("Access-Control-Allow-Methods", ", ".join(self.methods))]
        if asked:
            headers.append(("Access-Control-Allow-Headers", ", ".join(name.lower() for name in asked)))
        if self.expose:
            headers.append(("Access-Control-Expose-Headers", ", ".join(self.expose)))
        if self.max_age is not None:
            headers.append(("Access-Control-Max-Age", str(self.max_age)))
        if not everyone:
            headers.append(("Access-Control-Allow-Credentials", "true"))
        return [*headers, _VARY]


def parse_cors(config: Any) -> tuple[CorsRule, ...]:
    """The rules of a CORSConfiguration as boto3 takes it. Raises S3Error with the place and what would work."""
    known("CORSConfiguration", config, "CORSRules")
    rules = config.get("CORSRules")
    if not isinstance(rules, list | tuple) or not 1 <= len(rules) <= 100:
        raise invalid("CORSRules", rules, "write 1 to 100 rules", "MalformedXML")
    return tuple(_rule(f"CORSRules[{number}]", rule) for number, rule in enumerate(rules))


def _rule(path: str, rule: Any) -> CorsRule:
    known(path, rule, "ID", "AllowedOrigins", "AllowedMethods", "AllowedHeaders", "ExposeHeaders", "MaxAgeSeconds")
    lists = {
        name: _texts(f"{path}.{name}", rule.get(name, []))
        for name in ("AllowedOrigins", "AllowedMethods", "AllowedHeaders", "ExposeHeaders")
    }
    if not lists["AllowedOrigins"] or not lists["AllowedMethods"]:
        raise invalid(path, sorted(rule), "a rule needs AllowedOrigins and AllowedMethods", "MalformedXML")
    for method in lists["AllowedMethods"]:
        if method not in METHODS:
            message = f"Found unsupported HTTP method in CORS config. Unsupported method is {method}; {', '.join(METHODS)} work"
            raise S3Error("InvalidRequest", message, 400)
    for name in ("AllowedOrigins", "AllowedHeaders"):
        for each in lists[name]:
            if each.count("*") > 1:
                raise S3Error("InvalidRequest", f'{name[:-1]} "{each}" can not have more than one wildcard.', 400)
    for each in lists["ExposeHeaders"] + lists["AllowedHeaders"]:
        if not re.fullmatch(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", each):
            raise invalid(path, each, "a header's name has letters, digits and hyphens")
    age = rule.get("MaxAgeSeconds")
    if age is not None and (isinstance(age, bool) or not isinstance(age, int) or age < 0):
        raise invalid(f"{path}.MaxAgeSeconds", age, "write a number of seconds, 0 or more")
    return CorsRule(lists["AllowedOrigins"], lists["AllowedMethods"], lists["AllowedHeaders"], lists["ExposeHeaders"], age)


def _texts(path: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) and each for each in value):
        raise invalid(path, value, "write a list of texts")
    return tuple(value)


def cors_headers(rules: tuple[CorsRule, ...], method: str, headers: Headers) -> list[tuple[str, str]]:
    """What is added to an answer: nothing without an Origin that the first fitting rule allows."""
    origin = headers.get("Origin")
    rule = next((each for each in rules if origin is not None and each.allows(origin, method, [])), None)
    return rule.answer(origin, []) if rule and origin is not None else []


def preflight_headers(rules: tuple[CorsRule, ...], headers: Headers, resource: Mapping[str, object]) -> list[tuple[str, str]]:
    """The answer to a preflight OPTIONS. Raises S3Error BadRequest (400) or AccessForbidden (403), as S3 words them."""
    origin, method = headers.get("Origin"), headers.get("Access-Control-Request-Method")
    if origin is None:
        raise S3Error("BadRequest", "Insufficient information. Origin request header needed.", 400, rule="S3-62")
    if method not in METHODS:
        message = f"Invalid Access-Control-Request-Method: {method or 'null'}"
        raise S3Error("BadRequest", message, 400, rule="S3-62")
    if not rules:
        raise S3Error("AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.", 403, resource, rule="S3-62")
    asked = [each.strip() for each in (headers.joined("Access-Control-Request-Headers") or "").split(",") if each.strip()]
    for rule in rules:
        if rule.allows(origin, method, asked):
            return rule.answer(origin, asked)
    message = (
        "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / "
        "Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."
    )
    raise S3Error("AccessForbidden", message, 403, resource, rule="S3-62")
