"""Lesson 10's room: a bucket with one photo, and who stands on its guest list.

Two doors lead in. The street door is the bucket's own address; whoever comes there has signed nothing. The staff door is
the distribution: CloudFront asks for the viewer, and shows who it is, as an origin access identity (OAI) or as its own service
with origin access control (OAC). The list is the bucket policy. What the lesson's exercises reckon with is here, too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cdnlab.bucket import Bucket
from cdnlab.cloudfront import CloudFront
from cdnlab.encryption import Key
from cdnlab.journey import Journey
from cdnlab.messages import Request, Response
from cdnlab.oai import CLOUDFRONT
from cdnlab.policies import managed
from cdnlab.signing import KeyPair, Signer

__all__ = [
    "ACCOUNT",
    "MISSING",
    "PHOTO",
    "Room",
    "allow",
    "config",
    "encrypted",
    "guest",
    "listing",
    "put_policy",
    "room",
    "service",
    "signing",
]

ACCOUNT = "111122223333"
PHOTO, MISSING = "/cat.jpg", "/dog.jpg"
"""The path of the photo in the bucket, and that of one that is not there."""
_CAT = b"\xff\xd8\xff\xe0" + b"a small photo of a cat".ljust(4_096)


class Room(NamedTuple):
    """A CloudFront, a `bucket` with one photo, a distribution over it; `host`: its name, `arn`: its ARN, `oai`, `oac`: their ids."""

    cdn: CloudFront
    bucket: Bucket
    host: str
    arn: str
    oai: str
    oac: str

    def staff(self, path: str = PHOTO, viewer: str = "Lisbon") -> Journey:
        """A viewer asks the distribution."""
        return self.cdn.get(f"https://{self.host}{path}", viewer=viewer)

    def street(self, path: str = PHOTO) -> Response:
        """Somebody asks the bucket itself, unsigned."""
        return self.bucket.answer(Request("GET", f"https://{self.bucket.endpoint}{path}"), at=self.bucket.now()).response


# ---- the guest list


def guest(oai: str) -> dict[str, str]:
    """An origin access identity as a policy's principal."""
    return {"AWS": f"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity {oai}"}


def allow(sid: str, who: Any, action: str = "s3:GetObject", bucket: str = "photos", **more: Any) -> dict[str, Any]:
    """A statement that lets somebody read the bucket's objects, or list the bucket; `more`: its Condition.

    >>> allow("PublicRead", "*")["Resource"], allow("OaiList", guest("E1"), "s3:ListBucket")["Resource"]
    ('arn:aws:s3:::photos/*', 'arn:aws:s3:::photos')
    """
    where = f"arn:aws:s3:::{bucket}" + ("" if action == "s3:ListBucket" else "/*")
    return {"Sid": sid, "Effect": "Allow", "Principal": who, "Action": action, "Resource": where, **more}


def service(*, sid: str = "OacRead", action: str = "s3:GetObject", bucket: str = "photos", **equals: str) -> dict[str, Any]:
    """A statement that lets CloudFront's service in; `equals`: keys of aws: that must have this value (SourceArn="arn:...")."""
    tests = {f"aws:{key}": value for key, value in equals.items()}
    return allow(sid, {"Service": CLOUDFRONT}, action, bucket, **({"Condition": {"StringEquals": tests}} if tests else {}))


def put_policy(bucket: Bucket, statements: Sequence[Mapping[str, Any]]) -> None:
    """Make these the bucket's policy; without any, it has none. A public one is put on purpose: Block Public Access is lifted."""
    if not statements:
        bucket.delete_bucket_policy()
        return
    if any(each["Principal"] == "*" for each in statements):
        bucket.delete_public_access_block()
    bucket.put_bucket_policy(Policy=json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))


# ---- the world


def config(bucket: Bucket, *, oai: str = "", oac: str = "", cache: str = "CachingOptimized", **more: Any) -> dict[str, Any]:
    """The smallest distribution over the bucket; it shows the OAI, or signs for the OAC, or neither."""
    access = {"OriginAccessIdentity": f"origin-access-identity/cloudfront/{oai}" if oai else ""}
    origin = {"Id": bucket.name, "DomainName": bucket.endpoint, "S3OriginConfig": access, **({"OriginAccessControlId": oac} if oac else {})}
    rule = {"TargetOriginId": bucket.name, "ViewerProtocolPolicy": "redirect-to-https", "CachePolicyId": managed("cache", cache).id}
    return {
        "CallerReference": "lesson 10",
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": rule,
        **more,
    }


def room(
    *statements: str, shows: str = "oai", cache: str = "CachingOptimized", behavior: str = "always", cdn: CloudFront | None = None
) -> Room:
    """A fresh world. `statements`: those of the policy, by name: public, read, list (of the OAI), service, arn (of the OAC).

    `shows`: what the distribution shows the bucket, "oai" or "oac"; `behavior`: the OAC's signing behaviour.

    >>> here = room("read")
    >>> here.staff().response.status, here.staff("/dog.jpg").response.status, here.street().status
    (200, 403, 403)
    """
    cdn = CloudFront() if cdn is None else cdn
    bucket = Bucket("photos", region="eu-north-1")
    cdn.connect(bucket)
    bucket.put_object(Key=PHOTO[1:], Body=_CAT, ContentType="image/jpeg", CacheControl="max-age=3600")
    named = {"CallerReference": "lesson 10", "Comment": "the photos' only guest"}
    oai = cdn.create_cloud_front_origin_access_identity(CloudFrontOriginAccessIdentityConfig=named)["CloudFrontOriginAccessIdentity"]["Id"]
    oac = _oac(cdn, behavior)
    made = cdn.create_distribution(DistributionConfig=config(bucket, **{shows: oai if shows == "oai" else oac}, cache=cache))
    here = Room(cdn, bucket, made["Distribution"]["DomainName"], made["Distribution"]["ARN"], oai, oac)
    put_policy(bucket, [_statement(name, here) for name in statements])
    return here


def _oac(cdn: CloudFront, behavior: str = "always") -> str:
    signs = {"Name": "photos", "SigningProtocol": "sigv4", "SigningBehavior": behavior, "OriginAccessControlOriginType": "s3"}
    return str(cdn.create_origin_access_control(OriginAccessControlConfig=signs)["OriginAccessControl"]["Id"])


def _statement(name: str, here: Room) -> dict[str, Any]:
    return {
        "public": allow("PublicRead", "*"),
        "read": allow("OaiRead", guest(here.oai)),
        "list": allow("OaiList", guest(here.oai), "s3:ListBucket"),
        "service": service(),
        "arn": service(SourceArn=here.arn),
    }[name]


# ---- what the exercises reckon with


def expired() -> int:
    """The status of a signed URL a minute after its time, while the edge still has the file."""
    return signed()[1]


def signed() -> list[int]:
    """What a signed URL gets, and what it gets a minute after its time."""
    cdn, bucket = CloudFront(), Bucket("photos", region="eu-north-1")
    cdn.connect(bucket)
    bucket.put_object(Key=PHOTO[1:], Body=_CAT, CacheControl="max-age=3600")
    put_policy(bucket, [service()])
    pair = KeyPair.test("rsa")
    key = {"CallerReference": "lesson 10", "Name": "photos", "EncodedKey": pair.public_pem}
    key_id = cdn.create_public_key(PublicKeyConfig=key)["PublicKey"]["Id"]
    group = cdn.create_key_group(KeyGroupConfig={"Name": "photos", "Items": [key_id]})["KeyGroup"]["Id"]
    locked = config(bucket, oac=_oac(cdn))
    locked["DefaultCacheBehavior"]["TrustedKeyGroups"] = {"Enabled": True, "Quantity": 1, "Items": [group]}
    host = cdn.create_distribution(DistributionConfig=locked)["Distribution"]["DomainName"]
    link = Signer(key_id, pair).url(f"https://{host}{PHOTO}", expires=cdn.clock.now() + 60)
    first = cdn.get(link)
    cdn.clock.advance(120)
    return [first.response.status, cdn.get(link).response.status]


def added_guest() -> int:
    """The street door's answer when the OAI's statement has been added to a public one."""
    return room("public", "read").street().status


def missing() -> list[int]:
    """A missing key through CloudFront: the OAI may only read; it may also list; and which of the two answers is remembered."""
    statuses, remembered = [], []
    for statements in (("read",), ("read", "list")):
        here = room(*statements)
        first, second = here.staff(MISSING), here.staff(MISSING)
        statuses.append(first.response.status)
        remembered += [] if second.origin_requests else [second.response.status]
    return statuses + remembered


def wrong_arn() -> list[object]:
    """The status when the statement names another distribution; and what helps."""
    here = room(shows="oac")
    put_policy(here.bucket, [service(SourceArn=here.arn + "X")])
    status = here.staff().response.status
    here.cdn.clock.advance(86_400)
    waited = here.staff().response.status
    put_policy(here.bucket, [service(SourceArn=here.arn)])
    return [status, "policy" if waited == status and here.staff().response.status == 200 else "wait"]


# ---- Going further


def listing(here: Room) -> str:
    """What the staff door says to a request for `/`: the status, and the keys that it names."""
    response = here.staff("/").response
    keys = [part.partition("</Key>")[0] for part in response.body.decode().split("<Key>")[1:]]
    return f"{response.status} {', '.join(keys)}".strip()


def signing() -> str:
    """What a private bucket and a public one answer, by the OAC's signing behaviour; the viewer sends an Authorization header or none."""
    rows = [f"{'':12}  private  public  private, viewer sends Authorization"]
    for behavior in ("always", "never", "no-override"):
        seen = []
        for statements, headers in ((["arn"], {}), (["public"], {}), (["arn"], {"Authorization": "Bearer 7"})):
            here = room(*statements, shows="oac", behavior=behavior)
            seen.append(here.cdn.get(f"https://{here.host}{PHOTO}", headers=headers).response.status)
        rows.append(f"{behavior:12}  {seen[0]:<7}  {seen[1]:<6}  {seen[2]}")
    return "\n".join(rows)


def encrypted() -> str:
    """What viewers get for a photo that is encrypted with a KMS key, by what the distribution shows and what the key's policy says."""
    rows = []
    for shows, named in (("oai", False), ("oac", False), ("oac", True)):
        here = room("read" if shows == "oai" else "arn", shows=shows)
        key = Key(f"arn:aws:kms:eu-north-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab")
        here.bucket.add_key(key)
        here.bucket.put_object(Key=PHOTO[1:], Body=_CAT, ServerSideEncryption="aws:kms", SSEKMSKeyId=key.arn)
        if named:
            may = {**service(sid="Decrypt", action="kms:Decrypt", SourceArn=here.arn), "Resource": "*"}
            key.put_key_policy(Policy=json.dumps({"Version": "2012-10-17", "Statement": [may]}))
        who = f"{shows.upper()}, on the bucket's list" + (" and in the key's policy" if named else "")
        rows.append(f"{who:51} {here.staff().response.status}")
    return "\n".join(rows)
