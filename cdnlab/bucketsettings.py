"""How a bucket is set up: its name and host names, its policy and Block Public Access, versioning, website, CORS, replication.

A new bucket is private, and means it: Block Public Access is on, so that a policy that lets everybody in is refused
until somebody lifts the block on purpose (S3's default since April 2023). The order of the questions for a request is
kept in one place, `decide`: does this kind of caller work here at all, does the block keep it out, what says the policy.
(S3 User Guide: bucketnamingrules, VirtualHosting, access-control-block-public-access, WebsiteEndpoints.)
"""

# ruff: noqa: N803 (arguments have the names that boto3 gives them)
from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from cdnlab.bucketpolicy import Policy, parse_policy, public_statement
from cdnlab.clock import Clock, SimulatedClock, iso
from cdnlab.cors import CorsRule, parse_cors
from cdnlab.distance import place_in
from cdnlab.errors import AccessDenied, InputError
from cdnlab.facts import table
from cdnlab.messages import Request
from cdnlab.oai import DEFAULT_REGIONS, FIRST_REGIONS, Decision, Identity, evaluate
from cdnlab.objects import Objects, StoredObject
from cdnlab.replication import PROMISED_SECONDS, REPLICATION_SECONDS, ReplicationRule, Sending, parse_replication, rules_for
from cdnlab.s3answers import S3Error
from cdnlab.s3calls import boto3_call, invalid, known
from cdnlab.website import Website, parse_website

__all__ = ["DEFAULT_REGIONS", "FIRST_REGIONS", "BucketSettings", "check_name", "rest_hosts"]

SUFFIXES = {"aws": "amazonaws.com", "aws-us-gov": "amazonaws.com", "aws-cn": "amazonaws.com.cn", "aws-eusc": "amazonaws.eu"}
BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def check_name(name: str) -> str:
    """The bucket's name, if it can be one. Raises S3Error InvalidBucketName. Source: bucketnamingrules."""
    wrong = ""
    if not isinstance(name, str) or not 3 <= len(name) <= 63:
        wrong = "a name has 3 to 63 characters"
    elif not re.fullmatch(r"[a-z0-9][a-z0-9.-]*[a-z0-9]", name):
        wrong = "a name has lower-case letters, digits, dots and hyphens, and begins and ends with a letter or digit"
    elif ".." in name:
        wrong = "no two dots stand together"
    elif re.fullmatch(r"\d+\.\d+\.\d+\.\d+", name):
        wrong = "a name does not look like an IP address"
    elif name.startswith(("xn--", "sthree-")):  # amzn-s3-demo- is reserved for AWS's examples, and examples belong here
        wrong = "the beginnings xn-- and sthree- are reserved"
    elif name.endswith(("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")):
        wrong = "the endings -s3alias, --ol-s3, .mrap, --x-s3 and --table-s3 are reserved"
    if wrong:
        raise S3Error("InvalidBucketName", f"The specified bucket is not valid: {name!r}; {wrong}", 400, {"BucketName": name})
    return name


def _partition(region: str) -> str:
    return next(row["partition"] for row in table("aws_regions.csv") if row["region"] == region)


def rest_hosts(name: str, region: str) -> tuple[str, ...]:
    """The names at which a bucket's REST endpoint answers; the first is the one to use. Source: VirtualHosting.

    >>> rest_hosts("photos", "eu-north-1")[0]
    'photos.s3.eu-north-1.amazonaws.com'
    """
    partition = _partition(region)
    suffix = SUFFIXES[partition]
    others = [f"{name}.s3.amazonaws.com"] if partition == "aws" else []
    others += [f"{name}.s3-{region}.{suffix}"] if region in DEFAULT_REGIONS else []
    return (f"{name}.s3.{region}.{suffix}", f"{name}.s3.dualstack.{region}.{suffix}", *others)


class BucketSettings:
    """The set-up of one bucket; what it holds and how it answers is in `bucket.Bucket`.

    `oais`: canonical user ids by id, of the origin access identities that exist (None: not known, so not checked);
    `neighbours`: buckets by name that this one may replicate to. `CloudFront.connect` fills in both, and the clock.
    `sendings`: copies sent, by version id; `arriving`: copies on their way here; `replication_seconds`: how long they take.
    """

    def __init__(self, name: str, region: str, clock: Clock | None, account: str, seed: int) -> None:
        if not re.fullmatch(r"\d{12}", account, re.ASCII):
            raise InputError(f"account {account!r} is not 12 digits")
        self.name, self.region, self.account = check_name(name), region, account
        self.place = place_in(region, f"bucket {name}", kind="origin", code=name)
        self.partition = _partition(region)
        self.arn = f"arn:{self.partition}:s3:::{name}"
        self.clock = clock
        self.oais: Mapping[str, str] | None = None
        self.neighbours: dict[str, BucketSettings] = {}
        self.replication_seconds = REPLICATION_SECONDS
        self.sendings: dict[str, list[Sending]] = {}
        self.arriving: list[Sending] = []
        self.objects = Objects(f"{seed} {name}")
        self._block: dict[str, bool] | None = dict.fromkeys(BLOCKS, True)
        self._policy: Policy | None = None
        self._website: Website | None = None
        self._cors: tuple[tuple[CorsRule, ...], Mapping[str, Any]] | None = None
        self._replication: tuple[tuple[ReplicationRule, ...], Mapping[str, Any]] | None = None
        self._name_hosts()

    def _name_hosts(self) -> None:
        suffix, name, region = SUFFIXES[self.partition], self.name, self.region
        dot, dash = f"{name}.s3-website.{region}.{suffix}", f"{name}.s3-website-{region}.{suffix}"
        self.website_endpoint = dash if region in FIRST_REGIONS else dot
        self.website_hosts = (dot, dash)
        self.global_endpoint = f"{name}.s3.amazonaws.com" if self.partition == "aws" else ""
        self.rest_hosts = rest_hosts(name, region)
        self.endpoint = self.rest_hosts[0]
        self.hosts = self.rest_hosts + self.website_hosts

    def now(self) -> float:
        """Seconds since the epoch by the bucket's clock; without one, the moment at which a SimulatedClock starts."""
        return (self.clock or SimulatedClock()).now()

    def decide(
        self, action: str, key: str | None, request: Request, identity: Identity, at: float, source_ip: str | None = None, **more: Any
    ) -> Decision:
        """Whether this caller may do this action of S3 (`s3:GetObject`) with a key, or with the bucket (None), and why.

        `source_ip`: where the request comes from, if the policy is to know; `more`: further condition keys, `_` for `:`.
        """
        if identity.kind == "oai" and self.region not in DEFAULT_REGIONS:
            why = f"an origin access identity does not work in {self.region} (opt-in, or opened later); use origin access control"
            return Decision(False, None, why, "OAI-07")
        policy = self._policy
        outsider = identity.kind in ("anonymous", "oai") or (identity.kind == "user" and identity.account != self.account)
        if outsider and policy and self._blocks("RestrictPublicBuckets") and (public := public_statement(policy)):
            why = f"Block Public Access (RestrictPublicBuckets) keeps {identity} out, because {public} makes the policy public"
            return Decision(False, None, why, "S3-08")
        context = self._context(request, identity, at, source_ip) | {name.replace("_", ":", 1): value for name, value in more.items()}
        resource = self.arn if key is None else f"{self.arn}/{key}"
        return evaluate(policy, identity=identity, action=action, resource=resource, context=context)

    def _context(self, request: Request, identity: Identity, at: float, source_ip: str | None) -> dict[str, Any]:
        context: dict[str, Any] = {
            "aws:SecureTransport": request.scheme == "https",
            "aws:CurrentTime": iso(at),
            "aws:EpochTime": int(at),
            "aws:RequestedRegion": self.region,
            "aws:ResourceAccount": self.account,
            "s3:ResourceAccount": self.account,
        }
        if identity.signed:
            context |= {"s3:authType": "REST-HEADER", "s3:signatureversion": "AWS4-HMAC-SHA256"}
        if source_ip is not None:
            try:
                context["aws:SourceIp"] = str(ipaddress.ip_address(source_ip))
            except ValueError:
                raise InputError(f"source_ip {source_ip!r} is no IP address") from None
        for key, field in (
            ("aws:Referer", "Referer"),
            ("aws:UserAgent", "User-Agent"),
            ("s3:if-match", "If-Match"),
            ("s3:if-none-match", "If-None-Match"),
        ):
            if field in request.headers:
                context[key] = request.headers[field]
        context |= {f"s3:{name.lower()}": value for name, value in request.headers.items() if name.lower().startswith("x-amz-")}
        return context

    def _blocks(self, setting: str) -> bool:
        return self._block is not None and self._block[setting]

    def _done(self, status: int = 200, **fields: Any) -> dict[str, Any]:
        return {"ResponseMetadata": {"HTTPStatusCode": status, "RetryAttempts": 0}, **fields}

    def _have(self, setting: Any, code: str, message: str) -> Any:
        if setting is None:
            raise S3Error(code, message, 404, {"BucketName": self.name})
        return setting

    # --- boto3's calls: policy and Block Public Access

    @boto3_call
    def put_bucket_policy(self, *, Policy: str) -> dict[str, Any]:
        """Put a bucket policy (JSON text). Raises APIError MalformedPolicy; AccessDenied for a public policy while it is blocked."""
        if not isinstance(Policy, str):
            raise InputError(f"Policy is a JSON text, not {type(Policy).__name__}; write put_bucket_policy(Policy=json.dumps(policy))")
        policy = parse_policy(Policy, bucket=self.name, partition=self.partition, oais=self.oais)
        public = public_statement(policy)
        if public is not None and self._blocks("BlockPublicPolicy"):
            raise AccessDenied(
                "public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access, and "
                f"{public} makes this one public. To open the bucket on purpose, call bucket.delete_public_access_block() first; "
                "or name fixed principals, such as an origin access identity",
                {"statement": public.index, "setting": "BlockPublicPolicy"},
            )
        self._policy = policy
        return self._done(204)

    @boto3_call
    def get_bucket_policy(self) -> dict[str, Any]:
        """The bucket policy as S3 gives it back. Raises APIError NoSuchBucketPolicy."""
        policy = self._have(self._policy, "NoSuchBucketPolicy", "The bucket policy does not exist")
        return self._done(Policy=policy.as_read(self.oais or {}))

    @boto3_call
    def delete_bucket_policy(self) -> dict[str, Any]:
        """Take the bucket policy away; no matter if there is none."""
        self._policy = None
        return self._done(204)

    @boto3_call
    def get_bucket_policy_status(self) -> dict[str, Any]:
        """Whether S3 calls the policy public. Raises APIError NoSuchBucketPolicy."""
        policy = self._have(self._policy, "NoSuchBucketPolicy", "The bucket policy does not exist")
        return self._done(PolicyStatus={"IsPublic": public_statement(policy) is not None})

    @boto3_call
    def put_public_access_block(self, *, PublicAccessBlockConfiguration: Mapping[str, bool]) -> dict[str, Any]:
        """Set Block Public Access; a setting that is not given is off. Raises APIError InvalidArgument."""
        config = PublicAccessBlockConfiguration
        known("PublicAccessBlockConfiguration", config, *BLOCKS)
        for name, value in config.items():
            if not isinstance(value, bool):
                raise invalid(f"PublicAccessBlockConfiguration.{name}", value, "write True or False")
        self._block = {name: config.get(name, False) for name in BLOCKS}
        return self._done()

    @boto3_call
    def get_public_access_block(self) -> dict[str, Any]:
        """The settings of Block Public Access. Raises APIError NoSuchPublicAccessBlockConfiguration."""
        message = "The public access block configuration was not found"
        block = self._have(self._block, "NoSuchPublicAccessBlockConfiguration", message)
        return self._done(PublicAccessBlockConfiguration=dict(block))

    @boto3_call
    def delete_public_access_block(self) -> dict[str, Any]:
        """Lift Block Public Access: from now on the policy alone decides."""
        self._block = None
        return self._done(204)

    # --- versioning, website, CORS, replication

    @boto3_call
    def put_bucket_versioning(self, *, VersioningConfiguration: Mapping[str, str]) -> dict[str, Any]:
        """Switch versioning to Enabled or Suspended. Raises APIError; while a replication is configured, InvalidBucketState."""
        known("VersioningConfiguration", VersioningConfiguration, "Status")
        status = VersioningConfiguration.get("Status")
        if status not in ("Enabled", "Suspended"):
            raise invalid("VersioningConfiguration.Status", status, "write Enabled or Suspended", "IllegalVersioningConfigurationException")
        if status == "Suspended" and self._replication:
            message = "A replication configuration is present on this bucket, so the versioning state cannot be changed."
            raise S3Error("InvalidBucketState", message, 409)
        self.objects.versioning = "Enabled" if status == "Enabled" else "Suspended"
        return self._done()

    @boto3_call
    def get_bucket_versioning(self) -> dict[str, Any]:
        """The state of versioning; no Status when it was never switched on."""
        status = self.objects.versioning
        return self._done(Status=status) if status else self._done()

    @boto3_call
    def put_bucket_website(self, *, WebsiteConfiguration: Mapping[str, Any]) -> dict[str, Any]:
        """Make the bucket a website. Raises APIError InvalidArgument with the place and what would work."""
        self._website = parse_website(deepcopy(WebsiteConfiguration))
        return self._done()

    @boto3_call
    def get_bucket_website(self) -> dict[str, Any]:
        """The website configuration. Raises APIError NoSuchWebsiteConfiguration."""
        message = "The specified bucket does not have a website configuration"
        website: Website = self._have(self._website, "NoSuchWebsiteConfiguration", message)
        return self._done(**deepcopy(dict(website.config)))

    @boto3_call
    def delete_bucket_website(self) -> dict[str, Any]:
        """Make it no website; no matter if it was none."""
        self._website = None
        return self._done(204)

    @boto3_call
    def put_bucket_cors(self, *, CORSConfiguration: Mapping[str, Any]) -> dict[str, Any]:
        """Say which other sites' scripts may read. Raises APIError with the place and what would work."""
        self._cors = parse_cors(CORSConfiguration), deepcopy(CORSConfiguration)
        return self._done()

    @boto3_call
    def get_bucket_cors(self) -> dict[str, Any]:
        """The CORS rules. Raises APIError NoSuchCORSConfiguration."""
        _, config = self._have(self._cors, "NoSuchCORSConfiguration", "The CORS configuration does not exist")
        return self._done(**deepcopy(dict(config)))

    @boto3_call
    def delete_bucket_cors(self) -> dict[str, Any]:
        """Take the CORS rules away."""
        self._cors = None
        return self._done(204)

    @boto3_call
    def put_bucket_replication(self, *, ReplicationConfiguration: Mapping[str, Any]) -> dict[str, Any]:
        """Copy what is put from now on to other buckets. Raises APIError InvalidRequest unless both sides keep versions."""
        rules = parse_replication(ReplicationConfiguration)
        if self.objects.versioning != "Enabled":
            raise S3Error("InvalidRequest", "Versioning must be 'Enabled' on the bucket to apply a replication configuration", 400)
        for rule in rules:
            target = self.neighbours.get(rule.destination)
            if target is None:
                reach = ", ".join(sorted(self.neighbours)) or "none; connect both buckets to one CloudFront, or fill bucket.neighbours"
                raise S3Error("InvalidRequest", f"Destination bucket must exist: {rule.destination!r}; known: {reach}", 400)
            if target is self or target.objects.versioning != "Enabled":
                what = "must not be the source" if target is self else "must have versioning enabled"
                raise S3Error("InvalidRequest", f"Destination bucket {what}.", 400)
        self._replication = rules, deepcopy(ReplicationConfiguration)
        return self._done()

    @boto3_call
    def get_bucket_replication(self) -> dict[str, Any]:
        """The replication rules. Raises APIError ReplicationConfigurationNotFoundError."""
        _, config = self._have(self._replication, "ReplicationConfigurationNotFoundError", "The replication configuration was not found")
        return self._done(ReplicationConfiguration=deepcopy(dict(config)))

    @boto3_call
    def delete_bucket_replication(self) -> dict[str, Any]:
        """Stop copying; what is on its way still arrives."""
        self._replication = None
        return self._done(204)

    def replicate(self, object: StoredObject, at: float) -> None:
        """Send copies of what was just put (or of its delete marker) to where the rules say."""
        for rule in rules_for(self._replication[0], object) if self._replication else []:
            target = self.neighbours.get(rule.destination)
            lag = min(self.replication_seconds, PROMISED_SECONDS) if rule.timed else self.replication_seconds
            sending = Sending(object, target, at + lag, "FAILED" if target is None else "PENDING")
            self.sendings.setdefault(object.version, []).append(sending)
            if target is not None:
                target.arriving.append(sending)

    def accept(self, at: float) -> None:
        """Take in the copies that have arrived by this moment; without versioning they fail."""
        due = sorted((each for each in self.arriving if each.due <= at), key=lambda each: each.due)
        self.arriving = [each for each in self.arriving if each.due > at] if due else self.arriving
        for each in due:
            each.state = "COMPLETED" if self.objects.versioning == "Enabled" else "FAILED"
            if each.state == "COMPLETED":
                self.objects.put(replace(each.object, replica=True))
