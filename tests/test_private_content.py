"""Signed URLs and cookies on their whole way: from the viewer through the edge's check, the cache, and to the origin."""

import pytest
from labs import ALL_VIEWER, PrivateLab, behaviour, legacy, listed

from cdnlab.messages import Response
from cdnlab.signing import KeyPair, Signer
from cdnlab.tokens import PARAMETERS
from cdnlab.viewers import Viewer

ALL_QUERY = legacy(QueryString=True)
RANGES = {"Range": "bytes=0-3"}


def code(journey):
    """The XML error code of a refusal; the status of anything else."""
    body = journey.response.body.decode()
    return body.partition("<Code>")[2].partition("</Code>")[0] or journey.response.status


@pytest.mark.rule("SIGN-01")
@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
@pytest.mark.parametrize("hash_algorithm", ["SHA1", "SHA256"])
def test_a_private_file_opens_to_a_signed_url_or_signed_cookies_and_to_nobody_else(kind, hash_algorithm):
    lab = PrivateLab(kind=kind)
    lab.signer = Signer(lab.key_id, lab.pair, hash_algorithm)
    assert code(lab.get("/private/a")) == "MissingKey"
    assert code(lab.ask(lab.signed())) == 200
    assert code(lab.ask(lab.signed(ip="0.0.0.0/0"))) == 200
    assert code(lab.get("/private/b", headers={"Cookie": lab.cookies()})) == 200
    assert code(lab.get("/public")) == 200


@pytest.mark.rule("SIGN-02", "CHECK-01")
def test_the_signature_comes_before_the_cache_and_after_the_method():
    lab = PrivateLab()
    assert [lab.ask(lab.signed()).result for _ in range(2)] == ["Miss", "Hit"]
    unsigned = lab.get("/private/a")
    assert (unsigned.response.status, unsigned.result, unsigned.response.headers["X-Cache"]) == (403, "Error", "Error from cloudfront")
    assert len(lab.asked) == 1
    assert lab.cdn.request("PUT", lab.url("/private/a")).response.body.startswith(b"<!DOCTYPE HTML")


@pytest.mark.rule("SIGN-01")
def test_the_journey_tells_whose_signature_it_was_and_until_when():
    lab = PrivateLab()
    steps = lab.ask(lab.signed(life=60)).steps
    told = next(step for step in steps if step.rule == "SIGN-01")
    assert told.says == (f"the signature in the URL holds: key {lab.key_id}, canned policy, good until 2026-01-01T00:01:00Z (1767225660)")
    refused = lab.ask(lab.signed() + "&x=1").steps[-1]
    assert (refused.rule, refused.state, refused.place.kind) == ("SIGN-11", "blocked", "edge")
    assert refused.says.startswith("behaviour 0, private/*, asks for a signature: the signature was not made with")


@pytest.mark.rule("SIGN-17", "SIGN-18")
@pytest.mark.parametrize("cache", [None, ALL_QUERY], ids=["no query in the key", "the whole query in the key"])
def test_differently_signed_urls_are_one_object_and_the_origin_sees_no_signing_parameter(cache):
    lab = PrivateLab(cache=cache)
    strong = Signer(lab.key_id, lab.pair, "SHA256").url(lab.url("/private/a"), expires=int(lab.clock.now()) + 99)
    urls = [lab.signed(), lab.signed(life=60), lab.signed(ip="0.0.0.0/0"), strong]
    assert [lab.ask(url).result for url in urls] == ["Miss", "Hit", "Hit", "Hit"]
    assert [request.target for request in lab.asked] == ["/private/a"]


@pytest.mark.rule("SIGN-17")
def test_own_parameters_stay_in_their_order_when_the_signing_ones_go():
    lab = PrivateLab(cache=ALL_QUERY)
    url = lab.signed("/private/a?b=2&a=1")
    assert code(lab.ask(url)) == 200
    path, _, query = url.partition("?")
    own, signing = query.split("&")[:2], query.split("&")[2:]
    mixed = f"{path}?{signing[1]}&{own[0]}&{signing[2]}&{own[1]}&{signing[0]}"
    assert lab.ask(mixed).result == "Hit"
    assert [request.target for request in lab.asked] == ["/private/a?b=2&a=1"]


@pytest.mark.rule("SIGN-17")
def test_the_account_of_the_query_says_what_became_of_the_signing_parameters():
    lab = PrivateLab(cache=ALL_QUERY)
    lines = {line.name: line for line in lab.ask(lab.signed("/private/a?size=1")).treatments if line.kind == "query"}
    assert set(lines) == {"size", "Expires", "Signature", "Key-Pair-Id"}
    assert lines["size"].in_key and lines["size"].sent
    assert not any(lines[name].in_key or lines[name].sent for name in PARAMETERS if name in lines)
    assert "takes it away" in lines["Expires"].why


@pytest.mark.rule("SIGN-19")
def test_on_an_open_behaviour_the_signing_parameters_are_ordinary_ones():
    lab = PrivateLab(default=behaviour(cache=ALL_QUERY))
    assert code(lab.get("/a?Expires=5&Signature=x")) == 200
    assert lab.asked[0].target == "/a?Expires=5&Signature=x"


@pytest.mark.rule("SIGN-19")
def test_cookies_of_a_signature_never_reach_the_origin():
    lab = PrivateLab(OriginGroups=listed([]), cache="4135ea2d-6df8-44a3-9df3-4b5a84be39ad")
    items = lab.cdn.get_distribution_config(Id=lab.id)["DistributionConfig"]["CacheBehaviors"]["Items"]
    lab.change(CacheBehaviors=listed([{**items[0], "OriginRequestPolicyId": ALL_VIEWER}]))
    lab.get("/private/a", headers={"Cookie": f"theme=dark; {lab.cookies()}"})
    assert lab.asked[0].headers["Cookie"] == "theme=dark"


@pytest.mark.rule("SIGN-03")
def test_a_signing_parameter_in_the_url_makes_valid_cookies_worthless():
    lab = PrivateLab()
    cookies = {"Cookie": lab.cookies()}
    assert code(lab.get("/private/a", headers=cookies)) == 200
    for name in PARAMETERS:
        assert code(lab.get(f"/private/a?{name}=5", headers=cookies)) == "MissingKey"
    assert code(lab.get("/private/a?expires=5", headers=cookies)) == 200


@pytest.mark.rule("SIGN-20", "SIGN-14")
def test_a_download_that_began_in_time_ends_late_and_the_next_range_is_refused():
    lab = PrivateLab()
    lab.server.seconds = 20.0
    url = lab.signed(life=10)
    started = lab.clock.now()
    assert code(lab.ask(url)) == 200
    assert lab.clock.now() - started > 20
    assert code(lab.ask(url, RANGES)) == "AccessDenied"


@pytest.mark.rule("SIGN-14", "SIGN-15")
def test_the_moments_of_a_policy_count_at_the_edge_to_the_second():
    lab = PrivateLab()
    start = int(lab.clock.now())
    url = lab.signer.url(lab.url("/private/a"), expires=start + 20, starts=start + 10)
    seen = {}
    for second in (9, 10, 11, 19, 20):
        lab.clock.advance(start + second - lab.clock.now())
        seen[second] = code(lab.ask(url))
    assert seen == {9: "AccessDenied", 10: "AccessDenied", 11: 200, 19: 200, 20: "AccessDenied"}


@pytest.mark.rule("SIGN-16")
def test_the_peer_counts_and_no_header_changes_it():
    lab = PrivateLab()
    url = lab.signed(ip="192.0.2.0/24")
    there, elsewhere, modern = (Viewer(city="Lisbon", ip=ip) for ip in ("192.0.2.5", "203.0.113.9", "2001:db8::1"))
    assert code(lab.ask(url, viewer=there)) == 200
    assert code(lab.ask(url, {"X-Forwarded-For": "192.0.2.5"}, viewer=elsewhere)) == "AccessDenied"
    assert code(lab.ask(lab.signed(ip="0.0.0.0/0"), viewer=modern)) == "AccessDenied"


@pytest.mark.rule("SIGN-05", "SIGN-28")
def test_a_key_opens_only_the_behaviours_that_list_its_group():
    lab = PrivateLab()
    other = KeyPair.test("rsa2")
    id = lab.add_key(other, "two")
    group = lab.add_group("staff", id)
    staff = behaviour(PathPattern="staff/*", TrustedKeyGroups={"Enabled": True, **listed([group])})
    items = lab.cdn.get_distribution_config(Id=lab.id)["DistributionConfig"]["CacheBehaviors"]["Items"]
    lab.change(CacheBehaviors=listed([staff, *items]))
    signer = Signer(id, other)
    assert code(lab.ask(signer.url(lab.url("/staff/a"), expires="2027-01-01"))) == 200
    assert code(lab.ask(signer.url(lab.url("/private/a"), expires="2027-01-01"))) == "InvalidKey"
    assert b"Unknown Key" in lab.ask(signer.url(lab.url("/private/a"), expires="2027-01-01")).response.body


@pytest.mark.rule("SIGN-28")
def test_a_key_is_rotated_without_a_gap():
    lab = PrivateLab()
    old_url, new_pair = lab.signed(), KeyPair.test("rsa2")
    new_id = lab.add_key(new_pair, "new")

    def hold(*keys):
        etag = lab.cdn.get_key_group(Id=lab.group_id)["ETag"]
        lab.cdn.update_key_group(Id=lab.group_id, IfMatch=etag, KeyGroupConfig={"Name": "readers", "Items": list(keys)})

    new_url = Signer(new_id, new_pair).url(lab.url("/private/a"), expires="2027-01-01")
    assert [code(lab.ask(url)) for url in (old_url, new_url)] == [200, "InvalidKey"]
    hold(lab.key_id, new_id)
    assert [code(lab.ask(url)) for url in (old_url, new_url)] == [200, 200]
    hold(new_id)
    assert [code(lab.ask(url)) for url in (old_url, new_url)] == ["InvalidKey", 200]


@pytest.mark.rule("SIGN-22")
def test_a_legacy_signer_stands_for_the_key_pairs_that_were_taken_over():
    lab = PrivateLab()
    lab.cdn.adopt(public_keys={"APKAEXAMPLE": KeyPair.test("rsa2").public_pem})
    old = behaviour(PathPattern="old/*", TrustedSigners={"Enabled": True, **listed(["self"])})
    stranger = behaviour(PathPattern="stranger/*", TrustedSigners={"Enabled": True, **listed(["999988887777"])})
    lab.change(CacheBehaviors=listed([old, stranger]))
    signer = Signer("APKAEXAMPLE", KeyPair.test("rsa2"))
    assert code(lab.ask(signer.url(lab.url("/old/a"), expires="2027-01-01"))) == 200
    assert code(lab.ask(signer.url(lab.url("/stranger/a"), expires="2027-01-01"))) == "InvalidKey"
    assert code(lab.ask(lab.signer.url(lab.url("/old/a"), expires="2027-01-01"))) == "InvalidKey"
    assert any("no other account" in warning for warning in lab.cdn.distribution(lab.id).warnings)


def test_an_earlier_open_pattern_leaves_the_files_open():
    lab = PrivateLab(behaviours=[behaviour(PathPattern="private/*.jpg")])
    assert [code(lab.get(path)) for path in ("/private/a.jpg", "/private/a.txt")] == [200, "MissingKey"]


@pytest.mark.rule("SIGN-07")
def test_the_url_is_the_viewers_alias_raw_path_and_scheme():
    lab = PrivateLab(
        Aliases=listed(["www.example.org"]),
        ViewerCertificate={
            "CloudFrontDefaultCertificate": False,
            "ACMCertificateArn": "arn:aws:acm:us-east-1:111122223333:certificate/x",
            "SSLSupportMethod": "sni-only",
        },
    )
    when = "2027-01-01"
    alias = lab.signer.url("https://www.example.org/private/a%2fb", expires=when)
    assert code(lab.ask(alias)) == 200
    assert code(lab.ask(alias.replace("www.example.org", lab.host))) == "AccessDenied"
    assert code(lab.ask(alias.replace("%2f", "%2F"))) == "AccessDenied"
    assert code(lab.ask(alias.replace("https:", "http:"))) == "AccessDenied"
    behind = lab.ask(alias.replace("www.example.org", lab.host), {"Host": "www.example.org"})
    assert code(behind) == 200


def test_the_default_root_object_is_signed_as_the_slash_that_the_viewer_asked_for():
    lab = PrivateLab(DefaultRootObject="private/index.html")
    assert code(lab.ask(lab.signed("/"))) == 200
    assert lab.asked[0].target == "/private/index.html"
    assert code(lab.ask(lab.signed("/private/index.html").replace("/private/index.html", "/"))) == "AccessDenied"


def test_a_custom_error_page_replaces_the_refusal():
    page = {"ErrorCode": 403, "ResponsePagePath": "/login", "ResponseCode": "403", "ErrorCachingMinTTL": 10}
    lab = PrivateLab(lambda request: Response(200, {}, b"please log in"), CustomErrorResponses=listed([page]))
    refused = lab.get("/private/a")
    assert (refused.response.status, refused.response.body) == (403, b"please log in")


def test_a_head_request_is_checked_too_and_its_refusal_has_no_body():
    lab = PrivateLab()
    refused = lab.cdn.request("HEAD", lab.url("/private/a"))
    assert (refused.response.status, refused.response.body) == (403, b"")
    assert lab.cdn.request("HEAD", lab.signed()).response.status == 200


def test_the_log_line_keeps_the_query_as_it_came():
    lab = PrivateLab()
    assert "Key-Pair-Id" in lab.ask(lab.signed()).log["cs-uri-query"]


def test_unexplained_requests_are_checked_as_well():
    lab = PrivateLab()
    assert code(lab.ask(lab.signed(), explain=False)) == 200
    assert code(lab.get("/private/a", explain=False)) == "MissingKey"


def test_a_deleted_legacy_key_pair_opens_nothing_any_more():
    lab = PrivateLab()
    lab.cdn.adopt(public_keys={"APKAEXAMPLE": KeyPair.test("rsa2").public_pem})
    lab.change(CacheBehaviors=listed([behaviour(PathPattern="old/*", TrustedSigners={"Enabled": True, **listed(["self"])})]))
    url = Signer("APKAEXAMPLE", KeyPair.test("rsa2")).url(lab.url("/old/a"), expires="2027-01-01")
    assert code(lab.ask(url)) == 200
    lab.cdn.delete_public_key(Id="APKAEXAMPLE", IfMatch=lab.cdn.get_public_key(Id="APKAEXAMPLE")["ETag"])
    assert code(lab.ask(url)) == "InvalidKey"


def test_a_host_header_may_tell_the_port_that_goes_without_saying():
    lab = PrivateLab()
    assert code(lab.ask(lab.signed(), {"Host": f"{lab.host}:443"})) == 200
    assert lab.ask(lab.signed(), {"Host": f"{lab.host}:8443"}).response.status == 403
