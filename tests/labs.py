"""Small distributions for tests: one web server (or what is given), one behaviour, and knobs for both."""

from cdnlab.cloudfront import CloudFront
from cdnlab.messages import Response
from cdnlab.webserver import WebServer

OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
USE_ORIGIN_HEADERS = "83da9c7e-98b4-4e11-a168-04f0df8e2c65"
ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"
ALL_METHODS = {
    "Quantity": 7,
    "Items": ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"],
    "CachedMethods": {"Quantity": 2, "Items": ["GET", "HEAD"]},
}


def listed(items):
    """A list as the API wants it."""
    return {"Quantity": len(items), "Items": list(items)}


def legacy(min_ttl=0, default_ttl=86400, max_ttl=31536000, **forwarded):
    """A behaviour's legacy cache settings."""
    values = {"QueryString": False, "Cookies": {"Forward": "none"}, **forwarded}
    return {"ForwardedValues": values, "MinTTL": min_ttl, "DefaultTTL": default_ttl, "MaxTTL": max_ttl}


def behaviour(target="www", cache=None, **more):
    """A cache behaviour; `cache`: a policy id, or what `legacy` makes."""
    settings = cache if isinstance(cache, dict) else {"CachePolicyId": cache or OPTIMIZED}
    return {"TargetOriginId": target, "ViewerProtocolPolicy": "allow-all", **settings, **more}


def custom_origin(id="www", host="www.example.com", **more):
    """A custom origin."""
    setup = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}
    return {"Id": id, "DomainName": host, "CustomOriginConfig": setup, **more}


def config(default=None, behaviours=(), origins=None, **more):
    """A DistributionConfig."""
    return {
        "CallerReference": more.pop("reference", "test"),
        "Comment": "",
        "Enabled": True,
        "Origins": listed(origins or [custom_origin()]),
        "DefaultCacheBehavior": default or behaviour(),
        "CacheBehaviors": listed(behaviours),
        **more,
    }


class Lab:
    """A CloudFront with one distribution over one web server whose answers and hits are at hand."""

    def __init__(self, handler=None, region="eu-north-1", **the_config):
        self.asked = []
        self.answer = handler or (lambda request: Response(200, {"Cache-Control": "max-age=60", "Content-Type": "text/plain"}, b"hello"))
        self.server = WebServer("www.example.com", self._handle, region=region)
        self.cdn = CloudFront()
        self.cdn.connect(self.server)
        made = self.cdn.create_distribution(DistributionConfig=config(**the_config))
        self.id, self.host = made["Distribution"]["Id"], made["Distribution"]["DomainName"]
        self.etag = made["ETag"]
        self.clock = self.cdn.clock

    def _handle(self, request):
        self.asked.append(request)
        return self.answer(request)

    def url(self, path="/a", scheme="https"):
        return f"{scheme}://{self.host}{path}"

    def get(self, path="/a", viewer="Lisbon", headers=(), **kwargs):
        return self.cdn.get(self.url(path), viewer, headers, **kwargs)

    def request(self, method, path="/a", *args, scheme="https", **kwargs):
        return self.cdn.request(method, self.url(path, scheme), *args, **kwargs)


def rules_of(journey):
    """The ids of the rules that a journey cites."""
    return [step.rule for step in journey.steps]


class PrivateLab(Lab):
    """A Lab whose `private/*` asks for signatures: by the key `key_id` in the group `group_id`."""

    def __init__(self, handler=None, kind="rsa", behaviours=(), pattern="private/*", cache=None, **the_config):
        from cdnlab.signing import KeyPair, Signer

        super().__init__(handler, **the_config)
        self.pair = KeyPair.test(kind)
        self.key_id = self.add_key(self.pair, "one")
        self.group_id = self.add_group("readers", self.key_id)
        self.signer = Signer(self.key_id, self.pair)
        private = behaviour(cache=cache, PathPattern=pattern, TrustedKeyGroups={"Enabled": True, **listed([self.group_id])})
        self.change(CacheBehaviors=listed([*behaviours, private]))

    def add_key(self, pair, name):
        config = {"CallerReference": name, "Name": name, "EncodedKey": pair.public_pem}
        return self.cdn.create_public_key(PublicKeyConfig=config)["PublicKey"]["Id"]

    def add_group(self, name, *keys):
        return self.cdn.create_key_group(KeyGroupConfig={"Name": name, "Items": list(keys)})["KeyGroup"]["Id"]

    def change(self, **fields):
        """Update the distribution's config."""
        got = self.cdn.get_distribution_config(Id=self.id)
        self.cdn.update_distribution(Id=self.id, IfMatch=got["ETag"], DistributionConfig={**got["DistributionConfig"], **fields})

    def signed(self, path="/private/a", life=3600, **conditions):
        """A signed URL, good for `life` seconds from now."""
        return self.signer.url(self.url(path), expires=int(self.clock.now()) + life, **conditions)

    def cookies(self, path="/private/*", life=3600, **conditions):
        """Signed cookies as one Cookie header's value."""
        made = self.signer.cookies(self.url(path), expires=int(self.clock.now()) + life, **conditions)
        return "; ".join(f"{name}={value}" for name, value in made.items())

    def ask(self, url, headers=(), viewer="Lisbon", **more):
        return self.cdn.get(url, viewer, headers, **more)
