"""The key X-ray's figures are those of a CloudFront whose key is really so."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from labs import DISABLED, OPTIMIZED, Lab, behaviour

from cdnlab.cloudfront import CloudFront
from cdnlab.errors import InputError, UnknownName
from cdnlab.experiments.cloakroom import Parts, sent, visit
from cdnlab.keyxray import ORDER, KeyXray, key_of, key_xray
from cdnlab.messages import Response
from cdnlab.webserver import WebServer

WEB = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}


def selection(kind: str, behaviour: str, names: list[str]) -> dict[str, Any]:
    if not names:
        return {f"{kind}Behavior": "none"}
    listed = {"Header": "Headers", "Cookie": "Cookies", "QueryString": "QueryStrings"}[kind]
    return {f"{kind}Behavior": behaviour, listed: {"Quantity": len(names), "Items": names}}


def world(headers: list[str], cookies: list[str], query: list[str], seconds: int = 20) -> tuple[CloudFront, str]:
    """A CloudFront whose key has just these parts, before a server that says the same to everybody."""
    cdn = CloudFront()
    answer = Response(200, {"Cache-Control": f"max-age={seconds}"}, b"the same for all")
    cdn.connect(WebServer("www.example.com", lambda request: answer, region="eu-north-1"))
    key = {
        "EnableAcceptEncodingGzip": False,
        "EnableAcceptEncodingBrotli": False,
        "HeadersConfig": selection("Header", "whitelist", headers),
        "CookiesConfig": selection("Cookie", "whitelist", cookies),
        "QueryStringsConfig": selection("QueryString", "whitelist", query),
    }
    policy = {"Name": "parts", "MinTTL": 0, "ParametersInCacheKeyAndForwardedToOrigin": key}
    made = cdn.create_cache_policy(CachePolicyConfig=policy)
    made = cdn.create_distribution(
        DistributionConfig={
            "CallerReference": "1",
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [{"Id": "www", "DomainName": "www.example.com", "CustomOriginConfig": WEB}]},
            "DefaultCacheBehavior": {
                "TargetOriginId": "www",
                "ViewerProtocolPolicy": "allow-all",
                "CachePolicyId": made["CachePolicy"]["Id"],
            },
        }
    )
    return cdn, f"https://{made['Distribution']['DomainName']}/page"


requests = st.lists(
    st.tuples(
        st.sampled_from(["", "?a=1", "?a=1&b=2", "?b=2&a=1", "?b=2&a=1&a=3", "?utm=9&b=2"]),
        st.sampled_from([{}, {"Accept-Language": "es"}, {"Accept-Language": "en"}]),
        st.sampled_from([{}, {"Cookie": "s=1"}, {"Cookie": "s=2; theme=dark"}, {"Cookie": "theme=dark"}]),
        st.sampled_from(["Lisbon", "Tokyo"]),
        st.sampled_from(["GET", "GET", "HEAD"]),
    ),
    min_size=1,
    max_size=14,
)


def played(cdn: CloudFront, url: str, asked: list[Any], *, ordered: bool = False) -> list[Any]:
    """These requests, three seconds apart (so that none falls on the very end of a lifetime of 20)."""
    items = []
    for order, (query, language, cookie, city, method) in enumerate(asked):
        if ordered and query:
            query = "?" + "&".join(sorted(query[1:].split("&"), key=lambda text: text.partition("=")[0]))
        items.append((3.0 * order, method, url + query, city, {**language, **cookie}))
    return cdn.play(items)


def figures(cdn: CloudFront, journeys: list[Any]) -> tuple[int, int]:
    """What really happened: copies at the edges, and Hits."""
    return sum(held.place.kind == "edge" for held in cdn.copies()), sum(journey.result == "Hit" for journey in journeys)


FULL: tuple[list[str], list[str], list[str]] = (["Accept-Language"], ["s", "theme"], ["a", "b", "utm"])


@given(requests)
@settings(max_examples=40, deadline=None)
def test_its_figures_are_those_of_a_cloudfront_with_that_key(asked: list[Any]) -> None:
    cdn, url = world(*FULL)
    journeys = played(cdn, url, asked)
    xray = key_xray(cdn, journeys)
    assert (xray.copies, xray.hits) == figures(cdn, journeys)
    for split in xray.splits:
        name = split.what.rpartition(" ")[2]
        if split.what == ORDER:
            other, elsewhere = world(*FULL)
            again = played(other, elsewhere, asked, ordered=True)
        else:
            other, elsewhere = world(*([each for each in part if each != name] for part in FULL))
            again = played(other, elsewhere, asked)
        assert (split.copies, split.hits) == figures(other, again), split.what
        assert split.others == split.harmed == 0, "the server says the same to everybody"
        assert split.gained == split.hits - xray.hits


@given(requests)
@settings(max_examples=25, deadline=None)
def test_the_keys_are_the_edges_own(asked: list[Any]) -> None:
    cdn, url = world(*FULL, seconds=3600)
    journeys = played(cdn, url, asked)
    assert {key_of(cdn, journey) for journey in journeys} == {held.key for held in cdn.copies() if held.place.kind == "edge"}


@given(requests)
@settings(max_examples=25, deadline=None)
def test_leaving_a_part_out_never_costs_a_hit_while_all_copies_are_fresh(asked: list[Any]) -> None:
    cdn, url = world(*FULL, seconds=3600)
    xray = key_xray(cdn, played(cdn, url, asked))
    for split in xray.splits:
        assert split.gained >= 0 and split.copies <= xray.copies
        assert split.hits + split.copies == split.requests
    bare = xray
    while bare.splits:
        bare = bare.without(bare.splits[0].what)
    assert bare.copies == len({journey.edge for journey in played(cdn, url, asked)})


@pytest.mark.parametrize("parts", [Parts(*each) for each in product((False, True), repeat=3)], ids=str)
def test_it_foresees_who_would_get_an_answer_made_for_another(parts: Parts) -> None:
    """The shop is told everything whatever is in the key, so the forecast can be checked by leaving the part out for good."""
    before = sent(parts)
    names = {"query": 0, "cookie": 1, "header": 2}
    less = {"cookie": "cookie session", "header": "header Accept-Language"}
    for kind, what in less.items():
        if not parts[names[kind]]:
            continue
        really = sent(parts._replace(**{{"cookie": "session", "header": "language"}[kind]: False}))
        split = before.xray[what]
        assert (split.copies, split.hits) == (really.copies, really.hits)
        changed = zip(before.journeys, really.journeys, strict=True)
        assert split.others == sum(old.response.body != new.response.body for old, new in changed)


def test_the_culprit_is_on_top_and_the_next_one_follows() -> None:
    cdn, journeys = visit(query=True, session=True, language=True)
    xray = key_xray(cdn, journeys)
    assert (xray.requests, xray.copies, xray.hits) == (12, 12, 0)
    assert [split.what for split in xray.splits][:1] == ["cookie session"]
    assert xray.splits[0].verdict.startswith("needless here") and xray.splits[0].hit_ratio == pytest.approx(1 / 3)
    assert xray["header Accept-Language"].verdict == "alone, it makes no difference"
    less = xray.without("cookie session")
    assert (less.copies, less.hits, less.others, less.removed) == (8, 4, 0, ("cookie session",))
    assert less.splits[0].what == ORDER and less.splits[0].verdict.startswith("needless here")
    assert less["header Accept-Language"].harmed == 7
    worse = less.without("header Accept-Language")
    assert worse.others == 7 and "7 of them with an answer made for another" in str(worse)
    with pytest.raises(UnknownName):
        less.without("cookie session")


def test_what_is_named_says_what_to_do() -> None:
    cdn, journeys = visit(query=True, session=True, language=True)
    xray = key_xray(cdn, journeys)
    assert xray["cookie session"].how == "leave it out of cache policy shirts"
    assert xray[ORDER].how == "write links with their parameters in one order"
    with pytest.raises(UnknownName, match=r"cookie sesion.*cookie session"):
        xray["cookie sesion"]


def test_what_no_cache_was_asked_for_is_left_out_and_counted() -> None:
    lab = Lab(default=behaviour(ViewerProtocolPolicy="redirect-to-https"))
    ranged = {"Range": "bytes=0-1"}
    journeys = [lab.get(), lab.get(), lab.request("GET", scheme="http"), lab.request("DELETE"), lab.get(headers=ranged)]
    xray = key_xray(lab.cdn, journeys)
    assert (xray.requests, xray.hits, xray.left_out) == (2, 1, 3)
    assert str(xray) == "2 requests: 1 copy, 1 hit (50 %); 3 journeys left out. Nothing but name and path is in the key."


def test_with_caching_off_there_is_nothing_to_x_ray() -> None:
    lab = Lab(default=behaviour(cache=DISABLED))
    with pytest.raises(InputError, match="of 1 journey given, no cache was asked for any"):
        key_xray(lab.cdn, [lab.get()])


def test_codings_of_the_viewer_are_a_part_like_any_other() -> None:
    lab = Lab(default=behaviour(cache=OPTIMIZED))
    spellings = ("gzip, br", "br;q=1.0, gzip;q=0.8", "gzip", "identity")
    xray = key_xray(lab.cdn, [lab.get(headers={"Accept-Encoding": each}) for each in spellings])
    assert (xray.copies, xray.hits) == (3, 1)
    assert xray["header Accept-Encoding"].values == 3


def test_a_copy_that_a_viewer_asked_about_is_the_whole_copy() -> None:
    lab = Lab(lambda request: Response(200, {"Cache-Control": "max-age=60", "ETag": '"1"'}, b"hello"))
    journeys = [lab.get(), lab.get(headers={"If-None-Match": '"1"'}), lab.request("HEAD"), lab.get()]
    assert [journey.response.status for journey in journeys] == [200, 304, 200, 200]
    xray = key_xray(lab.cdn, journeys)
    assert (xray.copies, xray.hits, xray.others) == (1, 3, 0)


def test_a_default_root_object_is_looked_up_under_its_name() -> None:
    lab = Lab(DefaultRootObject="index.html")
    journeys = [lab.get("/"), lab.get("/index.html")]
    assert {key_of(lab.cdn, journey).path for journey in journeys} == {"/index.html"}
    assert key_xray(lab.cdn, journeys).hits == 1


def test_headers_that_cloudfront_makes_are_read_off_the_journey() -> None:
    cdn, url = world(["CloudFront-Viewer-Country"], [], [], seconds=3600)
    journeys = [cdn.get(url, viewer=city) for city in ("Lisbon", "Madrid")]
    assert key_of(cdn, journeys[0]).headers == (("CloudFront-Viewer-Country", "PT"),)
    assert key_xray(cdn, journeys)["header CloudFront-Viewer-Country"].values == 2
    with pytest.raises(InputError, match="explain=True"):
        key_of(cdn, cdn.get(url, explain=False))


@pytest.mark.parametrize("given_", [[], ["a journey"], [None]])
def test_what_is_no_journey_is_named(given_: list[Any]) -> None:
    with pytest.raises(InputError):
        key_xray(CloudFront(), given_)


def test_a_journey_of_another_cloudfront_is_refused() -> None:
    _, journeys = visit()
    with pytest.raises(UnknownName):
        key_xray(CloudFront(), journeys)


def faces(xray: KeyXray) -> list[str]:
    return [str(xray), repr(xray), xray._repr_html_(), *xray._repr_mimebundle_().values()]


def test_it_shows_itself_as_text_table_and_picture() -> None:
    cdn, journeys = visit(query=True, session=True, language=True)
    xray = key_xray(cdn, journeys)
    assert faces(xray) == faces(key_xray(cdn, reversed(journeys))), "the order in which they are given does not matter"
    assert str(xray).splitlines()[0] == "12 requests: 12 copies, 0 hits (0 %). With one part less in the key:"
    frame = xray.to_frame()
    assert list(frame["what"]) == [split.what for split in xray.splits]
    assert list(frame.columns) == ["what", "values", "copies", "hits", "hit_ratio", "others", "verdict", "how"]
    picture = xray.picture()
    assert "#" not in picture and 'role="img"' in picture and "(assumed)" in picture


def test_names_from_viewers_are_escaped() -> None:
    lab = Lab(default=behaviour(cache="4cc15a8a-d715-48a4-82b8-cc0b614638fe"))  # UseOriginCacheControlHeaders-QueryStrings
    xray = key_xray(lab.cdn, [lab.get("/a?<script>=1"), lab.get("/a?<script>=2")])
    assert "<script>" in str(xray) and "<script>" not in xray._repr_html_()
