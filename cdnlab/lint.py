"""The linter: what AWS takes but somebody will regret.

A config can be legal and still hurt: an error page that turns an API's 404 into 200, a pattern that never matches, a
cache key that no two viewers share. Each Advice names the field, says what happens and why, and what would be better.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cdnlab.account import Account
from cdnlab.bucketpolicy import Policy, Statement, parse_policy, public_statement
from cdnlab.check_origins import is_website_endpoint
from cdnlab.distribution import Distribution, compile, dead_patterns
from cdnlab.oai import Identity, evaluate
from cdnlab.pathpattern import covers, overlap
from cdnlab.plan import OriginGroup, OriginSpec, Plan

__all__ = ["Advice", "lint"]

_PER_VIEWER = {
    "user-agent": "there are thousands of User-Agents",
    "authorization": "every user has his own",
    "referer": "every page that links here is another",
    "x-forwarded-for": "every viewer has his own",
    "cloudfront-viewer-address": "every viewer has his own",
    "cookie": "every viewer has his own",
    "accept": "every browser writes it differently",
    "accept-language": "every browser writes it differently",
    "if-none-match": "it tells what the viewer already has",
    "if-modified-since": "it tells what the viewer already has",
    "range": "every part would be another object",
}
_SECRET = re.compile(r"token|secret|session|api-?key|auth|signature|csrf|nonce|request-?id|trace", re.IGNORECASE)
_LONG_OUTAGE = 60.0  # seconds an error of the origin may be kept before it is worth a word


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing that is legal but hurts: field `path`, what it `says`, `why` that matters, what is `better`, by which `rule`."""

    path: str
    says: str
    why: str
    better: str
    rule: str

    def __str__(self) -> str:
        return f"{self.path}: {self.says}; {self.why}. Better: {self.better}. [{self.rule}]"


def lint(
    config: Mapping[str, Any],
    bucket_policies: Mapping[str, Mapping[str, Any] | str] | None = None,
    *,
    account: Account | None = None,
) -> list[Advice]:
    """What is legal in a DistributionConfig but hurts; [] when there is nothing to say.

    `bucket_policies`: the policies of its buckets, by bucket name, if you have them; `account`: as for `compile`. Raises
    ConfigError for a config that AWS would refuse, APIError MalformedPolicy for a bucket policy that cannot be read.

    >>> from cdnlab.facts import json_file
    >>> for advice in lint(json_file("configs", "custom_ec2_origin.json")):
    ...     print(advice.path, advice.rule)
    Origins.Items[0].CustomOriginConfig.OriginProtocolPolicy CONF-86
    """
    distribution = compile(config, account=account)
    policies = {name: parse_policy(policy) for name, policy in (bucket_policies or {}).items()}
    found: list[Advice] = []
    for look in (_error_pages, _dead, _open_before_signed, _ipv6, _keys, _protocols, _buckets, _unused, _root):
        found.extend(look(distribution, config))
    found.extend(_grants(distribution, config, policies))
    return found


def _path(plan: Plan) -> str:
    return "DefaultCacheBehavior" if plan.is_default else f"CacheBehaviors.Items[{plan.number}]"


def _specs(target: OriginSpec | OriginGroup) -> tuple[OriginSpec, ...]:
    return (target,) if isinstance(target, OriginSpec) else target.members


def _origin_path(config: Mapping[str, Any], spec: OriginSpec) -> str:
    ids = [origin["Id"] for origin in config["Origins"]["Items"]]
    return f"Origins.Items[{ids.index(spec.id)}]"


def _error_pages(distribution: Distribution, config: Mapping[str, Any]) -> Iterator[Advice]:
    for number, rule in enumerate(distribution.errors.values()):
        path = f"CustomErrorResponses.Items[{number}]"
        if rule.code >= 500 and rule.ttl > _LONG_OUTAGE:
            why = "CloudFront does not ask the origin again before that"
            says = f"an error {rule.code} is kept for {rule.ttl:g} s, so an outage looks that much longer"
            yield Advice(f"{path}.ErrorCachingMinTTL", says, why, "10 s, the default, or less", "CONF-80")
        if not rule.page:
            continue
        page = distribution.plan_for(rule.page)
        others = [plan for plan in distribution.plans if plan.origin.id != page.origin.id]
        if rule.code in (403, 404) and rule.response_code == 200 and others:
            patterns = ", ".join(plan.pattern for plan in others[:3])
            says = f"an error {rule.code} becomes {rule.page} with status 200 everywhere, also for {patterns}"
            why = "error responses belong to the whole distribution, so clients of an API get HTML and a 200"
            better = "a CloudFront function that rewrites paths on the site's own behaviour, and no error page"
            yield Advice(path, says, why, better, "CONF-80")
        if rule.code >= 500 and all(plan.origin.id == page.origin.id for plan in distribution.plans):
            says = f"the page for error {rule.code} comes from the origin that fails"
            why = "when the origin is down, its error page is down too"
            yield Advice(path, says, why, "error pages in an S3 bucket, with a behaviour for their path", "CONF-80")


def _dead(distribution: Distribution, config: Mapping[str, Any]) -> Iterator[Advice]:
    for plan, earlier in dead_patterns(distribution):
        if earlier is None:
            says = f"{plan.pattern!r} never matches"
            why = "paths are normalised before they are matched: no // and no dot segments are left"
            yield Advice(f"{_path(plan)}.PathPattern", says, why, "the pattern as a normalised path", "CONF-81")
        else:
            says = f"{plan.pattern!r} never matches: {earlier.pattern!r} comes first and takes all its paths"
            yield Advice(f"{_path(plan)}.PathPattern", says, "the first match wins", "the narrower pattern first", "CONF-81")


def _open_before_signed(distribution: Distribution, config: Mapping[str, Any]) -> Iterator[Advice]:
    for plan in distribution.plans[:-1]:
        for earlier in distribution.plans[: plan.number] if plan.signed else ():
            if not earlier.signed and overlap(earlier.pattern, plan.pattern) and not covers(plan.pattern, earlier.pattern):
                says = f"{earlier.pattern!r} needs no signature and comes before {plan.pattern!r}, which does"
                why = "paths that fit both are served to everybody, because the first match wins"
                yield Advice(f"{_path(earlier)}.PathPattern", says, why, f"{plan.pattern!r} first in the list", "CONF-82")


def _ipv6(distribution: Distribution, config: Mapping[str, Any]) -> Iterator[Advice]:
    if config.get("IsIPV6Enabled") and any(plan.signed for plan in distribution.plans):
        why = "a custom policy's IpAddress knows IPv4 addresses only, so it shuts out every viewer on IPv6"
        yield Advice("IsIPV6Enabled", "IPv6 beside signed content", why, "false, if your policies use IpAddress", "CONF-82")


def _keys(distribution: Distribution, config: Mapping[str, Any]) -> Iterator[Advice]:
    for plan in distribution.plans:
        recipe, path = plan.recipe, _path(plan)
        if not recipe.caching:
            continue
        if recipe.key_cookies.mode in ("all", "all-except"):
            why = "every visitor with a cookie of his own gets a copy of his own, and requests no longer wait for one another"
            yield Advice(
                path, f"{recipe.key_cookies} cookies are in the cache key", why, "only the cookies that change the answer", "CONF-83"
            )
        if recipe.key_query.mode in ("all", "all-except"):
            why = "?utm_source=... and every other order of the parameters makes another copy"
            yield Advice(
                path, f"{recipe.key_query} query parameters are in the cache key", why, "a list of those that change the answer", "CONF-83"
            )
        for name in recipe.key_headers.names if recipe.key_headers.mode == "some" else ():
            if (
                why := _PER_VIEWER.get(name.lower())
                or (_SECRET.search(name) and "it looks like a secret or an id, another for each viewer")
                or ""
            ):
                better = "an origin request policy, if the origin needs it; the key only if the answer depends on it"
                yield Advice(path, f"the header {name} is in the cache key", why, better, "CONF-83")
        if recipe.ttls.min >= 60:
            says = f"MinTTL is {recipe.ttls.min:g} s"
            why = "an answer with no-store or private is kept that long all the same"
            yield Advice(path, says, why, "MinTTL 0 or 1, and Cache-Control from the origin", "CONF-84")
        if plan.compress and not (recipe.gzip or recipe.brotli):
            why = "without Accept-Encoding in the key CloudFront cannot compress"
            yield Advice(
                f"{path}.Compress",
                "compression is asked for, but cannot happen",
                why,
                "EnableAcceptEncodingGzip and Brotli in the cache policy",
                "CONF-85",
            )


def _protocols(distribution: Distribution, config: Mapping[str, Any]) -> Iterator[Advice]:
    used = {spec.id: spec for plan in distribution.plans for spec in _specs(plan.origin)}
    for spec in used.values():
        path = f"{_origin_path(config, spec)}.CustomOriginConfig.OriginProtocolPolicy"
        website = is_website_endpoint(spec.domain_name)
        if spec.kind == "custom" and website and spec.protocol_policy != "http-only":
            why = "a website endpoint listens on port 80 only, so HTTPS ends in 504"
            yield Advice(
                path,
                f"{spec.protocol_policy} to a bucket's website endpoint",
                why,
                "http-only, or the bucket's REST endpoint with an OAC",
                "CONF-86",
            )
        elif spec.kind == "custom" and spec.protocol_policy == "http-only":
            better = "the bucket's REST endpoint with an OAC" if website else "https-only, with a certificate on the origin"
            why = "whoever sits between CloudFront and the origin can read and change it"
            yield Advice(path, f"{spec.domain_name} is asked over plain HTTP, also for viewers on HTTPS", why, better, "CONF-86")
    for plan in distribution.plans:
        if plan.signed and plan.viewer_protocol == "allow-all":
            why = "signed URLs and cookies travel in clear, and who sees one can use it"
            yield Advice(
                f"{_path(plan)}.ViewerProtocolPolicy", "signed content over plain HTTP", why, "redirect-to-https or https-only", "CONF-86"
            )
    certificate = config.get("ViewerCertificate") or {}
    version = certificate.get("MinimumProtocolVersion", "TLSv1")
    if (
        certificate.get("SSLSupportMethod")
        and not certificate.get("CloudFrontDefaultCertificate")
        and not version.startswith(("TLSv1.2", "TLSv1.3"))
    ):
        why = "viewers may connect with ciphers that are broken"
        path = "ViewerCertificate.MinimumProtocolVersion"
        yield Advice(path, f"{version} is the oldest protocol allowed", why, "TLSv1.2_2021 or newer", "CONF-86")


def _buckets(distribution: Distribution, config: Mapping[str, Any]) -> Iterator[Advice]:
    seen: set[str] = set()
    for plan in distribution.plans:
        for spec in _specs(plan.origin):
            if spec.kind == "s3" and plan.recipe.send_headers.takes("Host"):
                why = "a bucket is found, and a signature checked, by the bucket's own name"
                yield Advice(
                    _path(plan),
                    "the viewer's Host goes to an S3 bucket",
                    why,
                    "AllViewerExceptHostHeader, or no Host in the list",
                    "CONF-87",
                )
            if spec.kind != "s3" or spec.id in seen:
                continue
            seen.add(spec.id)
            path = _origin_path(config, spec)
            if not spec.oai and not spec.oac:
                why = "then everybody can also go round CloudFront, past its signatures and its caches"
                yield Advice(
                    path, f"{spec.domain_name} is asked anonymously, so it must be public", why, "an OAC, and a private bucket", "CONF-88"
                )
            elif spec.oai:
                why = "an OAI knows neither SSE-KMS nor Regions opened after 2022"
                yield Advice(f"{path}.S3OriginConfig.OriginAccessIdentity", "an OAI is the older way", why, "an OAC", "CONF-88")


def _unused(distribution: Distribution, config: Mapping[str, Any]) -> Iterator[Advice]:
    used = {spec.id for plan in distribution.plans for spec in _specs(plan.origin)}
    for number, origin in enumerate(config["Origins"]["Items"]):
        if origin["Id"] not in used:
            why = "each behaviour names one origin, and none names this one"
            yield Advice(
                f"Origins.Items[{number}]", f"origin {origin['Id']} is never asked", why, "a behaviour for it, or no such origin", "CONF-89"
            )


def _root(distribution: Distribution, config: Mapping[str, Any]) -> Iterator[Advice]:
    plan = distribution.plan_for("/")
    if not distribution.default_root_object and any(spec.kind == "s3" for spec in _specs(plan.origin)):
        why = "for a bucket that is a request to list its objects: 403, or a list for everybody"
        yield Advice("DefaultRootObject", "a request for / has no object", why, "index.html", "CONF-89")


def _grants(distribution: Distribution, config: Mapping[str, Any], policies: Mapping[str, Policy]) -> Iterator[Advice]:
    done: set[str] = set()
    for spec in (spec for plan in distribution.plans for spec in _specs(plan.origin)):
        bucket = re.split(r"\.s3[.\-]", spec.domain_name)[0]
        policy = policies.get(bucket) or policies.get(spec.domain_name)
        if spec.kind != "s3" or policy is None or spec.id in done:
            continue
        done.add(spec.id)
        path = f"bucket policy of {bucket}"
        if (spec.oai or spec.oac) and (public := public_statement(policy)):
            why = "the identity closes nothing while everybody may read: the bucket's own URL still works"
            yield Advice(
                path, f"{public} is public, beside the identity of CloudFront", why, "only the statement for CloudFront", "CONF-90"
            )
        for deputy in filter(_for_any_distribution, policy.statements):
            why = "the service asks for every distribution of every account, so a stranger's may read the bucket through his own"
            better = "Condition StringEquals with AWS:SourceArn, the ARN of your distribution"
            yield Advice(path, f"{deputy} lets CloudFront in without saying for whom", why, better, "OAI-04")
        if spec.oai:
            decision = evaluate(
                policy, identity=Identity.oai(spec.oai), action="s3:GetObject", resource=f"arn:aws:s3:::{bucket}{spec.path}/x"
            )
            if not decision:
                better = f"Allow s3:GetObject on arn:aws:s3:::{bucket}/* to the OAI {spec.oai}"
                yield Advice(path, f"it does not let the OAI {spec.oai} in", decision.why, better, "CONF-90")


def _for_any_distribution(statement: Statement) -> bool:
    """Whether a statement lets CloudFront's service in, whatever distribution it asks for."""
    named = ("Service", "cloudfront.amazonaws.com") in statement.principals and not statement.not_principal
    tested = any(test.key.lower() in ("aws:sourcearn", "aws:sourceaccount") for test in statement.tests)
    return named and statement.effect == "Allow" and not tested
