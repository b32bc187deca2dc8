"""Which edge a viewer gets, which regional cache an edge asks, and which shield an origin should take."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdnlab.distance import region, regions, rtt
from cdnlab.errors import CdnlabError, InputError, UnknownName
from cdnlab.facts import table
from cdnlab.geography import (
    BILLING_GEOGRAPHIES,
    LAST_MILE_MS,
    PRICE_CLASSES,
    EdgeSite,
    edge,
    edges,
    edges_of,
    nearest_edge,
    origin_shield_for,
    ranked_edges,
    reach,
    regional,
    regional_for,
    regionals,
)
from cdnlab.viewers import Viewer, cities, country_codes, find_country

CITIES = st.sampled_from(cities()).map(lambda city: Viewer(city.label))
COUNTRIES = st.sampled_from([code for code in country_codes() if find_country(code).lat is not None]).map(lambda code: Viewer(country=code))
VIEWERS = CITIES | COUNTRIES
CLASSES = st.sampled_from(PRICE_CLASSES)
PENALTIES = st.dictionaries(st.sampled_from([site.code for site in edges_of()]), st.floats(0, 500), max_size=8)


@pytest.mark.rule("PATH-01", "GEO-01", "GEO-08")
@settings(max_examples=60)
@given(VIEWERS, CLASSES, PENALTIES)
def test_the_edge_that_answers_has_the_lowest_latency_of_its_class(viewer: Viewer, price_class: str, penalties: dict[str, float]) -> None:
    chosen = nearest_edge(viewer, price_class, penalties)
    latencies = {site.code: LAST_MILE_MS + rtt(viewer.place, site.place).ms + penalties.get(site.code, 0) for site in edges_of(price_class)}
    assert (latencies[chosen.code], chosen.code) == min((ms, code) for code, ms in latencies.items())
    assert reach(viewer, chosen, penalties).ms == pytest.approx(latencies[chosen.code])
    assert reach(viewer, chosen, penalties).basis == "assumed"


@settings(max_examples=30)
@given(VIEWERS, CLASSES, PENALTIES)
def test_the_ranking_begins_with_the_edge_that_answers_and_holds_every_edge_of_the_class(
    viewer: Viewer, price_class: str, penalties: dict[str, float]
) -> None:
    ranking = ranked_edges(viewer, price_class, penalties)
    assert ranking[0].site == nearest_edge(viewer, price_class, penalties)
    assert {site for site, _ in ranking} == set(edges_of(price_class))
    assert [ms for _, ms in ranking] == sorted(ms for _, ms in ranking)


@pytest.mark.parametrize(
    ("city", "code"),
    [("Auckland", "AKL"), ("Brisbane", "BNE"), ("Lisbon", "LIS"), ("Tokyo", "NRT"), ("Stockholm", "ARN"), ("Bogota", "BOG")],
)  # fmt: skip
def test_a_viewer_in_the_city_of_an_edge_gets_that_edge(city: str, code: str) -> None:
    assert nearest_edge(city).code == code


@pytest.mark.rule("GEO-01")
@settings(max_examples=40)
@given(VIEWERS)
def test_a_cheaper_price_class_serves_everybody_from_farther_away_and_refuses_nobody(viewer: Viewer) -> None:
    waits = [ranked_edges(viewer, price_class)[0].ms for price_class in PRICE_CLASSES]
    assert waits == sorted(waits, reverse=True)


@pytest.mark.rule("GEO-01")
def test_a_viewer_in_mumbai_is_answered_from_afar_under_price_class_100() -> None:
    assert nearest_edge("Mumbai").code == "BOM"
    far = nearest_edge("Mumbai", "PriceClass_100")
    assert far.min_price_class == "PriceClass_100" and far.country != "IN"


@pytest.mark.rule("GEO-02")
@pytest.mark.parametrize(
    ("price_class", "countries"),
    [
        ("PriceClass_100", {"US", "MX", "CA", "GB", "FR", "DE", "ES", "IT", "PL", "IL"}),
        ("PriceClass_200", {
            "ZA", "KE", "NG", "EG", "AE", "BH", "OM", "QA", "SA", "JP", "HK", "ID", "MY", "PH", "SG", "KR", "TW", "TH", "VN", "IN",
        }),
        ("PriceClass_All", {"BR", "AR", "CL", "CO", "PE", "AU", "NZ"}),
    ],
)  # fmt: skip
def test_price_classes_take_in_the_countries_that_aws_lists(price_class: str, countries: set[str]) -> None:
    by_country = {site.country: site.min_price_class for site in edges()}
    assert {country: by_country[country] for country in countries & set(by_country)} == dict.fromkeys(countries, price_class)


@pytest.mark.rule("GEO-02")
def test_the_table_of_billing_geographies_agrees_with_the_table_of_edges() -> None:
    classes = {geography.code: geography.price_class for geography in BILLING_GEOGRAPHIES}
    for row in table("edge_locations.csv"):
        assert classes.get(row["price_region"], "China") == row["min_price_class"] == edge(row["code"]).min_price_class, row["code"]


@pytest.mark.rule("GEO-02")
def test_each_price_class_takes_in_the_one_before() -> None:
    hundred, two_hundred, all_of_them = (set(edges_of(name)) for name in PRICE_CLASSES)
    assert hundred < two_hundred < all_of_them


@pytest.mark.rule("GEO-03")
def test_istanbul_belongs_to_price_class_100() -> None:
    assert edge("IST") in edges_of("PriceClass_100")


@pytest.mark.rule("GEO-04")
def test_the_price_class_none_sets_no_limit() -> None:
    assert edges_of("None") == edges_of("PriceClass_All") == edges_of()


@pytest.mark.rule("GEO-04")
def test_the_price_classes_are_those_of_the_api() -> None:
    botocore_session = pytest.importorskip("botocore.session")
    shape = botocore_session.Session().get_service_model("cloudfront").shape_for("PriceClass")
    assert set(shape.enum) == {*PRICE_CLASSES, "None"}


@pytest.mark.parametrize("bad", ["PriceClass_300", "all", "", "PriceClass_all"])
def test_an_unknown_price_class_is_named_with_the_legal_ones(bad: str) -> None:
    for ask in (edges_of, lambda name: nearest_edge("Lisbon", name), lambda name: ranked_edges("Lisbon", name)):
        with pytest.raises(UnknownName, match=r"PriceClass_100|PriceClass_All") as caught:
            ask(bad)
        assert caught.value.known == ["None", "PriceClass_100", "PriceClass_200", "PriceClass_All"]


@pytest.mark.rule("GEO-05")
def test_the_four_edges_in_china_are_listed_but_answer_nobody() -> None:
    assert len(edges()) == 107
    assert len(edges_of("PriceClass_All")) == 103
    assert {site.code for site in edges()} - {site.code for site in edges_of()} == {"PEK", "PVG", "SZX", "ZHY"}
    for city in ("Beijing", "Shanghai", "Shenzhen"):
        assert nearest_edge(city).country != "CN"


@pytest.mark.rule("GEO-09")
def test_trouble_on_the_line_sends_the_same_viewer_to_another_edge() -> None:
    assert [nearest_edge("Lisbon", penalties={"LIS": ms}).code for ms in (0, 1, 150)] == ["LIS", "LIS", "MAD"]
    assert reach("Lisbon", edge("LIS"), {"LIS": 150}).ms == pytest.approx(reach("Lisbon", edge("LIS")).ms + 150)
    assert reach("Lisbon", edge("MAD"), {"LIS": 150}) == reach("Lisbon", edge("MAD"))


@pytest.mark.rule("GEO-09")
@pytest.mark.parametrize("bad", [-1, float("nan"), float("inf"), "100", None, True, 1j])
def test_a_penalty_that_is_no_number_of_milliseconds_is_refused(bad: object) -> None:
    for ask in (nearest_edge, ranked_edges, lambda viewer, penalties: reach(viewer, edge("LIS"), penalties)):
        with pytest.raises(InputError, match="penalty on edge LIS"):
            ask("Lisbon", penalties={"LIS": bad})  # type: ignore[dict-item]


@pytest.mark.rule("GEO-09")
def test_a_penalty_on_an_edge_that_can_never_answer_is_refused() -> None:
    with pytest.raises(UnknownName, match=r"unknown edge .LSI.; did you mean .*LIS"):
        nearest_edge("Lisbon", penalties={"LSI": 100})
    with pytest.raises(UnknownName, match="not part of the global network"):
        nearest_edge("Shanghai", penalties={"PVG": 100})
    with pytest.raises(InputError, match="milliseconds by edge code"):
        nearest_edge("Lisbon", penalties=[("LIS", 100)])  # type: ignore[arg-type]


@pytest.mark.rule("GEO-10")
def test_of_two_equally_quick_edges_the_first_by_code_answers() -> None:
    far_beyond_all_difference = dict.fromkeys((site.code for site in edges_of()), 1e20)
    assert nearest_edge("Lisbon", penalties=far_beyond_all_difference).code == "AKL"
    assert [site.code for site, _ in ranked_edges("Lisbon", penalties=far_beyond_all_difference)] == [site.code for site in edges_of()]


def test_a_last_mile_is_part_of_every_way_to_an_edge() -> None:
    viewer, site = Viewer("Auckland"), edge("AKL")
    assert reach(viewer, site).ms - rtt(viewer.place, site.place).ms == pytest.approx(LAST_MILE_MS)


def test_an_unknown_viewer_still_gets_an_edge() -> None:
    assert nearest_edge(Viewer(ip="198.51.100.7")).code == "IAD"
    with pytest.raises(UnknownName, match="'Lisbon'"):
        nearest_edge("Lisbn")


@pytest.mark.parametrize(
    ("asked", "code"), [("AKL", "AKL"), ("akl", "AKL"), ("AKL50-C1", "AKL"), ("DFW3", "DFW"), ("SYD3-P3", "SYD"), ("BNE50-P2", "BNE")]
)
def test_an_edge_is_found_by_its_code_or_by_a_pop_name_of_a_log(asked: str, code: str) -> None:
    assert edge(asked).code == code


@pytest.mark.parametrize(
    ("asked", "says"),
    [("AKK", "did you mean"), ("Auckland", "the edge in Auckland is 'AKL'"), ("", "three letters"), (7, "unknown edge 7")],
)  # fmt: skip
def test_an_unknown_edge_is_named_with_what_would_work(asked: str, says: str) -> None:
    with pytest.raises(UnknownName, match=says):
        edge(asked)


@pytest.mark.rule("GEO-15")
@pytest.mark.parametrize("site", edges(), ids=lambda site: site.code)
def test_an_edge_signs_with_a_name_of_the_documented_shape(site: EdgeSite) -> None:
    assert re.fullmatch(r"[A-Z]{3}\d+(-[CP]\d+)?", site.pop)
    assert site.pop.startswith(site.code) and edge(site.pop) == site
    assert (site.place, site.place.kind, site.place.code, site.place.region) == (f"edge {site.code}", "edge", site.code, "")


@pytest.mark.rule("PATH-11")
@pytest.mark.parametrize("site", edges(), ids=lambda site: site.code)
def test_an_edge_asks_the_regional_cache_that_it_reaches_quickest(site: EdgeSite) -> None:
    chosen = regional_for(site)
    assert rtt(site.place, chosen.place).ms == min(rtt(site.place, each.place).ms for each in regionals())


@pytest.mark.rule("PATH-11")
def test_auckland_and_brisbane_have_two_edges_and_one_regional_cache() -> None:
    auckland, brisbane = nearest_edge("Auckland"), nearest_edge("Brisbane")
    assert (auckland.code, brisbane.code) == ("AKL", "BNE")
    assert regional_for(auckland) is regional_for(brisbane) is regional("ap-southeast-2")
    assert regional_for(auckland).city == "Sydney"


@pytest.mark.rule("GEO-16")
def test_there_is_a_regional_cache_where_the_guide_offers_origin_shield() -> None:
    assert {site.region for site in regionals()} == {
        "us-east-1", "us-east-2", "us-west-2", "ap-south-1", "ap-northeast-1", "ap-northeast-2", "ap-southeast-1", "ap-southeast-2",
        "eu-central-1", "eu-west-1", "eu-west-2", "sa-east-1", "me-central-1",
    }  # fmt: skip
    for site in regionals():
        assert (site.place, site.place.kind, site.place.region) == (f"regional cache {site.region}", "regional", site.region)
        assert (site.place.lat, site.place.lon) == (region(site.region).lat, region(site.region).lon)


def test_an_unknown_regional_cache_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownName, match="eu-west-1"):
        regional("eu-west-3")


@pytest.mark.rule("GEO-17")
@pytest.mark.parametrize(
    ("origin", "shield"),
    [
        ("us-west-1", "us-west-2"),
        ("af-south-1", "eu-west-1"),
        ("ap-east-1", "ap-southeast-1"),
        ("ca-central-1", "us-east-1"),
        ("eu-south-1", "eu-central-1"),
        ("eu-west-3", "eu-west-2"),
        ("eu-north-1", "eu-west-2"),
        ("me-south-1", "ap-south-1"),
        *[(site.region, site.region) for site in regionals()],
    ],
)
def test_an_origin_takes_the_shield_that_the_guide_advises(origin: str, shield: str) -> None:
    assert origin_shield_for(origin).region == shield


@pytest.mark.rule("GEO-18")
@pytest.mark.parametrize("name", regions())
def test_every_region_has_a_shield_and_unlisted_ones_the_quickest(name: str) -> None:
    chosen = origin_shield_for(name)
    assert chosen in regionals()
    listed = {row["origin_region"] for row in table("origin_shield_nearest.csv")}
    if name not in listed and name not in {site.region for site in regionals()}:
        assert rtt(region(name), chosen.place).ms == min(rtt(region(name), site.place).ms for site in regionals())


def test_an_origin_in_no_region_gets_no_shield() -> None:
    with pytest.raises(UnknownName, match="eu-north-1"):
        origin_shield_for("eu-norf-1")


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_text_makes_an_edge_or_a_named_error(city: str, price_class: str) -> None:
    with pytest.raises(CdnlabError):
        nearest_edge(city, price_class)
    with pytest.raises(CdnlabError):
        edge("!" + city)


def test_importing_geography_reads_no_table_and_loads_no_numpy() -> None:
    code = "import cdnlab.geography, cdnlab.facts, sys; print(cdnlab.facts.table.cache_info().currsize, 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == ["0", "False"]
