"""Lesson 10's confused deputy: a bucket, and all who come in CloudFront's uniform.

With origin access control CloudFront asks as its own service, whoever's distribution it asks for. If the bucket policy names the service
and nothing more, any distribution of any account reads the bucket: CloudFront is a deputy who can be talked into using its right for
somebody else. Four callers: your shop's distribution, your blog's, a stranger's in another account, and somebody unsigned.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from cdnlab.bucket import Bucket
from cdnlab.cloudfront import CloudFront
from cdnlab.experiments.room import ACCOUNT, PHOTO, allow, config, guest, service
from cdnlab.messages import Request

__all__ = ["CALLERS", "SHOWS", "STATEMENTS", "Street", "given", "repaired", "street", "trouble", "written"]

THEIRS = "444455556666"
CALLERS = ("your shop", "your blog", "a stranger", "unsigned")
SHOWS = ("its OAI", "its OAC")
OAI, SERVICE, MINE, SHOP, BLOG = STATEMENTS = (
    "the OAI",
    "CloudFront's service",
    "the service, if aws:SourceAccount is yours",
    "the service, if aws:SourceArn is your shop",
    "the service, if aws:SourceArn is your blog",
)
"""What the one statement of the policy says."""


class Street(NamedTuple):
    """A `bucket`, and the doors to it: (CloudFront, host) of the shop, the blog and the stranger; the `arns` of the three; the OAI."""

    bucket: Bucket
    doors: tuple[tuple[CloudFront, str], ...]
    arns: tuple[str, ...]
    oai: str

    def status(self, caller: int) -> int:
        """What this caller's viewers get for the photo."""
        if caller == len(self.doors):
            return self.bucket.answer(Request("GET", f"https://{self.bucket.endpoint}{PHOTO}"), at=self.bucket.now()).response.status
        cdn, host = self.doors[caller]
        return cdn.get(f"https://{host}{PHOTO}").response.status


def street(shows: str = SHOWS[1]) -> Street:
    """A fresh world without a policy. `shows`: what the shop's distribution shows the bucket; all others show an OAC.

    >>> from cdnlab.experiments.room import put_policy
    >>> here = street()
    >>> put_policy(here.bucket, [service()])
    >>> [here.status(caller) for caller in range(4)]
    [200, 200, 200, 403]
    """
    ours, theirs, bucket = CloudFront(), CloudFront(seed=1, account_id=THEIRS), Bucket("photos", region="eu-north-1")
    theirs.connect(bucket)
    ours.connect(bucket)  # the last to connect tells the bucket which identities there are
    bucket.put_object(Key=PHOTO[1:], Body=b"a cat", ContentType="image/jpeg", CacheControl="max-age=3600")
    signs = {"Name": "photos", "SigningProtocol": "sigv4", "SigningBehavior": "always", "OriginAccessControlOriginType": "s3"}
    oacs = [cdn.create_origin_access_control(OriginAccessControlConfig=signs)["OriginAccessControl"]["Id"] for cdn in (ours, theirs)]
    named = {"CallerReference": "lesson 10", "Comment": ""}
    oai = ours.create_cloud_front_origin_access_identity(CloudFrontOriginAccessIdentityConfig=named)["CloudFrontOriginAccessIdentity"]["Id"]
    shop = config(bucket, oai=oai) if shows == SHOWS[0] else config(bucket, oac=oacs[0])
    ours.adopt(
        distributions={
            "ESHOP": ("dshop.cloudfront.net", shop),
            "EBLOG": ("dblog.cloudfront.net", config(bucket, oac=oacs[0], CallerReference="blog")),
        }
    )
    theirs.adopt(distributions={"ESTRANGER": ("dstranger.cloudfront.net", config(bucket, oac=oacs[1]))})
    doors = ((ours, "dshop.cloudfront.net"), (ours, "dblog.cloudfront.net"), (theirs, "dstranger.cloudfront.net"))
    return Street(bucket, doors, tuple(cdn.distribution(host).arn for cdn, host in doors), oai)


def written(here: Street, statement: str) -> dict[str, Any]:
    """The statement as the policy has it."""
    conditions = {SERVICE: {}, MINE: {"SourceAccount": ACCOUNT}, SHOP: {"SourceArn": here.arns[0]}, BLOG: {"SourceArn": here.arns[1]}}
    return allow("OaiRead", guest(here.oai)) if statement == OAI else service(**conditions[statement])


# ---- the incident


def shop_arn() -> str:
    """The ARN of the shop's distribution."""
    return street().arns[0]


def facts() -> dict[str, str]:
    """What the texts of the incident name."""
    here = street()
    return {"shop": here.arns[0], "stranger": here.arns[2], "account": ACCOUNT}


def given() -> dict[str, Any]:
    """The incident's bucket policy: the service is named, and nothing more."""
    return {"Version": "2012-10-17", "Statement": [service()]}


def _conditioned(operator: str, key: str, value: str) -> dict[str, Any]:
    policy = given()
    policy["Statement"][0]["Condition"] = {operator: {key: value}}
    return policy


def repaired() -> dict[str, Any]:
    """A good repair."""
    return _conditioned("StringEquals", "aws:SourceArn", shop_arn())


def whole_account() -> dict[str, Any]:
    """A repair that keeps the stranger out, but not the blog."""
    return _conditioned("StringEquals", "aws:SourceAccount", ACCOUNT)


def any_distribution() -> dict[str, Any]:
    """A repair that asks for a badge, and takes every one."""
    return _conditioned("StringLike", "aws:SourceArn", "arn:aws:cloudfront::*:distribution/*")


def plain_star() -> dict[str, Any]:
    """A repair with a wildcard in StringEquals, where a star is a star."""
    return _conditioned("StringEquals", "aws:SourceArn", f"arn:aws:cloudfront::{ACCOUNT}:distribution/*")


def strangers_own() -> dict[str, Any]:
    """A repair that names the wrong distribution."""
    return _conditioned("StringEquals", "aws:SourceArn", street().arns[2])


def everybody() -> dict[str, Any]:
    """A repair that S3 refuses: public read."""
    policy = given()
    policy["Statement"].append(allow("PublicRead", "*"))
    return policy


def trouble(policy: Mapping[str, Any] | str) -> str:
    """What is still wrong under this bucket policy (as a dict, or its JSON); "" when all is well. Raises what put_bucket_policy raises."""
    here = street()
    here.bucket.put_bucket_policy(Policy=policy if isinstance(policy, str) else json.dumps(policy))
    shop, blog, stranger, unsigned = (here.status(caller) for caller in range(len(CALLERS)))
    steps = here.doors[0][0].get(f"https://dshop.cloudfront.net{PHOTO}").steps
    said = next((step.says for step in steps if step.place.kind == "origin"), "was not asked")
    if unsigned == 200:
        return "Now everybody reads the bucket at its own address, with no CloudFront at all."
    if stranger == 200:
        return f"The stranger's viewers still get {stranger}: CloudFront asks for him, and the policy lets it."
    if shop != 200:
        return f"The stranger is out, and so is your shop: its viewers get {shop}. The bucket {said}."
    if blog == 200:
        return "The stranger is out. But your blog's distribution still reads the shop's photos, as any in your account would."
    return ""
